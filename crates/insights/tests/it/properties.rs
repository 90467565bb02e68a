//! Whatever the text, reading it ends, and what is read comes back.

use corelog_insights::{COMMANDS, FUNCTIONS, parse};
use proptest::prelude::*;

use crate::questions::questions;
use crate::round_trip;

const SYMBOLS: [&str; 44] = [
    "|", "|", ",", "(", ")", "[", "]", "{", "}", "=", "==", "!=", "<", ">=", "=~", "+", "-", "*",
    "/", "%", "^", "!", ".", ":", "$", "#", "\n", "\"", "'", "`", "\\", "{{", "}}", " as ", " by ",
    " and ", " or ", " not ", " like ", " in ", " asc", " desc", " multi", " into ",
];

const VALUES: [&str; 16] = [
    "a",
    "b.c",
    "@timestamp",
    "`d e`",
    "1",
    "2.5",
    "5m",
    "'text'",
    "\"*\"",
    "/x(?<n>.)/",
    "n",
    "count(*)",
    "sum(a)",
    "bin(1h)",
    "r[0].x",
    "true",
];

/// A text of pieces that queries are made of, mostly in no order.
fn soup() -> impl Strategy<Value = String> {
    let word =
        prop::sample::select(COMMANDS.to_vec()).prop_map(|word| format!("| {} ", word.as_str()));
    let function = prop::sample::select(FUNCTIONS.to_vec())
        .prop_map(|function| format!("{}(", function.name()));
    let piece = prop_oneof![
        2 => prop::sample::select(SYMBOLS.to_vec()).prop_map(str::to_owned),
        3 => prop::sample::select(VALUES.to_vec()).prop_map(|value| format!(" {value}")),
        1 => word,
        1 => function,
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// A question with pieces of others put into it or cut out of it.
fn mutant() -> impl Strategy<Value = String> {
    let question = || prop::sample::select(questions());
    let place = any::<prop::sample::Index>;
    (question(), question(), place(), place(), place()).prop_map(|(one, other, at, cut, piece)| {
        let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
        let at = at.index(one.len());
        let until = at + cut.index(8).min(one.len() - at);
        let piece = piece.index(other.len());
        let inserted = &other[piece..other.len().min(piece + 12)];
        one[..at]
            .iter()
            .chain(inserted)
            .chain(&one[until..])
            .collect()
    })
}

/// Reads; what is read must come back, what is refused must be so at a place within the text.
fn survives(text: &str) {
    match parse(text) {
        Ok(_) => round_trip(text),
        Err(error) => {
            let chars = text.chars().count();
            assert!(
                error.location.start_char_offset <= error.location.end_char_offset,
                "{text}"
            );
            assert!(error.location.end_char_offset <= chars, "{text}");
            assert!(!error.to_string().is_empty());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_survived(text in any::<String>()) {
        survives(&text);
    }

    #[test]
    fn any_soup_is_survived(text in soup()) {
        survives(&text);
    }

    #[test]
    fn any_mutant_is_survived(text in mutant()) {
        survives(&text);
    }
}
