//! `pattern`: similar texts as one row each. How texts are grouped is in `mining.rs`.
//!
//! Columns: `@pattern`, `@ratio` of the rows, `@sampleCount`, `@severityLabel`. Decisions: the most frequent first,
//! then by text; the label is `ERROR` where the pattern has the word error in any case, else `WARN` where it has warn,
//! else `INFO`.

use std::sync::Arc;

use super::anomaly::{PARTS_COUNT, part_of};
use super::diff::compared;
use super::mining::{Miner, Pattern};
use super::{Failure, RowValues, Step};
use crate::coerce;
use crate::context::Context;
use crate::expression::Expression;
use crate::value::Value;

pub(super) const COLUMNS: [&str; 4] = ["@pattern", "@ratio", "@sampleCount", "@severityLabel"];

/// Which times the rows of `pattern` are of. Texts of both times are grouped together, so that `diff` can compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Windows {
    /// All are of the query's time.
    #[default]
    One,
    /// Those whose slot holds something true are of the time before, and patterns come out as `diff` leaves them, so
    /// that `diff` itself is not run.
    Compared(usize),
}

pub(super) struct PatternStep {
    context: Arc<Context>,
    of: Expression,
    windows: Windows,
    /// The time of a row, if `anomaly` follows and asks when texts came.
    time: Option<Expression>,
    miner: Miner,
    /// How many texts of the query's time there are.
    total: u64,
}

impl PatternStep {
    pub(super) fn new(
        context: Arc<Context>,
        of: Expression,
        windows: Windows,
        time: Option<Expression>,
    ) -> Self {
        let parts = if time.is_some() { PARTS_COUNT } else { 1 };
        Self {
            context,
            of,
            windows,
            time,
            miner: Miner::new(parts + 1),
            total: 0,
        }
    }

    /// The miner's window of a row: a part of the query's time, or behind these the other time.
    fn window(&self, row: &RowValues) -> usize {
        let is_other = match self.windows {
            Windows::One => false,
            Windows::Compared(slot) => row.get(slot).and_then(coerce::truth) == Some(true),
        };
        match &self.time {
            None => usize::from(is_other),
            Some(_) if is_other => PARTS_COUNT,
            Some(time) => {
                let ms = coerce::millis(&time.eval(&self.context, row));
                ms.map_or(0, |ms| part_of(ms, &self.context))
            }
        }
    }

    fn row(&self, pattern: &Pattern, now: u64, before: u64) -> RowValues {
        #[expect(clippy::cast_precision_loss, reason = "counts of events")]
        let ratio = match self.total {
            _ if now == 0 => Value::int(0),
            total => Value::float(now as f64 / total as f64),
        };
        let text = pattern.text.clone();
        let severity = Value::text(severity(&text));
        let mut row = vec![Value::text(text), ratio, Value::int(signed(now)), severity];
        if let Windows::Compared(_) = self.windows {
            row.extend(compared(signed(now), signed(before)));
        }
        if self.time.is_some() {
            let parts = pattern.counts.iter().take(PARTS_COUNT);
            let parts = parts.map(|count| Value::int(signed(*count))).collect();
            row.push(if now == 0 {
                Value::Null
            } else {
                Value::list(parts)
            });
        }
        row
    }
}

/// Texts of the query's time, and of the other.
fn counts(pattern: &Pattern) -> (u64, u64) {
    let (before, now) = pattern.counts.split_last().unwrap_or((&0, &[]));
    (now.iter().sum(), *before)
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn severity(pattern: &str) -> &'static str {
    let lower = pattern.to_lowercase();
    if lower.contains("error") {
        "ERROR"
    } else if lower.contains("warn") {
        "WARN"
    } else {
        "INFO"
    }
}

impl Step for PatternStep {
    fn push(&mut self, rows: Vec<RowValues>, _: &mut Vec<RowValues>) -> Result<(), Failure> {
        for row in rows {
            let window = self.window(&row);
            let value = self.of.eval(&self.context, &row);
            if let Some(text) = coerce::text(&value) {
                self.miner.add(&text, window);
                self.total += u64::from(window + 1 < self.miner.windows());
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<RowValues>) -> Result<(), Failure> {
        let is_compared = matches!(self.windows, Windows::Compared(_));
        let mut patterns = self.miner.finish();
        self.miner = Miner::new(self.miner.windows());
        let size = |pattern: &Pattern| {
            let (now, before) = counts(pattern);
            if is_compared {
                now.abs_diff(before)
            } else {
                now
            }
        };
        patterns.sort_by(|left, right| {
            let by_size = size(right).cmp(&size(left));
            by_size.then_with(|| left.text.cmp(&right.text))
        });
        for pattern in patterns {
            let (now, before) = counts(&pattern);
            if now > 0 || is_compared {
                out.push(self.row(&pattern, now, before));
            }
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.miner.bytes()
    }
}
