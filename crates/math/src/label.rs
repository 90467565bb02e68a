//! What series are called in answers.
//!
//! # Defaults
//! A metric is called by its name, as long as no two have the same one. Else it is called by what differs among all
//! series of the request: name, values of dimensions in which metrics of one name differ, statistic and period, in this
//! order; by its name too, if neither name nor dimensions differ. An expression that gives one series is called by its
//! id, and each series of an array by its metric; that of a group by the values that make it one.
//!
//! Source: recorded answers for names, statistics and periods, and what `Grafana` relies on for the series of a search.
//! Decision: where the values of dimensions stand.
//!
//! # Labels
//! A label that a query has takes the default's place; before the series of an array, it stands in front of theirs. A
//! dynamic one, with `${...}` in it, is written for each series and takes the default's place always.
//!
//! Source: the user guide, "Using dynamic labels".

mod dynamic;

use std::collections::{BTreeMap, BTreeSet};

use corelog_types::Timestamp;

use crate::plan::{Answer, Plan, Term};
use crate::series::{Origin, Series};

/// What labels say beside what is in their series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options<'a> {
    /// The time of the request.
    pub now: Timestamp,
    /// How far the clock of times is ahead of UTC.
    pub zone_minutes: i32,
    /// The region of every metric.
    pub region: &'a str,
    /// Whose the metrics are.
    pub account: &'a str,
}

/// Reads `LabelOptions.Timezone`, `+0130` for one; `None` if it is none.
pub fn zone_minutes(text: &str) -> Option<i32> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (i32, i32) = (digits[..2].parse().ok()?, digits[2..].parse().ok()?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

/// The default labels of the metrics of a request.
#[derive(Debug, Default)]
pub struct Names(BTreeMap<Origin, String>);

impl Names {
    /// Those of all metrics that the request shows.
    pub fn of<'a>(shown: impl Iterator<Item = &'a Origin>) -> Self {
        let origins: BTreeSet<&Origin> = shown.collect();
        let origins: Vec<&Origin> = origins.into_iter().collect();
        let defaults = defaults(&origins);
        Self(origins.into_iter().cloned().zip(defaults).collect())
    }

    fn get(&self, series: &Series) -> Option<&str> {
        let origin = series.origin.as_deref()?;
        self.0.get(origin).map(String::as_str)
    }
}

/// The label of a metric's series, of which `label` is what its query says.
pub fn of_metric(
    label: Option<&str>,
    series: &Series,
    names: &Names,
    options: &Options<'_>,
) -> String {
    let name = names.get(series).unwrap_or_default();
    of_one(label, name, series, options)
}

/// Decision: a label without a text is none.
fn of_one(label: Option<&str>, name: &str, series: &Series, options: &Options<'_>) -> String {
    match label {
        None | Some("") => name.to_owned(),
        Some(label) if label.contains("${") => dynamic::written(label, name, series, options),
        Some(label) => label.to_owned(),
    }
}

/// The labels of each answer's series, in their order.
pub fn of_answers(plan: &Plan, answers: &[Answer], options: &Options<'_>) -> Vec<Vec<String>> {
    let series = answers.iter().flat_map(|answer| {
        // What an expression made of one metric is called by the expression.
        let is_metric = matches!(plan.queries()[answer.query].term, Term::Metric(_));
        let is_called = answer.is_array || is_metric;
        answer.series.iter().filter(move |_| is_called)
    });
    let names = Names::of(series.filter_map(|one| one.origin.as_deref()));
    answers
        .iter()
        .map(|answer| of_answer(plan, answer, &names, options))
        .collect()
}

fn of_answer(plan: &Plan, answer: &Answer, names: &Names, options: &Options<'_>) -> Vec<String> {
    let query = &plan.queries()[answer.query];
    let is_expression = matches!(query.term, Term::Expression(_));
    let labels = answer.series.iter().map(|series| {
        let select = plan.select_of(answer.query);
        let group = select.and_then(|select| select.name_of(series));
        let own = group.as_deref().or_else(|| names.get(series));
        let name = own.filter(|_| answer.is_array || !is_expression);
        let name = name.unwrap_or(&query.id);
        match query.label.as_deref() {
            Some(label) if answer.is_array && !label.is_empty() && !label.contains("${") => {
                format!("{label} {name}")
            }
            label => of_one(label, name, series, options),
        }
    });
    labels.collect()
}

/// The default label of each of some metrics.
pub fn defaults(origins: &[&Origin]) -> Vec<String> {
    let distinct = |part: fn(&Origin) -> &str| {
        let parts: BTreeSet<&str> = origins.iter().map(|origin| part(origin)).collect();
        parts.len()
    };
    let names = distinct(|origin| &origin.metric_name);
    if names == origins.len() {
        let names = origins.iter().map(|origin| origin.metric_name.clone());
        return names.collect();
    }
    let periods: BTreeSet<u32> = origins.iter().map(|origin| origin.period_seconds).collect();
    let dimensions = differing_dimensions(origins);
    let show_namespace = distinct(|origin| &origin.namespace) > 1;
    let show_name = names > 1 || dimensions.is_empty();
    let show_statistic = distinct(|origin| &origin.statistic) > 1;
    let label = |origin: &&Origin| {
        let mut parts: Vec<String> = Vec::new();
        if show_namespace {
            parts.push(origin.namespace.clone());
        }
        if show_name {
            parts.push(origin.metric_name.clone());
        }
        let shown = origin.dimensions.iter();
        let shown = shown.filter(|(name, _)| dimensions.contains(name.as_str()));
        parts.extend(shown.map(|(_, value)| value.clone()));
        if show_statistic {
            parts.push(origin.statistic.clone());
        }
        if periods.len() > 1 {
            parts.push(origin.period_seconds.to_string());
        }
        if parts.is_empty() {
            parts.push(origin.metric_name.clone());
        }
        parts.join(" ")
    };
    origins.iter().map(label).collect()
}

/// The names of dimensions in which metrics of one name differ; one that a metric lacks differs.
fn differing_dimensions<'a>(origins: &[&'a Origin]) -> BTreeSet<&'a str> {
    let mut of_name: BTreeMap<&str, usize> = BTreeMap::new();
    let mut values: BTreeMap<(&str, &str), (BTreeSet<&str>, usize)> = BTreeMap::new();
    for origin in origins {
        *of_name.entry(&origin.metric_name).or_default() += 1;
        for (name, value) in &origin.dimensions {
            let (found, count) = values.entry((&origin.metric_name, name)).or_default();
            found.insert(value);
            *count += 1;
        }
    }
    let differing = values.into_iter();
    differing
        .filter(|((metric, _), (found, count))| found.len() > 1 || *count < of_name[metric])
        .map(|((_, name), _)| name)
        .collect()
}
