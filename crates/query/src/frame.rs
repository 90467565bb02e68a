//! What is known of the rows between two commands of a query: which column holds what.

use std::collections::HashMap;

use corelog_insights::{Field, Segment};
use corelog_store::{Column as Stored, PROMOTED, Promoted};
use corelog_values::json;
use corelog_values::rows::{Columns, Shown, TimeKey};
use datafusion::logical_expr::LogicalPlan;

use crate::compute::Slot;
use crate::kind::Kind;
use crate::scan::GROUP;

/// Before the names of columns that only we know.
pub(crate) const HIDDEN: char = '\u{0}';

/// A column that a command computed, by the name that the query gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Computed {
    pub(crate) name: String,
    pub(crate) column: String,
    pub(crate) kind: Kind,
}

/// A key by which rows are in order.
#[derive(Debug, Clone)]
pub(crate) struct OrderKey {
    pub(crate) column: String,
    pub(crate) descending: bool,
}

/// The rows after a command.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) plan: LogicalPlan,
    /// What commands computed, in the order they did.
    pub(crate) computed: Vec<Computed>,
    /// Fields taken out of messages, by their path.
    pub(crate) discovered: HashMap<String, String>,
    /// Maps and lists taken out of messages, by their path.
    pub(crate) containers: HashMap<String, String>,
    /// Whether promoted fields are read from their columns.
    pub(crate) promoted: bool,
    /// Promoted fields that commands ask for.
    pub(crate) promoted_asked: Vec<&'static str>,
    /// Columns that hold the same for all rows of a log group, such as a tag, by the field's name.
    pub(crate) of_group: HashMap<String, String>,
    /// What the result shows so far.
    pub(crate) shown: Columns,
    /// Whether rows still are events: no aggregation so far.
    pub(crate) raw: bool,
    /// The order that rows are to be in.
    pub(crate) order: Vec<OrderKey>,
    /// Whether they are in it.
    pub(crate) sorted: bool,
    /// The keys of the last `stats`.
    pub(crate) keys: Vec<String>,
    /// Its key of time bins.
    pub(crate) time_key: Option<TimeKey>,
    /// Names of lists from `split`.
    pub(crate) split: Vec<String>,
}

impl Frame {
    /// The rows of events.
    pub(crate) fn of_events(plan: LogicalPlan, promoted: bool) -> Self {
        let key = |column: &str| OrderKey {
            column: column.to_owned(),
            descending: true,
        };
        Self {
            plan,
            computed: Vec::new(),
            discovered: HashMap::new(),
            containers: HashMap::new(),
            promoted,
            promoted_asked: Vec::new(),
            of_group: HashMap::new(),
            shown: Columns::default(),
            raw: true,
            order: vec![
                key(Stored::Timestamp.name()),
                OrderKey {
                    descending: false,
                    ..key(Stored::IngestionTime.name())
                },
                OrderKey {
                    descending: false,
                    ..key(Stored::Sequence.name())
                },
                OrderKey {
                    descending: false,
                    ..key(Stored::Part.name())
                },
            ],
            sorted: false,
            keys: Vec::new(),
            time_key: None,
            split: Vec::new(),
        }
    }

    /// The rows of an aggregation: nothing but its columns remains.
    pub(crate) fn aggregated(plan: LogicalPlan, columns: Vec<Computed>) -> Self {
        let mut frame = Self::of_events(plan, false);
        // What one command leaves for the next is not for people.
        let names = columns.iter().map(|column| &column.name);
        frame.shown = Columns::of(names.filter(|name| !name.starts_with(HIDDEN)));
        frame.computed = columns;
        frame.raw = false;
        frame.order = Vec::new();
        frame
    }

    /// The columns of the result.
    pub(crate) fn columns(&self) -> Vec<Shown> {
        self.shown.all()
    }

    /// Adds a computed column; one of the same name is hidden by it.
    pub(crate) fn compute(&mut self, computed: Computed) {
        match self.computed.iter_mut().find(|it| it.name == computed.name) {
            Some(known) => *known = computed,
            None => self.computed.push(computed),
        }
    }

