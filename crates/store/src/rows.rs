//! Events as a record batch of the table's columns.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Float64Builder, Int32Builder, Int64Builder, RecordBatch,
    StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::error::ArrowError;

use crate::event::Event;
use crate::order::without_digits;
use crate::promoted::{Facts, Kind, PROMOTED, Value};
use crate::schema::arrow_schema;

/// Puts events in columns. The partition columns are not among them.
///
/// Rows whose requests are alike stand together: in the order of their bodies, of which digits do not count. Of those
/// that are equal, the earlier comes first.
///
/// # Errors
/// More rows than fit one batch.
pub fn batch_of(events: &[Arc<Event>]) -> Result<RecordBatch, ArrowError> {
    let mut read: Vec<_> = events
        .iter()
        .map(|event| (event, Facts::of(&event.message)))
        .collect();
    read.sort_by(|(a, of_a), (b, of_b)| {
        let bodies = (&a.message[of_a.body.clone()], &b.message[of_b.body.clone()]);
        let times = (a.timestamp, a.position).cmp(&(b.timestamp, b.position));
        without_digits(bodies.0, bodies.1).then(times)
    });
    let mut rows = Rows::new(events);
    for (event, facts) in read {
        rows.push(event, facts);
    }
    RecordBatch::try_new(arrow_schema(), rows.finish())
}

struct Rows {
    stream: StringBuilder,
    timestamp: TimestampMicrosecondBuilder,
    ingested: TimestampMicrosecondBuilder,
    node: StringBuilder,
    sequence: Int64Builder,
    part: Int32Builder,
    message: StringBuilder,
    loose: BooleanBuilder,
    promoted: Vec<Promotion>,
}

enum Promotion {
    Text(StringBuilder),
    Integer(Int64Builder),
    Number(Float64Builder),
}

impl Rows {
    fn new(events: &[Arc<Event>]) -> Self {
        let rows = events.len();
        let bytes = events.iter().map(|event| event.message.len()).sum();
        let promotion = |kind| match kind {
            Kind::Text => Promotion::Text(StringBuilder::new()),
            Kind::Integer => Promotion::Integer(Int64Builder::with_capacity(rows)),
            Kind::Number => Promotion::Number(Float64Builder::with_capacity(rows)),
        };
        let time = || TimestampMicrosecondBuilder::with_capacity(rows).with_timezone("UTC");
        Self {
            stream: StringBuilder::new(),
            timestamp: time(),
            ingested: time(),
            node: StringBuilder::new(),
            sequence: Int64Builder::with_capacity(rows),
            part: Int32Builder::with_capacity(rows),
            message: StringBuilder::with_capacity(rows, bytes),
            loose: BooleanBuilder::with_capacity(rows),
            promoted: PROMOTED.iter().map(|it| promotion(it.kind)).collect(),
        }
    }

    fn push(&mut self, event: &Event, facts: Facts) {
        self.stream.append_value(&event.stream);
        self.timestamp
            .append_value(micros(event.timestamp.unix_ms()));
        self.ingested.append_value(micros(event.ingested.unix_ms()));
        self.node.append_value(event.position.node.to_string());
        let sequence = event.position.sequence.to_u64();
        self.sequence
            .append_value(i64::try_from(sequence).unwrap_or(i64::MAX));
        self.part
            .append_value(i32::try_from(event.position.part).unwrap_or(i32::MAX));
        self.message.append_value(&event.message);
        self.loose.append_value(facts.loose);
        for (column, value) in self.promoted.iter_mut().zip(facts.values) {
            column.push(value);
        }
    }

    fn finish(mut self) -> Vec<ArrayRef> {
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(self.stream.finish()),
            Arc::new(self.timestamp.finish()),
            Arc::new(self.ingested.finish()),
            Arc::new(self.node.finish()),
            Arc::new(self.sequence.finish()),
            Arc::new(self.part.finish()),
            Arc::new(self.message.finish()),
            Arc::new(self.loose.finish()),
        ];
        for promotion in &mut self.promoted {
            columns.push(match promotion {
                Promotion::Text(column) => Arc::new(column.finish()),
                Promotion::Integer(column) => Arc::new(column.finish()),
                Promotion::Number(column) => Arc::new(column.finish()),
            });
        }
        columns
    }
}

impl Promotion {
    /// A value of another kind than the column's does not come from [`Facts`].
    fn push(&mut self, value: Option<Value>) {
        match (self, value) {
            (Self::Text(column), Some(Value::Text(text))) => column.append_value(text),
            (Self::Integer(column), Some(Value::Integer(number))) => column.append_value(number),
            (Self::Number(column), Some(Value::Number(number))) => column.append_value(number),
            (Self::Text(column), _) => column.append_null(),
            (Self::Integer(column), _) => column.append_null(),
            (Self::Number(column), _) => column.append_null(),
        }
    }
}

/// Milliseconds as microseconds; a time beyond what Delta can say becomes the last it can.
pub(crate) fn micros(ms: u64) -> i64 {
    i64::try_from(ms)
        .ok()
        .and_then(|ms| ms.checked_mul(1_000))
        .unwrap_or(i64::MAX)
}
