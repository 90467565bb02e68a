//! Names and counts, convention by convention.

use corelog_types::Count;
use serde_json::{Value, json};

use super::*;
use crate::request::{SpanKey, Status};

fn attributes(members: &Value) -> Attributes {
    let mut attributes = Attributes::default();
    for (key, value) in members.as_object().unwrap() {
        attributes.set(key.clone(), value.clone());
    }
    attributes
}

fn read(members: &Value) -> Call {
    let span = Span {
        key: SpanKey {
            trace: [1; 16],
            span: [1; 8],
        },
        parent: None,
        name: String::new(),
        start_ns: 1,
        end_ns: 2,
        attributes: attributes(members),
        events: Vec::new(),
        status: Status::default(),
    };
    let Kind::Model(task) = kind(&span.attributes) else {
        panic!("no call: {members}")
    };
    call(&span, task)
}

#[test]
fn operations_have_the_names_that_the_gateway_gives_them() {
    for (provider, operation, more, expected) in [
        ("openai", "chat", json!({}), "ChatCompletions"),
        (
            "openai",
            "chat",
            json!({"openai.api.type": "responses"}),
            "Responses",
        ),
        ("groq", "chat", json!({}), "ChatCompletions"),
        ("anthropic", "chat", json!({}), "Messages"),
        ("aws.bedrock", "chat", json!({}), "Converse"),
        (
            "aws.bedrock",
            "chat",
            json!({"gen_ai.request.stream": true}),
            "ConverseStream",
        ),
        ("aws.bedrock", "text_completion", json!({}), "InvokeModel"),
        (
            "gcp.gemini",
            "generate_content",
            json!({}),
            "GenerateContent",
        ),
        ("gcp.vertex_ai", "chat", json!({}), "GenerateContent"),
        ("openai", "text_completion", json!({}), "Completions"),
        ("cohere", "embeddings", json!({}), "Embeddings"),
    ] {
        let mut members = more;
        members["gen_ai.operation.name"] = operation.into();
        members["gen_ai.provider.name"] = provider.into();
        assert_eq!(read(&members).operation.as_str(), expected, "{members}");
    }
}

#[test]
fn providers_have_todays_names() {
    for (key, said, expected) in [
        ("gen_ai.provider.name", "openai", "openai"),
        ("gen_ai.system", "az.ai.openai", "azure.ai.openai"),
        ("gen_ai.system", "vertex_ai", "gcp.vertex_ai"),
        ("gen_ai.system", "Anthropic", "anthropic"),
        ("llm.provider", "azure", "azure.ai.openai"),
        ("llm.system", "mistralai", "mistral_ai"),
        ("llm.other", "x", "unknown"),
    ] {
        let call = read(&json!({"gen_ai.operation.name": "chat", key: said}));
        assert_eq!(call.provider, expected, "{said}");
    }
}

#[test]
fn what_a_span_stands_for() {
    for (members, expected) in [
        (
            json!({"gen_ai.operation.name": "invoke_agent", "gen_ai.request.model": "m"}),
            Kind::Step,
        ),
        (json!({"gen_ai.operation.name": "execute_tool"}), Kind::Step),
        (
            json!({"openinference.span.kind": "EMBEDDING"}),
            Kind::Model(Task::Embeddings),
        ),
        (
            json!({"openinference.span.kind": "CHAIN", "input.value": "x"}),
            Kind::Step,
        ),
        (json!({"openinference.span.kind": "RERANKER"}), Kind::Step),
        (
            json!({"llm.request.type": "completion"}),
            Kind::Model(Task::Completion),
        ),
        (json!({"traceloop.span.kind": "workflow"}), Kind::Step),
        (
            json!({"gen_ai.system": "openai", "gen_ai.request.model": "m"}),
            Kind::Model(Task::Chat),
        ),
        (json!({"http.method": "POST"}), Kind::Other),
        (json!({"gen_ai.system": "openai"}), Kind::Other),
    ] {
        assert_eq!(kind(&attributes(&members)), expected, "{members}");
    }
}

/// (input, output, cached, total) as said, and the input of the record.
#[test]
fn cached_tokens_are_taken_out_of_the_input_they_are_in() {
    for (input, output, cached, total, expected) in [
        (100, 7, 60, None, Count::derived(40)),
        (100, 7, 60, Some(107), Count::derived(40)),
        (100, 7, 60, Some(167), Count::reported(100)),
        (10, 7, 60, None, Count::reported(10)),
        (100, 7, 0, Some(107), Count::reported(100)),
    ] {
        let mut members = json!({
            "gen_ai.operation.name": "chat",
            "gen_ai.usage.input_tokens": input,
            "gen_ai.usage.output_tokens": output,
            "gen_ai.usage.cache_read.input_tokens": cached,
        });
        if let Some(total) = total {
            members["gen_ai.usage.total_tokens"] = total.into();
        }
        assert_eq!(read(&members).usage.input, Some(expected), "{members}");
    }
    assert_eq!(
        read(&json!({"gen_ai.operation.name": "chat"})).usage,
        Usage::default()
    );
}

#[test]
fn an_address_with_a_secret_is_left_out() {
    let base = |base: &str| {
        read(&json!({"gen_ai.operation.name": "chat", "gen_ai.openai.api_base": base})).upstream
    };
    assert_eq!(
        base("https://h/v1?key=canary").as_deref(),
        Some("https://h/v1")
    );
    assert_eq!(base("https://user:canary@h/v1"), None);
}

#[test]
fn texts_are_cut_between_characters() {
    assert_eq!(cut("aéb", 2), "a");
    assert_eq!(cut("aéb", 3), "aé");
    assert_eq!(cut("a", 3), "a");
}
