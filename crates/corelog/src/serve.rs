//! `corelog up`: gateway relays, capture assembles, spool keeps, delivery moves, api speaks AWS.
//!
//! Shutdown follows the data: stop accepting, finish exchanges, close what would not end by itself, sync the spool, finish the batches, close.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use corelog_api::logging::Destinations as _;
use corelog_api::logs::{Engine, NoEngine, Queries};
use corelog_api::{Account, Api, Open};
use corelog_catalog::{Catalog, Logging as _, SqliteCatalog};
use corelog_cli::environment::Environment;
use corelog_cli::settings::{Loaded, LogFormat, Settings};
use corelog_cli::{Failure, UpArgs};
use corelog_gateway::{Gateway, InFlight, listen, tls_acceptor};
use corelog_metrics::{SqliteMetrics, Totals};
use corelog_runtime::{Clock, Shutdown};
use corelog_spool::{OsDisk, Spool};
use corelog_tail::Tails;
use corelog_telemetry::{Chain, Metrics, init_logs};
use corelog_types::LogGroupName;
use corelog_watch::Watch;
use parking_lot::{Mutex, RwLock};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};

use crate::destinations::{Backgrounds, Destined};
use crate::front::House;
use crate::notices::Notifying;
#[cfg(feature = "query")]
use crate::questions::{Apart, Questions};
use crate::reported::Reported;
use crate::status::{Flights, Health, InForce};
use crate::{
    alarms, anomalies, configure, demo, metrics, notices, recorder, reported, subscriptions,
};

/// Threads for what blocks: syncs of large bodies, and the CPU work on them. Each keeps memory of its own.
const BLOCKING_THREADS: usize = 32;
/// Threads for batches being made and stored.
const BACKGROUND_THREADS: usize = 4;
/// Threads for log events being made.
const EVENT_THREADS: usize = 1;
/// Threads for reads of stored events.
const QUERY_THREADS: usize = 8;
/// Drained exchanges get this long beyond the callers' own.
const DRAIN_GRACE: Duration = Duration::from_secs(5);
/// Threads for what blocks get this long once all else has ended.
const THREAD_GRACE: Duration = Duration::from_secs(5);

