//! The histograms of the conventions, counted from records since a start and sent whole each time.
//!
//! Source: <https://github.com/open-telemetry/semantic-conventions/blob/v1.41.1/docs/gen-ai/gen-ai-metrics.md>,
//! <https://opentelemetry.io/docs/specs/otel/metrics/sdk/#overflow-attribute>

use std::collections::BTreeMap;

use corelog_types::Timestamp;
use serde_json::Value;

use super::{Exported, Sender, key_value, names, request, scope_group, span::input_tokens};
use crate::protobuf::Message;

/// Sets of attributes of one histogram; what comes beyond is counted in one set of its own.
const SETS_MAX: usize = 2_000;
/// `AGGREGATION_TEMPORALITY_CUMULATIVE`
const CUMULATIVE: u64 = 2;

/// Powers of four.
const TOKEN_BOUNDS: [f64; 14] = [
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1_024.0,
    4_096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];
/// Seconds, doubling.
const SECOND_BOUNDS: [f64; 14] = [
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];

/// Attributes, sorted by name.
pub(super) type Set = BTreeMap<&'static str, String>;

/// `gen_ai.client.token.usage` and `gen_ai.client.operation.duration` of the records noted.
#[derive(Debug)]
pub struct Histograms {
    since: Timestamp,
    pub(super) tokens: BTreeMap<Set, Histogram>,
    pub(super) seconds: BTreeMap<Set, Histogram>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Histogram {
    /// One more than there are bounds.
    pub(super) buckets: [u64; 15],
    pub(super) count: u64,
    pub(super) sum: f64,
    min: Option<f64>,
    max: Option<f64>,
}

impl Histograms {
    /// Begins to count.
    pub fn since(since: Timestamp) -> Self {
        Self {
            since,
            tokens: BTreeMap::new(),
            seconds: BTreeMap::new(),
        }
    }

    /// Counts a record, if it is of a call to a model. What it does not say is not counted.
    pub fn note(&mut self, record: Exported<'_>) {
        let document = record.document;
        let (Some(operation), Some(extension)) =
            (names::operation(document), document.corelog.as_deref())
        else {
            return;
        };
        let mut set = Set::from([
            ("gen_ai.operation.name", operation.to_owned()),
            ("gen_ai.provider.name", names::provider(extension)),
        ]);
        let server = names::server(extension).map(|(host, _)| host.to_owned());
        for (key, value) in [
            ("gen_ai.request.model", document.model_id.clone()),
            ("gen_ai.response.model", extension.response_model.clone()),
            ("server.address", server),
        ] {
            set.extend(value.map(|value| (key, value)));
        }
        let counts = [
            ("input", input_tokens(extension)),
            ("output", extension.usage.0.output.map(|count| count.value)),
        ];
        for (kind, count) in counts {
            let Some(count) = count else { continue };
            let mut set = set.clone();
            set.insert("gen_ai.token.type", kind.to_owned());
            #[expect(clippy::cast_precision_loss, reason = "a count of tokens")]
            add(&mut self.tokens, set, count as f64, &TOKEN_BOUNDS);
        }
        if let Some(ms) = extension.latency_ms {
            let error = document.error_code.clone();
            set.extend(error.map(|code| ("error.type", code)));
            add(&mut self.seconds, set, ms / 1e3, &SECOND_BOUNDS);
        }
    }

    /// An `ExportMetricsServiceRequest` of all that was counted; `None` if nothing was.
    pub fn request(&self, now: Timestamp, sender: &Sender) -> Option<Vec<u8>> {
        let mut group = scope_group();
        let empty = group.len();
        for (name, unit, bounds, sets) in [
            (
                "gen_ai.client.token.usage",
                "{token}",
                &TOKEN_BOUNDS,
                &self.tokens,
            ),
            (
                "gen_ai.client.operation.duration",
                "s",
                &SECOND_BOUNDS,
                &self.seconds,
            ),
        ] {
            if !sets.is_empty() {
                group.message(2, &self.metric(name, unit, bounds, sets, now));
            }
        }
        (group.len() > empty).then(|| request(sender, &group))
    }

    fn metric(
        &self,
        name: &str,
        unit: &str,
        bounds: &[f64],
        sets: &BTreeMap<Set, Histogram>,
        now: Timestamp,
    ) -> Message {
        let mut histogram = Message::default();
        for (set, held) in sets {
            let ns = |time: Timestamp| time.unix_ms().saturating_mul(1_000_000);
            let mut point = Message::default();
            point.fixed64(2, ns(self.since));
            point.fixed64(3, ns(now));
            point.always_fixed64(4, held.count);
            point.always_double(5, held.sum);
            let packed = |numbers: &mut dyn Iterator<Item = u64>| -> Vec<u8> {
                numbers.flat_map(u64::to_le_bytes).collect()
            };
            point.bytes(6, &packed(&mut held.buckets.iter().copied()));
            point.bytes(7, &packed(&mut bounds.iter().map(|bound| bound.to_bits())));
            for (key, value) in set {
                let value = match *key {
                    OVERFLOW => Value::Bool(true),
                    _ => Value::from(value.as_str()),
                };
                point.message(9, &key_value(key, &value));
            }
            for (field, value) in [(11, held.min), (12, held.max)] {
                if let Some(value) = value {
                    point.always_double(field, value);
                }
            }
            histogram.message(1, &point);
        }
        histogram.number(2, CUMULATIVE);
        let mut metric = Message::default();
        metric.bytes(1, name.as_bytes());
        metric.bytes(3, unit.as_bytes());
        metric.message(9, &histogram);
        metric
    }
}

/// The attribute of the set that counts what has no set of its own.
const OVERFLOW: &str = "otel.metric.overflow";

fn add(sets: &mut BTreeMap<Set, Histogram>, set: Set, value: f64, bounds: &[f64]) {
    let is_full = sets.len() >= SETS_MAX && !sets.contains_key(&set);
    let set = if is_full {
        Set::from([(OVERFLOW, "true".to_owned())])
    } else {
        set
    };
    let held = sets.entry(set).or_default();
    // A value at a bound is in the bucket below it.
    let bucket = bounds.partition_point(|bound| *bound < value);
    held.buckets[bucket] += 1;
    held.count += 1;
    held.sum += value;
    held.min = Some(held.min.map_or(value, |min| min.min(value)));
    held.max = Some(held.max.map_or(value, |max| max.max(value)));
}
