//! `corelog ps`: the calls in flight.

use std::process::ExitCode;

use serde_json::Value;

use super::Session;
use crate::printer::cell::{ABSENT, bytes, count_at, milliseconds, text_at};
use crate::printer::table::{Column, head, row, widths};
use crate::printer::{Format, Style, note};

const COLUMNS: [Column; 11] = [
    Column::whole("ID", 36),
    Column::number("AGE", 8),
    Column::whole("STATE", 10),
    Column::text("PROVIDER", 12).goes(5),
    Column::text("OPERATION", 20).goes(3),
    Column::text("MODEL", 24),
    Column::number("SENT", 8).goes(4),
    Column::number("RECEIVED", 8).goes(1),
    Column::number("IN", 7).goes(2),
    Column::number("OUT", 7),
    Column::text("CALLER", 12).goes(6),
];

pub(super) fn run(mut session: Session) -> anyhow::Result<ExitCode> {
    let answer = session.client.needed_json("/corelog/v1/exchanges")?;
    let exchanges = answer
        .get("exchanges")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let printer = &mut session.printer;
    if printer.format == Format::Json {
        for exchange in &exchanges {
            printer.line(&exchange.to_string())?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if exchanges.is_empty() {
        note("no calls in flight");
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<Vec<String>> = exchanges.iter().map(cells).collect();
    let widths = widths(&COLUMNS, &rows, printer.width);
    printer.line(&printer.styled(Style::Label, &head(&COLUMNS, &widths)))?;
    for cells in &rows {
        printer.line(&row(&COLUMNS, &widths, cells))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn cells(exchange: &Value) -> Vec<String> {
    let bytes_at = |pointer: &str| exchange.pointer(pointer).and_then(Value::as_u64).map(bytes);
    // An estimate is marked as one: the provider has not counted yet.
    let estimate = || count_at(exchange, "/outputTokensEstimate").map(|count| format!("~{count}"));
    let cells = [
        text_at(exchange, "/id"),
        exchange
            .get("ageMs")
            .and_then(Value::as_f64)
            .map(milliseconds),
        text_at(exchange, "/state"),
        text_at(exchange, "/provider"),
        text_at(exchange, "/operation"),
        text_at(exchange, "/modelId"),
        bytes_at("/requestBytes"),
        bytes_at("/responseBytes"),
        count_at(exchange, "/inputTokens"),
        count_at(exchange, "/outputTokens").or_else(estimate),
        text_at(exchange, "/caller"),
    ];
    cells
        .map(|cell| cell.unwrap_or_else(|| ABSENT.to_owned()))
        .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_counted_estimated_or_absent() {
        let check = |tokens: Value, expected: [&str; 2]| {
            assert_eq!(cells(&tokens)[8..10], expected, "{tokens}");
        };
        let said = serde_json::json!({"inputTokens": 25, "outputTokens": 1500});
        check(said, ["25", "1,500"]);
        let estimated = serde_json::json!({"inputTokens": 0, "outputTokensEstimate": 120});
        check(estimated, ["0", "~120"]);
        check(serde_json::json!({"chunks": 7}), ["–", "–"]);
    }
}
