//! The table under question, written as the product writes it, and what other engines read beside it.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use corelog_query::Events;
use corelog_runtime::Clock;
use corelog_store::{Appender, Compaction, Directory, Event, Table};
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::sync::watch;
use url::Url;

use crate::material::Material;

/// Records of one append: what a busy node takes in within some seconds.
const APPEND_RECORDS: u64 = 2_000;
/// Appends whose records are made before the clock goes on.
const APPENDS_AT_ONCE: u64 = 24;
const COMPACT_EVERY: Duration = Duration::from_millis(100);

/// What writing took.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Written {
    /// Bytes of JSON.
    pub(crate) json_bytes: u64,
    /// Until there is a table of few large files, without making the records.
    pub(crate) took: Duration,
}

/// Opens the table in a directory.
pub(crate) async fn open(dir: &Path) -> anyhow::Result<Table> {
    let store = Arc::new(Directory::open(dir.to_owned())?);
    let url = Url::from_directory_path(dir)
        .map_err(|()| anyhow::anyhow!("{} is no absolute path", dir.display()))?;
    Ok(Table::open(store, url, Clock::system()).await?)
}

/// Writes all records: appended a few at a time, and compacted meanwhile. The very last append stays as it is: a table
/// that is written to always has such a file.
pub(crate) async fn write(table: &Table, material: Material) -> anyhow::Result<Written> {
    let material = Arc::new(material);
    let mut written = Written::default();
    let last = material.records.saturating_sub(APPEND_RECORDS);
    let mut first = 0;
    while first < material.records {
        let end = first + APPENDS_AT_ONCE * APPEND_RECORDS;
        let end = end.min(if first < last { last } else { material.records });
        let making = Arc::clone(&material);
        let events = tokio::task::spawn_blocking(move || making.events(first..end)).await??;
        written.json_bytes += events.iter().map(|it| it.message.len() as u64).sum::<u64>();
        let began = Instant::now();
        if first < last {
            append_and_compact(table, first, &events).await?;
        } else {
            settle(table).await?;
            append(table, end, events).await?;
        }
        written.took += began.elapsed();
        first = end;
    }
    table.vacuum(Duration::ZERO).await?;
    Ok(written)
}

/// Appends events, the first of which has a number, beside a compaction that goes on until there is nothing to merge.
async fn append_and_compact(
    table: &Table,
    first: u64,
    events: &[Arc<Event>],
) -> anyhow::Result<()> {
    let (appended, mut rest) = watch::channel(());
    let compacting = async {
        loop {
            if table.compact(Compaction::default()).await?.is_some() {
                continue;
            }
            let waited = tokio::time::timeout(COMPACT_EVERY, rest.changed()).await;
            if matches!(waited, Ok(Err(_))) {
                return anyhow::Ok(());
            }
        }
    };
    let appending = async {
        let _until_then = appended;
        let mut number = first;
        for events in events.chunks(usize::try_from(APPEND_RECORDS)?) {
            number += events.len() as u64;
            append(table, number, events.to_vec()).await?;
        }
        anyhow::Ok(())
    };
    tokio::try_join!(appending, compacting)?;
    Ok(())
}

/// Merges what is merged once no more comes.
async fn settle(table: &Table) -> anyhow::Result<()> {
    let settled = Compaction {
        settled_after: Duration::ZERO,
        ..Compaction::default()
    };
    while table.compact(settled).await?.is_some() {}
    Ok(())
}

async fn append(table: &Table, number: u64, events: Vec<Arc<Event>>) -> anyhow::Result<()> {
    let appender = Appender {
        name: "bench".to_owned(),
        number,
    };
    table.append(&appender, events).await?;
    Ok(())
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
