//! Subscriber `file`: each message is a line of a file, synced before it counts as delivered.
//!
//! A file that reaches its size becomes `NAME.1`, the one before it `NAME.2`, and so on; the oldest goes. A line that a
//! crash cut off is removed when the file is opened again: nobody was told that it had arrived, so it comes again.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use corelog_types::{ByteSize, Timestamp, Vendor};
use parking_lot::Mutex;

use crate::Error;
use crate::message::{Parcel, Payload};
use crate::subscriber::{Channel, Sent};

/// How much is read at once to find the end of the last whole line.
const LOOK_BYTES: u64 = 64 << 10;

/// Where lines go.
#[derive(Debug, Clone, PartialEq)]
pub struct FileConfig {
    /// The file.
    pub path: PathBuf,
    /// A file that would be larger is put aside first. One line may be larger by itself.
    pub rotate_bytes: ByteSize,
    /// How many files there are, the one that is written included.
    pub files_max: u32,
    /// As [`Payload::Json`] or as [`Payload::AwsLogs`]; compressed bytes are no line.
    pub payload: Payload,
}

/// A file of lines.
#[derive(Debug, Clone)]
pub(crate) struct FileLines {
    config: Arc<FileConfig>,
    open: Arc<Mutex<Option<Open>>>,
}

#[derive(Debug)]
struct Open {
    file: File,
    inode: u64,
}

impl FileLines {
    pub(crate) fn new(config: FileConfig) -> Self {
        Self {
            config: Arc::new(config),
            open: Arc::default(),
        }
    }

    /// Appends a line and syncs it. Blocks.
    fn append(&self, line: &[u8]) -> io::Result<()> {
        let mut slot = self.open.lock();
        let path = &self.config.path;
        // Somebody else may have moved the file away, as log rotation does.
        let is_there = |open: &Open| fs::metadata(path).is_ok_and(|it| it.ino() == open.inode);
        let mut open = match slot.take().filter(is_there) {
            Some(open) => open,
            None => opened(path)?,
        };
        let bytes = line.len() as u64 + 1;
        let mut former = open.file.metadata()?.len();
        if former > 0 && former + bytes > self.config.rotate_bytes.bytes() {
            drop(open);
            self.rotate()?;
            open = opened(path)?;
            former = open.file.metadata()?.len();
        }
        let mut whole = Vec::with_capacity(line.len() + 1);
        whole.extend_from_slice(line);
        whole.push(b'\n');
        let written = open.file.write_all(&whole);
        if let Err(error) = written.and_then(|()| open.file.sync_data()) {
            // What is there of it is no line. If it cannot be removed now, it is when the file is opened again.
            let _ = open.file.set_len(former);
            return Err(error);
        }
        *slot = Some(open);
        Ok(())
    }

    fn rotate(&self) -> io::Result<()> {
        let path = &self.config.path;
        let oldest = self.config.files_max.saturating_sub(1);
        if oldest == 0 {
            return fs::remove_file(path);
        }
        for number in (1..oldest).rev() {
            match fs::rename(numbered(path, number), numbered(path, number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        fs::rename(path, numbered(path, 1))
    }
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    PathBuf::from(name)
}

/// The file, made where it is missing, without a line that has no end.
fn opened(path: &Path) -> io::Result<Open> {
    let directory = path.parent().filter(|it| !it.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    fs::create_dir_all(directory)?;
    let is_new = !path.exists();
    // Events hold prompts and answers.
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)?;
    if is_new {
        File::open(directory)?.sync_all()?;
    }
    let metadata = file.metadata()?;
    let bytes = end_of_lines(&mut file, metadata.len())?;
    if bytes < metadata.len() {
        file.set_len(bytes)?;
    }
    Ok(Open {
        file,
        inode: metadata.ino(),
    })
}

/// Where the last whole line ends.
fn end_of_lines(file: &mut File, length: u64) -> io::Result<u64> {
    let mut end = length;
    let mut part = Vec::new();
    while end > 0 {
        let from = end.saturating_sub(LOOK_BYTES);
        file.seek(SeekFrom::Start(from))?;
        part.clear();
        file.take(end - from).read_to_end(&mut part)?;
        if let Some(at) = part.iter().rposition(|byte| *byte == b'\n') {
            return Ok(from + at as u64 + 1);
        }
        end = from;
    }
    Ok(0)
}

#[async_trait]
impl Channel for FileLines {
    fn payload(&self, _vendor: Vendor) -> Payload {
        self.config.payload
    }

    async fn send(&self, parcel: &Parcel, _now: Timestamp) -> Result<Sent, Error> {
        let (lines, body) = (self.clone(), parcel.body.clone());
        let appending = tokio::task::spawn_blocking(move || lines.append(&body)).await;
        let appended = appending.unwrap_or_else(|error| Err(io::Error::other(error)));
        appended.map_err(Error::io("append to the file"))?;
        Ok(Sent::default())
    }

    fn place(&self) -> String {
        format!("file://{}", self.config.path.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &Path, rotate_bytes: u64, files_max: u32) -> FileLines {
        FileLines::new(FileConfig {
            path: path.to_owned(),
            rotate_bytes: ByteSize::from_bytes(rotate_bytes),
            files_max,
            payload: Payload::Json,
        })
    }

    #[test]
    fn a_full_file_is_put_aside_and_the_oldest_goes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new/events.jsonl");
        let file = lines(&path, 6, 3);
        for line in ["aa", "bb", "c", "dddddddd", "e", "f"] {
            file.append(line.as_bytes()).unwrap();
        }
        let text = |path: &Path| fs::read_to_string(path).unwrap();
        assert_eq!(text(&path), "e\nf\n");
        assert_eq!(text(&numbered(&path, 1)), "dddddddd\n");
        assert_eq!(text(&numbered(&path, 2)), "c\n");
        assert!(!numbered(&path, 3).exists());
    }

    #[test]
    fn a_line_without_an_end_is_cut_off_at_the_next_start() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        for (left, kept) in [
            ("a\nb\nhalf".to_owned(), "a\nb\n"),
            ("half".to_owned(), ""),
            (format!("a\n{}", "x".repeat(200_000)), "a\n"),
            ("a\n".to_owned(), "a\n"),
        ] {
            fs::write(&path, left).unwrap();
            lines(&path, 1 << 20, 2).append(b"new").unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), format!("{kept}new\n"));
        }
    }

    #[test]
    fn a_file_that_was_moved_away_is_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        let file = lines(&path, 1 << 20, 2);
        file.append(b"one").unwrap();
        fs::rename(&path, dir.path().join("elsewhere")).unwrap();
        file.append(b"two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two\n");
    }
}
