//! Questions about log events, answered by the query engine: the port of the API, the table, the recent events and the
//! catalog, joined.

mod apart;
mod shares;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use corelog_api::logs as api;
use corelog_api::logs::{
    Amount, Estimate, FieldShare, Language, Malformed, Progress, QueryError, QuerySpec,
};
use corelog_catalog::{Catalog, GroupFilter, PolicyKind};
use corelog_hot::{Hot, View};
use corelog_query::{AnswerRow, Engine, Error, Events, Group, Limits, Request, Watch, Window};
use corelog_sinks::groups::Tables;
use corelog_types::{EventPointer, LogGroupName, Timestamp};
use corelog_values::{Value, discover};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::recent::Blocks;

use shares::{OF_ALL, Shares};

pub(crate) use apart::Apart;

const GROUPS_PAGE: u32 = 1_000;
/// How often a view is taken anew whose events passed to the table meanwhile.
const VIEWS_MAX: u32 = 3;
/// Rows where nobody says otherwise. Source: the user guide's page of `limit`.
const LIMIT: u32 = 10_000;
/// How many of a group's newest events say which fields it has.
const FIELDS_OF: u32 = 10_000;
/// How often a query that runs says how far it is.
const TELL_EVERY: Duration = Duration::from_millis(500);
/// Rows that it shows before its end have this part of the bytes that its answer may have.
const PARTIAL_SHARE: u64 = 16;
/// The place of `@message` among them.
const MESSAGE: usize = 2;

/// Answers questions.
pub(crate) struct Questions {
    engine: Engine,
    tables: Arc<Tables>,
    hot: Hot,
    catalog: Arc<dyn Catalog>,
    account: String,
    region: String,
    appender: String,
    blocks: Blocks,
}

impl fmt::Debug for Questions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Questions").field(&self.engine).finish()
    }
}

/// Where questions find what they ask about.
pub(crate) struct Sources {
    pub(crate) tables: Arc<Tables>,
    pub(crate) hot: Hot,
    pub(crate) catalog: Arc<dyn Catalog>,
    pub(crate) account: String,
    pub(crate) region: String,
    /// Who brings events into the table.
    pub(crate) appender: String,
}

impl Questions {
    pub(crate) fn new(limits: Limits, sources: Sources) -> anyhow::Result<Self> {
        // What waits for the table is in memory while a question is asked.
        let blocks = Blocks::new(limits.memory_bytes);
        Ok(Self {
            engine: Engine::new(limits)?,
            tables: sources.tables,
            hot: sources.hot,
            catalog: sources.catalog,
            account: sources.account,
            region: sources.region,
            appender: sources.appender,
            blocks,
        })
    }

    /// All events as they are now.
    async fn events(&self) -> Result<Events, QueryError> {
        let table = self.tables.table().await.map_err(unavailable)?;
        let mut attempts = 0;
        loop {
            let view = View::take(&self.hot, table, &self.appender).await;
            let view = view.map_err(unavailable)?;
            match self.blocks.of(view.recent).await {
                Ok(recent) => {
                    return Ok(Events {
                        store: Arc::clone(table.store()),
                        files: Arc::new(view.snapshot.files()),
                        recent: Arc::new(recent),
                    });
                }
                // The table got them meanwhile: a later view has them.
                Err(error) if error.is_passing() && attempts < VIEWS_MAX => attempts += 1,
                Err(error) => return Err(unavailable(error)),
            }
        }
    }

    /// No events: enough to see whether a question can be asked.
    fn none() -> Events {
        Events {
            store: Arc::new(object_store::memory::InMemory::new()),
            files: Arc::default(),
            recent: Arc::default(),
        }
    }

