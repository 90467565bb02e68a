//! Whole messages only of the rows that are given.
//!
//! A query for the newest of many events needs little of most of them: what it sorts and filters by. It is run twice
//! where that spares reading messages: first for what identifies the rows that the sort leaves, and then once more for
//! these rows alone, which the scan finds by their time and sequence.

use std::sync::Arc;

use arrow::array::{AsArray as _, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use corelog_store::Column as Stored;
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode as _, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use datafusion::prelude::{SessionContext, ident, lit};
use datafusion::scalar::ScalarValue;

use crate::engine::execute;
use crate::stage::Stage;

/// The plan to run in place of a plan; what it counts on the way was counted.
pub(crate) async fn narrowed(session: &SessionContext, plan: LogicalPlan) -> Result<LogicalPlan> {
    let Some(sort) = sort_of_events(&plan) else {
        return Ok(plan);
    };
    let identity = [Stored::Timestamp, Stored::Sequence].map(Stored::name);
    let has = |name: &&str| sort.schema().has_column_with_unqualified_name(name);
    if !identity.iter().all(has) {
        return Ok(plan);
    }
    let identities = LogicalPlanBuilder::from(sort.clone())
        .project(identity.map(ident))?
        .build()?;
    let state = session.state();
    if !reads_messages(&state.optimize(&plan)?)? || reads_messages(&state.optimize(&identities)?)? {
        return Ok(plan);
    }
    let (found, _) = execute(session, identities).await?;
    let only = only(&found);
    let narrowed = plan.transform_up(|node| {
        if let Some(input) = Stage::counted(&node) {
            return Ok(Transformed::yes(input.clone()));
        }
        if !matches!(node, LogicalPlan::TableScan(_)) {
            return Ok(Transformed::no(node));
        }
        let events = LogicalPlanBuilder::from(node).filter(only.clone())?;
        Ok(Transformed::yes(events.build()?))
    })?;
    Ok(narrowed.data)
}

/// The sort that says which events there are, if every node below it looks at one row at a time, down to the only scan.
fn sort_of_events(plan: &LogicalPlan) -> Option<&LogicalPlan> {
    let mut found = None;
    let mut node = plan;
    loop {
        match node {
            LogicalPlan::Sort(sort) if sort.fetch.is_some() => found = Some(node),
            LogicalPlan::TableScan(_) => return found,
            LogicalPlan::Projection(_) | LogicalPlan::Filter(_) => {}
            _ if Stage::is_rowwise(node) => {}
            // What is above the sort may look at all rows that are left.
            _ => found = None,
        }
        let [input] = node.inputs()[..] else {
            return None;
        };
        node = input;
    }
}

fn reads_messages(plan: &LogicalPlan) -> Result<bool> {
    let mut reads = false;
    plan.apply(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            let schema = &scan.projected_schema;
            reads |= schema.has_column_with_unqualified_name(Stored::Message.name());
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(reads)
}

/// A condition that holds for rows that were found, and for few others.
fn only(found: &[RecordBatch]) -> Expr {
    let micros = found.iter().flat_map(|batch| {
        let times = batch.column(0).as_primitive::<TimestampMicrosecondType>();
        times.values().iter().copied()
    });
    let sequences = found.iter().flat_map(|batch| {
        let sequences = batch.column(1).as_primitive::<Int64Type>();
        sequences.values().iter().copied()
    });
    let (Some(first), Some(last)) = (micros.clone().min(), micros.max()) else {
        return lit(false);
    };
    let at = |micros| {
        let zone = Some(Arc::from("UTC"));
        lit(ScalarValue::TimestampMicrosecond(Some(micros), zone))
    };
    ident(Stored::Timestamp.name())
        .between(at(first), at(last))
        .and(ident(Stored::Sequence.name()).in_list(sequences.map(lit).collect(), false))
}
