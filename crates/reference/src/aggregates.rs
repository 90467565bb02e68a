//! Aggregations: one value from the rows of a group.
//!
//! What is missing does not count, and maps and lists are missing here. Functions of numbers ignore what is no
//! number; without any value they give nothing, and counts give 0.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use corelog_insights::{Expr, ExprKind, Function};

use crate::eval::period_of;
use crate::eval::{Scope, eval};
use crate::row::Row;
use crate::value::{Value, identity, shown, text as text_of};
use corelog_values::Number;
use corelog_values::calendar;
use corelog_values::coerce;
use corelog_values::json;
use corelog_values::natural;
use corelog_values::{arithmetic, bucket};

/// The value of an aggregation.
pub(crate) fn compute(scope: &Scope<'_>, rows: &[Row], function: Function, args: &[Expr]) -> Value {
    let inner = Scope {
        context: Arc::clone(&scope.context),
        ..Scope::default()
    };
    let all = |at: usize| -> Vec<(Option<i64>, Value)> {
        let Some(arg) = args.get(at) else {
            return Vec::new();
        };
        let value = |row: &Row| (time_of(row), eval(&inner, row, arg).scalar());
        let values = rows.iter().map(value);
        values.filter(|(_, value)| !value.is_null()).collect()
    };
    let values =
        |at: usize| -> Vec<Value> { all(at).into_iter().map(|(_, value)| value).collect() };
    match function {
        Function::Count | Function::CountOverTime => match args.first() {
            Some(arg) if arg.kind != ExprKind::Star => Value::count(values(0).len()),
            _ => Value::count(rows.len()),
        },
        Function::CountDistinct => Value::count(distinct(values(0)).len()),
        Function::Sum | Function::SumOverTime => sum(&values(0)),
        Function::Avg => mean(&floats(&values(0))).map_or(Value::Null, Value::float),
        Function::Variance => variance(&values(0)).map_or(Value::Null, Value::float),
        Function::Stddev => {
            variance(&values(0)).map_or(Value::Null, |variance| Value::float(variance.sqrt()))
        }
        Function::Min => extreme(values(0), Ordering::Less),
        Function::Max => extreme(values(0), Ordering::Greater),
        Function::Pct => {
            let percent = args.get(1).map(|arg| eval(&inner, &Row::default(), arg));
            let percent = percent.and_then(|percent| coerce::number(&percent));
            let at = percent.and_then(|percent| percentile(floats(&values(0)), percent.as_f64()));
            at.map_or(Value::Null, Value::float)
        }
        Function::Values if values(0).is_empty() => Value::Null,
        Function::Values => Value::list(distinct(values(0))),
        Function::Earliest => by_time(all(0), Ordering::Less),
        Function::Latest => by_time(all(0), Ordering::Greater),
        Function::SortsFirst => by_order(values(0), Ordering::Less),
        Function::SortsLast => by_order(values(0), Ordering::Greater),
        Function::Rate => rate(all(0), args).unwrap_or(Value::Null),
        Function::Histogram => histogram(&values(0), args, &inner),
        _ => Value::Null,
    }
}

pub(crate) fn time_of(row: &Row) -> Option<i64> {
    coerce::millis(&row.get("@timestamp"))
}

/// The different values in the order of `sort`. Values of the same text are the same. Decision: of these, the one is
/// kept whose JSON comes first: a text before a number before a truth value.
pub(crate) fn distinct(values: Vec<Value>) -> Vec<Value> {
    let mut kept: BTreeMap<Option<String>, Value> = BTreeMap::new();
    for value in values {
        let identity = identity(&value);
        let known = kept.entry(identity).or_insert_with(|| value.clone());
        if json::write(&value) < json::write(known) {
            *known = value;
        }
    }
    let mut all: Vec<Value> = kept.into_values().collect();
    all.sort_by(natural::order);
    all
}

fn floats(values: &[Value]) -> Vec<f64> {
    let numbers = values.iter().filter_map(coerce::number);
    numbers.map(Number::as_f64).collect()
}

