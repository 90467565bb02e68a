//! `GET /corelog/v1/streams`: what calls in flight say, as their streams pass.

use std::io;

use bytes::Bytes;
use corelog_access::Caller;
use corelog_providers::{Said, SaidKind};
use corelog_types::RecordId;
use futures_util::{StreamExt as _, future};
use http::Response;
use serde::Serialize;

use super::error::with_type;
use super::exchanges::ExchangeForm;
use super::{Exchange, Problem};
use crate::{Action, Api, Body};

/// What is seen of the streams in flight.
#[derive(Debug, Clone)]
pub enum Sight {
    /// A call whose answer streams; first of all that is seen of it.
    Began(Box<Exchange>),
    /// What it says next.
    Said(RecordId, Said),
    /// Something it said was not seen or not understood; where it is in no form that can be read, all of it.
    Gap(RecordId),
    /// Its record is made; last of all that is seen of it.
    Ended(RecordId),
    /// So many bytes of streams, of whichever calls, went by while nobody read.
    Missed(u64),
}

/// A line of the answer: whose it is, and one thing about it.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    began: Option<ExchangeForm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_input: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gap: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    missed_bytes: Option<u64>,
}

impl From<Sight> for Line {
    fn from(sight: Sight) -> Self {
        let of = |id: RecordId| Self {
            id: Some(id.to_string()),
            ..Self::default()
        };
        match sight {
            Sight::Began(exchange) => {
                let id = exchange.id;
                Self {
                    began: Some((*exchange).into()),
                    ..of(id)
                }
            }
            Sight::Said(id, Said { kind, text }) => {
                let mut line = of(id);
                let place = match kind {
                    SaidKind::Text => &mut line.text,
                    SaidKind::Reasoning => &mut line.reasoning,
                    SaidKind::ToolInput => &mut line.tool_input,
                };
                *place = Some(text);
                line
            }
            Sight::Gap(id) => Self {
                gap: Some(true),
                ..of(id)
            },
            Sight::Ended(id) => Self {
                ended: Some(true),
                ..of(id)
            },
            Sight::Missed(bytes) => Self {
                missed_bytes: Some(bytes),
                ..Self::default()
            },
        }
    }
}

/// Streams what is seen as lines of JSON, until the caller goes.
pub(crate) fn streams(api: &Api, caller: &Caller) -> Result<Response<Body>, Problem> {
    api.may_admin(caller, Action::WatchExchanges)?;
    let sights = api.exchanges().watch().ok_or_else(|| {
        Problem::too_many(
            "as many watch the calls in flight as may",
            "end a `corelog tail --stream` that nobody looks at",
        )
    })?;
    let pieces = sights
        .filter(|sights| future::ready(!sights.is_empty()))
        .map(piece)
        .take_until(api.stopping().requested());
    Ok(with_type(
        Body::Stream(Box::pin(pieces)),
        "application/x-ndjson",
    ))
}

fn piece(sights: Vec<Sight>) -> io::Result<Bytes> {
    let mut piece = Vec::new();
    for sight in sights {
        serde_json::to_writer(&mut piece, &Line::from(sight))?;
        piece.push(b'\n');
    }
    Ok(piece.into())
}
