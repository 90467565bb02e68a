//! What each function makes of its arguments.

use std::sync::Arc;

use crate::calendar;
use crate::error::ExpressionError;
use crate::evaluate::{Evaluation, Value, settled};
use crate::series::{Point, Series};
use crate::syntax::{Expression, Function, Node, Word};

mod condition;
mod fill;
mod reduce;

use reduce::Reduction;

/// Bands are two standard deviations wide to each side.
///
/// Source: the user guide.
const DEVIATIONS: f64 = 2.0;

/// What a call is worth. Its arguments have the types that they should have.
pub(crate) fn call(
    evaluation: &Evaluation<'_>,
    function: Function,
    arguments: &[Expression],
    at: usize,
) -> Result<Value, ExpressionError> {
    Call {
        evaluation,
        function,
        arguments,
        at,
    }
    .value()
}

struct Call<'a> {
    evaluation: &'a Evaluation<'a>,
    function: Function,
    arguments: &'a [Expression],
    at: usize,
}

impl Call<'_> {
    fn value(&self) -> Result<Value, ExpressionError> {
        use Function as F;
        match self.function {
            F::Abs => self.mapped(f64::abs),
            F::Ceil => self.mapped(f64::ceil),
            F::Floor => self.mapped(f64::floor),
            F::Log => self.mapped(f64::ln),
            F::Log10 => self.mapped(f64::log10),
            F::Diff | F::DiffTime | F::Rate => self.of_neighbours(),
            F::RunningSum => self.each(running_sum),
            F::Avg => self.reduced(Reduction::Average),
            F::Max => self.reduced(Reduction::Greatest),
            F::Min => self.reduced(Reduction::Least),
            F::Stddev => self.reduced(Reduction::Deviation),
            F::Sum => self.reduced(Reduction::Sum),
            F::DatapointCount => self.reduced(Reduction::Count),
            F::Minute | F::Hour | F::Day | F::Date | F::Month | F::Year | F::Epoch => {
                self.of_calendar()
            }
            F::First => Ok(self.picked(self.argument(0)?.series().first())),
            F::Last => Ok(self.picked(self.argument(0)?.series().last())),
            F::MetricCount => Ok(Value::Scalar(count(self.argument(0)?.series().len()))),
            F::RemoveEmpty => {
                let mut all = self.argument(0)?.series().to_vec();
                all.retain(|series| !series.points.is_empty());
                Ok(Value::Array(all))
            }
            F::TimeSeries => self.constant(self.argument(0)?.scalar()),
            F::Period => {
                let value = self.argument(0)?;
                let period = value.series().first().map(|series| series.period_seconds);
                Ok(Value::Scalar(period.map_or(f64::NAN, f64::from)))
            }
            F::Slice => self.sliced(),
            F::Sort => self.sorted(),
            F::Fill => fill::filled(self),
            F::If => condition::chosen(self),
            F::Metrics => Ok(self.metrics()),
            F::Search => Ok(self.found()),
            F::AnomalyDetectionBand => self.band(),
            // Refused when the plan was made.
            F::DbPerfInsights | F::InsightRuleMetric | F::Lambda | F::ServiceQuota => {
                Ok(Value::Array(Vec::new()))
            }
        }
    }

    fn argument(&self, index: usize) -> Result<Value, ExpressionError> {
        match self.arguments.get(index) {
            Some(argument) => self.evaluation.value(argument),
            None => Ok(Value::Scalar(f64::NAN)),
        }
    }

    fn word(&self, index: usize) -> Option<Word> {
        match self.arguments.get(index)?.node {
            Node::Word(word) => Some(word),
            _ => None,
        }
    }

    fn text(&self, index: usize) -> Option<String> {
        match &self.arguments.get(index)?.node {
            Node::Text(text) => Some(text.value()),
            _ => None,
        }
    }

    fn literal(&self, index: usize) -> Option<f64> {
        match self.arguments.get(index)?.node {
            Node::Number(number) => Some(number),
            _ => None,
        }
    }

    fn mapped(&self, change: impl Fn(f64) -> f64) -> Result<Value, ExpressionError> {
        self.evaluation.mapped(&self.argument(0)?, self.at, change)
    }

    fn each(&self, change: impl Fn(&Series) -> Series) -> Result<Value, ExpressionError> {
        self.evaluation
            .each(&self.argument(0)?, self.at, settled, change)
    }

    /// What a point is to the one before it; the first has none before it.
    fn of_neighbours(&self) -> Result<Value, ExpressionError> {
        let compute = |before: &Point, point: &Point| {
            let seconds = calendar::seconds(point.at) - calendar::seconds(before.at);
            match self.function {
                Function::Diff => point.value - before.value,
                Function::Rate => (point.value - before.value) / seconds,
                _ => seconds,
            }
        };
        self.each(|series| {
            let pairs = series.points.windows(2);
            let points = pairs.map(|pair| Point {
                at: pair[1].at,
                value: compute(&pair[0], &pair[1]),
            });
            series.with(points.filter(|point| point.value.is_finite()).collect())
        })
    }

    fn reduced(&self, reduction: Reduction) -> Result<Value, ExpressionError> {
        match self.argument(0)? {
            Value::Array(all) => {
                let points = all.iter().map(|series| series.points.len()).sum();
                self.evaluation.spend(points, self.at)?;
                let period_seconds = all.iter().map(|series| series.period_seconds).min();
                Ok(Value::Series(Arc::new(Series {
                    period_seconds: period_seconds.unwrap_or(self.evaluation.period_seconds),
                    points: reduction.across(&all),
                    origin: None,
                })))
            }
            value => Ok(Value::Scalar(
                value.series().first().map_or(f64::NAN, |series| {
                    reduction.along(series, self.evaluation.range)
                }),
            )),
        }
    }

    /// Source: the user guide: "a new non-sparse time series where each value is based on its timestamp".
    fn of_calendar(&self) -> Result<Value, ExpressionError> {
        let value = self.argument(0)?;
        let Some(series) = value.series().first() else {
            return Ok(self.picked(None));
        };
        let slots = self.evaluation.range.slots_of(series);
        self.spend_slots(slots.total())?;
        let points = slots.map(|at| Point {
            at,
            value: calendar::value(self.function, at),
        });
        Ok(Value::Series(Arc::new(Series {
            points: points.filter(|point| point.value.is_finite()).collect(),
            ..Series::empty(series.period_seconds)
        })))
    }

    /// A series of one number.
    fn constant(&self, number: f64) -> Result<Value, ExpressionError> {
        let mut series = Series::empty(self.evaluation.period_seconds);
        if number.is_finite() {
            let slots = self.evaluation.range.slots(series.period_seconds);
            self.spend_slots(slots.total())?;
            series.points = slots.map(|at| Point { at, value: number }).collect();
        }
        Ok(Value::Series(Arc::new(series)))
    }

    fn spend_slots(&self, slots: u64) -> Result<(), ExpressionError> {
        let slots = usize::try_from(slots).unwrap_or(usize::MAX);
        self.evaluation.spend(slots, self.at)
    }

    /// One of an array; an empty series if there is none.
    fn picked(&self, series: Option<&Arc<Series>>) -> Value {
        let empty = || Arc::new(Series::empty(self.evaluation.period_seconds));
        Value::Series(series.map_or_else(empty, Arc::clone))
    }

    fn sliced(&self) -> Result<Value, ExpressionError> {
        let value = self.argument(0)?;
        let all = value.series();
        let end = match self.arguments.len() {
            3 => index(self.argument(2)?.scalar()),
            _ => all.len(),
        };
        let end = end.min(all.len());
        let start = index(self.argument(1)?.scalar()).min(end);
        Ok(Value::Array(all[start..end].to_vec()))
    }

    /// Series without points come last, whatever the order.
    fn sorted(&self) -> Result<Value, ExpressionError> {
        let reduction = match self.word(1) {
            Some(Word::Min) => Reduction::Least,
            Some(Word::Max) => Reduction::Greatest,
            Some(Word::Sum) => Reduction::Sum,
            _ => Reduction::Average,
        };
        let falling = self.word(2) == Some(Word::Desc);
        let value = self.argument(0)?;
        let mut keyed: Vec<(f64, &Arc<Series>)> = value
            .series()
            .iter()
            .map(|series| (reduction.along(series, self.evaluation.range), series))
            .collect();
        keyed.sort_by(|(left, _), (right, _)| {
            let order = if falling {
                right.total_cmp(left)
            } else {
                left.total_cmp(right)
            };
            left.is_nan().cmp(&right.is_nan()).then(order)
        });
        let limit = match self.arguments.len() {
            4 => index(self.argument(3)?.scalar()),
            _ => keyed.len(),
        };
        let kept = keyed.into_iter().take(limit);
        Ok(Value::Array(
            kept.map(|(_, series)| Arc::clone(series)).collect(),
        ))
    }

    /// Source: the user guide: metrics whose ids contain the text; expressions are not included.
    fn metrics(&self) -> Value {
        let part = self.text(0).unwrap_or_default();
        let ids = self.evaluation.metric_ids.iter();
        let ids = ids.filter(|id| id.contains(&part));
        Value::Array(
            ids.flat_map(|id| self.evaluation.named(id).series().to_vec())
                .collect(),
        )
    }

    fn found(&self) -> Value {
        let (text, statistic) = (self.text(0), self.text(1));
        let key = (text.unwrap_or_default(), statistic.unwrap_or_default());
        let Evaluation { plan, query, .. } = self.evaluation;
        let search = plan.find(query, &key.0, &key.1, self.literal(2));
        let found = search.and_then(|search| self.evaluation.data.found.get(search));
        Value::Array(found.cloned().unwrap_or_default())
    }

    fn band(&self) -> Result<Value, ExpressionError> {
        let value = self.argument(0)?;
        let empty = Arc::new(Series::empty(self.evaluation.period_seconds));
        let series = value.series().first().unwrap_or(&empty);
        let id = match self.arguments.first().map(|argument| &argument.node) {
            Some(Node::Id(id)) => id.as_str(),
            _ => "",
        };
        let deviations = self.literal(1).unwrap_or(DEVIATIONS);
        let bands = self.evaluation.data.bands;
        let band = bands.and_then(|bands| bands.band(id, series, deviations));
        let band = band.unwrap_or_default();
        self.evaluation
            .spend(band.upper.len() + band.lower.len(), self.at)?;
        let edge = |points| Arc::new(series.with(points));
        Ok(Value::Array(vec![edge(band.upper), edge(band.lower)]))
    }
}

fn running_sum(series: &Series) -> Series {
    let mut sum = 0.0;
    let points = series.points.iter().map(|point| {
        sum += point.value;
        Point {
            value: sum,
            ..*point
        }
    });
    series.with(points.filter(|point| point.value.is_finite()).collect())
}

/// How many there are. No array has so many series that this would not be exact.
fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::NAN, f64::from)
}

/// A place in an array: what is behind the point is cut, what is below 0 or no number is 0.
fn index(number: f64) -> usize {
    let most = f64::from(u32::MAX);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is between 0 and the most, and its fraction is to be cut"
    )]
    let whole = number.clamp(0.0, most) as u32;
    usize::try_from(whole).unwrap_or(usize::MAX)
}
