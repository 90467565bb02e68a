//! The lines of one object, as the events of a log group.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;

use corelog_store::{Event, Position};
use corelog_types::{NodeId, Sequence, Timestamp};
use flate2::bufread::MultiGzDecoder;
use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::runtime::Handle;

use super::bodies::{self, Body, Reason};
use super::rewrite::{inlined, references};
use super::when;
use crate::source::{Source, is_of_store};

/// A line that is longer is cut: what follows is not in its event.
pub(crate) const LINE_BYTES_MAX: u64 = 64 << 20;
const READ_BYTES: usize = 128 << 10;
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// The largest part that a row of the table can hold.
pub(crate) const PART_MAX: u32 = (1 << 31) - 1;

/// What lines are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// Bedrock's invocation log: records, with their bodies or the addresses of these.
    Bedrock,
    /// Anything: JSON or text.
    Lines {
        /// The field that says when, such as `time` or `meta.at`; without one it is now.
        timestamp_field: Option<String>,
    },
}

/// What each event of an object has in common with the others.
pub(crate) struct Shared {
    pub(crate) form: Form,
    pub(crate) group: Arc<str>,
    pub(crate) stream: Arc<str>,
    pub(crate) node: NodeId,
    pub(crate) now: Timestamp,
}

/// What was noticed on the way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Noticed {
    /// Bodies that are in their lines now.
    pub(crate) bodies: u64,
    /// Bodies that are not, each with its line.
    pub(crate) kept: Vec<(u32, Reason)>,
    /// Lines that are not what they should be, and became text.
    pub(crate) unreadable: Vec<(u32, &'static str)>,
    /// Lines that do not say when.
    pub(crate) timeless: u64,
}

/// Some of an object's events.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) events: Vec<Event>,
    /// The bytes of their messages.
    pub(crate) bytes: usize,
    /// The first line that is not among this piece and those before.
    pub(crate) next: u32,
    pub(crate) noticed: Noticed,
    /// Whether the object ends here, and how.
    pub(crate) end: Option<End>,
}

/// How an object ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    Whole,
    /// It cannot be read from here on.
    Broken(String),
    /// It is not there any longer.
    Gone,
}

/// Reads an object's lines. Blocks.
pub(crate) struct Lines<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) source: Option<&'a Source>,
    pub(crate) on: &'a Handle,
    pub(crate) key: &'a str,
    pub(crate) sequence: Sequence,
    /// The time of what does not say its own.
    pub(crate) otherwise: Timestamp,
    /// The lines that were taken before.
    pub(crate) skip: u32,
}

