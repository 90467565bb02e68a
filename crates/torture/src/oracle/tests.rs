//! The oracle on buckets made by hand: it has to find what a broken gateway would leave behind.

use std::fs::File;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::*;
use crate::ask::{Ask, Dialect};
use crate::ledger::Digest;

fn ask(marker: &str) -> Ask {
    let (marker, prompt) = (marker.to_owned(), format!("prompt of {marker}"));
    Ask {
        marker,
        dialect: Dialect::Chat,
        prompt,
        slow: false,
    }
}

/// A ledger of calls whose clients saw all of their echo.
fn ledger(markers: &[&str]) -> Ledger {
    let ledger = Ledger::default();
    for marker in markers {
        let ask = ask(marker);
        ledger.begin(&ask);
        let seen = Seen::Complete(Digest::of(&ask.prompt));
        ledger.end(&ask, Some(format!("id of {marker}")), seen);
    }
    ledger
}

/// The record of an echo.
fn record(marker: &str, sequence: u64) -> Value {
    let text = format!("prompt of {marker}");
    json!({
        "input": {"inputBodyJson": {"messages": [{"role": "user", "content": text}]}},
        "output": {"outputBodyJson": {"choices": [{"message": {"content": text}}]}},
        "corelog": {
            "recordId": format!("id of {marker}"),
            "nodeId": "n",
            "sequence": sequence,
            "tags": {"marker": marker},
            "delivery": {"outcome": "complete"},
        },
    })
}

fn judged(ledger: &Ledger, files: &[&[Value]], demand: Demand) -> Verdict {
    let dir = tempfile::tempdir().unwrap();
    let hour = dir
        .path()
        .join("AWSLogs/1/BedrockModelInvocationLogs/r/2026/11/22/03");
    std::fs::create_dir_all(&hour).unwrap();
    for (number, records) in files.iter().enumerate() {
        let file = File::create(hour.join(format!("{number}.json.gz"))).unwrap();
        let mut gzip = GzEncoder::new(file, Compression::fast());
        for record in *records {
            writeln!(gzip, "{record}").unwrap();
        }
        gzip.finish().unwrap();
    }
    let ids = files.iter().flat_map(|records| *records);
    let ids: BTreeSet<String> = ids
        .map(|record| record["corelog"]["recordId"].as_str().unwrap().to_owned())
        .collect();
    let table = Held {
        record_ids: ids.into_iter().collect(),
        ..Held::default()
    };
    judge(ledger, dir.path(), Ok(table), demand).unwrap()
}

/// Judges and compares lost, doubled, gaps and wrong.
fn check(ledger: &Ledger, files: &[&[Value]], expected: [u64; 4]) {
    let verdict = judged(ledger, files, Demand::default());
    let c = verdict.counts;
    assert_eq!(
        [c.lost, c.doubled, c.gaps, c.wrong],
        expected,
        "{:?}",
        verdict.violations
    );
    assert_eq!(
        verdict.violations.is_empty(),
        expected == [0; 4],
        "{:?}",
        verdict.violations
    );
}

#[test]
fn what_is_all_there_is_found_clean() {
    let ledger = ledger(&["a", "b"]);
    check(&ledger, &[&[record("a", 1)], &[record("b", 2)]], [0; 4]);
}

#[test]
fn a_lost_record_is_found_wherever_it_was() {
    let ledger = ledger(&["a", "b"]);
    check(&ledger, &[&[record("a", 1)]], [1, 0, 0, 0]);
    check(&ledger, &[&[record("b", 2)]], [1, 0, 1, 0]);
    check(&ledger, &[], [2, 0, 0, 0]);
}

#[test]
fn a_doubled_record_is_found_in_one_file_and_in_two() {
    let ledger = ledger(&["a"]);
    check(&ledger, &[&[record("a", 1), record("a", 1)]], [0, 1, 0, 0]);
    check(
        &ledger,
        &[&[record("a", 1)], &[record("a", 1)]],
        [0, 1, 0, 0],
    );
    let mut again = record("a", 2);
    again["corelog"]["recordId"] = json!("another");
    let verdict = judged(&ledger, &[&[record("a", 1), again]], Demand::default());
    assert_eq!(verdict.counts.doubled, 1);
}

#[test]
fn a_record_that_tells_something_else_is_found() {
    let ledger = ledger(&["a"]);
    let changed = |pointer: &str, value: Value| {
        let mut changed = record("a", 1);
        *changed.pointer_mut(pointer).unwrap() = value;
        changed
    };
    let answer = "/output/outputBodyJson/choices/0/message/content";
    let prompt = "/input/inputBodyJson/messages/0/content";
    for wrong in [
        changed(answer, json!("prompt of")),
        changed(prompt, json!("prompt of b")),
        changed("/output", json!({})),
        changed("/input", json!({})),
        changed("/corelog/recordId", json!("not what the client was told")),
        changed(
            "/output",
            json!({"outputBodyS3Path": "file:///nowhere/data/x.json.gz"}),
        ),
    ] {
        let verdict = judged(&ledger, &[std::slice::from_ref(&wrong)], Demand::default());
        assert!(!verdict.violations.is_empty(), "{wrong}");
    }
    let mut interrupted = record("a", 1);
    interrupted["errorCode"] = json!("Interrupted");
    check(&ledger, &[&[interrupted]], [1, 0, 0, 0]);
    let stranger = judged(
        &ledger,
        &[&[record("a", 1), record("z", 2)]],
        Demand::default(),
    );
    assert_eq!(stranger.counts.wrong, 1);
}

