//! Whole messages only of the rows that are given.
//!
//! A query for the newest of many events needs little of most of them: what it sorts and filters by. It is run twice
//! where that spares reading messages: first for what identifies the rows that the sort leaves, and then once more for
//! these rows alone, which the scan finds by their time and sequence.

use std::any::Any;
use std::sync::Arc;

use arrow::array::{AsArray as _, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use corelog_store::Column as Stored;
use datafusion::common::Result as DfResult;
use datafusion::common::tree_node::{Transformed, TreeNode as _, TreeNodeRecursion};
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use datafusion::prelude::{SessionContext, ident, lit};
use datafusion::scalar::ScalarValue;

use crate::Result;
use crate::bloom::equality;
use crate::engine::execute;
use crate::scan::Scan;
use crate::stage::Stage;
use crate::watch::Watch;

/// Columns of which every event has a value of its own.
const IDS: [&str; 2] = ["request_id", "record_id"];

/// The plan to run in place of a plan, and what is to look at it: nothing, if all that is to be counted was counted.
///
/// No row can be shown before it is run.
pub(crate) async fn narrowed(
    session: &SessionContext,
    plan: LogicalPlan,
    watch: &Watch,
) -> Result<(LogicalPlan, Watch)> {
    let plan = newest(plan)?;
    if asks_for_few(&plan)? {
        return Ok((plan, watch.clone()));
    }
    let Some(sort) = sort_of_events(&plan) else {
        return Ok((plan, watch.clone()));
    };
    let identity = [Stored::Timestamp, Stored::Sequence].map(Stored::name);
    let has = |name: &&str| sort.schema().has_column_with_unqualified_name(name);
    if !identity.iter().all(has) {
        return Ok((plan, watch.clone()));
    }
    let identities = LogicalPlanBuilder::from(without(sort.clone(), Stage::peeked)?)
        .project(identity.map(ident))?
        .build()?;
    let state = session.state();
    if !reads_messages(&state.optimize(&plan)?)? || reads_messages(&state.optimize(&identities)?)? {
        return Ok((plan, watch.clone()));
    }
    let mut found = Vec::new();
    execute(session, identities, watch, |batch| {
        found.push(batch.clone());
        Ok(())
    })
    .await?;
    let only = only(&found);
    let narrowed = filtered(without(plan, Stage::counted)?, &only)?;
    Ok((narrowed, Watch::default()))
}

/// A plan without some of its steps, which give what they get.
fn without(
    plan: LogicalPlan,
    step: fn(&LogicalPlan) -> Option<&LogicalPlan>,
) -> DfResult<LogicalPlan> {
    let without = plan.transform_up(|node| {
        Ok(match step(&node) {
            Some(input) => Transformed::yes(input.clone()),
            None => Transformed::no(node),
        })
    })?;
    Ok(without.data)
}

/// Whether a condition holds for so few events that looking for them first costs more than it spares: an id is one
/// event's.
fn asks_for_few(plan: &LogicalPlan) -> DfResult<bool> {
    let mut few = false;
    plan.apply(|node| {
        if let LogicalPlan::Filter(filter) = node {
            few |= split_conjunction(&filter.predicate)
                .into_iter()
                .filter_map(equality)
                .any(|(column, _)| IDS.contains(&column));
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(few)
}

/// A plan whose scan gives only rows for which a condition holds.
fn filtered(plan: LogicalPlan, condition: &Expr) -> DfResult<LogicalPlan> {
    let filtered = plan.transform_up(|node| {
        if !matches!(node, LogicalPlan::TableScan(_)) {
            return Ok(Transformed::no(node));
        }
        let events = LogicalPlanBuilder::from(node).filter(condition.clone())?;
        Ok(Transformed::yes(events.build()?))
    })?;
    Ok(filtered.data)
}

/// Files say how many events they have and of which time. Where the newest events are asked for whatever they are, this
/// tells which files cannot have one.
fn newest(plan: LogicalPlan) -> DfResult<LogicalPlan> {
    let Some(LogicalPlan::Sort(sort)) = sort_of_events(&plan) else {
        return Ok(plan);
    };
    let (Some(fetch), Some(first)) = (sort.fetch, sort.expr.first()) else {
        return Ok(plan);
    };
    let is_time = matches!(&first.expr, Expr::Column(it) if it.name == Stored::Timestamp.name());
    if first.asc || !is_time {
        return Ok(plan);
    }
    let mut node = &*sort.input;
    while let [input] = node.inputs()[..] {
        if matches!(node, LogicalPlan::Filter(_)) || Stage::drops(node) {
            return Ok(plan);
        }
        node = input;
    }
    let LogicalPlan::TableScan(scan) = node else {
        return Ok(plan);
    };
    let provider = source_as_provider(&scan.source)?;
    let scan = (&*provider as &dyn Any).downcast_ref::<Scan>();
    let since = scan.and_then(|scan| scan.newest_since(fetch));
    let since = since.and_then(|it| i64::try_from(it.unix_ms()).ok()?.checked_mul(1_000));
    match since {
        Some(micros) => {
            let recent = ident(Stored::Timestamp.name()).gt_eq(at(micros));
            filtered(plan, &recent)
        }
        None => Ok(plan),
    }
}

fn at(micros: i64) -> Expr {
    let zone = Some(Arc::from("UTC"));
    lit(ScalarValue::TimestampMicrosecond(Some(micros), zone))
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

/// Whether a plan that is optimised reads whole messages.
pub(crate) fn reads_messages(plan: &LogicalPlan) -> Result<bool> {
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
    ident(Stored::Timestamp.name())
        .between(at(first), at(last))
        .and(ident(Stored::Sequence.name()).in_list(sequences.map(lit).collect(), false))
}
