//! What a metric filter makes of log events: a value for each event that matches, a default for minutes without one.
//!
//! What came of events is kept here, a bucket for each metric and minute,
//! until it is taken.
//!
//! Decisions, where the service's documentation is silent:
//! - a value that is no number, or none that a metric takes, gives no data point; a minute without data points has the
//!   default;
//! - an event that lacks one of the dimensions, or has a text there that is none of a dimension, gives no data point: it
//!   would be one of another metric;
//! - the service may disable a filter whose dimensions have 1,000 different values within an hour. Here the first 1,000
//!   of an hour are counted, and what is beyond is left out until the next.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html>

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use corelog_patterns::{Event, Pattern, Reference};
use corelog_types::Timestamp;

use crate::datum::VALUE_MAX;
use crate::metric::is_dimension_value;
use crate::{Bucket, Deltas, Dimension, Metric, Resolution, Unit};

/// Source: the service's quotas.
const DIMENSIONS_MAX: usize = 3;
/// Metrics that the dimensions of one filter make within an hour.
const METRICS_PER_HOUR_MAX: usize = 1_000;
const HOUR_MS: u64 = 3_600_000;

/// What a filter makes of events that match, as it was written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transformation<'a> {
    /// The metric's namespace.
    pub namespace: &'a str,
    /// The metric's name.
    pub name: &'a str,
    /// A number, or a reference to one: `$.path` of an event in JSON, `$field` of one with fields.
    pub value: &'a str,
    /// The value of minutes that have events, none of which matches.
    pub default_value: Option<f64>,
    /// Names of dimensions, with references to their values.
    pub dimensions: &'a BTreeMap<String, String>,
    /// The metric's unit.
    pub unit: Option<&'a str>,
}

/// Why something is no metric filter. Displays as the message of the service's `InvalidParameterException`, in its words
/// where they are known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTransformation {
    /// The pattern is none.
    #[error("{}", .0.metric_filter_message())]
    Pattern(corelog_patterns::Error),
    /// The value is no number and no reference that the pattern has.
    #[error("Invalid metric transformation: metric value {0} must be a valid number")]
    Value(String),
    /// The default value is none that a metric takes.
    #[error("Invalid metric transformation: default value must be a valid number")]
    Default,
    /// Source: recorded answers of the service.
    #[error(
        "Invalid metric transformation: dimensions and default value are mutually exclusive properties"
    )]
    DefaultWithDimensions,
    /// Source: recorded answers of the service.
    #[error("The specified filter pattern does not support dimensions")]
    DimensionsOfTerms,
    /// Source: recorded answers of the service.
    #[error("Invalid metric transformation: dimension value must be valid selector")]
    DimensionValue,
    /// There are more than three.
    #[error("Invalid metric transformation: there can be at most {DIMENSIONS_MAX} dimensions")]
    TooManyDimensions,
    /// A name is none of a metric.
    #[error("Invalid metric transformation: {0}")]
    Metric(crate::InvalidMetric),
    /// The unit is none.
    #[error("Invalid metric transformation: `{0}` is not a unit")]
    Unit(String),
}

/// A metric filter at work.
#[derive(Debug)]
pub struct Extraction {
    pattern: Pattern,
    namespace: String,
    name: String,
    value: Value,
    dimensions: Vec<(String, Reference)>,
    default: Option<f64>,
    unit: Unit,
    counted: Counted,
    /// The metrics of this hour, where there are dimensions.
    of_hour: OfHour,
}

#[derive(Debug)]
enum Value {
    Number(f64),
    Reference(Reference),
}

/// What was counted and is not taken.
#[derive(Debug, Default)]
struct Counted {
    /// By values of dimensions, and by minute.
    buckets: HashMap<Vec<String>, BTreeMap<u64, Bucket>>,
    /// How many buckets there are.
    len: usize,
    /// Minutes with events that gave no data point.
    without: BTreeSet<u64>,
}

#[derive(Debug, Default)]
struct OfHour {
    hour: u64,
    seen: BTreeSet<Vec<String>>,
    /// Whether it was said that there are too many.
    said: bool,
}

impl Extraction {
    /// Reads a filter.
    ///
    /// # Errors
    /// [`InvalidTransformation`] says what the service would not take.
    pub fn parse(
        pattern: &str,
        transformation: &Transformation<'_>,
    ) -> Result<Self, InvalidTransformation> {
        let pattern = Pattern::parse(pattern).map_err(InvalidTransformation::Pattern)?;
        let dimensions = dimensions(&pattern, transformation)?;
        let unit = match transformation.unit {
            Some(unit) => unit
                .parse()
                .map_err(|_| InvalidTransformation::Unit(unit.to_owned()))?,
            None => Unit::None,
        };
        if transformation.default_value.is_some_and(|it| !is_value(it)) {
            return Err(InvalidTransformation::Default);
        }
        Ok(Self {
            value: value(&pattern, transformation.value)?,
            pattern,
            namespace: transformation.namespace.to_owned(),
            name: transformation.name.to_owned(),
            dimensions,
            default: transformation.default_value,
            unit,
            counted: Counted::default(),
            of_hour: OfHour::default(),
        })
    }

