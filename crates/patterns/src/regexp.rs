//! The service's regular expressions, read strictly and written anew for the `regex` crate.
//!
//! ```text
//! regexp  = branch { "|" branch } ;
//! branch  = { atom [ "*" | "+" | "?" | "{" [ m ] [ "," [ n ] ] "}" ] | "^" | "$" } ;
//! atom    = alnum | " " | symbol | "." | "]" | "}" | class | escape ;
//! symbol  = ":" | "_" | "#" | "=" | "@" | "/" | ";" | "," | "-" ;
//! class   = "[" [ "^" ] item { item } "]" ;   (* item: a character, an escape, or a range of two *)
//! escape  = "\" ( operator | symbol | "d" | "D" | "s" | "S" | "w" | "W" | "x" hex hex ) ;
//! ```
//!
//! There are no groups. Rewriting, rather than passing the text through, is what keeps the two dialects apart:
//! `[a[b]` and `[a--b]` mean something else to the `regex` crate, `{,3}` nothing at all, and its `\d` knows more
//! digits than ten.
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html#regex-expressions>

use std::fmt;
use std::iter::Peekable;
use std::str::CharIndices;

use crate::error::ErrorKind;

/// Allows `.{0,200}`, at about a kilobyte for each `.`; the slowest expression of this size takes some seconds for
/// an event of 1 MiB made to be slow for it, and there is no backtracking to make it worse.
const COMPILED_BYTES_MAX: usize = 256 << 10;
const CACHE_BYTES_MAX: usize = 1 << 20;

const SYMBOLS: &str = ":_#=@/;,-";
const OPERATORS: &str = "^$?[]{}|\\*+.";

/// A compiled regular expression that remembers its text.
#[derive(Debug, Clone)]
pub(crate) struct Regexp {
    source: String,
    regex: regex::Regex,
}

/// Why a text is no regular expression of the service's, and at which of its bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: ErrorKind,
    pub(crate) offset: usize,
    pub(crate) hint: &'static str,
}

impl Regexp {
    /// Reads what stands between two `%`.
    pub(crate) fn parse(source: &str) -> Result<Self, Fault> {
        if source.is_empty() {
            return Err(Fault {
                kind: ErrorKind::Invalid,
                offset: 0,
                hint: "a regular expression needs something between its `%`",
            });
        }
        let regex = regex::RegexBuilder::new(&Translation::of(source)?)
            .size_limit(COMPILED_BYTES_MAX)
            .dfa_size_limit(CACHE_BYTES_MAX)
            .build()
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(_) => Fault {
                    kind: ErrorKind::RegexTooLarge,
                    offset: 0,
                    hint: "repeat fewer times",
                },
                _ => Fault {
                    kind: ErrorKind::Invalid,
                    offset: 0,
                    hint: "an operator has nothing to repeat, or a repetition counts down",
                },
            })?;
        let source = source.to_owned();
        Ok(Self { source, regex })
    }

    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    pub(crate) fn spans<'s>(&'s self, text: &'s str) -> impl Iterator<Item = (usize, usize)> + 's {
        self.regex
            .find_iter(text)
            .map(|found| (found.start(), found.end()))
    }
}

impl PartialEq for Regexp {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl fmt::Display for Regexp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%{}%", self.source)
    }
}

/// What an escape or a plain character stands for.
enum Atom {
    /// One ASCII character.
    Character(char),
    /// A class of its own, as the `regex` crate writes it.
    Class(&'static str),
}

struct Translation<'s> {
    source: &'s str,
    rest: Peekable<CharIndices<'s>>,
    out: String,
}

impl<'s> Translation<'s> {
    fn of(source: &'s str) -> Result<String, Fault> {
        let mut translation = Self {
            source,
            rest: source.char_indices().peekable(),
            out: String::with_capacity(source.len() * 2),
        };
        while let Some((at, c)) = translation.rest.next() {
            translation.one(at, c)?;
        }
        Ok(translation.out)
    }

    fn one(&mut self, at: usize, c: char) -> Result<(), Fault> {
        match c {
            '^' | '?' | '*' | '+' | '|' | '.' => self.out.push(c),
            // The end of a log line is before its line feed, as for the service.
            '$' => self.out.push_str("(?:\\n?$)"),
            '{' => self.repetition(at)?,
            '[' => self.class(at)?,
            '}' | ']' => self.character(c),
            _ => match self.atom(at, c)? {
                Atom::Character(c) => self.character(c),
                Atom::Class(class) => self.out.push_str(class),
            },
        }
        Ok(())
    }

