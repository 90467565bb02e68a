//! Exports as instrumentations write them, and the records that they become.

use corelog_record::stored;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const START: u64 = 1_795_000_000_123_000_000;
const NOW: Timestamp = Timestamp::from_unix_ms(1_795_000_001_000);

/// An `AnyValue` of JSON.
fn any(value: &Value) -> Value {
    match value {
        Value::String(text) => json!({ "stringValue": text }),
        Value::Bool(flag) => json!({ "boolValue": flag }),
        Value::Number(number) if number.is_f64() => json!({ "doubleValue": number }),
        Value::Number(number) => json!({ "intValue": number.to_string() }),
        Value::Array(values) => {
            json!({"arrayValue": {"values": values.iter().map(any).collect::<Vec<_>>()}})
        }
        Value::Object(_) => json!({"kvlistValue": {"values": pairs(value)}}),
        Value::Null => json!({}),
    }
}

fn pairs(members: &Value) -> Value {
    let pair = |(key, value)| json!({"key": key, "value": any(value)});
    members.as_object().unwrap().iter().map(pair).collect()
}

/// A span of 240 milliseconds.
fn span(id: &str, parent: &str, attributes: &Value) -> Value {
    json!({
        "traceId": TRACE, "spanId": id, "parentSpanId": parent, "name": "a call", "kind": 3,
        "startTimeUnixNano": START.to_string(),
        "endTimeUnixNano": (START + 240_000_000).to_string(),
        "attributes": pairs(attributes), "status": {},
    })
}

fn export(spans: &[Value]) -> Vec<u8> {
    json!({"resourceSpans": [{
        "resource": {"attributes": pairs(&json!({"service.name": "assistant"}))},
        "scopeSpans": [{"scope": {"name": "opentelemetry.instrumentation.openai"}, "spans": spans}],
    }]})
    .to_string()
    .into_bytes()
}

fn export_logs(logs: &[(&str, &str, Value)]) -> Vec<u8> {
    let records: Vec<Value> = logs
        .iter()
        .map(|(span, name, body)| {
            json!({"traceId": TRACE, "spanId": span, "eventName": name, "body": any(body),
                "observedTimeUnixNano": START.to_string()})
        })
        .collect();
    json!({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]})
        .to_string()
        .into_bytes()
}

fn booking() -> Booking {
    Booking {
        account_id: "111122223333".to_owned(),
        region: "eu-central-1".to_owned(),
        identity_arn: "arn:aws:iam::111122223333:user/app".to_owned(),
        ..Booking::default()
    }
}

fn taken(intake: &mut Intake, spans: &[Value]) -> Taken {
    read(intake, Signal::Traces, &export(spans), Encoding::Json).unwrap()
}

fn read(
    intake: &mut Intake,
    signal: Signal,
    body: &[u8],
    encoding: Encoding,
) -> Result<Taken, Malformed> {
    let export = Export::read(signal, body, encoding, NOW)?;
    Ok(intake.sift(export, NOW).taken(&booking()))
}

fn taken_of_logs(intake: &mut Intake, body: &[u8]) -> Taken {
    read(intake, Signal::Logs, body, Encoding::Json).unwrap()
}

fn kept(intake: &mut Intake, record: &Record) {
    let noted = Noted::record(record.id, record.time, &record.document);
    intake.note(noted.unwrap());
}

/// The only record of one span.
fn only(attributes: &Value) -> Record {
    let mut taken = taken(
        &mut Intake::default(),
        &[span("00f067aa0ba902b7", "00f067aa0ba902b6", attributes)],
    );
    assert_eq!((taken.records.len(), taken.steps.len()), (1, 0));
    taken.records.remove(0)
}

fn body(body: Option<&Vec<u8>>) -> Value {
    body.map_or(Value::Null, |body| serde_json::from_slice(body).unwrap())
}

fn text(role: &str, text: &str) -> Value {
    json!({"role": role, "parts": [{"type": "text", "content": text}]})
}

