//! The fields of a message that have a column of their own.
//!
//! A column holds a value only where reading it gives exactly what the message's text says: an integer written as
//! one, a number that prints as it was written, a string. Where a message has the field in another form (a count in
//! quotes, `1.50`), the column is null and the row is marked loose, and a query asks the message instead. A field
//! that is an object or array has no value in the language of queries, and neither column nor mark.

use std::fmt;
use std::ops::Range;
use std::sync::LazyLock;

use serde_json::value::RawValue;

/// What a promoted column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Strings.
    Text,
    /// Integers of 64 bits.
    Integer,
    /// Numbers, as doubles.
    Number,
}

/// A field with a column of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promoted {
    /// The field, as a query names it.
    pub field: &'static str,
    /// The column.
    pub column: &'static str,
    /// What the column holds.
    pub kind: Kind,
}

const fn text(field: &'static str, column: &'static str) -> Promoted {
    let kind = Kind::Text;
    Promoted {
        field,
        column,
        kind,
    }
}

const fn integer(field: &'static str, column: &'static str) -> Promoted {
    let kind = Kind::Integer;
    Promoted {
        field,
        column,
        kind,
    }
}

const fn number(field: &'static str, column: &'static str) -> Promoted {
    let kind = Kind::Number;
    Promoted {
        field,
        column,
        kind,
    }
}

/// How many of [`PROMOTED`] there were when files did not yet say how many their writer knew.
pub(crate) const AT_FIRST: usize = 21;

/// All of them, in the order of their columns. Only ever added to, at the end: tables have these columns, and a file
/// says how many of them its writer knew.
pub const PROMOTED: &[Promoted] = &[
    text("requestId", "request_id"),
    text("modelId", "model_id"),
    text("operation", "operation"),
    text("errorCode", "error_code"),
    text("accountId", "account_id"),
    text("region", "region"),
    text("inferenceRegion", "inference_region"),
    text("identity.arn", "identity_arn"),
    integer("input.inputTokenCount", "input_tokens"),
    integer("input.cacheReadInputTokenCount", "cache_read_tokens"),
    integer("input.cacheWriteInputTokenCount", "cache_write_tokens"),
    integer("output.outputTokenCount", "output_tokens"),
    text("corelog.recordId", "record_id"),
    text("corelog.provider", "provider"),
    integer("corelog.httpStatus", "http_status"),
    number("corelog.latencyMs", "latency_ms"),
    number("corelog.timeToFirstByteMs", "time_to_first_byte_ms"),
    text("corelog.stopReason", "stop_reason"),
    text("corelog.caller.name", "caller"),
    text("corelog.user", "user"),
    text("corelog.session", "session"),
    number("corelog.cost.amount", "cost"),
    text("corelog.cost.absent", "cost_absent"),
];

/// A value of a promoted column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Integer(i64),
    Number(f64),
}

/// What a message gives the promoted columns.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Facts {
    /// A value for each of [`PROMOTED`].
    pub(crate) values: Vec<Option<Value>>,
    /// A promoted field is there in a form that its column cannot hold.
    pub(crate) loose: bool,
    /// Where in the message the request's body is; empty where there is none.
    pub(crate) body: Range<usize>,
}

/// The field that holds a request's body.
const BODY: &str = "input.inputBodyJson";

impl Facts {
    /// Reads a message. One that is not a JSON object gives none.
    pub(crate) fn of(message: &str) -> Self {
        let mut facts = Self {
            values: vec![None; PROMOTED.len()],
            loose: false,
            body: 0..0,
        };
        let mut reader = serde_json::Deserializer::from_str(message);
        let below = Below {
            level: Level::top(),
            message,
            facts: &mut facts,
        };
        let read = serde::de::DeserializeSeed::deserialize(below, &mut reader);
        if read.is_err() || reader.end().is_err() {
            // Half of a message is no message.
            facts.values.fill(None);
            facts.loose = false;
            facts.body = 0..0;
        }
        facts
    }

