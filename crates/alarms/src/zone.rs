//! Time zones as alarms name them: `America/New_York`, `+05:30`, `UTC+05:30`.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, Offset as _, TimeZone as _};
use chrono_tz::Tz;
use corelog_types::Timestamp;

/// A time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// One of the IANA database.
    Named(Tz),
    /// An offset from UTC.
    Fixed(FixedOffset),
}

impl Zone {
    /// UTC.
    pub const UTC: Self = Self::Named(Tz::UTC);

    /// The zone of this name; `None` for anything else. Offsets are whole multiples of five minutes.
    ///
    /// Source: `PutMetricAlarm`, `WallClockWindow`.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(zone) = text.parse::<Tz>() {
            return Some(Self::Named(zone));
        }
        let offset = ["UTC", "GMT", "UT"]
            .into_iter()
            .find_map(|prefix| text.strip_prefix(prefix))
            .unwrap_or(text);
        let (sign, clock) = match offset.as_bytes().first()? {
            b'+' => (1, &offset[1..]),
            b'-' => (-1, &offset[1..]),
            _ => return None,
        };
        let (hours, minutes) = clock.split_once(':')?;
        let digits = |text: &str| -> Option<i32> {
            let plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| text.parse().ok()).flatten()
        };
        let (hours, minutes) = (digits(hours)?, digits(minutes)?);
        if hours > 18 || minutes > 59 || minutes % 5 != 0 {
            return None;
        }
        FixedOffset::east_opt(sign * (hours * 3_600 + minutes * 60)).map(Self::Fixed)
    }

    /// The civil time in this zone.
    pub(crate) fn civil(self, at: Timestamp) -> Option<NaiveDateTime> {
        let utc = DateTime::from_timestamp_millis(i64::try_from(at.unix_ms()).ok()?)?.naive_utc();
        utc.checked_add_offset(self.offset(&utc))
    }

    /// The moment of a civil time in this zone: the earlier of two, `None` where the clock skips it.
    pub(crate) fn moment(self, civil: NaiveDateTime) -> Option<Timestamp> {
        let ms = match self {
            Self::Named(zone) => zone
                .from_local_datetime(&civil)
                .earliest()?
                .timestamp_millis(),
            Self::Fixed(zone) => zone
                .from_local_datetime(&civil)
                .earliest()?
                .timestamp_millis(),
        };
        u64::try_from(ms).ok().map(Timestamp::from_unix_ms)
    }

    /// When a day begins: at midnight, or an hour later where the clock skips midnight.
    pub(crate) fn midnight(self, day: NaiveDate) -> Option<Timestamp> {
        (0..3).find_map(|hour| self.moment(day.and_hms_opt(hour, 0, 0)?))
    }

    fn offset(self, utc: &NaiveDateTime) -> FixedOffset {
        match self {
            Self::Named(zone) => zone.offset_from_utc_datetime(utc).fix(),
            Self::Fixed(zone) => zone,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_have_three_spellings() {
        for text in [
            "America/New_York",
            "UTC",
            "+05:30",
            "UTC+05:30",
            "-08:00",
            "GMT-03:00",
        ] {
            assert!(Zone::parse(text).is_some(), "{text}");
        }
        for text in [
            "",
            "Mars/Base",
            "05:30",
            "+5:30",
            "+05:31",
            "+99:00",
            "UTC+",
            "+é:00",
        ] {
            assert!(Zone::parse(text).is_none(), "{text}");
        }
    }
}
