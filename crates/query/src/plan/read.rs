//! The beginning of a query: which events are read, and which fields are taken out of their messages.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use corelog_insights::{Command, CommandKind, Expr, ExprKind, Field, Item};
use corelog_store::Column as Stored;
use corelog_values::Value;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::LogicalPlanBuilder;
use datafusion::prelude::{ident, lit};
use datafusion::scalar::ScalarValue;

use super::rows::conjuncts;
use super::{Planning, is_aggregation};
use crate::discover::{Discover, Wanted};
use crate::frame::{Frame, join, promoted};
use crate::group;
use crate::of_group::{OfGroup, is_of_group};
use crate::stage::Stage;
use crate::{Request, Result, Window, native};

/// Events ready for the first command.
pub(super) struct Reading {
    pub(super) frame: Frame,
    /// Where the parts of conditions stand that were looked at already.
    pub(super) hoisted: Vec<usize>,
}

impl Planning<'_> {
    pub(super) fn read(&mut self, commands: &[Command], window: Window) -> Result<Reading> {
        let request = self.request;
        let groups = group::selected(commands, &request.groups, &request.selected);
        self.groups += groups.len();
        let (scan, extent) = request.events.select(&groups, window);
        self.extent.add(extent);
        let is_promoted = !scan.loose;
        let mut builder =
            LogicalPlanBuilder::scan("events", provider_as_source(Arc::new(scan)), None)?;
        for condition in in_window(window) {
            builder = builder.filter(condition)?;
        }
        let mut frame = Frame::of_events(builder.build()?, is_promoted);
        let hoisted = hoist(&mut frame, commands)?;
        self.take_fields(&mut frame, commands)?;
        Ok(Reading { frame, hoisted })
    }

    /// Takes the fields that commands ask for out of the messages.
    fn take_fields(&mut self, frame: &mut Frame, commands: &[Command]) -> Result<()> {
        let mut asked = Asked::default();
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
            } else if !is_stored(frame, &path) {
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

/// Conditions that hold for what happened in a time.
pub(crate) fn in_window(window: Window) -> Vec<datafusion::logical_expr::Expr> {
    let at = |ms: i64| {
        let micros = ms.checked_mul(1_000)?;
        Some(lit(ScalarValue::TimestampMicrosecond(
            Some(micros),
            Some("UTC".into()),
        )))
    };
    let time = || ident(Stored::Timestamp.name());
    let start = at(window.start_ms).map(|start| time().gt_eq(start));
    let end = at(window.end_ms).map(|end| time().lt_eq(end));
    start.into_iter().chain(end).collect()
}

/// Moves conditions of filters to the front that the engine can look at while it reads, where no command before them
/// changes which rows there are other than by filters, or what the names in them mean.
fn hoist(frame: &mut Frame, commands: &[Command]) -> Result<Vec<usize>> {
    let mut hoisted = Vec::new();
    let mut names = BTreeSet::new();
    for command in commands {
        match &command.kind {
            CommandKind::Filter(condition) | CommandKind::FilterIndex(condition) => {
                for part in conjuncts(condition) {
                    if mentions(part, &names) {
                        continue;
                    }
                    if let Some(native) = native::condition(frame, part) {
                        let builder = LogicalPlanBuilder::from(frame.plan.clone());
                        frame.plan = builder.filter(native)?.build()?;
                        hoisted.push(part.span.start);
                    }
                }
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

/// Whether a field has a column in the table.
fn is_stored(frame: &Frame, path: &str) -> bool {
    matches!(
        path,
        "@timestamp" | "@ingestionTime" | "@message" | "@logStream"
    ) || (frame.promoted && promoted(path).is_some())
}

/// What commands ask of events.
#[derive(Default)]
struct Asked {
    paths: BTreeSet<String>,
    containers: BTreeSet<String>,
}

impl Asked {
    fn command(&mut self, kind: &CommandKind) {
        match kind {
            CommandKind::Fields(items)
            | CommandKind::Display(items)
            | CommandKind::Unmask(items) => items.iter().for_each(|item| self.expr(&item.expr)),
            CommandKind::Filter(expr)
            | CommandKind::FilterIndex(expr)
            | CommandKind::Pattern(expr) => self.expr(expr),
            CommandKind::Stats(stats) => {
                let items = stats.items.iter().chain(&stats.by);
                items.for_each(|item| self.expr(&item.expr));
            }
            CommandKind::Sort(keys) => keys.iter().for_each(|key| self.expr(&key.expr)),
            CommandKind::Parse(parse) => parse.of.iter().for_each(|of| self.expr(of)),
            CommandKind::Json { from, .. } => self.field(from),
            CommandKind::Dedup(fields) | CommandKind::CountFrequent(fields) => {
                fields.iter().for_each(|field| self.field(field));
            }
            CommandKind::Unnest { path, .. } => {
                self.expr(path);
                if let ExprKind::Field(field) = &path.kind {
                    self.containers.insert(field.path());
                }
            }
            CommandKind::Expand(field) => {
                self.field(field);
                self.containers.insert(field.path());
            }
            CommandKind::Lookup(lookup) => {
                lookup.keys.iter().for_each(|key| self.field(&key.field));
                let outputs = lookup.outputs.iter().map(|name| name.value.clone());
                self.paths.extend(outputs);
            }
            CommandKind::CidrLookup(lookup) => self.field(&lookup.ip),
            CommandKind::Join(join) => self.field(&join.left_key),
            CommandKind::RelevantFields { fields, condition } => {
                fields.iter().for_each(|field| self.field(field));
                self.expr(condition);
            }
            CommandKind::AddTotals(totals) => totals.fields.iter().for_each(|it| self.field(it)),
            CommandKind::Accum { field, .. } => self.field(field),
            CommandKind::AutoRegress(regress) => self.field(&regress.field),
            CommandKind::FillDown(names) => {
                let plain = names.iter().filter(|name| !name.value.contains('*'));
                self.paths.extend(plain.map(|name| name.value.clone()));
            }
            CommandKind::Outlier(outlier) => outlier.fields.iter().for_each(|it| self.field(it)),
            CommandKind::Sessionize(sessionize) => {
                sessionize.fields.iter().for_each(|it| self.field(it));
            }
            _ => {}
        }
    }

    fn field(&mut self, field: &Field) {
        self.paths.insert(field.path());
    }

    fn expr(&mut self, expr: &Expr) {
        expr.each_field(&mut |field| {
            self.paths.insert(field.path());
        });
        self.columns(expr);
    }

    /// Names that functions look at of themselves.
    fn columns(&mut self, expr: &Expr) {
        if let ExprKind::Column(name) = &expr.kind {
            self.paths.insert(name.clone());
        }
        for part in expr.parts() {
            self.columns(part);
        }
    }
}
