//! Which series a record counts in, and what happens when there are too many.

use std::collections::BTreeMap;

use corelog_record::{
    CallerFacts, Document, Extension, Identity, Input, Output, SCHEMA_TYPE, SCHEMA_VERSION,
};

use super::*;
use crate::deltas::Place;
use crate::{Bucket, Statistic};

/// 2026-11-18T12:00:00Z.
const NOON_MS: u64 = 1_795_003_200_000;

fn document() -> Document {
    let extension = Extension {
        provider: "openai".to_owned(),
        method: "POST".to_owned(),
        http_status: Some(200),
        latency_ms: Some(900.0),
        user: Some("u-1".to_owned()),
        session: Some("s-1".to_owned()),
        caller: CallerFacts {
            name: Some("batch".to_owned()),
            key_fingerprint: Some("00ff".to_owned()),
            address: None,
        },
        tags: BTreeMap::from([("team".to_owned(), "search".to_owned())]),
        ..Extension::default()
    };
    Document {
        timestamp: "2026-11-18T12:00:00Z".to_owned(),
        account_id: "111122223333".to_owned(),
        region: "us-east-1".to_owned(),
        request_id: String::new(),
        operation: "ChatCompletions".to_owned(),
        model_id: Some("gpt-5".to_owned()),
        error_code: None,
        input: Some(Input {
            input_token_count: Some(10),
            ..Input::default()
        }),
        output: None,
        identity: Identity { arn: String::new() },
        inference_region: None,
        performance_config: None,
        request_metadata: None,
        schema_type: SCHEMA_TYPE.to_owned(),
        schema_version: SCHEMA_VERSION.to_owned(),
        corelog: Some(Box::new(extension)),
    }
}

fn count(tally: &mut Tally, document: &Document, ms: u64) {
    tally.count(&Invocation {
        time: Timestamp::from_unix_ms(ms),
        outline: &document.into(),
    });
}

/// `namespace name {dimension=value,…} second: sum unit`, sorted.
fn taken(tally: &mut Tally) -> Vec<String> {
    let deltas = tally.take();
    let one = |(place, bucket): &(Place, Bucket)| {
        let dimensions = place.metric.dimensions().iter();
        let dimensions: Vec<_> = dimensions
            .map(|one| format!("{}={}", one.name, one.value))
            .collect();
        let sum = bucket.statistic(&Statistic::Sum).unwrap();
        let second = place.second - 1_795_003_200;
        let (space, name) = (place.metric.namespace(), place.metric.name());
        let dimensions = dimensions.join(",");
        format!(
            "{space} {name} {{{dimensions}}} {second}: {sum} {}",
            place.unit
        )
    };
    let mut lines: Vec<_> = deltas.buckets.iter().map(one).collect();
    lines.sort();
    lines
}

fn small(values_max: usize) -> TallyConfig {
    TallyConfig {
        values_max,
        tags: vec!["team".to_owned()],
        ..TallyConfig::default()
    }
}

#[test]
fn a_record_counts_in_every_series_that_it_belongs_to() {
    let mut tally = Tally::new(small(10));
    count(&mut tally, &document(), NOON_MS + 59_099);
    count(&mut tally, &document(), NOON_MS);
    let latency = |dimensions: &str| {
        format!("Corelog InvocationLatency {{{dimensions}}} 0: 1800 Milliseconds")
    };
    let usage = |dimensions: &str| {
        [
            format!("Corelog InputTokenCount {{{dimensions}}} 0: 20 Count"),
            format!("Corelog Invocations {{{dimensions}}} 0: 2 Count"),
        ]
    };
    let mut expected = vec![
        "AWS/Bedrock InputTokenCount {ModelId=gpt-5} 0: 20 Count".to_owned(),
        "AWS/Bedrock InvocationLatency {ModelId=gpt-5} 0: 1800 Milliseconds".to_owned(),
        "AWS/Bedrock Invocations {ModelId=gpt-5} 0: 2 Count".to_owned(),
        latency(""),
        latency("Provider=openai"),
        latency("ModelId=gpt-5,Provider=openai"),
    ];
    for dimensions in [
        "",
        "Provider=openai",
        "ModelId=gpt-5,Provider=openai",
        "Caller=batch",
        "User=u-1",
        "Session=s-1",
        "team=search",
    ] {
        expected.extend(usage(dimensions));
    }
    expected.sort();
    assert!(!tally.is_empty());
    assert_eq!(taken(&mut tally), expected);
    assert!(tally.is_empty());
    assert_eq!(taken(&mut tally), Vec::<String>::new());
}

