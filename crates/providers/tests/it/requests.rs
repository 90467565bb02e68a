//! What requests of every family say: model, stream, user, metadata, kinds of data.

use corelog_providers::{DataKinds, RequestFacts, model_of, read_request, route};
use corelog_types::Dialect;

fn read(dialect: Dialect, path: &str, headers: &[(&str, &str)], body: &str) -> RequestFacts {
    let route = route(dialect, "POST", path, None);
    let whole = read_request(&route, &headers, body.as_bytes());
    let mut reader = corelog_providers::RequestReader::new(&route, &headers);
    for chunk in body.as_bytes().chunks(5) {
        reader.push(chunk);
    }
    assert_eq!(reader.finish(), whole);
    whole
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

#[test]
fn openai() {
    let facts = read(
        Dialect::OpenAi,
        "/v1/chat/completions",
        &[("x-corelog-session", "s")],
        r#"{"messages":[{"role":"user","content":[{"type":"text","text":"{\"model\":\"no\"}"},{"type":"image_url","image_url":{"url":"data:"}},{"type":"input_audio"}]}],
        "model":"gpt-x","stream":true,"safety_identifier":"hash","metadata":{"team":"ports","n":3},"service_tier":"flex"}"#,
    );
    assert_eq!(facts.model.as_deref(), Some("gpt-x"));
    assert_eq!(facts.stream, Some(true));
    assert_eq!(facts.user.as_deref(), Some("hash"));
    assert_eq!(facts.session.as_deref(), Some("s"));
    assert_eq!(facts.metadata, [pair("team", "ports"), pair("n", "3")]);
    assert_eq!(facts.service_tier.as_deref(), Some("flex"));
    for kind in [DataKinds::TEXT, DataKinds::IMAGE, DataKinds::AUDIO] {
        assert!(facts.kinds.contains(kind));
    }
    assert!(!facts.kinds.contains(DataKinds::VIDEO));
    let both = read(
        Dialect::OpenAi,
        "/v1/responses",
        &[],
        r#"{"safety_identifier":"b","user":"a","input":"hi"}"#,
    );
    assert_eq!(both.user.as_deref(), Some("a"));
}

#[test]
fn a_header_about_the_user_wins_over_the_body() {
    let facts = read(
        Dialect::OpenAi,
        "/v1/chat/completions",
        &[("X-Corelog-User", "header")],
        r#"{"user":"body"}"#,
    );
    assert_eq!(facts.user.as_deref(), Some("header"));
}

