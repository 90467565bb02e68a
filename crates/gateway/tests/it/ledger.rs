//! A recorder in memory, with a disk that does as the test says.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read, Write};
use std::sync::Arc;

use corelog_capture::{Appended, Entry, Recorder, RecorderError, SealedSpill, Spill, Waiting};
use corelog_record::stored::{PartName, Place, decode};
use corelog_record::{BodyForm, Document, Extension};
use corelog_types::{RecordId, Timestamp};
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::upstream::within;

/// What the disk refuses to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    Admit,
    Intent,
    Append,
    Durable,
    Spill,
}

/// One record as it was appended.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) id: RecordId,
    pub(crate) bytes: Vec<u8>,
    blobs: BTreeMap<&'static str, Vec<u8>>,
}

impl Kept {
    pub(crate) fn document(&self) -> Document {
        decode(&self.bytes).unwrap().document
    }

    pub(crate) fn extension(&self) -> Extension {
        *self.document().corelog.unwrap()
    }

    /// Form and bytes of a body, wherever they are.
    pub(crate) fn part(&self, name: PartName) -> Option<(BodyForm, Vec<u8>)> {
        let record = decode(&self.bytes).unwrap();
        let (header, inline) = record.part(name)?;
        let bytes = match header.at {
            Place::Inline => inline.to_vec(),
            Place::Blob => self.blobs[name.as_str()].clone(),
        };
        assert_eq!(header.bytes, bytes.len() as u64);
        Some((header.form, bytes))
    }

    pub(crate) fn text(&self, name: PartName) -> String {
        String::from_utf8(self.part(name).unwrap().1).unwrap()
    }

    pub(crate) fn output(&self) -> String {
        self.text(PartName::Output)
    }

    pub(crate) fn is_on_disk(&self, name: PartName) -> bool {
        self.blobs.contains_key(name.as_str())
    }

    /// Everything of it that is stored anywhere.
    pub(crate) fn everything(&self) -> Vec<u8> {
        let blobs = self.blobs.values().flatten();
        self.bytes.iter().chain(blobs).copied().collect()
    }
}

#[derive(Default)]
struct State {
    broken: Vec<Broken>,
    intents: Vec<(RecordId, Vec<u8>)>,
    abandoned: Vec<RecordId>,
    gaps: Vec<RecordId>,
    /// The most bytes that one write to a spill had.
    piece_bytes_max: usize,
}

/// Keeps records in memory.
pub(crate) struct Ledger {
    state: Arc<Mutex<State>>,
    kept: watch::Sender<Vec<Kept>>,
    held: watch::Sender<bool>,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            state: Arc::default(),
            kept: watch::Sender::new(Vec::new()),
            held: watch::Sender::new(false),
        }
    }
}

impl Ledger {
    /// From now on no record becomes durable.
    pub(crate) fn hold(&self) {
        self.held.send_replace(true);
    }

    /// What was held becomes durable, or fails to.
    pub(crate) fn release(&self) {
        self.held.send_replace(false);
    }

    pub(crate) fn breaks_at(&self, what: Broken) {
        self.state.lock().broken.push(what);
    }

    fn check(&self, what: Broken) -> Result<(), RecorderError> {
        if self.state.lock().broken.contains(&what) {
            return Err(RecorderError::Full("no room left".to_owned()));
        }
        Ok(())
    }

    pub(crate) fn intents(&self) -> Vec<(RecordId, Vec<u8>)> {
        self.state.lock().intents.clone()
    }

    pub(crate) fn abandoned(&self) -> Vec<RecordId> {
        self.state.lock().abandoned.clone()
    }

    pub(crate) fn gaps(&self) -> Vec<RecordId> {
        self.state.lock().gaps.clone()
    }

    pub(crate) fn piece_bytes_max(&self) -> usize {
        self.state.lock().piece_bytes_max
    }

    pub(crate) fn count(&self) -> usize {
        self.kept.borrow().len()
    }

    /// The `n`th record, from 1, once it is appended; durable or not.
    pub(crate) async fn record(&self, n: usize) -> Kept {
        let mut kept = self.kept.subscribe();
        let reached = within("a record", kept.wait_for(|kept| kept.len() >= n)).await;
        reached.unwrap()[n - 1].clone()
    }
}

impl Recorder for Ledger {
    fn admit(&self) -> Result<(), RecorderError> {
        self.check(Broken::Admit)
    }

    fn intent(&self, id: RecordId, record: &[u8]) -> Result<(), RecorderError> {
        self.check(Broken::Intent)?;
        self.state.lock().intents.push((id, record.to_vec()));
        Ok(())
    }

    fn abandon(&self, id: RecordId) {
        self.state.lock().abandoned.push(id);
    }

    fn gap(&self, id: RecordId) {
        self.state.lock().gaps.push(id);
    }

    fn spill(&self, _: RecordId, part: &'static str) -> io::Result<Box<dyn Spill>> {
        self.check(Broken::Spill).map_err(io::Error::other)?;
        let state = Arc::clone(&self.state);
        let bytes = Vec::new();
        Ok(Box::new(Page { part, bytes, state }))
    }

    fn append(&self, entry: Entry<'_>) -> Result<Appended, RecorderError> {
        self.check(Broken::Append)?;
        let blobs = entry
            .spills
            .into_iter()
            .map(|spill| (spill.part, *spill.handle.downcast::<Vec<u8>>().unwrap()))
            .collect();
        let record = Kept {
            id: entry.id,
            bytes: entry.pieces.concat(),
            blobs,
        };
        assert!(entry.time > Timestamp::from_unix_ms(0));
        self.kept.send_modify(|kept| kept.push(record));
        Ok(Appended(Box::new(())))
    }

    fn durable(&self, _: Appended) -> Waiting {
        let mut held = self.held.subscribe();
        let outcome = self.check(Broken::Durable);
        Box::pin(async move {
            let released = held.wait_for(|held| !held).await.map(drop);
            released.map_err(|_| RecorderError::Failing("the test is over".to_owned()))?;
            outcome
        })
    }
}

struct Page {
    part: &'static str,
    bytes: Vec<u8>,
    state: Arc<Mutex<State>>,
}

impl Write for Page {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let mut state = self.state.lock();
        state.piece_bytes_max = state.piece_bytes_max.max(piece.len());
        self.bytes.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Spill for Page {
    fn reader(&mut self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(Cursor::new(self.bytes.clone())))
    }

    fn seal(self: Box<Self>) -> io::Result<SealedSpill> {
        Ok(SealedSpill {
            part: self.part,
            bytes: self.bytes.len() as u64,
            handle: Box::new(self.bytes),
        })
    }
}
