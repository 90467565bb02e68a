//! Parts that many commands have: items, names, fields, numbers.

use super::{Parser, RESERVED, SYMBOL_CHARS_MAX};
use crate::NESTING_MAX;
use crate::diagnostic::{Fault, Problem};
use crate::lexer::Token;
use crate::period::Period;
use crate::regex::Regex;
use crate::span::Span;
use crate::tree::{Expr, ExprKind, Field, Item, Number, Segment, Text};

impl Parser<'_> {
    pub(super) fn list<T>(
        &mut self,
        mut one: impl FnMut(&mut Self) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let mut all = vec![one(self)?];
        while self.eat(",")? {
            all.push(one(self)?);
        }
        Ok(all)
    }

    pub(super) fn item(&mut self) -> Result<Item, Fault> {
        let start = self.span()?;
        let first = self.trail.len();
        let expr = self.expr()?;
        let typed = self.typed(first);
        let alias = self.alias_maybe()?;
        let name = match (&alias, &expr.kind) {
            (Some(alias), _) => alias.value.clone(),
            (None, ExprKind::Field(field)) => field.name(),
            (None, _) => typed,
        };
        let span = self.since(start);
        Ok(Item {
            expr,
            alias,
            name,
            span,
        })
    }

    /// The tokens taken from the `first` on, with one space where there was any.
    pub(super) fn typed(&self, first: usize) -> String {
        let mut out = String::new();
        let mut end = None;
        for span in &self.trail[first..] {
            if end.is_some_and(|end| end < span.start) {
                out.push(' ');
            }
            out.push_str(span.of(self.text));
            end = Some(span.end);
        }
        out
    }

    pub(super) fn alias_maybe(&mut self) -> Result<Option<Text>, Fault> {
        if self.eat_word("as")? {
            Ok(Some(self.alias()?))
        } else {
            Ok(None)
        }
    }

    pub(super) fn alias(&mut self) -> Result<Text, Fault> {
        match self.peek()? {
            Token::Text(text) if !text.is_empty() => self.string(),
            _ => self.name(),
        }
    }

    /// A name as one text, whatever its segments.
    pub(super) fn name(&mut self) -> Result<Text, Fault> {
        let (segments, span) = self.segments()?;
        Ok(Text::new(segments.join("."), span))
    }

    pub(super) fn segments(&mut self) -> Result<(Vec<String>, Span), Fault> {
        let token = self.peek()?;
        if RESERVED.iter().any(|word| token.is_word(word)) {
            return Err(self.unexpected());
        }
        let Token::Name { segments, .. } = token.clone() else {
            return Err(self.unexpected());
        };
        let (_, span) = self.next()?;
        Ok((segments, span))
    }

    pub(super) fn field(&mut self) -> Result<Field, Fault> {
        let (segments, start) = self.segments()?;
        let mut segments: Vec<Segment> = segments.into_iter().map(Segment::Key).collect();
        self.members(&mut segments)?;
        let span = self.since(start);
        Ok(Field { segments, span })
    }

    /// Takes every `.name` and `[index]` that comes next.
    pub(super) fn members(&mut self, segments: &mut Vec<Segment>) -> Result<(), Fault> {
        loop {
            if self.eat("[")? {
                segments.push(Segment::Index(self.index()?));
                self.expect("]")?;
            } else if self.eat(".")? {
                let (names, span) = self.lexer.member()?;
                self.trail.push(span);
                segments.extend(names.into_iter().map(Segment::Key));
            } else {
                return Ok(());
            }
        }
    }

    pub(super) fn index(&mut self) -> Result<u32, Fault> {
        let max = u64::from(u32::MAX);
        let index = self.integer("an index", 0, max)?;
        Ok(u32::try_from(index).unwrap_or(u32::MAX))
    }

    pub(super) fn string(&mut self) -> Result<Text, Fault> {
        let Token::Text(text) = self.peek()?.clone() else {
            return Err(self.unexpected());
        };
        let (_, span) = self.next()?;
        Ok(Text::new(text, span))
    }

    pub(super) fn number(&mut self) -> Result<Number, Fault> {
        let Token::Number(text) = self.peek()?.clone() else {
            return Err(self.unexpected());
        };
        self.next()?;
        Ok(Number::new(text))
    }

    pub(super) fn integer(&mut self, what: &'static str, min: u64, max: u64) -> Result<u64, Fault> {
        let span = self.span()?;
        let number = self.number()?;
        let value = number.as_str().parse().ok();
        value
            .filter(|value| (min..=max).contains(value))
            .ok_or_else(|| Fault::new(Problem::OutOfRange { what, min, max }, span))
    }

    pub(super) fn period(&mut self) -> Result<Period, Fault> {
        let Token::Period(period) = *self.peek()? else {
            let hint = "a period is a whole number and a unit, such as 5m";
            return Err(self.unexpected().hint(hint));
        };
        self.next()?;
        Ok(period)
    }

    pub(super) fn boolean(&mut self) -> Result<bool, Fault> {
        if self.eat_word("true")? {
            return Ok(true);
        }
        self.expect_word("false")?;
        Ok(false)
    }

    /// A regular expression, whose opening slash is next.
    pub(super) fn regex(&mut self) -> Result<Regex, Fault> {
        let slash = self.span()?.start;
        self.ahead = None;
        let regex = self.lexer.regex(slash)?;
        self.trail.push(regex.span);
        Ok(regex)
    }

    /// Runs `inner` one level deeper.
    pub(super) fn deeper<T>(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        if self.depth >= NESTING_MAX {
            return Err(Fault::new(Problem::TooDeep, self.span()?));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// A number or a string, maybe with a sign, or a truth value.
    pub(super) fn literal(&mut self) -> Result<Expr, Fault> {
        let start = self.span()?;
        let expr = self.signed()?;
        let plain = match &expr.kind {
            ExprKind::Unary { of, .. } => &of.kind,
            kind => kind,
        };
        match plain {
            ExprKind::Number(_) | ExprKind::Text(_) | ExprKind::Bool(_) | ExprKind::Period(_) => {
                Ok(expr)
            }
            _ => {
                let symbol = expr
                    .span
                    .of(self.text)
                    .chars()
                    .take(SYMBOL_CHARS_MAX)
                    .collect();
                let fault = Fault::new(Problem::Unexpected { symbol }, start.to(expr.span));
                Err(fault.hint("a number or a string belongs here"))
            }
        }
    }
}
