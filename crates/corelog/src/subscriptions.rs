//! The subscription filters that run: each is a destination of its own, which comes and goes with the catalog's.
//!
//! `sync` is the only way in which they change: it looks at the catalog and the configuration and brings what
//! runs in line, at the start, after a change and after a reload alike. A filter that no subscriber stands for runs
//! not, and holds nothing in the spool; once somebody does, it begins with what comes from then on.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use corelog_api::logs::{DestinationRefused, NotInForce, Subscriptions};
use corelog_catalog::{Catalog, SubscriptionFilter};
use corelog_cli::settings::Settings;
use corelog_delivery::Config;
use corelog_patterns::Pattern;
use corelog_runtime::{Backoff, Clock, Shutdown};
use corelog_sinks::subscription::{self, Ports, Room, SubscriptionSink};
use corelog_spool::Spool;
use corelog_subscribers::{Config as SubscriberConfig, Subscriber, Subscribers};
use corelog_telemetry::Chain;
use corelog_types::{ByteSize, DestinationArn};
use futures_util::future::join_all;
use parking_lot::{Mutex, RwLock};
use tokio::sync::Notify;

use crate::configure;
use crate::destinations::Destined;

/// What the names of their cursors begin with. No destination of the file has a dot in its name.
const PREFIX: &str = "subscription.";
const BATCH_RECORDS_MAX: usize = 10_000;
const BATCH_BYTES_MAX: ByteSize = ByteSize::from_bytes(4 << 20);
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_CEILING: Duration = Duration::from_mins(1);
/// Whoever removes a filter waits for its last batch, and not for a subscriber that hangs.
const END_DEADLINE: Duration = Duration::from_secs(5);

/// Whether a cursor is a subscription's.
pub(crate) fn is_subscription(cursor: &str) -> bool {
    cursor.starts_with(PREFIX)
}

/// The subscribers of a configuration, opened.
pub(crate) struct Opened {
    by_name: BTreeMap<String, (SubscriberConfig, Arc<Subscriber>)>,
    all: Subscribers,
}

/// All subscriptions. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub(crate) struct Running(Arc<Shared>);

struct Shared {
    destined: Arc<Destined>,
    catalog: Arc<dyn Catalog>,
    clock: Clock,
    opened: RwLock<Arc<Opened>>,
    /// What runs, by the names of cursors. Held while that changes.
    running: tokio::sync::Mutex<BTreeMap<String, Runs>>,
    /// What a person should know of filters that do not run.
    warnings: Mutex<Vec<String>>,
    /// That the two are not in line.
    failed: Notify,
}

/// A filter, and whom it is sent to.
#[derive(Clone)]
struct Runs {
    filter: SubscriptionFilter,
    pattern: Pattern,
    arn: DestinationArn,
    subscriber: Arc<Subscriber>,
    pace: Pace,
}

/// What of a subscriber's settings is not the subscriber's own business.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Pace {
    interval: Duration,
    message_bytes: ByteSize,
    retry_for: Duration,
}

impl Runs {
    fn is_like(&self, other: &Self) -> bool {
        self.filter == other.filter
            && Arc::ptr_eq(&self.subscriber, &other.subscriber)
            && self.pace == other.pace
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").finish_non_exhaustive()
    }
}

impl Running {
    /// Begins to send events of the catalog's filters.
    pub(crate) async fn start(
        destined: &Arc<Destined>,
        catalog: Arc<dyn Catalog>,
        clock: &Clock,
    ) -> anyhow::Result<Self> {
        let settings = destined.settings();
        let running = Self(Arc::new(Shared {
            opened: RwLock::new(Arc::new(opened(&settings, None)?)),
            destined: Arc::clone(destined),
            catalog,
            clock: clock.clone(),
            running: tokio::sync::Mutex::default(),
            warnings: Mutex::default(),
            failed: Notify::new(),
        }));
        running.0.sync().await?;
        let shared = Arc::clone(&running.0);
        destined.beside("subscriptions", |shutdown| shared.mend(shutdown));
        Ok(running)
    }

    /// Opens the subscribers of another configuration. Those that are the same stay as they are.
    pub(crate) fn open(&self, settings: &Settings) -> anyhow::Result<Opened> {
        opened(settings, Some(&self.0.opened.read()))
    }

    /// Puts them in force.
    pub(crate) async fn reconfigure(&self, opened: Opened) -> anyhow::Result<()> {
        *self.0.opened.write() = Arc::new(opened);
        self.sync().await
    }