/// Starts the gateway and serves until a signal.
pub(crate) fn up(args: &UpArgs, env: &Environment) -> anyhow::Result<ExitCode> {
    let loaded = args.settings.load(env)?;
    let settings = &loaded.settings;
    let text = match settings.log.format {
        LogFormat::Auto => std::io::IsTerminal::is_terminal(&std::io::stderr()),
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    let format = if text {
        corelog_telemetry::LogFormat::Text
    } else {
        corelog_telemetry::LogFormat::Json
    };
    init_logs(&settings.log.filter, format);
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .max_blocking_threads(BLOCKING_THREADS)
        .enable_all()
        .build()?;
    let background = corelog_runtime::background(BACKGROUND_THREADS)?;
    let events = corelog_runtime::background(EVENT_THREADS)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let queries = corelog_runtime::background_of(threads, QUERY_THREADS)?;
    let backgrounds = Backgrounds {
        background: background.handle().clone(),
        events: events.handle().clone(),
    };
    let on = queries.handle().clone();
    let outcome = runtime.block_on(serve(args, env, &loaded, backgrounds, on));
    // All that matters has ended by now. A thread that waits for a mail server may go on for long.
    runtime.shutdown_timeout(THREAD_GRACE);
    outcome
}

async fn serve(
    args: &UpArgs,
    env: &Environment,
    loaded: &Loaded,
    background: Backgrounds,
    queries: Handle,
) -> anyhow::Result<ExitCode> {
    let settings = Arc::new(loaded.settings.clone());
    let clock = Clock::system();
    let counters = Arc::new(Metrics::new());
    let (spool, at_start) = open_spool(&settings, &clock)?;
    let catalog = SqliteCatalog::open(&settings.data).await?;
    let logging = catalog.logging().await?;

    let destinations = Arc::new(Destined::new(
        Arc::clone(&settings),
        spool.clone(),
        clock.clone(),
        Arc::clone(&counters),
        background,
        logging.as_ref(),
    )?);
    let queries = Queries::new(
        engine(&settings, &destinations, &catalog, &queries)?,
        configure::queries(&settings),
        clock.clone(),
        queries,
    );
    destinations.start_all(logging.is_some()).await?;
    if let Some(logging) = &logging {
        destinations.start(logging).await?;
    }
    let watching = Watching::start(&destinations, &catalog, &counters, &clock).await?;

    let inflight = InFlight::default();
    let health = Arc::new(Health {
        spool: spool.clone(),
        spool_dir: settings.data.join("spool").display().to_string(),
        spool_bytes_max: settings.spool.bytes_max.bytes(),
        destinations: Arc::clone(&destinations),
        metrics: Arc::clone(&counters),
        inflight: inflight.clone(),
        queries: queries.clone(),
        notifying: watching.notifying.handle().clone(),
        subscriptions: watching.subscriptions.clone(),
        started: clock.now(),
        in_force: RwLock::new(InForce::of(&settings, Vec::new())),
        at_start,
    });
    let stopping = Shutdown::new();
    let reported = Arc::new(reported::open(&settings)?);
    let api = Api::new(corelog_api::Ports {
        catalog: Arc::new(catalog.clone()),
        metrics: watching.metrics.clone(),
        events: destinations.join(Arc::new(catalog.clone()))?,
        tails: Tails::new(destinations.hot().clone(), stopping.child()),
        stopping: stopping.clone(),
        exports: destinations.exports(Arc::new(catalog.clone())).await?,
        subscriptions: Arc::new(watching.subscriptions.clone()),
        queries: queries.clone(),
        records: LogGroupName::new(settings.store.log_group.clone())?,
        keeps: Arc::clone(&reported) as _,
        account: account(&settings),
        destinations: Arc::clone(&destinations) as _,
        exchanges: Arc::new(Flights(inflight.clone())),
        notifiers: Arc::new(watching.notifying.told()),
        watch: watching.alarms.clone(),
        status: Arc::clone(&health) as _,
        access: Arc::new(Open),
        clock: clock.clone(),
        spool: spool.clone(),
    });
    alarms::run_queries(&watching.alarms, &api, &destinations);
    reported::follow(&api, &destinations);
    let house = House {
        api,
        health: Arc::clone(&health),
        metrics: Arc::clone(&counters),
        totals: watching.totals.clone(),
    };
    let ports = corelog_gateway::Ports {
        recorder: recorder::of_spool(&spool, &clock),
        own: Arc::new(house),
        metrics: counters,
        clock,
    };
    let gateway = Gateway::open(configure::gateway(&settings)?, ports, inflight)?;
    let running = Running {
        args,
        env,
        at_start: loaded,
        gateway,
        destinations: &destinations,
        watching: &watching,
        health: &health,
        reported: &reported,
        stopping,
    };
    run(&running).await?;
    watching.notifying.shut_down().await;
    end_queries(&queries).await;
    end_deliveries(&destinations, settings.limits.shutdown_timeout).await;
    metrics::close(watching.metrics.as_ref(), &destinations).await;
    catalog.close().await;
    tokio::task::spawn_blocking(move || spool.close()).await??;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

async fn end_queries(queries: &Queries) {
    if let Err(late) = queries.shut_down(DRAIN_GRACE).await {
        tracing::warn!(late, "queries did not end in time");
    }
}

async fn end_deliveries(destinations: &Destined, grace: Duration) {
    for (destination, records) in destinations.shut_down(grace).await {
        tracing::warn!(
            destination,
            records,
            "not delivered yet; the next start goes on with them"
        );
    }
}

fn account(settings: &Settings) -> Account {
    Account {
        id: settings.account.id.clone(),
        region: settings.account.region.clone(),
    }
}

/// Metrics, the alarms over them, whoever looks out for anomalies, whoever sends what these have to tell, and whoever gets
/// log events as they come.
struct Watching {
    metrics: Option<SqliteMetrics>,
    /// What a scrape shows of them.
    totals: Option<Arc<Mutex<Totals>>>,
    notifying: Notifying,
    alarms: Watch,
    subscriptions: subscriptions::Running,
}

impl Watching {
    async fn start(
        destinations: &Arc<Destined>,
        catalog: &SqliteCatalog,
        counters: &Arc<Metrics>,
        clock: &Clock,
    ) -> anyhow::Result<Self> {
        let settings = destinations.settings();
        let metrics = metrics::open(&settings).await?;
        let totals = match &metrics {
            Some(metrics) => {
                let catalog = Arc::new(catalog.clone());
                Some(metrics::feed(metrics, destinations, catalog, clock).await?)
            }
            None => None,
        };
        let ports = corelog_notify::Ports {
            clock: clock.clone(),
            metrics: Arc::clone(counters),
        };
        let kept_by: Arc<dyn Catalog> = Arc::new(catalog.clone());
        let subscriptions =
            subscriptions::Running::start(destinations, Arc::clone(&kept_by), clock);
        let subscriptions = subscriptions.await?;
        let notifying = Notifying::start(&settings, kept_by, ports).await?;
        let alarms = alarms::open(&settings, catalog, clock).await?;
        let (kept, told) = (metrics.as_ref(), notifying.handle());
        alarms::run(&alarms, kept, told, destinations);
        anomalies::begin(destinations, catalog, kept, told, clock).await;
        Ok(Self {
            metrics,
            totals,
            notifying,
            alarms,
            subscriptions,
        })
    }
}

/// Whoever answers questions about log events.
#[cfg(feature = "query")]
fn engine(
    settings: &Settings,
    destinations: &Destined,
    catalog: &SqliteCatalog,
    on: &Handle,
) -> anyhow::Result<Arc<dyn Engine>> {
    let Some(sources) = destinations.sources(Arc::new(catalog.clone())) else {
        return Ok(Arc::new(NoEngine));
    };
    let questions = Questions::new(configure::engine(settings)?, sources)?;
    Ok(Arc::new(Apart::new(questions, on.clone())))
}

/// Nobody: this binary is built without the engine.
#[cfg(not(feature = "query"))]
fn engine(
    _: &Settings,
    _: &Destined,
    _: &SqliteCatalog,
    _: &Handle,
) -> anyhow::Result<Arc<dyn Engine>> {
    Ok(Arc::new(NoEngine))
}

/// What serves, and where its configuration came from.
struct Running<'a> {
    args: &'a UpArgs,
    env: &'a Environment,
    at_start: &'a Loaded,
    gateway: Gateway,
    destinations: &'a Destined,
    watching: &'a Watching,
    health: &'a Health,
    reported: &'a Reported,
    /// Ends answers that would go on for ever.
    stopping: Shutdown,
}

/// Listens until a signal, then waits for the exchanges.
async fn run(running: &Running<'_>) -> anyhow::Result<()> {
    let (settings, gateway) = (&running.at_start.settings, &running.gateway);
    let listener = TcpListener::bind(settings.listen).await.map_err(|error| {
        Failure::new(format!("cannot listen on `{}`: {error}", settings.listen))
            .hint("is another Corelog running? choose another address with `--listen`")
    })?;
    let address = listener.local_addr()?;
    let tls = match (&settings.tls.cert_file, &settings.tls.key_file) {
        (Some(cert), Some(key)) => {
            let read = |path: &std::path::Path| {
                std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))
            };
            Some(tls_acceptor(&read(cert)?, &read(key)?)?)
        }
        _ => None,
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    let access = if settings.keys.is_empty() {
        "open to this machine"
    } else {
        "keys required"
    };
    // Whoever is told the address may send a signal at once.
    let (stop, mut reload) = (stop_signal()?, signal(SignalKind::hangup())?);
    demo::write_address(running.args.addr_file.as_deref(), &address.to_string())?;
    tracing::info!(address = %format!("{scheme}://{address}"), access, "listening");

    let shutdown = Shutdown::new();
    let deadline = settings.limits.shutdown_timeout;
    let sweeping = gateway
        .tasks()
        .spawn("sweep", gateway.clone().sweep(shutdown.child()));
    let listening = listen(listener, gateway.clone(), tls, shutdown.child(), deadline);
    tokio::pin!(listening);
    tokio::pin!(stop);
    let late = loop {
        tokio::select! {
            late = &mut listening => break late,
            () = &mut stop, if !shutdown.is_requested() => {
                tracing::info!(in_flight = gateway.in_flight(), "stopping");
                running.stopping.request();
                shutdown.request();
            }
            _ = reload.recv() => running.reconfigure().await,
        }
    };
    if let Err(late) = late {
        tracing::warn!(
            late,
            "exchanges did not finish in time; their records say so"
        );
    }
    gateway.wind_down();
    sweeping.await?;
    if let Err(late) = gateway.tasks().wait(DRAIN_GRACE).await {
        tracing::warn!(late, "not finished in time; their records say so");
        gateway.cut_off();
        if let Err(late) = gateway.tasks().wait(DRAIN_GRACE).await {
            tracing::warn!(late, "no record of their end could be made");
        }
    }
    Ok(())
}

