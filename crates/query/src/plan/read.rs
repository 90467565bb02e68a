//! The beginning of a query: which events are read, and which fields are taken out of their messages.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use corelog_insights::{Baseline, Command, CommandKind, Expr, ExprKind, Field, Item};
use corelog_values::json::join;
use corelog_values::{Value, calendar};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{self as df, LogicalPlanBuilder};

use super::rows::conjuncts;
use super::steps::aliased;
use super::{Planning, is_aggregation, last_filter};
use crate::discover::{Discover, Wanted};
use crate::frame::{Frame, promoted};
use crate::group;
use crate::of_group::{OfGroup, is_of_group};
use crate::scan::in_window;
use crate::stage::Stage;
use crate::{Error, Request, Result, Window, native, text};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Events ready for the first command.
pub(super) struct Reading {
    pub(super) frame: Frame,
    /// Where the parts of conditions stand that were looked at already.
    pub(super) hoisted: Vec<usize>,
    /// Whether the events are counted as matched.
    pub(super) counted: bool,
}

impl Planning<'_> {
    /// `more` are fields that somebody else asks of these events.
    pub(super) fn read(
        &mut self,
        commands: &[Command],
        window: Window,
        more: &BTreeSet<String>,
    ) -> Result<Reading> {
        let request = self.request;
        let groups = group::selected(commands, &request.groups, &request.selected);
        let before = compared(commands, window)?;
        let all = before.map_or(window, |before| before.and(window));
        let (mut scan, extent) = request.events.select(&groups, all);
        self.watch.reads(&groups, extent);
        let counted = before.is_none() && last_filter(commands).is_none();
        if counted && !self.is_nested {
            scan.count(self.watch.tally());
        }
        let is_promoted = !scan.loose;
        let conditions = conditions_of_events(commands);
        let text = text::of_conditions(conditions.iter().copied(), is_promoted);
        scan.look_for(text, self.watch.left_out());
        let mut builder =
            LogicalPlanBuilder::scan("events", provider_as_source(Arc::new(scan)), None)?;
        if let Some(before) = before {
            builder = flag(builder, window, before)?;
        }
        let mut frame = Frame::of_events(builder.build()?, is_promoted);
        let hoisted = hoist(&mut frame, &conditions)?;
        self.take_fields(&mut frame, commands, more)?;
        Ok(Reading {
            frame,
            hoisted,
            counted,
        })
    }

    /// Takes the fields that commands ask for out of the messages.
    fn take_fields(
        &mut self,
        frame: &mut Frame,
        commands: &[Command],
        more: &BTreeSet<String>,
    ) -> Result<()> {
        let mut asked = Asked::default();
        asked.paths.extend(more.iter().cloned());
        for alias in aliases(commands) {
            asked.paths.extend(aliased(commands, &alias));
        }
        for command in commands {
            asked.command(&command.kind);
            if is_aggregation(&command.kind) {
                break;
            }
        }
        let mut of_group = BTreeMap::new();
        let mut fields = Vec::new();
        for path in asked.paths {
            if is_of_group(&path) {
                of_group.insert(path, self.name());
            } else if let Some(promoted) = promoted(&path).filter(|_| frame.promoted) {
                frame.promoted_asked.push(promoted.field);
            } else if !is_system(&path) {
                let column = self.name();
                frame.discovered.insert(path.clone(), column.clone());
                fields.push(Wanted { path, column });
            }
        }
        let mut containers = Vec::new();
        for path in asked.containers {
            let column = self.name();
            frame.containers.insert(path.clone(), column.clone());
            containers.push(Wanted { path, column });
        }
        if !of_group.is_empty() {
            frame.of_group = of_group.clone().into_iter().collect();
            let step = OfGroup {
                facts: of_group.into_iter().collect(),
                values: facts(self.request),
            };
            frame.plan = Stage::plan(frame.plan.clone(), Arc::new(step))?;
        }
        if !fields.is_empty() || !containers.is_empty() {
            let step = Discover { fields, containers };
            frame.plan = Stage::plan(frame.plan.clone(), Arc::new(step))?;
        }
        Ok(())
    }
}

