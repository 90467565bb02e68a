//! `GetQueryResults`.

use corelog_wire::logs::shapes::{
    GetQueryResultsRequest, GetQueryResultsResponse, QueryStatistics, ResultField,
};

use super::queries::{Job, Status};
use super::{Row, Statistics, arn};
use crate::aws::{Context, Effect, Fault, Operation, Token};

/// Rows of a page. Source: the API reference of `GetQueryResults`.
const PAGE_ROWS: usize = 10_000;
/// How long a token is good for. Source: the same.
const TOKEN_MS: u64 = 60 * 60 * 1_000;
/// The column of pointers.
const POINTER: &str = "@ptr";

pub(crate) struct GetQueryResults;

impl Operation for GetQueryResults {
    const NAME: &'static str = "GetQueryResults";
    const EFFECT: Effect = Effect::Reads;
    type Input = GetQueryResultsRequest;
    type Output = GetQueryResultsResponse;

    fn on(_input: &GetQueryResultsRequest, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(arn::of_account(cx.account()))
    }

    /// A page of what is known. Only of a query that is complete are there more pages: before, rows may still change
    /// their places.
    async fn run(
        input: GetQueryResultsRequest,
        cx: &Context<'_>,
    ) -> Result<GetQueryResultsResponse, Fault> {
        let now_ms = cx.now().unix_ms();
        let from = place(&input, now_ms)?;
        let job = cx.queries().find(&input.query_id);
        let job = job.ok_or_else(|| missing(&input.query_id))?;
        let most = input.max_items.and_then(|most| usize::try_from(most).ok());
        let most = most.unwrap_or(PAGE_ROWS);
        let rows = &job.answer.rows;
        let page = rows.iter().skip(from).take(most);
        let page: Vec<_> = page.map(|row| shown(&job.answer.columns, row)).collect();
        let to = from + page.len();
        let has_more = job.status == Status::Complete && to < rows.len() && to > from;
        let next_token = has_more.then(|| {
            let parts = [input.query_id.clone(), now_ms.to_string(), to.to_string()];
            Token(parts).write(Self::NAME)
        });
        Ok(GetQueryResultsResponse {
            query_language: Some(job.asked.spec.language.as_str().to_owned()),
            statistics: Some(statistics(job.statistics, rows.len())),
            status: Some(job.status.as_str().to_owned()),
            results: Some(page),
            encryption_key: None,
            next_token,
        })
    }
}

/// There is no such query, or it was let go.
pub(super) fn missing(id: &str) -> Fault {
    Fault::not_found(format!("The query {id} does not exist."))
}

/// The row at which a page begins.
fn place(input: &GetQueryResultsRequest, now_ms: u64) -> Result<usize, Fault> {
    let token = Token::<3>::read(GetQueryResults::NAME, input.next_token.as_deref())?;
    let Some(Token([id, made_ms, from])) = token else {
        return Ok(0);
    };
    let made_ms = made_ms.parse::<u64>().ok();
    let is_fresh = made_ms.is_some_and(|made| made.saturating_add(TOKEN_MS) >= now_ms);
    let from = from.parse().ok();
    from.filter(|_| is_fresh && id == input.query_id)
        .ok_or_else(|| Fault::invalid_parameter("The specified nextToken is invalid."))
}

/// What a row has, in the order of the columns. The pointer is last, whether it was asked for or not.
fn shown(columns: &[String], row: &Row) -> Vec<ResultField> {
    let pair = |(name, value): (&String, &Option<String>)| {
        let value = value.clone()?;
        Some(field(name, value))
    };
    let pairs = columns.iter().zip(&row.values);
    let mut fields: Vec<ResultField> = pairs.filter_map(pair).collect();
    if let Some(pointer) = &row.pointer {
        fields.retain(|field| field.field.as_deref() != Some(POINTER));
        fields.push(field(POINTER, pointer.to_string()));
    }
    fields
}

fn field(name: &str, value: String) -> ResultField {
    ResultField {
        field: Some(name.to_owned()),
        value: Some(value),
    }
}

/// The numbers of the service are floating-point.
pub(crate) fn statistics(read: Statistics, rows: usize) -> QueryStatistics {
    #[expect(
        clippy::cast_precision_loss,
        reason = "the wire has doubles, and counts stay far below 2^53"
    )]
    let number = |count: u64| Some(count as f64);
    QueryStatistics {
        records_matched: number(read.records_matched),
        records_scanned: number(read.records_scanned),
        estimated_records_skipped: number(read.records_skipped),
        bytes_scanned: number(read.bytes_scanned),
        estimated_bytes_skipped: number(read.bytes_skipped),
        log_groups_scanned: number(read.groups_scanned),
        result_count: number(u64::try_from(rows).unwrap_or(u64::MAX)),
    }
}

/// What a finished query is told apart by, for our own operations.
pub(crate) fn statistics_of(job: &Job) -> QueryStatistics {
    statistics(job.statistics, job.answer.rows.len())
}
