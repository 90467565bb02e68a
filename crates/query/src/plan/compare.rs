//! `diff` and `logcompare`: what came in two times, for `pattern` to count beside each other.
//!
//! The commands before `pattern` are planned for either time by themselves, as if they were asked of it alone, and the
//! rows of both come one behind the other. An event of both times, where these overlap, is among the rows of either.
//! `pattern` gives the rows that `diff` is to leave, and the commands between both see these.

use std::collections::BTreeSet;

use corelog_insights::{Baseline, Command, CommandKind, Expr, ExprKind, Field};
use corelog_values::calendar;
use corelog_values::rows::{self, Given};
use datafusion::logical_expr::{self as df, LogicalPlan, LogicalPlanBuilder};
use datafusion::prelude::{ident, lit};
use datafusion::scalar::ScalarValue;

use super::Planning;
use super::read::each_expr;
use crate::compute::{Form, Slot};
use crate::frame::{Computed, Frame};
use crate::kind::Kind;
use crate::{Error, Result, Window};

/// The column that says of a row whether it is of the time that is compared with.
pub(super) const WAS_BEFORE: &str = "was_before";

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Where the last of the commands stands whose rows are of two times: `logcompare`, or a `pattern` before `diff`.
pub(super) fn place(commands: &[Command]) -> Option<usize> {
    commands.iter().enumerate().rposition(|(at, command)| {
        let is_compared = match &command.kind {
            CommandKind::LogCompare(_) => return true,
            CommandKind::Pattern(_) => commands[at + 1..].iter(),
            _ => return false,
        };
        let mut later = is_compared.map(|it| &it.kind);
        let next = later.find(|it| matches!(it, CommandKind::Pattern(_) | CommandKind::Diff(_)));
        matches!(next, Some(CommandKind::Diff(_)))
    })
}

/// What the command reads of a row, by name.
enum Read {
    Field(Field),
    Column(String),
}

impl Read {
    fn name(&self) -> String {
        match self {
            Self::Field(field) => field.path(),
            Self::Column(name) => name.clone(),
        }
    }

    fn slot(&self, frame: &Frame) -> Option<Slot> {
        match self {
            Self::Field(field) => frame.field(field),
            Self::Column(name) => frame.column(name),
        }
    }
}

impl Planning<'_> {
    /// The rows of both times before the command that stands at a place.
    pub(super) async fn both_times(
        &mut self,
        commands: &[Command],
        at: usize,
        window: Window,
    ) -> Result<Frame> {
        let before = time_before(&commands[at..], window)?;
        let read = read(&commands[at].kind);
        let asked: BTreeSet<String> = read.iter().map(Read::name).collect();
        let mut now = self.pipeline(&commands[..at], window, &asked).await?;
        // Only events of the query's own time count as matched.
        let outer = std::mem::replace(&mut self.is_nested, true);
        let then = self.pipeline(&commands[..at], before, &asked).await;
        self.is_nested = outer;
        let mut then = then?;
        let (mut shown_now, mut shown_then) = (Vec::new(), Vec::new());
        let mut columns: Vec<Computed> = Vec::new();
        for it in read {
            let (name, column) = (it.name(), self.name());
            let slots = [it.slot(&now), it.slot(&then)];
            let kind = match &slots {
                [Some(now), Some(then)] if is_same(now, then) => now.kind,
                _ => Kind::Any,
            };
            let [of_now, of_then] = slots;
            shown_now.push(self.as_kind(&mut now, of_now, kind)?.alias(&column));
            shown_then.push(self.as_kind(&mut then, of_then, kind)?.alias(&column));
            columns.push(Computed { name, column, kind });
        }
        let now = told_apart(now.plan, shown_now, false)?;
        let then = told_apart(then.plan, shown_then, true)?;
        let both = LogicalPlanBuilder::from(now).union(then)?.build()?;
        Ok(Frame::aggregated(both, columns))
    }

    /// A value as a column of a kind.
    fn as_kind(&mut self, frame: &mut Frame, slot: Option<Slot>, kind: Kind) -> Result<df::Expr> {
        let Some(slot) = slot else {
            return Ok(lit(ScalarValue::Utf8View(None)));
        };
        if slot.path.is_empty() && slot.kind == kind {
            return Ok(ident(slot.column));
        }
        let [column] = self.forms(frame, slot, [Form::Value(kind)])?;
        Ok(ident(column))
    }
}

fn is_same(now: &Slot, then: &Slot) -> bool {
    now.kind == then.kind && now.path.is_empty() && then.path.is_empty()
}

fn told_apart(
    plan: LogicalPlan,
    mut shown: Vec<df::Expr>,
    was_before: bool,
) -> Result<LogicalPlan> {
    shown.push(lit(was_before).alias(WAS_BEFORE));
    Ok(LogicalPlanBuilder::from(plan).project(shown)?.build()?)
}

/// What a command reads, each once.
fn read(kind: &CommandKind) -> Vec<Read> {
    let mut all: Vec<Read> = Vec::new();
    let mut add = |it: Read| {
        let name = it.name();
        if all.iter().all(|known| known.name() != name) {
            all.push(it);
        }
    };
    for field in rows::read(kind, &Given::default()) {
        add(Read::Field(field));
    }
    each_expr(kind, &mut |expr| by_text(expr, &mut add));
    all
}

/// Columns that are meant by their text.
fn by_text(expr: &Expr, add: &mut impl FnMut(Read)) {
    if let ExprKind::Column(name) = &expr.kind {
        add(Read::Column(name.clone()));
    }
    for part in expr.parts() {
        by_text(part, add);
    }
}

/// The time that the first of these commands compares with, as it or a `diff` behind it says.
fn time_before(commands: &[Command], window: Window) -> Result<Window> {
    let (start, end) = (window.start_ms, window.end_ms);
    let back = |ms: i64| start.checked_sub(ms).zip(end.checked_sub(ms));
    let (shifted, what) = match commands.iter().find_map(distance) {
        Some(Distance::Shift(period)) => (
            calendar::length_ms(period).and_then(back),
            "a `timeshift` of months or years, or without a time range",
        ),
        Some(Distance::Baseline(baseline)) => {
            let shifted = match baseline {
                Some(Baseline::PreviousDay) => back(DAY_MS),
                Some(Baseline::PreviousWeek) => back(7 * DAY_MS),
                Some(Baseline::PreviousMonth) => {
                    calendar::months_before(start, 1).zip(calendar::months_before(end, 1))
                }
                None => {
                    let length = end.checked_sub(start).and_then(|it| it.checked_add(1));
                    length.and_then(back)
                }
            };
            (shifted, "`diff` without a time range")
        }
        None => (None, "a comparison with no time"),
    };
    let (start_ms, end_ms) = shifted.ok_or_else(|| Error::unsupported(what))?;
    Ok(Window { start_ms, end_ms })
}

/// How far back a time is.
enum Distance {
    Baseline(Option<Baseline>),
    Shift(corelog_insights::Period),
}

fn distance(command: &Command) -> Option<Distance> {
    match &command.kind {
        CommandKind::Diff(baseline) => Some(Distance::Baseline(*baseline)),
        CommandKind::LogCompare(period) => Some(Distance::Shift(*period)),
        _ => None,
    }
}
