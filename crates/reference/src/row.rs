//! Rows on their way through the commands, and which columns the result shows.

use std::rc::Rc;

use corelog_insights::{Field, Period, Segment};
use corelog_values::json::{join, steps};
use corelog_values::rows::{Columns, Shown};

use crate::event::Fields;
use crate::value::Value;

/// A row.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    /// The event it came from; none after an aggregation.
    pub(crate) event: Option<Rc<Fields>>,
    /// What commands computed, in the order they did.
    columns: Vec<(String, Value)>,
    /// After a `join`: the rows it was made of, by their alias.
    pub(crate) sides: Vec<(String, Row)>,
}

impl Row {
    pub(crate) fn of_event(event: Rc<Fields>) -> Self {
        Self {
            event: Some(event),
            ..Self::default()
        }
    }

    pub(crate) fn set(&mut self, name: &str, value: Value) {
        match self.columns.iter_mut().find(|(known, _)| known == name) {
            Some(column) => column.1 = value,
            None => self.columns.push((name.to_owned(), value)),
        }
    }

    /// The computed columns.
    pub(crate) fn columns(&self) -> &[(String, Value)] {
        &self.columns
    }

    /// The computed column of this name.
    pub(crate) fn column(&self, name: &str) -> Option<&Value> {
        let found = self.columns.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value)
    }

    /// The value of a name as it stands in a result.
    pub(crate) fn get(&self, name: &str) -> Value {
        self.find(name, name, &steps(name))
    }

    /// The value of a field.
    pub(crate) fn field(&self, field: &Field) -> Value {
        self.find(&field.name(), &field.path(), &field.segments)
    }

    /// The value that a column of the result shows.
    pub(crate) fn shown(&self, column: &Shown) -> Value {
        match &column.field {
            Some(field) => self.field(field),
            None => self.get(&column.name),
        }
    }

    /// A computed column of that name, else a member of a computed column, else a side of a `join`, else what the
    /// event has. A computed column hides discovered fields below its name.
    fn find(&self, name: &str, path: &str, segments: &[Segment]) -> Value {
        if let Some(value) = self.column(name).or_else(|| self.column(path)) {
            return value.clone();
        }
        for length in (1..segments.len()).rev() {
            let (head, steps) = segments.split_at(length);
            if let Some(value) = self.column(&join(head)) {
                return member(value, steps);
            }
        }
        let (first, rest) = (join(&segments[..1]), &segments[1..]);
        let side = self.sides.iter().find(|(alias, _)| *alias == first);
        if let Some((_, side)) = side.filter(|_| !rest.is_empty()) {
            let path = join(rest);
            return side.find(&path, &path, rest);
        }
        self.event
            .as_ref()
            .map_or(Value::Null, |event| event.get(path))
    }

    /// The list or map at a path of the event's message, which is no field.
    pub(crate) fn container(&self, field: &Field) -> Value {
        let event = self.event.as_ref();
        event.map_or(Value::Null, |event| event.container(field))
    }
}

/// A member of a map or list; a step that does not exist gives nothing.
pub(crate) fn member(value: &Value, steps: &[Segment]) -> Value {
    value.member(steps).cloned().unwrap_or_default()
}

/// The time key of the last `stats`, for `fillmissing`.
#[derive(Debug, Clone)]
pub(crate) struct TimeKey {
    pub(crate) name: String,
    pub(crate) period: Period,
    pub(crate) offset: Option<Period>,
}

/// The rows after a command.
#[derive(Debug, Clone, Default)]
pub(crate) struct Frame {
    pub(crate) rows: Vec<Row>,
    /// What the result shows so far.
    pub(crate) columns: Columns,
    /// Whether rows still are events: no aggregation so far.
    pub(crate) raw: bool,
    /// The keys of the last `stats`.
    pub(crate) keys: Vec<String>,
    /// Its key of time bins.
    pub(crate) time_key: Option<TimeKey>,
    /// Names of lists from `split`.
    pub(crate) split: Vec<String>,
}

impl Frame {
    /// The rows of an aggregation: nothing but its columns remains.
    pub(crate) fn aggregated(columns: &[String], rows: Vec<Row>) -> Self {
        Self {
            rows,
            columns: Columns::of(columns),
            ..Self::default()
        }
    }
}
