//! The table under question, written as the product writes it, and what other engines read beside it.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use corelog_query::Events;
use corelog_runtime::Clock;
use corelog_store::{Appender, Compaction, Directory, Table};
use flate2::Compression;
use flate2::write::GzEncoder;
use url::Url;

use crate::material::Material;

/// Records of one append: what a busy node takes in within some seconds.
const APPEND_RECORDS: u64 = 2_000;

/// What writing took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written {
    /// Bytes of JSON.
    pub(crate) json_bytes: u64,
    /// From the records in memory to the table, without making them.
    pub(crate) appending: Duration,
    /// Making few large files of the many small ones.
    pub(crate) compacting: Duration,
}

/// Opens the table in a directory.
pub(crate) async fn open(dir: &Path) -> anyhow::Result<Table> {
    let store = Arc::new(Directory::open(dir.to_owned())?);
    let url = Url::from_directory_path(dir)
        .map_err(|()| anyhow::anyhow!("{} is no absolute path", dir.display()))?;
    Ok(Table::open(store, url, Clock::system()).await?)
}

/// Writes all records: appended a few at a time, then compacted.
pub(crate) async fn write(table: &Table, material: &Material) -> anyhow::Result<Written> {
    let mut written = Written {
        json_bytes: 0,
        appending: Duration::ZERO,
        compacting: Duration::ZERO,
    };
    let mut first = 0;
    while first < material.records {
        let end = (first + APPEND_RECORDS).min(material.records);
        let events = material.events(first..end)?;
        written.json_bytes += events.iter().map(|it| it.message.len() as u64).sum::<u64>();
        let appender = Appender {
            name: "bench".to_owned(),
            number: end,
        };
        let began = Instant::now();
        table.append(&appender, events).await?;
        written.appending += began.elapsed();
        // As the product does: now and then, so that there are never many small files.
        if first / APPEND_RECORDS % 16 == 15 {
            written.compacting += compact(table).await?;
        }
        first = end;
    }
    written.compacting += compact(table).await?;
    table.vacuum(Duration::ZERO).await?;
    Ok(written)
}

async fn compact(table: &Table) -> anyhow::Result<Duration> {
    let began = Instant::now();
    while table.compact(Compaction::default()).await?.is_some() {}
    Ok(began.elapsed())
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
