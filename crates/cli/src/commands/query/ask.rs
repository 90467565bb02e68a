//! A question: from the command line to the server, and what comes back to standard output.

use std::io::Read as _;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use corelog_insights::CommandKind;
use corelog_runtime::Clock;
use corelog_types::Timestamp;
use serde_json::{Value, json};

use super::time::{self, Moment};
use super::{chart, job, place, rows};
use crate::client::{Client, Refusal};
use crate::commands::Session;
use crate::failure::Failure;
use crate::printer::cell::{bytes, count, safe, safe_lines};
use crate::printer::{Format, Printer, Style, note};

const SINCE: Duration = Duration::from_hours(1);
/// More than a query's text may have, so that the server says so.
const TEXT_BYTES_MAX: u64 = 1 << 20;
/// Log groups that are named where one is missing.
const GROUPS_SHOWN: usize = 8;

/// Languages of questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::commands) enum Language {
    /// The language of Logs Insights.
    Cwli,
    /// SQL, reading only.
    Sql,
}

impl Language {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Cwli => "CWLI",
            Self::Sql => "SQL",
        }
    }
}

/// What is asked of which events, and what is wanted.
#[derive(Debug, Clone, clap::Args)]
pub(in crate::commands) struct Options {
    /// Events from then on: `15m`, `7d`, `2026-11-20`, `2026-11-20T09:00:00+01:00`; UTC, where no zone is said
    /// [default: 1h].
    #[arg(long, alias = "from", value_name = "TIME", value_parser = time::moment)]
    since: Option<Moment>,
    /// Events up to that second, which is included [default: now].
    #[arg(long, alias = "to", value_name = "TIME", value_parser = time::moment)]
    until: Option<Moment>,
    /// The log group to read; several are read together. Where a query does not say, that of the records.
    #[arg(short = 'g', long, value_name = "GROUP")]
    log_group: Vec<String>,
    /// Rows at the most, where the text has no limit of its own.
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// Shows how the query would be run, and does not run it.
    #[arg(long, group = "instead")]
    explain: bool,
    /// Shows how much the query would read, and does not run it.
    #[arg(long, group = "instead")]
    estimate: bool,
    /// Draws the chart of `stats … by bin(…)` alone. On a terminal it is above the table without this.
    #[arg(long, group = "instead")]
    chart: bool,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::commands) struct Question {
    pub(in crate::commands) text: String,
    pub(in crate::commands) language: Language,
    /// The groups of a saved query, for when the command line names none.
    pub(in crate::commands) groups: Vec<String>,
}

/// The text as given, or all of standard input for `-`.
pub(in crate::commands) fn text(given: String) -> anyhow::Result<String> {
    if given != "-" {
        return Ok(given);
    }
    let mut text = String::new();
    let mut input = std::io::stdin().lock().take(TEXT_BYTES_MAX);
    input
        .read_to_string(&mut text)
        .context("no query can be read from standard input")?;
    Ok(text)
}

/// Asks, and prints the answer.
pub(in crate::commands) fn run(
    question: Question,
    options: &Options,
    mut session: Session,
) -> anyhow::Result<ExitCode> {
    let request = request(question, options, Clock::system().now());
    let (client, printer) = (&session.client, &mut session.printer);
    let checked = asked(client, "check", &request)?;
    warn(&checked);
    if options.explain {
        return explain(&asked(client, "explain", &request)?, printer);
    }
    if options.estimate {
        return estimate(&asked(client, "estimate", &request)?, printer);
    }
    let started = client.logs("StartQuery", &with_groups(request, &checked))?;
    let started = started.map_err(|refusal| refused(client, &refusal))?;
    let id = started.get("queryId").and_then(Value::as_str);
    let id = id.context("the server gave the query no id")?;
    let Some(done) = job::wait(client, id)? else {
        note("stopped the query");
        return Ok(ExitCode::from(job::INTERRUPTED));
    };
    print(client, &checked, &done, options.chart, printer)?;
    Ok(ExitCode::SUCCESS)
}

/// The request of `StartQuery`.
fn request(question: Question, options: &Options, now: Timestamp) -> Value {
    let since = options.since.unwrap_or(Moment::Ago(SINCE));
    let until = options.until.unwrap_or(Moment::Ago(Duration::ZERO));
    let mut request = json!({
        "queryString": question.text,
        "queryLanguage": question.language.as_str(),
        "startTime": since.seconds(now),
        "endTime": until.seconds(now),
    });
    let mut groups = options.log_group.clone();
    if groups.is_empty() && !has_source(&question.text) {
        groups = question.groups;
    }
    if !groups.is_empty() {
        request["logGroupIdentifiers"] = json!(groups);
    }
    if let Some(limit) = options.limit {
        request["limit"] = json!(limit);
    }
    request
}

