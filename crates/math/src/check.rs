//! What type an expression has, and what is wrong with the types of its parts: known before any data is.

use std::fmt;

use crate::error::ExpressionError;
use crate::syntax::{Expression, Function, Node, Operator, Word};

/// The type of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// A number.
    Scalar,
    /// A series.
    Series,
    /// An array of series.
    Array,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scalar => "Scalar",
            Self::Series => "TimeSeries",
            Self::Array => "Array[TimeSeries]",
        })
    }
}

/// What an id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    Metric,
    Expression(Type),
}

/// What the ids of a request name.
pub(crate) trait Scope {
    fn named(&self, id: &str) -> Option<Named>;
}

/// The type of an expression.
pub(crate) fn type_of(expression: &Expression, scope: &dyn Scope) -> Result<Type, ExpressionError> {
    let (first, links) = expression.chain();
    let mut found = type_of_one(first, scope)?;
    for link in links {
        let right = type_of(link.right, scope)?;
        found = joined(link.operator, found, right, link.at)?;
    }
    Ok(found)
}

fn type_of_one(expression: &Expression, scope: &dyn Scope) -> Result<Type, ExpressionError> {
    let at = expression.at;
    match &expression.node {
        Node::Number(_) => Ok(Type::Scalar),
        Node::Text(_) => Err(ExpressionError::syntax(at, "unexpected text in quotes")),
        Node::Word(word) => {
            let text = format!("unexpected `{}`", word.as_str());
            Err(ExpressionError::syntax(at, &text))
        }
        Node::Id(id) => match scope.named(id) {
            Some(Named::Metric) => Ok(Type::Series),
            Some(Named::Expression(found)) => Ok(found),
            None => Err(ExpressionError::new(at, format!("ID '{id}' not found"))),
        },
        Node::Array(items) => {
            for item in items {
                if type_of(item, scope)? == Type::Scalar {
                    let text = "An array takes time series, and arrays of them";
                    return Err(ExpressionError::new(item.at, text));
                }
            }
            Ok(Type::Array)
        }
        Node::Negative(inner) => type_of(inner, scope),
        Node::Binary { .. } => type_of(expression, scope),
        Node::Call {
            function,
            arguments,
        } => Call {
            function: *function,
            arguments,
            at,
            scope,
        }
        .check(),
    }
}

/// Source: the user guide's table of arithmetic operators has no two arrays.
fn joined(operator: Operator, left: Type, right: Type, at: usize) -> Result<Type, ExpressionError> {
    match (left, right) {
        (Type::Array, Type::Array) => {
            let operator = operator.as_str();
            let text = format!("Unsupported operand type(s) for {operator}: '[{left}, {right}]'");
            Err(ExpressionError::new(at, text))
        }
        (Type::Array, _) | (_, Type::Array) => Ok(Type::Array),
        (Type::Series, _) | (_, Type::Series) => Ok(Type::Series),
        (Type::Scalar, Type::Scalar) => Ok(Type::Scalar),
    }
}

/// A call that is checked.
struct Call<'a> {
    function: Function,
    arguments: &'a [Expression],
    at: usize,
    scope: &'a dyn Scope,
}

