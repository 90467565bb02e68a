//! The engine: sessions with bounded memory, in which queries run.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use corelog_insights::Query;
use corelog_values::Value;
use corelog_values::rows::{RowValues, Shown};
use datafusion::arrow::array::RecordBatch;
use datafusion::catalog::MemoryCatalogProviderList;
use datafusion::common::resources_datafusion_err;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{FairSpillPool, MemoryConsumer, MemoryReservation};
use datafusion::execution::object_store::DefaultObjectStoreRegistry;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::{SessionConfig, SessionContext};
use futures_util::StreamExt as _;

use crate::bloom::Blooms;
use crate::collect::{self, Collected};
use crate::compute::Slot;
use crate::frame::Frame;
use crate::output::{Answer, AnswerRow};
use crate::plan::{Planning, Subqueries, in_order, project};
use crate::scan::{Events, Extent, LeftOut};
use crate::stage::Planner;
use crate::watch::Watch;
use crate::{Error, Request, Result, group, late, sql};

/// A result never has more rows. Source: the service model's largest `limit`.
pub(crate) const ROWS_MAX: usize = corelog_insights::LIMIT_MAX as usize;
/// Rows of a subquery that are kept in memory.
const SUBQUERY_ROWS_MAX: usize = 1_000_000;
/// Their bytes.
const SUBQUERY_BYTES_MAX: usize = 256 << 20;
/// The column of `estimate`. Decision: the service publishes no name.
const ESTIMATED: &str = "@estimatedBytes";
/// Rows that operators take at a time.
const BATCH_ROWS: usize = 8_192;
/// As many where messages are among them, which are long: a batch is in memory at once.
const BATCH_MESSAGES: usize = 2_048;

/// What queries may use.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Memory of all queries together, in bytes. What sorts and aggregations need beyond goes to disk.
    pub memory_bytes: usize,
    /// Where that goes.
    pub spill: PathBuf,
    /// How much of it there may be, in bytes.
    pub spill_bytes: u64,
    /// How many threads a query is spread over.
    pub threads: usize,
}

