//! Documents: Markdown with series, expressions over them, and what these are worth.
//!
//! Fenced blocks count, the rest is for people.
//!
//! | block | what it holds |
//! |---|---|
//! | `math` | lines, each for those below it: see there |
//! | `metrics` | metrics for the searches that follow, a line each: a name for the table, then namespace, metric name, and `name=value` for each dimension, all with `;` between |
//! | `search` | a line each: what stands in the quotes of `SEARCH`, `->`, and the names of the metrics that it means, or `refused:` and the message |
//! | `select` | the same for queries of Metrics Insights |
//!
//! In `math`:
//!
//! | line | what it says |
//! |---|---|
//! | `m1 = 1 2 - 4` | a metric with a value a period, `-` where there is none |
//! | `start 2026-11-22T12:00:00Z` | when the first period begins |
//! | `period 300` | the periods of the metrics and expressions that follow |
//! | `range 6` | how many periods the request is about |
//! | `e1 := m1 + 1` | an expression with an id, whose result is not returned |
//! | `m1 + m2 -> 1 2 - 4` | an expression and its points; an array in brackets, `\|` between its series |
//! | `m1 + -> refused: …` | an expression and the message, without `Error in expression 'x': ` |

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use corelog_math::{
    Band, Bands, Candidate, Data, Error, MetricStat, Plan, Point, Query, Range, Series, Term,
};
use corelog_types::Timestamp;

#[test]
fn every_document_says_what_is_so() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/documents");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut checked = 0;
    let mut failed = String::new();
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        let mut document = Document::new();
        let mut kind: Option<String> = None;
        for (index, line) in text.lines().enumerate() {
            match (line.strip_prefix("```"), &kind) {
                (Some(opened), None) => {
                    kind = Some(opened.to_owned());
                    document.open(opened);
                }
                (Some(_), Some(_)) => kind = None,
                (None, Some(kind)) if !line.trim().is_empty() => {
                    document.line(kind, line.trim(), &format!("{name}:{}", index + 1));
                }
                (None, _) => {}
            }
        }
        checked += document.checked;
        failed.push_str(&document.failed);
    }
    assert!(failed.is_empty(), "\n{failed}");
    assert!(checked >= 200, "only {checked} lines were checked");
}

struct Document {
    start: Timestamp,
    period_seconds: u32,
    periods: Option<u32>,
    queries: Vec<Query>,
    values: BTreeMap<String, Vec<Option<f64>>>,
    metrics: Vec<Vec<String>>,
    checked: usize,
    failed: String,
}

impl Document {
    fn new() -> Self {
        Self {
            start: Timestamp::parse_rfc3339("2026-11-22T12:00:00Z").unwrap(),
            period_seconds: 60,
            periods: None,
            queries: Vec::new(),
            values: BTreeMap::new(),
            metrics: Vec::new(),
            checked: 0,
            failed: String::new(),
        }
    }

    fn open(&mut self, kind: &str) {
        match kind {
            "math" => {
                let fresh = Self::new();
                self.start = fresh.start;
                self.period_seconds = fresh.period_seconds;
                self.periods = None;
                self.queries.clear();
                self.values.clear();
            }
            "metrics" => self.metrics.clear(),
            "search" | "select" => {}
            other => panic!("no block is called `{other}`"),
        }
    }

    fn line(&mut self, kind: &str, line: &str, place: &str) {
        match kind {
            "metrics" => {
                let parts = line.split(';').map(|part| part.trim().to_owned());
                self.metrics.push(parts.collect());
            }
            "search" | "select" => {
                let (text, expected) = line.split_once(" -> ").unwrap();
                let text = text.trim();
                let found = if kind == "search" {
                    self.searched(&format!("SEARCH('{text}', 'Sum', 60)"))
                } else {
                    self.searched(text)
                };
                self.expect(place, text, &found, expected.trim());
            }
            _ => self.math(line, place),
        }
    }

    fn expect(&mut self, place: &str, what: &str, found: &str, expected: &str) {
        self.checked += 1;
        if found != expected {
            let _ = writeln!(
                self.failed,
                "{place}: {what}\n  expected {expected}\n  found    {found}"
            );
        }
    }

    fn math(&mut self, line: &str, place: &str) {
        if let Some((expression, expected)) = line.split_once(" -> ") {
            let found = self.evaluated(expression.trim());
            self.expect(place, expression, &found, expected.trim());
        } else if let Some((id, expression)) = line.split_once(" := ") {
            self.queries.push(Query {
                id: id.trim().to_owned(),
                term: Term::Expression(expression.trim().to_owned()),
                label: None,
                period_seconds: None,
                returns: false,
            });
        } else if let Some((id, values)) = line.split_once(" = ") {
            let values = values.split_whitespace();
            let values = values.map(|value| (value != "-").then(|| value.parse().unwrap()));
            self.values.insert(id.trim().to_owned(), values.collect());
            self.queries.push(Query {
                id: id.trim().to_owned(),
                term: Term::Metric(MetricStat {
                    namespace: "N".to_owned(),
                    metric_name: id.trim().to_owned(),
                    statistic: "Sum".to_owned(),
                    period_seconds: self.period_seconds,
                    ..MetricStat::default()
                }),
                label: None,
                period_seconds: None,
                returns: false,
            });
        } else {
            let (word, value) = line.split_once(' ').unwrap();
            match word {
                "start" => self.start = Timestamp::parse_rfc3339(value).unwrap(),
                "period" => self.period_seconds = value.parse().unwrap(),
                "range" => self.periods = Some(value.parse().unwrap()),
                other => panic!("{place}: `{other}`?"),
            }
        }
    }

