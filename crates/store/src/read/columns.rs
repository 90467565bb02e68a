//! The columns of a record batch that reading asks for, as what they hold.

use arrow::array::{
    Array, Int32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::error::ArrowError;
use corelog_types::{NodeId, Sequence, Timestamp};

use crate::place::Place;
use crate::schema::Column;
use crate::{Position, Result};

/// What an event's place is made of, and its stream.
pub(super) struct Keys<'a> {
    stream: &'a StringArray,
    timestamp: &'a TimestampMicrosecondArray,
    ingested: &'a TimestampMicrosecondArray,
    node: &'a StringArray,
    sequence: &'a Int64Array,
    part: &'a Int32Array,
}

impl<'a> Keys<'a> {
    pub(super) const COLUMNS: [Column; 6] = [
        Column::Stream,
        Column::Timestamp,
        Column::IngestionTime,
        Column::Node,
        Column::Sequence,
        Column::Part,
    ];

    pub(super) fn of(batch: &'a RecordBatch) -> Result<Self> {
        Ok(Self {
            stream: column(batch, Column::Stream)?,
            timestamp: column(batch, Column::Timestamp)?,
            ingested: column(batch, Column::IngestionTime)?,
            node: column(batch, Column::Node)?,
            sequence: column(batch, Column::Sequence)?,
            part: column(batch, Column::Part)?,
        })
    }

    pub(super) fn stream(&self, row: usize) -> &'a str {
        self.stream.value(row)
    }

    pub(super) fn place(&self, row: usize) -> Result<Place> {
        let node = self.node.value(row);
        let node: NodeId = node
            .parse()
            .map_err(|_| ArrowError::SchemaError(format!("`{node}` is no node's id")))?;
        Ok(Place {
            timestamp: time(self.timestamp, row),
            ingested: time(self.ingested, row),
            position: Position {
                node,
                sequence: Sequence::from_u64(u64::try_from(self.sequence.value(row)).unwrap_or(0)),
                part: u32::try_from(self.part.value(row)).unwrap_or(0),
            },
        })
    }
}

/// What an event's text is, and its stream.
pub(super) struct Texts<'a> {
    stream: &'a StringArray,
    message: &'a StringArray,
}

impl<'a> Texts<'a> {
    pub(super) const COLUMNS: [Column; 2] = [Column::Stream, Column::Message];

    pub(super) fn of(batch: &'a RecordBatch) -> Result<Self> {
        Ok(Self {
            stream: column(batch, Column::Stream)?,
            message: column(batch, Column::Message)?,
        })
    }

    pub(super) fn stream(&self, row: usize) -> &'a str {
        self.stream.value(row)
    }

    pub(super) fn message(&self, row: usize) -> &'a str {
        self.message.value(row)
    }
}

/// When an event was taken in, and into which stream.
pub(crate) struct Arrivals<'a> {
    stream: &'a StringArray,
    ingested: &'a TimestampMicrosecondArray,
}

impl<'a> Arrivals<'a> {
    pub(crate) const COLUMNS: [Column; 2] = [Column::Stream, Column::IngestionTime];

    pub(crate) fn of(batch: &'a RecordBatch) -> Result<Self> {
        Ok(Self {
            stream: column(batch, Column::Stream)?,
            ingested: column(batch, Column::IngestionTime)?,
        })
    }

    pub(crate) fn stream(&self, row: usize) -> &'a str {
        self.stream.value(row)
    }

    pub(crate) fn ingested(&self, row: usize) -> Timestamp {
        time(self.ingested, row)
    }
}

fn time(times: &TimestampMicrosecondArray, row: usize) -> Timestamp {
    Timestamp::from_unix_ms(u64::try_from(times.value(row) / 1_000).unwrap_or(0))
}

/// A column of the kind that its place in the schema says.
fn column<A: Array + 'static>(batch: &RecordBatch, column: Column) -> Result<&A> {
    let found = batch
        .column_by_name(column.name())
        .and_then(|array| array.as_any().downcast_ref());
    let missing = || format!("no column `{}` of its kind", column.name());
    Ok(found.ok_or_else(|| ArrowError::SchemaError(missing()))?)
}