#[test]
fn todays_conventions() {
    let record = only(&json!({
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.request.model": "claude-sonnet-4-5",
        "gen_ai.request.max_tokens": 50,
        "gen_ai.response.model": "claude-sonnet-4-5-20250929",
        "gen_ai.response.id": "msg_01",
        "gen_ai.response.finish_reasons": ["end_turn"],
        "gen_ai.response.time_to_first_chunk": 0.0505,
        "gen_ai.conversation.id": "conv-5",
        "user.id": "ada",
        "gen_ai.agent.name": "geologist",
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.cache_read.input_tokens": 60,
        "gen_ai.usage.cache_creation.input_tokens": 10,
        "gen_ai.usage.output_tokens": 7,
        "gen_ai.usage.reasoning.output_tokens": 3,
        "gen_ai.system_instructions": [{"type": "text", "content": "Be brief."}],
        "gen_ai.input.messages": "[{\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"content\":\"What rock?\"}]}]",
        "gen_ai.output.messages": [{"role": "assistant", "parts": [{"type": "text", "content": "Basalt."}], "finish_reason": "stop"}],
        "server.address": "api.anthropic.com",
        "server.port": 443,
        "llm.headers": "authorization: canary",
    }));
    assert_eq!(
        body(record.input.as_ref()),
        json!({
            "system_instructions": [{"type": "text", "content": "Be brief."}],
            "messages": [text("user", "What rock?")],
            "parameters": {"max_tokens": 50},
        })
    );
    assert_eq!(
        body(record.output.as_ref()),
        json!({"messages": [{"role": "assistant",
            "parts": [{"type": "text", "content": "Basalt."}], "finish_reason": "stop"}]})
    );
    let document = serde_json::to_value(&record.document).unwrap();
    let mut corelog = document["corelog"].clone();
    let attributes = corelog["span"]["attributes"].take();
    assert_eq!(attributes["gen_ai.agent.name"], "geologist");
    assert!(!attributes.to_string().contains("canary"));
    assert!(!attributes.to_string().contains("Basalt"));
    corelog["span"]
        .as_object_mut()
        .unwrap()
        .remove("attributes");
    assert_eq!(
        document["timestamp"], "2026-11-18T11:06:40Z",
        "1,795,000,000 seconds"
    );
    for (field, expected) in [
        ("accountId", json!("111122223333")),
        ("region", json!("eu-central-1")),
        ("operation", json!("Messages")),
        ("modelId", json!("claude-sonnet-4-5")),
        (
            "input",
            json!({"inputContentType": "application/json", "inputTokenCount": 30,
                "cacheReadInputTokenCount": 60, "cacheWriteInputTokenCount": 10}),
        ),
        (
            "output",
            json!({"outputContentType": "application/json", "outputTokenCount": 7}),
        ),
    ] {
        assert_eq!(document[field], expected, "{field}");
    }
    let id = record.id.to_string();
    assert_eq!(document["requestId"], *id);
    assert_eq!(
        corelog,
        json!({
            "recordId": id, "provider": "anthropic", "dialect": "opentelemetry",
            "upstream": "api.anthropic.com:443", "latencyMs": 240, "timeToFirstByteMs": 50.5,
            "stopReason": "end_turn", "responseModel": "claude-sonnet-4-5-20250929",
            "responseId": "msg_01", "user": "ada", "session": "conv-5",
            "trace": {"traceId": TRACE, "spanId": "00f067aa0ba902b7",
                "parentSpanId": "00f067aa0ba902b6"},
            "span": {"name": "a call", "service": "assistant",
                "scope": "opentelemetry.instrumentation.openai"},
            "tags": {"agent": "geologist"},
            "usage": {
                "input": {"value": 30, "provenance": "derived"},
                "output": {"value": 7, "provenance": "reported"},
                "cacheRead": {"value": 60, "provenance": "reported"},
                "cacheWrite": {"value": 10, "provenance": "reported"},
                "reasoning": {"value": 3, "provenance": "reported"},
            },
            "caller": {},
        })
    );
}

