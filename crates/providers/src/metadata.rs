//! What callers say in headers about who calls and why: our own headers, and those their users already send to
//! other gateways. One table, one pass.

use crate::facts::RequestFacts;
use crate::headers::Headers;
use crate::json::{Kind, is_valid, kind, members, string_of, unescape};

/// Header values longer than this are not read as JSON (Bedrock's own limit is 8,500 characters).
const JSON_BYTES_MAX: usize = 16 * 1024;

/// Pairs kept of all headers together.
const PAIRS_MAX: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    User,
    Session,
    Trace,
    /// W3C trace context.
    TraceParent,
    /// The rest of the name is a tag's key.
    TagPrefix,
    /// A JSON object of tags; `_user` in it is the user (Portkey).
    TagsJson,
    /// `a,b,c`
    TagList,
    /// A JSON object that the provider itself records.
    MetadataJson,
    PerformanceLatency,
    ServiceTier,
    GuardrailId,
    GuardrailVersion,
}

/// Our own headers come first, because the first header that says a thing wins only among equals: a later row
/// never overwrites what an earlier row found.
///
/// Sources: <https://docs.helicone.ai/helicone-headers/header-directory>,
/// <https://portkey.ai/docs/product/observability/metadata>,
/// <https://docs.litellm.ai/docs/proxy/request_headers>,
/// <https://developers.cloudflare.com/ai-gateway/configuration/custom-metadata/>,
/// <https://www.w3.org/TR/trace-context/>, and the `bedrock-runtime` service model.
const TABLE: [(&str, Meaning); 24] = [
    ("x-corelog-user", Meaning::User),
    ("x-corelog-session", Meaning::Session),
    ("x-corelog-trace", Meaning::Trace),
    ("x-corelog-tag-", Meaning::TagPrefix),
    ("traceparent", Meaning::TraceParent),
    ("x-amzn-bedrock-request-metadata", Meaning::MetadataJson),
    (
        "x-amzn-bedrock-performanceconfig-latency",
        Meaning::PerformanceLatency,
    ),
    ("x-amzn-bedrock-service-tier", Meaning::ServiceTier),
    ("x-amzn-bedrock-guardrailidentifier", Meaning::GuardrailId),
    ("x-amzn-bedrock-guardrailversion", Meaning::GuardrailVersion),
    ("helicone-user-id", Meaning::User),
    ("helicone-session-id", Meaning::Session),
    ("helicone-property-", Meaning::TagPrefix),
    ("x-portkey-metadata", Meaning::TagsJson),
    ("x-portkey-trace-id", Meaning::Trace),
    ("x-litellm-end-user-id", Meaning::User),
    ("x-litellm-customer-id", Meaning::User),
    ("x-litellm-session-id", Meaning::Session),
    ("x-litellm-trace-id", Meaning::Trace),
    ("x-litellm-tags", Meaning::TagList),
    ("x-litellm-spend-logs-metadata", Meaning::TagsJson),
    ("cf-aig-metadata", Meaning::TagsJson),
    ("x-session-id", Meaning::Session),
    ("x-amzn-trace-id", Meaning::Trace),
];

/// Reads every known header into `facts`.
pub(crate) fn read(headers: &dyn Headers, facts: &mut RequestFacts) {
    let mut ranks = Ranks::default();
    headers.each(&mut |name, value| {
        let Some((rank, meaning, rest)) = find(name) else {
            return;
        };
        let value = value.trim();
        if !value.is_empty() {
            apply(meaning, rank, rest, value, facts, &mut ranks);
        }
    });
}

/// The table row behind each fact found so far; a lower row gives way to a higher one.
#[derive(Debug, Default)]
struct Ranks {
    user: Option<usize>,
    session: Option<usize>,
    trace: Option<usize>,
}

fn find(name: &str) -> Option<(usize, Meaning, &str)> {
    // Most headers of a request are none of ours: this keeps them off the table.
    if !matches!(
        name.as_bytes().first()?,
        b'x' | b'X' | b't' | b'T' | b'h' | b'H' | b'c' | b'C'
    ) {
        return None;
    }
    TABLE
        .iter()
        .enumerate()
        .find_map(|(rank, (known, meaning))| {
            let rest = name.get(known.len()..)?;
            let matches = name[..known.len()].eq_ignore_ascii_case(known)
                && (rest.is_empty() != (*meaning == Meaning::TagPrefix));
            matches.then_some((rank, *meaning, rest))
        })
}

fn apply(
    meaning: Meaning,
    rank: usize,
    rest: &str,
    value: &str,
    facts: &mut RequestFacts,
    ranks: &mut Ranks,
) {
    match meaning {
        Meaning::User => set(&mut facts.user, &mut ranks.user, rank, value),
        Meaning::Session => set(&mut facts.session, &mut ranks.session, rank, value),
        Meaning::Trace => set(&mut facts.trace, &mut ranks.trace, rank, value),
        Meaning::TraceParent => {
            if let Some((trace, span)) = trace_parent(value) {
                set(&mut facts.trace, &mut ranks.trace, rank, trace);
                facts.parent_span = Some(span.to_owned());
            }
        }
        Meaning::TagPrefix => add(&mut facts.tags, rest.to_ascii_lowercase(), value.to_owned()),
        Meaning::TagList => add(&mut facts.tags, "tags".to_owned(), value.to_owned()),
        Meaning::TagsJson => {
            for (key, value) in pairs(value) {
                if key == "_user" {
                    set(&mut facts.user, &mut ranks.user, rank, &value);
                }
                add(&mut facts.tags, key, value);
            }
        }
        Meaning::MetadataJson => {
            for (key, value) in pairs(value) {
                add(&mut facts.metadata, key, value);
            }
        }
        Meaning::PerformanceLatency => facts.performance_latency = Some(value.to_owned()),
        Meaning::ServiceTier => facts.service_tier = Some(value.to_owned()),
        Meaning::GuardrailId => facts.guardrail_id = Some(value.to_owned()),
        Meaning::GuardrailVersion => facts.guardrail_version = Some(value.to_owned()),
    }
}

