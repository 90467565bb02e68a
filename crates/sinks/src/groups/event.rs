//! A record as a log event: its line, with the bodies inside.

use std::borrow::Cow;
use std::io::{self, Read as _};
use std::sync::Arc;

use corelog_delivery::{Batch, Entry, Receipt};
use corelog_providers::json;
use corelog_record::events::is_batch;
use corelog_record::stored::{self, PartHeader, PartName, Place, StoredRecord};
use corelog_record::{BodyForm, BodySlot, Cut, CutReason, Document, line};
use corelog_store::{Event, Position};
use corelog_types::Timestamp;

use super::{BODY_BYTES_MAX, STREAM, put};

/// The events of a batch. Blocks on blobs, and computes for as long as a batch takes.
///
/// A record that cannot be decoded becomes an event that says so: its bytes stay in the spool's history and go to the
/// other destinations.
pub(crate) fn of_batch(batch: &Batch, group: &Arc<str>) -> io::Result<(Vec<Event>, Receipt)> {
    let stream: Arc<str> = STREAM.into();
    let mut receipt = Receipt::default();
    let mut events = Vec::with_capacity(batch.entries.len());
    for entry in &batch.entries {
        receipt.records += 1;
        if is_batch(&entry.payload) {
            match put::of_entry(batch.node, entry) {
                Ok(put) => events.extend(put),
                Err(error) => {
                    tracing::error!(
                        destination = %batch.destination, sequence = %entry.sequence,
                        error = %error, "stored log events cannot be read"
                    );
                    receipt.unreadable += 1;
                }
            }
            continue;
        }
        let message = match stored::decode(&entry.payload) {
            Ok(record) => message_of(batch, entry, record)?,
            Err(error) => {
                tracing::error!(
                    destination = %batch.destination, sequence = %entry.sequence, record = %entry.id,
                    error = %error, "a stored record cannot be read; its event says so"
                );
                receipt.unreadable += 1;
                unreadable(batch, entry)
            }
        };
        events.push(Event {
            group: Arc::clone(group),
            stream: Arc::clone(&stream),
            position: Position {
                node: batch.node,
                sequence: entry.sequence,
                part: 0,
            },
            timestamp: Timestamp::from_unix_ms(entry.id.unix_ms()),
            ingested: entry.time,
            message,
        });
    }
    Ok((events, receipt))
}

fn unreadable(batch: &Batch, entry: &Entry) -> String {
    format!(
        r#"{{"unreadable":true,"corelog":{{"recordId":"{}","nodeId":"{}","sequence":{}}}}}"#,
        entry.id, batch.node, entry.sequence
    )
}

fn message_of(batch: &Batch, entry: &Entry, record: StoredRecord<'_>) -> io::Result<String> {
    let StoredRecord {
        mut document,
        parts,
    } = record;
    if let Some(extension) = &mut document.corelog {
        extension.node_id = Some(batch.node.to_string());
        extension.sequence = Some(entry.sequence.to_u64());
    }
    let (mut input, mut output) = (Inside::Absent, Inside::Absent);
    for (header, inline) in &parts {
        let slot = match header.name {
            PartName::Input if document.input.is_some() => &mut input,
            PartName::Output if document.output.is_some() => &mut output,
            PartName::Input | PartName::Output | PartName::Events => continue,
        };
        *slot = Inside::of(batch, entry, header, inline)?;
        if let Inside::LeftOut(reason) = slot {
            leave_out(&mut document, header, *reason);
        }
    }
    let mut bytes = Vec::with_capacity(entry.payload.len() + 256);
    if line(&document, input.slot(), output.slot(), &mut bytes).is_err() {
        // A body is not the JSON it was said to be.
        for (header, _) in &parts {
            leave_out(&mut document, header, CutReason::NotDecoded);
        }
        bytes.clear();
        line(&document, BodySlot::Absent, BodySlot::Absent, &mut bytes)
            .map_err(io::Error::other)?;
    }
    bytes.truncate(bytes.trim_ascii_end().len());
    String::from_utf8(bytes).map_err(io::Error::other)
}

/// Says in the record that a body is not in this event.
fn leave_out(document: &mut Document, header: &PartHeader, reason: CutReason) {
    let Some(extension) = &mut document.corelog else {
        return;
    };
    let part = header.name.as_str();
    let said = extension.cut.iter().any(|cut| cut.part == part);
    if !said && matches!(header.name, PartName::Input | PartName::Output) {
        extension.cut.push(Cut {
            part: part.to_owned(),
            reason,
            bytes: Some(header.bytes),
        });
    }
}

/// A body as it is inside a line.
enum Inside<'a> {
    Absent,
    LeftOut(CutReason),
    Json(Cow<'a, [u8]>),
    Text(String),
}

impl<'a> Inside<'a> {
    /// Binary bodies, and those over the limit, are not inside.
    fn of(batch: &Batch, entry: &Entry, header: &PartHeader, inline: &'a [u8]) -> io::Result<Self> {
        if header.form == BodyForm::Binary {
            return Ok(Self::LeftOut(CutReason::Binary));
        }
        if header.bytes > BODY_BYTES_MAX.bytes() {
            return Ok(Self::LeftOut(CutReason::OverLimit));
        }
        let bytes = match header.at {
            Place::Inline => Cow::Borrowed(inline),
            Place::Blob => match batch.blobs.open(entry.id, header.name.as_str()) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Ok(Self::LeftOut(CutReason::Disk));
                }
                Err(error) => return Err(error),
                Ok(blob) => {
                    let mut bytes = Vec::new();
                    blob.take(BODY_BYTES_MAX.bytes()).read_to_end(&mut bytes)?;
                    Cow::Owned(bytes)
                }
            },
        };
        Ok(match header.form {
            BodyForm::Json => Self::Json(bytes),
            BodyForm::Pretty => {
                let mut compact = Vec::with_capacity(bytes.len());
                if json::minify(&bytes, &mut compact) {
                    Self::Json(compact.into())
                } else {
                    Self::LeftOut(CutReason::NotDecoded)
                }
            }
            BodyForm::Text => String::from_utf8(bytes.into_owned())
                .map_or(Self::LeftOut(CutReason::NotDecoded), Self::Text),
            BodyForm::Binary => Self::LeftOut(CutReason::Binary),
        })
    }

    fn slot(&self) -> BodySlot<'_> {
        match self {
            Self::Absent | Self::LeftOut(_) => BodySlot::Absent,
            Self::Json(bytes) => BodySlot::Json(bytes),
            Self::Text(text) => BodySlot::Text(text),
        }
    }
}
