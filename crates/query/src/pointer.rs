//! `@ptr`: what finds an event again, opaque to whoever carries it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Longer ones are not of our making.
const BYTES_MAX: usize = 4 << 10;

/// The place of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    /// Its log group.
    pub group: String,
    /// Its time, in milliseconds since the epoch.
    pub timestamp_ms: i64,
    /// The node whose spool it came through, as 16 hex digits.
    pub node: String,
    /// The entry there.
    pub sequence: i64,
    /// Which of the entry's events.
    pub part: i32,
}

/// The pointer of an event.
pub(crate) fn write(
    group: &str,
    timestamp_ms: i64,
    node: &str,
    sequence: i64,
    part: i32,
) -> String {
    URL_SAFE_NO_PAD.encode(format!(
        "{group}\n{timestamp_ms}\n{node}{sequence:016x}{part:08x}"
    ))
}

impl Pointer {
    /// Reads a pointer; `None` if it is none of ours.
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > BYTES_MAX {
            return None;
        }
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let mut lines = text.split('\n');
        let (group, time, position) = (lines.next()?, lines.next()?, lines.next()?);
        let is_place = position.len() == 40 && position.bytes().all(|b| b.is_ascii_hexdigit());
        if lines.next().is_some() || !is_place {
            return None;
        }
        Some(Self {
            group: group.to_owned(),
            timestamp_ms: time.parse().ok()?,
            node: position[..16].to_owned(),
            sequence: i64::from_str_radix(&position[16..32], 16).ok()?,
            part: i32::from_str_radix(&position[32..], 16).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_comes_back() {
        let text = write("/a/b", 12, "00000000000000ff", 77, 3);
        let pointer = Pointer {
            group: "/a/b".to_owned(),
            timestamp_ms: 12,
            node: "00000000000000ff".to_owned(),
            sequence: 77,
            part: 3,
        };
        assert_eq!(Pointer::read(&text), Some(pointer));
    }

    #[test]
    fn what_is_no_pointer_is_refused() {
        for text in ["", "x", "%%%", &"A".repeat(10_000)] {
            assert_eq!(Pointer::read(text), None);
        }
        assert_eq!(Pointer::read(&URL_SAFE_NO_PAD.encode("g\n1\nzz")), None);
    }
}
