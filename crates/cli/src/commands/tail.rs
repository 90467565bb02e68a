//! `corelog tail`: the last records, and new ones as they come; or new events of log groups; or what calls in flight
//! say.

mod excerpt;
mod pause;
mod screen;

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::ExitCode;

use anyhow::Context as _;
use corelog_patterns::Pattern;
use corelog_types::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use self::excerpt::{Highlights, excerpt};
use self::pause::Pause;
use self::screen::Screen;
use super::Session;
use crate::client::Found;
use crate::failure::Failure;
use crate::printer::cell::{ABSENT, count_at, ms_at, safe, text_at};
use crate::printer::table::{Column, fixed_widths, head, row};
use crate::printer::{Format, Printer, Style, note};

/// Arguments.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Shows what matches: `timeout`, `"a phrase"`, `-without`, `?either ?or`, `%regex%`,
    /// `{ $.modelId = claude* }`: the language of filter patterns in AWS.
    #[arg(value_name = "PATTERN")]
    pattern: Option<String>,
    /// Goes on with new records as they come. On a terminal, space pauses and q ends.
    #[arg(short, long)]
    follow: bool,
    /// How many of the last records to begin with; with a pattern, of the last that match, among the newest 10,000.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10)]
    last: u32,
    /// Follows the new events of a log group instead of records; may be given again.
    #[arg(short = 'g', long = "log-group", value_name = "GROUP", conflicts_with_all = ["follow", "last"])]
    log_groups: Vec<String>,
    /// Makes a word stand out on a terminal, whatever its case; may be given again.
    #[arg(long, value_name = "WORD")]
    highlight: Vec<String>,
    /// Shows what calls in flight say instead of records, token by token: answers that stream, from their beginning,
    /// and those to come. Of several at once, one is shown as it comes and the others line by line.
    #[arg(long, conflicts_with_all = ["pattern", "follow", "last", "log_groups", "highlight"])]
    stream: bool,
}

/// A line longer than this is no record: bodies this large are not inline.
const LINE_BYTES_MAX: u64 = 256 << 20;

const COLUMNS: [Column; 9] = [
    Column::whole("TIME", 20),
    Column::whole("ID", 36),
    Column::text("PROVIDER", 10).goes(5),
    Column::text("OPERATION", 18).goes(4),
    Column::text("MODEL", 24),
    // As wide as the longest codes of the services, where the terminal is.
    Column::text("STATUS", 28),
    Column::number("IN", 7).goes(2),
    Column::number("OUT", 7).goes(1),
    Column::number("LATENCY", 8).goes(3),
];

impl Args {
    fn is_followed(&self) -> bool {
        self.follow || self.stream || !self.log_groups.is_empty()
    }

    /// What the server is asked for.
    fn path(&self) -> String {
        if self.stream {
            return "/corelog/v1/streams".to_owned();
        }
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let mut path = if self.log_groups.is_empty() {
            format!(
                "/corelog/v1/records?last={}&follow={}",
                self.last, self.follow
            )
        } else {
            let groups = self.log_groups.iter();
            let groups: Vec<_> = groups
                .map(|name| format!("group={}", encoded(name)))
                .collect();
            format!("/corelog/v1/events?{}", groups.join("&"))
        };
        if let Some(pattern) = &self.pattern {
            path = format!("{path}&pattern={}", encoded(pattern));
        }
        path
    }

    /// The pattern is read here too: what is wrong with it is said before anybody is asked, and with its place.
    fn highlights(&self) -> anyhow::Result<Highlights> {
        let pattern = self.pattern.as_deref().map(Pattern::parse).transpose();
        let pattern = pattern.map_err(|error| {
            let failure = Failure::new(format!("the pattern cannot be used: {error}"));
            match error.hint() {
                Some(hint) => failure.hint(hint),
                None => failure,
            }
        })?;
        Ok(Highlights {
            pattern,
            words: self.highlight.clone(),
        })
    }
}

pub(super) fn run(args: &Args, mut session: Session) -> anyhow::Result<ExitCode> {
    let shown = Shown {
        highlights: args.highlights()?,
        widths: fixed_widths(&COLUMNS, session.printer.width),
        events: !args.log_groups.is_empty(),
    };
    let body = match session.client.open(&args.path())? {
        Found::Yes(body) => body,
        Found::No(failure) => return Err(failure.into()),
    };
    let mut reader = BufReader::new(body.into_with_config().limit(u64::MAX).reader());
    let printer = &mut session.printer;
    let is_table = printer.format == Format::Table;
    let pause = (args.is_followed() && is_table)
        .then(Pause::of_terminal)
        .flatten();
    let mut screen = args.stream.then(Screen::default);
    if is_table && !shown.events && screen.is_none() {
        printer.line(&printer.styled(Style::Label, &head(&COLUMNS, &shown.widths)))?;
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
        if let Some(pause) = &pause {
            pause.wait();
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        match printer.format {
            _ if text.is_empty() => {}
            Format::Json => printer.line(text)?,
            Format::Table | Format::Csv => match &mut screen {
                Some(screen) => screen.line(printer, text)?,
                None => shown.line(printer, text)?,
            },
        }
    }
    if let Some(screen) = &mut screen {
        screen.close_line(printer)?;
    }
    if args.is_followed() {
        note("the server closed the connection");
    }
    Ok(ExitCode::SUCCESS)
}

/// How lines are shown to people.
struct Shown {
    highlights: Highlights,
    widths: Vec<usize>,
    /// They are events of log groups rather than records.
    events: bool,
}

impl Shown {
    fn line(&self, printer: &mut Printer, text: &str) -> anyhow::Result<()> {
        let value = match serde_json::from_str::<Value>(text) {
            Ok(value) => value,
            Err(error) => {
                note(&format!("warning: a line is no record: {error}"));
                return Ok(());
            }
        };
        if self.events {
            return self.event(printer, &value);
        }
        printer.line(&row(&COLUMNS, &self.widths, &cells(&value)))?;
        let text = safe(text);
        let spans = self.highlights.spans(&text);
        if !spans.is_empty() {
            let width = printer.width.saturating_sub(2);
            let line = format!("  {}", excerpt(printer, &text, &spans, width));
            printer.line(&line)?;
        }
        Ok(())
    }

    fn event(&self, printer: &mut Printer, event: &Value) -> anyhow::Result<()> {
        if let Some(missed) = count_at(event, "/missed") {
            note(&format!(
                "{missed} events went by faster than they were read"
            ));
            return Ok(());
        }
        let ms = event.pointer("/timestamp").and_then(Value::as_u64);
        let time = Timestamp::from_unix_ms(ms.unwrap_or(0)).rfc3339_ms();
        let message = text_at(event, "/message").unwrap_or_else(|| ABSENT.to_owned());
        let spans = self.highlights.spans(&message);
        let width = printer.width.saturating_sub(time.len() + 2);
        let message = excerpt(printer, &message, &spans, width);
        let time = printer.styled(Style::Label, &time);
        Ok(printer.line(&format!("{time}  {message}"))?)
    }
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
        for (width, shown) in [(200, true), (174, true), (140, false), (80, false)] {
            let widths = fixed_widths(&COLUMNS, width);
            let row = row(&COLUMNS, &widths, &cells(&record));
            assert_eq!(row.contains(code), shown, "{row}");
            let head = head(&COLUMNS, &widths);
            assert!(head.chars().count() <= width, "{head}");
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
