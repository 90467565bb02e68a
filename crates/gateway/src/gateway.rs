//! The gateway as a component: opened with a configuration and ports, run until shutdown.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use corelog_access::Access;
use corelog_capture::{Limits as CaptureLimits, Recorder};
use corelog_runtime::{Clock, Shutdown, Tasks};
use corelog_telemetry::{LimitLabel, Metrics, RefusalLabel};
use futures_util::future::BoxFuture;
use http::{Request, Response};
use hyper::body::Incoming;
use parking_lot::RwLock;

use crate::body::Answer;
use crate::config::{Config, Limits};
use crate::exchange::denied::{Allowance, Stranger, turn_away, without_bodies};
use crate::exchange::{self, Arrival, whole};
use crate::front;
use crate::inflight::InFlight;
use crate::keep::Keeper;
use crate::own::Own;
use crate::provider::Provider;
use crate::refusal::Refusal;
use crate::upstream::{ConnectError, Pool};

/// What the gateway needs from others.
#[derive(Clone)]
pub struct Ports {
    /// Where records go.
    pub recorder: Arc<dyn Recorder>,
    /// Who answers what is not a call to a model.
    pub own: Arc<dyn Own>,
    /// Counting.
    pub metrics: Arc<Metrics>,
    /// Time.
    pub clock: Clock,
}

/// What one configuration amounts to; replaced as a whole on reload.
pub(crate) struct Routing {
    pub(crate) providers: Vec<Arc<Provider>>,
    pub(crate) account_id: Arc<str>,
    pub(crate) limits: Limits,
    pub(crate) capture: Arc<CaptureLimits>,
    /// The same for calls of which no body is kept.
    pub(crate) without_bodies: Arc<CaptureLimits>,
    pub(crate) access: Access,
    pub(crate) keeper: Arc<Keeper>,
}

/// What every connection shares.
pub(crate) struct Shared {
    routing: RwLock<Arc<Routing>>,
    pub(crate) inflight: InFlight,
    pub(crate) clock: Clock,
    pub(crate) tasks: Tasks,
    /// Of records of calls that are turned away.
    pub(crate) allowance: Allowance,
    metrics: Arc<Metrics>,
    own: Arc<dyn Own>,
    recorder: Arc<dyn Recorder>,
}

impl Shared {
    pub(crate) fn routing(&self) -> Arc<Routing> {
        Arc::clone(&self.routing.read())
    }

    pub(crate) fn limit_reached(&self, limit: &'static str) {
        self.metrics
            .limits
            .get_or_create(&LimitLabel { limit })
            .inc();
    }

    /// Counts the limit, if it is what a body that had to be held met.
    pub(crate) fn note_too_large(&self, refusal: &Refusal) {
        if matches!(refusal, Refusal::BodyTooLarge(_)) {
            self.limit_reached("body_bytes_max");
        }
    }

    /// Counts a request that is answered with an error of our own.
    pub(crate) fn note_refusal(&self, refusal: &Refusal) {
        self.refused(refusal.reason());
    }

    /// The same by the reason's name.
    pub(crate) fn refused(&self, reason: &'static str) {
        self.metrics
            .refusals
            .get_or_create(&RefusalLabel { reason })
            .inc();
    }
}

/// The gateway: cheap to clone, every clone the same.
#[derive(Clone)]
pub struct Gateway {
    pub(crate) shared: Arc<Shared>,
}

