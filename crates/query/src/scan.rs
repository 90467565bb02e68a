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
use corelog_types::Timestamp;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DFSchema, Result, ScalarValue, project_schema};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::parquet::{
    CachedParquetFileReaderFactory, ParquetRowSelection,
};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::filter::FilterExecBuilder;
use datafusion::physical_plan::union::UnionExec;
use datafusion::prelude::{ident, lit};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};
use parking_lot::Mutex;

use crate::bloom::Blooms;
use crate::pages::Pages;
use crate::stage::StageExec;
use crate::tally::Tally;
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
        let loose = inside
            .iter()
            .chain(&edges)
            .any(|file| file.loose_rows != Some(0))
            || recent.iter().any(|part| has_loose(&part.rows));
        let scan = Scan {
            store: Arc::clone(&self.store),
            inside,
            edges,
            recent,
            window,
            uncounted: Mutex::new(None),
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

/// A table of some files and batches.
pub(crate) struct Scan {
    store: Arc<dyn ObjectStore>,
    /// Files with no event of another time.
    inside: Vec<DataFile>,
    /// Files that may have some.
    edges: Vec<DataFile>,
    recent: Vec<Recent>,
    window: Window,
    /// Where the events of the edges are to be counted, the first time they are read.
    uncounted: Mutex<Option<Tally>>,
    /// Whether some row has a promoted field in a form that its column cannot hold.
    pub(crate) loose: bool,
    /// What messages must have.
    text: Option<Text>,
    left_out: LeftOut,
}

impl fmt::Debug for Scan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scan")
            .field("files", &(self.inside.len() + self.edges.len()))
            .field("recent", &self.recent.len())
            .finish_non_exhaustive()
    }
}

impl Scan {
    /// Leaves out rows of files whose messages cannot have this, and counts them.
    pub(crate) fn look_for(&mut self, text: Option<Text>, left_out: &LeftOut) {
        self.text = text;
        self.left_out = left_out.of_another();
    }

    /// The files of a time that may have what filters ask for, and their rows that may have the text.
    async fn wanted(
        &self,
        files: &[DataFile],
        asked: Window,
        filters: &[Expr],
        session: &dyn Session,
    ) -> Result<Vec<Wanted>> {
        let files = left(files, asked, filters, session).await?;
        let text = self.text.as_ref();
        Ok(words::wanted(&self.store, &files, text, &self.left_out).await)
    }

    /// Counts its events, without reading those that need not be.
    pub(crate) fn count(&mut self, tally: &Tally) {
        let stored: u64 = self.inside.iter().map(|file| file.rows).sum();
        let recent: usize = self.recent.iter().map(|part| part.rows.num_rows()).sum();
        tally.add(stored + recent as u64);
        *self.uncounted.get_mut() = Some(tally.clone());
    }

    /// A time that the newest of its events are not older than, so many of them; if so many are known of.
    pub(crate) fn newest_since(&self, events: usize) -> Option<Timestamp> {
        let mut parts: Vec<(Timestamp, u64)> = self
            .inside
            .iter()
            .filter_map(|file| Some((file.earliest?, file.rows)))
            .collect();
        parts.extend(self.recent.iter().filter_map(|part| {
            let earliest = u64::try_from(part.earliest_ms).ok()?;
            let rows = part.rows.num_rows() as u64;
            Some((Timestamp::from_unix_ms(earliest), rows))
        }));
        parts.sort_by_key(|(earliest, _)| std::cmp::Reverse(*earliest));
        let mut known = 0;
        let enough = parts.into_iter().find(|(_, rows)| {
            known += rows;
            known >= events as u64
        });
        enough.map(|(earliest, _)| earliest)
    }

    fn parquet(
        files: &[Wanted],
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = schema();
        let message = schema.index_of(Stored::Message.name())?;
        let reads_messages = projection.is_none_or(|read| read.contains(&message));
        let group = Arc::new(Field::new(GROUP, DataType::Utf8View, false));
        let columns = TableSchema::builder(Arc::new(Schema::new(file_fields())))
            .with_table_partition_cols(vec![group])
            .build();
        let mut source = ParquetSource::new(columns)
            .with_table_parquet_options(session.table_options().parquet.clone())
            // Rows are cut out early where that spares reading messages. Other columns are read faster than cut.
            .with_pushdown_filters(reads_messages)
            .with_reorder_filters(true)
            .with_enable_page_index(true);
        let readers = readers(session)?;
        source = if files.iter().any(|wanted| wanted.rows.is_some()) {
            source.with_parquet_file_reader_factory(Arc::new(Pages(readers)))
        } else {
            source.with_parquet_file_reader_factory(Arc::new(readers))
        };
        if let Some(filter) = conjunction(filters.to_vec()) {
            let columns = DFSchema::try_from(schema)?;
            source = source.with_predicate(session.create_physical_expr(filter, &columns)?);
        }
        let partitions = session.config().target_partitions().max(1);
        let mut groups: Vec<Vec<PartitionedFile>> = vec![Vec::new(); partitions];
        for (at, wanted) in files.iter().enumerate() {
            let mut file = partitioned(&wanted.file)?;
            if let Some(rows) = &wanted.rows {
                file = file.with_extension(ParquetRowSelection::new(rows.clone()));
            }
            groups[at % partitions].push(file);
        }
        groups.retain(|group| !group.is_empty());
        let config = FileScanConfigBuilder::new(Events::root()?, Arc::new(source))
            .with_file_groups(groups.into_iter().map(FileGroup::new).collect())
            .with_projection_indices(projection.cloned())?
            .with_limit(limit.filter(|_| filters.is_empty()))
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }

