//! `filter`, `sort`, `limit`, `dedup`: which rows, in which order.

use std::sync::Arc;

use corelog_insights::{Command, CommandKind, Direction, Expr, ExprKind, Limit, SortKey};
use corelog_values::Expression;
use datafusion::logical_expr::LogicalPlanBuilder;

use super::{Names, Planning, Slots, in_order};
use crate::compute::{Form, Keep};
use crate::frame::{Frame, OrderKey};
use crate::kind::Kind;
use crate::stage::Stage;
use crate::{Result, Window, native};

impl Planning<'_> {
    /// Keeps the rows for which the condition is true, not those for which it is unknown. Parts of it that were looked
    /// at while reading are not looked at again.
    pub(super) fn filter(
        &mut self,
        mut frame: Frame,
        condition: &Expr,
        hoisted: &[usize],
        window: Window,
    ) -> Result<Frame> {
        for part in conjuncts(condition) {
            if hoisted.contains(&part.span.start) {
                continue;
            }
            if let Some(native) = native::condition(&frame, part) {
                let builder = LogicalPlanBuilder::from(frame.plan);
                frame.plan = builder.filter(native)?.build()?;
                continue;
            }
            let cx = self.context(window);
            let mut slots = Slots::of(&frame);
            let condition = Expression::new(&cx, part, &mut slots);
            let keep = Keep {
                slots: slots.made,
                condition,
                cx: Arc::new(cx),
            };
            frame.plan = Stage::plan(frame.plan, Arc::new(keep))?;
        }
        Ok(frame)
    }

    /// Rows that are equal in all keys keep their order.
    pub(super) fn sort(
        &mut self,
        mut frame: Frame,
        keys: &[SortKey],
        window: Window,
    ) -> Result<Frame> {
        let mut order = Vec::with_capacity(keys.len());
        for key in keys {
            let cx = self.context(window);
            let slot = match &key.expr.kind {
                ExprKind::Field(field) => frame.field(field),
                ExprKind::Column(name) => frame.column(name),
                _ => None,
            };
            let column = match slot {
                Some(slot) if slot.path.is_empty() && sorts_as_is(slot.kind) => slot.column,
                _ => self.compute(&mut frame, cx, &key.expr, Form::SortKey, Names::default())?,
            };
            order.push(OrderKey {
                column,
                descending: key.direction == Direction::Descending,
            });
        }
        order.append(&mut frame.order);
        frame.order = order;
        frame.sorted = false;
        Ok(frame)
    }

    /// `later` are the commands behind it.
    pub(super) fn limit(&self, mut frame: Frame, limit: Limit, later: &[Command]) -> Result<Frame> {
        let rows = limit.count as usize;
        if limit.any {
            let builder = LogicalPlanBuilder::from(frame.plan);
            frame.plan = builder.limit(0, Some(rows))?.build()?;
            return Ok(frame);
        }
        if later
            .iter()
            .all(|it| matches!(it.kind, CommandKind::Limit(_)))
        {
            frame = self.peeked(frame, rows)?;
        }
        Ok(in_order(frame, Some(rows))?)
    }
}

/// Whether the engine's order of a column is that of `sort`.
fn sorts_as_is(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Int | Kind::Float | Kind::Written | Kind::Time | Kind::Bool
    )
}

/// The parts of a condition that must all hold.
pub(super) fn conjuncts(condition: &Expr) -> Vec<&Expr> {
    match &condition.kind {
        ExprKind::And(all) => all.iter().flat_map(conjuncts).collect(),
        _ => vec![condition],
    }
}
