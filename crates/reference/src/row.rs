//! Rows on their way through the commands, and which columns the result shows.

use std::rc::Rc;

use corelog_insights::{Field, Period, Segment};
use corelog_values::json::steps;

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

pub(crate) fn join(segments: &[Segment]) -> String {
    let all: Vec<String> = segments
        .iter()
        .map(|segment| match segment {
            Segment::Key(key) => key.clone(),
            Segment::Index(index) => index.to_string(),
        })
        .collect();
    all.join(".")
}

/// A member of a map or list; a step that does not exist gives nothing.
pub(crate) fn member(value: &Value, steps: &[Segment]) -> Value {
    value.member(steps).cloned().unwrap_or_default()
}

/// A column of the result.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    /// Its name.
    pub(crate) name: String,
    /// The field it shows; if none, the computed column of its name.
    pub(crate) field: Option<Field>,
}

impl Shown {
    pub(crate) fn column(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            field: None,
        }
    }

    pub(crate) fn value(&self, row: &Row) -> Value {
        match &self.field {
            Some(field) => row.field(field),
            None => row.get(&self.name),
        }
    }
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
    /// The columns that `fields` and other commands added; none yet means `@timestamp` and `@message`.
    pub(crate) shown: Vec<Shown>,
    /// Columns that other commands made before any `fields`.
    pub(crate) made: Vec<String>,
    /// Whether `display` said what is shown.
    pub(crate) displayed: bool,
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
    /// Shows one more column, unless `display` said what is shown or it is shown already.
    pub(crate) fn show(&mut self, column: Shown) {
        if !self.displayed && !self.shown.iter().any(|shown| shown.name == column.name) {
            self.shown.push(column);
        }
    }

    /// Shows a column that a command other than `fields` made. Decision: it comes behind those shown so far, and if
    /// no `fields` follows either, behind `@timestamp` and `@message`.
    pub(crate) fn show_made(&mut self, name: &str) {
        if !self.shown.is_empty() {
            self.show(Shown::column(name));
        } else if !self.made.iter().any(|known| known == name) {
            self.made.push(name.to_owned());
        }
    }

    pub(crate) fn columns(&self) -> Vec<Shown> {
        if !self.shown.is_empty() {
            return self.shown.clone();
        }
        let made = self.made.iter().map(|name| Shown::column(name));
        default_columns().into_iter().chain(made).collect()
    }

    /// The rows of an aggregation: nothing but its columns remains.
    pub(crate) fn aggregated(columns: &[String], rows: Vec<Row>) -> Self {
        Self {
            rows,
            shown: columns.iter().map(|name| Shown::column(name)).collect(),
            ..Self::default()
        }
    }
}

fn default_columns() -> Vec<Shown> {
    vec![Shown::column("@timestamp"), Shown::column("@message")]
}
