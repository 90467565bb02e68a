//! `GET /corelog/v1/records`: the newest records, and those to come.

use bytes::Bytes;
use corelog_access::Caller;
use corelog_spool::{Reader, Spool};
use corelog_types::Sequence;
use futures_util::stream;
use http::Response;

use super::error::with_type;
use super::{Problem, line};
use crate::{Action, Api, Body};

/// Records shown where nobody says how many.
const LAST_DEFAULT: u64 = 10;
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
    let after = query
        .after
        .unwrap_or_else(|| durable.to_u64().saturating_sub(query.last));
    let listing = Listing {
        reader: Some(spool.reader(Sequence::from_u64(after).next())),
        spool: spool.clone(),
        until: (!query.follow).then_some(durable),
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

/// Where a listing is.
struct Listing {
    spool: Spool,
    /// Lent to a thread that may block while a piece is read.
    reader: Option<Reader>,
    /// The last record of the listing; none to go on for ever.
    until: Option<Sequence>,
}

impl Listing {
    async fn next_piece(mut self) -> std::io::Result<Option<(Bytes, Self)>> {
        loop {
            let Some(mut reader) = self.reader.take() else {
                return Ok(None);
            };
            let seen = self.spool.durable_sequence();
            let (spool, until) = (self.spool.clone(), self.until);
            let read = tokio::task::spawn_blocking(move || {
                let piece = read_piece(&spool, &mut reader, until);
                (piece, reader)
            });
            let (piece, reader) = read.await.map_err(std::io::Error::other)?;
            let piece = piece.map_err(std::io::Error::other)?;
            self.reader = Some(reader);
            if !piece.is_empty() {
                return Ok(Some((piece.into(), self)));
            }
            if self.until.is_some() || self.spool.wait_past(seen).await.is_err() {
                return Ok(None);
            }
        }
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
        piece.append(&mut line::of_stored(spool, &stored).bytes);
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
