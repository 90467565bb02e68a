//! Charts of rows as the service gives them, drawn by hand.

use serde_json::json;

use super::*;
use crate::printer::Format;

fn row(cells: &[(&str, &str)]) -> Row {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), json!(value));
    cells.iter().map(pair).collect()
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The lines of a chart on a terminal of that width.
fn drawn(width: usize, text: &str, columns: &[&str], rows: &[Row]) -> Option<Vec<String>> {
    let mut printer = Printer::of_buffer(Format::Table, Box::new(Vec::new()));
    printer.width = width;
    of(text, &names(columns), rows, &printer)
}

fn minutes(values: &[(u32, &str)]) -> Vec<Row> {
    let time = |minute: u32| format!("2026-11-20 09:{minute:02}:00.000");
    let row = |(minute, value): &(u32, &str)| row(&[("bin(1m)", &time(*minute)), ("n", value)]);
    values.iter().map(row).collect()
}

const BY_MINUTE: &str = "stats count(*) as n by bin(1m)";

#[test]
fn one_series_is_bars_with_gaps_where_bins_are_missing() {
    let rows = minutes(&[(5, "0"), (2, "24"), (0, "48"), (1, "6")]);
    let lines = drawn(30, BY_MINUTE, &["bin(1m)", "n"], &rows).unwrap();
    let expected = [
        "n",
        "48 ████",
        "   ████",
        "   ████",
        "   ████    ████",
        "   ████    ████",
        " 0 ████▆▆▆▆████        ▁▁▁▁",
        "   2026-11-20 09:00 … 2026-11-20 09:05",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn more_bins_than_columns_share_them_and_the_highest_is_seen() {
    let rows = minutes(&[(0, "1"), (1, "8"), (38, "8"), (39, "4")]);
    let lines = drawn(22, BY_MINUTE, &["bin(1m)", "n"], &rows).unwrap();
    // 40 bins in 20 columns: the first two minutes are one, and so are the last two.
    assert_eq!(lines[1], format!("8 █{}█", " ".repeat(18)));
    assert_eq!(lines[6], format!("0 █{}█", " ".repeat(18)));
    assert_eq!(lines[8], "  the highest of up to 2 bins in a column");
}

#[test]
fn several_series_have_a_line_each_and_one_scale() {
    let at = |minute: u32| format!("2026-11-20 09:{minute:02}:00.000");
    let cells = |minute: u32, model: &str, n: &str| {
        row(&[("t", &at(minute)), ("modelId", model), ("n", n)])
    };
    let rows = [
        cells(0, "small", "1"),
        cells(0, "large", "8"),
        cells(1, "large", "4"),
        cells(3, "small", "2"),
    ];
    let text = "stats count(*) as n by bin(1m) as t, modelId | sort t";
    let lines = drawn(60, text, &["t", "modelId", "n"], &rows).unwrap();
    let expected = [
        "large ████▄▄▄▄         8",
        "small ▁▁▁▁        ▂▂▂▂ 2",
        "      2026-11-20 09:00 … 2026-11-20 09:03",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn columns_are_told_apart_by_name_and_have_a_scale_each() {
    let cells = |minute: u32, calls: &str, p99: &str| {
        let at = format!("2026-11-20 00:0{minute}:00.000");
        row(&[("bin(1m)", &at), ("calls", calls), ("p99", p99)])
    };
    let rows = [cells(0, "800", "0.5"), cells(1, "100", "4")];
    let text = "stats count(*) as calls, pct(ms, 99) as p99 by bin(1m)";
    let lines = drawn(60, text, &["bin(1m)", "calls", "p99"], &rows).unwrap();
    let expected = [
        "calls ████▁▁▁▁ 800",
        "p99   ▁▁▁▁████ 4",
        "      2026-11-20 00:00 … 2026-11-20 00:01",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn of_many_series_the_largest_of_each_column_are_drawn() {
    let mut rows = Vec::new();
    for (minute, model) in (0..2).flat_map(|minute| (1..=6).map(move |model| (minute, model))) {
        let at = format!("2026-11-20 00:0{minute}:00.000");
        let (name, value) = (format!("m{model}"), model.to_string());
        rows.push(row(&[
            ("t", &at),
            ("modelId", &name),
            ("a", &value),
            ("b", &value),
        ]));
    }
    let text = "stats sum(x) as a, sum(y) as b by bin(1m) as t, modelId";
    let lines = drawn(60, text, &["t", "modelId", "a", "b"], &rows).unwrap();
    let names: Vec<String> = lines[..8]
        .iter()
        .map(|line| {
            line.split_whitespace()
                .take(2)
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    let expected = [
        "a m6", "a m5", "a m4", "a m3", "b m6", "b m5", "b m4", "b m3",
    ];
    assert_eq!(names, expected);
    assert_eq!(lines[9], "     and 4 more, which are smaller");
}

#[test]
fn months_are_counted_by_the_calendar() {
    let cells =
        |month: &str, n: &str| row(&[("bin(1mo)", &format!("{month}-01 00:00:00.000")), ("n", n)]);
    let rows = [cells("2026-01", "1"), cells("2025-11", "2")];
    let text = "stats count(*) as n by bin(1mo)";
    let found = chart(text, &names(&["bin(1mo)", "n"]), &rows).unwrap();
    assert_eq!(found.bins, 3);
    assert_eq!(found.series[0].values, BTreeMap::from([(0, 2.0), (2, 1.0)]));
    let lines = drawn(60, text, &["bin(1mo)", "n"], &rows).unwrap();
    assert_eq!(lines.last().unwrap(), "  2025-11-01 … 2026-01-01");
}

#[test]
fn a_period_is_cut_as_bin_cuts_it() {
    let rows = minutes(&[(0, "1"), (5, "1")]);
    let columns = names(&["bin(1m)", "n"]);
    let bins = |text: &str| chart(text, &columns, &rows).map(|chart| chart.bins);
    assert_eq!(bins(BY_MINUTE), Some(6));
    let named = "stats count(*) as n by bin(300s) as `bin(1m)`";
    assert_eq!(bins(named), Some(6), "300s counts as 60s");
    let floor = "stats count(*) as n by datefloor(@timestamp, 5m) as `bin(1m)`";
    assert_eq!(bins(floor), Some(2));
}

#[test]
fn what_is_no_chart_is_not_drawn() {
    let none = |width: usize, text: &str, rows: &[Row]| {
        assert_eq!(drawn(width, text, &["bin(1m)", "n"], rows), None, "{text}");
    };
    let rows = minutes(&[(0, "1"), (5, "1")]);
    none(60, "stats count(*) as n by modelId as `bin(1m)`", &rows);
    none(60, "fields n", &rows);
    none(60, "SELECT 1", &rows);
    none(60, BY_MINUTE, &minutes(&[(0, "1")]));
    none(60, BY_MINUTE, &minutes(&[(0, "a"), (1, "b")]));
    none(60, BY_MINUTE, &[]);
    none(8, BY_MINUTE, &rows);
    let far = [
        row(&[("bin(1m)", "1970-01-01 00:00:00.000"), ("n", "1")]),
        row(&[("bin(1m)", "9999-12-31 23:59:00.000"), ("n", "NaN")]),
    ];
    none(60, BY_MINUTE, &far);
    let far = [
        row(&[("bin(1m)", "1970-01-01 00:00:00.000"), ("n", "1")]),
        row(&[("bin(1m)", "9999-12-31 23:59:00.000"), ("n", "-1.25")]),
    ];
    let lines = drawn(60, BY_MINUTE, &["bin(1m)", "n"], &far).unwrap();
    assert!(lines[6].starts_with("-1.25 "), "{lines:?}");
}