impl Running<'_> {
    /// Reads the configuration again. What is wrong with it is said, and the former one stays.
    async fn reconfigure(&self) {
        let outcome = async {
            let mut loaded = self.args.settings.load(self.env)?;
            let waiting = loaded.keep_what_runs(self.at_start)?;
            for warning in &loaded.warnings {
                tracing::warn!("{warning}");
            }
            let settings = Arc::new(loaded.settings);
            let notifiers = notices::open(&settings)?;
            let subscribers = self.watching.subscriptions.open(&settings)?;
            self.gateway.reconfigure(configure::gateway(&settings)?)?;
            self.watching.notifying.handle().reconfigure(notifiers);
            self.watching
                .alarms
                .set_listeners(notices::listeners(&settings));
            self.reported.reconfigure(reported::open(&settings)?);
            *self.health.in_force.write() = InForce::of(&settings, waiting.clone());
            self.destinations.reconfigure(settings).await?;
            self.watching.subscriptions.reconfigure(subscribers).await?;
            anyhow::Ok(waiting)
        };
        match outcome.await {
            Ok(waiting) => {
                if !waiting.is_empty() {
                    let keys = waiting.join(", ");
                    tracing::warn!(keys, "these keys changed and need a restart");
                }
                tracing::info!("configuration reloaded");
            }
            Err(error) => {
                tracing::error!(error = %format!("{error:#}"), "configuration not reloaded");
            }
        }
    }
}

