//! `GET /corelog/v1/records`: the newest records, and those to come.

use std::collections::VecDeque;

use bytes::Bytes;
use corelog_access::Caller;
use corelog_patterns::{Event, Pattern};
use corelog_runtime::Shutdown;
use corelog_spool::{Reader, Spool, Stored};
use corelog_types::Sequence;
use futures_util::stream;
use http::Response;

use super::error::with_type;
use super::query::{pairs, pattern};
use super::{Problem, line};
use crate::{Action, Api, Body};

/// Records shown where nobody says how many.
const LAST_DEFAULT: u64 = 10;
/// A piece of the stream is sent once it has this many bytes; a record is never split.
const PIECE_BYTES: usize = 64 << 10;
/// A thread looks at this much before others have their turn.
const SEARCH_BYTES: usize = 1 << 20;
/// How many of the newest records are searched for the last that match a pattern.
const SEARCHED_MAX: u64 = 10_000;
/// The most that is kept of those before they are sent; the oldest go.
const FOUND_BYTES_MAX: usize = 16 << 20;

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
struct Query {
    last: u64,
    after: Option<u64>,
    follow: bool,
    pattern: Option<Pattern>,
}

/// Streams records as lines of JSON, in the order of their sequence.
pub(crate) fn records(api: &Api, query: &str, caller: &Caller) -> Result<Response<Body>, Problem> {
    let query = parse(query)?;
    api.may_admin(caller, Action::ListRecords)?;
    let spool = api.spool();
    let durable = spool.durable_sequence();
    let searching = query.after.is_none() && query.pattern.is_some();
    let back = if searching { SEARCHED_MAX } else { query.last };
    let after = query
        .after
        .unwrap_or_else(|| durable.to_u64().saturating_sub(back));
    let listing = Listing {
        reader: spool.reader(Sequence::from_u64(after).next()),
        spool: spool.clone(),
        until: (!query.follow).then_some(durable),
        pattern: query.pattern,
        found: searching.then(|| Found::new(query.last, durable)),
        stopping: api.stopping().clone(),
    };
    let pieces = stream::try_unfold(listing, Listing::next_piece);
    Ok(with_type(
        Body::Stream(Box::pin(pieces)),
        "application/x-ndjson",
    ))
}

fn parse(query: &str) -> Result<Query, Problem> {
    let mut parsed = Query {
        last: LAST_DEFAULT,
        after: None,
        follow: false,
        pattern: None,
    };
    for (name, value) in pairs(query)? {
        let wrong = || {
            let hint = "`last` and `after` are whole numbers, `follow` is true or false, `pattern` is a filter pattern";
            Problem::bad_request(format!("`{name}={value}` cannot be used"), hint)
        };
        match &*name {
            "last" => parsed.last = value.parse().map_err(|_| wrong())?,
            // The highest sequence has none behind it.
            "after" => {
                let after = value.parse().map_err(|_| wrong())?;
                parsed.after = Some(after).filter(|after| *after < u64::MAX);
                parsed.after.ok_or_else(wrong)?;
            }
            "follow" => parsed.follow = value.parse().map_err(|_| wrong())?,
            "pattern" => parsed.pattern = Some(pattern(&value)?),
            _ => return Err(wrong()),
        }
    }
    Ok(parsed)
}

/// Where a listing is.
struct Listing {
    spool: Spool,
    reader: Reader,
    /// The last record of the listing; none to go on for ever.
    until: Option<Sequence>,
    /// What a record's line has to match.
    pattern: Option<Pattern>,
    /// While the newest records are searched: what was found.
    found: Option<Found>,
    stopping: Shutdown,
}

/// The last lines found so far.
struct Found {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    last: u64,
    /// The search ends here.
    until: Sequence,
}

impl Found {
    fn new(last: u64, until: Sequence) -> Self {
        Self {
            lines: VecDeque::new(),
            bytes: 0,
            last,
            until,
        }
    }

    /// Whether the search is over once this record is next, or none is.
    fn is_over_with(&self, next: Option<Sequence>) -> bool {
        next.is_none_or(|next| next > self.until)
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

impl Listing {
    async fn next_piece(mut self) -> std::io::Result<Option<(Bytes, Self)>> {
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
            if self.until.is_some() {
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
            let sequence = stored.as_ref().map(|stored| stored.sequence);
            let found = self.found.take_if(|found| found.is_over_with(sequence));
            piece.extend(found.into_iter().flat_map(|found| found.lines).flatten());
            let Some(stored) = stored else {
                return Ok(if piece.is_empty() {
                    Read::End
                } else {
                    Read::Piece(piece)
                });
            };
            let line = line::of_stored(&self.spool, &stored).bytes;
            looked_at += line.len();
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

    /// The next record of the listing that is there.
    fn next_stored(&mut self) -> corelog_spool::Result<Option<Stored>> {
        let wanted = |sequence| self.until.is_none_or(|until| sequence <= until);
        if !wanted(self.reader.position()) {
            return Ok(None);
        }
        // A gap in the log can lead past the end of the listing.
        let stored = self.reader.next()?;
        Ok(stored.filter(|stored| wanted(stored.sequence)))
    }
}

/// What came of reading on.
enum Read {
    /// Lines, or none and there may be more.
    Piece(Vec<u8>),
    /// There is no more now.
    End,
}

fn matches(pattern: Option<&Pattern>, line: &[u8]) -> bool {
    let matches = |pattern: &Pattern| {
        let text = String::from_utf8_lossy(line.trim_ascii_end());
        pattern.matches(&Event::new(&text))
    };
    pattern.is_none_or(matches)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, expected: Option<(u64, Option<u64>, bool)>) {
        let parsed = parse(query).ok();
        assert_eq!(
            parsed.map(|it| (it.last, it.after, it.follow)),
            expected,
            "{query}"
        );
    }

    #[test]
    fn queries_are_read_or_refused() {
        check("", Some((10, None, false)));
        check("last=3&follow=true", Some((3, None, true)));
        check("after=0", Some((10, Some(0), false)));
        check("last=-1", None);
        check("last", None);
        check("follow=yes", None);
        check("after=18446744073709551615", None);
        check("lst=3", None);
        check("pattern=timeout&follow=true", Some((10, None, true)));
        check("pattern=%7B%20$.a", None);
    }
}