/// What a version of `opentelemetry-instrumentation-openai` (`OpenLLMetry`) of 2026 writes.
#[test]
fn openllmetry_of_today() {
    let record = only(&json!({
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.user": "ada",
        "gen_ai.is_streaming": false,
        "gen_ai.openai.api_base": "http://127.0.0.1:4600/openai/v1/",
        "gen_ai.input.messages": r#"[{"role": "user", "parts": [{"content": "What rock?", "type": "text"}]}]"#,
        "gen_ai.tool.definitions": r#"[{"type": "function", "name": "depth"}]"#,
        "gen_ai.response.finish_reasons": ["tool_call"],
        "gen_ai.usage.total_tokens": 39,
        "gen_ai.usage.output_tokens": 9,
        "gen_ai.usage.input_tokens": 30,
        "gen_ai.usage.cache_read.input_tokens": 10,
        "gen_ai.usage.reasoning_tokens": 4,
        "gen_ai.output.messages": r#"[{"role": "assistant", "parts": [{"type": "tool_call", "name": "depth", "id": "call_1", "arguments": {"hole": 7}}], "finish_reason": "tool_call"}]"#,
        "traceloop.association.properties.session_id": "s-1",
        "traceloop.association.properties.team": "ports",
    }));
    let extension = record.document.corelog.as_deref().unwrap();
    assert_eq!(record.document.operation, "ChatCompletions");
    assert_eq!(
        extension.upstream.as_deref(),
        Some("http://127.0.0.1:4600/openai/v1/")
    );
    assert_eq!(extension.user.as_deref(), Some("ada"));
    assert_eq!(extension.session.as_deref(), Some("s-1"));
    assert_eq!(extension.tags["team"], "ports");
    let input = record.document.input.as_ref().unwrap();
    assert_eq!(input.input_token_count, Some(20));
    assert_eq!(
        body(record.input.as_ref())["tool_definitions"][0]["name"],
        "depth"
    );
}

/// What `OpenLLMetry` wrote until 2025.
#[test]
fn openllmetry_laid_flat() {
    let record = only(&json!({
        "llm.request.type": "chat",
        "gen_ai.system": "Anthropic",
        "gen_ai.request.model": "claude-3-haiku",
        "gen_ai.prompt.0.role": "system",
        "gen_ai.prompt.0.content": "Be brief.",
        "gen_ai.prompt.1.role": "user",
        "gen_ai.prompt.1.content": "What rock?",
        "gen_ai.completion.0.role": "assistant",
        "gen_ai.completion.0.content": "Let me see.",
        "gen_ai.completion.0.finish_reason": "tool_use",
        "gen_ai.completion.0.tool_calls.0.id": "call_1",
        "gen_ai.completion.0.tool_calls.0.name": "depth",
        "gen_ai.completion.0.tool_calls.0.arguments": "{\"hole\":7}",
        "gen_ai.usage.prompt_tokens": 40,
        "gen_ai.usage.completion_tokens": 8,
        "gen_ai.usage.cache_read_input_tokens": 30,
        "llm.usage.total_tokens": 78,
    }));
    assert_eq!(record.document.operation, "Messages");
    // 40 + 30 + 8 is the total, so what the cache gave is beside the 40.
    let input = record.document.input.as_ref().unwrap();
    assert_eq!(input.input_token_count, Some(40));
    assert_eq!(
        body(record.input.as_ref())["messages"],
        json!([text("system", "Be brief."), text("user", "What rock?")])
    );
    assert_eq!(
        body(record.output.as_ref())["messages"],
        json!([{"role": "assistant", "parts": [
            {"type": "text", "content": "Let me see."},
            {"type": "tool_call", "id": "call_1", "name": "depth", "arguments": {"hole": 7}},
        ], "finish_reason": "tool_use"}])
    );
    let extension = record.document.corelog.as_deref().unwrap();
    assert_eq!(extension.stop_reason.as_deref(), Some("tool_use"));
}