    async fn groups(&self) -> Result<Vec<Group>, QueryError> {
        let mut all = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let any = GroupFilter::default();
            let page = self.catalog.groups(&any, after.as_deref(), GROUPS_PAGE);
            let page = page.await.map_err(unavailable)?;
            let Some(last) = page.last() else {
                return Ok(all);
            };
            after = Some(last.name.as_str().to_owned());
            all.extend(page.into_iter().map(|group| Group {
                account: self.account.clone(),
                region: self.region.clone(),
                name: group.name.as_str().into(),
                class: group.class.as_str().to_owned(),
                indexed: Vec::new(),
                tags: group.tags.into_iter().collect(),
                data_source: None,
            }));
        }
    }

    /// What of each group is indexed, for questions that ask.
    async fn index(&self, groups: &mut [Group]) -> Result<(), QueryError> {
        for group in groups {
            let policies = self
                .catalog
                .policies(PolicyKind::Index, Some(&group.name), None, 1);
            for policy in policies.await.map_err(unavailable)? {
                group.indexed.extend(fields_of(&policy.document));
            }
        }
        Ok(())
    }

    async fn request(&self, spec: &QuerySpec, events: Events) -> Result<Request, QueryError> {
        let mut groups = self.groups().await?;
        if spec.text.to_ascii_lowercase().contains("filterindex") {
            self.index(&mut groups).await?;
        }
        let selected = spec.groups.iter().map(|name| name.as_str().into());
        Ok(Request {
            events,
            groups,
            tables: crate::lookups::named_in(&spec.text, &*self.catalog)
                .await
                .map_err(unavailable)?,
            selected: selected.collect(),
            window: Window {
                start_ms: spec.start_ms,
                end_ms: spec.end_ms,
            },
            now_ms: ms(spec.asked_at),
            limit: spec.limit.unwrap_or(LIMIT) as usize,
            answer_bytes_max: spec.answer_bytes_max,
        })
    }

    async fn extent(
        &self,
        spec: &QuerySpec,
        request: &Request,
    ) -> Result<corelog_query::Extent, QueryError> {
        let extent = match spec.language {
            Language::Insights => {
                let query = read(spec)?;
                self.engine.estimate(&query, request).await
            }
            Language::Sql => self.engine.estimate_sql(&spec.text, request).await,
        };
        extent.map_err(|error| of_engine(error, spec))
    }

    /// Asks a question of our own about one group; `take` gets its rows.
    async fn ask(
        &self,
        text: String,
        group: &LogGroupName,
        window: Window,
        mut take: impl FnMut(AnswerRow) + Send,
    ) -> Result<(), QueryError> {
        let spec = QuerySpec {
            language: Language::Insights,
            text,
            groups: vec![group.clone()],
            sources: BTreeMap::new(),
            start_ms: window.start_ms,
            end_ms: window.end_ms,
            limit: Some(FIELDS_OF),
            asked_at: Timestamp::from_unix_ms(0),
            answer_bytes_max: u64::MAX,
        };
        let request = self.request(&spec, self.events().await?).await?;
        let query = read(&spec)?;
        let asked = self.engine.each(&query, &request, |row| {
            take(row);
            Ok(())
        });
        asked
            .await
            .map(drop)
            .map_err(|error| of_engine(error, &spec))
    }
}

fn read(spec: &QuerySpec) -> Result<corelog_insights::Query, QueryError> {
    corelog_insights::parse(&spec.text).map_err(|diagnostic| (&*diagnostic).into())
}

/// The fields in the document of an index policy: `{"Fields": ["a", "b"]}`.
fn fields_of(document: &str) -> Vec<String> {
    let Some(Value::Map(members)) = corelog_values::json::read(document) else {
        return Vec::new();
    };
    let found = members.iter().find(|(key, _)| key == "Fields");
    let Some((_, Value::List(fields))) = found else {
        return Vec::new();
    };
    let names = fields.iter().filter_map(Value::shown);
    names.map(std::borrow::Cow::into_owned).collect()
}

impl Questions {
    async fn check(&self, spec: &QuerySpec) -> Result<(), QueryError> {
        let request = self.request(spec, Self::none()).await?;
        self.extent(spec, &request).await.map(drop)
    }

    async fn run(
        &self,
        spec: QuerySpec,
        progress: &dyn Progress,
    ) -> Result<api::Answer, QueryError> {
        let request = self.request(&spec, self.events().await?).await?;
        let watch = Watch::new(spec.answer_bytes_max / PARTIAL_SHARE);
        let running = async {
            match spec.language {
                Language::Insights => {
                    let query = read(&spec)?;
                    let run = self.engine.run_watched(&query, &request, &watch);
                    run.await.map_err(|error| of_engine(error, &spec))
                }
                Language::Sql => {
                    let run = self.engine.run_sql_watched(&spec.text, &request, &watch);
                    run.await.map_err(|error| of_engine(error, &spec))
                }
            }
        };
        tokio::pin!(running);
        let mut tick = interval_at(Instant::now() + TELL_EVERY, TELL_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // Neither goes first: each of them could take all of the turns.
            tokio::select! {
                answer = &mut running => return answer.map(shown),
                _ = tick.tick() => progress.partial(shown(watch.so_far())),
            }
        }
    }

