//! `corelog anomaly`: what was found that is not as usual.

use std::process::ExitCode;

use corelog_runtime::Clock;
use corelog_types::Timestamp;
use serde_json::Value;

use super::Session;
use super::query::time::{Moment, moment};
use crate::failure::Failure;
use crate::printer::cell::{ABSENT, count_at, safe, text_at};
use crate::printer::table::{Column, head, row, widths};
use crate::printer::{Format, Style, note};

/// What to do with anomalies.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Command {
    /// Lists what was found: bursts, calls that loop, answers that drift. The newest comes last.
    List(ListArgs),
    /// Shows all of a finding.
    Show {
        /// Its id, as `corelog anomaly list` shows it.
        id: String,
    },
}

/// Which findings to list.
#[derive(Debug, Clone, clap::Args)]
pub struct ListArgs {
    /// From when on: `2h` for two hours ago, `2026-11-20`, `2026-11-20T09:15`. What goes on since before counts.
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = moment)]
    since: Moment,
    /// Only findings of this kind.
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// How many to show, the newest of them.
    #[arg(short = 'n', long, default_value_t = 50, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
}

/// A kind of finding.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Kind {
    /// A caller takes far more than usual of a model.
    Burst,
    /// Calls loop.
    Runaway,
    /// Answers are not as they were.
    Drift,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Burst => "burst",
            Self::Runaway => "runaway",
            Self::Drift => "drift",
        }
    }
}

const COLUMNS: [Column; 5] = [
    Column::whole("SINCE", 20).goes(2),
    Column::whole("KIND", 7),
    Column::whole("STATE", 8).goes(3),
    Column::text("WHAT", 60),
    Column::whole("ID", 16).goes(1),
];

pub(super) fn run(command: &Command, session: Session) -> anyhow::Result<ExitCode> {
    match command {
        Command::List(args) => list(args, session),
        Command::Show { id } => show(id, session),
    }
}

fn list(args: &ListArgs, mut session: Session) -> anyhow::Result<ExitCode> {
    let since = args.since.at(Clock::system().now()).unix_ms();
    let mut path = format!("/corelog/v1/anomalies?since={since}&limit={}", args.limit);
    if let Some(kind) = args.kind {
        path.push_str("&kind=");
        path.push_str(kind.as_str());
    }
    let answer = session.client.needed_json(&path)?;
    let found = answer.get("anomalies").and_then(Value::as_array);
    let mut found = found.cloned().unwrap_or_default();
    found.reverse();
    let printer = &mut session.printer;
    if printer.format == Format::Json {
        for finding in &found {
            printer.line(&finding.to_string())?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if found.is_empty() {
        note("nothing unusual was found");
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<Vec<String>> = found.iter().map(cells).collect();
    let widths = widths(&COLUMNS, &rows, printer.width);
    printer.line(&printer.styled(Style::Label, &head(&COLUMNS, &widths)))?;
    for (finding, cells) in found.iter().zip(&rows) {
        let line = row(&COLUMNS, &widths, cells);
        let line = if goes_on(finding) {
            printer.styled(Style::Bad, &line)
        } else {
            line
        };
        printer.line(&line)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A drift is of a day, and that day is over.
fn goes_on(finding: &Value) -> bool {
    finding["state"] != "ended" && finding["kind"] != "drift"
}

fn cells(finding: &Value) -> Vec<String> {
    let state = match finding["kind"].as_str() {
        Some("drift") => ABSENT,
        _ if goes_on(finding) => "goes on",
        _ => "over",
    };
    let or_absent = |cell: Option<String>| cell.unwrap_or_else(|| ABSENT.to_owned());
    vec![
        or_absent(time(finding, "since")),
        or_absent(text_at(finding, "/kind")),
        state.to_owned(),
        or_absent(text_at(finding, "/says")),
        or_absent(text_at(finding, "/id")),
    ]
}

/// How wide the names of facts are.
const LABEL_WIDTH: usize = 10;

fn show(id: &str, mut session: Session) -> anyhow::Result<ExitCode> {
    // It becomes part of a path.
    if id.is_empty() || !id.bytes().all(|c| c.is_ascii_hexdigit()) {
        let failure = Failure::new(format!("`{}` is no id of a finding", safe(id)));
        return Err(failure.hint("`corelog anomaly list` shows the ids").into());
    }
    let finding = session
        .client
        .needed_json(&format!("/corelog/v1/anomalies/{id}"))?;
    let printer = &mut session.printer;
    if printer.format == Format::Json {
        printer.line(&finding.to_string())?;
        return Ok(ExitCode::SUCCESS);
    }
    let state = if goes_on(&finding) { "goes on" } else { "over" };
    let text = |member: &str| text_at(&finding, &format!("/{member}"));
    let number = |member: &str| finding[member].as_f64().map(|number| number.to_string());
    let facts = [
        ("says", text("says")),
        ("kind", text("kind")),
        ("signal", text("signal")),
        ("state", Some(state.to_owned())),
        ("since", time(&finding, "since")),
        ("last", time(&finding, "at")),
        ("caller", text("caller")),
        ("model", text("model")),
        ("session", text("session")),
        ("value", number("value")),
        ("usual", number("usual")),
        ("calls", count_at(&finding, "/calls")),
        ("tokens", count_at(&finding, "/tokens")),
        ("id", text("id")),
    ];
    for (label, fact) in facts {
        if let Some(fact) = fact {
            let label = printer.styled(Style::Label, &format!("{label:<LABEL_WIDTH$}"));
            printer.line(&format!("{label}{fact}"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A time of a finding, to the second.
fn time(finding: &Value, member: &str) -> Option<String> {
    let at = finding[member]
        .as_str()
        .and_then(Timestamp::parse_rfc3339)?;
    Some(at.rfc3339_seconds())
}
