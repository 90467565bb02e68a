//! Text to a [`Search`].
//!
//! ```text
//! search  := schema? clause?                                     not nothing
//! schema  := "{" name ("," name)* "}"                            the namespace, then names of dimensions
//! clause  := all ("OR" all)*
//! all     := one ("AND"? one)*
//! one     := "NOT" one | "(" clause ")" | (name "=")? value | name "=" "(" clause ")"
//! value   := word | '"' (any but '"' and '\' | '\' any)* '"'
//! name    := value
//! ```
//!
//! A word is anything without white space, quotes, commas, equals signs, parentheses and braces. Commas between terms mean
//! nothing. `AND`, `OR` and `NOT` are in capitals.

use super::tokens::Partial;
use super::{Clause, Property, Schema, Search, Wanted};
use crate::error::ExpressionError;

/// How long the text of a search may be, in characters.
///
/// Source: the user guide.
pub const SEARCH_CHARS_MAX: usize = 1_024;
/// How deep its clauses may be in each other.
const DEPTH_MAX: usize = 50;

impl Search {
    /// Reads what a search asks for; `at` is where the whole of it stands in its expression.
    pub(crate) fn parse(
        text: &str,
        statistic: &str,
        period_seconds: u32,
        at: usize,
    ) -> Result<Self, ExpressionError> {
        if text.chars().count() > SEARCH_CHARS_MAX {
            return Err(ExpressionError::new(
                at,
                format!("A search must not have more than {SEARCH_CHARS_MAX} characters"),
            ));
        }
        let mut parser = Parser {
            tokens: tokens(text).map_err(|what| refused(at, &what))?,
            next: 0,
            depth: 0,
        };
        let (schema, clause) = parser.search().map_err(|what| refused(at, &what))?;
        Ok(Self {
            text: text.to_owned(),
            statistic: statistic.to_owned(),
            period_seconds,
            schema,
            clause,
        })
    }
}

fn refused(at: usize, what: &str) -> ExpressionError {
    ExpressionError::syntax(at, &format!("{what} in the search"))
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Quoted(String),
    Symbol(char),
}

impl Token {
    fn shown(&self) -> String {
        match self {
            Self::Word(text) | Self::Quoted(text) => format!("unexpected `{text}`"),
            Self::Symbol(symbol) => format!("unexpected `{symbol}`"),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => {}
            '{' | '}' | '(' | ')' | '=' | ',' => found.push(Token::Symbol(c)),
            '"' => {
                let mut quoted = String::new();
                loop {
                    match chars.next() {
                        Some('"') => break,
                        Some('\\') => quoted.extend(chars.next()),
                        Some(c) => quoted.push(c),
                        None => return Err("a quote without its end".to_owned()),
                    }
                }
                found.push(Token::Quoted(quoted));
            }
            c => {
                let mut word = String::from(c);
                let ends = |c: char| c.is_whitespace() || "{}()=,\"".contains(c);
                while let Some(c) = chars.next_if(|c| !ends(*c)) {
                    word.push(c);
                }
                found.push(Token::Word(word));
            }
        }
    }
    Ok(found)
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
}

impl Parser {
    fn search(&mut self) -> Result<(Option<Schema>, Option<Clause>), String> {
        let schema = if self.take('{') {
            Some(self.schema()?)
        } else {
            None
        };
        self.skip_commas();
        let clause = match self.peek() {
            None => None,
            Some(_) => Some(self.clause(None)?),
        };
        if let Some(token) = self.peek() {
            return Err(token.shown());
        }
        if schema.is_none() && clause.is_none() {
            return Err("nothing to look for".to_owned());
        }
        Ok((schema, clause))
    }

    fn schema(&mut self) -> Result<Schema, String> {
        let namespace = self.value()?.0;
        let mut dimensions = Vec::new();
        while self.take(',') {
            let name = self.value()?.0;
            if !dimensions.contains(&name) {
                dimensions.push(name);
            }
        }
        self.expect('}')?;
        Ok(Schema {
            namespace,
            dimensions,
        })
    }

