//! Events as a table of the engine: files of one version of the store's table, and the recent events beside them.
//!
//! Which files there are is decided by log group and time before anything is read. If messages must have a text, the
//! files' indexes of words say which of their rows can. Filters go down to row groups, pages and Bloom filters, and rows
//! are cut out before columns that only survivors need are decoded.

mod table;
mod words;

use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimestampMicrosecondType};
use corelog_store::{Column as Stored, DataFile, arrow_schema};
use datafusion::common::{Result, ScalarValue};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::Expr;
use datafusion::prelude::{ident, lit};
use object_store::ObjectStore;

use crate::Window;
use table::Parts;

pub(crate) use table::{Scan, partitioned};
pub(crate) use words::LeftOut;

/// The column of log groups, behind the store's own.
pub(crate) const GROUP: &str = "log_group";

/// Recorded events that are not in the files yet, of one log group.
#[derive(Debug, Clone)]
pub struct Recent {
    /// The log group.
    pub group: Arc<str>,
    /// Rows of the store's columns.
    pub rows: RecordBatch,
    /// The time of the first of them.
    pub earliest_ms: i64,
    /// The time of the last of them.
    pub latest_ms: i64,
}

impl Recent {
    /// Those of a time; `None` if there are none.
    fn within(&self, window: Window) -> Option<Self> {
        if self.earliest_ms >= window.start_ms && self.latest_ms <= window.end_ms {
            return Some(self.clone());
        }
        let times = self.rows.column_by_name(Stored::Timestamp.name())?;
        let times = times.as_primitive_opt::<TimestampMicrosecondType>()?;
        let is_meant = |micros: Option<i64>| {
            let ms = micros.map(|micros| micros.div_euclid(1_000));
            ms.map(|ms| (window.start_ms..=window.end_ms).contains(&ms))
        };
        let meant: BooleanArray = times.iter().map(is_meant).collect();
        let rows = filter_record_batch(&self.rows, &meant).ok()?;
        (rows.num_rows() > 0).then(|| Self {
            rows,
            ..self.clone()
        })
    }
}

/// What queries read: one consistent view of all events.
#[derive(Debug, Clone)]
pub struct Events {
    /// Where the files are.
    pub store: Arc<dyn ObjectStore>,
    /// The files of one version of the table.
    pub files: Arc<Vec<DataFile>>,
    /// What that version does not have yet.
    pub recent: Arc<Vec<Recent>>,
}

/// What a query reads, and what it leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extent {
    /// Files.
    pub files: u64,
    /// Events in them, and recent ones.
    pub rows: u64,
    /// Bytes of their messages.
    pub message_bytes: u64,
    /// Bytes of the files.
    pub file_bytes: u64,
    /// Events that are left out.
    pub rows_skipped: u64,
    /// Bytes of their messages.
    pub bytes_skipped: u64,
    /// Files that are left out.
    pub files_skipped: u64,
    /// Bytes of these files.
    pub file_bytes_skipped: u64,
    /// Of the events that are read, those that are in no file.
    pub recent_rows: u64,
    /// Bytes of their messages.
    pub recent_bytes: u64,
    /// Bytes of the messages of recent events that are left out.
    pub recent_bytes_skipped: u64,
}

impl Extent {
    pub(crate) fn add(&mut self, other: Self) {
        self.files += other.files;
        self.rows += other.rows;
        self.message_bytes += other.message_bytes;
        self.file_bytes += other.file_bytes;
        self.rows_skipped += other.rows_skipped;
        self.bytes_skipped += other.bytes_skipped;
        self.files_skipped += other.files_skipped;
        self.file_bytes_skipped += other.file_bytes_skipped;
        self.recent_rows += other.recent_rows;
        self.recent_bytes += other.recent_bytes;
        self.recent_bytes_skipped += other.recent_bytes_skipped;
    }

    fn add_recent(&mut self, rows: &RecordBatch) {
        let (count, bytes) = (rows.num_rows() as u64, message_bytes(rows));
        self.rows += count;
        self.message_bytes += bytes;
        self.recent_rows += count;
        self.recent_bytes += bytes;
    }

