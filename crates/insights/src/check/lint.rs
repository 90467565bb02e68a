//! What is allowed and most likely not meant.

use crate::diagnostic::{Fault, Problem};
use crate::functions::Function;
use crate::tree::{CommandKind, Expr, ExprKind, LikePattern, Query};

/// Warns of expressions that do something else than they seem to. Those of `in` subqueries come on their own.
pub(super) fn check(query: &Query, warnings: &mut Vec<Fault>) {
    for command in &query.commands {
        for expr in exprs(&command.kind) {
            walk(expr, warnings);
        }
        match &command.kind {
            CommandKind::Join(join) => check(&join.query, warnings),
            CommandKind::AppendCols(append) => check(&append.query, warnings),
            _ => {}
        }
    }
}

/// The expressions of a command.
fn exprs(kind: &CommandKind) -> Vec<&Expr> {
    match kind {
        CommandKind::Fields(items) | CommandKind::Display(items) | CommandKind::Unmask(items) => {
            items.iter().map(|item| &item.expr).collect()
        }
        CommandKind::Stats(stats) => stats
            .items
            .iter()
            .chain(&stats.by)
            .map(|item| &item.expr)
            .collect(),
        CommandKind::Sort(keys) => keys.iter().map(|key| &key.expr).collect(),
        CommandKind::Filter(expr)
        | CommandKind::FilterIndex(expr)
        | CommandKind::Pattern(expr)
        | CommandKind::Unnest { path: expr, .. }
        | CommandKind::RelevantFields {
            condition: expr, ..
        } => vec![expr],
        CommandKind::Parse(parse) => parse.of.iter().collect(),
        _ => Vec::new(),
    }
}

fn walk(expr: &Expr, warnings: &mut Vec<Fault>) {
    match &expr.kind {
        ExprKind::Like {
            pattern: LikePattern::Text(text),
            ..
        } => warn_of_percent(text, warnings),
        ExprKind::Binary { op, left, right } if op.is_comparison() => {
            warn_of_time(left, right, warnings);
        }
        ExprKind::Call {
            function: Function::Bin,
            args,
        } => warn_of_cap(expr, args, warnings),
        _ => {}
    }
    for part in expr.parts() {
        walk(part, warnings);
    }
}

/// Source: the user guide: `like` with a string finds a part of the text.
fn warn_of_percent(text: &Expr, warnings: &mut Vec<Fault>) {
    let ExprKind::Text(part) = &text.kind else {
        return;
    };
    if part.len() > 1 && (part.starts_with('%') || part.ends_with('%')) {
        let fault = Fault::new(Problem::LikeWithoutWildcards, text.span);
        warnings.push(fault.hint("a part of the text is found without %"));
    }
}

/// Source: the user guide's note on comparing `@timestamp`.
fn warn_of_time(left: &Expr, right: &Expr, warnings: &mut Vec<Fault>) {
    let is_time = |expr: &Expr| {
        let field = match &expr.kind {
            ExprKind::Field(field) => field.path(),
            _ => return false,
        };
        field == "@timestamp" || field == "@ingestionTime"
    };
    let is_date =
        |expr: &Expr| matches!(&expr.kind, ExprKind::Text(text) if text.parse::<f64>().is_err());
    for (time, text) in [(left, right), (right, left)] {
        if is_time(time) && is_date(text) {
            let fault = Fault::new(Problem::TimeAsText, text.span);
            warnings.push(fault.hint("compare with milliseconds since the epoch"));
        }
    }
}

/// Source: the user guide's largest values for `bin`.
fn warn_of_cap(expr: &Expr, args: &[Expr], warnings: &mut Vec<Fault>) {
    let [
        Expr {
            kind: ExprKind::Period(period),
            ..
        },
    ] = args
    else {
        return;
    };
    if let Some(max) = period.unit.bin_max().filter(|max| *max < period.count) {
        let unit = period.unit.as_str();
        let counted = format!("{max}{unit}");
        let fault = Fault::new(Problem::BinCapped { counted }, expr.span);
        warnings.push(fault.hint("a longer bin needs a larger unit"));
    }
}
