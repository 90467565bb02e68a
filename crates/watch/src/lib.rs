//! Alarms that run: definitions and states out of the catalog, data points out of the metrics, and back what follows.
//!
//! [`Watch`] holds the alarms of the account. Whoever puts, deletes or sets one goes through it, and so does the loop
//! ([`Watch::run`]) that evaluates each at its turn. Every step is the same: the alarms say what follows, the catalog
//! keeps all of it in one transaction (states, history, notices), and then it counts. Where the catalog cannot, or
//! whoever asked went away half way, the step did not happen: the alarms are read anew before the next one.
//!
//! # Turns
//! A turn takes the alarms that are due, at most [`TURN_MAX`], asks for their data points beside each other and without
//! holding anybody up, and evaluates them at the time at which it began. An alarm that was changed meanwhile is left to
//! the next turn, which is at once. An alarm whose data points cannot be read stays as it is and has its next turn when
//! it would have had: no state is made of a failure. After a pause, however long, each alarm is evaluated once, for now.
//!
//! Log alarms have turns of their own, in which their queries are executed (`queries.rs`).
//!
//! # Notices
//! An action of a transition becomes a notice for the action's ARN, and each transition and each change of a
//! configuration one for every listener of events. They wait in the catalog; [`Watch::notices`] tells when there are new
//! ones.
//!
//! Absent here: the wire, senders of notices, the computing of statistics and expressions.

mod bands;
mod detectors;
mod points;
mod queries;
mod run;
mod source;
mod step;
mod watch;

pub use points::{Asked, Points};
pub use queries::{LogQueries, QUERIES_MAX, QUERY_TIME_MAX, Unanswered};
pub use run::TURN_MAX;
pub use watch::{Config, Watch};

/// Why something about alarms was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request is not one that the service takes.
    #[error(transparent)]
    Refused(#[from] corelog_alarms::Error),
    /// The request asks for what is not evaluated here.
    #[error("{0}")]
    Unsupported(String),
    /// There are as many as there may be.
    #[error("there are {most} {what} already")]
    Full {
        /// What there is so much of.
        what: &'static str,
        /// How many there may be.
        most: usize,
    },
    /// The catalog could not keep or read it.
    #[error("alarms cannot be kept")]
    Catalog(#[from] corelog_catalog::Error),
}
