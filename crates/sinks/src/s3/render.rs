//! A batch as what is to be written: gzipped lines by account and region, and the data objects they point to.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::{self, Write};

use corelog_catalog::Modalities;
use corelog_delivery::{Batch, Entry, Receipt, SinkError};
use corelog_providers::json;
use corelog_record::stored::{self, PartName, StoredRecord};
use corelog_record::{Cut, CutReason, Document, events, line};
use corelog_types::{Dialect, RecordId, Timestamp};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::data::{DataBody, DataObject};
use super::layout::Layout;
use super::place::{self, Apart, Body, Placed};

/// How records are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Form {
    pub(crate) inline_bytes_max: u64,
    pub(crate) gzip_level: u32,
    pub(crate) modalities: Modalities,
    pub(crate) extension: bool,
    /// Whether the records themselves are written.
    pub(crate) lines: bool,
    pub(crate) apart: Apart,
}

/// What rendering depends on besides the batch.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) layout: Layout,
    pub(crate) form: Form,
    /// What goes before a key to make the URL of an object.
    pub(crate) base: String,
}

/// A batch ready to be put.
#[derive(Debug)]
pub(crate) struct Rendered {
    pub(crate) data: Vec<DataObject>,
    pub(crate) batches: Vec<(String, Vec<u8>)>,
    pub(crate) receipt: Receipt,
}

/// The lines of one account and region.
struct Group {
    account_id: String,
    region: String,
    lines: GzEncoder<Vec<u8>>,
}

struct Renderer<'a> {
    batch: &'a Batch,
    context: &'a Context,
    groups: Vec<Group>,
    data: Vec<DataObject>,
    /// What the data objects' keys of the batch's records begin with.
    data_keys: HashSet<String>,
    /// Reused for every line.
    line: Vec<u8>,
}

/// Renders a batch. Blocks on blobs, and computes for as long as a batch takes.
///
/// Log events that somebody put are no records of invocations: this layout has no place for them.
///
/// A record that cannot be decoded is no error: its bytes become an object under `unreadable/`, where
/// somebody may find them, and the batch goes on without it.
pub(crate) fn render(batch: &Batch, context: &Context) -> Result<Rendered, SinkError> {
    let mut renderer = Renderer::new(batch, context);
    let mut receipt = Receipt::default();
    let records = batch.entries.iter();
    for entry in records.filter(|entry| !events::is_batch(&entry.payload)) {
        receipt.records += 1;
        match stored::decode(&entry.payload) {
            Ok(record) => renderer
                .record(entry, record)
                .map_err(|error| SinkError::new("render record", entry.id.to_string(), error))?,
            Err(error) => {
                tracing::error!(
                    destination = %batch.destination, sequence = %entry.sequence, record = %entry.id,
                    error = %error, "a stored record cannot be read; its bytes are put aside"
                );
                receipt.unreadable += 1;
                if context.form.lines {
                    renderer.put_aside(entry);
                }
            }
        }
    }
    renderer
        .finish(receipt)
        .map_err(|error| SinkError::new("render", batch.destination.clone(), error))
}

/// The line of one record, and nothing of what it points to; `None` where it cannot be decoded. `batch` says where the
/// record is from. Blocks on blobs.
pub(crate) fn line_of(
    batch: &Batch,
    entry: &Entry,
    context: &Context,
) -> io::Result<Option<Vec<u8>>> {
    let Ok(record) = stored::decode(&entry.payload) else {
        return Ok(None);
    };
    let mut renderer = Renderer::new(batch, context);
    renderer.record(entry, record)?;
    Ok(Some(renderer.line))
}

impl<'a> Renderer<'a> {
    fn new(batch: &'a Batch, context: &'a Context) -> Self {
        Self {
            batch,
            context,
            groups: Vec::new(),
            data: Vec::new(),
            data_keys: HashSet::new(),
            line: Vec::with_capacity(16 << 10),
        }
    }

    fn record(&mut self, entry: &Entry, record: StoredRecord<'_>) -> io::Result<()> {
        let StoredRecord {
            mut document,
            parts,
        } = record;
        let data_key = self.data_key(entry, &document);
        self.extend(entry, &mut document);
        let document = &document;
        let (mut input, mut output) = (Placed::Absent, Placed::Absent);
        let mut bodies = [None, None];
        for (header, inline) in &parts {
            let body = Body {
                context: self.context,
                batch: self.batch,
                entry,
                document,
                header,
                inline,
                data_key: &data_key,
            };
            match header.name {
                PartName::Input if document.input.is_some() => {
                    input = body.place(&mut self.data)?;
                    bodies[0] = Some(body);
                }
                PartName::Output if document.output.is_some() => {
                    output = body.place(&mut self.data)?;
                    bodies[1] = Some(body);
                }
                PartName::Events if self.context.form.lines => {
                    place::events(body, &mut self.data)?;
                }
                // The document has no slot for this body, or its readers are elsewhere: such a record is delivered
                // without it.
                PartName::Input | PartName::Output | PartName::Events => {}
            }
        }
        self.line.clear();
        let document = with_losses(document, [&input, &output]);
        if line(&document, input.slot(), output.slot(), &mut self.line).is_err() {
            for (placed, body) in [&mut input, &mut output].into_iter().zip(bodies) {
                if let Some(body) = body {
                    settle(placed, body, &mut self.data);
                }
            }
            line(&document, input.slot(), output.slot(), &mut self.line)
                .map_err(io::Error::other)?;
        }
        if self.context.form.lines {
            self.append(&document)?;
        }
        Ok(())
    }

