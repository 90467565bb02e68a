//! Every question of the language's own tests, and every published query at hand, runs over a few invocation records.

use std::path::PathBuf;

use corelog_insights::parse;
use corelog_reference::{Engine, Failure, Input, LookupTable, Reference, document};

const QUESTIONS: &str = include_str!("../../../insights/tests/questions.txt");
const DOCUMENT: &str = include_str!("../../documents/questions.md");

fn records() -> Input {
    Input {
        events: document::events(DOCUMENT).unwrap(),
        tables: vec![LookupTable {
            name: "prices".to_owned(),
            csv: "model_id,in_usd,out_usd\nnova,1,2\n".to_owned(),
        }],
        now_ms: 1_795_348_800_000,
        start_ms: 1_795_305_600_000,
        end_ms: 1_795_391_999_999,
        ..Input::default()
    }
}

#[test]
fn every_question_runs() {
    let input = records();
    assert!(!input.events.is_empty());
    for question in QUESTIONS.trim_end().split("\n\n") {
        let query = parse(question).unwrap();
        if let Err(failure) = Reference.run(&query, &input) {
            panic!("{failure}: {question}");
        }
    }
}

/// Queries that others published for their own logs, where the file is at hand.
#[test]
fn published_queries_run() {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let folder = std::env::var_os("CORELOG_TEST_DATA").unwrap_or(default.into());
    let file = PathBuf::from(folder).join("insights-queries.txt");
    let Ok(text) = std::fs::read_to_string(&file) else {
        println!("skipped: {} is not there", file.display());
        return;
    };
    let input = records();
    let (mut ran, mut unsupported) = (0, 0);
    for block in text.split("\n---\n") {
        let lines = block
            .lines()
            .skip_while(|line| !line.starts_with("# class: "));
        let query: String = lines.skip(1).flat_map(|line| [line, "\n"]).collect();
        let Ok(query) = parse(&query) else { continue };
        match Reference.run(&query, &input) {
            Ok(_) => ran += 1,
            Err(Failure::Unsupported { .. }) => unsupported += 1,
            Err(failure) => panic!("{failure}: {query}"),
        }
    }
    println!("{ran} ran, {unsupported} are not supported");
    assert!(ran > unsupported);
}
