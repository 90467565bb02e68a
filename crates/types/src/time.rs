//! Points and spans of time as the record writes them.

use std::fmt;
use std::time::Duration;

/// Milliseconds since the Unix epoch, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(u64);

/// A timestamp taken apart: the civil date and time in UTC.
struct Civil {
    year: i64,
    month: u64,
    day: u64,
    hour: u64,
    minute: u64,
    second: u64,
    ms: u64,
}

impl Timestamp {
    /// Makes a timestamp of milliseconds since the epoch.
    pub const fn from_unix_ms(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the epoch.
    pub const fn unix_ms(self) -> u64 {
        self.0
    }

    /// `2026-11-20T09:15:42Z`, the form of the record's `timestamp`.
    pub fn rfc3339_seconds(self) -> String {
        let c = self.civil();
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
            c.year, c.month, c.day, c.hour, c.minute, c.second
        )
    }

    /// `2026-11-20T09:15:42.123Z`.
    pub fn rfc3339_ms(self) -> String {
        let c = self.civil();
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            c.year, c.month, c.day, c.hour, c.minute, c.second, c.ms
        )
    }

    /// `20261120T091542123Z`, the form in the name of a batch object.
    pub fn compact_ms(self) -> String {
        let c = self.civil();
        format!(
            "{:04}{:02}{:02}T{:02}{:02}{:02}{:03}Z",
            c.year, c.month, c.day, c.hour, c.minute, c.second, c.ms
        )
    }

    /// `20261120T091542Z`, the form of `x-amz-date`.
    pub fn amz_date(self) -> String {
        let c = self.civil();
        format!(
            "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
            c.year, c.month, c.day, c.hour, c.minute, c.second
        )
    }

    /// `2026/11/20/09`, the hour folder of the S3 layout.
    pub fn hour_folder(self) -> String {
        let c = self.civil();
        format!("{:04}/{:02}/{:02}/{:02}", c.year, c.month, c.day, c.hour)
    }

    /// `2026-11-20`, the day in UTC.
    pub fn day(self) -> String {
        let c = self.civil();
        format!("{:04}-{:02}-{:02}", c.year, c.month, c.day)
    }

    /// Reads `2026-11-20T09:15:42.123Z`, as [`Self::rfc3339_ms`] writes it; `None` for anything else.
    pub fn parse_rfc3339_ms(text: &str) -> Option<Self> {
        let (seconds, ms) = text.strip_suffix('Z')?.split_once('.')?;
        let compact = seconds.replace(['-', ':'], "");
        let whole = Self::parse_amz_date(&format!("{compact}Z"))?;
        let time = Self(whole.0 + ms.parse::<u64>().ok()?);
        (time.rfc3339_ms() == text).then_some(time)
    }

    /// Reads any RFC 3339 time from 1970 on, such as `2026-11-20T10:15:42.123456+01:00`; what is finer than milliseconds
    /// is cut. `None` for anything else.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let (civil, rest) = text.split_at_checked(19)?;
        let marks = [(4, "-"), (7, "-"), (10, "Tt "), (13, ":"), (16, ":")];
        let is_marked = |&(at, any): &(usize, &str)| any.as_bytes().contains(&civil.as_bytes()[at]);
        if !civil.is_ascii() || !marks.iter().all(is_marked) {
            return None;
        }
        let part = |at: usize| &civil[at..at + 2];
        let (date, time) = (
            [&civil[..4], part(5), part(8)].concat(),
            [part(11), part(14), part(17)].concat(),
        );
        let whole = Self::parse_amz_date(&format!("{date}T{time}Z"))?;
        // The thirtieth of February is no other day.
        if whole.day() != civil[..10] {
            return None;
        }
        let (ms, zone) = match rest.strip_prefix('.') {
            None => (0, rest),
            Some(rest) => {
                let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                let (digits, zone) = rest.split_at(digits);
                let ms = format!("{digits:0<3}").get(..3)?.parse::<u64>().ok()?;
                (if digits.is_empty() { return None } else { ms }, zone)
            }
        };
        let offset_ms = zone_ms(zone)?;
        (whole.0 + ms).checked_add_signed(-offset_ms).map(Self)
    }

    /// Reads `20261120T091542Z`, the form of `x-amz-date`; `None` for anything else.
    pub fn parse_amz_date(text: &str) -> Option<Self> {
        let digits = |range: std::ops::Range<usize>| -> Option<u64> {
            let digits = text.get(range)?;
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| digits.parse().ok()).flatten()
        };
        if text.len() != 16 || !text.is_char_boundary(15) || !text.ends_with('Z') {
            return None;
        }
        if text.get(8..9)? != "T" {
            return None;
        }
        let (year, month, day) = (digits(0..4)?, digits(4..6)?, digits(6..8)?);
        let (hour, minute, second) = (digits(9..11)?, digits(11..13)?, digits(13..15)?);
        let fits = year >= 1970 && (1..=12).contains(&month) && (1..=31).contains(&day);
        if !fits || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        // After Howard Hinnant's `days_from_civil`.
        let shifted_year = year - u64::from(month <= 2);
        let shifted_month = (month + 9) % 12;
        let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
        let days = shifted_year * 365 + shifted_year / 4 - shifted_year / 100
            + shifted_year / 400
            + day_of_year;
        let seconds = ((days.checked_sub(719_468)? * 24 + hour) * 60 + minute) * 60 + second;
        Some(Self(seconds * 1_000))
    }

    /// Days to a civil date after Howard Hinnant's `civil_from_days`, in the proleptic Gregorian calendar.
    fn civil(self) -> Civil {
        let seconds = self.0 / 1_000;
        let days = i64::try_from(seconds / 86_400).unwrap_or(i64::MAX / 2) + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097).unsigned_abs();
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let month = if shifted_month < 10 {
            shifted_month + 3
        } else {
            shifted_month - 9
        };
        let year = i64::try_from(year_of_era).unwrap_or(0) + era * 400 + i64::from(month <= 2);
        Civil {
            year,
            month,
            day: day_of_year - (153 * shifted_month + 2) / 5 + 1,
            hour: seconds / 3_600 % 24,
            minute: seconds / 60 % 60,
            second: seconds % 60,
            ms: self.0 % 1_000,
        }
    }
}

