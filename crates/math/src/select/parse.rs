//! Text to a [`Select`].
//!
//! ```text
//! select    := "SELECT" function "(" name ")" "FROM" source
//!              ("WHERE" condition ("AND" condition)*)? ("GROUP" "BY" name ("," name)*)?
//!              ("ORDER" "BY" function "(" ")" ("ASC" | "DESC")?)? ("LIMIT" digits)?
//! function  := "AVG" | "COUNT" | "MAX" | "MIN" | "SUM"
//! source    := name | "SCHEMA" "(" name ("," name)* ")"
//! condition := name ("=" | "!=") value
//! name      := letters, digits and "_" | '"' any '"'
//! value     := "'" any "'"                                   '' inside stands for one
//! ```
//!
//! Words of the language are in capitals or small letters, as one likes; all else counts as it is written. A name that is
//! such a word stands in quotes.

use super::{Aggregate, Condition, Direction, Select};
use crate::error::ExpressionError;
use crate::parse::check_length;

/// Source: the user guide.
const SERIES_MAX: usize = 500;
/// Source: the user guide: no period is shorter.
const MINUTE_SECONDS: u32 = 60;
const RESERVED: [&str; 16] = [
    "SELECT", "AVG", "COUNT", "MAX", "MIN", "SUM", "FROM", "SCHEMA", "WHERE", "AND", "GROUP", "BY",
    "ORDER", "ASC", "DESC", "LIMIT",
];

/// Whether an expression is a query of this kind.
pub(crate) fn is_select(text: &str) -> bool {
    let first = text.split_whitespace().next();
    first.is_some_and(|word| word.eq_ignore_ascii_case("SELECT"))
}

impl Select {
    /// Reads a query, whose period its place in the request says.
    pub(crate) fn parse(text: &str, period_seconds: u32) -> Result<Self, ExpressionError> {
        check_length(text)?;
        let mut parser = Parser {
            tokens: tokens(text)?,
            next: 0,
        };
        let select = parser.select(period_seconds.max(MINUTE_SECONDS))?;
        match parser.peek() {
            Token::End => Ok(select),
            _ => Err(parser.unexpected()),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    /// In double quotes.
    Name(String),
    /// In single quotes.
    Value(String),
    Symbol(&'static str),
    End,
}

const SYMBOLS: [&str; 5] = ["!=", "=", "(", ")", ","];

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, ExpressionError> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut at = 0;
    loop {
        let trimmed = rest.trim_start();
        at += rest.chars().count() - trimmed.chars().count();
        rest = trimmed;
        let Some(first) = rest.chars().next() else {
            found.push((at, Token::End));
            return Ok(found);
        };
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let (token, bytes) = match first {
            '"' | '\'' => quoted(rest, first)
                .ok_or_else(|| ExpressionError::syntax(at, "a quote without its end"))?,
            c if is_word(c) => {
                let bytes = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                (Token::Word(rest[..bytes].to_owned()), bytes)
            }
            c => {
                let symbol = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol));
                let Some(symbol) = symbol else {
                    return Err(ExpressionError::syntax(at, &format!("unexpected `{c}`")));
                };
                (Token::Symbol(symbol), symbol.len())
            }
        };
        found.push((at, token));
        at += rest[..bytes].chars().count();
        rest = &rest[bytes..];
    }
}

/// What is in quotes, a doubled one standing for itself; and how long it is.
fn quoted(text: &str, quote: char) -> Option<(Token, usize)> {
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((index, c)) = chars.next() {
        if c != quote {
            value.push(c);
        } else if chars.next_if(|(_, c)| *c == quote).is_some() {
            value.push(quote);
        } else {
            let token = match quote {
                '"' => Token::Name(value),
                _ => Token::Value(value),
            };
            return Some((token, index + 1));
        }
    }
    None
}

struct Parser {
    /// [`Token::End`] is the last.
    tokens: Vec<(usize, Token)>,
    next: usize,
}

impl Parser {
    fn select(&mut self, period_seconds: u32) -> Result<Select, ExpressionError> {
        self.word("SELECT")?;
        let aggregate = self.aggregate()?;
        self.symbol("(")?;
        let metric_name = self.name()?;
        self.symbol(")")?;
        self.word("FROM")?;
        let (namespace, schema) = self.source()?;
        let mut select = Select {
            aggregate,
            metric_name,
            namespace,
            schema,
            conditions: Vec::new(),
            keys: Vec::new(),
            order: None,
            limit: SERIES_MAX,
            period_seconds,
        };
        if self.take_word("WHERE") {
            select.conditions.push(self.condition()?);
            while self.take_word("AND") {
                select.conditions.push(self.condition()?);
            }
        }
        if self.take_word("GROUP") {
            self.word("BY")?;
            select.keys = self.names()?;
        }
        if self.take_word("ORDER") {
            self.word("BY")?;
            let by = self.aggregate()?;
            self.symbol("(")?;
            self.symbol(")")?;
            let direction = if self.take_word("DESC") {
                Direction::Falling
            } else {
                let _ = self.take_word("ASC");
                Direction::Rising
            };
            select.order = Some((by, direction));
        }
        if self.take_word("LIMIT") {
            select.limit = self.limit()?;
        }
        Ok(select)
    }