    /// The files that may have events of another time, without those.
    fn cut(
        &self,
        edges: &[Wanted],
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = schema();
        let time = schema.index_of(Stored::Timestamp.name())?;
        let all = || (0..schema.fields().len()).collect();
        let wanted: Vec<usize> = projection.cloned().unwrap_or_else(all);
        let mut read = wanted.clone();
        if !read.contains(&time) {
            read.push(time);
        }
        let within = in_window(self.window);
        let filters = [filters, &within].concat();
        let files = Self::parquet(edges, session, Some(&read), &filters, None)?;
        let Some(within) = conjunction(within) else {
            return Ok(files);
        };
        let columns = DFSchema::try_from(files.schema())?;
        let within = session.create_physical_expr(within, &columns)?;
        let shown = (0..wanted.len()).collect::<Vec<_>>();
        let cut = FilterExecBuilder::new(within, files).apply_projection(Some(shown))?;
        Ok(Arc::new(cut.build()?))
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

/// Reads files. They never change, so what is known of them stays known.
fn readers(session: &dyn Session) -> Result<CachedParquetFileReaderFactory> {
    let runtime = session.runtime_env();
    Ok(CachedParquetFileReaderFactory::new(
        runtime.object_store(Events::root()?)?,
        runtime.cache_manager.get_file_metadata_cache(),
    ))
}

/// The files of a time that may have what filters ask for.
async fn left(
    files: &[DataFile],
    asked: Window,
    filters: &[Expr],
    session: &dyn Session,
) -> Result<Vec<DataFile>> {
    let overlaps = |file: &&DataFile| asked.overlaps(file.earliest, file.latest);
    let files = files.iter().filter(overlaps).cloned().collect();
    match session.config().get_extension::<Blooms>() {
        Some(blooms) => blooms.leave(files, filters, &readers(session)?).await,
        None => Ok(files),
    }
}

/// The time that filters leave of a window.
fn asked(mut window: Window, filters: &[Expr]) -> Window {
    for filter in filters {
        let Expr::BinaryExpr(BinaryExpr { left, op, right }) = filter else {
            continue;
        };
        let (Expr::Column(column), Expr::Literal(bound, _)) = (&**left, &**right) else {
            continue;
        };
        let ScalarValue::TimestampMicrosecond(Some(micros), _) = bound else {
            continue;
        };
        if column.name != Stored::Timestamp.name() {
            continue;
        }
        // Milliseconds that the bound lies in are left in.
        let ms = micros.div_euclid(1_000);
        match op {
            Operator::Gt | Operator::GtEq => window.start_ms = window.start_ms.max(ms),
            Operator::Lt | Operator::LtEq => window.end_ms = window.end_ms.min(ms),
            _ => {}
        }
    }
    window
}

pub(crate) fn partitioned(file: &DataFile) -> Result<PartitionedFile> {
    let location = Path::parse(&file.path).map_err(|error| {
        datafusion::common::DataFusionError::External(Box::new(Error::Path {
            path: file.path.clone(),
            source: error,
        }))
    })?;
    // What is cached of a path is of a file of this size and time.
    let written = i64::try_from(file.written.unix_ms()).ok();
    let written = written.and_then(DateTime::from_timestamp_millis);
    let found = PartitionedFile::new_from_meta(ObjectMeta {
        location,
        last_modified: written.unwrap_or_default(),
        size: file.bytes,
        e_tag: None,
        version: None,
    });
    Ok(found.with_partition_values(vec![ScalarValue::Utf8View(Some(file.group.clone()))]))
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
        let asked = asked(self.window, filters);
        let inside = self.wanted(&self.inside, asked, filters, session).await?;
        if !inside.is_empty() {
            let files = Self::parquet(&inside, session, projection, filters, limit)?;
            plans.push(files);
        }
        let uncounted = self.uncounted.lock().take();
        if let Some(tally) = uncounted.filter(|_| !self.edges.is_empty()) {
            let edges = words::whole(&self.edges);
            let edges = self.cut(&edges, session, projection, &[])?;
            plans.push(StageExec::over(edges, tally.step(false)));
        } else {
            let edges = self.wanted(&self.edges, asked, filters, session).await?;
            if !edges.is_empty() {
                plans.push(self.cut(&edges, session, projection, filters)?);
            }
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
