//! Text to a syntax tree, or what is wrong with it and where.
//!
//! ```text
//! expression := and (("OR" | "||") and)*
//! and        := comparison (("AND" | "&&") comparison)*
//! comparison := sum (("==" | "!=" | "<=" | ">=" | "<" | ">") sum)*
//! sum        := product (("+" | "-") product)*
//! product    := signed (("*" | "/") signed)*
//! signed     := "-" signed | power
//! power      := one ("^" signed)?
//! one        := number | text | id | word | "(" expression ")" | "[" list "]" | NAME "(" list ")"
//! list       := (expression ("," expression)*)?
//! ```
//!
//! An id begins with a small letter, names and words are in capitals, text is in single or double quotes.
//! Decision: how strongly operators bind is not documented but for this order's being usual.

use crate::error::ExpressionError;
use crate::lexer::{Token, tokens};
use crate::syntax::{Expression, Function, Node, Operator, Word};

/// How long an expression may be, in characters.
///
/// Source: the service's model.
pub const EXPRESSION_CHARS_MAX: usize = 2_048;
/// How deep expressions may be in each other.
pub const DEPTH_MAX: usize = 100;

/// Reads an expression.
///
/// # Errors
/// What is wrong with it.
pub fn parse(text: &str) -> Result<Expression, ExpressionError> {
    check_length(text)?;
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        depth: 0,
    };
    let expression = parser.expression()?;
    match parser.peek() {
        Token::End => Ok(expression),
        _ => Err(parser.unexpected()),
    }
}

/// Refuses what is too long to be looked at.
pub(crate) fn check_length(text: &str) -> Result<(), ExpressionError> {
    if text.chars().count() <= EXPRESSION_CHARS_MAX {
        return Ok(());
    }
    let text = format!("An expression must not have more than {EXPRESSION_CHARS_MAX} characters");
    Err(ExpressionError::new(0, text))
}

/// The operators of each level, the weakest first.
const LEVELS: [&[Operator]; 5] = [
    &[Operator::Or],
    &[Operator::And],
    &[
        Operator::Equal,
        Operator::NotEqual,
        Operator::LessOrEqual,
        Operator::GreaterOrEqual,
        Operator::Less,
        Operator::Greater,
    ],
    &[Operator::Plus, Operator::Minus],
    &[Operator::Times, Operator::Divide],
];

struct Parser {
    /// [`Token::End`] is the last, and stays the next.
    tokens: Vec<(usize, Token)>,
    next: usize,
    depth: usize,
}

impl Parser {
    fn expression(&mut self) -> Result<Expression, ExpressionError> {
        self.deeper(|parser| parser.level(0))
    }

    /// Runs a part of the grammar one step deeper: whatever recurs comes through here.
    fn deeper(
        &mut self,
        part: impl FnOnce(&mut Self) -> Result<Expression, ExpressionError>,
    ) -> Result<Expression, ExpressionError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            let text = format!("more than {DEPTH_MAX} expressions in each other");
            return Err(ExpressionError::syntax(self.at(), &text));
        }
        let found = part(self)?;
        self.depth -= 1;
        Ok(found)
    }

    fn level(&mut self, level: usize) -> Result<Expression, ExpressionError> {
        let Some(operators) = LEVELS.get(level) else {
            return self.signed();
        };
        let mut left = self.level(level + 1)?;
        while let Some(operator) = self.take_operator(operators) {
            let right = self.level(level + 1)?;
            left = Expression {
                at: left.at,
                node: Node::Binary {
                    operator,
                    left: Box::new(left),
                    right: Box::new(right),
                },
            };
        }
        Ok(left)
    }

    fn signed(&mut self) -> Result<Expression, ExpressionError> {
        let at = self.at();
        if !self.take("-") {
            return self.power();
        }
        let inner = self.deeper(Self::signed)?;
        Ok(Expression {
            at,
            node: Node::Negative(Box::new(inner)),
        })
    }

    fn power(&mut self) -> Result<Expression, ExpressionError> {
        let base = self.one()?;
        if !self.take("^") {
            return Ok(base);
        }
        let exponent = self.deeper(Self::signed)?;
        Ok(Expression {
            at: base.at,
            node: Node::Binary {
                operator: Operator::Power,
                left: Box::new(base),
                right: Box::new(exponent),
            },
        })
    }

    fn one(&mut self) -> Result<Expression, ExpressionError> {
        let at = self.at();
        let node = match self.peek().clone() {
            Token::Number(number) => Node::Number(number),
            Token::Text(text) => Node::Text(text),
            Token::Id(id) => Node::Id(id),
            Token::Name(name) => return self.named(&name, at),
            Token::Symbol("(") => {
                self.bump();
                let inner = self.expression()?;
                self.expect(")")?;
                return Ok(inner);
            }
            Token::Symbol("[") => {
                self.bump();
                let items = self.list("]")?;
                return Ok(Expression {
                    at,
                    node: Node::Array(items),
                });
            }
            Token::Symbol(_) | Token::End => return Err(self.unexpected()),
        };
        self.bump();
        Ok(Expression { node, at })
    }

    /// A function with its arguments, or a word.
    fn named(&mut self, name: &str, at: usize) -> Result<Expression, ExpressionError> {
        if matches!(name, "AND" | "OR") {
            return Err(self.unexpected());
        }
        self.bump();
        if !self.take("(") {
            let Some(word) = Word::of(name) else {
                return Err(ExpressionError::syntax(at, &format!("unexpected `{name}`")));
            };
            return Ok(Expression {
                at,
                node: Node::Word(word),
            });
        }
        // Source: a recorded answer.
        let Some(function) = Function::of(name) else {
            return Err(ExpressionError::new(
                at,
                format!("Function '{name}' not found"),
            ));
        };
        let arguments = self.list(")")?;
        Ok(Expression {
            at,
            node: Node::Call {
                function,
                arguments,
            },
        })
    }

    fn list(&mut self, end: &'static str) -> Result<Vec<Expression>, ExpressionError> {
        let mut items = Vec::new();
        if self.take(end) {
            return Ok(items);
        }
        loop {
            items.push(self.expression()?);
            if !self.take(",") {
                self.expect(end)?;
                return Ok(items);
            }
        }
    }

    fn take_operator(&mut self, wanted: &[Operator]) -> Option<Operator> {
        let found = match self.peek() {
            Token::Symbol(symbol) => Operator::of(symbol),
            Token::Name(name) => Operator::of(name),
            _ => None,
        };
        let found = found.filter(|operator| wanted.contains(operator))?;
        self.bump();
        Some(found)
    }

    fn take(&mut self, symbol: &'static str) -> bool {
        let found = *self.peek() == Token::Symbol(symbol);
        if found {
            self.bump();
        }
        found
    }

    fn expect(&mut self, symbol: &'static str) -> Result<(), ExpressionError> {
        if self.take(symbol) {
            return Ok(());
        }
        let text = format!("{}, where `{symbol}` is due,", self.peek().shown());
        Err(ExpressionError::syntax(self.at(), &text))
    }

    fn unexpected(&self) -> ExpressionError {
        ExpressionError::syntax(self.at(), &self.peek().shown())
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

    fn bump(&mut self) {
        self.next += 1;
    }
}
