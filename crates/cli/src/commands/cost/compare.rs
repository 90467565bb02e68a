//! `corelog cost compare --bill FILE`: a provider's bill against what was recorded, day by day and model by model.
//!
//! Bills and records name models each in their own way: names are the same here if they have the same words and numbers,
//! makers, regions, dates and kinds of tokens aside (`USE1-Claude4.5Sonnet-input-tokens` and
//! `us.anthropic.claude-sonnet-4-5-20250929-v1:0`).

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use corelog_prices::Amount;
use corelog_types::Timestamp;
use serde_json::json;

use super::bill::{self, Bill, Biller};
use super::by::{By, field, text};
use super::calls::{Group, groups_where};
use super::stopped;
use crate::commands::Session;
use crate::commands::query::{Scope, csv};
use crate::printer::cell::{ABSENT, count, safe};
use crate::printer::table::{Column, head, row, widths};
use crate::printer::{Format, Printer, Style, note};

/// The largest bill that is read.
const BILL_BYTES_MAX: u64 = 256 << 20;
/// Differences below this are rounding: a hundredth of a cent.
const ROUNDING_PICOS: u128 = 100_000_000;

/// Arguments.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// The bill, as CSV: AWS's Cost and Usage Report, or the costs that the console of `OpenAI` or Anthropic exports.
    #[arg(long, value_name = "FILE")]
    bill: PathBuf,
    /// The log group of the records, where it is not the server's own.
    #[arg(short = 'g', long, value_name = "GROUP")]
    log_group: Vec<String>,
}

/// A day and a model, on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Pair {
    day: String,
    /// As the bill names it, where it is there.
    billed_as: Option<String>,
    recorded_as: Option<String>,
    billed: Option<i128>,
    recorded: Option<Amount>,
    calls: u64,
    unpriced: u64,
}

impl Pair {
    /// What the bill has more than the records, in 10⁻¹².
    fn difference(&self) -> i128 {
        let recorded = self.recorded.unwrap_or_default().picos();
        self.billed.unwrap_or(0) - i128::try_from(recorded).unwrap_or(i128::MAX)
    }

    /// What the difference is most likely.
    fn why(&self) -> &'static str {
        match (self.billed, self.recorded) {
            (Some(_), None) if self.unpriced > 0 => "the calls have no cost",
            (Some(_), None) => "only on the bill",
            (None, Some(_)) => "only recorded",
            (None, None) => "not on the bill, no cost",
            _ if self.difference().unsigned_abs() <= ROUNDING_PICOS => "",
            _ if self.unpriced > 0 => "some calls have no cost",
            _ if self.difference() > 0 => "the bill has more",
            _ => "the records have more",
        }
    }
}

pub(super) fn run(args: &Args, mut session: Session) -> anyhow::Result<ExitCode> {
    let shown = args.bill.display();
    let size = std::fs::metadata(&args.bill)
        .with_context(|| format!("`{shown}` cannot be read"))?
        .len();
    anyhow::ensure!(
        size <= BILL_BYTES_MAX,
        "`{shown}` is larger than any bill that is read"
    );
    let bytes = std::fs::read(&args.bill).with_context(|| format!("`{shown}` cannot be read"))?;
    let bill = bill::read(&String::from_utf8_lossy(&bytes))?;
    let Some((first, last)) = days(&bill) else {
        note("the bill has no lines of models");
        return Ok(ExitCode::SUCCESS);
    };
    let scope = Scope {
        since: first.unix_ms() / 1_000,
        until: last.unix_ms() / 1_000 + 86_399,
        groups: args.log_group.clone(),
    };
    let scope = scope.settled(&session.client)?;
    let whose = bill.biller.list();
    let condition = format!(
        "({} = {whose} OR ({} IS NULL AND {} = {whose}))",
        field("corelog.cost.list"),
        field("corelog.cost.list"),
        field("corelog.dialect"),
        whose = text(whose),
    );
    let Some(groups) = groups_where(&session.client, &By::Day, &scope, Some(&condition))? else {
        return Ok(stopped());
    };
    let pairs = pairs(&bill, &groups);
    print(&bill, &pairs, &mut session.printer)?;
    Ok(ExitCode::SUCCESS)
}

