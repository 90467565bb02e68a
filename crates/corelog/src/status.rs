//! How everything is, for `corelog doctor`, `corelog ps` and `/metrics`.

use std::fmt;
use std::sync::Arc;

use corelog_api::admin::{
    DestinationReport, Exchange, Exchanges, Sight, SpoolReport, Status, StatusReport,
};
use corelog_api::logs::Queries;
use corelog_cli::settings::Settings;
use corelog_gateway::{InFlight, Seen};
use corelog_spool::Spool;
use corelog_telemetry::{Metrics, Sampled};
use corelog_types::{RecordId, Timestamp};
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use parking_lot::RwLock;

use crate::destinations::Destined;

/// The calls in flight, for the api.
pub(crate) struct Flights(pub(crate) InFlight);

impl fmt::Debug for Flights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Flights").field(&self.0.len()).finish()
    }
}

impl Exchanges for Flights {
    fn list(&self) -> Vec<Exchange> {
        self.0.list().into_iter().map(exchange_of).collect()
    }

    fn kill(&self, id: RecordId) -> bool {
        self.0.kill(id)
    }

    fn watch(&self) -> Option<BoxStream<'static, Vec<Sight>>> {
        let sights = stream::unfold(self.0.watch()?, |mut watch| async move {
            let sights = watch.next().await;
            Some((sights.into_iter().map(sight_of).collect(), watch))
        });
        Some(sights.boxed())
    }
}

fn exchange_of(seen: Seen) -> Exchange {
    Exchange {
        id: seen.id,
        age: seen.age,
        state: seen.state.as_str(),
        provider: seen.provider,
        dialect: seen.dialect,
        operation: seen.operation,
        model_id: seen.model,
        request_bytes: seen.request_bytes,
        response_bytes: seen.response_bytes,
        chunks: seen.chunks,
        events: seen.events,
        input_tokens: seen.tokens.input.map(|count| count.value),
        output_tokens: seen.tokens.output.map(|count| count.value),
        output_tokens_estimate: seen.tokens.output_estimate,
        caller: Some(seen.caller),
    }
}

fn sight_of(sight: corelog_gateway::Sight) -> Sight {
    match sight {
        corelog_gateway::Sight::Began(seen) => Sight::Began(Box::new(exchange_of(*seen))),
        corelog_gateway::Sight::Said(id, said) => Sight::Said(id, said),
        corelog_gateway::Sight::Gap(id) => Sight::Gap(id),
        corelog_gateway::Sight::Ended(id) => Sight::Ended(id),
        corelog_gateway::Sight::Missed(bytes) => Sight::Missed(bytes),
    }
}

/// Knows everyone who can say how they are.
pub(crate) struct Health {
    pub(crate) spool: Spool,
    pub(crate) spool_dir: String,
    pub(crate) spool_bytes_max: u64,
    pub(crate) destinations: Arc<Destined>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) inflight: InFlight,
    pub(crate) queries: Queries,
    pub(crate) notifying: corelog_notify::Handle,
    pub(crate) subscriptions: crate::subscriptions::Running,
    pub(crate) started: Timestamp,
    pub(crate) in_force: RwLock<InForce>,
    pub(crate) at_start: Vec<String>,
}

/// What is to be said of the configuration in force; another after a reload.
pub(crate) struct InForce {
    open: bool,
    policies: Vec<(&'static str, String)>,
    /// Keys that the file has other values for, which wait for a restart.
    waiting: Vec<String>,
}

impl InForce {
    pub(crate) fn of(settings: &Settings, waiting: Vec<String>) -> Self {
        Self {
            open: settings.keys.is_empty(),
            policies: vec![
                ("durability", settings.spool.durability.as_str().to_owned()),
                ("onFull", settings.spool.on_full.as_str().to_owned()),
                ("capture", settings.capture.policy.as_str().to_owned()),
            ],
            waiting,
        }
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Health").finish_non_exhaustive()
    }
}

impl Health {
    /// Figures for a scrape.
    pub(crate) fn sampled(&self) -> Sampled {
        let status = self.spool.status();
        let queries = self.queries.load();
        Sampled {
            spool_bytes: status.segment_bytes + status.blob_bytes,
            spool_segments: status.segments,
            spool_durable_sequence: status.durable.to_u64(),
            spool_syncs: status.syncs,
            spool_sync_seconds: status.sync_time.as_secs_f64(),
            spool_sync_seconds_max: status.sync_time_max.as_secs_f64(),
            spool_gaps: status.gaps,
            exchanges_in_flight: self.inflight.len() as u64,
            queries_running: queries.running,
            queries_scheduled: queries.scheduled,
            queries_answers_bytes: queries.answers_bytes,
            store_recent_bytes: self.destinations.hot().bytes() as u64,
        }
    }

    /// Whether calls are taken: a gateway that refuses them all should get none.
    pub(crate) fn is_ready(&self) -> Result<(), String> {
        self.spool
            .admit()
            .map_err(|error| corelog_telemetry::Chain(&error).to_string())
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = self.at_start.clone();
        let status = self.spool.status();
        if let Err(why) = self.is_ready() {
            warnings.push(format!("the spool takes no records: {why}"));
        }
        if status.gaps > 0 {
            let since = self.metrics.lost.get();
            warnings.push(format!(
                "{} calls went on without a record, {since} of them since the start: `spool.on_full` is, or was, \
                 `relay`",
                status.gaps
            ));
        }
        if status.lost > 0 {
            warnings.push(format!(
                "{} records were written and then lost",
                status.lost
            ));
        }
        for (report, _) in self.destinations.reports() {
            if let Some(error) = report.last_error {
                let (name, backlog) = (report.name, report.backlog);
                warnings.push(format!(
                    "destination `{name}` fails and is {backlog} records behind: {error}"
                ));
            }
        }
        for report in self.notifying.reports() {
            if let Some(error) = report.last_error {
                let name = report.name;
                warnings.push(format!(
                    "notifier `{name}` fails, and alarms are not heard there: {error}"
                ));
            }
        }
        warnings.extend(self.subscriptions.warnings());
        let in_force = self.in_force.read();
        if !in_force.waiting.is_empty() {
            warnings.push(format!(
                "the configuration was reloaded, and these keys wait for a restart: {}",
                in_force.waiting.join(", ")
            ));
        }
        if in_force.open {
            warnings.push("anyone on this machine may call: no [[key]] is configured".to_owned());
        }
        warnings
    }
}

impl Status for Health {
    fn report(&self) -> StatusReport {
        let status = self.spool.status();
        let destinations = self.destinations.reports().into_iter();
        StatusReport {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            node: status.node,
            started: self.started,
            spool: SpoolReport {
                dir: self.spool_dir.clone(),
                oldest: status.oldest,
                durable: status.durable,
                bytes: status.segment_bytes + status.blob_bytes,
                bytes_max: self.spool_bytes_max,
                segments: status.segments,
                accepting: self.spool.admit().is_ok(),
                gaps: status.gaps,
            },
            destinations: destinations
                .map(|(report, from_api)| DestinationReport {
                    name: report.name,
                    location: report.location,
                    from_api,
                    position: report.position,
                    backlog: report.backlog,
                    oldest_age: report.oldest_age,
                    failures: report.failures,
                    last_error: report.last_error,
                })
                .collect(),
            policies: self.in_force.read().policies.clone(),
            warnings: self.warnings(),
        }
    }
}
