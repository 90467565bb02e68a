//! Files that cannot have a value, by the Bloom filters of their columns, which are kept once they were read.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::datasource::physical_plan::ParquetFileReaderFactory;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use datafusion::parquet::arrow::ParquetRecordBatchStreamBuilder;
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::bloom_filter::Sbbf;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use parking_lot::Mutex;

use crate::scan::partitioned;
use corelog_store::DataFile;

/// Row groups whose filters are kept; each is some ten kilobytes.
const KEPT_MAX: usize = 4_096;
/// Files that are looked at side by side: most of the time of a store far away is waiting.
const AT_ONCE: usize = 16;

/// The filters of one column of a file, by row group; none where that has none.
type Filters = Arc<Vec<Option<Sbbf>>>;

/// Filters that were read.
#[derive(Default)]
pub(crate) struct Blooms(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// By the file's path and the column.
    filters: HashMap<(String, String), Filters>,
    row_groups: usize,
}

impl fmt::Debug for Blooms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blooms")
            .field("row_groups", &self.0.lock().row_groups)
            .finish()
    }
}

impl Blooms {
    /// The files that may have rows for which all of these conditions hold.
    pub(crate) async fn leave(
        &self,
        files: Vec<DataFile>,
        conditions: &[Expr],
        readers: &dyn ParquetFileReaderFactory,
    ) -> Result<Vec<DataFile>> {
        let wanted: Vec<(&str, &str)> = conditions.iter().filter_map(equality).collect();
        if wanted.is_empty() {
            return Ok(files);
        }
        let wanted = &wanted;
        let looked_at = stream::iter(files).map(|file| async move {
            for (column, value) in wanted {
                let filters = self.of(&file, column, readers).await?;
                let may_have = |filter: &Option<Sbbf>| {
                    filter.as_ref().is_none_or(|filter| filter.check(value))
                };
                if !filters.iter().any(may_have) {
                    return Ok::<_, DataFusionError>(None);
                }
            }
            Ok(Some(file))
        });
        let left: Vec<Option<DataFile>> = looked_at.buffered(AT_ONCE).try_collect().await?;
        Ok(left.into_iter().flatten().collect())
    }

    async fn of(
        &self,
        file: &DataFile,
        column: &str,
        readers: &dyn ParquetFileReaderFactory,
    ) -> Result<Filters> {
        let key = (file.path.clone(), column.to_owned());
        if let Some(known) = self.0.lock().filters.get(&key) {
            return Ok(Arc::clone(known));
        }
        let metrics = ExecutionPlanMetricsSet::new();
        let reader: Box<dyn AsyncFileReader> =
            readers.create_reader(0, partitioned(file)?, None, &metrics)?;
        let mut builder = ParquetRecordBatchStreamBuilder::new(reader).await?;
        let row_groups = builder.metadata().num_row_groups();
        let columns = builder.parquet_schema().columns();
        let column = columns.iter().position(|it| it.name() == column);
        let mut filters = Vec::with_capacity(row_groups);
        for row_group in 0..row_groups {
            filters.push(match column {
                Some(column) => {
                    builder
                        .get_row_group_column_bloom_filter(row_group, column)
                        .await?
                }
                None => None,
            });
        }
        let filters = Arc::new(filters);
        let mut kept = self.0.lock();
        if kept.row_groups + row_groups > KEPT_MAX {
            *kept = Kept::default();
        }
        kept.row_groups += row_groups;
        kept.filters.insert(key, Arc::clone(&filters));
        Ok(filters)
    }
}

/// The column and the text that a condition says are equal.
pub(crate) fn equality(condition: &Expr) -> Option<(&str, &str)> {
    let Expr::BinaryExpr(BinaryExpr { left, op, right }) = condition else {
        return None;
    };
    match (&**left, op, &**right) {
        (
            Expr::Column(column),
            Operator::Eq,
            Expr::Literal(ScalarValue::Utf8View(Some(value)), _),
        ) => Some((column.name(), value)),
        _ => None,
    }
}