    /// Where the value of a field is; `None` if rows have no such field.
    ///
    /// A computed column of that name, else a member of a computed column, else what the event has. A computed column
    /// hides discovered fields below its name.
    pub(crate) fn field(&self, field: &Field) -> Option<Slot> {
        self.find(&field.name(), &field.path(), &field.segments)
    }

    /// Where the value of a column is, by its name.
    pub(crate) fn column(&self, name: &str) -> Option<Slot> {
        self.find(name, name, &json::steps(name))
    }

    /// Where the value of a column of the result is.
    pub(crate) fn shown_at(&self, shown: &Shown) -> Option<Slot> {
        match &shown.field {
            Some(field) => self.field(field),
            None => self.column(&shown.name),
        }
    }

    /// The columns of slots, and those of pointers.
    pub(crate) fn needed(&self, slots: &[Option<Slot>], pointers: bool) -> Vec<String> {
        let mut needed: Vec<String> = Vec::new();
        let columns = slots.iter().flatten().map(|slot| slot.column.clone());
        let pointer = POINTER.iter().filter(|_| pointers);
        for column in columns.chain(pointer.map(|it| (*it).to_owned())) {
            if !needed.contains(&column) {
                needed.push(column);
            }
        }
        if needed.is_empty() {
            let any = self.plan.schema().fields().first();
            needed.extend(any.map(|it| it.name().clone()));
        }
        needed
    }

    fn find(&self, name: &str, path: &str, segments: &[Segment]) -> Option<Slot> {
        let computed = |name: &str| self.computed.iter().find(|it| it.name == name);
        if let Some(found) = computed(name).or_else(|| computed(path)) {
            return Some(slot(found, &[]));
        }
        for length in (1..segments.len()).rev() {
            let (head, steps) = segments.split_at(length);
            if let Some(found) = computed(&json::join(head)) {
                return Some(slot(found, steps));
            }
        }
        if self.raw { self.event(path) } else { None }
    }

    /// Where an event has a field.
    pub(crate) fn event(&self, path: &str) -> Option<Slot> {
        let plain = |column: &str, kind| {
            Some(Slot {
                column: column.to_owned(),
                kind,
                path: Vec::new(),
            })
        };
        match path {
            "@timestamp" => return plain(Stored::Timestamp.name(), Kind::Time),
            "@ingestionTime" => return plain(Stored::IngestionTime.name(), Kind::Time),
            "@message" => return plain(Stored::Message.name(), Kind::Text),
            "@logStream" => return plain(Stored::Stream.name(), Kind::Text),
            _ => {}
        }
        if let Some(column) = self.of_group.get(path) {
            return plain(column, Kind::Any);
        }
        if let Some(promoted) = promoted(path).filter(|_| self.promoted) {
            return Some(in_column(promoted));
        }
        let column = self.discovered.get(path)?;
        plain(column, Kind::Any)
    }
}

/// The columns that a pointer to an event is made of.
pub(crate) const POINTER: [&str; 5] = [
    GROUP,
    Stored::Timestamp.name(),
    Stored::Node.name(),
    Stored::Sequence.name(),
    Stored::Part.name(),
];

fn slot(computed: &Computed, path: &[Segment]) -> Slot {
    Slot {
        column: computed.column.clone(),
        kind: computed.kind,
        path: path.to_vec(),
    }
}

/// The promoted field of a name.
pub(crate) fn promoted(path: &str) -> Option<&'static Promoted> {
    PROMOTED.iter().find(|promoted| promoted.field == path)
}

/// Where a promoted field is, of events whose columns tell the whole truth.
pub(crate) fn in_column(promoted: &Promoted) -> Slot {
    Slot {
        column: promoted.column.to_owned(),
        kind: match promoted.kind {
            corelog_store::Kind::Text => Kind::Text,
            corelog_store::Kind::Integer => Kind::Int,
            corelog_store::Kind::Number => Kind::Written,
        },
        path: Vec::new(),
    }
}
