//! The port to whoever answers questions about log events.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use corelog_insights::Diagnostic;
use corelog_types::{EventPointer, LogGroupName, Timestamp};

/// A language that questions are asked in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// The language of Logs Insights.
    Insights,
    /// SQL, reading only.
    Sql,
}

impl Language {
    /// `CWLI` or `SQL`, as the service calls them.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Insights => "CWLI",
            Self::Sql => "SQL",
        }
    }
}

/// A question. What a caller wrote was checked: groups exist, saved queries stand in place of their calls, and text in
/// the language of Logs Insights can be parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuerySpec {
    /// The text's language.
    pub language: Language,
    /// The text, a `SOURCE` included.
    pub text: String,
    /// What is read, by name, each once: the groups of the request or of the text's own `SOURCE`. SQL may name others,
    /// or be the only one to name any.
    pub groups: Vec<LogGroupName>,
    /// The groups of every subquery's `SOURCE`, by the byte of `text` at which that command begins. A subquery without
    /// one reads [`Self::groups`].
    pub sources: BTreeMap<usize, Vec<LogGroupName>>,
    /// The first millisecond that is read.
    pub start_ms: i64,
    /// The last millisecond that is read.
    pub end_ms: i64,
    /// Rows at the most where the text has no limit of its own.
    pub limit: Option<u32>,
    /// When it was asked: what `now()` says.
    pub asked_at: Timestamp,
    /// Bytes that the rows of the answer may have, as [`Answer::bytes`] counts them.
    pub answer_bytes_max: u64,
}

/// Answers questions about log events.
#[async_trait]
pub trait Engine: Send + Sync + fmt::Debug {
    /// Whether the question can be answered at all: what text and groups alone tell, and quickly.
    ///
    /// # Errors
    /// What [`Engine::run`] would say before it reads anything.
    async fn check(&self, spec: &QuerySpec) -> Result<(), QueryError>;

    /// Answers to the end. What is known on the way goes to `progress`.
    ///
    /// # Cancel safety
    /// Dropping the future ends the work.
    async fn run(&self, spec: QuerySpec, progress: Arc<dyn Progress>)
    -> Result<Answer, QueryError>;

    /// What would be done, in parts with a title each, for people.
    async fn explain(&self, spec: &QuerySpec) -> Result<Vec<(String, String)>, QueryError>;

    /// How much would be read, from statistics alone.
    async fn estimate(&self, spec: &QuerySpec) -> Result<Estimate, QueryError>;

    /// The fields of a group's events from `start_ms` to `end_ms`, both included, in no order.
    async fn fields(
        &self,
        group: &LogGroupName,
        start_ms: i64,
        end_ms: i64,
    ) -> Result<Vec<FieldShare>, QueryError>;

    /// All fields of one event in the order of its document; `None` if there is no such event.
    async fn record(
        &self,
        pointer: &EventPointer,
    ) -> Result<Option<Vec<(String, String)>>, QueryError>;
}

/// What hears of a query while it runs. Each call replaces what was said before; calls are cheap, and a few a second
/// are enough.
pub trait Progress: Send + Sync + fmt::Debug {
    /// What was read so far.
    fn statistics(&self, statistics: Statistics);

    /// What the answer looks like so far.
    fn partial(&self, answer: Answer);
}

/// Rows, and what was read for them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// Names of the columns, in order.
    pub columns: Vec<String>,
    /// The rows, in order.
    pub rows: Vec<Row>,
    /// What was read.
    pub statistics: Statistics,
}

/// A row of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// A value for each column, as it prints; none where the row has none.
    pub values: Vec<Option<String>>,
    /// Where the event is, if the row is one.
    pub pointer: Option<EventPointer>,
}

impl Answer {
    /// About how much memory the rows take.
    pub fn bytes(&self) -> u64 {
        self.rows.iter().map(Row::bytes).sum()
    }
}

impl Row {
    /// About how much memory it takes.
    pub fn bytes(&self) -> u64 {
        let text: usize = self.values.iter().flatten().map(String::len).sum();
        let slots = self.values.len() * size_of::<Option<String>>();
        let pointer = self.pointer.as_ref();
        let pointer = pointer.map_or(0, |pointer| pointer.group.as_str().len());
        u64::try_from(text + slots + pointer + size_of::<Self>()).unwrap_or(u64::MAX)
    }
}

