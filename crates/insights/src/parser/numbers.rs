//! Commands that compute along rows: totals, gaps, outliers, sessions.

use super::Parser;
use crate::diagnostic::Fault;
use crate::lexer::Token;
use crate::period::{Period, Unit};
use crate::span::Span;
use crate::tree::{
    AddTotals, AutoRegress, CommandKind, Field, Fill, Number, Outlier, OutlierAction, Sessionize,
    Text,
};

/// How far back `autoregress` looks at most; the service states no bound.
const LAG_MAX: u64 = 1000;

impl Parser<'_> {
    /// Fields with commas or only white space between, up to the end of the command.
    fn loose_fields(&mut self) -> Result<Vec<Field>, Fault> {
        let mut fields = Vec::new();
        while matches!(self.peek()?, Token::Name { .. }) {
            fields.push(self.field()?);
            if self.eat(",")? && !matches!(self.peek()?, Token::Name { .. }) {
                return Err(self.unexpected());
            }
        }
        Ok(fields)
    }

    fn some_fields(&mut self) -> Result<Vec<Field>, Fault> {
        let fields = self.loose_fields()?;
        if fields.is_empty() {
            Err(self.unexpected())
        } else {
            Ok(fields)
        }
    }

    pub(super) fn relevant_fields(&mut self) -> Result<CommandKind, Fault> {
        let mut fields = Vec::new();
        if !self.at_word("where")? {
            fields = self.list(Self::field)?;
        }
        self.expect_word("where")?;
        let condition = self.expr()?;
        Ok(CommandKind::RelevantFields { fields, condition })
    }

    pub(super) fn add_totals(&mut self) -> Result<AddTotals, Fault> {
        let mut totals = AddTotals {
            name: Text::new("Total", Span::default()),
            rows: true,
            columns: false,
            fields: Vec::new(),
        };
        loop {
            if self.option("fieldname")? {
                totals.name = self.alias()?;
            } else if self.option("row")? {
                totals.rows = self.boolean()?;
            } else if self.option("col")? {
                totals.columns = self.boolean()?;
            } else {
                break;
            }
        }
        totals.fields = self.loose_fields()?;
        Ok(totals)
    }

    pub(super) fn auto_regress(&mut self) -> Result<AutoRegress, Fault> {
        let field = self.field()?;
        let alias = self.alias_maybe()?;
        let (mut lag_min, mut lag_max) = (1, 1);
        if self.option("p")? {
            lag_min = self.integer("p", 1, LAG_MAX)?;
            lag_max = lag_min;
            if self.eat("-")? {
                lag_max = self.integer("the end of p", lag_min, LAG_MAX)?;
            }
        }
        let small = |lag: u64| u32::try_from(lag).unwrap_or(1);
        Ok(AutoRegress {
            field,
            alias,
            lag_min: small(lag_min),
            lag_max: small(lag_max),
        })
    }

    pub(super) fn fill_down(&mut self) -> Result<Vec<Text>, Fault> {
        let mut all = Vec::new();
        loop {
            match self.peek()? {
                Token::Name { .. } | Token::Symbol("*") => all.push(self.wildcard_name()?),
                _ => return Ok(all),
            }
            if self.eat(",")? && !matches!(self.peek()?, Token::Name { .. } | Token::Symbol("*")) {
                return Err(self.unexpected());
            }
        }
    }

    /// A name with stars: names, stars and dots without white space between.
    fn wildcard_name(&mut self) -> Result<Text, Fault> {
        let start = self.span()?;
        let mut value = String::new();
        let mut end = start.start;
        loop {
            let span = self.span()?;
            if span.start != end {
                break;
            }
            match self.peek()? {
                Token::Name { .. } => value.push_str(&self.name()?.value),
                Token::Symbol(symbol @ ("*" | ".")) => {
                    value.push_str(symbol);
                    self.next()?;
                }
                _ => break,
            }
            end = span.end;
        }
        Ok(Text::new(value, self.since(start)))
    }

    pub(super) fn fill_missing(&mut self) -> Result<Vec<Fill>, Fault> {
        if !self.eat_word("with")? {
            return Ok(Vec::new());
        }
        let mut value = self.fill_value()?;
        let mut fills = Vec::new();
        loop {
            let field = self.field()?;
            let value_here = value.clone();
            fills.push(Fill {
                value: value_here,
                field,
            });
            if !self.eat(",")? {
                return Ok(fills);
            }
            let is_name = matches!(self.peek()?, Token::Name { .. });
            if !is_name || self.second()?.is_word("for") {
                value = self.fill_value()?;
            }
        }
    }

    fn fill_value(&mut self) -> Result<crate::Expr, Fault> {
        let value = self.literal()?;
        self.expect_word("for")?;
        Ok(value)
    }

    pub(super) fn outlier(&mut self) -> Result<Outlier, Fault> {
        let mut outlier = Outlier {
            action: OutlierAction::default(),
            param: Number::new("2.5".to_owned()),
            use_lower: false,
            mark: false,
            fields: Vec::new(),
        };
        loop {
            if self.option("action")? {
                outlier.action = if self.eat_word("remove")? {
                    OutlierAction::Remove
                } else {
                    self.expect_word("transform")?;
                    OutlierAction::Transform
                };
            } else if self.option("param")? {
                outlier.param = self.number()?;
            } else if self.option("uselower")? {
                outlier.use_lower = self.boolean()?;
            } else if self.option("mark")? {
                outlier.mark = self.boolean()?;
            } else {
                break;
            }
        }
        outlier.fields = self.some_fields()?;
        Ok(outlier)
    }

    pub(super) fn sessionize(&mut self) -> Result<Sessionize, Fault> {
        let fields = self.list(Self::field)?;
        let mut max_span = Period {
            count: 30,
            unit: Unit::Minute,
        };
        if self.eat_word("maxspan")? {
            self.eat("=")?;
            max_span = self.period()?;
        }
        let alias = self.alias_maybe()?;
        let alias = alias.unwrap_or_else(|| Text::new("session_id", Span::default()));
        Ok(Sessionize {
            fields,
            max_span,
            alias,
        })
    }
}
