//! `DeleteModelInvocationLoggingConfiguration`.

use corelog_access::Caller;
use http::Response;

use super::error::{Refusal, success};
use crate::{Action, Api, Body};

/// Removes the control API's configuration and its destination. Removing none is fine.
///
/// What the destination has not delivered by then is not delivered: the operator said stop. The catalog
/// goes first, so that a crash in between does not bring the destination back.
pub(crate) async fn delete(api: &Api, caller: &Caller) -> Result<Response<Body>, Refusal> {
    api.may(caller, Action::DeleteModelInvocationLoggingConfiguration)?;
    let _alone = api.changing_logging().await;
    api.catalog()
        .delete_logging()
        .await
        .map_err(|error| Refusal::internal(&error))?;
    api.destinations()
        .stop()
        .await
        .map_err(|error| Refusal::internal(&error))?;
    Ok(success(b"{}".to_vec()))
}
