//! What metrics cost: reading of a stored record what is counted, counting it in memory, and keeping a batch of a
//! thousand series.
//! `cargo run --release --example cost -p corelog-metrics`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement run by hand prints, and stops at the first surprise"
)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use corelog_metrics::{Config, Invocation, Overflow, SqliteMetrics, Tally, TallyConfig};
use corelog_record::stored::{self, encode_envelope};
use corelog_record::{
    CallerFacts, CostFacts, Document, Extension, Identity, Input, Outline, Output, StreamFacts,
    UsageCounts,
};
use corelog_types::{Count, Timestamp, Usage};

const RECORDS: u64 = 1_000_000;
/// A thousand records a second, taken every five seconds.
const BATCH: u64 = 5_000;
const BATCHES: u64 = 6;
const START_MS: u64 = 1_795_003_200_000;

fn main() {
    let documents: Vec<Document> = (0..1_000).map(document).collect();
    let stored: Vec<Vec<u8>> = documents
        .iter()
        .map(|document| encode_envelope(document, &[]).unwrap())
        .collect();
    let begun = Instant::now();
    for number in 0..RECORDS {
        let index = usize::try_from(number).unwrap() % stored.len();
        black_box(stored::decode(&stored[index]).unwrap());
    }
    let decoding = begun.elapsed();
    let begun = Instant::now();
    for number in 0..RECORDS {
        let index = usize::try_from(number).unwrap() % stored.len();
        black_box(stored::outline(&stored[index]).unwrap());
    }
    println!(
        "{} ns to read what is counted of a record of {} bytes, {} ns to decode it whole",
        begun.elapsed().as_nanos() / u128::from(RECORDS),
        stored[0].len(),
        decoding.as_nanos() / u128::from(RECORDS),
    );
    let outlines: Vec<Outline<'_>> = documents.iter().map(Outline::from).collect();
    let mut tally = Tally::new(TallyConfig::default());
    let (mut counting, mut taking, mut buckets) = (Duration::ZERO, Duration::ZERO, 0);
    for batch in 0..RECORDS / BATCH {
        let begun = Instant::now();
        for number in 0..BATCH {
            count(&mut tally, &outlines, batch * BATCH + number);
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
    runtime.block_on(keep(&outlines));
}

async fn keep(outlines: &[Outline<'_>]) {
    let dir = tempfile::tempdir().unwrap();
    let metrics = SqliteMetrics::open(dir.path(), Config::default())
        .await
        .unwrap();
    let mut tally = Tally::new(TallyConfig::default());
    for batch in 0..BATCHES {
        for number in 0..BATCH {
            count(&mut tally, outlines, batch * BATCH + number);
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

fn count(tally: &mut Tally, outlines: &[Outline<'_>], number: u64) {
    let index = usize::try_from(number).unwrap() % outlines.len();
    tally.count(&Invocation {
        time: Timestamp::from_unix_ms(START_MS + number),
        outline: &outlines[index],
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
        record_id: format!("01kb1tqv0g000000000000{number:04}"),
        node_id: Some("b7c6d5e4f3a29180".to_owned()),
        dialect: "bedrock".to_owned(),
        upstream: Some("https://bedrock-runtime.us-east-1.amazonaws.com/model/us.anthropic.claude-sonnet-4-5-20250929-v1:0/converse-stream".to_owned()),
        path: "/model/us.anthropic.claude-sonnet-4-5-20250929-v1:0/converse-stream".to_owned(),
        http_version: Some("HTTP/1.1".to_owned()),
        stop_reason: Some("end_turn".to_owned()),
        upstream_request_id: Some("5f0c9a52-1b7e-4c0e-9a5d-2f6f0f7a1c11".to_owned()),
        usage: UsageCounts(Usage {
            input: Some(Count::reported(2_095)),
            output: Some(Count::reported(503)),
            cache_read: Some(Count::reported(18_000)),
            ..Usage::default()
        }),
        cost: Some(CostFacts {
            amount: Some(0.019_23),
            currency: Some("USD".to_owned()),
            list: Some("bedrock".to_owned()),
            model: Some("anthropic.claude-sonnet-4-5".to_owned()),
            version: Some("2026-11-20".to_owned()),
            ..CostFacts::default()
        }),
        request_bytes: Some(8_230),
        response_bytes: Some(2_180),
        request_headers: BTreeMap::from([
            ("accept".to_owned(), "*/*".to_owned()),
            ("content-type".to_owned(), "application/json".to_owned()),
            ("user-agent".to_owned(), "Boto3/1.40.1 md/Botocore#1.40.1".to_owned()),
        ]),
        response_headers: BTreeMap::from([(
            "content-type".to_owned(),
            "application/vnd.amazon.eventstream".to_owned(),
        )]),
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
