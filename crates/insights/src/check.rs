//! What a grammar cannot say: which commands may follow which, and which names exist.
//!
//! Before the first `stats` any name may be a field of the log events, so none is unknown. After one, only the names
//! it gave exist: aliases, keys, and expressions without alias by their text. Such a text is resolved here, into
//! [`ExprKind::Column`](crate::ExprKind::Column).

mod lint;
mod order;
mod scope;
mod stats;

use crate::diagnostic::Fault;
use crate::tree::Query;

/// Refuses what the service refuses, warns of what is most likely not meant, and resolves names after `stats`.
pub(crate) fn check(query: &mut Query, warnings: &mut Vec<Fault>) -> Result<(), Fault> {
    order::check(query, warnings)?;
    lint::check(query, warnings);
    scope::check(query, warnings)
}

#[cfg(test)]
mod tests;
