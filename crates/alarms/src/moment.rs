//! Points of time as alarms write them, in UTC, and decimal numbers likewise.

use chrono::DateTime;
use corelog_types::Timestamp;

/// `2019-10-02T17:04:40.989+0000`, as in reason data and documents.
pub(crate) fn precise(at: Timestamp) -> String {
    let mut text = at.rfc3339_ms();
    text.pop();
    text.push_str("+0000");
    text
}

/// `02/10/19 16:59:00`, as in reasons: the day first.
pub(crate) fn short(at: Timestamp) -> String {
    let text = at.rfc3339_seconds();
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    format!(
        "{}/{}/{} {}",
        part(8, 10),
        part(5, 7),
        part(2, 4),
        part(11, 19)
    )
}

/// `Friday 22 July, 2022 15:57:45 UTC`, as in the reasons of composite alarms.
pub(crate) fn spoken(at: Timestamp) -> String {
    let ms = i64::try_from(at.unix_ms()).unwrap_or(i64::MAX);
    DateTime::from_timestamp_millis(ms).map_or_else(
        || at.rfc3339_seconds(),
        |time| time.format("%A %d %B, %Y %H:%M:%S UTC").to_string(),
    )
}

/// A number as the service writes it: `50.0`, `0.0666851903306472`, `1.073741824E10`.
///
/// Source: reasons of alarms on sizes; that is how Java prints a double.
pub(crate) fn decimal(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    if value == 0.0 || (1e-3..1e7).contains(&value.abs()) {
        return format!("{value:?}");
    }
    let text = format!("{value:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let point = if digits.contains('.') { "" } else { ".0" };
    format!("{digits}{point}E{exponent}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_service_does() {
        for (value, text) in [
            (0.0, "0.0"),
            (50.0, "50.0"),
            (0.066_685_190_330_647_2, "0.0666851903306472"),
            (10_737_418_240.0, "1.073741824E10"),
            (1e7, "1.0E7"),
            (9_999_999.5, "9999999.5"),
            (0.001, "0.001"),
            (0.000_25, "2.5E-4"),
            (-2.5, "-2.5"),
        ] {
            assert_eq!(decimal(value), text);
        }
    }

    #[test]
    fn times_are_written_in_three_ways() {
        let at = Timestamp::from_unix_ms(1_658_505_465_394);
        assert_eq!(precise(at), "2022-07-22T15:57:45.394+0000");
        assert_eq!(short(at), "22/07/22 15:57:45");
        assert_eq!(spoken(at), "Friday 22 July, 2022 15:57:45 UTC");
    }
}