/// Opens the spool, and stores the records of exchanges of whose end an earlier process kept none.
fn open_spool(settings: &Settings, clock: &Clock) -> anyhow::Result<(Spool, Vec<String>)> {
    std::fs::create_dir_all(&settings.data).with_context(|| {
        format!(
            "cannot create the data directory `{}`",
            settings.data.display()
        )
    })?;
    let opened = Spool::open(configure::spool(settings, clock), Arc::new(OsDisk));
    let (spool, recovery) = opened.map_err(|error| match error {
        corelog_spool::Error::Locked { .. } => anyhow::Error::from(
            Failure::new(Chain(&error).to_string())
                .hint("another Corelog runs on this data directory; stop it or choose `--data`"),
        ),
        other => other.into(),
    })?;
    let mut said = Vec::new();
    if recovery.truncated_bytes > 0 {
        let bytes = recovery.truncated_bytes;
        tracing::info!(bytes, "cut a torn tail that nobody was told is durable");
    }
    if !recovery.interrupted.is_empty() {
        let exchanges = recovery.interrupted.len();
        tracing::warn!(
            exchanges,
            "exchanges of an earlier process have no record of their end; recorded as interrupted"
        );
        if let Err(error) = recorder::settle_interrupted(&spool, clock, &recovery.interrupted) {
            // Their intents stay open, so that they come back at the next start.
            tracing::warn!(error = %Chain(&error), "they are recorded at the next start instead");
        }
    }
    for hole in &recovery.corrupt {
        tracing::error!(?hole, "the spool is damaged");
        said.push(format!(
            "the spool is damaged: {hole:?}; keep a copy and run `corelog doctor`"
        ));
    }
    for file in &recovery.set_aside {
        tracing::error!(file, "a segment could not be read and was set aside");
        said.push(format!(
            "segment `{file}` could not be read and was set aside"
        ));
    }
    Ok((spool, said))
}

/// Resolves with SIGTERM or SIGINT, which from here on end nothing by themselves.
pub(crate) fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
