//! What expressions are worth, given the data.
//!
//! Decision: where two series of different periods meet, their points stand where they are, and what the result has is
//! the shorter period; a point of the longer one is not spread over the points that it covers.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::ExpressionError;
use crate::functions;
use crate::plan::{Plan, Query};
use crate::series::{Point, Range, Series, joined};
use crate::syntax::{Expression, Node, Operator};

/// How many data points one request may compute, those in between included.
pub const POINTS_MAX: usize = 5_000_000;
/// How many series the arrays of one request may have, those in between included. Series may be empty, and an array may
/// have one of them many times: points alone are no bound.
pub const SERIES_MAX: usize = 100_000;

/// What was read for a plan.
#[derive(Default)]
pub struct Data<'a> {
    /// The series of each metric that the plan names, by id. One that is not here has no points.
    pub metrics: BTreeMap<String, Arc<Series>>,
    /// What each of the plan's searches found, in their order. A search that is not here found nothing.
    pub found: Vec<Vec<Arc<Series>>>,
    /// The series of the plan's `SELECT`.
    pub selected: Vec<Arc<Series>>,
    /// Who knows bands; without it, bands have no points.
    pub bands: Option<&'a dyn Bands>,
}

/// Models of anomaly detection.
pub trait Bands: Sync {
    /// The band of a series, so many standard deviations to each side; `None` while there is no model for it.
    fn band(&self, id: &str, series: &Series, deviations: f64) -> Option<Band>;
}

/// The edges of a band.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Band {
    /// The upper one.
    pub upper: Vec<Point>,
    /// The lower one.
    pub lower: Vec<Point>,
}

/// What an expression is worth.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// Not a number where there is none, as for the greatest value of no points.
    Scalar(f64),
    Series(Arc<Series>),
    Array(Vec<Arc<Series>>),
}

impl Value {
    /// Its series: one, many, or none of a number.
    pub(crate) fn series(&self) -> &[Arc<Series>] {
        match self {
            Self::Scalar(_) => &[],
            Self::Series(series) => std::slice::from_ref(series),
            Self::Array(all) => all,
        }
    }

    pub(crate) fn scalar(&self) -> f64 {
        match self {
            Self::Scalar(number) => *number,
            Self::Series(_) | Self::Array(_) => f64::NAN,
        }
    }
}

/// One request that is computed.
pub(crate) struct Evaluation<'a> {
    pub(crate) data: &'a Data<'a>,
    pub(crate) range: Range,
    /// The period of series that come of nothing: that of the expression's query.
    pub(crate) period_seconds: u32,
    /// What ids are worth, those of metrics and of the expressions that were computed before.
    pub(crate) values: &'a BTreeMap<&'a str, Value>,
    /// The ids of metrics, in the order of the request.
    pub(crate) metric_ids: &'a [&'a str],
    /// Where searches are found again.
    pub(crate) plan: &'a Plan,
    /// The query that is computed.
    pub(crate) query: &'a Query,
    /// How many points may still be computed.
    pub(crate) left: &'a Cell<usize>,
    /// How many series arrays may still have.
    pub(crate) series_left: &'a Cell<usize>,
}

