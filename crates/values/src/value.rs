//! Values, and how results show them.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::DateTime;
use corelog_insights::Segment;

use crate::json;
use crate::number::Number;

/// A value of a field or an expression. Texts may be borrowed from the row or the query.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value<'a> {
    /// Missing.
    #[default]
    Null,
    /// `true` or `false`, of JSON or of a comparison; counts and shows as 1 and 0.
    Bool(bool),
    /// A computed number.
    Number(Number),
    /// A number that JSON wrote; shows as it was written.
    Written(Cow<'a, str>),
    /// A text.
    Text(Cow<'a, str>),
    /// A time in milliseconds since the epoch; shows as a date.
    Time(i64),
    /// A list.
    List(Arc<Vec<Value<'a>>>),
    /// A map in the order of its text.
    Map(Arc<Vec<Member<'a>>>),
}

/// A member of a map.
pub type Member<'a> = (Cow<'a, str>, Value<'a>);

/// Times outside of these years cannot be shown, and so are no times.
const TIME_MIN_MS: i64 = -62_167_219_200_000;
const TIME_MAX_MS: i64 = 253_402_300_799_999;

impl<'a> Value<'a> {
    /// An integer.
    pub fn int(value: i64) -> Self {
        Self::Number(Number::Int(value))
    }

    /// A length; beyond what fits nothing is counted here.
    pub fn count(value: usize) -> Self {
        Self::int(i64::try_from(value).unwrap_or(i64::MAX))
    }

    /// A number, or nothing if it is not finite.
    pub fn float(value: f64) -> Self {
        Number::float(value).map_or(Self::Null, Self::Number)
    }

    /// A text.
    pub fn text(value: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(value.into())
    }

    /// A list.
    pub fn list(elements: Vec<Value<'a>>) -> Self {
        Self::List(Arc::new(elements))
    }

    /// A map, its keys different.
    pub fn map(members: Vec<Member<'a>>) -> Self {
        Self::Map(Arc::new(members))
    }

    /// A time from year 0 to 9999, else nothing.
    pub fn time(ms: i64) -> Self {
        if (TIME_MIN_MS..=TIME_MAX_MS).contains(&ms) {
            Self::Time(ms)
        } else {
            Self::Null
        }
    }

    /// Whether it is missing.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is a map or a list.
    pub fn is_container(&self) -> bool {
        matches!(self, Self::List(_) | Self::Map(_))
    }

    /// Maps and lists count as missing where only scalars are allowed. Source: the user guide's page of structure types.
    #[must_use]
    pub fn scalar(self) -> Self {
        if self.is_container() {
            Self::Null
        } else {
            self
        }
    }

    /// The same value, its texts borrowed from this one; maps and lists are shared.
    pub fn borrowed(&self) -> Value<'_> {
        match self {
            Self::Text(text) => Value::Text(Cow::Borrowed(text)),
            Self::Written(text) => Value::Written(Cow::Borrowed(text)),
            other => other.clone(),
        }
    }

    /// The same value with texts of its own.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(truth) => Value::Bool(truth),
            Self::Number(number) => Value::Number(number),
            Self::Written(text) => Value::Written(Cow::Owned(text.into_owned())),
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Time(ms) => Value::Time(ms),
            Self::List(elements) => {
                let elements = Arc::unwrap_or_clone(elements).into_iter();
                Value::list(elements.map(Value::into_owned).collect())
            }
            Self::Map(members) => {
                let members = Arc::unwrap_or_clone(members).into_iter();
                let owned = |(key, value): Member<'a>| {
                    let key = Cow::Owned(key.into_owned());
                    (key, value.into_owned())
                };
                Value::map(members.map(owned).collect())
            }
        }
    }

    /// A member of a map or list, if every step to it exists. An index may also be written as a key: `a.0`.
    pub fn member(&self, steps: &[Segment]) -> Option<&Value<'a>> {
        let mut value = self;
        for step in steps {
            value = match (value, step) {
                (Self::Map(members), Segment::Key(key)) => {
                    let mut members = members.iter();
                    members
                        .find(|(name, _)| name == key)
                        .map(|(_, value)| value)
                }
                (Self::List(elements), Segment::Index(index)) => elements.get(*index as usize),
                (Self::List(elements), Segment::Key(key)) => {
                    elements.get(key.parse::<usize>().ok()?)
                }
                _ => None,
            }?;
        }
        Some(value)
    }

    /// What tells a value from others in groups: what it shows, but with all decimals.
    pub fn identity(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Number(Number::Float(value)) if value.fract() != 0.0 => {
                Some(Cow::Owned(value.to_string()))
            }
            other => other.shown(),
        }
    }

    /// What a result shows: maps and lists as JSON.
    pub fn shown(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::Null => return None,
            Self::Bool(true) => Cow::Borrowed("1"),
            Self::Bool(false) => Cow::Borrowed("0"),
            Self::Number(number) => Cow::Owned(number.print()),
            Self::Written(text) | Self::Text(text) => Cow::Borrowed(text),
            Self::Time(ms) => Cow::Owned(print_time(*ms)),
            Self::List(_) | Self::Map(_) => Cow::Owned(json::write(self)),
        })
    }

    /// About how many bytes it holds besides itself.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Written(text) | Self::Text(text) => text.len(),
            Self::List(elements) => elements
                .iter()
                .map(|element| size_of::<Value<'_>>() + element.bytes())
                .sum(),
            Self::Map(members) => members
                .iter()
                .map(|(key, value)| size_of::<Member<'_>>() + key.len() + value.bytes())
                .sum(),
            _ => 0,
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
        check(Value::Written("1.50".into()), Some("1.50"));
        check(
            Value::time(1_795_338_942_123),
            Some("2026-11-22 09:15:42.123"),
        );
        check(Value::time(-1), Some("1969-12-31 23:59:59.999"));
        check(Value::time(i64::MAX), None);
        let list = Value::list(vec![Value::text("a\"b"), Value::int(1), Value::Null]);
        check(list, Some(r#"["a\"b",1,null]"#));
    }

    #[test]
    fn values_can_be_shared_between_threads() {
        fn check<T: Send + Sync + 'static>() {}
        check::<Value<'static>>();
        check::<crate::Expression>();
        check::<crate::Context>();
        check::<crate::Paths>();
    }
}
