//! Calls that are turned away at the door: who tried, and for what, is recorded; nothing of what they sent is.
//!
//! Anyone can knock, so how many of these records there are, and how large one is, are bounded. What is more is
//! counted alone.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use corelog_access::{Access, Caller};
use corelog_capture::{Call, Capture, Limits as CaptureLimits, Policies, Policy, Rule};
use corelog_providers::route;
use corelog_record::CallerFacts;
use corelog_types::Dialect;
use http::{HeaderMap, Response, request};
use parking_lot::Mutex;

use super::answer::turned_away;
use super::{path_of, split_query, version_name};
use crate::front::{self, Found};
use crate::gateway::{Routing, Shared};
use crate::provider::Provider;
use crate::refusal::Refusal;

/// Of a longer path the beginning is recorded.
const PATH_BYTES_MAX: usize = 2 * 1024;
/// Headers are looked at for the record as long as they are no more than this together.
const HEADER_BYTES_MAX: usize = 4 * 1024;

/// How many such records may be made: a bucket that holds a second's worth and fills with time.
#[derive(Default)]
pub(crate) struct Allowance {
    left: Mutex<Option<(f64, Instant)>>,
}

impl Allowance {
    /// Takes one, if there is one.
    pub(crate) fn take(&self, per_second: u32, now: Instant) -> bool {
        let most = f64::from(per_second);
        let mut left = self.left.lock();
        let (former, at) = left.unwrap_or((most, now));
        let since = now.saturating_duration_since(at).as_secs_f64();
        let held = since.mul_add(most, former).min(most);
        let taken = held >= 1.0;
        *left = Some((if taken { held - 1.0 } else { held }, now.max(at)));
        taken
    }
}

/// Someone who is turned away.
pub(crate) struct Stranger<'a> {
    parts: &'a request::Parts,
    caller: Caller,
    peer: Option<String>,
    began: Instant,
}

impl<'a> Stranger<'a> {
    /// A caller whose call does not get as far as an exchange.
    pub(crate) fn new(
        parts: &'a request::Parts,
        caller: Caller,
        peer: Option<String>,
        began: Instant,
    ) -> Self {
        let caller = match caller.unproven {
            // Whoever signed wrongly is not the one whose key it names.
            Some(_) => Access::stranger(&parts.headers),
            None => caller,
        };
        Self {
            parts,
            caller,
            peer,
            began,
        }
    }
}

/// Refuses a call before it is an exchange. It is recorded if it is a call to a model that somebody serves, and
/// the allowance lasts.
pub(crate) async fn turn_away(
    shared: &Shared,
    routing: &Routing,
    stranger: Stranger<'_>,
    refusal: &Refusal,
) -> Response<Bytes> {
    shared.note_too_large(refusal);
    let parts = stranger.parts;
    let path = path_of(&parts.uri);
    let (dialect, rest, named) = match front::find(&routing.providers, path) {
        Found::Provider(provider, rest) => (provider.dialect, rest, Some(provider)),
        Found::Dialect(dialect, rest) => (dialect, rest, None),
        Found::Nowhere => {
            shared.note_refusal(refusal);
            let dialect = front::dialect_of_stranger(path, &parts.headers);
            return refusal.answer(dialect, None);
        }
    };
    let keeper = &routing.keeper;
    let capture = match refusal {
        Refusal::NoRoute(_) => None,
        _ => capture(shared, routing, &stranger, (dialect, rest, named)),
    };
    // Without room for records nothing of a call that goes nowhere is worth a gap.
    let Some(capture) = capture.filter(|_| keeper.recorder.admit().is_ok()) else {
        shared.note_refusal(refusal);
        return refusal.answer(dialect, None);
    };
    if !shared
        .allowance
        .take(routing.limits.denied_records_per_second, stranger.began)
    {
        shared.limit_reached("denied_records_per_second");
        shared.note_refusal(refusal);
        return refusal.answer(dialect, None);
    }
    turned_away(keeper, capture, refusal, stranger.began).await
}

