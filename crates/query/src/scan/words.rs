//! Leaving out rows whose messages cannot have a text, by the files' indexes of words.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use corelog_store::{DataFile, Text, WordIndex};
use datafusion::parquet::arrow::arrow_reader::RowSelection;
use futures_util::StreamExt as _;
use futures_util::stream;
use object_store::ObjectStore;

use super::Extent;

/// How many indexes are read at once.
const INDEXES_AT_ONCE: usize = 8;

/// What indexes of words left out of the files that were to be read.
#[derive(Debug, Clone, Default)]
pub(crate) struct LeftOut(Arc<Sums>);

#[derive(Debug, Default)]
struct Sums {
    /// Files whose index was asked.
    files: AtomicU64,
    /// Those of them that need not be read at all.
    whole: AtomicU64,
    /// Rows that need not be read.
    rows: AtomicU64,
    /// Bytes of their messages.
    bytes: AtomicU64,
}

impl LeftOut {
    /// `read` are the rows of a file that are read all the same.
    fn add(&self, file: &DataFile, read: u64) {
        let rows = file.rows.saturating_sub(read);
        // The messages of a file are taken to be of one length.
        let bytes = u128::from(file.message_bytes) * u128::from(rows);
        let bytes = u64::try_from(bytes / u128::from(file.rows.max(1))).unwrap_or(u64::MAX);
        let sums = &self.0;
        sums.files.fetch_add(1, Ordering::Relaxed);
        sums.whole
            .fetch_add(u64::from(read == 0), Ordering::Relaxed);
        sums.rows.fetch_add(rows, Ordering::Relaxed);
        sums.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// What is read of an extent.
    pub(crate) fn of(&self, mut extent: Extent) -> Extent {
        let at_most = |sum: &AtomicU64, most: u64| sum.load(Ordering::Relaxed).min(most);
        let rows = at_most(&self.0.rows, extent.rows);
        let bytes = at_most(&self.0.bytes, extent.message_bytes);
        extent.rows -= rows;
        extent.rows_skipped += rows;
        extent.message_bytes -= bytes;
        extent.bytes_skipped += bytes;
        extent
    }
}

impl fmt::Display for LeftOut {
    /// Nothing if no index was asked.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [files, whole, rows] =
            [&self.0.files, &self.0.whole, &self.0.rows].map(|sum| sum.load(Ordering::Relaxed));
        if files == 0 {
            return Ok(());
        }
        writeln!(
            f,
            "WordIndex: asked of {files} files, leaves out {rows} rows and {whole} whole files"
        )
    }
}

/// A file that is read, and which of its rows, if not all.
pub(super) struct Wanted {
    pub(super) file: DataFile,
    pub(super) rows: Option<RowSelection>,
}

/// The files that can have a text in their messages, in their order, and their rows that can.
pub(super) async fn wanted(
    store: &Arc<dyn ObjectStore>,
    files: &[DataFile],
    text: Option<&Text>,
    left_out: &LeftOut,
) -> Vec<Wanted> {
    let Some(text) = text.cloned().map(Arc::new) else {
        let whole = |file: &DataFile| Wanted {
            file: file.clone(),
            rows: None,
        };
        return files.iter().map(whole).collect();
    };
    let asked: Vec<_> = files
        .iter()
        .map(|file| {
            let (store, file) = (Arc::clone(store), file.clone());
            let (text, left_out) = (Arc::clone(&text), left_out.clone());
            async move { with_text(&*store, file, &text, &left_out).await }
        })
        .collect();
    let asked = stream::iter(asked).buffered(INDEXES_AT_ONCE);
    asked.filter_map(std::future::ready).collect().await
}

/// `None` if no row of the file can have the text.
async fn with_text(
    store: &dyn ObjectStore,
    file: DataFile,
    text: &Text,
    left_out: &LeftOut,
) -> Option<Wanted> {
    let Some(index) = WordIndex::read(store, &file).await else {
        return Some(Wanted { file, rows: None });
    };
    let rows = index.select(text);
    let read = rows
        .as_ref()
        .map_or(file.rows, |rows| rows.row_count() as u64);
    left_out.add(&file, read);
    (read > 0).then_some(Wanted { file, rows })
}
