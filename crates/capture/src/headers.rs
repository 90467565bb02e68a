//! Which headers may enter a record: those of an allow-list, so that a secret nobody thought of stays out.

use std::collections::BTreeMap;

use http::HeaderMap;

/// Headers that say something about a call and carry no secret.
const ALLOWED: [&str; 33] = [
    "accept",
    "accept-encoding",
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "anthropic-beta",
    "anthropic-version",
    "content-encoding",
    "content-length",
    "content-type",
    "idempotency-key",
    "openai-beta",
    "openai-model",
    "openai-processing-ms",
    "openai-version",
    "request-id",
    "retry-after",
    "server",
    "traceparent",
    "user-agent",
    "via",
    "x-amzn-bedrock-accept",
    "x-amzn-bedrock-content-type",
    "x-amzn-bedrock-guardrailidentifier",
    "x-amzn-bedrock-guardrailversion",
    "x-amzn-bedrock-input-token-count",
    "x-amzn-bedrock-invocation-latency",
    "x-amzn-bedrock-output-token-count",
    "x-amzn-bedrock-trace",
    "x-amzn-errortype",
    "x-amzn-requestid",
    "x-request-id",
    "x-stainless-lang",
    "x-stainless-retry-count",
];

/// Prefixes of the same kind.
const ALLOWED_PREFIXES: [&str; 3] = ["x-ratelimit-", "anthropic-ratelimit-", "x-corelog-tag-"];

/// Never, whatever the configuration adds.
const REFUSED: [&str; 8] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "x-corelog-key",
];

/// The allow-list in force.
#[derive(Debug, Clone, Default)]
pub struct HeaderFilter {
    extra: Vec<String>,
}

impl HeaderFilter {
    /// The built-in list and some names more; names that carry secrets are left out of it again.
    pub fn new(extra: &[String]) -> Self {
        let extra = extra
            .iter()
            .map(|name| name.to_ascii_lowercase())
            .filter(|name| !REFUSED.contains(&name.as_str()))
            .collect();
        Self { extra }
    }

    pub(crate) fn keep(&self, headers: &HeaderMap) -> BTreeMap<String, String> {
        headers
            .iter()
            .filter(|(name, _)| self.allows(name.as_str()))
            .filter_map(|(name, value)| {
                Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
            })
            .collect()
    }

    fn allows(&self, name: &str) -> bool {
        ALLOWED.binary_search(&name).is_ok()
            || ALLOWED_PREFIXES
                .iter()
                .any(|prefix| name.starts_with(prefix))
            || self.extra.iter().any(|extra| extra == name)
    }
}

/// The `content-encoding`, where there is one that changes anything.
pub(crate) fn encoding_of(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("content-encoding")?.to_str().ok()?;
    (!value.is_empty() && !value.eq_ignore_ascii_case("identity")).then(|| value.to_owned())
}

/// The body's type. Where nothing is said of a body it is JSON: AWS SDKs leave the header out.
pub(crate) fn content_type_of(headers: &HeaderMap, has_body: bool) -> Option<String> {
    let said = headers
        .get("content-type")
        .and_then(|value| value.to_str().ok());
    said.or(has_body.then_some("application/json"))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_for_the_search_in_it() {
        assert!(ALLOWED.is_sorted());
    }

    #[test]
    fn secrets_stay_out_even_when_asked_for() {
        let filter = HeaderFilter::new(&["Authorization".into(), "X-Team".into()]);
        let headers: HeaderMap = [
            ("authorization", "Bearer canary"),
            ("cookie", "canary"),
            ("x-unknown", "canary"),
            ("x-team", "ports"),
            ("content-type", "application/json"),
            ("x-ratelimit-limit-tokens", "9"),
        ]
        .into_iter()
        .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
        .collect();
        let kept = filter.keep(&headers);
        let names: Vec<_> = kept.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            ["content-type", "x-ratelimit-limit-tokens", "x-team"]
        );
    }
}