fn set(field: &mut Option<String>, held: &mut Option<usize>, rank: usize, value: &str) {
    if held.is_none_or(|held| rank < held) {
        *held = Some(rank);
        *field = Some(value.to_owned());
    }
}

fn add(pairs: &mut Vec<(String, String)>, key: String, value: String) {
    if pairs.len() < PAIRS_MAX {
        pairs.push((key, value));
    }
}

/// The pairs of a JSON object: strings as they are, other values as JSON.
fn pairs(text: &str) -> Vec<(String, String)> {
    let bytes = text.as_bytes();
    if bytes.len() > JSON_BYTES_MAX || !is_valid(bytes) {
        return Vec::new();
    }
    members(bytes)
        .take(PAIRS_MAX)
        .filter(|(_, value)| kind(value) != Kind::Null)
        .map(|(key, value)| {
            let value = string_of(value).unwrap_or_else(|| String::from_utf8_lossy(value));
            (unescape(key).into_owned(), value.into_owned())
        })
        .collect()
}

/// The trace id and the parent span of `version-trace-span-flags`.
fn trace_parent(value: &str) -> Option<(&str, &str)> {
    let hex = |text: &str| {
        text.bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let zero = |text: &str| text.bytes().all(|byte| byte == b'0');
    let mut parts = value.split('-');
    let (version, trace, span, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let lengths = [version.len(), trace.len(), span.len(), flags.len()] == [2, 32, 16, 2];
    let sound = lengths && hex(version) && hex(trace) && hex(span) && hex(flags);
    (sound && version != "ff" && !zero(trace) && !zero(span)).then_some((trace, span))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(headers: &[(&str, &str)]) -> RequestFacts {
        let mut facts = RequestFacts::default();
        read(&headers, &mut facts);
        facts
    }

    fn pair(key: &str, value: &str) -> (String, String) {
        (key.to_owned(), value.to_owned())
    }

    #[test]
    fn our_own_headers_win_whatever_the_order() {
        let found = facts(&[
            ("Helicone-User-Id", "h"),
            ("X-Corelog-User", "ours"),
            ("x-litellm-end-user-id", "l"),
            ("x-corelog-session", "s1"),
            ("X-Corelog-Tag-Team", "ports"),
            ("x-corelog-tag-", "nameless"),
            ("x-corelog-usery", "no"),
        ]);
        assert_eq!(found.user.as_deref(), Some("ours"));
        assert_eq!(found.session.as_deref(), Some("s1"));
        assert_eq!(found.tags, [pair("team", "ports")]);
    }

    #[test]
    fn headers_of_other_gateways() {
        let found = facts(&[
            ("Helicone-Session-Id", "s"),
            ("Helicone-Property-App", "web"),
            (
                "x-portkey-metadata",
                r#"{"_user":"u1","env":"prod","n":3,"gone":null}"#,
            ),
            ("x-portkey-trace-id", "t-1"),
            ("x-litellm-tags", "a,b"),
            ("cf-aig-metadata", r#"{"team":"AI \"x\""}"#),
            ("x-litellm-spend-logs-metadata", "not json"),
        ]);
        assert_eq!(found.user.as_deref(), Some("u1"));
        assert_eq!(found.session.as_deref(), Some("s"));
        assert_eq!(found.trace.as_deref(), Some("t-1"));
        assert_eq!(
            found.tags,
            [
                pair("app", "web"),
                pair("_user", "u1"),
                pair("env", "prod"),
                pair("n", "3"),
                pair("tags", "a,b"),
                pair("team", "AI \"x\""),
            ]
        );
    }

    #[test]
    fn bedrock_headers() {
        let found = facts(&[
            ("X-Amzn-Bedrock-Request-Metadata", r#"{"team":"ports"}"#),
            ("X-Amzn-Bedrock-PerformanceConfig-Latency", "optimized"),
            ("X-Amzn-Bedrock-GuardrailIdentifier", "gr1"),
            ("X-Amzn-Bedrock-GuardrailVersion", "DRAFT"),
        ]);
        assert_eq!(found.metadata, [pair("team", "ports")]);
        assert_eq!(found.performance_latency.as_deref(), Some("optimized"));
        assert_eq!(found.guardrail_id.as_deref(), Some("gr1"));
        assert_eq!(found.guardrail_version.as_deref(), Some("DRAFT"));
    }

    #[test]
    fn trace_parents_are_checked() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let found = facts(&[("traceparent", &format!("00-{trace}-00f067aa0ba902b7-01"))]);
        assert_eq!(found.trace.as_deref(), Some(trace));
        assert_eq!(found.parent_span.as_deref(), Some("00f067aa0ba902b7"));
        for bad in [
            "",
            "00-x-y-01",
            &format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
        ] {
            assert_eq!(facts(&[("traceparent", bad)]).trace, None);
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(name in "(x-corelog-tag-|x-|é|cf-aig-metadata|traceparent).{0,12}", value in ".{0,64}") {
            facts(&[(&name, &value)]);
            facts(&[("cf-aig-metadata", &value), ("traceparent", &value)]);
        }
    }
}
