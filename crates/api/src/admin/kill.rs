//! `DELETE /corelog/v1/exchanges/{id}`: ends a call in flight.

use corelog_access::Caller;
use corelog_types::RecordId;
use http::Response;
use serde::Serialize;

use super::Problem;
use super::error::json;
use crate::{Action, Api, Body};

#[derive(Serialize)]
struct Form {
    killed: String,
}

/// Ends a call. What it had produced by then is in its record.
pub(crate) fn kill(api: &Api, id: &str, caller: &Caller) -> Result<Response<Body>, Problem> {
    let id: RecordId = id.parse().map_err(|error: corelog_types::InvalidId| {
        Problem::bad_request(error.to_string(), "`corelog ps` shows the ids")
    })?;
    api.may_admin(caller, Action::KillExchange)?;
    if !api.exchanges().kill(id) {
        return Err(Problem::not_found(
            format!("no exchange `{id}` is in flight"),
            "it may have ended: look for its record with `corelog get`",
        ));
    }
    Ok(json(&Form {
        killed: id.to_string(),
    }))
}
