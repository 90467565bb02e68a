//! The destinations that run: those of the configuration file, and the one of the control API.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use corelog_api::logging::{BucketRefused, DESTINATION, Destinations, NotStarted};
use corelog_api::logs::{Events, NoEvents};
use corelog_catalog::{BucketTarget, Catalog, LoggingConfiguration, Modalities};
use corelog_cli::settings::Settings;
use corelog_delivery::{Config, Delivery, Ended, Handle, Ports, Report, Sink};
use corelog_hot::{Hot, Subscription};
use corelog_runtime::{Clock, Shutdown};
use corelog_sinks::groups::{GroupSink, Tables};
use corelog_sinks::s3::{self, Location, S3Sink};
use corelog_spool::Spool;
use corelog_telemetry::Metrics;
use corelog_types::{LogGroupName, Sequence};
use parking_lot::{Mutex, RwLock};
use tokio::runtime::Handle as Background;
use tokio::task::JoinHandle;

use crate::activity;
use crate::events::StoredEvents;
use crate::tables::Care;

/// The cursor's name of the table of all events.
const TABLE: &str = "log-groups";

/// Where work runs that no caller waits for.
pub(crate) struct Backgrounds {
    /// Deliveries.
    pub(crate) background: Background,
    /// The making of log events.
    pub(crate) events: Background,
}

/// One running destination.
struct Running {
    handle: Handle,
    shutdown: Shutdown,
    task: JoinHandle<Ended>,
}

/// All of them.
pub(crate) struct Destined {
    settings: RwLock<Arc<Settings>>,
    spool: Spool,
    clock: Clock,
    metrics: Arc<Metrics>,
    tasks: corelog_runtime::Tasks,
    /// Where they run: making batches is processor work, which no caller shall wait behind.
    background: Background,
    running: Mutex<BTreeMap<String, Running>>,
    /// The table of all events, where one is kept.
    tables: Option<Arc<Tables>>,
    /// The events that are not in it yet.
    hot: Hot,
    /// Hears of them from the first on, until somebody notes what comes.
    listening: Mutex<Option<Subscription>>,
    /// Ends the care of it, and the making of events.
    caring: Shutdown,
    /// What the control API's destination was started with.
    of_api: Mutex<Option<LoggingConfiguration>>,
}

impl fmt::Debug for Destined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Destined").finish_non_exhaustive()
    }
}

impl Destined {
    /// Begins to make log events of the spool's entries, on a runtime of their own: whoever tails waits for them.
    pub(crate) fn new(
        settings: Arc<Settings>,
        spool: Spool,
        clock: Clock,
        metrics: Arc<Metrics>,
        background: Backgrounds,
    ) -> anyhow::Result<Self> {
        let Backgrounds { background, events } = background;
        let tables = crate::configure::table(&settings, &clock)?;
        let table_has = position(&spool, TABLE);
        let config = crate::configure::hot(&settings, table_has);
        let (hot, follower) = Hot::new(spool.clone(), config);
        let listening = hot.subscribe();
        let (tasks, caring) = (corelog_runtime::Tasks::new(), Shutdown::new());
        tasks.spawn_on("log events", follower.run(caring.child()), &events);
        Ok(Self {
            hot,
            listening: Mutex::new(Some(listening)),
            settings: RwLock::new(settings),
            spool,
            clock,
            metrics,
            tasks,
            background,
            running: Mutex::default(),
            tables: tables.map(|at| Arc::new(Tables::new(at))),
            caring,
            of_api: Mutex::default(),
        })
    }

    /// Starts every destination of the file, and forgets the cursors of those that are gone from it.
    pub(crate) async fn start_all(&self, keep_api: bool) -> anyhow::Result<()> {
        let settings = Arc::clone(&self.settings.read());
        self.forget_gone(&settings, keep_api)?;
        for destination in &settings.destinations {
            let name = destination.name.as_str();
            let sink = crate::sinks::open(destination, &settings, &self.clock)
                .with_context(|| format!("destination `{name}` cannot be used"))?;
            let config = crate::configure::delivery(destination, &settings);
            self.begin(config, sink, true).await?;
        }
        if let Some(tables) = &self.tables {
            let sink = GroupSink::new(Arc::clone(tables), self.hot.clone());
            let config = crate::configure::table_delivery(TABLE, &settings);
            self.begin(config, Arc::new(sink), true).await?;
        }
        Ok(())
    }