#[test]
fn a_call_counts_in_the_minute_in_which_it_ended() {
    // It arrives half a minute before noon.
    let check = |latency_ms: Option<f64>, minute: &str| {
        let mut tally = Tally::new(small(10));
        let mut document = document();
        document.corelog.as_mut().unwrap().latency_ms = latency_ms;
        count(&mut tally, &document, NOON_MS - 30_000);
        let lines = taken(&mut tally);
        let line = format!("AWS/Bedrock Invocations {{ModelId=gpt-5}} {minute}: 1 Count");
        assert!(lines.contains(&line), "{latency_ms:?}: {lines:#?}");
    };
    check(Some(29_999.9), "-60");
    check(Some(30_000.0), "0");
    check(Some(900_000.0), "840");
    check(Some(86_400_000.0), "86340");
    // What cannot be is not believed.
    for odd in [None, Some(-1.0), Some(86_400_000.1), Some(f64::NAN)] {
        check(odd, "-60");
    }
}

#[test]
fn a_late_record_counts_in_its_own_minute() {
    let mut tally = Tally::new(small(10));
    count(&mut tally, &document(), NOON_MS);
    count(&mut tally, &document(), NOON_MS - 3_600_000);
    let lines = taken(&mut tally);
    let has = |line: &str| lines.iter().any(|one| one == line);
    assert!(has("AWS/Bedrock Invocations {ModelId=gpt-5} 0: 1 Count"));
    assert!(has(
        "AWS/Bedrock Invocations {ModelId=gpt-5} -3600: 1 Count"
    ));
}

#[test]
fn a_failed_call_is_told_apart_by_its_code() {
    let mut tally = Tally::new(small(10));
    let mut failed = document();
    failed.input = None;
    failed.error_code = Some("rate_limit_exceeded".to_owned());
    failed.corelog.as_mut().unwrap().http_status = Some(429);
    count(&mut tally, &failed, NOON_MS);
    let lines = taken(&mut tally);
    let has = |line: &str| assert!(lines.iter().any(|one| one == line), "{line} of {lines:#?}");
    has("AWS/Bedrock InvocationThrottles {ModelId=gpt-5} 0: 1 Count");
    has("Corelog InvocationErrors {ErrorCode=rate_limit_exceeded,Provider=openai} 0: 1 Count");
    has("Corelog InvocationErrors {User=u-1} 0: 1 Count");
}

#[test]
fn providers_and_all_are_the_sum_of_their_models() {
    let mut tally = Tally::new(small(10));
    let of = |provider: &str, model: Option<&str>| {
        let mut document = document();
        document.model_id = model.map(str::to_owned);
        document.corelog.as_mut().unwrap().provider = provider.to_owned();
        document
    };
    for document in [
        of("openai", Some("gpt-5")),
        of("openai", Some("gpt-6")),
        of("openai", None),
        of("groq", Some("gpt-5")),
    ] {
        count(&mut tally, &document, NOON_MS);
    }
    let mut foreign = document();
    foreign.corelog = None;
    count(&mut tally, &foreign, NOON_MS);
    let lines = taken(&mut tally);
    let counts = lines
        .iter()
        .filter_map(|line| line.strip_prefix("Corelog Invocations "));
    let counts: Vec<_> = counts
        .filter(|line| line.starts_with("{}") || line.contains("Provider"))
        .collect();
    assert_eq!(
        counts,
        [
            "{ModelId=gpt-5,Provider=groq} 0: 1 Count",
            "{ModelId=gpt-5,Provider=openai} 0: 1 Count",
            "{ModelId=gpt-6,Provider=openai} 0: 1 Count",
            "{Provider=groq} 0: 1 Count",
            "{Provider=openai} 0: 3 Count",
            "{} 0: 5 Count",
        ]
    );
    assert!(taken(&mut tally).is_empty());
}

#[test]
fn a_provider_keeps_its_name_when_there_are_too_many_models() {
    let mut tally = Tally::new(small(2));
    for number in 0..5 {
        let mut document = document();
        document.model_id = Some(format!("model-{number}"));
        count(&mut tally, &document, NOON_MS);
    }
    let lines = taken(&mut tally);
    let has = |line: &str| assert!(lines.iter().any(|one| one == line), "{line} of {lines:#?}");
    has("Corelog Invocations {ModelId=model-1,Provider=openai} 0: 1 Count");
    has("Corelog Invocations {ModelId=Other,Provider=openai} 0: 3 Count");
    has("Corelog Invocations {Provider=openai} 0: 5 Count");
    has("AWS/Bedrock Invocations {ModelId=Other} 0: 3 Count");
}

