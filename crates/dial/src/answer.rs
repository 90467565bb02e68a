//! What a receiver's answer says to whoever tries again.

use std::time::{Duration, SystemTime};

use corelog_types::Timestamp;
use http::HeaderMap;
use http::header::RETRY_AFTER;

/// The most that is passed on of what a receiver says: it goes into log lines and histories.
const SAID_CHARS_MAX: usize = 200;
/// No receiver's request to wait is followed for longer.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);

/// A line of what somebody said, fit for a log.
pub fn short(said: &str) -> String {
    let plain = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let printable = plain.chars().filter(|c| !c.is_control());
    printable.take(SAID_CHARS_MAX).collect()
}

/// What `Retry-After` says, in seconds or as a date; an hour at the most.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if let Ok(seconds) = text.parse() {
        Duration::from_secs(seconds)
    } else {
        let at = httpdate::parse_http_date(text).ok()?;
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(now.unix_ms());
        at.duration_since(now).unwrap_or_default()
    };
    Some(wait.min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date_and_has_an_end() {
        let now = Timestamp::parse_rfc3339("2026-11-22T18:00:00Z").unwrap();
        for (text, expected) in [
            ("30", Some(30)),
            ("0", Some(0)),
            ("Sun, 22 Nov 2026 18:02:00 GMT", Some(120)),
            ("Sun, 22 Nov 2026 17:00:00 GMT", Some(0)),
            ("86400", Some(3600)),
            ("soon", None),
            ("-1", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(text));
            let expected = expected.map(Duration::from_secs);
            assert_eq!(retry_after(&headers, now), expected, "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }

    #[test]
    fn what_a_receiver_says_is_a_short_line() {
        assert_eq!(short("invalid\r\n  payload\x1b[31m"), "invalid payload[31m");
        assert_eq!(short(&"é".repeat(999)).chars().count(), 200);
    }
}
