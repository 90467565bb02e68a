//! `pattern`: similar texts as one row each. How texts are grouped is in `mining.rs`.
//!
//! Columns: `@pattern`, `@ratio` of the rows, `@sampleCount`, `@severityLabel`. Decisions: the most frequent first,
//! then by text; the label is `ERROR` where the pattern has the word error in any case, else `WARN` where it has warn,
//! else `INFO`.

use std::sync::Arc;

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
    /// Those whose slot holds something true are of another time; patterns of the others come out.
    Beside(usize),
    /// Those whose slot holds something true are of the time before, and patterns come out as `diff` leaves them, so
    /// that `diff` itself is not run.
    Compared(usize),
}

pub(super) struct PatternStep {
    context: Arc<Context>,
    of: Expression,
    windows: Windows,
    miner: Miner,
    /// How many texts of the query's time there are.
    total: u64,
}

impl PatternStep {
    pub(super) fn new(context: Arc<Context>, of: Expression, windows: Windows) -> Self {
        Self {
            context,
            of,
            windows,
            miner: Miner::new(2),
            total: 0,
        }
    }

    fn row(&self, pattern: &Pattern) -> RowValues {
        let count = pattern.counts[0];
        #[expect(clippy::cast_precision_loss, reason = "counts of events")]
        let ratio = match self.total {
            _ if count == 0 => Value::int(0),
            total => Value::float(count as f64 / total as f64),
        };
        let text = pattern.text.clone();
        let severity = Value::text(severity(&text));
        vec![
            Value::text(text),
            ratio,
            Value::int(signed(count)),
            severity,
        ]
    }
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
            let window = match self.windows {
                Windows::One => 0,
                Windows::Beside(slot) | Windows::Compared(slot) => {
                    let flag = row.get(slot).and_then(coerce::truth);
                    usize::from(flag == Some(true))
                }
            };
            let value = self.of.eval(&self.context, &row);
            if let Some(text) = coerce::text(&value) {
                self.miner.add(&text, window);
                self.total += u64::from(window == 0);
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<RowValues>) -> Result<(), Failure> {
        let mut patterns = self.miner.finish();
        self.miner = Miner::new(2);
        let size = |pattern: &Pattern| match self.windows {
            Windows::One | Windows::Beside(_) => signed(pattern.counts[0]),
            Windows::Compared(_) => {
                let [now, before] = [0, 1].map(|window| signed(pattern.counts[window]));
                now.saturating_sub(before).saturating_abs()
            }
        };
        patterns.sort_by(|left, right| {
            let by_size = size(right).cmp(&size(left));
            by_size.then_with(|| left.text.cmp(&right.text))
        });
        for pattern in patterns {
            let mut row = self.row(&pattern);
            if let Windows::Compared(_) = self.windows {
                let [now, before] = [0, 1].map(|window| signed(pattern.counts[window]));
                row.extend(compared(now, before).1);
            } else if pattern.counts[0] == 0 {
                continue;
            }
            out.push(row);
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.miner.bytes()
    }
}
