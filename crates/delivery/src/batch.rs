//! What moves together, and the plan that makes moving it again harmless.

use std::fmt;
use std::io;
use std::sync::Arc;

use corelog_types::{NodeId, RecordId, Sequence, Timestamp};

/// Which records a batch has and what it is called after; kept in the cursor before anything is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// The first record.
    pub first: Sequence,
    /// The last record.
    pub last: Sequence,
    /// The batch's time: when it was closed for the first time.
    pub time: Timestamp,
}

/// Records on their way to one destination.
#[derive(Debug)]
pub struct Batch {
    /// The destination's name.
    pub destination: String,
    /// The node whose records these are.
    pub node: NodeId,
    /// Names and bounds.
    pub plan: Plan,
    /// The records in the order of their sequence.
    pub entries: Vec<Entry>,
    /// Where the entries' blobs are.
    pub blobs: Arc<dyn BlobSource>,
}

/// One record as the spool keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the node's history.
    pub sequence: Sequence,
    /// Its id.
    pub id: RecordId,
    /// When it was written to the spool, by this node's clock; its request arrived when `id` says.
    pub time: Timestamp,
    /// The stored form.
    pub payload: Vec<u8>,
}

impl fmt::Debug for Entry {
    /// Payloads hold prompts and answers, so only their size is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("sequence", &self.sequence)
            .field("id", &self.id)
            .field("payload_bytes", &self.payload.len())
            .finish_non_exhaustive()
    }
}

/// Opens the bodies that live beside the spool.
pub trait BlobSource: Send + Sync + fmt::Debug {
    /// Opens a record's blob from its first byte. Blocks on the disk.
    ///
    /// # Errors
    /// Whatever keeps the blob from being read.
    fn open(&self, id: RecordId, name: &str) -> io::Result<Box<dyn io::Read + Send>>;
}
