//! Questions about log events, answered by the query engine: the port of the API, the table, the recent events and the
//! catalog, joined.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use corelog_api::logs as api;
use corelog_api::logs::{
    Amount, Estimate, EventPointer, FieldShare, Language, Malformed, Progress, QueryError,
    QuerySpec,
};
use corelog_catalog::{Catalog, GroupFilter, PolicyKind};
use corelog_hot::{Hot, View};
use corelog_query::{Engine, Error, Events, Group, Limits, Request, Window};
use corelog_sinks::groups::Tables;
use corelog_types::{LogGroupName, NodeId, Sequence, Timestamp};
use corelog_values::{Value, discover};
use tokio::runtime::Handle;
use tokio_util::task::AbortOnDropHandle;

use crate::recent::Blocks;

const GROUPS_PAGE: u32 = 1_000;
/// How often a view is taken anew whose events passed to the table meanwhile.
const VIEWS_MAX: u32 = 3;
/// Rows where nobody says otherwise. Source: the user guide's page of `limit`.
const LIMIT: u32 = 10_000;
/// How many of a group's newest events say which fields it has.
const FIELDS_OF: u32 = 10_000;

/// Answers questions.
pub(crate) struct Questions {
    engine: Engine,
    tables: Arc<Tables>,
    hot: Hot,
    catalog: Arc<dyn Catalog>,
    account: String,
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
    /// Who brings events into the table.
    pub(crate) appender: String,
}

