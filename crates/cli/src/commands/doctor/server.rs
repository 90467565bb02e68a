//! What the running server says of itself.

use std::path::Path;

use serde_json::Value;

use super::{Finding, State};
use crate::client::Client;
use crate::printer::cell::{ABSENT, bytes, count, count_at, milliseconds, safe, text_at};

/// Asks the server. `spool` is where the configuration at hand has its own, if there is one.
pub(super) fn look(client: &Client, spool: Option<&Path>) -> Vec<Finding> {
    match client.needed_json("/corelog/v1/status") {
        Ok(status) => {
            let mut findings = judge(&status, client.base());
            findings.extend(spool.and_then(|spool| elsewhere(&status, spool)));
            findings
        }
        Err(error) => {
            let finding = Finding::new("server", State::Warn, format!("{error:#}"));
            vec![finding.hint(
                "start it with `corelog up`, or name it with `--url`; `--offline` skips this",
            )]
        }
    }
}

fn judge(status: &Value, base: &str) -> Vec<Finding> {
    let known = |pointer: &str| text_at(status, pointer).unwrap_or_else(|| ABSENT.to_owned());
    let message = format!(
        "{} at {base}, node {}, up since {}",
        known("/version"),
        known("/node"),
        known("/started")
    );
    let mut findings = vec![Finding::new("server", State::Ok, message), spool(status)];
    for destination in status
        .get("destinations")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        findings.push(judge_destination(destination));
    }
    for warning in status
        .get("warnings")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        findings.push(Finding::new(
            "server",
            State::Warn,
            safe(warning.as_str().unwrap_or_default()),
        ));
    }
    findings
}

/// What to say where the server on this machine works in another directory than the configuration at hand names: then
/// the checks of this machine looked at the wrong one.
fn elsewhere(status: &Value, spool: &Path) -> Option<Finding> {
    let dir = Path::new(status.pointer("/spool/dir")?.as_str()?);
    // A directory that is not here is another machine's.
    let theirs = dir.canonicalize().ok()?;
    if spool.canonicalize().is_ok_and(|ours| ours == theirs) {
        return None;
    }
    let message = format!(
        "works in {}, and the configuration at hand in {}",
        safe(&dir.display().to_string()),
        safe(&spool.display().to_string())
    );
    let hint = "give `corelog doctor` the `--config`, `--data` and `CORELOG_*` that the server was started with";
    Some(Finding::new("server", State::Warn, message).hint(hint))
}

fn spool(status: &Value) -> Finding {
    let number = |pointer: &str| status.pointer(pointer).and_then(Value::as_u64);
    let size = |pointer: &str| number(pointer).map_or_else(|| ABSENT.to_owned(), bytes);
    let message = format!(
        "{} of {} used, last durable record {}",
        size("/spool/bytes"),
        size("/spool/bytesMax"),
        count_at(status, "/spool/durableSequence").unwrap_or_else(|| ABSENT.to_owned()),
    );
    if status.pointer("/spool/accepting").and_then(Value::as_bool) == Some(false) {
        let hint = "free disk space, raise `spool.bytes_max`, or repair the destinations that hold records back";
        return Finding::new(
            "spool",
            State::Fail,
            format!("takes no more records; {message}"),
        )
        .hint(hint);
    }
    let nearly = match (number("/spool/bytes"), number("/spool/bytesMax")) {
        (Some(used), Some(max)) => used > max / 10 * 8,
        _ => false,
    };
    if nearly {
        let hint = "look at the destinations below, or raise `spool.bytes_max`";
        return Finding::new("spool", State::Warn, format!("is nearly full; {message}")).hint(hint);
    }
    Finding::new("spool", State::Ok, message)
}

fn judge_destination(destination: &Value) -> Finding {
    let number = |name: &str| destination.get(name).and_then(Value::as_u64).unwrap_or(0);
    let name = text_at(destination, "/name").unwrap_or_default();
    let location = text_at(destination, "/location").unwrap_or_default();
    let backlog = number("backlog");
    let age = destination
        .get("oldestAgeMs")
        .and_then(Value::as_f64)
        .map(milliseconds)
        .unwrap_or_default();
    let waiting = match backlog {
        0 => "everything delivered".to_owned(),
        backlog => format!("{} waiting, the oldest for {age}", count(backlog)),
    };
    let check = format!("destination {name}");
    if number("failures") == 0 {
        return Finding::new(check, State::Ok, format!("{location}, {waiting}"));
    }
    let error = text_at(destination, "/lastError").unwrap_or_else(|| ABSENT.to_owned());
    let message = format!(
        "{location} fails, {} times in a row: {error}; {waiting}",
        number("failures")
    );
    Finding::new(check, State::Fail, message)
        .hint("nothing is lost while the spool has room; delivery is tried again by itself")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_needs_a_person_is_said_with_what_to_do() {
        let status = json!({
            "version": "0.1.0", "node": "00000000000000ab", "started": "2026-11-20T09:15:42.000Z",
            "spool": {"bytes": 9_000, "bytesMax": 10_000, "durableSequence": 1_234, "accepting": true},
            "destinations": [
                {"name": "a", "location": "file:///a", "backlog": 0, "oldestAgeMs": 0, "failures": 0},
                {"name": "b", "location": "s3://b", "backlog": 7, "oldestAgeMs": 61_000, "failures": 3, "lastError": "refused"},
            ],
            "warnings": ["2 records were not made"],
        });
        let findings = judge(&status, "http://h");
        let lines: Vec<(State, &str)> = findings
            .iter()
            .map(|f| (f.state, f.message.as_str()))
            .collect();
        assert_eq!(
            lines,
            [
                (
                    State::Ok,
                    "0.1.0 at http://h, node 00000000000000ab, up since 2026-11-20T09:15:42.000Z"
                ),
                (
                    State::Warn,
                    "is nearly full; 9.0 kB of 10.0 kB used, last durable record 1,234"
                ),
                (State::Ok, "file:///a, everything delivered"),
                (
                    State::Fail,
                    "s3://b fails, 3 times in a row: refused; 7 waiting, the oldest for 61.0 s"
                ),
                (State::Warn, "2 records were not made"),
            ]
        );
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let at = |dir: &Path| json!({"spool": {"dir": dir}});
        assert_eq!(elsewhere(&at(here.path()), here.path()), None);
        assert_eq!(
            elsewhere(&at(Path::new("/nowhere/spool")), here.path()),
            None
        );
        assert_eq!(elsewhere(&json!({}), here.path()), None);
        let other = elsewhere(&at(there.path()), here.path()).unwrap();
        assert_eq!(other.state, State::Warn);
        let full = json!({"spool": {"bytes": 1, "bytesMax": 10, "accepting": false}});
        assert_eq!(spool(&full).state, State::Fail);
    }
}
