//! Requests that are not calls to a model: the port to whoever answers them.

use std::sync::Arc;

use bytes::Bytes;
use corelog_access::Caller;
use futures_util::future::BoxFuture;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;

use crate::body::Answer;
use crate::gateway::plain;

/// More than any operation of ours takes.
const BODY_BYTES_MAX: usize = 1 << 20;

/// Whoever answers what is not a call to a model.
pub trait Own: Send + Sync {
    /// Whether a path is answered to anybody, without a key: health, not content.
    fn is_public(&self, path: &str) -> bool;

    /// Whether a path is for [`Own::serve`] rather than for a provider.
    fn claims(&self, path: &str) -> bool;

    /// Answers. `caller` is absent on public paths.
    fn serve(
        &self,
        request: Request<Bytes>,
        caller: Option<Caller>,
    ) -> BoxFuture<'static, Response<Answer>>;
}

pub(crate) async fn serve(
    own: Arc<dyn Own>,
    request: Request<Incoming>,
    caller: Option<Caller>,
) -> Response<Answer> {
    let (parts, incoming) = request.into_parts();
    match Limited::new(incoming, BODY_BYTES_MAX).collect().await {
        Ok(body) => {
            own.serve(Request::from_parts(parts, body.to_bytes()), caller)
                .await
        }
        Err(_) => plain(
            StatusCode::PAYLOAD_TOO_LARGE,
            "the body is too large or broke off\n",
        ),
    }
}
