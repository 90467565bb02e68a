//! Expressions.

use super::{Query, Text};
use crate::functions::Function;
use crate::period::Period;
use crate::regex::Regex;
use crate::span::Span;

/// An expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expr {
    /// What it says.
    pub kind: ExprKind,
    /// Where; parentheses around it are not included.
    pub span: Span,
}

impl Expr {
    /// The expressions that this one holds, from left to right; not those of a subquery.
    pub fn parts(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::List(all) | ExprKind::And(all) | ExprKind::Or(all) => all.iter().collect(),
            ExprKind::Call { args, .. } => args.iter().collect(),
            ExprKind::Member { of, .. } | ExprKind::Unary { of, .. } | ExprKind::Not(of) => {
                vec![of]
            }
            ExprKind::Binary { left, right, .. } => vec![left, right],
            ExprKind::Like {
                of,
                pattern: LikePattern::Text(text),
                ..
            } => vec![of, text],
            ExprKind::In {
                of,
                set: InSet::List(all),
                ..
            } => std::iter::once(&**of).chain(all).collect(),
            ExprKind::Like { of, .. } | ExprKind::In { of, .. } => vec![of],
            _ => Vec::new(),
        }
    }

    /// Calls `seen` for every field in the expression, from left to right; not for those of a subquery.
    pub fn each_field<'e>(&'e self, seen: &mut impl FnMut(&'e Field)) {
        if let ExprKind::Field(field) = &self.kind {
            seen(field);
        }
        for part in self.parts() {
            part.each_field(seen);
        }
    }
}

/// What an expression says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExprKind {
    /// `1.5`
    Number(Number),
    /// `5m`
    Period(Period),
    /// `"text"`
    Text(String),
    /// `true` or `false`
    Bool(bool),
    /// `a.b[0]`
    Field(Field),
    /// A column of an earlier `stats`, meant by its text, as `sum(bytes)` in `stats sum(bytes) | sort sum(bytes)`.
    Column(String),
    /// The star of `count(*)`; stands nowhere else.
    Star,
    /// `/text/`, where a function takes it.
    Regex(Regex),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `name(a, b)`; the number of arguments is one the function takes.
    Call {
        /// Which function.
        function: Function,
        /// Its arguments.
        args: Vec<Expr>,
    },
    /// `call(a).b[0]`: a member of a value that is not a field.
    Member {
        /// The map or list.
        of: Box<Expr>,
        /// The way to the member, at least one step.
        path: Vec<Segment>,
    },
    /// `-a`
    Unary {
        /// The sign.
        op: UnaryOp,
        /// What it stands before.
        of: Box<Expr>,
    },
    /// `a + b`
    Binary {
        /// What is computed.
        op: BinaryOp,
        /// Its left side.
        left: Box<Expr>,
        /// Its right side.
        right: Box<Expr>,
    },
    /// `not a`
    Not(Box<Expr>),
    /// `a and b and c`, at least two.
    And(Vec<Expr>),
    /// `a or b or c`, at least two.
    Or(Vec<Expr>),
    /// `a [not] like pattern`
    Like {
        /// What is searched.
        of: Box<Expr>,
        /// What for.
        pattern: LikePattern,
        /// Whether `not` stands before `like`.
        negated: bool,
    },
    /// `a [not] in set`
    In {
        /// What is looked for.
        of: Box<Expr>,
        /// Where.
        set: InSet,
        /// Whether `not` stands before `in`.
        negated: bool,
    },
}

/// What `like` looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LikePattern {
    /// A part of the text, without wildcards, upper and lower case distinct.
    Text(Box<Expr>),
    /// An expression that matches anywhere in the text; from `like` or `=~`.
    Regex(Regex),
}

/// What `in` looks into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InSet {
    /// `[a, b]`, at least one.
    List(Vec<Expr>),
    /// The only column of another query's result. It holds no further subquery.
    Query(Box<Query>),
}

/// A number as typed, so that long integers stay exact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number(String);

impl Number {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// Digits with an optional fraction and exponent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value, if it is whole, written without fraction and exponent, and fits.
    pub fn integer(&self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// Its digits, if it is whole, written without fraction and exponent, and does not fit.
    pub fn large(&self) -> Option<&str> {
        let is_whole = self.0.bytes().all(|byte| byte.is_ascii_digit());
        (is_whole && self.integer().is_none()).then_some(&self.0)
    }

    /// The nearest floating-point value.
    pub fn value(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }
}

/// A step on the way to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// A member of a map.
    Key(String),
    /// An element of a list, counted from 0.
    Index(u32),
}