/// What was read for an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Events that passed the filters, before any aggregation.
    pub records_matched: u64,
    /// Events looked at.
    pub records_scanned: u64,
    /// Events that an index or statistics showed not to be needed.
    pub records_skipped: u64,
    /// Bytes of messages looked at.
    pub bytes_scanned: u64,
    /// Bytes of messages that were not needed.
    pub bytes_skipped: u64,
    /// Log groups read.
    pub groups_scanned: u64,
}

/// How much a query would read, and how much there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Estimate {
    /// What would be read.
    pub read: Amount,
    /// What the groups hold in all, whatever their age.
    pub of: Amount,
}

/// A part of what is stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount {
    /// Files.
    pub files: u64,
    /// Events.
    pub rows: u64,
    /// Bytes as stored; of events that are not stored yet, those of their messages.
    pub bytes: u64,
}

/// How many events have a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldShare {
    /// Its name.
    pub name: String,
    /// Of a hundred events, rounded; 0 ..= 100.
    pub percent: u8,
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// Its text cannot be used.
    #[error("{0}")]
    Malformed(Malformed),
    /// There is no such log group.
    #[error("log group `{0}` does not exist")]
    NoGroup(LogGroupName),
    /// This binary answers no questions.
    #[error("this Corelog was built without its query engine")]
    NoEngine,
    /// The rows of the answer are more than may be kept.
    #[error("the answer has more than {bytes_max} bytes")]
    AnswerTooLarge {
        /// How much may be kept.
        bytes_max: u64,
    },
    /// It needs more memory or disk than a query may have.
    #[error("the query needs more {0} than it may have")]
    Exhausted(&'static str),
    /// As many questions are being answered as may be at once.
    #[error("too many questions are being answered")]
    Busy,
    /// What it reads cannot be had now; asking again later may help.
    #[error("the events cannot be read now")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Something of ours failed.
    #[error("the query failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl QueryError {
    /// What may help, for people.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Malformed(malformed) => malformed.hint.as_deref(),
            Self::NoEngine => Some("use a build with the cargo feature `query`"),
            Self::AnswerTooLarge { .. } => {
                Some("ask for fewer rows with `limit`, or for single fields instead of @message")
            }
            Self::Busy => Some("try again in a moment"),
            Self::Exhausted(_) => Some("ask about less time, or for fewer groups and rows"),
            Self::Unavailable(_) => Some("try again; `corelog doctor` says how the store is"),
            Self::NoGroup(_) => None,
            Self::Failed(_) => Some("corelog's own log says more"),
        }
    }
}

/// What is wrong with a text, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// The message, in the service's words where these are known.
    pub message: String,
    /// The first character meant, counted from 0.
    pub start: usize,
    /// One past the last character meant.
    pub end: usize,
    /// What may have been meant.
    pub hint: Option<String>,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<&Diagnostic> for Malformed {
    fn from(diagnostic: &Diagnostic) -> Self {
        Self {
            message: diagnostic.to_string(),
            start: diagnostic.location.start_char_offset,
            end: diagnostic.location.end_char_offset,
            hint: diagnostic.hint.clone(),
        }
    }
}

impl From<&Diagnostic> for QueryError {
    fn from(diagnostic: &Diagnostic) -> Self {
        Self::Malformed(diagnostic.into())
    }
}

/// Nobody answers: what a binary without an engine has.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoEngine;

#[async_trait]
impl Engine for NoEngine {
    async fn check(&self, _spec: &QuerySpec) -> Result<(), QueryError> {
        Err(QueryError::NoEngine)
    }

    async fn run(
        &self,
        _spec: QuerySpec,
        _progress: Arc<dyn Progress>,
    ) -> Result<Answer, QueryError> {
        Err(QueryError::NoEngine)
    }

    async fn explain(&self, _spec: &QuerySpec) -> Result<Vec<(String, String)>, QueryError> {
        Err(QueryError::NoEngine)
    }

    async fn estimate(&self, _spec: &QuerySpec) -> Result<Estimate, QueryError> {
        Err(QueryError::NoEngine)
    }

    async fn fields(
        &self,
        _group: &LogGroupName,
        _start_ms: i64,
        _end_ms: i64,
    ) -> Result<Vec<FieldShare>, QueryError> {
        Err(QueryError::NoEngine)
    }

    async fn record(
        &self,
        _pointer: &EventPointer,
    ) -> Result<Option<Vec<(String, String)>>, QueryError> {
        Err(QueryError::NoEngine)
    }
}
