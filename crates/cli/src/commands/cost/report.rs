//! Costs, printed.

use std::collections::{BTreeMap, BTreeSet};

use corelog_prices::Amount;
use corelog_types::Timestamp;
use serde_json::json;

use super::by::By;
use super::calls::{FAILED, Group};
use crate::commands::query::{Scope, csv};
use crate::printer::cell::{ABSENT, count, safe};
use crate::printer::table::{Column, head, row, widths};
use crate::printer::{Format, Printer, Style, note};

/// Models that are named where they have no cost.
const MODELS_SHOWN: usize = 5;

/// All calls that share a key and a currency.
#[derive(Debug, Default)]
struct Line {
    calls: u64,
    amount: Amount,
    unpriced: BTreeMap<String, u64>,
    input: u64,
    cache_read: u64,
    cache_write: u64,
    output: u64,
}

impl Line {
    fn add(&mut self, group: &Group) {
        self.calls += group.calls;
        self.amount = self.amount.saturating_add(group.amount);
        if let Some(why) = &group.why {
            *self.unpriced.entry(why.clone()).or_default() += group.unpriced;
        }
        self.input += group.input;
        self.cache_read += group.cache_read;
        self.cache_write += group.cache_write;
        self.output += group.output;
    }

    fn priced(&self) -> u64 {
        self.calls.saturating_sub(self.unpriced.values().sum())
    }

    fn failed(&self) -> u64 {
        self.unpriced.get(FAILED).copied().unwrap_or(0)
    }

    /// Those that may have cost something.
    fn no_cost(&self) -> u64 {
        self.unpriced.values().sum::<u64>() - self.failed()
    }
}

type Key = (Option<String>, String);

/// Lines, the most expensive first. A call without a cost belongs to the currency of its neighbours, if there is one.
fn lines(groups: &[Group]) -> Vec<(Key, Line)> {
    let mut currencies: BTreeSet<&str> = BTreeSet::new();
    currencies.extend(groups.iter().filter_map(|group| group.currency.as_deref()));
    let only = match currencies.len() {
        1 => currencies.first().copied().unwrap_or_default(),
        _ => "",
    };
    let mut lines: BTreeMap<Key, Line> = BTreeMap::new();
    for group in groups {
        let currency = group.currency.clone().unwrap_or_else(|| only.to_owned());
        let key = (group.key.clone(), currency);
        lines.entry(key).or_default().add(group);
    }
    let mut lines: Vec<_> = lines.into_iter().collect();
    lines.sort_by(|(a_key, a), (b_key, b)| (b.amount, a_key).cmp(&(a.amount, b_key)));
    lines
}

pub(super) fn print(
    by: &By,
    groups: &[Group],
    scope: &Scope,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    let lines = lines(groups);
    match printer.format {
        Format::Json => json_lines(by, &lines, printer)?,
        Format::Csv => csv_lines(by, &lines, printer)?,
        Format::Table if lines.is_empty() => {
            let day = |seconds: u64| Timestamp::from_unix_ms(seconds * 1_000).rfc3339_seconds();
            let (since, until) = (day(scope.since), day(scope.until));
            note(&format!("no calls of models from {since} to {until}"));
            note("hint: ask about more with `--since 90d`");
        }
        Format::Table => table(by, &lines, printer)?,
    }
    without_cost(groups);
    Ok(())
}

fn json_lines(by: &By, lines: &[(Key, Line)], printer: &mut Printer) -> anyhow::Result<()> {
    for ((key, currency), line) in lines {
        // Exact decimals are texts: a reader's doubles would round them.
        let cost = (line.priced() > 0).then(|| line.amount.to_string());
        let document = json!({
            by.title(): key, "calls": line.calls, "priced": line.priced(), "inputTokens": line.input,
            "cacheReadTokens": line.cache_read, "cacheWriteTokens": line.cache_write,
            "outputTokens": line.output, "cost": cost, "currency": currency, "unpriced": line.unpriced,
        });
        printer.line(&document.to_string())?;
    }
    Ok(())
}