/// What there is to record of such a call; `None` where no provider serves it, or the policy wants no record.
fn capture(
    shared: &Shared,
    routing: &Routing,
    stranger: &Stranger<'_>,
    (dialect, rest, named): (Dialect, &str, Option<&Arc<Provider>>),
) -> Option<Capture> {
    let Stranger {
        parts,
        caller,
        peer,
        ..
    } = stranger;
    let (path, query) = split_query(beginning(rest));
    let route = route(dialect, parts.method.as_str(), path, query);
    let provider = named
        .or_else(|| front::choose(&routing.providers, dialect, route.model.as_deref()))
        .or_else(|| routing.providers.iter().find(|p| p.dialect == dialect))?;
    let arrived = shared.clock.now();
    let call = Call {
        id: corelog_runtime::record_id(arrived),
        arrived,
        provider: Arc::clone(&provider.name),
        dialect,
        account_id: Arc::clone(&routing.account_id),
        region: Arc::clone(&provider.region),
        upstream: provider.shown(&provider.upstream_path(beginning(rest))),
        method: parts.method.as_str().to_owned(),
        path: beginning(parts.uri.path()).to_owned(),
        http_version: version_name(parts.version),
        identity_arn: caller.arn(&routing.account_id),
        caller: CallerFacts {
            name: caller.name.clone(),
            key_fingerprint: caller.fingerprint.as_ref().map(|f| f.as_str().to_owned()),
            address: peer.clone(),
        },
        headers: few(&parts.headers),
        route,
    };
    let recorder = Arc::clone(&routing.keeper.recorder);
    let capture = Capture::begin(call, Arc::clone(&routing.without_bodies), recorder);
    capture.is_wanted().then_some(capture)
}

/// The capture's limits for calls of which no body is kept. Where the policy is to make no record, none is made.
pub(crate) fn without_bodies(limits: &CaptureLimits) -> CaptureLimits {
    let lowered = |policy| match policy {
        Policy::None => Policy::None,
        _ => Policy::Metadata,
    };
    let rules = limits.policies.rules.iter().map(|rule| Rule {
        policy: lowered(rule.policy),
        ..rule.clone()
    });
    CaptureLimits {
        events: false,
        policies: Policies {
            rules: rules.collect(),
            otherwise: lowered(limits.policies.otherwise),
        },
        ..limits.clone()
    }
}

fn beginning(path: &str) -> &str {
    &path[..path.floor_char_boundary(PATH_BYTES_MAX)]
}

/// The headers in their order, as long as they are not many.
fn few(headers: &HeaderMap) -> HeaderMap {
    let mut left = HEADER_BYTES_MAX;
    let mut few = HeaderMap::new();
    for (name, value) in headers {
        let bytes = name.as_str().len() + value.len();
        if bytes <= left {
            left -= bytes;
            few.append(name, value.clone());
        }
    }
    few
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_allowance_holds_a_second_s_worth_and_fills_with_time() {
        let (allowance, start) = (Allowance::default(), Instant::now());
        let taken = |at_ms| {
            let now = start + Duration::from_millis(at_ms);
            (0..100).filter(|_| allowance.take(10, now)).count()
        };
        assert_eq!(taken(0), 10);
        assert_eq!(taken(50), 0);
        assert_eq!(taken(250), 2);
        assert_eq!(taken(60_000), 10);
        // A clock that was read earlier gives nothing back.
        assert_eq!(taken(59_000), 0);
        assert!(!Allowance::default().take(0, start));
    }

    #[test]
    fn what_is_recorded_of_a_head_is_bounded() {
        let mut headers = HeaderMap::new();
        headers.insert("x-large", "x".repeat(HEADER_BYTES_MAX).parse().unwrap());
        headers.insert("user-agent", "curl".parse().unwrap());
        let few = few(&headers);
        assert_eq!(
            (few.len(), few["user-agent"].to_str().unwrap()),
            (1, "curl")
        );
        let long = format!("/{}", "é".repeat(PATH_BYTES_MAX));
        assert_eq!(beginning(&long).len(), PATH_BYTES_MAX - 1);
        assert_eq!(beginning("/v1/é"), "/v1/é");
    }
}
