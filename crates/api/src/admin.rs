//! Our own operations, under `/corelog/v1`, in JSON: what `corelog get`, `tail`, `ps`, `kill` and `doctor` ask.
//!
//! | request | answer |
//! |---|---|
//! | `GET /corelog/v1/exchanges` | calls in flight |
//! | `DELETE /corelog/v1/exchanges/{id}` | ends one |
//! | `GET /corelog/v1/status` | version, node, spool, destinations, policies, warnings |

mod error;
mod exchanges;
mod kill;
mod status;

pub use exchanges::{Exchange, Exchanges};
pub use status::{DestinationReport, SpoolReport, Status, StatusReport};

pub(crate) use error::Problem;
pub(crate) use exchanges::list;
pub(crate) use kill::kill;
pub(crate) use status::status;

/// Where these operations live.
pub const PREFIX: &str = "/corelog/v1/";