fn csv_lines(by: &By, lines: &[(Key, Line)], printer: &mut Printer) -> anyhow::Result<()> {
    let names = [
        by.title(),
        "calls",
        "priced",
        "input_tokens",
        "cache_read_tokens",
        "cache_write_tokens",
        "output_tokens",
        "cost",
        "currency",
    ];
    printer.line(&csv(names.into_iter()))?;
    for ((key, currency), line) in lines {
        let cost = (line.priced() > 0).then(|| line.amount.to_string());
        let cells = [
            key.clone().unwrap_or_default(),
            line.calls.to_string(),
            line.priced().to_string(),
            line.input.to_string(),
            line.cache_read.to_string(),
            line.cache_write.to_string(),
            line.output.to_string(),
            cost.unwrap_or_default(),
            currency.clone(),
        ];
        printer.line(&csv(cells.iter().map(String::as_str)))?;
    }
    Ok(())
}

fn table(by: &By, lines: &[(Key, Line)], printer: &mut Printer) -> anyhow::Result<()> {
    let columns = [
        Column::titled(by.title().to_uppercase(), false),
        Column::number("CALLS", 8),
        Column::number("INPUT", 10).goes(2),
        Column::number("CACHED", 10).goes(4),
        Column::number("WRITTEN", 10).goes(5),
        Column::number("OUTPUT", 10).goes(3),
        Column::number("COST", 12),
        Column::number("FAILED", 8).goes(1),
        Column::number("NO COST", 8).goes(6),
    ];
    let mut rows: Vec<Vec<String>> = lines
        .iter()
        .map(|((key, currency), line)| cells(key.as_deref(), currency, line))
        .collect();
    let currencies: BTreeSet<&String> = lines.iter().map(|((_, currency), _)| currency).collect();
    for currency in currencies {
        let mut total = Line::default();
        let same = lines.iter().filter(|((_, it), _)| it == currency);
        for (_, line) in same {
            total.calls += line.calls;
            total.amount = total.amount.saturating_add(line.amount);
            total.input += line.input;
            total.cache_read += line.cache_read;
            total.cache_write += line.cache_write;
            total.output += line.output;
            for (why, calls) in &line.unpriced {
                *total.unpriced.entry(why.clone()).or_default() += calls;
            }
        }
        rows.push(cells(Some("total"), currency, &total));
    }
    let widths = widths(&columns, &rows, printer.width);
    printer.line(&printer.styled(Style::Label, &head(&columns, &widths)))?;
    for cells in &rows {
        printer.line(&row(&columns, &widths, cells))?;
    }
    Ok(())
}

fn cells(key: Option<&str>, currency: &str, line: &Line) -> Vec<String> {
    let cost = match line.priced() {
        0 => ABSENT.to_owned(),
        _ => money(line.amount, currency),
    };
    let none = |number: u64| match number {
        0 => String::new(),
        number => count(number),
    };
    vec![
        key.map_or_else(|| ABSENT.to_owned(), safe),
        count(line.calls),
        count(line.input),
        none(line.cache_read),
        none(line.cache_write),
        count(line.output),
        cost,
        none(line.failed()),
        none(line.no_cost()),
    ]
}

/// An amount for people.
pub(super) fn money(amount: Amount, currency: &str) -> String {
    format!("{} {}", amount.readable(), safe(currency))
        .trim_end()
        .to_owned()
}

