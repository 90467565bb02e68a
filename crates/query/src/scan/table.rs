//! Some of the events as a table of the engine, and how it is read.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringViewArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use chrono::DateTime;
use corelog_store::{Column as Stored, DataFile, PROMOTED, Text};
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
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::filter::FilterExecBuilder;
use datafusion::physical_plan::union::UnionExec;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};
use parking_lot::Mutex;

use super::words::{self, LeftOut, Wanted};
use super::{Events, GROUP, Recent, file_fields, in_window, schema};
use crate::bloom::Blooms;
use crate::pages::Pages;
use crate::stage::StageExec;
use crate::tally::Tally;
use crate::{Error, Window};

/// What a table is made of.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// Files with no event of another time.
    pub(super) inside: Vec<DataFile>,
    /// Files that may have some.
    pub(super) edges: Vec<DataFile>,
    pub(super) recent: Vec<Recent>,
}

/// A table of some files and batches.
pub(crate) struct Scan {
    store: Arc<dyn ObjectStore>,
    parts: Parts,
    window: Window,
    /// Where the events of the edges are to be counted, the first time they are read.
    uncounted: Mutex<Option<Tally>>,
    /// What messages must have.
    text: Option<Text>,
    left_out: LeftOut,
}

impl fmt::Debug for Scan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scan")
            .field("files", &(self.parts.inside.len() + self.parts.edges.len()))
            .field("recent", &self.parts.recent.len())
            .finish_non_exhaustive()
    }
}

impl Scan {
    pub(super) fn new(store: Arc<dyn ObjectStore>, parts: Parts, window: Window) -> Self {
        Self {
            store,
            parts,
            window,
            uncounted: Mutex::new(None),
            text: None,
            left_out: LeftOut::default(),
        }
    }

    /// The events of which the columns of promoted fields tell the whole truth, and those in files and batches with a
    /// row that has a promoted field in a form that its column cannot hold, if there are any. A file that was written
    /// before one of the fields asked for had a column is of the latter.
    pub(crate) fn by_truth<'a>(
        self,
        asked: impl IntoIterator<Item = &'a str>,
    ) -> (Self, Option<Self>) {
        let place = |field: &str| PROMOTED.iter().position(|it| it.field == field);
        let last = asked.into_iter().filter_map(place).max();
        let is_loose = |file: &DataFile| {
            let too_old = last.is_some_and(|last| file.promoted_fields <= last);
            too_old || file.loose_rows != Some(0)
        };
        let (mut strict, mut loose) = (Parts::default(), Parts::default());
        (loose.inside, strict.inside) = self.parts.inside.into_iter().partition(is_loose);
        (loose.edges, strict.edges) = self.parts.edges.into_iter().partition(is_loose);
        let recent = self.parts.recent.into_iter();
        (loose.recent, strict.recent) = recent.partition(|part| has_loose(&part.rows));
        let strict = Self::new(Arc::clone(&self.store), strict, self.window);
        let loose = Self::new(self.store, loose, self.window);
        (strict, Some(loose).filter(|loose| !loose.is_empty()))
    }

    /// Whether it has no events.
    pub(crate) fn is_empty(&self) -> bool {
        let Parts {
            inside,
            edges,
            recent,
        } = &self.parts;
        inside.is_empty() && edges.is_empty() && recent.is_empty()
    }

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
        let stored: u64 = self.parts.inside.iter().map(|file| file.rows).sum();
        let recent: usize = self
            .parts
            .recent
            .iter()
            .map(|part| part.rows.num_rows())
            .sum();
        tally.add(stored + recent as u64);
        *self.uncounted.get_mut() = Some(tally.clone());
    }

    /// A time that the newest of its events are not older than, so many of them; if so many are known of.
    pub(crate) fn newest_since(&self, events: usize) -> Option<Timestamp> {
        let mut parts: Vec<(Timestamp, u64)> = self
            .parts
            .inside
            .iter()
            .filter_map(|file| Some((file.earliest?, file.rows)))
            .collect();
        parts.extend(self.parts.recent.iter().filter_map(|part| {
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
            .with_enable_page_index(reads_messages);
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
        let batches = self.parts.recent.iter().map(with_group);
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

fn has_loose(rows: &RecordBatch) -> bool {
    let loose = rows.column_by_name(Stored::Loose.name());
    let loose = loose.and_then(|it| it.as_boolean_opt());
    loose.is_none_or(|it| it.true_count() > 0)
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
        let inside = self
            .wanted(&self.parts.inside, asked, filters, session)
            .await?;
        if !inside.is_empty() {
            let files = Self::parquet(&inside, session, projection, filters, limit)?;
            plans.push(files);
        }
        let uncounted = self.uncounted.lock().take();
        if let Some(tally) = uncounted.filter(|_| !self.parts.edges.is_empty()) {
            let edges = words::whole(&self.parts.edges);
            let edges = self.cut(&edges, session, projection, &[])?;
            plans.push(StageExec::over(edges, tally.step(false)));
        } else {
            let edges = self
                .wanted(&self.parts.edges, asked, filters, session)
                .await?;
            if !edges.is_empty() {
                plans.push(self.cut(&edges, session, projection, filters)?);
            }
        }
        if !self.parts.recent.is_empty() {
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
