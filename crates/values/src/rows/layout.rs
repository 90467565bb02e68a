//! Which names are in which slots of a row.

use corelog_insights::{Field, Segment};

use crate::expression::{Binder, Bound};
use crate::json::{self, join};

/// A name and its slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The name.
    pub name: String,
    /// The slot.
    pub slot: usize,
    /// Whether a command computed it. A computed column hides discovered fields of its name and below it; fields of
    /// the event are found by their path only.
    pub is_computed: bool,
}

/// Which names are in which slots of a row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layout {
    columns: Vec<Column>,
    width: usize,
    /// After a `join`: the columns of the rows it was made of, by their alias.
    sides: Vec<(String, Vec<Column>)>,
}

impl Layout {
    /// Rows of events: fields by their path, in slots of this order. `@timestamp`, `@message` and the like are fields
    /// too.
    pub fn of_events(paths: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::of(paths, false)
    }

    /// Rows of an aggregation, of `pattern` and the like: columns in slots of this order.
    pub fn of_columns(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::of(names, true)
    }

    fn of(names: impl IntoIterator<Item = impl Into<String>>, is_computed: bool) -> Self {
        let column = |(slot, name): (usize, _)| Column {
            name: Into::into(name),
            slot,
            is_computed,
        };
        let columns: Vec<Column> = names.into_iter().enumerate().map(column).collect();
        Self {
            width: columns.len(),
            columns,
            sides: Vec::new(),
        }
    }

    /// How many slots rows have at most.
    pub fn width(&self) -> usize {
        self.width
    }

    /// All columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// After a `join`, the columns of the rows it was made of, by their alias.
    pub fn sides(&self) -> &[(String, Vec<Column>)] {
        &self.sides
    }

    /// The slot into which a command puts a column: its own if it was computed before, else a new one.
    pub fn put(&mut self, name: &str) -> usize {
        let side_slots = self.sides.iter().flat_map(|(_, columns)| columns);
        let is_shared = |slot: usize| side_slots.clone().any(|column| column.slot == slot);
        let known = self
            .columns
            .iter()
            .position(|column| column.is_computed && column.name == name);
        if let Some(at) = known {
            // A row's side keeps what it had when it was joined.
            if !is_shared(self.columns[at].slot) {
                return self.columns[at].slot;
            }
            self.columns.remove(at);
        }
        let slot = self.width;
        self.width += 1;
        self.columns.push(Column {
            name: name.to_owned(),
            slot,
            is_computed: true,
        });
        slot
    }

    /// Rows of this layout with those of another behind them, each reached by its alias.
    pub(super) fn join(&mut self, left: &str, right: &str, other: &Layout) {
        let shifted = |column: &Column| Column {
            slot: column.slot + self.width,
            ..column.clone()
        };
        let others = other.columns.iter().map(shifted).collect();
        self.sides = vec![
            (left.to_owned(), self.columns.clone()),
            (right.to_owned(), others),
        ];
        self.width += other.width;
    }

    /// The slot of a field of the event, whatever hides it.
    pub fn event(&self, path: &str) -> Option<usize> {
        let mut columns = self.columns.iter();
        let found = columns.find(|column| !column.is_computed && column.name == path);
        found.map(|column| column.slot)
    }

    /// The place of a field: a computed column of that name, else a member of a computed column, else a side of a
    /// `join`, else what the event has.
    pub fn place_of(&self, field: &Field) -> Bound {
        self.find(&field.name(), &field.path(), &field.segments)
    }

    /// The place of a name as it stands in a result.
    pub fn place_of_name(&self, name: &str) -> Bound {
        self.find(name, name, &json::steps(name))
    }

    fn find(&self, name: &str, path: &str, segments: &[Segment]) -> Bound {
        let found = find(&self.columns, name, path, segments);
        if let Some(bound) = found {
            return bound;
        }
        let (first, rest) = segments.split_at(segments.len().min(1));
        let first = join(first);
        let mut sides = self.sides.iter();
        if let Some((_, columns)) = sides.find(|(alias, _)| *alias == first && !rest.is_empty()) {
            let path = join(rest);
            let event = || event(columns, &path);
            return find(columns, &path, &path, rest).unwrap_or_else(event);
        }
        event(&self.columns, path)
    }
}

impl Binder for Layout {
    fn field(&mut self, field: &Field) -> Option<usize> {
        match self.place_of(field) {
            Bound::Slot(slot) => Some(slot),
            _ => None,
        }
    }

    fn place(&mut self, field: &Field) -> Bound {
        self.place_of(field)
    }

    fn column(&mut self, name: &str) -> Option<usize> {
        match self.place_of_name(name) {
            Bound::Slot(slot) => Some(slot),
            _ => None,
        }
    }
}

/// A computed column, or a member of one.
fn find(columns: &[Column], name: &str, path: &str, segments: &[Segment]) -> Option<Bound> {
    let computed = |name: &str| {
        let mut columns = columns.iter();
        let found = columns.find(|column| column.is_computed && column.name == name);
        found.map(|column| column.slot)
    };
    if let Some(slot) = computed(name).or_else(|| computed(path)) {
        return Some(Bound::Slot(slot));
    }
    (1..segments.len()).rev().find_map(|length| {
        let (head, steps) = segments.split_at(length);
        computed(&join(head)).map(|slot| Bound::Member {
            slot,
            path: steps.to_vec(),
        })
    })
}

fn event(columns: &[Column], path: &str) -> Bound {
    let mut columns = columns.iter();
    let found = columns.find(|column| !column.is_computed && column.name == path);
    found.map_or(Bound::Missing, |column| Bound::Slot(column.slot))
}
