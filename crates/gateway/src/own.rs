//! Requests that are not calls to a model: the port to whoever answers them.

use std::sync::Arc;

use bytes::Bytes;
use corelog_access::{Caller, TurnedAway};
use corelog_types::Dialect;
use futures_util::future::BoxFuture;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;

use crate::body::Answer;
use crate::exchange::whole;
use crate::gateway::{Shared, plain};
use crate::refusal::Refusal;
use crate::sign;

/// Of a request that anybody may make, so much is read at the most.
const PUBLIC_BODY_BYTES_MAX: usize = 4 << 10;

/// Whoever answers what is not a call to a model.
pub trait Own: Send + Sync {
    /// Whether a path is answered to anybody, without a key: health, not content.
    fn is_public(&self, path: &str) -> bool;

    /// Whether a request is for [`Own::serve`] rather than for a provider, as its head says.
    fn claims(&self, head: &Parts) -> bool;

    /// How large the body of a request that is claimed may be. What anybody may ask has none to speak of.
    fn body_bytes_max(&self, head: &Parts) -> usize;

    /// The answer to a request that is turned away, in words of its own protocol; the gateway's, if it has none.
    fn turn_away(&self, head: &Parts, why: TurnedAway) -> Option<Response<Answer>>;

    /// Answers. `caller` is absent on public paths.
    fn serve(
        &self,
        request: Request<Bytes>,
        caller: Option<Caller>,
    ) -> BoxFuture<'static, Response<Answer>>;
}

pub(crate) async fn serve(
    own: Arc<dyn Own>,
    parts: Parts,
    incoming: Incoming,
    caller: Option<Caller>,
    shared: Arc<Shared>,
) -> Response<Answer> {
    let bytes_max = match &caller {
        Some(_) => own.body_bytes_max(&parts),
        None => PUBLIC_BODY_BYTES_MAX,
    };
    let Ok(body) = Limited::new(incoming, bytes_max).collect().await else {
        let turned_away = own.turn_away(&parts, TurnedAway::BodyTooLarge);
        return turned_away.unwrap_or_else(|| {
            let why = "the body is too large or broke off\n";
            plain(StatusCode::PAYLOAD_TOO_LARGE, why)
        });
    };
    let body = body.to_bytes();
    if let Some(key) = caller.as_ref().and_then(|caller| caller.unproven.as_ref()) {
        let hash = corelog_wire::sigv4::payload_hash(&body);
        let asked = (parts.method.as_str(), &parts.uri);
        if !sign::is_proven(key, asked, &parts.headers, &hash, &shared.clock) {
            shared.note_refusal(&Refusal::BadSignature);
            let turned_away = own.turn_away(&parts, TurnedAway::BadSignature);
            return turned_away
                .unwrap_or_else(|| whole(Refusal::BadSignature.answer(Dialect::Bedrock, None)));
        }
    }
    own.serve(Request::from_parts(parts, body), caller).await
}
