//! Expressions made ready for many rows: fields are slots, regular expressions compiled, what is constant computed.

use std::sync::Arc;

use corelog_insights::{
    BinaryOp, Expr, ExprKind, Field, Function, InSet, LikePattern, Period, Segment, UnaryOp,
};
use memchr::memmem::Finder;
use regex::Regex;

use crate::context::Context;
use crate::eval::{NoRow, Row};
use crate::functions::Syntax;
use crate::set::Set;
use crate::value::Value;

/// Where a row has the value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// Nowhere: it is missing.
    Missing,
    /// In a slot.
    Slot(usize),
    /// Within the map or list in a slot.
    Member {
        /// The slot.
        slot: usize,
        /// The steps from there, at least one.
        path: Vec<Segment>,
    },
}

/// Says where in a row the values are that an expression asks for; `None` where there is none, so that the value is
/// missing.
pub trait Binder {
    /// The slot of a field.
    fn field(&mut self, field: &Field) -> Option<usize>;

    /// The place of a field, for binders whose slots may hold the map or list that the field is in.
    fn place(&mut self, field: &Field) -> Bound {
        self.field(field).map_or(Bound::Missing, Bound::Slot)
    }

    /// The slot of a column by its name: one of an earlier `stats`, or `@timestamp` and `@message`, which some
    /// functions look at.
    fn column(&mut self, name: &str) -> Option<usize>;

    /// The slot of a part of the expression whose value is in the row already, such as a key of `stats`. Asked for
    /// every part, larger ones first.
    fn computed(&mut self, expr: &Expr) -> Option<usize> {
        let _ = expr;
        None
    }
}

/// An expression over the slots of a row.
#[derive(Debug, Clone)]
pub struct Expression {
    pub(crate) node: Node,
}

/// An expression of slots alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Simple {
    /// `bin` of a slot.
    Bin {
        /// The time.
        slot: usize,
        /// The period.
        period: Period,
    },
    /// An operator between two slots.
    Binary {
        /// The operator.
        op: BinaryOp,
        /// Its left side.
        left: usize,
        /// Its right side.
        right: usize,
    },
}

/// A part of an expression.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    Constant(Value<'static>),
    Slot(usize),
    /// An argument that is no value, and was taken into [`Syntax`].
    Syntax,
    List(Vec<Node>),
    Member {
        of: Box<Node>,
        path: Vec<Segment>,
    },
    /// `bin`: a time cut down.
    Bin {
        time: Box<Node>,
        period: Period,
    },
    /// `messageSize` of a message.
    MessageSize(Box<Node>),
    Call {
        function: Function,
        args: Vec<Node>,
        syntax: Box<Syntax>,
    },
    Unary {
        op: UnaryOp,
        of: Box<Node>,
    },
    Binary {
        op: BinaryOp,
        left: Box<Node>,
        right: Box<Node>,
    },
    Not(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    Like {
        of: Box<Node>,
        pattern: Pattern,
        negated: bool,
    },
    In {
        of: Box<Node>,
        set: Members,
        negated: bool,
    },
}

/// What `like` looks for.
#[derive(Debug, Clone)]
pub(crate) enum Pattern {
    Part(Box<Finder<'static>>),
    Computed(Box<Node>),
    Regex(Regex),
    /// A regular expression that is too large.
    Unknown,
}

/// What `in` looks into.
#[derive(Debug, Clone)]
pub(crate) enum Members {
    Set(Arc<Set>),
    Computed(Vec<Node>),
}

impl Expression {
    /// Makes an expression ready. The context's sets are taken now; its times are those of each evaluation.
    pub fn new(cx: &Context, expr: &Expr, binder: &mut impl Binder) -> Self {
        let node = Maker { cx, binder }.node(expr);
        Self { node }
    }

    /// The value of a slot.
    pub fn slot(slot: usize) -> Self {
        Bound::Slot(slot).into()
    }

