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
/// Zipped bytes of all of them: the largest gives way.
const HELD_BYTES_MAX: usize = 32 << 20;

/// Files that are being filled, one for each stream.
pub(super) struct Folders<'a> {
    archive: &'a Archive,
    folder: String,
    open: Vec<Open>,
    /// Zipped bytes of the open files.
    held: usize,
    /// How many files each stream's folder has.
    files: BTreeMap<String, u32>,
}

struct Open {
    stream: Arc<str>,
    plain: usize,
    zipped: GzEncoder<Vec<u8>>,
}

/// Which files an export has written.
#[derive(Debug)]
pub struct Written {
    /// The folder of all, as a key.
    root: String,
    files: BTreeMap<String, u32>,
}

impl Written {
    /// Removes the files that an earlier export left in the same folder, where it wrote more than this one.
    ///
    /// # Errors
    /// [`Error::Sink`].
    pub async fn remove_others(&self, archive: &Archive) -> Result<(), Error> {
        Ok(archive
            .remove_others(&self.root, |key| self.has(key))
            .await?)
    }

    fn has(&self, key: &str) -> bool {
        let found = key.strip_prefix(&self.root).and_then(|name| {
            let (stream, file) = name.strip_prefix('/')?.rsplit_once('/')?;
            let number: u32 = file.strip_suffix(".gz")?.parse().ok()?;
            Some(number < *self.files.get(stream)?)
        });
        found.unwrap_or(false)
    }
}

impl<'a> Folders<'a> {
    pub(super) fn new(archive: &'a Archive, folder: &str) -> Self {
        Self {
            archive,
            folder: folder.trim_matches('/').to_owned(),
            open: Vec::new(),
            held: 0,
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
                self.put(0).await?;
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
        let before = open.zipped.get_ref().len();
        let written = writeln!(open.zipped, "{time} {}", event.message);
        written.map_err(|source| Error::Write {
            at: open.stream.to_string(),
            source,
        })?;
        open.plain += time.len() + event.message.len() + 2;
        let zipped = open.zipped.get_ref().len();
        self.held += zipped - before;
        if open.plain >= PLAIN_BYTES_MAX || zipped >= ZIPPED_BYTES_MAX {
            self.put(at).await?;
        } else if self.held >= HELD_BYTES_MAX
            && let Some(largest) = self.largest()
        {
            self.put(largest).await?;
        }
        Ok(())
    }

    pub(super) async fn finish(mut self) -> Result<Written, Error> {
        while !self.open.is_empty() {
            self.put(0).await?;
        }
        Ok(Written {
            root: self.archive.key(&self.folder),
            files: self.files,
        })
    }

    fn largest(&self) -> Option<usize> {
        let sizes = self.open.iter().map(|open| open.zipped.get_ref().len());
        let (at, _) = sizes.enumerate().max_by_key(|(_, bytes)| *bytes)?;
        Some(at)
    }

    async fn put(&mut self, at: usize) -> Result<(), Error> {
        let open = self.open.remove(at);
        self.held -= open.zipped.get_ref().len();
        let stream = folder_of(&open.stream);
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

/// A stream's name may have what one folder's name in a key cannot: slashes, control characters, nothing but one or two
/// dots. Streams that differ in nothing else share the folder.
fn folder_of(stream: &str) -> String {
    if matches!(stream, "." | "..") {
        return stream.replace('.', "-");
    }
    let unfit = |c: char| c == '/' || c.is_ascii_control();
    stream.replace(unfit, "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_s_folder_is_one_folder() {
        assert_eq!(folder_of("aws/bedrock"), "aws-bedrock");
        assert_eq!(folder_of("v1..2"), "v1..2");
        assert_eq!(folder_of("a\tb"), "a-b");
        assert_eq!(folder_of(".."), "--");
    }
}
