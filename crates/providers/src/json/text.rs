//! Strings in and out of JSON.

use std::borrow::Cow;

/// The text of a raw string (what is between the quotes). Lone surrogates and bytes that are no UTF-8 become
/// U+FFFD; an escape that is none stays as it is.
pub fn unescape(raw: &[u8]) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'\\', raw) else {
        return String::from_utf8_lossy(raw);
    };
    let mut out = Vec::with_capacity(raw.len());
    out.extend_from_slice(&raw[..first]);
    let mut rest = &raw[first..];
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = unescape_one(&rest[at..], &mut out);
    }
    out.extend_from_slice(rest);
    Cow::Owned(match String::from_utf8(out) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    })
}

/// Takes the escape at the front of `text` (which starts with a backslash) and returns what follows it.
fn unescape_one<'a>(text: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let plain = match text.get(1) {
        Some(b'n') => b'\n',
        Some(b't') => b'\t',
        Some(b'r') => b'\r',
        Some(b'b') => 8,
        Some(b'f') => 12,
        Some(byte @ (b'"' | b'\\' | b'/')) => *byte,
        Some(b'u') => return unescape_unicode(text, out),
        _ => {
            out.push(b'\\');
            return &text[1..];
        }
    };
    out.push(plain);
    &text[2..]
}

fn unescape_unicode<'a>(text: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let Some(first) = hex4(text) else {
        out.push(b'\\');
        return &text[1..];
    };
    let (code, length) = match (first, text.get(6..).and_then(hex4)) {
        (0xd800..0xdc00, Some(second @ 0xdc00..0xe000)) => {
            (0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00), 12)
        }
        _ => (first, 6),
    };
    let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    &text[length..]
}

/// The number in a `\uXXXX` at the front of `text`.
fn hex4(text: &[u8]) -> Option<u32> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    let mut number = 0;
    for digit in digits {
        number = number * 16 + char::from(*digit).to_digit(16)?;
    }
    Some(number)
}

/// Appends `text` as a JSON string, quotes included.
pub fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    write_escaped(text, out);
    out.push(b'"');
}

/// Appends the value whose JSON was streamed in the pieces of a string; `raw` is the inside of that string.
///
/// A value that was cut off, or never was JSON, stays the string it was streamed as: what the model said is kept,
/// and a reader can tell it from a value by its type.
pub(crate) fn write_streamed(raw: &[u8], out: &mut Vec<u8>) {
    let text = unescape(raw);
    if !super::minify(text.as_bytes(), out) {
        out.push(b'"');
        out.extend_from_slice(raw);
        out.push(b'"');
    }
}

/// Appends what goes between the quotes.
fn write_escaped(text: &str, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let bytes = text.as_bytes();
    let mut written = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let short = match byte {
            b'"' => b'"',
            b'\\' => b'\\',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            8 => b'b',
            12 => b'f',
            0..0x20 => b'u',
            _ => continue,
        };
        out.extend_from_slice(&bytes[written..at]);
        written = at + 1;
        out.extend_from_slice(&[b'\\', short]);
        if short == b'u' {
            let (high, low) = (usize::from(byte >> 4), usize::from(byte & 15));
            out.extend_from_slice(&[b'0', b'0', HEX[high], HEX[low]]);
        }
    }
    out.extend_from_slice(&bytes[written..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read() {
        let check = |raw: &str, text: &str| assert_eq!(unescape(raw.as_bytes()), text, "{raw}");
        check("plain é", "plain é");
        check("a\\n\\t\\\"\\\\\\/b", "a\n\t\"\\/b");
        check("\\ud83d\\ude00!", "😀!");
        check("\\ud83d x", "\u{fffd} x");
        check("\\u00e9", "é");
        check("\\", "\\");
        check("\\q\\u12", "\\q\\u12");
    }

    proptest::proptest! {
        #[test]
        fn written_strings_read_back(text in ".*") {
            let mut out = Vec::new();
            write_string(&text, &mut out);
            proptest::prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text.clone());
            proptest::prop_assert_eq!(unescape(&out[1..out.len() - 1]), text);
        }

        #[test]
        fn unescape_never_panics(raw in proptest::collection::vec(proptest::num::u8::ANY, 0..32), text in "[\\\\ud8cDE0-9]{0,24}") {
            let _ = unescape(&raw);
            let _ = unescape(text.as_bytes());
        }
    }
}
