//! From a query's syntax tree to a plan of the engine.
//!
//! Commands are planned one after the other over a [`Frame`], which knows in which column each name is. Nothing is
//! read while planning, except what subqueries give where they are run.

mod compare;
mod read;
mod rows;
mod show;
mod stats;
mod steps;

pub(crate) use read::facts;

use std::collections::BTreeSet;
use std::sync::Arc;

use corelog_insights::{Command, CommandKind, Expr, Field, Query, Span};
use corelog_values::rows::RowValues;
use corelog_values::{Binder, Context, Expression, Set};
use datafusion::common::Result as DfResult;
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, SortExpr};
use datafusion::prelude::ident;
use futures_util::future::BoxFuture;

use crate::compute::{Compute, Form, Output, Slot};
use crate::frame::{Computed, Frame, OrderKey};
use crate::kind::Kind;
use crate::stage::Stage;
use crate::watch::Watch;
use crate::{Engine, Request, Result, Window, group};

/// What becomes of subqueries, whose results a plan needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subqueries {
    /// They are run.
    Run,
    /// They are planned like the rest, and found to have no rows: nothing is read.
    Plan,
}

/// A query being planned.
pub(crate) struct Planning<'a> {
    pub(crate) request: &'a Request,
    pub(crate) engine: &'a Engine,
    subqueries: Subqueries,
    /// The results of subqueries, by their place in the text.
    sets: Vec<(Span, Arc<Set>)>,
    /// How many columns have names already.
    named: usize,
    /// Whether a subquery is being planned.
    is_nested: bool,
    watch: &'a Watch,
    /// What the results of subqueries take.
    kept: MemoryReservation,
}

impl<'a> Planning<'a> {
    pub(crate) fn new(
        engine: &'a Engine,
        request: &'a Request,
        subqueries: Subqueries,
        watch: &'a Watch,
    ) -> Self {
        Self {
            request,
            engine,
            subqueries,
            sets: Vec::new(),
            named: 0,
            is_nested: false,
            watch,
            kept: engine.reserve("Subqueries"),
        }
    }

