//! Our own operations, under `/corelog/v1`, in JSON: what `corelog get`, `tail`, `ps`, `kill`,
//! `query` and `doctor` ask.
//!
//! | request | answer |
//! |---|---|
//! | `GET /corelog/v1/records?last=N` | the newest N records, a line of JSON each; `follow=true` goes on with those to come, `after=SEQUENCE` begins behind one, `pattern=P` leaves out what a filter pattern does not match |
//! | `GET /corelog/v1/records/{id}` | one record with its bodies up to 1 MiB; `x-corelog-omitted` names the others |
//! | `GET /corelog/v1/records/{id}/{input,output,events}` | one body as it was recorded |
//! | `GET /corelog/v1/events?group=NAME` | new events of log groups as they come, a line of JSON each; `pattern=P` as above |
//! | `GET /corelog/v1/exchanges` | calls in flight |
//! | `DELETE /corelog/v1/exchanges/{id}` | ends one |
//! | `GET /corelog/v1/streams` | what calls in flight say, as their streams pass, a line of JSON each |
//! | `POST /corelog/v1/queries/{check,explain,estimate}` | what `StartQuery` would make of this request: the text as it is run with its warnings, the plan, how much would be read |
//! | `GET /corelog/v1/queries/{id}` | how far a query is, its columns, why it failed |
//! | `GET /corelog/v1/anomalies?since=MS` | what was found that is not as usual, the newest first; `kind=K` and `limit=N` as they say |
//! | `GET /corelog/v1/anomalies/{id}` | one finding |
//! | `GET /corelog/v1/notifiers` | who hears of alarms, and how they do |
//! | `POST /corelog/v1/notifiers/{name}/test` | sends one of them a test |
//! | `GET /corelog/v1/status` | version, node, spool, destinations, policies, warnings |

mod anomalies;
mod error;
mod events;
mod exchanges;
mod kill;
mod line;
mod listing;
mod notifiers;
mod pairs;
mod part;
mod query;
mod record;
mod records;
mod status;
mod streams;

pub use exchanges::{Exchange, Exchanges};
pub use notifiers::{NotifierReport, Notifiers};
pub use status::{DestinationReport, SpoolReport, Status, StatusReport};
pub use streams::Sight;

pub(crate) use anomalies::{anomalies, anomaly};
pub(crate) use error::Problem;
pub(crate) use events::events;
pub(crate) use exchanges::list;
pub(crate) use kill::kill;
pub(crate) use notifiers::{notifiers, test_notifier};
pub(crate) use part::part;
pub(crate) use query::{check_query, estimate_query, explain_query, query};
pub(crate) use record::record;
pub(crate) use records::records;
pub(crate) use status::status;
pub(crate) use streams::streams;

/// Where these operations live.
pub const PREFIX: &str = "/corelog/v1/";