    /// The pattern.
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// Counts an event of the minute of `time`, which was taken in at `ingested`. Returns `false` where it is left out for
    /// the first time in an hour, because its dimensions have had too many values.
    pub fn count(&mut self, event: &Event<'_>, time: Timestamp, ingested: Timestamp) -> bool {
        let minute = time.unix_ms() / 60_000;
        let Some((number, values)) = self.data_point(event) else {
            if self.default.is_some() {
                self.counted.without.insert(minute);
            }
            return true;
        };
        if !values.is_empty() && !self.of_hour.has_room(&values, ingested) {
            return std::mem::replace(&mut self.of_hour.said, true);
        }
        let minutes = self.counted.buckets.entry(values).or_default();
        let bucket = minutes.entry(minute).or_insert_with(|| {
            self.counted.len += 1;
            Bucket::default()
        });
        bucket.add(number, 1.0);
        true
    }

    /// The value of an event that matches, and those of its dimensions.
    fn data_point(&self, event: &Event<'_>) -> Option<(f64, Vec<String>)> {
        let found = self.pattern.find(event)?;
        let number = match &self.value {
            Value::Number(number) => *number,
            Value::Reference(reference) => found.number(reference).filter(|it| is_value(*it))?,
        };
        let references = self.dimensions.iter().map(|(_, reference)| reference);
        let value = |reference| found.value(reference).filter(|it| is_dimension_value(it));
        Some((number, references.map(value).collect::<Option<_>>()?))
    }

    /// How many buckets were counted and not taken.
    pub fn len(&self) -> usize {
        self.counted.len + self.counted.without.len()
    }

    /// Whether there is nothing to take.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds to deltas what was counted.
    pub fn take(&mut self, deltas: &mut Deltas) {
        let mut counted = std::mem::take(&mut self.counted);
        for (values, minutes) in counted.buckets {
            let Some(metric) = self.metric(values) else {
                continue;
            };
            for (minute, bucket) in minutes {
                counted.without.remove(&minute);
                let metric = Arc::clone(&metric);
                deltas.push(metric, self.unit, Resolution::Standard, of(minute), bucket);
            }
        }
        let (Some(default), false) = (self.default, counted.without.is_empty()) else {
            return;
        };
        let Some(metric) = self.metric(Vec::new()) else {
            return;
        };
        for minute in counted.without {
            deltas.push_default(Arc::clone(&metric), self.unit, of(minute), default);
        }
    }

    /// Forgets what was counted and not taken.
    pub fn clear(&mut self) {
        self.counted = Counted::default();
    }

    fn metric(&self, values: Vec<String>) -> Option<Arc<Metric>> {
        let names = self.dimensions.iter().map(|(name, _)| name.clone());
        let dimensions = names.zip(values);
        let dimensions = dimensions.map(|(name, value)| Dimension { name, value });
        let metric = Metric::new(&self.namespace, &self.name, dimensions.collect());
        metric.ok().map(Arc::new)
    }
}

impl OfHour {
    fn has_room(&mut self, values: &[String], now: Timestamp) -> bool {
        let hour = now.unix_ms() / HOUR_MS;
        if hour != self.hour {
            *self = Self {
                hour,
                ..Self::default()
            };
        }
        if self.seen.contains(values) {
            return true;
        }
        let has_room = self.seen.len() < METRICS_PER_HOUR_MAX;
        if has_room {
            self.seen.insert(values.to_vec());
        }
        has_room
    }
}

/// The beginning of a minute.
fn of(minute: u64) -> Timestamp {
    Timestamp::from_unix_ms(minute * 60_000)
}

fn is_value(number: f64) -> bool {
    number.is_finite() && number.abs() <= VALUE_MAX
}

fn value(pattern: &Pattern, text: &str) -> Result<Value, InvalidTransformation> {
    let invalid = || InvalidTransformation::Value(text.to_owned());
    if text.starts_with('$') {
        let reference = Reference::parse(text).map_err(|_| invalid())?;
        return if pattern.has(&reference) {
            Ok(Value::Reference(reference))
        } else {
            Err(invalid())
        };
    }
    let number = text.parse().ok().filter(|number| is_value(*number));
    number.map(Value::Number).ok_or_else(invalid)
}