/// How far a zone, `Z` or `+01:00`, is ahead of UTC.
fn zone_ms(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = match zone.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let (hours, minutes) = zone[1..].split_once(':')?;
    let number = |text: &str, most| {
        let plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = plain.then(|| text.parse::<i64>().ok()).flatten()?;
        (number <= most).then_some(number)
    };
    Some(sign * (number(hours, 23)? * 60 + number(minutes, 59)?) * 60_000)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339_ms())
    }
}

/// The text is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no duration; write a whole number and a unit, such as `250ms`, `30s`, `10m`, `24h` or `7d`"
)]
pub struct InvalidDuration(String);

/// Reads `250ms`, `30s`, `10m`, `24h` or `7d`.
///
/// # Errors
/// [`InvalidDuration`] for anything else.
pub fn parse_duration(text: &str) -> Result<Duration, InvalidDuration> {
    let invalid = || InvalidDuration(text.to_owned());
    let trimmed = text.trim();
    let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = trimmed.split_at(digits);
    let number: u64 = number.parse().map_err(|_| invalid())?;
    let ms_each: u64 = match unit.trim() {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(invalid()),
    };
    number
        .checked_mul(ms_each)
        .map(Duration::from_millis)
        .ok_or_else(invalid)
}

/// Writes a duration in the largest unit that keeps it whole, as [`parse_duration`] reads it.
pub fn format_duration(duration: Duration) -> String {
    let ms = duration.as_millis();
    for (unit, ms_each) in [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
    ] {
        if ms >= ms_each && ms.is_multiple_of(ms_each) {
            return format!("{}{unit}", ms / ms_each);
        }
    }
    format!("{ms}ms")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_print_every_form() {
        // 2024-02-29T23:59:58.007Z: a leap day, from `date -u -d … +%s`.
        let leap = Timestamp::from_unix_ms(1_709_251_198_007);
        assert_eq!(leap.rfc3339_seconds(), "2024-02-29T23:59:58Z");
        assert_eq!(leap.rfc3339_ms(), "2024-02-29T23:59:58.007Z");
        assert_eq!(leap.compact_ms(), "20240229T235958007Z");
        assert_eq!(leap.hour_folder(), "2024/02/29/23");
        assert_eq!(
            Timestamp::from_unix_ms(0).rfc3339_ms(),
            "1970-01-01T00:00:00.000Z"
        );
    }

    #[test]
    fn times_of_any_zone_are_read() {
        let read = |text| Timestamp::parse_rfc3339(text).map(Timestamp::unix_ms);
        // 2026-11-20T09:15:42Z, from `date -u -d … +%s`.
        let at = 1_795_166_142_000;
        for (text, ms) in [
            ("2026-11-20T09:15:42Z", at),
            ("2026-11-20t09:15:42z", at),
            ("2026-11-20 09:15:42.1Z", at + 100),
            ("2026-11-20T09:15:42.123999Z", at + 123),
            ("2026-11-20T10:45:42.5+01:30", at + 500),
            ("2026-11-19T23:15:42-10:00", at),
            ("1970-01-01T00:00:00Z", 0),
        ] {
            assert_eq!(read(text), Some(ms), "{text}");
        }
        for text in [
            "",
            "2026-11-20",
            "2026-11-20T09:15:42",
            "2026-11-20T09:15:42.Z",
            "2026-11-20T09:15:42+1:00",
            "2026-11-20T09:15:42+24:00",
            "2026-11-20T09:15:42é",
            "2026-11-20T09:15:4é",
            "202é-11-20T09:15:4Z",
            "2026-11-20é09:15:4Z",
            "2026-02-30T09:15:42Z",
            "2026/11/20T09:15:42Z",
            "1970-01-01T00:00:00+01:00",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn amz_dates_are_read() {
        let read = |text| Timestamp::parse_amz_date(text).map(Timestamp::unix_ms);
        assert_eq!(read("20240229T235958Z"), Some(1_709_251_198_000));
        assert_eq!(read("19700101T000000Z"), Some(0));
        for text in [
            "",
            "20240229T235958",
            "20241301T000000Z",
            "2024-02-29T23:5Z",
            "2024022９T23595Z",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn durations_round_trip() {
        for text in ["0ms", "250ms", "30s", "10m", "24h", "7d"] {
            let duration = parse_duration(text).unwrap();
            assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }
        for text in ["", "5", "5 weeks", "-1s", "1.5s", "99999999999999999999s"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
