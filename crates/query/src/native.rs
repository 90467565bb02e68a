//! Conditions in the engine's own terms: what it can push down to files, row groups and pages, and compute column by
//! column.
//!
//! Only what means exactly the same there: columns of one known kind beside constants of a kind that compares as that
//! kind does. All else is left to [`crate::compute`].

use corelog_insights::{BinaryOp, Expr, ExprKind, Function, InSet, LikePattern, UnaryOp};
use corelog_values::Number;
use datafusion::functions::expr_fn::contains;
use datafusion::functions::regex::expr_fn::regexp_like;
use datafusion::logical_expr as df;
use datafusion::prelude::{ident, lit};
use datafusion::scalar::ScalarValue;

use crate::compute::Slot;
use crate::frame::Frame;
use crate::kind::Kind;
use crate::pattern::for_engine;

/// Whole numbers up to here are exact as doubles.
const EXACT_MAX: i64 = 1 << 53;

/// A condition, if the engine has the same.
pub(crate) fn condition(frame: &Frame, expr: &Expr) -> Option<df::Expr> {
    match &expr.kind {
        ExprKind::And(all) => joined(frame, all, df::Expr::and),
        ExprKind::Or(all) => joined(frame, all, df::Expr::or),
        ExprKind::Not(of) => Some(df::not(condition(frame, of)?)),
        ExprKind::Binary { op, left, right } if op.is_comparison() => {
            compare(frame, *op, left, right).or_else(|| compare(frame, mirrored(*op), right, left))
        }
        ExprKind::Like {
            of,
            pattern,
            negated,
        } => like(frame, of, pattern).map(|found| maybe_not(found, *negated)),
        ExprKind::In {
            of,
            set: InSet::List(all),
            negated,
        } => {
            let slot = plain(frame, of)?;
            let members = all.iter().map(|one| constant(slot.kind, one));
            Some(ident(&slot.column).in_list(members.collect::<Option<_>>()?, *negated))
        }
        ExprKind::Call {
            function: Function::IsPresent,
            args,
        } => {
            let [of] = &args[..] else { return None };
            Some(ident(plain(frame, of)?.column).is_not_null())
        }
        _ => None,
    }
}

fn joined(
    frame: &Frame,
    all: &[Expr],
    join: fn(df::Expr, df::Expr) -> df::Expr,
) -> Option<df::Expr> {
    let sides: Option<Vec<_>> = all.iter().map(|one| condition(frame, one)).collect();
    sides?.into_iter().reduce(join)
}

fn maybe_not(expr: df::Expr, negated: bool) -> df::Expr {
    if negated { df::not(expr) } else { expr }
}

/// A field that is a column of its own.
fn plain(frame: &Frame, expr: &Expr) -> Option<Slot> {
    let ExprKind::Field(field) = &expr.kind else {
        return None;
    };
    frame.field(field).filter(|slot| slot.path.is_empty())
}

fn compare(frame: &Frame, op: BinaryOp, field: &Expr, other: &Expr) -> Option<df::Expr> {
    let slot = plain(frame, field)?;
    let (column, constant) = (ident(&slot.column), constant(slot.kind, other)?);
    Some(match op {
        BinaryOp::Eq => column.eq(constant),
        BinaryOp::Ne => column.not_eq(constant),
        BinaryOp::Lt => column.lt(constant),
        BinaryOp::Le => column.lt_eq(constant),
        BinaryOp::Gt => column.gt(constant),
        BinaryOp::Ge => column.gt_eq(constant),
        _ => return None,
    })
}

fn mirrored(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Lt => BinaryOp::Gt,
        BinaryOp::Le => BinaryOp::Ge,
        BinaryOp::Gt => BinaryOp::Lt,
        BinaryOp::Ge => BinaryOp::Le,
        other => other,
    }
}

/// A constant that compares with a column of a kind as the column's values do with each other.
fn constant(kind: Kind, expr: &Expr) -> Option<df::Expr> {
    match (kind, number(expr)) {
        (Kind::Int, Some(Number::Int(value))) => Some(lit(value)),
        (Kind::Float | Kind::Written, Some(Number::Int(value)))
            if value != 0 && value.abs() <= EXACT_MAX =>
        {
            Some(lit(Number::Int(value).as_f64()))
        }
        (Kind::Float | Kind::Written, Some(Number::Float(value))) if value != 0.0 => {
            Some(lit(value))
        }
        (Kind::Time, Some(Number::Int(ms))) => {
            let micros =
                ScalarValue::TimestampMicrosecond(Some(ms.checked_mul(1_000)?), Some("UTC".into()));
            Some(lit(micros))
        }
        (Kind::Text, None) => match &expr.kind {
            // What looks like a number compares with texts that do as a number: not for the engine.
            ExprKind::Text(text) if Number::from_text(text).is_none() => {
                Some(lit(ScalarValue::Utf8View(Some(text.clone()))))
            }
            _ => None,
        },
        _ => None,
    }
}

fn number(expr: &Expr) -> Option<Number> {
    match &expr.kind {
        ExprKind::Number(number) => match number.integer() {
            Some(integer) => Some(Number::Int(integer)),
            // Their digits count, too.
            None if number.large().is_some() => None,
            None => Number::float(number.value()),
        },
        ExprKind::Unary {
            op: UnaryOp::Minus,
            of,
        } => match number(of)? {
            Number::Int(value) => Some(Number::Int(value.checked_neg()?)),
            Number::Float(value) => Some(Number::Float(-value)),
        },
        _ => None,
    }
}

fn like(frame: &Frame, of: &Expr, pattern: &LikePattern) -> Option<df::Expr> {
    let slot = plain(frame, of).filter(|slot| slot.kind == Kind::Text)?;
    let text = |text: &str| lit(ScalarValue::Utf8View(Some(text.to_owned())));
    match pattern {
        LikePattern::Text(part) => match &part.kind {
            ExprKind::Text(part) => Some(contains(ident(slot.column), text(part))),
            _ => None,
        },
        LikePattern::Regex(regex) => {
            let pattern = regex.pattern();
            // One that is too large matches nothing, which is not for the engine to say.
            regex::Regex::new(&pattern).ok()?;
            let pattern = text(&for_engine(&pattern));
            Some(regexp_like(ident(slot.column), pattern, None))
        }
    }
}
