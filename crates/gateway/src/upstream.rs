//! Connections to providers: made, pooled, lent to one exchange at a time.
//!
//! An HTTP/1.1 connection is driven by the exchange that has it on loan, not by a task of its own: the
//! socket wakes the caller's own task, and a relayed call costs no hop between tasks or threads. An idle
//! connection is driven by nobody; whether the peer closed it meanwhile is seen when it is lent again.
//! HTTP/2 connections carry many exchanges and therefore have a task.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use corelog_dial::{Connector, Link, Offer};
use corelog_runtime::Tasks;
use futures_util::future::BoxFuture;
use http::{HeaderValue, Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::body::RequestBody;

/// The most that is read of an upstream at once, and so the largest head of an answer: hyper would read up to
/// 400 kB, which adds up over many exchanges.
const READ_BYTES_MAX: usize = 128 * 1024;

/// How one upstream is reached.
#[derive(Clone)]
pub struct UpstreamConfig {
    /// Scheme, host, port and the path that every request is put under.
    pub base: Uri,
    /// Speak HTTP/2 without asking, on a plain connection.
    pub http2: bool,
    /// Trust these certificates instead of the system's (PEM).
    pub ca_pem: Option<Vec<u8>>,
    /// The proxy to go through.
    pub proxy: Option<Uri>,
    /// Connections at the most.
    pub connections_max: usize,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long an unused connection is kept.
    pub idle_max: Duration,
}

impl fmt::Debug for UpstreamConfig {
    /// A proxy's URL may hold a password, so it is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstreamConfig")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

/// Why no connection could be had.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The host has no address or refuses, or TLS is not set up right.
    #[error(transparent)]
    Dial(#[from] corelog_dial::Error),
    /// It took too long.
    #[error("connecting to `{host}` took longer than the connect timeout")]
    TimedOut {
        /// Host and port.
        host: String,
    },
    /// The peer does not speak HTTP.
    #[error("the HTTP handshake with `{host}` failed")]
    Handshake {
        /// Host and port.
        host: String,
        /// What went wrong.
        #[source]
        source: hyper::Error,
    },
}

type Driver = http1::Connection<TokioIo<Link>, RequestBody>;

enum Kind {
    Http1 {
        sender: http1::SendRequest<RequestBody>,
        driver: Option<Pin<Box<Driver>>>,
    },
    Http2 {
        sender: http2::SendRequest<RequestBody>,
    },
}

/// A connection on loan to one exchange.
pub(crate) struct Lease {
    kind: Kind,
    pool: Arc<Pool>,
    _permit: Option<OwnedSemaphorePermit>,
}

struct Idle {
    kind: Kind,
    since: Instant,
}

/// The connections of one upstream.
pub(crate) struct Pool {
    config: UpstreamConfig,
    connector: Connector,
    idle: Mutex<Vec<Idle>>,
    shared: Mutex<Option<http2::SendRequest<RequestBody>>>,
    permits: Arc<Semaphore>,
    tasks: Tasks,
}

impl Pool {
    pub(crate) fn new(config: UpstreamConfig, tasks: Tasks) -> Result<Arc<Self>, ConnectError> {
        let connector = Connector::new(&corelog_dial::Config {
            base: config.base.clone(),
            ca_pem: config.ca_pem.clone(),
            proxy: config.proxy.clone(),
        })?;
        let permits = Arc::new(Semaphore::new(config.connections_max));
        Ok(Arc::new(Self {
            config,
            connector,
            idle: Mutex::default(),
            shared: Mutex::default(),
            permits,
            tasks,
        }))
    }

    pub(crate) fn base(&self) -> &Uri {
        &self.config.base
    }

    /// Whether all connections are on loan.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.permits.available_permits() == 0
    }

    /// Lends an idle connection, or makes one. Waits where all are on loan.
    pub(crate) async fn lease(self: &Arc<Self>) -> Result<Lease, ConnectError> {
        if let Some(sender) = self.shared_sender() {
            return Ok(self.lend(Kind::Http2 { sender }, None));
        }
        // The semaphore is never closed, so a permit always comes.
        let permit = Arc::clone(&self.permits).acquire_owned().await.ok();
        if let Some(kind) = self.take_idle() {
            return Ok(self.lend(kind, permit));
        }
        self.fresh(permit).await
    }

    /// Makes a new connection, for when a pooled one turned out to be closed.
    async fn fresh(
        self: &Arc<Self>,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Result<Lease, ConnectError> {
        let link = self.connect(Offer::Any).await?;
        let failed = |source| self.handshake_failed(source);
        if self.config.http2 || link.is_http2() {
            let (sender, connection) = http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .adaptive_window(true)
                .handshake(TokioIo::new(link))
                .await
                .map_err(failed)?;
            self.tasks.spawn("upstream connection", async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "upstream connection ended");
                }
            });
            *self.shared.lock() = Some(sender.clone());
            return Ok(self.lend(Kind::Http2 { sender }, None));
        }
        let (sender, driver) = http1::Builder::new()
            .max_buf_size(READ_BYTES_MAX)
            .handshake(TokioIo::new(link))
            .await
            .map_err(failed)?;
        Ok(self.lend(
            Kind::Http1 {
                sender,
                driver: Some(Box::pin(driver)),
            },
            permit,
        ))
    }

    /// Makes a connection for one exchange that may leave HTTP behind. It has a task, because what follows
    /// the change of protocol is no exchange that could drive it.
    pub(crate) async fn lease_to_leave(self: &Arc<Self>) -> Result<Lease, ConnectError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.ok();
        let link = self.connect(Offer::Http1).await?;
        let (sender, driver) = http1::Builder::new()
            .max_buf_size(READ_BYTES_MAX)
            .handshake(TokioIo::new(link))
            .await
            .map_err(|source| self.handshake_failed(source))?;
        self.tasks.spawn("upstream connection", async move {
            if let Err(error) = driver.with_upgrades().await {
                tracing::debug!(%error, "upstream connection ended");
            }
        });
        let driver = None;
        Ok(self.lend(Kind::Http1 { sender, driver }, permit))
    }

    async fn connect(&self, offer: Offer) -> Result<Link, ConnectError> {
        let most = self.config.connect_timeout;
        let timed = tokio::time::timeout(most, self.connector.connect(offer));
        if let Ok(connected) = timed.await {
            return Ok(connected?);
        }
        let host = self.connector.host().to_owned();
        Err(ConnectError::TimedOut { host })
    }

    fn handshake_failed(&self, source: hyper::Error) -> ConnectError {
        let host = self.connector.host().to_owned();
        ConnectError::Handshake { host, source }
    }

    fn lend(self: &Arc<Self>, kind: Kind, permit: Option<OwnedSemaphorePermit>) -> Lease {
        Lease {
            kind,
            pool: Arc::clone(self),
            _permit: permit,
        }
    }

    fn shared_sender(&self) -> Option<http2::SendRequest<RequestBody>> {
        let mut shared = self.shared.lock();
        if shared.as_ref().is_some_and(http2::SendRequest::is_closed) {
            *shared = None;
        }
        shared.clone()
    }

    fn take_idle(&self) -> Option<Kind> {
        loop {
            let mut idle = self.idle.lock().pop()?;
            if idle.since.elapsed() < self.config.idle_max && idle.kind.is_usable() {
                return Some(idle.kind);
            }
        }
    }

    /// Lets go of every connection that is not on loan.
    pub(crate) fn close(&self) {
        self.idle.lock().clear();
        *self.shared.lock() = None;
    }

    /// Closes connections that nobody used for long.
    pub(crate) fn reap(&self) {
        let idle_max = self.config.idle_max;
        self.idle
            .lock()
            .retain(|idle| idle.since.elapsed() < idle_max);
    }
}