    /// What a person should know of filters that do not run.
    pub(crate) fn warnings(&self) -> Vec<String> {
        self.0.warnings.lock().clone()
    }

    /// Brings what runs in line with the catalog and the configuration, to the end even if nobody waits for it any more:
    /// half of it would leave a filter that neither runs nor is known not to.
    async fn sync(&self) -> anyhow::Result<()> {
        let shared = Arc::clone(&self.0);
        let syncing = async move {
            let outcome = shared.sync().await;
            if outcome.is_err() {
                shared.failed.notify_one();
            }
            outcome
        };
        self.0.destined.apart("subscriptions", syncing).await?
    }
}

impl Shared {
    /// Tries again what failed, until it is in line or the process ends: whoever asked for it may not ask again.
    async fn mend(self: Arc<Self>, shutdown: Shutdown) {
        let mut backoff = Backoff::new(RETRY_FIRST, RETRY_CEILING);
        loop {
            tokio::select! {
                () = self.failed.notified() => {}
                () = shutdown.requested() => return,
            }
            while let Err(error) = self.sync().await {
                let error = format!("{error:#}");
                tracing::warn!(error, "subscription filters are not in force yet");
                tokio::select! {
                    () = tokio::time::sleep(backoff.after_failure()) => {}
                    () = shutdown.requested() => return,
                }
            }
            backoff.succeeded();
        }
    }

    async fn sync(&self) -> anyhow::Result<()> {
        let mut running = self.running.lock().await;
        let filters = self.catalog.all_subscription_filters().await?;
        let wanted = self.wanted(filters);
        let others: Vec<String> = running
            .iter()
            .filter(|(cursor, runs)| !wanted.get(*cursor).is_some_and(|it| it.is_like(runs)))
            .map(|(cursor, _)| cursor.clone())
            .collect();
        // At once: one that hangs takes a while.
        join_all(others.iter().map(|cursor| self.destined.end(cursor))).await;
        running.retain(|cursor, _| !others.contains(cursor));
        for (cursor, _) in self.destined.spool().status().cursors {
            if is_subscription(&cursor) && !wanted.contains_key(&cursor) {
                self.destined.forget(&cursor).await?;
            }
        }
        for (cursor, runs) in wanted {
            if let Entry::Vacant(place) = running.entry(cursor) {
                self.begin(place.key(), runs.clone()).await?;
                place.insert(runs);
            }
        }
        Ok(())
    }

    /// What is to run, by the names of cursors. What cannot is said.
    fn wanted(&self, filters: Vec<SubscriptionFilter>) -> BTreeMap<String, Runs> {
        let (settings, opened) = (self.destined.settings(), Arc::clone(&self.opened.read()));
        let mut warnings = Vec::new();
        let mut wanted = BTreeMap::new();
        for filter in filters {
            let cursor = format!("{PREFIX}{}", filter.id);
            match runs(&filter, &opened, &settings) {
                Ok(runs) => {
                    wanted.insert(cursor, runs);
                }
                Err(why) => warnings.push(format!(
                    "the subscription filter `{}` of {} sends nothing: {why:#}",
                    filter.name, filter.group
                )),
            }
        }
        for warning in &warnings {
            tracing::warn!("{warning}");
        }
        *self.warnings.lock() = warnings;
        wanted
    }

    async fn begin(&self, cursor: &str, runs: Runs) -> anyhow::Result<()> {
        let settings = self.destined.settings();
        let mut config = Config::new(cursor);
        config.interval = runs.pace.interval;
        config.batch_records_max = BATCH_RECORDS_MAX;
        config.batch_bytes_max = BATCH_BYTES_MAX;
        config.batch_counts_bodies = true;
        config.shutdown_deadline = settings.limits.shutdown_timeout.min(END_DEADLINE);
        let room = SpoolRoom {
            spool: self.destined.spool().clone(),
            bytes_max: settings.spool.bytes_max.bytes(),
        };
        let sink = subscription::Config {
            account: settings.account.id.clone(),
            group: runs.filter.group.as_str().to_owned(),
            name: runs.filter.name,
            pattern: runs.pattern,
            vendor: runs.arn.vendor(),
            message_bytes_max: runs.pace.message_bytes,
            retry_for: runs.pace.retry_for,
        };
        let ports = Ports {
            subscriber: runs.subscriber,
            hot: self.destined.hot().clone(),
            room: Arc::new(room),
            clock: self.clock.clone(),
        };
        let sink = Arc::new(SubscriptionSink::new(sink, ports));
        self.destined.begin(config, sink, false).await.map(drop)
    }
}

