//! OTLP in JSON. Ids are hex, 64-bit integers are decimal strings or numbers, keys are in lower camel case (the names of
//! the `.proto` files are taken too), and unknown fields are ignored.
//!
//! Source: <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{
    ATTRIBUTES_MAX, Counted, EVENTS_MAX, Event, GROUPS_MAX, LogEvent, Origin, RawSpan, Span,
    Status, VALUES_MAX,
};
use crate::attributes::Attributes;
use crate::id::bytes_of_hex;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    #[serde(
        default,
        borrow,
        alias = "resource_spans",
        alias = "resourceLogs",
        alias = "resource_logs",
        alias = "resourceMetrics",
        alias = "resource_metrics"
    )]
    resource_spans: List<Group<'a>, GROUPS_MAX>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group<'a> {
    #[serde(default, borrow)]
    resource: Option<&'a RawValue>,
    #[serde(
        default,
        borrow,
        alias = "scope_spans",
        alias = "scopeLogs",
        alias = "scope_logs",
        alias = "scopeMetrics",
        alias = "scope_metrics"
    )]
    scope_spans: List<ScopeGroup<'a>, GROUPS_MAX>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ScopeGroup<'a> {
    #[serde(default)]
    scope: Option<Scope>,
    /// As text: each is read when its turn comes.
    #[serde(
        default,
        borrow,
        alias = "logRecords",
        alias = "log_records",
        alias = "metrics"
    )]
    spans: List<&'a RawValue>,
}

#[derive(Deserialize)]
struct Scope {
    #[serde(default, deserialize_with = "or_default")]
    name: String,
}

#[derive(Deserialize)]
struct WithAttributes {
    #[serde(default)]
    attributes: List<KeyValue>,
}

#[derive(Deserialize)]
pub(crate) struct KeyValue {
    #[serde(default)]
    key: String,
    #[serde(default)]
    value: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SpanForm {
    #[serde(default, alias = "trace_id", deserialize_with = "or_default")]
    trace_id: String,
    #[serde(default, alias = "span_id", deserialize_with = "or_default")]
    span_id: String,
    #[serde(default, alias = "parent_span_id", deserialize_with = "or_default")]
    parent_span_id: String,
    #[serde(default, deserialize_with = "or_default")]
    name: String,
    #[serde(default, alias = "start_time_unix_nano")]
    start_time_unix_nano: Value,
    #[serde(default, alias = "end_time_unix_nano")]
    end_time_unix_nano: Value,
    #[serde(default)]
    attributes: List<KeyValue>,
    #[serde(default)]
    events: List<EventForm>,
    #[serde(default)]
    status: Option<StatusForm>,
}

#[derive(Deserialize)]
struct StatusForm {
    #[serde(default, deserialize_with = "or_default")]
    message: String,
    #[serde(default)]
    code: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EventForm {
    #[serde(default, deserialize_with = "or_default")]
    name: String,
    #[serde(default, alias = "time_unix_nano")]
    time_unix_nano: Value,
    #[serde(default)]
    attributes: List<KeyValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogForm {
    #[serde(default, alias = "trace_id", deserialize_with = "or_default")]
    trace_id: String,
    #[serde(default, alias = "span_id", deserialize_with = "or_default")]
    span_id: String,
    #[serde(default, alias = "event_name", deserialize_with = "or_default")]
    event_name: String,
    #[serde(default, alias = "time_unix_nano")]
    time_unix_nano: Value,
    #[serde(default, alias = "observed_time_unix_nano")]
    observed_time_unix_nano: Value,
    #[serde(default)]
    body: Value,
    #[serde(default)]
    attributes: List<KeyValue>,
}

/// A list of at most so many, where null stands for an empty one.
#[derive(Debug)]
pub(crate) struct List<T, const MOST: usize = { usize::MAX }>(pub(crate) Vec<T>);

impl<T, const MOST: usize> Default for List<T, MOST> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for List<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Members(PhantomData))
    }
}

/// Reads a [`List`].
struct Members<T, const MOST: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for Members<T, MOST> {
    type Value = List<T, MOST>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(List::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(member) = members.next_element()? {
            if list.len() == MOST {
                return Err(A::Error::custom("more members than anybody sends"));
            }
            list.push(member);
        }
        Ok(List(list))
    }
}

/// Whether a text has so few values that they may be read at once: each takes a hundred bytes of memory, or several, and
/// may be two of the text.
pub(crate) fn has_few_values(text: &str) -> bool {
    let (mut values, mut is_inside, mut is_escaped) = (0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_inside => is_escaped = true,
            b'"' => is_inside = !is_inside,
            b',' | b'{' | b'[' if !is_inside => values += 1,
            _ => {}
        }
    }
    values <= VALUES_MAX
}

/// The field, where null stands for its default.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

