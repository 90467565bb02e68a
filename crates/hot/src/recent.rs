//! A view of what is recent: from memory, and from the spool where memory could not hold it.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use corelog_spool::Reader;
use corelog_types::Sequence;

use crate::held::Held;
use crate::hot::Shared;
use crate::{Chunk, Error, read};

/// The events that were durable at one moment and that the table was not known to have, in the order of the spool.
///
/// They come chunk by chunk, since not all of them need fit in memory: chunks that are there come at once, what was
/// let go of is read from the spool and made anew.
pub struct Recent {
    shared: Arc<Shared>,
    parts: VecDeque<Part>,
    after: Sequence,
    reader: Option<Reader>,
}

#[derive(Debug, Clone)]
enum Part {
    Held(Arc<Chunk>),
    InSpool { first: Sequence, last: Sequence },
}

impl fmt::Debug for Recent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recent")
            .field("parts", &self.parts.len())
            .field("after", &self.after)
            .finish_non_exhaustive()
    }
}

impl Clone for Recent {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            parts: self.parts.clone(),
            after: self.after,
            reader: None,
        }
    }
}

impl Recent {
    /// The view: what is between `held.committed`, or the spool's oldest entry, and `durable`.
    pub(crate) fn new(
        shared: Arc<Shared>,
        held: &Held,
        oldest: Sequence,
        durable: Sequence,
    ) -> Self {
        let first = held.committed.next().max(oldest);
        let mut parts = VecDeque::with_capacity(held.chunks.len() + 2);
        let in_memory = held.chunks.front().map(|chunk| chunk.first.to_u64());
        let let_go = in_memory.unwrap_or(held.followed.to_u64() + 1) - 1;
        let let_go = Sequence::from_u64(let_go);
        if first <= let_go {
            parts.push_back(Part::InSpool {
                first,
                last: let_go,
            });
        }
        parts.extend(held.chunks.iter().cloned().map(Part::Held));
        let first = held.followed.next().max(first);
        if first <= durable {
            parts.push_back(Part::InSpool {
                first,
                last: durable,
            });
        }
        Self {
            shared,
            parts,
            after: held.committed,
            reader: None,
        }
    }

    /// Leaves out what the table has: the events of entries up to `appended`, as the table's snapshot says that was
    /// taken after this.
    #[must_use]
    pub fn after(mut self, appended: Option<u64>) -> Self {
        let appended = Sequence::from_u64(appended.unwrap_or(0));
        self.after = self.after.max(appended);
        self.reader = None;
        self
    }

    /// Whether all of it is in memory, so that [`Self::next`] neither waits nor fails.
    pub fn is_held(&self) -> bool {
        let held = |part: &Part| match part {
            Part::Held(_) => true,
            Part::InSpool { last, .. } => *last <= self.after,
        };
        self.parts.iter().all(held)
    }

    /// The next chunk; `None` at the end.
    ///
    /// # Errors
    /// Where it must be read from the spool: [`Error::Read`], [`Error::Convert`], [`Error::Gone`].
    /// # Cancel safety
    /// Cancel safe; the same chunk is read again.
    pub async fn next(&mut self) -> Result<Option<Arc<Chunk>>, Error> {
        loop {
            match self.parts.front() {
                None => return Ok(None),
                Some(Part::Held(chunk)) => {
                    let chunk = Arc::clone(chunk);
                    self.parts.pop_front();
                    if chunk.last <= self.after {
                        continue;
                    }
                    if chunk.first <= self.after {
                        return Ok(Some(Arc::new(chunk.behind(self.after))));
                    }
                    return Ok(Some(chunk));
                }
                Some(Part::InSpool { first, last }) => {
                    let (first, last) = ((*first).max(self.after.next()), *last);
                    if first <= last
                        && let Some(chunk) = self.read(first, last).await?
                    {
                        self.parts[0] = Part::InSpool {
                            first: chunk.last.next(),
                            last,
                        };
                        return Ok(Some(Arc::new(chunk)));
                    }
                    self.reader = None;
                    self.parts.pop_front();
                }
            }
        }
    }

    async fn read(&mut self, first: Sequence, last: Sequence) -> Result<Option<Chunk>, Error> {
        let (shared, reader) = (Arc::clone(&self.shared), self.reader.take());
        let read = tokio::task::spawn_blocking(move || {
            let mut reader = reader.unwrap_or_else(|| shared.spool.reader(first));
            let chunk = read::chunk(&mut reader, &shared.becoming, first, Some(last))?;
            // Trimming begins with the oldest: as long as this entry is there, so was everything behind it.
            if shared.spool.status().oldest > first {
                return Err(Error::Gone { from: first });
            }
            Ok((reader, chunk))
        });
        let (reader, chunk) = read.await.map_err(Error::Stopped)??;
        self.reader = Some(reader);
        Ok(chunk)
    }
}
