//! The beginning of a query: which events are read, and which fields are taken out of their messages.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use corelog_insights::{Command, CommandKind, Expr, ExprKind, Field, Item};
use corelog_values::json::join;
use corelog_values::{Context, Expression, Value};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::LogicalPlanBuilder;
use datafusion::prelude::ident;

use super::rows::conjuncts;
use super::steps::aliased;
use super::{Planning, add_outputs, is_aggregation, last_filter};
use crate::compute::{Form, Output};
use crate::discover::{Discover, Wanted};
use crate::frame::{Frame, promoted};
use crate::kind::Kind;
use crate::of_group::{OfGroup, is_of_group};
use crate::scan::Scan;
use crate::stage::Stage;
use crate::{Request, Result, Window, group, native, text};

impl Planning<'_> {
    /// Events ready for the first command, and where the parts of conditions stand that were looked at already. `more`
    /// are fields that somebody else asks of these events.
    pub(super) fn read(
        &mut self,
        commands: &[Command],
        window: Window,
        more: &BTreeSet<String>,
    ) -> Result<(Frame, Vec<usize>)> {
        let groups = group::selected(commands, &self.request.groups, &self.request.selected);
        let (scan, extent) = self.request.events.select(&groups, window);
        self.watch.reads(&groups, extent);
        let taken = self.taken(commands, more);
        if taken.promoted.is_empty() {
            return self.part(scan, true, commands, &taken);
        }
        match scan.by_truth(taken.promoted.iter().map(|it| it.path.as_str())) {
            (strict, None) => self.part(strict, true, commands, &taken),
            (strict, Some(loose)) if strict.is_empty() => self.part(loose, false, commands, &taken),
            (strict, Some(loose)) => {
                let (strict, mut hoisted) = self.part(strict, true, commands, &taken)?;
                let (loose, of_loose) = self.part(loose, false, commands, &taken)?;
                hoisted.retain(|it| of_loose.contains(it));
                Ok((joined(strict, loose, &taken)?, hoisted))
            }
        }
    }

    /// Events of which all promoted fields are in their columns, or none are looked for there.
    fn part(
        &self,
        mut scan: Scan,
        is_promoted: bool,
        commands: &[Command],
        taken: &Taken,
    ) -> Result<(Frame, Vec<usize>)> {
        if last_filter(commands).is_none() && !self.is_nested {
            scan.count(self.watch.tally());
        }
        let conditions = conditions_of_events(commands);
        let text = text::of_conditions(conditions.iter().copied(), is_promoted);
        scan.look_for(text, self.watch.left_out());
        let builder = LogicalPlanBuilder::scan("events", provider_as_source(Arc::new(scan)), None)?;
        let mut frame = Frame::of_events(builder.build()?, is_promoted);
        let hoisted = hoist(&mut frame, &conditions)?;
        self.take_fields(&mut frame, taken)?;
        Ok((frame, hoisted))
    }

    /// The fields that commands ask for, each with a column that it is to come in.
    fn taken(&mut self, commands: &[Command], more: &BTreeSet<String>) -> Taken {
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
        let mut taken = Taken::default();
        for path in asked.paths {
            if is_of_group(&path) {
                let column = self.name();
                taken.of_group.push((path, column));
            } else if promoted(&path).is_some() {
                let column = self.name();
                taken.promoted.push(Wanted { path, column });
            } else if !is_system(&path) {
                let column = self.name();
                taken.fields.push(Wanted { path, column });
            }
        }
        for path in asked.containers {
            let column = self.name();
            taken.containers.push(Wanted { path, column });
        }
        taken
    }

    /// Takes fields out of the messages, but for those that have columns already.
    fn take_fields(&self, frame: &mut Frame, taken: &Taken) -> Result<()> {
        let mut fields = taken.fields.clone();
        if frame.promoted {
            let asked = taken.promoted.iter().filter_map(|it| promoted(&it.path));
            frame.promoted_asked = asked.map(|it| it.field).collect();
        } else {
            fields.extend(taken.promoted.iter().cloned());
        }
        let containers = taken.containers.clone();
        let named = |all: &[Wanted]| -> HashMap<String, String> {
            let all = all.iter().cloned();
            all.map(|it| (it.path, it.column)).collect()
        };
        frame.discovered = named(&fields);
        frame.containers = named(&containers);
        if !taken.of_group.is_empty() {
            frame.of_group = taken.of_group.iter().cloned().collect();
            let step = OfGroup {
                facts: taken.of_group.clone(),
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

/// What is taken out of events, and the columns it comes in.
#[derive(Default)]
struct Taken {
    of_group: Vec<(String, String)>,
    /// Fields that have columns of their own, where these tell the whole truth.
    promoted: Vec<Wanted>,
    fields: Vec<Wanted>,
    containers: Vec<Wanted>,
}

/// Both parts of the events in one frame, promoted fields as values of any kind.
fn joined(mut strict: Frame, mut loose: Frame, taken: &Taken) -> Result<Frame> {
    let (mut slots, mut outputs) = (Vec::new(), Vec::new());
    for wanted in &taken.promoted {
        slots.extend(strict.event(&wanted.path));
        outputs.push(Output {
            column: wanted.column.clone(),
            expression: Expression::slot(outputs.len()),
            form: Form::Value(Kind::Any),
        });
    }
    add_outputs(&mut strict, Context::default(), slots, outputs)?;
    let columns: Vec<String> = {
        let fields = loose.plan.schema().fields().iter();
        fields.map(|field| field.name().clone()).collect()
    };
    let all = |plan| {
        let columns = columns.iter().map(|name| ident(name).alias(name));
        LogicalPlanBuilder::from(plan).project(columns)?.build()
    };
    let both = LogicalPlanBuilder::from(all(strict.plan)?).union(all(loose.plan)?)?;
    loose.plan = both.build()?;
    Ok(loose)
}

/// What fields of log groups say, by group.
pub(crate) fn facts(request: &Request) -> HashMap<Arc<str>, HashMap<String, Value<'static>>> {
    let of = |group: &crate::Group| {
        let text = |text: &str| Value::text(text.to_owned());
        let mut facts = HashMap::new();
        let log = format!("{}:{}", group.account, group.name);
        facts.insert("@log".to_owned(), text(&log));
        // Where a log group holds events of others, it is the other's name. Here none does.
        facts.insert("@source.log".to_owned(), text(&group.name));
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