/// What `openinference-instrumentation-openai` writes.
#[test]
fn openinference() {
    let record = only(&json!({
        "openinference.span.kind": "LLM",
        "llm.system": "openai",
        "llm.model_name": "gpt-4o-2024-08-06",
        "llm.invocation_parameters": "{\"model\": \"gpt-4o\", \"temperature\": 0.2, \"user\": \"ada\"}",
        "output.value": "{\"id\":\"chatcmpl-9\",\"choices\":[]}",
        "output.mime_type": "application/json",
        "input.value": "{\"model\": \"gpt-4o\"}",
        "input.mime_type": "application/json",
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.contents.0.message_content.type": "text",
        "llm.input_messages.0.message.contents.0.message_content.text": "What rock?",
        "llm.input_messages.0.message.contents.1.message_content.type": "image",
        "llm.input_messages.0.message.contents.1.message_content.image.image.url": "data:image/png;base64,iVBO",
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.content": "Basalt.",
        "llm.output_messages.0.message.tool_calls.0.tool_call.id": "call_1",
        "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "depth",
        "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": "{\"hole\":7}",
        "llm.tools.0.tool.json_schema": "{\"type\": \"function\"}",
        "llm.token_count.prompt": 30,
        "llm.token_count.completion": 9,
        "llm.token_count.total": 39,
        "llm.token_count.prompt_details.cache_read": 10,
        "llm.finish_reason": "tool_calls",
        "session.id": "s-2",
        "metadata": "{\"team\": \"ports\", \"n\": 3}",
    }));
    assert_eq!(record.document.operation, "ChatCompletions");
    assert_eq!(record.document.model_id.as_deref(), Some("gpt-4o"));
    let image = json!({"type": "blob", "modality": "image", "mime_type": "image/png",
        "content": "iVBO"});
    assert_eq!(
        body(record.input.as_ref()),
        json!({
            "messages": [{"role": "user",
                "parts": [{"type": "text", "content": "What rock?"}, image]}],
            "tool_definitions": [{"type": "function"}],
            "parameters": {"temperature": 0.2, "user": "ada"},
        })
    );
    assert_eq!(
        body(record.output.as_ref())["messages"][0]["parts"],
        json!([
            {"type": "text", "content": "Basalt."},
            {"type": "tool_call", "id": "call_1", "name": "depth", "arguments": {"hole": 7}},
        ])
    );
    let extension = record.document.corelog.as_deref().unwrap();
    assert_eq!(extension.tags["n"], "3");
    assert_eq!(
        extension.response_model.as_deref(),
        Some("gpt-4o-2024-08-06")
    );
    assert_eq!(extension.response_id.as_deref(), Some("chatcmpl-9"));
    assert_eq!(extension.user.as_deref(), Some("ada"));
    assert_eq!(extension.session.as_deref(), Some("s-2"));
}

#[test]
fn what_the_application_keeps_to_itself_is_cut_and_no_content() {
    let record = only(&json!({
        "openinference.span.kind": "LLM",
        "llm.model_name": "gpt-4o",
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": "__REDACTED__",
        "output.value": "__REDACTED__",
    }));
    assert_eq!((&record.input, &record.output), (&None, &None));
    let extension = record.document.corelog.as_deref().unwrap();
    let cut: Vec<_> = extension.cut.iter().map(|cut| cut.part.as_str()).collect();
    assert_eq!(cut, ["input", "output"]);
}

/// What `opentelemetry-instrumentation-openai-v2` writes: messages are log events, and are sent before the span.
#[test]
fn messages_that_came_before_their_span() {
    let mut intake = Intake::default();
    let span_id = "469d43fe204d59e5";
    let logs = export_logs(&[
        (
            span_id,
            "gen_ai.system.message",
            json!({"content": "Be brief."}),
        ),
        (
            span_id,
            "gen_ai.user.message",
            json!({"content": "What rock?"}),
        ),
        (
            span_id,
            "gen_ai.choice",
            json!({"index": 0, "finish_reason": "tool_calls", "message": {"role": "assistant",
                "tool_calls": [{"id": "call_1", "type": "function",
                    "function": {"name": "depth", "arguments": "{\"hole\":7}"}}],
                "content": "Basalt."}}),
        ),
        (span_id, "app.started", json!("hello")),
    ]);
    let taken_logs = taken_of_logs(&mut intake, &logs);
    assert_eq!((taken_logs.held, taken_logs.others), (3, 1));
    let call = json!({"gen_ai.operation.name": "chat", "gen_ai.system": "openai",
        "gen_ai.request.model": "gpt-4o"});
    let taken = taken(&mut intake, &[span(span_id, "", &call)]);
    let record = &taken.records[0];
    assert_eq!(
        body(record.input.as_ref())["messages"],
        json!([text("system", "Be brief."), text("user", "What rock?")])
    );
    assert_eq!(
        body(record.output.as_ref())["messages"],
        json!([{"role": "assistant", "parts": [
            {"type": "text", "content": "Basalt."},
            {"type": "tool_call", "id": "call_1", "name": "depth", "arguments": {"hole": 7}},
        ], "finish_reason": "tool_calls"}])
    );
}

