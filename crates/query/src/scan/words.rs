//! Leaving out rows whose messages cannot have a text, by the files' indexes of words.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use corelog_store::{DataFile, Text, WordIndex};
use datafusion::parquet::arrow::arrow_reader::RowSelection;
use futures_util::StreamExt as _;
use futures_util::stream;
use object_store::ObjectStore;
use parking_lot::Mutex;

use super::Extent;

/// How many indexes are read at once.
const INDEXES_AT_ONCE: usize = 8;

/// What indexes of words left out of the files that were to be read. A file counts once for each table of events that
/// it is a part of, however often it is asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct LeftOut {
    all: Arc<Mutex<All>>,
    /// The table whose files are asked.
    table: usize,
}

#[derive(Debug, Default)]
struct All {
    tables: usize,
    /// By table and path.
    files: HashMap<(usize, String), Left>,
}

/// What is left out of a file.
#[derive(Debug)]
struct Left {
    rows: u64,
    message_bytes: u64,
    whole: bool,
}

impl LeftOut {
    /// The same, for the files of one more table.
    pub(super) fn of_another(&self) -> Self {
        let mut all = self.all.lock();
        all.tables += 1;
        Self {
            all: Arc::clone(&self.all),
            table: all.tables,
        }
    }

    /// `read` are the rows of a file that are read all the same.
    fn add(&self, file: &DataFile, read: u64) {
        let rows = file.rows.saturating_sub(read);
        // The messages of a file are taken to be of one length.
        let bytes = u128::from(file.message_bytes) * u128::from(rows);
        let bytes = bytes / u128::from(file.rows.max(1));
        let left = Left {
            rows,
            message_bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
            whole: read == 0,
        };
        let file = (self.table, file.path.clone());
        self.all.lock().files.insert(file, left);
    }

    /// What is read of an extent.
    pub(crate) fn of(&self, mut extent: Extent) -> Extent {
        for left in self.all.lock().files.values() {
            extent.rows = extent.rows.saturating_sub(left.rows);
            extent.rows_skipped += left.rows;
            extent.message_bytes = extent.message_bytes.saturating_sub(left.message_bytes);
            extent.bytes_skipped += left.message_bytes;
        }
        extent
    }
}

impl fmt::Display for LeftOut {
    /// Nothing if no index was asked.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = &self.all.lock().files;
        if files.is_empty() {
            return Ok(());
        }
        let rows: u64 = files.values().map(|left| left.rows).sum();
        let whole = files.values().filter(|left| left.whole).count();
        let asked = files.len();
        writeln!(
            f,
            "WordIndex: asked of {asked} files, leaves out {rows} rows and {whole} whole files"
        )
    }
}

/// A file that is read, and which of its rows, if not all.
pub(super) struct Wanted {
    pub(super) file: DataFile,
    pub(super) rows: Option<RowSelection>,
}

/// Files that are read whole.
pub(super) fn whole(files: &[DataFile]) -> Vec<Wanted> {
    let whole = |file: &DataFile| Wanted {
        file: file.clone(),
        rows: None,
    };
    files.iter().map(whole).collect()
}

/// The files that can have a text in their messages, in their order, and their rows that can.
pub(super) async fn wanted(
    store: &Arc<dyn ObjectStore>,
    files: &[DataFile],
    text: Option<&Text>,
    left_out: &LeftOut,
) -> Vec<Wanted> {
    let Some(text) = text.cloned().map(Arc::new) else {
        return whole(files);
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
