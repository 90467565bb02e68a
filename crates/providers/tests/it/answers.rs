//! Whole answers of every family: counts, stop reasons, errors. The bodies are composed after the providers'
//! references.

use corelog_providers::{AnswerFacts, DataKinds, read_answer, route};
use corelog_types::{Count, Dialect, Usage};

fn read(
    dialect: Dialect,
    path: &str,
    status: u16,
    headers: &[(&str, &str)],
    body: &str,
) -> AnswerFacts {
    let route = route(dialect, "POST", path, None);
    let whole = read_answer(&route, status, &headers, body.as_bytes());
    let mut reader = corelog_providers::AnswerReader::new(&route);
    for chunk in body.as_bytes().chunks(3) {
        reader.push(chunk);
    }
    assert_eq!(reader.finish(&route, status, &headers), whole);
    whole
}

pub(crate) fn ok(dialect: Dialect, path: &str, body: &str) -> AnswerFacts {
    let facts = read(dialect, path, 200, &[], body);
    assert_eq!(facts.error, None, "{body}");
    facts
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "counts are compared as facts hold them"
)]
pub(crate) const fn said(value: u64) -> Option<Count> {
    Some(Count::reported(value))
}

fn input_and_output(input: u64, output: u64) -> Usage {
    Usage {
        input: said(input),
        output: said(output),
        ..Usage::default()
    }
}

#[test]
fn chat_completions_with_everything() {
    let facts = ok(
        Dialect::OpenAi,
        "/v1/chat/completions",
        r#"{"id":"chatcmpl-1","model":"gpt-x-2026","service_tier":"flex","choices":[{"finish_reason":"length"},{"finish_reason":"length"}],
        "usage":{"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,
        "prompt_tokens_details":{"cached_tokens":40,"cache_write_tokens":10,"audio_tokens":5,"image_tokens":6},
        "completion_tokens_details":{"reasoning_tokens":20,"audio_tokens":7,"accepted_prediction_tokens":1}}}"#,
    );
    assert_eq!(
        facts.usage,
        Usage {
            input: Some(Count::derived(50)),
            output: said(50),
            cache_read: said(40),
            cache_write: said(10),
            cache_write_1h: None,
            reasoning: said(20),
            input_audio: said(5),
            output_audio: said(7),
            input_image: said(6),
            output_image: None,
            total: said(150),
        }
    );
    assert_eq!(facts.stop_reason.as_deref(), Some("length"));
    assert_eq!(facts.response_id.as_deref(), Some("chatcmpl-1"));
    assert_eq!(facts.response_model.as_deref(), Some("gpt-x-2026"));
    assert_eq!(facts.service_tier.as_deref(), Some("flex"));
}

#[test]
fn followers_of_openai() {
    let deepseek = ok(
        Dialect::OpenAi,
        "/chat/completions",
        r#"{"usage":{"prompt_tokens":10,"prompt_cache_hit_tokens":4,"prompt_cache_miss_tokens":6,"completion_tokens":2}}"#,
    );
    assert_eq!(deepseek.usage.input, Some(Count::derived(6)));
    assert_eq!(deepseek.usage.cache_read, said(4));
    let bare = ok(
        Dialect::Generic,
        "/v1/chat/completions",
        r#"{"usage":{"prompt_tokens":10,"completion_tokens":2}}"#,
    );
    assert_eq!(bare.usage, input_and_output(10, 2));
}

#[test]
fn odd_counts_are_absent_and_cost_nothing_else() {
    let facts = ok(
        Dialect::OpenAi,
        "/v1/chat/completions",
        r#"{"id":7,"model":["x"],"choices":"none","usage":{"prompt_tokens":-1,"completion_tokens":"5","total_tokens":1.5,
        "prompt_tokens_details":[1],"completion_tokens_details":{"reasoning_tokens":3}}}"#,
    );
    assert_eq!(
        facts.usage,
        Usage {
            reasoning: said(3),
            ..Usage::default()
        }
    );
    assert_eq!(facts.response_id, None);
}

