//! The queries of log alarms: taken as `StartQuery` would take them, and answered beside those that were started.
//!
//! They are not among the queries that `DescribeQueries` shows, which would be pushed out by alarms of every minute.

use async_trait::async_trait;
use corelog_access::Caller;
use corelog_alarms::{CONTRIBUTORS_MAX, Contribution, LINE_CHARS_MAX, LogAlarm, ScheduledQuery};
use corelog_insights::CommandKind;
use corelog_types::Timestamp;
use corelog_watch::{LogQueries, Unanswered};
use corelog_wire::logs::shapes::StartQueryRequest;
use serde_json::{Map, Value};

use super::ask::{self, Refused};
use super::{Answer, Progress, QueryError, QuerySpec, Row, Statistics};
use crate::Api;
use crate::aws::{Context, Fault, Kind};

/// What alarms call themselves where a query says who asks.
const CALLER: &str = "alarms";
/// Bytes of an answer: some hundreds of values, or some tens of log events.
const ANSWER_BYTES_MAX: u64 = 8 << 20;
const MESSAGE: &str = "@message";
/// What the beginning of a message is called.
const LINE: &str = "logLine";

/// The queries of log alarms.
#[derive(Debug, Clone)]
pub struct ScheduledQueries {
    api: Api,
    caller: Caller,
}

impl ScheduledQueries {
    /// Those that are answered by whoever answers the API's.
    pub fn new(api: Api) -> Self {
        let caller = Caller {
            name: Some(CALLER.to_owned()),
            ..Caller::default()
        };
        Self { api, caller }
    }

    async fn answer(
        &self,
        query: &ScheduledQuery,
        text: String,
        at: Timestamp,
        rows: u32,
    ) -> Result<Answer, Unanswered> {
        let cx = Context::new(&self.api, &self.caller);
        let taken = take(query, text, at, rows, &cx).await;
        let spec = taken.map_err(|refused| unanswered(&refused))?;
        let answer = self.api.queries().aside(spec).await;
        answer.map_err(|error| unanswered(&Refused::Query(error)))
    }
}

#[async_trait]
impl LogQueries for ScheduledQueries {
    async fn values(
        &self,
        query: &ScheduledQuery,
        at: Timestamp,
    ) -> Result<Vec<Contribution>, Unanswered> {
        // One more than are looked at, so that it shows that there are more.
        let rows = u32::try_from(CONTRIBUTORS_MAX + 1).unwrap_or(u32::MAX);
        let answer = self.answer(query, query.whole(), at, rows).await?;
        contributions(&answer, &groups(&query.aggregation))
    }

    async fn lines(
        &self,
        query: &ScheduledQuery,
        at: Timestamp,
        count: u32,
    ) -> Result<Vec<String>, Unanswered> {
        let text = lines_text(query, count);
        let answer = self.answer(query, text, at, count).await?;
        let rows = answer.rows.iter();
        Ok(rows.map(|row| line(&answer.columns, row)).collect())
    }
}

/// Refuses a query that could never be answered: better than an alarm that never fires.
pub(crate) async fn check(alarm: &LogAlarm, cx: &Context<'_>) -> Result<(), Fault> {
    let query = &alarm.query;
    let lines = alarm.line_count.filter(|count| *count > 0);
    let lines = lines.map(|count| lines_text(query, count));
    for text in [query.whole()].into_iter().chain(lines) {
        let taken = take(query, text, cx.now(), 1, cx).await;
        if let Err(refused) = taken {
            return Err(match unanswered(&refused) {
                Unanswered::Failed(why) => Fault::new(Kind::ServiceUnavailable, why),
                Unanswered::Wrong(why) => Fault::new(
                    Kind::Validation,
                    format!("The query of the alarm cannot be executed: {why}"),
                ),
            });
        }
    }
    Ok(())
}

/// What a request is about, for who may ask it.
pub(crate) fn on(query: &ScheduledQuery, cx: &Context<'_>) -> Result<String, Fault> {
    ask::on(&request(query, query.whole(), cx.now(), 1), cx)
}

async fn take(
    query: &ScheduledQuery,
    text: String,
    at: Timestamp,
    rows: u32,
    cx: &Context<'_>,
) -> Result<QuerySpec, Refused> {
    let request = request(query, text, at, rows);
    let taken = ask::take(&request, None, cx).await;
    let mut spec = taken.map_err(|(refused, _)| refused)?.asked.spec;
    spec.asked_at = at;
    spec.answer_bytes_max = spec.answer_bytes_max.min(ANSWER_BYTES_MAX);
    // To the millisecond, so that no event is in two executions, unless the text says which times it reads.
    let (start_ms, end_ms) = times(query, at);
    if spec.start_ms == request.start_time.saturating_mul(1_000) {
        spec.start_ms = start_ms;
    }
    if spec.end_ms / 1_000 == request.end_time {
        spec.end_ms = end_ms;
    }
    Ok(spec)
}

/// The first and the last millisecond that an execution is about.
fn times(query: &ScheduledQuery, at: Timestamp) -> (i64, i64) {
    let at_ms = i64::try_from(at.unix_ms()).unwrap_or(i64::MAX);
    let before = |seconds: u32| at_ms.saturating_sub(i64::from(seconds) * 1_000);
    let end = query.end_offset_seconds.unwrap_or(0);
    (before(query.start_offset_seconds), before(end) - 1)
}

