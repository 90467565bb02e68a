//! The fields of an event: the system's, and those discovered in its message.

use corelog_insights::Field;
use corelog_values::discover;

use crate::input::{Event, Group};
use crate::value::Value;

/// An event and its fields.
#[derive(Debug, PartialEq)]
pub(crate) struct Fields {
    /// Its place among all events.
    pub(crate) index: usize,
    /// The message's JSON, if it is an object.
    body: Value,
    pub(crate) pointer: String,
    named: Vec<(String, Value)>,
    /// How many of these are the system's.
    system: usize,
}

impl Fields {
    pub(crate) fn of(index: usize, event: &Event, group: &Group) -> Self {
        let body = discover::object(&event.message)
            .unwrap_or_default()
            .into_owned();
        let mut named = system(event, group);
        let system = named.len();
        discover::each(&event.message, |name, value| {
            named.push((name.to_owned(), value.clone().into_owned()));
        });
        Self {
            index,
            body,
            pointer: event.pointer.clone(),
            named,
            system,
        }
    }

    /// The fields that were discovered in the message, in order.
    pub(crate) fn discovered(&self) -> &[(String, Value)] {
        &self.named[self.system..]
    }

    /// The names of all fields.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.named.iter().map(|(name, _)| name.as_str())
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        let found = self.named.iter().find(|(name, _)| name == path);
        found.map_or(Value::Null, |(_, value)| value.clone())
    }

    /// The list or map at a path of the message, which is no field.
    pub(crate) fn container(&self, field: &Field) -> Value {
        discover::container(&self.body, &field.path())
    }
}

fn system(event: &Event, group: &Group) -> Vec<(String, Value)> {
    let log = format!("{}:{}", event.account, event.group);
    let text = |text: &String| Value::text(text.clone());
    let mut named = vec![
        ("@timestamp".to_owned(), Value::time(event.timestamp_ms)),
        ("@ingestionTime".to_owned(), Value::time(event.ingestion_ms)),
        ("@message".to_owned(), text(&event.message)),
        ("@logStream".to_owned(), text(&event.stream)),
        ("@log".to_owned(), text(&log)),
        ("@ptr".to_owned(), text(&event.pointer)),
        ("@source.log".to_owned(), text(&event.group)),
        ("@aws.account".to_owned(), text(&event.account)),
        ("@aws.region".to_owned(), text(&group.region)),
    ];
    if let Some(source) = &group.data_source {
        named.push(("@data_source_name".to_owned(), text(source)));
    }
    for (key, value) in &group.tags {
        named.push((format!("@aws.tag.{key}"), text(value)));
    }
    named
}
