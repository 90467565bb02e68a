//! Credentials of the configuration, put on a request in place of the caller's.

use std::io::Read;

use corelog_runtime::Clock;
use corelog_types::Dialect;
use corelog_wire::sigv4;
use http::{HeaderMap, HeaderName, HeaderValue};
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
    let now = clock.now().compact_ms();
    // `20261120T091542123Z` without its milliseconds.
    let amz_date = format!("{}Z", &now[..15]);
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
    Ok(hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}