/// The first and the last day of a bill.
fn days(bill: &Bill) -> Option<(Timestamp, Timestamp)> {
    let at = |day: &str| Timestamp::parse_rfc3339(&format!("{day}T00:00:00Z"));
    let mut days = bill.lines.keys().filter_map(|(day, _)| at(day));
    let first = days.next()?;
    Some(days.fold((first, first), |(first, last), day| {
        (first.min(day), last.max(day))
    }))
}

/// What both sides say of every day and model.
fn pairs(bill: &Bill, groups: &[Group]) -> Vec<Pair> {
    let mut pairs: BTreeMap<(String, BTreeSet<String>), Pair> = BTreeMap::new();
    for ((day, model), picos) in &bill.lines {
        let pair = pairs.entry((day.clone(), words(model))).or_default();
        pair.day.clone_from(day);
        pair.billed_as.get_or_insert_with(|| model.clone());
        *pair.billed.get_or_insert(0) += picos;
    }
    for group in groups {
        let day = group.key.clone().unwrap_or_default();
        let model = group.model.clone().unwrap_or_default();
        let pair = pairs.entry((day.clone(), words(&model))).or_default();
        pair.day = day;
        pair.recorded_as.get_or_insert(model);
        pair.calls += group.calls;
        pair.unpriced += group.unknown();
        if group.unpriced < group.calls {
            let recorded = pair.recorded.get_or_insert(Amount::ZERO);
            *recorded = recorded.saturating_add(group.amount);
        }
    }
    pairs.into_values().collect()
}

/// The words and numbers of a model's name.
fn words(name: &str) -> BTreeSet<String> {
    let name = match name.strip_prefix("arn:") {
        Some(arn) => arn.rsplit('/').next().unwrap_or(arn),
        None => name,
    };
    let mut words = BTreeSet::new();
    let mut word = String::new();
    let mut keep = |word: &mut String| {
        let word = std::mem::take(word).to_lowercase();
        let is_date = word.len() >= 6 && word.bytes().all(|byte| byte.is_ascii_digit());
        if !word.is_empty() && !is_date && !is_noise(&word) {
            words.insert(word);
        }
    };
    // `-v1:0` says which build it is.
    let name = match name.rsplit_once("-v") {
        Some((model, build))
            if build
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b':') =>
        {
            model
        }
        _ => name,
    };
    let name = without_region(without_day(name));
    for c in name.chars() {
        // `NovaPro4` is three of them.
        let joins = |before: char| {
            let begins = before.is_lowercase() && c.is_uppercase();
            !begins && before.is_ascii_digit() == c.is_ascii_digit()
        };
        if !c.is_alphanumeric() || !word.chars().last().is_none_or(joins) {
            keep(&mut word);
        }
        if c.is_alphanumeric() {
            word.push(c);
        }
    }
    keep(&mut word);
    words
}

/// Without a date such as `-2024-08-06` at its end.
fn without_day(name: &str) -> &str {
    let at = name.len().saturating_sub(11);
    match name.get(at..) {
        Some(end) if end.starts_with('-') => {
            let is_day = end[1..].bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
            if is_day { &name[..at] } else { name }
        }
        _ => name,
    }
}

/// Without the region that a type of usage begins with: `USE1-`.
fn without_region(name: &str) -> &str {
    match name.split_once('-') {
        Some((code, rest))
            if (3..=5).contains(&code.len())
                && code.ends_with(|c: char| c.is_ascii_digit())
                && code.starts_with(|c: char| c.is_ascii_uppercase())
                && code
                    .bytes()
                    .all(|it| it.is_ascii_uppercase() || it.is_ascii_digit()) =>
        {
            rest
        }
        _ => name,
    }
}

/// Words that say who makes a model, where it runs, or what of it is billed.
fn is_noise(word: &str) -> bool {
    const NOISE: [&str; 40] = [
        "anthropic",
        "amazon",
        "meta",
        "mistral",
        "cohere",
        "stability",
        "openai",
        "us",
        "eu",
        "apac",
        "global",
        "jp",
        "au",
        "use",
        "usw",
        "euw",
        "euc",
        "apn",
        "aps",
        "apne",
        "apse",
        "input",
        "output",
        "tokens",
        "token",
        "count",
        "cache",
        "read",
        "write",
        "batch",
        "cross",
        "region",
        "latest",
        "models",
        "model",
        "million",
        "text",
        "cached",
        "hr",
        "mantle",
    ];
    NOISE.contains(&word)
}

