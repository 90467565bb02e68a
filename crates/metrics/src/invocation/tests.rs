//! The table of what counts, outcome by outcome.

use corelog_record::{
    CostFacts, Delivered, Document, ErrorSource, Extension, Identity, Input, Output, StreamFacts,
    UsageCounts,
};
use corelog_types::{Count, Usage};

use super::*;

fn document(status: Option<u16>, code: Option<&str>) -> Document {
    let extension = Extension {
        provider: "bedrock".to_owned(),
        method: "POST".to_owned(),
        http_status: status,
        error_source: code.map(|_| ErrorSource::Upstream),
        latency_ms: Some(910.5),
        time_to_first_byte_ms: Some(110.5),
        ..Extension::default()
    };
    Document {
        timestamp: "2026-11-18T12:00:07Z".to_owned(),
        account_id: "111122223333".to_owned(),
        region: "us-east-1".to_owned(),
        request_id: String::new(),
        operation: "Converse".to_owned(),
        model_id: Some("anthropic.claude-3-haiku-20240307-v1:0".to_owned()),
        error_code: code.map(str::to_owned),
        input: None,
        output: None,
        identity: Identity { arn: String::new() },
        inference_region: None,
        performance_config: None,
        request_metadata: None,
        schema_type: corelog_record::SCHEMA_TYPE.to_owned(),
        schema_version: corelog_record::SCHEMA_VERSION.to_owned(),
        corelog: Some(Box::new(extension)),
    }
}

fn answered() -> Document {
    let mut document = document(Some(200), None);
    document.input = Some(Input {
        input_token_count: Some(100),
        cache_read_input_token_count: Some(2_000),
        cache_write_input_token_count: Some(30),
        ..Input::default()
    });
    document.output = Some(Output {
        output_token_count: Some(40),
        ..Output::default()
    });
    document
}

fn extension(document: &mut Document) -> &mut Extension {
    document.corelog.as_mut().unwrap()
}

fn invocation<'a>(outline: &'a Outline<'a>) -> Invocation<'a> {
    Invocation {
        time: Timestamp::from_unix_ms(1_795_003_207_000),
        outline,
    }
}

/// The values by their metrics' names, sorted.
fn named(mut values: Values) -> Vec<(&'static str, f64)> {
    values.sort_by_key(|(measure, _)| measure.name());
    values
        .into_iter()
        .map(|(measure, value)| (measure.name(), value))
        .collect()
}

fn bedrock(document: &Document) -> Vec<(&'static str, f64)> {
    let mut values = Values::new();
    invocation(&document.into()).bedrock(&mut values);
    named(values)
}

fn ours(document: &Document) -> Vec<(&'static str, f64)> {
    let mut values = Values::new();
    invocation(&document.into()).ours(&mut values);
    named(values)
}

#[test]
fn an_answered_call_counts_with_its_tokens() {
    assert_eq!(
        bedrock(&answered()),
        [
            ("CacheReadInputTokens", 2_000.0),
            ("CacheWriteInputTokens", 30.0),
            // 100 + 30 + 40, at a burndown of 1.
            ("EstimatedTPMQuotaUsage", 170.0),
            ("InputTokenCount", 100.0),
            ("InvocationLatency", 910.5),
            ("Invocations", 1.0),
            ("OutputTokenCount", 40.0),
        ]
    );
}

#[test]
fn what_is_not_known_has_no_value() {
    let mut document = document(Some(200), None);
    assert_eq!(
        bedrock(&document),
        [("InvocationLatency", 910.5), ("Invocations", 1.0)]
    );
    document.output = Some(Output {
        output_token_count: Some(0),
        ..Output::default()
    });
    assert_eq!(bedrock(&document)[2], ("OutputTokenCount", 0.0));
    document.corelog = None;
    document.output = None;
    assert_eq!(bedrock(&document), [("Invocations", 1.0)]);
    assert_eq!(ours(&document), [("Invocations", 1.0)]);
}

