//! Recognises a part that is the part before it with another text: nearly every part of a chat is. Its facts are
//! known then, and its text can be taken without looking at the rest again.

use memchr::memmem;

/// Fields of random length, which keep token lengths from being guessed from sizes. They never matter.
const PADDING: [&[u8]; 2] = [b"\"obfuscation\":\"", b"\"p\":\""];

/// The part before, cut at its text and at its padding.
#[derive(Debug, Default)]
pub(super) struct Repeat {
    known: bool,
    name: Vec<u8>,
    /// Up to the text.
    before: Vec<u8>,
    /// From the text to the padding; empty where there is none.
    between: Vec<u8>,
    /// From the text, or the padding, to the end.
    after: Vec<u8>,
}

impl Repeat {
    pub(super) fn forget(&mut self) {
        self.known = false;
    }

    /// Remembers a part by the text inside it.
    pub(super) fn remember(&mut self, name: &[u8], data: &[u8], text: &[u8]) {
        let start = text.as_ptr().addr().wrapping_sub(data.as_ptr().addr());
        let end = start.saturating_add(text.len());
        let (Some(before), Some(rest)) = (data.get(..start), data.get(end..)) else {
            return;
        };
        let (between, after) = without_padding(rest);
        self.known = before.ends_with(b"\"") && rest.starts_with(b"\"");
        let parts = [
            (&mut self.name, name),
            (&mut self.before, before),
            (&mut self.between, between),
            (&mut self.after, after),
        ];
        for (kept, bytes) in parts {
            kept.clear();
            kept.extend_from_slice(bytes);
        }
    }

    /// The text of a part that otherwise equals the one before. A text with escapes is left to the scanner.
    pub(super) fn text<'a>(&self, name: &[u8], data: &'a [u8]) -> Option<&'a [u8]> {
        if !self.known || self.name != name {
            return None;
        }
        let rest = data.strip_prefix(&self.before[..])?;
        let (text, rest) = rest.split_at(memchr::memchr(b'"', rest)?);
        let padding = rest
            .strip_prefix(&self.between[..])?
            .strip_suffix(&self.after[..])?;
        let padded = padding.iter().all(u8::is_ascii_alphanumeric)
            && (padding.is_empty() || !self.between.is_empty());
        let plain = text.iter().all(|byte| !matches!(byte, b'\\' | 0..0x20));
        (padded && plain && std::str::from_utf8(text).is_ok()).then_some(text)
    }
}

/// Splits what follows a text at its padding, which is left out.
fn without_padding(rest: &[u8]) -> (&[u8], &[u8]) {
    for field in PADDING {
        if let Some(at) = memmem::find(rest, field) {
            let (between, padded) = rest.split_at(at + field.len());
            let length = padded
                .iter()
                .take_while(|byte| byte.is_ascii_alphanumeric());
            let after = &padded[length.count()..];
            if after.starts_with(b"\"") {
                return (between, after);
            }
        }
    }
    (&[], rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_text_may_differ() {
        let data = br#"{"a":"xy","n":1}"#;
        let mut repeat = Repeat::default();
        assert_eq!(repeat.text(b"", data), None);
        repeat.remember(b"e", data, &data[6..8]);
        let check = |name: &[u8], data: &[u8], expected: Option<&[u8]>| {
            assert_eq!(repeat.text(name, data), expected);
        };
        check(b"e", br#"{"a":"hello","n":1}"#, Some(b"hello"));
        check(b"e", br#"{"a":"","n":1}"#, Some(b""));
        check(b"e", br#"{"a":"x","n":2}"#, None);
        check(b"f", br#"{"a":"x","n":1}"#, None);
        check(b"e", br#"{"a":"x\n","n":1}"#, None);
        check(b"e", br#"{"a":"x","b":"y","n":1}"#, None);
        check(b"e", br#"{"a":","n":1}"#, None);
        check(b"e", b"{\"a\":\"\xff\",\"n\":1}", None);
        repeat.forget();
        assert_eq!(repeat.text(b"e", data), None);
    }

    #[test]
    fn padding_may_differ() {
        let data = br#"{"t":"xy","n":1,"p":"abc"}"#;
        let mut repeat = Repeat::default();
        repeat.remember(b"", data, &data[6..8]);
        let check = |data: &[u8], expected: Option<&[u8]>| {
            assert_eq!(repeat.text(b"", data), expected);
        };
        check(br#"{"t":"z","n":1,"p":"abcdefgh"}"#, Some(b"z"));
        check(br#"{"t":"z","n":1,"p":""}"#, Some(b"z"));
        check(br#"{"t":"z","n":1,"p":"a","m":2}"#, None);
        check(br#"{"t":"z","n":2,"p":"a"}"#, None);
        check(br#"{"t":"z","n":1}"#, None);
    }
}
