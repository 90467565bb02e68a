//! A statement whose rows another command reads, all of them.

use anyhow::Context as _;
use serde_json::{Value, json};

use super::ask::{Language, asked, refused};
use super::rows::Row;
use super::{job, rows};
use crate::client::Client;
use crate::failure::Failure;

/// The most rows that an answer has.
const ROWS_MAX: usize = 10_000;

/// The time that is asked about, in seconds since the epoch, both included; and the log groups, none for that of the
/// records.
#[derive(Debug, Clone)]
pub(in crate::commands) struct Scope {
    pub(in crate::commands) since: u64,
    pub(in crate::commands) until: u64,
    pub(in crate::commands) groups: Vec<String>,
}

impl Scope {
    /// The same, with the groups that the server takes where nobody named any.
    pub(in crate::commands) fn settled(mut self, client: &Client) -> anyhow::Result<Self> {
        if self.groups.is_empty() {
            let request = json!({
                "queryString": "limit 1", "queryLanguage": Language::Cwli.as_str(),
                "startTime": self.since, "endTime": self.until,
            });
            let checked = asked(client, "check", &request)?;
            let groups = checked["logGroups"].as_array().into_iter().flatten();
            self.groups = groups
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect();
        }
        Ok(self)
    }

    /// What stands behind `FROM`.
    pub(in crate::commands) fn table(&self) -> String {
        let groups: Vec<_> = self.groups.iter().map(|it| format!("'{it}'")).collect();
        format!("`logGroups(logGroupIdentifier:[{}])`", groups.join(", "))
    }
}

/// Every row of a statement; `None` once the user has it stopped.
pub(in crate::commands) fn rows_of(
    client: &Client,
    statement: &str,
    scope: &Scope,
) -> anyhow::Result<Option<Vec<Row>>> {
    let request = json!({
        "queryString": statement, "queryLanguage": Language::Sql.as_str(),
        "startTime": scope.since, "endTime": scope.until, "limit": ROWS_MAX,
    });
    let started = client.logs("StartQuery", &request)?;
    let started = started.map_err(|refusal| refused(client, &refusal))?;
    let id = started.get("queryId").and_then(Value::as_str);
    let id = id.context("the server gave the query no id")?;
    let Some(done) = job::wait(client, id)? else {
        return Ok(None);
    };
    let all = rows::all(client, &done)?;
    if all.len() >= ROWS_MAX {
        return Err(
            Failure::new("there are more groups of calls than an answer has room for")
                .hint("ask about less time with `--since` and `--until`")
                .into(),
        );
    }
    Ok(Some(all))
}