/// A field: a key, then members and elements of it.
///
/// `a.b` has two keys, `` `a.b` `` one; a message's discovered fields are the same for both, so look these up by
/// [`Field::path`]. Only in maps, from `jsonParse` and the like, do the steps count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The steps, at least one; the first is a key.
    pub segments: Vec<Segment>,
    /// Where.
    pub span: Span,
}

impl Field {
    /// The name of a discovered field: steps with dots between, indexes included: `a.b.0.c`.
    pub fn path(&self) -> String {
        let mut out = String::new();
        for segment in &self.segments {
            if !out.is_empty() {
                out.push('.');
            }
            match segment {
                Segment::Key(key) => out.push_str(key),
                Segment::Index(index) => out.push_str(&index.to_string()),
            }
        }
        out
    }

    /// The name of the column it makes: as typed, without backticks: `a.b[0].c`.
    pub fn name(&self) -> String {
        let mut out = String::new();
        for segment in &self.segments {
            match segment {
                Segment::Key(key) if out.is_empty() => out.push_str(key),
                Segment::Key(key) => out.extend([".", key]),
                Segment::Index(index) => out.extend(["[", &index.to_string(), "]"]),
            }
        }
        out
    }

    /// A field of one key.
    pub(crate) fn key(text: &Text) -> Self {
        Self {
            segments: vec![Segment::Key(text.value.clone())],
            span: text.span,
        }
    }
}

/// A sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-`
    Minus,
    /// `+`
    Plus,
}

/// An operator between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinaryOp {
    /// `=`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Rem,
    /// `^`
    Pow,
}

impl BinaryOp {
    /// The operator of a symbol, synonyms included.
    pub(crate) fn of_symbol(symbol: &str) -> Option<Self> {
        Some(match symbol {
            "=" | "==" => Self::Eq,
            "!=" | "<>" => Self::Ne,
            "<" => Self::Lt,
            "<=" => Self::Le,
            ">" => Self::Gt,
            ">=" => Self::Ge,
            "+" => Self::Add,
            "-" => Self::Sub,
            "*" => Self::Mul,
            "/" => Self::Div,
            "%" => Self::Rem,
            "^" => Self::Pow,
            _ => return None,
        })
    }

    /// The symbol as we write it.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Rem => "%",
            Self::Pow => "^",
        }
    }

    /// Whether it gives true or false.
    pub fn is_comparison(self) -> bool {
        self.level() == level::COMPARISON
    }

    pub(crate) fn level(self) -> u8 {
        match self {
            Self::Eq | Self::Ne | Self::Lt | Self::Le | Self::Gt | Self::Ge => level::COMPARISON,
            Self::Add | Self::Sub => level::SUM,
            Self::Mul | Self::Div | Self::Rem => level::PRODUCT,
            Self::Pow => level::POWER,
        }
    }
}

/// How tightly operators bind, loosest first.
pub(crate) mod level {
    pub(crate) const OR: u8 = 1;
    pub(crate) const AND: u8 = 2;
    pub(crate) const NOT: u8 = 3;
    pub(crate) const COMPARISON: u8 = 4;
    pub(crate) const SUM: u8 = 5;
    pub(crate) const PRODUCT: u8 = 6;
    pub(crate) const POWER: u8 = 7;
    pub(crate) const SIGN: u8 = 8;
    pub(crate) const MEMBER: u8 = 9;
}

#[cfg(test)]
mod tests {
    use super::{Field, Number, Segment};
    use crate::span::Span;

    #[test]
    fn long_integers_stay_exact() {
        let number = Number::new("9007199254740993".to_owned());
        assert_eq!(number.integer(), Some(9_007_199_254_740_993));
        assert_eq!(Number::new("1e3".to_owned()).integer(), None);
        assert!((Number::new("1e3".to_owned()).value() - 1000.0).abs() < f64::EPSILON);
        assert_eq!(
            Number::new("99999999999999999999".to_owned()).integer(),
            None
        );
    }

    #[test]
    fn a_field_has_a_path_and_a_name() {
        let key = |key: &str| Segment::Key(key.to_owned());
        let field = Field {
            segments: vec![key("a"), key("b-c"), Segment::Index(0), key("d")],
            span: Span::default(),
        };
        assert_eq!(field.path(), "a.b-c.0.d");
        assert_eq!(field.name(), "a.b-c[0].d");
    }
}
