//! Reading dates by a pattern of Java's `DateTimeFormatter`, as `parseDate` does, and time zones by name.
//!
//! Known letters: `y u M d H h m s S a E X Z z`, texts in single quotes; anything else stands for itself. What a
//! pattern does not name is 1970-01-01 00:00:00 in the zone. Decision: a letter beyond these reads nothing.

use chrono::{FixedOffset, LocalResult, NaiveDate, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const DAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// A time zone.
#[derive(Debug, Clone, Copy)]
pub enum Zone {
    /// One of the tz database.
    Named(Tz),
    /// A fixed distance from UTC.
    Offset(FixedOffset),
}

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self::Named(Tz::UTC);

    /// A name of the tz database, `Z`, or an offset such as `+02:00`.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "Z" {
            return Some(Self::UTC);
        }
        if let Some((offset, "")) = offset(text) {
            return Some(Self::Offset(offset));
        }
        text.parse().ok().map(Self::Named)
    }

    /// A time written with a strftime format, if that can be read.
    pub fn format(self, ms: i64, format: &str) -> Option<String> {
        use chrono::format::{Item, StrftimeItems};
        let items: Vec<Item<'_>> = StrftimeItems::new(format).collect();
        if items.contains(&Item::Error) {
            return None;
        }
        let time = Utc.timestamp_millis_opt(ms).single()?;
        let mut out = String::new();
        let written = match self {
            Self::Named(zone) => {
                let time = time.with_timezone(&zone);
                std::fmt::write(
                    &mut out,
                    format_args!("{}", time.format_with_items(items.iter())),
                )
            }
            Self::Offset(zone) => {
                let time = time.with_timezone(&zone);
                std::fmt::write(
                    &mut out,
                    format_args!("{}", time.format_with_items(items.iter())),
                )
            }
        };
        written.ok().map(|()| out)
    }

    /// The earliest time that a clock in the zone shows so.
    fn millis(self, local: NaiveDateTime) -> Option<i64> {
        match self {
            Self::Named(zone) => earliest(&zone.from_local_datetime(&local)),
            Self::Offset(zone) => earliest(&zone.from_local_datetime(&local)),
        }
    }
}

fn earliest<Z: TimeZone>(found: &LocalResult<chrono::DateTime<Z>>) -> Option<i64> {
    match found {
        LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => {
            Some(time.timestamp_millis())
        }
        LocalResult::None => None,
    }
}

/// What was read so far.
struct Read {
    year: i32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    millisecond: u32,
    afternoon: Option<bool>,
    zone: Zone,
}

/// Milliseconds since the epoch of a date, if the whole text fits the pattern.
pub fn parse(text: &str, pattern: &str, zone: Zone) -> Option<i64> {
    let mut read = Read {
        year: 1970,
        month: 1,
        day: 1,
        hour: 0,
        minute: 0,
        second: 0,
        millisecond: 0,
        afternoon: None,
        zone,
    };
    let mut rest = text;
    let parts = parts(pattern);
    for (at, part) in parts.iter().enumerate() {
        let before_digits = matches!(parts.get(at + 1), Some(Part::Letters(_, _)));
        rest = match part {
            Part::Text(text) => rest.strip_prefix(text.as_str())?,
            Part::Letters(letter, count) => read.take(rest, *letter, *count, before_digits)?,
        };
    }
    if !rest.is_empty() {
        return None;
    }
    let hour = match read.afternoon {
        None => read.hour,
        Some(afternoon) => read.hour % 12 + if afternoon { 12 } else { 0 },
    };
    let local = NaiveDate::from_ymd_opt(read.year, read.month, read.day)?.and_hms_milli_opt(
        hour,
        read.minute,
        read.second,
        read.millisecond,
    )?;
    read.zone.millis(local)
}

enum Part {
    Text(String),
    Letters(char, usize),
}

fn parts(pattern: &str) -> Vec<Part> {
    let mut all: Vec<Part> = Vec::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\'' {
            let quoted: String = chars.by_ref().take_while(|c| *c != '\'').collect();
            all.push(Part::Text(if quoted.is_empty() {
                "'".to_owned()
            } else {
                quoted
            }));
        } else if c.is_ascii_alphabetic() {
            let mut count = 1;
            while chars.next_if_eq(&c).is_some() {
                count += 1;
            }
            all.push(Part::Letters(c, count));
        } else {
            all.push(Part::Text(c.to_string()));
        }
    }
    all
}