/// Runs queries. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    runtime: Arc<RuntimeEnv>,
    /// What all sessions begin with: making it takes longer than many a query.
    base: Arc<SessionState>,
    blooms: Arc<Blooms>,
    threads: usize,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine with limits.
    ///
    /// # Errors
    /// [`Error::Engine`] if the place for spilling cannot be used.
    pub fn new(limits: Limits) -> Result<Self> {
        let disk = DiskManagerBuilder::default()
            .with_mode(DiskManagerMode::Directories(vec![limits.spill]))
            .with_max_temp_directory_size(limits.spill_bytes);
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(limits.memory_bytes)))
            .with_disk_manager_builder(disk)
            .build_arc()?;
        let base = SessionStateBuilder::new()
            .with_runtime_env(Arc::clone(&runtime))
            .with_default_features()
            .with_query_planner(Arc::new(Planner))
            .build();
        Ok(Self {
            runtime,
            base: Arc::new(base),
            blooms: Arc::default(),
            threads: limits.threads.max(1),
        })
    }

    /// Runs a query that was read without errors, its saved queries already in place.
    ///
    /// # Errors
    /// Any [`Error`].
    /// # Cancel safety
    /// A dropped query stops.
    pub async fn run(&self, query: &Query, request: &Request) -> Result<Answer> {
        self.run_watched(query, request, &Watch::default()).await
    }

    /// Runs a query that somebody looks at meanwhile.
    ///
    /// # Errors
    /// Any [`Error`].
    /// # Cancel safety
    /// A dropped query stops.
    pub async fn run_watched(
        &self,
        query: &Query,
        request: &Request,
        watch: &Watch,
    ) -> Result<Answer> {
        let mut kept = Collected::new(request.answer_bytes_max);
        let take = |row| kept.push(row);
        let mut answer = self.rows_of(query, request, watch, take).await?;
        answer.rows = kept.rows;
        Ok(answer)
    }

    /// Runs a query whose rows `take` gets one by one; an error of it ends the query. The answer has no rows.
    ///
    /// # Errors
    /// Any [`Error`].
    /// # Cancel safety
    /// A dropped query stops.
    pub async fn each(
        &self,
        query: &Query,
        request: &Request,
        take: impl FnMut(AnswerRow) -> Result<()> + Send,
    ) -> Result<Answer> {
        self.rows_of(query, request, &Watch::default(), take).await
    }

    async fn rows_of(
        &self,
        query: &Query,
        request: &Request,
        watch: &Watch,
        mut take: impl FnMut(AnswerRow) -> Result<()> + Send,
    ) -> Result<Answer> {
        if let Some(estimated) = query.estimated() {
            let extent = self.estimate(&estimated, request).await?;
            take(AnswerRow {
                values: vec![Some(extent.message_bytes.to_string())],
                pointer: None,
            })?;
            return Ok(Answer {
                columns: vec![ESTIMATED.to_owned()],
                ..Answer::default()
            });
        }
        let planned = self.plan(query, request, Subqueries::Run, watch).await?;
        let session = self.session(&request.events)?;
        let (plan, watching) = late::narrowed(&session, planned.plan, watch).await?;
        execute(&session, plan, &watching, |batch| {
            collect::shown(&planned.slots, planned.raw, batch, &mut take)
        })
        .await?;
        Ok(Answer {
            columns: planned.shown.into_iter().map(|it| it.name).collect(),
            rows: Vec::new(),
            statistics: watch.statistics(true),
        })
    }

    /// Runs a statement of SQL.
    ///
    /// # Errors
    /// Any [`Error`](crate::Error).
    /// # Cancel safety
    /// A dropped statement stops.
    pub async fn run_sql(&self, text: &str, request: &Request) -> Result<Answer> {
        self.run_sql_watched(text, request, &Watch::default()).await
    }

    /// Runs a statement of SQL that somebody looks at meanwhile.
    ///
    /// # Errors
    /// Any [`Error`](crate::Error).
    /// # Cancel safety
    /// A dropped statement stops.
    pub async fn run_sql_watched(
        &self,
        text: &str,
        request: &Request,
        watch: &Watch,
    ) -> Result<Answer> {
        let session = self.sql_session(request)?;
        let plan = sql::plan(&session, text, request, watch).await?;
        let columns = plan.schema().fields().iter();
        let columns = columns.map(|field| field.name().clone()).collect();
        let mut kept = Collected::new(request.answer_bytes_max);
        execute(&session, plan, watch, |batch| {
            collect::texts(batch, &mut |row| kept.push(row))
        })
        .await?;
        Ok(Answer {
            columns,
            rows: kept.rows,
            statistics: watch.statistics(true),
        })
    }

    /// What a query would read, from statistics alone; and whether it can be run at all.
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn estimate(&self, query: &Query, request: &Request) -> Result<Extent> {
        let watch = Watch::default();
        let estimated = query.estimated();
        let query = estimated.as_ref().unwrap_or(query);
        self.plan(query, request, Subqueries::Plan, &watch).await?;
        Ok(watch.extent())
    }

    /// What a statement of SQL would read, from statistics alone; and whether it can be run at all.
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn estimate_sql(&self, text: &str, request: &Request) -> Result<Extent> {
        let session = self.sql_session(request)?;
        let watch = Watch::default();
        sql::plan(&session, text, request, &watch).await?;
        Ok(watch.extent())
    }

    /// The plan of a statement of SQL, as the engine describes it.
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn explain_sql(&self, text: &str, request: &Request) -> Result<String> {
        let session = self.sql_session(request)?;
        let watch = Watch::default();
        let plan = sql::plan(&session, text, request, &watch).await?;
        explained(&session, &plan, watch.left_out()).await
    }

    fn sql_session(&self, request: &Request) -> Result<SessionContext> {
        let session = self.session(&request.events)?;
        session
            .state_ref()
            .write()
            .config_mut()
            .options_mut()
            .sql_parser
            .enable_ident_normalization = false;
        Ok(session)
    }

    /// The plan of a query, as the engine describes it.
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn explain(&self, query: &Query, request: &Request) -> Result<String> {
        let watch = Watch::default();
        let estimated = query.estimated();
        let query = estimated.as_ref().unwrap_or(query);
        let planned = self.plan(query, request, Subqueries::Plan, &watch).await?;
        let session = self.session(&request.events)?;
        explained(&session, &planned.plan, watch.left_out()).await
    }

    async fn plan(
        &self,
        query: &Query,
        request: &Request,
        subqueries: Subqueries,
        watch: &Watch,
    ) -> Result<Planned> {
        let mut planning = Planning::new(self, request, subqueries, watch);
        let window = group::window(&query.commands, request.now_ms, request.window)?;
        let frame = planning
            .pipeline(&query.commands, window, &BTreeSet::new())
            .await?;
        let has_limit = |command: &corelog_insights::Command| {
            matches!(command.kind, corelog_insights::CommandKind::Limit(_))
        };
        let rows_max = if query.commands.iter().any(has_limit) {
            ROWS_MAX
        } else {
            request.limit.min(ROWS_MAX)
        };
        let frame = planning.peeked(frame, rows_max)?;
        planned(frame, rows_max, planning.into_kept())
    }

    /// Memory of the pool, none at first.
    pub(crate) fn reserve(&self, what: &'static str) -> MemoryReservation {
        MemoryConsumer::new(what).register(&self.runtime.memory_pool)
    }

    /// All rows of a frame, with the values of some columns. For subqueries, whose rows are kept in memory: `kept` has
    /// grown by what they take.
    pub(crate) async fn rows(
        &self,
        frame: Frame,
        slots: &[Option<Slot>],
        request: &Request,
        watch: &Watch,
        kept: &MemoryReservation,
    ) -> Result<Vec<RowValues>> {
        let columns = frame.needed(slots, false);
        let plan = project(frame.plan, &columns)?;
        let session = self.session(&request.events)?;
        let (mut all, mut bytes) = (Vec::new(), 0);
        execute(&session, plan, watch, |batch| {
            let rows = collect::values(slots, batch)?;
            let more = rows.iter().map(bytes_of).sum::<usize>();
            kept.try_grow(more)?;
            bytes += more;
            all.extend(rows);
            if all.len() > SUBQUERY_ROWS_MAX {
                return Err(Error::TooMany {
                    what: "rows of a subquery",
                    max: SUBQUERY_ROWS_MAX,
                });
            }
            if bytes > SUBQUERY_BYTES_MAX {
                let what = "a subquery has more rows than can be kept";
                return Err(resources_datafusion_err!("{what}").into());
            }
            Ok(())
        })
        .await?;
        Ok(all)
    }

    fn session(&self, events: &Events) -> Result<SessionContext> {
        let mut config = SessionConfig::new()
            .with_target_partitions(self.threads)
            .with_batch_size(BATCH_ROWS)
            .with_extension(Arc::clone(&self.blooms));
        let options = config.options_mut();
        options.execution.parquet.reorder_filters = true;
        options.execution.collect_statistics = false;
        let state = SessionStateBuilder::new_from_existing(SessionState::clone(&self.base))
            .with_config(config)
            .with_catalog_list(Arc::new(MemoryCatalogProviderList::new()))
            .with_runtime_env(Arc::new(self.runtime_of(events)?))
            .build();
        Ok(SessionContext::new_with_state(state))
    }

    /// The engine's runtime with the events' store in it. Stores are of one query, memory and disk are shared.
    fn runtime_of(&self, events: &Events) -> Result<RuntimeEnv> {
        let runtime = RuntimeEnv {
            object_store_registry: Arc::new(DefaultObjectStoreRegistry::new()),
            ..RuntimeEnv::clone(&self.runtime)
        };
        runtime.register_object_store(Events::root()?.as_ref(), Arc::clone(&events.store));
        Ok(runtime)
    }
}

