//! `@ptr`: where an event is, as text that callers carry about.
//!
//! It is base64 (URL-safe, without padding) of the log group, the time and the place, a line each, the place being 16
//! hex digits of the node, 16 of the sequence and 8 of the part. Callers take it for opaque.

use std::fmt;
use std::str::FromStr;

use crate::{LogGroupName, NodeId, Sequence};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Longer ones are not of our making: the name of a group has 512 characters.
const TEXT_BYTES_MAX: usize = 1_024;
const PLACE_DIGITS: usize = 40;

/// Where an event is: the `@ptr` of its row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventPointer {
    /// Its log group.
    pub group: LogGroupName,
    /// Its time, milliseconds since the epoch.
    pub timestamp_ms: i64,
    /// The node that took it.
    pub node: NodeId,
    /// The entry of that node's spool.
    pub sequence: Sequence,
    /// Which event of that entry.
    pub part: u32,
}

/// The text is no pointer to an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no pointer to a log event")]
pub struct InvalidPointer;

impl fmt::Display for EventPointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            group,
            timestamp_ms,
            node,
            sequence,
            part,
        } = self;
        let sequence = sequence.to_u64();
        let text = format!("{group}\n{timestamp_ms}\n{node}{sequence:016x}{part:08x}");
        f.write_str(&URL_SAFE_NO_PAD.encode(text))
    }
}

impl FromStr for EventPointer {
    type Err = InvalidPointer;

    fn from_str(text: &str) -> Result<Self, InvalidPointer> {
        read(text).ok_or(InvalidPointer)
    }
}

fn read(text: &str) -> Option<EventPointer> {
    if text.len() > TEXT_BYTES_MAX {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let mut lines = text.split('\n');
    let (group, time, place) = (lines.next()?, lines.next()?, lines.next()?);
    let digits = |byte: u8| byte.is_ascii_hexdigit();
    if lines.next().is_some() || place.len() != PLACE_DIGITS || !place.bytes().all(digits) {
        return None;
    }
    let number = |from: usize, to: usize| u64::from_str_radix(&place[from..to], 16).ok();
    Some(EventPointer {
        group: LogGroupName::new(group).ok()?,
        timestamp_ms: time.parse().ok()?,
        node: NodeId::from_u64(number(0, 16)?),
        sequence: Sequence::from_u64(number(16, 32)?),
        part: u32::try_from(number(32, 40)?).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointer() -> EventPointer {
        EventPointer {
            group: LogGroupName::new("/corelog/invocations").unwrap(),
            timestamp_ms: 1_795_166_142_123,
            node: NodeId::from_u64(0xab),
            sequence: Sequence::from_u64(0x1_0000),
            part: 7,
        }
    }

    #[test]
    fn a_pointer_is_three_lines_in_base64() {
        let text = pointer().to_string();
        let decoded = URL_SAFE_NO_PAD.decode(&text).unwrap();
        assert_eq!(
            String::from_utf8(decoded).unwrap(),
            "/corelog/invocations\n1795166142123\n00000000000000ab000000000001000000000007"
        );
        assert_eq!(text.parse(), Ok(pointer()));
    }

    #[test]
    fn what_strangers_send_is_no_pointer() {
        let check = |inside: &str| {
            let text = URL_SAFE_NO_PAD.encode(inside);
            assert_eq!(
                text.parse::<EventPointer>(),
                Err(InvalidPointer),
                "{inside}"
            );
        };
        let place = "0".repeat(PLACE_DIGITS);
        check("");
        check("/g\n5");
        check(&format!("/g\nx\n{place}"));
        check(&format!("a b\n5\n{place}"));
        check(&format!("/g\n5\n{place}0"));
        check(&format!("/g\n5\n{place}\n"));
        check(&format!("/g\n5\n+{}", &place[1..]));
        check(&format!("/g\n5\n{}é", &place[2..]));
        for text in ["", "%", "aGVsbG8=", &"A".repeat(TEXT_BYTES_MAX + 1)] {
            assert!(text.parse::<EventPointer>().is_err(), "{text}");
        }
    }
}
