//! Text to tokens, one at a time.
//!
//! A slash is a token of its own here. Whether it opens a regular expression depends on what stands before it, which
//! the parser knows: it then asks for [`Lexer::regex`].

use crate::diagnostic::{Fault, Problem};
use crate::period::{Period, Unit};
use crate::regex::{Regex, closing_slash};
use crate::span::Span;

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// A name of one or more segments with dots between. `bare` if no segment is in backticks.
    Name {
        segments: Vec<String>,
        bare: bool,
    },
    /// Digits with an optional fraction and exponent, as typed.
    Number(String),
    Period(Period),
    /// A string without its quotes and escapes.
    Text(String),
    Symbol(&'static str),
    End,
}

impl Token {
    /// The word, if it is a name of one segment without backticks.
    pub(crate) fn word(&self) -> Option<&str> {
        match self {
            Self::Name {
                segments,
                bare: true,
            } if segments.len() == 1 => Some(&segments[0]),
            _ => None,
        }
    }

    pub(crate) fn is_word(&self, word: &str) -> bool {
        self.word()
            .is_some_and(|found| found.eq_ignore_ascii_case(word))
    }

    pub(crate) fn is_symbol(&self, symbol: &str) -> bool {
        matches!(self, Self::Symbol(found) if *found == symbol)
    }
}

/// Symbols, longer ones before those they begin with.
const SYMBOLS: [&str; 31] = [
    "{{", "}}", "||", "&&", "==", "=~", "!=", "<>", "<=", ">=", "(", ")", "[", "]", "{", "}", ",",
    "|", "=", "<", ">", "+", "-", "*", "/", "%", "^", "!", ".", ":", "$",
];

