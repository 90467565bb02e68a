//! The metrics of Corelog itself. Every name and label is here; label values come from closed sets.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// Labels of a finished exchange.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ExchangeLabels {
    /// Name of the provider in the configuration.
    pub provider: String,
    /// Operation of the record.
    pub operation: &'static str,
    /// Class of the HTTP status: `2xx`, `4xx`, `5xx`, …, or `none`.
    pub status: &'static str,
}

/// Whose error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ErrorSide {
    /// `upstream`, `gateway` or `caller`.
    pub source: &'static str,
}

/// Which limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct LimitLabel {
    /// Name of the limit, as in the configuration.
    pub limit: &'static str,
}

/// Why the gateway answered a request itself, with an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RefusalLabel {
    /// Name of the reason.
    pub reason: &'static str,
}

/// What the policy did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct PolicyLabel {
    /// Name of the outcome.
    pub outcome: PolicyOutcome,
}

/// Outcomes of the policy for a disk that takes no records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
pub enum PolicyOutcome {
    /// The call was refused before anything was sent upstream.
    Refused,
    /// The call went on without a record.
    Relayed,
}

/// A destination of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct DestinationLabel {
    /// Its name.
    pub destination: String,
}

/// A notifier of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct NotifierLabel {
    /// Its name.
    pub notifier: String,
}

type FloatGauge = Gauge<f64, AtomicU64>;

/// Figures read at the moment of a scrape rather than counted as they happen.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sampled {
    /// Bytes the spool holds on disk.
    pub spool_bytes: u64,
    /// Its segments.
    pub spool_segments: u64,
    /// Last durable sequence number.
    pub spool_durable_sequence: u64,
    /// Calls to the disk's sync.
    pub spool_syncs: u64,
    /// Seconds spent in them.
    pub spool_sync_seconds: f64,
    /// The longest of them since the start, in seconds.
    pub spool_sync_seconds_max: f64,
    /// Calls that went on without a record, ever in this data directory.
    pub spool_gaps: u64,
    /// Exchanges on the wire.
    pub exchanges_in_flight: u64,
    /// Queries that run.
    pub queries_running: u64,
    /// Queries that wait for their turn.
    pub queries_scheduled: u64,
    /// Bytes of the answers that are kept of finished queries.
    pub queries_answers_bytes: u64,
    /// Bytes of the log events in memory that the table has not got yet.
    pub store_recent_bytes: u64,
}

