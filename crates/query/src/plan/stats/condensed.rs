//! Which aggregations can be begun batch by batch, and how they go on.

use std::sync::Arc;

use corelog_store::PROMOTED;
use datafusion::arrow::datatypes::DataType;
use datafusion::functions_aggregate::expr_fn as agg;
use datafusion::logical_expr::expr::{AggregateFunction, Alias};
use datafusion::logical_expr::{Expr, ExprSchemable as _, LogicalPlan, LogicalPlanBuilder};
use datafusion::prelude::ident;

use super::Key;
use crate::Result;
use crate::condense::{Condense, Part};
use crate::kind::Kind;
use crate::plan::Planning;
use crate::stage::Stage;

impl Planning<'_> {
    /// A plan whose rows are put together as far as that can be done at once, and what is left to aggregate: where rows
    /// are counted or integers summed by one column of texts of the store.
    pub(super) fn condensed(
        &mut self,
        plan: LogicalPlan,
        keys: &[Key],
        aggregates: Vec<Expr>,
    ) -> Result<(LogicalPlan, Vec<Expr>)> {
        let [key] = keys else {
            return Ok((plan, aggregates));
        };
        let is_stored = PROMOTED.iter().any(|it| it.column == key.group);
        let column = plan.schema().field_with_unqualified_name(&key.group);
        let is_view = column.is_ok_and(|it| *it.data_type() == DataType::Utf8View);
        if key.slot.kind != Kind::Text || !is_stored || !is_view {
            return Ok((plan, aggregates));
        }
        let begun: Option<Vec<_>> = aggregates.iter().map(|it| begun(&plan, it)).collect();
        let Some(begun) = begun else {
            return Ok((plan, aggregates));
        };
        let mut columns = vec![ident(&key.group)];
        let (mut parts, mut rest) = (Vec::new(), Vec::new());
        for (begun, name) in begun {
            let mut column = |of: &Expr| {
                let column = self.name();
                columns.push(of.clone().alias(&column));
                column
            };
            let part = match begun {
                Begun::Rows => Part::Rows,
                Begun::Present(of) => Part::Present(column(of)),
                Begun::Sum(of) => Part::Sum(column(of)),
            };
            let made = self.name();
            rest.push(agg::sum(ident(&made)).alias(name));
            parts.push((part, made));
        }
        let plan = LogicalPlanBuilder::from(plan.clone())
            .project(columns)?
            .build()?;
        let step = Condense {
            key: key.group.clone(),
            parts,
        };
        Ok((Stage::plan(plan, Arc::new(step))?, rest))
    }
}

/// What an aggregation is of, if it is a sum of what batches have.
enum Begun<'e> {
    Rows,
    Present(&'e Expr),
    Sum(&'e Expr),
}

/// That of one aggregation, and its name.
fn begun<'e>(plan: &LogicalPlan, aggregate: &'e Expr) -> Option<(Begun<'e>, &'e str)> {
    let Expr::Alias(Alias { expr, name, .. }) = aggregate else {
        return None;
    };
    let Expr::AggregateFunction(AggregateFunction { func, params }) = &**expr else {
        return None;
    };
    let [of] = &params.args[..] else { return None };
    if params.distinct || params.filter.is_some() || !params.order_by.is_empty() {
        return None;
    }
    let begun = match (func.name(), of) {
        ("count", Expr::Literal(value, _)) if !value.is_null() => Begun::Rows,
        ("count", _) => Begun::Present(of),
        ("sum", _) if of.get_type(plan.schema()).ok()? == DataType::Int64 => Begun::Sum(of),
        _ => return None,
    };
    Some((begun, name))
}