/// The request with the groups that the server takes where nobody named any.
fn with_groups(mut request: Value, checked: &Value) -> Value {
    let is_said = request.get("logGroupIdentifiers").is_some()
        || request["queryLanguage"] == Language::Sql.as_str()
        || has_source(checked["text"].as_str().unwrap_or_default());
    if !is_said {
        request["logGroupIdentifiers"] = checked["logGroups"].clone();
    }
    request
}

/// Whether a text names its log groups itself; none in SQL begins so.
fn has_source(text: &str) -> bool {
    let query = corelog_insights::parse(text);
    query.is_ok_and(|query| matches!(query.commands[0].kind, CommandKind::Source(_)))
}

pub(super) fn asked(client: &Client, what: &str, request: &Value) -> anyhow::Result<Value> {
    let answer = client.post(&format!("/corelog/v1/queries/{what}"), request)?;
    answer.map_err(|refusal| refused(client, &refusal))
}

/// The server's words, the place in the text, and what may help.
pub(super) fn refused(client: &Client, refusal: &Refusal) -> anyhow::Error {
    let failure = &refusal.failure;
    let mut message = failure.message().to_owned();
    if let Some(place) = refusal.place().and_then(place::shown) {
        message = format!("{message}\n{place}");
    }
    let mut hint = failure.hint_text().map(str::to_owned);
    if refusal.code() == "ResourceNotFoundException" {
        // The service's words end in what is for programs.
        if let Some(end) = message.find(" (Service: ") {
            message.truncate(end);
        }
        hint = Some(groups_hint(client));
    }
    if refusal.code() == "ThrottlingException" {
        hint = Some("try again: `[query] starts_per_second` queries may be started".to_owned());
    }
    let failure = Failure::new(message);
    match hint {
        Some(hint) => failure.hint(hint).into(),
        None => failure.into(),
    }
}

/// Which groups there are to name.
fn groups_hint(client: &Client) -> String {
    let answer = client.logs("DescribeLogGroups", &json!({"limit": GROUPS_SHOWN}));
    let names: Vec<String> = match &answer {
        Ok(Ok(answer)) => answer["logGroups"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|group| group["logGroupName"].as_str())
            .map(safe)
            .collect(),
        _ => Vec::new(),
    };
    if names.is_empty() {
        return "there is no log group yet: records make theirs with the first call through the gateway"
            .to_owned();
    }
    format!("name one with `--log-group`: {}", names.join(", "))
}

/// Says what the query most likely does not mean.
fn warn(checked: &Value) {
    let text = &checked["text"];
    for warning in checked["warnings"].as_array().into_iter().flatten() {
        let message = warning["message"].as_str().unwrap_or_default();
        note(&format!("warning: {}", safe(message)));
        let place = json!({"text": text, "start": warning["start"], "end": warning["end"]});
        if let Some(shown) = place::shown(&place) {
            note(&shown);
        }
        if let Some(hint) = warning["hint"].as_str() {
            note(&format!("hint: {}", safe(hint)));
        }
    }
}

