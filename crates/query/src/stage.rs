//! Steps of a query that the engine's own operators do not have: each takes batches and gives batches.
//!
//! A [`Transform`] says what a step does; [`Stage`] makes it a node of a logical plan and [`StageExec`] of a physical
//! one. A step passes on the columns it gets and may add some, so that the optimiser can leave out columns that nobody
//! needs: a step finds its columns by name when it starts.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::SortOptions;
use arrow::datatypes::{Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DFSchema, DFSchemaRef, Result, plan_err};
use datafusion::execution::context::QueryPlanner;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{
    Expr, Extension, LogicalPlan, UserDefinedLogicalNode, UserDefinedLogicalNodeCore,
};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{
    Distribution, EquivalenceProperties, LexOrdering, OrderingRequirements, PhysicalExpr,
    PhysicalSortExpr,
};
use datafusion::physical_plan::execution_plan::{Boundedness, ChildrenPropertiesMode};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning,
    PlanProperties, ReplaceChildrenOptions,
};
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};
use futures_util::StreamExt;

use crate::frame::OrderKey;

/// What a step does.
pub(crate) trait Transform: fmt::Debug + Send + Sync {
    /// Its name in plans.
    fn name(&self) -> &'static str;

    /// The columns it reads.
    fn reads(&self) -> Vec<String>;

    /// The columns it adds, behind those it gets.
    fn adds(&self) -> Vec<Field>;

    /// Whether the columns it gets are among those it gives.
    fn keeps(&self) -> bool {
        true
    }

    /// Whether what becomes of a row does not depend on any other.
    fn is_rowwise(&self) -> bool {
        false
    }

    /// Whether it may leave rows out.
    fn drops(&self) -> bool {
        false
    }

    /// Whether it only counts.
    fn counts(&self) -> bool {
        false
    }

    /// Whether it only shows what comes by.
    fn peeks(&self) -> bool {
        false
    }

    /// If it needs all rows in one stream: the columns that these are in the order of.
    fn order(&self) -> Option<&[OrderKey]> {
        None
    }

    /// Whether a filter on columns that it gets may as well come before it.
    fn commutes(&self) -> bool {
        self.is_rowwise() && !self.counts()
    }

    /// Begins on rows of these columns.
    fn start(&self, input: &SchemaRef) -> Result<Box<dyn Run>>;
}

/// A step at work on one stream of batches.
pub(crate) trait Run: Send {
    /// Takes a batch; gives one, if there is something to give.
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>>;

    /// Gives what else became of the last batch. Asked until there is nothing, before the next batch comes.
    fn more(&mut self) -> Result<Option<RecordBatch>> {
        Ok(None)
    }

    /// No more batches come. Asked until there is nothing to give.
    fn finish(&mut self) -> Result<Option<RecordBatch>> {
        Ok(None)
    }

    /// About how many bytes are kept for later.
    fn bytes(&self) -> usize {
        0
    }
}

/// A step as a node of a logical plan.
#[derive(Debug, Clone)]
pub(crate) struct Stage {
    input: LogicalPlan,
    schema: DFSchemaRef,
    transform: Arc<dyn Transform>,
}

impl Stage {
    /// Puts a step behind a plan.
    pub(crate) fn plan(input: LogicalPlan, transform: Arc<dyn Transform>) -> Result<LogicalPlan> {
        let stage = Self::new(input, transform)?;
        Ok(LogicalPlan::Extension(Extension {
            node: Arc::new(stage),
        }))
    }

    /// Whether a node is a step that looks at one row at a time.
    pub(crate) fn is_rowwise(node: &LogicalPlan) -> bool {
        Self::of(node).is_some_and(|it| it.transform.is_rowwise())
    }

    /// Whether a node is a step that may leave rows out.
    pub(crate) fn drops(node: &LogicalPlan) -> bool {
        Self::of(node).is_some_and(|it| it.transform.drops())
    }

    /// What is counted, of a node that only counts.
    pub(crate) fn counted(node: &LogicalPlan) -> Option<&LogicalPlan> {
        let stage = Self::of(node).filter(|it| it.transform.counts());
        stage.map(|it| &it.input)
    }

    /// What is shown, of a node that only shows what comes by.
    pub(crate) fn peeked(node: &LogicalPlan) -> Option<&LogicalPlan> {
        let stage = Self::of(node).filter(|it| it.transform.peeks());
        stage.map(|it| &it.input)
    }

    fn of(node: &LogicalPlan) -> Option<&Self> {
        match node {
            LogicalPlan::Extension(extension) => extension.node.as_any().downcast_ref(),
            _ => None,
        }
    }

