//! `corelog alarm list`.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::{Session, described, name_of, state_of, time, watches};
use crate::printer::cell::{ABSENT, safe};
use crate::printer::table::{Column, head, row, widths};
use crate::printer::{Format, Style, note};

/// Which alarms to list.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Only alarms whose names begin so.
    prefix: Option<String>,
    /// Only alarms in this state.
    #[arg(long, value_enum)]
    state: Option<State>,
}

/// A state of alarms.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum State {
    /// Within its limit.
    Ok,
    /// Outside of it.
    Alarm,
    /// Not known.
    InsufficientData,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }
}

const COLUMNS: [Column; 5] = [
    Column::whole("STATE", 17),
    Column::text("NAME", 32),
    Column::whole("SINCE", 20).goes(2),
    Column::whole("ACTIONS", 7).goes(3),
    Column::text("WATCHES", 60).goes(1),
];

pub(super) fn run(args: &Args, mut session: Session) -> anyhow::Result<ExitCode> {
    let mut request = json!({});
    if let Some(prefix) = &args.prefix {
        request["AlarmNamePrefix"] = json!(prefix);
    }
    if let Some(state) = args.state {
        request["StateValue"] = json!(state.as_str());
    }
    let mut alarms = described(&session, request)?;
    let printer = &mut session.printer;
    if printer.format == Format::Json {
        for alarm in &alarms {
            printer.line(&alarm.to_string())?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if alarms.is_empty() {
        note(match (&args.prefix, args.state) {
            (None, None) => {
                "there are no alarms: put some with `aws cloudwatch put-metric-alarm`, or `corelog alarm import FILE`"
            }
            _ => "there are no such alarms",
        });
        return Ok(ExitCode::SUCCESS);
    }
    alarms.sort_by_key(|alarm| rank(state_of(alarm)));
    let rows: Vec<Vec<String>> = alarms.iter().map(cells).collect();
    let widths = widths(&COLUMNS, &rows, printer.width);
    printer.line(&printer.styled(Style::Label, &head(&COLUMNS, &widths)))?;
    for (alarm, cells) in alarms.iter().zip(&rows) {
        let line = row(&COLUMNS, &widths, cells);
        let style = match state_of(alarm) {
            "ALARM" => Style::Bad,
            "OK" => Style::Good,
            _ => Style::Warn,
        };
        printer.line(&printer.styled(style, &line))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What needs a look comes first.
fn rank(state: &str) -> u8 {
    match state {
        "ALARM" => 0,
        "INSUFFICIENT_DATA" => 1,
        _ => 2,
    }
}

fn cells(alarm: &Value) -> Vec<String> {
    let is_enabled = alarm["ActionsEnabled"].as_bool().unwrap_or(true);
    let count: usize = ["AlarmActions", "OKActions", "InsufficientDataActions"]
        .into_iter()
        .filter_map(|member| alarm[member].as_array())
        .map(Vec::len)
        .sum();
    let actions = match (is_enabled, count) {
        (_, 0) => ABSENT.to_owned(),
        (true, count) => count.to_string(),
        (false, _) => "off".to_owned(),
    };
    vec![
        safe(state_of(alarm)),
        safe(name_of(alarm)),
        time(&alarm["StateTransitionedTimestamp"]).unwrap_or_else(|| ABSENT.to_owned()),
        actions,
        safe(&watches(alarm)),
    ]
}
