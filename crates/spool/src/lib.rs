//! The durable write-ahead log that everything recorded goes through: append, sync, seal, replay, trim.
//!
//! Absent here: any idea of what a record is (it knows bytes, ids and sequences), any async runtime, any clock.
//!
//! # Promises
//!
//! - *Written* means the operating system has it: it survives this process. *Durable* means a sync returned after it
//!   was written: it survives the machine. [`Spool::intent`] and [`Spool::append`] return when the entry is written;
//!   [`Spool::durable`] resolves when it is durable; readers see nothing that is not.
//! - Sequences begin at 1 and have no gaps. One is used up only by a successful write, and given to another record
//!   only after whoever waited for the first was told [`Error::Sync`].
//! - What was durable is never dropped in silence: damage is reported, and what follows it is read.
//!
//! # On disk
//!
//! ```text
//! lock                               held while a process has the spool
//! node                               the node id, 16 hex digits
//! segments/<first sequence>.seg      a header and then entries; format in `segment.rs` and `entry.rs`
//! segments/<first sequence>.seal     what is in a finished segment, and its hash; format in `seal.rs`
//! blobs/<record id>.<name>           a body too large for a segment
//! cursors/<name>.cursor              how far a destination has got; format in `cursor.rs`
//! gaps                               how many calls went on without a record
//! history                            the seals of segments that were trimmed
//! ```
//!
//! There are four kinds of entry. A *record* takes the next sequence. An *intent* says that an exchange is about to
//! happen; the record with its id settles it, and so does an *abandon*. When a segment begins, the intents still open
//! are *carried* into it, so the newest segment alone knows all that are open.
//!
//! A segment is filled with zeros and synced before it becomes the active one, because syncing writes into a file
//! that does not grow takes a third of the time; zeros are never written to a file that takes entries, so they
//! cannot overwrite one. Every segment has a random mark and salt that its entries must match, and every entry says
//! where it begins, so a payload cannot pass for an entry and stale bytes cannot either.
//!
//! # Recovery
//!
//! 1. Unfinished files (`.tmp`, `.part`) are removed.
//! 2. Every entry carries the number of bytes known durable when it was written. In the newest segment, bytes that
//!    are no entry and lie behind the highest such number are a torn tail: it is cut there. Below it they are damage:
//!    reported, and reading goes on at the next whole entry. In older segments everything was durable, and all that
//!    is wrong is damage.
//! 3. A segment ends where the next one begins, even if it holds more: after a failed sync its last records were
//!    written again to the next.
//! 4. Bytes of the newest segment that are not known to have been durable are written once more and synced.
//! 5. Intents still open in the newest segment are exchanges that the process took with it.
//! 6. Blobs that no record names are removed.
//! 7. A new segment is begun; no byte is appended behind bytes that a crash left.
//!
//! # A failed sync
//!
//! After a failed sync the kernel may have dropped the data and marked it clean, so a second sync of the same file
//! can succeed and mean nothing. The segment is therefore never synced again: it ends at its last durable byte, and
//! the records behind that are read back, checked, and written to a new segment, which is synced. Whoever waits
//! notices only the time. If that fails too, the records are given up, everybody waiting gets [`Error::Sync`], and
//! the spool is [`Error::Failing`] until a new segment can be begun, which is tried every second.
//! Source: Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020.

mod config;
mod error;

mod disk;
mod entry;
mod segment;

mod hashed;
mod scan;
mod seal;

mod state;

mod space;
mod sync;
mod wait;

mod keep;
mod recover;

mod blob;
mod cursor;
mod read;
mod trim;
mod verify;

mod spool;

use corelog_types::{RecordId, Timestamp};

pub use blob::{BlobReader, BlobWriter, SealedBlob};
pub use config::{Config, Durability, Observer};
pub use cursor::{Cursor, Start};
pub use disk::{Access, Disk, DiskFile, Held, OsDisk};
pub use error::{Error, Result};
pub use read::{Reader, Stored};
pub use recover::Recovery;
pub use scan::Hole;
pub use spool::{Appended, Entry, Spool, Status};
pub use trim::Trimmed;
pub use verify::{Finding, Report, verify};

/// A blob as its record names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// What it is of its record: 1 to 64 characters of `a-z`, `0-9`, `-`, `_`, `.`, not starting with a dot.
    pub name: String,
    /// Its length.
    pub bytes: u64,
}

/// The announcement of an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// The id its record will have.
    pub id: RecordId,
    /// When it was announced.
    pub time: Timestamp,
    /// Whatever is needed to make a record of it if the process is lost.
    pub payload: Vec<u8>,
}
