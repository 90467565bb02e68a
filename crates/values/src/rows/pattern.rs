//! `pattern`: similar texts as one row each. How texts are grouped is in `mining.rs`.
//!
//! Columns: `@pattern`, `@ratio` of the rows, `@sampleCount`, `@severityLabel`. Decisions: the most frequent first,
//! then by text; the label is `ERROR` where the pattern has the word error in any case, else `WARN` where it has warn,
//! else `INFO`.
//!
//! Five more are for programs. Source for their names: clients of the service that read them. It does not publish what
//! is in them; decision: what `ListAnomalies` has by the names `patternTokens`, `histogram`, `logSamples`, `patternId`
//! and `patternRegex`, the first three as JSON. A sixth that clients know, `@relatedPattern`, is not there: nobody says
//! which pattern it is.
//!
//! - `@tokens`: the parts of the pattern. One that differs has the values that are there and how often, the most
//!   frequent first, unless there are more than 16, a longer one than 128 bytes, the place is open (`mining.rs`), or it
//!   is the rest of the text.
//! - `@visualization`: how many came in each tenth of the query's time, by its first millisecond, where any did.
//! - `@logSamples`: up to three of the texts, the newest first, of each at most its first 1024 bytes.
//!
//! - `@PatternId`: 32 hexadecimal digits, those of the MD5 of `@pattern`, so that a pattern has the same in every query.
//! - `@regexString`: an expression that matches the pattern's texts, such as `like` takes between slashes.
//!
//! Patterns of the time before only have but the last two, and of very many patterns only the first have more than
//! `@PatternId`.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::anomaly::{PARTS_COUNT, part_of, start_of};
use super::diff::compared;
use super::mining::{Miner, Part, Pattern, Reading};
use super::{Failure, RowValues, Step};
use crate::coerce;
use crate::context::Context;
use crate::expression::Expression;
use crate::functions::encoding::md5;
use crate::json;
use crate::value::{Member, Value};

pub(super) const COLUMNS: [&str; 9] = [
    "@pattern",
    "@ratio",
    "@sampleCount",
    "@severityLabel",
    "@tokens",
    "@visualization",
    "@logSamples",
    "@PatternId",
    "@regexString",
];

/// Bytes of what all patterns have for programs; behind these, none has it.
const DETAILS_BYTES_MAX: usize = 32 << 20;

/// Which times the rows of `pattern` are of. Texts of both times are grouped together, so that `diff` can compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Windows {
    /// All are of the query's time.
    #[default]
    One,
    /// Those whose slot holds something true are of the time before, and patterns come out as `diff` is to leave them,
    /// which itself is not run. Decision: commands between both see these.
    Compared(usize),
}

pub(super) struct PatternStep {
    context: Arc<Context>,
    of: Expression,
    windows: Windows,
    /// When a row's text came.
    time: Expression,
    /// Whether counts by time are left for `anomaly`.
    leaves_parts: bool,
    miner: Miner,
    /// How many texts of the query's time there are.
    total: u64,
    details_bytes_max: usize,
}

impl PatternStep {
    pub(super) fn new(
        context: Arc<Context>,
        of: Expression,
        windows: Windows,
        time: Expression,
        leaves_parts: bool,
    ) -> Self {
        Self {
            context,
            of,
            windows,
            time,
            leaves_parts,
            // The parts of the query's time, and behind them the other time.
            miner: Miner::new(PARTS_COUNT + 1),
            total: 0,
            details_bytes_max: DETAILS_BYTES_MAX,
        }
    }

    fn take(&mut self, row: &RowValues) {
        let value = self.of.eval(&self.context, row);
        let Some(text) = coerce::text(&value) else {
            return;
        };
        let is_other = match self.windows {
            Windows::One => false,
            Windows::Compared(slot) => row.get(slot).and_then(coerce::truth) == Some(true),
        };
        if is_other {
            self.miner.add(&text, PARTS_COUNT);
            return;
        }
        let ms = coerce::millis(&self.time.eval(&self.context, row));
        let part = ms.map_or(0, |ms| part_of(ms, &self.context));
        self.miner.add_noted(&text, part, ms);
        self.total += 1;
    }