fn explain(answer: &Value, printer: &mut Printer) -> anyhow::Result<ExitCode> {
    if printer.format != Format::Table {
        printer.line(&answer.to_string())?;
        return Ok(ExitCode::SUCCESS);
    }
    for part in answer["parts"].as_array().into_iter().flatten() {
        let text = |name: &str| safe_lines(part[name].as_str().unwrap_or_default());
        printer.line(&printer.styled(Style::Label, &text("title")))?;
        printer.line(text("text").trim_end())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn estimate(answer: &Value, printer: &mut Printer) -> anyhow::Result<ExitCode> {
    if printer.format != Format::Table {
        printer.line(&answer.to_string())?;
        return Ok(ExitCode::SUCCESS);
    }
    let of = |part: &str, name: &str| answer[part][name].as_u64().unwrap_or(0);
    for (name, shown) in [
        ("files", count as fn(u64) -> String),
        ("rows", count),
        ("bytes", bytes),
    ] {
        let (read, all) = (shown(of("read", name)), shown(of("of", name)));
        printer.line(&format!("{name:<6}{read} of {all}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the rows in the form that is wanted, and what is worth saying beside them.
fn print(
    client: &Client,
    checked: &Value,
    done: &job::Done,
    chart_alone: bool,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    let wants_table = printer.format == Format::Table;
    if !wants_table && !chart_alone {
        return rows::stream(client, done, printer);
    }
    let all = rows::all(client, done)?;
    let text = checked["text"].as_str().unwrap_or_default();
    let is_asked = chart_alone || printer.terminal;
    let drawn = is_asked.then(|| chart::of(text, &done.columns, &all, printer));
    match drawn.flatten() {
        Some(lines) => {
            for line in lines {
                printer.line(&line)?;
            }
        }
        None if chart_alone && !all.is_empty() => {
            return Err(Failure::new("these rows make no chart")
                .hint("a chart is of `stats … by bin(…)`, with numbers")
                .into());
        }
        None => {}
    }
    if !chart_alone {
        rows::table(&done.columns, &all, printer)?;
    }
    if all.is_empty() {
        nothing(client, checked, done);
    } else {
        note(&done.summary(all.len()));
    }
    Ok(())
}

/// Says that there are no rows, and why that may be.
fn nothing(client: &Client, checked: &Value, done: &job::Done) {
    let time = |name: &str| {
        let ms = checked[name].as_u64().unwrap_or(0);
        Timestamp::from_unix_ms(ms).rfc3339_seconds()
    };
    let groups = checked["logGroups"].as_array().into_iter().flatten();
    let groups: Vec<String> = groups.filter_map(Value::as_str).map(safe).collect();
    let within = if groups.is_empty() {
        String::new()
    } else {
        format!(" in {}", groups.join(", "))
    };
    note(&format!(
        "no rows{within} from {} to {}",
        time("startMs"),
        time("endMs")
    ));
    match done.scanned() {
        0 => {
            note("hint: there are no events in this time; ask about more with `--since 7d`");
            note(&format!("hint: {}", groups_hint(client)));
        }
        scanned => {
            let scanned = count(scanned);
            note(&format!(
                "hint: {scanned} events were looked at; what the query filters for is in none of them"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_ms(1_795_166_142_123);

    fn options() -> Options {
        Options {
            since: None,
            until: None,
            log_group: Vec::new(),
            limit: None,
            explain: false,
            estimate: false,
            chart: false,
        }
    }

    fn check(text: &str, language: Language, options: &Options, expected: &Value) {
        let question = Question {
            text: text.to_owned(),
            language,
            groups: Vec::new(),
        };
        let mut request = request(question, options, NOW);
        let object = request.as_object_mut().unwrap();
        assert_eq!(object.remove("queryString"), Some(json!(text)));
        assert_eq!(
            object.remove("queryLanguage"),
            Some(json!(language.as_str()))
        );
        assert_eq!(request, *expected, "{text}");
    }

    #[test]
    fn what_is_not_said_has_defaults() {
        let (from, to) = (1_795_162_542, 1_795_166_142);
        check(
            "limit 1",
            Language::Cwli,
            &options(),
            &json!({"startTime": from, "endTime": to}),
        );
        check(
            "SOURCE '/a' | limit 1",
            Language::Cwli,
            &options(),
            &json!({"startTime": from, "endTime": to}),
        );
        check(
            "SELECT 1",
            Language::Sql,
            &options(),
            &json!({"startTime": from, "endTime": to}),
        );
        let asked = Options {
            since: time::moment("2026-11-20").ok(),
            until: time::moment("1h").ok(),
            log_group: vec!["/a".to_owned(), "/b".to_owned()],
            limit: Some(5),
            ..options()
        };
        check(
            "limit 1",
            Language::Cwli,
            &asked,
            &json!({"startTime": 1_795_132_800, "endTime": 1_795_162_542, "logGroupIdentifiers": ["/a", "/b"], "limit": 5}),
        );
    }

    #[test]
    fn the_server_says_which_groups_are_meant_where_nobody_does() {
        let check = |request: Value, text: &str, expected: Value| {
            let checked = json!({"text": text, "logGroups": ["/own"]});
            let request = with_groups(request, &checked);
            assert_eq!(request["logGroupIdentifiers"], expected, "{text}");
        };
        let cwli = || json!({"queryLanguage": "CWLI"});
        check(cwli(), "limit 1", json!(["/own"]));
        // What a saved query names is in the server's text alone.
        check(cwli(), "SOURCE '/own' | limit 1", Value::Null);
        check(json!({"queryLanguage": "SQL"}), "SELECT 1", Value::Null);
        let named = json!({"queryLanguage": "CWLI", "logGroupIdentifiers": ["/a"]});
        check(named, "limit 1", json!(["/a"]));
    }
}