#[test]
fn events_without_content_make_no_body() {
    let mut intake = Intake::default();
    let span_id = "469d43fe204d59e5";
    let logs = export_logs(&[
        (span_id, "gen_ai.user.message", json!({})),
        (
            span_id,
            "gen_ai.choice",
            json!({"index": 0, "finish_reason": "stop", "message": {"role": "assistant",
                "tool_calls": [{"id": "c", "function": {"name": "depth"}}]}}),
        ),
    ]);
    taken_of_logs(&mut intake, &logs);
    let call = json!({"gen_ai.operation.name": "chat", "gen_ai.usage.output_tokens": 9});
    let taken = taken(&mut intake, &[span(span_id, "", &call)]);
    let record = &taken.records[0];
    assert_eq!((&record.input, &record.output), (&None, &None));
    assert_eq!(record.document.input, None);
    let output = record.document.output.as_ref().unwrap();
    assert_eq!(output.output_token_count, Some(9));
    assert_eq!(output.output_content_type, None);
}

#[test]
fn errors_have_the_name_and_status_that_the_sdk_gives_them() {
    let mut failed = span(
        "00f067aa0ba902b7",
        "",
        &json!({"openinference.span.kind": "LLM", "llm.system": "openai"}),
    );
    failed["status"] = json!({"code": 2, "message": "NotFoundError: Error code: 404"});
    failed["events"] = json!([{"name": "exception", "timeUnixNano": "1",
        "attributes": pairs(&json!({"exception.type": "openai.NotFoundError"}))}]);
    let taken = taken(&mut Intake::default(), &[failed]);
    let record = &taken.records[0];
    assert_eq!(record.document.error_code.as_deref(), Some("NotFoundError"));
    let extension = record.document.corelog.as_deref().unwrap();
    assert_eq!(extension.http_status, Some(404));
    assert_eq!(
        extension.error_message.as_deref(),
        Some("NotFoundError: Error code: 404")
    );
    let record = only(&json!({"gen_ai.operation.name": "chat", "error.type": "429"}));
    assert_eq!(record.document.error_code.as_deref(), Some("429"));
    assert_eq!(record.document.corelog.unwrap().http_status, Some(429));
    let record = only(&json!({"gen_ai.operation.name": "chat", "error.type": "timeout"}));
    assert_eq!(record.document.corelog.unwrap().http_status, None);
}

#[test]
fn only_the_innermost_of_calls_within_calls_is_recorded() {
    let llm = json!({"openinference.span.kind": "LLM", "llm.token_count.prompt": 30});
    let spans = [
        span("0000000000000004", "0000000000000003", &llm),
        span(
            "0000000000000003",
            "0000000000000002",
            &json!({"http.method": "POST"}),
        ),
        span("0000000000000002", "0000000000000001", &llm),
        span(
            "0000000000000001",
            "",
            &json!({"openinference.span.kind": "AGENT", "input.value": "What rock?"}),
        ),
    ];
    let mut intake = Intake::default();
    let all = taken(&mut intake, &spans);
    assert_eq!((all.records.len(), all.steps.len(), all.others), (1, 2, 1));
    let trace = all.records[0]
        .document
        .corelog
        .as_ref()
        .unwrap()
        .trace
        .as_ref()
        .unwrap();
    assert_eq!(trace.span_id.as_deref(), Some("0000000000000004"));
    let agent: Value = serde_json::from_str(&all.steps[0].line(true)).unwrap();
    assert_eq!(agent["kind"], "agent");
    assert_eq!(agent["spanId"], "0000000000000001");
    assert_eq!(agent["attributes"]["input.value"], "What rock?");
    assert!(!all.steps[0].line(false).contains("rock"));

    // The same when the outer span comes in a later export.
    let mut intake = Intake::default();
    let first = taken(
        &mut intake,
        &[span("0000000000000002", "0000000000000001", &llm)],
    );
    kept(&mut intake, &first.records[0]);
    let second = taken(&mut intake, &[span("0000000000000001", "", &llm)]);
    assert_eq!((second.records.len(), second.steps.len()), (0, 1));
}