    fn range(&self) -> Range {
        let longest = self.queries.iter().filter_map(|query| {
            let Term::Metric(metric) = &query.term else {
                return None;
            };
            let count = u64::try_from(self.values[&query.id].len()).unwrap();
            Some(count * u64::from(metric.period_seconds))
        });
        let seconds = match self.periods {
            Some(periods) => u64::from(periods) * u64::from(self.period_seconds),
            None => longest.max().unwrap_or(60),
        };
        Range {
            from: self.start,
            to: Timestamp::from_unix_ms(self.start.unix_ms() + seconds * 1_000),
            rounding_seconds: 60,
        }
    }

    fn points(&self, id: &str, period_seconds: u32) -> Vec<Point> {
        let step = u64::from(period_seconds) * 1_000;
        let values = self.values[id].iter().zip(0..);
        let points = values.filter_map(|(value, index): (_, u64)| {
            Some(Point {
                at: Timestamp::from_unix_ms(self.start.unix_ms() + index * step),
                value: (*value)?,
            })
        });
        points.collect()
    }

    fn evaluated(&self, expression: &str) -> String {
        let mut queries = self.queries.clone();
        queries.push(Query {
            id: "x".to_owned(),
            term: Term::Expression(expression.to_owned()),
            label: None,
            period_seconds: Some(self.period_seconds),
            returns: true,
        });
        let refused = |error: &Error| {
            let text = error.to_string();
            let text = text.replace("Error in expression 'x': ", "");
            format!("refused: {text}")
        };
        let plan = match Plan::of(queries) {
            Ok(plan) => plan,
            Err(error) => return refused(&error),
        };
        let mut data = Data {
            bands: Some(&Wide),
            ..Data::default()
        };
        for (id, metric) in plan.metrics() {
            let series = metric.series(self.points(id, metric.period_seconds));
            data.metrics.insert(id.to_owned(), Arc::new(series));
        }
        let range = self.range();
        let answers = match plan.evaluate(&data, range) {
            Ok(answers) => answers,
            Err(error) => return refused(&error),
        };
        let shown = answers[0].series.iter().map(|series| shown(series, range));
        let shown: Vec<String> = shown.collect();
        if answers[0].is_array {
            format!("[{}]", shown.join(" | "))
        } else {
            shown.join(" ?? ")
        }
    }

    fn searched(&self, text: &str) -> String {
        let plan = Plan::of(vec![Query {
            id: "x".to_owned(),
            term: Term::Expression(text.to_owned()),
            label: None,
            period_seconds: Some(60),
            returns: true,
        }]);
        let plan = match plan {
            Ok(plan) => plan,
            Err(error) => {
                let text = error.to_string();
                return format!("refused: {}", text.replace("Error in expression 'x': ", ""));
            }
        };
        let found = self.metrics.iter().filter(|metric| {
            let dimensions = metric[3..].iter().map(|pair| pair.split_once('=').unwrap());
            let dimensions: Vec<(&str, &str)> = dimensions.collect();
            let candidate = Candidate {
                namespace: &metric[1],
                metric_name: &metric[2],
                dimensions: &dimensions,
                account: "123456789012",
            };
            let Some(search) = plan.searches().first() else {
                return plan.select().unwrap().matches(&candidate);
            };
            let is_found = search.matches(&candidate);
            // What narrows a listing down must not lose anything.
            if is_found {
                assert!(search.namespace().is_none_or(|only| only == metric[1]));
                assert!(search.metric_name().is_none_or(|only| only == metric[2]));
            }
            is_found
        });
        let found: Vec<&str> = found.map(|metric| metric[0].as_str()).collect();
        if found.is_empty() {
            "nothing".to_owned()
        } else {
            found.join(" ")
        }
    }
}

/// A band around each value: so many to each side.
struct Wide;

impl Bands for Wide {
    fn band(&self, id: &str, series: &Series, deviations: f64) -> Option<Band> {
        let moved = |by: f64| {
            let points = series.points.iter();
            let points = points.map(|point| Point {
                value: point.value + by,
                ..*point
            });
            points.collect()
        };
        (id != "unknown").then(|| Band {
            upper: moved(deviations),
            lower: moved(-deviations),
        })
    }
}

fn shown(series: &Series, range: Range) -> String {
    let step = u64::from(series.period_seconds) * 1_000;
    let mut shown = Vec::new();
    let mut points = series.points.iter().peekable();
    let mut at = range.from.unix_ms();
    while at < range.to.unix_ms() {
        let point = points.next_if(|point| point.at.unix_ms() == at);
        shown.push(point.map_or_else(|| "-".to_owned(), |point| number(point.value)));
        at += step;
    }
    // Points that stand elsewhere are shown, so that no line can expect them.
    shown.extend(points.map(|point| format!("{}@{}", number(point.value), point.at.unix_ms())));
    shown.join(" ")
}

fn number(number: f64) -> String {
    let rounded = (number * 10_000.0).round() / 10_000.0;
    (rounded + 0.0).to_string()
}
