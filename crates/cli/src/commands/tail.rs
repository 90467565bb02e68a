//! `corelog tail`: the last records, and new ones as they come.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::Value;

use super::Session;
use crate::client::Found;
use crate::printer::cell::{ABSENT, count_at, ms_at, text_at};
use crate::printer::table::{Column, fixed_widths, head, row};
use crate::printer::{Format, Style, note};

/// Arguments.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Goes on with new records as they come.
    #[arg(short, long)]
    follow: bool,
    /// How many of the last records to begin with.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10)]
    last: u32,
}

/// A line longer than this is no record: bodies this large are not inline.
const LINE_BYTES_MAX: u64 = 256 << 20;

const COLUMNS: [Column; 9] = [
    Column::whole("TIME", 20),
    Column::whole("ID", 36),
    Column::text("PROVIDER", 10),
    Column::text("OPERATION", 18),
    Column::text("MODEL", 24),
    // As wide as the longest codes of the services, where the terminal is.
    Column::text("STATUS", 28),
    Column::number("IN", 7),
    Column::number("OUT", 7),
    Column::number("LATENCY", 8),
];

pub(super) fn run(args: &Args, mut session: Session) -> anyhow::Result<ExitCode> {
    let path = format!(
        "/corelog/v1/records?last={}&follow={}",
        args.last, args.follow
    );
    let body = match session.client.open(&path)? {
        Found::Yes(body) => body,
        Found::No(failure) => return Err(failure.into()),
    };
    let mut reader = BufReader::new(body.into_with_config().limit(u64::MAX).reader());
    let printer = &mut session.printer;
    let widths = fixed_widths(&COLUMNS, printer.width);
    if printer.format == Format::Table {
        printer.line(&printer.styled(Style::Label, &head(&COLUMNS, &widths)))?;
    }
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = reader
            .by_ref()
            .take(LINE_BYTES_MAX)
            .read_until(b'\n', &mut line);
        if read.context("the server's answer broke off")? == 0 {
            break;
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        if text.is_empty() {
            continue;
        }
        match printer.format {
            Format::Json => printer.line(text)?,
            Format::Table => match serde_json::from_str::<Value>(text) {
                Ok(record) => printer.line(&row(&COLUMNS, &widths, &cells(&record)))?,
                Err(error) => note(&format!("warning: a line is no record: {error}")),
            },
        }
    }
    if args.follow {
        note("the server closed the connection");
    }
    Ok(ExitCode::SUCCESS)
}

fn cells(record: &Value) -> Vec<String> {
    let status = text_at(record, "/errorCode").or_else(|| count_at(record, "/corelog/httpStatus"));
    let cells = [
        text_at(record, "/timestamp"),
        text_at(record, "/corelog/recordId").or_else(|| text_at(record, "/requestId")),
        text_at(record, "/corelog/provider"),
        text_at(record, "/operation"),
        text_at(record, "/modelId"),
        status,
        count_at(record, "/corelog/usage/input/value")
            .or_else(|| count_at(record, "/input/inputTokenCount")),
        count_at(record, "/corelog/usage/output/value")
            .or_else(|| count_at(record, "/output/outputTokenCount")),
        ms_at(record, "/corelog/latencyMs"),
    ];
    cells
        .map(|cell| cell.unwrap_or_else(|| ABSENT.to_owned()))
        .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_terminal_shows_whole_codes() {
        let code = "ServiceUnavailableException";
        let record = serde_json::json!({"errorCode": code});
        for (width, shown) in [(200, true), (174, true), (140, false)] {
            let widths = fixed_widths(&COLUMNS, width);
            let row = row(&COLUMNS, &widths, &cells(&record));
            assert_eq!(row.contains(code), shown, "{row}");
            assert!(head(&COLUMNS, &widths).chars().count() <= width);
        }
    }

    #[test]
    fn a_row_shows_what_is_known_and_a_dash_for_the_rest() {
        let record = serde_json::json!({
            "timestamp": "2026-11-20T09:15:42Z", "operation": "Messages", "errorCode": "ThrottlingException",
            "corelog": {"recordId": "r", "provider": "anthropic", "httpStatus": 429, "latencyMs": 12.0},
        });
        assert_eq!(
            cells(&record),
            [
                "2026-11-20T09:15:42Z",
                "r",
                "anthropic",
                "Messages",
                "–",
                "ThrottlingException",
                "–",
                "–",
                "12 ms"
            ]
        );
    }
}
