//! Events as a Parquet file of their own, outside the table.

use std::fmt;
use std::io::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;

use crate::file::{self, Fate};
use crate::rows::batch_of;
use crate::schema::{GROUP, arrow_schema};
use crate::{Event, Result};

/// Writes the table's columns, the log group before them, to one file.
pub struct ParquetFile<W: Write + Send>(ArrowWriter<W>);

impl<W: Write + Send> fmt::Debug for ParquetFile<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParquetFile").finish_non_exhaustive()
    }
}

/// Bytes of a message in the mean, for all that is known before the first.
const MEAN_BYTES: usize = 16 << 10;

impl<W: Write + Send> ParquetFile<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// [`crate::Error::Encode`].
    pub fn create(to: W) -> Result<Self> {
        let properties = file::properties(Fate::Kept, MEAN_BYTES)?;
        let options = file::options(properties);
        let writer = ArrowWriter::try_new_with_options(to, schema(), options)?;
        Ok(Self(writer))
    }

    /// Adds events. Those of one call are in the order of the table's files, not in that of time.
    ///
    /// # Errors
    /// [`crate::Error::Encode`], [`crate::Error::Rows`].
    pub fn write<E: Into<Arc<Event>>>(&mut self, group: &str, events: Vec<E>) -> Result<()> {
        let events: Vec<Arc<Event>> = events.into_iter().map(Into::into).collect();
        let batch = batch_of(&events)?;
        let groups = StringArray::from_iter_values(events.iter().map(|_| group));
        let mut columns: Vec<ArrayRef> = vec![Arc::new(groups)];
        columns.extend_from_slice(batch.columns());
        self.0.write(&RecordBatch::try_new(schema(), columns)?)?;
        Ok(())
    }

    /// Ends the file, which is none without it.
    ///
    /// # Errors
    /// [`crate::Error::Encode`].
    pub fn finish(self) -> Result<W> {
        Ok(self.0.into_inner()?)
    }
}

fn schema() -> SchemaRef {
    let mut fields = vec![Arc::new(Field::new(GROUP, DataType::Utf8, false))];
    fields.extend(arrow_schema().fields().iter().cloned());
    Arc::new(Schema::new(fields))
}
