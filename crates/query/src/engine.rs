//! The engine: sessions with bounded memory, in which queries run.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use corelog_insights::{Query, Segment};
use corelog_values::Value;
use corelog_values::rows::RowValues;
use datafusion::arrow::array::{Array as _, RecordBatch};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::{DataFusionError, Result as DfResult};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::object_store::DefaultObjectStoreRegistry;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::{SessionConfig, SessionContext};
use futures_util::StreamExt as _;

use crate::bloom::Blooms;
use crate::compute::Slot;
use crate::frame::{Frame, POINTER, Shown};
use crate::kind::Reader;
use crate::output::{Answer, AnswerRow, Statistics};
use crate::plan::{Planning, in_order, project};
use crate::scan::{Events, Extent};
use crate::stage::Planner;
use crate::tally::Tally;
use crate::{Error, Request, Result, group, late, of_group, sql};

/// A result never has more rows. Source: the service model's largest `limit`.
const ROWS_MAX: usize = corelog_insights::LIMIT_MAX as usize;
/// Rows of a subquery that are kept in memory.
const SUBQUERY_ROWS_MAX: usize = 1_000_000;
/// Rows that operators take at a time. Messages are long, and a batch of them is in memory at once.
const BATCH_ROWS: usize = 2_048;

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
        Ok(Self {
            runtime,
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
        let (planned, planning) = self.plan(query, request).await?;
        let session = self.session(&request.events)?;
        let plan = late::narrowed(&session, planned.plan).await?;
        let (batches, _) = execute(&session, plan).await?;
        let mut answer = Answer {
            columns: planned.shown.iter().map(|it| it.name.clone()).collect(),
            ..Answer::default()
        };
        for batch in batches {
            rows(&planned.columns, planned.raw, &batch, &mut answer.rows)?;
            answer.keep_to(request.answer_bytes_max)?;
        }
        answer.statistics = statistics(planning.extent, &planning.tally, planning.groups);
        Ok(answer)
    }

    /// Runs a statement of SQL.
    ///
    /// # Errors
    /// Any [`Error`](crate::Error).
    /// # Cancel safety
    /// A dropped statement stops.
    pub async fn run_sql(&self, text: &str, request: &Request) -> Result<Answer> {
        let session = self.sql_session(request)?;
        let planned = sql::plan(&session, text, request).await?;
        let columns = planned.plan.schema().fields().iter();
        let mut answer = Answer {
            columns: columns.map(|field| field.name().clone()).collect(),
            ..Answer::default()
        };
        let (batches, _) = execute(&session, planned.plan).await?;
        for batch in batches {
            texts(&batch, &mut answer.rows)?;
            answer.keep_to(request.answer_bytes_max)?;
        }
        answer.statistics = statistics(planned.extent, &planned.tally, planned.groups);
        Ok(answer)
    }

    /// What a query would read, from statistics alone; and whether it can be run at all.
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn estimate(&self, query: &Query, request: &Request) -> Result<Extent> {
        let (_, planning) = self.plan(query, request).await?;
        Ok(planning.extent)
    }

    /// What a statement of SQL would read, from statistics alone; and whether it can be run at all.
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn estimate_sql(&self, text: &str, request: &Request) -> Result<Extent> {
        let session = self.sql_session(request)?;
        Ok(sql::plan(&session, text, request).await?.extent)
    }

    /// The plan of a statement of SQL, as the engine describes it.
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn explain_sql(&self, text: &str, request: &Request) -> Result<String> {
        let session = self.sql_session(request)?;
        let planned = sql::plan(&session, text, request).await?;
        explained(&session, &planned.plan).await
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
        let (planned, _) = self.plan(query, request).await?;
        let session = self.session(&request.events)?;
        explained(&session, &planned.plan).await
    }

    async fn plan<'r>(
        &'r self,
        query: &Query,
        request: &'r Request,
    ) -> Result<(Planned, Planning<'r>)> {
        let mut planning = Planning::new(self, request);
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
        Ok((planned(frame, rows_max)?, planning))
    }

    /// All rows of a frame, with the values of some columns. For subqueries, whose rows are kept in memory.
    pub(crate) async fn rows(
        &self,
        frame: Frame,
        slots: Vec<Option<Slot>>,
        request: &Request,
    ) -> Result<Vec<RowValues>> {
        let columns = needed(&frame, &slots, false);
        let plan = project(frame.plan, &columns)?;
        let session = self.session(&request.events)?;
        let (batches, _) = execute(&session, plan).await?;
        let mut all = Vec::new();
        for batch in batches {
            let readers = readers(&slots, &batch)?;
            for row in 0..batch.num_rows() {
                let value = |reader: &Option<(Reader, &[Segment])>| match reader {
                    Some((reader, path)) => {
                        let value = reader.value(row);
                        if path.is_empty() {
                            value.into_owned()
                        } else {
                            value.member(path).cloned().unwrap_or_default().into_owned()
                        }
                    }
                    None => Value::Null,
                };
                all.push(readers.iter().map(value).collect());
            }
            if all.len() > SUBQUERY_ROWS_MAX {
                return Err(Error::TooMany {
                    what: "rows of a subquery",
                    max: SUBQUERY_ROWS_MAX,
                });
            }
        }
        Ok(all)
    }

    fn session(&self, events: &Events) -> Result<SessionContext> {
        let mut config = SessionConfig::new()
            .with_target_partitions(self.threads)
            .with_batch_size(BATCH_ROWS)
            .with_extension(Arc::clone(&self.blooms));
        let options = config.options_mut();
        options.execution.parquet.pushdown_filters = true;
        options.execution.parquet.reorder_filters = true;
        options.execution.collect_statistics = false;
        let state = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(Arc::new(self.runtime_of(events)?))
            .with_default_features()
            .with_query_planner(Arc::new(Planner))
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

async fn explained(session: &SessionContext, plan: &LogicalPlan) -> Result<String> {
    let state = session.state();
    let optimised = state.optimize(plan)?;
    let planner = state.query_planner();
    let physical = planner.create_physical_plan(&optimised, &state).await?;
    let tree = datafusion::physical_plan::displayable(&*physical).indent(false);
    Ok(format!("{}\n\n{tree}", optimised.display_indent()))
}

/// A plan, and what its columns are.
struct Planned {
    plan: LogicalPlan,
    shown: Vec<Shown>,
    /// Where each shown column is.
    columns: Vec<Option<Slot>>,
    raw: bool,
}

fn planned(frame: Frame, rows_max: usize) -> Result<Planned> {
    let frame = in_order(frame, Some(rows_max))?;
    let shown = frame.columns();
    let slot = |column: &Shown| match &column.field {
        Some(field) => frame.field(field),
        None => frame.column(&column.name),
    };
    let columns: Vec<_> = shown.iter().map(slot).collect();
    let needed = needed(&frame, &columns, frame.raw);
    let plan = project(frame.plan, &needed)?;
    Ok(Planned {
        plan,
        shown,
        columns,
        raw: frame.raw,
    })
}

/// The columns of slots, and those of pointers.
fn needed(frame: &Frame, slots: &[Option<Slot>], pointers: bool) -> Vec<String> {
    let mut needed: Vec<String> = Vec::new();
    let columns = slots.iter().flatten().map(|slot| slot.column.clone());
    let pointer = POINTER
        .iter()
        .filter(|_| pointers)
        .map(|it| (*it).to_owned());
    for column in columns.chain(pointer) {
        if !needed.contains(&column) {
            needed.push(column);
        }
    }
    if needed.is_empty() {
        let any = frame.plan.schema().fields().first();
        needed.extend(any.map(|it| it.name().clone()));
    }
    needed
}

type SlotReader<'s> = Option<(Reader, &'s [Segment])>;