    /// Plans commands over a time. `more` are fields that somebody else asks of the events.
    pub(crate) fn pipeline<'p>(
        &'p mut self,
        commands: &'p [Command],
        window: Window,
        more: &'p BTreeSet<String>,
    ) -> BoxFuture<'p, Result<Frame>> {
        Box::pin(async move {
            let compared = compare::place(commands);
            let (mut frame, hoisted) = match compared {
                Some(at) => (self.both_times(commands, at, window).await?, Vec::new()),
                None => self.read(commands, window, more)?,
            };
            let last_filter = last_filter(commands);
            let left = commands.iter().enumerate().skip(compared.unwrap_or(0));
            for (at, command) in left {
                self.run_subqueries(command, window).await?;
                frame = match &command.kind {
                    CommandKind::Filter(condition) | CommandKind::FilterIndex(condition) => {
                        self.filter(frame, condition, &hoisted, window)?
                    }
                    _ => {
                        self.command(frame, command, &commands[at + 1..], window)
                            .await?
                    }
                };
                if last_filter == Some(at) {
                    let mut before = commands[..at].iter();
                    let several = before.any(|it| steps::is_of_several(&it.kind));
                    frame = self.counted(frame, several)?;
                }
            }
            Ok(frame)
        })
    }

    /// Plans another query, over the same time unless it says otherwise. Its events are not counted as matched.
    async fn subquery(
        &mut self,
        query: &Query,
        window: Window,
        more: &BTreeSet<String>,
    ) -> Result<Frame> {
        let window = group::window(&query.commands, self.request.now_ms, window)?;
        let outer = std::mem::replace(&mut self.is_nested, true);
        let frame = self.pipeline(&query.commands, window, more).await;
        self.is_nested = outer;
        Ok(in_order(frame?, None)?)
    }

    /// All rows of a subquery.
    async fn rows(&self, frame: Frame, slots: &[Option<Slot>]) -> Result<Vec<RowValues>> {
        match self.subqueries {
            Subqueries::Run => {
                let (request, watch) = (self.request, self.watch);
                let rows = self.engine.rows(frame, slots, request, watch, &self.kept);
                rows.await
            }
            Subqueries::Plan => Ok(Vec::new()),
        }
    }

    /// Has the events counted that are left by the query's filters.
    fn counted(&self, mut frame: Frame, several: bool) -> Result<Frame> {
        if !self.is_nested {
            let count = self.watch.tally().step(several);
            frame.plan = Stage::plan(frame.plan, count)?;
        }
        Ok(frame)
    }

    /// Has the events looked at that are about to be put in order, where nothing but that is left to be done.
    pub(crate) fn peeked(&self, mut frame: Frame, rows_max: usize) -> Result<Frame> {
        let is_last = !self.is_nested && frame.raw && !frame.sorted && !frame.order.is_empty();
        if let Some(found) = self.watch.found().filter(|_| is_last) {
            let peek = found.step(&frame, rows_max);
            frame.plan = Stage::plan(frame.plan, peek)?;
        }
        Ok(frame)
    }

    /// What subqueries gave takes this memory, for as long as the query runs.
    pub(crate) fn into_kept(self) -> MemoryReservation {
        self.kept
    }

    async fn command(
        &mut self,
        frame: Frame,
        command: &Command,
        later: &[Command],
        window: Window,
    ) -> Result<Frame> {
        match &command.kind {
            // `pattern` has left what `diff` is to leave.
            CommandKind::Source(_) | CommandKind::Diff(_) => Ok(frame),
            CommandKind::Fields(items) | CommandKind::Unmask(items) => {
                self.fields(frame, items, window)
            }
            CommandKind::Display(items) => self.display(frame, items, window),
            CommandKind::Stats(stats) => self.stats(frame, stats, window),
            CommandKind::CountFrequent(fields) => self.count_frequent(frame, fields, window),
            CommandKind::Sort(keys) => self.sort(frame, keys, window),
            CommandKind::Limit(limit) => self.limit(frame, *limit, later),
            _ => self.step(frame, command, later, window).await,
        }
    }

    /// What expressions may look at besides their row.
    fn context(&self, window: Window) -> Context {
        let mut cx = Context::new(self.request.now_ms, window.start_ms, window.end_ms);
        cx.sets.clone_from(&self.sets);
        cx
    }

    /// A name that no column has.
    fn name(&mut self) -> String {
        self.named += 1;
        format!("c{}", self.named)
    }

    /// Adds one computed column; its name in the plan.
    fn compute(
        &mut self,
        frame: &mut Frame,
        cx: Context,
        expr: &Expr,
        form: Form,
        names: Names<'_>,
    ) -> Result<String> {
        let mut slots = Slots {
            names,
            ..Slots::of(frame)
        };
        let expression = Expression::new(&cx, expr, &mut slots);
        let slots = slots.made;
        let output = self.output(expression, form);
        let column = output.column.clone();
        add_outputs(frame, cx, slots, vec![output])?;
        Ok(column)
    }

    /// Adds a column for each form of a value; their names in the plan.
    fn forms<const N: usize>(
        &mut self,
        frame: &mut Frame,
        slot: Slot,
        forms: [Form; N],
    ) -> Result<[String; N]> {
        let outputs = forms.map(|form| self.output(Expression::slot(0), form));
        let columns = outputs.each_ref().map(|it| it.column.clone());
        add_outputs(frame, Context::default(), vec![slot], outputs.into())?;
        Ok(columns)
    }

    fn output(&mut self, expression: Expression, form: Form) -> Output {
        Output {
            column: self.name(),
            expression,
            form,
        }
    }

    /// Adds a column for an expression, unless there is one that is just that; where its value is.
    fn value(&mut self, frame: &mut Frame, cx: Context, expr: &Expr) -> Result<Slot> {
        if let corelog_insights::ExprKind::Field(field) = &expr.kind
            && let Some(slot) = frame.field(field)
            && slot.path.is_empty()
        {
            return Ok(slot);
        }
        let kind = kind_of(expr);
        let column = self.compute(frame, cx, expr, Form::Value(kind), Names::default())?;
        Ok(Slot {
            column,
            kind,
            path: Vec::new(),
        })
    }
}

fn add_outputs(
    frame: &mut Frame,
    cx: Context,
    slots: Vec<Slot>,
    outputs: Vec<Output>,
) -> Result<()> {
    let compute = Compute {
        slots,
        outputs,
        cx: Arc::new(cx),
    };
    frame.plan = Stage::plan(frame.plan.clone(), Arc::new(compute))?;
    Ok(())
}

/// What the names in an expression mean besides what its frame says.
#[derive(Clone, Copy, Default)]
struct Names<'n> {
    /// Parts of expressions that are computed already.
    computed: &'n [(Expr, Slot)],
    /// Names given by the same command: their members cannot be reached yet.
    fresh: &'n [String],
}

