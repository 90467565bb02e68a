//! A stored record as one line of JSON for people and their tools: bodies inside, up to a limit.

use std::borrow::Cow;
use std::io::{self, Read};

use corelog_providers::json;
use corelog_record::stored::{self, PartHeader, PartName, Place, StoredRecord};
use corelog_record::{BodyForm, BodySlot, line};
use corelog_spool::{Spool, Stored};

/// The largest body inside a line.
pub(crate) const BODY_BYTES_MAX: u64 = 1 << 20;

/// A record's line and the names of the bodies that are not in it.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) bytes: Vec<u8>,
    pub(crate) omitted: Vec<&'static str>,
}

/// Renders a record. One that cannot be decoded becomes a line that says so. Blocks on the disk.
pub(crate) fn of_stored(spool: &Spool, stored: &Stored) -> Line {
    let Ok(mut record) = stored::decode(&stored.payload) else {
        let text = serde_json::json!({
            "unreadable": true,
            "corelog": {
                "recordId": stored.id.to_string(),
                "sequence": stored.sequence.to_u64(),
                "nodeId": spool.node().to_string(),
            },
        });
        return Line {
            bytes: format!("{text}\n").into_bytes(),
            omitted: Vec::new(),
        };
    };
    if let Some(extension) = &mut record.document.corelog {
        extension.sequence = Some(stored.sequence.to_u64());
        extension.node_id = Some(spool.node().to_string());
    }
    let input = Inside::of(spool, stored, &record, PartName::Input);
    let output = Inside::of(spool, stored, &record, PartName::Output);
    let mut bytes = Vec::with_capacity(stored.payload.len() + 256);
    let (mut in_slot, mut out_slot) = (input.slot(), output.slot());
    if line(&record.document, in_slot, out_slot, &mut bytes).is_err() {
        // A body is not the JSON it was said to be; the record is worth showing without it.
        (in_slot, out_slot) = (BodySlot::Absent, BodySlot::Absent);
        let _ = line(&record.document, in_slot, out_slot, &mut bytes);
    }
    let slots = [
        (PartName::Input, in_slot),
        (PartName::Output, out_slot),
        (PartName::Events, BodySlot::Absent),
    ];
    let omitted = slots
        .into_iter()
        .filter(|(name, slot)| matches!(slot, BodySlot::Absent) && record.part(*name).is_some());
    Line {
        bytes,
        omitted: omitted.map(|(name, _)| name.as_str()).collect(),
    }
}

/// A body as it is inside a line.
enum Inside<'a> {
    Nothing,
    Json(Cow<'a, [u8]>),
    Text(String),
}

impl<'a> Inside<'a> {
    fn of(spool: &Spool, stored: &Stored, record: &StoredRecord<'a>, name: PartName) -> Self {
        let has_slot = match name {
            PartName::Input => record.document.input.is_some(),
            PartName::Output => record.document.output.is_some(),
            PartName::Events => false,
        };
        let part = record
            .part(name)
            .filter(|(header, _)| has_slot && header.bytes <= BODY_BYTES_MAX);
        let Some((header, inline)) = part else {
            return Self::Nothing;
        };
        let bytes = match bytes_of(spool, stored, header, inline) {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::warn!(record = %stored.id, part = name.as_str(), error = %error, "a body cannot be read");
                return Self::Nothing;
            }
        };
        match header.form {
            BodyForm::Json => Self::Json(bytes),
            BodyForm::Pretty => {
                let mut compact = Vec::with_capacity(bytes.len());
                if json::minify(&bytes, &mut compact) {
                    Self::Json(compact.into())
                } else {
                    Self::Nothing
                }
            }
            BodyForm::Text => {
                String::from_utf8(bytes.into_owned()).map_or(Self::Nothing, Self::Text)
            }
            BodyForm::Binary => Self::Nothing,
        }
    }

    fn slot(&self) -> BodySlot<'_> {
        match self {
            Self::Nothing => BodySlot::Absent,
            Self::Json(bytes) => BodySlot::Json(bytes),
            Self::Text(text) => BodySlot::Text(text),
        }
    }
}

fn bytes_of<'a>(
    spool: &Spool,
    stored: &Stored,
    header: &PartHeader,
    inline: &'a [u8],
) -> io::Result<Cow<'a, [u8]>> {
    if header.at == Place::Inline {
        return Ok(inline.into());
    }
    let blob = spool
        .open_blob(stored.id, header.name.as_str())
        .map_err(io::Error::other)?;
    let mut bytes = Vec::new();
    blob.take(BODY_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(bytes.into())
}
