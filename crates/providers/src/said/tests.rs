//! Streams of every family, and what they say.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::streams::{frames, sse};

const TEXT: &str = "text";
const REASONING: &str = "reasoning";
const TOOL_INPUT: &str = "tool input";

fn name(kind: SaidKind) -> &'static str {
    match kind {
        SaidKind::Text => TEXT,
        SaidKind::Reasoning => REASONING,
        SaidKind::ToolInput => TOOL_INPUT,
    }
}

/// What a stream says, however it is cut.
fn check(shape: Shape, framing: Framing, stream: &[u8], expected: &[(&str, &str)]) {
    for size in [1, 7, stream.len()] {
        let mut reader = SaidReader::new(shape, framing);
        let mut said = Vec::new();
        for chunk in stream.chunks(size) {
            said.extend(reader.push(chunk));
        }
        let said: Vec<_> = said.iter().map(|it| (name(it.kind), &*it.text)).collect();
        assert_eq!(said, expected, "{shape:?} in pieces of {size}");
    }
}

#[test]
fn a_chat_says_what_it_thinks_what_it_answers_and_what_it_calls() {
    let delta = |delta: Value| json!({"choices":[{"index":0,"delta":delta}]});
    let stream = sse(&[
        delta(json!({"role":"assistant","content":""})),
        delta(json!({"reasoning_content":"hm"})),
        delta(json!({"content":"Zwölf \"Töne\"\n"})),
        delta(json!({"tool_calls":[{"index":0,"function":{"name":"f","arguments":"{\"a\":"}}]})),
        json!({"choices":[],"usage":{"prompt_tokens":30,"completion_tokens":9}}),
    ]);
    check(
        Shape::OpenAiChat,
        Framing::Sse,
        &[stream, b"data: [DONE]\n\n".to_vec()].concat(),
        &[
            (REASONING, "hm"),
            (TEXT, "Zwölf \"Töne\"\n"),
            (TOOL_INPUT, "{\"a\":"),
        ],
    );
}

#[test]
fn a_part_that_has_not_ended_says_nothing() {
    let stream = sse(&[json!({"choices":[{"index":0,"delta":{"content":"Hi"}}]})]);
    let open = &stream[..stream.len() - 1];
    check(Shape::OpenAiChat, Framing::Sse, open, &[]);
}

#[test]
fn messages_and_converse_have_blocks_of_each_kind() {
    let delta = |delta: Value| json!({"type":"content_block_delta","index":0,"delta":delta});
    let stream = sse(&[
        json!({"type":"message_start","message":{"id":"m","content":[]}}),
        delta(json!({"type":"thinking_delta","thinking":"hm"})),
        delta(json!({"type":"signature_delta","signature":"c2lnbmF0dXJl"})),
        delta(json!({"type":"text_delta","text":"Hi"})),
        delta(json!({"type":"input_json_delta","partial_json":"{"})),
        json!({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":15}}),
    ]);
    let expected = [(REASONING, "hm"), (TEXT, "Hi"), (TOOL_INPUT, "{")];
    check(Shape::Anthropic, Framing::Sse, &stream, &expected);
    let delta = |delta: Value| ("contentBlockDelta", json!({"delta":delta,"p":"abc"}));
    let stream = frames(&[
        ("messageStart", json!({"role":"assistant"})),
        delta(json!({"reasoningContent":{"text":"hm"}})),
        delta(json!({"text":"Hi"})),
        delta(json!({"toolUse":{"input":"{"}})),
        ("messageStop", json!({"stopReason":"end_turn"})),
    ]);
    let framing = Framing::EventStream;
    check(Shape::BedrockConverse, framing, &stream, &expected);
}

#[test]
fn events_of_responses_say_by_their_type_what_their_text_is() {
    let stream = sse(&[
        json!({"type":"response.reasoning_summary_text.delta","delta":"hm"}),
        json!({"delta":"Hi","type":"response.output_text.delta"}),
        json!({"delta":"{","type":"response.function_call_arguments.delta"}),
        json!({"type":"response.output_text.done","text":"Hi"}),
        json!({"type":"response.audio.delta","delta":"AAAA"}),
        json!({"delta":"no","type":"response.refusal.delta"}),
    ]);
    let expected = [
        (REASONING, "hm"),
        (TEXT, "Hi"),
        (TOOL_INPUT, "{"),
        (TEXT, "no"),
    ];
    check(Shape::OpenAiResponses, Framing::Sse, &stream, &expected);
}

#[test]
fn lines_and_arrays_are_streams_too() {
    let lines = b"{\"message\":{\"thinking\":\"hm\"}}\n{\"message\":{\"content\":\"Hi\"}}\n";
    let expected = [(REASONING, "hm"), (TEXT, "Hi")];
    check(Shape::Ollama, Framing::NdJson, lines, &expected);
    let array = br#"[{"candidates":[{"content":{"parts":[{"text":"Hi"}]}}]},
        {"candidates":[{"content":{"parts":[{"text":"!"}]}}]}]"#;
    let expected = [(TEXT, "Hi"), (TEXT, "!")];
    check(Shape::Gemini, Framing::JsonArray, array, &expected);
}

#[test]
fn parts_of_gemini_may_be_thoughts() {
    let parts = |parts: Value| json!({"candidates":[{"content":{"parts":parts}}]});
    let stream = sse(&[
        parts(json!([{"text":"hm","thought":true},{"text":"Hi"}])),
        parts(json!([{"text":"!"}, {"thought":false,"text":"?"}])),
    ]);
    // Whichever of the two comes first.
    let thought = br#"data: {"candidates":[{"content":{"parts":[{"thought":true,"text":"so"}]}}]}"#;
    let stream = [&stream[..], thought, b"\n\n"].concat();
    let expected = [
        (REASONING, "hm"),
        (TEXT, "Hi"),
        (TEXT, "!"),
        (TEXT, "?"),
        (REASONING, "so"),
    ];
    check(Shape::Gemini, Framing::Sse, &stream, &expected);
}

#[test]
fn a_part_without_an_end_is_not_waited_for_for_ever() {
    let mut reader = SaidReader::new(Shape::Ollama, Framing::NdJson);
    let piece = vec![b'x'; 1 << 20];
    for _ in 0..6 {
        assert_eq!(reader.push(&piece), []);
    }
    assert_eq!(reader.push(b"\n{\"message\":{\"content\":\"Hi\"}}\n"), []);
}

proptest! {
    #[test]
    fn any_bytes_are_taken_without_a_panic(stream in proptest::collection::vec(any::<u8>(), 0..400)) {
        for framing in [Framing::Sse, Framing::NdJson, Framing::EventStream, Framing::JsonArray, Framing::None] {
            for shape in [Shape::OpenAiChat, Shape::BedrockInvoke, Shape::Generic] {
                let mut reader = SaidReader::new(shape, framing);
                for chunk in stream.chunks(9) {
                    reader.push(chunk);
                }
            }
        }
    }
}
