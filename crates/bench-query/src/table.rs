//! The table under question, written as the product writes it, and what other engines read beside it.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use corelog_query::Events;
use corelog_runtime::{Clock, Tasks};
use corelog_store::{Appender, Compaction, Directory, Event, Table};
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::sync::mpsc;
use url::Url;

use crate::material::Material;

/// Records of one append: what a busy node takes in within some seconds.
const APPEND_RECORDS: u64 = 2_000;
const COMPACT_EVERY: Duration = Duration::from_secs(1);

/// What writing took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written {
    /// Bytes of JSON.
    pub(crate) json_bytes: u64,
    /// From the first record to a table of few large files, making the records included.
    pub(crate) took: Duration,
}

/// Opens the table in a directory.
pub(crate) async fn open(dir: &Path) -> anyhow::Result<Table> {
    let store = Arc::new(Directory::open(dir.to_owned())?);
    let url = Url::from_directory_path(dir)
        .map_err(|()| anyhow::anyhow!("{} is no absolute path", dir.display()))?;
    Ok(Table::open(store, url, Clock::system()).await?)
}

/// Writes all records: appended a few at a time, and compacted meanwhile.
pub(crate) async fn write(table: &Table, material: Material) -> anyhow::Result<Written> {
    let began = Instant::now();
    let (made, mut batches) = mpsc::channel(2);
    let maker = tokio::task::spawn_blocking(move || make(&material, &made));
    let compacting = Tasks::new().spawn("compaction", keep_compact(table.clone()));
    let mut json_bytes = 0;
    let mut newest = None;
    while let Some((number, events)) = batches.recv().await {
        json_bytes += events.iter().map(|it| it.message.len() as u64).sum::<u64>();
        if let Some((number, events)) = newest.replace((number, events)) {
            append(table, number, events).await?;
        }
    }
    maker.await??;
    compacting.abort();
    // What is merged once no more comes, which cannot be said of the newest file.
    let settled = Compaction {
        files_min: 2,
        ..Compaction::default()
    };
    while table.compact(settled).await?.is_some() {}
    if let Some((number, events)) = newest {
        append(table, number, events).await?;
    }
    let took = began.elapsed();
    table.vacuum(Duration::ZERO).await?;
    Ok(Written { json_bytes, took })
}

async fn append(table: &Table, number: u64, events: Vec<Arc<Event>>) -> anyhow::Result<()> {
    let appender = Appender {
        name: "bench".to_owned(),
        number,
    };
    table.append(&appender, events).await?;
    Ok(())
}

/// Batches of records as they come, each with the number of its last.
fn make(material: &Material, made: &mpsc::Sender<(u64, Vec<Arc<Event>>)>) -> anyhow::Result<()> {
    let mut first = 0;
    while first < material.records {
        let end = (first + APPEND_RECORDS).min(material.records);
        if made
            .blocking_send((end, material.events(first..end)?))
            .is_err()
        {
            break;
        }
        first = end;
    }
    Ok(())
}

/// Compacts what there is, again and again.
async fn keep_compact(table: Table) {
    loop {
        if !matches!(table.compact(Compaction::default()).await, Ok(Some(_))) {
            tokio::time::sleep(COMPACT_EVERY).await;
        }
    }
}

/// The table's newest version, for queries.
pub(crate) async fn events(table: &Table) -> anyhow::Result<Events> {
    Ok(Events {
        store: Arc::clone(table.store()),
        files: Arc::new(table.snapshot().await?.files()),
        recent: Arc::default(),
    })
}

/// The same records as hourly objects of gzipped JSON lines, as invocation logging delivers them to a bucket.
pub(crate) fn write_gzip(dir: &Path, material: &Material) -> anyhow::Result<u64> {
    let mut bytes = 0;
    let hours = crate::material::DAYS * 24;
    for hour in 0..hours {
        let (first, end) = (
            hour * material.records / hours,
            (hour + 1) * material.records / hours,
        );
        if first == end {
            continue;
        }
        let path = dir.join(format!("2026/10/{:02}/{:02}", hour / 24 + 1, hour % 24));
        fs::create_dir_all(&path)?;
        let path = path.join("20261001T000000000Z_0000000000000000.json.gz");
        let mut out = GzEncoder::new(fs::File::create(&path)?, Compression::default());
        for index in first..end {
            out.write_all(material.event(index)?.message.as_bytes())?;
            out.write_all(b"\n")?;
        }
        bytes += out.finish()?.metadata()?.len();
    }
    Ok(bytes)
}

/// Links the table's files side by side, for engines that take a folder. Gives their bytes.
pub(crate) fn link(
    table: &Path,
    events: &Events,
    to: &Path,
) -> anyhow::Result<(u64, Vec<PathBuf>)> {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to)?;
    let mut bytes = 0;
    let mut paths = Vec::new();
    for (index, file) in events.files.iter().enumerate() {
        let from = table.join(&file.path);
        let to = to.join(format!("{index:05}.parquet"));
        fs::hard_link(&from, &to).with_context(|| format!("cannot link {}", from.display()))?;
        bytes += to.metadata()?.len();
        paths.push(to);
    }
    Ok((bytes, paths))
}
