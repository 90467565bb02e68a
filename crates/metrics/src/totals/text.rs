//! Totals as text.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;

use super::{Series, Total};
use crate::{Bounds, Bucket, Metric, Statistic, Unit};

/// Upper bounds of what takes time, in seconds: from a gateway's own part of a call to a long answer.
const SECONDS: [f64; 16] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
    120.0,
];
/// Upper bounds of tokens a second.
const RATES: [f64; 9] = [5.0, 10.0, 20.0, 40.0, 60.0, 80.0, 120.0, 200.0, 500.0];

/// What sums in different order differ by is less than this part of them.
const ROUNDING: f64 = 1e-9;

type Labels = Vec<(&'static str, String)>;

/// A family: lines of one name.
struct Family {
    kind: &'static str,
    help: &'static str,
    /// By labels, in their text.
    lines: BTreeMap<String, String>,
}

pub(super) fn write(totals: &HashMap<Arc<Metric>, Series>) -> String {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let models = of_models(totals);
    for (metric, series) in totals {
        let Some((prefix, labels)) = labels_of(metric) else {
            continue;
        };
        match &series.total {
            Total::Sum(sum) => {
                let sum = match labels.as_slice() {
                    [("provider", provider)] => {
                        let models = models.get(&(provider.as_str(), metric.name()));
                        beyond(*sum, models.copied().unwrap_or(0.0))
                    }
                    _ => *sum,
                };
                counter(metric.name(), prefix, labels, sum, &mut families);
            }
            Total::Distribution(unit, bucket) if labels.len() == 2 => {
                histogram(metric.name(), *unit, &labels, bucket, &mut families);
            }
            Total::Distribution(..) => {}
        }
    }
    let mut text = String::new();
    for (name, family) in families {
        // Writing to a string does not fail.
        let _ = writeln!(text, "# HELP {name} {}.", family.help);
        let _ = writeln!(text, "# TYPE {name} {}", family.kind);
        for lines in family.lines.values() {
            text.push_str(lines);
        }
    }
    text
}

/// How a metric's name begins, and its labels; `None` for those that are sums of others.
fn labels_of(metric: &Metric) -> Option<(&'static str, Labels)> {
    let dimensions = metric.dimensions();
    let value = |name: &str| {
        let found = dimensions.iter().find(|one| one.name == name);
        found.map(|one| one.value.clone())
    };
    let names: Vec<&str> = dimensions.iter().map(|one| one.name.as_str()).collect();
    Some(match names.as_slice() {
        ["ModelId", "Provider"] => (
            "",
            vec![
                ("provider", value("Provider")?),
                ("model", value("ModelId")?),
            ],
        ),
        // What a provider has beyond its models: calls that name none.
        ["Provider"] => ("", vec![("provider", value("Provider")?)]),
        ["ModelId"] => ("", vec![("model", value("ModelId")?)]),
        ["ErrorCode", "Provider"] => (
            "",
            vec![
                ("provider", value("Provider")?),
                ("code", value("ErrorCode")?),
            ],
        ),
        ["Caller"] => ("caller_", vec![("caller", value("Caller")?)]),
        [tag] => (
            "tag_",
            vec![("tag", (*tag).to_owned()), ("value", value(tag)?)],
        ),
        _ => return None,
    })
}

/// What metrics of providers count in their models, by provider and name.
fn of_models(totals: &HashMap<Arc<Metric>, Series>) -> HashMap<(&str, &str), f64> {
    let mut sums = HashMap::new();
    for (metric, series) in totals {
        if let ([model, provider], Total::Sum(sum)) = (metric.dimensions(), &series.total)
            && model.name == "ModelId"
            && provider.name == "Provider"
        {
            *sums
                .entry((provider.value.as_str(), metric.name()))
                .or_insert(0.0) += sum;
        }
    }
    sums
}

/// What a sum has beyond its parts. Costs are no whole numbers: what is left of rounding them is nothing.
pub(super) fn beyond(sum: f64, parts: f64) -> f64 {
    let left = sum - parts;
    if left > sum.abs() * ROUNDING {
        left
    } else {
        0.0
    }
}

fn counter(
    name: &str,
    prefix: &str,
    mut labels: Labels,
    sum: f64,
    families: &mut BTreeMap<String, Family>,
) {
    let (mut name, kind, help) = words(name);
    if prefix.is_empty() && labels.len() == 1 && labels[0].0 == "provider" {
        if sum <= 0.0 {
            return;
        }
        labels.push(("model", String::new()));
    }
    if labels.iter().any(|(label, _)| *label == "code") {
        name.push_str("_by_code");
    }
    labels.extend(kind.map(|kind| ("kind", kind.to_owned())));
    let name = format!("corelog_{prefix}{name}");
    let text = text_of(&labels);
    let line = format!("{name}_total{{{text}}} {sum}\n");
    family(name, "counter", help, families).insert(text, line);
}

fn histogram(
    name: &str,
    unit: Unit,
    labels: &Labels,
    bucket: &Bucket,
    families: &mut BTreeMap<String, Family>,
) {
    let (name, _, help) = words(name);
    let (name, bounds, each) = match unit {
        Unit::CountPerSecond => (format!("corelog_{name}"), &RATES[..], 1.0),
        _ => (format!("corelog_{name}_seconds"), &SECONDS[..], 1_000.0),
    };
    let text = text_of(labels);
    let mut lines = String::new();
    // Without a distribution, all is above the greatest bound that is known.
    for bound in bounds {
        let to = Some(bound * each);
        let within = Statistic::TrimmedCount(Bounds::Values { from: None, to });
        let count = bucket.statistic(&within).unwrap_or(0.0);
        let _ = writeln!(lines, "{name}_bucket{{{text},le=\"{bound:?}\"}} {count}");
    }
    let (count, sum) = (bucket.sample_count(), bucket.sum() / each);
    let _ = writeln!(lines, "{name}_bucket{{{text},le=\"+Inf\"}} {count}");
    let _ = writeln!(lines, "{name}_sum{{{text}}} {sum}");
    let _ = writeln!(lines, "{name}_count{{{text}}} {count}");
    family(name, "histogram", help, families).insert(text, lines);
}

fn family<'a>(
    name: String,
    kind: &'static str,
    help: &'static str,
    families: &'a mut BTreeMap<String, Family>,
) -> &'a mut BTreeMap<String, String> {
    let family = families.entry(name).or_insert_with(|| Family {
        kind,
        help,
        lines: BTreeMap::new(),
    });
    &mut family.lines
}

