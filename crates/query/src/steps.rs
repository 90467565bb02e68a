//! Commands that look at rows one after the other, as steps of a plan: `corelog-values` says what they do, here rows
//! become batches and batches rows.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use corelog_insights::CommandKind;
use corelog_values::Value;
use corelog_values::rows::{Failure, Given, Layout, RowValues, Step, step};
use datafusion::common::{DataFusionError, Result, resources_datafusion_err};

use crate::compute::Slot;
use crate::frame::OrderKey;
use crate::kind::{Kind, Reader, Writer};
use crate::stage::{Run, Transform};

/// Bytes of rows that a command may keep for later ones.
const KEPT_BYTES_MAX: usize = 256 << 20;
/// About how many rows a batch has that a command gives.
const BATCH_ROWS: usize = 2_048;

/// A command and the rows it gets.
#[derive(Clone)]
pub(crate) struct Command {
    pub(crate) kind: CommandKind,
    pub(crate) layout: Layout,
    pub(crate) given: Given,
    /// Where the value of each of the layout's slots is.
    pub(crate) slots: Vec<Option<Slot>>,
}

impl Command {
    fn reads(&self) -> Vec<String> {
        let slots = self.slots.iter().flatten();
        slots.map(|slot| slot.column.clone()).collect()
    }

    fn start(&self, input: &SchemaRef) -> Result<Working> {
        let mut layout = self.layout.clone();
        let step = step(&self.kind, &mut layout, &self.given).map_err(failed)?;
        let column = |slot: &Option<Slot>| match slot {
            Some(slot) => Ok(Some((slot.kind, input.index_of(&slot.column)?))),
            None => Ok(None),
        };
        Ok(Working {
            step,
            columns: self.slots.iter().map(column).collect::<Result<_>>()?,
        })
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.word().as_str())
    }
}

fn failed(failure: Failure) -> DataFusionError {
    DataFusionError::External(Box::new(crate::Error::from(failure)))
}

struct Working {
    step: Box<dyn Step>,
    columns: Vec<Option<(Kind, usize)>>,
}

impl Working {
    fn readers(&self, batch: &RecordBatch) -> Result<Vec<Option<Reader>>> {
        let reader = |column: &Option<(Kind, usize)>| match column {
            Some((kind, at)) => Reader::new(*kind, batch.column(*at)).map(Some),
            None => Ok(None),
        };
        self.columns.iter().map(reader).collect()
    }

    fn push(&mut self, rows: Vec<RowValues>, out: &mut Vec<RowValues>) -> Result<()> {
        self.step.push(rows, out).map_err(failed)?;
        if self.step.bytes() > KEPT_BYTES_MAX {
            return Err(resources_datafusion_err!(
                "a command would have to keep more rows than it may"
            ));
        }
        Ok(())
    }
}

fn row(readers: &[Option<Reader>], row: usize) -> RowValues {
    let value = |reader: &Option<Reader>| match reader {
        Some(reader) => reader.value(row).into_owned(),
        None => Value::Null,
    };
    readers.iter().map(value).collect()
}

/// A column that a command writes: its slot, and the column's name.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) slot: usize,
    pub(crate) column: String,
    pub(crate) kind: Kind,
}

fn field(written: &Written) -> Field {
    Field::new(&written.column, written.kind.data_type(), true)
}

fn columns(written: &[Written], rows: &[RowValues]) -> Vec<ArrayRef> {
    let column = |written: &Written| {
        let mut writer = Writer::new(written.kind, rows.len());
        for row in rows {
            writer.push(row.get(written.slot).unwrap_or(&Value::Null));
        }
        writer.finish()
    };
    written.iter().map(column).collect()
}

/// The columns that a command adds: what it writes, and a number.
fn added(written: &[Written], number: &str) -> Vec<Field> {
    let mut fields: Vec<Field> = written.iter().map(field).collect();
    fields.push(Field::new(number, Kind::Int.data_type(), true));
    fields
}

/// A command that makes rows of each row by itself: other columns stay as they are.
#[derive(Debug)]
pub(crate) struct EachRow {
    pub(crate) command: Command,
    pub(crate) written: Vec<Written>,
    /// The column that numbers the rows made of one.
    pub(crate) number: String,
}

impl Transform for EachRow {
    fn name(&self) -> &'static str {
        "EachRow"
    }

    fn reads(&self) -> Vec<String> {
        self.command.reads()
    }

    fn adds(&self) -> Vec<Field> {
        added(&self.written, &self.number)
    }

    fn commutes(&self) -> bool {
        true
    }

    fn start(&self, input: &SchemaRef) -> Result<Box<dyn Run>> {
        let mut fields: Vec<_> = input.fields().iter().cloned().collect();
        fields.extend(self.adds().into_iter().map(Arc::new));
        Ok(Box::new(EachRowRun {
            working: self.command.start(input)?,
            written: self.written.clone(),
            schema: Arc::new(Schema::new(fields)),
            rest: None,
        }))
    }
}

