//! The destinations that run: those of the configuration file, and the one of the control API.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use corelog_api::logging::Destinations as _;
use corelog_api::logs::{Events, Exports, NoEvents, NoExports};
use corelog_catalog::{Catalog, LoggingConfiguration, Modalities};
use corelog_cli::settings::Settings;
use corelog_delivery::{Config, Delivery, Ended, Handle, Ports, Report, Sink};
use corelog_hot::{Hot, Subscription};
use corelog_metrics::LogDelivery;
use corelog_runtime::{Clock, Shutdown};
use corelog_sinks::groups::{GroupSink, Tables};
use corelog_spool::Spool;
use corelog_telemetry::{DestinationLabel, Metrics};
use corelog_types::{LogGroupName, Sequence};
use parking_lot::{Mutex, RwLock};
use tokio::runtime::Handle as Background;
use tokio::task::JoinHandle;

use crate::activity;
use crate::attempts::Attempts;
use crate::events::{Parts, StoredEvents};
use crate::exports::{Exporter, Turns};
use crate::logging::is_of_api;
use crate::tables::{Care, Deletions};

/// The cursor's name of the table of all events.
const TABLE: &str = "log-groups";

/// What goes on beside deliveries is waited for as long once they have ended.
const LATE_MAX: Duration = Duration::from_secs(5);

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
    /// How deliveries of invocation logs went, where somebody counts it.
    attempts: Option<Attempts>,
    /// What the control API's destinations were started with.
    of_api: Arc<Mutex<Option<LoggingConfiguration>>>,
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
        logging: Option<&LoggingConfiguration>,
    ) -> anyhow::Result<Self> {
        let Backgrounds { background, events } = background;
        let tables = crate::configure::table(&settings, &clock)?;
        let table_has = position(&spool, TABLE);
        let mut config = crate::configure::hot(&settings, table_has);
        // Known before the first entry is read: what is recent is to have the events it had.
        if let Some(logging) = logging {
            config.targets.further = crate::logging::further(logging, &settings, &spool)?;
        }
        let (hot, follower) = Hot::new(spool.clone(), config);
        // Without a table there are no log streams to note anything of.
        let listening = tables.is_some().then(|| hot.subscribe());
        let (tasks, caring) = (corelog_runtime::Tasks::new(), Shutdown::new());
        let attempts = settings
            .metrics
            .enabled
            .then(|| Attempts::new(clock.clone()));
        tasks.spawn_on("log events", follower.run(caring.child()), &events);
        Ok(Self {
            hot,
            listening: Mutex::new(listening),
            settings: RwLock::new(settings),
            spool,
            clock,
            metrics,
            tasks,
            background,
            running: Mutex::default(),
            tables: tables.map(|at| Arc::new(Tables::new(at))),
            caring,
            attempts,
            of_api: Arc::default(),
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
            let sink = self.counted(sink, crate::sinks::kind(destination));
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
        let deletions = Arc::new(Deletions::default());
        let appender = format!("{}/{TABLE}", self.spool.node());
        let care = Care {
            tables: Arc::clone(tables),
            deletions: Arc::clone(&deletions),
            appender: appender.clone(),
            catalog,
            group: LogGroupName::new(settings.store.log_group.clone())?,
            of_api: Arc::clone(&self.of_api),
            every: settings.store.compaction_interval,
            clock: self.clock.clone(),
        };
        let running = care.run(self.caring.child());
        tasks.spawn_on("table care", running, background);
        let parts = Parts {
            tables: Arc::clone(tables),
            hot: self.hot.clone(),
            appender,
            deletions,
            spool: self.spool.clone(),
            clock: self.clock.clone(),
        };
        let stored = StoredEvents::new(parts, tasks.clone(), background.clone());
        Ok(Arc::new(stored))
    }

    /// Where questions find what they ask about, if a table is kept.
    #[cfg(feature = "query")]
    pub(crate) fn sources(&self, catalog: Arc<dyn Catalog>) -> Option<crate::questions::Sources> {
        let settings = self.settings.read();
        Some(crate::questions::Sources {
            tables: Arc::clone(self.tables.as_ref()?),
            hot: self.hot.clone(),
            catalog,
            account: settings.account.id.clone(),
            region: settings.account.region.clone(),
            appender: format!("{}/{TABLE}", self.spool.node()),
        })
    }

    /// What runs exports of the table of all events, if one is kept; what was interrupted has begun anew.
    pub(crate) async fn exports(
        self: &Arc<Self>,
        catalog: Arc<dyn Catalog>,
    ) -> anyhow::Result<Arc<dyn Exports>> {
        let Some(tables) = &self.tables else {
            return Ok(Arc::new(NoExports));
        };
        let destined = Arc::clone(self);
        let exporter = Exporter {
            tables: Arc::clone(tables),
            reach: Arc::new(move || crate::configure::store(&destined.settings.read())),
            catalog,
            clock: self.clock.clone(),
            tasks: self.tasks.clone(),
            background: self.background.clone(),
            shutdown: self.caring.child(),
            turns: Turns::default(),
        };
        exporter.resume().await?;
        Ok(Arc::new(exporter))
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
        let keep_api = self.of_api.lock().is_some();
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
            let sink = self.counted(sink, crate::sinks::kind(destination));
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
            let of_api = keep_api && is_of_api(&name);
            let of_table = self.tables.is_some() && name == TABLE;
            let of_metrics = settings.metrics.enabled && name == crate::metrics::CURSOR;
            // Those of filters that are gone are let go where it is known which filters there are.
            let of_subscription = crate::subscriptions::is_subscription(&name);
            if !of_file && !of_api && !of_table && !of_metrics && !of_subscription {
                tracing::info!(destination = name, "forgetting a destination that is gone");
                corelog_delivery::forget(&self.spool, &name)?;
                self.metrics
                    .forget_destination(&DestinationLabel { destination: name });
            }
        }
        Ok(())
    }

    /// Runs a destination; gives what tells how it is doing.
    pub(crate) async fn begin(
        &self,
        config: Config,
        sink: Arc<dyn Sink>,
        check: bool,
    ) -> anyhow::Result<Handle> {
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
                handle: handle.clone(),
                shutdown,
                task,
            },
        );
        Ok(handle)
    }

    /// How deliveries went, and is not in the metrics yet.
    pub(crate) fn attempts(&self) -> Option<&Attempts> {
        self.attempts.as_ref()
    }

    /// The sink, its attempts counted if somebody counts them and they are of a kind that the metrics know.
    pub(crate) fn counted(
        &self,
        sink: Arc<dyn Sink>,
        kind: impl Into<Option<LogDelivery>>,
    ) -> Arc<dyn Sink> {
        match (&self.attempts, kind.into()) {
            (Some(attempts), Some(kind)) => attempts.of(sink, kind),
            _ => sink,
        }
    }

    /// Runs something beside the destinations, until they are shut down.
    pub(crate) fn beside<F>(&self, name: &'static str, work: impl FnOnce(Shutdown) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let running = work(self.caring.child());
        self.tasks.spawn_on(name, running, &self.background);
    }

    /// Runs something to its end, whoever stops waiting for it.
    pub(crate) fn apart<F>(&self, name: &'static str, work: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.tasks.spawn_on(name, work, &self.background)
    }

    /// Lets go of a destination that has ended: the spool keeps nothing for it.
    pub(crate) async fn forget(&self, name: &str) -> anyhow::Result<()> {
        let (spool, forgotten) = (self.spool.clone(), name.to_owned());
        let forget = move || corelog_delivery::forget(&spool, &forgotten);
        tokio::task::spawn_blocking(forget).await??;
        self.metrics.forget_destination(&DestinationLabel {
            destination: name.to_owned(),
        });
        Ok(())
    }

    /// Notes what the control API has configured.
    pub(crate) fn remember(&self, configuration: Option<&LoggingConfiguration>) {
        *self.of_api.lock() = configuration.cloned();
    }

    pub(crate) fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.read())
    }

    pub(crate) fn spool(&self) -> &Spool {
        &self.spool
    }

    pub(crate) fn hot(&self) -> &Hot {
        &self.hot
    }

    pub(crate) async fn end(&self, name: &str) {
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
            .map(|(name, r)| {
                let of_api = is_of_api(name) || crate::subscriptions::is_subscription(name);
                (r.handle.report(), of_api)
            })
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
        if let Err(late) = self.tasks.wait(LATE_MAX).await {
            tracing::warn!(late, "not finished in time");
        }
        left
    }
}

/// How far a destination has got; one that is new begins behind the newest record.
fn position(spool: &Spool, destination: &str) -> Sequence {
    let cursors = spool.status().cursors;
    let found = cursors.into_iter().find(|(name, _)| name == destination);
    found.map_or_else(|| spool.durable_sequence(), |(_, position)| position)
}
