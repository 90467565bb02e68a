//! `GET /corelog/v1/records/{id}`: one record.

use corelog_access::Caller;
use corelog_record::events::is_batch;
use corelog_spool::Stored;
use corelog_types::{InvalidId, RecordId};
use http::{HeaderValue, Response};

use super::error::with_type;
use super::{Problem, line};
use crate::{Action, Api, Body};

/// Returns a record's line. Header `x-corelog-omitted` names the bodies that are not in it.
pub(crate) async fn record(
    api: &Api,
    id: &str,
    caller: &Caller,
) -> Result<Response<Body>, Problem> {
    let id = parse(id)?;
    api.may_admin(caller, Action::GetRecord)?;
    let stored = find(api, id).await?;
    let spool = api.spool().clone();
    let line = tokio::task::spawn_blocking(move || line::of_stored(&spool, &stored))
        .await
        .map_err(|error| Problem::internal(&error))?;
    let mut response = with_type(Body::from(line.bytes), "application/json");
    if !line.omitted.is_empty()
        && let Ok(names) = HeaderValue::from_str(&line.omitted.join(", "))
    {
        response.headers_mut().insert("x-corelog-omitted", names);
    }
    Ok(response)
}

/// Reads an id of a path.
pub(crate) fn parse(id: &str) -> Result<RecordId, Problem> {
    id.parse().map_err(|error: InvalidId| {
        let hint =
            "it is the `x-corelog-record-id` header of the answer; `corelog tail` shows the newest";
        Problem::bad_request(error.to_string(), hint)
    })
}

/// Finds a record, or says that it is not here.
pub(crate) async fn find(api: &Api, id: RecordId) -> Result<Stored, Problem> {
    let spool = api.spool().clone();
    let found = tokio::task::spawn_blocking(move || spool.get(id))
        .await
        .map_err(|error| Problem::internal(&error))?
        .map_err(|error| Problem::internal(&error))?;
    // Log events that were put have an id in the spool, which nobody is told.
    let record = found.filter(|stored| !is_batch(&stored.payload));
    record.ok_or_else(|| {
        let hint = "it may be in flight (`corelog ps`), or trimmed after delivery: look in the destinations";
        Problem::not_found(format!("no record `{id}` is kept here"), hint)
    })
}
