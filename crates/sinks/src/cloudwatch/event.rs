//! A record as a log event: its line, with the bodies inside as far as an event can hold them.
//!
//! An event that would be too large loses its bodies over the inline limit, as the original's events do, then, if that
//! is not enough, all of them; `corelog.cut` says so.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Read};

use corelog_catalog::Modalities;
use corelog_delivery::{Batch, Entry};
use corelog_providers::json;
use corelog_record::stored::{self, PartHeader, PartName, Place, StoredRecord};
use corelog_record::{BodyForm, BodySlot, Cut, CutReason, Document, line};
use corelog_types::RecordId;

use crate::compact::{Compacted, compacted};
use crate::modality;

/// What events hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Form {
    pub(crate) event_bytes_max: usize,
    pub(crate) inline_bytes_max: u64,
    pub(crate) modalities: Modalities,
    pub(crate) extension: bool,
}

/// One log event.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) timestamp_ms: u64,
    pub(crate) message: String,
    /// The record's.
    pub(crate) id: RecordId,
    /// The message says no more than that the record cannot be read.
    pub(crate) unreadable: bool,
}

impl fmt::Debug for Event {
    /// Messages hold prompts and answers, so only their size is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("id", &self.id)
            .field("timestamp_ms", &self.timestamp_ms)
            .field("message_bytes", &self.message.len())
            .finish_non_exhaustive()
    }
}

impl Event {
    /// An event of the beginning of time, which no log group keeps.
    pub(crate) fn probe() -> Self {
        Self {
            timestamp_ms: 0,
            message: "Corelog tries whether it may write here.".to_owned(),
            id: RecordId::from_parts(0, [0; 10]),
            unreadable: false,
        }
    }
}

/// The event of an entry. Blocks on blobs.
pub(crate) fn of_entry(batch: &Batch, entry: &Entry, form: &Form) -> io::Result<Event> {
    let read = match stored::decode(&entry.payload) {
        Ok(record) => message_of(batch, entry, record, form)?,
        Err(error) => {
            tracing::error!(
                destination = %batch.destination, sequence = %entry.sequence, record = %entry.id,
                error = %error, "a stored record cannot be read; its event says so"
            );
            None
        }
    };
    Ok(Event {
        timestamp_ms: entry.id.unix_ms(),
        id: entry.id,
        unreadable: read.is_none(),
        message: read.unwrap_or_else(|| unreadable(batch, entry)),
    })
}

fn unreadable(batch: &Batch, entry: &Entry) -> String {
    format!(
        r#"{{"unreadable":true,"corelog":{{"recordId":"{}","nodeId":"{}","sequence":{}}}}}"#,
        entry.id, batch.node, entry.sequence
    )
}

/// The record's line; `None` where not even the record without its bodies fits.
fn message_of(
    batch: &Batch,
    entry: &Entry,
    record: StoredRecord<'_>,
    form: &Form,
) -> io::Result<Option<String>> {
    let StoredRecord {
        mut document,
        parts,
    } = record;
    if !form.extension {
        document.corelog = None;
    }
    if let Some(extension) = &mut document.corelog {
        extension.node_id = Some(batch.node.to_string());
        extension.sequence = Some(entry.sequence.to_u64());
    }
    let mut bodies = Vec::with_capacity(2);
    for (header, inline) in &parts {
        let has_slot = match header.name {
            PartName::Input => document.input.is_some(),
            PartName::Output => document.output.is_some(),
            PartName::Events => false,
        };
        if !has_slot {
            continue;
        }
        let kind = modality::of_body(&document, header.name);
        let held = if form.modalities.contains(kind) {
            hold(batch, entry, header, inline, form.event_bytes_max)?
        } else {
            Held::LeftOut(CutReason::NotDelivered)
        };
        bodies.push(Body { header, held });
    }
    for limit in [u64::MAX, form.inline_bytes_max, 0] {
        for body in &mut bodies {
            body.leave_out_over(limit);
        }
        let message = joined(&document, &mut bodies)?;
        if message.len() <= form.event_bytes_max {
            return Ok(Some(message));
        }
    }
    Ok(None)
}

/// One body and what of it is in the event.
struct Body<'a> {
    header: &'a PartHeader,
    held: Held<'a>,
}

