//! Questions in the language of Logs Insights: asked, waited for, and read.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartQuery.html>

use std::collections::BTreeMap;
use std::time::Duration;

use corelog_runtime::Clock;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::logs::Logs;

/// The log group that has every record.
pub(crate) const RECORDS: &str = "/corelog/invocations";
/// Rows of an answer at the most, as the service has it.
const ROWS_MAX: usize = 10_000;
/// Longer than any answer may take on a busy machine.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);
const PAUSE_MIN: Duration = Duration::from_millis(5);
const PAUSE_MAX: Duration = Duration::from_millis(100);

/// A row: its values by name.
pub(crate) type Row = BTreeMap<String, String>;

/// A time in whole seconds since 1970; both are included whole.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) from_s: u64,
    pub(crate) to_s: u64,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Why {
    #[error("nobody answers")]
    Gone,
    #[error("there is no query engine")]
    NoEngine,
    /// What it said.
    #[error("{0}")]
    Refused(String),
}

/// This second.
pub(crate) fn now_s() -> u64 {
    Clock::system().now().unix_ms() / 1_000
}

impl Logs {
    /// All rows of a question's answer.
    pub(crate) async fn rows(
        &mut self,
        text: &str,
        group: &str,
        window: Window,
    ) -> Result<Vec<Row>, Why> {
        let question = json!({
            "logGroupName": group, "startTime": window.from_s, "endTime": window.to_s,
            "queryString": text,
        });
        let asked = json!({"queryId": self.start(&question).await?});
        let until = Instant::now() + ANSWER_TIMEOUT;
        let mut pause = PAUSE_MIN;
        loop {
            let said = self.ask("GetQueryResults", &asked).await.ok_or(Why::Gone)?;
            match said.body["status"].as_str() {
                Some("Complete") => return Ok(rows_of(&said.body)),
                Some("Scheduled" | "Running") if Instant::now() < until => sleep(pause).await,
                status => return Err(Why::Refused(format!("{status:?} {}", said.exception()))),
            }
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// Starts a query, as soon as one more may be started.
    async fn start(&mut self, question: &Value) -> Result<String, Why> {
        loop {
            let said = self.ask("StartQuery", question).await.ok_or(Why::Gone)?;
            match said.exception() {
                "ThrottlingException" => sleep(PAUSE_MAX).await,
                "InvalidOperationException" => return Err(Why::NoEngine),
                exception => {
                    let id = said.body["queryId"].as_str().map(str::to_owned);
                    return id.ok_or_else(|| Why::Refused(exception.to_owned()));
                }
            }
        }
    }

    /// The values that a question finds in its one column, as often as it finds them. However many there are: a window
    /// with more than an answer may have is asked for in halves.
    pub(crate) async fn column(
        &mut self,
        text: &str,
        group: &str,
        window: Window,
    ) -> Result<Vec<String>, Why> {
        let mut found = Vec::new();
        let mut windows = vec![window];
        while let Some(window) = windows.pop() {
            let rows = self.rows(text, group, window).await?;
            if rows.len() < ROWS_MAX {
                let values = rows.into_iter().filter_map(|mut row| row.remove(COLUMN));
                found.extend(values);
                continue;
            }
            if window.from_s >= window.to_s {
                return Err(Why::Refused(format!("{ROWS_MAX} rows in one second")));
            }
            let middle = window.from_s.midpoint(window.to_s);
            for (from_s, to_s) in [(window.from_s, middle), (middle + 1, window.to_s)] {
                windows.push(Window { from_s, to_s });
            }
        }
        Ok(found)
    }
}

/// The name of the column that [`Logs::column`] reads.
const COLUMN: &str = "it";
/// Finds the ids of records.
pub(crate) const RECORD_IDS: &str = "fields corelog.recordId as it | limit 10000";
/// Finds what log events begin with.
pub(crate) const FIRST_WORDS: &str = r"parse @message /^(?<it>\S+)/ | display it | limit 10000";

fn rows_of(body: &Value) -> Vec<Row> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let pair = |field: &Value| (text(&field["field"]), text(&field["value"]));
    let row = |fields: &Value| fields.as_array().into_iter().flatten().map(pair).collect();
    let rows = body["results"].as_array().into_iter().flatten();
    rows.map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_their_values_by_name() {
        let body = json!({"results": [
            [{"field": "it", "value": "1"}, {"field": "@ptr", "value": "p"}],
            [],
        ]});
        let row = [("it", "1"), ("@ptr", "p")];
        let row = row.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(rows_of(&body), [Row::from(row), Row::new()]);
        assert!(rows_of(&Value::Null).is_empty());
    }
}
