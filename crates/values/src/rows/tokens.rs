//! The tokens of a text, for `pattern`: white space, single characters of punctuation, recognised values, and words.

/// A word or white space of more bytes is taken for a value.
const LONG: usize = 128;

/// What is recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Time,
    Id,
    Ip,
    Number,
    /// Any value.
    Token,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Time => "Time",
            Self::Id => "ID",
            Self::Ip => "IP",
            Self::Number => "Number",
            Self::Token => "Token",
        }
    }

    /// Whether its values are short enough to tell them.
    pub(super) fn has_values(self) -> bool {
        self != Self::Token
    }
}

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// White space or punctuation.
    Fixed(&'t str),
    Kind(Kind, &'t str),
    Word(&'t str),
}

/// The first `most` tokens of a text; if there are more, the rest is one value.
pub(super) fn tokens(text: &str, most: usize) -> impl Iterator<Item = Token<'_>> {
    let mut rest = text;
    let mut count = 0;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if count == most {
            return Some(Token::Kind(Kind::Token, std::mem::take(&mut rest)));
        }
        count += 1;
        let (token, behind) = next(rest)?;
        rest = behind;
        Some(token)
    })
}

fn next(text: &str) -> Option<(Token<'_>, &str)> {
    let first = text.chars().next()?;
    if let Some((kind, length)) = recognised(text) {
        let (value, rest) = text.split_at_checked(length)?;
        return Some((Token::Kind(kind, value), rest));
    }
    let (is_fixed, length) = if first.is_whitespace() {
        (true, text.find(|c: char| !c.is_whitespace()))
    } else if is_boundary(first) {
        (true, Some(first.len_utf8()))
    } else {
        (false, word_length(text))
    };
    let (piece, rest) = text.split_at(length.unwrap_or(text.len()));
    let token = match is_fixed {
        _ if piece.len() > LONG => Token::Kind(Kind::Token, piece),
        true => Token::Fixed(piece),
        false => Token::Word(piece),
    };
    Some((token, rest))
}

/// The characters of ASCII that end a word.
static BOUNDARIES: [bool; 128] = {
    let mut all = [false; 128];
    let ends = b"\"'=:,;|()[]{}<> \t\n\x0B\x0C\r";
    let mut at = 0;
    while at < ends.len() {
        all[ends[at] as usize] = true;
        at += 1;
    }
    all
};

fn is_boundary(c: char) -> bool {
    match BOUNDARIES.get(c as usize) {
        Some(ends) => *ends,
        None => c.is_whitespace(),
    }
}

/// Where a word ends that a text begins with.
fn word_length(text: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(byte) = text.as_bytes().get(at) {
        if byte.is_ascii() {
            if BOUNDARIES[usize::from(*byte)] {
                return Some(at);
            }
            at += 1;
        } else {
            let c = text.get(at..)?.chars().next()?;
            if c.is_whitespace() {
                return Some(at);
            }
            at += c.len_utf8();
        }
    }
    None
}

/// The length of a value that bytes begin with.
type Recognise = fn(&[u8]) -> Option<usize>;

/// A value that ends where a word would, and its length.
fn recognised(text: &str) -> Option<(Kind, usize)> {
    let bytes = text.as_bytes();
    let first = *bytes.first()?;
    if !first.is_ascii_hexdigit() && first != b'-' && first != b'+' {
        return None;
    }
    let tries: [(Kind, Recognise); 5] = [
        (Kind::Time, date),
        (Kind::Time, clock),
        (Kind::Id, uuid_length),
        (Kind::Ip, ip),
        (Kind::Number, number),
    ];
    tries.into_iter().find_map(|(kind, length)| {
        let length = length(bytes)?;
        ends(text, length).then_some((kind, length))
    })
}

/// Whether a value may end here. A full stop ends a sentence, unless a word goes on behind it.
fn ends(text: &str, length: usize) -> bool {
    let mut behind = text.get(length..).unwrap_or_default().chars();
    match behind.next() {
        Some('.') => behind.next().is_none_or(is_boundary),
        next => next.is_none_or(is_boundary),
    }
}

fn digits(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

fn has(bytes: &[u8], at: usize, any: &[u8]) -> bool {
    bytes.get(at).is_some_and(|byte| any.contains(byte))
}

/// Two digits behind one of these characters.
fn two(bytes: &[u8], at: usize, behind: &[u8]) -> bool {
    has(bytes, at, behind)
        && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
        && bytes.get(at + 2).is_some_and(u8::is_ascii_digit)
}

/// `2026-11-22`, with an hour and a zone if they follow.
fn date(bytes: &[u8]) -> Option<usize> {
    if digits(bytes, 0) < 4 || !two(bytes, 4, b"-/") || !two(bytes, 7, b"-/") {
        return None;
    }
    if !(two(bytes, 10, b"T ") && two(bytes, 13, b":")) {
        return Some(10);
    }
    let mut at = 16;
    if two(bytes, at, b":") {
        at += 3;
    }
    at += fraction(bytes, at);
    if has(bytes, at, b"Z") {
        at += 1;
    } else if two(bytes, at, b"+-") {
        let colon = usize::from(has(bytes, at + 3, b":"));
        if digits(bytes, at + 3 + colon) >= 2 {
            at += 5 + colon;
        }
    }
    Some(at)
}

fn clock(bytes: &[u8]) -> Option<usize> {
    if digits(bytes, 0) < 2 || !two(bytes, 2, b":") || !two(bytes, 5, b":") {
        return None;
    }
    Some(8 + fraction(bytes, 8))
}

fn fraction(bytes: &[u8], at: usize) -> usize {
    match digits(bytes, at + 1) {
        count if count > 0 && has(bytes, at, b".,") => count + 1,
        _ => 0,
    }
}

/// The length of a UUID that bytes begin with.
pub(crate) fn uuid_length(bytes: &[u8]) -> Option<usize> {
    const LENGTH: usize = 36;
    let is_right = |(at, byte): (usize, &u8)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    let all = bytes.get(..LENGTH)?.iter().enumerate().all(is_right);
    all.then_some(LENGTH)
}

fn ip(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    for part in 0..4 {
        let count = digits(bytes, at);
        if count == 0 {
            return None;
        }
        if part == 3 {
            return Some(at + count.min(3));
        }
        if count > 3 || !has(bytes, at + count, b".") {
            return None;
        }
        at += count + 1;
    }
    None
}

fn number(bytes: &[u8]) -> Option<usize> {
    let sign = usize::from(has(bytes, 0, b"-+"));
    let whole = digits(bytes, sign);
    if whole == 0 {
        return None;
    }
    let at = sign + whole;
    let decimals = digits(bytes, at + 1);
    if decimals > 0 && has(bytes, at, b".") {
        Some(at + 1 + decimals)
    } else {
        Some(at)
    }
}