    /// The slot that it is, if it computes nothing.
    pub fn as_slot(&self) -> Option<usize> {
        match self.node {
            Node::Slot(slot) => Some(slot),
            _ => None,
        }
    }

    /// Its shape, if it is one that can be computed column by column.
    pub fn as_simple(&self) -> Option<Simple> {
        match &self.node {
            Node::Bin { time, period } => match **time {
                Node::Slot(slot) => Some(Simple::Bin {
                    slot,
                    period: *period,
                }),
                _ => None,
            },
            Node::Binary { op, left, right } => match (&**left, &**right) {
                (Node::Slot(left), Node::Slot(right)) => Some(Simple::Binary {
                    op: *op,
                    left: *left,
                    right: *right,
                }),
                _ => None,
            },
            _ => None,
        }
    }

    /// The value that it has for all rows, if that is known.
    pub fn as_constant(&self) -> Option<&Value<'static>> {
        match &self.node {
            Node::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// Its value for a row.
    pub fn eval<'v>(&'v self, cx: &'v Context, row: &'v impl Row) -> Value<'v> {
        self.node.eval(cx, row)
    }

    /// Whether it holds for a row; `None` if that is unknown. A filter keeps what is `Some(true)`.
    pub fn truth(&self, cx: &Context, row: &impl Row) -> Option<bool> {
        self.node.truth(cx, row)
    }
}

struct Maker<'m, B> {
    cx: &'m Context,
    binder: &'m mut B,
}

impl<B: Binder> Maker<'_, B> {
    fn node(&mut self, expr: &Expr) -> Node {
        if let Some(slot) = self.binder.computed(expr) {
            return Node::Slot(slot);
        }
        let node = self.part(expr);
        if node.is_foldable() {
            return Node::Constant(node.eval(self.cx, &NoRow).into_owned());
        }
        node
    }

    fn boxed(&mut self, expr: &Expr) -> Box<Node> {
        Box::new(self.node(expr))
    }

    fn all(&mut self, exprs: &[Expr]) -> Vec<Node> {
        exprs.iter().map(|expr| self.node(expr)).collect()
    }

    fn part(&mut self, expr: &Expr) -> Node {
        match &expr.kind {
            ExprKind::Number(number) => Node::Constant(match (number.integer(), number.large()) {
                (Some(integer), _) => Value::int(integer),
                (None, Some(digits)) => Value::Written(digits.to_owned().into()),
                (None, None) => Value::float(number.value()),
            }),
            ExprKind::Text(text) => Node::Constant(Value::text(text.clone())),
            ExprKind::Bool(truth) => Node::Constant(Value::Bool(*truth)),
            ExprKind::Field(field) => self.binder.place(field).into(),
            ExprKind::Column(name) => bound(self.binder.column(name)),
            ExprKind::List(all) => Node::List(self.all(all)),
            ExprKind::Member { of, path } => Node::Member {
                of: self.boxed(of),
                path: path.clone(),
            },
            ExprKind::Call { function, args } => self.call(*function, args),
            // Only where a function or `count` takes them, and these look at the expression itself.
            ExprKind::Period(_) | ExprKind::Star | ExprKind::Regex(_) => {
                Node::Constant(Value::Null)
            }
            ExprKind::Unary { op, of } => Node::Unary {
                op: *op,
                of: self.boxed(of),
            },
            ExprKind::Binary { op, left, right } => Node::Binary {
                op: *op,
                left: self.boxed(left),
                right: self.boxed(right),
            },
            ExprKind::Not(of) => Node::Not(self.boxed(of)),
            ExprKind::And(all) => Node::And(self.all(all)),
            ExprKind::Or(all) => Node::Or(self.all(all)),
            ExprKind::Like {
                of,
                pattern,
                negated,
            } => Node::Like {
                of: self.boxed(of),
                pattern: self.pattern(pattern),
                negated: *negated,
            },
            ExprKind::In { of, set, negated } => Node::In {
                of: self.boxed(of),
                set: self.members(set),
                negated: *negated,
            },
        }
    }

    fn call(&mut self, function: Function, args: &[Expr]) -> Node {
        let mut syntax = Syntax::default();
        let mut nodes = Vec::with_capacity(args.len());
        for arg in args {
            nodes.push(match &arg.kind {
                ExprKind::Period(period) => {
                    syntax.period = Some(*period);
                    Node::Syntax
                }
                ExprKind::Regex(regex) => {
                    syntax.regex = self.cx.regex(regex.pattern());
                    if syntax.regex.is_none() {
                        return Node::Constant(Value::Null);
                    }
                    Node::Syntax
                }
                _ => self.node(arg),
            });
        }
        match function {
            Function::Bin => match syntax.period {
                Some(period) => Node::Bin {
                    time: Box::new(bound(self.binder.column("@timestamp"))),
                    period,
                },
                None => Node::Constant(Value::Null),
            },
            Function::MessageSize => {
                Node::MessageSize(Box::new(bound(self.binder.column("@message"))))
            }
            _ => {
                if let (Function::RegexReplace, Some(Node::Constant(Value::Text(text)))) =
                    (function, nodes.get(1))
                {
                    syntax.regex = self.cx.regex_of_text(text);
                }
                Node::Call {
                    function,
                    args: nodes,
                    syntax: Box::new(syntax),
                }
            }
        }
    }

    fn pattern(&mut self, pattern: &LikePattern) -> Pattern {
        match pattern {
            LikePattern::Regex(regex) => match self.cx.regex(regex.pattern()) {
                Some(regex) => Pattern::Regex(regex),
                None => Pattern::Unknown,
            },
            LikePattern::Text(text) => match self.node(text) {
                Node::Constant(Value::Text(text)) => {
                    Pattern::Part(Box::new(Finder::new(text.as_bytes()).into_owned()))
                }
                other => Pattern::Computed(Box::new(other)),
            },
        }
    }

    fn members(&mut self, set: &InSet) -> Members {
        match set {
            InSet::Query(query) => Members::Set(self.cx.set(query.span)),
            InSet::List(all) => {
                let nodes = self.all(all);
                let constant = |node: &Node| match node {
                    Node::Constant(value) => Some(value.clone()),
                    _ => None,
                };
                match nodes.iter().map(constant).collect::<Option<Set>>() {
                    Some(set) => Members::Set(Arc::new(set)),
                    None => Members::Computed(nodes),
                }
            }
        }
    }
}