enum Held<'a> {
    Json(Cow<'a, [u8]>),
    Text(Cow<'a, str>),
    LeftOut(CutReason),
}

impl Body<'_> {
    fn leave_out_over(&mut self, limit: u64) {
        let bytes = match &self.held {
            Held::Json(bytes) => bytes.len(),
            Held::Text(text) => text.len(),
            Held::LeftOut(_) => 0,
        };
        if bytes as u64 > limit {
            self.held = Held::LeftOut(CutReason::OverLimit);
        }
    }

    /// A body that is not the JSON it was said to be is text, if it is that.
    fn settle(&mut self) {
        if let Held::Json(bytes) = &mut self.held
            && !json::is_valid(bytes)
        {
            self.held = text(std::mem::take(bytes));
        }
    }

    fn slot(&self) -> BodySlot<'_> {
        match &self.held {
            Held::Json(bytes) => BodySlot::Json(bytes),
            Held::Text(text) => BodySlot::Text(text),
            Held::LeftOut(_) => BodySlot::Absent,
        }
    }

    fn cut(&self) -> Option<Cut> {
        let Held::LeftOut(reason) = self.held else {
            return None;
        };
        Some(Cut {
            part: self.header.name.as_str().to_owned(),
            reason,
            bytes: Some(self.header.bytes),
        })
    }
}

/// Document and bodies as one line, and in it what is left out.
fn joined(document: &Document, bodies: &mut [Body<'_>]) -> io::Result<String> {
    let mut bytes = Vec::new();
    if written(document, bodies, &mut bytes).is_err() {
        bodies.iter_mut().for_each(Body::settle);
        if written(document, bodies, &mut bytes).is_err() {
            for body in bodies.iter_mut() {
                body.held = Held::LeftOut(CutReason::NotDecoded);
            }
            written(document, bodies, &mut bytes).map_err(io::Error::other)?;
        }
    }
    bytes.truncate(bytes.trim_ascii_end().len());
    String::from_utf8(bytes).map_err(io::Error::other)
}

fn written(
    document: &Document,
    bodies: &[Body<'_>],
    out: &mut Vec<u8>,
) -> Result<(), corelog_record::InvalidBody> {
    let mut document = Cow::Borrowed(document);
    for cut in bodies.iter().filter_map(Body::cut) {
        let said = document.corelog.as_ref().is_none_or(|extension| {
            let mut cuts = extension.cut.iter();
            cuts.any(|known| known.part == cut.part)
        });
        if !said && let Some(extension) = &mut document.to_mut().corelog {
            extension.cut.push(cut);
        }
    }
    let slot = |name: PartName| {
        let body = bodies.iter().find(|body| body.header.name == name);
        body.map_or(BodySlot::Absent, Body::slot)
    };
    line(
        &document,
        slot(PartName::Input),
        slot(PartName::Output),
        out,
    )
}

/// Reads a body, if an event can hold it. No more of it is held than an event can have.
fn hold<'a>(
    batch: &Batch,
    entry: &Entry,
    header: &PartHeader,
    inline: &'a [u8],
    bytes_max: usize,
) -> io::Result<Held<'a>> {
    if header.form == BodyForm::Binary {
        return Ok(Held::LeftOut(CutReason::Binary));
    }
    let fits = header.bytes <= bytes_max as u64;
    if header.form == BodyForm::Text && !fits {
        return Ok(Held::LeftOut(CutReason::OverLimit));
    }
    let as_it_is = fits && header.form != BodyForm::Pretty;
    match header.at {
        Place::Inline if as_it_is => Ok(of_form(header.form, inline.into())),
        Place::Inline => compacted(inline, bytes_max).map(held),
        Place::Blob => match batch.blobs.open(entry.id, header.name.as_str()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Ok(Held::LeftOut(CutReason::Disk))
            }
            Err(error) => Err(error),
            Ok(blob) if as_it_is => {
                let mut bytes = Vec::new();
                blob.take(bytes_max as u64).read_to_end(&mut bytes)?;
                Ok(of_form(header.form, bytes.into()))
            }
            Ok(blob) => compacted(blob, bytes_max).map(held),
        },
    }
}

fn of_form(form: BodyForm, bytes: Cow<'_, [u8]>) -> Held<'_> {
    match form {
        BodyForm::Json | BodyForm::Pretty => Held::Json(bytes),
        BodyForm::Text => text(bytes),
        BodyForm::Binary => Held::LeftOut(CutReason::Binary),
    }
}

fn text(bytes: Cow<'_, [u8]>) -> Held<'_> {
    let text = match bytes {
        Cow::Borrowed(bytes) => str::from_utf8(bytes).ok().map(Cow::Borrowed),
        Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
    };
    text.map_or(Held::LeftOut(CutReason::NotDecoded), Held::Text)
}

fn held(compacted: Compacted) -> Held<'static> {
    match compacted {
        Compacted::Fits(bytes) => Held::Json(bytes.into()),
        Compacted::TooLarge => Held::LeftOut(CutReason::OverLimit),
        Compacted::Invalid => Held::LeftOut(CutReason::NotDecoded),
    }
}
