//! What can go wrong with a spool, one variant per thing being attempted.

use std::io;
use std::path::PathBuf;

/// A spool's failure.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process owns the data directory.
    #[error("`{}` is in use by another process", dir.display())]
    Locked {
        /// The spool's directory.
        dir: PathBuf,
    },
    /// The operating system refused to read, write, create or remove something.
    #[error("cannot {attempt} `{}`", path.display())]
    Io {
        /// What was attempted, as a verb.
        attempt: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// The spool holds as many bytes as it may. Helped by delivery and trim.
    #[error("the spool holds {used} bytes of at most {limit}")]
    Full {
        /// Bytes in segments and blobs.
        used: u64,
        /// `Config::bytes_max`.
        limit: u64,
    },
    /// The file system's free space is within the reserve.
    #[error("{free} bytes are free on the spool's disk, and {reserve} are kept in reserve")]
    DiskFull {
        /// Bytes free when last measured.
        free: u64,
        /// `Config::free_bytes_min`.
        reserve: u64,
    },
    /// Writes or syncs fail, and the attempt to go on in a new segment failed too. It is repeated every second.
    #[error("the spool's disk is failing")]
    Failing,
    /// The entry was written, but the disk could not be made to keep it; it is not in the log.
    #[error("sequence {sequence} could not be synced to disk")]
    Sync {
        /// The sequence the entry had; another one will get it.
        sequence: u64,
    },
    /// The spool was closed.
    #[error("the spool is closed")]
    Closed,
    /// The entry is larger than the configuration allows.
    #[error("an entry of {bytes} bytes is over the limit of {limit}")]
    TooLarge {
        /// Bytes in the entry.
        bytes: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// A name cannot be a file name of ours: 1 to 64 characters of `a-z`, `0-9`, `-`, `_`, `.`, not starting with a dot.
    #[error("`{name}` cannot name a cursor or blob")]
    Name {
        /// The name.
        name: String,
    },
    /// Somebody else in this process holds the cursor.
    #[error("the cursor `{name}` is held already")]
    CursorHeld {
        /// The cursor.
        name: String,
    },
    /// A cursor would go back, or beyond what is durable.
    #[error("the cursor `{name}` is at {position} and cannot move to {wanted}")]
    CursorMove {
        /// The cursor.
        name: String,
        /// Where it is.
        position: u64,
        /// Where it was asked to go.
        wanted: u64,
    },
    /// A file's content is not what was written there.
    #[error("`{}` is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// The result of asking a spool for something.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Whether the same request may succeed later without anybody's help but the spool's own.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Full { .. } | Self::DiskFull { .. } | Self::Failing | Self::Sync { .. }
        )
    }
}

/// Says what was being attempted when an operating system error came back.
pub(crate) trait Attempt<T> {
    fn attempt(self, attempt: &'static str, path: &std::path::Path) -> Result<T>;
}

impl<T> Attempt<T> for io::Result<T> {
    fn attempt(self, attempt: &'static str, path: &std::path::Path) -> Result<T> {
        self.map_err(|source| Error::Io {
            attempt,
            path: path.to_owned(),
            source,
        })
    }
}
