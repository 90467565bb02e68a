//! Where one body goes: into the line, into an object of its own, or nowhere.
//!
//! | body | up to the inline limit | over it |
//! |---|---|---|
//! | JSON, measured without the whitespace between its tokens | in the line | `<name>.json.gz`, as it came |
//! | other text | in the line, as a JSON string | `<name>.<ext>`, as it came |
//! | binary | `<name>.<ext>`, as it came | the same |
//!
//! Converse media are cut out of the body first, each into `<name>_media_NN.<ext>`. A kind of data that
//! the destination does not deliver leaves nothing behind but a word in `corelog.cut`; the rest of the record stays.
//! In Converse bodies that goes block by block: without text, the messages stay with their files.

use std::borrow::Cow;
use std::io::{self, Read};

use bytes::Bytes;
use corelog_catalog::{Modalities, Modality};
use corelog_delivery::{Batch, Entry};
use corelog_record::stored::{PartHeader, Place};
use corelog_record::{BodyForm, BodySlot, CutReason, Document};

use super::data::{BlobBody, DataBody, DataObject, GZIP_TYPE, gzip};
use super::media::{self, Rest};
use super::render::Context;
use crate::compact::{Compacted, compacted};
use crate::modality;

/// What becomes of bodies that are not in the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Apart {
    /// They are made objects.
    Written,
    /// They have the addresses of objects that somebody else makes.
    Named,
    /// There is no place for them.
    Nowhere,
}

/// A body's place in the line.
#[derive(Debug)]
pub(crate) enum Placed<'a> {
    Absent,
    Json(Cow<'a, [u8]>),
    Text(Cow<'a, str>),
    Path(String),
    /// The spool no longer has it.
    Lost,
    /// This kind of data is not delivered here.
    Withheld,
    /// The text is not delivered here; this is the body with its files alone.
    Files(Vec<u8>),
    /// It is not for the line, and there is nowhere else.
    Nowhere(CutReason),
}

impl Placed<'_> {
    pub(crate) fn slot(&self) -> BodySlot<'_> {
        match self {
            Self::Absent | Self::Lost | Self::Withheld | Self::Nowhere(_) => BodySlot::Absent,
            Self::Json(bytes) => BodySlot::Json(bytes),
            Self::Files(bytes) => BodySlot::Json(bytes),
            Self::Text(text) => BodySlot::Text(text),
            Self::Path(path) => BodySlot::Path(path),
        }
    }
}

/// Everything that the place of a body depends on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Body<'a> {
    pub(crate) context: &'a Context,
    pub(crate) batch: &'a Batch,
    pub(crate) entry: &'a Entry,
    pub(crate) document: &'a Document,
    pub(crate) header: &'a PartHeader,
    pub(crate) inline: &'a [u8],
    /// What the body's object keys begin with.
    pub(crate) data_key: &'a str,
}

