//! `GET /corelog/v1/records`: the newest records, and those to come.

use corelog_access::Caller;
use corelog_patterns::Pattern;
use futures_util::stream;
use http::Response;

use super::Problem;
use super::error::with_type;
use super::listing::{Begin, Listing};
use super::pairs::{pairs, pattern};
use crate::{Action, Api, Body};

/// Records shown where nobody says how many.
const LAST_DEFAULT: u64 = 10;

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
    let begin = query.after.map_or(Begin::Last(query.last), Begin::After);
    let stopping = api.stopping().clone();
    let listing = Listing::new(api.spool(), begin, query.pattern, query.follow, stopping);
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