/// What a metric is called in a scrape, which kind of it this is, and what it says.
fn words(name: &str) -> (String, Option<&'static str>, &'static str) {
    let tokens = "Tokens as providers count them";
    let (name, kind, help) = match name {
        "Invocations" => ("invocations", None, "Calls of models"),
        "InvocationErrors" => (
            "invocation_errors",
            None,
            "Calls of models that ended in an error",
        ),
        "InvocationThrottles" => (
            "invocation_throttles",
            None,
            "Calls of models that were throttled",
        ),
        "InputTokenCount" => ("tokens", Some("input"), tokens),
        "OutputTokenCount" => ("tokens", Some("output"), tokens),
        "CacheReadInputTokens" => ("tokens", Some("cache_read"), tokens),
        "CacheWriteInputTokens" => ("tokens", Some("cache_write"), tokens),
        "ReasoningTokenCount" => ("tokens", Some("reasoning"), tokens),
        "OutputImageCount" => ("output_images", None, "Images that models made"),
        "Cost" => (
            "cost",
            None,
            "What calls cost, in the currency of the prices",
        ),
        "InvocationsWithoutCost" => (
            "invocations_without_cost",
            None,
            "Calls of models whose cost is not known",
        ),
        "CallerHangUps" => ("caller_hang_ups", None, "Calls whose caller hung up"),
        "InvocationLatency" => (
            "invocation_latency",
            None,
            "From a request to the last byte of its answer",
        ),
        "TimeToFirstToken" => (
            "time_to_first_token",
            None,
            "From a request to the first byte of a stream",
        ),
        "LongestStreamGap" => (
            "longest_stream_gap",
            None,
            "The longest silence within a stream",
        ),
        "OutputTokensPerSecond" => ("output_tokens_per_second", None, "How fast models answer"),
        "GatewayOverhead" => ("call_overhead", None, "The gateway's own part of a call"),
        other => return (snake(other), None, "A metric of calls"),
    };
    (name.to_owned(), kind, help)
}

/// `LongestStreamGap` as `longest_stream_gap`.
fn snake(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    for (index, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && index > 0 {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

fn text_of(labels: &Labels) -> String {
    let one = |(name, value): &(&str, String)| {
        let value = value
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n");
        format!("{name}=\"{value}\"")
    };
    labels.iter().map(one).collect::<Vec<_>>().join(",")
}