    fn leave_out_recent(&mut self, rows: u64, bytes: u64) {
        self.rows_skipped += rows;
        self.bytes_skipped += bytes;
        self.recent_bytes_skipped += bytes;
    }
}

impl Events {
    /// The root that the files' paths are resolved against.
    pub(crate) fn root() -> Result<ObjectStoreUrl> {
        ObjectStoreUrl::parse("corelog://events")
    }

    /// The events of log groups and a time, as a table that has no others.
    pub(crate) fn select(&self, groups: &[Arc<str>], window: Window) -> (Scan, Extent) {
        let wanted = |group: &str| groups.iter().any(|name| **name == *group);
        let mut extent = Extent::default();
        let (mut inside, mut edges) = (Vec::new(), Vec::new());
        for file in self.files.iter().filter(|file| wanted(&file.group)) {
            if window.overlaps(file.earliest, file.latest) {
                extent.files += 1;
                extent.rows += file.rows;
                extent.message_bytes += file.message_bytes;
                extent.file_bytes += file.bytes;
                let is_inside = window.has_all(file.earliest, file.latest);
                let files = if is_inside { &mut inside } else { &mut edges };
                files.push(file.clone());
            } else {
                extent.rows_skipped += file.rows;
                extent.bytes_skipped += file.message_bytes;
                extent.files_skipped += 1;
                extent.file_bytes_skipped += file.bytes;
            }
        }
        // The newest first: what looks for the newest rows then soon knows which others it can pass over.
        for files in [&mut inside, &mut edges] {
            files.sort_by_key(|file| std::cmp::Reverse(file.latest));
        }
        let mut recent = Vec::new();
        for part in self.recent.iter().filter(|part| wanted(&part.group)) {
            let (rows, bytes) = (part.rows.num_rows() as u64, message_bytes(&part.rows));
            let read = (extent.recent_rows, extent.recent_bytes);
            if let Some(part) = part.within(window) {
                extent.add_recent(&part.rows);
                recent.push(part);
            }
            let read = (extent.recent_rows - read.0, extent.recent_bytes - read.1);
            extent.leave_out_recent(rows - read.0, bytes - read.1);
        }
        let parts = Parts {
            inside,
            edges,
            recent,
        };
        let store = Arc::clone(&self.store);
        (Scan::new(store, parts, window), extent)
    }
}

fn message_bytes(rows: &RecordBatch) -> u64 {
    let messages = rows.column_by_name(Stored::Message.name());
    let messages = messages.and_then(|it| it.as_string_opt::<i32>());
    let bytes = messages.map(|it| it.iter().flatten().map(|text| text.len() as u64).sum());
    bytes.unwrap_or(0)
}

/// The store's columns as the engine reads them, and the log group.
pub(crate) fn schema() -> SchemaRef {
    let mut fields = file_fields();
    fields.push(Field::new(GROUP, DataType::Utf8View, false));
    Arc::new(Schema::new(fields))
}

fn file_fields() -> Vec<Field> {
    let view = |field: &Arc<Field>| match field.data_type() {
        DataType::Utf8 => field.as_ref().clone().with_data_type(DataType::Utf8View),
        _ => field.as_ref().clone(),
    };
    arrow_schema().fields().iter().map(view).collect()
}

/// Conditions that hold for what happened in a time.
pub(crate) fn in_window(window: Window) -> Vec<Expr> {
    let at = |ms: i64| {
        let micros = ms.checked_mul(1_000)?;
        Some(lit(ScalarValue::TimestampMicrosecond(
            Some(micros),
            Some("UTC".into()),
        )))
    };
    let time = || ident(Stored::Timestamp.name());
    let start = at(window.start_ms).map(|start| time().gt_eq(start));
    let end = at(window.end_ms).map(|end| time().lt_eq(end));
    start.into_iter().chain(end).collect()
}
