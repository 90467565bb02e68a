//! Drops the whitespace between tokens, so that a body fits on one line of a file of records.

use super::scan::{Scanner, Visit};

/// Minifies a JSON text that comes in chunks.
///
/// What was written is only worth keeping when [`Minifier::finish`] says that the whole text was valid.
#[derive(Debug)]
pub struct Minifier {
    scanner: Scanner,
    state: WriterState,
}

impl Default for Minifier {
    fn default() -> Self {
        Self::new()
    }
}

impl Minifier {
    /// Starts a text.
    pub fn new() -> Self {
        Self {
            scanner: Scanner::new(),
            state: WriterState::default(),
        }
    }

    /// Takes the next bytes and appends their minified form to `out`. Returns whether the text can still be valid.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> bool {
        out.reserve(chunk.len());
        let mut writer = Writer {
            out,
            state: &mut self.state,
        };
        self.scanner.feed(chunk, &mut writer);
        self.scanner.is_sound()
    }

    /// Says that the text is over, and answers whether it was one valid JSON text.
    pub fn finish(mut self) -> bool {
        let mut nothing = Vec::new();
        let mut writer = Writer {
            out: &mut nothing,
            state: &mut self.state,
        };
        self.scanner.finish(&mut writer)
    }
}

/// Appends the minified form of `text` to `out`. Leaves `out` as it was, and returns `false`, where `text` is
/// no valid JSON.
pub fn minify(text: &[u8], out: &mut Vec<u8>) -> bool {
    let before = out.len();
    let mut minifier = Minifier::new();
    let valid = minifier.push(text, out) && minifier.finish();
    if !valid {
        out.truncate(before);
    }
    valid
}

/// Whether `text` is one valid JSON text.
pub fn is_valid(text: &[u8]) -> bool {
    let mut scanner = Scanner::new();
    scanner.feed(text, &mut Ignore);
    scanner.finish(&mut Ignore)
}

/// Whether the string being written has had its opening quote.
#[derive(Debug, Default)]
pub(crate) struct WriterState {
    inside_string: bool,
}

/// Writes what it visits, without the whitespace.
pub(crate) struct Writer<'a> {
    out: &'a mut Vec<u8>,
    state: &'a mut WriterState,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>, state: &'a mut WriterState) -> Self {
        Self { out, state }
    }

    fn quoted(&mut self, part: &[u8], last: bool) {
        if !self.state.inside_string {
            self.out.push(b'"');
        }
        self.out.extend_from_slice(part);
        if last {
            self.out.push(b'"');
        }
        self.state.inside_string = !last;
    }
}

impl Visit for Writer<'_> {
    fn open(&mut self, object: bool) {
        self.out.push(if object { b'{' } else { b'[' });
    }

    fn close(&mut self, object: bool) {
        self.out.push(if object { b'}' } else { b']' });
    }

    fn key(&mut self, part: &[u8], last: bool) {
        self.quoted(part, last);
    }

    fn string(&mut self, part: &[u8], last: bool) {
        self.quoted(part, last);
    }

    fn literal(&mut self, part: &[u8], _last: bool) {
        self.out.extend_from_slice(part);
    }

    fn comma(&mut self) {
        self.out.push(b',');
    }

    fn colon(&mut self) {
        self.out.push(b':');
    }
}

struct Ignore;

impl Visit for Ignore {
    fn open(&mut self, _object: bool) {}
    fn close(&mut self, _object: bool) {}
    fn key(&mut self, _part: &[u8], _last: bool) {}
    fn string(&mut self, _part: &[u8], _last: bool) {}
    fn literal(&mut self, _part: &[u8], _last: bool) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let mut out = Vec::new();
        let valid = minify(text.as_bytes(), &mut out);
        let got = valid.then(|| String::from_utf8(out).unwrap());
        assert_eq!(got.as_deref(), expected, "{text}");
    }

    #[test]
    fn whitespace_goes_and_everything_else_stays() {
        check(
            " { \"a\" : [ 1.50e+3 , -0 , true , null ] ,\n\t\"b c\":\"\\u00e9 \\\" x\"} \r\n",
            Some("{\"a\":[1.50e+3,-0,true,null],\"b c\":\"\\u00e9 \\\" x\"}"),
        );
        check("{\"a\":1,\"a\":2}", Some("{\"a\":1,\"a\":2}"));
        check(" 12 ", Some("12"));
        check("\"\\ud83d\"", Some("\"\\ud83d\""));
        check("[]", Some("[]"));
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in [
            "",
            " ",
            "{",
            "}",
            "[1,]",
            "{\"a\":1,}",
            "{\"a\"}",
            "{a:1}",
            "01",
            "1.",
            "1e",
            "-",
            "tru",
            "truex",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"a\nb\"",
            "[1}",
            "{\"a\":1]",
            "1 2",
            "'a'",
            "nul",
            "[1 2]",
            "\u{feff}{}",
        ] {
            check(text, None);
        }
        assert!(!is_valid(b"\"\xff\""));
        assert!(!is_valid(b"\"\xe2\x82\""));
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| ["[".repeat(depth), "]".repeat(depth)].concat();
        assert!(is_valid(nested(500).as_bytes()));
        assert!(!is_valid(nested(501).as_bytes()));
        assert!(!is_valid(nested(1_000_000).as_bytes()));
    }

    proptest::proptest! {
        /// A second, independent parser is the judge of validity and of what stays.
        #[test]
        fn agrees_with_serde_json(text in "[\\[\\]{}:,\"\\\\a1e.\\-+ tu0é\n]{0,24}", cut in 0usize..24) {
            let bytes = text.as_bytes();
            let judged = serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok();
            let (first, second) = bytes.split_at(cut.min(bytes.len()));
            let mut out = Vec::new();
            let mut minifier = Minifier::new();
            minifier.push(first, &mut out);
            minifier.push(second, &mut out);
            proptest::prop_assert_eq!(minifier.finish(), judged, "{}", text);
            let mut whole = Vec::new();
            if minify(bytes, &mut whole) {
                proptest::prop_assert_eq!(whole, out);
            }
        }

        #[test]
        fn values_survive_any_chunking(
            keys in proptest::collection::vec(".{0,8}", 0..6),
            number in proptest::num::f64::NORMAL,
            size in 1usize..7,
        ) {
            let value = serde_json::json!({"k": keys, "n": number, "deep": [[{"x": null}]]});
            let pretty = serde_json::to_vec_pretty(&value).unwrap();
            let mut out = Vec::new();
            let mut minifier = Minifier::new();
            for chunk in pretty.chunks(size) {
                proptest::prop_assert!(minifier.push(chunk, &mut out));
            }
            proptest::prop_assert!(minifier.finish());
            proptest::prop_assert_eq!(out, serde_json::to_vec(&value).unwrap());
        }
    }
}
