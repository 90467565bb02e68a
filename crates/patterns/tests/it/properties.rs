//! What holds for any pattern and any event.

use corelog_patterns::{Event, Pattern, Reference};
use proptest::prelude::*;

/// Pieces of the language, so that random patterns get past the first character.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        "$.",
        "$",
        "a",
        "b.c",
        "[0]",
        "[*]",
        ".*",
        "['x.y']",
        "=",
        "!=",
        "<",
        ">=",
        "&&",
        "||",
        "%a+%",
        "%[x-z]\\d%",
        "%",
        "\"",
        "\"q *\"",
        "\\",
        "*",
        "a*",
        "12",
        "-3.5e2",
        " ",
        ",",
        "...",
        "IS",
        "NULL",
        "TRUE",
        "NOT",
        "EXISTS",
        "?",
        "-",
        "w1",
        "\u{e9}",
        "'",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn literal() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c*.0-9]{1,4}",
        "[ -~\u{e9}]{0,6}"
            .prop_map(|text| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))),
        "-?[0-9]{1,3}(\\.[0-9])?",
    ]
}

/// Well-formed conditions on `left`.
fn conditions(
    left: impl Strategy<Value = String> + 'static,
    keywords: bool,
) -> impl Strategy<Value = String> {
    let compared = (
        left,
        prop::sample::select(vec!["=", "!=", "<", ">="]),
        literal(),
        "[0-9]{1,3}",
    );
    let leaf = compared.prop_map(move |(left, operator, literal, number)| match operator {
        "<" | ">=" => format!("{left} {operator} {number}"),
        _ if keywords && literal.ends_with('0') => format!("{left} NOT EXISTS"),
        _ if keywords && literal.ends_with('1') => format!("{left} IS NULL"),
        _ => format!("{left}{operator}{literal}"),
    });
    leaf.prop_recursive(3, 12, 3, |inner| {
        (prop::collection::vec(inner, 1..4), any::<bool>())
            .prop_map(|(parts, all)| format!("({})", parts.join(if all { " && " } else { "||" })))
    })
}

fn well_formed() -> impl Strategy<Value = String> {
    let selector = "\\$\\.[ab](\\.[ab]|\\[[01]\\]|\\.\\['[ -&(-~]{0,3}'\\])?";
    let json = conditions(
        selector.prop_filter("escapes", |text| !text.contains('\\')),
        true,
    );
    let field = prop_oneof![
        Just("...".to_owned()),
        Just(String::new()),
        "[ab]",
        conditions(Just("a".to_owned()), false),
    ];
    let term = prop_oneof!["[?-]?[a-c]{1,2}", "\"[ -!#-\\[\\]-~]{0,4}\""];
    let terms = (
        prop::collection::vec(term, 0..4),
        prop::option::of("[?-]?%[a-c.]{1,3}%"),
    );
    prop_oneof![
        json.prop_map(|conditions| format!("{{ {conditions} }}")),
        prop::collection::vec(field, 1..5).prop_map(|fields| format!("[ {} ]", fields.join(", "))),
        terms.prop_map(|(terms, regexp)| format!(
            "{} {}",
            terms.join(" "),
            regexp.unwrap_or_default()
        )),
    ]
}

fn message() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,40}",
        "[ab\\[\\]\" \\\\1-3.]{0,30}",
        "\\{\"a\":([0-9]{1,3}|\"[a-c0-9.*]{0,3}\"|null|\\[[0-9],\"a\"\\]|\\{\"b\":\"c\"\\})\\}",
    ]
}

/// Asks everything that can be asked; places have to be in the message and in order.
fn exercise(pattern: &Pattern, message: &str) -> bool {
    let event = Event::new(message);
    let matches = pattern.matches(&event);
    let found = pattern.find(&event);
    assert_eq!(found.is_some(), matches, "{pattern} {message:?}");
    if let Some(found) = found {
        for key in found.extracted().keys() {
            if let Ok(reference) = Reference::parse(key) {
                assert!(
                    found.value(&reference).is_some(),
                    "{pattern} {key} {message:?}"
                );
            }
        }
        let mut end = 0;
        for span in found.spans() {
            assert!(
                span.start >= end
                    && message
                        .get(span.clone())
                        .is_some_and(|text| !text.is_empty())
            );
            end = span.end;
        }
    }
    matches
}

fn round_trips(text: &str, pattern: &Pattern, message: &str) {
    let canonical = pattern.to_string();
    // The canonical text has quotes that the original may do without.
    if canonical.chars().count() > 1024 {
        return;
    }
    let again = Pattern::parse(&canonical);
    let again = again.unwrap_or_else(|error| panic!("{text} became {canonical}: {error}"));
    assert_eq!(&again, pattern, "{text} became {canonical}");
    assert_eq!(again.to_string(), canonical);
    assert_eq!(
        exercise(&again, message),
        exercise(pattern, message),
        "{text}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_text_reads_or_is_refused_in_place(text in prop_oneof!["\\PC{0,60}", pieces()], message in message()) {
        match Pattern::parse(&text) {
            Ok(pattern) => round_trips(&text, &pattern, &message),
            Err(error) => {
                prop_assert!(text.get(error.at()).is_some(), "{text:?} {:?}", error.at());
                prop_assert!(error.hint().is_some());
            }
        }
    }

    #[test]
    fn well_formed_patterns_read_and_round_trip(text in well_formed(), message in message()) {
        let pattern = Pattern::parse(&text);
        let pattern = pattern.unwrap_or_else(|error| panic!("{text}: {error} at {:?}", error.at()));
        round_trips(&text, &pattern, &message);
    }

    #[test]
    fn terms_are_what_contains_says(
        all in prop::collection::vec("[ab]{1,2}", 0..3),
        none in prop::collection::vec("[bc]{2,3}", 0..2),
        any in prop::collection::vec("[a-c]{1,3}", 0..4),
        message in "[abc ]{0,12}",
    ) {
        let prefixed = |prefix: &str, terms: &[String]| {
            let terms: Vec<_> = terms.iter().map(|it| format!("{prefix}{it}")).collect();
            terms.join(" ")
        };
        let text = [prefixed("", &all), prefixed("-", &none), prefixed("?", &any)].join(" ");
        let alone = all.is_empty() && none.is_empty();
        let expected = all.iter().all(|it| message.contains(it.as_str()))
            && !none.iter().any(|it| message.contains(it.as_str()))
            && (!alone || any.is_empty() || any.iter().any(|it| message.contains(it.as_str())));
        prop_assert_eq!(crate::is_match(&text, &message), expected, "{} {:?}", text, message);
    }
}

/// Events made to be slow: each has to be read in one pass.
#[test]
fn a_large_event_is_read_in_one_pass() {
    let size = 1 << 20;
    for unit in ["[ ", "\" ", "\"\\\" ", "[ ]x ", "a ", "{", "[", "{\"a\":"] {
        let message = unit.repeat(size / unit.len());
        for pattern in ["[a, ..., b = x, ..., c]", "{ $.a[*] = 1 }", "x", "%a.*x%"] {
            exercise(&Pattern::parse(pattern).unwrap(), &message);
        }
    }
}
