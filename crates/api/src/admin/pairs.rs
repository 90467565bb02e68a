//! The query of our own operations: names and values, and patterns among them.

use corelog_patterns::Pattern;
use percent_encoding::percent_decode_str;

use super::Problem;

/// Its pairs, decoded; a name without a value has an empty one.
pub(super) fn pairs(query: &str) -> Result<Vec<(String, String)>, Problem> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decoded = |text: &str| {
                let text = percent_decode_str(text).decode_utf8();
                text.map(String::from)
                    .map_err(|_| Problem::bad_request("the query is no text", "encode it as UTF-8"))
            };
            Ok((decoded(name)?, decoded(value)?))
        })
        .collect()
}

/// A filter pattern.
pub(super) fn pattern(text: &str) -> Result<Pattern, Problem> {
    const HINT: &str = "the language is that of CloudWatch Logs: words, \"phrases\", -without, ?either ?or, %regex%, \
                        { $.field = value }, [space, delimited]";
    Pattern::parse(text).map_err(|error| Problem::bad_request(error.to_string(), HINT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, expected: Option<&[(&str, &str)]>) {
        let expected = expected.map(|pairs| {
            let owned = pairs
                .iter()
                .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
            owned.collect::<Vec<_>>()
        });
        assert_eq!(pairs(query).ok(), expected, "{query}");
    }

    #[test]
    fn queries_are_decoded() {
        check("", Some(&[]));
        check("a=1&b", Some(&[("a", "1"), ("b", "")]));
        check(
            "pattern=%7B%20%24.a%20%3D%201%20%7D&",
            Some(&[("pattern", "{ $.a = 1 }")]),
        );
        check("a=b=c", Some(&[("a", "b=c")]));
        check("a=%ff", None);
    }
}
