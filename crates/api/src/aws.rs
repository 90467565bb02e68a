//! Operations of AWS services, whatever protocol they come in.
//!
//! A service is a table of [`Entry`]s, one for each operation, each from a file of its own with the same four
//! steps: parse (the table's constraints, then [`Operation::on`]), authorise, do, render ([`Operation::run`]).
//! `perform` takes them in this order, so no operation can forget one; it is also where whoever changes something
//! is noted with what came of it. An operation whose answer is a stream of events is [`Streaming`] instead.

mod entry;
mod fault;
mod page;
mod rate;
mod serve;

pub(crate) use entry::{
    Context, Effect, Entry, EventStream, Header, Operation, StreamEvent, Streaming, entry,
    entry_of, streaming,
};
pub(crate) use fault::{Fault, Kind};
pub(crate) use page::{Token, cut};
pub(crate) use rate::{Rate, Rates};
pub(crate) use serve::{is_aws, serve, turn_away};

/// Whose account and region this is: every ARN that is answered has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Twelve digits.
    pub id: String,
    /// `us-east-1`
    pub region: String,
}
