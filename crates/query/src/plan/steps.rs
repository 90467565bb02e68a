//! Commands that look at rows one after the other.

use std::collections::BTreeSet;
use std::sync::Arc;

use corelog_insights::{Command, CommandKind, Expr, ExprKind, Field, InSet, ParsePattern, Query};
use corelog_store::Column as Stored;
use corelog_values::json::join;
use corelog_values::rows::{self, Given, Layout, Other, Shown, Table, Windows, step};
use corelog_values::{Set, Value};

use super::Planning;
use super::compare::WAS_BEFORE;
use super::read::each_expr;
use crate::compute::Slot;
use crate::frame::{Computed, Frame, HIDDEN, OrderKey, POINTER};
use crate::kind::Kind;
use crate::stage::Stage;
use crate::steps::{AllRows, Command as Working, EachRow, Written};
use crate::{Result, Window};

impl Planning<'_> {
    /// Plans a command of rows. `later` are the commands behind it.
    pub(super) async fn step(
        &mut self,
        frame: Frame,
        command: &Command,
        later: &[Command],
        window: Window,
    ) -> Result<Frame> {
        let mut given = self.given(&frame, window);
        match &command.kind {
            CommandKind::Join(join) => {
                let mut more = aliased(later, &join.right.value);
                more.insert(join.right_key.path());
                given.other = Some(self.other(&join.query, window, more).await?);
            }
            CommandKind::AppendCols(append) => {
                given.other = Some(self.other(&append.query, window, BTreeSet::new()).await?);
            }
            CommandKind::Lookup(lookup) => given.tables = self.tables(&lookup.table.value),
            CommandKind::CidrLookup(lookup) => given.tables = self.tables(&lookup.table.value),
            _ => {}
        }
        if is_of_each_row(&command.kind) {
            self.each_row(frame, command, given)
        } else {
            self.all_rows(frame, command, later, given)
        }
    }

    fn given(&self, frame: &Frame, window: Window) -> Given {
        Given {
            context: Arc::new(self.context(window)),
            shown: frame.columns(),
            keys: frame.keys.clone(),
            time_key: frame.time_key,
            split: frame.split.clone(),
            tables: Vec::new(),
            other: None,
            windows: Windows::One,
            anomaly: false,
            bare: false,
        }
    }

    /// The lookup table of that name, if there is one.
    fn tables(&self, name: &str) -> Vec<(String, Arc<Table>)> {
        let named = self
            .request
            .tables
            .iter()
            .filter(|table| table.name == name);
        named
            .map(|table| (table.name.clone(), Arc::new(Table::read(&table.csv))))
            .collect()
    }

    /// A command that makes rows of each row by itself.
    fn each_row(&mut self, mut frame: Frame, command: &Command, mut given: Given) -> Result<Frame> {
        given.bare = true;
        let outputs = outputs(&command.kind);
        let mut rows = Rows::of(&frame, matches!(command.kind, CommandKind::Unnest { .. }));
        rows.keep(&rows::read(&command.kind, &given));
        let mut after = rows.layout.clone();
        step(&command.kind, &mut after, &given)?;
        let mut written = Vec::new();
        for column in after.columns().iter().filter(|it| it.is_computed) {
            if outputs.contains(&column.name) {
                let name = self.name();
                frame.compute(Computed {
                    name: column.name.clone(),
                    column: name.clone(),
                    kind: Kind::Any,
                });
                written.push(Written {
                    slot: column.slot,
                    column: name,
                    kind: Kind::Any,
                });
            }
        }
        for name in rows::added(&command.kind, &given) {
            frame.shown.show_made(&name);
        }
        let number = self.name();
        let transform = EachRow {
            command: rows.working(command, given),
            written,
            number: number.clone(),
        };
        if is_of_several(&command.kind) {
            frame.order.push(OrderKey {
                column: number,
                descending: false,
            });
            frame.sorted = false;
        }
        frame.plan = Stage::plan(frame.plan, Arc::new(transform))?;
        Ok(frame)
    }

    /// A command that looks at rows in their order.
    fn all_rows(
        &mut self,
        mut frame: Frame,
        command: &Command,
        later: &[Command],
        mut given: Given,
    ) -> Result<Frame> {
        let mut rows = Rows::of(&frame, false);
        let follows = |wanted: fn(&CommandKind) -> bool| later.iter().any(|it| wanted(&it.kind));
        let is_pattern = matches!(command.kind, CommandKind::Pattern(_));
        let is_comparison = matches!(command.kind, CommandKind::LogCompare(_));
        given.anomaly =
            (is_pattern || is_comparison) && follows(|kind| matches!(kind, CommandKind::Anomaly));
        let columns = frame.plan.schema();
        if columns.has_column_with_unqualified_name(WAS_BEFORE) {
            let slot = rows.add(WAS_BEFORE, WAS_BEFORE, Kind::Bool);
            given.windows = Windows::Compared(slot);
        }
        let is_replaced = is_of_own_rows(&command.kind);
        if is_replaced {
            rows.keep(&rows::read(&command.kind, &given));
        }
        let mut after = rows.layout.clone();
        step(&command.kind, &mut after, &given)?;
        let number = self.name();
        let (mut written, mut known) = (Vec::new(), Vec::new());
        for column in after.columns() {
            let same = rows.slots.get(column.slot).and_then(Option::as_ref);
            let (name, kind) = match same.filter(|_| !column.is_computed) {
                Some(slot) => (slot.column.clone(), slot.kind),
                None => (self.name(), Kind::Any),
            };
            if column.is_computed {
                known.push(Computed {
                    name: column.name.clone(),
                    column: name.clone(),
                    kind,
                });
            }
            written.push(Written {
                slot: column.slot,
                column: name,
                kind,
            });
        }
        // After a join, what is reached by an alias.
        for (alias, columns) in after.sides() {
            let asked = aliased(later, alias);
            for column in columns.iter().filter(|it| asked.contains(&it.name)) {
                let name = self.name();
                known.push(Computed {
                    name: format!("{alias}.{}", column.name),
                    column: name.clone(),
                    kind: Kind::Any,
                });
                written.push(Written {
                    slot: column.slot,
                    column: name,
                    kind: Kind::Any,
                });
            }
        }
        let transform = AllRows {
            command: rows.working(command, given.clone()),
            written,
            order: frame.order.clone(),
            number: number.clone(),
        };
        let plan = Stage::plan(frame.plan.clone(), Arc::new(transform))?;
        if is_replaced {
            frame = Frame::aggregated(plan, known);
        } else {
            frame.plan = plan;
            frame.computed = known;
            for name in rows::added(&command.kind, &given) {
                frame.shown.show_made(&name);
            }
        }
        frame.order = vec![OrderKey {
            column: number,
            descending: false,
        }];
        frame.sorted = false;
        Ok(frame)
    }

    /// The rows of another query, with the columns that it shows and some more.
    async fn other(
        &mut self,
        query: &Query,
        window: Window,
        more: BTreeSet<String>,
    ) -> Result<Other> {
        let frame = self.subquery(query, window, &more).await?;
        let shown = frame.columns();
        let place = |column: &Shown| (column.name.clone(), frame.shown_at(column));
        let mut columns: Vec<(String, Option<Slot>)> = shown.iter().map(place).collect();
        for name in more {
            if columns.iter().all(|(known, _)| *known != name) {
                let slot = frame.column(&name);
                columns.push((name, slot));
            }
        }
        let (names, slots): (Vec<String>, Vec<Option<Slot>>) = columns.into_iter().unzip();
        Ok(Other {
            rows: Arc::new(self.rows(frame, &slots).await?),
            layout: Layout::of_columns(names),
            shown: shown
                .into_iter()
                .map(|column| Shown::column(&column.name))
                .collect(),
        })
    }

    /// Runs the subqueries of a command's conditions.
    pub(super) async fn run_subqueries(&mut self, command: &Command, window: Window) -> Result<()> {
        let mut queries = Vec::new();
        each_expr(&command.kind, &mut |expr| subqueries(expr, &mut queries));
        for query in queries {
            let frame = self.subquery(query, window, &BTreeSet::new()).await?;
            let columns = frame.columns();
            let slot = columns.first().and_then(|column| frame.shown_at(column));
            let rows = self.rows(frame, &[slot]).await?;
            let values = rows.into_iter().flatten();
            let set: Set = values
                .filter(|value: &Value<'_>| !value.is_null())
                .collect();
            self.sets.push((query.span, Arc::new(set)));
        }
        Ok(())
    }
}

