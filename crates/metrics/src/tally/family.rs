//! Series that differ by the values of the same dimensions, with a bound on how many.

use std::collections::HashMap;
use std::sync::Arc;

use corelog_types::Timestamp;

use crate::deltas::{Place, second_of};
use crate::invocation::Values;
use crate::measure::Measure;
use crate::{Bucket, Deltas, Dimension, Metric, Resolution};

/// What stands for all values beyond the bound, and for those that can be no dimension's value.
const OTHER: &str = "Other";
/// Between the labels of one series; no label has it.
pub(super) const BETWEEN: char = '\u{1f}';
/// A dimension's value has as many characters at most; a label of more bytes is not told apart.
const LABEL_BYTES_MAX: usize = 1_024;
const FORGOTTEN_AFTER_HOURS: i64 = 24;

/// What all series have in common while a record is counted.
#[derive(Debug, Default)]
pub(super) struct Shared {
    values_max: usize,
    /// Buckets in all families.
    pub(super) buckets: usize,
    minute: i64,
    hour: i64,
    newest_hour: i64,
    /// The labels of the series that is looked for.
    key: String,
}

impl Shared {
    pub(super) fn new(values_max: usize) -> Self {
        Self {
            values_max,
            ..Self::default()
        }
    }

    pub(super) fn enter(&mut self, time: Timestamp) {
        let second = second_of(time);
        self.minute = second / 60;
        self.hour = second / 3_600;
        self.newest_hour = self.newest_hour.max(self.hour);
    }
}

/// Series that differ by the values of the same dimensions.
#[derive(Debug)]
pub(super) struct Family {
    namespace: &'static str,
    pub(super) dimensions: Vec<String>,
    wants: fn(Measure) -> bool,
    pub(super) series: Vec<Series>,
    /// Where in `series` each key is.
    places: HashMap<Box<str>, usize>,
    /// When room was last looked for.
    swept_hour: i64,
}

/// The metrics of one set of labels.
#[derive(Debug, Default)]
pub(super) struct Series {
    /// Its labels.
    pub(super) key: Box<str>,
    /// When it was last seen.
    hour: i64,
    pub(super) minutes: Minutes,
}

/// Buckets by minute and measure. There is mostly one minute; late records have their own. Measures are few.
#[derive(Debug, Default)]
pub(super) struct Minutes(pub(super) Vec<(i64, Vec<(Measure, Bucket)>)>);

impl Minutes {
    fn at(&mut self, minute: i64) -> &mut Vec<(Measure, Bucket)> {
        let found = self.0.iter().rposition(|(at, _)| *at == minute);
        let place = found.unwrap_or_else(|| {
            self.0.push((minute, Vec::with_capacity(12)));
            self.0.len() - 1
        });
        &mut self.0[place].1
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (minute, buckets) in &other.0 {
            let mine = self.at(*minute);
            for (measure, bucket) in buckets {
                match mine.iter_mut().find(|(one, _)| one == measure) {
                    Some((_, joined)) => joined.merge(bucket),
                    None => mine.push((*measure, bucket.clone())),
                }
            }
        }
    }

    pub(super) fn take(&mut self, namespace: &str, dimensions: &[Dimension], deltas: &mut Deltas) {
        let mut metrics: Vec<(Measure, Arc<Metric>)> = Vec::new();
        for (minute, buckets) in self.0.drain(..) {
            for (measure, bucket) in buckets {
                let known = metrics.iter().find(|(one, _)| *one == measure);
                let metric = if let Some((_, metric)) = known {
                    Arc::clone(metric)
                } else {
                    let metric = Metric::sorted(namespace, measure.name(), dimensions.to_vec());
                    let metric = Arc::new(metric);
                    metrics.push((measure, Arc::clone(&metric)));
                    metric
                };
                let place = Place {
                    metric,
                    unit: measure.unit(),
                    resolution: Resolution::Standard,
                    second: minute * 60,
                };
                deltas.buckets.push((place, bucket));
            }
        }
    }
}

impl Family {
    pub(super) fn new(
        namespace: &'static str,
        dimensions: &[&str],
        wants: fn(Measure) -> bool,
    ) -> Self {
        Self {
            namespace,
            dimensions: dimensions.iter().map(|name| (*name).to_owned()).collect(),
            wants,
            series: Vec::new(),
            places: HashMap::new(),
            swept_hour: 0,
        }
    }

