//! The columns of a record batch that reading asks for, as what they hold.
//!
//! Another engine that writes a file of the table may hold the same values in other types: texts with long offsets, as
//! views or in a dictionary, times in nanoseconds. Such columns are read as the types that the table has.

use std::sync::Arc;

use arrow::array::{
    Array, Int32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Schema};
use arrow::error::ArrowError;
use corelog_types::{NodeId, Sequence, Timestamp};

use crate::place::Place;
use crate::rows::batch_of;
use crate::schema::{Column, arrow_schema};
use crate::{Event, Position, Result};

/// What an event's place is made of, and its stream.
pub(super) struct Keys {
    stream: StringArray,
    timestamp: TimestampMicrosecondArray,
    ingested: TimestampMicrosecondArray,
    node: StringArray,
    sequence: Int64Array,
    part: Int32Array,
}

impl Keys {
    pub(super) const COLUMNS: [Column; 6] = [
        Column::Stream,
        Column::Timestamp,
        Column::IngestionTime,
        Column::Node,
        Column::Sequence,
        Column::Part,
    ];

    pub(super) fn of(batch: &RecordBatch) -> Result<Self> {
        Ok(Self {
            stream: column(batch, Column::Stream)?,
            timestamp: column(batch, Column::Timestamp)?,
            ingested: column(batch, Column::IngestionTime)?,
            node: column(batch, Column::Node)?,
            sequence: column(batch, Column::Sequence)?,
            part: column(batch, Column::Part)?,
        })
    }

    pub(super) fn stream(&self, row: usize) -> &str {
        self.stream.value(row)
    }

    pub(super) fn place(&self, row: usize) -> Result<Place> {
        let node = self.node.value(row);
        let node: NodeId = node
            .parse()
            .map_err(|_| ArrowError::SchemaError(format!("`{node}` is no node's id")))?;
        Ok(Place {
            timestamp: time(&self.timestamp, row),
            ingested: time(&self.ingested, row),
            position: Position {
                node,
                sequence: Sequence::from_u64(u64::try_from(self.sequence.value(row)).unwrap_or(0)),
                part: u32::try_from(self.part.value(row)).unwrap_or(0),
            },
        })
    }
}

/// What an event's text is, and its stream.
pub(super) struct Texts {
    stream: StringArray,
    message: StringArray,
}

impl Texts {
    pub(super) const COLUMNS: [Column; 2] = [Column::Stream, Column::Message];

    pub(super) fn of(batch: &RecordBatch) -> Result<Self> {
        Ok(Self {
            stream: column(batch, Column::Stream)?,
            message: column(batch, Column::Message)?,
        })
    }

    pub(super) fn stream(&self, row: usize) -> &str {
        self.stream.value(row)
    }

    pub(super) fn message(&self, row: usize) -> &str {
        self.message.value(row)
    }
}

/// When an event was taken in, and into which stream.
pub(crate) struct Arrivals {
    stream: StringArray,
    ingested: TimestampMicrosecondArray,
}

impl Arrivals {
    pub(crate) const COLUMNS: [Column; 2] = [Column::Stream, Column::IngestionTime];

    pub(crate) fn of(batch: &RecordBatch) -> Result<Self> {
        Ok(Self {
            stream: column(batch, Column::Stream)?,
            ingested: column(batch, Column::IngestionTime)?,
        })
    }

    pub(crate) fn stream(&self, row: usize) -> &str {
        self.stream.value(row)
    }

    pub(crate) fn ingested(&self, row: usize) -> Timestamp {
        time(&self.ingested, row)
    }
}

fn time(times: &TimestampMicrosecondArray, row: usize) -> Timestamp {
    Timestamp::from_unix_ms(u64::try_from(times.value(row) / 1_000).unwrap_or(0))
}

/// A batch of a file as we would have written it. What another engine has rewritten is read from its messages anew:
/// nobody says that promoted columns came along as they were.
pub(crate) fn as_ours(batch: &RecordBatch) -> Result<RecordBatch> {
    let ours = arrow_schema();
    let schema = batch.schema();
    let kinds = |schema: &Schema| -> Vec<_> {
        let fields = schema.fields().iter();
        fields
            .map(|it| (it.name().clone(), it.data_type().clone()))
            .collect()
    };
    if kinds(&schema) == kinds(&ours) {
        return Ok(RecordBatch::try_new(ours, batch.columns().to_vec())?);
    }
    let (keys, texts) = (Keys::of(batch)?, Texts::of(batch)?);
    let event = |row| -> Result<Arc<Event>> {
        let place = keys.place(row)?;
        Ok(Arc::new(Event {
            // The batch has no column for it.
            group: "".into(),
            stream: texts.stream(row).into(),
            position: place.position,
            timestamp: place.timestamp,
            ingested: place.ingested,
            message: texts.message(row).to_owned(),
        }))
    };
    let events: Vec<_> = (0..batch.num_rows()).map(event).collect::<Result<_>>()?;
    Ok(batch_of(&events)?)
}

/// A column as the type that the table has for it.
fn column<A: Array + Clone + 'static>(batch: &RecordBatch, column: Column) -> Result<A> {
    let missing = || {
        let text = format!("no column `{}` of its kind", column.name());
        ArrowError::SchemaError(text)
    };
    let found = batch.column_by_name(column.name()).ok_or_else(missing)?;
    if let Some(found) = found.as_any().downcast_ref::<A>() {
        return Ok(found.clone());
    }
    let schema = arrow_schema();
    let kind = match schema.field_with_name(column.name())?.data_type() {
        // A zone would have to be looked up, and says nothing here: all times are UTC.
        DataType::Timestamp(unit, _) => DataType::Timestamp(*unit, None),
        other => other.clone(),
    };
    // What does not fit is an error, and not nothing.
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    let found = cast_with_options(found, &kind, &options)?;
    Ok(found
        .as_any()
        .downcast_ref::<A>()
        .cloned()
        .ok_or_else(missing)?)
}
