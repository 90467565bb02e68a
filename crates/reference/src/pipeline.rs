//! A query from its first command to its last.

use std::collections::BTreeSet;
use std::sync::Arc;

use corelog_insights::{Command, CommandKind, Expr, ExprKind, InSet, Query, Span};
use corelog_values::Set;

use crate::commands;
use crate::eval::{Scope, eval};
use crate::input::Input;
use crate::output::{Failure, Output, OutputRow, Statistics};
use crate::row::{Frame, Row};
use crate::source::{self, Window};
use crate::stepped;
use crate::value::{Value, shown};

/// A result never has more rows. Source: the service model's largest `limit`.
pub(crate) const ROWS_MAX: usize = corelog_insights::LIMIT_MAX as usize;

/// Runs a query. Decision: `estimate` says how many bytes it reads, as `@estimatedBytes`.
pub(crate) fn run(query: &Query, input: &Input, steps: bool) -> Result<Output, Failure> {
    if let Some(estimated) = query.estimated() {
        let bytes = run(&estimated, input, steps)?.statistics.bytes;
        let row = OutputRow {
            values: vec![Some(bytes.to_string())],
            pointer: None,
        };
        return Ok(Output {
            columns: vec!["@estimatedBytes".to_owned()],
            rows: vec![row],
            statistics: Statistics::default(),
        });
    }
    let mut machine = Machine {
        input,
        statistics: Statistics::default(),
        steps,
    };
    let outer = Window {
        start_ms: input.start_ms,
        end_ms: input.end_ms,
    };
    let window = source::window(&query.commands, input, outer)?;
    let (mut frame, matched) = machine.pipeline(&query.commands, window)?;
    machine.statistics.matched = matched;
    let has_limit = |command: &Command| matches!(command.kind, CommandKind::Limit(_));
    if !query.commands.iter().any(has_limit) {
        // Decision: the run's limit counts only where the text has none.
        frame.rows.truncate(input.limit);
    }
    Ok(output(&frame, machine.statistics))
}

fn output(frame: &Frame, statistics: Statistics) -> Output {
    let columns = frame.columns.all();
    let row = |row: &Row| OutputRow {
        values: columns
            .iter()
            .map(|column| shown(&row.shown(column)))
            .collect(),
        pointer: row.event.as_ref().map(|event| event.pointer.clone()),
    };
    Output {
        columns: columns.iter().map(|column| column.name.clone()).collect(),
        rows: frame.rows.iter().map(row).collect(),
        statistics,
    }
}

/// What all parts of one run share.
pub(crate) struct Machine<'a> {
    pub(crate) input: &'a Input,
    pub(crate) statistics: Statistics,
    /// Whether commands of rows are run by steps.
    steps: bool,
}

