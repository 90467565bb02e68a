//! Columns: log events as rows of a Delta Lake table that any engine reads without Corelog.
//!
//! One table holds the events of all log groups, partitioned by log group and day (UTC). A row is an event: its
//! whole message as text, and columns of their own for the fields of an invocation that questions are asked of
//! ([`PROMOTED`]). A promoted column says what the message says and nothing else: it is read from the message's
//! text when the event is written, so a query may take the value from either.
//!
//! # Exactly once
//! Each append carries the name of whoever appends and a number that only rises (a position in its spool), as a Delta
//! application transaction in the same commit as the files. An append whose number the table already has changes
//! nothing. A crash between writing a file and the commit leaves a file that no version of the table names.
//!
//! # Words
//! Merged files have an index of the words in their messages ([`WordIndex`]), by which whoever looks for a text reads
//! only rows that can have it.
//!
//! Absent here: how events come to be, what a query asks, `DataFusion`.

mod compact;
mod directory;
mod error;
mod event;
mod file;
mod order;
mod parquet_file;
mod place;
mod promoted;
mod read;
mod remove;
mod retain;
mod rows;
mod schema;
mod snapshot;
mod table;
mod words;

pub use compact::{Compacted, Compaction};
pub use directory::Directory;
pub use error::Error;
pub use event::{Event, Position};
pub use parquet_file::ParquetFile;
pub use place::{Asked, Order, Place, Streams};
pub use promoted::{Kind, PROMOTED, Promoted};
pub use read::{Nearest, Row};
pub use remove::Gone;
pub use rows::batch_of;
pub use schema::{Column, arrow_schema};
pub use snapshot::{DataFile, Snapshot};
pub use table::{Appended, Appender, Table};
pub use words::{Text, WordIndex};

/// What fails here fails with an [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
