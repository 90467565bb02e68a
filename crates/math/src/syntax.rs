//! The syntax tree of an expression, and how it prints.

use std::fmt;

/// An expression, or a part of one. Prints itself in one spelling that means the same; is equal to another if they mean
/// the same, wherever they stand.
#[derive(Debug, Clone)]
pub struct Expression {
    /// What it is.
    pub node: Node,
    /// Where it begins, counted in characters from 0.
    pub at: usize,
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

/// What an expression is.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// A number, not negative.
    Number(f64),
    /// Text in quotes.
    Text(Text),
    /// The id of a query.
    Id(String),
    /// A word that some functions take.
    Word(Word),
    /// `[a, b]`.
    Array(Vec<Expression>),
    /// `-a`.
    Negative(Box<Expression>),
    /// `a + b`.
    Binary {
        /// What joins the two.
        operator: Operator,
        /// What stands before it.
        left: Box<Expression>,
        /// What stands behind it.
        right: Box<Expression>,
    },
    /// `F(a, b)`.
    Call {
        /// The function.
        function: Function,
        /// What it is given.
        arguments: Vec<Expression>,
    },
}

/// Text as it stands between its quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    pub(crate) raw: String,
    pub(crate) quote: char,
}

impl Text {
    /// What it says: quotes of its own kind without the backslashes that they need. All else is left to who reads it.
    pub fn value(&self) -> String {
        let mut value = String::with_capacity(self.raw.len());
        let mut chars = self.raw.chars().peekable();
        while let Some(c) = chars.next() {
            if c != '\\' {
                value.push(c);
                continue;
            }
            match chars.next() {
                Some(next) if next == self.quote => value.push(next),
                Some(next) => value.extend([c, next]),
                None => value.push(c),
            }
        }
        value
    }
}

/// Words that are neither ids nor functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the word of that name")]
pub enum Word {
    Asc,
    Desc,
    Avg,
    Min,
    Max,
    Sum,
    Repeat,
    Linear,
}

const WORDS: [(Word, &str); 8] = [
    (Word::Asc, "ASC"),
    (Word::Desc, "DESC"),
    (Word::Avg, "AVG"),
    (Word::Min, "MIN"),
    (Word::Max, "MAX"),
    (Word::Sum, "SUM"),
    (Word::Repeat, "REPEAT"),
    (Word::Linear, "LINEAR"),
];

impl Word {
    /// The word that is written so.
    pub fn of(text: &str) -> Option<Self> {
        let found = WORDS.iter().find(|(_, name)| *name == text);
        found.map(|(word, _)| *word)
    }

    /// How it is written.
    pub fn as_str(self) -> &'static str {
        WORDS[self as usize].1
    }
}

/// What joins two expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the operator of that name")]
pub enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    LessOrEqual,
    GreaterOrEqual,
    Less,
    Greater,
    Plus,
    Minus,
    Times,
    Divide,
    Power,
}

/// How each is written, and how strongly it binds.
const OPERATORS: [(Operator, &str, u8); 13] = [
    (Operator::Or, "OR", 1),
    (Operator::And, "AND", 2),
    (Operator::Equal, "==", 3),
    (Operator::NotEqual, "!=", 3),
    (Operator::LessOrEqual, "<=", 3),
    (Operator::GreaterOrEqual, ">=", 3),
    (Operator::Less, "<", 3),
    (Operator::Greater, ">", 3),
    (Operator::Plus, "+", 4),
    (Operator::Minus, "-", 4),
    (Operator::Times, "*", 5),
    (Operator::Divide, "/", 5),
    (Operator::Power, "^", 7),
];

/// How strongly a minus sign binds: `-2 ^ 2` is `-(2 ^ 2)`, and `-a * b` is `(-a) * b`.
pub(crate) const SIGN: u8 = 6;
const WHOLE: u8 = 8;

impl Operator {
    /// The operator that is written so; `&&` and `||` are spellings of `AND` and `OR`.
    pub fn of(text: &str) -> Option<Self> {
        let text = match text {
            "&&" => "AND",
            "||" => "OR",
            other => other,
        };
        let found = OPERATORS.iter().find(|(_, name, _)| *name == text);
        found.map(|(operator, _, _)| *operator)
    }

    /// How it is written.
    pub fn as_str(self) -> &'static str {
        OPERATORS[self as usize].1
    }

    pub(crate) fn strength(self) -> u8 {
        OPERATORS[self as usize].2
    }
}

/// A function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the function of that name")]
pub enum Function {
    Abs,
    AnomalyDetectionBand,
    Avg,
    Ceil,
    DatapointCount,
    Date,
    Day,
    DbPerfInsights,
    Diff,
    DiffTime,
    Epoch,
    Fill,
    First,
    Floor,
    Hour,
    If,
    InsightRuleMetric,
    Lambda,
    Last,
    Log,
    Log10,
    Max,
    MetricCount,
    Metrics,
    Min,
    Minute,
    Month,
    Period,
    Rate,
    RemoveEmpty,
    RunningSum,
    Search,
    ServiceQuota,
    Slice,
    Sort,
    Stddev,
    Sum,
    TimeSeries,
    Year,
}