/// Binds the fields of expressions to slots, which are made as they are asked for.
struct Slots<'f> {
    frame: &'f Frame,
    made: Vec<Slot>,
    names: Names<'f>,
}

impl<'f> Slots<'f> {
    fn of(frame: &'f Frame) -> Self {
        Self {
            frame,
            made: Vec::new(),
            names: Names::default(),
        }
    }

    fn slot(&mut self, slot: Slot) -> usize {
        let known = self.made.iter().position(|known| *known == slot);
        known.unwrap_or_else(|| {
            self.made.push(slot);
            self.made.len() - 1
        })
    }
}

impl Binder for Slots<'_> {
    fn field(&mut self, field: &Field) -> Option<usize> {
        if is_hidden(field, self.names.fresh) {
            return None;
        }
        let slot = self.frame.field(field)?;
        Some(self.slot(slot))
    }

    fn column(&mut self, name: &str) -> Option<usize> {
        let slot = self.frame.column(name)?;
        Some(self.slot(slot))
    }

    fn computed(&mut self, expr: &Expr) -> Option<usize> {
        let mut computed = self.names.computed.iter();
        let found = computed.find(|(known, _)| known == expr);
        let slot = found.map(|(_, slot)| slot.clone())?;
        Some(self.slot(slot))
    }
}

/// Whether a field is a member of what the same command named.
fn is_hidden(field: &Field, fresh: &[String]) -> bool {
    (1..field.segments.len())
        .any(|length| fresh.contains(&corelog_values::json::join(&field.segments[..length])))
}

/// Which values an expression has, as far as its form says.
pub(crate) fn kind_of(expr: &Expr) -> Kind {
    use corelog_insights::{ExprKind, Function};
    match &expr.kind {
        ExprKind::Text(_) => Kind::Text,
        ExprKind::Bool(_)
        | ExprKind::Not(_)
        | ExprKind::And(_)
        | ExprKind::Or(_)
        | ExprKind::Like { .. }
        | ExprKind::In { .. } => Kind::Bool,
        ExprKind::Binary { op, .. } if op.is_comparison() => Kind::Bool,
        ExprKind::Call { function, .. } => match function {
            Function::Bin | Function::DateFloor | Function::DateCeil | Function::FromMillis => {
                Kind::Time
            }
            Function::Strlen | Function::MessageSize => Kind::Int,
            _ => Kind::Any,
        },
        _ => Kind::Any,
    }
}

/// The last filter of events.
fn last_filter(commands: &[Command]) -> Option<usize> {
    let of_events = commands
        .iter()
        .position(|command| is_aggregation(&command.kind))
        .unwrap_or(commands.len());
    commands[..of_events].iter().rposition(|command| {
        matches!(
            command.kind,
            CommandKind::Filter(_) | CommandKind::FilterIndex(_)
        )
    })
}

/// Whether a command makes other rows than events.
fn is_aggregation(kind: &CommandKind) -> bool {
    matches!(kind, CommandKind::Stats(_) | CommandKind::CountFrequent(_))
        || steps::is_of_own_rows(kind)
}

/// Puts rows in the order they are to be in, and cuts them off there.
pub(crate) fn in_order(mut frame: Frame, rows_max: Option<usize>) -> DfResult<Frame> {
    let mut builder = LogicalPlanBuilder::from(frame.plan);
    if !frame.sorted && !frame.order.is_empty() {
        builder = builder.sort_with_limit(frame.order.iter().map(sort_expr), rows_max)?;
        frame.sorted = true;
    }
    if let Some(max) = rows_max {
        builder = builder.limit(0, Some(max))?;
    }
    frame.plan = builder.build()?;
    Ok(frame)
}

fn sort_expr(key: &OrderKey) -> SortExpr {
    // What is missing comes first in ascending order.
    ident(&key.column).sort(!key.descending, !key.descending)
}

/// Some columns of a plan and no others.
pub(crate) fn project(plan: LogicalPlan, columns: &[String]) -> DfResult<LogicalPlan> {
    LogicalPlanBuilder::from(plan)
        .project(columns.iter().map(ident))?
        .build()
}

/// A column that a command computed.
fn computed(name: &str, slot: Slot) -> Computed {
    Computed {
        name: name.to_owned(),
        column: slot.column,
        kind: slot.kind,
    }
}
