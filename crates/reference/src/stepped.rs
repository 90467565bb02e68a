//! Commands of rows run by the steps of `values`: frames to rows, a step over them, and back.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use corelog_insights::{Command, CommandKind};
use corelog_values::Bound;
use corelog_values::rows::{self, Column, Given, Layout, Other, RowValues, Table, Windows};

use crate::commands;
use crate::event::Fields;
use crate::output::Failure;
use crate::pipeline::{Machine, events};
use crate::row::{Frame, Row, TimeKey};
use crate::source::{self, Window};
use crate::value::Value;

/// Rows that are pushed at once: few, so that steps see several batches.
const BATCH: usize = 3;

/// The slot that says which event a row came from, and the one that says that it is of another time.
const EVENT: &str = "\u{0}event";
const OTHER: &str = "\u{0}other";

/// As [`Machine::pipeline`].
pub(crate) fn pipeline(
    machine: &mut Machine<'_>,
    commands: &[Command],
    window: Window,
) -> Result<(Frame, u64), Failure> {
    let read = source::read(commands, machine.input, window);
    machine.count_read(&read);
    let mut matched = events(&read);
    let mut state = State::of(read, Vec::new());
    for (at, command) in commands.iter().enumerate() {
        if !is_step(&command.kind) {
            let frame = machine.step(state.frame(), command, window)?;
            let is_filter = matches!(
                command.kind,
                CommandKind::Filter(_) | CommandKind::FilterIndex(_)
            );
            if frame.raw && is_filter {
                matched = events(&frame);
            }
            state = State::of(frame, Vec::new());
            continue;
        }
        // `pattern` has compared.
        if let CommandKind::Diff(_) = &command.kind {
            continue;
        }
        let mut given = state.given(machine, command, window)?;
        let asks = |next: &Command| matches!(next.kind, CommandKind::Anomaly);
        given.anomaly = commands[at..].iter().any(asks);
        match &command.kind {
            CommandKind::Pattern(_) => {
                if let Some(other) = commands::diff::time(&commands[at..], window)? {
                    let (other, _) = machine.pipeline(&commands[..at], other)?;
                    given.windows = Windows::Compared(state.beside(other));
                }
            }
            CommandKind::LogCompare(shift) => {
                let other = commands::diff::shifted(window, *shift)?;
                let (other, _) = machine.pipeline(&commands[..at], other)?;
                given.windows = Windows::Compared(state.beside(other));
            }
            CommandKind::Join(join) => {
                given.other = Some(other(machine.subquery(&join.query, window)?));
            }
            CommandKind::AppendCols(append) => {
                given.other = Some(other(machine.subquery(&append.query, window)?));
            }
            _ => {}
        }
        state = state.after(command, &given)?;
    }
    Ok((state.frame(), matched))
}

fn other(frame: Frame) -> Other {
    let shown = frame.columns.all();
    let state = State::of(frame, Vec::new());
    Other {
        layout: state.layout,
        shown,
        rows: Arc::new(state.rows),
    }
}

/// Rows between two commands.
struct State {
    layout: Layout,
    rows: Vec<RowValues>,
    /// Everything of a frame but its rows.
    meta: Frame,
    /// The events that rows came from.
    events: Vec<Rc<Fields>>,
}

