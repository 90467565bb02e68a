//! `stats` and `countFrequent`: groups of rows.
//!
//! Only what they produce exists afterwards. Keys come first among the columns, then what was computed. Rows come by
//! their time keys, latest first, then by the other keys in ascending order.

use std::sync::Arc;

use corelog_insights::{Expr, ExprKind, Field, Function, Item, Stats};
use corelog_values::{Expression, calendar, coerce};
use datafusion::functions_aggregate::expr_fn as agg;
use datafusion::logical_expr as df;
use datafusion::logical_expr::{ExprFunctionExt, LogicalPlanBuilder};
use datafusion::prelude::{ident, lit};

use super::{Names, Planning, Slots, computed};
use crate::compute::{Form, Slot};
use crate::finish::{Finish, Finished};
use crate::frame::{Computed, Frame, OrderKey};
use crate::kind::Kind;
use crate::stage::Stage;
use crate::{Error, Result, Window};
use corelog_values::rows::{Shown, TimeKey};

mod aggregate;
mod condensed;

/// The column of counts that `topk` and `countFrequent` add.
const COUNT: &str = "_approxcount";

/// A key, in the frame before the aggregation.
struct Key {
    name: String,
    /// What rows are grouped by.
    group: String,
    /// Where its value is afterwards.
    slot: Slot,
    /// The column whose value it is, where rows are grouped by something else.
    value: Option<String>,
}