fn opened(settings: &Settings, former: Option<&Opened>) -> anyhow::Result<Opened> {
    let mut by_name = BTreeMap::new();
    for subscriber in &settings.subscribers {
        let name = subscriber.name.as_str();
        let unusable = || format!("subscriber `{name}` cannot be used");
        let config = configure::subscriber(subscriber, settings).with_context(unusable)?;
        let same = former.and_then(|former| former.by_name.get(name));
        let opened = match same.filter(|(former, _)| *former == config) {
            Some((_, subscriber)) => Arc::clone(subscriber),
            None => Arc::new(Subscriber::open(config.clone()).with_context(unusable)?),
        };
        by_name.insert(name.to_owned(), (config, opened));
    }
    let all = Subscribers::new(by_name.values().map(|(_, it)| Arc::clone(it)));
    Ok(Opened { by_name, all })
}

fn runs(filter: &SubscriptionFilter, opened: &Opened, settings: &Settings) -> anyhow::Result<Runs> {
    let arn = DestinationArn::new(filter.destination.as_str())?;
    let subscriber = opened.all.find(&arn);
    let subscriber = subscriber.with_context(|| {
        let name = arn.name();
        format!("no [[subscriber]] stands for {arn}; add one with the name `{name}`, or `{name}` to the `arns` of one")
    })?;
    let named = settings
        .subscribers
        .iter()
        .find(|it| it.name.as_str() == subscriber.name());
    let named = named.context("its subscriber is not configured")?;
    Ok(Runs {
        pattern: Pattern::parse(&filter.pattern)?,
        filter: filter.clone(),
        subscriber: Arc::clone(subscriber),
        pace: Pace {
            interval: named.interval,
            message_bytes: named.message_bytes,
            retry_for: named.retry_for,
        },
        arn,
    })
}

#[async_trait]
impl Subscriptions for Running {
    fn filters_max(&self) -> usize {
        self.0.destined.settings().limits.subscription_filters_max as usize
    }

    async fn check(&self, arn: &DestinationArn) -> Result<(), DestinationRefused> {
        let opened = Arc::clone(&self.0.opened.read());
        let subscriber = opened.all.find(arn).ok_or(DestinationRefused::Unknown)?;
        let checked = subscriber.check(arn.vendor(), self.0.clock.now()).await;
        checked.map_err(|error| {
            let subscriber = subscriber.name();
            tracing::warn!(subscriber, error = %Chain(&error), "a subscriber took no message");
            DestinationRefused::Failed(error.into())
        })
    }

    async fn changed(&self) -> Result<(), NotInForce> {
        self.sync().await.map_err(|error| NotInForce(error.into()))
    }
}

/// How much of the spool is kept for one subscription.
#[derive(Debug)]
struct SpoolRoom {
    spool: Spool,
    bytes_max: u64,
}

impl Room for SpoolRoom {
    fn is_short_for(&self, destination: &str) -> bool {
        let status = self.spool.status();
        let used = status.segment_bytes + status.blob_bytes;
        if used <= self.bytes_max / 2 {
            return false;
        }
        let own = status.cursors.iter().find(|(name, _)| name == destination);
        let Some(own) = own.map(|(_, position)| position.to_u64()) else {
            return false;
        };
        // What others wait for is kept anyway.
        let mut others = status.cursors.iter();
        let is_last = others.all(|(name, at)| is_subscription(name) || at.to_u64() > own);
        is_last
            && kept_for(own, status.oldest.to_u64(), status.durable.to_u64(), used)
                > self.bytes_max / 2
    }
}

/// About how many of the bytes are behind a place: entries count alike.
fn kept_for(own: u64, oldest: u64, durable: u64, used: u64) -> u64 {
    let all = durable.saturating_sub(oldest).saturating_add(1);
    let waiting = durable.saturating_sub(own).min(all);
    let kept = u128::from(used) * u128::from(waiting) / u128::from(all.max(1));
    u64::try_from(kept).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_for_one_is_its_share_of_the_entries() {
        for (own, oldest, durable, expected) in [
            (100, 1, 100, 0),
            (50, 1, 100, 500),
            (0, 1, 100, 1_000),
            (0, 51, 100, 1_000),
            (75, 51, 100, 500),
            (0, 1, 0, 0),
        ] {
            assert_eq!(kept_for(own, oldest, durable, 1_000), expected);
        }
    }
}