#[derive(Debug, Clone)]
pub(crate) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The next token and where it is; `End` for ever at the end.
    pub(crate) fn token(&mut self) -> Result<(Token, Span), Fault> {
        self.skip_blank();
        let start = self.at;
        let token = match self.peek() {
            None => Token::End,
            Some('"' | '\'') => self.string()?,
            Some(c) if c.is_ascii_digit() => self.number()?,
            Some('.') if self.is_fraction() => self.number()?,
            Some('@' | '`') => self.name()?,
            Some(c) if is_name_start(c) => self.name()?,
            Some(c) => self.symbol(c)?,
        };
        Ok((token, Span::new(start, self.at)))
    }

    /// The regular expression whose opening slash is at byte `slash`; lexing goes on behind it.
    pub(crate) fn regex(&mut self, slash: usize) -> Result<Regex, Fault> {
        let inside = self.text.get(slash + 1..).unwrap_or_default();
        let Some(length) = closing_slash(inside) else {
            let what = "regular expression";
            let span = Span::new(slash, self.text.len());
            return Err(Fault::new(Problem::Unterminated { what }, span));
        };
        self.at = slash + length + 2;
        let regex = Regex::new(inside[..length].to_owned(), Span::new(slash, self.at))?;
        self.refuse_flags()?;
        Ok(regex)
    }

    /// The name right behind a dot, of one or more segments; here a segment may begin with a digit.
    pub(crate) fn member(&mut self) -> Result<(Vec<String>, Span), Fault> {
        let start = self.at;
        match self.name()? {
            Token::Name { segments, .. } => Ok((segments, Span::new(start, self.at))),
            _ => Ok((Vec::new(), Span::new(start, start))),
        }
    }

    /// Source: people who wrote `/text/i` and were told `unexpected symbol found i`.
    fn refuse_flags(&self) -> Result<(), Fault> {
        let rest = &self.text[self.at..];
        let flags: String = rest.chars().take_while(|c| is_name_part(*c)).collect();
        if flags.is_empty() {
            return Ok(());
        }
        let span = Span::new(self.at, self.at + flags.len());
        let hint = format!("flags stand within the expression: /(?{flags})…/");
        Err(Fault::new(Problem::Unexpected { symbol: flags }, span).hint(hint))
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_blank(&mut self) {
        loop {
            let rest = self.rest().trim_start();
            self.at = self.text.len() - rest.len();
            if !rest.starts_with('#') {
                return;
            }
            self.at += rest.find('\n').unwrap_or(rest.len());
        }
    }

    /// `.5` is a number, but not behind something that has members.
    fn is_fraction(&self) -> bool {
        let before = self.text[..self.at].chars().next_back();
        let digit = self.rest()[1..].starts_with(|c: char| c.is_ascii_digit());
        digit && !matches!(before, Some(')' | ']' | '`'))
    }

    fn string(&mut self) -> Result<Token, Fault> {
        let start = self.at;
        let mut out = String::new();
        let mut chars = self.rest().char_indices();
        let quote = chars.next().map_or('"', |(_, c)| c);
        while let Some((at, c)) = chars.next() {
            if c == quote {
                self.at += at + 1;
                return Ok(Token::Text(out));
            }
            if c != '\\' {
                out.push(c);
                continue;
            }
            // A backslash escapes a quote or itself; before anything else it is a backslash.
            match chars.next() {
                Some((_, escaped @ ('"' | '\'' | '\\'))) => out.push(escaped),
                Some((_, other)) => out.extend(['\\', other]),
                None => break,
            }
        }
        let span = Span::new(start, self.text.len());
        Err(Fault::new(Problem::Unterminated { what: "string" }, span))
    }

    fn number(&mut self) -> Result<Token, Fault> {
        let start = self.at;
        let digits =
            |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        self.at += digits(self.rest());
        if let Some(fraction) = self.rest().strip_prefix('.')
            && digits(fraction) > 0
        {
            self.at += 1 + digits(fraction);
        }
        if let Some(exponent) = self.rest().strip_prefix(['e', 'E']) {
            let sign = usize::from(exponent.starts_with(['+', '-']));
            let length = digits(&exponent[sign..]);
            if length > 0 {
                self.at += 1 + sign + length;
            }
        }
        let text = &self.text[start..self.at];
        let unit: String = self
            .rest()
            .chars()
            .take_while(|c| is_name_part(*c))
            .collect();
        if unit.is_empty() {
            return Ok(Token::Number(text.to_owned()));
        }
        self.at += unit.len();
        match (text.parse(), Unit::parse(&unit)) {
            (Ok(count), Some(unit)) => Ok(Token::Period(Period { count, unit })),
            (Err(_), Some(_)) => {
                let symbol = self.text[start..self.at].to_owned();
                let fault = Fault::new(Problem::Unexpected { symbol }, Span::new(start, self.at));
                Err(fault.hint("a period is a whole number and a unit, such as 90m"))
            }
            (_, None) => {
                let span = Span::new(start, self.at);
                let fault = Fault::new(Problem::UnknownUnit { unit }, span);
                Err(fault.hint("a name that begins with a digit stands in backticks"))
            }
        }
    }

    fn name(&mut self) -> Result<Token, Fault> {
        let mut segments = Vec::new();
        let mut bare = true;
        loop {
            let start = self.at;
            let rest = self.rest();
            let mut segment: String = rest.chars().take_while(|c| is_name_part(*c)).collect();
            self.at += segment.len();
            if self.peek() == Some('`') && segment.chars().all(|c| c == '@') {
                bare = false;
                segment.push_str(self.backticked()?);
            }
            if segment.chars().all(|c| c == '@') {
                return Err(self.no_name(start));
            }
            segments.push(segment);
            let Some(after_dot) = self.rest().strip_prefix('.') else {
                break;
            };
            if after_dot.starts_with(['"', '\'']) {
                let fault = self.no_name(self.at + 1);
                return Err(
                    fault.hint("a part of a name with other characters stands in backticks")
                );
            }
            if !after_dot.starts_with(|c| is_name_part(c) || c == '`') {
                break;
            }
            self.at += 1;
        }
        Ok(Token::Name { segments, bare })
    }

    /// What stands at `start`, as typed so far or else its first character, is no name.
    fn no_name(&self, start: usize) -> Fault {
        let first = self.text[start..].chars().next().map_or(0, char::len_utf8);
        let span = Span::new(start, self.at.max(start + first));
        let symbol = match span.of(self.text) {
            "" => "<EOF>",
            typed => typed,
        };
        let symbol = symbol.to_owned();
        Fault::new(Problem::Unexpected { symbol }, span)
    }

    fn backticked(&mut self) -> Result<&'a str, Fault> {
        let inside = &self.rest()[1..];
        let Some(length) = inside.find('`') else {
            let span = Span::new(self.at, self.text.len());
            let what = "name in backticks";
            return Err(Fault::new(Problem::Unterminated { what }, span));
        };
        self.at += length + 2;
        Ok(&inside[..length])
    }

    fn symbol(&mut self, c: char) -> Result<Token, Fault> {
        let rest = self.rest();
        let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) else {
            let span = Span::new(self.at, self.at + c.len_utf8());
            let symbol = c.to_string();
            return Err(Fault::new(Problem::Unexpected { symbol }, span));
        };
        if *symbol == "{{" {
            return Err(self.placeholder());
        }
        self.at += symbol.len();
        Ok(Token::Symbol(symbol))
    }

    fn placeholder(&self) -> Fault {
        let inside = &self.rest()[2..];
        let length = inside.find("}}").unwrap_or(inside.len());
        let end = (self.at + length + 4).min(self.text.len());
        let name = inside[..length].trim().chars().take(64).collect();
        Fault::new(Problem::Placeholder { name }, Span::new(self.at, end))
    }
}

/// Whether a name may begin with it; `@` and a backtick begin one too.
pub(crate) fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

/// Whether it stands in names without backticks.
pub(crate) fn is_name_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '@'
}

#[cfg(test)]
mod tests;
