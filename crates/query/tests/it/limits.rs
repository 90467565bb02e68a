//! What queries may take, and what they give.

use std::sync::Arc;

use corelog_insights::parse;
use corelog_query::{Answer, Engine, Error, Events, Limits};
use corelog_reference::{Event, Input};

use crate::setup::{UnderTest, half_stored, request};

const START_MS: i64 = 1_795_338_000_000;

/// Events a second apart, the message of each made of its number.
pub(crate) fn input(count: usize, message: impl Fn(usize) -> String) -> Input {
    let event = |number: usize| Event {
        timestamp_ms: START_MS + i64::try_from(number).unwrap() * 1_000,
        ingestion_ms: START_MS,
        account: "123456789012".to_owned(),
        group: "/app".to_owned(),
        stream: format!("s{}", number % 4),
        message: message(number),
        pointer: String::new(),
    };
    Input {
        events: (0..count).map(event).collect(),
        ..Input::default()
    }
}

fn run(under: &UnderTest, text: &str, input: &Input) -> Answer {
    let query = parse(text).unwrap();
    let request = request(input);
    let run = under.engine.run(&query, &request);
    under.runtime.block_on(run).unwrap()
}

fn texts(answer: &Answer) -> Vec<Vec<&str>> {
    answer
        .rows
        .iter()
        .map(|row| {
            let values = row.values.iter();
            values.map(|value| value.as_deref().unwrap_or("")).collect()
        })
        .collect()
}

#[test]
fn one_row_may_become_very_many() {
    let under = UnderTest::new(false);
    let list: Vec<String> = (0..200).map(|it| it.to_string()).collect();
    let input = input(30, |number| {
        format!("{{\"at\":{number},\"all\":[{}]}}", list.join(","))
    });
    let text =
        "fields jsonParse(@message) as r, at | unnest r.all into x | display at, x | limit 100000";
    let answer = run(&under, text, &input);
    let newest_first = (0..30).rev();
    let expected: Vec<Vec<String>> = newest_first
        .flat_map(|at| (0..200).map(move |x| vec![at.to_string(), x.to_string()]))
        .collect();
    assert_eq!(texts(&answer), expected);
}

#[test]
fn an_answer_ends_where_it_is_too_large() {
    let under = UnderTest::new(false);
    let input = input(100, |_| "x".repeat(1_000));
    let query = parse("fields @message").unwrap();
    let mut request = request(&input);
    request.answer_bytes_max = 50_000;
    let answer = under.runtime.block_on(under.engine.run(&query, &request));
    assert!(
        matches!(answer, Err(Error::AnswerTooLarge { bytes_max: 50_000 })),
        "{answer:?}"
    );
}

#[test]
fn a_limit_of_a_statement_wins_over_the_requests() {
    let under = UnderTest::new(false);
    let input = input(30, |number| number.to_string());
    let mut request = request(&input);
    request.limit = 10;
    let rows = |text: &str| {
        let answer = under.engine.run_sql(text, &request);
        under.runtime.block_on(answer).unwrap().rows.len()
    };
    assert_eq!(rows("SELECT * FROM \"/app\""), 10);
    assert_eq!(rows("SELECT * FROM \"/app\" LIMIT 20"), 20);
    assert_eq!(rows("SELECT * FROM \"/app\" OFFSET 5"), 10);
}

#[test]
fn a_join_of_many_rows_gives_them_bit_by_bit() {
    let under = UnderTest::new(false);
    let input = input(100, |number| {
        format!("{{\"at\":{number},\"k\":{}}}", number % 2)
    });
    let text = "join left=a right=b where a.k=b.k (SOURCE \"/app\" | sort at asc) \
                | fields a.at, b.at | limit 100000";
    let answer = run(&under, text, &input);
    let newest_first = (0..100).rev();
    let expected: Vec<Vec<String>> = newest_first
        .flat_map(|at| {
            let partners = (0..100).filter(move |other| other % 2 == at % 2);
            partners.map(move |other| vec![at.to_string(), other.to_string()])
        })
        .collect();
    assert_eq!(expected.len(), 100 * 50, "more than a batch");
    assert_eq!(texts(&answer), expected);
}

