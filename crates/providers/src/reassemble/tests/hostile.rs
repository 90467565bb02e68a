//! Whatever a stream holds, nothing panics, and chunk boundaries never matter.

use corelog_wire::event_stream::encode_event;
use proptest::prelude::*;

use super::*;
use crate::terminal::Terminal;

const PATHS: [(Dialect, &str); 13] = [
    (Dialect::OpenAi, "/v1/chat/completions"),
    (Dialect::OpenAi, "/v1/completions"),
    (Dialect::OpenAi, "/v1/responses"),
    (Dialect::OpenAi, "/v1/embeddings"),
    (Dialect::OpenAi, "/v1/images/generations"),
    (Dialect::Anthropic, "/v1/messages"),
    (Dialect::Bedrock, "/model/m/invoke"),
    (Dialect::Bedrock, "/model/m/invoke-with-response-stream"),
    (Dialect::Bedrock, "/model/m/converse-stream"),
    (Dialect::Generic, "/v2/chat"),
    (Dialect::Generic, "/api/chat"),
    (Dialect::Generic, "/v1/models/g:streamGenerateContent"),
    (Dialect::Generic, "/unknown"),
];

const FRAMINGS: [Framing; 5] = [
    Framing::Sse,
    Framing::EventStream,
    Framing::NdJson,
    Framing::JsonArray,
    Framing::None,
];

/// Streams that are nearly right: known keys, odd values, every framing's punctuation.
fn nearly_a_stream() -> impl Strategy<Value = Vec<u8>> {
    let json = "\\{\"(type|choices|delta|index|message|content|candidates|usage|response|item|output_index|text|tool_calls|bytes)\":(\\{\"(content|text|parts|tool_calls|index|id|type)\":(\"x\"|1|null|\\[\\{\"index\":[01],\"id\":\"[ab]\",\"text\":\"y\"\\},2\\])\\}|\\[\\{\"index\":[0-9]{1,20},\"delta\":\\{\"content\":\"z\"\\}\\},null\\]|\"content_block_delta\"|-1|9999999999999999999|1.5)\\}";
    let line = prop_oneof![
        json.prop_map(|text| format!("data: {text}\n\n").into_bytes()),
        json.prop_map(|text| format!("{text}\n").into_bytes()),
        json.prop_map(|text| format!("[{text},").into_bytes()),
        (
            "(chunk|messageStart|contentBlockDelta|contentBlockStart|metadata)",
            json
        )
            .prop_map(|(name, text)| {
                let mut out = Vec::new();
                encode_event(&name, text.as_bytes(), &mut out);
                out
            }),
        proptest::collection::vec(any::<u8>(), 0..20),
    ];
    proptest::collection::vec(line, 0..8).prop_map(|lines| lines.concat())
}

proptest! {
    #[test]
    fn nothing_panics_and_chunking_never_matters(stream in nearly_a_stream(), size in 1usize..40) {
        for (dialect, path) in PATHS {
            let route = post(dialect, path);
            for framing in FRAMINGS {
                let whole = reassemble(&route, framing, 200, &(), &stream);
                let mut reassembler = Reassembler::new(&route, framing);
                let mut terminal = Terminal::new(&route, framing);
                for chunk in stream.chunks(size) {
                    reassembler.push(chunk);
                    terminal.push(chunk);
                }
                prop_assert_eq!(&reassembler.finish(&route, 200, &()), &whole);
                if framing != Framing::None {
                    prop_assert!(serde_json::from_slice::<serde::de::IgnoredAny>(&whole.body).is_ok());
                }
                crate::read_request(&route, &(), &stream);
                crate::read_answer(&route, 500, &(), &stream);
            }
        }
        crate::model_of(&stream);
    }
}