    /// Writes a character so that nothing in it is an operator.
    fn character(&mut self, c: char) {
        if c.is_ascii_alphanumeric() {
            self.out.push(c);
        } else {
            let hexadecimal = format!("\\x{:02X}", u32::from(c));
            self.out.push_str(&hexadecimal);
        }
    }

    fn atom(&mut self, at: usize, c: char) -> Result<Atom, Fault> {
        if c == '\\' {
            return self.escape(at);
        }
        if c.is_ascii_alphanumeric() || c == ' ' || SYMBOLS.contains(c) {
            return Ok(Atom::Character(c));
        }
        Err(self.term(at, "this character is not supported; write it as \\xhh"))
    }

    fn escape(&mut self, at: usize) -> Result<Atom, Fault> {
        let Some((_, c)) = self.rest.next() else {
            return Err(self.term(at, "a backslash has to escape something"));
        };
        Ok(match c {
            'd' => Atom::Class("[0-9]"),
            'D' => Atom::Class("[^0-9]"),
            's' => Atom::Class("[ \\t\\n\\x0B\\f\\r]"),
            'S' => Atom::Class("[^ \\t\\n\\x0B\\f\\r]"),
            'w' => Atom::Class("[a-zA-Z_0-9]"),
            'W' => Atom::Class("[^a-zA-Z_0-9]"),
            'x' => return self.hexadecimal(at),
            _ if OPERATORS.contains(c) || SYMBOLS.contains(c) => Atom::Character(c),
            _ => {
                return Err(self.term(
                    at,
                    "a backslash escapes an operator, or writes d, s, w or xhh",
                ));
            }
        })
    }

    fn hexadecimal(&mut self, at: usize) -> Result<Atom, Fault> {
        let mut digit = || self.rest.next().and_then(|(_, c)| c.to_digit(16));
        let code = digit().zip(digit()).map(|(high, low)| high * 16 + low);
        let character = code.filter(|code| *code < 0x80).and_then(char::from_u32);
        match character {
            Some(character) => Ok(Atom::Character(character)),
            None => Err(self.term(at, "\\x takes two hexadecimal digits, up to 7F")),
        }
    }

    /// `{m}`, `{m,}`, `{,n}` or `{m,n}`; the documentation has a space after the comma, too.
    fn repetition(&mut self, at: usize) -> Result<(), Fault> {
        const HINT: &str = "write {m}, {m,}, {,n} or {m,n}, or \\{ for the character";
        let from = at + 1;
        let Some(length) = self.source[from..].find('}') else {
            return Err(self.invalid(at, HINT));
        };
        let inner = &self.source[from..from + length];
        let is_count = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let (least, most) = match inner.split_once(',') {
            Some((least, most)) => (least.trim(), Some(most.trim())),
            None => (inner, None),
        };
        if !is_count(least)
            || !most.is_none_or(is_count)
            || inner.trim_matches([',', ' ']).is_empty()
        {
            return Err(self.invalid(at, HINT));
        }
        let least = if least.is_empty() { "0" } else { least };
        let repetition = match most {
            Some(most) => format!("{{{least},{most}}}"),
            None => format!("{{{least}}}"),
        };
        self.out.push_str(&repetition);
        while self
            .rest
            .next_if(|(next, _)| *next <= from + length)
            .is_some()
        {}
        Ok(())
    }

    fn class(&mut self, at: usize) -> Result<(), Fault> {
        const HINT: &str = "a character class needs a character, and a `]` at its end";
        self.out.push('[');
        if self.rest.next_if(|(_, c)| *c == '^').is_some() {
            self.out.push('^');
        }
        let mut empty = true;
        loop {
            match self.rest.next() {
                None => return Err(self.invalid(at, HINT)),
                Some((_, ']')) if empty => return Err(self.invalid(at, HINT)),
                Some((_, ']')) => break,
                Some((start, c)) => self.item(start, c)?,
            }
            empty = false;
        }
        self.out.push(']');
        Ok(())
    }

    /// One character of a class, a range from it, or an escape.
    fn item(&mut self, start: usize, c: char) -> Result<(), Fault> {
        let low = match self.class_atom(start, c)? {
            Atom::Class(class) => {
                self.out.push_str(class);
                return Ok(());
            }
            Atom::Character(low) => low,
        };
        self.character(low);
        let mut ahead = self.rest.clone();
        let dash = ahead.next().is_some_and(|(_, c)| c == '-');
        if !dash || ahead.next().is_none_or(|(_, c)| c == ']') {
            return Ok(());
        }
        self.rest.next();
        let Some((end, c)) = self.rest.next() else {
            return Ok(());
        };
        match self.class_atom(end, c)? {
            Atom::Character(high) if high >= low => {
                self.out.push('-');
                self.character(high);
                Ok(())
            }
            _ => Err(self.invalid(start, "a range goes from a lower to a higher character")),
        }
    }