#[test]
fn embeddings_and_images() {
    let facts = ok(
        Dialect::OpenAi,
        "/v1/embeddings",
        r#"{"data":[{"embedding":[0.1,0.2]}],"model":"e","usage":{"prompt_tokens":8,"total_tokens":8}}"#,
    );
    assert_eq!((facts.usage.input, facts.usage.output), (said(8), None));
    assert!(facts.kinds.contains(DataKinds::EMBEDDING));
    let facts = ok(
        Dialect::OpenAi,
        "/v1/images/generations",
        r#"{"data":[{"b64_json":"AAAA"},{"b64_json":"AAAA"}],"size":"1024x1536","usage":{"input_tokens":9,"output_tokens":100,
        "input_tokens_details":{"image_tokens":0,"text_tokens":9}}}"#,
    );
    let image = facts.image.unwrap();
    assert_eq!(
        (image.width, image.height, image.count),
        (Some(1024), Some(1536), Some(2))
    );
    assert_eq!(
        (facts.usage.input, facts.usage.output),
        (said(9), said(100))
    );
    assert!(facts.kinds.contains(DataKinds::IMAGE));
}

#[test]
fn responses() {
    let facts = ok(
        Dialect::OpenAi,
        "/v1/responses",
        r#"{"id":"resp_1","status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"error":null,"model":"o",
        "usage":{"input_tokens":30,"input_tokens_details":{"cached_tokens":20},"output_tokens":9,"output_tokens_details":{"reasoning_tokens":8},"total_tokens":39}}"#,
    );
    assert_eq!(facts.usage.input, Some(Count::derived(10)));
    assert_eq!(facts.usage.reasoning, said(8));
    assert_eq!(facts.stop_reason.as_deref(), Some("max_output_tokens"));
}

#[test]
fn anthropic() {
    let facts = ok(
        Dialect::Anthropic,
        "/v1/messages",
        r#"{"id":"msg_1","model":"claude-x","type":"message","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn",
        "usage":{"input_tokens":3,"cache_creation_input_tokens":7,"cache_read_input_tokens":11,"output_tokens":2,"service_tier":"standard",
        "inference_geo":"us","speed":"fast","cache_creation":{"ephemeral_5m_input_tokens":5,"ephemeral_1h_input_tokens":2}}}"#,
    );
    assert_eq!(
        facts.usage,
        Usage {
            cache_read: said(11),
            cache_write: said(7),
            cache_write_1h: said(2),
            ..input_and_output(3, 2)
        }
    );
    assert_eq!(facts.service_tier.as_deref(), Some("standard"));
    assert_eq!(facts.inference_geo.as_deref(), Some("us"));
    assert_eq!(facts.speed.as_deref(), Some("fast"));
    let counted = ok(
        Dialect::Anthropic,
        "/v1/messages/count_tokens",
        r#"{"input_tokens":14}"#,
    );
    assert_eq!(counted.usage.input, said(14));
}

