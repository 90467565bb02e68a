//! Counts records: a bucket for each metric that a record speaks of, until they are taken.
//!
//! Series are counted by labels of records: models, callers, users, sessions. There may be any number of these, so
//! each kind has a bound; what comes beyond it is counted under the value `Other`. Values that were not seen for a day
//! make room again.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use corelog_types::Timestamp;

use crate::deltas::{Place, second_of};
use crate::invocation::Values;
use crate::measure::{BEDROCK, CORELOG, GUARDRAILS, Measure};
use crate::{Bucket, Deltas, Dimension, Invocation, Metric, Resolution};

/// What stands for all values beyond the bound, and for those that can be no dimension's value.
const OTHER: &str = "Other";
/// Between the labels of one series; no label has it.
const BETWEEN: char = '\u{1f}';
/// A dimension's value has as many characters at most; a label of more bytes is not told apart.
const LABEL_BYTES_MAX: usize = 1_024;
const FORGOTTEN_AFTER_HOURS: i64 = 24;

/// How much is told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TallyConfig {
    /// Values of each kind of label: models, callers, users, sessions, error codes, and each tag.
    pub values_max: usize,
    /// Tags of records that have series of their own, in a dimension of the tag's name.
    pub tags: Vec<String>,
    /// Buckets at which the tally is full.
    pub buckets_max: usize,
}

impl Default for TallyConfig {
    fn default() -> Self {
        Self {
            values_max: 1_000,
            tags: Vec::new(),
            buckets_max: 20_000,
        }
    }
}

/// Counts of records that nobody has taken yet.
#[derive(Debug)]
pub struct Tally {
    config: TallyConfig,
    families: Families,
    values: Values,
    shared: Shared,
}

impl Tally {
    /// An empty tally.
    pub fn new(config: TallyConfig) -> Self {
        let shared = Shared {
            values_max: config.values_max,
            ..Shared::default()
        };
        Self {
            families: Families::new(&config.tags),
            values: Vec::with_capacity(32),
            config,
            shared,
        }
    }

    /// Counts a record.
    pub fn count(&mut self, invocation: &Invocation<'_>) {
        let Self {
            families,
            values,
            shared,
            ..
        } = self;
        shared.enter(invocation.time);
        if invocation.is_of_a_guardrail() {
            values.clear();
            invocation.outcome_values(invocation.outcome(), values);
            families.guardrails.add(&["ApplyGuardrail"], values, shared);
        }
        if !invocation.is_of_a_model() {
            return;
        }
        if let Some(model) = invocation.document.model_id.as_deref() {
            values.clear();
            invocation.bedrock(values);
            families.bedrock.add(&[model], values, shared);
            families.add_images(invocation, model, values, shared);
        }
        values.clear();
        invocation.ours(values);
        families.add_ours(invocation, values, shared);
    }

    /// Takes what was counted. It is to be added to what is kept together with the place up to which records were
    /// counted.
    pub fn take(&mut self) -> Deltas {
        let mut deltas = Deltas::default();
        deltas.buckets.reserve(self.shared.buckets * 2);
        self.families.take(&mut deltas);
        self.shared.buckets = 0;
        deltas
    }

    /// Whether there is so much that it has to be taken before more is counted.
    pub fn is_full(&self) -> bool {
        self.shared.buckets >= self.config.buckets_max
    }

    /// Whether there is nothing to take.
    pub fn is_empty(&self) -> bool {
        self.shared.buckets == 0
    }

    /// Keeps telling apart what was told apart before a restart: a metric that is kept, and when it was last seen.
    pub fn remember(&mut self, metric: &Metric, last: Timestamp) {
        let hour = second_of(last) / 3_600;
        let most = self.config.values_max;
        for family in self.families.all_mut() {
            family.remember(metric, hour, most);
        }
    }
}

/// What all series have in common while a record is counted.
#[derive(Debug, Default)]
struct Shared {
    values_max: usize,
    /// Buckets in all families.
    buckets: usize,
    minute: i64,
    hour: i64,
    newest_hour: i64,
    /// The labels of the series that is looked for.
    key: String,
}

impl Shared {
    fn enter(&mut self, time: Timestamp) {
        let second = second_of(time);
        self.minute = second / 60;
        self.hour = second / 3_600;
        self.newest_hour = self.newest_hour.max(self.hour);
    }
}

#[derive(Debug)]
struct Families {
    bedrock: Family,
    images: Family,
    guardrails: Family,
    /// Calls of a provider and a model; of a provider alone where no model is known; of neither.
    models: Family,
    callers: Family,
    users: Family,
    sessions: Family,
    errors: Family,
    tags: Vec<Family>,
}

