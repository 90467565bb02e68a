//! Steps that look at one row at a time: expressions become columns, or decide which rows stay.

mod vector;

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryBuilder, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use corelog_insights::Segment;
use corelog_values::{Context, Expression, Number, Row, Value, coerce};
use datafusion::common::Result;

use crate::kind::{Kind, Reader, Writer};
use crate::sort_key;
use crate::stage::{Run, Transform};

/// Where an expression finds a value: in a column, or inside of a map or list there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) column: String,
    pub(crate) kind: Kind,
    pub(crate) path: Vec<Segment>,
}

/// What becomes of a value on its way into a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// It is kept.
    Value(Kind),
    /// It is kept, but maps and lists are missing.
    Scalar,
    /// What tells it from others in groups.
    Identity,
    /// What the order of `sort` compares.
    SortKey,
    /// The same, of numbers alone.
    NumberKey,
    /// Texts that are no numbers.
    Word,
    /// What a result shows.
    Shown,
    /// Numbers.
    Number,
    /// Numbers that are integers.
    Whole,
    /// Numbers that are not.
    Fraction,
}

impl Form {
    /// How the column is read, where it is read as values.
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Value(kind) => kind,
            Self::Scalar => Kind::Any,
            Self::Identity | Self::Word | Self::Shown | Self::SortKey | Self::NumberKey => {
                Kind::Text
            }
            Self::Number | Self::Fraction => Kind::Float,
            Self::Whole => Kind::Int,
        }
    }

    fn data_type(self) -> DataType {
        match self {
            Self::SortKey | Self::NumberKey => DataType::Binary,
            other => other.kind().data_type(),
        }
    }
}

/// A column to compute.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    pub(crate) column: String,
    pub(crate) expression: Expression,
    pub(crate) form: Form,
}

/// Computes columns.
pub(crate) struct Compute {
    pub(crate) slots: Vec<Slot>,
    pub(crate) outputs: Vec<Output>,
    pub(crate) cx: Arc<Context>,
}

impl fmt::Debug for Compute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from: Vec<&str> = self.slots.iter().map(|slot| &*slot.column).collect();
        let to: Vec<&str> = self.outputs.iter().map(|it| &*it.column).collect();
        write!(f, "{} -> {}", from.join(", "), to.join(", "))
    }
}

impl Transform for Compute {
    fn name(&self) -> &'static str {
        "Compute"
    }

    fn reads(&self) -> Vec<String> {
        columns(&self.slots)
    }

    fn adds(&self) -> Vec<Field> {
        let field = |it: &Output| Field::new(&it.column, it.form.data_type(), true);
        self.outputs.iter().map(field).collect()
    }

    fn is_rowwise(&self) -> bool {
        true
    }

    fn start(&self, input: &SchemaRef) -> Result<Box<dyn Run>> {
        let mut fields: Vec<_> = input.fields().iter().cloned().collect();
        fields.extend(self.adds().into_iter().map(Arc::new));
        Ok(Box::new(Computing {
            slots: positions(&self.slots, input)?,
            outputs: self.outputs.clone(),
            cx: Arc::clone(&self.cx),
            schema: Arc::new(Schema::new(fields)),
        }))
    }
}

fn columns(slots: &[Slot]) -> Vec<String> {
    slots.iter().map(|slot| slot.column.clone()).collect()
}

/// Each slot, and where its column is.
pub(crate) fn positions(slots: &[Slot], input: &SchemaRef) -> Result<Vec<(Slot, usize)>> {
    slots
        .iter()
        .map(|slot| Ok((slot.clone(), input.index_of(&slot.column)?)))
        .collect()
}

struct Computing {
    slots: Vec<(Slot, usize)>,
    outputs: Vec<Output>,
    cx: Arc<Context>,
    schema: SchemaRef,
}

impl Run for Computing {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        let readers = readers(&self.slots, &batch)?;
        let mut columns = batch.columns().to_vec();
        for output in &self.outputs {
            columns.push(column(output, &self.cx, &readers, batch.num_rows()));
        }
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns)?;
        Ok(Some(batch))
    }
}