    fn new(input: LogicalPlan, transform: Arc<dyn Transform>) -> Result<Self> {
        let before = input.schema();
        let mut fields: Vec<_> = before
            .iter()
            .filter(|_| transform.keeps())
            .map(|(table, field)| (table.cloned(), Arc::clone(field)))
            .collect();
        fields.extend(
            transform
                .adds()
                .into_iter()
                .map(|field| (None, Arc::new(field))),
        );
        let schema = DFSchema::new_with_metadata(fields, before.metadata().clone())?;
        Ok(Self {
            schema: Arc::new(schema),
            input,
            transform,
        })
    }

    /// Two steps are the same if they are one.
    fn identity(&self) -> usize {
        Arc::as_ptr(&self.transform).cast::<()>().addr()
    }
}

impl PartialEq for Stage {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity() && self.input == other.input
    }
}

impl Eq for Stage {}

impl PartialOrd for Stage {
    fn partial_cmp(&self, _: &Self) -> Option<Ordering> {
        None
    }
}

impl Hash for Stage {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
        self.input.hash(state);
    }
}

impl UserDefinedLogicalNodeCore for Stage {
    fn name(&self) -> &str {
        self.transform.name()
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.transform)
    }

    fn prevent_predicate_push_down_columns(&self) -> HashSet<String> {
        let stay = if self.transform.commutes() {
            let before = self.input.schema().fields().len();
            &self.schema.fields()[before..]
        } else {
            &self.schema.fields()[..]
        };
        stay.iter().map(|field| field.name().clone()).collect()
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let Ok([input]) = <[LogicalPlan; 1]>::try_from(inputs) else {
            return plan_err!("a step has one input");
        };
        Self::new(input, Arc::clone(&self.transform))
    }

    fn necessary_children_exprs(&self, output: &[usize]) -> Option<Vec<Vec<usize>>> {
        let before = self.input.schema();
        let mut needed: Vec<usize> = output
            .iter()
            .copied()
            .filter(|index| self.transform.keeps() && *index < before.fields().len())
            .collect();
        let order = self.transform.order().unwrap_or_default();
        let order = order.iter().map(|key| key.column.clone());
        for name in self.transform.reads().into_iter().chain(order) {
            needed.extend(before.index_of_column_by_name(None, &name));
        }
        needed.sort_unstable();
        needed.dedup();
        Some(vec![needed])
    }
}

/// A step as a node of a physical plan.
#[derive(Debug)]
pub(crate) struct StageExec {
    input: Arc<dyn ExecutionPlan>,
    schema: SchemaRef,
    transform: Arc<dyn Transform>,
    properties: Arc<PlanProperties>,
}

impl StageExec {
    /// A step over rows that are there already.
    pub(crate) fn over(
        input: Arc<dyn ExecutionPlan>,
        transform: Arc<dyn Transform>,
    ) -> Arc<dyn ExecutionPlan> {
        Arc::new(Self::new(input, transform))
    }

    fn new(input: Arc<dyn ExecutionPlan>, transform: Arc<dyn Transform>) -> Self {
        let kept = input.schema();
        let kept = kept.fields().iter().filter(|_| transform.keeps());
        let mut fields: Vec<_> = kept.cloned().collect();
        fields.extend(transform.adds().into_iter().map(Arc::new));
        let schema = Arc::new(Schema::new(fields));
        let partitions = if transform.order().is_some() {
            1
        } else {
            input.output_partitioning().partition_count()
        };
        let mut equivalences = EquivalenceProperties::new(Arc::clone(&schema));
        if let Some(ordering) = input.output_ordering().filter(|_| transform.keeps()) {
            equivalences.add_ordering(ordering.clone());
        }
        let properties = PlanProperties::new(
            equivalences,
            Partitioning::UnknownPartitioning(partitions),
            input.pipeline_behavior(),
            Boundedness::Bounded,
        );
        Self {
            input,
            schema,
            transform,
            properties: Arc::new(properties),
        }
    }
}

impl DisplayAs for StageExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", self.transform.name(), self.transform)
    }
}

impl ExecutionPlan for StageExec {
    fn name(&self) -> &'static str {
        "StageExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn required_input_distribution(&self) -> Vec<Distribution> {
        vec![if self.transform.order().is_some() {
            Distribution::SinglePartition
        } else {
            Distribution::UnspecifiedDistribution
        }]
    }

    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        let order = self.transform.order().unwrap_or_default();
        let schema = self.input.schema();
        let keys = order.iter().filter_map(|key| {
            let column = Column::new_with_schema(&key.column, &schema).ok()?;
            // What is missing comes first in ascending order.
            let options = SortOptions::new(key.descending, !key.descending);
            Some(PhysicalSortExpr::new(Arc::new(column), options))
        });
        vec![LexOrdering::new(keys).map(OrderingRequirements::from)]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![self.transform.order().is_none()]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Ok([input]) = <[Arc<dyn ExecutionPlan>; 1]>::try_from(children) else {
            return plan_err!("a step has one input");
        };
        Ok(Arc::new(Self::new(input, Arc::clone(&self.transform))))
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
        self.replace_children(children, options)
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let kept = MemoryConsumer::new(self.transform.name()).register(context.memory_pool());
        let input = self.input.execute(partition, context)?;
        let flow = Flow {
            run: self.transform.start(&input.schema())?,
            input,
            kept,
            has_ended: false,
        };
        let batches = futures_util::stream::try_unfold(flow, |mut flow| async move {
            Ok(flow.next().await?.map(|batch| (batch, flow)))
        });
        let stream = RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches);
        Ok(Box::pin(stream))
    }
}