fn print(bill: &Bill, pairs: &[Pair], printer: &mut Printer) -> anyhow::Result<()> {
    match printer.format {
        Format::Table => table(pairs, printer)?,
        Format::Json => {
            for pair in pairs {
                let document = json!({
                    "day": pair.day, "billedAs": pair.billed_as, "recordedAs": pair.recorded_as,
                    "bill": pair.billed.map(signed), "recorded": pair.recorded.map(|it| it.to_string()),
                    "difference": signed(pair.difference()), "currency": bill.currency,
                    "calls": pair.calls, "unpricedCalls": pair.unpriced, "why": pair.why(),
                });
                printer.line(&document.to_string())?;
            }
        }
        Format::Csv => {
            let names = [
                "day",
                "billed_as",
                "recorded_as",
                "bill",
                "recorded",
                "difference",
                "calls",
                "unpriced_calls",
                "why",
            ];
            printer.line(&csv(names.into_iter()))?;
            for pair in pairs {
                let cells = [
                    pair.day.clone(),
                    pair.billed_as.clone().unwrap_or_default(),
                    pair.recorded_as.clone().unwrap_or_default(),
                    pair.billed.map(signed).unwrap_or_default(),
                    pair.recorded.map(|it| it.to_string()).unwrap_or_default(),
                    signed(pair.difference()),
                    pair.calls.to_string(),
                    pair.unpriced.to_string(),
                    pair.why().to_owned(),
                ];
                printer.line(&csv(cells.iter().map(String::as_str)))?;
            }
        }
    }
    let (billed, recorded) = totals(pairs);
    let (billed_text, recorded_text) = (rounded(billed), rounded(recorded));
    let currency = bill.currency.clone().unwrap_or_default();
    note(&format!(
        "bill {billed_text} {currency}, recorded {recorded_text}: a difference of {}",
        rounded(billed - recorded)
    ));
    if bill.passed_over > 0 {
        let lines = count(bill.passed_over);
        note(&format!(
            "{lines} lines of the bill are not for calls of models"
        ));
    }
    if bill.biller == Biller::Aws
        && bill
            .lines
            .keys()
            .any(|(_, model)| !model.starts_with("arn:"))
    {
        note("hint: a report with resource ids names models better");
    }
    Ok(())
}

fn totals(pairs: &[Pair]) -> (i128, i128) {
    let recorded = |pair: &Pair| {
        let picos = pair.recorded.unwrap_or_default().picos();
        i128::try_from(picos).unwrap_or(i128::MAX)
    };
    let billed = pairs.iter().map(|pair| pair.billed.unwrap_or(0)).sum();
    (billed, pairs.iter().map(recorded).sum())
}