struct EachRowRun {
    working: Working,
    written: Vec<Written>,
    schema: SchemaRef,
    /// A batch, and the first of its rows of which nothing was made yet: some rows become very many.
    rest: Option<(RecordBatch, usize)>,
}

impl Run for EachRowRun {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        self.rest = Some((batch, 0));
        self.more()
    }

    fn more(&mut self) -> Result<Option<RecordBatch>> {
        let Some((batch, mut at)) = self.rest.take() else {
            return Ok(None);
        };
        let readers = self.working.readers(&batch)?;
        let (mut rows, mut sources) = (Vec::new(), Vec::new());
        let mut numbers = Writer::new(Kind::Int, batch.num_rows());
        while at < batch.num_rows() && rows.len() < BATCH_ROWS {
            self.working.push(vec![row(&readers, at)], &mut rows)?;
            (0..rows.len() - sources.len()).for_each(|it| numbers.push(&Value::count(it)));
            sources.resize(rows.len(), u32::try_from(at).unwrap_or(u32::MAX));
            at += 1;
        }
        if rows.is_empty() {
            return Ok(None);
        }
        let kept = take_record_batch(&batch, &UInt32Array::from(sources))?;
        let mut all = kept.columns().to_vec();
        all.extend(columns(&self.written, &rows));
        all.push(numbers.finish());
        self.rest = (at < batch.num_rows()).then_some((batch, at));
        Ok(Some(RecordBatch::try_new(Arc::clone(&self.schema), all)?))
    }
}

/// A command that looks at rows in their order, and gives rows of its own, numbered.
#[derive(Debug)]
pub(crate) struct AllRows {
    pub(crate) command: Command,
    pub(crate) written: Vec<Written>,
    /// The order that rows come in.
    pub(crate) order: Vec<OrderKey>,
    /// The column of the numbers of the rows it gives.
    pub(crate) number: String,
}

impl Transform for AllRows {
    fn name(&self) -> &'static str {
        "AllRows"
    }

    fn reads(&self) -> Vec<String> {
        self.command.reads()
    }

    fn adds(&self) -> Vec<Field> {
        added(&self.written, &self.number)
    }

    fn keeps(&self) -> bool {
        false
    }

    fn order(&self) -> Option<&[OrderKey]> {
        Some(&self.order)
    }

    fn start(&self, input: &SchemaRef) -> Result<Box<dyn Run>> {
        Ok(Box::new(AllRowsRun {
            working: self.command.start(input)?,
            at_once: match self.command.kind {
                CommandKind::Join(_) => 1,
                _ => usize::MAX,
            },
            rest: None,
            written: self.written.clone(),
            schema: Arc::new(Schema::new(self.adds())),
            ready: Vec::new(),
            given: 0,
            number: 0,
            has_finished: false,
        }))
    }
}

struct AllRowsRun {
    working: Working,
    /// How many rows are pushed at once: of each row a join may make very many.
    at_once: usize,
    /// A batch, and the first of its rows that was not pushed yet.
    rest: Option<(RecordBatch, usize)>,
    written: Vec<Written>,
    schema: SchemaRef,
    /// Rows that are ready, and how many of them were given.
    ready: Vec<RowValues>,
    given: usize,
    number: i64,
    has_finished: bool,
}

impl AllRowsRun {
    /// Gives the next rows, if there are so many.
    fn give(&mut self, least: usize) -> Result<Option<RecordBatch>> {
        let rows = &self.ready[self.given..];
        if rows.len() < least {
            return Ok(None);
        }
        let rows = &rows[..rows.len().min(BATCH_ROWS)];
        let mut all = columns(&self.written, rows);
        let mut numbers = Writer::new(Kind::Int, rows.len());
        for _ in rows {
            numbers.push(&Value::int(self.number));
            self.number += 1;
        }
        all.push(numbers.finish());
        self.given += rows.len();
        Ok(Some(RecordBatch::try_new(Arc::clone(&self.schema), all)?))
    }
}

impl Run for AllRowsRun {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        self.rest = Some((batch, 0));
        self.more()
    }

    fn more(&mut self) -> Result<Option<RecordBatch>> {
        if let Some(given) = self.give(BATCH_ROWS)? {
            return Ok(Some(given));
        }
        let Some((batch, mut at)) = self.rest.take() else {
            return Ok(None);
        };
        self.ready.drain(..self.given);
        self.given = 0;
        let readers = self.working.readers(&batch)?;
        while at < batch.num_rows() && self.ready.len() < BATCH_ROWS {
            let end = batch.num_rows().min(at.saturating_add(self.at_once));
            let rows = (at..end).map(|at| row(&readers, at)).collect();
            self.working.push(rows, &mut self.ready)?;
            at = end;
        }
        self.rest = (at < batch.num_rows()).then_some((batch, at));
        self.give(BATCH_ROWS)
    }

    fn finish(&mut self) -> Result<Option<RecordBatch>> {
        if !self.has_finished {
            self.has_finished = true;
            self.working.step.finish(&mut self.ready).map_err(failed)?;
        }
        self.give(1)
    }

    fn bytes(&self) -> usize {
        self.working.step.bytes()
    }
}
