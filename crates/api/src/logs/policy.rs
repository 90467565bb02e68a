//! What the operations on policies have in common: documents, and what is said of missing ones.

use corelog_catalog::Error;
use corelog_wire::model::Value;

use crate::aws::{Fault, Kind};

/// A document as it came, once it is known to be an object of JSON. More is not asked: the documents are kept for
/// those who know their language.
pub(super) fn document(text: String) -> Result<String, Fault> {
    match serde_json::from_str(&text) {
        Ok(Value::Object(_)) => Ok(text),
        _ => Err(Fault::invalid_parameter(
            "The policy document is not a JSON object.",
        )),
    }
}

/// What the catalog says of a change to a policy.
pub(super) fn refused(error: Error, name: &str) -> Fault {
    match error {
        Error::NotFound => Fault::not_found(format!("Policy with name [{name}] does not exist.")),
        Error::Full { .. } => Fault::limit_exceeded(),
        Error::Stale => Fault::new(
            Kind::OperationAborted,
            "The policy has another revision than the expected one.",
        ),
        other => Fault::from(other),
    }
}