impl Read {
    /// Reads one field and returns what follows it.
    fn take<'t>(
        &mut self,
        text: &'t str,
        letter: char,
        count: usize,
        tight: bool,
    ) -> Option<&'t str> {
        let digits = |max: usize| digits(text, count, if tight { count } else { max.max(count) });
        let (value, rest) = match letter {
            'y' | 'u' if count == 2 => {
                let (value, rest) = digits(2)?;
                (2000 + value, rest)
            }
            'M' | 'L' if count >= 3 => name(text, &MONTHS, count == 3)?,
            'E' => {
                let (_, rest) = name(text, &DAYS, count <= 3)?;
                return Some(rest);
            }
            'a' => return self.half(text),
            'X' | 'Z' | 'z' | 'x' | 'V' => return self.zone(text),
            'S' => {
                let (_, rest) = digits(count)?;
                let fraction = format!("{:0<3}", &text[..text.len() - rest.len()]);
                self.millisecond = fraction[..3].parse().ok()?;
                return Some(rest);
            }
            'y' | 'u' => digits(4)?,
            'M' | 'L' | 'd' | 'H' | 'k' | 'h' | 'K' | 'm' | 's' => digits(2)?,
            _ => return None,
        };
        match letter {
            'y' | 'u' => self.year = i32::try_from(value).ok()?,
            'M' | 'L' => self.month = value,
            'd' => self.day = value,
            'm' => self.minute = value,
            's' => self.second = value,
            'k' => self.hour = value % 24,
            _ => self.hour = value,
        }
        Some(rest)
    }

    fn half<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        let half = text.get(..2)?.to_ascii_lowercase();
        self.afternoon = Some(half == "pm");
        (half == "am" || half == "pm").then(|| &text[2..])
    }

    fn zone<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        if let Some(rest) = text.strip_prefix('Z') {
            self.zone = Zone::UTC;
            return Some(rest);
        }
        if let Some((offset, rest)) = offset(text) {
            self.zone = Zone::Offset(offset);
            return Some(rest);
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+');
        let end = text.find(|c| !is_name(c)).unwrap_or(text.len());
        self.zone = Zone::parse(&text[..end])?;
        Some(&text[end..])
    }
}

fn digits(text: &str, min: usize, max: usize) -> Option<(u32, &str)> {
    let count = text.bytes().take_while(u8::is_ascii_digit).count().min(max);
    if count == 0 || count < min {
        return None;
    }
    // A fraction may have more digits than fit; only its first are used, by the caller.
    let value = text[..count.min(9)].parse().ok()?;
    Some((value, &text[count..]))
}

fn name<'t>(text: &'t str, names: &[&str], short: bool) -> Option<(u32, &'t str)> {
    for (number, name) in (1..).zip(names) {
        let name = if short { &name[..3] } else { name };
        if let Some(start) = text.get(..name.len())
            && start.eq_ignore_ascii_case(name)
        {
            return Some((number, &text[name.len()..]));
        }
    }
    None
}

/// `+hh`, `+hhmm` or `+hh:mm` at the start of a text.
fn offset(text: &str) -> Option<(FixedOffset, &str)> {
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let (hours, rest) = digits(&text[1..], 2, 2)?;
    let minutes = digits(rest.strip_prefix(':').unwrap_or(rest), 2, 2);
    let (minutes, rest) = minutes.unwrap_or((0, rest));
    let seconds = i32::try_from(hours * 3600 + minutes * 60).ok()?;
    Some((FixedOffset::east_opt(sign * seconds)?, rest))
}

#[cfg(test)]
mod tests {
    use super::{Zone, parse};
    use crate::value::print_time;

    #[test]
    fn dates_are_read_by_pattern() {
        let check = |text: &str, pattern: &str, expected: &str| {
            let time = parse(text, pattern, Zone::UTC).map(print_time);
            assert_eq!(time.unwrap_or_default(), expected, "{text} {pattern}");
        };
        check(
            "2026-11-22 09:15:42",
            "yyyy-MM-dd HH:mm:ss",
            "2026-11-22 09:15:42.000",
        );
        check(
            "2026-11-22T09:15:42.5Z",
            "yyyy-MM-dd'T'HH:mm:ss.SX",
            "2026-11-22 09:15:42.500",
        );
        check(
            "22/Nov/2026:09:15:42 +0200",
            "dd/MMM/yyyy:HH:mm:ss Z",
            "2026-11-22 07:15:42.000",
        );
        check("20261122", "yyyyMMdd", "2026-11-22 00:00:00.000");
        check(
            "November 2, 2026 9:05 PM",
            "MMMM d, yyyy h:mm a",
            "2026-11-02 21:05:00.000",
        );
        check("22.11.26", "dd.MM.yy", "2026-11-22 00:00:00.000");
        check("2026-02-30", "yyyy-MM-dd", "");
        check("2026-11-22 extra", "yyyy-MM-dd", "");
        check("2026", "QQ", "");
    }

    #[test]
    fn zones_have_names_and_offsets() {
        let local = |zone: &str| {
            let zone = Zone::parse(zone)?;
            Some(print_time(parse(
                "2026-07-01 12:00",
                "yyyy-MM-dd HH:mm",
                zone,
            )?))
        };
        assert_eq!(
            local("America/New_York").as_deref(),
            Some("2026-07-01 16:00:00.000")
        );
        assert_eq!(local("+05:30").as_deref(), Some("2026-07-01 06:30:00.000"));
        assert_eq!(local("Nowhere"), None);
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        assert_eq!(berlin.format(0, "%H:%M %Z").as_deref(), Some("01:00 CET"));
        assert_eq!(berlin.format(0, "%Q!"), None);
    }
}
