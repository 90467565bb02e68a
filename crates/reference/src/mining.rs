//! Which texts are alike: the algorithm of `pattern`.
//!
//! The service does not publish its own, so this one is ours. It does not depend on the order of the texts, and it
//! forms the same patterns from the same set of texts, so that counting can be spread over many readers. Real engines
//! also bound what they keep; here nothing is.
//!
//! 1. A text is cut into tokens: white space, single characters of punctuation, and words, which are all else. Times,
//!    UUIDs, IP addresses and numbers are recognised before and are tokens of their own kind. So is a word or white
//!    space of more than 128 bytes, and the rest of a text behind its first [`TOKENS_MAX`] tokens.
//! 2. Texts are alike in *shape* if they have as many tokens, with words at the same places, and the same
//!    white space, punctuation and kinds at the others. Texts of different shape never share a pattern.
//! 3. Among texts of one shape, a place is *open* if more than [`WORDS_MAX`] different words are there.
//! 4. A place is *fixed* if all have the same word there. If at least half of the places of words are fixed, the texts
//!    are one pattern, and the other places are dynamic.
//! 5. Otherwise they are split by the word at the place, not an open one, that has the fewest different words but more
//!    than one, the first such place of several, and each part is looked at by itself from step 4 on. Without such a
//!    place they are one pattern.
//!
//! A pattern prints fixed words as they are and dynamic tokens as `<Kind-N>`: the kind is `Time`, `ID`, `IP`, `Number`
//! or, for words, `Token`; N counts the dynamic tokens from 1. The values of a dynamic token are told if there are no
//! more than [`VALUES_MAX`], none of more than 128 bytes, and its place is not open; of a text's rest they are not.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::rc::Rc;
use std::sync::LazyLock;

use regex::Regex;

/// Tokens of a text that are looked at.
const TOKENS_MAX: usize = 256;

/// Different words at a place that is not open.
const WORDS_MAX: usize = 64;

/// A word or white space of more bytes is taken for a value, and longer values are not told.
const LONG: usize = 128;

/// Different values of a dynamic token that are told.
const VALUES_MAX: usize = 16;

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Token {
    /// White space or punctuation.
    Fixed(String),
    /// A recognised value, by the name of its kind.
    Kind(&'static str, String),
    /// A word.
    Word(String),
}

/// Recognised values, tried in this order where a token begins.
static KINDS: LazyLock<Vec<(&'static str, Regex)>> = LazyLock::new(|| {
    let all = [
        (
            "Time",
            r"^[0-9]{4}[-/][0-9][0-9][-/][0-9][0-9](?:[T ][0-9][0-9]:[0-9][0-9](?::[0-9][0-9])?(?:[.,][0-9]+)?(?:Z|[+-][0-9][0-9]:?[0-9][0-9])?)?",
        ),
        ("Time", r"^[0-9][0-9]:[0-9][0-9]:[0-9][0-9](?:[.,][0-9]+)?"),
        (
            "ID",
            r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        ),
        ("IP", r"^[0-9]{1,3}(?:\.[0-9]{1,3}){3}"),
        ("Number", r"^[-+]?[0-9]+(?:\.[0-9]+)?"),
    ];
    let compiled = all.map(|(kind, text)| Regex::new(text).ok().map(|regex| (kind, regex)));
    compiled.into_iter().flatten().collect()
});

/// What a text was found to be.
#[derive(Debug, Clone)]
pub(crate) struct Mined {
    pub(crate) pattern: Rc<Pattern>,
    tokens: Vec<Token>,
}

/// A pattern of texts of one shape.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    pub(crate) text: String,
    pub(crate) parts: Vec<Part>,
}

/// A part of a pattern's text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Fixed(String),
    Dynamic {
        kind: &'static str,
        /// Which token of the texts it is.
        place: usize,
        /// Whether values of the place are told at all.
        is_told: bool,
        /// Whether it is a long word or white space, or the rest of a text.
        is_rest: bool,
    },
}

/// What differs at a place, and how often each value is there, the most frequent first; `None` if it is not told.
pub(crate) fn values(
    texts: &[&Mined],
    place: usize,
    is_told: bool,
) -> Option<Vec<(String, usize)>> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for text in texts {
        let (Token::Fixed(value) | Token::Kind(_, value) | Token::Word(value)) =
            &text.tokens[place];
        *counts.entry(value.clone()).or_default() += 1;
    }
    let is_long = counts.keys().any(|value| value.len() > LONG);
    if !is_told || is_long || counts.len() > VALUES_MAX {
        return None;
    }
    let mut all: Vec<(String, usize)> = counts.into_iter().collect();
    all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    Some(all)
}

