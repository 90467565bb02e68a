//! Reading files of which only some pages are wanted: with the index of where pages are, which the engine asks for only
//! where a page's statistics could tell something.

use std::ops::Range;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{ParquetFileMetrics, ParquetFileReaderFactory};
use datafusion::parquet::arrow::arrow_reader::ArrowReaderOptions;
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::errors::Result as ReadResult;
use datafusion::parquet::file::metadata::{
    PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader,
};
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures_util::future::{BoxFuture, FutureExt as _};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};

/// A file's footer is at its end, the index of its pages before it, and both are rarely longer.
const FOOTER_BYTES: usize = 64 << 10;

/// Opens files in a store.
#[derive(Debug)]
pub(crate) struct Pages(pub(crate) Arc<dyn ObjectStore>);

impl ParquetFileReaderFactory for Pages {
    fn create_reader(
        &self,
        partition: usize,
        file: PartitionedFile,
        _: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let path = file.object_meta.location;
        Ok(Box::new(Reader {
            store: Arc::clone(&self.0),
            metrics: ParquetFileMetrics::new(partition, path.as_ref(), metrics),
            path,
            bytes: file.object_meta.size,
        }))
    }
}

struct Reader {
    store: Arc<dyn ObjectStore>,
    metrics: ParquetFileMetrics,
    path: Path,
    bytes: u64,
}

impl Reader {
    fn count(&self, ranges: &[Range<u64>]) {
        let bytes: u64 = ranges.iter().map(|range| range.end - range.start).sum();
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        self.metrics.bytes_scanned.add(bytes);
    }
}

impl AsyncFileReader for Reader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ReadResult<bytes::Bytes>> {
        self.count(std::slice::from_ref(&range));
        async move { Ok(self.store.get_range(&self.path, range).await?) }.boxed()
    }

    fn get_byte_ranges(
        &mut self,
        ranges: Vec<Range<u64>>,
    ) -> BoxFuture<'_, ReadResult<Vec<bytes::Bytes>>> {
        self.count(&ranges);
        async move { Ok(self.store.get_ranges(&self.path, &ranges).await?) }.boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ReadResult<Arc<ParquetMetaData>>> {
        async move {
            let bytes = self.bytes;
            let reader = ParquetMetaDataReader::new()
                .with_arrow_reader_options(options)
                .with_offset_index_policy(PageIndexPolicy::Optional)
                .with_prefetch_hint(Some(FOOTER_BYTES));
            Ok(Arc::new(reader.load_and_finish(self, bytes).await?))
        }
        .boxed()
    }
}
