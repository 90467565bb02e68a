//! Labels with `${...}` in them.
//!
//! Decision: numbers are written as short as they can be without losing anything, times as `2026-11-22 09:00:00` by the
//! clock of the request, spans as `1h 5m`. What a series has no answer to, such as the greatest of no values or a
//! dimension that it lacks, is `--`. What is in braces and not known stays as it is.

use chrono::{DateTime, FixedOffset};
use corelog_types::Timestamp;

use super::Options;
use crate::calendar::seconds;
use crate::series::{Point, Series};

const NOTHING: &str = "--";
/// What is in braces beyond stays as it is: each may look at all points.
///
/// Decision: the service takes five, but clients name every dimension of a search, of which there may be 30.
const VALUES_MAX: usize = 40;

/// A label for a series; `name` is its default label.
pub(super) fn written(label: &str, name: &str, series: &Series, options: &Options<'_>) -> String {
    let facts = Facts {
        name,
        series,
        options,
    };
    let mut text = String::with_capacity(label.len());
    let mut rest = label;
    for _ in 0..VALUES_MAX {
        let Some((before, behind)) = rest.split_once("${") else {
            break;
        };
        // Where these have no end, none behind has.
        let Some((inside, after)) = behind.split_once('}') else {
            break;
        };
        text.push_str(before);
        match facts.value(inside.trim()) {
            Known::Value(value) => text.push_str(&value),
            Known::Nothing => text.push_str(NOTHING),
            Known::No => text.extend(["${", inside, "}"]),
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

/// What is known of something in braces.
enum Known {
    Value(String),
    Nothing,
    No,
}

struct Facts<'a> {
    name: &'a str,
    series: &'a Series,
    options: &'a Options<'a>,
}

impl Facts<'_> {
    fn value(&self, asked: &str) -> Known {
        let property = asked.strip_prefix("PROP('");
        if let Some(property) = property.and_then(|rest| rest.strip_suffix("')")) {
            return self.property(property);
        }
        let points = &self.series.points;
        let value = match asked {
            "LABEL" => Some(self.name.to_owned()),
            "DATAPOINT_COUNT" => Some(points.len().to_string()),
            "SUM" => (!points.is_empty()).then(|| number(self.sum())),
            "AVG" => {
                let count = u32::try_from(points.len()).map_or(f64::NAN, f64::from);
                (!points.is_empty()).then(|| number(self.sum() / count))
            }
            "FIRST_LAST_RANGE" => self.range("FIRST", "LAST"),
            "MIN_MAX_RANGE" => self.range("MIN", "MAX"),
            "FIRST_LAST_TIME_RANGE" => self.time_range("FIRST", "LAST"),
            "MIN_MAX_TIME_RANGE" => self.time_range("MIN", "MAX"),
            _ => {
                let (which, what) = match asked.split_once('_') {
                    Some((which, what)) => (which, Some(what)),
                    None => (asked, None),
                };
                if !matches!(which, "FIRST" | "LAST" | "MIN" | "MAX") {
                    return Known::No;
                }
                let point = self.point(which);
                match what {
                    None => point.map(|point| number(point.value)),
                    Some("TIME") => point.and_then(|point| self.clock(point.at)),
                    Some("TIME_RELATIVE") => {
                        point.map(|point| span(seconds(self.options.now) - seconds(point.at)))
                    }
                    Some(_) => return Known::No,
                }
            }
        };
        value.map_or(Known::Nothing, Known::Value)
    }

    fn property(&self, property: &str) -> Known {
        let origin = self.series.origin.as_deref();
        let value = match property {
            // Accounts have no names of their own here.
            "AccountId" | "AccountLabel" => Some(self.options.account.to_owned()),
            "Region" => Some(self.options.region.to_owned()),
            "Period" => Some(self.series.period_seconds.to_string()),
            "MetricName" => origin.map(|origin| origin.metric_name.clone()),
            "Namespace" => origin.map(|origin| origin.namespace.clone()),
            "Stat" => origin.map(|origin| origin.statistic.clone()),
            _ => {
                let Some(wanted) = property.strip_prefix("Dim.") else {
                    return Known::No;
                };
                let dimensions = origin.map_or(&[][..], |origin| &origin.dimensions);
                let found = dimensions.iter().find(|(name, _)| name == wanted);
                found.map(|(_, value)| value.clone())
            }
        };
        value.map_or(Known::Nothing, Known::Value)
    }

    fn sum(&self) -> f64 {
        self.series.points.iter().map(|point| point.value).sum()
    }

    /// The oldest or newest point, or the earliest with the least or greatest value.
    fn point(&self, which: &str) -> Option<Point> {
        let points = self.series.points.iter().copied();
        match which {
            "FIRST" => self.series.points.first().copied(),
            "LAST" => self.series.points.last().copied(),
            "MIN" => points.reduce(|least, point| {
                if point.value < least.value {
                    point
                } else {
                    least
                }
            }),
            _ => points.reduce(|greatest, point| {
                if point.value > greatest.value {
                    point
                } else {
                    greatest
                }
            }),
        }
    }

    fn range(&self, from: &str, to: &str) -> Option<String> {
        let (from, to) = (self.point(from)?, self.point(to)?);
        Some(number(to.value - from.value))
    }

    fn time_range(&self, from: &str, to: &str) -> Option<String> {
        let (from, to) = (self.point(from)?, self.point(to)?);
        Some(span(seconds(to.at) - seconds(from.at)))
    }

    fn clock(&self, at: Timestamp) -> Option<String> {
        let utc = DateTime::from_timestamp_millis(i64::try_from(at.unix_ms()).ok()?)?;
        let zone = FixedOffset::east_opt(self.options.zone_minutes.checked_mul(60)?)?;
        let civil = utc.with_timezone(&zone);
        Some(civil.format("%Y-%m-%d %H:%M:%S").to_string())
    }
}

fn number(number: f64) -> String {
    number.to_string()
}

/// A span of time, whichever way it goes.
fn span(seconds: f64) -> String {
    const UNITS: [(f64, char); 4] = [(86_400.0, 'd'), (3_600.0, 'h'), (60.0, 'm'), (1.0, 's')];
    let mut rest = seconds.abs().floor();
    let mut parts = Vec::new();
    for (unit, letter) in UNITS {
        let count = (rest / unit).floor();
        rest -= count * unit;
        if count > 0.0 {
            parts.push(format!("{count}{letter}"));
        }
    }
    if parts.is_empty() {
        "0s".to_owned()
    } else {
        parts.join(" ")
    }
}