fn subqueries<'e>(expr: &'e Expr, out: &mut Vec<&'e Query>) {
    if let ExprKind::In {
        set: InSet::Query(query),
        ..
    } = &expr.kind
    {
        out.push(query);
    }
    for part in expr.parts() {
        subqueries(part, out);
    }
}

/// Rows of a frame as commands see them: names in slots, and the columns they come from.
struct Rows {
    layout: Layout,
    slots: Vec<Option<Slot>>,
}

impl Rows {
    /// With lists and maps of messages where `containers` says so.
    fn of(frame: &Frame, containers: bool) -> Self {
        let mut events: Vec<(String, Slot)> = Vec::new();
        let plain = |column: &str, kind| Slot {
            column: column.to_owned(),
            kind,
            path: Vec::new(),
        };
        if frame.raw {
            for path in ["@timestamp", "@ingestionTime", "@message", "@logStream"] {
                events.extend(frame.event(path).map(|slot| (path.to_owned(), slot)));
            }
            for path in frame.discovered.keys().chain(frame.of_group.keys()) {
                events.extend(frame.event(path).map(|slot| (path.clone(), slot)));
            }
            for path in &frame.promoted_asked {
                events.extend(frame.event(path).map(|slot| ((*path).to_owned(), slot)));
            }
            if containers {
                for (path, column) in &frame.containers {
                    events.retain(|(known, _)| known != path);
                    events.push((path.clone(), plain(column, Kind::Any)));
                }
            }
            for column in POINTER {
                if column != Stored::Timestamp.name() {
                    let kind = match column {
                        c if c == Stored::Sequence.name() => Kind::Int,
                        c if c == Stored::Part.name() => Kind::Small,
                        _ => Kind::Text,
                    };
                    events.push((format!("{HIDDEN}{column}"), plain(column, kind)));
                }
            }
        }
        let (paths, mut slots): (Vec<String>, Vec<Option<Slot>>) = events
            .into_iter()
            .map(|(path, slot)| (path, Some(slot)))
            .unzip();
        let mut layout = Layout::of_events(paths);
        for column in &frame.computed {
            let slot = layout.put(&column.name);
            slots.resize(slot + 1, None);
            slots[slot] = Some(plain(&column.column, column.kind));
        }
        Self { layout, slots }
    }