impl Kind {
    /// Looks whether the peer closed an idle connection.
    fn is_usable(&mut self) -> bool {
        match self {
            Self::Http2 { sender } => !sender.is_closed(),
            Self::Http1 { sender, driver } => {
                let mut context = Context::from_waker(Waker::noop());
                let open = driver
                    .as_mut()
                    .is_some_and(|driver| driver.as_mut().poll(&mut context).is_pending());
                open && sender.is_ready()
            }
        }
    }
}

/// Why a request got no answer.
pub(crate) enum SendError {
    /// Nothing of it was written: it may be tried on another connection.
    Unsent(Box<Request<RequestBody>>),
    /// The connection broke after some of it was written.
    Broken(hyper::Error),
}

type Sending = BoxFuture<'static, Result<Response<Incoming>, TrySendError<Request<RequestBody>>>>;

/// A request under way, until the head of its answer.
pub(crate) struct Sent {
    answer: Sending,
}

impl Lease {
    /// Hands the request to the connection; [`Sent::poll`] moves it.
    pub(crate) fn send(&mut self, request: Request<RequestBody>) -> Sent {
        let answer: Sending = match &mut self.kind {
            Kind::Http1 { sender, .. } => Box::pin(sender.try_send_request(request)),
            Kind::Http2 { sender } => Box::pin(sender.try_send_request(request)),
        };
        Sent { answer }
    }

    /// Whether the connection speaks HTTP/2, which wants whole URIs.
    pub(crate) fn is_http2(&self) -> bool {
        matches!(self.kind, Kind::Http2 { .. })
    }

    /// Whether requests on it name the whole URI because they go to a proxy.
    pub(crate) fn wants_absolute_uri(&self) -> bool {
        self.pool.connector.wants_absolute_uri()
    }

    /// What a proxy that is sent whole requests wants to see on each.
    pub(crate) fn proxy_authorization(&self) -> Option<HeaderValue> {
        self.pool.connector.proxy_authorization()
    }

    /// Moves the connection's bytes. Must be polled beside whatever waits for them.
    pub(crate) fn drive(&mut self, context: &mut Context<'_>) {
        if let Kind::Http1 { driver, .. } = &mut self.kind {
            let ended = driver
                .as_mut()
                .is_some_and(|d| d.as_mut().poll(context).is_ready());
            if ended {
                *driver = None;
            }
        }
    }

    /// Gives the connection back, if the exchange left it fit for another.
    pub(crate) fn give_back(mut self) {
        if matches!(self.kind, Kind::Http1 { .. }) && self.kind.is_usable() {
            let idle = Idle {
                kind: self.kind,
                since: Instant::now(),
            };
            self.pool.idle.lock().push(idle);
        }
    }
}

impl Sent {
    /// Moves the request and the connection until the head of the answer is there.
    pub(crate) fn poll(
        &mut self,
        lease: &mut Lease,
        context: &mut Context<'_>,
    ) -> Poll<Result<Response<Incoming>, SendError>> {
        let mut outcome = self.answer.as_mut().poll(context);
        if outcome.is_pending() {
            lease.drive(context);
            outcome = self.answer.as_mut().poll(context);
        }
        outcome.map_err(|mut error| match error.take_message() {
            Some(request) => SendError::Unsent(Box::new(request)),
            None => SendError::Broken(error.into_error()),
        })
    }
}
