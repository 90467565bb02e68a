//! Expressions over a row: `values` computes them, and this finds what they ask for.

use std::sync::Arc;

use corelog_insights::{Expr, ExprKind, Field, Period, Span};
use corelog_values::json::join;
use corelog_values::{Binder, Context, Expression, Set};

use crate::aggregates;
use crate::row::Row;
use crate::value::Value;

/// What an expression may look at besides its row.
#[derive(Default)]
pub(crate) struct Scope<'a> {
    /// The query's times and the results of its `in` subqueries.
    pub(crate) context: Arc<Context>,
    /// Names given by the same command: their members cannot be reached yet.
    ///
    /// Source: people report that `fields jsonParse(a) as b, b.c` shows nothing for `b.c`.
    pub(crate) fresh: Vec<String>,
    /// Within what `stats` computes: the rows of the group, and its keys.
    pub(crate) group: Option<Group<'a>>,
}

impl Scope<'_> {
    /// With times, and the results of `in` subqueries by their place in the text.
    pub(crate) fn new(
        times: [i64; 3],
        sets: Vec<(Span, Arc<Set>)>,
        offset: Option<Period>,
    ) -> Self {
        let [now_ms, start_ms, end_ms] = times;
        let mut context = Context::new(now_ms, start_ms, end_ms);
        context.sets = sets;
        context.offset = offset;
        Self {
            context: Arc::new(context),
            ..Self::default()
        }
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
    let mut found = Found {
        scope,
        row,
        values: Vec::new(),
    };
    let expression = Expression::new(&scope.context, expr, &mut found);
    let value = expression.eval(&scope.context, &found.values);
    value.into_owned()
}

/// Whether a condition holds for a row.
pub(crate) fn truth(scope: &Scope<'_>, row: &Row, expr: &Expr) -> Option<bool> {
    corelog_values::coerce::truth(&eval(scope, row, expr))
}

/// The period among a call's arguments.
pub(crate) fn period_of(args: &[Expr]) -> Option<Period> {
    args.iter().find_map(|arg| match arg.kind {
        ExprKind::Period(period) => Some(period),
        _ => None,
    })
}

/// The values that an expression asked for, in the order it did.
struct Found<'s> {
    scope: &'s Scope<'s>,
    row: &'s Row,
    values: Vec<Value>,
}

impl Found<'_> {
    fn put(&mut self, value: Value) -> usize {
        self.values.push(value);
        self.values.len() - 1
    }
}

impl Binder for Found<'_> {
    fn field(&mut self, field: &Field) -> Option<usize> {
        for length in 1..field.segments.len() {
            if self.scope.fresh.contains(&join(&field.segments[..length])) {
                return None;
            }
        }
        Some(self.put(self.row.field(field)))
    }

    fn column(&mut self, name: &str) -> Option<usize> {
        Some(self.put(self.row.get(name)))
    }

    fn computed(&mut self, expr: &Expr) -> Option<usize> {
        let group = self.scope.group?;
        if let Some((_, value)) = group.keys.iter().find(|(key, _)| key == expr) {
            return Some(self.put(value.clone()));
        }
        match &expr.kind {
            ExprKind::Call { function, args } if function.is_aggregate() => {
                let value = aggregates::compute(self.scope, group.rows, *function, args);
                Some(self.put(value))
            }
            _ => None,
        }
    }
}