    /// Begins to look after the table of all events, if one is kept; gives what the API asks of it.
    pub(crate) fn join(&self, catalog: Arc<dyn Catalog>) -> anyhow::Result<Arc<dyn Events>> {
        let Some(tables) = &self.tables else {
            return Ok(Arc::new(NoEvents));
        };
        let (tasks, background) = (&self.tasks, &self.background);
        if let Some(listening) = self.listening.lock().take() {
            let shutdown = self.caring.child();
            let noting = activity::note(listening, Arc::clone(&catalog), shutdown);
            tasks.spawn_on("activity", noting, background);
        }
        let settings = self.settings.read();
        let care = Care {
            tables: Arc::clone(tables),
            catalog,
            group: LogGroupName::new(settings.store.log_group.clone())?,
            every: settings.store.compaction_interval,
            clock: self.clock.clone(),
        };
        let running = care.run(self.caring.child());
        tasks.spawn_on("table care", running, background);
        Ok(Arc::new(StoredEvents::new(
            Arc::clone(tables),
            self.hot.clone(),
            format!("{}/{TABLE}", self.spool.node()),
            tasks.clone(),
            background.clone(),
        )))
    }

    /// The events that records become.
    pub(crate) fn hot(&self) -> &Hot {
        &self.hot
    }

    /// Puts another configuration in force: destinations that changed or went end, the others go on.
    pub(crate) async fn reconfigure(&self, settings: Arc<Settings>) -> anyhow::Result<()> {
        let former = std::mem::replace(&mut *self.settings.write(), Arc::clone(&settings));
        let same_store = former.s3 == settings.s3
            && former.account == settings.account
            && crate::configure::captured(Modalities::all(), &former)
                == crate::configure::captured(Modalities::all(), &settings);
        for old in &former.destinations {
            let stays = same_store && settings.destinations.iter().any(|new| new == old);
            if !stays {
                self.end(old.name.as_str()).await;
            }
        }
        let keep_api = self.running.lock().contains_key(DESTINATION);
        let missing: Vec<_> = {
            let running = self.running.lock();
            let absent =
                |d: &&corelog_cli::settings::Destination| !running.contains_key(d.name.as_str());
            settings
                .destinations
                .iter()
                .filter(absent)
                .cloned()
                .collect()
        };
        self.forget_gone(&settings, keep_api)?;
        for destination in &missing {
            let sink = crate::sinks::open(destination, &settings, &self.clock)?;
            let config = crate::configure::delivery(destination, &settings);
            self.begin(config, sink, true).await?;
        }
        let of_api = self.of_api.lock().clone();
        if let Some(configuration) = of_api.filter(|_| !same_store) {
            self.start(&configuration).await?;
        }
        Ok(())
    }

    /// Forgets the cursors of destinations that are configured no more: the spool would hold for them for ever.
    fn forget_gone(&self, settings: &Settings, keep_api: bool) -> anyhow::Result<()> {
        for (name, _) in self.spool.status().cursors {
            let of_file = settings
                .destinations
                .iter()
                .any(|d| d.name.as_str() == name);
            let of_api = keep_api && name == DESTINATION;
            let of_table = self.tables.is_some() && name == TABLE;
            if !of_file && !of_api && !of_table {
                tracing::info!(destination = name, "forgetting a destination that is gone");
                corelog_delivery::forget(&self.spool, &name)?;
            }
        }
        Ok(())
    }

    async fn begin(&self, config: Config, sink: Arc<dyn Sink>, check: bool) -> anyhow::Result<()> {
        let name = config.name.clone();
        if check && let Err(error) = sink.check().await {
            // The store may be away for a while: the spool holds until it is back.
            let error = corelog_telemetry::Chain(&error).to_string();
            tracing::warn!(
                destination = name,
                error,
                "the destination cannot be written yet"
            );
        }
        let ports = Ports {
            spool: self.spool.clone(),
            sink,
            clock: self.clock.clone(),
            metrics: Arc::clone(&self.metrics),
        };
        let (delivery, handle) =
            tokio::task::spawn_blocking(move || Delivery::open(config, ports)).await??;
        let shutdown = Shutdown::new();
        let running = delivery.run(shutdown.child());
        let task = self.tasks.spawn_on("delivery", running, &self.background);
        self.running.lock().insert(
            name,
            Running {
                handle,
                shutdown,
                task,
            },
        );
        Ok(())
    }

    async fn end(&self, name: &str) {
        let running = self.running.lock().remove(name);
        if let Some(running) = running {
            running.shutdown.request();
            let _ = running.task.await;
        }
    }

