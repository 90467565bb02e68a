//! The value of an expression for a row.
//!
//! Truth is three-valued: what is missing makes a comparison unknown, `not` of unknown is unknown, and `and` and `or`
//! are unknown only if the known sides do not decide. A filter keeps what is true.

use corelog_insights::{BinaryOp, Function, UnaryOp};

use crate::calendar;
use crate::coerce;
use crate::context::Context;
use crate::expression::{Members, Node, Pattern};
use crate::functions::{self, flag};
use crate::number::Number;
use crate::value::Value;

/// A row as an expression sees it.
pub trait Row {
    /// The value in a slot; missing where there is none.
    fn slot(&self, slot: usize) -> Value<'_>;
}

impl Row for [Value<'_>] {
    fn slot(&self, slot: usize) -> Value<'_> {
        self.get(slot).map_or(Value::Null, Value::borrowed)
    }
}

impl Row for Vec<Value<'_>> {
    fn slot(&self, slot: usize) -> Value<'_> {
        self.as_slice().slot(slot)
    }
}

/// A row without values.
pub(crate) struct NoRow;

impl Row for NoRow {
    fn slot(&self, _: usize) -> Value<'_> {
        Value::Null
    }
}

impl Node {
    pub(crate) fn eval<'v>(&'v self, cx: &'v Context, row: &'v impl Row) -> Value<'v> {
        match self {
            Self::Constant(value) => value.borrowed(),
            Self::Slot(slot) => row.slot(*slot),
            Self::Syntax => Value::Null,
            Self::List(all) => Value::list(all.iter().map(|one| one.eval(cx, row)).collect()),
            Self::Member { of, path } => {
                let of = of.eval(cx, row);
                of.member(path).cloned().unwrap_or_default()
            }
            Self::Bin { time, period } => match coerce::millis(&time.eval(cx, row)) {
                Some(ms) => calendar::floor_shifted(ms, *period, cx.offset),
                None => Value::Null,
            },
            Self::MessageSize(message) => {
                let message = message.eval(cx, row);
                coerce::text(&message).map_or(Value::Null, |text| Value::count(text.len()))
            }
            Self::Call {
                function,
                args,
                syntax,
            } => match general(cx, row, *function, args) {
                Some(value) => value,
                None => call(cx, row, *function, args, syntax),
            },
            Self::Unary { op, of } => unary(*op, &of.eval(cx, row)),
            Self::Binary { op, left, right } if !op.is_comparison() => {
                arithmetic(*op, &left.eval(cx, row), &right.eval(cx, row))
            }
            Self::Binary { .. }
            | Self::Not(_)
            | Self::And(_)
            | Self::Or(_)
            | Self::Like { .. }
            | Self::In { .. } => self.truth(cx, row).map_or(Value::Null, Value::Bool),
        }
    }

    /// Whether it holds.
    pub(crate) fn truth(&self, cx: &Context, row: &impl Row) -> Option<bool> {
        match self {
            Self::Binary { op, left, right } if op.is_comparison() => {
                coerce::compare(*op, &left.eval(cx, row), &right.eval(cx, row))
            }
            Self::Not(of) => of.truth(cx, row).map(|truth| !truth),
            Self::And(all) => and(all.iter().map(|one| one.truth(cx, row))),
            Self::Or(all) => {
                let sides = all.iter().map(|one| one.truth(cx, row));
                and(sides.map(|side| side.map(|truth| !truth))).map(|none| !none)
            }
            Self::Like {
                of,
                pattern,
                negated,
            } => like(cx, row, &of.eval(cx, row), pattern, *negated),
            Self::In { of, set, negated } => contained(cx, row, &of.eval(cx, row), set, *negated),
            other => coerce::truth(&other.eval(cx, row)),
        }
    }
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