    /// What the keys of the record's data objects begin with: `…/data/<requestId>_`, as the original has it.
    ///
    /// Where that name may be another record's too, the record's own id goes into it, so that no body is
    /// written over another's: behind an id that is not the service's, and behind one that an earlier
    /// record of the batch has.
    fn data_key(&mut self, entry: &Entry, document: &Document) -> String {
        let at = Timestamp::from_unix_ms(entry.id.unix_ms());
        let (account_id, region) = (&document.account_id, &document.region);
        let layout = &self.context.layout;
        let key = layout.data(account_id, region, at, &document.request_id);
        // Where the line is another's to write, the name cannot depend on the batch.
        let is_first =
            |keys: &mut HashSet<String>| !self.context.form.lines || keys.insert(key.clone());
        if is_unique(document, entry.id) && is_first(&mut self.data_keys) {
            key
        } else {
            format!("{key}{}_", entry.id)
        }
    }

    /// Makes the document what this destination shows: with its place in the node's history, or without
    /// our extension.
    fn extend(&self, entry: &Entry, document: &mut Document) {
        if !self.context.form.extension {
            document.corelog = None;
        }
        if let Some(extension) = &mut document.corelog {
            extension.node_id = Some(self.batch.node.to_string());
            extension.sequence = Some(entry.sequence.to_u64());
        }
    }

    /// Adds the line at hand to its account's and region's object.
    fn append(&mut self, document: &Document) -> io::Result<()> {
        let known = self.groups.iter().position(|group| {
            group.account_id == document.account_id && group.region == document.region
        });
        let at = known.unwrap_or_else(|| {
            let level = Compression::new(self.context.form.gzip_level);
            self.groups.push(Group {
                account_id: document.account_id.clone(),
                region: document.region.clone(),
                lines: GzEncoder::new(Vec::with_capacity(64 << 10), level),
            });
            self.groups.len() - 1
        });
        self.groups[at].lines.write_all(&self.line)
    }

    fn put_aside(&mut self, entry: &Entry) {
        self.data.push(DataObject {
            key: self.context.layout.unreadable(self.batch, entry),
            content_type: "application/octet-stream",
            body: DataBody::Ready(entry.payload.clone().into()),
        });
    }

    fn finish(self, receipt: Receipt) -> io::Result<Rendered> {
        let mut batches = Vec::with_capacity(self.groups.len());
        for group in self.groups {
            let layout = &self.context.layout;
            let key = layout.batch(&group.account_id, &group.region, self.batch);
            batches.push((key, group.lines.finish()?));
        }
        Ok(Rendered {
            data: self.data,
            batches,
            receipt,
        })
    }
}

/// Whether no other record should have this request id: it is the record's own, or a UUID that Bedrock gave.
fn is_unique(document: &Document, id: RecordId) -> bool {
    let request_id = &document.request_id;
    let is_uuid = || request_id.len() == 36 && request_id.parse::<RecordId>().is_ok();
    // A record without our extension is one that Bedrock itself might have written.
    let extension = document.corelog.as_ref();
    let by_bedrock = || extension.is_none_or(|it| it.dialect == Dialect::Bedrock.as_str());
    *request_id == id.to_string() || (by_bedrock() && is_uuid())
}

/// Says in the document which bodies the spool no longer has, and which are not for this destination.
fn with_losses<'d>(document: &'d Document, places: [&Placed<'_>; 2]) -> Cow<'d, Document> {
    let parts = [PartName::Input, PartName::Output].into_iter().zip(places);
    let cuts: Vec<Cut> = parts
        .filter_map(|(part, placed)| {
            let reason = match placed {
                Placed::Lost => CutReason::Disk,
                Placed::Withheld | Placed::Files(_) => CutReason::NotDelivered,
                Placed::Nowhere(reason) => *reason,
                Placed::Absent | Placed::Json(_) | Placed::Text(_) | Placed::Path(_) => {
                    return None;
                }
            };
            Some(Cut {
                part: part.as_str().to_owned(),
                reason,
                bytes: None,
            })
        })
        .collect();
    if cuts.is_empty() {
        return Cow::Borrowed(document);
    }
    let mut document = document.clone();
    if let Some(extension) = &mut document.corelog {
        extension.cut.extend(cuts);
    }
    Cow::Owned(document)
}

/// Gives a body that is not the JSON it was said to be a place as other bytes.
fn settle<'a>(placed: &mut Placed<'a>, body: Body<'a>, data: &mut Vec<DataObject>) {
    if let Placed::Json(bytes) = placed
        && !json::is_valid(bytes)
    {
        let bytes = std::mem::take(bytes);
        *placed = body.place_as_bytes(bytes, data);
    }
}
