//! When things happened, as lines and the names of objects say.

use corelog_types::Timestamp;

/// Numbers below it are seconds since the epoch, others milliseconds: in seconds it is the year 5138.
const SECONDS_MAX: f64 = 1e11;

/// A time as text: RFC 3339, with or without a fraction, in any zone.
pub(crate) fn of_text(text: &str) -> Option<Timestamp> {
    Timestamp::parse_rfc3339(text.trim())
}

/// A time as JSON: text as above, or a number of seconds or milliseconds since the epoch, also as text.
pub(crate) fn of_json(value: &serde_json::Value) -> Option<Timestamp> {
    if let Some(text) = value.as_str() {
        return of_text(text).or_else(|| of_number(text.trim().parse().ok()?));
    }
    of_number(value.as_f64()?)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is not negative, and far from the largest integer"
)]
fn of_number(number: f64) -> Option<Timestamp> {
    let ms = if number < SECONDS_MAX {
        number * 1_000.0
    } else {
        number
    };
    let fits = (0.0..1e15).contains(&ms);
    fits.then(|| Timestamp::from_unix_ms(ms.round() as u64))
}

/// When a batch object was written, as its name says: `20261120T091542123Z_…`, else its folder's hour.
pub(crate) fn of_key(key: &str) -> Option<Timestamp> {
    let name = key.rsplit('/').next().unwrap_or(key);
    of_name(name).or_else(|| of_folder(key))
}

fn of_name(name: &str) -> Option<Timestamp> {
    let stamp = name.split_once('_').map_or(name, |(stamp, _)| stamp);
    let digits = stamp.strip_suffix('Z')?;
    let seconds = Timestamp::parse_amz_date(&format!("{}Z", digits.get(..15)?))?;
    // Fewer digits of the second's fraction are seen in the wild, down to none.
    let fraction = digits.get(15..)?;
    if fraction.is_empty() {
        return Some(seconds);
    }
    let plain = fraction.len() == 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let ms: u64 = plain.then(|| fraction.parse().ok()).flatten()?;
    Some(Timestamp::from_unix_ms(seconds.unix_ms() + ms))
}

fn of_folder(key: &str) -> Option<Timestamp> {
    let folders: Vec<&str> = key.split('/').collect();
    let hours = folders.windows(4).rev().filter_map(|hour| {
        let lengths = [4, 2, 2, 2];
        let fits = hour
            .iter()
            .zip(lengths)
            .all(|(part, length)| part.len() == length);
        let text = format!("{}T{}0000Z", hour[..3].concat(), hour[3]);
        fits.then(|| Timestamp::parse_amz_date(&text)).flatten()
    });
    hours.into_iter().next()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// 2026-11-20T09:15:42Z, from `date -u -d … +%s`.
    const AT: u64 = 1_795_166_142_000;

    #[test]
    fn times_are_read_in_their_forms() {
        let ms = |value| of_json(&value).map(Timestamp::unix_ms);
        assert_eq!(ms(json!("2026-11-20T09:15:42Z")), Some(AT));
        assert_eq!(ms(json!("2026-11-20T09:15:42.125Z")), Some(AT + 125));
        assert_eq!(ms(json!("2026-11-20T10:15:42+01:00")), Some(AT));
        assert_eq!(ms(json!(1_795_166_142)), Some(AT));
        assert_eq!(ms(json!(1_795_166_142.5)), Some(AT + 500));
        assert_eq!(ms(json!(AT)), Some(AT));
        assert_eq!(ms(json!("1795166142000")), Some(AT));
        for other in [
            json!("yesterday"),
            json!(-1),
            json!(null),
            json!(1e300),
            json!([]),
        ] {
            assert_eq!(ms(other.clone()), None, "{other}");
        }
    }

    #[test]
    fn keys_say_when() {
        let ms = |key| of_key(key).map(Timestamp::unix_ms);
        assert_eq!(ms("a/20261120T091542123Z_00ff.json.gz"), Some(AT + 123));
        assert_eq!(ms("20261120T091542Z_00ff.json.gz"), Some(AT));
        // The hour's beginning, 15 minutes and 42 seconds before.
        assert_eq!(ms("p/2026/11/20/09/x.json.gz"), Some(AT - 942_000));
        for other in ["", "x", "2026/11/20/x.json", "20261120T0915421Z_x", "é"] {
            assert_eq!(ms(other), None, "{other}");
        }
    }
}
