//! The tokens of a JSON text, each checked as it is passed.

use std::borrow::Cow;

use crate::number::Number;

/// A place in a text.
pub(crate) struct Scan<'t> {
    text: &'t str,
    at: usize,
}

/// What stands between quotes, known to be well-formed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quoted<'t> {
    raw: &'t str,
    escaped: bool,
}

impl<'t> Quoted<'t> {
    /// What it means.
    pub(crate) fn text(self) -> Cow<'t, str> {
        if self.escaped {
            Cow::Owned(unescape(self.raw))
        } else {
            Cow::Borrowed(self.raw)
        }
    }
}

impl<'t> Scan<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    fn bytes(&self) -> &'t [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Passes white space, and says what comes next.
    pub(crate) fn next(&mut self) -> Option<u8> {
        while let Some(byte) = self.byte() {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    /// Passes white space and this byte, if it comes next.
    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        let found = self.next() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Passes `true`, `false` or `null`.
    pub(crate) fn word(&mut self, word: &str) -> Option<()> {
        if !self.bytes().starts_with(word.as_bytes()) {
            return None;
        }
        self.at += word.len();
        Some(())
    }

    /// Passes a string and its quotes.
    pub(crate) fn string(&mut self) -> Option<Quoted<'t>> {
        if self.byte() != Some(b'"') {
            return None;
        }
        self.at += 1;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at += special(self.bytes())?;
            match self.byte()? {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    self.at += escape_length(self.bytes())?;
                }
                _ => return None,
            }
        }
        let raw = self.text.get(start..self.at)?;
        self.at += 1;
        Some(Quoted { raw, escaped })
    }

    /// Passes a number by JSON's grammar that can be computed with.
    pub(crate) fn number(&mut self) -> Option<&'t str> {
        let belongs = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let length = self.bytes().iter().take_while(|byte| belongs(byte)).count();
        let text = self.text.get(self.at..self.at + length)?;
        self.at += length;
        is_number(text).then_some(text)
    }
}

/// How far the next quote, backslash or control character is.
fn special(bytes: &[u8]) -> Option<usize> {
    const BLOCK: usize = 32;
    let (start, _) = bytes.split_at(bytes.len().min(BLOCK));
    if let Some(found) = special_in_words(start) {
        return Some(found);
    }
    let mut at = start.len();
    // Blocks are looked at whole, without a branch for each byte, so that the compiler uses wide registers: most of
    // what is recorded is long texts.
    while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<BLOCK>) {
        let mut found = 0;
        for byte in block {
            found |= u8::from(*byte == b'"') | u8::from(*byte == b'\\') | u8::from(*byte < b' ');
        }
        if found != 0 {
            break;
        }
        at += BLOCK;
    }
    special_in_words(bytes.get(at..)?).map(|found| at + found)
}

/// The same, eight bytes at a time.
fn special_in_words(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // Sets the high bit of a byte below `than`, and perhaps of bytes above such a one; the lowest is right.
    let below = |word: u64, than: u8| word.wrapping_sub(ONES * u64::from(than)) & !word & HIGH;
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let quote = below(word ^ (ONES * u64::from(b'"')), 1);
        let backslash = below(word ^ (ONES * u64::from(b'\\')), 1);
        let found = quote | backslash | below(word, b' ');
        if found != 0 {
            return Some(at * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let is_special = |byte: &u8| *byte == b'"' || *byte == b'\\' || *byte < b' ';
    let found = rest.iter().position(is_special);
    found.map(|found| words.len() * 8 + found)
}

/// How many bytes the escape takes that the bytes begin with, if it is one.
fn escape_length(bytes: &[u8]) -> Option<usize> {
    match bytes.get(1)? {
        b'n' | b't' | b'r' | b'b' | b'f' | b'"' | b'\\' | b'/' => Some(2),
        b'u' => match hex4(bytes.get(2..)?)? {
            0xD800..0xDC00 => {
                let low = bytes.get(6..)?.strip_prefix(b"\\u")?;
                (0xDC00..0xE000).contains(&hex4(low)?).then_some(12)
            }
            0xDC00..0xE000 => None,
            _ => Some(6),
        },
        _ => None,
    }
}

fn hex4(bytes: &[u8]) -> Option<u32> {
    let digits = bytes.get(..4)?.iter();
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    digits
        .map(digit)
        .try_fold(0, |value, digit| Some(value * 16 + digit?))
}

/// The meaning of a well-formed string's inside.
fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((plain, behind)) = rest.split_once('\\') {
        out.push_str(plain);
        let (meaning, length) = match behind.as_bytes().first() {
            Some(b'n') => ('\n', 1),
            Some(b't') => ('\t', 1),
            Some(b'r') => ('\r', 1),
            Some(b'b') => ('\u{8}', 1),
            Some(b'f') => ('\u{c}', 1),
            Some(b'u') => unicode(behind),
            Some(other) => (char::from(*other), 1),
            None => break,
        };
        out.push(meaning);
        rest = behind.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// Four hexadecimal digits behind `u`; two such make one character beyond the first plane.
fn unicode(text: &str) -> (char, usize) {
    let digits = |at: usize| text.as_bytes().get(at..).and_then(hex4).unwrap_or(0);
    let first = digits(1);
    let (code, length) = if (0xD800..0xDC00).contains(&first) {
        let second = digits(7).saturating_sub(0xDC00);
        (0x1_0000 + ((first - 0xD800) << 10) + second, 11)
    } else {
        (first, 5)
    };
    let meaning = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    (meaning, length)
}

/// Whether it is a number by JSON's grammar, and one that can be computed with.
fn is_number(text: &str) -> bool {
    /// So few digits without an exponent are a finite number.
    const SHORT: usize = 300;
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (digits, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let power = exponent.unwrap_or("0");
    let power = power.strip_prefix(['-', '+']).unwrap_or(power);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    let is_short = exponent.is_none() && text.len() <= SHORT;
    digits(whole)
        && !leading_zero
        && digits(fraction)
        && digits(power)
        && (is_short || Number::from_json(text).is_some())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::special;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_ends_or_changes_a_string_is_found_wherever_it_is(
            bytes in prop::collection::vec(prop_oneof![60 => 0x23_u8..=0xFF, 1 => any::<u8>()], 0..150),
        ) {
            let expected = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..b' '));
            prop_assert_eq!(special(&bytes), expected);
        }
    }
}