fn request(query: &ScheduledQuery, text: String, at: Timestamp, rows: u32) -> StartQueryRequest {
    let (start_ms, end_ms) = times(query, at);
    let named = (!query.log_groups.is_empty()).then(|| query.log_groups.clone());
    StartQueryRequest {
        query_string: text,
        log_group_identifiers: named,
        start_time: start_ms.div_euclid(1_000),
        end_time: end_ms.div_euclid(1_000),
        limit: Some(i64::from(rows)),
        ..StartQueryRequest::default()
    }
}

fn said(refused: &Refused) -> String {
    match refused {
        Refused::Query(error) => error.to_string(),
        Refused::Fault(fault) => fault.message().to_owned(),
    }
}

/// Whether somebody has to change the query, or trying again may do.
fn unanswered(refused: &Refused) -> Unanswered {
    let passes = match refused {
        Refused::Query(error) => match error {
            QueryError::Busy | QueryError::Unavailable(_) | QueryError::Failed(_) => true,
            QueryError::Malformed(_)
            | QueryError::NoGroup(_)
            | QueryError::NoEngine
            | QueryError::AnswerTooLarge { .. }
            | QueryError::Exhausted(_) => false,
        },
        Refused::Fault(fault) => fault.status() >= 500,
    };
    if passes {
        Unanswered::Failed(said(refused))
    } else {
        Unanswered::Wrong(said(refused))
    }
}

/// The names of the columns that an aggregation groups by.
fn groups(aggregation: &str) -> Vec<String> {
    let parsed = corelog_insights::parse(&format!("stats {aggregation}"));
    let first = parsed
        .ok()
        .and_then(|query| query.commands.into_iter().next());
    match first.map(|command| command.kind) {
        Some(CommandKind::Stats(stats)) => stats.by.into_iter().map(|item| item.name).collect(),
        _ => Vec::new(),
    }
}

/// The text that finds log events: of whole messages, which may have megabytes, no more than is shown.
fn lines_text(query: &ScheduledQuery, count: u32) -> String {
    let text = query.lines(count);
    let parsed = corelog_insights::parse(&text);
    let keeps_messages = parsed.is_ok_and(|parsed| {
        let mut commands = parsed.commands.iter();
        commands.all(|command| {
            matches!(
                command.kind,
                CommandKind::Fields(_)
                    | CommandKind::Filter(_)
                    | CommandKind::FilterIndex(_)
                    | CommandKind::Parse(_)
                    | CommandKind::Json { .. }
                    | CommandKind::Sort(_)
                    | CommandKind::Limit(_)
                    | CommandKind::Dedup(_)
                    | CommandKind::Source(_)
            )
        })
    });
    if keeps_messages {
        format!("{text} | display substr({MESSAGE}, 0, {LINE_CHARS_MAX}) as {LINE}")
    } else {
        text
    }
}

/// A value for each row.
///
/// Decision: the first column that is a number and not grouped by; the service does not say which of several counts.
fn contributions(answer: &Answer, groups: &[String]) -> Result<Vec<Contribution>, Unanswered> {
    let found = values(answer, groups);
    let is_other = |column: &String| !groups.contains(column);
    let has_texts = answer.rows.iter().any(|row| {
        let mut cells = answer.columns.iter().zip(&row.values);
        cells.any(|(column, cell)| is_other(column) && cell.is_some())
    });
    if found.is_empty() && has_texts {
        let text = "its aggregation gives no number";
        return Err(Unanswered::Wrong(text.to_owned()));
    }
    Ok(found)
}

fn values(answer: &Answer, groups: &[String]) -> Vec<Contribution> {
    let is_group = |column: &String| groups.contains(column);
    let rows = answer.rows.iter();
    let contribution = |row: &Row| {
        let cells = || answer.columns.iter().zip(&row.values);
        let mut values = cells().filter(|(column, _)| !is_group(column));
        let value = values.find_map(|(_, cell)| cell.as_ref()?.parse::<f64>().ok())?;
        let named = cells().filter(|(column, _)| is_group(column));
        let named: Vec<String> = named
            .map(|(column, cell)| format!("{column}={}", cell.as_deref().unwrap_or_default()))
            .collect();
        Some(Contribution {
            of: named.join(", "),
            value,
        })
    };
    rows.filter_map(contribution).collect()
}

/// A log event: its message, or what the query made of it.
fn line(columns: &[String], row: &Row) -> String {
    let cells = || columns.iter().zip(&row.values);
    let message = cells().find(|(column, _)| *column == LINE || *column == MESSAGE);
    if let Some((_, Some(message))) = message {
        return message.clone();
    }
    let cells = cells().filter_map(|(column, cell)| Some((column.clone(), cell.clone()?)));
    let fields: Map<String, Value> = cells
        .map(|(column, cell)| (column, Value::from(cell)))
        .collect();
    Value::Object(fields).to_string()
}

/// Nobody looks on.
#[derive(Debug)]
pub(super) struct Unseen;

impl Progress for Unseen {
    fn statistics(&self, _: Statistics) {}

    fn partial(&self, _: Answer) {}
}