impl Lines<'_> {
    /// Hands out pieces of about `piece_bytes`, until `take` does not want another.
    ///
    /// # Errors
    /// What the store answers for. An object that is broken is an end like others.
    pub(crate) fn read(
        &self,
        from: impl Read,
        piece_bytes: usize,
        mut take: impl FnMut(Piece) -> bool,
    ) -> io::Result<()> {
        let mut from = unzipped(from)?;
        let mut piece = Piece::empty(0);
        let mut line = Vec::new();
        loop {
            line.clear();
            let whole = match next_line(&mut from, &mut line) {
                Ok(whole) => whole,
                Err(error) if is_of_store(&error) => return Err(error),
                Err(error) => {
                    self.cut_off(&line, &mut piece);
                    piece.end = Some(End::Broken(error.to_string()));
                    take(piece);
                    return Ok(());
                }
            };
            if line.is_empty() || piece.next == PART_MAX {
                piece.end = Some(End::Whole);
                take(piece);
                return Ok(());
            }
            let at = piece.next;
            piece.next += 1;
            if at >= self.skip {
                self.line(at, &line, whole, &mut piece)?;
            }
            if piece.bytes >= piece_bytes {
                let next = piece.next;
                if !take(std::mem::replace(&mut piece, Piece::empty(next))) {
                    return Ok(());
                }
            }
        }
    }

    /// What there is of the line in which an object breaks off.
    fn cut_off(&self, line: &[u8], piece: &mut Piece) {
        let at = piece.next;
        if line.trim_ascii().is_empty() || at < self.skip || at == PART_MAX {
            return;
        }
        piece.next += 1;
        piece.noticed.unreadable.push((at, "cut off"));
        self.push(at, String::from_utf8_lossy(line).into_owned(), None, piece);
    }

    fn line(&self, at: u32, line: &[u8], whole: bool, piece: &mut Piece) -> io::Result<()> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        let unreadable = |piece: &mut Piece, why| {
            piece.noticed.unreadable.push((at, why));
            let text = String::from_utf8_lossy(line).into_owned();
            let time = time_of_record(&text);
            self.push(at, text, time, piece);
            Ok(())
        };
        if !whole {
            return unreadable(piece, "too long, and cut");
        }
        let Ok(text) = str::from_utf8(line) else {
            return unreadable(piece, "no UTF-8");
        };
        match &self.shared.form {
            Form::Lines { timestamp_field } => {
                let time = timestamp_field.as_ref().map(|field| time_in(text, field));
                if time == Some(None) {
                    piece.noticed.timeless += 1;
                }
                self.push(at, text.to_owned(), time.flatten(), piece);
                Ok(())
            }
            Form::Bedrock => match Dated::of(text) {
                None => unreadable(piece, "no JSON object"),
                Some(dated) => {
                    let time = dated.time();
                    piece.noticed.timeless += u64::from(time.is_none());
                    let message = self.with_bodies(at, text, piece)?;
                    self.push(at, message, time, piece);
                    Ok(())
                }
            },
        }
    }

    fn with_bodies(&self, at: u32, line: &str, piece: &mut Piece) -> io::Result<String> {
        let Some(source) = self.source else {
            return Ok(line.to_owned());
        };
        // Looking for a word is much quicker than reading a line as JSON once more.
        if memmem::find(line.as_bytes(), b"BodyS3Path\"").is_none() {
            return Ok(line.to_owned());
        }
        let mut found = Vec::new();
        for reference in references(line) {
            match bodies::body(source, &reference.address, self.key, self.on)? {
                Body::Json(body) => found.push((reference, body)),
                Body::Kept(reason) => piece.noticed.kept.push((at, reason)),
            }
        }
        piece.noticed.bodies += found.len() as u64;
        Ok(inlined(line, &found))
    }

    fn push(&self, at: u32, message: String, time: Option<Timestamp>, piece: &mut Piece) {
        piece.bytes += message.len();
        piece.events.push(Event {
            group: Arc::clone(&self.shared.group),
            stream: Arc::clone(&self.shared.stream),
            position: Position {
                node: self.shared.node,
                sequence: self.sequence,
                part: at,
            },
            timestamp: time.unwrap_or(self.otherwise),
            ingested: self.shared.now,
            message,
        });
    }
}

impl Piece {
    pub(crate) fn empty(next: u32) -> Self {
        Self {
            events: Vec::new(),
            bytes: 0,
            next,
            noticed: Noticed::default(),
            end: None,
        }
    }
}

/// When a record happened, as it says itself.
pub(crate) fn time_of_record(line: &str) -> Option<Timestamp> {
    Dated::of(line)?.time()
}

/// A record, as far as its time goes.
#[derive(Deserialize)]
struct Dated<'a> {
    #[serde(borrow, default)]
    timestamp: Option<&'a RawValue>,
}

impl<'a> Dated<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let dated = serde_json::from_str(line).ok()?;
        line.trim_ascii_start().starts_with('{').then_some(dated)
    }

    fn time(&self) -> Option<Timestamp> {
        let text = self.timestamp?.get();
        // Nearly all are a string without escapes.
        let plain = text
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'));
        plain
            .and_then(when::of_text)
            .or_else(|| when::of_json(&serde_json::from_str(text).ok()?))
    }
}

/// The event's time in a line of JSON, by the field's path.
fn time_in(line: &str, field: &str) -> Option<Timestamp> {
    let document: serde_json::Value = serde_json::from_str(line).ok()?;
    if let Some(value) = document.get(field) {
        return when::of_json(value);
    }
    let mut value = &document;
    for name in field.split('.') {
        value = value.get(name)?;
    }
    when::of_json(value)
}

/// What is zipped is unzipped, whatever it is called. Several members one after the other are one.
fn unzipped<'r>(from: impl Read + 'r) -> io::Result<Box<dyn BufRead + 'r>> {
    let mut from = from;
    let mut first = Vec::with_capacity(GZIP.len());
    from.by_ref()
        .take(GZIP.len() as u64)
        .read_to_end(&mut first)?;
    let zipped = first == GZIP;
    let whole = BufReader::with_capacity(READ_BYTES, io::Cursor::new(first).chain(from));
    if zipped {
        let plain = MultiGzDecoder::new(whole);
        return Ok(Box::new(BufReader::with_capacity(READ_BYTES, plain)));
    }
    Ok(Box::new(whole))
}

/// The next line with its end; whether it is there whole. What is too long of it is passed over.
fn next_line(from: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    from.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', line)?;
    if line.len() as u64 != LINE_BYTES_MAX || line.ends_with(b"\n") {
        return Ok(true);
    }
    from.skip_until(b'\n')?;
    Ok(false)
}
