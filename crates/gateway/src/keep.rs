//! Keeping the record of an exchange: made, written, waited for; and the tasks that do so after a caller
//! has gone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use corelog_capture::{Capture, End, Fault, Recorder, RecorderError, Waiting};
use corelog_record::{DeliveryOutcome, ErrorSource};
use corelog_runtime::Tasks;
use corelog_telemetry::{
    ErrorSide, ExchangeLabels, LimitLabel, Metrics, PolicyLabel, PolicyOutcome, RefusalLabel,
};
use corelog_types::RecordId;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::config::OnFull;
use crate::inflight::State;
use crate::refusal::Refusal;
use crate::relay::{Finale, Flow, Step, Storing};

const TORN: &str = "a body could not be kept whole on disk";

/// What became of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kept {
    /// It is as durable as configured, or the policy wants none.
    Yes,
    /// It is not, and the call goes on: the gap is counted.
    Lost,
    /// It is not, so there is no answer.
    Refused(String),
}

/// The gateway's own time in an exchange.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ours {
    /// From the request's arrival until it went upstream; reading a body that must be held counts.
    pub(crate) before: Duration,
    /// When the upstream was done.
    pub(crate) since: Instant,
}

impl Ours {
    /// All of it is still to come.
    pub(crate) fn since(since: Instant) -> Self {
        let before = Duration::ZERO;
        Self { before, since }
    }

    fn so_far(&self) -> Duration {
        self.before + self.since.elapsed()
    }
}

/// Whoever keeps records for the gateway.
pub(crate) struct Keeper {
    pub(crate) recorder: Arc<dyn Recorder>,
    pub(crate) on_full: OnFull,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) tasks: Tasks,
    pub(crate) drain_bytes_max: u64,
    pub(crate) drain_timeout: Duration,
}

