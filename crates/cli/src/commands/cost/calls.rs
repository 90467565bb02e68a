//! What records say of costs, added up by the server.

use corelog_prices::{Absent, Amount};
use corelog_types::Timestamp;
use serde_json::Value;

use super::by::{By, field};
use crate::client::Client;
use crate::commands::query::{Row, Scope, rows_of};

/// The operations that are calls of models: all others cost nothing by themselves.
const OPERATIONS: [&str; 17] = [
    "InvokeModel",
    "InvokeModelWithResponseStream",
    "InvokeModelWithBidirectionalStream",
    "Converse",
    "ConverseStream",
    "StartAsyncInvoke",
    "ChatCompletions",
    "Completions",
    "Responses",
    "Embeddings",
    "ImageGeneration",
    "Speech",
    "Transcription",
    "Moderations",
    "Rerank",
    "Messages",
    "GenerateContent",
];

/// Why calls have no cost that were recorded before records had any.
const NOT_RECORDED: &str = "not_recorded";

/// Why calls have no cost that failed before anything was counted. Nobody is known to bill for them.
pub(super) const FAILED: &str = Absent::Failed.as_str();

/// Calls that are alike.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Group {
    /// What they are added up by; none where they do not say it.
    pub(super) key: Option<String>,
    pub(super) model: Option<String>,
    pub(super) currency: Option<String>,
    pub(super) calls: u64,
    pub(super) amount: Amount,
    /// Those of `calls` that have no cost, and why.
    pub(super) unpriced: u64,
    pub(super) why: Option<String>,
    pub(super) input: u64,
    pub(super) cache_read: u64,
    pub(super) cache_write: u64,
    pub(super) output: u64,
}

impl Group {
    /// Those of `calls` that have no cost and may have cost something.
    pub(super) fn unknown(&self) -> u64 {
        match self.why.as_deref() {
            Some(FAILED) => 0,
            _ => self.unpriced,
        }
    }
}

/// A count that a record may have, as a number.
pub(super) fn number(name: &str) -> String {
    format!("TRY_CAST({} AS BIGINT)", field(name))
}

/// Which records are calls of models.
pub(super) fn are_calls() -> String {
    let names: Vec<_> = OPERATIONS.iter().map(|name| format!("'{name}'")).collect();
    let (operation, amount, absent) = (
        field("operation"),
        field("corelog.cost.amount"),
        field("corelog.cost.absent"),
    );
    format!(
        "({operation} IN ({}) OR {amount} IS NOT NULL OR {absent} IS NOT NULL)",
        names.join(", ")
    )
}

/// The statement that adds up; `condition` is one more that records must meet.
fn statement(by: &By, scope: &Scope, condition: Option<&str>) -> String {
    let amount = field("corelog.cost.amount");
    let and = condition.map_or(String::new(), |it| format!(" AND {it}"));
    format!(
        "SELECT {key} AS k, {model} AS model, {absent} AS absent, {currency} AS currency, COUNT(*) AS calls, \
         COUNT({amount}) AS priced, CAST(SUM(TRY_CAST({amount} AS DECIMAL(38, 12))) AS VARCHAR) AS amount, \
         SUM({input}) AS input, SUM({read}) AS cache_read, SUM({write}) AS cache_write, SUM({output}) AS output \
         FROM {table} WHERE {calls}{and} GROUP BY 1, 2, 3, 4",
        key = by.sql(),
        model = field("modelId"),
        absent = field("corelog.cost.absent"),
        currency = field("corelog.cost.currency"),
        input = number("input.inputTokenCount"),
        read = number("input.cacheReadInputTokenCount"),
        write = number("input.cacheWriteInputTokenCount"),
        output = number("output.outputTokenCount"),
        table = scope.table(),
        calls = are_calls(),
    )
}

/// The costs that records say; `None` once the user has it stopped.
pub(super) fn groups(
    client: &Client,
    by: &By,
    scope: &Scope,
) -> anyhow::Result<Option<Vec<Group>>> {
    groups_where(client, by, scope, None)
}

