//! `GetModelInvocationLoggingConfiguration`.

use corelog_access::Caller;
use http::Response;

use super::error::{Refusal, success};
use super::shapes;
use crate::{Action, Api, Body};

/// Returns the control API's configuration; `{}` where there is none.
pub(crate) async fn get(api: &Api, caller: &Caller) -> Result<Response<Body>, Refusal> {
    api.may(caller, Action::GetModelInvocationLoggingConfiguration)?;
    let configuration = api.catalog().logging().await;
    let configuration = configuration.map_err(|error| Refusal::internal(&error))?;
    Ok(success(shapes::render(configuration.as_ref())))
}