fn dimensions(
    pattern: &Pattern,
    transformation: &Transformation<'_>,
) -> Result<Vec<(String, Reference)>, InvalidTransformation> {
    let asked = transformation.dimensions;
    // A value that any dimension may have: what is wrong is a name then.
    let any = |name: &String| Dimension {
        name: name.clone(),
        value: "x".to_owned(),
    };
    let (namespace, name) = (transformation.namespace, transformation.name);
    Metric::new(namespace, name, asked.keys().map(any).collect())
        .map_err(InvalidTransformation::Metric)?;
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    if asked.len() > DIMENSIONS_MAX {
        return Err(InvalidTransformation::TooManyDimensions);
    }
    if transformation.default_value.is_some() {
        return Err(InvalidTransformation::DefaultWithDimensions);
    }
    if !pattern.kind().has_values() {
        return Err(InvalidTransformation::DimensionsOfTerms);
    }
    let reference = |(name, text): (&String, &String)| {
        let reference = Reference::parse(text).ok().filter(|it| pattern.has(it));
        let reference = reference.ok_or(InvalidTransformation::DimensionValue)?;
        Ok((name.clone(), reference))
    };
    asked.iter().map(reference).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deltas::second_of;

    /// 2026-11-22T09:15:00Z
    const MINUTE: u64 = 1_795_338_900_000;

    fn transformation<'a>(
        value: &'a str,
        dimensions: &'a BTreeMap<String, String>,
    ) -> Transformation<'a> {
        Transformation {
            namespace: "App",
            name: "m",
            value,
            default_value: None,
            dimensions,
            unit: None,
        }
    }

    fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let one = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(one).collect()
    }

    fn parse(pattern: &str, value: &str, dimensions: &[(&str, &str)]) -> Extraction {
        let dimensions = pairs(dimensions);
        Extraction::parse(pattern, &transformation(value, &dimensions)).unwrap()
    }

    /// Counts events that come at milliseconds after the minute began.
    fn count(extraction: &mut Extraction, events: &[(u64, &str)]) {
        for (ms, message) in events {
            let time = Timestamp::from_unix_ms(MINUTE + ms);
            assert!(extraction.count(&Event::new(message), time, time));
        }
    }

    /// What is taken: minutes, dimensions, how many values and their sum; and the minutes with a default.
    fn taken(extraction: &mut Extraction) -> (Vec<String>, Vec<String>) {
        let mut deltas = Deltas::default();
        extraction.take(&mut deltas);
        assert!(extraction.is_empty());
        let minute = |second: i64| second - second_of(Timestamp::from_unix_ms(MINUTE));
        let one = |(place, bucket): &(crate::deltas::Place, Bucket)| {
            let dimensions = place.metric.dimensions().iter();
            let values: Vec<&str> = dimensions.map(|it| it.value.as_str()).collect();
            let (values, count) = (values.join(","), bucket.sample_count());
            format!(
                "{}s [{values}] {count}x={}",
                minute(place.second),
                bucket.sum()
            )
        };
        let mut counted: Vec<String> = deltas.buckets.iter().map(one).collect();
        counted.sort();
        let of_default = |(place, value): &(crate::deltas::Place, f64)| {
            format!("{}s {value}", minute(place.second))
        };
        (counted, deltas.defaults.iter().map(of_default).collect())
    }

    #[test]
    fn each_match_counts_in_its_own_minute() {
        let mut extraction = parse("ERROR", "2.5", &[]);
        let events = [
            (0, "ERROR a"),
            (59_999, "ERROR b"),
            (60_000, "ERROR"),
            (60_001, "fine"),
        ];
        count(&mut extraction, &events);
        assert_eq!(extraction.len(), 2);
        let (counted, defaults) = taken(&mut extraction);
        assert_eq!(counted, ["0s [] 2x=5", "60s [] 1x=2.5"]);
        assert_eq!(defaults, [""; 0]);
        assert_eq!(taken(&mut extraction), (Vec::new(), Vec::new()));
    }

    #[test]
    fn values_come_from_the_event() {
        let mut extraction = parse("{ $.ms > 0 }", "$.ms", &[]);
        let events = [(0, r#"{"ms": 12.5}"#), (1, r#"{"ms": -1}"#), (2, "no JSON")];
        count(&mut extraction, &events);
        assert_eq!(taken(&mut extraction).0, ["0s [] 1x=12.5"]);

        let mut extraction = parse("[ip, user, ..., bytes]", "$bytes", &[]);
        let events = [
            (0, "::1 ann GET / 512"),
            (1, "::1 ann -"),
            (2, "::1 ann 1e400"),
        ];
        count(&mut extraction, &events);
        assert_eq!(taken(&mut extraction).0, ["0s [] 1x=512"]);
    }

    #[test]
    fn dimensions_come_from_the_event_and_all_have_to_be_there() {
        let dimensions = [("Model", "$.model"), ("Team", "$.tags.team")];
        let mut extraction = parse("{ $.model = * }", "1", &dimensions);
        let events = [
            (0, r#"{"model": "a", "tags": {"team": "x"}}"#),
            (1, r#"{"model": "a", "tags": {"team": "x"}}"#),
            (2, r#"{"model": "a", "tags": {"team": 7}}"#),
            (3, r#"{"model": "b"}"#),
            (4, r#"{"model": "b", "tags": {"team": ""}}"#),
        ];
        count(&mut extraction, &events);
        assert_eq!(taken(&mut extraction).0, ["0s [a,7] 1x=1", "0s [a,x] 2x=2"]);
    }

    #[test]
    fn a_minute_without_data_points_has_the_default() {
        let none = BTreeMap::new();
        let transformation = Transformation {
            default_value: Some(0.0),
            ..transformation("$.n", &none)
        };
        let mut extraction = Extraction::parse("{ $.n = * }", &transformation).unwrap();
        let events = [
            (0, "fine"),
            (1, r#"{"n": 1}"#),
            (60_000, "fine"),
            (61_000, "fine"),
            (120_000, r#"{"n": "no number"}"#),
            (180_000, r#"{"n": 2}"#),
        ];
        count(&mut extraction, &events);
        let (counted, defaults) = taken(&mut extraction);
        assert_eq!(counted, ["0s [] 1x=1", "180s [] 1x=2"]);
        assert_eq!(defaults, ["60s 0", "120s 0"]);
    }

    #[test]
    fn an_hour_has_a_thousand_metrics() {
        let mut extraction = parse("{ $.u = * }", "1", &[("User", "$.u")]);
        let mut count = |number: usize, ms: u64| {
            let message = format!(r#"{{"u": "{number}"}}"#);
            let time = Timestamp::from_unix_ms(MINUTE + ms);
            extraction.count(&Event::new(&message), time, time)
        };
        let said = (0..1_002).map(|number| count(number, 0));
        let said: Vec<bool> = said.collect();
        assert!(said[..1_000].iter().all(|counted| *counted));
        assert_eq!(said[1_000..], [false, true], "it is said once");
        assert!(count(7, 0), "those that were seen go on");
        assert!(count(2_000, 3_600_000), "the next hour has room");
        assert_eq!(extraction.len(), 1_001);
    }

    #[test]
    fn what_is_no_filter_is_refused_in_the_services_words() {
        let check = |pattern: &str, value: &str, dimensions: &[(&str, &str)], message: &str| {
            let dimensions = pairs(dimensions);
            let refused = Extraction::parse(pattern, &transformation(value, &dimensions));
            assert_eq!(
                refused.unwrap_err().to_string(),
                message,
                "{pattern} {value}"
            );
        };
        check("a b !", "1", &[], "Invalid character(s) in term '!'");
        for value in [
            "", "x", "inf", "NaN", "1e400", "$", "$.a", "$b", "$.a[", "$0",
        ] {
            let message = format!(
                "Invalid metric transformation: metric value {value} must be a valid number"
            );
            check("[a, ...]", value, &[], &message);
        }
        for value in ["$a", "$2", "-1e3", "+5"] {
            assert!(Extraction::parse("[a, ...]", &transformation(value, &pairs(&[]))).is_ok());
        }
        let terms = "The specified filter pattern does not support dimensions";
        check("ERROR", "1", &[("a", "$.a")], terms);
        check("", "1", &[("a", "$.a")], terms);
        let selector = "Invalid metric transformation: dimension value must be valid selector";
        for text in ["a", "$a", "", "$.a b"] {
            check("{ $.a = 1 }", "1", &[("d", text)], selector);
        }
        let many = [("a", "$.a"), ("b", "$.b"), ("c", "$.c"), ("d", "$.d")];
        check(
            "{ $.a = 1 }",
            "1",
            &many,
            "Invalid metric transformation: there can be at most 3 dimensions",
        );
        check(
            "{ $.a = 1 }",
            "1",
            &[("", "$.a")],
            "Invalid metric transformation: Dimensions.member.1.Name must have 1 to 255 characters",
        );
        let dimensions = pairs(&[("a", "$.a")]);
        let both = Transformation {
            default_value: Some(0.0),
            ..transformation("1", &dimensions)
        };
        let refused = Extraction::parse("{ $.a = 1 }", &both).unwrap_err();
        assert_eq!(refused, InvalidTransformation::DefaultWithDimensions);
        let none = BTreeMap::new();
        let endless = Transformation {
            default_value: Some(f64::INFINITY),
            ..transformation("1", &none)
        };
        let refused = Extraction::parse("a", &endless).unwrap_err();
        assert_eq!(refused, InvalidTransformation::Default);
        let odd = Transformation {
            unit: Some("Parsecs"),
            ..transformation("1", &none)
        };
        let refused = Extraction::parse("a", &odd).unwrap_err();
        assert_eq!(refused, InvalidTransformation::Unit("Parsecs".to_owned()));
    }
}
