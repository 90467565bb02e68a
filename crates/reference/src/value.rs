//! Values, and how results show them.

use chrono::DateTime;

use crate::json;
use crate::number::Number;

/// A value of a field or an expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// Missing.
    Null,
    /// `true` or `false`, of JSON or of a comparison; counts and shows as 1 and 0.
    Bool(bool),
    /// A computed number.
    Number(Number),
    /// A number that JSON wrote; shows as it was written.
    Written(String),
    /// A text.
    Text(String),
    /// A time in milliseconds since the epoch; shows as a date.
    Time(i64),
    /// A list.
    List(Vec<Value>),
    /// A map in the order of its text.
    Map(Vec<(String, Value)>),
}

/// Times outside of these years cannot be shown, and so are no times.
const TIME_MIN_MS: i64 = -62_167_219_200_000;
const TIME_MAX_MS: i64 = 253_402_300_799_999;

impl Value {
    pub(crate) fn int(value: i64) -> Self {
        Self::Number(Number::Int(value))
    }

    /// A length; beyond what fits nothing is counted here.
    pub(crate) fn count(value: usize) -> Self {
        Self::int(i64::try_from(value).unwrap_or(i64::MAX))
    }

    pub(crate) fn float(value: f64) -> Self {
        Number::float(value).map_or(Self::Null, Self::Number)
    }

    pub(crate) fn text(value: impl Into<String>) -> Self {
        Self::Text(value.into())
    }

    /// A time from year 0 to 9999, else nothing.
    pub(crate) fn time(ms: i64) -> Self {
        if (TIME_MIN_MS..=TIME_MAX_MS).contains(&ms) {
            Self::Time(ms)
        } else {
            Self::Null
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    pub(crate) fn is_container(&self) -> bool {
        matches!(self, Self::List(_) | Self::Map(_))
    }

    /// Maps and lists count as missing where only scalars are allowed. Source: the user guide's page of structure types.
    pub(crate) fn scalar(self) -> Self {
        if self.is_container() {
            Self::Null
        } else {
            self
        }
    }

    /// What tells a value from others in groups: what it shows, but with all decimals.
    pub(crate) fn identity(&self) -> Option<String> {
        match self {
            Self::Number(Number::Float(value)) if value.fract() != 0.0 => Some(value.to_string()),
            other => other.shown(),
        }
    }

    /// What a result shows: maps and lists as JSON.
    pub(crate) fn shown(&self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Bool(truth) => Some(u8::from(*truth).to_string()),
            Self::Number(number) => Some(number.print()),
            Self::Written(text) | Self::Text(text) => Some(text.clone()),
            Self::Time(ms) => Some(print_time(*ms)),
            Self::List(_) | Self::Map(_) => Some(json::write(self)),
        }
    }
}

/// A time as results show it: in UTC with three decimals.
pub fn print_time(ms: i64) -> String {
    DateTime::from_timestamp_millis(ms).map_or_else(String::new, |time| {
        time.format("%Y-%m-%d %H:%M:%S%.3f").to_string()
    })
}

#[cfg(test)]
mod tests {
    use super::Value;

    #[test]
    fn values_show_as_texts() {
        let check = |value: Value, text: Option<&str>| assert_eq!(value.shown().as_deref(), text);
        check(Value::Null, None);
        check(Value::Bool(true), Some("1"));
        check(Value::Written("1.50".to_owned()), Some("1.50"));
        check(
            Value::time(1_795_338_942_123),
            Some("2026-11-22 09:15:42.123"),
        );
        check(Value::time(-1), Some("1969-12-31 23:59:59.999"));
        check(Value::time(i64::MAX), None);
        let list = Value::List(vec![Value::text("a\"b"), Value::int(1), Value::Null]);
        check(list, Some(r#"["a\"b",1,null]"#));
    }
}
