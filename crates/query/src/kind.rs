//! Values in columns.
//!
//! Most columns hold values of one kind that is known when a query is planned, in the engine's own types. What may be
//! of several kinds, such as a field of a JSON message, is text that begins with a letter for its kind.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, BooleanBuilder, Float64Array, Float64Builder,
    Int32Array, Int32Builder, Int64Array, Int64Builder, StringViewArray, StringViewBuilder,
    TimestampMicrosecondArray, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{
    DataType, Float64Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};
use corelog_values::{Number, Value, json};
use datafusion::common::{Result, internal_err};

/// Which values a column holds. Null is what is missing, in all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Truth values.
    Bool,
    /// Integers.
    Int,
    /// Integers of 32 bits.
    Small,
    /// Computed numbers.
    Float,
    /// Numbers as JSON writes them shortest.
    Written,
    /// Times, in microseconds.
    Time,
    /// Texts.
    Text,
    /// Any value.
    Any,
}

impl Kind {
    pub(crate) fn data_type(self) -> DataType {
        match self {
            Self::Bool => DataType::Boolean,
            Self::Int => DataType::Int64,
            Self::Small => DataType::Int32,
            Self::Float | Self::Written => DataType::Float64,
            Self::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Text | Self::Any => DataType::Utf8View,
        }
    }
}

/// A column whose values are read one by one.
pub(crate) enum Reader {
    Bool(BooleanArray),
    Int(Int64Array),
    Small(Int32Array),
    Float(Float64Array),
    Written(Float64Array),
    Time(TimestampMicrosecondArray),
    Text(StringViewArray),
    Any(StringViewArray),
}

impl Reader {
    pub(crate) fn new(kind: Kind, column: &ArrayRef) -> Result<Self> {
        if *column.data_type() != kind.data_type() {
            return internal_err!("a column of {kind:?} is {}", column.data_type());
        }
        Ok(match kind {
            Kind::Bool => Self::Bool(column.as_boolean().clone()),
            Kind::Int => Self::Int(column.as_primitive::<Int64Type>().clone()),
            Kind::Small => Self::Small(column.as_primitive::<Int32Type>().clone()),
            Kind::Float => Self::Float(column.as_primitive::<Float64Type>().clone()),
            Kind::Written => Self::Written(column.as_primitive::<Float64Type>().clone()),
            Kind::Time => Self::Time(column.as_primitive::<TimestampMicrosecondType>().clone()),
            Kind::Text => Self::Text(column.as_string_view().clone()),
            Kind::Any => Self::Any(column.as_string_view().clone()),
        })
    }

    /// The value in a row.
    pub(crate) fn value(&self, row: usize) -> Value<'_> {
        let is_null = match self {
            Self::Bool(column) => column.is_null(row),
            Self::Int(column) => column.is_null(row),
            Self::Small(column) => column.is_null(row),
            Self::Float(column) | Self::Written(column) => column.is_null(row),
            Self::Time(column) => column.is_null(row),
            Self::Text(column) | Self::Any(column) => column.is_null(row),
        };
        if is_null {
            return Value::Null;
        }
        match self {
            Self::Bool(column) => Value::Bool(column.value(row)),
            Self::Int(column) => Value::int(column.value(row)),
            Self::Small(column) => Value::int(column.value(row).into()),
            Self::Float(column) => Value::float(column.value(row)),
            Self::Written(column) => Value::Written(column.value(row).to_string().into()),
            Self::Time(column) => Value::time(column.value(row).div_euclid(1_000)),
            Self::Text(column) => Value::text(column.value(row)),
            Self::Any(column) => decode(column.value(row)),
        }
    }
}

/// A column in the making.
pub(crate) enum Writer {
    Bool(BooleanBuilder),
    Int(Int64Builder),
    Small(Int32Builder),
    Float(Float64Builder),
    Time(TimestampMicrosecondBuilder),
    Text(StringViewBuilder),
    Any(StringViewBuilder, String),
}

impl Writer {
    pub(crate) fn new(kind: Kind, rows: usize) -> Self {
        match kind {
            Kind::Bool => Self::Bool(BooleanBuilder::with_capacity(rows)),
            Kind::Int => Self::Int(Int64Builder::with_capacity(rows)),
            Kind::Small => Self::Small(Int32Builder::with_capacity(rows)),
            Kind::Float | Kind::Written => Self::Float(Float64Builder::with_capacity(rows)),
            Kind::Time => {
                let times = TimestampMicrosecondBuilder::with_capacity(rows);
                Self::Time(times.with_timezone("UTC"))
            }
            Kind::Text => Self::Text(StringViewBuilder::with_capacity(rows)),
            Kind::Any => Self::Any(StringViewBuilder::with_capacity(rows), String::new()),
        }
    }