#[test]
fn failures_count_as_the_table_says() {
    let check = |status, code, expected: &[(&'static str, f64)]| {
        let mut failed = document(Some(status), Some(code));
        // Whatever a failed call is said to have used is not counted there.
        extension(&mut failed).usage = UsageCounts(Usage {
            input: Some(Count::reported(5)),
            ..Usage::default()
        });
        assert_eq!(bedrock(&failed), expected, "{status} {code}");
    };
    let client = ("InvocationClientErrors", 1.0);
    let latency = ("InvocationLatency", 910.5);
    let counted = ("Invocations", 1.0);
    check(400, "ValidationException", &[client]);
    check(401, "invalid_api_key", &[client]);
    check(403, "AccessDeniedException", &[client]);
    check(404, "ResourceNotFoundException", &[client]);
    check(408, "ModelTimeoutException", &[client, latency, counted]);
    check(424, "ModelErrorException", &[client, latency, counted]);
    let server = ("InvocationServerErrors", 1.0);
    check(500, "InternalServerException", &[latency, server, counted]);
    check(503, "overloaded", &[latency, server, counted]);
    check(529, "overloaded_error", &[latency, server, counted]);
    let throttle = ("InvocationThrottles", 1.0);
    check(429, "ThrottlingException", &[throttle]);
    check(429, "rate_limit_exceeded", &[throttle]);
    check(400, "ThrottlingException", &[throttle]);
}

#[test]
fn an_answer_that_broke_off_was_an_invocation() {
    let check = |code, expected: &[&str]| {
        let mut broken = answered();
        broken.error_code = Some(code);
        let names: Vec<_> = bedrock(&broken).into_iter().map(|(name, _)| name).collect();
        for name in expected {
            assert!(names.contains(name), "{name} of {names:?}");
        }
        assert!(names.contains(&"InputTokenCount"));
    };
    let server = ["Invocations", "InvocationServerErrors", "InvocationLatency"];
    check("UpstreamTruncated".to_owned(), &server);
    check("internalServerException".to_owned(), &server);
    let model = ["Invocations", "InvocationClientErrors", "InvocationLatency"];
    check("modelStreamErrorException".to_owned(), &model);
    check(
        "CallKilled".to_owned(),
        &["Invocations", "InvocationLatency"],
    );
}

#[test]
fn the_end_of_an_interrupted_call_is_not_known() {
    let mut interrupted = document(None, Some("Interrupted"));
    extension(&mut interrupted).latency_ms = None;
    assert!(bedrock(&interrupted).is_empty());
    assert_eq!(
        ours(&interrupted),
        [("InvocationErrors", 1.0), ("Invocations", 1.0)]
    );
    // A record of another recorder names the exception alone.
    let mut foreign = document(None, Some("ThrottlingException"));
    foreign.corelog = None;
    assert_eq!(bedrock(&foreign), [("InvocationThrottles", 1.0)]);
}

#[test]
fn a_hang_up_ends_the_latency() {
    let mut document = document(Some(200), None);
    let extension = extension(&mut document);
    extension.stream = Some(StreamFacts {
        longest_gap_ms: Some(70.25),
        ..StreamFacts::default()
    });
    extension.delivery = Some(Delivered {
        outcome: DeliveryOutcome::HungUp,
        bytes: 10,
        chunks: 1,
        closed_after_ms: Some(300.25),
    });
    assert_eq!(
        bedrock(&document),
        [
            ("InvocationLatency", 300.25),
            ("Invocations", 1.0),
            ("TimeToFirstToken", 110.5),
        ]
    );
    assert_eq!(
        ours(&document),
        [
            ("CallerHangUps", 1.0),
            // What the provider took: it was heard to its end.
            ("InvocationLatency", 910.5),
            ("Invocations", 1.0),
            ("LongestStreamGap", 70.25),
            ("TimeToFirstToken", 110.5),
        ]
    );
}

#[test]
fn our_own_counts_say_more() {
    let mut document = answered();
    extension(&mut document).stream = Some(StreamFacts::default());
    extension(&mut document).usage = UsageCounts(Usage {
        reasoning: Some(Count::reported(7)),
        ..Usage::default()
    });
    extension(&mut document).image_count = Some(2);
    extension(&mut document).overhead_ms = Some(0.25);
    let mut values = Values::new();
    invocation(&Outline::from(&document)).ours(&mut values);
    assert_eq!(
        named(values),
        [
            ("CacheReadInputTokens", 2_000.0),
            ("CacheWriteInputTokens", 30.0),
            ("GatewayOverhead", 0.25),
            ("InputTokenCount", 100.0),
            ("InvocationLatency", 910.5),
            ("Invocations", 1.0),
            ("OutputImageCount", 2.0),
            ("OutputTokenCount", 40.0),
            // 40 tokens in 910.5 - 110.5 milliseconds.
            ("OutputTokensPerSecond", 50.0),
            ("ReasoningTokenCount", 7.0),
            ("TimeToFirstToken", 110.5),
        ]
    );
}

#[test]
fn a_cost_is_a_value_and_its_absence_a_count() {
    let ours = |cost: Option<CostFacts>| {
        let mut document = answered();
        extension(&mut document).cost = cost;
        let mut values = Values::new();
        invocation(&Outline::from(&document)).ours(&mut values);
        let of_costs = |(name, _): &(&str, f64)| name.contains("Cost");
        named(values)
            .into_iter()
            .filter(of_costs)
            .collect::<Vec<_>>()
    };
    assert_eq!(ours(None), []);
    let known = CostFacts {
        amount: Some(0.005_615),
        ..CostFacts::default()
    };
    assert_eq!(ours(Some(known)), [("Cost", 0.005_615)]);
    let absent = CostFacts {
        absent: Some("no_price".to_owned()),
        ..CostFacts::default()
    };
    assert_eq!(ours(Some(absent)), [("InvocationsWithoutCost", 1.0)]);
}

#[test]
fn filtered_content_is_counted() {
    for (reason, counted) in [
        ("content_filtered", true),
        ("content_filter", true),
        ("guardrail_intervened", false),
        ("end_turn", false),
    ] {
        let mut document = document(Some(200), None);
        extension(&mut document).stop_reason = Some(reason.to_owned());
        let found = bedrock(&document).contains(&("ContentFilteredCount", 1.0));
        assert_eq!(found, counted, "{reason}");
    }
}

#[test]
fn newer_models_of_claude_use_the_quota_five_times_as_fast() {
    for (model, factor) in [
        ("anthropic.claude-v2:1", 1.0),
        ("anthropic.claude-instant-v1", 1.0),
        ("anthropic.claude-3-5-sonnet-20241022-v2:0", 1.0),
        ("us.anthropic.claude-3-7-sonnet-20250219-v1:0", 5.0),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", 5.0),
        ("global.anthropic.claude-opus-4-6-v1", 5.0),
        ("amazon.nova-pro-v1:0", 1.0),
        ("gpt-5", 1.0),
    ] {
        let mut document = answered();
        document.model_id = Some(model.to_owned());
        let expected = ("EstimatedTPMQuotaUsage", 40.0f64.mul_add(factor, 130.0));
        assert!(bedrock(&document).contains(&expected), "{model}");
    }
}

#[test]
fn only_calls_to_models_are_invocations() {
    let check = |operation: &str, method: &str, expected: bool| {
        let mut document = answered();
        document.operation = operation.to_owned();
        extension(&mut document).method = method.to_owned();
        assert_eq!(
            invocation(&Outline::from(&document)).is_of_a_model(),
            expected,
            "{operation}"
        );
    };
    check("ChatCompletions", "POST", true);
    check("Embeddings", "POST", true);
    check("Other", "POST", true);
    check("Other", "GET", false);
    check("Models", "GET", false);
    check("CountTokens", "POST", false);
    check("ApplyGuardrail", "POST", false);
    check("Batches", "POST", false);
}
