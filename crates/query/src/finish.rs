//! Values made of what the engine aggregated.

use std::borrow::Cow;
use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{
    DataType, Field, Float64Type, Int64Type, Schema, SchemaRef, TimestampMicrosecondType,
};
use corelog_values::{Number, Value, bucket, coerce, json, natural};
use datafusion::common::{DataFusionError, Result};
use std::sync::Arc;

use crate::kind::{Kind, Reader, Writer, decode};
use crate::stage::{Run, Transform};

/// What becomes of an aggregation.
#[derive(Debug, Clone)]
pub(crate) enum Finished {
    /// The engine's column is its value.
    Column { column: String, kind: Kind },
    /// Its value is made of columns.
    Computed(How),
}

/// How a value is made of what the engine aggregated.
#[derive(Debug, Clone)]
pub(crate) enum How {
    /// There is none.
    Nothing,
    /// A sum of integers and one of other numbers. Integers are added up in halves, so that no number of rows is too
    /// many for a sum of either.
    Sum {
        whole: Option<Halves>,
        fraction: Option<String>,
    },
    /// A number, or a text if there is none.
    NumberOrWord { number: String, word: String },
    /// Times as milliseconds, other values as they are.
    Millis { column: String, kind: Kind },
    /// A list of values, each once, in the order of `sort`.
    Values { column: String },
    /// How many numbers fall in each range of a width.
    Histogram { column: String, width: f64 },
    /// The change from the first to the last value, and their times, per period.
    Rate {
        first: (String, String),
        last: (String, String),
        period_ms: i64,
    },
}

/// The columns of a sum of integers: of their upper 32 bits, and of their lower ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Halves {
    pub(crate) high: String,
    pub(crate) low: String,
}

/// Adds the value of an aggregation.
#[derive(Debug)]
pub(crate) struct Finish {
    pub(crate) column: String,
    pub(crate) how: How,
}

impl Transform for Finish {
    fn name(&self) -> &'static str {
        "Finish"
    }

    fn reads(&self) -> Vec<String> {
        match &self.how {
            How::Nothing => Vec::new(),
            How::Sum { whole, fraction } => {
                let halves = whole.iter().flat_map(|it| [&it.high, &it.low]);
                halves.chain(fraction).cloned().collect()
            }
            How::NumberOrWord { number, word } => vec![number.clone(), word.clone()],
            How::Millis { column, .. } | How::Values { column } | How::Histogram { column, .. } => {
                vec![column.clone()]
            }
            How::Rate { first, last, .. } => {
                let all = [&first.0, &first.1, &last.0, &last.1];
                all.into_iter().cloned().collect()
            }
        }
    }

    fn adds(&self) -> Vec<Field> {
        vec![Field::new(&self.column, DataType::Utf8View, true)]
    }

    fn start(&self, input: &SchemaRef) -> Result<Box<dyn Run>> {
        let mut fields: Vec<_> = input.fields().iter().cloned().collect();
        fields.extend(self.adds().into_iter().map(Arc::new));
        Ok(Box::new(Finishing {
            how: self.how.clone(),
            schema: Arc::new(Schema::new(fields)),
        }))
    }
}

struct Finishing {
    how: How,
    schema: SchemaRef,
}

impl Run for Finishing {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        let values = values(&self.how, &batch)?;
        let mut columns = batch.columns().to_vec();
        columns.push(values);
        Ok(Some(RecordBatch::try_new(
            Arc::clone(&self.schema),
            columns,
        )?))
    }
}