impl Questions {
    pub(crate) fn new(limits: Limits, sources: Sources) -> anyhow::Result<Self> {
        Ok(Self {
            engine: Engine::new(limits)?,
            tables: sources.tables,
            hot: sources.hot,
            catalog: sources.catalog,
            account: sources.account,
            appender: sources.appender,
            blocks: Blocks::default(),
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

    /// The rows of a question of our own about one group.
    async fn ask(
        &self,
        text: &str,
        group: &LogGroupName,
        window: Window,
    ) -> Result<corelog_query::Answer, QueryError> {
        let spec = QuerySpec {
            language: Language::Insights,
            text: text.to_owned(),
            groups: vec![group.clone()],
            sources: std::collections::BTreeMap::new(),
            start_ms: window.start_ms,
            end_ms: window.end_ms,
            limit: Some(FIELDS_OF),
            asked_at: Timestamp::from_unix_ms(0),
            answer_bytes_max: u64::MAX,
        };
        let request = self.request(&spec, self.events().await?).await?;
        let query = read(&spec)?;
        let answer = self.engine.run(&query, &request).await;
        answer.map_err(|error| of_engine(error, &spec))
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

    async fn run(&self, spec: QuerySpec) -> Result<api::Answer, QueryError> {
        let request = self.request(&spec, self.events().await?).await?;
        let answer = match spec.language {
            Language::Insights => {
                let query = read(&spec)?;
                self.engine.run(&query, &request).await
            }
            Language::Sql => self.engine.run_sql(&spec.text, &request).await,
        };
        let answer = answer.map_err(|error| of_engine(error, &spec))?;
        let statistics = answer.statistics;
        let row = |row: corelog_query::AnswerRow| api::Row {
            pointer: row.pointer.as_deref().and_then(pointer),
            values: row.values,
        };
        Ok(api::Answer {
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
        })
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
        let read = self.extent(spec, &request).await?;
        let whole = QuerySpec {
            start_ms: 0,
            end_ms: i64::MAX / 1_000,
            ..spec.clone()
        };
        let whole_request = Request {
            window: Window {
                start_ms: whole.start_ms,
                end_ms: whole.end_ms,
            },
            ..request
        };
        let of = self.extent(&whole, &whole_request).await?;
        let amount = |extent: corelog_query::Extent| Amount {
            files: extent.files,
            rows: extent.rows,
            bytes: extent.file_bytes,
        };
        Ok(Estimate {
            read: amount(read),
            of: amount(of),
        })
    }

    async fn fields(
        &self,
        group: &LogGroupName,
        window: Window,
    ) -> Result<Vec<FieldShare>, QueryError> {
        let answer = self.ask("fields @message", group, window).await?;
        let mut counts: std::collections::BTreeMap<String, usize> = [
            "@timestamp",
            "@ingestionTime",
            "@message",
            "@logStream",
            "@log",
        ]
        .map(|name| (name.to_owned(), answer.rows.len()))
        .into();
        for row in &answer.rows {
            let Some(Some(message)) = row.values.first() else {
                continue;
            };
            if let Some(object) = discover::object(message) {
                for (name, _) in discover::fields(&object) {
                    *counts.entry(name).or_default() += 1;
                }
            }
        }
        let all = answer.rows.len().max(1);
        let share = |(name, count): (String, usize)| FieldShare {
            name,
            percent: u8::try_from((count * 200 / all).div_ceil(2).min(100)).unwrap_or(100),
        };
        let named = counts.into_iter().filter(|(_, count)| *count > 0);
        Ok(named.map(share).collect())
    }

    async fn record(
        &self,
        pointer: &EventPointer,
    ) -> Result<Option<Vec<(String, String)>>, QueryError> {
        let window = Window {
            start_ms: pointer.timestamp_ms,
            end_ms: pointer.timestamp_ms,
        };
        let columns = "fields @timestamp, @ingestionTime, @message, @logStream, @log";
        let answer = self.ask(columns, &pointer.group, window).await?;
        let is_it = |row: &&corelog_query::AnswerRow| {
            row.pointer.as_deref().and_then(self::pointer).as_ref() == Some(pointer)
        };
        let Some(row) = answer.rows.iter().find(is_it) else {
            return Ok(None);
        };
        let own = answer.columns.iter().zip(&row.values);
        let mut fields: Vec<(String, String)> = own
            .filter_map(|(name, value)| Some((name.clone(), value.clone()?)))
            .collect();
        if let Some(object) = row.values[2].as_deref().and_then(discover::object) {
            let found = discover::fields(&object).into_iter();
            let shown = found.filter_map(|(name, value)| Some((name, value.shown()?.into_owned())));
            fields.extend(shown);
        }
        Ok(Some(fields))
    }
}

/// Questions, answered on threads of their own: the work is heavy, and may be nested as deep as its text.
#[derive(Debug)]
pub(crate) struct Apart {
    questions: Arc<Questions>,
    on: Handle,
}

impl Apart {
    pub(crate) fn new(questions: Questions, on: Handle) -> Self {
        Self {
            questions: Arc::new(questions),
            on,
        }
    }

    /// Ends the work where it is no longer waited for.
    async fn there<T, F>(&self, work: impl FnOnce(Arc<Questions>) -> F) -> Result<T, QueryError>
    where
        F: Future<Output = Result<T, QueryError>> + Send + 'static,
        T: Send + 'static,
    {
        let work = self.on.spawn(work(Arc::clone(&self.questions)));
        let done = AbortOnDropHandle::new(work).await;
        done.map_err(|error| QueryError::Failed(Box::new(error)))?
    }
}

#[async_trait]
impl api::Engine for Apart {
    async fn check(&self, spec: &QuerySpec) -> Result<(), QueryError> {
        let spec = spec.clone();
        self.there(|it| async move { it.check(&spec).await }).await
    }

    async fn run(
        &self,
        spec: QuerySpec,
        _progress: Arc<dyn Progress>,
    ) -> Result<api::Answer, QueryError> {
        self.there(|it| async move { it.run(spec).await }).await
    }

    async fn explain(&self, spec: &QuerySpec) -> Result<Vec<(String, String)>, QueryError> {
        let spec = spec.clone();
        self.there(|it| async move { it.explain(&spec).await })
            .await
    }

    async fn estimate(&self, spec: &QuerySpec) -> Result<Estimate, QueryError> {
        let spec = spec.clone();
        self.there(|it| async move { it.estimate(&spec).await })
            .await
    }

    async fn fields(
        &self,
        group: &LogGroupName,
        start_ms: i64,
        end_ms: i64,
    ) -> Result<Vec<FieldShare>, QueryError> {
        let group = group.clone();
        let window = Window { start_ms, end_ms };
        self.there(|it| async move { it.fields(&group, window).await })
            .await
    }

    async fn record(
        &self,
        pointer: &EventPointer,
    ) -> Result<Option<Vec<(String, String)>>, QueryError> {
        let pointer = pointer.clone();
        self.there(|it| async move { it.record(&pointer).await })
            .await
    }
}

fn pointer(text: &str) -> Option<EventPointer> {
    let pointer = corelog_query::Pointer::read(text)?;
    Some(EventPointer {
        group: LogGroupName::new(pointer.group).ok()?,
        timestamp_ms: pointer.timestamp_ms,
        node: NodeId::from_u64(u64::from_str_radix(&pointer.node, 16).ok()?),
        sequence: Sequence::from_u64(u64::try_from(pointer.sequence).ok()?),
        part: u32::try_from(pointer.part).ok()?,
    })
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
