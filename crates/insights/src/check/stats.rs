//! `stats`: what may be computed, and which names there are afterwards.

use super::scope::{Column, Scope, Within, parts, redefined, unknown};
use crate::diagnostic::Fault;
use crate::functions::Function;
use crate::tree::{Expr, ExprKind, InSet, Item, Stats};

/// What `topk` and `countFrequent` name the counts beside their values.
pub(super) const COUNT_COLUMN: &str = "_approxcount";

pub(super) fn check(scope: &mut Scope<'_>, stats: &mut Stats) -> Result<(), Fault> {
    no_name_twice(stats)?;
    let after = columns_after(stats);
    let keys: Vec<Expr> = stats.by.iter().map(|key| key.expr.clone()).collect();
    let items = stats.items.len();
    for (at, item) in stats.items.iter_mut().enumerate() {
        let given: Vec<&Column> = after[..at].iter().chain(&after[items..]).collect();
        computed(scope, &mut item.expr, &given, &keys)?;
    }
    for key in &mut stats.by {
        scope.resolve(&mut key.expr, Within::Keys)?;
    }
    scope.columns = after;
    scope.closed = true;
    Ok(())
}

fn no_name_twice(stats: &Stats) -> Result<(), Fault> {
    let all: Vec<&Item> = stats.items.iter().chain(&stats.by).collect();
    for (at, item) in all.iter().enumerate() {
        if let Some(alias) = &item.alias
            && all
                .iter()
                .enumerate()
                .any(|(other, one)| other != at && one.name == alias.value)
        {
            return Err(redefined(alias));
        }
    }
    Ok(())
}

/// Columns as they are meant later: those without alias by their text.
fn columns_after(stats: &Stats) -> Vec<Column> {
    let items = stats.items.iter().map(|item| (item, false));
    let keys = stats.by.iter().map(|item| (item, true));
    let column = |(item, is_key): (&Item, bool)| {
        let is_field = matches!(item.expr.kind, ExprKind::Field(_));
        let by_text = item.alias.is_none() && !is_field;
        Column {
            name: item.name.clone(),
            expr: Some(item.expr.clone()).filter(|_| by_text || is_key || has_aggregate(item)),
            by_text,
        }
    };
    let mut columns: Vec<Column> = items.chain(keys).map(column).collect();
    let topk = |item: &Item| {
        matches!(
            &item.expr.kind,
            ExprKind::Call {
                function: Function::TopK,
                ..
            }
        )
    };
    if stats.items.iter().any(topk) {
        columns.push(Column {
            name: COUNT_COLUMN.to_owned(),
            expr: None,
            by_text: false,
        });
    }
    columns
}

fn has_aggregate(item: &Item) -> bool {
    matches!(&item.expr.kind, ExprKind::Call { function, .. } if function.is_aggregate())
}

/// An expression from aggregations. Outside these stand keys, and the names of keys and of earlier items.
///
/// Source: the user guide's `max(a) as x, min(b) as y, x - y as z`.
fn computed(
    scope: &mut Scope<'_>,
    expr: &mut Expr,
    given: &[&Column],
    keys: &[Expr],
) -> Result<(), Fault> {
    if keys.contains(expr) {
        return Ok(());
    }
    match &mut expr.kind {
        ExprKind::Call { function, args } if function.is_aggregate() => args
            .iter_mut()
            .try_for_each(|arg| scope.resolve(arg, Within::Aggregate)),
        ExprKind::Call { function, .. } if *function == Function::Bin => {
            Err(unknown("@timestamp", expr.span, given))
        }
        ExprKind::Field(field) => {
            let (name, path) = (field.name(), field.path());
            let is_given = |column: &&Column| column.name == name || column.name == path;
            if given.iter().any(is_given) {
                return Ok(());
            }
            Err(unknown(&path, field.span, given))
        }
        ExprKind::In {
            set: InSet::Query(_),
            ..
        } => scope.resolve(expr, Within::Row),
        kind => parts(kind)
            .into_iter()
            .try_for_each(|part| computed(scope, part, given, keys)),
    }
}