pub(super) fn spans(body: &[u8], visitor: &mut Counted<'_, Span>) -> Result<(), serde_json::Error> {
    each_item(body, &mut |origin, item| {
        if !visitor.admit() {
            return Ok(());
        }
        if !has_few_values(item) {
            visitor.refuse_values();
            return Ok(());
        }
        let form: SpanForm = serde_json::from_str(item)?;
        let status = form.status.map(|status| Status {
            message: status.message,
            is_error: status.code == 2 || status.code == "STATUS_CODE_ERROR",
        });
        let raw = RawSpan {
            trace: bytes_of_hex(&form.trace_id),
            span: bytes_of_hex(&form.span_id),
            parent: bytes_of_hex(&form.parent_span_id),
            name: form.name,
            start_ns: number(&form.start_time_unix_nano),
            end_ns: number(&form.end_time_unix_nano),
            attributes: attributes(form.attributes),
            events: form
                .events
                .0
                .into_iter()
                .take(EVENTS_MAX)
                .map(event)
                .collect(),
            status: status.unwrap_or_default(),
        };
        visitor.take(origin, raw);
        Ok(())
    })
}

pub(super) fn logs(
    body: &[u8],
    visitor: &mut Counted<'_, LogEvent>,
) -> Result<(), serde_json::Error> {
    each_item(body, &mut |origin, item| {
        if !visitor.admit() {
            return Ok(());
        }
        if !has_few_values(item) {
            visitor.refuse_values();
            return Ok(());
        }
        let form: LogForm = serde_json::from_str(item)?;
        let time_ns = match number(&form.time_unix_nano) {
            0 => number(&form.observed_time_unix_nano),
            time_ns => time_ns,
        };
        let event = Event {
            name: form.event_name,
            time_ns,
            attributes: attributes(form.attributes),
            body: value(form.body),
        };
        let (trace, span) = (bytes_of_hex(&form.trace_id), bytes_of_hex(&form.span_id));
        visitor.take(origin, &trace, &span, event);
        Ok(())
    })
}

pub(crate) type Take<'a> = &'a mut dyn FnMut(&Origin, &str) -> Result<(), serde_json::Error>;

pub(crate) fn each_item(body: &[u8], take: Take<'_>) -> Result<(), serde_json::Error> {
    // A list would do for an object, member by member: serde takes either.
    let object: &RawValue = serde_json::from_slice(body)?;
    if !object.get().starts_with('{') {
        return Err(serde_json::Error::custom("no object"));
    }
    let request: Request<'_> = serde_json::from_str(object.get())?;
    for group in request.resource_spans.0 {
        let resource = group.resource.map(RawValue::get);
        let resource: Option<WithAttributes> = match resource.filter(|it| has_few_values(it)) {
            Some(text) => serde_json::from_str(text)?,
            None => None,
        };
        let mut origin = Origin {
            resource: resource
                .map(|it| attributes(it.attributes))
                .unwrap_or_default(),
            ..Origin::default()
        };
        for group in group.scope_spans.0 {
            origin.scope = group.scope.map(|scope| scope.name).unwrap_or_default();
            for item in group.spans.0 {
                take(&origin, item.get())?;
            }
        }
    }
    Ok(())
}

fn event(form: EventForm) -> Event {
    Event {
        name: form.name,
        time_ns: number(&form.time_unix_nano),
        attributes: attributes(form.attributes),
        body: Value::Null,
    }
}

pub(crate) fn attributes(list: List<KeyValue>) -> Attributes {
    let mut attributes = Attributes::default();
    for pair in list.0.into_iter().take(ATTRIBUTES_MAX) {
        attributes.set(pair.key, value(pair.value));
    }
    attributes
}

/// An integer, as a number or in quotes; 0 for anything else.
pub(crate) fn number(value: &Value) -> u64 {
    match value {
        Value::String(text) => text.parse().unwrap_or_default(),
        value => value.as_u64().unwrap_or_default(),
    }
}

/// An `AnyValue` as JSON of its own. The reader of JSON has its own limit of depth.
fn value(form: Value) -> Value {
    let Value::Object(members) = form else {
        return Value::Null;
    };
    let Some((kind, held)) = members.into_iter().next() else {
        return Value::Null;
    };
    let values = |held: Value, list: &str| match held {
        Value::Object(mut members) => match members.remove(list) {
            Some(Value::Array(values)) => values,
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    match kind.as_str() {
        "stringValue" | "string_value" | "boolValue" | "bool_value" | "bytesValue"
        | "bytes_value" => held,
        "intValue" | "int_value" => match held {
            Value::String(text) => text.parse::<i64>().map_or(Value::Null, Value::from),
            held => held,
        },
        "doubleValue" | "double_value" => match held {
            Value::String(text) => text.parse::<f64>().map_or(Value::Null, Value::from),
            held => held,
        },
        "arrayValue" | "array_value" => {
            Value::Array(values(held, "values").into_iter().map(value).collect())
        }
        "kvlistValue" | "kvlist_value" => {
            let mut map = Map::new();
            for pair in values(held, "values") {
                if let Ok(pair) = serde_json::from_value::<KeyValue>(pair) {
                    map.insert(pair.key, value(pair.value));
                }
            }
            Value::Object(map)
        }
        _ => Value::Null,
    }
}
