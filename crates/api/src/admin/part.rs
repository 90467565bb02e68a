//! `GET /corelog/v1/records/{id}/{input,output,events}`: one body as it was recorded.

use std::io::Read;

use bytes::Bytes;
use corelog_access::Caller;
use corelog_record::stored::{self, PartName, Place, StoredRecord};
use corelog_record::{BodyForm, Document};
use corelog_spool::BlobReader;
use futures_util::stream;
use http::{HeaderValue, Response, header};

use super::Problem;
use super::error::with_type;
use super::record::{find, parse};
use crate::{Action, Api, Body};

/// How much of a body is in memory at a time.
const PIECE_BYTES: usize = 256 << 10;

/// Streams a body with the content type it came with.
pub(crate) async fn part(
    api: &Api,
    id: &str,
    name: &str,
    caller: &Caller,
) -> Result<Response<Body>, Problem> {
    let id = parse(id)?;
    let name = match name {
        "input" => PartName::Input,
        "output" => PartName::Output,
        "events" => PartName::Events,
        other => {
            let message = format!("`{other}` is no part of a record");
            return Err(Problem::not_found(
                message,
                "the parts are input, output and events",
            ));
        }
    };
    api.may_admin(caller, Action::GetRecord)?;
    let stored = find(api, id).await?;
    let record = stored::decode(&stored.payload).map_err(|error| Problem::internal(&error))?;
    let Some((header, inline)) = record.part(name) else {
        return Err(absent(&record, name));
    };
    let content_type = content_type(&record.document, name, header.form);
    let (body, bytes) = match header.at {
        Place::Inline => (Body::from(inline.to_vec()), inline.len() as u64),
        Place::Blob => {
            let spool = api.spool().clone();
            let blob = tokio::task::spawn_blocking(move || spool.open_blob(id, name.as_str()))
                .await
                .map_err(|error| Problem::internal(&error))?
                .map_err(|error| Problem::internal(&error))?;
            let bytes = BlobReader::bytes(&blob);
            (streamed(blob), bytes)
        }
    };
    let mut response = with_type(body, &content_type);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes));
    Ok(response)
}

/// Says that there is no such body, and why, where the record knows.
fn absent(record: &StoredRecord<'_>, name: PartName) -> Problem {
    let name = name.as_str();
    let extension = record.document.corelog.as_ref();
    let cut = extension.is_some_and(|it| it.cut.iter().any(|cut| cut.part == name));
    let hint = if cut {
        "`corelog.cut` of the record says why it was left out"
    } else if name == "events" {
        "events are kept with `capture.events = true`, and only for streams"
    } else {
        "the exchange had none"
    };
    Problem::not_found(format!("the record has no {name}"), hint)
}

fn content_type(document: &Document, name: PartName, form: BodyForm) -> String {
    let stated = match name {
        PartName::Input => document
            .input
            .as_ref()
            .and_then(|it| it.input_content_type.clone()),
        PartName::Output => document
            .output
            .as_ref()
            .and_then(|it| it.output_content_type.clone()),
        PartName::Events => Some("application/jsonl".to_owned()),
    };
    let by_form = || match form {
        BodyForm::Json | BodyForm::Pretty => "application/json".to_owned(),
        BodyForm::Text => "text/plain; charset=utf-8".to_owned(),
        BodyForm::Binary => "application/octet-stream".to_owned(),
    };
    stated.unwrap_or_else(by_form)
}

fn streamed(blob: BlobReader) -> Body {
    let pieces = stream::try_unfold(blob, |mut blob| async move {
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = Vec::new();
            let limit = PIECE_BYTES as u64;
            blob.by_ref().take(limit).read_to_end(&mut piece)?;
            Ok::<_, std::io::Error>((piece, blob))
        });
        let (piece, blob) = read.await.map_err(std::io::Error::other)??;
        Ok((!piece.is_empty()).then(|| (Bytes::from(piece), blob)))
    });
    Body::Stream(Box::pin(pieces))
}