/// An expression that matches the texts of a pattern: what is fixed as it is, a slash behind a backslash.
pub(crate) fn regex(pattern: &Pattern) -> String {
    let part = |part: &Part| match part {
        Part::Fixed(text) => regex::escape(text).replace('/', "\\/"),
        Part::Dynamic { kind, is_rest, .. } => match *kind {
            _ if *is_rest => "(?s:.+)".to_owned(),
            "Time" => r"[-+\/:.,0-9TZ ]+".to_owned(),
            "ID" => "[-0-9a-fA-F]{36}".to_owned(),
            "IP" => "[.0-9]+".to_owned(),
            "Number" => "[-+.0-9]+".to_owned(),
            _ => r#"[^\s"'=:,;|()\[\]{}<>]+"#.to_owned(),
        },
    };
    let parts: String = pattern.parts.iter().map(part).collect();
    format!("^{parts}$")
}

/// The pattern of each text.
pub(crate) fn mine(texts: &[&str]) -> Vec<Mined> {
    let tokens: Vec<Vec<Token>> = texts.iter().map(|text| tokens(text)).collect();
    let mut shapes: BTreeMap<Vec<Option<Token>>, BTreeSet<&[Token]>> = BTreeMap::new();
    for one in &tokens {
        shapes.entry(shape(one)).or_default().insert(one);
    }
    let mut patterns: BTreeMap<&[Token], Rc<Pattern>> = BTreeMap::new();
    for alike in shapes.into_values() {
        let alike: Vec<&[Token]> = alike.into_iter().collect();
        let open = open_places(&alike);
        split(alike, &open, &mut patterns);
    }
    let mined = |one: &Vec<Token>| Mined {
        pattern: Rc::clone(&patterns[one.as_slice()]),
        tokens: one.clone(),
    };
    tokens.iter().map(mined).collect()
}

/// The tokens with words and values left open.
fn shape(tokens: &[Token]) -> Vec<Option<Token>> {
    let open = |token: &Token| match token {
        Token::Word(_) => None,
        Token::Kind(kind, _) => Some(Token::Kind(kind, String::new())),
        Token::Fixed(text) => Some(Token::Fixed(text.clone())),
    };
    tokens.iter().map(open).collect()
}

/// Step 3: places with too many different words.
fn open_places(alike: &[&[Token]]) -> BTreeSet<usize> {
    let length = alike.first().map_or(0, |first| first.len());
    let is_open = |place: &usize| {
        let different: BTreeSet<&Token> = alike.iter().map(|one| &one[*place]).collect();
        different.len() > WORDS_MAX
    };
    (0..length).filter(is_open).collect()
}

/// Steps 4 and 5, for different texts of one shape.
fn split<'t>(
    alike: Vec<&'t [Token]>,
    open: &BTreeSet<usize>,
    patterns: &mut BTreeMap<&'t [Token], Rc<Pattern>>,
) {
    let Some(first) = alike.first() else { return };
    let is_word = |place: &usize| matches!(first[*place], Token::Word(_));
    let words: Vec<usize> = (0..first.len()).filter(is_word).collect();
    let different =
        |place: usize| -> BTreeSet<&Token> { alike.iter().map(|one| &one[place]).collect() };
    let dynamic: Vec<usize> = words
        .iter()
        .copied()
        .filter(|place| open.contains(place) || different(*place).len() > 1)
        .collect();
    let fixed = words.len() - dynamic.len();
    let narrowest = dynamic
        .iter()
        .copied()
        .filter(|place| !open.contains(place))
        .min_by_key(|place| different(*place).len());
    let Some(place) = narrowest.filter(|_| fixed * 2 < words.len()) else {
        let pattern = Rc::new(pattern(first, &dynamic, open));
        for one in alike {
            patterns.insert(one, Rc::clone(&pattern));
        }
        return;
    };
    let mut parts: BTreeMap<&Token, Vec<&'t [Token]>> = BTreeMap::new();
    for one in alike {
        parts.entry(&one[place]).or_default().push(one);
    }
    for part in parts.into_values() {
        split(part, open, patterns);
    }
}

fn pattern(tokens: &[Token], dynamic: &[usize], open: &BTreeSet<usize>) -> Pattern {
    let mut text = String::new();
    let mut parts = Vec::new();
    let mut count = 0;
    for (place, token) in tokens.iter().enumerate() {
        let mut is_rest = false;
        let (kind, is_told) = match token {
            Token::Fixed(fixed) => {
                text.push_str(fixed);
                parts.push(Part::Fixed(fixed.clone()));
                continue;
            }
            Token::Word(word) if !dynamic.contains(&place) => {
                text.push_str(word);
                parts.push(Part::Fixed(word.clone()));
                continue;
            }
            Token::Word(_) => ("Token", !open.contains(&place)),
            Token::Kind(kind, _) => {
                is_rest = *kind == "Token";
                (*kind, !is_rest)
            }
        };
        count += 1;
        let _ = write!(text, "<{kind}-{count}>");
        parts.push(Part::Dynamic {
            kind,
            place,
            is_told,
            is_rest,
        });
    }
    Pattern { text, parts }
}