fn table(pairs: &[Pair], printer: &mut Printer) -> anyhow::Result<()> {
    let columns = [
        Column::whole("DAY", 10),
        Column::text("MODEL", 32),
        Column::number("CALLS", 8).goes(1),
        Column::number("BILL", 12),
        Column::number("RECORDED", 12),
        Column::number("DIFFERENCE", 12),
        Column::text("WHY", 24),
    ];
    let rows: Vec<Vec<String>> = pairs
        .iter()
        .map(|pair| {
            let model = pair.recorded_as.as_ref().or(pair.billed_as.as_ref());
            let recorded = pair.recorded.map(Amount::readable);
            let absent = || ABSENT.to_owned();
            vec![
                safe(&pair.day),
                model.map_or_else(absent, |it| safe(it)),
                count(pair.calls),
                pair.billed.map_or_else(absent, rounded),
                recorded.unwrap_or_else(absent),
                rounded(pair.difference()),
                pair.why().to_owned(),
            ]
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let widths = widths(&columns, &rows, printer.width);
    printer.line(&printer.styled(Style::Label, &head(&columns, &widths)))?;
    for (pair, cells) in pairs.iter().zip(&rows) {
        let line = row(&columns, &widths, cells);
        let line = match pair.why() {
            "" => line,
            _ => printer.styled(Style::Warn, &line),
        };
        printer.line(&line)?;
    }
    Ok(())
}

/// All decimals of an amount that may be negative.
fn signed(picos: i128) -> String {
    let amount = Amount::from_picos(picos.unsigned_abs());
    let sign = if picos < 0 { "-" } else { "" };
    format!("{sign}{amount}")
}

/// The same for people.
fn rounded(picos: i128) -> String {
    let sign = if picos < 0 { "-" } else { "" };
    format!(
        "{sign}{}",
        Amount::from_picos(picos.unsigned_abs()).readable()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_model_have_the_same_words() {
        for (bill, record) in [
            (
                "USE1-Claude4.5Sonnet-input-tokens",
                "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            ),
            ("gpt-4o-2024-08-06", "gpt-4o"),
            ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
            (
                "arn:aws:bedrock:us-east-1:1:inference-profile/us.amazon.nova-pro-v1:0",
                "amazon.nova-pro-v1:0",
            ),
            (
                "USE1-NovaPro-cache-read-input-token-count",
                "us.amazon.nova-pro-v1:0",
            ),
        ] {
            assert_eq!(words(bill), words(record), "{bill}");
        }
        assert_ne!(words("claude-sonnet-4-5"), words("claude-sonnet-4"));
        assert_ne!(words("gpt-4o"), words("gpt-4o-mini"));
    }

    fn recorded(day: &str, model: &str, amount: &str, unpriced: u64) -> Group {
        Group {
            key: Some(day.to_owned()),
            model: Some(model.to_owned()),
            calls: 5,
            unpriced,
            amount: amount.parse().unwrap(),
            ..Group::default()
        }
    }

    #[test]
    fn differences_are_named_by_day_and_model() {
        let line =
            |day: &str, model: &str, picos: i128| ((day.to_owned(), model.to_owned()), picos);
        let one = 1_000_000_000_000;
        let bill = Bill {
            biller: Biller::OpenAi,
            lines: [
                line("2026-11-20", "gpt-4o-2024-08-06", one),
                line("2026-11-20", "o3-2025-04-16", one),
                line("2026-11-21", "gpt-4o-2024-08-06", one),
                line("2026-11-21", "gpt-image-1", one),
            ]
            .into_iter()
            .collect(),
            currency: Some("USD".to_owned()),
            passed_over: 0,
        };
        let groups = [
            recorded("2026-11-20", "gpt-4o", "0.4", 0),
            recorded("2026-11-20", "gpt-4o-2024-08-06", "0.6", 0),
            recorded("2026-11-21", "gpt-4o", "0.75", 2),
            recorded("2026-11-21", "gpt-5", "0.1", 0),
            recorded("2026-11-21", "gpt-image-1", "0", 5),
        ];
        let pairs = pairs(&bill, &groups);
        let mut said: Vec<_> = pairs
            .iter()
            .map(|pair| {
                let model = pair.billed_as.as_ref().or(pair.recorded_as.as_ref());
                (
                    pair.day.as_str(),
                    model.unwrap().as_str(),
                    signed(pair.difference()),
                    pair.why(),
                )
            })
            .collect();
        said.sort_unstable();
        let text = |text: &str| text.to_owned();
        assert_eq!(
            said,
            [
                ("2026-11-20", "gpt-4o-2024-08-06", text("0"), ""),
                ("2026-11-20", "o3-2025-04-16", text("1"), "only on the bill"),
                (
                    "2026-11-21",
                    "gpt-4o-2024-08-06",
                    text("0.25"),
                    "some calls have no cost"
                ),
                ("2026-11-21", "gpt-5", text("-0.1"), "only recorded"),
                (
                    "2026-11-21",
                    "gpt-image-1",
                    text("1"),
                    "the calls have no cost"
                ),
            ]
        );
        assert_eq!(totals(&pairs), (4 * one, 1_850_000_000_000));
    }

    proptest::proptest! {
        #[test]
        fn names_never_panic(name in ".{0,40}") {
            words(&name);
        }
    }
}
