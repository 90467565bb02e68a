//! `/corelog/v1/queries`: what would become of a query, and how one that was started is.

use bytes::Bytes;
use corelog_access::Caller;
use corelog_types::LogGroupName;
use corelog_wire::logs::SERVICE;
use corelog_wire::logs::shapes::{QueryStatistics, StartQueryRequest};
use corelog_wire::model::{self, Value};
use http::Response;
use serde::Serialize;

use super::Problem;
use super::error::{Place, json};
use crate::aws::Context;
use crate::logs::ask::{self, Refused, Taken};
use crate::logs::get_query_results::statistics_of;
use crate::logs::{Amount, QueryError};
use crate::{Action, Api, Body};

/// The operation whose request these take.
const START: &str = "StartQuery";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CheckedForm<'a> {
    text: &'a str,
    language: &'static str,
    log_groups: Vec<&'a str>,
    start_ms: i64,
    end_ms: i64,
    warnings: Vec<WarningForm<'a>>,
}

#[derive(Serialize)]
struct WarningForm<'a> {
    message: String,
    start: usize,
    end: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

#[derive(Serialize)]
struct PlanForm {
    parts: Vec<PartForm>,
}

#[derive(Serialize)]
struct PartForm {
    title: String,
    text: String,
}

#[derive(Serialize)]
struct EstimateForm {
    read: AmountForm,
    of: AmountForm,
}

#[derive(Serialize)]
struct AmountForm {
    files: u64,
    rows: u64,
    bytes: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct QueryForm<'a> {
    query_id: &'a str,
    status: &'static str,
    columns: &'a [String],
    rows: usize,
    ran_ms: u64,
    statistics: QueryStatistics,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorForm>,
}

#[derive(Serialize)]
struct ErrorForm {
    message: String,
    hint: String,
}

/// Takes the query as `StartQuery` would, and does not start it.
pub(crate) async fn check_query(
    api: &Api,
    body: &Bytes,
    caller: &Caller,
) -> Result<Response<Body>, Problem> {
    let taken = taken(api, body, caller).await?;
    let spec = &taken.asked.spec;
    let warnings = taken.warnings.iter().map(|warning| WarningForm {
        message: warning.to_string(),
        start: warning.location.start_char_offset,
        end: warning.location.end_char_offset,
        hint: warning.hint.as_deref(),
    });
    Ok(json(&CheckedForm {
        text: &spec.text,
        language: spec.language.as_str(),
        log_groups: spec.groups.iter().map(LogGroupName::as_str).collect(),
        start_ms: spec.start_ms,
        end_ms: spec.end_ms,
        warnings: warnings.collect(),
    }))
}

/// Says how the query would be run.
pub(crate) async fn explain_query(
    api: &Api,
    body: &Bytes,
    caller: &Caller,
) -> Result<Response<Body>, Problem> {
    let spec = taken(api, body, caller).await?.asked.spec;
    let parts = api.queries().beside(|engine| engine.explain(&spec)).await;
    let parts = parts.map_err(|error| problem(&Context::new(api, caller), &error, &spec.text))?;
    let parts = parts
        .into_iter()
        .map(|(title, text)| PartForm { title, text });
    Ok(json(&PlanForm {
        parts: parts.collect(),
    }))
}

/// Says how much the query would read.
pub(crate) async fn estimate_query(
    api: &Api,
    body: &Bytes,
    caller: &Caller,
) -> Result<Response<Body>, Problem> {
    let spec = taken(api, body, caller).await?.asked.spec;
    let estimate = api.queries().beside(|engine| engine.estimate(&spec)).await;
    let cx = Context::new(api, caller);
    let estimate = estimate.map_err(|error| problem(&cx, &error, &spec.text))?;
    Ok(json(&EstimateForm {
        read: estimate.read.into(),
        of: estimate.of.into(),
    }))
}

/// How a query is that was started: what `GetQueryResults` has no words for.
pub(crate) fn query(api: &Api, id: &str, caller: &Caller) -> Result<Response<Body>, Problem> {
    api.may_admin(caller, Action::Logs("GetQueryResults"))?;
    let Some(job) = api.queries().find(id) else {
        return Err(Problem::not_found(
            format!("there is no query `{id}`"),
            "finished queries are kept for a week at most, and not over a restart",
        ));
    };
    let error = job.error.as_ref().map(|error| ErrorForm {
        message: error.to_string(),
        hint: error.hint().unwrap_or_default().to_owned(),
    });
    Ok(json(&QueryForm {
        query_id: id,
        status: job.status.as_str(),
        columns: &job.answer.columns,
        rows: job.answer.rows.len(),
        ran_ms: job.ran_ms(api.clock().now()),
        statistics: statistics_of(&job),
        error,
    }))
}

/// The query of a request, taken for a caller who may start it.
async fn taken(api: &Api, body: &Bytes, caller: &Caller) -> Result<Taken, Problem> {
    let cx = Context::new(api, caller);
    let input = read(body)?;
    let on = ask::on(&input, &cx).map_err(|fault| Problem::of_fault(&fault))?;
    let may = cx.may(Action::Logs(START), &on);
    may.map_err(|fault| Problem::of_fault(&fault))?;
    let taken = ask::take(&input, Some(api.records()), &cx).await;
    taken.map_err(|(refused, text)| match refused {
        Refused::Fault(fault) => Problem::of_fault(&fault),
        Refused::Query(error) => problem(&cx, &error, &text),
    })
}

/// The request of `StartQuery`, checked against the model.
fn read(body: &[u8]) -> Result<StartQueryRequest, Problem> {
    let wrong = |text: String| Problem::bad_request(text, "send what StartQuery takes");
    let document = serde_json::from_slice(body);
    let mut document: Value = document.map_err(|error| wrong(error.to_string()))?;
    let shape = SERVICE.operation(START).and_then(|start| start.input);
    if let Some(shape) = shape {
        let admitted = shape.admit(&mut document);
        let violations = admitted.map_err(|error| wrong(error.to_string()))?;
        if !violations.is_empty() {
            return Err(wrong(model::sentence(&violations)));
        }
    }
    serde_json::from_value(document).map_err(|error| wrong(error.to_string()))
}

fn problem(cx: &Context<'_>, error: &QueryError, text: &str) -> Problem {
    let hint = error.hint().unwrap_or_default().to_owned();
    let place = match error {
        QueryError::Malformed(malformed) => Some(Place {
            text: text.to_owned(),
            start: malformed.start,
            end: malformed.end,
        }),
        _ => None,
    };
    let fault = ask::fault(error, cx);
    let mut problem = Problem::of_fault(&fault);
    // Where the service has one text for everything, it says already what may help.
    if !fault.message().contains(&hint) {
        problem = problem.hint(hint);
    }
    match place {
        Some(place) => problem.place(place),
        None => problem,
    }
}

impl From<Amount> for AmountForm {
    fn from(amount: Amount) -> Self {
        Self {
            files: amount.files,
            rows: amount.rows,
            bytes: amount.bytes,
        }
    }
}
