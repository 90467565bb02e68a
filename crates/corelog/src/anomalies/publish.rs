//! What is new of findings, as log events of a log group of their own and as values of a metric.
//!
//! Decision: both have the time at which the finding was published. What was found lies minutes back, and whoever asks
//! for the last minutes, an alarm for one, is to see it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use corelog_catalog::{
    FindingNews, Findings as _, LogGroup, LogGroups as _, LogStream, LogStreams as _, SqliteCatalog,
};
use corelog_cli::settings::Settings;
use corelog_metrics::{
    Bucket, Deltas, Dimension, Metric, Overflow, Read, Resolution, SqliteMetrics, Unit,
};
use corelog_record::events::EventBatch;
use corelog_runtime::{Backoff, Clock, Shutdown};
use corelog_spool::{Entry, Spool};
use corelog_types::{LogGroupName, LogStreamName, Timestamp};
use tokio::sync::Notify;

pub(super) const NAMESPACE: &str = "Corelog";
pub(super) const METRIC: &str = "Anomalies";
/// The log stream of findings.
const STREAM: &str = "findings";
/// What the metrics know news by.
const SOURCE: &str = "findings";
const PAGE: u32 = 100;
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_CEILING: Duration = Duration::from_mins(1);
const TRIM_EVERY: Duration = Duration::from_hours(1);
/// Findings are kept for as long, and no more than so many.
const KEPT_MS: u64 = 90 * 24 * 3_600_000;
const KEPT_MAX: u32 = 10_000;

/// Publishes news.
#[derive(Debug)]
pub(super) struct Publisher {
    pub(super) catalog: SqliteCatalog,
    pub(super) metrics: Option<SqliteMetrics>,
    pub(super) spool: Spool,
    pub(super) settings: Arc<Settings>,
    /// There are news.
    pub(super) news: Arc<Notify>,
    pub(super) clock: Clock,
}

impl Publisher {
    /// Publishes what waits and what comes, and forgets old findings, until `shutdown`.
    pub(super) async fn run(self, shutdown: Shutdown) {
        let mut backoff = Backoff::new(RETRY_FIRST, RETRY_CEILING);
        loop {
            let wait = match self.publish().await {
                Ok(true) => continue,
                Ok(false) => {
                    backoff.succeeded();
                    self.trim().await;
                    TRIM_EVERY
                }
                Err(error) => {
                    let error = format!("{error:#}");
                    tracing::warn!(error, "findings cannot be published yet");
                    backoff.after_failure()
                }
            };
            tokio::select! {
                () = self.news.notified() => {}
                () = tokio::time::sleep(wait) => {}
                () = shutdown.requested() => return,
            }
        }
    }

    /// Publishes a page of news, and says whether there was one. Dropped half way, it is published again.
    async fn publish(&self) -> anyhow::Result<bool> {
        let news = self.catalog.finding_news(PAGE).await?;
        let Some(last) = news.last() else {
            return Ok(false);
        };
        let now = self.clock.now();
        if self.settings.store.enabled {
            self.write(&news, now).await?;
        }
        self.count(&news, now).await?;
        self.catalog.settle_finding_news(last.place).await?;
        Ok(true)
    }

    async fn write(&self, news: &[FindingNews], now: Timestamp) -> anyhow::Result<()> {
        let group = LogGroupName::new(self.settings.anomalies.log_group.clone())?;
        let stream = LogStreamName::new(STREAM.to_owned())?;
        self.make(&group, &stream, now).await?;
        let events = news.iter();
        let batch = EventBatch {
            group: group.as_str(),
            stream: stream.as_str(),
            events: events
                .map(|one| (now.unix_ms(), one.document.as_str()))
                .collect(),
        };
        let payload = batch.encode()?;
        self.spool.admit().context("findings cannot be written")?;
        let appended = self.spool.append(Entry {
            id: corelog_runtime::record_id(now),
            time: now,
            payload: &[&payload],
            blobs: Vec::new(),
        })?;
        Ok(self.spool.durable(appended).await?)
    }

    /// Makes the log group and the stream, where they are not there, or no longer.
    async fn make(
        &self,
        group: &LogGroupName,
        stream: &LogStreamName,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        use corelog_catalog::Error::Exists;
        let made = LogGroup::new(group.clone(), now);
        match self.catalog.create_group(&made).await {
            Ok(()) | Err(Exists) => {}
            Err(error) => return Err(error.into()),
        }
        let made = LogStream::new(stream.clone(), now);
        match self.catalog.create_stream(group, &made).await {
            Ok(()) | Err(Exists) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Counts new findings, each once.
    async fn count(&self, news: &[FindingNews], now: Timestamp) -> anyhow::Result<()> {
        let (Some(metrics), Some(last)) = (&self.metrics, news.last()) else {
            return Ok(());
        };
        let counted = metrics.position(SOURCE).await?;
        let mut deltas = Deltas::default();
        let new = news.iter().filter(|one| one.is_new && one.place > counted);
        for one in new {
            for metric in metrics_of(&one.kind)? {
                let mut bucket = Bucket::default();
                bucket.add(1.0, 1.0);
                deltas.push(metric, Unit::Count, Resolution::Standard, now, bucket);
            }
        }
        if last.place > counted {
            let read = Read {
                source: SOURCE,
                after: counted,
                through: last.place,
            };
            let adding = metrics.add(&deltas, Some(read), Overflow::LeaveOut, now);
            adding.await?;
        }
        Ok(())
    }

    async fn trim(&self) {
        let before = self.clock.now().unix_ms().saturating_sub(KEPT_MS);
        let before = Timestamp::from_unix_ms(before);
        if let Err(error) = self.catalog.forget_findings(before, KEPT_MAX).await {
            let error = corelog_telemetry::Chain(&error).to_string();
            tracing::warn!(
                error,
                "old findings could not be forgotten; tried again later"
            );
        }
    }
}

/// All findings, and those of a kind.
fn metrics_of(kind: &str) -> anyhow::Result<[Arc<Metric>; 2]> {
    let of_kind = Dimension {
        name: "Kind".to_owned(),
        value: kind.to_owned(),
    };
    Ok([
        Arc::new(Metric::new(NAMESPACE, METRIC, Vec::new())?),
        Arc::new(Metric::new(NAMESPACE, METRIC, vec![of_kind])?),
    ])
}
