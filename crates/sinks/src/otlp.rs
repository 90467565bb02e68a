//! Destination `otlp`: any receiver of OpenTelemetry's protocol over HTTP, records as spans of `gen_ai.*` attributes.
//!
//! A span's ids follow from its record's, so a span that comes again is the same span. What is known to be sent is not
//! sent again by this process; a process that ends in the middle of a batch, and an answer that is lost, send spans a
//! second time. Calls that a span reported are left out unless they are asked for: whoever reported them may well
//! report to the same receiver.
//!
//! The histograms are counted from the start of the process on and sent whole each time, so one that is lost is made up
//! for by the next: a failure is logged, and holds back no spans.
//!
//! Source: <https://opentelemetry.io/docs/specs/otlp/#otlphttp>

mod receiver;
mod spans;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use corelog_catalog::Modalities;
use corelog_delivery::{Batch, Plan, Receipt, Sink, SinkError};
use corelog_dial::Headers;
use corelog_otel::export::{Answer, Histograms, Sender};
use corelog_runtime::Clock;
use corelog_telemetry::Chain;
use corelog_types::Timestamp;
use http::{StatusCode, Uri};
use parking_lot::Mutex;

use receiver::{Receiver, Refused};
use spans::{Form, Made, Request};

/// The most spans of a request; what SDKs send at once.
const SPANS_MAX: usize = 512;
/// `service.name` of what is sent.
const SERVICE: &str = "corelog";

/// What the sink is told when it is opened.
#[derive(Clone)]
pub struct Config {
    /// The receiver's base URL; `/v1/traces` and `/v1/metrics` follow its path.
    pub endpoint: Uri,
    /// Trust these certificates instead of the system's (PEM).
    pub ca_pem: Option<Vec<u8>>,
    /// The proxy to go through.
    pub proxy: Option<Uri>,
    /// How long a request may take from the connection to the end of the answer.
    pub timeout: Duration,
    /// Headers of each request.
    pub headers: Headers,
    /// 0 (none) to 9 (smallest).
    pub gzip_level: u32,
    /// Whether prompts and answers are sent.
    pub content: bool,
    /// Whether the histograms are sent.
    pub metrics: bool,
    /// Whether calls are sent that came in over OTLP.
    pub reported: bool,
    /// Which kinds of data are sent, where content is.
    pub modalities: Modalities,
    /// Time, for histograms and `Retry-After`.
    pub clock: Clock,
}

impl fmt::Debug for Config {
    /// A proxy's URL may hold a password, so it is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl Config {
    /// The defaults, for a receiver.
    pub fn new(endpoint: Uri, clock: Clock) -> Self {
        Self {
            endpoint,
            ca_pem: None,
            proxy: None,
            timeout: Duration::from_secs(10),
            headers: Headers::default(),
            gzip_level: 1,
            content: false,
            metrics: true,
            reported: false,
            modalities: Modalities::all(),
            clock,
        }
    }
}

/// The sink.
#[derive(Debug)]
pub struct OtlpSink {
    receiver: Receiver,
    form: Form,
    /// `None` where no metrics are sent.
    histograms: Option<Mutex<Histograms>>,
    /// Whether the last histograms were not taken: it is said once.
    metrics_fail: AtomicBool,
    clock: Clock,
    /// How far the batch at hand has got.
    progress: Mutex<Option<Progress>>,
}

/// What of a batch is known to be dealt with.
#[derive(Debug, Clone, Copy)]
struct Progress {
    plan: Plan,
    /// Entries, in their order.
    entries: usize,
    receipt: Receipt,
}

impl OtlpSink {
    /// Prepares for the receiver. It may be away now: nothing is asked of it.
    ///
    /// # Errors
    /// [`SinkError`] if the configuration cannot be used.
    pub fn open(config: Config) -> Result<Self, SinkError> {
        let since = config.clock.now();
        Ok(Self {
            form: Form {
                gzip_level: config.gzip_level,
                content: config.content,
                reported: config.reported,
                modalities: config.modalities,
            },
            histograms: config.metrics.then(|| Mutex::new(Histograms::since(since))),
            metrics_fail: AtomicBool::new(false),
            clock: config.clock.clone(),
            progress: Mutex::default(),
            receiver: Receiver::open(config)?,
        })
    }

    fn progress(&self, plan: Plan) -> Progress {
        let known = (*self.progress.lock()).filter(|progress| progress.plan == plan);
        known.unwrap_or(Progress {
            plan,
            entries: 0,
            receipt: Receipt::default(),
        })
    }

