//! Files of an export task: `<folder>/<stream>/000000.gz` of lines `<time> <message>`.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/S3ExportTasks.html>

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;

use corelog_sinks::s3::{Archive, GZIP_LEVEL, Object};
use corelog_store::Event;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::Error;

/// A file is written once it is this large, before and after compression.
const PLAIN_BYTES_MAX: usize = 64 << 20;
const ZIPPED_BYTES_MAX: usize = 8 << 20;
/// Files that are being filled at once: the one that was begun first gives way.
const OPEN_MAX: usize = 64;

/// Files that are being filled, one for each stream.
pub(super) struct Folders<'a> {
    archive: &'a Archive,
    folder: String,
    open: Vec<Open>,
    /// How many files each stream's folder has.
    files: BTreeMap<String, u32>,
}

struct Open {
    stream: Arc<str>,
    plain: usize,
    zipped: GzEncoder<Vec<u8>>,
}

impl<'a> Folders<'a> {
    pub(super) fn new(archive: &'a Archive, folder: &str) -> Self {
        Self {
            archive,
            folder: folder.trim_matches('/').to_owned(),
            open: Vec::new(),
            files: BTreeMap::new(),
        }
    }

    pub(super) async fn add(&mut self, event: &Event) -> Result<(), Error> {
        let found = self
            .open
            .iter()
            .position(|open| open.stream == event.stream);
        let at = if let Some(at) = found {
            at
        } else {
            if self.open.len() == OPEN_MAX {
                let first = self.open.remove(0);
                self.put(first).await?;
            }
            self.open.push(Open {
                stream: Arc::clone(&event.stream),
                plain: 0,
                zipped: GzEncoder::new(Vec::new(), Compression::new(GZIP_LEVEL)),
            });
            self.open.len() - 1
        };
        let open = &mut self.open[at];
        let time = event.timestamp.rfc3339_ms();
        let written = writeln!(open.zipped, "{time} {}", event.message);
        written.map_err(|source| Error::Write {
            at: open.stream.to_string(),
            source,
        })?;
        open.plain += time.len() + event.message.len() + 2;
        if open.plain >= PLAIN_BYTES_MAX || open.zipped.get_ref().len() >= ZIPPED_BYTES_MAX {
            let full = self.open.remove(at);
            self.put(full).await?;
        }
        Ok(())
    }

    pub(super) async fn finish(mut self) -> Result<(), Error> {
        for open in std::mem::take(&mut self.open) {
            self.put(open).await?;
        }
        Ok(())
    }

    async fn put(&mut self, open: Open) -> Result<(), Error> {
        // A stream's name may have slashes, a folder's has none. Streams that differ in nothing else share the folder.
        let stream = open.stream.replace('/', "-");
        let folder = self.archive.key(&format!("{}/{stream}", self.folder));
        let number = self.files.entry(stream).or_default();
        let key = format!("{folder}/{number:06}.gz");
        *number += 1;
        let bytes = open.zipped.finish().map_err(|source| Error::Write {
            at: key.clone(),
            source,
        })?;
        let object = Object {
            key,
            bytes: bytes.into(),
            zipped: true,
        };
        Ok(self.archive.put(vec![object]).await?)
    }
}