fn values(how: &How, batch: &RecordBatch) -> Result<ArrayRef> {
    let rows = batch.num_rows();
    let mut writer = Writer::new(Kind::Any, rows);
    let column = |name: &String| -> Result<ArrayRef> {
        Ok(Arc::clone(batch.column(batch.schema().index_of(name)?)))
    };
    match how {
        How::Nothing => (0..rows).for_each(|_| writer.push(&Value::Null)),
        How::Sum { whole, fraction } => {
            let halves =
                |it: &Halves| Ok::<_, DataFusionError>((column(&it.high)?, column(&it.low)?));
            let whole = whole.as_ref().map(halves).transpose()?;
            let fraction = fraction.as_ref().map(column).transpose()?;
            for row in 0..rows {
                let whole = whole.as_ref().and_then(|halves| joined(halves, row));
                writer.push(&sum(whole, fraction.as_ref(), row));
            }
        }
        How::NumberOrWord { number, word } => {
            let number = Reader::new(Kind::Any, &column(number)?)?;
            let word = Reader::new(Kind::Text, &column(word)?)?;
            for row in 0..rows {
                match coerce::number(&number.value(row)) {
                    Some(number) => writer.push(&Value::Number(number)),
                    None => writer.push(&word.value(row)),
                }
            }
        }
        How::Millis { column: name, kind } => {
            let values = Reader::new(*kind, &column(name)?)?;
            for row in 0..rows {
                match values.value(row) {
                    Value::Time(ms) => writer.push(&Value::int(ms)),
                    other => writer.push(&other),
                }
            }
        }
        How::Values { column: name } => {
            let lists = column(name)?;
            let lists = lists.as_list::<i32>();
            for row in 0..rows {
                writer.push(&distinct(lists.is_valid(row).then(|| lists.value(row))));
            }
        }
        How::Histogram {
            column: name,
            width,
        } => {
            let lists = column(name)?;
            let lists = lists.as_list::<i32>();
            for row in 0..rows {
                let list = lists.is_valid(row).then(|| lists.value(row));
                writer.push(&histogram(list, *width));
            }
        }
        How::Rate {
            first,
            last,
            period_ms,
        } => {
            let (from, to) = (column(&first.0)?, column(&last.0)?);
            let (begin, end) = (column(&first.1)?, column(&last.1)?);
            for row in 0..rows {
                let change = float(&to, row).zip(float(&from, row));
                let elapsed = micros(&end, row).zip(micros(&begin, row));
                writer.push(&rate(change, elapsed, *period_ms));
            }
        }
    }
    Ok(writer.finish())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "only where an exact sum does not fit"
)]
fn sum(whole: Option<i128>, fraction: Option<&ArrayRef>, row: usize) -> Value<'static> {
    let fraction = fraction.and_then(|it| float(it, row));
    match (whole, fraction) {
        (None, None) => Value::Null,
        (Some(whole), None) => match i64::try_from(whole) {
            Ok(exact) => Value::int(exact),
            Err(_) => Value::float(whole as f64),
        },
        (whole, Some(fraction)) => Value::float(whole.map_or(0.0, |it| it as f64) + fraction),
    }
}

/// The sum whose halves these are.
fn joined((high, low): &(ArrayRef, ArrayRef), row: usize) -> Option<i128> {
    let [high, low] = [high, low].map(AsArray::as_primitive::<Int64Type>);
    let both = high.is_valid(row) && low.is_valid(row);
    both.then(|| (i128::from(high.value(row)) << 32) + i128::from(low.value(row)))
}

fn float(column: &ArrayRef, row: usize) -> Option<f64> {
    let column = column.as_primitive::<Float64Type>();
    column.is_valid(row).then(|| column.value(row))
}

fn micros(column: &ArrayRef, row: usize) -> Option<i64> {
    let column = column.as_primitive::<TimestampMicrosecondType>();
    column.is_valid(row).then(|| column.value(row))
}

/// Nothing without time between.
#[expect(clippy::cast_precision_loss, reason = "times of one query")]
fn rate(change: Option<(f64, f64)>, elapsed: Option<(i64, i64)>, period_ms: i64) -> Value<'static> {
    let (Some((to, from)), Some((end, begin))) = (change, elapsed) else {
        return Value::Null;
    };
    let elapsed_ms = end.saturating_sub(begin) / 1_000;
    if elapsed_ms <= 0 {
        return Value::Null;
    }
    Value::float((to - from) / (elapsed_ms as f64 / period_ms as f64))
}

/// The different values of a list, in order. Values of the same text are the same; of these, the one is kept whose JSON
/// comes first.
fn distinct(list: Option<ArrayRef>) -> Value<'static> {
    let Some(list) = list else {
        return Value::Null;
    };
    let mut kept: BTreeMap<Option<String>, Value<'static>> = BTreeMap::new();
    for text in list.as_string_view().iter().flatten() {
        let value = decode(text).into_owned();
        let identity = value.identity().map(Cow::into_owned);
        let known = kept.entry(identity).or_insert_with(|| value.clone());
        if json::write(&value) < json::write(known) {
            *known = value;
        }
    }
    if kept.is_empty() {
        return Value::Null;
    }
    let mut all: Vec<Value<'static>> = kept.into_values().collect();
    all.sort_by(natural::order);
    Value::list(all)
}

/// How many numbers fall in each range, by where it starts, in order.
fn histogram(list: Option<ArrayRef>, width: f64) -> Value<'static> {
    let width = Value::float(width);
    let mut counts: BTreeMap<u64, (Value<'static>, i64)> = BTreeMap::new();
    if let Some(list) = list {
        for number in list.as_primitive::<Float64Type>().iter().flatten() {
            let start = bucket(&Value::Number(Number::Float(number)), &width);
            if let Some(value) = coerce::number(&start).map(Number::as_f64) {
                // Zero is one start, whatever its sign.
                let count = counts.entry((value + 0.0).to_bits()).or_insert((start, 0));
                count.1 += 1;
            }
        }
    }
    let mut counts: Vec<(Value<'static>, i64)> = counts.into_values().collect();
    counts.sort_by(|(left, _), (right, _)| natural::order(left, right));
    let named = |(start, count): (Value<'static>, i64)| {
        let name = start.shown().map(Cow::into_owned);
        (name.unwrap_or_default().into(), Value::int(count))
    };
    Value::map(counts.into_iter().map(named).collect())
}
