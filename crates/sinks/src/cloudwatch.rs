//! Destination `cloudwatch-logs`: a log group of an AWS account, or of any server that speaks the API.
//!
//! Each record is one event whose message is the record's line with its bodies inside. A batch goes out in requests that
//! follow the service's rules, oldest event first, so the order is the same whenever the batch comes again. The service
//! drops no duplicates: what is known to be put is not put again by this process, but a process that ends in the middle
//! of a batch, and an answer that is lost, put events a second time. `corelog.recordId` tells them.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html>

mod event;
mod requests;
mod service;

use std::sync::Arc;

use async_trait::async_trait;
use corelog_catalog::Modalities;
use corelog_delivery::{Batch, Plan, Receipt, Sink, SinkError};
use corelog_hot::STREAM;
use corelog_runtime::Clock;
use corelog_types::ByteSize;
use parking_lot::Mutex;

use crate::s3::{Credentials, INLINE_BYTES_MAX};
use event::{Event, Form};
use requests::{EVENT_OVERHEAD_BYTES, REQUEST_BYTES_MAX, Requests};
use service::{Refused, Rejected, Service};

/// The largest event that fits into a request.
pub const EVENT_BYTES_MAX: ByteSize =
    ByteSize::from_bytes((REQUEST_BYTES_MAX - EVENT_OVERHEAD_BYTES) as u64);
/// How many ids one line of our log names.
const IDS_A_LINE: usize = 100;

/// What the sink is told when it is opened.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the service is, such as `https://logs.eu-central-1.amazonaws.com`.
    pub endpoint: String,
    /// The region that requests are signed for.
    pub region: String,
    /// Who we are to the service.
    pub credentials: Credentials,
    /// Whether the endpoint may be plain HTTP.
    pub allow_http: bool,
    /// The log group. It is made where it is missing.
    pub log_group: String,
    /// The log stream. It is made where it is missing.
    pub log_stream: String,
    /// The largest event, in bytes of its message.
    pub event_bytes_max: ByteSize,
    /// Of an event that would be larger, bodies over this are left out.
    pub inline_bytes_max: ByteSize,
    /// Which kinds of data are delivered.
    pub modalities: Modalities,
    /// Whether records carry the `corelog` object.
    pub extension: bool,
    /// Time, for signatures.
    pub clock: Clock,
}

impl Config {
    /// The defaults, for a log group at an endpoint, with the machine's own credentials.
    pub fn new(endpoint: &str, region: &str, log_group: &str, clock: Clock) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            region: region.to_owned(),
            credentials: Credentials::default(),
            allow_http: false,
            log_group: log_group.to_owned(),
            log_stream: STREAM.to_owned(),
            event_bytes_max: EVENT_BYTES_MAX,
            inline_bytes_max: INLINE_BYTES_MAX,
            modalities: Modalities::all(),
            extension: true,
            clock,
        }
    }
}

/// The sink.
#[derive(Debug)]
pub struct CloudWatchSink {
    service: Service,
    form: Form,
    /// How far the batch at hand has got.
    progress: Mutex<Option<Progress>>,
}

/// What of a batch is known to be put.
#[derive(Debug, Clone, Copy)]
struct Progress {
    plan: Plan,
    /// Events, in the order in which they are put.
    events: usize,
    receipt: Receipt,
}

impl CloudWatchSink {
    /// Prepares for the service. It may be away now: nothing is asked of it.
    ///
    /// # Errors
    /// [`SinkError`] if the configuration cannot be used.
    pub fn open(config: &Config) -> Result<Self, SinkError> {
        let limit = EVENT_BYTES_MAX.min(config.event_bytes_max);
        Ok(Self {
            service: Service::open(config)?,
            form: Form {
                event_bytes_max: limit.as_usize(),
                inline_bytes_max: config.inline_bytes_max.bytes(),
                modalities: config.modalities,
                extension: config.extension,
            },
            progress: Mutex::default(),
        })
    }

    fn progress(&self, plan: Plan) -> Progress {
        let known = (*self.progress.lock()).filter(|progress| progress.plan == plan);
        known.unwrap_or(Progress {
            plan,
            events: 0,
            receipt: Receipt::default(),
        })
    }

    fn failed(&self, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> SinkError {
        SinkError::new("put log events into", self.location(), error)
    }

    /// Puts events, into a group and stream that are made where they are missing.
    async fn put(&self, events: &[Event]) -> Result<Rejected, Refused> {
        match self.service.put(events).await {
            Err(refused) if refused.is_missing() => {
                self.create().await?;
                self.service.put(events).await
            }
            // Of the time when requests were numbered: the same one was put before.
            Err(refused) if refused.is_done_before() => Ok(Rejected::default()),
            outcome => outcome,
        }
    }

    /// Makes the stream, and the group only where that fails for want of it: fewer rights are needed that way.
    async fn create(&self) -> Result<(), Refused> {
        match self.service.create_stream().await {
            Err(refused) if refused.is_missing() => {
                self.service.create_group().await?;
                self.service.create_stream().await
            }
            outcome => outcome,
        }
    }
}

#[async_trait]
impl Sink for CloudWatchSink {
    async fn deliver(&self, batch: Arc<Batch>) -> Result<Receipt, SinkError> {
        let mut progress = self.progress(batch.plan);
        let mut requests = Requests::new(Arc::clone(&batch), self.form, progress.events);
        loop {
            let (returned, made) = tokio::task::spawn_blocking(move || {
                let made = requests.next_request();
                (requests, made)
            })
            .await
            .map_err(|error| self.failed(error))?;
            requests = returned;
            let events = made.map_err(|error| self.failed(error))?;
            if events.is_empty() {
                return Ok(progress.receipt);
            }
            let put = self.put(&events).await;
            let rejected = put.map_err(|error| self.failed(error))?;
            let lost = say_rejected(&batch.destination, &events, rejected);
            let receipt = &mut progress.receipt;
            receipt.rejected += lost;
            receipt.records += events.len() as u64 - lost;
            receipt.unreadable += events.iter().filter(|event| event.unreadable).count() as u64;
            progress.events += events.len();
            *self.progress.lock() = Some(progress);
        }
    }

    /// Puts an event that is too old to be kept: the service says whether we may, and stores nothing.
    async fn check(&self) -> Result<(), SinkError> {
        let probe = Event::probe();
        self.put(&[probe])
            .await
            .map(drop)
            .map_err(|error| self.failed(error))
    }

    fn location(&self) -> String {
        self.service.location()
    }
}

/// Says which events the service did not keep; returns how many.
fn say_rejected(destination: &str, events: &[Event], rejected: Rejected) -> u64 {
    let mut count = 0;
    for (reason, range) in rejected.ranges(events.len()) {
        count += range.len() as u64;
        for some in events[range].chunks(IDS_A_LINE) {
            let ids: Vec<String> = some.iter().map(|event| event.id.to_string()).collect();
            tracing::error!(
                destination, reason, records = ids.len(), ids = %ids.join(","),
                "the log group took the request and not these records"
            );
        }
    }
    count
}

#[cfg(test)]
mod tests;
