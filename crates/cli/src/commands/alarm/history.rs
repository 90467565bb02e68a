//! `corelog alarm history`.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::{Session, TYPES, asked, time};
use crate::printer::cell::{ABSENT, safe, text_at};
use crate::printer::table::{Column, head, row, widths};
use crate::printer::{Format, Style, note};

/// The service's page.
const PAGE_MAX: usize = 100;

/// Which part of the history to show.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The alarm; all of them, if none is named. Alarms that were deleted still have theirs for two weeks.
    name: Option<String>,
    /// How many entries to show.
    #[arg(short = 'n', long, default_value_t = 20, value_name = "N")]
    limit: usize,
    /// Only entries of this kind.
    #[arg(long, value_enum)]
    kind: Option<Kind>,
}

/// What an entry is about.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Kind {
    /// A state changed.
    State,
    /// The alarm was made, changed or deleted.
    Configuration,
    /// An action was executed, or could not be.
    Action,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::State => "StateUpdate",
            Self::Configuration => "ConfigurationUpdate",
            Self::Action => "Action",
        }
    }
}

const COLUMNS: [Column; 4] = [
    Column::whole("TIME", 20),
    Column::text("ALARM", 32),
    Column::whole("KIND", 19).goes(1),
    Column::text("WHAT", 60),
];

pub(super) fn run(args: &Args, mut session: Session) -> anyhow::Result<ExitCode> {
    let items = items(args, &session)?;
    let printer = &mut session.printer;
    if printer.format == Format::Json {
        for item in &items {
            printer.line(&item.to_string())?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if items.is_empty() {
        note("nothing happened in the last two weeks");
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<Vec<String>> = items.iter().map(cells).collect();
    let widths = widths(&COLUMNS, &rows, printer.width);
    printer.line(&printer.styled(Style::Label, &head(&COLUMNS, &widths)))?;
    for (item, cells) in items.iter().zip(&rows) {
        let line = row(&COLUMNS, &widths, cells);
        let summary = item["HistorySummary"].as_str().unwrap_or_default();
        let line = if summary.ends_with("to ALARM") || summary.starts_with("Failed") {
            printer.styled(Style::Bad, &line)
        } else {
            line
        };
        printer.line(&line)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The newest entries, the newest of them last.
fn items(args: &Args, session: &Session) -> anyhow::Result<Vec<Value>> {
    let mut request = json!({ "AlarmTypes": TYPES });
    if let Some(name) = &args.name {
        request["AlarmName"] = json!(name);
    }
    if let Some(kind) = args.kind {
        request["HistoryItemType"] = json!(kind.as_str());
    }
    let mut items = Vec::new();
    while items.len() < args.limit {
        request["MaxRecords"] = json!((args.limit - items.len()).min(PAGE_MAX));
        let mut answer = asked(session, "DescribeAlarmHistory", &request)?;
        if let Some(Value::Array(found)) = answer.get_mut("AlarmHistoryItems").map(Value::take) {
            items.extend(found);
        }
        match answer.get_mut("NextToken").map(Value::take) {
            Some(token @ Value::String(_)) => request["NextToken"] = token,
            _ => break,
        }
    }
    items.reverse();
    Ok(items)
}

fn cells(item: &Value) -> Vec<String> {
    let or_absent = |cell: Option<String>| cell.unwrap_or_else(|| ABSENT.to_owned());
    vec![
        or_absent(time(&item["Timestamp"])),
        or_absent(text_at(item, "/AlarmName")),
        or_absent(text_at(item, "/HistoryItemType")),
        safe(&what(item)),
    ]
}

/// The summary, and for a state its reason.
fn what(item: &Value) -> String {
    let summary = item["HistorySummary"].as_str().unwrap_or_default();
    let data = item["HistoryData"].as_str();
    let data: Option<Value> = data.and_then(|data| serde_json::from_str(data).ok());
    let reason = data
        .as_ref()
        .and_then(|data| data["newState"]["stateReason"].as_str());
    match reason {
        Some(reason) => format!("{}: {reason}", summary.trim_start_matches("Alarm updated ")),
        None => summary.to_owned(),
    }
}