/// What fields of log groups say, by group.
pub(crate) fn facts(request: &Request) -> HashMap<Arc<str>, HashMap<String, Value<'static>>> {
    let of = |group: &crate::Group| {
        let text = |text: &str| Value::text(text.to_owned());
        let mut facts = HashMap::new();
        let log = format!("{}:{}", group.account, group.name);
        facts.insert("@log".to_owned(), text(&log));
        facts.insert("@aws.account".to_owned(), text(&group.account));
        facts.insert("@aws.region".to_owned(), text(&group.region));
        if let Some(source) = &group.data_source {
            facts.insert("@data_source_name".to_owned(), text(source));
        }
        for (key, value) in &group.tags {
            facts.insert(format!("@aws.tag.{key}"), text(value));
        }
        (Arc::clone(&group.name), facts)
    };
    request.groups.iter().map(of).collect()
}

/// The parts of filters that can be looked at first of all: no command before them changes which rows there are other
/// than by filters, or what the names in them mean.
fn conditions_of_events(commands: &[Command]) -> Vec<&Expr> {
    let mut conditions = Vec::new();
    let mut names = BTreeSet::new();
    for command in commands {
        match &command.kind {
            CommandKind::Filter(condition) | CommandKind::FilterIndex(condition) => {
                let parts = conjuncts(condition).into_iter();
                conditions.extend(parts.filter(|part| !mentions(part, &names)));
            }
            CommandKind::Fields(items)
            | CommandKind::Display(items)
            | CommandKind::Unmask(items) => {
                let computed = items.iter().filter(|item| !is_plain(item));
                names.extend(computed.map(|item| item.name.clone()));
            }
            CommandKind::Source(_) | CommandKind::Sort(_) => {}
            _ => break,
        }
    }
    conditions
}

/// Moves those conditions to the front that the engine can look at while it reads. Returns where they stand.
fn hoist(frame: &mut Frame, conditions: &[&Expr]) -> Result<Vec<usize>> {
    let mut hoisted = Vec::new();
    for part in conditions {
        if let Some(native) = native::condition(frame, part) {
            let builder = LogicalPlanBuilder::from(frame.plan.clone());
            frame.plan = builder.filter(native)?.build()?;
            hoisted.push(part.span.start);
        }
    }
    Ok(hoisted)
}

/// Whether an item only shows a field, under the field's own name.
fn is_plain(item: &Item) -> bool {
    item.alias.is_none() && matches!(item.expr.kind, ExprKind::Field(_))
}

/// Whether a condition has a field that is one of these names, or a member of one.
fn mentions(condition: &Expr, names: &BTreeSet<String>) -> bool {
    let mut found = false;
    condition.each_field(&mut |field| {
        let mut heads = (1..=field.segments.len()).map(|length| join(&field.segments[..length]));
        found |= names.contains(&field.name()) || heads.any(|head| names.contains(&head));
    });
    found
}

/// Whether all events have a column for a field.
fn is_system(path: &str) -> bool {
    matches!(
        path,
        "@timestamp" | "@ingestionTime" | "@message" | "@logStream"
    )
}

/// The aliases by which a join's own rows are reached.
fn aliases(commands: &[Command]) -> Vec<String> {
    let left = |command: &Command| match &command.kind {
        CommandKind::Join(join) => Some(join.left.value.clone()),
        _ => None,
    };
    commands.iter().filter_map(left).collect()
}

/// The column that says of an event whether it is of the time that `diff` compares with.
pub(super) const WAS_BEFORE: &str = "was_before";

/// The time that a `diff` compares with.
fn compared(commands: &[Command], window: Window) -> Result<Option<Window>> {
    let (start, end) = (window.start_ms, window.end_ms);
    let back = |ms: i64| start.checked_sub(ms).zip(end.checked_sub(ms));
    let shifted = commands.iter().find_map(|command| match &command.kind {
        CommandKind::Diff(Some(Baseline::PreviousDay)) => Some(back(DAY_MS)),
        CommandKind::Diff(Some(Baseline::PreviousWeek)) => Some(back(7 * DAY_MS)),
        CommandKind::Diff(Some(Baseline::PreviousMonth)) => {
            Some(calendar::months_before(start, 1).zip(calendar::months_before(end, 1)))
        }
        CommandKind::Diff(None) => {
            let length = end
                .checked_sub(start)
                .and_then(|length| length.checked_add(1));
            Some(length.and_then(back))
        }
        CommandKind::LogCompare(period) => Some(calendar::length_ms(*period).and_then(back)),
        _ => None,
    });
    let Some(shifted) = shifted else {
        return Ok(None);
    };
    let is_shift = |command: &Command| matches!(command.kind, CommandKind::LogCompare(_));
    let (start_ms, end_ms) = shifted.ok_or_else(|| {
        Error::unsupported(if commands.iter().any(is_shift) {
            "a `timeshift` of months or years, or without a time range"
        } else {
            "`diff` without a time range"
        })
    })?;
    Ok(Some(Window { start_ms, end_ms }))
}