/// Every metric, registered. Counting is lock-free or nearly so.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Finished exchanges.
    pub exchanges: Family<ExchangeLabels, Counter>,
    /// Exchanges that ended in an error, by whose it was.
    pub errors: Family<ErrorSide, Counter>,
    /// Our own time in an exchange, the upstream's left out.
    pub overhead_seconds: Histogram,
    /// Exchanges whose record was made.
    pub captured: Counter,
    /// Records that are durable.
    pub stored: Counter,
    /// Exchanges that have no record: the gap of the `relay` policy.
    pub lost: Counter,
    /// Calls that met a disk that takes no records, by what the policy did.
    pub disk_policy: Family<PolicyLabel, Counter>,
    /// Times a limit was reached.
    pub limits: Family<LimitLabel, Counter>,
    /// Requests that the gateway answered itself, with an error.
    pub refusals: Family<RefusalLabel, Counter>,
    /// Bytes after a stream's terminal event that came too late for its record.
    pub trailing_bytes: Counter,
    /// Records delivered.
    pub delivered: Family<DestinationLabel, Counter>,
    /// Failed delivery attempts.
    pub delivery_failures: Family<DestinationLabel, Counter>,
    /// Records that a destination did not keep, and never will.
    pub delivery_rejected: Family<DestinationLabel, Counter>,
    /// Age of the oldest record not yet delivered.
    pub delivery_oldest_age_seconds: Family<DestinationLabel, FloatGauge>,
    /// Records not yet delivered.
    pub delivery_backlog: Family<DestinationLabel, Gauge>,
    /// Notifications that a receiver took.
    pub notifications: Family<NotifierLabel, Counter>,
    /// Messages to a receiver that failed.
    pub notification_failures: Family<NotifierLabel, Counter>,
    /// Notifications that were given up.
    pub notifications_given_up: Family<NotifierLabel, Counter>,
    spool_bytes: Gauge,
    spool_segments: Gauge,
    spool_durable_sequence: Gauge,
    spool_syncs: Gauge,
    spool_sync_seconds: FloatGauge,
    spool_sync_seconds_max: FloatGauge,
    spool_gaps: Gauge,
    in_flight: Gauge,
    queries_running: Gauge,
    queries_scheduled: Gauge,
    queries_answers_bytes: Gauge,
    store_recent_bytes: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Registers every metric.
    pub fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("corelog"),
            exchanges: Family::default(),
            errors: Family::default(),
            overhead_seconds: Histogram::new(exponential_buckets(0.000_05, 2.0, 14)),
            captured: Counter::default(),
            stored: Counter::default(),
            lost: Counter::default(),
            disk_policy: Family::default(),
            limits: Family::default(),
            refusals: Family::default(),
            trailing_bytes: Counter::default(),
            delivered: Family::default(),
            delivery_failures: Family::default(),
            delivery_rejected: Family::default(),
            delivery_oldest_age_seconds: Family::default(),
            delivery_backlog: Family::default(),
            notifications: Family::default(),
            notification_failures: Family::default(),
            notifications_given_up: Family::default(),
            spool_bytes: Gauge::default(),
            spool_segments: Gauge::default(),
            spool_durable_sequence: Gauge::default(),
            spool_syncs: Gauge::default(),
            spool_sync_seconds: FloatGauge::default(),
            spool_sync_seconds_max: FloatGauge::default(),
            spool_gaps: Gauge::default(),
            in_flight: Gauge::default(),
            queries_running: Gauge::default(),
            queries_scheduled: Gauge::default(),
            queries_answers_bytes: Gauge::default(),
            store_recent_bytes: Gauge::default(),
        };
        metrics.register_gateway();
        metrics.register_spool();
        metrics.register_delivery();
        metrics.register_notifications();
        metrics.register_log_groups();
        metrics
    }

    /// Shows a destination that is gone no more.
    pub fn forget_destination(&self, label: &DestinationLabel) {
        self.delivered.remove(label);
        self.delivery_failures.remove(label);
        self.delivery_rejected.remove(label);
        self.delivery_oldest_age_seconds.remove(label);
        self.delivery_backlog.remove(label);
    }

    fn register_log_groups(&mut self) {
        let r = &mut self.registry;
        r.register(
            "queries_running",
            "Queries that run",
            self.queries_running.clone(),
        );
        r.register(
            "queries_scheduled",
            "Queries that wait for their turn",
            self.queries_scheduled.clone(),
        );
        r.register_with_unit(
            "queries_answers",
            "Answers that are kept of finished queries",
            Unit::Bytes,
            self.queries_answers_bytes.clone(),
        );
        r.register_with_unit(
            "store_recent",
            "Log events in memory that the table has not got yet",
            Unit::Bytes,
            self.store_recent_bytes.clone(),
        );
    }

    fn register_gateway(&mut self) {
        let r = &mut self.registry;
        r.register(
            "gateway_exchanges",
            "Finished exchanges",
            self.exchanges.clone(),
        );
        r.register(
            "gateway_errors",
            "Exchanges that ended in an error",
            self.errors.clone(),
        );
        r.register_with_unit(
            "gateway_overhead",
            "Our own time in an exchange, the upstream's left out",
            Unit::Seconds,
            self.overhead_seconds.clone(),
        );
        r.register(
            "gateway_limits",
            "Times a limit was reached",
            self.limits.clone(),
        );
        r.register(
            "gateway_refusals",
            "Requests that the gateway answered itself, with an error",
            self.refusals.clone(),
        );
        r.register(
            "gateway_in_flight",
            "Exchanges on the wire",
            self.in_flight.clone(),
        );
        r.register(
            "gateway_trailing_bytes",
            "Bytes after a stream's terminal event that came too late for its record",
            self.trailing_bytes.clone(),
        );
        r.register(
            "capture_records",
            "Exchanges whose record was made",
            self.captured.clone(),
        );
        r.register(
            "capture_lost",
            "Exchanges that have no record",
            self.lost.clone(),
        );
        r.register(
            "capture_disk_policy",
            "Calls that met a disk that takes no records",
            self.disk_policy.clone(),
        );
    }

    fn register_spool(&mut self) {
        let r = &mut self.registry;
        r.register(
            "spool_records",
            "Records that are durable",
            self.stored.clone(),
        );
        r.register_with_unit(
            "spool_size",
            "Bytes on disk",
            Unit::Bytes,
            self.spool_bytes.clone(),
        );
        r.register(
            "spool_segments",
            "Segments on disk",
            self.spool_segments.clone(),
        );
        r.register(
            "spool_durable_sequence",
            "Last durable sequence number",
            self.spool_durable_sequence.clone(),
        );
        r.register(
            "spool_syncs",
            "Syncs since the start",
            self.spool_syncs.clone(),
        );
        r.register_with_unit(
            "spool_sync_time",
            "Time spent in syncs since the start",
            Unit::Seconds,
            self.spool_sync_seconds.clone(),
        );
        r.register_with_unit(
            "spool_sync_longest",
            "The longest sync since the start",
            Unit::Seconds,
            self.spool_sync_seconds_max.clone(),
        );
        r.register(
            "spool_gaps",
            "Calls that went on without a record, ever in this data directory",
            self.spool_gaps.clone(),
        );
    }

    fn register_delivery(&mut self) {
        let r = &mut self.registry;
        r.register(
            "delivery_records",
            "Records delivered",
            self.delivered.clone(),
        );
        r.register(
            "delivery_failures",
            "Failed attempts",
            self.delivery_failures.clone(),
        );
        r.register(
            "delivery_rejected_records",
            "Records that the destination did not keep: too old for it, say",
            self.delivery_rejected.clone(),
        );
        r.register_with_unit(
            "delivery_oldest_age",
            "Age of the oldest record not yet delivered",
            Unit::Seconds,
            self.delivery_oldest_age_seconds.clone(),
        );
        r.register(
            "delivery_backlog",
            "Records not yet delivered",
            self.delivery_backlog.clone(),
        );
    }

    fn register_notifications(&mut self) {
        let r = &mut self.registry;
        r.register(
            "notifications",
            "Notifications of alarms that a receiver took",
            self.notifications.clone(),
        );
        r.register(
            "notification_failures",
            "Messages to a receiver that failed",
            self.notification_failures.clone(),
        );
        r.register(
            "notifications_given_up",
            "Notifications of alarms that were given up",
            self.notifications_given_up.clone(),
        );
    }

    /// The text that `/metrics` answers with, in the `OpenMetrics` format.
    pub fn encode(&self, sampled: Sampled) -> String {
        let signed = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        self.spool_bytes.set(signed(sampled.spool_bytes));
        self.spool_segments.set(signed(sampled.spool_segments));
        self.spool_durable_sequence
            .set(signed(sampled.spool_durable_sequence));
        self.spool_syncs.set(signed(sampled.spool_syncs));
        self.spool_sync_seconds.set(sampled.spool_sync_seconds);
        self.spool_sync_seconds_max
            .set(sampled.spool_sync_seconds_max);
        self.spool_gaps.set(signed(sampled.spool_gaps));
        self.in_flight.set(signed(sampled.exchanges_in_flight));
        self.queries_running.set(signed(sampled.queries_running));
        self.queries_scheduled
            .set(signed(sampled.queries_scheduled));
        self.queries_answers_bytes
            .set(signed(sampled.queries_answers_bytes));
        self.store_recent_bytes
            .set(signed(sampled.store_recent_bytes));
        let mut text = String::new();
        // Writing to a String does not fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scrape_shows_what_was_counted_and_sampled() {
        let metrics = Metrics::new();
        metrics.captured.inc();
        metrics
            .limits
            .get_or_create(&LimitLabel {
                limit: "exchanges_max",
            })
            .inc();
        let text = metrics.encode(Sampled {
            spool_bytes: 42,
            spool_gaps: 3,
            store_recent_bytes: 7,
            ..Sampled::default()
        });
        for line in [
            "corelog_capture_records_total 1",
            "corelog_gateway_limits_total{limit=\"exchanges_max\"} 1",
            "corelog_spool_size_bytes 42",
            "corelog_spool_gaps 3",
            "corelog_store_recent_bytes 7",
        ] {
            assert!(text.contains(line), "{line} is not in:\n{text}");
        }
    }
}
