//! Taking tokens one by one, and saying which one does not fit.

use super::{Parser, RESERVED, SYMBOL_CHARS_MAX};
use crate::diagnostic::{Fault, Problem};
use crate::lexer::Token;
use crate::span::Span;

impl Parser<'_> {
    pub(super) fn fill(&mut self) -> Result<&(Token, Span), Fault> {
        if self.ahead.is_none() {
            self.ahead = Some(self.lexer.token()?);
        }
        Ok(self.ahead.get_or_insert((Token::End, Span::default())))
    }

    pub(super) fn peek(&mut self) -> Result<&Token, Fault> {
        Ok(&self.fill()?.0)
    }

    /// Where the next token is.
    pub(super) fn span(&mut self) -> Result<Span, Fault> {
        Ok(self.fill()?.1)
    }

    pub(super) fn next(&mut self) -> Result<(Token, Span), Fault> {
        let (token, span) = self.fill()?.clone();
        self.ahead = None;
        self.trail.push(span);
        Ok((token, span))
    }

    /// From `start` to the end of the last token taken.
    pub(super) fn since(&self, start: Span) -> Span {
        self.trail.last().map_or(start, |last| start.to(*last))
    }

    pub(super) fn at(&mut self, symbol: &str) -> Result<bool, Fault> {
        Ok(self.peek()?.is_symbol(symbol))
    }

    pub(super) fn eat(&mut self, symbol: &str) -> Result<bool, Fault> {
        let found = self.at(symbol)?;
        if found {
            self.next()?;
        }
        Ok(found)
    }

    pub(super) fn expect(&mut self, symbol: &str) -> Result<(), Fault> {
        if self.eat(symbol)? {
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    pub(super) fn at_word(&mut self, word: &str) -> Result<bool, Fault> {
        Ok(self.peek()?.is_word(word))
    }

    pub(super) fn eat_word(&mut self, word: &str) -> Result<bool, Fault> {
        let found = self.at_word(word)?;
        if found {
            self.next()?;
        }
        Ok(found)
    }

    pub(super) fn expect_word(&mut self, word: &str) -> Result<(), Fault> {
        if self.eat_word(word)? {
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    /// The token behind the next one.
    pub(super) fn second(&mut self) -> Result<Token, Fault> {
        self.fill()?;
        Ok(self.lexer.clone().token()?.0)
    }

    /// Takes `name =`, if that comes next.
    pub(super) fn option(&mut self, name: &str) -> Result<bool, Fault> {
        if !self.at_word(name)? || !self.second()?.is_symbol("=") {
            return Ok(false);
        }
        self.next()?;
        self.next()?;
        Ok(true)
    }

    /// The fault that the next token is.
    pub(super) fn unexpected(&mut self) -> Fault {
        let (token, span) = match self.fill() {
            Ok(ahead) => ahead.clone(),
            Err(fault) => return fault,
        };
        let text = self.text;
        let symbol = match token {
            Token::End => "<EOF>".to_owned(),
            _ => span.of(text).chars().take(SYMBOL_CHARS_MAX).collect(),
        };
        let last = self.trail.last().map_or("", |last| last.of(text));
        let hint = match token {
            Token::Text(_) if last.ends_with('\'') || last.ends_with('"') => {
                Some("a quote within a string stands behind a backslash")
            }
            Token::Name { .. } if RESERVED.iter().any(|word| token.is_word(word)) => {
                Some("a name that is also an operator stands in backticks")
            }
            Token::Symbol("|") | Token::End if last == "|" => Some("a command is missing"),
            Token::Symbol("|") | Token::End if !last.is_empty() => {
                Some("something is missing before this")
            }
            _ => None,
        };
        Fault::new(Problem::Unexpected { symbol }, span).hint_maybe(hint.map(str::to_owned))
    }
}