    /// Adds a value; one of another kind than the column's is missing.
    pub(crate) fn push(&mut self, value: &Value<'_>) {
        match (self, value) {
            (Self::Bool(column), Value::Bool(truth)) => column.append_value(*truth),
            (Self::Int(column), Value::Number(Number::Int(value))) => column.append_value(*value),
            (Self::Small(column), Value::Number(Number::Int(value))) => {
                column.append_option(i32::try_from(*value).ok());
            }
            (Self::Float(column), value) => {
                column.append_option(corelog_values::coerce::number(value).map(Number::as_f64));
            }
            (Self::Time(column), Value::Time(ms)) => {
                column.append_option(ms.checked_mul(1_000));
            }
            (Self::Text(column), Value::Text(text)) => column.append_value(text),
            (Self::Any(column, buffer), value) => {
                if encode(value, buffer) {
                    column.append_value(buffer.as_str());
                } else {
                    column.append_null();
                }
            }
            (Self::Bool(column), _) => column.append_null(),
            (Self::Int(column), _) => column.append_null(),
            (Self::Small(column), _) => column.append_null(),
            (Self::Time(column), _) => column.append_null(),
            (Self::Text(column), _) => column.append_null(),
        }
    }

    pub(crate) fn finish(mut self) -> ArrayRef {
        match &mut self {
            Self::Bool(column) => Arc::new(column.finish()),
            Self::Int(column) => Arc::new(column.finish()),
            Self::Small(column) => Arc::new(column.finish()),
            Self::Float(column) => Arc::new(column.finish()),
            Self::Time(column) => Arc::new(column.finish()),
            Self::Text(column) | Self::Any(column, _) => Arc::new(column.finish()),
        }
    }
}

/// Writes a value as text with its kind; false if there is none.
pub(crate) fn encode(value: &Value<'_>, out: &mut String) -> bool {
    use std::fmt::Write as _;
    out.clear();
    // Writing to a string does not fail.
    let _ = match value {
        Value::Null => return false,
        Value::Bool(truth) => write!(out, "b{}", u8::from(*truth)),
        Value::Number(Number::Int(value)) => write!(out, "i{value}"),
        Value::Number(Number::Float(value)) => write!(out, "f{value}"),
        Value::Written(text) => write!(out, "w{text}"),
        Value::Text(text) => {
            out.push('t');
            out.push_str(text);
            Ok(())
        }
        Value::Time(ms) => write!(out, "m{ms}"),
        Value::List(_) | Value::Map(_) => {
            out.push('j');
            out.push_str(&json::write(value));
            Ok(())
        }
    };
    true
}

/// Reads what [`encode`] wrote.
pub(crate) fn decode(text: &str) -> Value<'_> {
    let Some((kind, rest)) = text.split_at_checked(1) else {
        return Value::Null;
    };
    match kind {
        "b" => Value::Bool(rest == "1"),
        "i" => rest.parse().map_or(Value::Null, Value::int),
        "f" => rest.parse().map_or(Value::Null, Value::float),
        "w" => Value::Written(rest.into()),
        "t" => Value::text(rest),
        "m" => rest.parse().map_or(Value::Null, Value::time),
        "j" => json::read(rest).unwrap_or(Value::Null),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_value_comes_back_from_its_column() {
        let values = [
            Value::Bool(true),
            Value::int(i64::MIN),
            Value::float(0.1 + 0.2),
            Value::float(1e300),
            Value::Written("1.50".into()),
            Value::text(""),
            Value::text("b1"),
            Value::time(-1),
            Value::Null,
            Value::list(vec![Value::text("a"), Value::Bool(false)]),
        ];
        let mut writer = Writer::new(Kind::Any, values.len());
        for value in &values {
            writer.push(value);
        }
        let column = writer.finish();
        let reader = Reader::new(Kind::Any, &column).unwrap();
        for (row, value) in values.iter().enumerate() {
            assert_eq!(reader.value(row), *value);
        }
    }

    #[test]
    fn a_column_of_another_kind_is_refused() {
        let column = Writer::new(Kind::Int, 0).finish();
        assert!(Reader::new(Kind::Text, &column).is_err());
    }
}
