//! From the engine's batches to the rows of an answer.

use std::borrow::Cow;

use corelog_insights::Segment;
use corelog_values::Value;
use corelog_values::rows::RowValues;
use datafusion::arrow::array::{Array as _, RecordBatch};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::DataFusionError;

use crate::compute::Slot;
use crate::kind::Reader;
use crate::output::AnswerRow;
use crate::{Error, Result, of_group};

/// Takes rows one by one; an error ends the query.
pub(crate) type Take<'t> = dyn FnMut(AnswerRow) -> Result<()> + Send + 't;

/// Rows that are kept, up to a number of bytes.
pub(crate) struct Collected {
    pub(crate) rows: Vec<AnswerRow>,
    bytes: u64,
    bytes_max: u64,
}

impl Collected {
    pub(crate) fn new(bytes_max: u64) -> Self {
        Self {
            rows: Vec::new(),
            bytes: 0,
            bytes_max,
        }
    }

    /// Refuses to grow beyond what may be kept.
    pub(crate) fn push(&mut self, row: AnswerRow) -> Result<()> {
        let text =
            |value: &Option<String>| size_of::<String>() + value.as_ref().map_or(0, String::len);
        self.bytes += row.values.iter().map(text).sum::<usize>() as u64;
        if self.bytes > self.bytes_max {
            return Err(Error::AnswerTooLarge {
                bytes_max: self.bytes_max,
            });
        }
        self.rows.push(row);
        Ok(())
    }
}

/// The rows of a batch, with the values of slots as they are shown. Those of events have pointers.
pub(crate) fn shown(
    slots: &[Option<Slot>],
    are_events: bool,
    batch: &RecordBatch,
    take: &mut Take<'_>,
) -> Result<()> {
    let mut pointers = if are_events {
        of_group::pointers(batch)?.into_iter()
    } else {
        Vec::new().into_iter()
    };
    let readers = readers(slots, batch)?;
    for row in 0..batch.num_rows() {
        let text = |reader: &SlotReader<'_>| {
            let (reader, path) = reader.as_ref()?;
            let value = reader.value(row);
            let value = if path.is_empty() {
                Some(&value)
            } else {
                value.member(path)
            };
            value.and_then(|value| value.shown().map(Cow::into_owned))
        };
        take(AnswerRow {
            values: readers.iter().map(text).collect(),
            pointer: pointers.next().flatten(),
        })?;
    }
    Ok(())
}

/// The rows of a batch, whatever its columns are.
pub(crate) fn texts(batch: &RecordBatch, take: &mut Take<'_>) -> Result<()> {
    let options = FormatOptions::new()
        .with_timestamp_format(Some("%Y-%m-%d %H:%M:%S%.3f"))
        .with_timestamp_tz_format(Some("%Y-%m-%d %H:%M:%S%.3f"));
    let mut columns = Vec::with_capacity(batch.num_columns());
    for column in batch.columns() {
        let formatter = ArrayFormatter::try_new(column, &options).map_err(DataFusionError::from)?;
        columns.push((column, formatter));
    }
    for row in 0..batch.num_rows() {
        let values = columns.iter().map(|(column, formatter)| {
            column
                .is_valid(row)
                .then(|| formatter.value(row).to_string())
        });
        take(AnswerRow {
            values: values.collect(),
            pointer: None,
        })?;
    }
    Ok(())
}

/// The rows of a batch as values of slots.
pub(crate) fn values(slots: &[Option<Slot>], batch: &RecordBatch) -> Result<Vec<RowValues>> {
    let readers = readers(slots, batch)?;
    let row = |row: usize| {
        let value = |reader: &SlotReader<'_>| match reader {
            Some((reader, path)) => {
                let value = reader.value(row);
                if path.is_empty() {
                    value.into_owned()
                } else {
                    value.member(path).cloned().unwrap_or_default().into_owned()
                }
            }
            None => Value::Null,
        };
        readers.iter().map(value).collect()
    };
    Ok((0..batch.num_rows()).map(row).collect())
}

type SlotReader<'s> = Option<(Reader, &'s [Segment])>;

fn readers<'s>(slots: &'s [Option<Slot>], batch: &RecordBatch) -> Result<Vec<SlotReader<'s>>> {
    let reader = |slot: &'s Option<Slot>| {
        let Some(slot) = slot else {
            return Ok(None);
        };
        let at = batch.schema().index_of(&slot.column);
        let at = at.map_err(DataFusionError::from)?;
        let reader = Reader::new(slot.kind, batch.column(at))?;
        Ok(Some((reader, &*slot.path)))
    };
    slots.iter().map(reader).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_has_a_limit() {
        let row = |text: &str| AnswerRow {
            values: vec![Some(text.to_owned()), None],
            pointer: None,
        };
        let of_row = 2 * size_of::<String>() as u64 + 3;
        let mut kept = Collected::new(2 * of_row);
        kept.push(row("abc")).unwrap();
        kept.push(row("def")).unwrap();
        assert!(matches!(
            kept.push(row("")),
            Err(Error::AnswerTooLarge { bytes_max }) if bytes_max == 2 * of_row
        ));
        assert_eq!(kept.rows.len(), 2);
    }
}