    /// Leaves out the values of events' fields that are not among these.
    fn keep(&mut self, fields: &[Field]) {
        let events = self.layout.columns().iter().filter(|it| !it.is_computed);
        for column in events {
            if fields.iter().all(|field| field.path() != column.name) {
                self.slots[column.slot] = None;
            }
        }
    }

    fn add(&mut self, name: &str, column: &str, kind: Kind) -> usize {
        let slot = self.layout.put(name);
        self.slots.resize(slot + 1, None);
        self.slots[slot] = Some(Slot {
            column: column.to_owned(),
            kind,
            path: Vec::new(),
        });
        slot
    }

    fn working(self, command: &Command, given: Given) -> Working {
        Working {
            kind: command.kind.clone(),
            layout: self.layout,
            given,
            slots: self.slots,
        }
    }
}

fn is_of_each_row(kind: &CommandKind) -> bool {
    matches!(
        kind,
        CommandKind::Parse(_)
            | CommandKind::Json { .. }
            | CommandKind::Unnest { .. }
            | CommandKind::Expand(_)
            | CommandKind::Lookup(_)
            | CommandKind::CidrLookup(_)
    )
}

/// Whether a command makes rows that have nothing of those before.
pub(super) fn is_of_own_rows(kind: &CommandKind) -> bool {
    matches!(
        kind,
        CommandKind::Pattern(_) | CommandKind::LogCompare(_) | CommandKind::RelevantFields { .. }
    )
}

/// Whether a command may make several rows of one.
pub(super) fn is_of_several(kind: &CommandKind) -> bool {
    match kind {
        CommandKind::Parse(parse) => {
            matches!(parse.pattern, ParsePattern::Regex { multi: true, .. })
        }
        CommandKind::Unnest { .. } | CommandKind::Expand(_) | CommandKind::Join(_) => true,
        _ => false,
    }
}

/// The names that a command of each row gives.
fn outputs(kind: &CommandKind) -> Vec<String> {
    match kind {
        CommandKind::Parse(parse) => parse.captures().into_iter().map(|(_, name)| name).collect(),
        CommandKind::Json { alias, .. } => vec![alias.value.clone()],
        CommandKind::Unnest { into, .. } => vec![into.value.clone()],
        CommandKind::Expand(field) => vec![field.name()],
        CommandKind::Lookup(lookup) => texts(&lookup.outputs),
        CommandKind::CidrLookup(lookup) => texts(&lookup.outputs),
        _ => Vec::new(),
    }
}

fn texts(all: &[corelog_insights::Text]) -> Vec<String> {
    all.iter().map(|text| text.value.clone()).collect()
}

/// What later commands reach by an alias of a join.
pub(super) fn aliased(later: &[Command], alias: &str) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for command in later {
        super::read::each_field(&command.kind, &mut |field| {
            let (first, rest) = field.segments.split_at(1);
            if join(first) == alias && !rest.is_empty() {
                paths.insert(join(rest));
            }
        });
    }
    paths
}