#[test]
fn what_subqueries_gave_is_of_the_memory_of_queries() {
    let spill = tempfile::tempdir().unwrap();
    let engine = Engine::new(Limits {
        memory_bytes: 64 << 20,
        spill: spill.path().to_owned(),
        spill_bytes: 1 << 30,
        threads: 1,
    });
    let engine = engine.unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let input = input(40, |number| format!("{number}{}", "x".repeat(500_000)));
    let request = request(&input);
    let run = |text: String| {
        let query = parse(&text).unwrap();
        runtime.block_on(engine.run(&query, &request))
    };
    let one = "@message in (SOURCE \"/app\" | fields @message)";
    let answer = run(format!("filter {one} | stats count(*) as n")).unwrap();
    assert_eq!(texts(&answer), [["40"]]);
    let error = run(format!(
        "filter {one} and {one} and {one} | stats count(*) as n"
    ))
    .unwrap_err();
    assert!(error.is_too_large(), "{error:?}");
    let answer = run(format!("filter {one} | stats count(*) as n")).unwrap();
    assert_eq!(texts(&answer), [["40"]], "what was kept was given back");
}

#[test]
fn an_estimate_reads_nothing() {
    let under = UnderTest::new(true);
    let input = input(40, |number| format!("{{\"id\":\"r{number}\"}}"));
    let stored = under.runtime.block_on(half_stored(&input));
    let file_bytes: u64 = stored.files.iter().map(|file| file.bytes).sum();
    let request = corelog_query::Request {
        // The files are known, and not there.
        events: Events {
            store: Arc::new(object_store::memory::InMemory::new()),
            ..stored
        },
        ..request(&input)
    };
    let text = "fields id | filter id in (SOURCE \"/app\" | fields id) \
                | join left=a right=b where a.id=b.id (SOURCE \"/app\" | fields id)";
    let query = parse(text).unwrap();
    let extent = under.engine.estimate(&query, &request);
    let extent = under.runtime.block_on(extent).unwrap();
    assert_eq!(extent.rows, 3 * 40);
    assert_eq!(extent.file_bytes, 3 * file_bytes);
    let explained = under.engine.explain(&query, &request);
    assert!(under.runtime.block_on(explained).is_ok());
    let run = under.engine.run(&query, &request);
    assert!(under.runtime.block_on(run).is_err());
}

#[test]
fn an_estimate_knows_what_is_left_out() {
    let under = UnderTest::new(true);
    let input = input(40, |number| number.to_string());
    let stored = under.runtime.block_on(half_stored(&input));
    let file_bytes: u64 = stored.files.iter().map(|file| file.bytes).sum();
    let mut request = request(&input);
    request.events = stored;
    let of = |text: &str| {
        let query = parse(text).unwrap();
        let extent = under.engine.estimate(&query, &request);
        under.runtime.block_on(extent).unwrap()
    };
    // The newer half is in memory: events 20 to 39.
    let since = |number: i64| START_MS + number * 1_000;
    let newest = of(&format!(
        "SOURCE \"/app\" START={} END={}",
        since(30),
        since(99)
    ));
    assert_eq!((newest.files, newest.rows, newest.recent_rows), (0, 10, 10));
    assert_eq!(newest.recent_bytes, 20, "numbers of two digits");
    assert_eq!(newest.rows_skipped, 30);
    assert_eq!(newest.file_bytes_skipped, file_bytes);
    assert_eq!(newest.recent_bytes_skipped, 20);
    let all = of("fields @message");
    assert_eq!((all.rows, all.rows_skipped), (40, 0));
    assert_eq!(all.files, newest.files_skipped);
}

#[test]
fn filters_of_sql_are_looked_at_while_reading() {
    let under = UnderTest::new(true);
    let input = input(40, |number| format!("{{\"id\":\"r{number}\"}}"));
    let mut request = request(&input);
    request.events = under.runtime.block_on(half_stored(&input));
    let text = "SELECT \"id\" FROM \"/app\" WHERE \"@logStream\" = 's1' AND \"id\" <> 'r1'";
    let plan = under.engine.explain_sql(text, &request);
    let plan = under.runtime.block_on(plan).unwrap();
    assert!(
        plan.contains("predicate=") && plan.contains("= s1"),
        "{plan}"
    );
    let answer = under.engine.run_sql(text, &request);
    let answer = under.runtime.block_on(answer).unwrap();
    assert_eq!(answer.rows.len(), 9);
    assert_eq!(answer.statistics.records_matched, 9);
}