const FUNCTIONS: [(Function, &str); 39] = [
    (Function::Abs, "ABS"),
    (Function::AnomalyDetectionBand, "ANOMALY_DETECTION_BAND"),
    (Function::Avg, "AVG"),
    (Function::Ceil, "CEIL"),
    (Function::DatapointCount, "DATAPOINT_COUNT"),
    (Function::Date, "DATE"),
    (Function::Day, "DAY"),
    (Function::DbPerfInsights, "DB_PERF_INSIGHTS"),
    (Function::Diff, "DIFF"),
    (Function::DiffTime, "DIFF_TIME"),
    (Function::Epoch, "EPOCH"),
    (Function::Fill, "FILL"),
    (Function::First, "FIRST"),
    (Function::Floor, "FLOOR"),
    (Function::Hour, "HOUR"),
    (Function::If, "IF"),
    (Function::InsightRuleMetric, "INSIGHT_RULE_METRIC"),
    (Function::Lambda, "LAMBDA"),
    (Function::Last, "LAST"),
    (Function::Log, "LOG"),
    (Function::Log10, "LOG10"),
    (Function::Max, "MAX"),
    (Function::MetricCount, "METRIC_COUNT"),
    (Function::Metrics, "METRICS"),
    (Function::Min, "MIN"),
    (Function::Minute, "MINUTE"),
    (Function::Month, "MONTH"),
    (Function::Period, "PERIOD"),
    (Function::Rate, "RATE"),
    (Function::RemoveEmpty, "REMOVE_EMPTY"),
    (Function::RunningSum, "RUNNING_SUM"),
    (Function::Search, "SEARCH"),
    (Function::ServiceQuota, "SERVICE_QUOTA"),
    (Function::Slice, "SLICE"),
    (Function::Sort, "SORT"),
    (Function::Stddev, "STDDEV"),
    (Function::Sum, "SUM"),
    (Function::TimeSeries, "TIME_SERIES"),
    (Function::Year, "YEAR"),
];

impl Function {
    /// Every function, in the order of their names.
    pub fn all() -> impl Iterator<Item = Self> {
        FUNCTIONS.iter().map(|(function, _)| *function)
    }

    /// The function of this name.
    pub fn of(text: &str) -> Option<Self> {
        let found = FUNCTIONS.iter().find(|(_, name)| *name == text);
        found.map(|(function, _)| *function)
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        FUNCTIONS[self as usize].1
    }
}

/// One operator of a chain, with what stands behind it.
pub(crate) struct Link<'a> {
    pub(crate) at: usize,
    pub(crate) operator: Operator,
    pub(crate) right: &'a Expression,
}

impl Expression {
    /// A chain such as `a + b - c` as its first expression and what is joined to it, in their order. A tree is as deep
    /// as its longest chain is long; who walks chains this way stays as flat as the parser.
    pub(crate) fn chain(&self) -> (&Self, Vec<Link<'_>>) {
        let mut first = self;
        let mut links = Vec::new();
        while let Node::Binary {
            operator,
            left,
            right,
        } = &first.node
        {
            links.push(Link {
                at: first.at,
                operator: *operator,
                right,
            });
            first = left;
        }
        links.reverse();
        (first, links)
    }

    /// Shows each part, those of a chain in their order.
    pub(crate) fn walk(&self, show: &mut dyn FnMut(&Self)) {
        let (first, links) = self.chain();
        show(first);
        match &first.node {
            Node::Array(items)
            | Node::Call {
                arguments: items, ..
            } => {
                for item in items {
                    item.walk(show);
                }
            }
            Node::Negative(inner) => inner.walk(show),
            _ => {}
        }
        for link in links {
            link.right.walk(show);
        }
    }

    fn strength(&self) -> u8 {
        match &self.node {
            Node::Binary { operator, .. } => operator.strength(),
            Node::Negative(_) => SIGN,
            _ => WHOLE,
        }
    }

    /// Writes it where at least this strength is needed.
    fn write_as(&self, f: &mut fmt::Formatter<'_>, least: u8) -> fmt::Result {
        if self.strength() < least {
            write!(f, "({self})")
        } else {
            write!(f, "{self}")
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.node {
            Node::Number(number) => write!(f, "{number}"),
            Node::Text(Text { raw, quote }) => write!(f, "{quote}{raw}{quote}"),
            Node::Id(id) => f.write_str(id),
            Node::Word(word) => f.write_str(word.as_str()),
            Node::Array(items) => {
                f.write_str("[")?;
                write_list(f, items)?;
                f.write_str("]")
            }
            Node::Negative(inner) => {
                f.write_str("-")?;
                inner.write_as(f, SIGN)
            }
            Node::Binary {
                operator,
                left,
                right,
            } => {
                let strength = operator.strength();
                let (before, behind) = match operator {
                    // The exponent is what may have a sign or another exponent.
                    Operator::Power => (WHOLE, SIGN),
                    _ => (strength, strength + 1),
                };
                left.write_as(f, before)?;
                write!(f, " {} ", operator.as_str())?;
                right.write_as(f, behind)
            }
            Node::Call {
                function,
                arguments,
            } => {
                write!(f, "{}(", function.as_str())?;
                write_list(f, arguments)?;
                f.write_str(")")
            }
        }
    }
}

fn write_list(f: &mut fmt::Formatter<'_>, items: &[Expression]) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{item}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tables are indexed by their enums.
    #[test]
    fn names_lead_back() {
        for (function, name) in FUNCTIONS {
            assert_eq!(Function::of(name), Some(function));
            assert_eq!(function.as_str(), name);
        }
        for (word, name) in WORDS {
            assert_eq!(Word::of(name), Some(word));
            assert_eq!(word.as_str(), name);
        }
        for (operator, name, _) in OPERATORS {
            assert_eq!(Operator::of(name), Some(operator));
            assert_eq!(operator.as_str(), name);
        }
        assert_eq!(Operator::of("&&"), Some(Operator::And));
        assert_eq!(Operator::of("||"), Some(Operator::Or));
    }
}
