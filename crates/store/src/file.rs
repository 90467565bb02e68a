//! One Parquet file: its bytes, and what Delta keeps of it.
//!
//! Messages are compressed in pages of megabytes, so that what consecutive messages have in common is stored once: an
//! agent sends its whole history with every turn, and compaction puts the turns of a conversation beside each other.
//! Small messages come in smaller pages, of which more can be left unread.

use std::collections::HashMap;
use std::ops::{Range, RangeInclusive};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;

use arrow::array::{Array as _, BooleanArray, RecordBatch, StringArray};
use arrow::compute::kernels::aggregate::{max, min};
use arrow::datatypes::TimestampMicrosecondType;
use bytes::Bytes;
use corelog_types::Timestamp;
use deltalake_core::kernel::Add;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::schema::types::ColumnPath;

use crate::Result;
use crate::promoted::PROMOTED;
use crate::schema::{Column, DAY, GROUP};
use crate::words;

/// Rows and bytes of one row group at most: what a query skips or reads as a whole.
const ROW_GROUP_ROWS_MAX: usize = 16 << 10;
const ROW_GROUP_BYTES_MAX: usize = 64 << 20;
/// Messages of one page: whoever wants one of them has to read all.
const MESSAGE_PAGE_ROWS: usize = 256;
/// Their bytes before compression, at least and at most.
const MESSAGE_PAGE_BYTES: RangeInclusive<usize> = 1 << 20..=4 << 20;
/// How many values are written before the size of the page is looked at.
const WRITE_ROWS: usize = 16;

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Compaction takes its place soon: what is done for it is done again.
    Replaced,
    /// It stays, until its day goes or something in it is removed.
    Kept,
}

impl Fate {
    const fn zstd_level(self) -> i32 {
        match self {
            Self::Replaced => 1,
            Self::Kept => 3,
        }
    }
}

/// Rows of one log group and day.
#[derive(Debug, Clone)]
pub(crate) struct Partition {
    pub(crate) group: Arc<str>,
    /// `2026-11-22`.
    pub(crate) day: String,
}

/// A file that is made and not yet stored.
pub(crate) struct Encoded {
    pub(crate) bytes: Bytes,
    pub(crate) stats: String,
    pub(crate) message_bytes: usize,
    pub(crate) loose_rows: usize,
    /// Which of the bytes are the index of words, where there is one.
    pub(crate) words: Option<Range<usize>>,
}

/// The tag of a file that says how many bytes its messages are.
pub(crate) const MESSAGE_BYTES: &str = "corelog.messageBytes";
/// The tag of a file that says how many of its rows are loose: have a promoted field that only the message can say.
pub(crate) const LOOSE_ROWS: &str = "corelog.looseRows";
/// The tag of a file that says how many of the promoted fields have a column in it.
pub(crate) const PROMOTED_FIELDS: &str = "corelog.promotedFields";
/// The tag of a file that says where in it the index of its words is: `1200..3400`.
pub(crate) const WORDS: &str = "corelog.words";

/// Encodes a batch as one file. CPU work in proportion to its size.
pub(crate) fn encode(batch: &RecordBatch, fate: Fate) -> Result<Encoded> {
    let mut bytes = Vec::new();
    let mean_bytes = message_bytes(batch) / batch.num_rows().max(1);
    let properties = properties(fate, mean_bytes)?;
    let options = options(properties);
    let mut writer = ArrowWriter::try_new_with_options(&mut bytes, batch.schema(), options)?;
    let indexed = messages(batch).filter(|_| fate == Fate::Kept);
    let index = thread::scope(|scope| {
        let indexing = indexed.map(|messages| scope.spawn(|| words::index_of(messages)));
        writer.write(batch)?;
        writer.flush()?;
        let index = indexing.map(|it| it.join().unwrap_or_else(|panic| resume_unwind(panic)));
        Ok::<_, ParquetError>(index.flatten())
    })?;
    let mut words = None;
    if let Some(index) = index {
        let begin = writer.bytes_written();
        writer.write_all(&index).map_err(ParquetError::from)?;
        words = Some(begin..begin + index.len());
    }
    writer.close()?;
    Ok(Encoded {
        bytes: bytes.into(),
        stats: stats(batch),
        message_bytes: message_bytes(batch),
        loose_rows: loose_rows(batch),
        words,
    })
}

/// Without the schema in Arrow's own form: Parquet says as much of these columns, and every query would read it.
pub(crate) fn options(properties: WriterProperties) -> ArrowWriterOptions {
    ArrowWriterOptions::new()
        .with_properties(properties)
        .with_skip_arrow_metadata(true)
}

pub(crate) fn message_bytes(batch: &RecordBatch) -> usize {
    messages(batch).map_or(0, |it| it.value_data().len())
}

