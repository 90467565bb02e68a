//! A table in a directory, and events for it.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Int64Array, StringArray};
use corelog_runtime::Clock;
use corelog_store::{Appender, Directory, Event, Position, Table};
use corelog_types::{NodeId, Sequence, Timestamp};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use url::Url;

/// 2026-11-22T09:15:42Z, from `date -u -d … +%s`.
pub(crate) const MORNING_MS: u64 = 1_795_338_942_000;
pub(crate) const DAY_MS: u64 = 86_400_000;

pub(crate) async fn open(dir: &Path) -> Table {
    open_at(dir, Clock::system()).await
}

pub(crate) async fn open_at(dir: &Path, clock: Clock) -> Table {
    let store = Arc::new(Directory::open(dir.to_owned()).unwrap());
    let url = Url::from_directory_path(dir).unwrap();
    Table::open(store, url, clock).await.unwrap()
}

pub(crate) fn event(group: &str, sequence: u64, at_ms: u64) -> Event {
    Event {
        group: group.into(),
        stream: "aws/bedrock/modelinvocations".into(),
        position: Position {
            node: NodeId::from_u64(7),
            sequence: Sequence::from_u64(sequence),
            part: 0,
        },
        timestamp: Timestamp::from_unix_ms(at_ms),
        ingested: Timestamp::from_unix_ms(at_ms + 5),
        message: format!(r#"{{"requestId":"r-{sequence}","modelId":"m"}}"#),
    }
}

pub(crate) fn appender(number: u64) -> Appender {
    Appender {
        name: "node-7/groups".to_owned(),
        number,
    }
}

pub(crate) async fn rows(table: &Table) -> u64 {
    let files = table.snapshot().await.unwrap().files();
    files.iter().map(|file| file.rows).sum()
}

/// Every event of the table, read as any engine would: its files, by sequence and message.
pub(crate) async fn contents(dir: &Path, table: &Table) -> Vec<(i64, String)> {
    let mut found = Vec::new();
    for file in table.snapshot().await.unwrap().files() {
        let file = std::fs::File::open(dir.join(&file.path)).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        for batch in reader.build().unwrap() {
            let batch = batch.unwrap();
            let column = |name| batch.column_by_name(name).unwrap().as_any();
            let sequences = column("sequence").downcast_ref::<Int64Array>().unwrap();
            let messages = column("message").downcast_ref::<StringArray>().unwrap();
            for row in 0..batch.num_rows() {
                found.push((sequences.value(row), messages.value(row).to_owned()));
            }
        }
    }
    found.sort();
    found
}