impl<'a> Body<'a> {
    /// Finds the body's place; objects it needs are added to `data`. Blocks on the body's blob.
    pub(crate) fn place(self, data: &mut Vec<DataObject>) -> io::Result<Placed<'a>> {
        let form = &self.context.form;
        if !form.modalities.contains(self.modality()) {
            return self.place_files(data);
        }
        let small = self.header.bytes <= form.inline_bytes_max;
        let bytes = match self.header.at {
            Place::Inline => Cow::Borrowed(self.inline),
            Place::Blob => match self.batch.blobs.open(self.entry.id, self.name()) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Placed::Lost),
                Err(error) => return Err(error),
                Ok(source) if small => Cow::Owned(read(source, form.inline_bytes_max)?),
                Ok(source) => match self.compacted(source)? {
                    Some(compact) => Cow::Owned(compact),
                    None => return self.place_blob(data),
                },
            },
        };
        self.place_bytes(bytes, data)
    }

    /// The place of a body whose text is not delivered.
    ///
    /// Decision: the service's flags select whole models by what they take and give, and its docs do not say what
    /// becomes of a body of several kinds; here each block goes by its own kind. Files that a request only points to
    /// hold no data and go with the text.
    fn place_files(self, data: &mut Vec<DataObject>) -> io::Result<Placed<'a>> {
        if !self.may_have_media() {
            return Ok(Placed::Withheld);
        }
        let alone = match self.header.at {
            Place::Inline => media::alone_at_hand(self, self.inline, data),
            Place::Blob => {
                let blob = BlobBody {
                    id: self.entry.id,
                    name: self.name(),
                    gzip: None,
                };
                match media::alone_in_blob(self, blob, self.key(".json.gz"), data) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {
                        return Ok(Placed::Lost);
                    }
                    alone => alone?,
                }
            }
        };
        Ok(alone.map_or(Placed::Withheld, Placed::Files))
    }

    fn place_bytes(
        self,
        bytes: Cow<'a, [u8]>,
        data: &mut Vec<DataObject>,
    ) -> io::Result<Placed<'a>> {
        let fits = |bytes: &[u8]| bytes.len() as u64 <= self.context.form.inline_bytes_max;
        if self.may_have_media()
            && let Some(rest) = media::cut_at_hand(self, &bytes, data)
        {
            if fits(&rest) {
                return Ok(Placed::Json(rest.into()));
            }
            return self.gzipped(&rest, data);
        }
        match self.header.form {
            BodyForm::Json if fits(&bytes) => Ok(Placed::Json(bytes)),
            BodyForm::Json | BodyForm::Pretty => match self.compacted(&*bytes)? {
                Some(compact) => Ok(Placed::Json(compact.into())),
                None => self.gzipped(&bytes, data),
            },
            BodyForm::Text if fits(&bytes) => Ok(text_or_bytes(bytes).map_or_else(
                |bytes| self.raw(DataBody::Ready(bytes.into_owned().into()), data),
                Placed::Text,
            )),
            BodyForm::Text | BodyForm::Binary => {
                Ok(self.raw(DataBody::Ready(Bytes::from(bytes.into_owned())), data))
            }
        }
    }

    /// The line did not take the body as JSON: its form was wrong, so it goes where other bytes go.
    pub(crate) fn place_as_bytes(
        self,
        bytes: Cow<'a, [u8]>,
        data: &mut Vec<DataObject>,
    ) -> Placed<'a> {
        match text_or_bytes(bytes) {
            Ok(text) => Placed::Text(text),
            Err(bytes) => self.raw(DataBody::Ready(bytes.into_owned().into()), data),
        }
    }

    /// JSON without the whitespace between its tokens, if it fits into the line then.
    fn compacted(self, source: impl Read) -> io::Result<Option<Vec<u8>>> {
        if !self.is_json() {
            return Ok(None);
        }
        let limit = usize::try_from(self.context.form.inline_bytes_max).unwrap_or(usize::MAX);
        Ok(match compacted(source, limit)? {
            Compacted::Fits(compact) => Some(compact),
            Compacted::TooLarge | Compacted::Invalid => None,
        })
    }

    /// A blob over the inline limit is never held whole: its object is written from the blob in pieces.
    fn place_blob(self, data: &mut Vec<DataObject>) -> io::Result<Placed<'a>> {
        let blob = BlobBody {
            id: self.entry.id,
            name: self.name(),
            gzip: self.is_json().then_some(self.context.form.gzip_level),
        };
        if !self.is_json() {
            return Ok(self.raw(DataBody::Blob(blob), data));
        }
        if self.may_have_media() {
            match media::cut_blob(self, blob.clone(), self.key(".json.gz"), data)? {
                Rest::Uncut => {}
                Rest::Small(rest) => return Ok(Placed::Json(rest.into())),
                Rest::Large(key) => return Ok(self.placed_at(&key)),
            }
        }
        Ok(self.object(".json.gz", GZIP_TYPE, DataBody::Blob(blob), data))
    }

    /// Only Converse has a form for files that we know how to cut.
    fn may_have_media(self) -> bool {
        self.is_json()
            && matches!(
                self.document.operation.as_str(),
                "Converse" | "ConverseStream"
            )
    }

    fn is_json(self) -> bool {
        matches!(self.header.form, BodyForm::Json | BodyForm::Pretty)
    }

    fn gzipped(self, bytes: &[u8], data: &mut Vec<DataObject>) -> io::Result<Placed<'a>> {
        let body = match self.context.form.apart {
            Apart::Written => gzip(bytes, self.context.form.gzip_level)?,
            Apart::Named | Apart::Nowhere => Vec::new(),
        };
        Ok(self.object(".json.gz", GZIP_TYPE, DataBody::Ready(body.into()), data))
    }

    fn raw(self, body: DataBody, data: &mut Vec<DataObject>) -> Placed<'a> {
        let (content_type, extension) = file_type(self.content_type());
        self.object(extension, content_type, body, data)
    }

    fn object(
        self,
        extension: &str,
        content_type: &'static str,
        body: DataBody,
        data: &mut Vec<DataObject>,
    ) -> Placed<'a> {
        let key = self.key(extension);
        let placed = self.placed_at(&key);
        data.push(DataObject {
            key,
            content_type,
            body,
        });
        placed
    }

    /// At the object of that key, unless there are none.
    fn placed_at(self, key: &str) -> Placed<'a> {
        if self.context.form.apart != Apart::Nowhere {
            return Placed::Path(self.url(key));
        }
        Placed::Nowhere(if self.header.form == BodyForm::Binary {
            CutReason::Binary
        } else if self.header.bytes > self.context.form.inline_bytes_max {
            CutReason::OverLimit
        } else {
            CutReason::NotDecoded
        })
    }

    fn key(self, extension: &str) -> String {
        format!("{}{}{extension}", self.data_key, self.name())
    }

    fn url(self, key: &str) -> String {
        format!("{}/{key}", self.context.base)
    }

    fn name(self) -> &'static str {
        self.header.name.as_str()
    }

    fn content_type(self) -> &'a str {
        modality::content_type(self.document, self.header.name)
    }

    fn modality(self) -> Modality {
        modality::of_body(self.document, self.header.name)
    }
}

