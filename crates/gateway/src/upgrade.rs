//! Upgraded connections (WebSockets): relayed byte for byte, recorded as opaque.

use std::net::SocketAddr;
use std::sync::Arc;

use corelog_access::Caller;
use http::{HeaderMap, Request, Response};
use hyper::body::Incoming;

use crate::body::Answer;
use crate::exchange::whole;
use crate::front;
use crate::gateway::{Routing, Shared};
use crate::refusal::Refusal;

/// Whether the caller asks to change the protocol.
pub(crate) fn is_asked_for(headers: &HeaderMap) -> bool {
    headers.contains_key("upgrade")
        && headers
            .get_all("connection")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|token| token.trim().eq_ignore_ascii_case("upgrade"))
}

/// Relays an upgrade.
pub(crate) async fn serve(
    _shared: &Arc<Shared>,
    _routing: &Arc<Routing>,
    request: Request<Incoming>,
    _caller: Caller,
    _peer: Option<SocketAddr>,
) -> Response<Answer> {
    let dialect = front::dialect_of_stranger(request.uri().path(), request.headers());
    whole(Refusal::BadRequest("upgrades are not relayed".to_owned()).answer(dialect, None))
}
