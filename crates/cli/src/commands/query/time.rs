//! Points in time as people write them on the command line, in UTC unless they say otherwise.

use std::time::Duration;

use corelog_types::{Timestamp, parse_duration};

/// A point in time: fixed, or so long before now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Then.
    At(Timestamp),
    /// So long ago.
    Ago(Duration),
}

impl Moment {
    /// The time, if it is `now`.
    pub fn at(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(time) => time,
            Self::Ago(ago) => {
                let ago = u64::try_from(ago.as_millis()).unwrap_or(u64::MAX);
                Timestamp::from_unix_ms(now.unix_ms().saturating_sub(ago))
            }
        }
    }

    pub(super) fn seconds(self, now: Timestamp) -> u64 {
        self.at(now).unix_ms() / 1_000
    }
}

/// Reads `2026-11-20`, `2026-11-20T09:15`, `2026-11-20 09:15:42+01:00`, seconds or milliseconds since the epoch, `2h`
/// for two hours ago, or `now`.
pub(in crate::commands) fn moment(text: &str) -> Result<Moment, String> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("now") {
        return Ok(Moment::Ago(Duration::ZERO));
    }
    if let Ok(ago) = parse_duration(text) {
        return Ok(Moment::Ago(ago));
    }
    let time = number(text).or_else(|| date(text));
    time.map(Moment::At).ok_or_else(|| {
        "write a time such as `2026-11-20`, `2026-11-20T09:15:42`, `1763630142`, `2h` for two hours ago, or `now`"
            .to_owned()
    })
}

/// Ten digits are seconds and thirteen milliseconds, from 2001 to 2286.
fn number(text: &str) -> Option<Timestamp> {
    let number: u64 = text.parse().ok()?;
    match text.len() {
        10 => Some(Timestamp::from_unix_ms(number * 1_000)),
        13 => Some(Timestamp::from_unix_ms(number)),
        _ => None,
    }
}

fn date(text: &str) -> Option<Timestamp> {
    let (day, rest) = match text.split_once(['T', ' ']) {
        Some((day, rest)) => (day, rest),
        None => (text, "00:00"),
    };
    let (clock, offset_ms) = zone(rest)?;
    let clock = if clock.len() == 5 {
        format!("{clock}:00")
    } else {
        clock.to_owned()
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((&clock, ""));
    let written = format!("{day}T{clock}Z");
    let time = Timestamp::parse_amz_date(&written.replace(['-', ':'], ""))?;
    // A day that its month does not have would be one of the next.
    if time.rfc3339_seconds() != written {
        return None;
    }
    let ms = match fraction.len() {
        0 => 0,
        1..=3 => format!("{fraction:0<3}").parse::<i64>().ok()?,
        _ => return None,
    };
    let ms = i64::try_from(time.unix_ms()).ok()? + ms - offset_ms;
    u64::try_from(ms).ok().map(Timestamp::from_unix_ms)
}

/// A time of day without its zone, and how much that is ahead of UTC.
fn zone(text: &str) -> Option<(&str, i64)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let Some(at) = text.find(['+', '-']) else {
        return Some((text, 0));
    };
    let (clock, offset) = text.split_at(at);
    let (hours, minutes) = offset[1..].split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let minutes = hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?;
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    Some((clock, sign * minutes * 60_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_write_times_in_many_ways() {
        // From `date -u -d '2026-11-20 09:15:42' +%s`.
        const AT: u64 = 1_795_166_142;
        let at = |text: &str| match moment(text) {
            Ok(Moment::At(time)) => Some(time.unix_ms()),
            _ => None,
        };
        for text in [
            "2026-11-20T09:15:42",
            "2026-11-20 09:15:42",
            "2026-11-20T09:15:42Z",
            "2026-11-20T10:15:42+01:00",
            "2026-11-20T03:45:42-05:30",
            "1795166142",
            "1795166142000",
        ] {
            assert_eq!(at(text), Some(AT * 1_000), "{text}");
        }
        assert_eq!(at("2026-11-20T09:15:42.5Z"), Some(AT * 1_000 + 500));
        assert_eq!(at("2026-11-20T09:15"), Some((AT - 42) * 1_000));
        assert_eq!(at("2026-11-20"), Some((AT - 33_342) * 1_000));
        let now = Timestamp::from_unix_ms(AT * 1_000);
        assert_eq!(moment("2h").unwrap().seconds(now), AT - 7_200);
        assert_eq!(moment("now").unwrap().seconds(now), AT);
        assert_eq!(moment("99999d").unwrap().seconds(now), 0);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "yesterday",
            "2026-02-30",
            "2026-13-01",
            "12",
            "2026-11-20T25:00",
            "2026-11-20T9",
            "2026-11-20T09:15+1",
            "2026-11-20T09:15:42.1234",
            "-1h",
            "é026-11-20",
            "2026-11-20T09:15:42+é0:00",
        ] {
            assert!(moment(text).is_err(), "{text}");
        }
    }
}