/// A stream of batches on its way through a step.
struct Flow {
    input: SendableRecordBatchStream,
    run: Box<dyn Run>,
    /// What the step keeps, told to the engine's pool.
    kept: MemoryReservation,
    has_ended: bool,
}

impl Flow {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        while !self.has_ended {
            if let Some(given) = self.run.more()? {
                return Ok(Some(given));
            }
            let Some(batch) = self.input.next().await.transpose()? else {
                self.has_ended = true;
                break;
            };
            let given = self.run.push(batch)?;
            self.kept.try_resize(self.run.bytes())?;
            if given.is_some() {
                return Ok(given);
            }
        }
        self.run.finish()
    }
}

/// Plans queries with steps.
#[derive(Debug)]
pub(crate) struct Planner;

#[async_trait]
impl QueryPlanner for Planner {
    async fn create_physical_plan(
        &self,
        plan: &LogicalPlan,
        session: &dyn Session,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let planner = DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(Stages)]);
        planner.create_physical_plan(plan, session).await
    }
}

struct Stages;

#[async_trait]
impl ExtensionPlanner for Stages {
    async fn plan_extension(
        &self,
        _: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _: &[&LogicalPlan],
        inputs: &[Arc<dyn ExecutionPlan>],
        _: &dyn Session,
        _: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let (Some(stage), [input]) = (node.as_any().downcast_ref::<Stage>(), inputs) else {
            return Ok(None);
        };
        let exec = StageExec::new(Arc::clone(input), Arc::clone(&stage.transform));
        Ok(Some(Arc::new(exec)))
    }
}

#[cfg(test)]
mod tests {
    use datafusion::execution::memory_pool::GreedyMemoryPool;
    use datafusion::execution::runtime_env::RuntimeEnvBuilder;
    use datafusion::physical_plan::placeholder_row::PlaceholderRowExec;
    use futures_util::TryStreamExt as _;

    use super::*;

    /// Keeps so many bytes of every batch.
    #[derive(Debug)]
    struct Keep(usize);

    impl Transform for Keep {
        fn name(&self) -> &'static str {
            "Keep"
        }

        fn reads(&self) -> Vec<String> {
            Vec::new()
        }

        fn adds(&self) -> Vec<Field> {
            Vec::new()
        }

        fn start(&self, _: &SchemaRef) -> Result<Box<dyn Run>> {
            Ok(Box::new(Kept(self.0, 0, Vec::new())))
        }
    }

    struct Kept(usize, usize, Vec<RecordBatch>);

    impl Run for Kept {
        fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
            self.1 += self.0;
            self.2 = vec![batch.clone(), batch];
            Ok(self.2.pop())
        }

        fn more(&mut self) -> Result<Option<RecordBatch>> {
            Ok(self.2.pop())
        }

        fn bytes(&self) -> usize {
            self.1
        }
    }

    fn batches(keeps: usize, pool_bytes: usize) -> (Result<Vec<RecordBatch>>, usize) {
        let pool = Arc::new(GreedyMemoryPool::new(pool_bytes));
        let runtime = RuntimeEnvBuilder::new().with_memory_pool(pool);
        let runtime = runtime.build_arc().unwrap();
        let context = TaskContext::default().with_runtime(Arc::clone(&runtime));
        let one_row = Arc::new(PlaceholderRowExec::new(Arc::new(Schema::empty())));
        let stage = StageExec::new(one_row, Arc::new(Keep(keeps)));
        let stream = stage.execute(0, Arc::new(context)).unwrap();
        let found = futures_util::FutureExt::now_or_never(stream.try_collect());
        (found.unwrap(), runtime.memory_pool.reserved())
    }

    #[test]
    fn what_a_step_keeps_is_of_the_pool() {
        let (found, reserved) = batches(1_000, 1_000);
        assert_eq!(
            found.unwrap().len(),
            2,
            "a batch, and what else became of it"
        );
        assert_eq!(reserved, 0, "and given back at the end");
        let (found, _) = batches(1_001, 1_000);
        let error = crate::Error::from(found.unwrap_err());
        assert!(error.is_too_large(), "{error:?}");
    }
}