    fn failed(&self, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> SinkError {
        SinkError::new("send spans to", self.location(), error)
    }

    /// The next request of a batch. Reading records is processor work, and blobs block.
    async fn next_request(
        &self,
        batch: &Arc<Batch>,
        from: usize,
        spans_max: usize,
    ) -> Result<Made, SinkError> {
        let (batch, form) = (Arc::clone(batch), self.form);
        let make = move || spans::next_request(&batch, from, spans_max, form, &sender(&batch));
        let request = tokio::task::spawn_blocking(make).await;
        request
            .map_err(|error| self.failed(error))?
            .map_err(|error| self.failed(error))
    }

    /// Sends spans. Says how many of them the receiver will never keep, or that the request was too large.
    async fn send(
        &self,
        batch: &Batch,
        request: Request,
        spans: u64,
    ) -> Result<Outcome, SinkError> {
        let destination = batch.destination.as_str();
        match self.receiver.traces(request.body, request.is_gzip).await {
            Ok(Answer { rejected, said }) => {
                let rejected = rejected.min(spans);
                if rejected > 0 {
                    let Plan { first, last, .. } = batch.plan;
                    tracing::error!(destination, rejected, of = spans, %first, %last, said,
                        "the receiver took the request and not all of its spans");
                } else if !said.is_empty() {
                    tracing::warn!(
                        destination,
                        said,
                        "the receiver took the spans with a warning"
                    );
                }
                Ok(Outcome::Taken { rejected })
            }
            Err(refused) if refused.is(StatusCode::PAYLOAD_TOO_LARGE) && spans > 1 => {
                Ok(Outcome::TooLarge)
            }
            Err(refused) if refused.is_final() => {
                let Plan { first, last, .. } = batch.plan;
                let error = Chain(&refused).to_string();
                tracing::error!(destination, spans, %first, %last, error,
                    "the receiver will never take these spans; they are given up");
                Ok(Outcome::Taken { rejected: spans })
            }
            Err(refused) => {
                let wait = refused.wait();
                Err(self.failed(refused).not_before(wait))
            }
        }
    }

    /// Counts the calls whose spans were sent.
    fn note(&self, calls: &[spans::Call]) {
        if let Some(histograms) = &self.histograms {
            let mut histograms = histograms.lock();
            for call in calls {
                histograms.note(call.exported(self.form));
            }
        }
    }

    /// Sends the histograms as they are now.
    async fn send_metrics(&self, batch: &Batch) {
        let now: Timestamp = self.clock.now();
        let request = |it: &Mutex<Histograms>| it.lock().request(now, &sender(batch));
        let Some(request) = self.histograms.as_ref().and_then(request) else {
            return;
        };
        let destination = batch.destination.as_str();
        let sent = match spans::packed(request, self.form.gzip_level) {
            Ok((body, is_gzip)) => self.receiver.metrics(body, is_gzip).await,
            Err(error) => Err(Refused::Request(error.to_string())),
        };
        let problem = match sent {
            Ok(Answer { rejected: 0, .. }) => None,
            Ok(Answer { rejected, said }) => {
                Some(format!("{rejected} data points refused: {said}"))
            }
            Err(refused) => Some(Chain(&refused).to_string()),
        };
        let failed_before = self.metrics_fail.swap(problem.is_some(), Ordering::Relaxed);
        if let Some(error) = problem.filter(|_| !failed_before) {
            tracing::warn!(
                destination,
                error,
                "the receiver took no metrics; tried with the next spans"
            );
        }
    }
}

/// What became of a request that needs no other attempt as it is.
enum Outcome {
    /// All but some of its spans are kept.
    Taken { rejected: u64 },
    /// Fewer at once may be taken.
    TooLarge,
}

#[async_trait]
impl Sink for OtlpSink {
    async fn deliver(&self, batch: Arc<Batch>) -> Result<Receipt, SinkError> {
        let mut progress = self.progress(batch.plan);
        let mut spans_max = SPANS_MAX;
        let mut has_sent = false;
        while progress.entries < batch.entries.len() {
            let made = self
                .next_request(&batch, progress.entries, spans_max)
                .await?;
            if let Some(request) = made.request {
                let spans = made.calls.len();
                match self.send(&batch, request, spans as u64).await? {
                    Outcome::TooLarge => {
                        spans_max = (spans / 2).max(1);
                        continue;
                    }
                    Outcome::Taken { rejected } => {
                        progress.receipt.records += spans as u64 - rejected;
                        progress.receipt.rejected += rejected;
                    }
                }
                self.note(&made.calls);
                has_sent = true;
            }
            progress.receipt.unreadable += made.unreadable;
            progress.entries = made.next;
            *self.progress.lock() = Some(progress);
        }
        if has_sent {
            self.send_metrics(&batch).await;
        }
        Ok(progress.receipt)
    }

    /// Sends an export of nothing, which receivers answer with success.
    async fn check(&self) -> Result<(), SinkError> {
        let sent = self.receiver.traces(Vec::new(), false).await;
        sent.map(drop).map_err(|error| self.failed(error))
    }

    fn location(&self) -> String {
        self.receiver.location()
    }
}

/// Who sends a batch.
fn sender(batch: &Batch) -> Sender {
    Sender {
        service: SERVICE.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        instance: batch.node.to_string(),
    }
}

#[cfg(test)]
mod tests;
