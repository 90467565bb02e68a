//! OTLP out: records as spans with today's `gen_ai.*` attributes, and counted in the `gen_ai.client.*` histograms.
//!
//! A span of a call that the gateway saw has the caller's span for its parent, so it hangs where the call was made; its
//! ids follow from the record's, so a span that is sent again is the same span. One of a call that a span reported has
//! that span's ids.
//!
//! Content is left out unless it is asked for, as the conventions want it, and where it is more than a receiver would take;
//! so are the words of an error, since providers repeat what they were asked in them.

mod answer;
mod histograms;
mod media;
mod messages;
mod names;
mod span;

use corelog_record::Document;
use corelog_types::{RecordId, Timestamp};
use serde_json::Value;

use crate::protobuf::Message;

pub use answer::Answer;
pub use histograms::Histograms;
pub use media::Media;

/// A record to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Exported<'a> {
    /// Its id.
    pub id: RecordId,
    /// When the call began.
    pub began: Timestamp,
    /// All but the bodies.
    pub document: &'a Document,
    /// The prompt, where it is to be sent and is JSON.
    pub input: Option<&'a [u8]>,
    /// The answer, as above.
    pub output: Option<&'a [u8]>,
    /// Whether content is sent: the words of an error may repeat it.
    pub content: bool,
    /// The media that are sent within bodies.
    pub media: Media,
}

/// Who sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// `service.name` of the resource.
    pub service: String,
    /// `service.version`.
    pub version: String,
    /// `service.instance.id`: the node.
    pub instance: String,
}

/// Whether a record becomes a span: whether it is of a call to a model.
pub fn has_span(document: &Document) -> bool {
    document.corelog.is_some() && names::operation(document).is_some()
}

/// An `ExportTraceServiceRequest` with a span for each record of a call to a model; `None` if none is.
pub fn traces(records: &[Exported<'_>], sender: &Sender) -> Option<Vec<u8>> {
    let mut group = scope_group();
    let empty = group.len();
    for record in records {
        if let Some(span) = span::span(*record) {
            group.message(2, &span);
        }
    }
    (group.len() > empty).then(|| request(sender, &group))
}

/// A group by scope, its items to follow.
fn scope_group() -> Message {
    let mut scope = Message::default();
    scope.bytes(1, b"corelog");
    let mut group = Message::default();
    group.message(1, &scope);
    // `schema_url`
    group.bytes(3, b"https://opentelemetry.io/schemas/1.41.0");
    group
}

/// A request of one resource with one group.
fn request(sender: &Sender, group: &Message) -> Vec<u8> {
    let mut resource = Message::default();
    for (key, value) in [
        ("service.name", &sender.service),
        ("service.version", &sender.version),
        ("service.instance.id", &sender.instance),
    ] {
        resource.message(1, &key_value(key, &Value::from(value.as_str())));
    }
    let mut of_resource = Message::default();
    of_resource.message(1, &resource);
    of_resource.message(2, group);
    let mut request = Message::default();
    request.message(1, &of_resource);
    request.into_bytes()
}

/// A `KeyValue`.
fn key_value(key: &str, value: &Value) -> Message {
    let mut pair = Message::default();
    pair.bytes(1, key.as_bytes());
    pair.message(2, &any_value(value));
    pair
}

/// An `AnyValue`. Whole numbers are integers; objects do not occur in attributes.
fn any_value(value: &Value) -> Message {
    let mut any = Message::default();
    match value {
        Value::Null => {}
        Value::Bool(flag) => any.always_number(2, u64::from(*flag)),
        Value::String(text) => any.always_bytes(1, text.as_bytes()),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => any.always_number(3, whole.cast_unsigned()),
            None => any.always_double(4, number.as_f64().unwrap_or_default()),
        },
        Value::Array(values) => {
            let mut list = Message::default();
            for value in values {
                list.message(1, &any_value(value));
            }
            any.message(5, &list);
        }
        Value::Object(_) => any.always_bytes(1, value.to_string().as_bytes()),
    }
    any
}

#[cfg(test)]
mod tests;