impl Gateway {
    /// Makes a gateway of a configuration. Must be called within a runtime.
    ///
    /// # Errors
    /// [`ConnectError::Dial`] where a provider's certificates cannot be read.
    pub fn open(config: Config, ports: Ports, inflight: InFlight) -> Result<Self, ConnectError> {
        let Ports {
            recorder,
            own,
            metrics,
            clock,
        } = ports;
        let tasks = Tasks::new();
        let routing = Arc::new(routing_of(config, &recorder, &metrics, &tasks)?);
        let routing = RwLock::new(routing);
        let shared = Shared {
            routing,
            inflight,
            clock,
            tasks,
            allowance: Allowance::default(),
            metrics,
            own,
            recorder,
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Puts another configuration in force. Exchanges on the wire keep the one they began with.
    ///
    /// # Errors
    /// [`ConnectError::Dial`]; the former configuration then stays.
    pub fn reconfigure(&self, config: Config) -> Result<(), ConnectError> {
        let shared = &self.shared;
        let routing = routing_of(config, &shared.recorder, &shared.metrics, &shared.tasks)?;
        *shared.routing.write() = Arc::new(routing);
        Ok(())
    }

    /// The tasks of exchanges whose callers are gone, and of upstream connections.
    pub fn tasks(&self) -> &Tasks {
        &self.shared.tasks
    }

    /// Exchanges on the wire.
    pub fn in_flight(&self) -> usize {
        self.shared.inflight.len()
    }

    /// Watches deadlines and idle connections until `shutdown`.
    pub async fn sweep(self, shutdown: Shutdown) {
        let deadlines = self.shared.inflight.clone().sweep(shutdown.child());
        let reaping = async {
            let mut ticks = tokio::time::interval(std::time::Duration::from_secs(10));
            loop {
                tokio::select! {
                    () = shutdown.requested() => return,
                    _ = ticks.tick() => {
                        for provider in &self.shared.routing().providers {
                            provider.pool.reap();
                        }
                    }
                }
            }
        };
        tokio::join!(deadlines, reaping);
    }

    /// Ends what would not end by itself once the callers' exchanges have: connections that left HTTP behind,
    /// whose records are then made, and upstream connections that wait for another exchange. To be called when
    /// [`crate::listen()`] has returned, before [`Gateway::tasks`] are waited for.
    pub fn wind_down(&self) {
        let connections = self.shared.inflight.end_upgraded();
        if connections > 0 {
            tracing::info!(connections, "closing upgraded connections");
        }
        for provider in &self.shared.routing().providers {
            provider.pool.close();
        }
    }

    /// Ends every exchange that is still on the wire, so that its record is made of what there is. Says how many
    /// there were.
    pub fn cut_off(&self) -> usize {
        self.shared.inflight.end_all()
    }

    /// Bytes of a request's head at the most.
    pub(crate) fn header_bytes_max(&self) -> usize {
        self.shared.routing().limits.header_bytes_max
    }

    /// Serves one request.
    pub(crate) async fn serve(
        self,
        request: Request<Incoming>,
        peer: Option<SocketAddr>,
    ) -> Response<Answer> {
        let began = Instant::now();
        let shared = &self.shared;
        let (parts, mut incoming) = request.into_parts();
        if shared.own.is_public(parts.uri.path()) {
            return self.serve_own(parts, incoming, None).await;
        }
        let routing = shared.routing();
        let caller = match routing.access.authenticate(&parts.headers) {
            Ok(caller) => caller,
            Err(denied) => {
                crate::body::drain(&mut incoming).await;
                let refusal = Refusal::Denied(denied.to_string());
                if shared.own.claims(&parts) {
                    shared.note_refusal(&refusal);
                    let own = shared.own.turn_away(&parts, denied.into());
                    let dialect = front::dialect_of_stranger(parts.uri.path(), &parts.headers);
                    return own.unwrap_or_else(|| whole(refusal.answer(dialect, None)));
                }
                let caller = Access::stranger(&parts.headers);
                let peer = peer.map(|peer| peer.ip().to_string());
                let stranger = Stranger::new(&parts, caller, peer, began);
                return whole(turn_away(shared, &routing, stranger, &refusal).await);
            }
        };
        if shared.own.claims(&parts) {
            return self.serve_own(parts, incoming, Some(caller)).await;
        }
        let peer = peer.map(|peer| peer.ip().to_string());
        let arrival = Arrival {
            parts,
            incoming,
            caller,
            peer,
            began,
        };
        exchange::serve(shared, routing, arrival).await
    }

    fn serve_own(
        &self,
        parts: http::request::Parts,
        incoming: Incoming,
        caller: Option<corelog_access::Caller>,
    ) -> BoxFuture<'static, Response<Answer>> {
        Box::pin(crate::own::serve(
            Arc::clone(&self.shared.own),
            parts,
            incoming,
            caller,
            Arc::clone(&self.shared),
        ))
    }
}

fn routing_of(
    config: Config,
    recorder: &Arc<dyn Recorder>,
    metrics: &Arc<Metrics>,
    tasks: &Tasks,
) -> Result<Routing, ConnectError> {
    let Config {
        providers,
        account_id,
        limits,
        capture,
        on_full,
        access,
    } = config;
    let mut open = Vec::with_capacity(providers.len());
    for provider in providers {
        let pool = Pool::new(provider.upstream.clone(), tasks.clone())?;
        open.push(Arc::new(Provider::new(provider, pool)));
    }
    let keeper = Arc::new(Keeper {
        recorder: Arc::clone(recorder),
        on_full,
        metrics: Arc::clone(metrics),
        tasks: tasks.clone(),
        drain_bytes_max: limits.drain_bytes_max,
        drain_timeout: limits.drain_timeout,
    });
    Ok(Routing {
        providers: open,
        account_id,
        limits,
        without_bodies: Arc::new(without_bodies(&capture)),
        capture,
        access,
        keeper,
    })
}

/// An answer of bytes.
pub(crate) fn plain(status: http::StatusCode, text: &'static str) -> Response<Answer> {
    let mut response = Response::new(Answer::Whole(Some(Bytes::from_static(text.as_bytes()))));
    *response.status_mut() = status;
    response
}
