//! Running a search: from a table of events to rows of text.

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::concat_batches;
use datafusion::catalog::TableProvider;
use datafusion::common::DataFusionError;
use datafusion::execution::SessionState;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::{SessionContext, ident};
use futures::StreamExt;
use jiff::tz::TimeZone;
use parking_lot::Mutex;
use picket_core::Timestamp;
use serde_json::{Map, Value};

use crate::count::{RowCounter, with_counting};
use crate::eval::EvalCx;
use crate::flow::Flow;
use crate::output;
use crate::{Query, SplError};

/// Deepest plan that is built upon.
const PLAN_DEPTH_MAX: usize = 40;

/// How a search runs.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// "Now", fixed for the whole search.
    pub now: Timestamp,
    /// The time zone of the user.
    pub zone: TimeZone,
    /// Events from this time on. A range in the text takes precedence.
    pub earliest: Option<Timestamp>,
    /// Events before this time.
    pub latest: Option<Timestamp>,
    /// Where a range in the text ends that names its beginning only.
    pub latest_default: Option<Timestamp>,
    /// Most rows of the answer.
    pub rows_max: usize,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Names of the columns, in order.
    pub fields: Vec<String>,
    /// One object per row: field → text, or array of texts. Absent cells are left out.
    pub rows: Vec<Map<String, Value>>,
    /// Whether rows are events, and not a table.
    pub is_events: bool,
    /// Rows that reached the first transforming command.
    pub event_count: u64,
    /// Notes for the user.
    pub messages: Vec<String>,
}

/// Why a search gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The search does not fit what it runs on.
    #[error(transparent)]
    Spl(#[from] SplError),
    /// The answer would be larger than an answer may be; the message says what to do.
    #[error("{0}")]
    TooLarge(String),
    /// The engine failed, or its memory was used up.
    #[error(transparent)]
    Engine(#[from] DataFusionError),
}

impl From<datafusion::arrow::error::ArrowError> for RunError {
    fn from(error: datafusion::arrow::error::ArrowError) -> Self {
        Self::Engine(error.into())
    }
}

/// What the stages of one search share while it runs.
#[derive(Debug)]
pub(crate) struct RunCx {
    pub(crate) now: Timestamp,
    pub(crate) zone: TimeZone,
    /// The time range of the search.
    pub(crate) range: TimeRange,
    /// Rows that reach the first transforming command.
    pub(crate) events: RowCounter,
    state: SessionState,
    messages: Mutex<Vec<String>>,
    /// Memory of rows that were collected on the way.
    collected: Mutex<Vec<MemoryReservation>>,
}

/// Earliest inclusive, latest exclusive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct TimeRange {
    pub(crate) earliest: Option<Timestamp>,
    pub(crate) latest: Option<Timestamp>,
}

impl RunCx {
    fn new(context: &SessionContext, options: &RunOptions, range: TimeRange) -> Self {
        Self {
            now: options.now,
            zone: options.zone.clone(),
            range,
            events: RowCounter::default(),
            state: with_counting(context.state()),
            messages: Mutex::default(),
            collected: Mutex::default(),
        }
    }

    /// What expressions take from outside the row.
    pub(crate) fn eval(&self) -> EvalCx {
        EvalCx { now: self.now, zone: self.zone.clone() }
    }

    /// A note for the user; a repeated one is given once.
    pub(crate) fn note(&self, message: impl Into<String>) {
        let message = message.into();
        let mut messages = self.messages.lock();
        if !messages.contains(&message) {
            messages.push(message);
        }
    }

    /// Runs the plan of `flow` to its end and gives its rows in order, at most `rows_max` of them,
    /// without hidden columns. Their memory counts as the search's until it ends.
    pub(crate) async fn collect(
        &self,
        flow: &Flow,
        rows_max: Option<usize>,
    ) -> Result<RecordBatch, RunError> {
        let seen: Vec<Expr> = flow.names().iter().map(ident).collect();
        let plan = LogicalPlanBuilder::new(flow.sorted(rows_max)?).project(seen)?.build()?;
        self.collect_plan(&plan).await
    }

    /// `flow`, or if its plan has grown deep, its rows collected, so that no search exhausts the stack:
    /// the engine walks plans by recursion.
    pub(crate) async fn shallow(&self, flow: Flow) -> Result<Flow, RunError> {
        if flow.depth() < PLAN_DEPTH_MAX {
            return Ok(flow);
        }
        let rows = self.collect(&flow, None).await?;
        Ok(flow.replaced_by(&rows)?)
    }

    /// Runs the plan of `flow` to its end and gives its rows in no order, hidden columns included.
    pub(crate) async fn collect_hidden(&self, flow: &Flow) -> Result<RecordBatch, RunError> {
        self.collect_plan(flow.plan()).await
    }

    /// Runs `plan` to its end. The memory of its rows counts as the search's until it ends.
    pub(crate) async fn collect_plan(&self, plan: &LogicalPlan) -> Result<RecordBatch, RunError> {
        let physical = self.state.create_physical_plan(plan).await?;
        let schema = physical.schema();
        let mut stream = execute_stream(physical, self.state.task_ctx())?;
        let reservation =
            MemoryConsumer::new("collected rows").register(&self.state.runtime_env().memory_pool);
        let mut batches = Vec::new();
        while let Some(batch) = stream.next().await {
            let batch = batch?;
            reservation.try_grow(batch.get_array_memory_size())?;
            batches.push(batch);
        }
        self.collected.lock().push(reservation);
        Ok(concat_batches(&schema, &batches)?)
    }
}

impl Query {
    /// Runs the search over `table`, which has the columns of `picket-shred`.
    ///
    /// # Errors
    /// A search that does not fit the table, a limit, or a failure of the engine.
    pub async fn run(
        &self,
        context: &SessionContext,
        table: Arc<dyn TableProvider>,
        options: &RunOptions,
    ) -> Result<Answer, RunError> {
        let range = self.time_range(options);
        let cx = RunCx::new(context, options, range);
        let mut is_counted = false;
        let mut flow = self.base(table, &cx)?;
        for stage in &self.stages {
            if stage.is_transforming() && !is_counted {
                flow = flow.counted(&cx.events);
                is_counted = true;
            }
            flow = cx.shallow(stage.apply(flow, &cx).await?).await?;
        }
        let total = RowCounter::default();
        let flow = flow.counted(&total);
        // Without a row nothing would run, and nothing be counted.
        let batch = cx.collect(&flow, Some(options.rows_max.max(1))).await?;
        let rows = batch.num_rows().min(options.rows_max);
        let (fields, rows) = output::render(&flow, &batch.slice(0, rows), &cx.zone)?;
        if total.rows() > rows.len() as u64 {
            cx.note(format!("the first {} of {} rows are shown", rows.len(), total.rows()));
        }
        let event_count = if is_counted { cx.events.rows() } else { total.rows() };
        let messages = cx.messages.into_inner();
        Ok(Answer { fields, rows, is_events: flow.is_events, event_count, messages })
    }
}
