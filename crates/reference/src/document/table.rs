//! Tables as documents write them.

use crate::output::Output;
use corelog_values::Value;
use corelog_values::json;

/// Columns, then rows; `None` for a missing value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<Option<String>>>,
}

pub(super) fn of(output: &Output) -> Table {
    Table {
        columns: output.columns.clone(),
        rows: output.rows.iter().map(|row| row.values.clone()).collect(),
    }
}

pub(super) fn read(text: &str) -> Result<Table, String> {
    let mut lines = text.lines().filter(|line| !is_rule(line));
    let columns = match lines.next() {
        Some(line) => cells(line)?,
        None => Vec::new(),
    };
    let columns: Vec<String> = columns.into_iter().map(Option::unwrap_or_default).collect();
    let rows: Vec<Vec<Option<String>>> = lines.map(cells).collect::<Result<_, _>>()?;
    match rows.iter().find(|row| row.len() != columns.len()) {
        Some(row) => Err(format!(
            "a row of the table has {} cells: {row:?}",
            row.len()
        )),
        None => Ok(Table { columns, rows }),
    }
}

/// The line of dashes below the columns.
fn is_rule(line: &str) -> bool {
    line.contains("--") && line.chars().all(|c| matches!(c, '|' | '-' | ' '))
}

fn cells(line: &str) -> Result<Vec<Option<String>>, String> {
    let inner = line
        .trim()
        .strip_prefix('|')
        .and_then(|line| line.strip_suffix('|'));
    let inner = inner.ok_or_else(|| format!("not a row of a table: {line}"))?;
    let mut texts = vec![String::new()];
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match (c, texts.last_mut()) {
            ('|', _) => texts.push(String::new()),
            ('\\', Some(text)) => match chars.next() {
                Some('|') => text.push('|'),
                other => text.extend(std::iter::once('\\').chain(other)),
            },
            (c, Some(text)) => text.push(c),
            (_, None) => {}
        }
    }
    texts.iter().map(|text| cell(text.trim())).collect()
}

fn cell(text: &str) -> Result<Option<String>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    if !text.starts_with('"') {
        return Ok(Some(text.to_owned()));
    }
    match json::read(text) {
        Some(Value::Text(text)) => Ok(Some(text.into_owned())),
        _ => Err(format!("not a JSON string: {text}")),
    }
}

pub(super) fn same(expected: &Table, found: &Table, unordered: bool) -> bool {
    if !unordered {
        return expected == found;
    }
    let sorted = |table: &Table| {
        let mut rows = table.rows.clone();
        rows.sort();
        rows
    };
    expected.columns == found.columns && sorted(expected) == sorted(found)
}

/// Both tables line by line: those in both, those expected only, those found only.
pub(super) fn difference(expected: &Table, found: &Table) -> Vec<String> {
    let (expected, found) = (lines(expected), lines(found));
    let mut out = Vec::new();
    let mut rest = found.as_slice();
    for line in &expected {
        match rest.iter().position(|other| other == line) {
            Some(at) => {
                out.extend(rest[..at].iter().map(|other| format!("+ {other}")));
                out.push(format!("  {line}"));
                rest = &rest[at + 1..];
            }
            None => out.push(format!("- {line}")),
        }
    }
    out.extend(rest.iter().map(|other| format!("+ {other}")));
    out
}

fn lines(table: &Table) -> Vec<String> {
    let header = table.columns.iter().cloned().map(Some).collect();
    let rows = std::iter::once(&header)
        .chain(&table.rows)
        .map(|row: &Vec<Option<String>>| {
            let cells: Vec<String> = row.iter().map(|cell| print(cell.as_deref())).collect();
            format!("| {} |", cells.join(" | "))
        });
    rows.collect()
}

fn print(cell: Option<&str>) -> String {
    let Some(text) = cell else {
        return String::new();
    };
    let plain = !text.is_empty()
        && !text.starts_with('"')
        && text.trim() == text
        && !text.contains(['\n', '\t']);
    if plain {
        text.replace('|', "\\|")
    } else {
        json::write(&Value::text(text)).replace('|', "\\|")
    }
}

#[cfg(test)]
mod tests {
    use super::{difference, read, same};

    #[test]
    fn cells_are_texts_or_missing() {
        let table = read("| a | b |\n|---|---|\n| x \\| y |  |\n| \" \\\\n\" | [1] |\n").unwrap();
        assert_eq!(table.columns, ["a", "b"]);
        assert_eq!(table.rows[0], [Some("x | y".to_owned()), None]);
        assert_eq!(table.rows[1][0].as_deref(), Some(" \\n"));
        assert!(read("| a |\n| 1 | 2 |").is_err());
    }

    #[test]
    fn differences_are_shown_line_by_line() {
        let expected = read("| a |\n| 1 |\n| 2 |").unwrap();
        let found = read("| a |\n| 2 |\n| 3 |").unwrap();
        assert!(!same(&expected, &found, true));
        let lines = difference(&expected, &found);
        assert_eq!(lines, ["  | a |", "- | 1 |", "  | 2 |", "+ | 3 |"]);
    }

    #[test]
    fn order_may_be_left_open() {
        let left = read("| a |\n| 1 |\n| 2 |").unwrap();
        let right = read("| a |\n| 2 |\n| 1 |").unwrap();
        assert!(same(&left, &right, true));
        assert!(!same(&left, &right, false));
    }
}
