//! Recent events in columns: put there once, and kept for the next question.

use std::collections::BTreeMap;
use std::sync::Arc;

use corelog_hot::{Chunk, Recent as Chunks};
use corelog_query::Recent;
use corelog_store::{Event, batch_of};
use corelog_types::Sequence;
use parking_lot::Mutex;

/// Events of one block, as long as there are so many.
const BLOCK_EVENTS: usize = 1_024;

/// Consecutive entries whose events were put in columns.
#[derive(Debug, Clone)]
struct Block {
    last: Sequence,
    recent: Arc<Vec<Recent>>,
    bytes: usize,
}

/// Blocks that were made, by their first entry.
#[derive(Debug)]
pub(crate) struct Blocks {
    made: Mutex<BTreeMap<Sequence, Block>>,
    bytes_max: usize,
}

/// Why recent events cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("recent events cannot be read")]
    Hot(#[from] corelog_hot::Error),
    #[error("recent events cannot be put in columns")]
    Rows(#[from] arrow::error::ArrowError),
    #[error("more than {bytes_max} bytes of events wait for the table")]
    TooMany { bytes_max: usize },
}

impl Error {
    /// Whether another view of all events will do.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self, Self::Hot(corelog_hot::Error::Gone { .. }))
    }
}

impl Blocks {
    /// Nothing is made of more events than that.
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self {
            made: Mutex::default(),
            bytes_max,
        }
    }

    /// Events in columns. Whole blocks are kept until they are no longer recent; what follows the last is made anew
    /// each time.
    pub(crate) async fn of(&self, mut chunks: Chunks) -> Result<Vec<Recent>, Error> {
        let mut known = self.made.lock().clone();
        let mut kept = BTreeMap::new();
        let mut all = Vec::new();
        let mut open: Vec<Arc<Chunk>> = Vec::new();
        let (mut skip, mut bytes): (Option<Sequence>, usize) = (None, 0);
        while let Some(chunk) = chunks.next().await? {
            if skip.is_some_and(|last| chunk.first <= last) {
                continue;
            }
            if open.is_empty()
                && let Some(block) = known.remove(&chunk.first)
            {
                all.extend(block.recent.iter().cloned());
                skip = Some(block.last);
                bytes += block.bytes;
                kept.insert(chunk.first, block);
                continue;
            }
            bytes += chunk.bytes;
            if bytes > self.bytes_max {
                let bytes_max = self.bytes_max;
                return Err(Error::TooMany { bytes_max });
            }
            open.push(chunk);
            if open.iter().map(|it| it.events.len()).sum::<usize>() >= BLOCK_EVENTS {
                let (first, block) = close(&mut open)?;
                all.extend(block.recent.iter().cloned());
                kept.insert(first, block);
            }
        }
        if !open.is_empty() {
            let (_, block) = close(&mut open)?;
            all.extend(block.recent.iter().cloned());
        }
        *self.made.lock() = kept;
        Ok(all)
    }
}

fn close(open: &mut Vec<Arc<Chunk>>) -> Result<(Sequence, Block), Error> {
    let chunks = std::mem::take(open);
    let first = chunks.first().map_or(Sequence::from_u64(0), |it| it.first);
    let last = chunks.last().map_or(first, |it| it.last);
    let bytes = chunks.iter().map(|chunk| chunk.bytes).sum();
    let mut groups: BTreeMap<Arc<str>, Vec<Arc<Event>>> = BTreeMap::new();
    for event in chunks.iter().flat_map(|chunk| &chunk.events) {
        let of_group = groups.entry(Arc::clone(&event.group)).or_default();
        of_group.push(Arc::clone(event));
    }
    let mut recent = Vec::with_capacity(groups.len());
    for (group, events) in groups {
        let times = || {
            let times = events.iter().map(|it| it.timestamp.unix_ms());
            times.map(|ms| i64::try_from(ms).unwrap_or(i64::MAX))
        };
        recent.push(Recent {
            group,
            earliest_ms: times().min().unwrap_or(0),
            latest_ms: times().max().unwrap_or(0),
            rows: batch_of(&events)?,
        });
    }
    let recent = Arc::new(recent);
    let block = Block {
        last,
        recent,
        bytes,
    };
    Ok((first, block))
}
