//! What an index leaves out has nothing of what is asked for.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

fn index(messages: &[&str]) -> WordIndex {
    build::build(|| messages.iter().copied(), 1).unwrap()
}

/// The rows that may have a text.
fn chosen(index: &WordIndex, text: &Text) -> Vec<usize> {
    let Some(selection) = index.select(text) else {
        return (0..index.rows()).collect();
    };
    let mut rows = Vec::new();
    let mut at = 0;
    for selector in selection.iter() {
        let range = at..at + selector.row_count;
        at = range.end;
        rows.extend(range.filter(|_| !selector.skip));
    }
    assert_eq!(at, index.rows(), "a selection is of the whole file");
    rows
}

/// A message and the strings in it, which are so long that each message is a block.
const MESSAGES: [&str; 6] = [
    r#"{"prompt":"The warranty of my laptop","n":1}"#,
    r#"{"prompt":"Rate limit exceeded, retry later"}"#,
    r#"{"prompt":"Is there a limit to what laptops can do?"}"#,
    r#"{"prompt":"First line\nwarranties\tsecond"}"#,
    r#"{"prompt":"Une cafet\u00e9ria \u00fcberall"}"#,
    "plain text, without JSON: \u{fc}berall WARRANTY",
];

fn check(text: &str, expected: &[usize]) {
    let index = index(&MESSAGES);
    let text = Text::literal(text).unwrap();
    assert_eq!(chosen(&index, &text), expected, "{text}");
}

#[test]
fn a_word_is_found_where_it_is() {
    check("warranty", &[0, 5]);
    check("Warrant", &[0, 3, 5]);
    check("arranti", &[3]);
    check(" limit ", &[1, 2]);
    check("laptop ", &[0]);
    check("laptop\"", &[0]);
    check(" laptop", &[0, 2]);
    check("rate limit", &[1]);
    check("nowhere", &[]);
}

#[test]
fn a_text_is_found_as_written_and_as_read() {
    check("line\nwarranties", &[3]);
    check(r"line\nwarranties", &[3]);
    check("\u{fc}berall", &[4, 5]);
    check("ria \u{fc}ber", &[4]);
    check(r"\u00e9ria", &[4]);
}

#[test]
fn parts_are_taken_together() {
    let index = index(&MESSAGES);
    let literal = Text::literal;
    let both = Text::all([literal("limit"), literal("laptop")]).unwrap();
    assert_eq!(chosen(&index, &both), [2]);
    let either = Text::either([literal("exceeded"), literal("warranty")]).unwrap();
    assert_eq!(chosen(&index, &either), [0, 1, 5]);
    let one = Text::all([literal("t"), literal("exceeded")]).unwrap();
    assert_eq!(chosen(&index, &one), [1]);
}

#[test]
fn an_index_comes_back_from_its_bytes() {
    let index = index(&MESSAGES);
    let bytes = stored::write(&index).unwrap();
    let index = WordIndex {
        // `prompt` is in five of six blocks, which counts as in all.
        places: index
            .places
            .iter()
            .map(|it| if it.count_ones() > 3 { u128::MAX } else { *it })
            .collect(),
        ..index
    };
    assert_eq!(stored::read(&bytes).unwrap(), index);
    for length in 0..bytes.len() {
        assert_eq!(stored::read(&bytes[..length]), None, "cut at {length}");
    }
    for at in 0..bytes.len() {
        let mut broken = bytes.clone();
        broken[at] ^= 0x10;
        let read = stored::read(&broken);
        assert!(read.is_none_or(|read| read == index), "changed at {at}");
    }
}

#[test]
fn words_of_many_blocks_come_back_too() {
    let message = |row: usize| match row {
        row if row % 2 == 0 => "common even words",
        row if row < 21 => "common few",
        row if row % 3 == 0 => "common third words",
        _ => "common",
    };
    // As long as each other, so that each is a block.
    let messages: Vec<String> = (0..100).map(|row| format!("{:20}", message(row))).collect();
    let built = build::build(|| messages.iter().map(String::as_str), 1).unwrap();
    let index = stored::read(&stored::write(&built).unwrap()).unwrap();
    let rows = |wanted: fn(&usize) -> bool| (0..100).filter(wanted).collect::<Vec<_>>();
    for (word, expected) in [
        ("common", rows(|_| true)),
        ("even", rows(|row| row % 2 == 0)),
        ("few", rows(|row| row % 2 == 1 && *row < 21)),
        ("third", rows(|row| row % 6 == 3 && *row > 20)),
        // In more than half of them, which counts as in all.
        ("words", rows(|_| true)),
        ("none", rows(|_| false)),
    ] {
        let text = Text::literal(word).unwrap();
        assert_eq!(chosen(&index, &text), expected, "{word}");
    }
}

#[test]
fn small_files_have_no_index() {
    let large = "word ".repeat(FILE_BYTES_MIN / 5 + 1);
    assert!(index_of(&StringArray::from(vec!["word"; 100])).is_none());
    assert!(index_of(&StringArray::from(vec![large.as_str()])).is_some());
}

/// Pieces of messages: letters in either case, what divides words, and what JSON writes in another way.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-cA-C]{1,4}",
        1 => prop::sample::select(vec![
            " ", "1", "\"", "\\", "\n", "\t", "\u{8}", "/", "\u{e9}", "\u{17f}", "\u{212a}", "k",
            "s", "\u{1f600}", "n", "t", "u", "u00e9", "0061", "_",
        ]).prop_map(str::to_owned),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 1..12).prop_map(|pieces| pieces.concat())
}

/// A string as JSON, its characters escaped where `bits` say so.
fn json(text: &str, bits: u64) -> String {
    let mut out = String::from("{\"field\":\"");
    for (at, c) in text.chars().enumerate() {
        let mut units = [0; 2];
        match c {
            _ if bits & (1 << (at % 64)) != 0 => {
                for unit in c.encode_utf16(&mut units) {
                    write!(out, "\\u{unit:04x}").unwrap();
                }
            }
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '/' => out.push_str("\\/"),
            c => out.push(c),
        }
    }
    out + "\"}"
}

proptest! {
    /// Whatever part of a text is asked for, in whatever case: its row is among those chosen.
    #[test]
    fn no_row_is_missed(
        texts in prop::collection::vec(text(), 1..8),
        masks in prop::collection::vec(prop_oneof![Just(0), any::<u64>(), Just(u64::MAX)], 8),
        row in any::<prop::sample::Index>(),
        from in any::<prop::sample::Index>(),
        length in 1..12_usize,
        in_upper_case in any::<bool>(),
        as_written in any::<bool>(),
    ) {
        let messages: Vec<String> = texts
            .iter()
            .zip(&masks)
            .map(|(text, mask)| json(text, *mask))
            .collect();
        let built = build::build(|| messages.iter().map(String::as_str), 1).unwrap();
        let index = stored::read(&stored::write(&built).unwrap()).unwrap();
        let row = row.index(texts.len());
        let seen = if as_written { &messages[row] } else { &texts[row] };
        let seen: Vec<char> = seen.chars().collect();
        let from = from.index(seen.len());
        let mut part: String = seen[from..].iter().take(length).collect();
        if in_upper_case {
            part.make_ascii_uppercase();
        }
        if let Some(text) = Text::literal(&part) {
            let chosen = chosen(&index, &text);
            prop_assert!(chosen.contains(&row), "{part:?} of {:?}", messages[row]);
        }
    }
}