impl Call<'_> {
    fn check(&self) -> Result<Type, ExpressionError> {
        use Function as F;
        match self.function {
            // Decision: numbers too, though the user guide names series only; nothing else could be meant.
            F::Abs | F::Ceil | F::Floor | F::Log | F::Log10 => {
                self.count(1, 1)?;
                self.type_of(0)
            }
            F::Diff | F::DiffTime | F::Rate | F::RunningSum => {
                self.count(1, 1)?;
                self.of_series(0)
            }
            F::Avg | F::Max | F::Min | F::Stddev | F::Sum | F::DatapointCount => {
                self.count(1, 1)?;
                Ok(match self.of_series(0)? {
                    Type::Array => Type::Series,
                    _ => Type::Scalar,
                })
            }
            F::Minute | F::Hour | F::Day | F::Date | F::Month | F::Year | F::Epoch => {
                self.count(1, 1)?;
                self.one_series(0)?;
                Ok(Type::Series)
            }
            F::First | F::Last => self.of_array(1, Type::Series),
            F::MetricCount => self.of_array(1, Type::Scalar),
            F::RemoveEmpty => self.of_array(1, Type::Array),
            F::TimeSeries => {
                self.count(1, 1)?;
                self.number(0)?;
                Ok(Type::Series)
            }
            F::Period => self.period(),
            F::Slice => self.slice(),
            F::Sort => self.sort(),
            F::Fill => self.fill(),
            F::If => self.condition(),
            F::Metrics => self.metrics(),
            F::Search => self.search(),
            F::AnomalyDetectionBand => self.band(),
            F::DbPerfInsights | F::InsightRuleMetric | F::Lambda | F::ServiceQuota => {
                let name = self.function.as_str();
                Err(ExpressionError::new(
                    self.at,
                    format!("Function '{name}' is not available here"),
                ))
            }
        }
    }

    fn refused(&self, what: &str) -> ExpressionError {
        ExpressionError::new(self.at, format!("{} takes {what}", self.function.as_str()))
    }

    fn count(&self, least: usize, most: usize) -> Result<(), ExpressionError> {
        if (least..=most).contains(&self.arguments.len()) {
            return Ok(());
        }
        let arguments = if most == 1 { "argument" } else { "arguments" };
        Err(self.refused(&if least == most {
            format!("{most} {arguments}")
        } else {
            format!("{least} to {most} {arguments}")
        }))
    }

    fn type_of(&self, index: usize) -> Result<Type, ExpressionError> {
        match self.arguments.get(index) {
            Some(argument) => type_of(argument, self.scope),
            None => Err(self.refused("more arguments")),
        }
    }

    fn of_series(&self, index: usize) -> Result<Type, ExpressionError> {
        match self.type_of(index)? {
            Type::Scalar => Err(self.refused("a time series or an array of them, not a number")),
            found => Ok(found),
        }
    }

    fn one_series(&self, index: usize) -> Result<(), ExpressionError> {
        match self.type_of(index)? {
            Type::Series => Ok(()),
            found => Err(self.refused(&format!("one time series, not '[{found}]'"))),
        }
    }

    fn number(&self, index: usize) -> Result<(), ExpressionError> {
        match self.type_of(index)? {
            Type::Scalar => Ok(()),
            found => Err(self.refused(&format!("a number there, not '[{found}]'"))),
        }
    }

    /// Decision: one series is an array of one.
    fn of_array(&self, most: usize, result: Type) -> Result<Type, ExpressionError> {
        self.count(1, most)?;
        self.of_series(0)?;
        Ok(result)
    }

    fn word(&self, index: usize) -> Option<Word> {
        match self.arguments.get(index)?.node {
            Node::Word(word) => Some(word),
            _ => None,
        }
    }

    /// Source: the user guide: "Valid input is metrics, not the results of other expressions."
    fn period(&self) -> Result<Type, ExpressionError> {
        self.count(1, 1)?;
        self.one_series(0)?;
        let is_metric = match &self.arguments[0].node {
            Node::Id(id) => self.scope.named(id) == Some(Named::Metric),
            _ => false,
        };
        if is_metric {
            Ok(Type::Scalar)
        } else {
            Err(self.refused("the id of a metric"))
        }
    }

    fn slice(&self) -> Result<Type, ExpressionError> {
        self.count(2, 3)?;
        self.of_series(0)?;
        for index in 1..self.arguments.len() {
            self.number(index)?;
        }
        Ok(Type::Array)
    }

    fn sort(&self) -> Result<Type, ExpressionError> {
        self.count(3, 4)?;
        self.of_series(0)?;
        let by = self.word(1);
        if !matches!(by, Some(Word::Avg | Word::Min | Word::Max | Word::Sum)) {
            return Err(self.refused("AVG, MIN, MAX or SUM as its second argument"));
        }
        if !matches!(self.word(2), Some(Word::Asc | Word::Desc)) {
            return Err(self.refused("ASC or DESC as its third argument"));
        }
        if self.arguments.len() == 4 {
            self.number(3)?;
        }
        Ok(Type::Array)
    }

    fn fill(&self) -> Result<Type, ExpressionError> {
        self.count(2, 2)?;
        let filled = self.of_series(0)?;
        if matches!(self.word(1), Some(Word::Repeat | Word::Linear)) {
            return Ok(filled);
        }
        match self.type_of(1)? {
            Type::Array => {
                Err(self
                    .refused("a number, a time series, REPEAT or LINEAR as its second argument"))
            }
            _ => Ok(filled),
        }
    }

    /// Source: the user guide's syntaxes of `IF`, in all of which what comes out is a single series.
    /// Decision: three numbers make a number, so that it can be a part of something larger.
    fn condition(&self) -> Result<Type, ExpressionError> {
        self.count(2, 3)?;
        let mut result = Type::Scalar;
        for index in 0..self.arguments.len() {
            match self.type_of(index)? {
                Type::Array => return Err(self.refused("numbers and time series, not arrays")),
                Type::Series => result = Type::Series,
                Type::Scalar => {}
            }
        }
        if result == Type::Scalar && self.arguments.len() == 2 {
            return Err(self.refused("a third argument where the others are numbers"));
        }
        Ok(result)
    }

    fn metrics(&self) -> Result<Type, ExpressionError> {
        self.count(0, 1)?;
        match self.arguments.first().map(|argument| &argument.node) {
            None | Some(Node::Text(_)) => Ok(Type::Array),
            Some(_) => Err(self.refused("a part of an id in quotes")),
        }
    }

    /// What is in the quotes is checked by [`crate::search`].
    fn search(&self) -> Result<Type, ExpressionError> {
        self.count(2, 3)?;
        let is_text = |index: usize| matches!(self.arguments[index].node, Node::Text(_));
        if !is_text(0) || !is_text(1) {
            return Err(self.refused("what to search for and a statistic, both in quotes"));
        }
        let period = self.arguments.get(2).map(|argument| &argument.node);
        if !matches!(period, None | Some(Node::Number(_))) {
            return Err(self.refused("a period in seconds as its third argument"));
        }
        Ok(Type::Array)
    }

    /// Source: the user guide: "The first is the ID of the metric to create the band for."
    fn band(&self) -> Result<Type, ExpressionError> {
        self.count(1, 2)?;
        self.one_series(0)?;
        if !matches!(self.arguments[0].node, Node::Id(_)) {
            return Err(self.refused("the id of a metric or of an expression"));
        }
        match self.arguments.get(1).map(|argument| &argument.node) {
            None => Ok(Type::Array),
            Some(Node::Number(width)) if *width > 0.0 => Ok(Type::Array),
            Some(_) => Err(self.refused("a number above 0 as its second argument")),
        }
    }
}
