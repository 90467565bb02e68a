//! A query at the server: waiting for its end, stopping it, and the pages of its rows.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::{Value, json};

use super::interrupt::Interrupt;
use crate::client::{Client, Found};
use crate::failure::Failure;
use crate::printer::cell::{bytes, count, milliseconds, safe};
use crate::printer::progress::ProgressLine;

/// The exit code of what Ctrl-C ended, as shells have it.
pub(in crate::commands) const INTERRUPTED: u8 = 130;
/// The first pause between two looks; each is twice the one before.
const PAUSE_MIN: Duration = Duration::from_millis(5);
const PAUSE_MAX: Duration = Duration::from_millis(400);
/// A query that takes longer says how far it is.
const QUIET: Duration = Duration::from_millis(700);
/// Rows of a page.
const PAGE_ROWS: u32 = 1_000;

/// A query that is complete.
pub(super) struct Done {
    pub(super) id: String,
    pub(super) columns: Vec<String>,
    ran_ms: f64,
    statistics: Value,
}

/// Waits for the query's end; `None` once the user has it stopped.
pub(super) fn wait(client: &Client, id: &str) -> anyhow::Result<Option<Done>> {
    let mut interrupt = Interrupt::new().context("signals cannot be caught")?;
    let mut progress = ProgressLine::of_stderr();
    let began = Instant::now();
    let mut pause = PAUSE_MIN;
    loop {
        let state = state(client, id)?;
        match state["status"].as_str() {
            Some("Scheduled" | "Running") => {}
            Some("Complete") => return Ok(Some(done(id, &state))),
            other => return Err(not_done(other, &state).into()),
        }
        if began.elapsed() >= QUIET {
            progress.show(&so_far(&state));
        }
        if interrupt.pause(pause) {
            drop(progress);
            // It may have ended by itself by now, which is as good.
            let _ = client.logs("StopQuery", &json!({"queryId": id}))?;
            return Ok(None);
        }
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

fn state(client: &Client, id: &str) -> anyhow::Result<Value> {
    match client.json(&format!("/corelog/v1/queries/{id}"))? {
        Found::Yes(state) => Ok(state),
        Found::No(failure) => Err(failure.into()),
    }
}

fn done(id: &str, state: &Value) -> Done {
    let columns = state["columns"].as_array().into_iter().flatten();
    Done {
        id: id.to_owned(),
        columns: columns
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        ran_ms: state["ranMs"].as_f64().unwrap_or(0.0),
        statistics: state["statistics"].clone(),
    }
}

/// Why it did not come to its end.
fn not_done(status: Option<&str>, state: &Value) -> Failure {
    let said = |name: &str| state["error"][name].as_str().map(safe);
    match status {
        Some("Timeout") => Failure::new("the query ran for an hour and was ended")
            .hint("ask about less time, or for fewer groups"),
        Some("Cancelled") => Failure::new("the query was stopped by somebody else"),
        _ => {
            let failure = Failure::new(said("message").unwrap_or("the query failed".to_owned()));
            match said("hint").filter(|hint| !hint.is_empty()) {
                Some(hint) => failure.hint(hint),
                None => failure,
            }
        }
    }
}

/// How far a query is.
fn so_far(state: &Value) -> String {
    let ran = milliseconds(state["ranMs"].as_f64().unwrap_or(0.0));
    if state["status"] == "Scheduled" {
        return "waiting for other queries to end · Ctrl-C stops it".to_owned();
    }
    let of = |name| number(&state["statistics"], name);
    format!(
        "{ran} · {} events, {} · {} matched · Ctrl-C stops it",
        count(of("recordsScanned")),
        bytes(of("bytesScanned")),
        count(of("recordsMatched")),
    )
}

/// Statistics are floating-point numbers on the wire, and whole.
fn number(statistics: &Value, name: &str) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast of floats saturates, and these are counts"
    )]
    let number = statistics[name].as_f64().unwrap_or(0.0) as u64;
    number
}

impl Done {
    pub(super) fn scanned(&self) -> u64 {
        number(&self.statistics, "recordsScanned")
    }

    /// What the rows have cost, in a line.
    pub(super) fn summary(&self, rows: usize) -> String {
        let of = |name| number(&self.statistics, name);
        let plural = if rows == 1 { "" } else { "s" };
        format!(
            "{} row{plural} · {} of {} events matched · {} read · {}",
            count(u64::try_from(rows).unwrap_or(u64::MAX)),
            count(of("recordsMatched")),
            count(of("recordsScanned")),
            bytes(of("bytesScanned")),
            milliseconds(self.ran_ms),
        )
    }

    /// Calls `page` for one page of rows after the other. A row is a list of `field` and `value`.
    pub(super) fn pages(
        &self,
        client: &Client,
        mut page: impl FnMut(Vec<Value>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut request = json!({"queryId": self.id, "maxItems": PAGE_ROWS});
        loop {
            let answer = client.logs("GetQueryResults", &request)?;
            let mut answer = answer.map_err(|refusal| refusal.failure)?;
            if let Value::Array(rows) = answer["results"].take() {
                page(rows)?;
            }
            match answer["nextToken"].take() {
                Value::Null => return Ok(()),
                token => request["nextToken"] = token,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_and_cost_are_a_line_each() {
        let state = json!({
            "status": "Running", "ranMs": 3_200, "columns": ["n"],
            "statistics": {"recordsScanned": 120_000.0, "bytesScanned": 1_234_000.0, "recordsMatched": 42.0},
        });
        assert_eq!(
            so_far(&state),
            "3200 ms · 120,000 events, 1.2 MB · 42 matched · Ctrl-C stops it"
        );
        assert_eq!(
            done("x", &state).summary(1),
            "1 row · 42 of 120,000 events matched · 1.2 MB read · 3200 ms"
        );
        let waits = json!({"status": "Scheduled"});
        assert_eq!(
            so_far(&waits),
            "waiting for other queries to end · Ctrl-C stops it"
        );
    }
}
