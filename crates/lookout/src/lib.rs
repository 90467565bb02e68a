//! Looks out for what is not as usual in the records: bursts, calls that loop, answers that drift, while they happen.
//!
//! A [`Lookout`] reads the spool's durable entries as they come, beside all who deliver them and off the path of calls,
//! tells the detectors of [`corelog_anomaly`] what each record says, and gives what they find to a [`Ledger`].
//!
//! # What is remembered
//! The detectors know two weeks. That is kept in a file of the data directory, `anomalies.bin`, with the place in the
//! spool up to which it knows: written every five minutes, where there was something new, and at the end. A start goes
//! on from that place, with what the spool still has from there on. So what is found may be found again after a crash,
//! with the same id ([`Finding::id`]), and a ledger keeps each once.
//!
//! The spool is not held up: there is no cursor, and what it let go of before it was read is not looked at. That happens
//! after a crash at most, or where reading records is slower than recording them for very long.
//!
//! # What it costs
//! Each record is read once more: its document is parsed, and the messages at the end of its prompt, up to
//! 4 MiB of a body. Memory is that of one record, and of the detectors: up to 240 kB for each caller and model.
//!
//! Absent here: what becomes of findings, HTTP, settings.

mod answer;
mod call;
mod detectors;
mod finding;
mod ledger;
mod prompt;
mod run;
mod state;

pub use detectors::Limits;
pub use finding::{Finding, Kind, State};
pub use ledger::{Ledger, LedgerError};
pub use run::{Config, Lookout, Ports};

/// The detectors' memory could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be read.
    #[error("cannot read `{path}`")]
    Read {
        /// The file.
        path: String,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// The file could not be written.
    #[error("cannot write `{path}`")]
    Write {
        /// The file.
        path: String,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// The work was given up because the process ends.
    #[error("it was given up")]
    Stopped(#[source] tokio::task::JoinError),
}