    /// Adds the values that this family wants to the series of these labels.
    pub(super) fn add(&mut self, labels: &[&str], values: &Values, shared: &mut Shared) {
        let wants = self.wants;
        if !values.iter().any(|(measure, _)| wants(*measure)) {
            return;
        }
        join(labels, &mut shared.key);
        let minute = shared.minute;
        let buckets = self.find(labels, shared).minutes.at(minute);
        for (measure, value) in values.iter().filter(|(measure, _)| wants(*measure)) {
            let found = buckets.iter_mut().find(|(one, _)| one == measure);
            if let Some((_, bucket)) = found {
                bucket.add(*value, 1.0);
            } else {
                let mut bucket = Bucket::default();
                bucket.add(*value, 1.0);
                buckets.push((*measure, bucket));
                shared.buckets += 1;
            }
        }
    }

    /// The series of the labels, or that of all others if there is no room for one more. Where there are several
    /// labels, the first (a provider, say) is kept as long as there is room for twice as many.
    fn find(&mut self, labels: &[&str], shared: &mut Shared) -> &mut Series {
        let mut found = self.places.get(shared.key.as_str()).copied();
        if found.is_none() && self.series.len() >= shared.values_max {
            self.make_room(shared);
        }
        if found.is_none() && self.series.len() >= shared.values_max {
            let mut others = [OTHER; 3];
            let others = &mut others[..labels.len().min(3)];
            if let [first, _, ..] = others {
                *first = labels[0];
            }
            join(others, &mut shared.key);
            found = self.places.get(shared.key.as_str()).copied();
            if found.is_none() && self.series.len() >= shared.values_max.saturating_mul(2) {
                others.fill(OTHER);
                join(others, &mut shared.key);
                found = self.places.get(shared.key.as_str()).copied();
            }
        }
        let place = found.unwrap_or_else(|| self.append(&shared.key));
        let series = &mut self.series[place];
        series.hour = series.hour.max(shared.hour);
        series
    }

    fn append(&mut self, key: &str) -> usize {
        let place = self.series.len();
        self.places.insert(key.into(), place);
        self.series.push(Series {
            key: key.into(),
            ..Series::default()
        });
        place
    }

    /// Forgets what was not seen for a day; looks for it once an hour.
    fn make_room(&mut self, shared: &Shared) {
        if self.swept_hour == shared.newest_hour {
            return;
        }
        self.swept_hour = shared.newest_hour;
        let since = shared.newest_hour - FORGOTTEN_AFTER_HOURS;
        self.series
            .retain(|series| series.hour > since || !series.minutes.0.is_empty());
        let places = self.series.iter().enumerate();
        self.places = places
            .map(|(place, series)| (series.key.clone(), place))
            .collect();
    }

    pub(super) fn take(&mut self, deltas: &mut Deltas) {
        for series in &mut self.series {
            if !series.minutes.0.is_empty() {
                let dimensions = split(&self.dimensions, &series.key);
                series.minutes.take(self.namespace, &dimensions, deltas);
            }
        }
    }

    pub(super) fn remember(&mut self, metric: &Metric, hour: i64, most: usize) {
        let dimensions = metric.dimensions();
        if metric.namespace() != self.namespace || dimensions.len() != self.dimensions.len() {
            return;
        }
        let value = |name: &String| {
            let found = dimensions.iter().find(|one| one.name == *name)?;
            Some(found.value.as_str())
        };
        let labels: Option<Vec<&str>> = self.dimensions.iter().map(value).collect();
        let Some(labels) = labels else { return };
        let mut key = String::new();
        join(&labels, &mut key);
        let place = match self.places.get(key.as_str()) {
            Some(place) => *place,
            None if self.series.len() < most => self.append(&key),
            None => return,
        };
        let series = &mut self.series[place];
        series.hour = series.hour.max(hour);
    }
}

/// Labels as one text.
fn join(labels: &[&str], key: &mut String) {
    key.clear();
    for (index, label) in labels.iter().enumerate() {
        if index > 0 {
            key.push(BETWEEN);
        }
        let is_value = !label.is_empty()
            && label.len() <= LABEL_BYTES_MAX
            && !label.chars().any(char::is_control);
        key.push_str(if is_value { label } else { OTHER });
    }
}

/// The dimensions that a text of labels stands for.
pub(super) fn split(names: &[String], key: &str) -> Vec<Dimension> {
    let labels = key.split(BETWEEN);
    let one = |(name, value): (&String, &str)| Dimension {
        name: name.clone(),
        value: value.to_owned(),
    };
    names.iter().zip(labels).map(one).collect()
}
