//! Events as a table of the engine: files of one version of the store's table, and the recent events beside them.
//!
//! Which files there are is decided by log group and time before anything is read. If messages must have a text, the
//! files' indexes of words say which of their rows can. Filters go down to row groups, pages and Bloom filters, and rows
//! are cut out before columns that only survivors need are decoded.

mod words;

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch, StringViewArray};
use arrow::compute::{cast, filter_record_batch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimestampMicrosecondType};
use async_trait::async_trait;
use chrono::DateTime;
use corelog_store::{Column as Stored, DataFile, Text, arrow_schema};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DFSchema, Result, ScalarValue, project_schema};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::parquet::ParquetRowSelection;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::union::UnionExec;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};

use crate::pages::Pages;
use crate::{Error, Window};
use words::Wanted;

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
    /// Events of files that are left out.
    pub rows_skipped: u64,
    /// Bytes of their messages.
    pub bytes_skipped: u64,
}

impl Extent {
    pub(crate) fn add(&mut self, other: Self) {
        self.files += other.files;
        self.rows += other.rows;
        self.message_bytes += other.message_bytes;
        self.file_bytes += other.file_bytes;
        self.rows_skipped += other.rows_skipped;
        self.bytes_skipped += other.bytes_skipped;
    }
}

impl Events {
    /// The root that the files' paths are resolved against.
    pub(crate) fn root() -> Result<ObjectStoreUrl> {
        ObjectStoreUrl::parse("corelog://events")
    }

    /// The events of log groups and a time, as a table. Files are left out only where none of their rows can be meant.
    pub(crate) fn select(&self, groups: &[Arc<str>], window: Window) -> (Scan, Extent) {
        let wanted = |group: &str| groups.iter().any(|name| **name == *group);
        let mut extent = Extent::default();
        let mut files = Vec::new();
        for file in self.files.iter().filter(|file| wanted(&file.group)) {
            if window.overlaps(file.earliest, file.latest) {
                extent.files += 1;
                extent.rows += file.rows;
                extent.message_bytes += file.message_bytes;
                extent.file_bytes += file.bytes;
                files.push(file.clone());
            } else {
                extent.rows_skipped += file.rows;
                extent.bytes_skipped += file.message_bytes;
            }
        }
        // The newest first: what looks for the newest rows then soon knows which others it can pass over.
        files.sort_by_key(|file| std::cmp::Reverse(file.latest));
        let mut recent = Vec::new();
        for part in self.recent.iter().filter(|part| wanted(&part.group)) {
            if let Some(part) = part.within(window) {
                extent.rows += part.rows.num_rows() as u64;
                extent.message_bytes += message_bytes(&part.rows);
                recent.push(part);
            }
        }
        let loose = files.iter().any(|file| file.loose_rows != Some(0))
            || recent.iter().any(|part| has_loose(&part.rows));
        let scan = Scan {
            store: Arc::clone(&self.store),
            files,
            recent,
            loose,
            text: None,
            left_out: LeftOut::default(),
        };
        (scan, extent)
    }
}

fn message_bytes(rows: &RecordBatch) -> u64 {
    let messages = rows.column_by_name(Stored::Message.name());
    let messages = messages.and_then(|it| it.as_string_opt::<i32>());
    let bytes = messages.map(|it| it.iter().flatten().map(|text| text.len() as u64).sum());
    bytes.unwrap_or(0)
}

fn has_loose(rows: &RecordBatch) -> bool {
    let loose = rows.column_by_name(Stored::Loose.name());
    let loose = loose.and_then(|it| it.as_boolean_opt());
    loose.is_none_or(|it| it.true_count() > 0)
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

/// A table of some files and batches.
pub(crate) struct Scan {
    store: Arc<dyn ObjectStore>,
    files: Vec<DataFile>,
    recent: Vec<Recent>,
    /// Whether some row has a promoted field in a form that its column cannot hold.
    pub(crate) loose: bool,
    /// What messages must have.
    text: Option<Text>,
    left_out: LeftOut,
}

impl fmt::Debug for Scan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scan")
            .field("files", &self.files.len())
            .field("recent", &self.recent.len())
            .finish_non_exhaustive()
    }
}

