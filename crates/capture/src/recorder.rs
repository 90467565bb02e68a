//! The port records leave through.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;

use corelog_types::{RecordId, Timestamp};

/// A record that is written and can be waited for; inside is the recorder's own word for it.
pub struct Appended(pub Box<dyn Any + Send>);

/// Resolves once a record is durable. Cancel safe: dropping it loses nothing but the news.
pub type Waiting = Pin<Box<dyn Future<Output = Result<(), RecorderError>> + Send>>;

/// Why a record cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecorderError {
    /// No room; delivery or an operator must make some.
    #[error("the recorder is full: {0}")]
    Full(String),
    /// The disk refuses to keep what it is given.
    #[error("the recorder cannot write: {0}")]
    Failing(String),
}

/// One record on its way.
pub struct Entry<'a> {
    /// Whose intent it settles.
    pub id: RecordId,
    /// When the request arrived.
    pub time: Timestamp,
    /// The stored record's bytes, in pieces.
    pub pieces: &'a [&'a [u8]],
    /// Bodies kept beside it.
    pub spills: Vec<SealedSpill>,
}

/// Keeps records. The embedded one is a spool on local disk; NATS `JetStream` fits the same shape
/// (publish with the record id as message id, and an acknowledgement to wait for).
pub trait Recorder: Send + Sync {
    /// Whether one more call can be recorded; asked before anything is sent upstream.
    ///
    /// # Errors
    /// [`RecorderError`] while it cannot.
    fn admit(&self) -> Result<(), RecorderError>;

    /// Notes that a call goes upstream. `record` is what the record shall be if the process dies.
    /// Written when this returns, durable with the next sync.
    ///
    /// # Errors
    /// [`RecorderError`] if it is not written.
    fn intent(&self, id: RecordId, record: &[u8]) -> Result<(), RecorderError>;

    /// Forgets an intent: nothing was sent upstream after all.
    fn abandon(&self, id: RecordId);

    /// Counts a call that goes on without a record, for good: the count survives this process.
    fn gap(&self, id: RecordId);

    /// Opens a place for a body too large for memory.
    ///
    /// # Errors
    /// Whatever the disk says.
    fn spill(&self, id: RecordId, part: &'static str) -> io::Result<Box<dyn Spill>>;

    /// Writes a record and settles its intent. Not durable yet.
    ///
    /// # Errors
    /// [`RecorderError`] if it is not written; the intent then stands.
    fn append(&self, entry: Entry<'_>) -> Result<Appended, RecorderError>;

    /// Waits until the record is as durable as the configuration promises.
    fn durable(&self, appended: Appended) -> Waiting;
}

/// A body on its way to disk. Dropped unsealed, it leaves nothing behind.
pub trait Spill: io::Write + Send {
    /// Reads what was written so far, from its start.
    ///
    /// # Errors
    /// Whatever the disk says.
    fn reader(&mut self) -> io::Result<Box<dyn io::Read + Send>>;

    /// Makes it durable. Blocks on the disk.
    ///
    /// # Errors
    /// Whatever the disk says; nothing is left behind then.
    fn seal(self: Box<Self>) -> io::Result<SealedSpill>;
}

/// A body that is durable beside the records.
pub struct SealedSpill {
    /// Which part it is.
    pub part: &'static str,
    /// How long it is.
    pub bytes: u64,
    /// The recorder's own handle on it.
    pub handle: Box<dyn Any + Send>,
}

impl fmt::Debug for SealedSpill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedSpill")
            .field("part", &self.part)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}
