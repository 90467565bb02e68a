//! Objects read side by side, their pieces handed out in order.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::Arc;

use corelog_store::Event;
use corelog_types::{Sequence, Timestamp};
use object_store::path::Path;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::lines::{End, Lines, Noticed, Piece, Shared};
use super::summary::{Place, Progress, Times};
use crate::Error;
use crate::ledger::Numbered;
use crate::source::Source;

/// Objects that are read at once: while one waits for its store, others are parsed.
const OPEN_MAX: usize = 4;
/// Bytes of messages that one of them is ahead by, at most; twice that with the piece in the making.
const PIECE_BYTES: usize = 4 << 20;

/// An object and what its lines need to know.
pub(crate) struct Reading {
    pub(crate) sequence: Sequence,
    pub(crate) key: String,
    pub(crate) otherwise: Timestamp,
    pub(crate) skip: u32,
}

/// Events for one append, and what was noticed about them.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) events: Vec<Event>,
    pub(crate) bytes: usize,
    /// Up to where they go.
    pub(crate) next: Place,
    /// By the object's key.
    pub(crate) noticed: Vec<(Arc<str>, Noticed)>,
    pub(crate) broken: Vec<String>,
}

/// An object that is being read.
struct Open {
    sequence: u64,
    key: Arc<str>,
    pieces: mpsc::Receiver<Result<Piece, Error>>,
}

/// Reads objects and gathers their events.
pub(crate) struct Gathering {
    shared: Arc<Shared>,
    source: Option<Source>,
    waiting: VecDeque<Reading>,
    /// Read in place of an object.
    standard_input: Option<Box<dyn Read + Send>>,
    open: VecDeque<Open>,
    progress: Arc<Progress>,
    batch_bytes: usize,
}

impl Gathering {
    pub(crate) fn of_objects(
        shared: Arc<Shared>,
        source: Source,
        objects: Vec<Numbered>,
        from: Place,
        progress: Arc<Progress>,
    ) -> Self {
        let objects = objects.into_iter();
        let waiting = objects
            .map(|object| Reading::of(object, from, &shared))
            .collect();
        Self {
            shared,
            source: Some(source),
            waiting,
            standard_input: None,
            open: VecDeque::new(),
            progress,
            batch_bytes: usize::MAX,
        }
    }

    pub(crate) fn of_reader(
        shared: Arc<Shared>,
        from: Box<dyn Read + Send>,
        progress: &Arc<Progress>,
    ) -> Self {
        let reading = Reading {
            sequence: Sequence::from_u64(0),
            key: "standard input".to_owned(),
            otherwise: shared.now,
            skip: 0,
        };
        Self {
            shared,
            source: None,
            waiting: VecDeque::from([reading]),
            standard_input: Some(from),
            open: VecDeque::new(),
            progress: Arc::clone(progress),
            batch_bytes: usize::MAX,
        }
    }

    /// The bytes of messages of a batch, about.
    pub(crate) fn in_batches(self, of_bytes: usize) -> Self {
        Self {
            batch_bytes: of_bytes,
            ..self
        }
    }

    /// The next events; `None` when there are no more.
    pub(crate) async fn next(&mut self) -> Result<Option<Batch>, Error> {
        let mut batch = Batch::default();
        while batch.bytes < self.batch_bytes {
            while self.open.len() < OPEN_MAX
                && let Some(reading) = self.waiting.pop_front()
            {
                self.begin(reading);
            }
            let Some(first) = self.open.front_mut() else {
                break;
            };
            let piece = first.pieces.recv().await;
            // A thread that ends without a last piece has panicked, and its object is not through.
            let piece = piece.ok_or_else(|| Error::Read {
                at: first.key.to_string(),
                source: io::ErrorKind::BrokenPipe.into(),
            })??;
            if batch.take(first, piece) {
                self.open.pop_front();
            }
        }
        let something = batch.next > Place::default();
        Ok(something.then_some(batch))
    }

    fn begin(&mut self, reading: Reading) {
        let (sender, pieces) = mpsc::channel(1);
        self.open.push_back(Open {
            sequence: reading.sequence.to_u64(),
            key: reading.key.as_str().into(),
            pieces,
        });
        let (shared, source) = (Arc::clone(&self.shared), self.source.clone());
        let progress = Arc::clone(&self.progress);
        let from = self.standard_input.take();
        let piece_bytes = PIECE_BYTES.min(self.batch_bytes);
        let on = Handle::current();
        tokio::task::spawn_blocking(move || {
            let lines = Lines {
                shared: &shared,
                source: source.as_ref(),
                on: &on,
                key: &reading.key,
                sequence: reading.sequence,
                otherwise: reading.otherwise,
                skip: reading.skip,
            };
            let take = |piece| sender.blocking_send(Ok(piece)).is_ok();
            let read = read(&lines, from, progress, piece_bytes, take);
            if let Err(source) = read {
                let at = reading.key;
                // Nobody waits for it where the import was given up.
                let _ = sender.blocking_send(Err(Error::Read { at, source }));
            }
        });
    }
}

/// Reads one object, or what is at hand.
fn read(
    lines: &Lines<'_>,
    from: Option<Box<dyn Read + Send>>,
    progress: Arc<Progress>,
    piece_bytes: usize,
    mut take: impl FnMut(Piece) -> bool,
) -> io::Result<()> {
    let from = match (from, lines.source) {
        (Some(from), _) => Some(from),
        (None, Some(source)) => {
            let key = Path::parse(lines.key).map_err(io::Error::other)?;
            source.open(&key, lines.on)?.map(|opened| opened.read)
        }
        (None, None) => None,
    };
    let Some(from) = from else {
        take(Piece {
            end: Some(End::Gone),
            ..Piece::empty(0)
        });
        return Ok(());
    };
    lines.read(Counting { from, progress }, piece_bytes, take)
}

impl Batch {
    /// When the first event happened, and the last.
    pub(super) fn times(&self) -> Option<Times> {
        let times = || self.events.iter().map(|event| event.timestamp);
        Some((times().min()?, times().max()?))
    }

    /// Adds a piece; whether it is the last of its object.
    fn take(&mut self, of: &Open, piece: Piece) -> bool {
        self.bytes += piece.bytes;
        self.events.extend(piece.events);
        if piece.noticed != Noticed::default() {
            self.noticed.push((Arc::clone(&of.key), piece.noticed));
        }
        match &piece.end {
            Some(End::Broken(why)) => self.broken.push(format!("{}: {why}", of.key)),
            Some(End::Gone) => self.broken.push(format!("{}: it is gone", of.key)),
            Some(End::Whole) | None => {}
        }
        let (sequence, part) = match piece.end {
            Some(_) => (of.sequence + 1, 0),
            None => (of.sequence, piece.next),
        };
        self.next = Place { sequence, part };
        piece.end.is_some()
    }
}

/// Counts what is read.
struct Counting {
    from: Box<dyn Read + Send>,
    progress: Arc<Progress>,
}

impl Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.progress.was_read(read as u64);
        Ok(read)
    }
}