fn loose_rows(batch: &RecordBatch) -> usize {
    let loose = batch.column_by_name(Column::Loose.name());
    let loose = loose.and_then(|it| it.as_any().downcast_ref::<BooleanArray>());
    loose.map_or(batch.num_rows(), BooleanArray::true_count)
}

fn messages(batch: &RecordBatch) -> Option<&StringArray> {
    let messages = batch.column_by_name(Column::Message.name())?;
    messages.as_any().downcast_ref()
}

/// How to write a file whose messages have so many bytes in the mean.
pub(crate) fn properties(fate: Fate, mean_bytes: usize) -> Result<WriterProperties> {
    let page_bytes = mean_bytes
        .saturating_mul(MESSAGE_PAGE_ROWS)
        .clamp(*MESSAGE_PAGE_BYTES.start(), *MESSAGE_PAGE_BYTES.end());
    let zstd = ZstdLevel::try_new(fate.zstd_level())?;
    let message = ColumnPath::from(Column::Message.name());
    let record_id = ColumnPath::from("record_id");
    let request_id = ColumnPath::from("request_id");
    let sequence = ColumnPath::from(Column::Sequence.name());
    let mut properties = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_2_0)
        .set_created_by(concat!("corelog ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::ZSTD(zstd))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS_MAX))
        .set_max_row_group_bytes(Some(ROW_GROUP_BYTES_MAX))
        .set_write_batch_size(WRITE_ROWS)
        .set_statistics_truncate_length(Some(64))
        .set_column_dictionary_enabled(message.clone(), false)
        .set_column_encoding(message.clone(), Encoding::PLAIN)
        .set_column_data_page_size_limit(message.clone(), page_bytes)
        .set_column_statistics_enabled(message, EnabledStatistics::None)
        .set_column_dictionary_enabled(sequence.clone(), false)
        .set_column_encoding(sequence, Encoding::DELTA_BINARY_PACKED);
    for id in [record_id, request_id] {
        properties = properties
            .set_column_dictionary_enabled(id.clone(), false)
            .set_column_bloom_filter_enabled(id, true);
    }
    Ok(properties.build())
}

/// Statistics as Delta has them, of the columns by which a query leaves files out.
fn stats(batch: &RecordBatch) -> String {
    let mut least = serde_json::Map::new();
    let mut most = serde_json::Map::new();
    for column in [Column::Timestamp, Column::IngestionTime] {
        let array = batch.column_by_name(column.name());
        let times = array.and_then(|it| {
            it.as_any()
                .downcast_ref::<arrow::array::PrimitiveArray<TimestampMicrosecondType>>()
        });
        if let Some(times) = times {
            let text = |micros: i64| {
                let ms = u64::try_from(micros / 1_000).unwrap_or(0);
                serde_json::Value::String(Timestamp::from_unix_ms(ms).rfc3339_ms())
            };
            if let (Some(first), Some(last)) = (min(times), max(times)) {
                least.insert(column.name().to_owned(), text(first));
                most.insert(column.name().to_owned(), text(last));
            }
        }
    }
    let mut nulls = serde_json::Map::new();
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        nulls.insert(field.name().clone(), column.null_count().into());
    }
    serde_json::json!({
        "numRecords": batch.num_rows(),
        "minValues": least,
        "maxValues": most,
        "nullCount": nulls,
    })
    .to_string()
}

/// The action that makes a stored file part of the table.
pub(crate) fn add(
    partition: &Partition,
    path: &str,
    file: &Encoded,
    now: Timestamp,
    data_change: bool,
) -> Add {
    Add {
        path: path.to_owned(),
        partition_values: HashMap::from([
            (GROUP.to_owned(), Some(partition.group.to_string())),
            (DAY.to_owned(), Some(partition.day.clone())),
        ]),
        size: i64::try_from(file.bytes.len()).unwrap_or(i64::MAX),
        modification_time: i64::try_from(now.unix_ms()).unwrap_or(i64::MAX),
        data_change,
        stats: Some(file.stats.clone()),
        tags: Some(tags(file)),
        ..Add::default()
    }
}

fn tags(file: &Encoded) -> HashMap<String, Option<String>> {
    let mut tags = HashMap::new();
    let mut tag = |name: &str, value: String| tags.insert(name.to_owned(), Some(value));
    tag(MESSAGE_BYTES, file.message_bytes.to_string());
    tag(LOOSE_ROWS, file.loose_rows.to_string());
    tag(PROMOTED_FIELDS, PROMOTED.len().to_string());
    if let Some(words) = &file.words {
        tag(WORDS, format!("{}..{}", words.start, words.end));
    }
    tags
}

impl Partition {
    /// Where a file of this partition goes. The table's log says which partition it belongs to; the path is for people.
    pub(crate) fn path(&self, name: &str) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let group = self.group.replace(|c| !plain(c), "_");
        format!("{GROUP}={group}/{DAY}={}/{name}.parquet", self.day)
    }
}
