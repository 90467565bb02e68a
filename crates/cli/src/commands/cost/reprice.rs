//! Costs by the prices of today's configuration, of calls that were recorded before.
//!
//! The server groups calls that differ in their counts alone: those of one model, tier, region and day on the same side
//! of every step of a price, with the same counts missing and the same counts at nothing. Together they cost what they
//! cost apart, so that a month is priced from a few rows.

use std::sync::Arc;

use corelog_prices::{Absent, Call, Images, Many, Table};
use corelog_types::{Count, Timestamp, Usage};

use super::by::{By, field};
use super::calls::{Group, are_calls, count, number, said};
use crate::client::Client;
use crate::commands::query::{Row, Scope, rows_of};

/// Every count of a record, and its column.
const COUNTS: [(&str, &str); 10] = [
    ("input", "input"),
    ("output", "output"),
    ("cacheRead", "cache_read"),
    ("cacheWrite", "cache_write"),
    ("cacheWrite1h", "cache_write_1h"),
    ("reasoning", "reasoning"),
    ("inputAudio", "input_audio"),
    ("outputAudio", "output_audio"),
    ("inputImage", "input_image"),
    ("outputImage", "output_image"),
];

/// A count of a record.
fn usage(name: &str) -> String {
    number(&format!("corelog.usage.{name}.value"))
}

/// What calls of one group share, beside the key.
fn shared(table: &Table) -> Vec<(String, &'static str)> {
    let plain = [
        ("modelId", "model"),
        ("corelog.responseModel", "answered_by"),
        ("corelog.upstream", "upstream"),
        ("region", "region"),
        ("corelog.inferenceGeo", "geo"),
        ("corelog.serviceTier", "tier"),
        ("corelog.speed", "speed"),
        ("corelog.imageQuality", "quality"),
        ("output.outputImageWidth", "width"),
        ("output.outputImageHeight", "height"),
    ];
    let mut all: Vec<_> = plain
        .map(|(name, column)| (field(name), column))
        .into_iter()
        .collect();
    all.push((format!("substr({}, 1, 10)", field("timestamp")), "day"));
    all.push((format!("{} IS NOT NULL", field("errorCode")), "failed"));
    let prompt =
        ["input", "cacheRead", "cacheWrite"].map(|it| format!("COALESCE({}, 0)", usage(it)));
    let prompt = prompt.join(" + ");
    // How many steps the prompt is above.
    let steps: Vec<_> = table
        .steps()
        .iter()
        .map(|step| format!("CASE WHEN {prompt} > {step} THEN 1 ELSE 0 END"))
        .collect();
    let steps = if steps.is_empty() {
        "0".to_owned()
    } else {
        steps.join(" + ")
    };
    all.push((steps, "step"));
    // Which counts there are, and which of them are of something: a call without audio has a cost where one with audio
    // has none.
    let there = COUNTS.map(|(name, _)| {
        let value = usage(name);
        format!("CASE WHEN {value} IS NULL THEN '-' WHEN {value} > 0 THEN '+' ELSE '0' END")
    });
    all.push((there.join(" || "), "there"));
    all
}

fn statement(by: &By, scope: &Scope, table: &Table) -> String {
    let shared = shared(table);
    let keys: Vec<_> = shared
        .iter()
        .map(|(sql, column)| format!("{sql} AS {column}"))
        .collect();
    let sums: Vec<_> = COUNTS
        .iter()
        .map(|(name, column)| format!("SUM({}) AS sum_{column}", usage(name)))
        .collect();
    let places: Vec<_> = (1..=shared.len() + 1).map(|at| at.to_string()).collect();
    let images = number("corelog.imageCount");
    format!(
        "SELECT {key} AS k, {keys}, COUNT(*) AS calls, {sums}, SUM({images}) AS images, COUNT({images}) AS with_images, \
         SUM({input}) AS input, SUM({read}) AS cache_read, SUM({write}) AS cache_write, SUM({output}) AS output \
         FROM {from} WHERE {calls} GROUP BY {places}",
        key = by.sql(),
        keys = keys.join(", "),
        sums = sums.join(", "),
        input = number("input.inputTokenCount"),
        read = number("input.cacheReadInputTokenCount"),
        write = number("input.cacheWriteInputTokenCount"),
        output = number("output.outputTokenCount"),
        from = scope.table(),
        calls = are_calls(),
        places = places.join(", "),
    )
}

/// The costs by a table of prices; `None` once the user has it stopped.
pub(super) fn groups(
    client: &Client,
    by: &By,
    scope: &Scope,
    table: &Arc<Table>,
) -> anyhow::Result<Option<Vec<Group>>> {
    let rows = rows_of(client, &statement(by, scope, table), scope)?;
    Ok(rows.map(|rows| rows.iter().map(|row| group(row, table)).collect()))
}

fn group(row: &Row, table: &Table) -> Group {
    let calls = count(row, "calls");
    let mut group = Group {
        key: said(row, "k"),
        model: said(row, "model"),
        calls,
        input: count(row, "input"),
        cache_read: count(row, "cache_read"),
        cache_write: count(row, "cache_write"),
        output: count(row, "output"),
        ..Group::default()
    };
    match cost(row, calls, table) {
        Ok((amount, currency)) => {
            group.amount = amount;
            group.currency = Some(currency);
        }
        Err(absent) => {
            group.unpriced = calls;
            group.why = Some(absent.as_str().to_owned());
        }
    }
    group
}