fn readers<'s>(slots: &'s [Option<Slot>], batch: &RecordBatch) -> Result<Vec<SlotReader<'s>>> {
    let reader = |slot: &'s Option<Slot>| {
        let Some(slot) = slot else {
            return Ok(None);
        };
        let at = batch.schema().index_of(&slot.column);
        let at = at.map_err(DataFusionError::from)?;
        let reader = Reader::new(slot.kind, batch.column(at))?;
        Ok(Some((reader, &*slot.path)))
    };
    slots.iter().map(reader).collect()
}

pub(crate) async fn execute(
    session: &SessionContext,
    plan: LogicalPlan,
) -> DfResult<(Vec<RecordBatch>, Arc<dyn ExecutionPlan>)> {
    let state = session.state();
    let physical = state.create_physical_plan(&plan).await?;
    let mut stream = execute_stream(Arc::clone(&physical), session.task_ctx())?;
    let mut batches = Vec::new();
    while let Some(batch) = stream.next().await {
        batches.push(batch?);
    }
    Ok((batches, physical))
}

fn rows(
    columns: &[Option<Slot>],
    raw: bool,
    batch: &RecordBatch,
    out: &mut Vec<AnswerRow>,
) -> Result<()> {
    let pointers = if raw {
        of_group::pointers(batch)?
    } else {
        Vec::new()
    };
    let readers = readers(columns, batch)?;
    let mut pointers = pointers.into_iter();
    for row in 0..batch.num_rows() {
        let shown = |reader: &SlotReader<'_>| {
            let (reader, path) = reader.as_ref()?;
            let value = reader.value(row);
            let value = if path.is_empty() {
                Some(&value)
            } else {
                value.member(path)
            };
            value.and_then(|value| value.shown().map(std::borrow::Cow::into_owned))
        };
        out.push(AnswerRow {
            values: readers.iter().map(shown).collect(),
            pointer: pointers.next(),
        });
    }
    Ok(())
}

/// Rows of whatever a statement gives.
fn texts(batch: &RecordBatch, out: &mut Vec<AnswerRow>) -> Result<()> {
    let options = FormatOptions::new()
        .with_timestamp_format(Some("%Y-%m-%d %H:%M:%S%.3f"))
        .with_timestamp_tz_format(Some("%Y-%m-%d %H:%M:%S%.3f"));
    let mut columns = Vec::with_capacity(batch.num_columns());
    for column in batch.columns() {
        let formatter = ArrayFormatter::try_new(column, &options).map_err(DataFusionError::from)?;
        columns.push((column, formatter));
    }
    for row in 0..batch.num_rows() {
        let mut values = Vec::with_capacity(columns.len());
        for (column, formatter) in &columns {
            values.push(
                column
                    .is_valid(row)
                    .then(|| formatter.value(row).to_string()),
            );
        }
        out.push(AnswerRow {
            values,
            pointer: None,
        });
    }
    Ok(())
}

fn statistics(extent: Extent, tally: &Tally, groups: usize) -> Statistics {
    Statistics {
        records_scanned: extent.rows,
        records_matched: tally.events(),
        records_skipped: extent.rows_skipped,
        bytes_scanned: extent.message_bytes,
        bytes_skipped: extent.bytes_skipped,
        log_groups: groups as u64,
    }
}
