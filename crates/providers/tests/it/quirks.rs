//! Counts that single providers say in a place or a way of their own. The bodies are composed after their references.

use corelog_providers::{AnswerFacts, DataKinds, Framing, reassemble, route};
use corelog_types::{Count, Dialect, Usage};

use crate::answers::{ok, said};

fn stream(dialect: Dialect, path: &str, events: &str) -> AnswerFacts {
    let route = route(dialect, "POST", path, None);
    reassemble(&route, Framing::Sse, 200, &(), events.as_bytes()).facts
}

#[test]
fn moonshot_says_cached_tokens_beside_the_counts() {
    let facts = ok(
        Dialect::OpenAi,
        "/v1/chat/completions",
        r#"{"choices":[],"usage":{"prompt_tokens":30,"completion_tokens":4,"total_tokens":34,"cached_tokens":10}}"#,
    );
    assert_eq!(facts.usage.input, Some(Count::derived(20)));
    assert_eq!(facts.usage.cache_read, said(10));
}

#[test]
fn transcriptions_count_audio() {
    let usage = r#""usage":{"type":"tokens","input_tokens":140,"input_token_details":{"text_tokens":10,"audio_tokens":130},"output_tokens":9,"total_tokens":149}"#;
    let expected = Usage {
        input: said(140),
        output: said(9),
        input_audio: said(130),
        total: said(149),
        ..Usage::default()
    };
    let path = "/v1/audio/transcriptions";
    let whole = ok(
        Dialect::OpenAi,
        path,
        &format!(r#"{{"text":"ships",{usage}}}"#),
    );
    assert_eq!(whole.usage, expected);
    let events = format!(
        "data: {{\"type\":\"transcript.text.delta\",\"delta\":\"sh\"}}\n\ndata: {{\"type\":\"transcript.text.done\",\"text\":\"ships\",{usage}}}\n\n"
    );
    assert_eq!(stream(Dialect::OpenAi, path, &events).usage, expected);
    // Seconds are no tokens.
    let timed = ok(
        Dialect::OpenAi,
        path,
        r#"{"text":"ships","usage":{"type":"duration","seconds":3}}"#,
    );
    assert_eq!(timed.usage, Usage::default());
}

#[test]
fn gemini_says_its_counts_by_modality() {
    let body = |scale: u64| {
        format!(
            r#"{{"candidates":[],"usageMetadata":{{"promptTokenCount":{},"candidatesTokenCount":{},
            "promptTokensDetails":[{{"modality":"TEXT","tokenCount":1}},{{"modality":"AUDIO","tokenCount":{}}},{{"modality":"IMAGE","tokenCount":{}}}],
            "candidatesTokensDetails":[{{"modality":"IMAGE","tokenCount":{}}},{{"modality":"VIDEO","tokenCount":99}},{{"tokenCount":98}}]}}}}"#,
            100 * scale,
            10 * scale,
            40 * scale,
            50 * scale,
            7 * scale
        )
        .replace('\n', "")
    };
    let expected = |scale: u64| Usage {
        input: said(100 * scale),
        output: said(10 * scale),
        input_audio: said(40 * scale),
        input_image: said(50 * scale),
        output_image: said(7 * scale),
        ..Usage::default()
    };
    let path = "/v1beta/models/g:generateContent";
    assert_eq!(ok(Dialect::Generic, path, &body(1)).usage, expected(1));
    // Chunks say the sums so far.
    let events = format!("data: {}\n\ndata: {}\n\n", body(1), body(2));
    let path = "/v1beta/models/g:streamGenerateContent";
    assert_eq!(stream(Dialect::Generic, path, &events).usage, expected(2));
}

#[test]
fn vertex_counts_each_embedding() {
    let facts = ok(
        Dialect::Generic,
        "/v1/projects/p/locations/l/publishers/google/models/text-embedding-005:predict",
        r#"{"predictions":[{"embeddings":{"values":[0.1],"statistics":{"token_count":4,"truncated":false}}},{"embeddings":{"values":[0.2],"statistics":{"token_count":3}}}]}"#,
    );
    assert_eq!(facts.usage.input, said(7));
    assert!(facts.kinds.contains(DataKinds::EMBEDDING));
}

#[test]
fn text_generation_inference_counts_in_its_details() {
    let last = r#"{"token":{"text":"."},"generated_text":"Hi.","details":{"finish_reason":"eos_token","generated_tokens":3,"input_length":8}}"#;
    let events =
        format!("data: {{\"token\":{{\"text\":\"Hi\"}},\"details\":null}}\n\ndata: {last}\n\n");
    let facts = stream(Dialect::Generic, "/generate_stream", &events);
    assert_eq!(facts.usage.input, said(8));
    assert_eq!(facts.usage.output, said(3));
    assert_eq!(facts.stop_reason.as_deref(), Some("eos_token"));
}

/// A response inside the last event of a stream says of its output what a whole response says.
#[test]
fn images_in_a_stream_of_responses_are_counted() {
    let response = r#"{"id":"r","status":"completed","output":[{"type":"message"},{"type":"image_generation_call"}]}"#;
    let path = "/v1/responses";
    let whole = ok(Dialect::OpenAi, path, response);
    let events = format!("data: {{\"type\":\"response.completed\",\"response\":{response}}}\n\n");
    let streamed = stream(Dialect::OpenAi, path, &events);
    assert_eq!(whole.image.unwrap().count, Some(1));
    assert_eq!((streamed.image, streamed.kinds), (whole.image, whole.kinds));
}
