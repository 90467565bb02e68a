//! Files that another engine has written anew, with the same rows in types of its own.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use corelog_store::{
    Asked, Compaction, DataFile, Gone, Order, Place, Streams, Table, arrow_schema,
};
use corelog_types::Timestamp;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::json;

use crate::fixture::{MORNING_MS, appender, contents, event, open};

/// What a type of ours is in files of the other engine.
type Kinds = fn(&DataType) -> DataType;

fn texts(of: &DataType, instead: DataType) -> DataType {
    if *of == DataType::Utf8 {
        instead
    } else {
        of.clone()
    }
}

const ENGINES: [(&str, Kinds); 4] = [
    ("long offsets", |of| texts(of, DataType::LargeUtf8)),
    ("views", |of| texts(of, DataType::Utf8View)),
    ("a dictionary", |of| {
        let (keys, values) = (DataType::Int32.into(), DataType::Utf8.into());
        texts(of, DataType::Dictionary(keys, values))
    }),
    ("nanoseconds", |of| match of {
        DataType::Timestamp(_, zone) => DataType::Timestamp(TimeUnit::Nanosecond, zone.clone()),
        other => other.clone(),
    }),
];

/// The file's rows in other types, its columns the other way round.
fn in_other_types(file: &Path, kinds: Kinds) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(file).unwrap()).unwrap();
    let schema = Arc::clone(reader.schema());
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
    let rows = concat_batches(&schema, &batches).unwrap();
    let (mut fields, mut columns): (Vec<Field>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
    for (field, column) in schema.fields().iter().zip(rows.columns()).rev() {
        let kind = kinds(field.data_type());
        columns.push(cast(column, &kind).unwrap());
        fields.push(Field::new(field.name(), kind, true));
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

/// Puts a new file in the place of each, as engines do that write a table anew: the names of partitions are escaped in
/// paths, and paths in the log.
async fn rewrite(dir: &Path, table: &Table, kinds: Kinds) {
    let snapshot = table.snapshot().await.unwrap();
    let mut commit = String::new();
    for (number, file) in snapshot.files().iter().enumerate() {
        let rows = in_other_types(&dir.join(&file.path), kinds);
        let name = format!("day={}/part-{number}.zstd.parquet", file.day);
        let path = dir.join("log_group=%2Fa").join(&name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let out = File::create(&path).unwrap();
        let mut writer = ArrowWriter::try_new(out, rows.schema(), None).unwrap();
        writer.write(&rows).unwrap();
        writer.close().unwrap();
        let stats = json!({"numRecords": rows.num_rows()}).to_string();
        let actions = [
            json!({"remove": {"path": file.path, "deletionTimestamp": 1, "dataChange": false}}),
            json!({"add": {
                "path": format!("log_group=%252Fa/{name}"), "size": path.metadata().unwrap().len(),
                "partitionValues": {"log_group": file.group, "day": file.day},
                "modificationTime": 1, "dataChange": false, "stats": stats,
            }}),
        ];
        commit.extend(actions.map(|action| format!("{action}\n")));
    }
    let version = snapshot.version() + 1;
    fs::write(dir.join(format!("_delta_log/{version:020}.json")), commit).unwrap();
}

async fn sequences(table: &Table, from_ms: u64, to_ms: u64) -> Vec<u64> {
    let at = |ms| Place::first_at(Timestamp::from_unix_ms(ms));
    let asked = Asked {
        group: "/a".into(),
        streams: Streams::Prefixed("aws/".to_owned()),
        places: at(from_ms)..at(to_ms),
        order: Order::NewestFirst,
    };
    let snapshot = table.snapshot().await.unwrap();
    let rows = snapshot.rows(&asked, 99).await.unwrap();
    let events = snapshot.events(&rows, usize::MAX).await.unwrap();
    assert_eq!(events.len(), rows.len());
    let mut found = Vec::new();
    for (row, read) in rows.iter().zip(events) {
        let sequence = row.place.position.sequence.to_u64();
        assert_eq!(read, event("/a", sequence, MORNING_MS + sequence));
        found.push(sequence);
    }
    found
}

#[tokio::test]
async fn what_other_engines_wrote_is_read_removed_and_merged() {
    for (engine, kinds) in ENGINES {
        let dir = tempfile::tempdir().unwrap();
        let table = open(dir.path()).await;
        for number in 1..=3 {
            let made = |sequence| event("/a", sequence, MORNING_MS + sequence);
            let events: Vec<_> = (number * 10..number * 10 + 3).map(made).collect();
            table.append(&appender(number), events).await.unwrap();
        }
        let before = contents(dir.path(), &table).await;
        rewrite(dir.path(), &table, kinds).await;
        let everything = sequences(&table, 0, u64::MAX).await;
        assert_eq!(everything, [32, 31, 30, 22, 21, 20, 12, 11, 10], "{engine}");
        let some = sequences(&table, MORNING_MS + 12, MORNING_MS + 31).await;
        assert_eq!(some, [30, 22, 21, 20, 12], "{engine}");

        let gone = Gone {
            group: "/a".into(),
            stream: None,
            until: Timestamp::from_unix_ms(MORNING_MS + 11 + 5),
        };
        assert_eq!(table.remove(&gone).await.unwrap(), 2, "{engine}");
        let any_two = Compaction {
            settled_after: Duration::ZERO,
            ..Compaction::default()
        };
        let done = table.compact(any_two).await.unwrap().unwrap();
        assert_eq!(done.files, 3, "{engine}");
        assert_eq!(contents(dir.path(), &table).await, before[2..], "{engine}");
        let files = table.snapshot().await.unwrap().files();
        let [file] = &files[..] else {
            unreachable!("{files:?}");
        };
        assert_eq!(file.loose_rows, Some(0), "{engine}");
        check_columns(dir.path(), file);
    }
}

/// The columns are the table's own, the promoted ones among them.
fn check_columns(dir: &Path, file: &DataFile) {
    let opened = File::open(dir.join(&file.path)).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(opened).unwrap();
    assert_eq!(reader.schema().fields(), arrow_schema().fields());
    for batch in reader.build().unwrap() {
        let batch = batch.unwrap();
        assert_eq!(batch.column_by_name("request_id").unwrap().null_count(), 0);
    }
}