impl Evaluation<'_> {
    pub(crate) fn value(&self, expression: &Expression) -> Result<Value, ExpressionError> {
        let (first, links) = expression.chain();
        let mut value = self.value_of_one(first)?;
        self.spend_series(&value, first.at)?;
        for link in links {
            let right = self.value(link.right)?;
            value = self.joined(link.operator, &value, &right, link.at)?;
            self.spend_series(&value, link.at)?;
        }
        Ok(value)
    }

    fn value_of_one(&self, expression: &Expression) -> Result<Value, ExpressionError> {
        match &expression.node {
            Node::Number(number) => Ok(Value::Scalar(*number)),
            Node::Id(id) => Ok(self.named(id)),
            Node::Array(items) => {
                let mut all = Vec::with_capacity(items.len());
                for item in items {
                    all.extend_from_slice(self.value(item)?.series());
                }
                Ok(Value::Array(all))
            }
            Node::Negative(inner) => {
                let value = self.value(inner)?;
                self.mapped(&value, expression.at, |number| -number)
            }
            Node::Call {
                function,
                arguments,
            } => functions::call(self, *function, arguments, expression.at),
            // A chain does not begin with one; the others are no values, and were refused.
            Node::Binary { .. } | Node::Text(_) | Node::Word(_) => Ok(Value::Scalar(f64::NAN)),
        }
    }

    /// What an id is worth.
    pub(crate) fn named(&self, id: &str) -> Value {
        let value = self.values.get(id).cloned();
        value.unwrap_or_else(|| Value::Series(Arc::new(Series::empty(self.period_seconds))))
    }

    /// Each number of a value changed.
    pub(crate) fn mapped(
        &self,
        value: &Value,
        at: usize,
        change: impl Fn(f64) -> f64,
    ) -> Result<Value, ExpressionError> {
        self.each(value, at, &change, |series| series.map(&change))
    }

    /// Each series of a value changed, or the number.
    pub(crate) fn each(
        &self,
        value: &Value,
        at: usize,
        number: impl Fn(f64) -> f64,
        series: impl Fn(&Series) -> Series,
    ) -> Result<Value, ExpressionError> {
        self.spend(value.series().iter().map(|one| one.points.len()).sum(), at)?;
        Ok(match value {
            Value::Scalar(one) => Value::Scalar(settled(number(*one))),
            Value::Series(one) => Value::Series(Arc::new(series(one))),
            Value::Array(all) => {
                Value::Array(all.iter().map(|one| Arc::new(series(one))).collect())
            }
        })
    }

    fn joined(
        &self,
        operator: Operator,
        left: &Value,
        right: &Value,
        at: usize,
    ) -> Result<Value, ExpressionError> {
        let compute = |x: f64, y: f64| computed(operator, x, y);
        match (left, right) {
            (left, Value::Scalar(y)) => self.mapped(left, at, |x| compute(x, *y)),
            (Value::Scalar(x), right) => self.mapped(right, at, |y| compute(*x, y)),
            (Value::Series(x), Value::Series(y)) => {
                let mut series = self.met(x, y, at, compute)?;
                series.origin = None;
                Ok(Value::Series(Arc::new(series)))
            }
            (Value::Array(all), right) => {
                let mut met = Vec::with_capacity(all.len());
                for (x, y) in all
                    .iter()
                    .flat_map(|x| right.series().iter().map(move |y| (x, y)))
                {
                    met.push(Arc::new(self.met(x, y, at, compute)?));
                }
                Ok(Value::Array(met))
            }
            (Value::Series(x), Value::Array(all)) => {
                let mut met = Vec::with_capacity(all.len());
                for y in all {
                    let mut series = self.met(x, y, at, compute)?;
                    series.origin.clone_from(&y.origin);
                    met.push(Arc::new(series));
                }
                Ok(Value::Array(met))
            }
        }
    }

    /// Two series point by point; what one of them lacks counts as 0.
    fn met(
        &self,
        left: &Series,
        right: &Series,
        at: usize,
        compute: impl Fn(f64, f64) -> f64,
    ) -> Result<Series, ExpressionError> {
        self.spend(left.points.len() + right.points.len(), at)?;
        let points = joined(&left.points, &right.points).map(|(at, x, y)| Point {
            at,
            value: compute(x.unwrap_or(0.0), y.unwrap_or(0.0)),
        });
        Ok(Series {
            period_seconds: left.period_seconds.min(right.period_seconds),
            points: points.filter(|point| point.value.is_finite()).collect(),
            origin: left.origin.clone(),
        })
    }

    /// Counts points that are about to be computed.
    pub(crate) fn spend(&self, points: usize, at: usize) -> Result<(), ExpressionError> {
        let left = self.left.get().checked_sub(points).ok_or_else(|| {
            ExpressionError::new(
                at,
                format!(
                    "This needs more than {POINTS_MAX} data points; a shorter time, longer periods or fewer metrics need \
                     less"
                ),
            )
        })?;
        self.left.set(left);
        Ok(())
    }

    /// Counts the series of an array.
    fn spend_series(&self, value: &Value, at: usize) -> Result<(), ExpressionError> {
        let Value::Array(all) = value else {
            return Ok(());
        };
        let left = self.series_left.get().checked_sub(all.len());
        let left = left.ok_or_else(|| {
            let text = format!(
                "This needs arrays of more than {SERIES_MAX} time series; fewer or smaller arrays need less"
            );
            ExpressionError::new(at, text)
        })?;
        self.series_left.set(left);
        Ok(())
    }
}

/// What is no number or beyond all numbers becomes one thing: none.
pub(crate) fn settled(number: f64) -> f64 {
    if number.is_finite() { number } else { f64::NAN }
}

fn computed(operator: Operator, x: f64, y: f64) -> f64 {
    if x.is_nan() || y.is_nan() {
        return f64::NAN;
    }
    let truth = |holds: bool| if holds { 1.0 } else { 0.0 };
    match operator {
        Operator::Or => truth(is_true(x) || is_true(y)),
        Operator::And => truth(is_true(x) && is_true(y)),
        Operator::Equal => truth(is_same(x, y)),
        Operator::NotEqual => truth(!is_same(x, y)),
        Operator::LessOrEqual => truth(x <= y),
        Operator::GreaterOrEqual => truth(x >= y),
        Operator::Less => truth(x < y),
        Operator::Greater => truth(x > y),
        Operator::Plus => x + y,
        Operator::Minus => x - y,
        Operator::Times => x * y,
        Operator::Divide => x / y,
        Operator::Power => x.powf(y),
    }
}

/// Source: the user guide: 0 is false, and any other value is true.
pub(crate) fn is_true(number: f64) -> bool {
    !is_same(number, 0.0)
}

fn is_same(x: f64, y: f64) -> bool {
    x.partial_cmp(&y) == Some(std::cmp::Ordering::Equal)
}
