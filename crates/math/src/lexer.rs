//! Text to tokens, each with its place.

use crate::error::ExpressionError;
use crate::syntax::Text;

/// One token.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    Number(f64),
    Text(Text),
    /// A word that begins with a small letter: an id.
    Id(String),
    /// A word that begins with a capital: a function, or a word of the language.
    Name(String),
    Symbol(&'static str),
    End,
}

impl Token {
    /// As people are told of it.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Number(number) => format!("unexpected `{number}`"),
            Self::Text(_) => "unexpected text in quotes".to_owned(),
            Self::Id(word) | Self::Name(word) => format!("unexpected `{word}`"),
            Self::Symbol(symbol) => format!("unexpected `{symbol}`"),
            Self::End => "unexpected end".to_owned(),
        }
    }
}

/// The longer ones first.
const SYMBOLS: [&str; 20] = [
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "^", "(", ")", "[", "]", ",",
    "{", "}",
];

/// All tokens of a text, with their places in characters, [`Token::End`] at last.
pub(crate) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, ExpressionError> {
    let mut lexer = Lexer { rest: text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip(char::is_whitespace);
        let at = lexer.at;
        let token = lexer.token()?;
        let is_end = token == Token::End;
        tokens.push((at, token));
        if is_end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    rest: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn token(&mut self) -> Result<Token, ExpressionError> {
        let Some(first) = self.rest.chars().next() else {
            return Ok(Token::End);
        };
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        match first {
            '\'' | '"' => self.text(first),
            '0'..='9' | '.' => self.number(),
            'a'..='z' => Ok(Token::Id(self.skip(is_word).to_owned())),
            'A'..='Z' => Ok(Token::Name(self.skip(is_word).to_owned())),
            _ => {
                let found = SYMBOLS
                    .into_iter()
                    .find(|symbol| self.rest.starts_with(symbol));
                let Some(symbol) = found else {
                    return Err(ExpressionError::syntax(
                        self.at,
                        &format!("unexpected `{first}`"),
                    ));
                };
                self.advance(symbol.len());
                Ok(Token::Symbol(symbol))
            }
        }
    }

    /// What stands between quotes; a backslash before such a quote makes it part of the text.
    fn text(&mut self, quote: char) -> Result<Token, ExpressionError> {
        let begins = self.at;
        let inside = &self.rest[1..];
        let mut escaped = false;
        for (index, c) in inside.char_indices() {
            if escaped {
                escaped = false;
            } else if c == '\\' {
                escaped = true;
            } else if c == quote {
                let raw = inside[..index].to_owned();
                self.advance(index + 2);
                return Ok(Token::Text(Text { raw, quote }));
            }
        }
        Err(ExpressionError::syntax(begins, "a quote without its end"))
    }

    /// Digits, with a point and an exponent or without.
    fn number(&mut self) -> Result<Token, ExpressionError> {
        let begins = self.at;
        let from = self.rest;
        self.skip(|c| c.is_ascii_digit());
        if self.rest.starts_with('.') {
            self.advance(1);
            self.skip(|c| c.is_ascii_digit());
        }
        if self.rest.starts_with(['e', 'E']) {
            self.advance(1);
            if self.rest.starts_with(['+', '-']) {
                self.advance(1);
            }
            self.skip(|c| c.is_ascii_digit());
        }
        let text = &from[..from.len() - self.rest.len()];
        let number = text.parse().ok().filter(|number: &f64| number.is_finite());
        number.map(Token::Number).ok_or_else(|| {
            ExpressionError::syntax(begins, &format!("`{text}`, which is no number,"))
        })
    }

    fn skip(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len());
        let taken = &self.rest[..end];
        self.advance(end);
        taken
    }

    fn advance(&mut self, bytes: usize) {
        let (taken, rest) = self.rest.split_at(bytes);
        self.at += taken.chars().count();
        self.rest = rest;
    }
}
