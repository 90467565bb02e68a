//! A bucket as the recorder writes it: a directory that the S3 destination delivers batches to.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use corelog_delivery::{Batch, BlobSource, Plan, Sink as _};
use corelog_sinks::s3::{Config, Location, S3Sink};
use corelog_types::{NodeId, RecordId, Sequence, Timestamp};
use flate2::read::MultiGzDecoder;

use crate::command::{Taken, measured};
use crate::material::Material;

/// Records of one batch: what comes in a minute, the recorder's interval, at eight calls a second.
const BATCH_RECORDS: u64 = 500;
/// A batch is written so long after its last record.
const LATER_MS: u64 = 5_000;

/// What was made.
#[derive(Debug)]
pub(crate) struct Bucket {
    dir: PathBuf,
    pub(crate) batches: Vec<PathBuf>,
    /// Bodies that are objects of their own.
    pub(crate) bodies: u64,
    /// Bytes of all objects.
    pub(crate) zipped: u64,
    /// Bytes of what is in them.
    pub(crate) plain: u64,
}

#[derive(Debug)]
struct NoBlobs;

impl BlobSource for NoBlobs {
    fn open(&self, _: RecordId, _: &str) -> io::Result<Box<dyn io::Read + Send>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

impl Bucket {
    /// Delivers so many records into a directory.
    pub(crate) fn make(dir: &Path, material: &Material, records: u64) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        let sink = S3Sink::open(&Config::new(Location::Directory(dir.to_owned())))?;
        let mut first = 0;
        while first < records {
            let end = (first + BATCH_RECORDS).min(records);
            let entries: anyhow::Result<Vec<_>> = (first..end)
                .map(|index| material.record(index, records))
                .collect();
            let entries = entries?;
            let last = entries.last().context("a batch has records")?;
            let plan = Plan {
                first: Sequence::from_u64(first + 1),
                last: Sequence::from_u64(end),
                time: Timestamp::from_unix_ms(last.time.unix_ms() + LATER_MS),
            };
            let batch = Batch {
                destination: "bucket".to_owned(),
                node: NodeId::from_u64(1),
                plan,
                entries,
                blobs: Arc::new(NoBlobs),
            };
            let receipt = runtime.block_on(sink.deliver(Arc::new(batch)))?;
            ensure!(receipt.unreadable == 0, "records that cannot be read");
            first = end;
        }
        Self::look(dir)
    }

    fn look(dir: &Path) -> anyhow::Result<Self> {
        let mut bucket = Self {
            dir: dir.to_owned(),
            batches: Vec::new(),
            bodies: 0,
            zipped: 0,
            plain: 0,
        };
        let mut folders = vec![dir.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let file = File::open(&path)?;
                bucket.zipped += file.metadata()?.len();
                bucket.plain += io::copy(&mut MultiGzDecoder::new(file), &mut io::sink())?;
                if folder.ends_with("data") {
                    bucket.bodies += 1;
                } else {
                    bucket.batches.push(path);
                }
            }
        }
        bucket.batches.sort();
        Ok(bucket)
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// What unzipping the batches and counting their lines takes, in one process after the other.
    pub(crate) fn counted(&self) -> anyhow::Result<Taken> {
        let count = "find \"$0\" -name '*.json.gz' -exec gzip -dc {} + | wc -l";
        let mut command = Command::new("sh");
        command.args(["-c", count]).arg(&self.dir);
        measured(&mut command)
    }
}