    fn take(&mut self, index: usize, raw: &str) {
        let value = match raw.as_bytes().first() {
            Some(b'"') => serde_json::from_str(raw).map_or(Form::Loose, Form::Text),
            Some(b'{' | b'[' | b'n') | None => Form::None,
            Some(b't' | b'f') => Form::Loose,
            Some(_) => Form::Numeral,
        };
        let (value, loose) = match (PROMOTED[index].kind, value) {
            (_, Form::None) => (None, false),
            (Kind::Text, Form::Text(text)) => (Some(Value::Text(text)), false),
            (Kind::Integer, Form::Numeral) => integer_of(raw),
            (Kind::Number, Form::Numeral) => number_of(raw),
            _ => (None, true),
        };
        self.values[index] = value;
        self.loose |= loose;
    }

    /// Forgets what an object has said that comes once more: its last value counts.
    fn forget(&mut self, level: &Level) {
        for (_, index) in &level.promoted {
            self.values[*index] = None;
        }
        if level.body.is_some() {
            self.body = 0..0;
        }
        for (_, below) in &level.below {
            self.forget(below);
        }
    }
}

/// A JSON value by how it is written.
enum Form {
    Text(String),
    Numeral,
    /// An object, an array or null: nothing, to a query.
    None,
    /// Something that no promoted column holds.
    Loose,
}

fn integer_of(raw: &str) -> (Option<Value>, bool) {
    match raw.parse::<i64>() {
        Ok(number) if number.to_string() == raw => (Some(Value::Integer(number)), false),
        _ => (None, true),
    }
}

fn number_of(raw: &str) -> (Option<Value>, bool) {
    match raw.parse::<f64>() {
        Ok(number) if written(number) == raw => (Some(Value::Number(number)), false),
        _ => (None, true),
    }
}

/// How a number is written back: without a fraction where it has none.
fn written(number: f64) -> String {
    format!("{number}")
}

/// What is asked of the members of one object on the way to promoted fields.
#[derive(Debug, Default)]
struct Level {
    /// Members that are promoted, and where.
    promoted: Vec<(&'static str, usize)>,
    /// The member that is the request's body.
    body: Option<&'static str>,
    /// Objects with such members in them.
    below: Vec<(&'static str, Level)>,
}

impl Level {
    /// All levels, the message's own first.
    fn top() -> &'static Self {
        static TOP: LazyLock<Level> = LazyLock::new(|| {
            let mut top = Level::default();
            for (index, promoted) in PROMOTED.iter().enumerate() {
                let (level, name) = top.at(promoted.field);
                level.promoted.push((name, index));
            }
            let (level, name) = top.at(BODY);
            level.body = Some(name);
            top
        });
        &TOP
    }

    /// The level that a field is a member of, and its name there.
    fn at(&mut self, field: &'static str) -> (&mut Self, &'static str) {
        let Some((name, rest)) = field.split_once('.') else {
            return (self, field);
        };
        let known = self.below.iter().position(|(known, _)| *known == name);
        let index = known.unwrap_or_else(|| {
            self.below.push((name, Self::default()));
            self.below.len() - 1
        });
        self.below[index].1.at(rest)
    }
}

/// The members of an object that lie on the way to a promoted field.
struct Below<'a> {
    level: &'static Level,
    /// The whole of it, of which every value is a part.
    message: &'a str,
    facts: &'a mut Facts,
}

