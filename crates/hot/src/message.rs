//! A record as the message of a log event: its line, with the bodies inside.

use std::borrow::Cow;
use std::io::{self, Read as _};

use corelog_providers::json;
use corelog_record::stored::{PartHeader, PartName, Place, StoredRecord};
use corelog_record::{BodyForm, BodySlot, Cut, CutReason, Document, line};
use corelog_spool::{Error, Spool};
use corelog_types::{ByteSize, NodeId};

use crate::Entry;

/// Bodies up to this size are in an event's message.
pub const BODY_BYTES_MAX: ByteSize = ByteSize::from_bytes(16 << 20);

/// The message of a record. Blocks on blobs.
pub(crate) fn of(
    spool: &Spool,
    node: NodeId,
    entry: Entry<'_>,
    record: StoredRecord<'_>,
) -> io::Result<String> {
    let StoredRecord {
        mut document,
        parts,
    } = record;
    if let Some(extension) = &mut document.corelog {
        extension.node_id = Some(node.to_string());
        extension.sequence = Some(entry.sequence.to_u64());
    }
    let (mut input, mut output) = (Inside::Absent, Inside::Absent);
    for (header, inline) in &parts {
        let slot = match header.name {
            PartName::Input if document.input.is_some() => &mut input,
            PartName::Output if document.output.is_some() => &mut output,
            PartName::Input | PartName::Output | PartName::Events => continue,
        };
        *slot = Inside::of(spool, entry, header, inline)?;
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
    fn of(
        spool: &Spool,
        entry: Entry<'_>,
        header: &PartHeader,
        inline: &'a [u8],
    ) -> io::Result<Self> {
        if header.form == BodyForm::Binary {
            return Ok(Self::LeftOut(CutReason::Binary));
        }
        if header.bytes > BODY_BYTES_MAX.bytes() {
            return Ok(Self::LeftOut(CutReason::OverLimit));
        }
        let bytes = match header.at {
            Place::Inline => Cow::Borrowed(inline),
            Place::Blob => match spool.open_blob(entry.id, header.name.as_str()) {
                Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                    return Ok(Self::LeftOut(CutReason::Disk));
                }
                Err(Error::Io { source, .. }) => return Err(source),
                Err(error) => return Err(io::Error::other(error)),
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