    /// Inside a class, operators are characters.
    fn class_atom(&mut self, at: usize, c: char) -> Result<Atom, Fault> {
        if c != '\\' && OPERATORS.contains(c) {
            return Ok(Atom::Character(c));
        }
        self.atom(at, c)
    }

    fn term(&self, offset: usize, hint: &'static str) -> Fault {
        Fault {
            kind: ErrorKind::InvalidTerm(format!("%{}%", self.source)),
            offset,
            hint,
        }
    }

    fn invalid(&self, offset: usize, hint: &'static str) -> Fault {
        debug_assert!(offset < self.source.len());
        Fault {
            kind: ErrorKind::Invalid,
            offset,
            hint,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (expression, texts it is found in, texts it is not found in), from the documentation's list of operators.
    const DOCUMENTED: [(&str, &[&str], &[&str]); 17] = [
        ("^[hc]at", &["hat", "cat in"], &["a hat"]),
        ("[hc]at$", &["hat", "my cat", "cat\n"], &["cats"]),
        ("colou?r", &["color", "colour"], &["colouur"]),
        ("[abcx-z]", &["a", "y"], &["d", "-"]),
        ("^a{3,5}$", &["aaa", "aaaa", "aaaaa"], &["aa", "aaaaaa"]),
        ("^a{,2}$", &["", "aa"], &["aaa"]),
        (
            "^starting|^initializing|^shutting down",
            &["starting x", "shutting down"],
            &["skipping initializing"],
        ),
        ("abcc|ab[^c]$", &["abcc ...", "aba"], &["aac"]),
        (r"\[.\]", &["[a]", "[]]", "[ ]"], &["[]", "a"]),
        (r"10\.10\.0\.1", &["10.10.0.1"], &["10010,051"]),
        ("10.10.0.1", &["10010,051"], &["10.10.0"]),
        ("ab*c", &["ac", "abc", "abbbc"], &["ab"]),
        ("ab[0-9]*", &["ab", "ab0", "ab129"], &["a"]),
        ("ab+c", &["abc", "abbc"], &["ac"]),
        (r"^\d\D$", &["4x"], &["x4", "\u{663}x"]),
        (r"^\w\W\s\S$", &["_ \tx"], &["\u{e9} \tx"]),
        (r"\x3A\x28", &[":("], &["x3A"]),
    ];

    #[test]
    fn the_documented_operators() {
        for (source, found, missing) in DOCUMENTED {
            let regexp = Regexp::parse(source).unwrap();
            for text in found {
                assert!(regexp.is_match(text), "{source} in {text:?}");
            }
            for text in missing {
                assert!(!regexp.is_match(text), "{source} not in {text:?}");
            }
        }
    }

    #[test]
    fn what_the_other_dialect_would_read_differently() {
        for (source, found, missing) in [
            ("^[a[b]$", "[", "^"),
            ("^[a-]$", "-", "b"),
            ("^[+--]$", ",", "."),
            ("^[[:alpha:]$", ":", "z"),
            ("^[\\d_]$", "7", "d"),
            ("^a{1, 2}$", "aa", "aaa"),
            ("^]}$", "]}", "]"),
            ("x.{0,200}y", "x and y", "x"),
        ] {
            let regexp = Regexp::parse(source).unwrap();
            assert!(regexp.is_match(found), "{source} in {found:?}");
            assert!(!regexp.is_match(missing), "{source} not in {missing:?}");
        }
    }

    #[test]
    fn what_is_refused() {
        let term = |source: &str| ErrorKind::InvalidTerm(format!("%{source}%"));
        for source in [
            "something!",
            "(a)",
            r"\(a\)",
            "a\"b",
            "\u{e9}",
            r"\q",
            r"\xg0",
            r"\xff",
            "a\\",
            r"\b",
        ] {
            assert_eq!(
                Regexp::parse(source).unwrap_err().kind,
                term(source),
                "{source}"
            );
        }
        for source in [
            "", "*a", "a{", "a{x}", "a{,}", "a{}", "[", "[]", "[^]", "[z-a]", "a{3,2}", "[a-\\d]",
        ] {
            assert_eq!(
                Regexp::parse(source).unwrap_err().kind,
                ErrorKind::Invalid,
                "{source}"
            );
        }
        assert_eq!(Regexp::parse("something!").unwrap_err().offset, 9);
        assert_eq!(
            Regexp::parse("[a-z]{100000}").unwrap_err().kind,
            ErrorKind::RegexTooLarge
        );
    }
}