    /// How each is doing; the flag says whether it is the control API's.
    pub(crate) fn reports(&self) -> Vec<(Report, bool)> {
        let running = self.running.lock();
        running
            .iter()
            .map(|(name, r)| (r.handle.report(), name == DESTINATION))
            .collect()
    }

    /// Ends all of them at once; says how many records each has left.
    pub(crate) async fn shut_down(&self, deadline: Duration) -> Vec<(String, u64)> {
        self.caring.request();
        let running = std::mem::take(&mut *self.running.lock());
        for destination in running.values() {
            destination.shutdown.request();
        }
        let mut left = Vec::new();
        for (name, destination) in running {
            match tokio::time::timeout(deadline, destination.task).await {
                Ok(Ok(ended)) if ended.undelivered == 0 => {}
                Ok(Ok(ended)) => left.push((name, ended.undelivered)),
                Ok(Err(_)) | Err(_) => left.push((name, destination.handle.report().backlog)),
            }
        }
        left
    }

    /// Where a bucket of the control API is.
    fn location(&self, bucket: &str) -> Result<Location, BucketRefused> {
        let settings = self.settings.read();
        let refused = |source: Box<dyn std::error::Error + Send + Sync>| BucketRefused {
            bucket: bucket.to_owned(),
            source,
        };
        if settings.s3.endpoint.is_some() {
            return Location::parse(&format!("s3://{bucket}")).map_err(|e| refused(e.into()));
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let directory = settings.data.join("buckets").join(bucket);
        if bucket.starts_with('.') || !bucket.bytes().all(plain) || !directory.is_dir() {
            let why = format!("there is no directory `{}`", directory.display());
            return Err(refused(why.into()));
        }
        let directory = std::path::absolute(&directory).map_err(|e| refused(e.into()))?;
        let url = format!("file://{}", directory.display());
        Location::parse(&url).map_err(|e| refused(e.into()))
    }

    fn api_sink(
        &self,
        bucket: &BucketTarget,
        configuration: &LoggingConfiguration,
    ) -> Result<s3::Config, BucketRefused> {
        let settings = Arc::clone(&self.settings.read());
        let mut config = s3::Config::new(self.location(&bucket.bucket_name)?);
        config.store = crate::configure::store(&settings);
        config.key_prefix.clone_from(&bucket.key_prefix);
        config.account_id.clone_from(&settings.account.id);
        config.modalities = crate::configure::captured(configuration.modalities, &settings);
        Ok(config)
    }
}

/// How far a destination has got; one that is new begins behind the newest record.
fn position(spool: &Spool, destination: &str) -> Sequence {
    let cursors = spool.status().cursors;
    let found = cursors.into_iter().find(|(name, _)| name == destination);
    found.map_or_else(|| spool.durable_sequence(), |(_, position)| position)
}

#[async_trait]
impl Destinations for Destined {
    async fn check(&self, configuration: &LoggingConfiguration) -> Result<(), BucketRefused> {
        let log_group = configuration.log_group.as_ref();
        let large = log_group.and_then(|group| group.large_data.as_ref());
        for bucket in configuration.bucket.iter().chain(large) {
            let refused = |source| BucketRefused {
                bucket: bucket.bucket_name.clone(),
                source,
            };
            let sink = S3Sink::open(&self.api_sink(bucket, configuration)?)
                .map_err(|error| refused(error.into()))?;
            sink.check().await.map_err(|error| refused(error.into()))?;
        }
        Ok(())
    }

    async fn start(&self, configuration: &LoggingConfiguration) -> Result<(), NotStarted> {
        self.end(DESTINATION).await;
        *self.of_api.lock() = Some(configuration.clone());
        let Some(bucket) = &configuration.bucket else {
            return Ok(());
        };
        let sink = self
            .api_sink(bucket, configuration)
            .map_err(|error| NotStarted(error.into()))?;
        let mut config = Config::new(DESTINATION);
        config.shutdown_deadline = self.settings.read().limits.shutdown_timeout;
        let sink = S3Sink::open(&sink).map_err(|error| NotStarted(error.into()))?;
        self.begin(config, Arc::new(sink), false)
            .await
            .map_err(|error| NotStarted(error.into()))
    }

    async fn stop(&self) -> Result<(), NotStarted> {
        self.end(DESTINATION).await;
        *self.of_api.lock() = None;
        let spool = self.spool.clone();
        let forgotten =
            tokio::task::spawn_blocking(move || corelog_delivery::forget(&spool, DESTINATION))
                .await;
        match forgotten {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(NotStarted(error.into())),
            Err(error) => Err(NotStarted(error.into())),
        }
    }
}