    fn clause(&mut self, property: Option<&Property>) -> Result<Clause, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(format!("more than {DEPTH_MAX} clauses in each other"));
        }
        let mut clauses = vec![self.all(property)?];
        while self.take_word("OR") {
            clauses.push(self.all(property)?);
        }
        self.depth -= 1;
        Ok(one_or(clauses, Clause::Or))
    }

    fn all(&mut self, property: Option<&Property>) -> Result<Clause, String> {
        let mut clauses = vec![self.one(property)?];
        loop {
            self.skip_commas();
            let goes_on = match self.peek() {
                None | Some(Token::Symbol(')')) => false,
                Some(Token::Word(word)) => word != "OR",
                Some(_) => true,
            };
            if !goes_on {
                return Ok(one_or(clauses, Clause::And));
            }
            let _ = self.take_word("AND");
            clauses.push(self.one(property)?);
        }
    }

    fn one(&mut self, property: Option<&Property>) -> Result<Clause, String> {
        let mut negated = false;
        while self.take_word("NOT") {
            negated = !negated;
        }
        let clause = self.term(property)?;
        Ok(if negated {
            Clause::Not(Box::new(clause))
        } else {
            clause
        })
    }

    fn term(&mut self, property: Option<&Property>) -> Result<Clause, String> {
        if self.take('(') {
            let clause = self.clause(property)?;
            self.expect(')')?;
            return Ok(clause);
        }
        let (text, is_exact) = self.value()?;
        if !self.take('=') {
            return Ok(Clause::Term {
                property: property.cloned(),
                wanted: wanted(text, is_exact),
            });
        }
        if property.is_some() {
            return Err(format!("`{text}=` inside of another property"));
        }
        let property = match text.as_str() {
            "Namespace" => Property::Namespace,
            "MetricName" => Property::MetricName,
            ":aws.AccountId" => Property::Account,
            _ => Property::Dimension(text),
        };
        if self.take('(') {
            let clause = self.clause(Some(&property))?;
            self.expect(')')?;
            return Ok(clause);
        }
        let (text, is_exact) = self.value()?;
        Ok(Clause::Term {
            property: Some(property),
            wanted: wanted(text, is_exact),
        })
    }

    /// A word or what is in quotes, and whether it was in quotes.
    fn value(&mut self) -> Result<(String, bool), String> {
        let found = match self.peek() {
            Some(Token::Word(word)) if !matches!(word.as_str(), "AND" | "OR" | "NOT") => {
                (word.clone(), false)
            }
            Some(Token::Quoted(text)) => (text.clone(), true),
            Some(token) => return Err(token.shown()),
            None => return Err("unexpected end".to_owned()),
        };
        self.next += 1;
        Ok(found)
    }

    fn skip_commas(&mut self) {
        while self.take(',') {}
    }

    fn take(&mut self, symbol: char) -> bool {
        let found = self.peek() == Some(&Token::Symbol(symbol));
        self.next += usize::from(found);
        found
    }

    fn take_word(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(word)) if word == wanted);
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: char) -> Result<(), String> {
        if self.take(symbol) {
            return Ok(());
        }
        let found = self
            .peek()
            .map_or_else(|| "unexpected end".to_owned(), Token::shown);
        Err(format!("{found}, where `{symbol}` is due,"))
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }
}

fn wanted(text: String, is_exact: bool) -> Wanted {
    if is_exact {
        Wanted::Exact(text)
    } else {
        Wanted::Partial(Partial::new(&text))
    }
}

/// One clause stays itself, several are joined.
fn one_or(mut clauses: Vec<Clause>, join: fn(Vec<Clause>) -> Clause) -> Clause {
    if clauses.len() == 1 {
        clauses.remove(0)
    } else {
        join(clauses)
    }
}