    fn source(&mut self) -> Result<(String, Option<Vec<String>>), ExpressionError> {
        if !self.take_word("SCHEMA") {
            return Ok((self.name()?, None));
        }
        self.symbol("(")?;
        let mut names = self.names()?;
        self.symbol(")")?;
        let namespace = names.remove(0);
        names.sort();
        names.dedup();
        Ok((namespace, Some(names)))
    }

    /// At least one.
    fn names(&mut self) -> Result<Vec<String>, ExpressionError> {
        let mut names = vec![self.name()?];
        while self.take(&Token::Symbol(",")) {
            names.push(self.name()?);
        }
        Ok(names)
    }

    fn condition(&mut self) -> Result<Condition, ExpressionError> {
        let key = self.name()?;
        let is_equal = self.take(&Token::Symbol("="));
        if !is_equal {
            self.symbol("!=")?;
        }
        let Token::Value(value) = self.peek().clone() else {
            return Err(self.unexpected());
        };
        self.next += 1;
        Ok(Condition {
            key,
            value,
            is_equal,
        })
    }

    fn limit(&mut self) -> Result<usize, ExpressionError> {
        let limit = match self.peek() {
            Token::Word(word) => word.parse().ok(),
            _ => None,
        };
        let limit = limit.filter(|limit| (1..=SERIES_MAX).contains(limit));
        let Some(limit) = limit else {
            let text = format!("LIMIT takes a number from 1 to {SERIES_MAX}");
            return Err(ExpressionError::new(self.at(), text));
        };
        self.next += 1;
        Ok(limit)
    }

    fn aggregate(&mut self) -> Result<Aggregate, ExpressionError> {
        let functions = [
            ("AVG", Aggregate::Avg),
            ("COUNT", Aggregate::Count),
            ("MAX", Aggregate::Max),
            ("MIN", Aggregate::Min),
            ("SUM", Aggregate::Sum),
        ];
        let found = functions.into_iter().find(|(name, _)| self.is_word(name));
        let Some((_, aggregate)) = found else {
            let text = format!(
                "{}, where AVG, COUNT, MAX, MIN or SUM is due,",
                self.shown()
            );
            return Err(ExpressionError::syntax(self.at(), &text));
        };
        self.next += 1;
        Ok(aggregate)
    }

    fn name(&mut self) -> Result<String, ExpressionError> {
        let name = match self.peek() {
            Token::Name(name) => name.clone(),
            Token::Word(word)
                if !RESERVED
                    .iter()
                    .any(|reserved| word.eq_ignore_ascii_case(reserved)) =>
            {
                word.clone()
            }
            _ => return Err(self.unexpected()),
        };
        self.next += 1;
        Ok(name)
    }

    fn word(&mut self, wanted: &str) -> Result<(), ExpressionError> {
        if self.take_word(wanted) {
            return Ok(());
        }
        let text = format!("{}, where {wanted} is due,", self.shown());
        Err(ExpressionError::syntax(self.at(), &text))
    }

    fn symbol(&mut self, wanted: &'static str) -> Result<(), ExpressionError> {
        if self.take(&Token::Symbol(wanted)) {
            return Ok(());
        }
        let text = format!("{}, where `{wanted}` is due,", self.shown());
        Err(ExpressionError::syntax(self.at(), &text))
    }

    fn take_word(&mut self, wanted: &str) -> bool {
        let found = self.is_word(wanted);
        self.next += usize::from(found);
        found
    }

    fn is_word(&self, wanted: &str) -> bool {
        matches!(self.peek(), Token::Word(word) if word.eq_ignore_ascii_case(wanted))
    }

    fn take(&mut self, wanted: &Token) -> bool {
        let found = self.peek() == wanted;
        self.next += usize::from(found);
        found
    }

    fn unexpected(&self) -> ExpressionError {
        ExpressionError::syntax(self.at(), &self.shown())
    }

    fn shown(&self) -> String {
        match self.peek() {
            Token::Word(text) | Token::Name(text) | Token::Value(text) => {
                format!("unexpected `{text}`")
            }
            Token::Symbol(symbol) => format!("unexpected `{symbol}`"),
            Token::End => "unexpected end".to_owned(),
        }
    }

    fn peek(&self) -> &Token {
        self.tokens
            .get(self.next)
            .map_or(&Token::End, |(_, token)| token)
    }

    fn at(&self) -> usize {
        let last = self.tokens.last();
        let token = self.tokens.get(self.next).or(last);
        token.map_or(0, |(at, _)| *at)
    }
}
