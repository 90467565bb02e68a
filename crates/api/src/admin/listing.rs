//! A listing of records, piece by piece: where it begins, what is left out, when it ends.

use std::collections::VecDeque;

use bytes::Bytes;
use corelog_patterns::{Event, Pattern};
use corelog_record::events::is_batch;
use corelog_runtime::Shutdown;
use corelog_spool::{Reader, Spool, Stored};
use corelog_types::Sequence;

use super::line;

/// How many of the newest entries are looked at to find the last records, unless more are asked for.
const LOOK_BACK_MAX: u64 = 4_096;
/// A piece of the stream is sent once it has this many bytes; a record is never split.
const PIECE_BYTES: usize = 64 << 10;
/// A thread looks at this much before others have their turn.
const SEARCH_BYTES: usize = 1 << 20;
/// How many of the newest entries are searched for the last records that match a pattern.
const SEARCHED_MAX: u64 = 10_000;
/// The most that is kept of those before they are sent; the oldest go.
const FOUND_BYTES_MAX: usize = 16 << 20;

/// Where a listing begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    /// Behind this entry.
    After(u64),
    /// With the last so many records.
    Last(u64),
}

/// Where a listing is.
pub(super) struct Listing {
    spool: Spool,
    /// None before the first piece.
    reader: Option<Reader>,
    begin: Begin,
    /// The last record there is as the listing begins.
    durable: Sequence,
    /// Whether it goes on with records to come.
    is_followed: bool,
    /// What a record's line has to match.
    pattern: Option<Pattern>,
    /// While the newest records are searched: what was found.
    found: Option<Found>,
    /// Ends it where nothing else would.
    stopping: Shutdown,
}

/// The last lines found so far.
struct Found {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    last: u64,
}

impl Found {
    fn new(last: u64) -> Self {
        Self {
            lines: VecDeque::new(),
            bytes: 0,
            last,
        }
    }

    fn push(&mut self, line: Vec<u8>) {
        self.bytes += line.len();
        self.lines.push_back(line);
        while self.lines.len() as u64 > self.last || self.bytes > FOUND_BYTES_MAX {
            let Some(oldest) = self.lines.pop_front() else {
                return;
            };
            self.bytes -= oldest.len();
        }
    }
}

/// What came of reading on.
enum Read {
    /// Lines, or none and there may be more.
    Piece(Vec<u8>),
    /// There is no more now.
    End,
}

impl Listing {
    pub(super) fn new(
        spool: &Spool,
        begin: Begin,
        pattern: Option<Pattern>,
        is_followed: bool,
        stopping: Shutdown,
    ) -> Self {
        let durable = spool.durable_sequence();
        let (begin, found) = match (begin, &pattern) {
            (Begin::Last(last), Some(_)) => {
                let after = durable.to_u64().saturating_sub(SEARCHED_MAX);
                (Begin::After(after), Some(Found::new(last)))
            }
            (begin, _) => (begin, None),
        };
        Self {
            spool: spool.clone(),
            reader: None,
            begin,
            durable,
            is_followed,
            pattern,
            found,
            stopping,
        }
    }

    /// The next piece, and the listing behind it; `None` at its end.
    pub(super) async fn next_piece(mut self) -> std::io::Result<Option<(Bytes, Self)>> {
        loop {
            let seen = self.spool.durable_sequence();
            let read = tokio::task::spawn_blocking(move || {
                let piece = self.read_piece();
                (piece, self)
            });
            let piece;
            (piece, self) = read.await.map_err(std::io::Error::other)?;
            match piece.map_err(std::io::Error::other)? {
                Read::Piece(piece) if !piece.is_empty() => return Ok(Some((piece.into(), self))),
                // Most of a search finds nothing, and it is not at the end.
                Read::Piece(_) => continue,
                Read::End => {}
            }
            if !self.is_followed {
                return Ok(None);
            }
            tokio::select! {
                outcome = self.spool.wait_past(seen) => {
                    if outcome.is_err() {
                        return Ok(None);
                    }
                }
                () = self.stopping.requested() => return Ok(None),
            }
        }
    }

    /// Reads on, up to a piece's worth of lines or of search. Blocks on the disk.
    fn read_piece(&mut self) -> corelog_spool::Result<Read> {
        let (mut piece, mut looked_at) = (Vec::new(), 0);
        while piece.len() < PIECE_BYTES && looked_at < SEARCH_BYTES {
            let stored = self.next_stored()?;
            let is_new = |stored: &Stored| stored.sequence > self.durable;
            if stored.as_ref().is_none_or(is_new)
                && let Some(found) = self.found.take()
            {
                piece.extend(found.lines.into_iter().flatten());
            }
            let Some(stored) = stored else {
                return Ok(if piece.is_empty() {
                    Read::End
                } else {
                    Read::Piece(piece)
                });
            };
            looked_at += stored.payload.len();
            if is_batch(&stored.payload) {
                continue;
            }
            let line = line::of_stored(&self.spool, &stored).bytes;
            if !matches(self.pattern.as_ref(), &line) {
                continue;
            }
            match &mut self.found {
                Some(found) => found.push(line),
                None => piece.extend(line),
            }
        }
        Ok(Read::Piece(piece))
    }

    /// The next entry of the listing that is there.
    fn next_stored(&mut self) -> corelog_spool::Result<Option<Stored>> {
        let reader = match &mut self.reader {
            Some(reader) => reader,
            none => {
                let after = match self.begin {
                    Begin::After(after) => after,
                    Begin::Last(last) => before_last(&self.spool, last, self.durable)?,
                };
                none.insert(self.spool.reader(Sequence::from_u64(after).next()))
            }
        };
        let until = (!self.is_followed).then_some(self.durable);
        let wanted = |sequence| until.is_none_or(|until| sequence <= until);
        if !wanted(reader.position()) {
            return Ok(None);
        }
        // A gap in the log can lead past the end of the listing.
        let stored = reader.next()?;
        Ok(stored.filter(|stored| wanted(stored.sequence)))
    }
}

/// The place before the last records. Between these are log events that somebody put, which are not shown: so it looks
/// back for as many records as are asked for, though not for ever.
fn before_last(spool: &Spool, last: u64, durable: Sequence) -> corelog_spool::Result<u64> {
    let wanted = usize::try_from(last).unwrap_or(usize::MAX);
    let mut entries = last;
    loop {
        let after = durable.to_u64().saturating_sub(entries);
        if entries > LOOK_BACK_MAX {
            return Ok(after);
        }
        let mut reader = spool.reader(Sequence::from_u64(after).next());
        let mut found = Vec::new();
        while let Some(stored) = reader.next()?.filter(|it| it.sequence <= durable) {
            if !is_batch(&stored.payload) {
                found.push(stored.sequence.to_u64());
            }
        }
        if found.len() >= wanted {
            let first = found.len() - wanted;
            return Ok(found.get(first).map_or(durable.to_u64(), |it| it - 1));
        }
        if after == 0 || entries == LOOK_BACK_MAX {
            return Ok(after);
        }
        entries = entries.saturating_mul(4).clamp(16, LOOK_BACK_MAX);
    }
}

fn matches(pattern: Option<&Pattern>, line: &[u8]) -> bool {
    let matches = |pattern: &Pattern| {
        let text = String::from_utf8_lossy(line.trim_ascii_end());
        pattern.matches(&Event::new(&text))
    };
    pattern.is_none_or(matches)
}
