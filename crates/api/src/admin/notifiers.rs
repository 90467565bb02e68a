//! `GET /corelog/v1/notifiers`, `POST /corelog/v1/notifiers/{name}/test`: who hears of alarms, and whether they do.

use std::fmt;

use async_trait::async_trait;
use corelog_access::Caller;
use corelog_types::Timestamp;
use http::Response;
use serde::Serialize;

use super::Problem;
use super::error::json;
use crate::{Action, Api, Body};

/// Who hears of alarms; the binary implements it over those that the configuration names.
#[async_trait]
pub trait Notifiers: Send + Sync + fmt::Debug {
    /// How each of them does, by name.
    fn list(&self) -> Vec<NotifierReport>;

    /// Sends a test to one, now and once; `None` if there is none of that name. An error says why it did not arrive.
    async fn test(&self, name: &str) -> Option<Result<(), String>>;
}

/// How a notifier does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotifierReport {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// Where it is, without a secret.
    pub place: String,
    /// Notifications that arrived since the start.
    pub delivered: u64,
    /// Notifications that were given up since the start.
    pub given_up: u64,
    /// When the last one arrived.
    pub last_delivery: Option<Timestamp>,
    /// Failures since then.
    pub failures: u32,
    /// What was wrong the last time.
    pub last_error: Option<String>,
    /// When it is tried again.
    pub waits_until: Option<Timestamp>,
}

#[derive(Serialize)]
struct ListForm {
    notifiers: Vec<Form>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Form {
    name: String,
    kind: String,
    place: String,
    delivered: u64,
    given_up: u64,
    failures: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_delivery: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_until: Option<String>,
}

#[derive(Serialize)]
struct TestForm {
    tested: String,
}

impl From<NotifierReport> for Form {
    fn from(report: NotifierReport) -> Self {
        Self {
            name: report.name,
            kind: report.kind,
            place: report.place,
            delivered: report.delivered,
            given_up: report.given_up,
            failures: report.failures,
            last_delivery: report.last_delivery.map(Timestamp::rfc3339_seconds),
            last_error: report.last_error,
            waits_until: report.waits_until.map(Timestamp::rfc3339_seconds),
        }
    }
}

/// Lists the notifiers.
pub(crate) fn notifiers(api: &Api, caller: &Caller) -> Result<Response<Body>, Problem> {
    api.may_admin(caller, Action::ListNotifiers)?;
    let reports = api.notifiers().list();
    Ok(json(&ListForm {
        notifiers: reports.into_iter().map(Form::from).collect(),
    }))
}

/// Sends a test to a notifier, and waits until it arrived.
pub(crate) async fn test_notifier(
    api: &Api,
    name: &str,
    caller: &Caller,
) -> Result<Response<Body>, Problem> {
    api.may_admin(caller, Action::TestNotifier)?;
    match api.notifiers().test(name).await {
        Some(Ok(())) => Ok(json(&TestForm {
            tested: name.to_owned(),
        })),
        Some(Err(why)) => Err(Problem::bad_gateway(
            format!("the test did not reach `{name}`: {why}"),
            "look at the notifier's block in the configuration, and at the receiver",
        )),
        None => Err(Problem::not_found(
            format!("there is no notifier `{name}`"),
            "`corelog notifier list` shows those that the running server has",
        )),
    }
}
