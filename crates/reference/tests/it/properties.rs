//! Whatever the query and the events, running it ends, and gives the same result again.

use std::sync::LazyLock;

use corelog_insights::parse;
use corelog_reference::{Engine, Event, Failure, Input, Output, Reference, Stepped, document};
use corelog_values::{Paths, discover};
use proptest::prelude::*;

/// The queries of all documents.
static QUERIES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let texts = crate::documents::texts().into_iter();
    texts
        .flat_map(|(_, text)| document::queries(&text))
        .collect()
});

/// A document's query with a piece of another put into it or cut out of it, or a command of it added.
fn mutant() -> impl Strategy<Value = String> {
    let query = || prop::sample::select(QUERIES.clone());
    let place = any::<prop::sample::Index>;
    (query(), query(), place(), place(), place(), any::<bool>()).prop_map(
        |(one, other, at, cut, piece, whole)| {
            if whole {
                let commands: Vec<&str> = other.split('|').collect();
                return format!("{one} | {}", commands[piece.index(commands.len())]);
            }
            let one: Vec<char> = one.chars().collect();
            let other: Vec<char> = other.chars().collect();
            let at = at.index(one.len());
            let until = at + cut.index(8).min(one.len() - at);
            let piece = piece.index(other.len());
            let inserted = &other[piece..other.len().min(piece + 12)];
            let (head, tail) = (&one[..at], &one[until..]);
            head.iter().chain(inserted).chain(tail).collect()
        },
    )
}

fn message() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "id", "tok", "m", "s", "n", "msg", "ip", "@x"]);
    let value = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>()
            .prop_filter("finite", |number| number.is_finite())
            .prop_map(|number| number.to_string()),
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("[1,{\"a\":\"x\"},[]]".to_owned()),
        "[a-z0-9 =:|.é]{0,12}".prop_map(|text| format!("\"{text}\"")),
    ];
    let members = prop::collection::vec((name, value), 0..6);
    prop_oneof![
        4 => members.prop_map(|members| {
            let members = members.iter().map(|(name, value)| format!("\"{name}\":{value}"));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }),
        1 => any::<String>(),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let time = prop_oneof![1_795_338_000_000_i64..1_795_338_600_000, any::<i64>()];
    (time, message()).prop_map(|(timestamp_ms, message)| Event {
        timestamp_ms,
        ingestion_ms: timestamp_ms,
        account: "1".to_owned(),
        group: "app-logs".to_owned(),
        stream: "s".to_owned(),
        message,
        pointer: "p".to_owned(),
    })
}

/// Runs it twice, if it can be read.
fn check(text: &str, events: Vec<Event>) {
    let Ok(query) = parse(text) else { return };
    let input = Input {
        events,
        now_ms: 1_795_338_600_000,
        ..Input::default()
    };
    let first = Reference.run(&query, &input);
    assert_eq!(first, Reference.run(&query, &input), "{text}");
    let rows = |result: &Result<Output, Failure>| {
        let result = result.as_ref().map_err(ToString::to_string);
        result.map(|output| (output.columns.clone(), output.rows.clone()))
    };
    let stepped = Stepped.run(&query, &input);
    assert_eq!(rows(&stepped), rows(&first), "{text}\n{:?}", input.events);
    if let Ok(output) = first {
        let width = output.columns.len();
        assert!(
            output.rows.iter().all(|row| row.values.len() == width),
            "{text}"
        );
        assert!(
            output.statistics.matched <= output.statistics.scanned,
            "{text}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn queries_over_no_events_end(text in mutant()) {
        check(&text, Vec::new());
    }

    #[test]
    fn queries_over_any_events_end(text in mutant(), events in prop::collection::vec(event(), 0..8)) {
        check(&text, events);
    }
}

/// What one pass over a made-up event's text finds is what its tree has.
#[test]
fn fields_are_read_off_a_text_as_the_tree_has_them() {
    let mut found = 0;
    for event in corelog_reference::generate::events(7, 500) {
        let tree = discover::object(&event.message);
        let fields = tree.as_ref().map(discover::fields).unwrap_or_default();
        let names = fields.iter().map(|(name, _)| name.as_str());
        let values =
            Paths::new(names.chain(["missing", "input", "stream"])).extract(&event.message);
        for ((name, expected), value) in fields.iter().zip(values) {
            assert_eq!(value, *expected, "{name} of {}", event.message);
            found += 1;
        }
    }
    assert!(found > 2_000, "only {found} fields");
}

/// Made-up queries give the same rows when their commands are run by steps.
#[test]
fn queries_over_made_up_events_end() {
    for seed in 0..100 {
        let events = corelog_reference::generate::events(seed, 20);
        check(&corelog_reference::generate::query(seed), events);
    }
}

/// Texts of few shapes and of many words, some of them recognised values or nearly so.
fn texts() -> impl Strategy<Value = Vec<String>> {
    let piece = prop_oneof![
        3 => prop::sample::select(vec![" ", "  ", ", ", "=", ":", "(", "\t", "\u{2003}", "<"])
            .prop_map(str::to_owned),
        3 => prop::sample::select(vec!["user", "disk", "é", "at", "error", "x.y", "/a/b", "1e5"])
            .prop_map(str::to_owned),
        2 => (0_u32..90).prop_map(|number| format!("word{number}")),
        2 => prop::sample::select(vec![
            "12", "-3.5", "+7", "1.", "1.2.3", "10.0.0.1", "10.0.0.1.", "1.2.3.4567", "1234.1.1.1",
            "2026-11-22", "2026/11/22T09:15", "2026-11-22 09:15:42,5Z", "2026-11-22T09:15+0200",
            "2026-11-22T09:15+02:0", "09:15:42.123", "09:15:42x", "99:99", "٣",
            "6f3c1c60-9d0f-4e4a-8d3e-0c8f5a2b1a11", "6f3c1c60-9d0f-4e4a-8d3e-0c8f5a2b1a1g",
        ])
        .prop_map(str::to_owned),
        1 => (120_usize..140).prop_map(|length| "x".repeat(length)),
        1 => (120_usize..140).prop_map(|length| " ".repeat(length)),
    ];
    let free = prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat());
    let shaped = (0_u32..90, 0_u32..3, 0_u32..90)
        .prop_map(|(who, what, how)| format!("user u{who} did w{what} with h{how}"));
    let long = (250_usize..260, any::<bool>()).prop_map(|(count, odd)| {
        format!("{}{}", "a,".repeat(count / 2), if odd { "b" } else { "" })
    });
    prop::collection::vec(prop_oneof![4 => free, 8 => shaped, 1 => long], 0..150)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn texts_have_the_same_patterns(texts in texts()) {
        let events = corelog_reference::generate::events(1, texts.len() as u64);
        let event = |(text, event): (String, Event)| Event { message: text, ..event };
        let events = texts.into_iter().zip(events).map(event).collect();
        check("pattern @message | anomaly", events);
    }
}
