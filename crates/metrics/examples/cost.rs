//! What metrics cost: counting a record in memory, and keeping a batch of a thousand series.
//! `cargo run --release --example cost -p corelog-metrics`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement run by hand prints, and stops at the first surprise"
)]

use std::time::{Duration, Instant};

use corelog_metrics::{Config, Invocation, Overflow, SqliteMetrics, Tally, TallyConfig};
use corelog_record::{CallerFacts, Document, Extension, Identity, Input, Output, StreamFacts};
use corelog_types::Timestamp;

const RECORDS: u64 = 1_000_000;
/// A thousand records a second, taken every five seconds.
const BATCH: u64 = 5_000;
const BATCHES: u64 = 6;
const START_MS: u64 = 1_795_003_200_000;

fn main() {
    let documents: Vec<Document> = (0..1_000).map(document).collect();
    let mut tally = Tally::new(TallyConfig::default());
    let (mut counting, mut taking, mut buckets) = (Duration::ZERO, Duration::ZERO, 0);
    for batch in 0..RECORDS / BATCH {
        let begun = Instant::now();
        for number in 0..BATCH {
            count(&mut tally, &documents, batch * BATCH + number);
        }
        let counted = Instant::now();
        buckets += tally.take().len();
        counting += counted - begun;
        taking += counted.elapsed();
    }
    let each = |spent: Duration| spent.as_nanos() / u128::from(RECORDS);
    println!(
        "{} ns to count a record, {} ns for its part of a batch of {BATCH} to be taken, with {} buckets",
        each(counting),
        each(taking),
        buckets / usize::try_from(RECORDS / BATCH).unwrap()
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(keep(&documents));
}

async fn keep(documents: &[Document]) {
    let dir = tempfile::tempdir().unwrap();
    let metrics = SqliteMetrics::open(dir.path(), Config::default())
        .await
        .unwrap();
    let mut tally = Tally::new(TallyConfig::default());
    for batch in 0..BATCHES {
        for number in 0..BATCH {
            count(&mut tally, documents, batch * BATCH + number);
        }
        let deltas = tally.take();
        let now = Timestamp::from_unix_ms(START_MS + batch * BATCH);
        let begun = Instant::now();
        let added = metrics.add(&deltas, None, Overflow::Refuse, now).await;
        let took = begun.elapsed().as_millis();
        let new = added.unwrap().new_metrics;
        println!(
            "{took} ms to keep {} buckets, {new} metrics new",
            deltas.len()
        );
    }
    let file = std::fs::metadata(dir.path().join("metrics.db")).unwrap();
    println!("{} bytes of metrics.db", file.len());
}

fn count(tally: &mut Tally, documents: &[Document], number: u64) {
    let index = usize::try_from(number).unwrap() % documents.len();
    tally.count(&Invocation {
        time: Timestamp::from_unix_ms(START_MS + number),
        document: &documents[index],
    });
}

fn document(number: u32) -> Document {
    let latency = f64::from(number % 97).mul_add(31.7, 400.0);
    let extension = Extension {
        provider: format!("provider-{}", number % 3),
        method: "POST".to_owned(),
        http_status: Some(200),
        latency_ms: Some(latency),
        overhead_ms: Some(0.125),
        time_to_first_byte_ms: Some(latency / 7.0),
        stream: Some(StreamFacts {
            longest_gap_ms: Some(latency / 50.0),
            ..StreamFacts::default()
        }),
        user: Some(format!("user-{}", number % 100)),
        session: Some(format!("session-{}", number % 200)),
        caller: CallerFacts {
            name: Some(format!("caller-{}", number % 5)),
            ..CallerFacts::default()
        },
        ..Extension::default()
    };
    Document {
        timestamp: "2026-11-18T12:00:00Z".to_owned(),
        account_id: "111122223333".to_owned(),
        region: "us-east-1".to_owned(),
        request_id: String::new(),
        operation: "ConverseStream".to_owned(),
        model_id: Some(format!("us.anthropic.claude-sonnet-4-{}-v1:0", number % 10)),
        error_code: None,
        input: Some(Input {
            input_token_count: Some(u64::from(number) * 7),
            cache_read_input_token_count: Some(u64::from(number) * 100),
            cache_write_input_token_count: Some(0),
            ..Input::default()
        }),
        output: Some(Output {
            output_token_count: Some(u64::from(number % 400)),
            ..Output::default()
        }),
        identity: Identity { arn: String::new() },
        inference_region: None,
        performance_config: None,
        request_metadata: None,
        schema_type: corelog_record::SCHEMA_TYPE.to_owned(),
        schema_version: corelog_record::SCHEMA_VERSION.to_owned(),
        corelog: Some(Box::new(extension)),
    }
}