impl Scan {
    /// Leaves out rows of files whose messages cannot have this, and counts them.
    pub(crate) fn look_for(&mut self, text: Option<Text>, left_out: &LeftOut) {
        self.text = text;
        self.left_out = left_out.clone();
    }

    fn parquet(
        &self,
        files: &[Wanted],
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let group = Arc::new(Field::new(GROUP, DataType::Utf8View, false));
        let columns = TableSchema::builder(Arc::new(Schema::new(file_fields())))
            .with_table_partition_cols(vec![group])
            .build();
        let mut source = ParquetSource::new(columns)
            .with_table_parquet_options(session.table_options().parquet.clone())
            .with_pushdown_filters(true)
            .with_reorder_filters(true)
            .with_enable_page_index(true);
        if files.iter().any(|wanted| wanted.rows.is_some()) {
            let pages = Pages(Arc::clone(&self.store));
            source = source.with_parquet_file_reader_factory(Arc::new(pages));
        }
        if let Some(filter) = conjunction(filters.to_vec()) {
            let columns = DFSchema::try_from(schema())?;
            source = source.with_predicate(session.create_physical_expr(filter, &columns)?);
        }
        let partitions = session.config().target_partitions().max(1);
        let mut groups: Vec<Vec<PartitionedFile>> = vec![Vec::new(); partitions];
        for (at, wanted) in files.iter().enumerate() {
            groups[at % partitions].push(partitioned(wanted)?);
        }
        groups.retain(|group| !group.is_empty());
        let config = FileScanConfigBuilder::new(Events::root()?, Arc::new(source))
            .with_file_groups(groups.into_iter().map(FileGroup::new).collect())
            .with_projection_indices(projection.cloned())?
            .with_limit(limit.filter(|_| filters.is_empty()))
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }

    fn memory(&self, projection: Option<&Vec<usize>>) -> Result<Arc<dyn ExecutionPlan>> {
        let batches = self.recent.iter().map(with_group);
        let batches = batches.collect::<std::result::Result<Vec<_>, _>>()?;
        Ok(MemorySourceConfig::try_new_exec(
            &[batches],
            schema(),
            projection.cloned(),
        )?)
    }
}

fn partitioned(wanted: &Wanted) -> Result<PartitionedFile> {
    let file = &wanted.file;
    let location = Path::parse(&file.path).map_err(|error| {
        datafusion::common::DataFusionError::External(Box::new(Error::Path {
            path: file.path.clone(),
            source: error,
        }))
    })?;
    let found = PartitionedFile::new_from_meta(ObjectMeta {
        location,
        last_modified: DateTime::UNIX_EPOCH,
        size: file.bytes,
        e_tag: None,
        version: None,
    });
    let found = found.with_partition_values(vec![ScalarValue::Utf8View(Some(file.group.clone()))]);
    Ok(match &wanted.rows {
        Some(rows) => found.with_extension(ParquetRowSelection::new(rows.clone())),
        None => found,
    })
}

/// Rows as the engine reads them, their log group with them.
fn with_group(recent: &Recent) -> std::result::Result<RecordBatch, arrow::error::ArrowError> {
    let schema = schema();
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(schema.fields().len());
    for (column, field) in recent.rows.columns().iter().zip(schema.fields()) {
        columns.push(cast(column, field.data_type())?);
    }
    let group = std::iter::repeat_n(&*recent.group, recent.rows.num_rows());
    columns.push(Arc::new(StringViewArray::from_iter_values(group)));
    RecordBatch::try_new(schema, columns)
}

#[async_trait]
impl TableProvider for Scan {
    fn schema(&self) -> SchemaRef {
        schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut plans = Vec::new();
        let files = words::wanted(&self.store, &self.files, self.text.as_ref(), &self.left_out);
        let files = files.await;
        if !files.is_empty() {
            plans.push(self.parquet(&files, session, projection, filters, limit)?);
        }
        if !self.recent.is_empty() {
            plans.push(self.memory(projection)?);
        }
        match plans.len() {
            0 => {
                let schema = project_schema(&schema(), projection)?;
                Ok(Arc::new(EmptyExec::new(schema)))
            }
            1 => Ok(plans.swap_remove(0)),
            _ => UnionExec::try_new(plans),
        }
    }
}