fn cost(row: &Row, calls: u64, table: &Table) -> Result<(corelog_prices::Amount, String), Absent> {
    let usage = usage_of(row);
    if usage == Usage::default() && said(row, "failed").as_deref() == Some("true") {
        return Err(Absent::Failed);
    }
    let text = |column| said(row, column);
    let (upstream, model, answered_by) = (text("upstream"), text("model"), text("answered_by"));
    let (region, geo, quality) = (text("region"), text("geo"), text("quality"));
    let tier = match text("speed").as_deref() {
        Some("fast") => Some("fast".to_owned()),
        _ => text("tier"),
    };
    let day = text("day").unwrap_or_default();
    // A price begins with a day, so that any time of it will do.
    let time = Timestamp::parse_rfc3339(&format!("{day}T12:00:00Z"));
    // Some calls of a group may say how many images there were, and some not: then nothing is known of all.
    let all_say = count(row, "with_images") == calls;
    let number = |column: &str| said(row, column).and_then(|text| text.parse().ok());
    let images = Images {
        count: all_say.then(|| count(row, "images")),
        width: number("width"),
        height: number("height"),
        quality: quality.as_deref(),
    };
    let cost = table.cost(&Call {
        upstream: upstream.as_deref().unwrap_or_default(),
        model: model.as_deref(),
        answered_by: answered_by.as_deref(),
        region: region.as_deref(),
        geo: geo.as_deref(),
        tier: tier.as_deref(),
        time: time.unwrap_or(Timestamp::from_unix_ms(0)),
        usage: &usage,
        images: all_say.then_some(images),
        many: Some(Many {
            calls,
            prompt_tokens: prompt_of(count(row, "step"), &table.steps()),
        }),
    })?;
    Ok((cost.amount, cost.currency.to_string()))
}

/// A prompt above so many steps.
fn prompt_of(above: u64, steps: &[u64]) -> u64 {
    let last = usize::try_from(above).unwrap_or(usize::MAX).checked_sub(1);
    let last = last.and_then(|at| steps.get(at));
    last.map_or(0, |step| step.saturating_add(1))
}

fn usage_of(row: &Row) -> Usage {
    let mut usage = Usage::default();
    let there = said(row, "there").unwrap_or_default();
    for ((name, column), is_there) in COUNTS.iter().zip(there.chars()) {
        if is_there != '-'
            && let Some(slot) = usage.entry_mut(name)
        {
            *slot = Some(Count::reported(count(row, &format!("sum_{column}"))));
        }
    }
    usage
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn row(values: &[(&str, &str)]) -> Row {
        let pairs = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
        pairs.collect()
    }

    #[test]
    fn calls_of_a_group_cost_what_they_cost_apart() {
        let shared = [
            ("k", "ports"),
            ("model", "claude-haiku-5-5"),
            ("upstream", "https://api.anthropic.com/v1/messages"),
            ("day", "2026-11-20"),
            ("calls", "3"),
            ("there", "++++-"),
            ("sum_input", "120000"),
            ("sum_output", "3000"),
            ("sum_cache_read", "180000"),
            ("sum_cache_write", "0"),
        ];
        // Three prompts of 100,000 tokens at the most: 120,000 x 0.10 + 180,000 x 0.01 + 3,000 x 0.50, in millionths.
        let at = |step: &str| {
            let mut values = shared.to_vec();
            values.push(("step", step));
            group(&row(&values), Table::built_in())
        };
        assert_eq!(at("0").amount.to_string(), "0.0153");
        // Three longer ones: five times as much.
        assert_eq!(at("1").amount.to_string(), "0.0765");
        assert_eq!(at("0").currency.as_deref(), Some("USD"));
    }

    #[test]
    fn a_count_of_nothing_is_a_count() {
        let values = [
            ("model", "claude-haiku-4-5"),
            ("upstream", "https://api.anthropic.com/v1/messages"),
            ("day", "2026-11-20"),
            ("calls", "2"),
            ("there", "+0--------"),
            ("sum_input", "1000"),
            ("sum_output", "0"),
        ];
        // 1,000 x 1, in millionths.
        let group = group(&row(&values), Table::built_in());
        assert_eq!(group.amount.to_string(), "0.001");
    }

    #[test]
    fn calls_with_and_without_audio_are_apart() {
        let scope = Scope {
            since: 0,
            until: 1,
            groups: vec!["/g".to_owned()],
        };
        let sql = statement(&By::Model, &scope, Table::built_in());
        let audio = "TRY_CAST(\"corelog.usage.inputAudio.value\" AS BIGINT)";
        let apart =
            format!("CASE WHEN {audio} IS NULL THEN '-' WHEN {audio} > 0 THEN '+' ELSE '0' END");
        assert!(sql.contains(&apart), "{sql}");
    }

    #[test]
    fn what_cannot_be_priced_says_why() {
        let why = |values: &[(&str, &str)]| group(&row(values), Table::built_in()).why;
        let upstream = ("upstream", "https://api.openai.com/v1/responses");
        let calls = ("calls", "2");
        assert_eq!(why(&[calls]).as_deref(), Some("unknown_upstream"));
        assert_eq!(
            why(&[
                calls,
                upstream,
                ("model", "gpt-4o"),
                ("there", "----------"),
                ("failed", "true")
            ])
            .as_deref(),
            Some("failed")
        );
        assert_eq!(
            why(&[
                calls,
                upstream,
                ("model", "gpt-4o"),
                ("there", "+---------"),
                ("failed", "false")
            ])
            .as_deref(),
            Some("no_usage")
        );
    }

    #[test]
    fn a_prompt_stands_for_those_above_the_same_steps() {
        let steps = [100, 200];
        assert_eq!(prompt_of(0, &steps), 0);
        assert_eq!(prompt_of(1, &steps), 101);
        assert_eq!(prompt_of(2, &steps), 201);
        assert_eq!(prompt_of(9, &steps), 0);
    }
}