/// Says which calls have no cost, and why. Those that failed are no riddle.
fn without_cost(groups: &[Group]) {
    let mut reasons: BTreeMap<&str, (u64, BTreeSet<&str>)> = BTreeMap::new();
    for group in groups {
        let why = group.why.as_deref().filter(|why| *why != FAILED);
        let Some(why) = why else { continue };
        let (calls, models) = reasons.entry(why).or_default();
        *calls += group.unpriced;
        models.extend(group.model.as_deref());
    }
    for (why, (calls, models)) in reasons {
        let plural = if calls == 1 { " has" } else { "s have" };
        let mut names: Vec<String> = models
            .iter()
            .take(MODELS_SHOWN)
            .map(|it| safe(it))
            .collect();
        if models.len() > MODELS_SHOWN {
            names.push(format!("{} more", models.len() - MODELS_SHOWN));
        }
        let names = match names.len() {
            0 => String::new(),
            _ => format!(": {}", names.join(", ")),
        };
        note(&format!(
            "{} call{plural} no cost, {}{names}",
            count(calls),
            in_words(why)
        ));
        if let Some(hint) = hint(why) {
            note(&format!("hint: {hint}"));
        }
    }
}

/// Why there is no cost, for people.
pub(in crate::commands) fn in_words(why: &str) -> String {
    let words = match why {
        "unknown_upstream" => "no list of prices is for where they went",
        "no_model" => "no model was named",
        "no_price" => "the model has no price",
        "no_price_in_region" => "the model has no price in that region",
        "no_price_in_tier" => "the model has no price in that tier of service",
        "no_usage" => "the provider did not count tokens",
        "no_image_count" => "the number of images is not known",
        "no_rate" => "the model has no price for some kind of token",
        "mixed_cache" => "which kinds of tokens were cached is not known",
        "failed" => "the call failed",
        "too_much" => "the counts are beyond all prices",
        "not_recorded" => "they were recorded without one",
        other => return safe(other),
    };
    words.to_owned()
}

fn hint(why: &str) -> Option<&'static str> {
    match why {
        "unknown_upstream" => {
            Some("set `prices` of the `[[provider]]`, such as `prices = \"openai\"`")
        }
        "no_price" | "no_price_in_region" | "no_price_in_tier" | "no_rate" => {
            Some("give the model a price in the file of `[prices]`; docs/cost.md says how")
        }
        "not_recorded" => Some("`corelog cost --reprice` gives them one"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(key: &str, amount: &str, why: Option<&str>) -> Group {
        let priced = why.is_none();
        Group {
            key: Some(key.to_owned()),
            currency: priced.then(|| "USD".to_owned()),
            calls: 2,
            amount: amount.parse().unwrap(),
            unpriced: if priced { 0 } else { 2 },
            why: why.map(str::to_owned),
            ..Group::default()
        }
    }

    #[test]
    fn lines_hold_what_shares_a_key_and_begin_with_the_most_expensive() {
        let groups = [
            group("a", "0.1", None),
            group("b", "0.3", None),
            group("a", "0.05", None),
            group("a", "0", Some("failed")),
        ];
        let lines = lines(&groups);
        let shown: Vec<_> = lines
            .iter()
            .map(|((key, currency), line)| {
                let key = key.clone().unwrap();
                (
                    key,
                    currency.clone(),
                    line.amount.to_string(),
                    line.priced(),
                )
            })
            .collect();
        let usd = || "USD".to_owned();
        assert_eq!(
            shown,
            [
                ("b".to_owned(), usd(), "0.3".to_owned(), 2),
                ("a".to_owned(), usd(), "0.15".to_owned(), 4)
            ]
        );
    }

    #[test]
    fn what_has_no_cost_shows_none() {
        let all = lines(&[group("a", "0", Some("no_price"))]);
        let ((key, currency), line) = &all[0];
        let cells = cells(key.as_deref(), currency, line);
        assert_eq!(cells[6], ABSENT);
        assert_eq!(cells[7..], ["", "2"]);
    }

    #[test]
    fn what_failed_is_counted_apart() {
        let all = lines(&[group("a", "0.1", None), group("a", "0", Some("failed"))]);
        let ((key, currency), line) = &all[0];
        let cells = cells(key.as_deref(), currency, line);
        assert_eq!(cells[6..], ["0.1000 USD", "2", ""]);
        assert_eq!(line.priced(), 2);
    }
}
