//! `GET /corelog/v1/anomalies`, `GET /corelog/v1/anomalies/{id}`: what was found that is not as usual.

use corelog_access::Caller;
use corelog_catalog::{FindingsAsked, KeptFinding};
use corelog_types::Timestamp;
use http::Response;
use serde::Serialize;
use serde_json::value::RawValue;

use super::Problem;
use super::error::json;
use super::pairs::pairs;
use crate::aws::Fault;
use crate::{Action, Api, Body};

const HINT: &str = "`since` is a time in milliseconds since the epoch, `kind` is `burst`, `runaway` or `drift`, `limit` \
                    is at most 1000";
const KINDS: [&str; 3] = ["burst", "runaway", "drift"];
const LIMIT: u32 = 100;
const LIMIT_MAX: u32 = 1_000;

#[derive(Serialize)]
struct ListForm<'a> {
    anomalies: Vec<&'a RawValue>,
}

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    since: Timestamp,
    kind: Option<String>,
    limit: u32,
}

/// Lists findings, the newest first.
pub(crate) async fn anomalies(
    api: &Api,
    query: &str,
    caller: &Caller,
) -> Result<Response<Body>, Problem> {
    let asked = Asked::read(query)?;
    api.may_admin(caller, Action::ListAnomalies)?;
    let found = api.catalog().findings(FindingsAsked {
        since: asked.since,
        kind: asked.kind.as_deref(),
        limit: asked.limit,
    });
    let found = found
        .await
        .map_err(|error| Problem::of_fault(&Fault::from(error)))?;
    let documents: Vec<Box<RawValue>> = found.iter().filter_map(document).collect();
    Ok(json(&ListForm {
        anomalies: documents.iter().map(AsRef::as_ref).collect(),
    }))
}

/// Shows a finding.
pub(crate) async fn anomaly(
    api: &Api,
    id: &str,
    caller: &Caller,
) -> Result<Response<Body>, Problem> {
    api.may_admin(caller, Action::ListAnomalies)?;
    let found = api.catalog().finding(id).await;
    let found = found.map_err(|error| Problem::of_fault(&Fault::from(error)))?;
    found
        .as_ref()
        .and_then(document)
        .map(|document| json(&document))
        .ok_or_else(|| {
            Problem::not_found(
                format!("there is no anomaly `{id}`"),
                "`corelog anomaly list` shows those that were found",
            )
        })
}

fn document(found: &KeptFinding) -> Option<Box<RawValue>> {
    RawValue::from_string(found.document.clone()).ok()
}

impl Asked {
    fn read(query: &str) -> Result<Self, Problem> {
        let mut asked = Self {
            since: Timestamp::from_unix_ms(0),
            kind: None,
            limit: LIMIT,
        };
        let wrong = |what: String| Problem::bad_request(what, HINT);
        for (name, value) in pairs(query)? {
            match name.as_str() {
                "since" => {
                    let ms = value.parse();
                    let ms = ms.map_err(|_| wrong(format!("`{value}` is no time")))?;
                    asked.since = Timestamp::from_unix_ms(ms);
                }
                "kind" if KINDS.contains(&value.as_str()) => asked.kind = Some(value),
                "limit" => {
                    let limit = value.parse().ok();
                    let limit = limit.filter(|limit| (1..=LIMIT_MAX).contains(limit));
                    asked.limit =
                        limit.ok_or_else(|| wrong(format!("`{value}` is no such number")))?;
                }
                _ => return Err(wrong(format!("`{name}={value}` is not understood"))),
            }
        }
        Ok(asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_read_and_nothing_else_is() {
        let asked = Asked::read("since=1795338942000&kind=drift&limit=7").unwrap();
        let expected = Asked {
            since: Timestamp::from_unix_ms(1_795_338_942_000),
            kind: Some("drift".to_owned()),
            limit: 7,
        };
        assert_eq!(asked, expected);
        assert_eq!(Asked::read("").unwrap().limit, 100);
        for wrong in [
            "since=x",
            "since=-1",
            "kind=odd",
            "limit=0",
            "limit=1001",
            "more=1",
        ] {
            assert!(Asked::read(wrong).is_err(), "{wrong}");
        }
    }
}