impl From<Bound> for Expression {
    fn from(bound: Bound) -> Self {
        Self { node: bound.into() }
    }
}

impl From<Bound> for Node {
    fn from(bound: Bound) -> Self {
        match bound {
            Bound::Missing => Self::Constant(Value::Null),
            Bound::Slot(slot) => Self::Slot(slot),
            Bound::Member { slot, path } => Self::Member {
                of: Box::new(Self::Slot(slot)),
                path,
            },
        }
    }
}

fn bound(slot: Option<usize>) -> Node {
    slot.map_or(Node::Constant(Value::Null), Node::Slot)
}

impl Node {
    /// Whether it is the same for all rows and all times: made of constants only.
    fn is_foldable(&self) -> bool {
        let constant = |node: &Node| matches!(node, Node::Constant(_) | Node::Syntax);
        match self {
            Self::List(all) | Self::And(all) | Self::Or(all) => all.iter().all(constant),
            Self::Member { of, .. } | Self::Unary { of, .. } | Self::Not(of) => constant(of),
            Self::Constant(_)
            | Self::Slot(_)
            | Self::Syntax
            | Self::Bin { .. }
            | Self::MessageSize(_)
            | Self::Like { .. }
            | Self::In { .. } => false,
            Self::Call { function, args, .. } => {
                let of_query = matches!(
                    function,
                    Function::Now
                        | Function::QueryStartTime
                        | Function::QueryEndTime
                        | Function::QueryTimeRange
                );
                !of_query && args.iter().all(constant)
            }
            Self::Binary { left, right, .. } => constant(left) && constant(right),
        }
    }
}
