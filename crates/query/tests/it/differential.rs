//! The engine against the reference: its documents, and queries that nobody wrote.

use std::collections::HashMap;
use std::fs;

use corelog_insights::{Query, parse};
use corelog_query::Error;
use corelog_reference::{self as reference, Failure, Input, Output, OutputRow, Reference};
use corelog_types::EventPointer;

use crate::setup::{UnderTest, half_stored, request};

impl reference::Engine for UnderTest {
    fn run(&self, query: &Query, input: &Input) -> Result<Output, Failure> {
        let mut request = request(input);
        if self.stored {
            request.events = self.runtime.block_on(half_stored(input));
        }
        let answer = self.runtime.block_on(self.engine.run(query, &request));
        let answer = answer.map_err(|error| match error {
            Error::Unsupported { what } => Failure::Unsupported { what },
            Error::TooMany { what, max } => Failure::TooMany { what, max },
            other => Failure::Other {
                reason: format!(
                    "{other}: {:?}",
                    std::error::Error::source(&other).map(ToString::to_string)
                ),
            },
        })?;
        // Our pointers say where an event is; those of documents are whatever their author wrote.
        let pointer = |pointer: &EventPointer| {
            let index = usize::try_from(pointer.sequence.to_u64() - 1).unwrap();
            input.events[index].pointer.clone()
        };
        let text = |text: String| match text.parse() {
            Ok(found) => pointer(&found),
            Err(_) => text,
        };
        let rows = answer.rows.into_iter().map(|row| OutputRow {
            values: row
                .values
                .into_iter()
                .map(|value| value.map(text))
                .collect(),
            pointer: row.pointer.as_ref().map(pointer),
        });
        Ok(Output {
            columns: answer.columns,
            rows: rows.collect(),
            statistics: reference::Statistics {
                scanned: answer.statistics.records_scanned,
                matched: answer.statistics.records_matched,
                bytes: answer.statistics.bytes_scanned,
            },
        })
    }
}

#[test]
fn documents_hold() {
    let engine = UnderTest::new(false);
    let (mut passed, mut failed) = (0, Vec::new());
    let mut names: Vec<_> = fs::read_dir(reference::document::FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.sort();
    for path in names {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let checked = reference::check(&name, &text, &engine);
        passed += checked.passed;
        failed.extend(checked.failed);
    }
    assert!(
        failed.is_empty(),
        "{} of {}:\n{}",
        failed.len(),
        failed.len() + passed,
        failed.join("\n---\n")
    );
}

/// Values as they compare between engines: sums of doubles in another order differ in the last digits.
fn close(left: Option<&str>, right: Option<&str>) -> bool {
    if left == right {
        return true;
    }
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<f64>().ok());
    match (number(left), number(right)) {
        (Some(left), Some(right)) => {
            (left - right).abs() <= 1e-6 * left.abs().max(right.abs()).max(1.0)
        }
        _ => false,
    }
}

fn all_close(expected: &[OutputRow], found: &[OutputRow]) -> bool {
    let row = |(left, right): (&OutputRow, &OutputRow)| {
        let mut pairs = left.values.iter().zip(&right.values);
        left.values.len() == right.values.len()
            && pairs.all(|(left, right)| close(left.as_deref(), right.as_deref()))
    };
    expected.len() == found.len() && expected.iter().zip(found).all(row)
}

/// Whether last digits may differ, and with them the order of rows.
fn adds_doubles(query: &str) -> bool {
    ["avg(", "sum(", "stddev(", "variance("]
        .iter()
        .any(|name| query.contains(name))
}

fn sorted(rows: &[OutputRow]) -> Vec<OutputRow> {
    let mut rows = rows.to_vec();
    rows.sort_by(|left, right| {
        // Texts tell rows apart; numbers that nearly equal each other must not.
        let texts = |row: &OutputRow| -> Vec<Option<String>> {
            let rounded = |value: &Option<String>| match value.as_ref()?.parse::<f64>() {
                Ok(number) => Some(format!("{number:.3e}")),
                Err(_) => value.clone(),
            };
            row.values.iter().map(rounded).collect()
        };
        texts(left).cmp(&texts(right))
    });
    rows
}

#[test]
fn queries_that_nobody_wrote_give_what_the_reference_gives() {
    let engines = [UnderTest::new(false), UnderTest::new(true)];
    let mut ran: HashMap<bool, usize> = HashMap::new();
    for seed in 0..400 {
        let engine = &engines[usize::from(seed % 4 == 0)];
        let text = reference::generate::query(seed);
        let Ok(query) = parse(&text) else {
            panic!("{text}");
        };
        let input = Input {
            events: reference::generate::events(seed, 60),
            now_ms: 1_795_338_942_000,
            ..Input::default()
        };
        let expected = reference::Engine::run(&Reference, &query, &input);
        let found = reference::Engine::run(engine, &query, &input);
        let same = match (&expected, &found) {
            (Ok(expected), Ok(found)) => {
                let rows = (&expected.rows, &found.rows);
                expected.columns == found.columns
                    && (all_close(rows.0, rows.1)
                        || (adds_doubles(&text) && all_close(&sorted(rows.0), &sorted(rows.1))))
            }
            (Err(_), Err(_)) => true,
            _ => false,
        };
        *ran.entry(expected.is_ok()).or_default() += 1;
        assert!(
            same,
            "seed {seed}: {text}\nexpected {expected:#?}\nfound {found:#?}"
        );
    }
    assert!(ran.get(&true).copied().unwrap_or(0) > 300, "{ran:?}");
}

#[test]
fn order_is_kept_over_many_batches() {
    let engines = [UnderTest::new(false), UnderTest::new(true)];
    let input = Input {
        events: reference::generate::events(7, 2_600),
        now_ms: 1_795_338_942_000,
        ..Input::default()
    };
    for text in [
        "fields @timestamp, requestId | sort requestId desc | limit 2500",
        "fields requestId, strlen(@message) as length | sort length, requestId | limit 2500",
        "fields requestId | dedup requestId | limit 2500",
        "fields requestId, strlen(@message) as length | accum length as sum | limit 2500",
        "stats count(*) as n by requestId | sort n desc, requestId desc | limit 2500",
    ] {
        let query = parse(text).unwrap();
        let expected = reference::Engine::run(&Reference, &query, &input).unwrap();
        for engine in &engines {
            let found = reference::Engine::run(engine, &query, &input).unwrap();
            assert!(
                expected.rows.len() > 2_048,
                "{text}: {}",
                expected.rows.len()
            );
            let differs = expected
                .rows
                .iter()
                .zip(&found.rows)
                .position(|(a, b)| a != b);
            assert_eq!(differs, None, "{text}");
            assert_eq!(expected.rows.len(), found.rows.len(), "{text}");
        }
    }
}
