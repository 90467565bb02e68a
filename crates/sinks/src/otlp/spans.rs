//! Entries of a batch as requests, each made when it is its turn: no more than one is held.

use std::io::{self, Read, Write as _};

use corelog_catalog::{Modalities, Modality};
use corelog_delivery::{Batch, Entry};
use corelog_otel::export::{self, Exported, Media, Sender};
use corelog_record::events::is_batch;
use corelog_record::stored::{self, PartHeader, PartName, Place, StoredRecord};
use corelog_record::{BodyForm, Document};
use corelog_types::{RecordId, Timestamp};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::modality;

/// A body over this is not read: nothing in it would be sent.
const BODY_BYTES_MAX: u64 = 1 << 20;
/// A request is closed once it holds this much of bodies. Receivers take 4 MiB and more.
const BODIES_BYTES_MAX: usize = 2 << 20;

/// What is sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    pub(super) gzip_level: u32,
    pub(super) content: bool,
    pub(super) reported: bool,
    pub(super) modalities: Modalities,
}

/// A call whose span is sent.
pub(super) struct Call {
    id: RecordId,
    document: Document,
    input: Option<Vec<u8>>,
    output: Option<Vec<u8>>,
}

impl Call {
    pub(super) fn exported(&self, form: Form) -> Exported<'_> {
        Exported {
            id: self.id,
            began: Timestamp::from_unix_ms(self.id.unix_ms()),
            document: &self.document,
            input: self.input.as_deref(),
            output: self.output.as_deref(),
            content: form.content,
            media: form.media(),
        }
    }
}

impl Form {
    /// A body is of one kind, and has parts of others.
    fn media(self) -> Media {
        Media {
            image: self.modalities.contains(Modality::Image),
            audio: self.modalities.contains(Modality::Audio),
            video: self.modalities.contains(Modality::Video),
        }
    }
}

/// A request.
pub(super) struct Request {
    pub(super) body: Vec<u8>,
    pub(super) is_gzip: bool,
}

/// What was made of some entries.
pub(super) struct Made {
    /// None where none of them is to be sent.
    pub(super) request: Option<Request>,
    /// The calls of its spans, without their bodies.
    pub(super) calls: Vec<Call>,
    /// Records that cannot be read.
    pub(super) unreadable: u64,
    /// The first entry behind them.
    pub(super) next: usize,
}

/// The request of the entries from `from` on, as many as fit. Blocks on blobs.
pub(super) fn next_request(
    batch: &Batch,
    from: usize,
    spans_max: usize,
    form: Form,
    sender: &Sender,
) -> io::Result<Made> {
    let mut made = Made {
        request: None,
        calls: Vec::new(),
        unreadable: 0,
        next: from,
    };
    let mut bodies_bytes = 0;
    for entry in &batch.entries[from..] {
        if made.calls.len() >= spans_max || bodies_bytes >= BODIES_BYTES_MAX {
            break;
        }
        made.next += 1;
        // Log events that somebody put here stay here.
        if is_batch(&entry.payload) {
            continue;
        }
        match stored::decode(&entry.payload) {
            Ok(record) => {
                if let Some(call) = call(batch, entry, record, form)? {
                    let bytes = |body: &Option<Vec<u8>>| body.as_ref().map_or(0, Vec::len);
                    bodies_bytes += bytes(&call.input) + bytes(&call.output);
                    made.calls.push(call);
                }
            }
            Err(error) => {
                tracing::error!(
                    destination = %batch.destination, sequence = %entry.sequence, record = %entry.id,
                    error = %error, "a stored record cannot be read; it has no span"
                );
                made.unreadable += 1;
            }
        }
    }
    let exported: Vec<Exported<'_>> = made.calls.iter().map(|call| call.exported(form)).collect();
    if let Some(body) = export::traces(&exported, sender) {
        let (body, is_gzip) = packed(body, form.gzip_level)?;
        made.request = Some(Request { body, is_gzip });
    }
    for call in &mut made.calls {
        (call.input, call.output) = (None, None);
    }
    Ok(made)
}

/// A body as it goes out, and whether it is compressed.
pub(super) fn packed(body: Vec<u8>, gzip_level: u32) -> io::Result<(Vec<u8>, bool)> {
    if gzip_level == 0 {
        return Ok((body, false));
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(gzip_level));
    encoder.write_all(&body)?;
    Ok((encoder.finish()?, true))
}

/// A record as the call that is sent, if it is to be.
fn call(
    batch: &Batch,
    entry: &Entry,
    record: StoredRecord<'_>,
    form: Form,
) -> io::Result<Option<Call>> {
    let document = &record.document;
    let is_reported = document
        .corelog
        .as_ref()
        .is_some_and(|it| it.span.is_some());
    if !export::has_span(document) || (is_reported && !form.reported) {
        return Ok(None);
    }
    let body = |name: PartName| -> io::Result<Option<Vec<u8>>> {
        let is_wanted = form.content && form.modalities.contains(modality::of_body(document, name));
        match record.part(name).filter(|_| is_wanted) {
            Some((header, inline)) => read(batch, entry, header, inline),
            None => Ok(None),
        }
    };
    let (input, output) = (body(PartName::Input)?, body(PartName::Output)?);
    Ok(Some(Call {
        id: entry.id,
        input,
        output,
        document: record.document,
    }))
}

/// A body that is JSON and not too large. One that is gone from the disk is left out.
fn read(
    batch: &Batch,
    entry: &Entry,
    header: &PartHeader,
    inline: &[u8],
) -> io::Result<Option<Vec<u8>>> {
    let is_json = matches!(header.form, BodyForm::Json | BodyForm::Pretty);
    if !is_json || header.bytes > BODY_BYTES_MAX {
        return Ok(None);
    }
    match header.at {
        Place::Inline => Ok(Some(inline.to_vec())),
        Place::Blob => match batch.blobs.open(entry.id, header.name.as_str()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
            Ok(blob) => {
                let mut bytes = Vec::new();
                blob.take(BODY_BYTES_MAX).read_to_end(&mut bytes)?;
                Ok(Some(bytes))
            }
        },
    }
}
