//! Steps of a query that the engine's own operators do not have: each takes batches and gives batches.
//!
//! A [`Transform`] says what a step does; [`Stage`] makes it a node of a logical plan and [`StageExec`] of a physical
//! one. A step passes on the columns it gets and may add some, so that the optimiser can leave out columns that nobody
//! needs: a step finds its columns by name when it starts.

use std::cmp::Ordering;
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

    /// If it needs all rows in one stream: the columns that these are in the order of.
    fn order(&self) -> Option<&[OrderKey]> {
        None
    }

    /// Begins on rows of these columns.
    fn start(&self, input: &SchemaRef) -> Result<Box<dyn Run>>;
}

/// A step at work on one stream of batches.
pub(crate) trait Run: Send {
    /// Takes a batch; gives one, if there is something to give.
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>>;

    /// No more batches come.
    fn finish(&mut self) -> Result<Option<RecordBatch>> {
        Ok(None)
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
        let input = self.input.execute(partition, context)?;
        let run = self.transform.start(&input.schema())?;
        let batches = futures_util::stream::unfold(Some((input, run)), |state| async move {
            let (mut input, mut run) = state?;
            loop {
                let given = match input.next().await {
                    Some(Ok(batch)) => match run.push(batch).transpose() {
                        Some(given) => given,
                        None => continue,
                    },
                    Some(Err(error)) => Err(error),
                    None => return Some((run.finish().transpose()?, None)),
                };
                let next = given.is_ok().then_some((input, run));
                return Some((given, next));
            }
        });
        let stream = RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches);
        Ok(Box::pin(stream))
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