impl Families {
    fn new(tags: &[String]) -> Self {
        let everything =
            |namespace, dimensions: &[&str]| Family::new(namespace, dimensions, |_: Measure| true);
        let usage = |dimension: &str| {
            Family::new(CORELOG, &[dimension], |measure: Measure| {
                !measure.is_timing()
            })
        };
        Self {
            bedrock: everything(BEDROCK, &["ModelId"]),
            images: Family::new(
                BEDROCK,
                &["ModelId", "ImageSize", "BucketedStepSize"],
                |measure| measure == Measure::OutputImageCount,
            ),
            guardrails: everything(GUARDRAILS, &["Operation"]),
            models: everything(CORELOG, &["Provider", "ModelId"]),
            callers: usage("Caller"),
            users: usage("User"),
            sessions: usage("Session"),
            errors: Family::new(CORELOG, &["Provider", "ErrorCode"], |measure| {
                measure == Measure::InvocationErrors
            }),
            tags: tags.iter().map(|tag| usage(tag)).collect(),
        }
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut Family> {
        let own = [
            &mut self.bedrock,
            &mut self.images,
            &mut self.guardrails,
            &mut self.models,
            &mut self.callers,
            &mut self.users,
            &mut self.sessions,
            &mut self.errors,
        ];
        own.into_iter().chain(&mut self.tags)
    }

    /// What is counted by provider and model is the count of the provider too, and of all.
    fn take(&mut self, deltas: &mut Deltas) {
        let (mut all, mut providers) = (Minutes::default(), BTreeMap::new());
        for series in &mut self.models.series {
            let labels: Vec<&str> = series.key.split_terminator(BETWEEN).collect();
            all.merge(&series.minutes);
            let Some((provider, model)) = labels.split_first() else {
                series.minutes.0.clear();
                continue;
            };
            let provider: &mut Minutes = providers.entry(provider.to_string()).or_default();
            provider.merge(&series.minutes);
            if model.is_empty() {
                series.minutes.0.clear();
            }
        }
        all.take(CORELOG, &[], deltas);
        for (provider, mut minutes) in providers {
            let dimensions = split(&["Provider".to_owned()], &provider);
            minutes.take(CORELOG, &dimensions, deltas);
        }
        for family in self.all_mut() {
            family.take(deltas);
        }
    }

    /// Images are told apart by size and steps too, where both are known.
    fn add_images(
        &mut self,
        invocation: &Invocation<'_>,
        model: &str,
        values: &Values,
        shared: &mut Shared,
    ) {
        let Some(output) = &invocation.document.output else {
            return;
        };
        let size = (output.output_image_width, output.output_image_height);
        let (Some(width), Some(height)) = size else {
            return;
        };
        let Some(steps) = output.output_image_bucketed_step_size else {
            return;
        };
        let (size, steps) = (format!("{width}x{height}"), steps.to_string());
        self.images.add(&[model, &size, &steps], values, shared);
    }

    fn add_ours(&mut self, invocation: &Invocation<'_>, values: &Values, shared: &mut Shared) {
        let Some(extension) = invocation.extension() else {
            self.models.add(&[], values, shared);
            return;
        };
        let provider = extension.provider.as_str();
        match invocation.document.model_id.as_deref() {
            Some(model) => self.models.add(&[provider, model], values, shared),
            None => self.models.add(&[provider], values, shared),
        }
        if let Some(code) = invocation.document.error_code.as_deref() {
            self.errors.add(&[provider, code], values, shared);
        }
        let caller = &extension.caller;
        let caller = caller.name.as_deref().or(caller.key_fingerprint.as_deref());
        for (label, family) in [
            (caller, &mut self.callers),
            (extension.user.as_deref(), &mut self.users),
            (extension.session.as_deref(), &mut self.sessions),
        ] {
            if let Some(label) = label {
                family.add(&[label], values, shared);
            }
        }
        for family in &mut self.tags {
            let tag = family.dimensions.first().map(String::as_str);
            if let Some(value) = tag.and_then(|tag| extension.tags.get(tag)) {
                family.add(&[value], values, shared);
            }
        }
    }
}

/// Series that differ by the values of the same dimensions.
#[derive(Debug)]
struct Family {
    namespace: &'static str,
    dimensions: Vec<String>,
    wants: fn(Measure) -> bool,
    series: Vec<Series>,
    /// Where in `series` each key is.
    places: HashMap<Box<str>, usize>,
    /// When room was last looked for.
    swept_hour: i64,
}

/// The metrics of one set of labels.
#[derive(Debug, Default)]
struct Series {
    /// Its labels.
    key: Box<str>,
    /// When it was last seen.
    hour: i64,
    minutes: Minutes,
}

/// Buckets by minute and measure. There is mostly one minute; late records have their own. Measures are few.
#[derive(Debug, Default)]
struct Minutes(Vec<(i64, Vec<(Measure, Bucket)>)>);

impl Minutes {
    fn at(&mut self, minute: i64) -> &mut Vec<(Measure, Bucket)> {
        let found = self.0.iter().rposition(|(at, _)| *at == minute);
        let place = found.unwrap_or_else(|| {
            self.0.push((minute, Vec::with_capacity(12)));
            self.0.len() - 1
        });
        &mut self.0[place].1
    }

    fn merge(&mut self, other: &Self) {
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

    fn take(&mut self, namespace: &str, dimensions: &[Dimension], deltas: &mut Deltas) {
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
    fn new(namespace: &'static str, dimensions: &[&str], wants: fn(Measure) -> bool) -> Self {
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
    fn add(&mut self, labels: &[&str], values: &Values, shared: &mut Shared) {
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

    fn take(&mut self, deltas: &mut Deltas) {
        for series in &mut self.series {
            if !series.minutes.0.is_empty() {
                let dimensions = split(&self.dimensions, &series.key);
                series.minutes.take(self.namespace, &dimensions, deltas);
            }
        }
    }

    fn remember(&mut self, metric: &Metric, hour: i64, most: usize) {
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
            && !label.bytes().any(|byte| byte.is_ascii_control());
        key.push_str(if is_value { label } else { OTHER });
    }
}

/// The dimensions that a text of labels stands for.
fn split(names: &[String], key: &str) -> Vec<Dimension> {
    let labels = key.split(BETWEEN);
    let one = |(name, value): (&String, &str)| Dimension {
        name: name.clone(),
        value: value.to_owned(),
    };
    names.iter().zip(labels).map(one).collect()
}

#[cfg(test)]
mod tests;
