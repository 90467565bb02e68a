//! Metrics Insights: `SELECT` over the metrics of a namespace.
//!
//! What it aggregates are the values of all metrics that it means, not their statistics: the average of a group is the
//! sum of all values over their number, however many each metric has. So its parts are asked of each metric, and put
//! together: see [`Part`].
//!
//! Source: the user guide, "Metrics Insights query components and syntax".
//! Decision: `!=` holds for a metric without the dimension. Groups are ordered by what the function makes of their points;
//! `COUNT()` counts these. Groups of the same rank are in the order of their names.

mod parse;

use std::collections::BTreeMap;
use std::sync::Arc;

use corelog_types::Timestamp;

use crate::search::Candidate;
use crate::series::{Origin, Point, Series};

pub(crate) use parse::is_select;

/// What a group is called by a key that its metrics lack.
///
/// Source: the user guide.
const OTHER: &str = "Other";

/// A query, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Select {
    aggregate: Aggregate,
    metric_name: String,
    namespace: String,
    /// Exactly these dimensions, if a schema names them.
    schema: Option<Vec<String>>,
    conditions: Vec<Condition>,
    keys: Vec<String>,
    order: Option<(Aggregate, Direction)>,
    limit: usize,
    period_seconds: u32,
}

/// What is made of the values of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aggregate {
    Avg,
    Count,
    Max,
    Min,
    Sum,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Rising,
    Falling,
}

#[derive(Debug, Clone, PartialEq)]
struct Condition {
    key: String,
    value: String,
    is_equal: bool,
}

/// What of one metric goes into a group: its value of a statistic, or two of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// When its period begins.
    pub at: Timestamp,
    /// The first of [`Select::statistics`].
    pub first: f64,
    /// The second, if there is one.
    pub second: f64,
}

/// The groups of a query, which metrics are added to.
#[derive(Debug)]
pub struct Groups<'a> {
    select: &'a Select,
    /// By their values of the keys.
    parts: BTreeMap<Vec<String>, BTreeMap<Timestamp, Part>>,
}

impl Select {
    /// The namespace of all metrics that it means.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Their name.
    pub fn metric_name(&self) -> &str {
        &self.metric_name
    }

    /// The period of each series: a minute or longer.
    pub fn period_seconds(&self) -> u32 {
        self.period_seconds
    }

    /// What is asked of each metric: one statistic, or two.
    pub fn statistics(&self) -> &'static [&'static str] {
        match self.aggregate {
            Aggregate::Avg => &["Sum", "SampleCount"],
            Aggregate::Count => &["SampleCount"],
            Aggregate::Max => &["Maximum"],
            Aggregate::Min => &["Minimum"],
            Aggregate::Sum => &["Sum"],
        }
    }

    /// Whether its result is an array; else it is one series.
    pub fn is_grouped(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Whether it means a metric.
    pub fn matches(&self, candidate: &Candidate<'_>) -> bool {
        let value = |key: &str| {
            let mut dimensions = candidate.dimensions.iter();
            dimensions
                .find(|(name, _)| *name == key)
                .map(|(_, value)| *value)
        };
        let in_schema = self.schema.as_ref().is_none_or(|schema| {
            schema.len() == candidate.dimensions.len()
                && schema.iter().all(|name| value(name).is_some())
        });
        in_schema
            && self.namespace == candidate.namespace
            && self.metric_name == candidate.metric_name
            && self.conditions.iter().all(|condition| {
                (value(&condition.key) == Some(&condition.value)) == condition.is_equal
            })
    }

    /// Groups without anything in them.
    pub fn groups(&self) -> Groups<'_> {
        Groups {
            select: self,
            parts: BTreeMap::new(),
        }
    }
}

impl Groups<'_> {
    /// Adds what a metric has, in any order of time.
    pub fn add(&mut self, candidate: &Candidate<'_>, parts: impl Iterator<Item = Part>) {
        let key = |key: &String| {
            let mut dimensions = candidate.dimensions.iter();
            let found = dimensions.find(|(name, _)| *name == key.as_str());
            found.map_or(OTHER, |(_, value)| *value).to_owned()
        };
        let group = self.select.keys.iter().map(key).collect();
        let group = self.parts.entry(group).or_default();
        for part in parts {
            group
                .entry(part.at)
                .and_modify(|there| there.merge(part, self.select.aggregate))
                .or_insert(part);
        }
    }

    /// The series of each group that has points, in their order, as many as there may be.
    pub fn into_series(self) -> Vec<Arc<Series>> {
        let select = self.select;
        let series = self.parts.into_iter().map(|(group, parts)| {
            let points = parts.into_values().map(|part| Point {
                at: part.at,
                value: match select.aggregate {
                    Aggregate::Avg => part.first / part.second,
                    _ => part.first,
                },
            });
            Series {
                period_seconds: select.period_seconds,
                points: points.filter(|point| point.value.is_finite()).collect(),
                origin: select.is_grouped().then(|| Arc::new(select.origin(group))),
            }
        });
        let mut series: Vec<Series> = series.collect();
        series.retain(|series| !series.points.is_empty());
        if let Some((by, direction)) = select.order {
            // Stable: they are in the order of their names.
            series.sort_by(|left, right| {
                let (left, right) = (by.along(left), by.along(right));
                match direction {
                    Direction::Rising => left.total_cmp(&right),
                    Direction::Falling => right.total_cmp(&left),
                }
            });
        }
        series.truncate(select.limit);
        series.into_iter().map(Arc::new).collect()
    }
}

impl Select {
    /// What the series of a group is called: its values of the keys.
    pub(crate) fn name_of(&self, series: &Series) -> Option<String> {
        let dimensions = &series.origin.as_ref()?.dimensions;
        let value = |key: &String| {
            let found = dimensions.iter().find(|(name, _)| name == key);
            found.map_or(OTHER, |(_, value)| value.as_str())
        };
        let values: Vec<&str> = self.keys.iter().map(value).collect();
        Some(values.join(" "))
    }

    /// What a group shows: its keys stand for the dimensions of a metric.
    fn origin(&self, group: Vec<String>) -> Origin {
        let mut dimensions: Vec<(String, String)> = self.keys.iter().cloned().zip(group).collect();
        dimensions.sort();
        Origin {
            namespace: self.namespace.clone(),
            metric_name: self.metric_name.clone(),
            dimensions,
            statistic: self.statistics()[0].to_owned(),
            period_seconds: self.period_seconds,
        }
    }
}

impl Part {
    fn merge(&mut self, other: Self, aggregate: Aggregate) {
        self.first = match aggregate {
            Aggregate::Max => self.first.max(other.first),
            Aggregate::Min => self.first.min(other.first),
            Aggregate::Avg | Aggregate::Count | Aggregate::Sum => self.first + other.first,
        };
        self.second += other.second;
    }
}

impl Aggregate {
    /// What it makes of the points of a series.
    fn along(self, series: &Series) -> f64 {
        let values = || series.points.iter().map(|point| point.value);
        let count = u32::try_from(series.points.len()).map_or(f64::NAN, f64::from);
        match self {
            Self::Avg => values().sum::<f64>() / count,
            Self::Count => count,
            Self::Max => values().reduce(f64::max).unwrap_or(f64::NAN),
            Self::Min => values().reduce(f64::min).unwrap_or(f64::NAN),
            Self::Sum => values().sum(),
        }
    }
}
