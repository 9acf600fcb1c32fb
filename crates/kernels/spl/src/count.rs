//! Counting the rows that pass a place of the plan, while it runs.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering as Memory};

use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DFSchemaRef, DataFusionError, Result};
use datafusion::execution::context::QueryPlanner;
use datafusion::execution::{
    SendableRecordBatchStream, SessionState, SessionStateBuilder, TaskContext,
};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{
    Expr, Extension, LogicalPlan, UserDefinedLogicalNode, UserDefinedLogicalNodeCore,
};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};
use futures::StreamExt;

/// Rows counted so far. Clones share the number.
#[derive(Debug, Clone, Default)]
pub(crate) struct RowCounter(Arc<Count>);

#[derive(Debug, Default)]
struct Count {
    rows: AtomicU64,
    is_final: AtomicBool,
    /// Whether a plan counts here.
    is_placed: AtomicBool,
}

impl RowCounter {
    pub(crate) fn rows(&self) -> u64 {
        self.0.rows.load(Memory::SeqCst)
    }

    /// Counts no more, for a plan that runs a second time.
    pub(crate) fn finish(&self) {
        self.0.is_final.store(true, Memory::SeqCst);
    }

    /// As [`Self::finish`], if the plan that just ran was counted at all.
    pub(crate) fn finish_if_counted(&self) {
        if self.0.is_placed.load(Memory::SeqCst) {
            self.finish();
        }
    }

    /// `plan`, counting its rows here when it runs.
    pub(crate) fn counting(&self, plan: LogicalPlan) -> LogicalPlan {
        self.0.is_placed.store(true, Memory::SeqCst);
        let node = CountNode { input: plan, counter: self.clone() };
        LogicalPlan::Extension(Extension { node: Arc::new(node) })
    }
}

#[derive(Debug, Clone)]
struct CountNode {
    input: LogicalPlan,
    counter: RowCounter,
}

impl PartialEq for CountNode {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.counter.0, &other.counter.0) && self.input == other.input
    }
}

impl Eq for CountNode {}

impl PartialOrd for CountNode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.input.partial_cmp(&other.input)
    }
}

impl Hash for CountNode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.input.hash(state);
    }
}

impl UserDefinedLogicalNodeCore for CountNode {
    fn name(&self) -> &'static str {
        "CountRows"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        self.input.schema()
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CountRows")
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let input = inputs.into_iter().next().ok_or_else(no_input)?;
        Ok(Self { input, counter: self.counter.clone() })
    }

    /// Columns pass as they are, so those not wanted above need not be read below.
    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        Some(vec![output_columns.to_vec()])
    }
}

fn no_input() -> DataFusionError {
    DataFusionError::Internal("CountRows has one input".to_owned())
}

#[derive(Debug)]
struct CountExec {
    input: Arc<dyn ExecutionPlan>,
    counter: RowCounter,
}

impl DisplayAs for CountExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CountRowsExec")
    }
}

impl ExecutionPlan for CountExec {
    fn name(&self) -> &'static str {
        "CountRowsExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
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

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let input = children.into_iter().next().ok_or_else(no_input)?;
        Ok(Arc::new(Self { input, counter: self.counter.clone() }))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let counter = self.counter.clone();
        let counted = self.input.execute(partition, context)?.inspect(move |batch| {
            let rows = batch.as_ref().map_or(0, |batch| batch.num_rows() as u64);
            if !counter.0.is_final.load(Memory::SeqCst) {
                counter.0.rows.fetch_add(rows, Memory::SeqCst);
            }
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), counted)))
    }
}

/// Plans what DataFusion does not know of: counting.
#[derive(Debug)]
struct Planner;

#[async_trait]
impl QueryPlanner for Planner {
    async fn create_physical_plan(
        &self,
        plan: &LogicalPlan,
        session: &dyn Session,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let planner = DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(Self)]);
        planner.create_physical_plan(plan, session).await
    }
}

#[async_trait]
impl ExtensionPlanner for Planner {
    async fn plan_extension(
        &self,
        _planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _logical: &[&LogicalPlan],
        physical: &[Arc<dyn ExecutionPlan>],
        _session: &dyn Session,
        _context: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some(node) = node.as_any().downcast_ref::<CountNode>() else { return Ok(None) };
        let input = physical.first().ok_or_else(no_input)?.clone();
        Ok(Some(Arc::new(CountExec { input, counter: node.counter.clone() })))
    }
}

/// `state` with what the plans of searches need.
pub(crate) fn with_counting(state: SessionState) -> SessionState {
    SessionStateBuilder::new_from_existing(state).with_query_planner(Arc::new(Planner)).build()
}