#[test]
fn images_are_told_apart_by_size_and_steps() {
    let mut tally = Tally::new(small(10));
    let mut image = document();
    image.output = Some(Output {
        output_image_width: Some(1_024),
        output_image_height: Some(512),
        output_image_bucketed_step_size: Some(50),
        ..Output::default()
    });
    image.corelog.as_mut().unwrap().image_count = Some(3);
    count(&mut tally, &image, NOON_MS);
    let lines = taken(&mut tally);
    let has = |line: &str| assert!(lines.iter().any(|one| one == line), "{line} of {lines:#?}");
    has("AWS/Bedrock OutputImageCount {ModelId=gpt-5} 0: 3 Count");
    has(
        "AWS/Bedrock OutputImageCount {BucketedStepSize=50,ImageSize=1024x512,ModelId=gpt-5} 0: 3 Count",
    );
    let sized = lines.iter().filter(|line| line.contains("ImageSize"));
    assert_eq!(sized.count(), 1);
}

#[test]
fn a_guardrail_called_by_itself_counts_in_its_own_namespace() {
    let mut tally = Tally::new(small(10));
    let mut guardrail = document();
    guardrail.operation = "ApplyGuardrail".to_owned();
    count(&mut tally, &guardrail, NOON_MS);
    assert_eq!(
        taken(&mut tally),
        [
            "AWS/Bedrock/Guardrails InvocationLatency {Operation=ApplyGuardrail} 0: 900 Milliseconds",
            "AWS/Bedrock/Guardrails Invocations {Operation=ApplyGuardrail} 0: 1 Count",
        ]
    );
}

fn of_user(user: &str) -> Document {
    let mut document = document();
    document.corelog.as_mut().unwrap().user = Some(user.to_owned());
    document
}

fn users(tally: &mut Tally) -> Vec<String> {
    let lines = taken(tally);
    let of_users = lines.into_iter().filter_map(|line| {
        let line = line.strip_prefix("Corelog Invocations {User=")?;
        let (user, rest) = line.split_once('}')?;
        Some(format!("{user}{}", rest.split_once(':')?.1))
    });
    of_users.collect()
}

#[test]
fn users_beyond_the_bound_are_counted_together_until_there_is_room() {
    let mut tally = Tally::new(small(2));
    for user in ["a", "b", "c", "d", "a"] {
        count(&mut tally, &of_user(user), NOON_MS);
    }
    assert_eq!(
        users(&mut tally),
        ["Other 2 Count", "a 2 Count", "b 1 Count"]
    );
    // 23 hours later, `a` is seen again; a day after the first hour, `b` is forgotten.
    count(&mut tally, &of_user("a"), NOON_MS + 23 * 3_600_000);
    count(&mut tally, &of_user("c"), NOON_MS + 23 * 3_600_000);
    assert_eq!(users(&mut tally), ["Other 1 Count", "a 1 Count"]);
    count(&mut tally, &of_user("c"), NOON_MS + 48 * 3_600_000);
    count(&mut tally, &of_user("d"), NOON_MS + 48 * 3_600_000);
    assert_eq!(users(&mut tally), ["c 1 Count", "d 1 Count"]);
}

#[test]
fn who_was_told_apart_before_a_restart_still_is() {
    let mut before = Tally::new(small(2));
    for user in ["a", "b"] {
        count(&mut before, &of_user(user), NOON_MS);
    }
    let kept = before.take();
    let mut after = Tally::new(small(2));
    for (place, _) in &kept.buckets {
        after.remember(&place.metric, Timestamp::from_unix_ms(NOON_MS));
    }
    for user in ["c", "a", "b"] {
        count(&mut after, &of_user(user), NOON_MS);
    }
    assert_eq!(
        users(&mut after),
        ["Other 1 Count", "a 1 Count", "b 1 Count"]
    );
}

#[test]
fn labels_that_can_be_no_value_are_not_told_apart() {
    let mut tally = Tally::new(small(10));
    let long = "x".repeat(1_025);
    // The third is a control character beyond ASCII, which a question about the metric would be refused for.
    for user in ["a\u{1f}b", "line\n", "a\u{85}b", &long] {
        count(&mut tally, &of_user(user), NOON_MS);
    }
    assert_eq!(users(&mut tally), ["Other 4 Count"]);
}

#[test]
fn a_tally_says_when_it_is_full() {
    let mut tally = Tally::new(TallyConfig {
        buckets_max: 20,
        ..small(100)
    });
    count(&mut tally, &document(), NOON_MS);
    // 3 of the model in each namespace, and 2 of each of 4 other sets of labels.
    assert!(!tally.is_full());
    count(&mut tally, &document(), NOON_MS + 60_000);
    assert!(tally.is_full());
    // Those of the provider, and of all, are made of those of the model.
    assert_eq!(tally.take().len(), 40);
    assert!(!tally.is_full());
}