/// Exact as long as it is an integer that fits; nothing where it is too large for any number.
fn sum(values: &[Value]) -> Value {
    let numbers = values.iter().filter_map(coerce::number);
    let add = |sum: Value, number| arithmetic(corelog_insights::BinaryOp::Add, &sum, &number);
    numbers.map(Value::Number).reduce(add).unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows in memory")]
fn mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    Some(values.iter().sum::<f64>() / values.len() as f64)
}

/// The variance of the population.
fn variance(values: &[Value]) -> Option<f64> {
    let values = floats(values);
    let mean_value = mean(&values)?;
    let squares: Vec<f64> = values
        .iter()
        .map(|value| (value - mean_value).powi(2))
        .collect();
    mean(&squares)
}

/// Decisions: where there are numbers, only these count; a time comes back as milliseconds.
fn extreme(values: Vec<Value>, wanted: Ordering) -> Value {
    let numbers: Vec<Number> = values.iter().filter_map(coerce::number).collect();
    if let Some(first) = numbers.first() {
        let mut best = *first;
        for number in numbers {
            if number.compare(best) == wanted {
                best = number;
            }
        }
        return Value::Number(best);
    }
    let mut best = Value::Null;
    for value in values {
        if best.is_null() || text_of(&value).cmp(&text_of(&best)) == wanted {
            best = value;
        }
    }
    best
}

/// Decision: between two neighbours in order, the value is interpolated.
pub(crate) fn percentile(mut values: Vec<f64>, percent: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    #[expect(clippy::cast_precision_loss, reason = "counts of rows in memory")]
    let rank = last as f64 * percent / 100.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and the number of rows"
    )]
    let below = rank.floor() as usize;
    let (low, high) = (values[below.min(last)], values[(below + 1).min(last)]);
    Some(low + (high - low) * rank.fract())
}

/// The value of the row with the least or greatest time, the first of several. A time comes back as milliseconds.
///
/// Source for the latter: people who ran it.
fn by_time(values: Vec<(Option<i64>, Value)>, wanted: Ordering) -> Value {
    let mut best: Option<(i64, Value)> = None;
    for (time, value) in values {
        let Some(time) = time else { continue };
        if best
            .as_ref()
            .is_none_or(|(known, _)| time.cmp(known) == wanted)
        {
            best = Some((time, value));
        }
    }
    match best {
        Some((_, Value::Time(ms))) => Value::int(ms),
        Some((_, value)) => value,
        None => Value::Null,
    }
}

fn by_order(values: Vec<Value>, wanted: Ordering) -> Value {
    let mut best = Value::Null;
    for value in values {
        if best.is_null() || natural::order(&value, &best) == wanted {
            best = value;
        }
    }
    best
}

/// Decision: the last value by time less the first, per period of the time between; nothing without time between.
fn rate(mut values: Vec<(Option<i64>, Value)>, args: &[Expr]) -> Option<Value> {
    values.retain(|(time, value)| time.is_some() && coerce::number(value).is_some());
    values.sort_by_key(|(time, _)| *time);
    let (first, last) = (values.first()?, values.last()?);
    let elapsed = last.0?.checked_sub(first.0?)?;
    let period = calendar::length_ms(period_of(args)?)?;
    let change = coerce::number(&last.1)?.as_f64() - coerce::number(&first.1)?.as_f64();
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds of a query's time range"
    )]
    let periods = elapsed as f64 / period as f64;
    (elapsed > 0).then(|| Value::float(change / periods))
}

/// Among what `stats` computes: how many values fall in each range, as a map.
fn histogram(values: &[Value], args: &[Expr], scope: &Scope<'_>) -> Value {
    let width = args.get(1).map(|arg| eval(scope, &Row::default(), arg));
    let width = width.unwrap_or(Value::Null);
    let mut starts: Vec<Value> = values.iter().map(|value| bucket(value, &width)).collect();
    starts.retain(|start| !start.is_null());
    let count = |start: &Value| starts.iter().filter(|other| *other == start).count();
    let named = |start: Value| {
        (
            Cow::Owned(shown(&start).unwrap_or_default()),
            Value::count(count(&start)),
        )
    };
    Value::map(distinct(starts.clone()).into_iter().map(named).collect())
}