impl Planning<'_> {
    pub(super) fn stats(
        &mut self,
        mut frame: Frame,
        stats: &Stats,
        window: Window,
    ) -> Result<Frame> {
        if let [item] = &stats.items[..]
            && let ExprKind::Call {
                function: Function::TopK,
                args,
            } = &item.expr.kind
        {
            return self.topk(frame, item, args, window);
        }
        if stats
            .offset
            .is_some_and(|offset| calendar::length_ms(offset).is_none())
        {
            return Err(Error::unsupported("an `offset` of months or years"));
        }
        let mut keys = Vec::new();
        for item in &stats.by {
            let mut cx = self.context(window);
            cx.offset = stats.offset;
            keys.push(self.key(&mut frame, &item.name, cx, &item.expr)?);
        }
        let mut calls = Vec::new();
        for item in &stats.items {
            aggregates(&item.expr, &mut calls);
        }
        let mut natives = Vec::new();
        let mut finishes: Vec<(Expr, Finished)> = Vec::new();
        for (function, args, call) in calls {
            if finishes.iter().all(|(known, _)| known != call) {
                let finish = self.aggregate(&mut frame, function, args, window, &mut natives)?;
                finishes.push((call.clone(), finish));
            }
        }
        let mut after = self.grouped(frame, keys, natives)?;
        let known = self.finish(&mut after, stats, finishes)?;
        self.items(&mut after, stats, &known, window)?;
        after.keys = stats.by.iter().map(|key| key.name.clone()).collect();
        after.time_key = time_key(stats);
        Ok(after)
    }

    /// Where a key is, with a column to group by.
    fn key(
        &mut self,
        frame: &mut Frame,
        name: &str,
        cx: corelog_values::Context,
        expr: &Expr,
    ) -> Result<Key> {
        let mut slot = self.value(frame, cx, expr)?;
        if slot.kind != Kind::Any {
            return Ok(Key {
                name: name.to_owned(),
                group: slot.column.clone(),
                slot,
                value: None,
            });
        }
        let forms = [Form::Identity, Form::Scalar];
        let [identity, scalar] = self.forms(frame, slot.clone(), forms)?;
        slot.column = self.name();
        Ok(Key {
            name: name.to_owned(),
            group: identity,
            slot,
            value: Some(scalar),
        })
    }

    /// Groups rows by keys; the frame has the keys, and in its plan what was aggregated.
    fn grouped(
        &mut self,
        frame: Frame,
        keys: Vec<Key>,
        mut aggregates: Vec<df::Expr>,
    ) -> Result<Frame> {
        for key in &keys {
            if let Some(value) = &key.value {
                aggregates.push(agg::min(ident(value)).alias(&key.slot.column));
            }
        }
        let mut groups: Vec<String> = Vec::new();
        for key in &keys {
            if !groups.contains(&key.group) {
                groups.push(key.group.clone());
            }
        }
        if aggregates.is_empty() {
            aggregates.push(agg::count(lit(1_i64)).alias(self.name()));
        }
        let (plan, aggregates) = self.condensed(frame.plan, &keys, aggregates)?;
        let plan = LogicalPlanBuilder::from(plan)
            .aggregate(groups.iter().map(ident), aggregates)?
            .build()?;
        let mut columns: Vec<Computed> = Vec::new();
        for key in keys {
            if columns.iter().all(|column| column.name != key.name) {
                columns.push(computed(&key.name, key.slot));
            }
        }
        let mut after = Frame::aggregated(plan, columns);
        self.order_by_keys(&mut after)?;
        Ok(after)
    }

    /// Time keys first, the latest before; then the others, ascending.
    fn order_by_keys(&mut self, after: &mut Frame) -> Result<()> {
        let (times, others): (Vec<_>, Vec<_>) = after
            .computed
            .clone()
            .into_iter()
            .partition(|key| key.kind == Kind::Time);
        let time = |key: Computed| OrderKey {
            column: key.column,
            descending: true,
        };
        after.order = times.into_iter().map(time).collect();
        for key in others {
            let column = if matches!(key.kind, Kind::Text | Kind::Any) {
                let slot = Slot {
                    column: key.column,
                    kind: key.kind,
                    path: Vec::new(),
                };
                let [key] = self.forms(after, slot, [Form::SortKey])?;
                key
            } else {
                key.column
            };
            after.order.push(OrderKey {
                column,
                descending: false,
            });
        }
        Ok(())
    }

    /// Makes values of what was aggregated; the parts of items that are known then, and where.
    fn finish(
        &mut self,
        after: &mut Frame,
        stats: &Stats,
        finishes: Vec<(Expr, Finished)>,
    ) -> Result<Vec<(Expr, Slot)>> {
        let mut known = Vec::new();
        for key in &stats.by {
            if let Some(slot) = after.column(&key.name) {
                known.push((key.expr.clone(), slot));
            }
        }
        for (call, finish) in finishes {
            let slot = match finish {
                Finished::Column { column, kind } => Slot {
                    column,
                    kind,
                    path: Vec::new(),
                },
                Finished::Computed(how) => {
                    let column = self.name();
                    let step = Finish {
                        column: column.clone(),
                        how,
                    };
                    after.plan = Stage::plan(after.plan.clone(), Arc::new(step))?;
                    Slot {
                        column,
                        kind: Kind::Any,
                        path: Vec::new(),
                    }
                }
            };
            known.push((call, slot));
        }
        Ok(known)
    }

    /// Computes the items. They see the keys and the items before them.
    fn items(
        &mut self,
        after: &mut Frame,
        stats: &Stats,
        known: &[(Expr, Slot)],
        window: Window,
    ) -> Result<()> {
        for item in &stats.items {
            let found = known.iter().find(|(expr, _)| *expr == item.expr);
            let slot = if let Some((_, slot)) = found {
                slot.clone()
            } else {
                let (cx, kind) = (self.context(window), Kind::Any);
                let names = Names {
                    computed: known,
                    ..Names::default()
                };
                let column = self.compute(after, cx, &item.expr, Form::Value(kind), names)?;
                Slot {
                    column,
                    kind,
                    path: Vec::new(),
                }
            };
            after.compute(computed(&item.name, slot));
            after.shown.show(Shown::column(&item.name));
        }
        Ok(())
    }

    /// `topk` makes a row for each of the most frequent values, their counts beside them.
    fn topk(
        &mut self,
        mut frame: Frame,
        item: &Item,
        args: &[Expr],
        window: Window,
    ) -> Result<Frame> {
        let cx = self.context(window);
        let [count, of] = args else {
            return Err(Error::unsupported("`topk` without a number and a field"));
        };
        let count = Expression::new(&cx, count, &mut Slots::of(&frame));
        let count = count.as_constant().and_then(coerce::millis);
        let count = count.and_then(|count| usize::try_from(count).ok());
        let count = count.ok_or_else(|| Error::unsupported("`topk` of no number"))?;
        let key = self.key(&mut frame, &item.name, cx, of)?;
        let present = ident(&key.group).is_not_null();
        let builder = LogicalPlanBuilder::from(frame.plan);
        frame.plan = builder.filter(present)?.build()?;
        let frame = self.counted_by(frame, vec![key])?;
        Ok(super::in_order(frame, Some(count))?)
    }

    pub(super) fn count_frequent(
        &mut self,
        mut frame: Frame,
        fields: &[Field],
        window: Window,
    ) -> Result<Frame> {
        let mut keys = Vec::new();
        for field in fields {
            let expr = Expr {
                kind: ExprKind::Field(field.clone()),
                span: field.span,
            };
            let cx = self.context(window);
            keys.push(self.key(&mut frame, &field.name(), cx, &expr)?);
        }
        self.counted_by(frame, keys)
    }

    /// Keys and how often they come, the most frequent first, then in order.
    fn counted_by(&mut self, frame: Frame, keys: Vec<Key>) -> Result<Frame> {
        let column = self.name();
        let count = agg::count(lit(1_i64)).alias(&column);
        let mut after = self.grouped(frame, keys, vec![count])?;
        let count = Computed {
            name: COUNT.to_owned(),
            column: column.clone(),
            kind: Kind::Int,
        };
        after.shown.show(Shown::column(COUNT));
        after.compute(count);
        after.order.insert(
            0,
            OrderKey {
                column,
                descending: true,
            },
        );
        Ok(after)
    }
}

/// The aggregations in an expression.
fn aggregates<'e>(expr: &'e Expr, out: &mut Vec<(Function, &'e [Expr], &'e Expr)>) {
    if let ExprKind::Call { function, args } = &expr.kind
        && function.is_aggregate()
    {
        out.push((*function, args, expr));
        return;
    }
    for part in expr.parts() {
        aggregates(part, out);
    }
}

/// The key that is a bin of time, for `fillmissing`.
fn time_key(stats: &Stats) -> Option<TimeKey> {
    stats.by.iter().enumerate().find_map(|(at, key)| {
        let ExprKind::Call { function, args } = &key.expr.kind else {
            return None;
        };
        let offset = match function {
            Function::Bin => stats.offset,
            Function::DateFloor => None,
            _ => return None,
        };
        let period = args.iter().find_map(|arg| match arg.kind {
            ExprKind::Period(period) => Some(period),
            _ => None,
        })?;
        Some(TimeKey {
            key: at,
            period,
            offset,
        })
    })
}

/// An aggregation in order, of the rows in which something is present.
fn ordered(
    expr: df::Expr,
    order: Vec<df::SortExpr>,
    present: df::Expr,
) -> datafusion::common::Result<df::Expr> {
    expr.order_by(order).filter(present).build()
}
