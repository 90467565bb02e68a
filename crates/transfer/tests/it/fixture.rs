//! Tables in directories, buckets in directories, and imports from one into the other.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array as _, Int32Array, Int64Array, StringArray, TimestampMicrosecondArray};
use corelog_runtime::Clock;
use corelog_store::{Directory, Table};
use corelog_transfer::{Error, Form, Import, Progress, Source, Summary};
use corelog_types::Timestamp;
use flate2::Compression;
use flate2::write::GzEncoder;
use object_store::ObjectStore;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use url::Url;

pub(crate) const GROUP: &str = "/imported/bedrock";
/// 2026-11-22T09:15:42Z, from `date -u -d … +%s`.
pub(crate) const NOW: Timestamp = Timestamp::from_unix_ms(1_795_338_942_000);

/// An event as a reader of the table sees it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) node: String,
    pub(crate) sequence: i64,
    pub(crate) part: i32,
    pub(crate) at_ms: i64,
    pub(crate) message: String,
}

pub(crate) async fn open(dir: &Path) -> Table {
    let store = Arc::new(Directory::open(dir.to_owned()).unwrap());
    open_over(store, dir).await
}

pub(crate) async fn open_over(store: Arc<dyn ObjectStore>, dir: &Path) -> Table {
    let url = Url::from_directory_path(dir).unwrap();
    Table::open(store, url, Clock::manual(NOW)).await.unwrap()
}

pub(crate) fn import(table: &Table) -> Import {
    Import {
        table: table.clone(),
        group: GROUP.into(),
        stream: "aws/bedrock/modelinvocations".into(),
        form: Form::Bedrock,
        times: Timestamp::from_unix_ms(0)..Timestamp::from_unix_ms(u64::MAX),
        again: false,
        batch_bytes: corelog_transfer::BATCH_BYTES,
        clock: Clock::manual(NOW),
    }
}

pub(crate) async fn run(import: &Import, from: &Path) -> Result<Summary, Error> {
    let source = Source::of_path(from)?;
    import.run(&source, &Arc::new(Progress::default())).await
}

/// Every event of the table, in the order of its position.
pub(crate) async fn rows(dir: &Path, table: &Table) -> Vec<Row> {
    let mut found = Vec::new();
    for file in table.snapshot().await.unwrap().files() {
        let file = std::fs::File::open(dir.join(&file.path)).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        for batch in reader.build().unwrap() {
            let batch = batch.unwrap();
            let column = |name| batch.column_by_name(name).unwrap().as_any();
            let nodes = column("node").downcast_ref::<StringArray>().unwrap();
            let sequences = column("sequence").downcast_ref::<Int64Array>().unwrap();
            let parts = column("part").downcast_ref::<Int32Array>().unwrap();
            let times = column("timestamp").downcast_ref::<TimestampMicrosecondArray>();
            let messages = column("message").downcast_ref::<StringArray>().unwrap();
            for row in 0..messages.len() {
                found.push(Row {
                    node: nodes.value(row).to_owned(),
                    sequence: sequences.value(row),
                    part: parts.value(row),
                    at_ms: times.unwrap().value(row) / 1_000,
                    message: messages.value(row).to_owned(),
                });
            }
        }
    }
    found.sort();
    found
}

/// Puts an object into a directory.
pub(crate) fn put(dir: &Path, key: &str, bytes: &[u8]) {
    let path = dir.join(key);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

pub(crate) fn zipped(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// A record of that second of 2026-11-20T09:15, on one line.
pub(crate) fn record(id: &str, second: u32) -> String {
    format!(
        r#"{{"timestamp":"2026-11-20T09:15:{second:02}Z","requestId":"{id}","operation":"Converse","schemaType":"ModelInvocationLog","schemaVersion":"1.0"}}"#
    )
}

/// A bucket with that many objects of two records each.
pub(crate) fn bucket(dir: &Path, objects: u32) {
    for number in 0..objects {
        let lines = [
            record(&format!("a-{number}"), number),
            record(&format!("b-{number}"), number),
        ];
        let key = format!("{HOUR}/20261120T0915{number:02}500Z_{number:016x}.json.gz");
        put(dir, &key, &zipped(&format!("{}\n", lines.join("\n"))));
    }
}

pub(crate) const HOUR: &str =
    "AWSLogs/111122223333/BedrockModelInvocationLogs/us-east-1/2026/11/20/09";
