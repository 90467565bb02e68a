//! Which headers travel, and which belong to one connection only.

use http::header::{
    CONNECTION, HOST, HeaderName, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRANSFER_ENCODING,
    UPGRADE,
};
use http::{HeaderMap, HeaderValue};

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// Whether a header speaks about one connection rather than the message.
///
/// Source: RFC 9110, section 7.6.1.
fn is_hop_by_hop(name: &HeaderName) -> bool {
    [
        CONNECTION,
        KEEP_ALIVE,
        PROXY_CONNECTION,
        PROXY_AUTHENTICATE,
        PROXY_AUTHORIZATION,
        TE,
        TRANSFER_ENCODING,
        UPGRADE,
    ]
    .contains(name)
}

/// A copy of `headers` without those of this hop, in their order.
pub(crate) fn travelling(headers: &HeaderMap) -> HeaderMap {
    travelling_but(headers, &[])
}

/// The same without some more. They are left out rather than taken out, which would change the order.
fn travelling_but(headers: &HeaderMap, but: &[&str]) -> HeaderMap {
    let mut copy = HeaderMap::with_capacity(headers.len() + 2);
    let named: Vec<&str> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    for (name, value) in headers {
        let listed = named
            .iter()
            .any(|listed| listed.eq_ignore_ascii_case(name.as_str()));
        if !is_hop_by_hop(name) && !listed && !but.contains(&name.as_str()) {
            copy.append(name, value.clone());
        }
    }
    // Whether trailers are welcome is the one thing of this hop that the far end must know.
    if headers
        .get(TE)
        .is_some_and(|te| te.as_bytes().eq_ignore_ascii_case(b"trailers"))
    {
        copy.insert(TE, HeaderValue::from_static("trailers"));
    }
    copy
}

/// What goes upstream of a caller's headers: those that travel, without the caller's host, and without
/// the headers meant for the gateway alone.
pub(crate) fn upstream(headers: &HeaderMap) -> HeaderMap {
    travelling_but(headers, &[HOST.as_str(), corelog_access::KEY_HEADER])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_the_hop_stay_behind_and_repeated_ones_keep_their_order() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, X-Private"),
            ("x-private", "1"),
            ("keep-alive", "timeout=5"),
            ("transfer-encoding", "chunked"),
            ("te", "trailers"),
            ("set-cookie", "a"),
            ("x-corelog-key", "k"),
            ("host", "here"),
            ("set-cookie", "b"),
        ] {
            headers.append(name, value.parse().unwrap());
        }
        let sent = upstream(&headers);
        let pairs: Vec<_> = sent
            .iter()
            .map(|(n, v)| (n.as_str(), v.to_str().unwrap()))
            .collect();
        assert_eq!(
            pairs,
            [("set-cookie", "a"), ("set-cookie", "b"), ("te", "trailers")]
        );
    }
}