    fn row(&self, pattern: &Pattern<'_>, is_detailed: bool) -> RowValues {
        let (now, before) = counts(pattern);
        #[expect(clippy::cast_precision_loss, reason = "counts of events")]
        let ratio = match self.total {
            _ if now == 0 => Value::int(0),
            total => Value::float(now as f64 / total as f64),
        };
        let text = pattern.text.clone();
        let severity = Value::text(severity(&text));
        let id = Value::text(md5(&text));
        let mut row = vec![Value::text(text), ratio, Value::int(signed(now)), severity];
        row.extend(if now > 0 && is_detailed {
            [
                tokens(pattern),
                self.visualization(pattern),
                samples(pattern),
            ]
        } else {
            [Value::Null, Value::Null, Value::Null]
        });
        let regex = is_detailed.then(|| regex(pattern, now > 0));
        row.extend([id, regex.map_or(Value::Null, Value::text)]);
        if let Windows::Compared(_) = self.windows {
            row.extend(compared(signed(now), signed(before)));
        }
        if self.leaves_parts {
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

    fn visualization(&self, pattern: &Pattern<'_>) -> Value<'static> {
        let parts = pattern.counts.iter().take(PARTS_COUNT).enumerate();
        let parts = parts.filter(|(_, count)| **count > 0);
        let member = |(part, count): (usize, &u64)| -> Member<'static> {
            let start = start_of(part, &self.context).to_string();
            (start.into(), Value::int(signed(*count)))
        };
        Value::text(json::write(&Value::map(parts.map(member).collect())))
    }
}

/// Texts of the query's time, and of the other.
fn counts(pattern: &Pattern<'_>) -> (u64, u64) {
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

/// Of texts of different shape that print alike, the least.
fn tokens(pattern: &Pattern<'_>) -> Value<'static> {
    let json = |reading: &Reading<'_>| {
        let parts = reading.parts().into_iter();
        json::write(&Value::list(parts.map(token).collect()))
    };
    let noted = pattern.readings.iter().filter(|it| it.is_noted());
    noted.map(json).min().map_or(Value::Null, Value::text)
}

/// Of texts of different shape that print alike, one or the other; of noted ones only, if there are such.
fn regex(pattern: &Pattern<'_>, is_noted: bool) -> String {
    let readings = pattern.readings.iter();
    let readings = readings.filter(|it| !is_noted || it.is_noted());
    let different: BTreeSet<String> = readings.map(Reading::regex).collect();
    let different: Vec<String> = different.into_iter().collect();
    different.join("|")
}

/// As the service model's `PatternToken`.
fn token(part: Part<'_>) -> Value<'_> {
    Value::map(match part {
        Part::Fixed(text) => vec![
            ("isDynamic".into(), Value::Bool(false)),
            ("tokenString".into(), Value::text(text)),
        ],
        Part::Dynamic {
            position,
            kind,
            values,
        } => {
            let mut members = vec![
                ("dynamicTokenPosition".into(), Value::count(position)),
                ("isDynamic".into(), Value::Bool(true)),
                ("tokenString".into(), Value::text("<*>")),
            ];
            if let Some(values) = values {
                let count = |(value, count): (&str, u64)| -> Member<'_> {
                    (value.to_owned().into(), Value::int(signed(count)))
                };
                let values = values.into_iter().map(count).collect();
                members.push(("enumerations".into(), Value::map(values)));
            }
            let name = format!("{kind}-{position}");
            members.push(("inferredTokenName".into(), Value::text(name)));
            members
        }
    })
}

/// As the service model's `LogEvent`.
fn samples(pattern: &Pattern<'_>) -> Value<'static> {
    let all = pattern.samples().into_iter().map(|sample| {
        let time = sample.ms.map(|ms| ("timestamp".into(), Value::int(ms)));
        let message = ("message".into(), Value::text(&*sample.text));
        Value::map(time.into_iter().chain([message]).collect())
    });
    Value::text(json::write(&Value::list(all.collect())))
}

impl Step for PatternStep {
    fn push(&mut self, rows: Vec<RowValues>, _: &mut Vec<RowValues>) -> Result<(), Failure> {
        for row in &rows {
            self.take(row);
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<RowValues>) -> Result<(), Failure> {
        let is_compared = matches!(self.windows, Windows::Compared(_));
        let miner = std::mem::replace(&mut self.miner, Miner::new(PARTS_COUNT + 1));
        let mut patterns = miner.finish();
        let size = |pattern: &Pattern<'_>| {
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
        let shown = patterns
            .iter()
            .filter(|pattern| is_compared || counts(pattern).0 > 0);
        let mut details = 0;
        for pattern in shown {
            let row = self.row(pattern, details < self.details_bytes_max);
            details += row.iter().map(Value::bytes).sum::<usize>();
            out.push(row);
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.miner.bytes()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{PatternStep, Windows};
    use crate::expression::Expression;
    use crate::rows::Step as _;
    use crate::value::Value;

    #[test]
    fn what_patterns_tell_programs_has_an_end() {
        let (of, time) = (Expression::slot(0), Expression::slot(1));
        let mut step = PatternStep::new(Arc::default(), of, Windows::One, time, false);
        step.details_bytes_max = 1;
        let texts = ["all good", "not bad"];
        let rows = texts.map(|text| vec![Value::text(text), Value::time(0)]);
        let mut out = Vec::new();
        step.push(rows.into(), &mut out).unwrap();
        step.finish(&mut out).unwrap();
        let [first, second] = &out[..] else {
            panic!("{out:?}");
        };
        assert_eq!(first[0], Value::text("all good"));
        assert!(first[4..].iter().all(|value| !value.is_null()), "{first:?}");
        let id = Value::text("60566ff0fb2dc31c4ffa4ca85cec6bd2");
        let none = Value::Null;
        assert_eq!(
            second[4..],
            [none.clone(), none.clone(), none.clone(), id, none]
        );
    }
}