#[test]
fn a_call_that_broke_owes_a_record_only_where_nothing_died() {
    let ledger = Ledger::default();
    let ask = ask("a");
    ledger.begin(&ask);
    ledger.end(&ask, None, Seen::HungUp);
    check(&ledger, &[], [0; 4]);
    let strict = Demand {
        every_call: true,
        ..Demand::default()
    };
    assert_eq!(judged(&ledger, &[], strict).counts.lost, 1);
    let mut part = record("a", 1);
    part["output"]["outputBodyJson"]["choices"][0]["message"]["content"] = json!("prompt");
    assert_eq!(judged(&ledger, &[&[part]], strict).counts.wrong, 1);
    let mut interrupted = record("a", 1);
    interrupted["errorCode"] = json!("Interrupted");
    let verdict = judged(&ledger, &[&[interrupted]], strict);
    assert_eq!((verdict.counts.interrupted, verdict.counts.wrong), (1, 0));
}

#[test]
fn gaps_that_the_gateway_counted_itself_are_forgiven_and_no_more() {
    let ledger = ledger(&["a", "b"]);
    let counted = |uncounted| Demand {
        uncounted,
        ..Demand::default()
    };
    assert_eq!(
        judged(&ledger, &[], counted(2)).violations,
        Vec::<String>::new()
    );
    assert_eq!(judged(&ledger, &[], counted(1)).counts.lost, 1);
}

#[test]
fn the_table_has_what_the_bucket_has_and_once() {
    let delivered = |ids: &[&str]| -> Vec<Record> {
        let dir = Path::new("");
        let lines = ids.iter().zip(1..).map(|(id, n)| record(id, n).to_string());
        lines
            .map(|line| crate::bucket::record(&line, dir, dir).unwrap())
            .collect()
    };
    let check = |ids: &[&str], events: &[&str], expected: [u64; 3]| {
        let mut verdict = Verdict::default();
        let events: Vec<_> = events.iter().map(|id| format!("id of {id}")).collect();
        verdict.table(&delivered(ids), &events);
        let c = verdict.counts;
        assert_eq!([c.lost, c.doubled, c.wrong], expected);
        assert_eq!(verdict.violations.is_empty(), expected == [0; 3]);
    };
    check(&["a", "b"], &["b", "a"], [0, 0, 0]);
    check(&["a", "b"], &["a"], [1, 0, 0]);
    check(&["a"], &["a", "a"], [0, 1, 0]);
    check(&["a"], &["a", "b"], [0, 0, 1]);
}

#[test]
fn a_table_that_cannot_be_read_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let table = Err("a file is gone".to_owned());
    let verdict = judge(&Ledger::default(), dir.path(), table, Demand::default()).unwrap();
    assert_eq!(verdict.counts.wrong, 1);
    assert_eq!(verdict.violations, ["the table: a file is gone"]);
}

#[test]
fn log_events_are_held_to_the_same() {
    let check = |taken: &[&str], broken: &[&str], found: &[&str], expected: [u64; 4]| {
        let ledger = Ledger::default();
        let messages =
            |of: &[&str]| -> Vec<String> { of.iter().map(ToString::to_string).collect() };
        ledger.put(&messages(taken));
        ledger.put(&messages(broken));
        ledger.taken(&messages(taken));
        let mut verdict = Verdict::default();
        verdict.puts(&ledger.puts(), &messages(found));
        let c = verdict.counts;
        assert_eq!([c.put, c.lost, c.doubled, c.wrong], expected);
        assert_eq!(verdict.violations.is_empty(), expected[1..] == [0; 3]);
    };
    check(&["a x", "b x"], &["c x"], &["a x", "b x"], [2, 0, 0, 0]);
    check(&["a x"], &["c x"], &["a x", "c x"], [1, 0, 0, 0]);
    check(&["a x", "b x"], &[], &["a x"], [2, 1, 0, 0]);
    check(&["a x"], &[], &["a x", "a x"], [1, 0, 1, 0]);
    check(&["a x"], &[], &["a x", "a y"], [1, 0, 0, 1]);
}

#[test]
fn log_events_take_places_in_the_sequence() {
    let lines = [record("a", 1), record("b", 4)].map(|record| record.to_string());
    let dir = Path::new("/");
    let records = lines.map(|line| crate::bucket::record(&line, dir, dir).unwrap());
    for (taken, gaps) in [(&[2, 3][..], 0), (&[2, 3, 5], 0), (&[3], 1), (&[], 2)] {
        let mut verdict = Verdict::default();
        verdict.sequence(&records, &taken.iter().copied().collect());
        assert_eq!(verdict.counts.gaps, gaps, "{taken:?}");
    }
}