impl State {
    /// Lays a frame's rows out; `more` are further columns that they have.
    fn of(mut frame: Frame, more: Vec<String>) -> Self {
        let mut rows = std::mem::take(&mut frame.rows);
        rows.iter_mut().for_each(flatten);
        let mut fields: BTreeSet<String> = BTreeSet::new();
        let mut computed: Vec<String> = more;
        let mut events: Vec<Rc<Fields>> = Vec::new();
        for row in &rows {
            fields.extend(
                row.event
                    .iter()
                    .flat_map(|event| event.names().map(str::to_owned)),
            );
            for (name, _) in row.columns() {
                if !computed.contains(name) {
                    computed.push(name.clone());
                }
            }
        }
        // Fields that the events of this query do not have may still be asked for; they are missing.
        let fields: Vec<String> = fields.into_iter().chain([EVENT.to_owned()]).collect();
        let mut layout = Layout::of_events(fields.clone());
        for name in &computed {
            layout.put(name);
        }
        let lay = |row: Row| -> RowValues {
            let event = |name: &String| match &row.event {
                Some(event) if name == EVENT => {
                    events.push(Rc::clone(event));
                    Value::count(events.len() - 1)
                }
                Some(event) => event.get(name),
                None => Value::Null,
            };
            let mut values: RowValues = fields.iter().map(event).collect();
            values.extend(computed.iter().map(|name| row.get(name)));
            values
        };
        let rows = rows.into_iter().map(lay).collect();
        Self {
            layout,
            rows,
            meta: frame,
            events,
        }
    }

    /// Puts the rows of another time behind these, and says in which slot they are told apart.
    fn beside(&mut self, other: Frame) -> usize {
        let own = self.frame();
        let count = own.rows.len();
        let mut all = self.meta.clone();
        all.rows = own.rows.into_iter().chain(other.rows).collect();
        for (at, row) in all.rows.iter_mut().enumerate() {
            row.set(OTHER, Value::Bool(at >= count));
        }
        *self = Self::of(all, vec![OTHER.to_owned()]);
        let mut layout = self.layout.clone();
        layout.put(OTHER)
    }

    fn frame(&self) -> Frame {
        let mut frame = self.meta.clone();
        frame.rows = self.rows.iter().map(|row| self.row(row)).collect();
        frame
    }

    fn row(&self, values: &RowValues) -> Row {
        let value = |slot: usize| values.get(slot).cloned().unwrap_or_default();
        let index = self.layout.event(EVENT).map(value);
        let index = index.and_then(|index| corelog_values::coerce::millis(&index));
        let event = index.and_then(|index| self.events.get(usize::try_from(index).ok()?));
        let mut row = event.map_or_else(Row::default, |event| Row::of_event(Rc::clone(event)));
        for column in self.layout.columns() {
            if column.is_computed && column.name != OTHER {
                row.set(&column.name, value(column.slot));
            }
        }
        for (alias, columns) in self.layout.sides() {
            let mut side = Row::default();
            for computed in [false, true] {
                for column in columns
                    .iter()
                    .filter(|column| column.is_computed == computed)
                {
                    side.set(&column.name, value(column.slot));
                }
            }
            row.sides.push((alias.clone(), side));
        }
        row
    }

    fn given(
        &self,
        machine: &mut Machine<'_>,
        command: &Command,
        window: Window,
    ) -> Result<Given, Failure> {
        let tables = machine.input.tables.iter();
        let tables = tables.map(|table| (table.name.clone(), Arc::new(Table::read(&table.csv))));
        let time_key = self
            .meta
            .time_key
            .as_ref()
            .and_then(|time| self.time_key(time));
        Ok(Given {
            tables: tables.collect(),
            context: machine.scope(command, window)?.context,
            shown: self.meta.columns.all(),
            keys: self.meta.keys.clone(),
            time_key,
            split: self.meta.split.clone(),
            other: None,
            windows: Windows::One,
            anomaly: false,
            bare: false,
        })
    }

    fn time_key(&self, time: &TimeKey) -> Option<rows::TimeKey> {
        Some(rows::TimeKey {
            key: self.meta.keys.iter().position(|key| *key == time.name)?,
            period: time.period,
            offset: time.offset,
        })
    }

