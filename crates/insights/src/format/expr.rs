//! Expressions.

use std::fmt::{Formatter, Result};

use super::words::{write_field, write_step, write_string};
use super::{write_list, write_subquery};
use crate::tree::{BinaryOp, Expr, ExprKind, InSet, LikePattern, UnaryOp, level};

/// How tightly the expression's own operator binds.
fn level_of(kind: &ExprKind) -> u8 {
    match kind {
        ExprKind::Or(_) => level::OR,
        ExprKind::And(_) => level::AND,
        ExprKind::Not(_) => level::NOT,
        ExprKind::Like { .. } | ExprKind::In { .. } => level::COMPARISON,
        ExprKind::Binary { op, .. } => op.level(),
        ExprKind::Unary { .. } => level::SIGN,
        ExprKind::Column(name) if !is_call(name) => 0,
        _ => level::MEMBER,
    }
}

/// Whether the text of a column is one call, and so stands beside any operator.
fn is_call(text: &str) -> bool {
    let Some((function, args)) = text.split_once('(') else {
        return false;
    };
    let Some(args) = args.strip_suffix(')') else {
        return false;
    };
    let is_name = function.chars().all(|c| c.is_alphanumeric() || c == '_');
    is_name && !function.is_empty() && !args.contains(['(', ')'])
}

/// Writes the expression where one that binds at least as tightly as `min` belongs.
pub(super) fn write(f: &mut Formatter<'_>, expr: &Expr, min: u8) -> Result {
    if level_of(&expr.kind) >= min {
        return write_bare(f, &expr.kind);
    }
    f.write_str("(")?;
    write_bare(f, &expr.kind)?;
    f.write_str(")")
}

fn write_bare(f: &mut Formatter<'_>, kind: &ExprKind) -> Result {
    match kind {
        ExprKind::Number(number) => f.write_str(number.as_str()),
        ExprKind::Period(period) => write!(f, "{period}"),
        ExprKind::Text(text) => write_string(f, text),
        ExprKind::Bool(truth) => write!(f, "{truth}"),
        ExprKind::Field(field) => write_field(f, field),
        ExprKind::Column(name) => f.write_str(name),
        ExprKind::Star => f.write_str("*"),
        ExprKind::Regex(regex) => write!(f, "/{}/", regex.text),
        ExprKind::List(all) => {
            f.write_str("[")?;
            write_list(f, all, |f, one| write(f, one, 0))?;
            f.write_str("]")
        }
        ExprKind::Call { function, args } => {
            write!(f, "{}(", function.name())?;
            write_list(f, args, |f, arg| write(f, arg, 0))?;
            f.write_str(")")
        }
        ExprKind::Member { of, path } => {
            // A number or a field with steps behind it would read as something else.
            let is_call = matches!(of.kind, ExprKind::Call { .. } | ExprKind::List(_));
            write(f, of, if is_call { 0 } else { u8::MAX })?;
            path.iter().try_for_each(|step| write_step(f, step))
        }
        ExprKind::Unary { op, of } => {
            f.write_str(match op {
                UnaryOp::Minus => "-",
                UnaryOp::Plus => "+",
            })?;
            write(f, of, level::SIGN)
        }
        ExprKind::Binary { op, left, right } => write_binary(f, *op, left, right),
        ExprKind::Not(inner) => {
            f.write_str("not ")?;
            write(f, inner, level::NOT)
        }
        ExprKind::And(all) => write_connected(f, all, " and ", level::AND),
        ExprKind::Or(all) => write_connected(f, all, " or ", level::OR),
        ExprKind::Like {
            of,
            pattern,
            negated,
        } => {
            write(f, of, level::SUM)?;
            f.write_str(if *negated { " not like " } else { " like " })?;
            match pattern {
                LikePattern::Text(text) => write(f, text, level::SUM),
                LikePattern::Regex(regex) => write!(f, "/{}/", regex.text),
            }
        }
        ExprKind::In { of, set, negated } => {
            write(f, of, level::SUM)?;
            f.write_str(if *negated { " not in " } else { " in " })?;
            match set {
                InSet::List(all) => {
                    f.write_str("[")?;
                    write_list(f, all, |f, one| write(f, one, 0))?;
                    f.write_str("]")
                }
                InSet::Query(query) => write_subquery(f, query),
            }
        }
    }
}

fn write_binary(f: &mut Formatter<'_>, op: BinaryOp, left: &Expr, right: &Expr) -> Result {
    let own = op.level();
    let (left_min, right_min) = match op {
        BinaryOp::Pow => (own + 1, own),
        _ if op.is_comparison() => (own + 1, own + 1),
        _ => (own, own + 1),
    };
    write(f, left, left_min)?;
    write!(f, " {} ", op.symbol())?;
    write(f, right, right_min)
}

fn write_connected(f: &mut Formatter<'_>, all: &[Expr], word: &str, own: u8) -> Result {
    for (at, one) in all.iter().enumerate() {
        if at > 0 {
            f.write_str(word)?;
        }
        write(f, one, own + 1)?;
    }
    Ok(())
}
