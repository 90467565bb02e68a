//! Ids of traces and spans, and ids made of them.

use corelog_types::RecordId;
use sha2::{Digest as _, Sha256};

use crate::request::SpanKey;

/// The bytes of hex digits; nothing where it is no hex.
pub(crate) fn bytes_of_hex(text: &str) -> Vec<u8> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| {
            digit
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0 && digits.len() <= 64);
    let pairs = digits.unwrap_or_default();
    pairs.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// Lower-case hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| {
            [
                DIGITS[usize::from(byte >> 4)],
                DIGITS[usize::from(byte & 15)],
            ]
        })
        .map(char::from)
        .collect()
}

/// The first bytes of a hash of the pieces, under a name that keeps uses apart.
pub(crate) fn digest<const N: usize>(name: &str, pieces: &[&[u8]]) -> [u8; N] {
    let mut hash = Sha256::new();
    hash.update(name);
    for piece in pieces {
        hash.update([0]);
        hash.update(piece);
    }
    let mut first = [0; N];
    for (to, from) in first.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    first
}

/// The record's id of a span's call: the same whenever the span is sent.
pub(crate) fn record_id(key: SpanKey, start_ms: u64) -> RecordId {
    RecordId::from_parts(start_ms, digest("record", &[&key.trace, &key.span]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_there_and_back() {
        assert_eq!(bytes_of_hex("00fF10"), [0, 255, 16]);
        assert_eq!(hex(&[0, 255, 16]), "00ff10");
        for none in ["", "0", "0g", "é0", &"0".repeat(66)] {
            assert!(bytes_of_hex(none).is_empty(), "{none}");
        }
    }

    #[test]
    fn a_span_has_one_record() {
        let key = SpanKey {
            trace: [7; 16],
            span: [9; 8],
        };
        let id = record_id(key, 1_795_000_000_123);
        assert_eq!(id, record_id(key, 1_795_000_000_123));
        assert_eq!(id.unix_ms(), 1_795_000_000_123);
        let other = SpanKey {
            span: [8; 8],
            ..key
        };
        assert_ne!(id, record_id(other, 1_795_000_000_123));
    }
}
