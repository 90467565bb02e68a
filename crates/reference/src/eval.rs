//! Expressions over a row.
//!
//! Truth is three-valued: what is missing makes a comparison unknown, `not` of unknown is unknown, and `and` and `or`
//! are unknown only if the known sides do not decide. A filter keeps what is true.

use std::cell::RefCell;
use std::collections::BTreeMap;

use corelog_insights::{
    BinaryOp, Expr, ExprKind, Field, InSet, LikePattern, Period, Span, UnaryOp,
};

use crate::aggregates;
use crate::calendar;
use crate::coerce;
use crate::functions;
use crate::number::Number;
use crate::row::{Row, join, member};
use crate::value::Value;

/// What an expression may look at besides its row.
#[derive(Default)]
pub(crate) struct Scope<'a> {
    pub(crate) now_ms: i64,
    pub(crate) start_ms: i64,
    pub(crate) end_ms: i64,
    /// The results of `in` subqueries by their place in the text.
    pub(crate) sets: Vec<(Span, Vec<Value>)>,
    /// Names given by the same command: their members cannot be reached yet.
    ///
    /// Source: people report that `fields jsonParse(a) as b, b.c` shows nothing for `b.c`.
    pub(crate) fresh: Vec<String>,
    /// How far `bin` is shifted.
    pub(crate) offset: Option<Period>,
    /// Within what `stats` computes: the rows of the group, and its keys.
    pub(crate) group: Option<Group<'a>>,
    /// Expressions that were compiled before.
    pub(crate) regexes: RefCell<BTreeMap<String, Option<regex::Regex>>>,
}

impl Scope<'_> {
    fn regex(&self, pattern: String) -> Option<regex::Regex> {
        let mut known = self.regexes.borrow_mut();
        let compile = |pattern: &String| regex::Regex::new(pattern).ok();
        known.entry(pattern).or_insert_with_key(compile).clone()
    }
}

/// A group of rows and what they were grouped by.
#[derive(Clone, Copy)]
pub(crate) struct Group<'a> {
    pub(crate) rows: &'a [Row],
    pub(crate) keys: &'a [(Expr, Value)],
}

/// The value of an expression.
pub(crate) fn eval(scope: &Scope<'_>, row: &Row, expr: &Expr) -> Value {
    if let Some(group) = scope.group
        && let Some((_, value)) = group.keys.iter().find(|(key, _)| key == expr)
    {
        return value.clone();
    }
    match &expr.kind {
        ExprKind::Number(number) => match number.integer() {
            Some(integer) => Value::int(integer),
            None => Value::float(number.value()),
        },
        ExprKind::Text(text) => Value::text(text),
        ExprKind::Bool(truth) => Value::Bool(*truth),
        ExprKind::Field(field) => field_value(scope, row, field),
        ExprKind::Column(name) => row.get(name),
        ExprKind::List(all) => Value::List(all.iter().map(|one| eval(scope, row, one)).collect()),
        ExprKind::Member { of, path } => member(&eval(scope, row, of), path),
        ExprKind::Call { function, args } => match scope.group {
            Some(group) if function.is_aggregate() => {
                aggregates::compute(scope, group.rows, *function, args)
            }
            _ => functions::call(scope, row, *function, args),
        },
        // Only where a function or `count` takes them, and these look at the expression itself.
        ExprKind::Period(_) | ExprKind::Star | ExprKind::Regex(_) => Value::Null,
        ExprKind::Unary { op, of } => unary(*op, &eval(scope, row, of)),
        ExprKind::Binary { op, left, right } => {
            let (left, right) = (eval(scope, row, left), eval(scope, row, right));
            if op.is_comparison() {
                truth_value(coerce::compare(*op, &left, &right))
            } else {
                arithmetic(*op, &left, &right)
            }
        }
        ExprKind::Not(of) => truth_value(truth(scope, row, of).map(|truth| !truth)),
        ExprKind::And(all) => truth_value(and(all.iter().map(|one| truth(scope, row, one)))),
        ExprKind::Or(all) => {
            let sides = all.iter().map(|one| truth(scope, row, one));
            truth_value(and(sides.map(|side| side.map(|truth| !truth))).map(|none| !none))
        }
        ExprKind::Like {
            of,
            pattern,
            negated,
        } => {
            let of = eval(scope, row, of);
            like(&of, &pattern_of(scope, row, pattern), *negated)
        }
        ExprKind::In { of, set, negated } => {
            let of = eval(scope, row, of);
            contained(&of, &members(scope, row, set), *negated)
        }
    }
}

/// Whether a condition holds for a row.
pub(crate) fn truth(scope: &Scope<'_>, row: &Row, expr: &Expr) -> Option<bool> {
    coerce::truth(&eval(scope, row, expr))
}

