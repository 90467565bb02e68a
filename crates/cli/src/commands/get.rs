//! `corelog get ID`: one record, as a card, as JSON, or one of its bodies.

mod card;
mod curl;
mod transcript;

use std::process::ExitCode;

use anyhow::Context as _;
use corelog_types::RecordId;
use serde_json::Value;

use super::Session;
use crate::client::{Client, Found};
use crate::failure::Failure;
use crate::printer::Format;

/// Arguments.
#[derive(Debug, Clone, clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the flags exclude each other, and clap wants one field each"
)]
pub struct Args {
    /// Id of the record: the `x-corelog-record-id` header of the answer.
    id: String,
    /// The record as it is kept, one line of JSON.
    #[arg(long, group = "what")]
    raw: bool,
    /// The prompt's bytes.
    #[arg(long, group = "what")]
    request: bool,
    /// The answer's bytes; for a stream, put together again.
    #[arg(long, group = "what")]
    response: bool,
    /// The raw frames of a stream with their arrival times, where they were kept.
    #[arg(long, group = "what")]
    events: bool,
    /// A curl command that makes the same call through the gateway.
    #[arg(long, group = "what")]
    curl: bool,
}

/// A record id, so that nothing else gets into a path.
pub(super) fn checked_id(text: &str) -> anyhow::Result<RecordId> {
    text.parse().map_err(|error: corelog_types::InvalidId| {
        Failure::new(error.to_string())
            .hint("`corelog tail` and the `x-corelog-record-id` header of an answer show ids")
            .into()
    })
}

pub(super) fn run(args: &Args, mut session: Session) -> anyhow::Result<ExitCode> {
    let path = format!("/corelog/v1/records/{}", checked_id(&args.id)?);
    let part = match args {
        Args { request: true, .. } => Some("input"),
        Args { response: true, .. } => Some("output"),
        Args { events: true, .. } => Some("events"),
        _ => None,
    };
    if let Some(part) = part {
        return copy_part(&path, part, session);
    }
    let bytes = match session.client.bytes(&path)? {
        Found::Yes(bytes) => bytes,
        Found::No(failure) => return Err(failure.into()),
    };
    if args.raw || session.printer.format == Format::Json && !args.curl {
        // As it came: parsing would lose the digits of numbers.
        session
            .printer
            .line(String::from_utf8_lossy(&bytes).trim_end())?;
        return Ok(ExitCode::SUCCESS);
    }
    let record: Value = serde_json::from_slice(&bytes).context("the server's answer is no JSON")?;
    if args.curl {
        let body = part_bytes(&session.client, &path, "input")?;
        let gateway = curl::Gateway {
            base: session.client.base(),
            asks_for_key: session.client.has_key(),
        };
        session
            .printer
            .line(&curl::command(&record, body.as_deref(), &gateway, &args.id))?;
    } else {
        let input = body_of(
            &session.client,
            &path,
            "input",
            record.pointer("/input/inputBodyJson"),
        )?;
        let output = body_of(
            &session.client,
            &path,
            "output",
            record.pointer("/output/outputBodyJson"),
        )?;
        let card = card::card(&record, input.as_ref(), output.as_ref(), &session.printer);
        session.printer.line(card.trim_end())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn copy_part(path: &str, part: &str, mut session: Session) -> anyhow::Result<ExitCode> {
    match session.client.open(&format!("{path}/{part}"))? {
        Found::Yes(body) => session
            .printer
            .copy(&mut body.into_with_config().limit(u64::MAX).reader())?,
        Found::No(failure) => return Err(failure.into()),
    }
    Ok(ExitCode::SUCCESS)
}

fn part_bytes(client: &Client, path: &str, part: &str) -> anyhow::Result<Option<Vec<u8>>> {
    Ok(match client.bytes(&format!("{path}/{part}"))? {
        Found::Yes(bytes) => Some(bytes),
        Found::No(_) => None,
    })
}

/// A body as JSON: the one in the record, else what the server keeps beside it.
fn body_of(
    client: &Client,
    path: &str,
    part: &str,
    inline: Option<&Value>,
) -> anyhow::Result<Option<Value>> {
    if let Some(inline) = inline {
        return Ok(Some(inline.clone()));
    }
    let bytes = part_bytes(client, path, part)?.filter(|bytes| !bytes.is_empty());
    Ok(bytes.map(
        |bytes| match (serde_json::from_slice(&bytes), String::from_utf8(bytes)) {
            (Ok(value), _) => value,
            (Err(_), Ok(text)) => Value::String(text),
            (Err(_), Err(binary)) => {
                Value::String(format!("[{} bytes, not text]", binary.as_bytes().len()))
            }
        },
    ))
}