fn tokens(text: &str) -> Vec<Token> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if all.len() == TOKENS_MAX {
            all.push(Token::Kind("Token", rest.to_owned()));
            break;
        }
        let (token, length) = match recognised(rest) {
            Some((kind, length)) => (Token::Kind(kind, rest[..length].to_owned()), length),
            None if is_boundary(c) => {
                let length = boundary_length(rest, c);
                (Token::Fixed(rest[..length].to_owned()), length)
            }
            None => {
                let length = rest.find(is_boundary).unwrap_or(rest.len());
                (Token::Word(rest[..length].to_owned()), length)
            }
        };
        let is_long = length > LONG && !matches!(token, Token::Kind(..));
        all.push(if is_long {
            Token::Kind("Token", rest[..length].to_owned())
        } else {
            token
        });
        rest = &rest[length..];
    }
    all
}

/// A value that ends where a word would.
fn recognised(text: &str) -> Option<(&'static str, usize)> {
    KINDS.iter().find_map(|(kind, regex)| {
        let length = regex.find(text)?.end();
        let next = text[length..].chars().next();
        // A full stop ends a sentence, unless a word goes on behind it.
        let ends = match next {
            Some('.') => text[length + 1..].chars().next().is_none_or(is_boundary),
            next => next.is_none_or(is_boundary),
        };
        ends.then_some((*kind, length))
    })
}

fn is_boundary(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '"' | '\''
                | '='
                | ':'
                | ','
                | ';'
                | '|'
                | '('
                | ')'
                | '['
                | ']'
                | '{'
                | '}'
                | '<'
                | '>'
        )
}

/// A run of white space, or one character of punctuation.
fn boundary_length(text: &str, first: char) -> usize {
    if first.is_whitespace() {
        text.find(|c: char| !c.is_whitespace())
            .unwrap_or(text.len())
    } else {
        first.len_utf8()
    }
}

#[cfg(test)]
mod tests {
    use super::mine;

    fn patterns(texts: &[&str]) -> Vec<String> {
        let mined = mine(texts).into_iter();
        mined.map(|one| one.pattern.text.clone()).collect()
    }

    fn check(texts: &[&str], expected: &[&str]) {
        assert_eq!(patterns(texts), expected);
    }

    #[test]
    fn values_are_recognised() {
        check(&["took 15 ms"], &["took <Number-1> ms"]);
        check(
            &["2026-11-22T09:15:42.123Z 10.0.0.1 said -1.5."],
            &["<Time-1> <IP-2> said <Number-3>."],
        );
        check(
            &["id=6f3c1c60-9d0f-4e4a-8d3e-0c8f5a2b1a11, v2"],
            &["id=<ID-1>, v2"],
        );
        check(&["", "1.2.3"], &["", "1.2.3"]);
    }

    #[test]
    fn words_that_differ_are_dynamic_if_half_of_them_do_not() {
        check(
            &[
                "user ann logged in",
                "user bob logged in",
                "disk sda is full",
            ],
            &[
                "user <Token-1> logged in",
                "user <Token-1> logged in",
                "disk sda is full",
            ],
        );
        check(&["all good", "not bad"], &["all good", "not bad"]);
        let wide: Vec<String> = (0..=64).map(|at| format!("a{at} b{at}")).collect();
        let wide: Vec<&str> = wide.iter().map(String::as_str).collect();
        check(&wide, &["<Token-1> <Token-2>"; 65]);
        check(&wide[1..3], &wide[1..3]);
        check(
            &["a x p q", "a y r s", "b x t u"],
            &["a x p q", "a y r s", "b x t u"],
        );
    }

    #[test]
    fn long_words_and_long_texts_are_cut() {
        let word = "x".repeat(129);
        check(&[&word, &word[1..]], &["<Token-1>", &word[1..]]);
        let long = "a,".repeat(130);
        let pattern = format!("{}<Token-1>", "a,".repeat(128));
        check(&[&long, &long[2..]], &[&pattern, &pattern]);
    }

    #[test]
    fn the_order_of_texts_does_not_matter() {
        let texts = ["get /a 200", "get /b 404", "put /a 200 now", "get /c 500"];
        let mut reversed = texts;
        reversed.reverse();
        let mut all = patterns(&texts);
        all.reverse();
        assert_eq!(patterns(&reversed), all);
        assert_eq!(all[0], "get <Token-1> <Number-2>");
    }
}