/// Leaves events of either time, and says of which they are. One of both is of the newer.
fn flag(builder: LogicalPlanBuilder, now: Window, before: Window) -> Result<LogicalPlanBuilder> {
    let within = |window| in_window(window).into_iter().reduce(df::Expr::and);
    let (Some(now), Some(before)) = (within(now), within(before)) else {
        return Err(Error::unsupported("`diff` without a time range"));
    };
    let builder = builder.filter(now.clone().or(before))?;
    let columns = builder.schema().columns().into_iter().map(df::Expr::Column);
    let columns: Vec<_> = columns.chain([df::not(now).alias(WAS_BEFORE)]).collect();
    Ok(builder.project(columns)?)
}

/// What commands ask of events.
#[derive(Default)]
struct Asked {
    paths: BTreeSet<String>,
    containers: BTreeSet<String>,
}

impl Asked {
    fn command(&mut self, kind: &CommandKind) {
        each_field(kind, &mut |field| {
            self.paths.insert(field.path());
        });
        each_expr(kind, &mut |expr| self.columns(expr));
        match kind {
            CommandKind::Unnest { path, .. } => {
                if let ExprKind::Field(field) = &path.kind {
                    self.containers.insert(field.path());
                }
            }
            CommandKind::Lookup(lookup) => {
                let outputs = lookup.outputs.iter().map(|name| name.value.clone());
                self.paths.extend(outputs);
            }
            CommandKind::CidrLookup(lookup) => {
                let outputs = lookup.outputs.iter().map(|name| name.value.clone());
                self.paths.extend(outputs);
            }
            CommandKind::FillDown(names) => {
                let plain = names.iter().filter(|name| !name.value.contains('*'));
                self.paths.extend(plain.map(|name| name.value.clone()));
            }
            _ => {}
        }
    }

    /// Names of columns that are meant by their text.
    fn columns(&mut self, expr: &Expr) {
        if let ExprKind::Column(name) = &expr.kind {
            self.paths.insert(name.clone());
        }
        for part in expr.parts() {
            self.columns(part);
        }
    }
}

/// Calls `see` for every expression of a command; not for those of a subquery.
pub(super) fn each_expr<'c>(kind: &'c CommandKind, see: &mut impl FnMut(&'c Expr)) {
    match kind {
        CommandKind::Fields(items) | CommandKind::Display(items) | CommandKind::Unmask(items) => {
            for item in items {
                see(&item.expr);
            }
        }
        CommandKind::Filter(expr)
        | CommandKind::FilterIndex(expr)
        | CommandKind::Pattern(expr)
        | CommandKind::Unnest { path: expr, .. }
        | CommandKind::RelevantFields {
            condition: expr, ..
        } => see(expr),
        CommandKind::Stats(stats) => {
            let items = stats.items.iter().chain(&stats.by);
            items.for_each(|item| see(&item.expr));
        }
        CommandKind::Sort(keys) => keys.iter().for_each(|key| see(&key.expr)),
        CommandKind::Parse(parse) => parse.of.iter().for_each(see),
        _ => {}
    }
}

/// Calls `see` for every field of a command; not for those of a subquery.
pub(super) fn each_field<'c>(kind: &'c CommandKind, see: &mut impl FnMut(&'c Field)) {
    each_expr(kind, &mut |expr| expr.each_field(see));
    match kind {
        CommandKind::Json { from: field, .. }
        | CommandKind::Expand(field)
        | CommandKind::Accum { field, .. } => see(field),
        CommandKind::Dedup(fields)
        | CommandKind::CountFrequent(fields)
        | CommandKind::RelevantFields { fields, .. } => fields.iter().for_each(see),
        CommandKind::Lookup(lookup) => lookup.keys.iter().for_each(|key| see(&key.field)),
        CommandKind::CidrLookup(lookup) => see(&lookup.ip),
        CommandKind::Join(join) => see(&join.left_key),
        CommandKind::AddTotals(totals) => totals.fields.iter().for_each(see),
        CommandKind::AutoRegress(regress) => see(&regress.field),
        CommandKind::Outlier(outlier) => outlier.fields.iter().for_each(see),
        CommandKind::Sessionize(sessionize) => sessionize.fields.iter().for_each(see),
        CommandKind::FillMissing(fills) => fills.iter().for_each(|fill| see(&fill.field)),
        _ => {}
    }
}