/// As [`groups`], of records that meet a condition.
pub(super) fn groups_where(
    client: &Client,
    by: &By,
    scope: &Scope,
    condition: Option<&str>,
) -> anyhow::Result<Option<Vec<Group>>> {
    let rows = rows_of(client, &statement(by, scope, condition), scope)?;
    Ok(rows.map(|rows| rows.iter().map(group).collect()))
}

/// When the first of these calls was made, or `otherwise` if there are none.
pub(super) fn first_call(
    client: &Client,
    scope: &Scope,
    condition: Option<&str>,
    otherwise: Timestamp,
) -> anyhow::Result<Option<Timestamp>> {
    let and = condition.map_or(String::new(), |it| format!(" AND {it}"));
    let sql = format!(
        "SELECT CAST(extract(epoch FROM MIN(\"@timestamp\")) AS BIGINT) AS first FROM {} WHERE {}{and}",
        scope.table(),
        are_calls()
    );
    let second = |row: &Row| said(row, "first").and_then(|text| text.parse::<u64>().ok());
    let rows = rows_of(client, &sql, scope)?;
    let first = |rows: Vec<Row>| {
        let second = rows.first().and_then(second);
        second.map_or(otherwise, |second| Timestamp::from_unix_ms(second * 1_000))
    };
    Ok(rows.map(first))
}

/// Whether there is any of these calls.
pub(super) fn is_any(
    client: &Client,
    scope: &Scope,
    condition: Option<&str>,
) -> anyhow::Result<Option<bool>> {
    let and = condition.map_or(String::new(), |it| format!(" AND {it}"));
    let (table, calls) = (scope.table(), are_calls());
    let sql = format!("SELECT 1 AS one FROM {table} WHERE {calls}{and} LIMIT 1");
    let rows = rows_of(client, &sql, scope)?;
    Ok(rows.map(|rows| !rows.is_empty()))
}

fn group(row: &Row) -> Group {
    let (calls, priced) = (count(row, "calls"), count(row, "priced"));
    let unpriced = calls.saturating_sub(priced);
    let why = || said(row, "absent").unwrap_or_else(|| NOT_RECORDED.to_owned());
    Group {
        key: said(row, "k"),
        model: said(row, "model"),
        currency: said(row, "currency"),
        calls,
        amount: said(row, "amount")
            .and_then(|text| text.parse().ok())
            .unwrap_or_default(),
        unpriced,
        why: (unpriced > 0).then(why),
        input: count(row, "input"),
        cache_read: count(row, "cache_read"),
        cache_write: count(row, "cache_write"),
        output: count(row, "output"),
    }
}

/// The value of a column, where there is one.
pub(super) fn said(row: &Row, column: &str) -> Option<String> {
    row.get(column).and_then(Value::as_str).map(str::to_owned)
}

/// The number in a column; none is none.
pub(super) fn count(row: &Row, column: &str) -> u64 {
    said(row, column)
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: &[(&str, &str)]) -> Row {
        let pairs = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
        pairs.collect()
    }

    #[test]
    fn calls_without_a_cost_are_counted_and_never_added() {
        let priced = group(&row(&[
            ("k", "m"),
            ("calls", "3"),
            ("priced", "3"),
            ("amount", "0.005615000000"),
        ]));
        assert_eq!(priced.amount.to_string(), "0.005615");
        assert_eq!((priced.unpriced, priced.why), (0, None));
        let unpriced = group(&row(&[
            ("calls", "2"),
            ("priced", "0"),
            ("absent", "no_price"),
        ]));
        assert_eq!(unpriced.amount, Amount::ZERO);
        assert_eq!(
            (unpriced.unpriced, unpriced.why.as_deref()),
            (2, Some("no_price"))
        );
        assert_eq!(unpriced.unknown(), 2);
        let failed = group(&row(&[("calls", "2"), ("priced", "0"), ("absent", FAILED)]));
        assert_eq!((failed.unpriced, failed.unknown()), (2, 0));
        let before = group(&row(&[("calls", "2"), ("priced", "0")]));
        assert_eq!(before.why.as_deref(), Some(NOT_RECORDED));
    }
}