impl<'de> serde::de::DeserializeSeed<'de> for Below<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> serde::de::Visitor<'de> for Below<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let level = self.level;
        while let Some(key) = members.next_key::<std::borrow::Cow<'de, str>>()? {
            let raw = members.next_value::<&RawValue>()?.get();
            if let Some((_, index)) = level.promoted.iter().find(|(name, _)| *name == key) {
                self.facts.take(*index, raw);
            } else if level.body == Some(&*key) {
                let begin = raw.as_ptr().addr() - self.message.as_ptr().addr();
                self.facts.body = begin..begin + raw.len();
            } else if let Some((_, level)) = level.below.iter().find(|(name, _)| *name == key) {
                self.facts.forget(level);
                if !raw.starts_with('{') {
                    continue;
                }
                let mut reader = serde_json::Deserializer::from_str(raw);
                let below = Below {
                    level,
                    message: self.message,
                    facts: &mut *self.facts,
                };
                serde::de::DeserializeSeed::deserialize(below, &mut reader)
                    .map_err(serde::de::Error::custom)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: &str, expected: &[(&str, Value)], loose: bool) {
        let facts = Facts::of(message);
        let found: Vec<_> = PROMOTED
            .iter()
            .zip(&facts.values)
            .filter_map(|(promoted, value)| Some((promoted.column, value.clone()?)))
            .collect();
        assert_eq!(found, expected, "{message}");
        assert_eq!(facts.loose, loose, "{message}");
    }

    #[test]
    fn fields_at_any_depth_come_in_their_columns() {
        check(
            r#"{"modelId":"m\u00e9","x":[1,{"modelId":"no"}],"input":{"inputTokenCount":12,"inputBodyJson":{"modelId":"no"}},
               "corelog":{"latencyMs":1.25,"caller":{"name":"ci"}}}"#,
            &[
                ("model_id", Value::Text("mé".to_owned())),
                ("input_tokens", Value::Integer(12)),
                ("latency_ms", Value::Number(1.25)),
                ("caller", Value::Text("ci".to_owned())),
            ],
            false,
        );
    }

    #[test]
    fn what_a_column_cannot_say_exactly_is_left_to_the_message() {
        check(r#"{"input":{"inputTokenCount":"12"}}"#, &[], true);
        check(r#"{"input":{"inputTokenCount":12.0}}"#, &[], true);
        check(
            r#"{"input":{"inputTokenCount":123456789012345678901}}"#,
            &[],
            true,
        );
        check(r#"{"corelog":{"latencyMs":1.50}}"#, &[], true);
        check(r#"{"modelId":7}"#, &[], true);
        check(r#"{"modelId":true}"#, &[], true);
    }

    #[test]
    fn the_request_body_is_found_where_it_stands() {
        let message =
            r#"{"output":{"inputBodyJson":1},"input":{"x":2,"inputBodyJson":{"messages":[]}}}"#;
        assert_eq!(&message[Facts::of(message).body], r#"{"messages":[]}"#);
        assert_eq!(Facts::of(r#"{"inputBodyJson":1}"#).body, 0..0);
        assert_eq!(Facts::of(r#"{"input":{"inputBodyJson":1}"#).body, 0..0);
    }

    #[test]
    fn whole_numbers_are_numbers() {
        check(
            r#"{"corelog":{"latencyMs":150}}"#,
            &[("latency_ms", Value::Number(150.0))],
            false,
        );
    }

    #[test]
    fn null_and_containers_are_no_value() {
        check(
            r#"{"modelId":null,"requestId":{},"input":[],"operation":[1]}"#,
            &[],
            false,
        );
    }

    #[test]
    fn the_last_of_two_counts() {
        check(
            r#"{"modelId":"a","modelId":"b"}"#,
            &[("model_id", Value::Text("b".to_owned()))],
            false,
        );
        let caller = |again: &str| {
            format!(r#"{{"corelog":{{"caller":{{"name":"ci"}},"user":"u"}},"corelog":{again}}}"#)
        };
        check(&caller("{}"), &[], false);
        check(&caller("7"), &[], false);
        let user = [("user", Value::Text("v".to_owned()))];
        check(&caller(r#"{"caller":{},"user":"v"}"#), &user, false);
        let bodies = r#"{"input":{"inputBodyJson":1},"input":{}}"#;
        assert_eq!(Facts::of(bodies).body, 0..0);
    }

    #[test]
    fn what_is_no_object_has_no_fields() {
        check("plain text", &[], false);
        check(r#"["modelId"]"#, &[], false);
        check(r#"{"modelId":"a""#, &[], false);
        check(r#"{"modelId":"a"} x"#, &[], false);
        check("", &[], false);
    }
}