#[test]
fn an_export_that_is_sent_again_is_taken_once() {
    let call = [span(
        "00f067aa0ba902b7",
        "",
        &json!({"gen_ai.operation.name": "chat"}),
    )];
    let mut intake = Intake::default();
    let first = taken(&mut intake, &call);
    // Not told that it was kept: it may not have been.
    let again = taken(&mut intake, &call);
    assert_eq!(again.records, first.records);
    kept(&mut intake, &again.records[0]);
    let last = taken(&mut intake, &call);
    assert_eq!((last.records.len(), last.duplicates), (0, 1));
    // Twice in one export.
    let twice = [call[0].clone(), call[0].clone()];
    let twice = taken(&mut Intake::default(), &twice);
    assert_eq!((twice.records.len(), twice.duplicates), (1, 1));
}

#[test]
fn steps_that_are_sent_again_are_taken_once() {
    let agent = span(
        "0000000000000001",
        "",
        &json!({"openinference.span.kind": "AGENT"}),
    );
    let tool = span(
        "0000000000000002",
        "",
        &json!({"traceloop.span.kind": "tool"}),
    );
    let mut intake = Intake::default();
    let first = taken(&mut intake, &[agent.clone(), tool.clone(), agent.clone()]);
    assert_eq!((first.steps.len(), first.duplicates), (2, 1));
    // As after a start: what is known of them is what the log has.
    intake.note(Noted::step(&first.steps[0].line(false)).unwrap());
    let again = taken(&mut intake, &[agent, tool]);
    assert_eq!((again.steps.len(), again.duplicates), (1, 1));
    assert!(Noted::step("no step").is_none());
    assert!(Noted::step(r#"{"traceId":"4bf9","spanId":"0000000000000001"}"#).is_none());
}

#[test]
fn an_application_that_is_instrumented_twice_reports_a_call_once() {
    let one = json!({"gen_ai.operation.name": "chat", "gen_ai.response.id": "r-1"});
    let other = json!({"openinference.span.kind": "LLM", "llm.response.id": "r-1"});
    let mut intake = Intake::default();
    let first = taken(&mut intake, &[span("0000000000000001", "", &one)]);
    kept(&mut intake, &first.records[0]);
    let second = taken(&mut intake, &[span("0000000000000002", "", &other)]);
    assert_eq!((second.records.len(), second.duplicates), (0, 1));
    let mut elsewhere = span("0000000000000002", "", &other);
    elsewhere["traceId"] = json!("1".repeat(32));
    assert_eq!(taken(&mut intake, &[elsewhere]).records.len(), 1);
}

/// A span is sent again if its record could not be kept, but its messages are not.
#[test]
fn messages_wait_until_the_record_is_kept() {
    let mut intake = Intake::default();
    let span_id = "469d43fe204d59e5";
    let said = json!({"content": "What rock?"});
    let logs = export_logs(&[(span_id, "gen_ai.user.message", said)]);
    taken_of_logs(&mut intake, &logs);
    let call = [span(span_id, "", &json!({"gen_ai.operation.name": "chat"}))];
    for _ in 0..2 {
        let taken = taken(&mut intake, &call);
        let input = body(taken.records[0].input.as_ref());
        assert_eq!(input["messages"], json!([text("user", "What rock?")]));
    }
    let record = taken(&mut intake, &call).records.remove(0);
    kept(&mut intake, &record);
    let key = SpanKey {
        trace: crate::id::bytes_of_hex(TRACE).try_into().unwrap(),
        span: crate::id::bytes_of_hex(span_id).try_into().unwrap(),
    };
    assert!(intake.joiner.of(key).is_empty());
}

#[test]
fn a_span_of_another_time_is_refused() {
    let call = json!({"gen_ai.operation.name": "chat"});
    let hour = 3_600_000_000_000;
    let mut intake = Intake::default();
    for (at, is_taken) in [
        (1_000_000, false),
        (START - 14 * 24 * hour - hour, false),
        (START - 14 * 24 * hour + hour, true),
        (START + hour, true),
        (START + 3 * hour, false),
        (u64::MAX, false),
    ] {
        let mut span = span("00f067aa0ba902b7", "", &call);
        span["startTimeUnixNano"] = json!(at.to_string());
        let taken = taken(&mut intake, &[span]);
        let expected = if is_taken { (1, 0) } else { (0, 1) };
        assert_eq!(
            (taken.records.len() as u64, taken.refused),
            expected,
            "{at}"
        );
    }
    // What is none of ours is taken, whenever it was.
    let mut other = span("00f067aa0ba902b7", "", &json!({"http.method": "GET"}));
    other["startTimeUnixNano"] = json!("1");
    let taken = taken(&mut intake, &[other]);
    assert_eq!((taken.others, taken.refused), (1, 0));
}

#[test]
fn what_is_secret_by_its_name_is_kept_nowhere() {
    let record = only(&json!({
        "openinference.span.kind": "LLM",
        "llm.model_name": "gpt-4o",
        "input.value": "What rock?",
        "llm.invocation_parameters":
            "{\"temperature\":0.5,\"extra_headers\":{\"x\":\"hunter2\"},\"extra\":{\"api_key\":\"hunter2\"}}",
        "metadata": "{\"team\":\"reef\",\"openai_api_key\":\"hunter2\"}",
        "traceloop.association.properties.password": "hunter2",
        "url.full": "https://example.org/v1?key=hunter2",
        "http.request.header.cookie": ["hunter2"],
    }));
    let extension = record.document.corelog.as_deref().unwrap();
    assert_eq!(extension.tags.get("team").map(String::as_str), Some("reef"));
    let parameters = &body(record.input.as_ref())["parameters"];
    assert_eq!(parameters, &json!({"temperature": 0.5}));
    let whole = record.pieces().unwrap().concat();
    let whole = String::from_utf8_lossy(&whole);
    assert!(!whole.contains("hunter2"), "{whole}");
}

#[test]
fn a_step_has_a_short_error_and_no_secrets() {
    let mut step = span(
        "00f067aa0ba902b7",
        "",
        &json!({"traceloop.span.kind": "tool", "metadata": "{\"token_secret\":\"hunter2\"}"}),
    );
    step["status"] = json!({"code": 2, "message": "x".repeat(5_000)});
    let taken = taken(&mut Intake::default(), &[step]);
    let line: Value = serde_json::from_str(&taken.steps[0].line(true)).unwrap();
    assert_eq!(line["error"].as_str().map(str::len), Some(1_024));
    assert_eq!(line["attributes"], json!({"traceloop.span.kind": "tool"}));
}

#[test]
fn what_is_no_span_is_refused_and_the_rest_taken() {
    let good = span(
        "00f067aa0ba902b7",
        "",
        &json!({"gen_ai.operation.name": "chat"}),
    );
    let mut nameless = good.clone();
    nameless["spanId"] = json!("0000000000000000");
    let mut timeless = good.clone();
    timeless["startTimeUnixNano"] = json!(null);
    let taken = taken(&mut Intake::default(), &[nameless, good, timeless]);
    assert_eq!((taken.records.len(), taken.refused), (1, 2));
    assert_eq!(taken.why, Some("a span without a start time"));
}

#[test]
fn the_stored_record_reads_back() {
    let record = only(&json!({"gen_ai.operation.name": "chat",
        "gen_ai.output.messages": [{"role": "assistant", "parts": []}]}));
    let bytes = record.pieces().unwrap().concat();
    let back = stored::decode(&bytes).unwrap();
    assert_eq!(back.document, record.document);
    let (_, output) = back.part(stored::PartName::Output).unwrap();
    assert_eq!(output, br#"{"messages":[{"role":"assistant","parts":[]}]}"#);
}

proptest! {
    #[test]
    fn any_bytes_are_taken_or_refused(bytes in proptest::collection::vec(0..=255_u8, 0..300)) {
        let mut intake = Intake::default();
        for encoding in [Encoding::Protobuf, Encoding::Json] {
            for signal in [Signal::Traces, Signal::Logs] {
                let _ = read(&mut intake, signal, &bytes, encoding);
            }
        }
    }

    #[test]
    fn any_attributes_are_taken(
        pairs in proptest::collection::vec(
            ("(gen_ai|llm)\\.(prompt|completion|input_messages|tools|usage)(\\.[0-9a-z]{1,2}){0,15}", ".{0,9}|\\[\\{\\}\\]|\\{\"a\":\\[\\]\\}"),
            0..20,
        )
    ) {
        let mut attributes = json!({"gen_ai.operation.name": "chat"});
        for (key, value) in pairs {
            attributes[key] = value.into();
        }
        only(&attributes);
    }
}
