//! `diff` and `logcompare` against the reference.

use corelog_insights::parse;
use corelog_reference::{self as reference, Input, Reference};

use crate::setup::UnderTest;

#[test]
fn two_times_are_compared_as_the_reference_compares_them() {
    const HOUR_MS: i64 = 60 * 60 * 1_000;
    let engines = [UnderTest::new(false), UnderTest::new(true)];
    let mut events = reference::generate::events(3, 80);
    let (first, last) = (1_795_338_942_000, 1_795_338_942_000 + 30 * HOUR_MS);
    for (at, event) in (0..).zip(&mut events) {
        event.timestamp_ms = first + (last - first) / 80 * at;
        event.ingestion_ms = event.timestamp_ms;
    }
    let mut rows = 0;
    for (start_ms, end_ms) in [(last - 4 * HOUR_MS, last), (first, last)] {
        let input = Input {
            events: events.clone(),
            now_ms: last,
            start_ms,
            end_ms,
            ..Input::default()
        };
        for text in [
            "pattern @message | diff",
            "pattern modelId | diff previousDay",
            "filter ispresent(errorCode) | pattern @message | diff previousDay",
            "limit 10 | pattern requestId | diff previousDay",
            "stats count(*) as n by modelId, operation | pattern concat(modelId, n) | diff previousDay",
            "fields input.inputTokenCount as t | pattern concat(modelId, ' ', t) \
             | filter @sampleCount < 3 | fields @sampleCount * 2 as twice | diff previousDay",
            "logcompare timeshift 1d | filter @differenceCount != 0",
            "pattern @message | pattern @pattern | diff previousDay",
            "logcompare timeshift 1d | fields @pattern as p | pattern p | diff previousDay",
        ] {
            let query = parse(text).unwrap();
            let expected = reference::Engine::run(&Reference, &query, &input).unwrap();
            rows += expected.rows.len();
            for engine in &engines {
                let found = reference::Engine::run(engine, &query, &input).unwrap();
                assert_eq!(expected.columns, found.columns, "{text}");
                assert_eq!(expected.rows, found.rows, "{text}");
            }
        }
    }
    assert!(rows > 100, "{rows}");
}