/// The events of a stream: always an object of its own, with no place in the line, and so for readers of the layout
/// alone.
pub(crate) fn events(body: Body<'_>, data: &mut Vec<DataObject>) -> io::Result<()> {
    let form = &body.context.form;
    if !form
        .modalities
        .contains(modality::of_document(body.document))
    {
        return Ok(());
    }
    let events = match body.header.at {
        Place::Inline => DataBody::Ready(gzip(body.inline, form.gzip_level)?.into()),
        Place::Blob => match body.batch.blobs.open(body.entry.id, body.name()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
            Ok(_) => DataBody::Blob(BlobBody {
                id: body.entry.id,
                name: body.name(),
                gzip: Some(form.gzip_level),
            }),
        },
    };
    body.object(".jsonl.gz", GZIP_TYPE, events, data);
    Ok(())
}

fn text_or_bytes(bytes: Cow<'_, [u8]>) -> Result<Cow<'_, str>, Cow<'_, [u8]>> {
    match bytes {
        Cow::Borrowed(bytes) => match str::from_utf8(bytes) {
            Ok(text) => Ok(text.into()),
            Err(_) => Err(bytes.into()),
        },
        Cow::Owned(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Ok(text.into()),
            Err(error) => Err(error.into_bytes().into()),
        },
    }
}

fn read(source: Box<dyn Read + Send>, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(bytes_max).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Content types and the extensions of files that have them; the first of two is the one that is written.
const FILE_TYPES: [(&str, &str); 26] = [
    ("image/png", ".png"),
    ("image/jpeg", ".jpg"),
    ("image/jpeg", ".jpeg"),
    ("image/gif", ".gif"),
    ("image/webp", ".webp"),
    ("audio/mpeg", ".mp3"),
    ("audio/wav", ".wav"),
    ("audio/ogg", ".ogg"),
    ("audio/opus", ".opus"),
    ("audio/flac", ".flac"),
    ("audio/aac", ".aac"),
    ("video/mp4", ".mp4"),
    ("video/webm", ".webm"),
    ("video/quicktime", ".mov"),
    ("video/x-matroska", ".mkv"),
    ("video/3gpp", ".three_gp"),
    ("application/pdf", ".pdf"),
    ("application/zip", ".zip"),
    ("application/x-ndjson", ".jsonl"),
    ("application/jsonl", ".jsonl"),
    ("text/event-stream", ".sse"),
    ("text/html", ".html"),
    ("text/csv", ".csv"),
    ("text/markdown", ".md"),
    ("text/plain", ".txt"),
    ("application/vnd.amazon.eventstream", ".eventstream"),
];
const BINARY_TYPE: &str = "application/octet-stream";

/// Content type and extension of a body that is written as it came.
fn file_type(content_type: &str) -> (&'static str, &'static str) {
    let essence = content_type.split(';').next().unwrap_or("").trim();
    FILE_TYPES
        .into_iter()
        .find(|(known, _)| essence.eq_ignore_ascii_case(known))
        .unwrap_or((BINARY_TYPE, ".bin"))
}

/// Content type of a file with that extension, which comes without its dot.
pub(crate) fn file_type_of(extension: &str) -> &'static str {
    FILE_TYPES
        .into_iter()
        .find(|(_, known)| known[1..] == *extension)
        .map_or(BINARY_TYPE, |(content_type, _)| content_type)
}

/// Whether a destination gets Converse files of that format. Documents count as images: the
/// original has no flag of their own for them.
pub(crate) fn delivers_medium(modalities: Modalities, extension: &str) -> bool {
    modalities.contains(match extension {
        "mkv" | "mov" | "mp4" | "webm" | "flv" | "mpeg" | "mpg" | "wmv" | "three_gp" => {
            Modality::Video
        }
        "mp3" | "opus" | "wav" | "aac" | "flac" | "ogg" | "m4a" | "pcm" | "mka" => Modality::Audio,
        _ => Modality::Image,
    })
}
