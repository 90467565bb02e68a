//! Counts records: a bucket for each metric that a record speaks of, until they are taken.
//!
//! Series are counted by labels of records: models, callers, users, sessions. There may be any number of these, so
//! each kind has a bound; what comes beyond it is counted under the value `Other`. Values that were not seen for a day
//! make room again.

mod family;

use std::collections::BTreeMap;

use corelog_types::Timestamp;

use self::family::{BETWEEN, Family, Minutes, Shared, split};
use crate::deltas::second_of;
use crate::invocation::Values;
use crate::measure::{BEDROCK, CORELOG, GUARDRAILS, Measure};
use crate::{Deltas, Invocation, Metric};

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
    /// The namespaces of what it counts.
    pub const NAMESPACES: [&'static str; 3] = [BEDROCK, GUARDRAILS, CORELOG];

    /// An empty tally.
    pub fn new(config: TallyConfig) -> Self {
        let shared = Shared::new(config.values_max);
        Self {
            families: Families::new(&config.tags),
            values: Vec::with_capacity(32),
            config,
            shared,
        }
    }

    /// Counts a record in the minute in which its call ended.
    pub fn count(&mut self, invocation: &Invocation<'_>) {
        let Self {
            families,
            values,
            shared,
            ..
        } = self;
        shared.enter(invocation.ended());
        if invocation.is_of_a_guardrail() {
            values.clear();
            invocation.outcome_values(invocation.outcome(), values);
            families.guardrails.add(&["ApplyGuardrail"], values, shared);
        }
        if !invocation.is_of_a_model() {
            return;
        }
        if let Some(model) = invocation.outline.model_id.as_deref() {
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
        let output = &invocation.outline.output;
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
        let provider = &*extension.provider;
        match invocation.outline.model_id.as_deref() {
            Some(model) => self.models.add(&[provider, model], values, shared),
            None => self.models.add(&[provider], values, shared),
        }
        if let Some(code) = invocation.outline.error_code.as_deref() {
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

#[cfg(test)]
mod tests;
