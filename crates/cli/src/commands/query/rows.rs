//! Rows of an answer: as a table, as lines of JSON, as CSV.

use serde_json::{Map, Value};

use super::job::Done;
use crate::client::Client;
use crate::printer::cell::{ABSENT, safe};
use crate::printer::table::{Column, head, row, widths};
use crate::printer::{Format, Printer, Style};

/// The pointer to an event: for programs.
const POINTER: &str = "@ptr";

/// What `pattern` adds for programs, often long.
const PATTERN_DETAILS: [&str; 5] = [
    "@tokens",
    "@visualization",
    "@logSamples",
    "@PatternId",
    "@regexString",
];

/// A row: its values by name, in the order they came.
pub(in crate::commands) type Row = Map<String, Value>;

fn row_of(fields: Value) -> Row {
    let Value::Array(fields) = fields else {
        return Row::new();
    };
    let pair = |mut field: Value| match field["field"].take() {
        Value::String(name) => Some((name, field["value"].take())),
        _ => None,
    };
    fields.into_iter().filter_map(pair).collect()
}

/// Every row.
pub(super) fn all(client: &Client, done: &Done) -> anyhow::Result<Vec<Row>> {
    let mut all = Vec::new();
    done.pages(client, |page| {
        all.extend(page.into_iter().map(row_of));
        Ok(())
    })?;
    Ok(all)
}

/// Prints rows for programs as they come. Values are text in JSON too, as the service has them: the digits of an
/// account's id stay.
pub(super) fn stream(client: &Client, done: &Done, printer: &mut Printer) -> anyhow::Result<()> {
    let is_csv = printer.format == Format::Csv;
    let columns = visible(&done.columns);
    if is_csv {
        printer.line(&csv(columns.iter().map(|name| name.as_str())))?;
    }
    done.pages(client, |page| {
        let mut lines = String::new();
        for fields in page {
            let row = row_of(fields);
            if is_csv {
                let value = |name: &&String| row.get(*name).and_then(Value::as_str);
                let cells = columns.iter().map(|name| value(name).unwrap_or_default());
                lines.push_str(&csv(cells));
            } else {
                lines.push_str(&Value::Object(row).to_string());
            }
            lines.push('\n');
        }
        Ok(printer.copy(&mut lines.as_bytes())?)
    })
}

fn visible(columns: &[String]) -> Vec<&String> {
    let mut columns: Vec<&String> = columns.iter().collect();
    columns.retain(|name| *name != POINTER);
    columns
}

/// What people read: who asks for some of a pattern's details by name gets them, others get none.
fn readable(columns: &[String]) -> Vec<&String> {
    let mut readable = visible(columns);
    let is_detail = |name: &str| PATTERN_DETAILS.contains(&name);
    if readable.iter().filter(|name| is_detail(name)).count() == PATTERN_DETAILS.len() {
        readable.retain(|name| !is_detail(name));
    }
    readable
}

/// A line of CSV. Source: RFC 4180.
pub(in crate::commands) fn csv<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let quoted = |cell: &str| {
        if cell.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell.to_owned()
        }
    };
    cells.map(quoted).collect::<Vec<_>>().join(",")
}

/// Prints rows for people.
pub(super) fn table(names: &[String], rows: &[Row], printer: &mut Printer) -> anyhow::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let names = readable(names);
    let columns: Vec<Column> = names
        .iter()
        .map(|name| Column::titled(safe(name), is_numeric(name, rows)))
        .collect();
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| names.iter().map(|name| cell(row, name)).collect())
        .collect();
    let widths = widths(&columns, &cells, printer.width);
    printer.line(&printer.styled(Style::Label, &head(&columns, &widths)))?;
    for cells in &cells {
        printer.line(&row(&columns, &widths, cells))?;
    }
    Ok(())
}

/// A value on one line.
fn cell(row: &Row, name: &str) -> String {
    let Some(text) = row.get(name).and_then(Value::as_str) else {
        return ABSENT.to_owned();
    };
    safe(&text.replace(['\n', '\r', '\t'], " "))
}

/// Whether all values of a column are numbers, of which there is at least one.
fn is_numeric(name: &str, rows: &[Row]) -> bool {
    let mut values = rows.iter().filter_map(|row| row.get(name)?.as_str());
    let mut some = false;
    values.all(|text| {
        some = true;
        text.parse::<f64>().is_ok()
    }) && some
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_leave_out_the_details_of_patterns_unless_some_is_asked_for() {
        let check = |columns: &[&str], expected: &[&str]| {
            let columns: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(readable(&columns), expected);
        };
        let all = [
            "@pattern",
            "@tokens",
            "@visualization",
            "@logSamples",
            "@PatternId",
            "@regexString",
            "@ptr",
        ];
        check(&all, &["@pattern"]);
        check(&["@pattern", "@tokens"], &["@pattern", "@tokens"]);
    }

    #[test]
    fn cells_of_csv_are_quoted_where_they_must_be() {
        let check = |cells: &[&str], expected: &str| {
            assert_eq!(csv(cells.iter().copied()), expected);
        };
        check(&["a", "", "b c"], "a,,b c");
        check(
            &["a,b", "say \"hi\"", "x\ny"],
            "\"a,b\",\"say \"\"hi\"\"\",\"x\ny\"",
        );
    }
}
