//! Questions for a text: with an index of words the answer is the same as without one, and fewer rows are read.

use std::sync::Arc;
use std::time::Duration;

use corelog_insights::parse;
use corelog_query::{Answer, Events, Request};
use corelog_reference::{self as reference, Input};
use corelog_runtime::Clock;
use corelog_store::{Appender, Compaction, Table};
use url::Url;

use crate::setup::{UnderTest, event, request};

const GROUP: &str = "/words";
const EVENTS: usize = 3_000;
const NOON_MS: i64 = 1_795_338_942_000;

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % below
    }

    /// A word; some are in many messages, most in few.
    fn word(&mut self) -> String {
        const SYLLABLES: [&str; 12] = [
            "ka", "to", "ri", "sen", "bal", "MU", "no", "vel", "Ta", "dr", "ix", "po",
        ];
        let longest = 2 + self.next(2);
        let few = 3 + self.next(10);
        (0..longest).map(|_| SYLLABLES[self.next(few)]).collect()
    }
}

/// A word that no other message has.
fn own(index: usize) -> String {
    let letter =
        |digit: u32| char::from(b'a' + u8::try_from(index / 26_usize.pow(digit) % 26).unwrap());
    format!("own{}", (0..3).map(letter).collect::<String>())
}

/// Texts with what JSON escapes, in a message that escapes some of it in one way and some in another.
fn message(index: usize, numbers: &mut Numbers) -> String {
    const BETWEEN: [&str; 9] = [
        " ", " ", " ", ", ", r"\n", r#"\""#, r"\u00e9", "\u{fc}", r"\\",
    ];
    let mut text = String::new();
    let own = own(index);
    for place in 0..200 {
        text += &if place % 6 == 0 {
            own.clone()
        } else {
            numbers.word()
        };
        text += BETWEEN[numbers.next(BETWEEN.len())];
    }
    let rare = match index {
        700 | 701 => r"zebraword",
        1_500 => r"first\nsecondline",
        2_200 => r"zebra\\nest",
        2_900 => r"ZebraFish \u00fcberzebra",
        _ => "",
    };
    format!(r#"{{"prompt":"{text} {rare}","kind":"kind {rare}","n":{index}}}"#)
}

fn messages() -> Vec<String> {
    let mut numbers = Numbers(7);
    (0..EVENTS)
        .map(|index| message(index, &mut numbers))
        .collect()
}

fn input(messages: &[String]) -> Input {
    let events = messages.iter().enumerate().map(|(index, message)| {
        let at = NOON_MS + i64::try_from(index).unwrap();
        reference::Event {
            group: GROUP.to_owned(),
            timestamp_ms: at,
            ingestion_ms: at,
            account: "123456789012".to_owned(),
            stream: "stream".to_owned(),
            message: message.clone(),
            pointer: String::new(),
        }
    });
    Input {
        events: events.collect(),
        now_ms: NOON_MS + 60_000,
        start_ms: NOON_MS - 60_000,
        end_ms: NOON_MS + 60_000,
        ..Input::default()
    }
}

/// The same events in one file, and in memory.
struct Both {
    under_test: UnderTest,
    stored: Request,
    recent: Request,
}

impl Both {
    fn new(messages: &[String]) -> Self {
        let input = input(messages);
        let under_test = UnderTest::new(true);
        let recent = request(&input);
        let stored = Request {
            events: under_test.runtime.block_on(stored(&input)),
            ..recent.clone()
        };
        Self {
            under_test,
            stored,
            recent,
        }
    }

    /// The answer from the file, which is also that from memory.
    fn answer(&self, text: &str) -> Answer {
        let run = |request: &Request| {
            let engine = &self.under_test.engine;
            let answer = if text.starts_with("SELECT") {
                self.under_test
                    .runtime
                    .block_on(engine.run_sql(text, request))
            } else {
                let query = parse(text).unwrap();
                self.under_test
                    .runtime
                    .block_on(engine.run(&query, request))
            };
            answer.unwrap()
        };
        let (stored, recent) = (run(&self.stored), run(&self.recent));
        let sorted = |answer: &Answer| {
            let mut rows: Vec<_> = answer.rows.iter().map(|row| row.values.clone()).collect();
            rows.sort();
            rows
        };
        assert_eq!(sorted(&stored), sorted(&recent), "{text}");
        let read = stored.statistics;
        assert_eq!(read.records_scanned + read.records_skipped, EVENTS as u64);
        assert_eq!(recent.statistics.records_skipped, 0, "{text}");
        stored
    }

    /// Which events a question gives; few are read for it.
    fn check(&self, text: &str, expected: &[&str]) {
        let answer = self.answer(text);
        let mut found: Vec<_> = answer
            .rows
            .iter()
            .map(|row| row.values[0].as_deref())
            .collect();
        found.sort_unstable();
        let expected: Vec<_> = expected.iter().copied().map(Some).collect();
        assert_eq!(found, expected, "{text}");
        let read = answer.statistics.records_scanned;
        assert!(read < EVENTS as u64 / 2, "{text} read {read}");
        let bytes = answer.statistics.bytes_scanned;
        assert!(bytes < self.answer("fields n | limit 1").statistics.bytes_scanned / 2);
    }
}

async fn stored(input: &Input) -> Events {
    let store: Arc<dyn object_store::ObjectStore> = Arc::new(object_store::memory::InMemory::new());
    let url = Url::parse("memory:///events/").unwrap();
    let table = Table::open(store, url, Clock::system()).await.unwrap();
    let events = input.events.iter().enumerate();
    let events: Vec<_> = events.map(|(index, it)| event(index, it)).collect();
    // Two files of a day, which compaction makes one.
    for (number, half) in [(1, 1), (2, 0)] {
        let appender = Appender {
            name: "test".to_owned(),
            number,
        };
        let events: Vec<_> = events.iter().skip(half).step_by(2).cloned().collect();
        table.append(&appender, events).await.unwrap();
    }
    let any_two = Compaction {
        settled_after: Duration::ZERO,
        ..Compaction::default()
    };
    while table.compact(any_two).await.unwrap().is_some() {}
    let files = table.snapshot().await.unwrap().files();
    assert!(files.iter().all(|file| file.words.is_some()), "{files:?}");
    Events {
        store: Arc::clone(table.store()),
        files: Arc::new(files),
        recent: Arc::default(),
    }
}

#[test]
fn a_text_is_found_without_reading_the_rest() {
    let both = Both::new(&messages());
    let check = |condition: &str, expected: &[&str]| {
        both.check(&format!("fields n | filter {condition}"), expected);
    };
    check("@message like 'zebraword'", &["700", "701"]);
    check("prompt like 'zebraword'", &["700", "701"]);
    check(
        "prompt like /(?i)\\bZEBRA(word|fish)/",
        &["2900", "700", "701"],
    );
    check("prompt like /first\\nsecond/", &["1500"]);
    check(r"prompt like /zebra\\nest/", &["2200"]);
    check("prompt like '\u{fc}berzebra'", &["2900"]);
    check("kind = 'kind zebraword'", &["700", "701"]);
    check("kind in ['kind zebraword', 'nowhere']", &["700", "701"]);
    check("strcontains(kind, 'secondline')", &["1500"]);
    check("n > 700 and kind like 'zebraword'", &["701"]);
    check(
        "kind like 'zebraword' or kind like 'ZebraFish'",
        &["2900", "700", "701"],
    );
    check("kind like 'nowhere'", &[]);
    let count = "filter prompt like 'zebraword' | stats count(*)";
    both.check(count, &["2"]);

    let check = |condition: &str, expected: &[&str]| {
        let statement = format!(r#"SELECT n FROM "{GROUP}" WHERE {condition}"#);
        both.check(&statement, expected);
    };
    check(r#""@message" LIKE '%zebraword%'"#, &["700", "701"]);
    check("prompt ILIKE '%ZEBRAword%'", &["700", "701"]);
    check("prompt ~ 'zebra(word|fish)' AND n > '700'", &["701"]);
    // A backslash is one, also where an expression is letters alone.
    check(r"prompt ~ 'zebra\\nest'", &["2200"]);
    check(
        r"prompt ~* 'ZEBRA\\nest' AND prompt !~ 'zebra\\tail'",
        &["2200"],
    );
    check(r"regexp_like(prompt, 'zebra\\nest')", &["2200"]);
}

#[test]
fn what_is_left_out_counts_for_every_part_of_a_question() {
    let both = Both::new(&messages());
    let rare = "filter prompt like 'zebraword'";
    let other = "filter prompt like 'secondline' | fields n";
    let [skipped, also_skipped] =
        [rare, other].map(|text| both.answer(text).statistics.records_skipped);
    assert!(skipped > 0 && also_skipped > 0);
    let text = format!("{rare} and n not in (SOURCE \"{GROUP}\" | {other}) | fields n");
    let query = parse(&text).unwrap();
    let run = both.under_test.engine.run(&query, &both.stored);
    let answer = both.under_test.runtime.block_on(run).unwrap();
    assert_eq!(answer.rows.len(), 2);
    let read = answer.statistics;
    assert_eq!(read.records_skipped, skipped + also_skipped);
    assert_eq!(
        read.records_scanned + read.records_skipped,
        2 * EVENTS as u64
    );
}

#[test]
fn conditions_that_a_word_cannot_tell_read_everything() {
    let both = Both::new(&messages());
    for text in [
        "filter kind not like 'zebraword' | stats count(*)",
        "filter kind like 'zebraword' or n < 3 | fields n",
        "fields kind as prompt | filter prompt like 'zebraword' | fields n",
        "fields tolower(kind) as low | filter low like 'zebrafish' | fields n",
        "stats count(*) by kind | filter kind like 'zebraword'",
    ] {
        assert_eq!(both.answer(text).statistics.records_skipped, 0, "{text}");
    }
}

#[test]
fn whatever_is_asked_the_answer_is_that_of_all_rows() {
    let messages = messages();
    let both = Both::new(&messages);
    let mut numbers = Numbers(11);
    let mut skipped = 0;
    for round in 0..16 {
        let message = &messages[numbers.next(EVENTS)];
        let text: Vec<char> = message.chars().collect();
        let (from, length) = (numbers.next(text.len()), 3 + numbers.next(16));
        let part: String = text[from..].iter().take(length).collect();
        let escaped: String = part
            .chars()
            .map(|c| match c {
                '/' | '\\' => format!("\\{c}"),
                c if c.is_ascii_punctuation() => format!("\\{c}"),
                c => c.to_string(),
            })
            .collect();
        let case = if round % 2 == 0 { "" } else { "(?i)" };
        let field = ["@message", "prompt"][round / 2 % 2];
        let query = format!("filter {field} like /{case}{escaped}/ | fields n | limit 10000");
        skipped += both.answer(&query).statistics.records_skipped;
    }
    assert!(skipped > 0);
}

#[test]
fn a_plan_says_what_the_index_leaves_out() {
    let both = Both::new(&messages());
    let query = parse("filter prompt like 'nowhere'").unwrap();
    let engine = &both.under_test.engine;
    let runtime = &both.under_test.runtime;
    let plan = runtime
        .block_on(engine.explain(&query, &both.stored))
        .unwrap();
    let expected =
        format!("WordIndex: asked of 1 files, leaves out {EVENTS} rows and 1 whole files");
    assert!(plan.contains(&expected), "{plan}");
    let query = parse("filter n > 3").unwrap();
    let plan = runtime
        .block_on(engine.explain(&query, &both.stored))
        .unwrap();
    assert!(!plan.contains("WordIndex"), "{plan}");
}
