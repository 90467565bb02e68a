//! `corelog notifier list|test`: who hears of alarms, and whether they do.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::Session;
use crate::failure::Failure;
use crate::printer::cell::{ABSENT, count_at, text_at};
use crate::printer::table::{Column, head, row, widths};
use crate::printer::{Format, Style, note};

/// What to do with notifiers.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Command {
    /// Lists those that hear of alarms, and how they do.
    List,
    /// Sends one of them a test, and waits until it arrived.
    Test {
        /// Its name, as `corelog notifier list` shows it.
        name: String,
    },
}

const COLUMNS: [Column; 7] = [
    Column::whole("NAME", 12),
    Column::whole("KIND", 11),
    Column::text("PLACE", 32).goes(1),
    Column::number("DELIVERED", 9),
    Column::number("GIVEN UP", 8).goes(3),
    Column::whole("LAST DELIVERY", 20).goes(2),
    Column::text("STATE", 40),
];

pub(super) fn run(command: &Command, session: Session) -> anyhow::Result<ExitCode> {
    match command {
        Command::List => list(session),
        Command::Test { name } => test(name, &session),
    }
}

fn list(mut session: Session) -> anyhow::Result<ExitCode> {
    let answer = session.client.needed_json("/corelog/v1/notifiers")?;
    let notifiers = answer.get("notifiers").and_then(Value::as_array);
    let notifiers = notifiers.cloned().unwrap_or_default();
    let printer = &mut session.printer;
    if printer.format == Format::Json {
        for notifier in &notifiers {
            printer.line(&notifier.to_string())?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if notifiers.is_empty() {
        note("nobody hears of alarms: add a `[[notifier]]` to the configuration");
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<Vec<String>> = notifiers.iter().map(cells).collect();
    let widths = widths(&COLUMNS, &rows, printer.width);
    printer.line(&printer.styled(Style::Label, &head(&COLUMNS, &widths)))?;
    for cells in &rows {
        printer.line(&row(&COLUMNS, &widths, cells))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn cells(notifier: &Value) -> Vec<String> {
    let cells = [
        text_at(notifier, "/name"),
        text_at(notifier, "/kind"),
        text_at(notifier, "/place"),
        count_at(notifier, "/delivered"),
        count_at(notifier, "/givenUp"),
        text_at(notifier, "/lastDelivery"),
        Some(state(notifier)),
    ];
    cells
        .map(|cell| cell.unwrap_or_else(|| ABSENT.to_owned()))
        .to_vec()
}

fn state(notifier: &Value) -> String {
    let Some(error) = text_at(notifier, "/lastError") else {
        return "ok".to_owned();
    };
    match text_at(notifier, "/waitsUntil") {
        Some(until) => format!("failing, tried again at {until}: {error}"),
        None => format!("failing: {error}"),
    }
}

fn test(name: &str, session: &Session) -> anyhow::Result<ExitCode> {
    // It becomes part of a path.
    let is_name = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    if name.is_empty() || !name.bytes().all(is_name) {
        let failure = Failure::new(format!("`{name}` is no name of a notifier"));
        return Err(failure
            .hint("`corelog notifier list` shows the names")
            .into());
    }
    let path = format!("/corelog/v1/notifiers/{name}/test");
    match session.client.post(&path, &json!({}))? {
        Ok(_) => note(&format!("the test arrived at `{name}`")),
        Err(refusal) => return Err(refusal.failure.into()),
    }
    Ok(ExitCode::SUCCESS)
}