impl Machine<'_> {
    /// Runs commands over a time. Also says how many events passed the filters before the first aggregation.
    pub(crate) fn pipeline(
        &mut self,
        commands: &[Command],
        window: Window,
    ) -> Result<(Frame, u64), Failure> {
        if self.steps {
            return stepped::pipeline(self, commands, window);
        }
        let mut frame = source::read(commands, self.input, window);
        self.count_read(&frame);
        let mut matched = events(&frame);
        for (at, command) in commands.iter().enumerate() {
            match &command.kind {
                CommandKind::Pattern(of) => {
                    frame = self.pattern(&frame, (commands, at), of, window)?;
                }
                CommandKind::LogCompare(shift) => {
                    let other = commands::diff::shifted(window, *shift)?;
                    let (before, _) = self.pipeline(&commands[..at], other)?;
                    frame = commands::diff::messages(&frame, &before, window, other);
                }
                // `pattern` has compared.
                CommandKind::Diff(_) => {}
                _ => frame = self.step(frame, command, window)?,
            }
            if frame.raw
                && matches!(
                    command.kind,
                    CommandKind::Filter(_) | CommandKind::FilterIndex(_)
                )
            {
                matched = events(&frame);
            }
        }
        Ok((frame, matched))
    }

    /// The command at a place, which is `pattern`. Decision: before a `diff` it gives the rows that this is to leave,
    /// so that the commands between both see these; an event of both times is counted in either.
    fn pattern(
        &mut self,
        frame: &Frame,
        (commands, at): (&[Command], usize),
        of: &Expr,
        window: Window,
    ) -> Result<Frame, Failure> {
        let scope = self.scope(&commands[at], window)?;
        let now = commands::pattern::texts(&scope, frame, of);
        let Some(other) = commands::diff::time(&commands[at..], window)? else {
            return Ok(commands::pattern::apply(&now, &[], window));
        };
        let (before, _) = self.pipeline(&commands[..at], other)?;
        let before = commands::pattern::texts(&scope, &before, of);
        Ok(commands::diff::texts(&now, &before, window, other))
    }

    pub(crate) fn step(
        &mut self,
        frame: Frame,
        command: &Command,
        window: Window,
    ) -> Result<Frame, Failure> {
        let mut scope = self.scope(command, window)?;
        let frame = match &command.kind {
            CommandKind::Fields(items) | CommandKind::Unmask(items) => {
                commands::show::fields(&mut scope, frame, items)
            }
            CommandKind::Display(items) => commands::show::display(&mut scope, frame, items),
            CommandKind::Filter(condition) | CommandKind::FilterIndex(condition) => {
                commands::rows::filter(&scope, frame, condition)
            }
            CommandKind::Stats(stats) => commands::stats::apply(&scope, &frame, stats)?,
            CommandKind::CountFrequent(fields) => commands::stats::count_frequent(&frame, fields),
            CommandKind::Sort(keys) => commands::rows::sort(&scope, frame, keys),
            CommandKind::Limit(limit) => commands::rows::limit(frame, *limit),
            CommandKind::Dedup(fields) => commands::rows::dedup(frame, fields),
            CommandKind::Parse(parse) => commands::parse::apply(&scope, frame, parse)?,
            CommandKind::Json { from, path, alias } => {
                commands::parse::json(frame, from, path, alias)
            }
            CommandKind::Unnest { path, into } => {
                commands::lists::unnest(&scope, frame, path, into)
            }
            CommandKind::Expand(field) => commands::lists::expand(frame, field),
            CommandKind::Lookup(lookup) => commands::lookup::apply(self.input, frame, lookup)?,
            CommandKind::CidrLookup(lookup) => commands::lookup::cidr(self.input, frame, lookup)?,
            CommandKind::Join(join) => {
                let right = self.subquery(&join.query, window)?;
                commands::join::join(frame, &right, join)?
            }
            CommandKind::AppendCols(append) => {
                let other = self.subquery(&append.query, window)?;
                commands::join::append_cols(frame, &other, append)
            }
            CommandKind::Accum { field, alias } => {
                commands::along::accum(frame, field, alias.as_ref())
            }
            CommandKind::AutoRegress(regress) => commands::along::auto_regress(frame, regress),
            CommandKind::FillDown(names) => commands::along::fill_down(frame, names),
            CommandKind::FillMissing(fills) => commands::fill::apply(&scope, frame, fills)?,
            CommandKind::AddTotals(totals) => commands::totals::apply(frame, totals),
            CommandKind::Outlier(outlier) => commands::outlier::apply(frame, outlier),
            CommandKind::Sessionize(sessionize) => commands::sessions::apply(frame, sessionize)?,
            CommandKind::RelevantFields { fields, condition } => {
                commands::relevant::apply(&scope, &frame, fields, condition)
            }
            CommandKind::Anomaly => commands::anomaly::apply(frame),
            CommandKind::Source(_) => frame,
            other => {
                return Err(Failure::unsupported(format!(
                    "the command `{}`",
                    other.word().as_str()
                )));
            }
        };
        Ok(frame)
    }

    /// Another query, over the same time unless it says otherwise.
    pub(crate) fn subquery(&mut self, query: &Query, window: Window) -> Result<Frame, Failure> {
        let window = source::window(&query.commands, self.input, window)?;
        let (frame, _) = self.pipeline(&query.commands, window)?;
        Ok(frame)
    }

    /// What the command's expressions may look at; runs its `in` subqueries.
    pub(crate) fn scope(
        &mut self,
        command: &Command,
        window: Window,
    ) -> Result<Scope<'static>, Failure> {
        let mut queries = Vec::new();
        for expr in exprs(&command.kind) {
            subqueries(expr, &mut queries);
        }
        let mut sets: Vec<(Span, Arc<Set>)> = Vec::new();
        for query in queries {
            let frame = self.subquery(query, window)?;
            let values: Set = match frame.columns.all().first() {
                Some(column) => frame.rows.iter().map(|row| row.shown(column)).collect(),
                None => Set::default(),
            };
            sets.push((query.span, Arc::new(values)));
        }
        let offset = match &command.kind {
            CommandKind::Stats(stats) => stats.offset,
            _ => None,
        };
        let times = [self.input.now_ms, window.start_ms, window.end_ms];
        Ok(Scope::new(times, sets, offset))
    }

    pub(crate) fn count_read(&mut self, frame: &Frame) {
        for row in &frame.rows {
            if let Some(event) = &row.event {
                self.statistics.scanned += 1;
                let message = &self.input.events[event.index].message;
                self.statistics.bytes += message.len() as u64;
            }
        }
    }
}

/// How many different events the rows came from.
pub(crate) fn events(frame: &Frame) -> u64 {
    let events = frame.rows.iter().filter_map(|row| row.event.as_ref());
    let different: BTreeSet<usize> = events.map(|event| event.index).collect();
    different.len() as u64
}

/// The expressions of a command that may hold subqueries.
fn exprs(kind: &CommandKind) -> Vec<&Expr> {
    match kind {
        CommandKind::Fields(items) | CommandKind::Display(items) | CommandKind::Unmask(items) => {
            items.iter().map(|item| &item.expr).collect()
        }
        CommandKind::Stats(stats) => {
            let items = stats.items.iter().chain(&stats.by);
            items.map(|item| &item.expr).collect()
        }
        CommandKind::Sort(keys) => keys.iter().map(|key| &key.expr).collect(),
        CommandKind::Filter(expr)
        | CommandKind::FilterIndex(expr)
        | CommandKind::Pattern(expr)
        | CommandKind::RelevantFields {
            condition: expr, ..
        }
        | CommandKind::Unnest { path: expr, .. } => vec![expr],
        CommandKind::Parse(parse) => parse.of.iter().collect(),
        _ => Vec::new(),
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

/// The value of a constant.
pub(crate) fn constant(scope: &Scope<'_>, expr: &Expr) -> Value {
    eval(scope, &Row::default(), expr)
}