    async fn explain(&self, spec: &QuerySpec) -> Result<Vec<(String, String)>, QueryError> {
        let request = self.request(spec, self.events().await?).await?;
        let plan = match spec.language {
            Language::Insights => {
                let query = read(spec)?;
                self.engine.explain(&query, &request).await
            }
            Language::Sql => self.engine.explain_sql(&spec.text, &request).await,
        };
        let plan = plan.map_err(|error| of_engine(error, spec))?;
        let (logical, physical) = plan.split_once("\n\n").unwrap_or((&plan, ""));
        Ok(vec![
            ("Plan".to_owned(), logical.to_owned()),
            ("Operators".to_owned(), physical.to_owned()),
        ])
    }

    async fn estimate(&self, spec: &QuerySpec) -> Result<Estimate, QueryError> {
        let request = self.request(spec, self.events().await?).await?;
        let extent = self.extent(spec, &request).await?;
        Ok(Estimate {
            read: Amount {
                files: extent.files,
                rows: extent.rows,
                bytes: extent.file_bytes + extent.recent_bytes,
            },
            of: Amount {
                files: extent.files + extent.files_skipped,
                rows: extent.rows + extent.rows_skipped,
                bytes: extent.file_bytes
                    + extent.file_bytes_skipped
                    + extent.recent_bytes
                    + extent.recent_bytes_skipped,
            },
        })
    }

    async fn fields(
        &self,
        group: &LogGroupName,
        window: Window,
    ) -> Result<Vec<FieldShare>, QueryError> {
        let mut shares = Shares::default();
        let text = "fields @message".to_owned();
        self.ask(text, group, window, |row| {
            if let Some(Some(message)) = row.values.first() {
                shares.add(message);
            }
        })
        .await?;
        Ok(shares.done())
    }

    async fn record(
        &self,
        pointer: &EventPointer,
    ) -> Result<Option<Vec<(String, String)>>, QueryError> {
        let window = Window {
            start_ms: pointer.timestamp_ms,
            end_ms: pointer.timestamp_ms,
        };
        let columns = OF_ALL.join(", ");
        let text = format!("fields {columns} | filter @ptr = \"{pointer}\" | limit 1");
        let mut found = None;
        self.ask(text, &pointer.group, window, |row| found = Some(row))
            .await?;
        let Some(row) = found else {
            return Ok(None);
        };
        let mut discovered: Vec<(String, String)> = Vec::new();
        discover::each(
            row.values[MESSAGE].as_deref().unwrap_or_default(),
            |name, value| {
                let shown = value
                    .shown()
                    .map(|shown| (name.to_owned(), shown.into_owned()));
                discovered.extend(shown);
            },
        );
        let own = OF_ALL.iter().zip(row.values);
        let own = own.filter_map(|(name, value)| Some(((*name).to_owned(), value?)));
        Ok(Some(own.chain(discovered).collect()))
    }
}

fn shown(answer: corelog_query::Answer) -> api::Answer {
    let row = |row: AnswerRow| api::Row {
        values: row.values,
        pointer: row.pointer,
    };
    let statistics = answer.statistics;
    api::Answer {
        columns: answer.columns,
        rows: answer.rows.into_iter().map(row).collect(),
        statistics: api::Statistics {
            records_matched: statistics.records_matched,
            records_scanned: statistics.records_scanned,
            records_skipped: statistics.records_skipped,
            bytes_scanned: statistics.bytes_scanned,
            bytes_skipped: statistics.bytes_skipped,
            groups_scanned: statistics.log_groups,
        },
    }
}

fn ms(time: Timestamp) -> i64 {
    i64::try_from(time.unix_ms()).unwrap_or(i64::MAX)
}

fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> QueryError {
    QueryError::Unavailable(Box::new(error))
}

fn of_engine(error: Error, spec: &QuerySpec) -> QueryError {
    if error.is_too_large() {
        return QueryError::Exhausted("memory");
    }
    match error {
        Error::Unsupported { .. } | Error::Malformed { .. } | Error::TooMany { .. } => {
            QueryError::Malformed(Malformed {
                message: error.to_string(),
                start: 0,
                end: spec.text.chars().count(),
                hint: None,
            })
        }
        Error::AnswerTooLarge { bytes_max } => QueryError::AnswerTooLarge { bytes_max },
        other => QueryError::Failed(Box::new(other)),
    }
}