    /// The rows after a command.
    fn after(mut self, command: &Command, given: &Given) -> Result<Self, Failure> {
        let (before, kind) = (self.layout.clone(), &command.kind);
        let rows = std::mem::take(&mut self.rows);
        let bare = unread_missing(&before, &rows, kind, given);
        self.rows = stepped(rows, kind, &mut self.layout, given)?;
        // What a command says that it reads is all that it needs.
        let mut again = stepped(bare, kind, &mut before.clone(), given)?;
        let keeps = self.layout.event(EVENT).is_some();
        for (row, full) in again.iter_mut().zip(&self.rows) {
            for column in before
                .columns()
                .iter()
                .filter(|column| keeps && !column.is_computed)
            {
                if let (Some(value), Some(full)) = (row.get_mut(column.slot), full.get(column.slot))
                {
                    *value = full.clone();
                }
            }
        }
        if again != self.rows {
            let reason = format!("`{}` reads more than it says", kind.word().as_str());
            return Err(Failure::Other { reason });
        }
        self.show(command, given);
        Ok(self)
    }

    /// What a result shows after a command.
    fn show(&mut self, command: &Command, given: &Given) {
        match &command.kind {
            CommandKind::Pattern(_)
            | CommandKind::LogCompare(_)
            | CommandKind::RelevantFields { .. } => {
                let columns = self.layout.columns().iter();
                let names = columns.map(|column| column.name.clone());
                let names: Vec<String> = names.filter(|name| !name.starts_with('\0')).collect();
                self.meta = Frame::aggregated(&names, Vec::new());
            }
            kind => {
                let names = rows::added(kind, given);
                for name in &names {
                    self.meta.columns.show_made(name);
                }
            }
        }
    }
}

/// Rows of which fields are missing that a command does not read.
fn unread_missing(
    layout: &Layout,
    rows: &[RowValues],
    command: &CommandKind,
    given: &Given,
) -> Vec<RowValues> {
    let read = rows::read(command, given);
    let is_read = |column: &Column| {
        read.iter().any(|field| {
            let place = layout.place_of(field);
            place == Bound::Slot(column.slot) || field.path() == column.name
        })
    };
    let fields = layout.columns().iter().filter(|column| !column.is_computed);
    let unread: Vec<usize> = fields
        .filter(|column| column.name != EVENT && !is_read(column))
        .map(|column| column.slot)
        .collect();
    let mut rows = rows.to_vec();
    for row in &mut rows {
        for slot in &unread {
            if let Some(value) = row.get_mut(*slot) {
                *value = Value::Null;
            }
        }
    }
    rows
}

/// Makes columns of the sides of a `join`, by their alias.
fn flatten(row: &mut Row) {
    for (alias, side) in std::mem::take(&mut row.sides) {
        for (name, value) in side.columns() {
            let name = format!("{alias}.{name}");
            if row.column(&name).is_none() {
                row.set(&name, value.clone());
            }
        }
    }
}

/// The rows that come out of a command's step.
fn stepped(
    rows: Vec<RowValues>,
    command: &CommandKind,
    layout: &mut Layout,
    given: &Given,
) -> Result<Vec<RowValues>, Failure> {
    let mut step = rows::step(command, layout, given).map_err(failure)?;
    let mut out = Vec::new();
    let mut rows = rows.into_iter();
    loop {
        let batch: Vec<RowValues> = rows.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            break;
        }
        step.push(batch, &mut out).map_err(failure)?;
    }
    step.finish(&mut out).map_err(failure)?;
    Ok(out)
}

/// Whether a command is run by a step; engines have operators for the others.
fn is_step(kind: &CommandKind) -> bool {
    !matches!(
        kind,
        CommandKind::Source(_)
            | CommandKind::Fields(_)
            | CommandKind::Unmask(_)
            | CommandKind::Display(_)
            | CommandKind::Filter(_)
            | CommandKind::FilterIndex(_)
            | CommandKind::Sort(_)
            | CommandKind::Limit(_)
            | CommandKind::Stats(_)
            | CommandKind::CountFrequent(_)
    )
}

fn failure(failure: rows::Failure) -> Failure {
    match failure {
        rows::Failure::Unsupported { what } => Failure::Unsupported { what },
        rows::Failure::TooMany { what, max } => Failure::TooMany { what, max },
    }
}