fn column(output: &Output, cx: &Context, readers: &[SlotReader<'_>], rows: usize) -> ArrayRef {
    if let Some(column) = vector::column(output, cx, readers) {
        return column;
    }
    let value = |row: usize| -> At<'_> { At { readers, row } };
    let key: fn(&Value<'_>, &mut Vec<u8>) -> bool = match output.form {
        Form::SortKey => sort_key::write,
        Form::NumberKey => sort_key::write_if_number,
        form => {
            let mut writer = Writer::new(form.kind(), rows);
            for row in 0..rows {
                let at = value(row);
                push(&mut writer, form, output.expression.eval(cx, &at));
            }
            return writer.finish();
        }
    };
    let mut keys = BinaryBuilder::with_capacity(rows, rows * 16);
    let mut buffer = Vec::new();
    for row in 0..rows {
        let at = value(row);
        if key(&output.expression.eval(cx, &at).scalar(), &mut buffer) {
            keys.append_value(&buffer);
        } else {
            keys.append_null();
        }
    }
    Arc::new(keys.finish())
}

fn push(writer: &mut Writer, form: Form, value: Value<'_>) {
    let number = |value: &Value<'_>| coerce::number(value).map(Value::Number);
    match form {
        Form::Value(_) => writer.push(&value),
        Form::Scalar => writer.push(&value.scalar()),
        Form::Identity => {
            let value = value.scalar();
            let text = value.identity().map_or(Value::Null, Value::Text);
            writer.push(&text);
        }
        Form::Shown => writer.push(&value.shown().map_or(Value::Null, Value::Text)),
        Form::Word => match coerce::text(&value) {
            Some(text) if coerce::number(&value).is_none() => writer.push(&Value::text(text)),
            _ => writer.push(&Value::Null),
        },
        Form::Number => writer.push(&number(&value).unwrap_or_default()),
        Form::Whole => match coerce::number(&value) {
            Some(number @ Number::Int(_)) => writer.push(&Value::Number(number)),
            _ => writer.push(&Value::Null),
        },
        Form::Fraction => match coerce::number(&value) {
            Some(number @ Number::Float(_)) => writer.push(&Value::Number(number)),
            _ => writer.push(&Value::Null),
        },
        Form::SortKey | Form::NumberKey => {}
    }
}

/// Keeps the rows for which a condition holds.
pub(crate) struct Keep {
    pub(crate) slots: Vec<Slot>,
    pub(crate) condition: Expression,
    pub(crate) cx: Arc<Context>,
}

impl fmt::Debug for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&columns(&self.slots).join(", "))
    }
}

impl Transform for Keep {
    fn name(&self) -> &'static str {
        "Keep"
    }

    fn reads(&self) -> Vec<String> {
        columns(&self.slots)
    }

    fn adds(&self) -> Vec<Field> {
        Vec::new()
    }

    fn is_rowwise(&self) -> bool {
        true
    }

    fn drops(&self) -> bool {
        true
    }

    fn start(&self, input: &SchemaRef) -> Result<Box<dyn Run>> {
        Ok(Box::new(Keeping {
            slots: positions(&self.slots, input)?,
            condition: self.condition.clone(),
            cx: Arc::clone(&self.cx),
        }))
    }
}

struct Keeping {
    slots: Vec<(Slot, usize)>,
    condition: Expression,
    cx: Arc<Context>,
}

impl Run for Keeping {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        let readers = readers(&self.slots, &batch)?;
        let holds = |row| {
            self.condition.truth(
                &self.cx,
                &At {
                    readers: &readers,
                    row,
                },
            )
        };
        let kept: BooleanArray = (0..batch.num_rows())
            .map(|row| Some(holds(row) == Some(true)))
            .collect();
        if kept.true_count() == 0 {
            return Ok(None);
        }
        Ok(Some(filter_record_batch(&batch, &kept)?))
    }
}

pub(crate) struct SlotReader<'a> {
    reader: Reader,
    path: &'a [Segment],
}

pub(crate) fn readers<'a>(
    slots: &'a [(Slot, usize)],
    batch: &RecordBatch,
) -> Result<Vec<SlotReader<'a>>> {
    slots
        .iter()
        .map(|(slot, at)| {
            Ok(SlotReader {
                reader: Reader::new(slot.kind, batch.column(*at))?,
                path: &slot.path,
            })
        })
        .collect()
}

/// A row of a batch as expressions see it.
pub(crate) struct At<'a> {
    pub(crate) readers: &'a [SlotReader<'a>],
    pub(crate) row: usize,
}

impl Row for At<'_> {
    fn slot(&self, slot: usize) -> Value<'_> {
        let Some(slot) = self.readers.get(slot) else {
            return Value::Null;
        };
        let value = slot.reader.value(self.row);
        if slot.path.is_empty() {
            return value;
        }
        value.member(slot.path).cloned().unwrap_or_default()
    }
}
