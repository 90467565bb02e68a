//! Credentials of the configuration, put on a request in place of the caller's.

use std::io::Read;

use corelog_access::SigningKey;
use corelog_runtime::Clock;
use corelog_types::{Dialect, Timestamp};
use corelog_wire::sigv4;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use sha2::{Digest, Sha256};

use crate::config::Credentials;
use crate::provider::Provider;

/// Where SDKs put keys; what a caller put there does not travel once ours is used.
const KEY_HEADERS: [&str; 4] = ["authorization", "x-api-key", "api-key", "x-goog-api-key"];
/// Headers of a caller's own signature.
const SIGNATURE_HEADERS: [&str; 3] = ["x-amz-date", "x-amz-security-token", "x-amz-content-sha256"];

/// Whether the provider's credentials need the whole body before its first byte is sent.
pub(crate) fn needs_body(provider: &Provider) -> bool {
    matches!(provider.credentials, Credentials::Aws { .. })
}

/// Takes a caller's credential off the request.
pub(crate) fn strip(headers: &mut HeaderMap) {
    for name in KEY_HEADERS.into_iter().chain(SIGNATURE_HEADERS) {
        headers.remove(name);
    }
}

/// Puts the provider's key on the request, where the dialect expects it.
pub(crate) fn put_key(provider: &Provider, headers: &mut HeaderMap) {
    let Credentials::Key(key) = &provider.credentials else {
        return;
    };
    // A gateway in front of Azure or Gemini keeps to the header that the caller's SDK uses.
    let used = KEY_HEADERS[1..]
        .iter()
        .find(|name| headers.contains_key(**name))
        .copied();
    strip(headers);
    let (name, value) = match (provider.dialect, used) {
        (Dialect::Anthropic, _) => ("x-api-key", key.clone()),
        (Dialect::Generic | Dialect::OpenAi, Some(used)) => (used, key.clone()),
        _ => ("authorization", format!("Bearer {key}")),
    };
    if let Ok(mut value) = HeaderValue::try_from(value) {
        value.set_sensitive(true);
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// Signs the request anew for the provider, the body's hash being known.
pub(crate) fn sign(
    provider: &Provider,
    method: &str,
    path_and_query: &str,
    headers: &mut HeaderMap,
    payload_sha256: &str,
    clock: &Clock,
) {
    let Credentials::Aws {
        access_key_id,
        secret_access_key,
        session_token,
    } = &provider.credentials
    else {
        return;
    };
    strip(headers);
    let (path, query) = path_and_query
        .split_once('?')
        .unwrap_or((path_and_query, ""));
    let amz_date = clock.now().amz_date();
    let host = provider.host.to_str().unwrap_or("").to_owned();
    let mut signed: Vec<(&str, &str)> = vec![("host", &host)];
    for (name, value) in headers.iter() {
        let name = name.as_str();
        let covered =
            matches!(name, "content-type" | "accept") || name.starts_with("x-amzn-bedrock-");
        if let (true, Ok(value)) = (covered, value.to_str()) {
            signed.push((name, value));
        }
    }
    let request = sigv4::Request {
        method,
        path,
        query,
        headers: &signed,
        payload_sha256,
    };
    let credentials = sigv4::Credentials {
        access_key_id: access_key_id.clone(),
        secret_access_key: secret_access_key.clone(),
        session_token: session_token.clone(),
    };
    let scope = sigv4::Scope {
        region: &provider.region,
        service: "bedrock",
        amz_date: &amz_date,
    };
    for (name, value) in sigv4::sign(&request, &credentials, &scope) {
        if let Ok(mut value) = HeaderValue::try_from(value) {
            value.set_sensitive(name != "x-amz-date");
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

/// Whether a caller's signature over the request was made with the key it names, and lately.
///
/// Source: the service allows the same difference between its clock and the caller's.
pub(crate) fn is_proven(
    key: &SigningKey,
    (method, uri): (&str, &Uri),
    headers: &HeaderMap,
    payload_sha256: &str,
    clock: &Clock,
) -> bool {
    const SKEW_MS: u64 = 5 * 60 * 1_000;
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(authorization) = text("authorization").and_then(sigv4::Authorization::parse) else {
        return false;
    };
    let amz_date = text("x-amz-date").unwrap_or("");
    let fresh = Timestamp::parse_amz_date(amz_date)
        .is_some_and(|at| at.unix_ms().abs_diff(clock.now().unix_ms()) <= SKEW_MS);
    let mut pairs: Vec<(&str, &str)> = headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
        .collect();
    if let (None, Some(authority)) = (text("host"), uri.authority()) {
        pairs.push(("host", authority.as_str()));
    }
    let covers_host = authorization
        .signed_headers
        .iter()
        .any(|name| name == "host");
    let request = sigv4::Request {
        method,
        path: uri.path(),
        query: uri.query().unwrap_or(""),
        headers: &pairs,
        payload_sha256,
    };
    fresh
        && covers_host
        && sigv4::verify(&authorization, &request, amz_date, &key.secret_access_key)
}

/// Lowercase hex SHA-256 of a body that is read piece by piece.
pub(crate) fn hash_of(reader: &mut dyn Read) -> std::io::Result<String> {
    let mut hasher = Sha256::new();
    let mut piece = vec![0; 64 * 1024];
    loop {
        match reader.read(&mut piece)? {
            0 => break,
            length => hasher.update(&piece[..length]),
        }
    }
    let mut text = String::with_capacity(64);
    for byte in hasher.finalize() {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
        }
    }
    Ok(text)
}