impl Keeper {
    /// Makes and writes the record, at once where it is small, on a thread of its own where it is not.
    /// Resolves when it is durable. Writing does not depend on the future being polled.
    pub(crate) fn keep(
        self: &Arc<Self>,
        capture: Capture,
        mut end: End,
        ours: Ours,
    ) -> BoxFuture<'static, Kept> {
        let keeper = Arc::clone(self);
        end.overhead = Some(ours.so_far());
        let (id, torn) = (capture.id(), capture.is_lost_to_disk());
        if torn && self.on_full == OnFull::Refuse {
            // A record that lacks what the disk would not take is no record of a complete answer.
            end.delivered.outcome = DeliveryOutcome::Truncated;
            end.fault.get_or_insert_with(|| Fault {
                code: "NotRecorded".to_owned(),
                message: TORN.to_owned(),
                source: ErrorSource::Gateway,
            });
        }
        if !capture.is_heavy() {
            let written = self.write(capture, &end);
            return Box::pin(async move { keeper.settle(id, written, torn, ours).await });
        }
        let writer = Arc::clone(self);
        let writing = tokio::task::spawn_blocking(move || writer.write(capture, &end));
        Box::pin(async move {
            let written = writing.await.unwrap_or_else(|_| {
                Err(RecorderError::Failing(
                    "making the record failed".to_owned(),
                ))
            });
            keeper.settle(id, written, torn, ours).await
        })
    }

    /// Makes and writes the record; what it gives can be waited for.
    fn write(&self, capture: Capture, end: &End) -> Result<Option<Waiting>, RecorderError> {
        let id = capture.id();
        let provider = capture.call().provider.to_string();
        let status = end.status.or(capture.status());
        let intended = capture.is_wanted();
        let Some(finished) = capture.finish(end) else {
            if intended {
                self.recorder.abandon(id);
            }
            return Ok(None);
        };
        let labels = ExchangeLabels {
            provider,
            operation: finished.operation,
            status: class_of(status),
        };
        self.metrics.exchanges.get_or_create(&labels).inc();
        if let Some(source) = finished.error_source {
            self.metrics
                .errors
                .get_or_create(&ErrorSide {
                    source: side(source),
                })
                .inc();
        }
        self.metrics.captured.inc();
        let appended = finished.store(self.recorder.as_ref())?;
        Ok(Some(self.recorder.durable(appended)))
    }

    async fn settle(
        &self,
        id: RecordId,
        written: Result<Option<Waiting>, RecorderError>,
        torn: bool,
        ours: Ours,
    ) -> Kept {
        let outcome = match written {
            Ok(None) => return Kept::Yes,
            Ok(Some(waiting)) => waiting.await,
            Err(error) => Err(error),
        };
        self.metrics
            .overhead_seconds
            .observe(ours.so_far().as_secs_f64());
        match outcome {
            Ok(()) => {
                self.metrics.stored.inc();
                if torn {
                    return self.without_record(id, &RecorderError::Failing(TORN.to_owned()));
                }
                Kept::Yes
            }
            Err(error) => self.without_record(id, &error),
        }
    }

    /// What to do with a call that has no record.
    pub(crate) fn without_record(&self, id: RecordId, error: &RecorderError) -> Kept {
        match self.on_full {
            OnFull::Refuse => Kept::Refused(error.to_string()),
            OnFull::Relay => {
                self.metrics.lost.inc();
                self.recorder.gap(id);
                tracing::error!(%error, %id, "an exchange has no record");
                Kept::Lost
            }
        }
    }

    /// Counts what the policy did to a call before it went upstream.
    pub(crate) fn note_policy(&self, refused: bool) {
        let outcome = if refused {
            PolicyOutcome::Refused
        } else {
            PolicyOutcome::Relayed
        };
        self.metrics
            .disk_policy
            .get_or_create(&PolicyLabel { outcome })
            .inc();
    }

    /// Counts that a limit ended an exchange.
    pub(crate) fn note_limit(&self, limit: &'static str) {
        self.metrics
            .limits
            .get_or_create(&LimitLabel { limit })
            .inc();
    }

    /// Counts a request that the gateway answers with an error of its own.
    pub(crate) fn note_refusal(&self, refusal: &Refusal) {
        let reason = refusal.reason();
        self.metrics
            .refusals
            .get_or_create(&RefusalLabel { reason })
            .inc();
    }

    pub(crate) fn note_trailing(&self, bytes: usize) {
        self.metrics.trailing_bytes.inc_by(bytes as u64);
    }

    /// Reads the rest of an answer whose caller is gone, within the cap, and stores its record.
    pub(crate) fn drain(self: &Arc<Self>, mut flow: Flow) {
        flow.listed.set_state(State::Draining);
        let keeper = Arc::clone(self);
        self.tasks.spawn("drain", async move {
            let most = flow
                .capture
                .response_bytes()
                .saturating_add(keeper.drain_bytes_max);
            let deadline = tokio::time::sleep(keeper.drain_timeout);
            tokio::pin!(deadline);
            let finale = loop {
                let step = tokio::select! {
                    step = std::future::poll_fn(|context| flow.poll_step(context)) => step,
                    () = &mut deadline => break given_up("the drain timeout"),
                };
                match step {
                    Step::End(finale) => break finale,
                    Step::Frame(_) if flow.capture.response_bytes() > most => {
                        break given_up("the drain limit in bytes");
                    }
                    Step::Frame(_) => {}
                }
            };
            flow.store(finale).kept.await;
        });
    }

    /// Waits for a record whose caller is gone, so that a failure is still counted.
    pub(crate) fn finish_alone(self: &Arc<Self>, storing: Storing) {
        let mut kept = storing.kept;
        if (&mut kept).now_or_never().is_none() {
            self.tasks.spawn("store", async move {
                kept.await;
            });
        }
    }
}

pub(crate) fn given_up(what: &str) -> Finale {
    Finale {
        complete: false,
        at_end: true,
        fault: Some(Fault {
            code: "DrainLimit".to_owned(),
            message: format!("the caller hung up, and {what} was reached before the answer's end"),
            source: ErrorSource::Gateway,
        }),
        outcome: None,
    }
}

fn class_of(status: Option<u16>) -> &'static str {
    match status {
        Some(100..=199) => "1xx",
        Some(200..=299) => "2xx",
        Some(300..=399) => "3xx",
        Some(400..=499) => "4xx",
        Some(_) => "5xx",
        None => "none",
    }
}

fn side(source: ErrorSource) -> &'static str {
    match source {
        ErrorSource::Upstream => "upstream",
        ErrorSource::Gateway => "gateway",
        ErrorSource::Caller => "caller",
    }
}
