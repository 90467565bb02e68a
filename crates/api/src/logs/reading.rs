//! What the two operations that read events have in common: which events, how large a page is, and what one is called.

use std::ops::Range;

use corelog_catalog::LogGroup;
use corelog_store::{Place, Position};
use corelog_types::{LogGroupName, NodeId, Sequence, Timestamp};

use super::{arn, group};
use crate::aws::{Context, Fault};

/// The most events of a page, and the most bytes of their messages.
pub(super) const EVENTS_MAX: usize = 10_000;
pub(super) const BYTES_MAX: usize = 1 << 20;
const DAY_MS: u64 = 86_400_000;

/// The group that a request names, in one of two ways.
pub(super) fn group_of(
    name: Option<&str>,
    identifier: Option<&str>,
    cx: &Context<'_>,
) -> Result<LogGroupName, Fault> {
    match (name, identifier) {
        (Some(name), None) => group::named(name),
        (None, Some(identifier)) => arn::group(cx.account(), identifier),
        (Some(_), Some(_)) => Err(Fault::invalid_parameter(
            "LogGroup name and LogGroup ARN are mutually exclusive parameters.",
        )),
        (None, None) => Err(Fault::invalid_parameter(
            "LogGroup name and LogGroup ARN cannot both be empty.",
        )),
    }
}

/// The places of a group's events from one time to just before another, without those that the group no longer keeps.
pub(super) fn places(group: &LogGroup, times: Range<u64>, now: Timestamp) -> Range<Place> {
    let kept_ms = group.retention_days.map(|days| u64::from(days) * DAY_MS);
    let oldest = kept_ms.map_or(0, |kept| now.unix_ms().saturating_sub(kept));
    let at = |ms| Place::first_at(Timestamp::from_unix_ms(ms));
    at(times.start.max(oldest))..at(times.end)
}

/// A time of a request: the model's table lets none be negative.
pub(super) fn ms(time: Option<i64>) -> Option<u64> {
    time.map(|ms| u64::try_from(ms).unwrap_or(0))
}

/// How many events a page may have.
pub(super) fn limit(limit: Option<i64>) -> usize {
    let limit = limit.and_then(|limit| usize::try_from(limit).ok());
    limit.unwrap_or(EVENTS_MAX).min(EVENTS_MAX)
}

/// A place in a token: its five numbers, with stops between them.
pub(super) fn write_place(place: &Place) -> String {
    let Position {
        node,
        sequence,
        part,
    } = place.position;
    let times = [place.ingested, place.timestamp].map(Timestamp::unix_ms);
    let (node, sequence) = (node.to_u64(), sequence.to_u64());
    format!("{}.{}.{node}.{sequence}.{part}", times[0], times[1])
}

/// A place that came back in a token.
pub(super) fn read_place(text: &str) -> Result<Place, Fault> {
    parse(text).ok_or_else(invalid_token)
}

/// What is said of a token that is none of ours.
pub(super) fn invalid_token() -> Fault {
    Fault::invalid_parameter("The specified nextToken is invalid.")
}

fn parse(text: &str) -> Option<Place> {
    let mut numbers = text.split('.').map(|digits| {
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse::<u64>().ok().filter(|_| plain)
    });
    let mut number = || numbers.next().flatten();
    let place = Place {
        ingested: Timestamp::from_unix_ms(number()?),
        timestamp: Timestamp::from_unix_ms(number()?),
        position: Position {
            node: NodeId::from_u64(number()?),
            sequence: Sequence::from_u64(number()?),
            part: u32::try_from(number()?).ok()?,
        },
    };
    numbers.next().is_none().then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place {
            timestamp: Timestamp::from_unix_ms(1_795_338_942_123),
            ingested: Timestamp::from_unix_ms(1_795_338_942_125),
            position: Position {
                node: NodeId::from_u64(u64::MAX),
                sequence: Sequence::from_u64(42),
                part: 9_999,
            },
        }
    }

    #[test]
    fn places_read_back_and_nothing_else_does() {
        let text = write_place(&place());
        assert_eq!(read_place(&text), Ok(place()));
        // The last line of a large import, and the end of time.
        let mut far = place();
        far.position.part = (1 << 31) - 1;
        far.timestamp = Timestamp::from_unix_ms(253_402_300_799_999);
        assert_eq!(read_place(&write_place(&far)), Ok(far));
        let foreign = [
            String::new(),
            text.replacen("42.", "", 1),
            format!("{text}.0"),
            text.replacen("42", "+42", 1),
            text.replacen("9999", "4294967296", 1),
            text.replace("18446744073709551615", "99999999999999999999"),
            "ä".repeat(35),
        ];
        for foreign in foreign {
            let fault = read_place(&foreign).unwrap_err();
            assert_eq!(fault.code(), "InvalidParameterException", "{foreign}");
        }
    }
}
