//! A gateway between one scripted provider and its callers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use corelog_access::{Access, Caller, TurnedAway};
use corelog_capture::{HeaderFilter, Limits as CaptureLimits, Policies};
use corelog_gateway::{
    Answer, Config, Credentials, Gateway, InFlight, Limits, OnFull, Own, Ports, ProviderConfig,
    UpstreamConfig,
};
use corelog_prices::Table;
use corelog_runtime::{Clock, Shutdown, Tasks};
use corelog_telemetry::{Metrics, Sampled};
use corelog_types::{Dialect, Timestamp};
use futures_util::future::BoxFuture;
use http::request::Parts;
use http::{Request, Response};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::ledger::Ledger;
use crate::upstream::{Message, Upstream, Wire, within};

/// Answers `/healthz`.
struct Health;

impl Own for Health {
    fn is_public(&self, path: &str) -> bool {
        path == "/healthz"
    }

    fn claims(&self, head: &Parts) -> bool {
        head.uri.path() == "/healthz"
    }

    fn body_bytes_max(&self, _: &Parts) -> usize {
        8 << 20
    }

    fn turn_away(&self, _: &Parts, _: TurnedAway) -> Option<Response<Answer>> {
        None
    }

    fn serve(&self, _: Request<Bytes>, _: Option<Caller>) -> BoxFuture<'static, Response<Answer>> {
        let body = Answer::Whole(Some(Bytes::from_static(b"ok")));
        Box::pin(std::future::ready(Response::new(body)))
    }
}

/// A gateway, all around it in the hands of the test.
pub(crate) struct Scene {
    pub(crate) address: SocketAddr,
    pub(crate) gateway: Gateway,
    pub(crate) inflight: InFlight,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) upstream: Upstream,
    metrics: Arc<Metrics>,
    shutdown: Shutdown,
    stopped: watch::Receiver<Option<Result<(), String>>>,
    _tasks: Tasks,
}

/// The time that the gateway reads: 2026-11-20T09:15:42Z.
pub(crate) const NOW_MS: u64 = 1_795_166_142_000;

pub(crate) fn provider(name: &str, dialect: Dialect, base: &str) -> ProviderConfig {
    ProviderConfig {
        name: name.to_owned(),
        dialect,
        upstream: UpstreamConfig {
            base: base.parse().unwrap(),
            http2: false,
            ca_pem: None,
            proxy: None,
            connections_max: 16,
            connect_timeout: Duration::from_secs(10),
            idle_max: Duration::from_mins(1),
        },
        region: "us-east-1".to_owned(),
        models: Vec::new(),
        credentials: Credentials::Callers,
        first_byte_timeout: Duration::from_mins(1),
        idle_timeout: Duration::from_mins(1),
        total_timeout: Duration::from_mins(1),
    }
}

fn config(provider: ProviderConfig) -> Config {
    Config {
        providers: vec![provider],
        account_id: "111122223333".into(),
        limits: Limits {
            exchanges_max: 64,
            denied_records_per_second: 10,
            header_bytes_max: 64 * 1024,
            body_bytes_max: 4 << 20,
            drain_bytes_max: 1 << 20,
            drain_timeout: Duration::from_mins(1),
        },
        capture: Arc::new(CaptureLimits {
            memory_max: 64 * 1024,
            body_max: 2 << 20,
            decoded_max: 1 << 20,
            events: false,
            policies: Policies::default(),
            headers: HeaderFilter::default(),
            prices: Arc::clone(Table::built_in()),
        }),
        on_full: OnFull::Refuse,
        access: Access::default(),
    }
}

/// Changes the capture's limits.
pub(crate) fn capture(config: &mut Config, change: impl FnOnce(&mut CaptureLimits)) {
    change(Arc::make_mut(&mut config.capture));
}

impl Scene {
    pub(crate) async fn new(dialect: Dialect) -> Self {
        Self::with(dialect, |_| {}).await
    }

    pub(crate) async fn with(dialect: Dialect, change: impl FnOnce(&mut Config)) -> Self {
        Self::with_tls(dialect, None, change).await
    }

    pub(crate) async fn with_tls(
        dialect: Dialect,
        tls: Option<TlsAcceptor>,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let upstream = Upstream::listen().await;
        let base = format!("http://127.0.0.1:{}", upstream.port());
        let mut config = config(provider(dialect.as_str(), dialect, &base));
        change(&mut config);
        let (ledger, metrics) = (Arc::new(Ledger::default()), Arc::new(Metrics::new()));
        let ports = Ports {
            recorder: Arc::clone(&ledger) as Arc<dyn corelog_capture::Recorder>,
            own: Arc::new(Health),
            metrics: Arc::clone(&metrics),
            clock: Clock::manual(Timestamp::from_unix_ms(NOW_MS)),
        };
        let inflight = InFlight::default();
        let gateway = Gateway::open(config, ports, inflight.clone()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (shutdown, tasks) = (Shutdown::new(), Tasks::new());
        tasks.spawn("sweep", gateway.clone().sweep(shutdown.clone()));
        let listening = corelog_gateway::listen(
            listener,
            gateway.clone(),
            tls,
            shutdown.clone(),
            Duration::from_secs(1),
        );
        let (ended, stopped) = watch::channel(None);
        tasks.spawn("listen", async move {
            ended.send_replace(Some(listening.await));
        });
        Self {
            address,
            gateway,
            inflight,
            ledger,
            upstream,
            metrics,
            shutdown,
            stopped,
            _tasks: tasks,
        }
    }

    /// A caller's connection.
    pub(crate) async fn caller(&self) -> Wire {
        Wire::to(self.address).await
    }

    /// A caller that has sent a request.
    pub(crate) async fn post(&self, path: &str, body: &str) -> Wire {
        self.post_with(path, "", body).await
    }

    /// The same, with more lines in the head.
    pub(crate) async fn post_with(&self, path: &str, more: &str, body: &str) -> Wire {
        let mut caller = self.caller().await;
        caller.send(post(path, more, body)).await;
        caller
    }

    /// Lets everything that is due happen: round trips through the gateway that wait for no record.
    pub(crate) async fn settle(&self) {
        let mut caller = self.caller().await;
        for _ in 0..3 {
            caller
                .send("GET /healthz HTTP/1.1\r\nhost: g\r\n\r\n")
                .await;
            let Message { head, body } = caller.message().await;
            assert_eq!((head.status(), body.as_slice()), (200, &b"ok"[..]));
        }
    }

    /// Waits until the metrics have that line.
    pub(crate) async fn counts(&self, line: &str) {
        within(line, async {
            while !self.scrape().lines().any(|known| known == line) {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    pub(crate) fn scrape(&self) -> String {
        self.metrics.encode(Sampled::default())
    }

    /// Asks the gateway to end.
    pub(crate) fn stop(&self) {
        self.shutdown.request();
    }

    /// Waits until it has ended; says who was late.
    pub(crate) async fn stopped(&self) -> Result<(), String> {
        let mut stopped = self.stopped.clone();
        let ended = within("the end", stopped.wait_for(Option::is_some)).await;
        ended.unwrap().clone().unwrap()
    }

    /// Waits until nothing is on the wire.
    pub(crate) async fn is_idle(&self) {
        within("the exchanges to end", async {
            while !self.inflight.is_empty() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.shutdown.request();
    }
}

/// A request with a body, `more` being further lines of its head.
pub(crate) fn post(path: &str, more: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\n{more}content-length: {length}\r\n\r\n{body}"
    )
}