async fn explained(
    session: &SessionContext,
    plan: &LogicalPlan,
    left_out: &LeftOut,
) -> Result<String> {
    let state = session.state();
    let optimised = state.optimize(plan)?;
    let planner = state.query_planner();
    let physical = planner.create_physical_plan(&optimised, &state).await?;
    let tree = datafusion::physical_plan::displayable(&*physical).indent(false);
    Ok(format!(
        "{}\n\n{tree}{left_out}",
        optimised.display_indent()
    ))
}

fn bytes_of(row: &RowValues) -> usize {
    let values: usize = row.iter().map(Value::bytes).sum();
    values + size_of_val(&**row) + size_of::<RowValues>()
}

/// A plan, and what its columns are.
struct Planned {
    plan: LogicalPlan,
    shown: Vec<Shown>,
    /// Where the value of each shown column is.
    slots: Vec<Option<Slot>>,
    raw: bool,
    /// What the plan itself has in memory.
    _kept: MemoryReservation,
}

fn planned(frame: Frame, rows_max: usize, kept: MemoryReservation) -> Result<Planned> {
    let frame = in_order(frame, Some(rows_max))?;
    let shown = frame.columns();
    let slots: Vec<_> = shown.iter().map(|column| frame.shown_at(column)).collect();
    let needed = frame.needed(&slots, frame.raw);
    let plan = project(frame.plan, &needed)?;
    Ok(Planned {
        plan,
        shown,
        slots,
        raw: frame.raw,
        _kept: kept,
    })
}

/// Runs a plan; `take` gets each of its batches.
pub(crate) async fn execute(
    session: &SessionContext,
    plan: LogicalPlan,
    watch: &Watch,
    mut take: impl FnMut(&RecordBatch) -> Result<()> + Send,
) -> Result<()> {
    let plan = session.state().optimize(&plan)?;
    if late::reads_messages(&plan)? {
        let state = session.state_ref();
        let mut state = state.write();
        let config = state.config().clone().with_batch_size(BATCH_MESSAGES);
        *state.config_mut() = config;
    }
    let state = session.state();
    let planner = state.query_planner();
    let physical = planner.create_physical_plan(&plan, &state).await?;
    watch.runs(&physical);
    let mut stream = execute_stream(physical, session.task_ctx())?;
    while let Some(batch) = stream.next().await {
        take(&batch?)?;
    }
    Ok(())
}
