//! `GET /corelog/v1/events`: new events of log groups, each as soon as it is durable.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use corelog_access::Caller;
use corelog_store::Event;
use corelog_tail::{Filter, Session, Streams, Tailed};
use corelog_types::LogGroupName;
use futures_util::stream;
use http::Response;
use serde::Serialize;

use super::Problem;
use super::error::with_type;
use super::pairs::{pairs, pattern};
use crate::{Action, Api, Body};

const HINT: &str =
    "`group` is the name of a log group and may come again, `pattern` is a filter pattern";

/// A line of the answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    log_group: &'a str,
    log_stream: &'a str,
    timestamp: u64,
    ingestion_time: u64,
    message: &'a str,
}

/// The line that says that events are missing.
#[derive(Serialize)]
struct Gap {
    missed: u64,
}

/// Streams events as lines of JSON, in the order in which they were taken in, until the caller goes.
pub(crate) async fn events(
    api: &Api,
    query: &str,
    caller: &Caller,
) -> Result<Response<Body>, Problem> {
    let filter = filter(query)?;
    api.may_admin(caller, Action::TailEvents)?;
    for group in &filter.groups {
        exists(api, group).await?;
    }
    let session = api.tails().begin(filter).ok_or_else(|| {
        Problem::too_many(
            "as many live tails are open as may be",
            "close one that nobody looks at",
        )
    })?;
    let pieces = stream::try_unfold(session, next_piece);
    Ok(with_type(
        Body::Stream(Box::pin(pieces)),
        "application/x-ndjson",
    ))
}

async fn exists(api: &Api, group: &str) -> Result<(), Problem> {
    let found = match LogGroupName::new(group) {
        Ok(name) => api.catalog().group(&name).await,
        Err(_) => Ok(None),
    };
    match found {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(Problem::not_found(
            format!("there is no log group `{group}`"),
            "`aws logs describe-log-groups` lists them",
        )),
        Err(error) => Err(Problem::internal(&error)),
    }
}

fn filter(query: &str) -> Result<Filter, Problem> {
    let mut filter = Filter {
        groups: Vec::new(),
        streams: Streams::All,
        pattern: None,
    };
    for (name, value) in pairs(query)? {
        match &*name {
            "group" => filter.groups.push(value.as_str().into()),
            "pattern" => filter.pattern = Some(pattern(&value)?),
            _ => return Err(Problem::bad_request(format!("`{name}` is not known"), HINT)),
        }
    }
    if filter.groups.is_empty() {
        return Err(Problem::bad_request("no log group is named", HINT));
    }
    Ok(filter)
}

async fn next_piece(mut session: Session) -> io::Result<Option<(Bytes, Session)>> {
    let mut piece = Vec::new();
    match session.next().await {
        None => return Ok(None),
        Some(Tailed::Missed(missed)) => push(&mut piece, &Gap { missed })?,
        Some(Tailed::Events(events)) => {
            for event in &events {
                push(&mut piece, &shown(event))?;
            }
        }
    }
    Ok(Some((piece.into(), session)))
}

fn push(piece: &mut Vec<u8>, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *piece, line)?;
    piece.push(b'\n');
    Ok(())
}

fn shown(event: &Arc<Event>) -> Line<'_> {
    Line {
        log_group: &event.group,
        log_stream: &event.stream,
        timestamp: event.timestamp.unix_ms(),
        ingestion_time: event.ingested.unix_ms(),
        message: &event.message,
    }
}