#[test]
fn converse_says_how_long_what_it_cached_stays() {
    let hour = |details: &str| {
        let usage =
            r#""inputTokens":5,"outputTokens":6,"totalTokens":41,"cacheWriteInputTokens":30"#;
        let body = format!(r#"{{"stopReason":"end_turn","usage":{{{usage}{details}}}}}"#);
        let facts = ok(Dialect::Bedrock, "/model/m/converse", &body);
        assert_eq!(facts.usage.cache_write, said(30));
        facts.usage.cache_write_1h
    };
    assert_eq!(
        hour(r#","cacheDetails":[{"ttl":"1h","inputTokens":20},{"ttl":"5m","inputTokens":10}]"#),
        said(20)
    );
    assert_eq!(
        hour(r#","cacheDetails":[{"inputTokens":30,"ttl":"5m"}]"#),
        said(0)
    );
    assert_eq!(
        hour(r#","cacheDetails":[{"inputTokens":9},{"ttl":"1h"}]"#),
        None
    );
    assert_eq!(hour(""), None);
}

#[test]
fn native_bedrock_families() {
    let path = "/model/m/invoke";
    let check = |body: &str, input, output, stop: Option<&str>| {
        let facts = ok(Dialect::Bedrock, path, body);
        assert_eq!(
            (facts.usage.input, facts.usage.output),
            (input, output),
            "{body}"
        );
        assert_eq!(facts.stop_reason.as_deref(), stop, "{body}");
    };
    // Nova
    check(
        r#"{"output":{"message":{"content":[{"text":"x"}]}},"stopReason":"end_turn","usage":{"inputTokens":5,"outputTokens":6,"totalTokens":11,"cacheReadInputTokenCount":0}}"#,
        said(5),
        said(6),
        Some("end_turn"),
    );
    // Titan
    check(
        r#"{"inputTextTokenCount":4,"results":[{"tokenCount":9,"outputText":"x","completionReason":"FINISH"}]}"#,
        said(4),
        said(9),
        Some("FINISH"),
    );
    check(
        r#"{"embedding":[0.1],"inputTextTokenCount":4}"#,
        said(4),
        None,
        None,
    );
    // Llama
    check(
        r#"{"generation":"x","prompt_token_count":3,"generation_token_count":8,"stop_reason":"stop"}"#,
        said(3),
        said(8),
        Some("stop"),
    );
    // Mistral, old and new
    check(
        r#"{"outputs":[{"text":"x","stop_reason":"length"}]}"#,
        None,
        None,
        Some("length"),
    );
    check(
        r#"{"choices":[{"message":{"content":"x"},"stop_reason":"stop"}],"usage":null}"#,
        None,
        None,
        Some("stop"),
    );
    // Cohere
    check(
        r#"{"text":"x","finish_reason":"COMPLETE","generation_id":"g"}"#,
        None,
        None,
        Some("COMPLETE"),
    );
    // Jamba, gpt-oss
    check(
        r#"{"choices":[{"message":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":2,"completion_tokens":3,"total_tokens":5}}"#,
        said(2),
        said(3),
        Some("stop"),
    );
    // Jurassic
    check(
        r#"{"completions":[{"data":{"text":"x"},"finishReason":{"reason":"endoftext"}}]}"#,
        None,
        None,
        Some("endoftext"),
    );
    // Claude
    check(
        r#"{"type":"message","stop_reason":"max_tokens","usage":{"input_tokens":1,"output_tokens":2}}"#,
        said(1),
        said(2),
        Some("max_tokens"),
    );
    check(
        r#"{"completion":"x","stop_reason":"stop_sequence","stop":"H:"}"#,
        None,
        None,
        Some("stop_sequence"),
    );
}

#[test]
fn bedrock_headers_win_over_the_body() {
    let headers = [
        ("X-Amzn-Bedrock-Input-Token-Count", "21"),
        ("x-amzn-bedrock-output-token-count", "22"),
        ("x-amzn-bedrock-cache-read-input-token-count", "23"),
        ("x-amzn-bedrock-invocation-latency", "345"),
        ("x-amzn-bedrock-performanceconfig-latency", "optimized"),
    ];
    let body = r#"{"usage":{"input_tokens":1,"output_tokens":2,"cache_creation_input_tokens":4}}"#;
    let facts = read(Dialect::Bedrock, "/model/m/invoke", 200, &headers, body);
    assert_eq!(
        facts.usage,
        Usage {
            cache_read: said(23),
            cache_write: said(4),
            ..input_and_output(21, 22)
        }
    );
    assert_eq!(facts.latency_ms, Some(345));
    assert_eq!(facts.performance_latency.as_deref(), Some("optimized"));
}

#[test]
fn a_guardrail_block_has_no_counts() {
    let facts = ok(
        Dialect::Bedrock,
        "/model/m/invoke",
        r#"{"type":"message","content":[{"type":"text","text":"Blocked."}],"amazon-bedrock-guardrailAction":"INTERVENED","amazon-bedrock-trace":{"guardrail":{"input":{"g":{"usage":{"input_tokens":9}}}}}}"#,
    );
    assert_eq!(facts.usage, Usage::default());
    assert_eq!(facts.guardrail_action.as_deref(), Some("INTERVENED"));
}

#[test]
fn images_of_bedrock() {
    for body in [
        r#"{"images":["AAAA","BBBB"],"error":null}"#,
        r#"{"images":["AAAA","BBBB"],"seeds":[1,2],"finish_reasons":[null,null]}"#,
        r#"{"result":"success","artifacts":[{"base64":"AAAA"},{"base64":"BBBB"}]}"#,
    ] {
        let facts = ok(Dialect::Bedrock, "/model/m/invoke", body);
        assert_eq!(facts.image.unwrap().count, Some(2), "{body}");
        assert!(facts.kinds.contains(DataKinds::IMAGE));
        assert_eq!(facts.usage, Usage::default());
    }
}

#[test]
fn converse() {
    let facts = ok(
        Dialect::Bedrock,
        "/model/m/converse",
        r#"{"output":{"message":{"role":"assistant","content":[{"text":"x"}]}},"stopReason":"guardrail_intervened","metrics":{"latencyMs":318},
        "usage":{"inputTokens":0,"outputTokens":0,"totalTokens":0,"cacheWriteInputTokens":6},"trace":{"promptRouter":{"invokedModelId":"arn:x"}},"serviceTier":{"type":"flex"}}"#,
    );
    assert_eq!(
        facts.usage,
        Usage {
            cache_write: said(6),
            total: said(0),
            ..input_and_output(0, 0)
        }
    );
    assert_eq!(facts.latency_ms, Some(318));
    assert_eq!(facts.response_model.as_deref(), Some("arn:x"));
    assert_eq!(facts.service_tier.as_deref(), Some("flex"));
    assert_eq!(facts.stop_reason.as_deref(), Some("guardrail_intervened"));
}

#[test]
fn cohere_casts_its_fractions() {
    let facts = ok(
        Dialect::Generic,
        "/v2/chat",
        r#"{"id":"i","finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":5.0,"output_tokens":6.0},"tokens":{"input_tokens":71.0,"output_tokens":7.0},"cached_tokens":1.0}}"#,
    );
    assert_eq!(facts.usage.input, Some(Count::derived(70)));
    assert_eq!(facts.usage.output, said(7));
    let billed = ok(
        Dialect::Generic,
        "/v1/chat",
        r#"{"meta":{"billed_units":{"input_tokens":5,"output_tokens":-6.0}}}"#,
    );
    assert_eq!((billed.usage.input, billed.usage.output), (said(5), None));
}

#[test]
fn gemini_and_ollama() {
    let facts = ok(
        Dialect::Generic,
        "/v1beta/models/g:generateContent",
        r#"{"candidates":[{"finishReason":"MAX_TOKENS"}],"modelVersion":"g-1","responseId":"r",
        "usageMetadata":{"promptTokenCount":20,"toolUsePromptTokenCount":3,"cachedContentTokenCount":8,"candidatesTokenCount":4,"thoughtsTokenCount":5,"totalTokenCount":32}}"#,
    );
    assert_eq!(facts.usage.input, Some(Count::derived(15)));
    assert_eq!(facts.usage.output, Some(Count::derived(9)));
    assert_eq!(facts.usage.cache_read, said(8));
    assert_eq!(facts.usage.total, said(32));
    assert_eq!(facts.response_model.as_deref(), Some("g-1"));
    let facts = ok(
        Dialect::Generic,
        "/api/generate",
        r#"{"model":"l","response":"x","done":true,"done_reason":"stop","prompt_eval_count":5,"eval_count":6}"#,
    );
    assert_eq!(facts.usage, input_and_output(5, 6));
}

/// Reads an error, and expects its code and its message.
fn check_error(
    (dialect, path): (Dialect, &str),
    status: u16,
    headers: &[(&str, &str)],
    body: &str,
    (code, message): (&str, Option<&str>),
) {
    let error = read(dialect, path, status, headers, body).error.unwrap();
    assert_eq!(
        (error.code.as_str(), error.message.as_deref()),
        (code, message),
        "{body}"
    );
}

#[test]
fn errors_of_bedrock() {
    let (converse, invoke) = ("/model/m/converse", "/model/m/invoke");
    check_error(
        (Dialect::Bedrock, converse),
        429,
        &[(
            "x-amzn-ErrorType",
            "ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/",
        )],
        r#"{"message":"Too many requests"}"#,
        ("ThrottlingException", Some("Too many requests")),
    );
    check_error(
        (Dialect::Bedrock, invoke),
        403,
        &[(
            "x-amzn-errortype",
            "com.amazon.coral.service#AccessDeniedException",
        )],
        r#"{"Message":"no"}"#,
        ("AccessDeniedException", Some("no")),
    );
    check_error(
        (Dialect::Bedrock, invoke),
        503,
        &[],
        "<html>",
        ("ServiceUnavailableException", None),
    );
}

#[test]
fn errors_of_openai_and_azure() {
    let check = |status, body, expected| {
        check_error(
            (Dialect::OpenAi, "/v1/chat/completions"),
            status,
            &[],
            body,
            expected,
        );
    };
    check(
        400,
        r#"{"error":{"message":"m","type":"invalid_request_error","param":null,"code":"context_length_exceeded"}}"#,
        ("context_length_exceeded", Some("m")),
    );
    check(
        401,
        r#"{"error":{"message":"m","type":"invalid_request_error","code":null}}"#,
        ("invalid_request_error", Some("m")),
    );
    check(502, "", ("http_502", None));
    check(
        401,
        r#"{"statusCode":401,"message":"Access denied"}"#,
        ("http_401", Some("Access denied")),
    );
}

#[test]
fn errors_of_others() {
    check_error(
        (Dialect::Anthropic, "/v1/messages"),
        529,
        &[],
        r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
        ("overloaded_error", Some("Overloaded")),
    );
    let check = |path, status, body, expected| {
        check_error((Dialect::Generic, path), status, &[], body, expected);
    };
    check(
        "/v1beta/models/g:generateContent",
        429,
        r#"{"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED"}}"#,
        ("RESOURCE_EXHAUSTED", Some("quota")),
    );
    check(
        "/api/chat",
        404,
        r#"{"error":"model not found"}"#,
        ("http_404", Some("model not found")),
    );
    check(
        "/v2/chat",
        422,
        r#"{"message":"bad"}"#,
        ("http_422", Some("bad")),
    );
}

#[test]
fn a_body_that_is_no_json_is_said_to_be_none() {
    let facts = ok(Dialect::OpenAi, "/v1/chat/completions", "{\"id\":\"a\",");
    assert!(!facts.body_is_json);
    assert_eq!(facts.response_id.as_deref(), Some("a"));
    let deep = format!("{{\"id\":\"a\",\"x\":{}", "[".repeat(100_000));
    assert!(!ok(Dialect::OpenAi, "/v1/chat/completions", &deep).body_is_json);
}

#[test]
fn gemini_refuses_with_an_array_where_the_answer_would_be_one() {
    let body = r#"[{"error":{"code":429,"message":"Quota exceeded.","status":"RESOURCE_EXHAUSTED","details":[{"message":"other"}]}}
]"#;
    for (dialect, path) in [
        (
            Dialect::Generic,
            "/v1beta/models/gemini-2.5-pro:streamGenerateContent",
        ),
        (Dialect::OpenAi, "/v1/chat/completions"),
    ] {
        let error = read(dialect, path, 429, &[], body).error.unwrap();
        assert_eq!(error.code, "RESOURCE_EXHAUSTED");
        assert_eq!(error.message.as_deref(), Some("Quota exceeded."));
    }
}