#[test]
fn azure_deployments_name_the_model_where_the_body_does_not() {
    let path = "/openai/deployments/prod-gpt/chat/completions";
    assert_eq!(
        read(Dialect::OpenAi, path, &[], r#"{"messages":[]}"#)
            .model
            .as_deref(),
        Some("prod-gpt")
    );
    assert_eq!(
        read(Dialect::OpenAi, path, &[], r#"{"model":"gpt-x"}"#)
            .model
            .as_deref(),
        Some("gpt-x")
    );
}

#[test]
fn anthropic() {
    let facts = read(
        Dialect::Anthropic,
        "/v1/messages",
        &[],
        r#"{"model":"claude-x","metadata":{"user_id":"u"},"messages":[{"role":"user","content":[{"type":"document","source":{}}]},{"role":"user","content":"hi"}],"stream":false}"#,
    );
    assert_eq!(facts.model.as_deref(), Some("claude-x"));
    assert_eq!(facts.user.as_deref(), Some("u"));
    assert_eq!(facts.stream, Some(false));
    assert!(
        facts
            .kinds
            .contains(DataKinds::IMAGE.union(DataKinds::TEXT))
    );
}

#[test]
fn converse() {
    let facts = read(
        Dialect::Bedrock,
        "/model/amazon.nova-pro-v1%3A0/converse",
        &[],
        r#"{"messages":[{"role":"user","content":[{"video":{"format":"mp4"}},{"toolResult":{"content":[{"image":{}}]}}]}],
        "requestMetadata":{"team":"ports","env":"prod"},"performanceConfig":{"latency":"optimized"},"serviceTier":{"type":"priority"},
        "guardrailConfig":{"guardrailIdentifier":"gr1","guardrailVersion":"3"}}"#,
    );
    assert_eq!(facts.model.as_deref(), Some("amazon.nova-pro-v1:0"));
    assert_eq!(facts.metadata, [pair("team", "ports"), pair("env", "prod")]);
    assert_eq!(facts.performance_latency.as_deref(), Some("optimized"));
    assert_eq!(facts.guardrail_id.as_deref(), Some("gr1"));
    assert_eq!(facts.guardrail_version.as_deref(), Some("3"));
    assert_eq!(facts.kinds, DataKinds::VIDEO.union(DataKinds::IMAGE));
}

#[test]
fn native_bedrock_bodies() {
    let facts = read(
        Dialect::Bedrock,
        "/model/amazon.nova-canvas-v1%3A0/invoke",
        &[("x-amzn-bedrock-request-metadata", r#"{"a":"b"}"#)],
        r#"{"taskType":"TEXT_IMAGE","textToImageParams":{"text":"a buoy"},"imageGenerationConfig":{"numberOfImages":2,"height":512,"width":1024}}"#,
    );
    let image = facts.image.unwrap();
    assert_eq!(
        (image.height, image.width, image.count),
        (Some(512), Some(1024), Some(2))
    );
    assert_eq!(image.steps, None);
    assert_eq!(facts.metadata, [pair("a", "b")]);
    assert_eq!(facts.model.as_deref(), Some("amazon.nova-canvas-v1:0"));
    for (quality, steps) in [("standard", Some(50)), ("premium", None)] {
        let facts = read(
            Dialect::Bedrock,
            "/model/amazon.nova-canvas-v1%3A0/invoke",
            &[],
            &format!(r#"{{"imageGenerationConfig":{{"quality":"{quality}","width":512}}}}"#),
        );
        assert_eq!(facts.image.unwrap().steps, steps, "{quality}");
    }
}

#[test]
fn the_model_is_found_in_a_body_that_is_cut() {
    assert_eq!(
        model_of(br#"{"temperature":1,"model":"gpt-x","messages":[{"role"#).as_deref(),
        Some("gpt-x")
    );
    assert_eq!(model_of(br#"{"messages":[{"model":"no"}]}"#), None);
    assert_eq!(model_of(b"no json"), None);
}

/// Uploads: transcriptions, translations, image edits. The fields stand on either side of the file.
#[test]
fn multipart_forms() {
    let part = |(disposition, value): &(&str, &str)| {
        format!("--b1\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{value}\r\n")
    };
    let form = |fields: &[(&str, &str)]| {
        let parts: String = fields.iter().map(part).collect();
        parts + "--b1--\r\n"
    };
    let headers = [("Content-Type", "multipart/form-data; boundary=\"b1\"")];
    let body = form(&[
        (r#"name="stream""#, "true"),
        (
            "name=\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav",
            "RIFF {\"model\":\"no\"}",
        ),
        (r#"name="model""#, "gpt-4o-transcribe"),
        (r#"name="prompt""#, "harbours"),
    ]);
    for path in ["/v1/audio/transcriptions", "/v1/audio/translations"] {
        let facts = read(Dialect::OpenAi, path, &headers, &body);
        assert_eq!(facts.model.as_deref(), Some("gpt-4o-transcribe"));
        assert_eq!(facts.stream, Some(true));
        assert!(facts.kinds.contains(DataKinds::AUDIO));
        assert!(facts.kinds.contains(DataKinds::TEXT));
        assert!(!facts.body_is_json);
        // Without headers, as for routing by model name.
        assert_eq!(read(Dialect::OpenAi, path, &[], &body).model, facts.model);
    }
    assert_eq!(
        model_of(body.as_bytes()).as_deref(),
        Some("gpt-4o-transcribe")
    );

    let body = form(&[
        (r#"name="model""#, "gpt-image-1"),
        (r#"name="user""#, "12345"),
        (r#"name="n""#, "2"),
        (r#"name="size""#, "1024x1536"),
        (
            "name=\"image[]\"; filename=\"a.png\"\r\nContent-Type: image/png",
            "PNG",
        ),
    ]);
    let facts = read(Dialect::OpenAi, "/v1/images/edits", &headers, &body);
    assert_eq!(facts.model.as_deref(), Some("gpt-image-1"));
    assert_eq!(facts.user.as_deref(), Some("12345"));
    let image = facts.image.unwrap();
    assert_eq!(
        (image.count, image.width, image.height),
        (Some(2), Some(1024), Some(1536))
    );
    assert!(facts.kinds.contains(DataKinds::IMAGE));

    // A deployment in the path gives way to the model in the form, as it does to one in a JSON body.
    let path = "/openai/deployments/mine/audio/transcriptions";
    let named = form(&[(r#"name="model""#, "whisper-1")]);
    let facts = read(Dialect::OpenAi, path, &headers, &named);
    assert_eq!(facts.model.as_deref(), Some("whisper-1"));
    assert_eq!(
        read(Dialect::OpenAi, path, &headers, &form(&[]))
            .model
            .as_deref(),
        Some("mine")
    );
}

#[test]
fn a_number_is_not_taken_for_a_form() {
    assert!(read(Dialect::OpenAi, "/v1/x", &[], "-12.5").body_is_json);
}
