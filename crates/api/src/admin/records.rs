//! `GET /corelog/v1/records`: the newest records, and those to come.

use bytes::Bytes;
use corelog_access::Caller;
use corelog_record::events::is_batch;
use corelog_spool::{Reader, Spool};
use corelog_types::Sequence;
use futures_util::stream;
use http::Response;

use super::error::with_type;
use super::{Problem, line};
use crate::{Action, Api, Body};

/// Records shown where nobody says how many.
const LAST_DEFAULT: u64 = 10;
/// How many entries are looked at to find the last records.
const LOOK_BACK_MAX: u64 = 4_096;
/// A piece of the stream is sent once it has this many bytes; a record is never split.
const PIECE_BYTES: usize = 64 << 10;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Query {
    last: u64,
    after: Option<u64>,
    follow: bool,
}

/// Streams records as lines of JSON, in the order of their sequence.
pub(crate) fn records(api: &Api, query: &str, caller: &Caller) -> Result<Response<Body>, Problem> {
    let query = parse(query)?;
    api.may_admin(caller, Action::ListRecords)?;
    let spool = api.spool();
    let durable = spool.durable_sequence();
    let listing = Listing {
        spool: spool.clone(),
        reader: None,
        begin: match query.after {
            Some(after) => Begin::After(after),
            None => Begin::Last(query.last),
        },
        durable,
        is_followed: query.follow,
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
    };
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let wrong = || {
            let hint = "`last` and `after` are whole numbers, `follow` is true or false";
            Problem::bad_request(format!("`{pair}` cannot be used"), hint)
        };
        match name {
            "last" => parsed.last = value.parse().map_err(|_| wrong())?,
            // The highest sequence has none behind it.
            "after" => {
                let after = value.parse().map_err(|_| wrong())?;
                parsed.after = Some(after).filter(|after| *after < u64::MAX);
                parsed.after.ok_or_else(wrong)?;
            }
            "follow" => parsed.follow = value.parse().map_err(|_| wrong())?,
            _ => return Err(wrong()),
        }
    }
    Ok(parsed)
}

/// Where a listing begins.
#[derive(Debug, Clone, Copy)]
enum Begin {
    After(u64),
    Last(u64),
}

/// Where a listing is.
struct Listing {
    spool: Spool,
    /// Lent to a thread that may block while a piece is read. None before the first.
    reader: Option<Reader>,
    begin: Begin,
    /// The last record there is as the listing begins.
    durable: Sequence,
    /// Whether it goes on with records to come.
    is_followed: bool,
}

impl Listing {
    async fn next_piece(mut self) -> std::io::Result<Option<(Bytes, Self)>> {
        loop {
            let seen = self.spool.durable_sequence();
            let (spool, reader) = (self.spool.clone(), self.reader.take());
            let (at, durable) = (self.begin, self.durable);
            let until = (!self.is_followed).then_some(durable);
            let read = tokio::task::spawn_blocking(move || {
                let mut reader = match reader {
                    Some(reader) => reader,
                    None => begin(&spool, at, durable)?,
                };
                let piece = read_piece(&spool, &mut reader, until)?;
                Ok::<_, corelog_spool::Error>((piece, reader))
            });
            let read = read.await.map_err(std::io::Error::other)?;
            let (piece, reader) = read.map_err(std::io::Error::other)?;
            self.reader = Some(reader);
            if !piece.is_empty() {
                return Ok(Some((piece.into(), self)));
            }
            if until.is_some() || self.spool.wait_past(seen).await.is_err() {
                return Ok(None);
            }
        }
    }
}

fn begin(spool: &Spool, at: Begin, durable: Sequence) -> corelog_spool::Result<Reader> {
    let after = match at {
        Begin::After(after) => after,
        Begin::Last(last) => before_last(spool, last, durable)?,
    };
    Ok(spool.reader(Sequence::from_u64(after).next()))
}

/// The place before the last records. Between these are log events that somebody put, which are not shown: so it looks
/// back for as many records as are asked for, though not for ever.
fn before_last(spool: &Spool, last: u64, durable: Sequence) -> corelog_spool::Result<u64> {
    let wanted = usize::try_from(last).unwrap_or(usize::MAX);
    let mut entries = last;
    loop {
        let after = durable.to_u64().saturating_sub(entries);
        if after == 0 || entries > LOOK_BACK_MAX {
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
        entries = entries.saturating_mul(4).max(16);
    }
}

fn read_piece(
    spool: &Spool,
    reader: &mut Reader,
    until: Option<Sequence>,
) -> corelog_spool::Result<Vec<u8>> {
    let mut piece = Vec::new();
    while piece.len() < PIECE_BYTES && until.is_none_or(|until| reader.position() <= until) {
        let Some(stored) = reader.next()? else { break };
        // A gap in the log can lead past the end of the listing.
        if until.is_some_and(|until| stored.sequence > until) {
            break;
        }
        if !is_batch(&stored.payload) {
            piece.append(&mut line::of_stored(spool, &stored).bytes);
        }
    }
    Ok(piece)
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
    }
}
