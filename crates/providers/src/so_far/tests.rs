//! Beginnings of streams, in every family.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::streams::{frames, sse};

fn tokens(shape: Shape, framing: Framing, stream: &[u8]) -> TokensSoFar {
    let mut reader = SoFarReader::new(shape, framing);
    for chunk in stream.chunks(7) {
        reader.push(chunk);
    }
    reader.tokens()
}

/// The parts of a native Bedrock stream.
fn chunks(parts: &[Value]) -> Vec<u8> {
    use base64::Engine as _;
    let encode = |part: &Value| {
        let bytes = base64::engine::general_purpose::STANDARD.encode(part.to_string());
        ("chunk", json!({"bytes": bytes, "p": "abcdef"}))
    };
    let events: Vec<_> = parts.iter().map(encode).collect();
    frames(&events)
}

fn said(input: Option<u64>, output: Option<u64>, estimate: Option<u64>) -> TokensSoFar {
    TokensSoFar {
        input: input.map(Count::reported),
        output: output.map(Count::reported),
        output_estimate: estimate,
    }
}

#[test]
fn a_chat_is_estimated_until_its_usage_comes() {
    let delta = |delta: Value| json!({"choices":[{"index":0,"delta":delta}],"usage":null});
    let mut events = vec![
        delta(json!({"role":"assistant","content":""})),
        delta(json!({"reasoning_content":"1234"})),
        // 10 characters in 12 bytes.
        delta(json!({"content":"Zwölf Töne"})),
        delta(json!({"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":"}}]})),
    ];
    let check = |events: &[Value]| tokens(Shape::OpenAiChat, Framing::Sse, &sse(events));
    assert_eq!(check(&events[..1]), TokensSoFar::default());
    // 4 + 12 + 5 bytes are 21, five tokens and a piece of one.
    assert_eq!(check(&events), said(None, None, Some(6)));
    events.push(json!({"choices":[],"usage":{"prompt_tokens":30,"completion_tokens":9}}));
    assert_eq!(check(&events), said(Some(30), Some(9), None));
}

#[test]
fn counts_that_go_on_while_the_text_does_are_the_providers() {
    let chunk = |text: &str, count: u64| json!({"choices":[{"index":0,"text":text}],"usage":{"prompt_tokens":2,"completion_tokens":count}});
    let stream = sse(&[chunk("abcdefgh", 1), chunk("ijklmnop", 2)]);
    let found = tokens(Shape::OpenAiChat, Framing::Sse, &stream);
    assert_eq!(found, said(Some(2), Some(2), None));
    // What comes behind a count is added to it.
    let rest = sse(&[json!({"choices":[{"index":0,"text":"12345"}]})]);
    let found = tokens(Shape::OpenAiChat, Framing::Sse, &[stream, rest].concat());
    assert_eq!(found, said(Some(2), None, Some(4)));
}

#[test]
fn a_message_says_its_input_at_the_start_and_its_output_at_the_end() {
    let delta = |delta: Value| json!({"type":"content_block_delta","index":0,"delta":delta});
    let mut events = vec![
        json!({"type":"message_start","message":{"id":"m","content":[],
            "usage":{"input_tokens":25,"cache_read_input_tokens":7,"output_tokens":1}}}),
        json!({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}),
    ];
    let check = |events: &[Value]| tokens(Shape::Anthropic, Framing::Sse, &sse(events));
    assert_eq!(check(&events), said(Some(25), None, None));
    events.extend([
        delta(json!({"type":"thinking_delta","thinking":"abcd"})),
        delta(json!({"type":"signature_delta","signature":"c2lnbmF0dXJl"})),
        delta(json!({"type":"text_delta","text":"efgh"})),
        delta(json!({"type":"input_json_delta","partial_json":"{\"\":"})),
    ]);
    assert_eq!(check(&events), said(Some(25), None, Some(3)));
    events.push(
        json!({"type":"message_delta","delta":{"stop_reason":"end_turn"},
        "usage":{"output_tokens":15}}),
    );
    assert_eq!(check(&events), said(Some(25), Some(15), None));
}

#[test]
fn responses_grow_by_deltas_and_not_by_what_is_done_nor_by_audio() {
    let events = [
        json!({"type":"response.created","response":{"id":"r","usage":null,"output":[]}}),
        json!({"type":"response.reasoning_summary_text.delta","delta":"abcd"}),
        json!({"type":"response.output_text.delta","delta":"efgh"}),
        json!({"type":"response.output_text.done","text":"efgh"}),
        json!({"type":"response.audio_transcript.delta","delta":"ijkl"}),
        json!({"type":"response.audio.delta","delta":"AAAAAAAAAAAAAAAA"}),
    ];
    let found = tokens(Shape::OpenAiResponses, Framing::Sse, &sse(&events));
    assert_eq!(found, said(None, None, Some(3)));
}

#[test]
fn converse_says_everything_in_its_metadata() {
    let mut events = vec![
        ("messageStart", json!({"role":"assistant","p":"ab"})),
        (
            "contentBlockDelta",
            json!({"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"abcd"}},"p":"abcdef"}),
        ),
        (
            "contentBlockDelta",
            json!({"contentBlockIndex":1,"delta":{"text":"efgh"}}),
        ),
        (
            "contentBlockDelta",
            json!({"contentBlockIndex":2,"delta":{"toolUse":{"input":"{\"a\""}}}),
        ),
    ];
    let check = |events: &[(&str, Value)]| {
        let stream = frames(events);
        tokens(Shape::BedrockConverse, Framing::EventStream, &stream)
    };
    assert_eq!(check(&events), said(None, None, Some(3)));
    events.push((
        "metadata",
        json!({"usage":{"inputTokens":402,"outputTokens":47,"totalTokens":449}}),
    ));
    assert_eq!(check(&events), said(Some(402), Some(47), None));
}

#[test]
fn native_bedrock_streams_of_every_family() {
    let check = |parts: &[Value], expected| {
        let stream = chunks(parts);
        let found = tokens(Shape::BedrockInvoke, Framing::EventStream, &stream);
        assert_eq!(found, expected, "{parts:?}");
    };
    let two = said(None, None, Some(2));
    check(
        &[json!({"type":"content_block_delta","delta":{"text":"abcdefgh"}})],
        two,
    );
    check(
        &[json!({"contentBlockDelta":{"delta":{"text":"abcdefgh"}}})],
        two,
    );
    check(
        &[json!({"outputs":[{"text":"abcdefgh","stop_reason":null}]})],
        two,
    );
    check(
        &[json!({"choices":[{"index":0,"message":{"content":"abcdefgh"}}]})],
        two,
    );
    check(
        &[json!({"event_type":"text-generation","text":"abcdefgh"})],
        two,
    );
    // Llama counts as it goes.
    let llama = json!({"generation":"abcdefgh","prompt_token_count":12,"generation_token_count":3});
    check(std::slice::from_ref(&llama), said(Some(12), Some(3), None));
    let metrics =
        json!({"amazon-bedrock-invocationMetrics":{"inputTokenCount":11,"outputTokenCount":4}});
    check(&[llama, metrics], said(Some(11), Some(4), None));
}

#[test]
fn other_families() {
    let check = |shape, framing, stream: &[u8], expected| {
        assert_eq!(tokens(shape, framing, stream), expected, "{shape:?}");
    };
    let one = said(None, None, Some(1));
    let v2 =
        json!({"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"abcd"}}}});
    check(Shape::Cohere, Framing::Sse, &sse(&[v2]), one);
    let v1 = b"{\"event_type\":\"text-generation\",\"text\":\"abcd\"}\n{\"event_type\":\"stream-end\",\"response\":{\"text\":\"abcd\"}}\n";
    check(Shape::Cohere, Framing::NdJson, v1, one);
    check(
        Shape::Ollama,
        Framing::NdJson,
        b"{\"message\":{\"content\":\"abcd\"}}\n",
        one,
    );
    let tgi = json!({"token":{"id":7,"text":"abcd"},"generated_text":null});
    check(Shape::Generic, Framing::Sse, &sse(&[tgi]), one);
    // Gemini counts as it goes; an element of its array ends with what follows it.
    let gemini = br#"[{"candidates":[{"content":{"parts":[{"text":"abcd"}]}}],
        "usageMetadata":{"promptTokenCount":8,"candidatesTokenCount":2}},{"cand"#;
    check(
        Shape::Gemini,
        Framing::JsonArray,
        gemini,
        said(Some(8), Some(2), None),
    );
}

#[test]
fn what_was_not_looked_at_makes_an_estimate_of_everything() {
    let found = said(Some(25), Some(10), None);
    assert_eq!(found.scaled(100, 100), found);
    assert_eq!(found.scaled(100, 250), said(Some(25), None, Some(25)));
    assert_eq!(
        said(None, None, Some(3)).scaled(2, 3),
        said(None, None, Some(4))
    );
    assert_eq!(TokensSoFar::default().scaled(1, 9), TokensSoFar::default());
    assert_eq!(found.scaled(0, 9), found);
}

proptest! {
    #[test]
    fn any_bytes_are_taken_without_a_panic(stream in proptest::collection::vec(any::<u8>(), 0..400)) {
        for framing in [Framing::Sse, Framing::NdJson, Framing::EventStream, Framing::JsonArray, Framing::None] {
            for shape in [Shape::OpenAiChat, Shape::BedrockInvoke, Shape::Generic] {
                tokens(shape, framing, &stream);
            }
        }
    }
}