fn truth_value(truth: Option<bool>) -> Value {
    truth.map_or(Value::Null, Value::Bool)
}

fn field_value(scope: &Scope<'_>, row: &Row, field: &Field) -> Value {
    for length in 1..field.segments.len() {
        if scope.fresh.contains(&join(&field.segments[..length])) {
            return Value::Null;
        }
    }
    row.field(field)
}

fn and(sides: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut all = Some(true);
    for side in sides {
        match side {
            Some(false) => return Some(false),
            Some(true) => {}
            None => all = None,
        }
    }
    all
}

fn unary(op: UnaryOp, of: &Value) -> Value {
    let Some(number) = coerce::number(of) else {
        return Value::Null;
    };
    match (op, number) {
        (UnaryOp::Plus, number) => Value::Number(number),
        (UnaryOp::Minus, Number::Int(value)) => match value.checked_neg() {
            Some(value) => Value::int(value),
            None => Value::float(-number.as_f64()),
        },
        (UnaryOp::Minus, Number::Float(value)) => Value::float(-value),
    }
}

/// Exact for integers as long as the result is one that fits; nothing if a side is no number, or for a division by
/// zero.
pub(crate) fn arithmetic(op: BinaryOp, left: &Value, right: &Value) -> Value {
    let (Some(left), Some(right)) = (coerce::number(left), coerce::number(right)) else {
        return Value::Null;
    };
    if let (Number::Int(left), Number::Int(right)) = (left, right)
        && let Some(exact) = whole(op, left, right)
    {
        return Value::int(exact);
    }
    let (left, right) = (left.as_f64(), right.as_f64());
    Value::float(match op {
        BinaryOp::Add => left + right,
        BinaryOp::Sub => left - right,
        BinaryOp::Mul => left * right,
        BinaryOp::Div => left / right,
        BinaryOp::Rem => left % right,
        BinaryOp::Pow => left.powf(right),
        _ => f64::NAN,
    })
}

fn whole(op: BinaryOp, left: i64, right: i64) -> Option<i64> {
    match op {
        BinaryOp::Add => left.checked_add(right),
        BinaryOp::Sub => left.checked_sub(right),
        BinaryOp::Mul => left.checked_mul(right),
        BinaryOp::Div if left.checked_rem(right) == Some(0) => left.checked_div(right),
        BinaryOp::Rem => left.checked_rem(right),
        BinaryOp::Pow => left.checked_pow(u32::try_from(right).ok()?),
        _ => None,
    }
}

/// What `like` looks for, once it is known.
enum Pattern {
    Part(Value),
    Regex(Option<regex::Regex>),
}

fn pattern_of(scope: &Scope<'_>, row: &Row, pattern: &LikePattern) -> Pattern {
    match pattern {
        LikePattern::Text(text) => Pattern::Part(eval(scope, row, text)),
        LikePattern::Regex(regex) => Pattern::Regex(scope.regex(regex.pattern())),
    }
}

/// A part of a text, upper and lower case distinct, or an expression that matches anywhere.
fn like(of: &Value, pattern: &Pattern, negated: bool) -> Value {
    if of.is_container() {
        return Value::Bool(false);
    }
    let Some(text) = coerce::text(of) else {
        return Value::Null;
    };
    let found = match pattern {
        Pattern::Regex(Some(regex)) => regex.is_match(&text),
        Pattern::Regex(None) => return Value::Null,
        Pattern::Part(part) => match coerce::text(part) {
            Some(part) => text.contains(&part),
            None => return Value::Null,
        },
    };
    Value::Bool(found != negated)
}

fn members(scope: &Scope<'_>, row: &Row, set: &InSet) -> Vec<Value> {
    match set {
        InSet::List(all) => all.iter().map(|one| eval(scope, row, one)).collect(),
        InSet::Query(query) => {
            let same = |span: &Span| span.start == query.span.start && span.end == query.span.end;
            let found = scope.sets.iter().find(|(span, _)| same(span));
            found.map_or_else(Vec::new, |(_, values)| values.clone())
        }
    }
}

/// Whether any member equals the value. Decision: missing members are equal to nothing and do not make it unknown.
fn contained(of: &Value, members: &[Value], negated: bool) -> Value {
    if of.is_null() {
        return Value::Null;
    }
    if of.is_container() {
        return Value::Bool(false);
    }
    let found = members
        .iter()
        .any(|member| coerce::equal(of, member) == Some(true));
    Value::Bool(found != negated)
}

/// `@timestamp` cut down, as `bin` does it.
pub(crate) fn bin(scope: &Scope<'_>, row: &Row, period: Period) -> Value {
    match coerce::millis(&row.get("@timestamp")) {
        Some(ms) => calendar::floor_shifted(ms, period, scope.offset),
        None => Value::Null,
    }
}