fn unary(op: UnaryOp, of: &Value<'_>) -> Value<'static> {
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
pub fn arithmetic(op: BinaryOp, left: &Value<'_>, right: &Value<'_>) -> Value<'static> {
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

/// A part of a text, upper and lower case distinct, or an expression that matches anywhere.
fn like(
    cx: &Context,
    row: &impl Row,
    of: &Value<'_>,
    pattern: &Pattern,
    negated: bool,
) -> Option<bool> {
    if of.is_container() {
        return Some(false);
    }
    let text = coerce::text(of)?;
    let found = match pattern {
        Pattern::Part(part) => part.find(text.as_bytes()).is_some(),
        Pattern::Regex(regex) => regex.is_match(&text),
        Pattern::Computed(part) => text.contains(&*coerce::text(&part.eval(cx, row))?),
        Pattern::Unknown => return None,
    };
    Some(found != negated)
}

/// Whether any member equals the value. Decision: missing members are equal to nothing and do not make it unknown.
fn contained(
    cx: &Context,
    row: &impl Row,
    of: &Value<'_>,
    set: &Members,
    negated: bool,
) -> Option<bool> {
    if of.is_container() {
        return Some(false);
    }
    let found = match set {
        Members::Set(set) => set.contains(of)?,
        Members::Computed(_) if of.is_null() => return None,
        Members::Computed(all) => all
            .iter()
            .any(|member| coerce::equal(of, &member.eval(cx, row)) == Some(true)),
    };
    Some(found != negated)
}

/// A call whose arguments are all computed first; few of them without a list of their own.
fn call<'v>(
    cx: &'v Context,
    row: &'v impl Row,
    function: Function,
    args: &'v [Node],
    syntax: &'v functions::Syntax,
) -> Value<'v> {
    let is_syntax = |at: usize| matches!(args.get(at), Some(Node::Syntax));
    let call = |values: &[Value<'v>]| functions::call(cx, function, syntax, values, is_syntax);
    match args {
        [one] => call(&[one.eval(cx, row)]),
        [one, two] => call(&[one.eval(cx, row), two.eval(cx, row)]),
        [one, two, three] => call(&[one.eval(cx, row), two.eval(cx, row), three.eval(cx, row)]),
        all => call(&all.iter().map(|one| one.eval(cx, row)).collect::<Vec<_>>()),
    }
}

/// Functions that look at what is missing, and those about the query.
fn general<'v>(
    cx: &'v Context,
    row: &'v impl Row,
    function: Function,
    args: &'v [Node],
) -> Option<Value<'v>> {
    let value = |at: usize| args.get(at).map_or(Value::Null, |arg| arg.eval(cx, row));
    let holds = |condition: &Node| condition.truth(cx, row) == Some(true);
    Some(match function {
        Function::IsPresent => flag(!value(0).is_null()),
        Function::Coalesce => {
            let mut all = args.iter().map(|arg| arg.eval(cx, row));
            all.find(|value| !value.is_null()).unwrap_or(Value::Null)
        }
        Function::If => value(if args.first().is_some_and(holds) {
            1
        } else {
            2
        }),
        // The value of the first condition that holds; an argument left over is the default.
        Function::Case => {
            let mut pairs = args.chunks(2);
            let found = pairs.find_map(|pair| match pair {
                [condition, value] if holds(condition) => Some(value),
                [default] => Some(default),
                _ => None,
            });
            found.map_or(Value::Null, |found| found.eval(cx, row))
        }
        Function::IsEmpty => flag(value(0).shown().is_none_or(|text| text.is_empty())),
        Function::IsBlank => flag(value(0).shown().is_none_or(|text| text.trim().is_empty())),
        Function::IsNumeric if value(0).is_null() => Value::Null,
        Function::IsNumeric => flag(coerce::number(&value(0)).is_some()),
        Function::Now => Value::int(cx.now_ms.div_euclid(1000)),
        Function::QueryStartTime => Value::int(cx.start_ms),
        Function::QueryEndTime => Value::int(cx.end_ms),
        Function::QueryTimeRange => {
            let range = cx.end_ms.checked_sub(cx.start_ms);
            range.map_or(Value::Null, Value::int)
        }
        _ => return None,
    })
}
