//! Which operation a request asks for, and what the operations need to do it.

use std::sync::Arc;

use bytes::Bytes;
use corelog_access::{Caller, TurnedAway};
use corelog_catalog::Catalog;
use corelog_metrics::SqliteMetrics;
use corelog_runtime::{Clock, Shutdown};
use corelog_spool::Spool;
use corelog_tail::Tails;
use corelog_types::LogGroupName;
use corelog_watch::Watch;
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response};
use tokio::sync::{Mutex, MutexGuard};

use crate::admin::{self, Exchanges, Notifiers, Problem, Status};
use crate::aws::{self, Account, Rate, Rates};
use crate::logging::{self, Destinations, Refusal};
use crate::logs::{Events, Exports, Queries, Subscriptions};
use crate::otlp::{self, Keeps, Otlp};
use crate::{Action, Authorise, Body, Denied};

/// Whether a request is for [`Api::serve`] rather than for a provider, as its head says.
pub fn owns(head: &Parts) -> bool {
    let path = head.uri.path();
    path == logging::PATH
        || path.starts_with(admin::PREFIX)
        || otlp::owns(path)
        || aws::is_aws(head)
}

/// Most requests are small. A batch of log events is a megabyte of text, and each of its characters may come as an escape
/// of six.
const BODY_BYTES_MAX: usize = 8 << 20;
/// A lookup table is ten megabytes of text, and each of its characters may come as an escape; few are control characters.
const TABLE_BODY_BYTES_MAX: usize = 32 << 20;

/// How large the body of a request for [`Api::serve`] may be, as its head says.
pub fn body_bytes_max(head: &Parts) -> usize {
    let target = head.headers.get("x-amz-target");
    let has_table = target.is_some_and(|target| target.as_bytes().ends_with(b"LookupTable"));
    if has_table {
        TABLE_BODY_BYTES_MAX
    } else {
        BODY_BYTES_MAX
    }
}

/// What the operations need.
#[derive(Debug, Clone)]
pub struct Ports {
    /// Control-plane state.
    pub catalog: Arc<dyn Catalog>,
    /// Metrics, where they are kept.
    pub metrics: Option<SqliteMetrics>,
    /// The destination of the control API.
    pub destinations: Arc<dyn Destinations>,
    /// Where records are.
    pub spool: Spool,
    /// The calls in flight.
    pub exchanges: Arc<dyn Exchanges>,
    /// Who hears of alarms.
    pub notifiers: Arc<dyn Notifiers>,
    /// How everything is.
    pub status: Arc<dyn Status>,
    /// The events of log groups.
    pub events: Arc<dyn Events>,
    /// New events as they come.
    pub tails: Tails,
    /// The alarms of the account.
    pub watch: Watch,
    /// Where exports of them run.
    pub exports: Arc<dyn Exports>,
    /// Who gets them through subscription filters.
    pub subscriptions: Arc<dyn Subscriptions>,
    /// Questions about them.
    pub queries: Queries,
    /// The log group of every record: what questions are about on our own paths, where they name none.
    pub records: LogGroupName,
    /// What is kept of calls that are reported.
    pub keeps: Arc<dyn Keeps>,
    /// Whose account this is.
    pub account: Account,
    /// Who may do what.
    pub access: Arc<dyn Authorise>,
    /// Time, for request ids.
    pub clock: Clock,
    /// Requested when the process is about to stop: answers without an end of their own end then.
    pub stopping: Shutdown,
}

/// The operations behind one cheap handle.
#[derive(Debug, Clone)]
pub struct Api(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    ports: Ports,
    /// One change of the logging configuration at a time: it spans buckets, catalog and destination.
    changing_logging: Mutex<()>,
    rates: Rates,
    otlp: Otlp,
}

/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>
const TAIL_STARTS_PER_SECOND: u32 = 5;

impl Api {
    /// Takes the ports.
    pub fn new(ports: Ports) -> Self {
        let rates = Rates {
            query_starts: Rate::new(ports.queries.limits().starts_per_second),
            tail_starts: Rate::new(TAIL_STARTS_PER_SECOND),
        };
        let began = ports.clock.now();
        Self(Arc::new(Inner {
            ports,
            changing_logging: Mutex::new(()),
            rates,
            otlp: Otlp::since(began),
        }))
    }

    /// Serves a request that [`owns`] claimed, for a caller who was let in.
    ///
    /// Dropping the future may leave a change half way; the next change or restart completes it.
    pub async fn serve(&self, request: &Request<Bytes>, caller: &Caller) -> Response<Body> {
        if let Some(response) = aws::serve(self, request, caller).await {
            return response;
        }
        let path = request.uri().path();
        if otlp::owns(path) {
            return otlp::serve(self, request, caller).await;
        }
        if path != logging::PATH {
            let outcome = self.admin(request, path, caller).await;
            return outcome.unwrap_or_else(|problem| problem.render());
        }
        let outcome = match *request.method() {
            Method::PUT => logging::put(self, request, caller).await,
            Method::GET => logging::get(self, caller).await,
            Method::DELETE => logging::delete(self, caller).await,
            _ => Err(Refusal::NoSuchOperation),
        };
        let mut response = outcome.unwrap_or_else(Refusal::render);
        let id = corelog_runtime::record_id(self.0.ports.clock.now()).to_string();
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert("x-amzn-requestid", id);
        }
        response
    }

    /// The answer to a request that is turned away at the door, if it is of a protocol with words of its own.
    pub fn turn_away(&self, head: &Parts, why: TurnedAway) -> Option<Response<Body>> {
        aws::turn_away(self, head, why).or_else(|| otlp::turn_away(head, why))
    }

    /// Knows of new records, so that a call which is reported as well is not recorded again; runs until `shutdown`,
    /// which comes once no request is served any more.
    pub async fn follow(&self, shutdown: Shutdown) {
        otlp::follow(self, shutdown).await;
    }

    async fn admin(
        &self,
        request: &Request<Bytes>,
        path: &str,
        caller: &Caller,
    ) -> Result<Response<Body>, Problem> {
        let rest = path.strip_prefix(admin::PREFIX).unwrap_or("");
        let parts: Vec<&str> = rest.split('/').collect();
        match (request.method(), parts.as_slice()) {
            (&Method::GET, ["records"]) => {
                let query = request.uri().query().unwrap_or("");
                admin::records(self, query, caller)
            }
            (&Method::GET, ["records", id]) => admin::record(self, id, caller).await,
            (&Method::GET, ["records", id, name]) => admin::part(self, id, name, caller).await,
            (&Method::GET, ["events"]) => {
                let query = request.uri().query().unwrap_or("");
                admin::events(self, query, caller).await
            }
            (&Method::GET, ["exchanges"]) => admin::list(self, caller).await,
            (&Method::DELETE, ["exchanges", id]) => admin::kill(self, id, caller),
            (&Method::GET, ["streams"]) => admin::streams(self, caller),
            (&Method::GET, ["anomalies"]) => {
                let query = request.uri().query().unwrap_or("");
                admin::anomalies(self, query, caller).await
            }
            (&Method::GET, ["anomalies", id]) => admin::anomaly(self, id, caller).await,
            (&Method::GET, ["notifiers"]) => admin::notifiers(self, caller),
            (&Method::POST, ["notifiers", name, "test"]) => {
                admin::test_notifier(self, name, caller).await
            }
            (&Method::GET, ["status"]) => admin::status(self, caller),
            (&Method::POST, ["queries", "check"]) => {
                admin::check_query(self, request.body(), caller).await
            }
            (&Method::POST, ["queries", "explain"]) => {
                admin::explain_query(self, request.body(), caller).await
            }
            (&Method::POST, ["queries", "estimate"]) => {
                admin::estimate_query(self, request.body(), caller).await
            }
            (&Method::GET, ["queries", id]) => admin::query(self, id, caller),
            (method, _) => Err(Problem::no_such_operation(method, path)),
        }
    }

    pub(crate) fn may(&self, caller: &Caller, action: Action) -> Result<(), Refusal> {
        self.authorise(caller, action, "*").map_err(|_| {
            Refusal::AccessDenied(format!("You are not authorized to perform: {action}"))
        })
    }

    pub(crate) fn may_admin(&self, caller: &Caller, action: Action) -> Result<(), Problem> {
        let answer = self.authorise(caller, action, "*");
        answer.map_err(|_| Problem::denied())
    }

    #[cfg(test)]
    pub(crate) fn ports(&self) -> &Ports {
        &self.0.ports
    }

    pub(crate) fn authorise(
        &self,
        caller: &Caller,
        action: Action,
        resource: &str,
    ) -> Result<(), Denied> {
        self.0.ports.access.authorise(caller, action, resource)
    }

    pub(crate) fn otlp(&self) -> &Otlp {
        &self.0.otlp
    }

    pub(crate) fn keeps(&self) -> &dyn Keeps {
        &*self.0.ports.keeps
    }

    pub(crate) fn catalog(&self) -> &dyn Catalog {
        &*self.0.ports.catalog
    }

    pub(crate) fn metrics(&self) -> Option<&SqliteMetrics> {
        self.0.ports.metrics.as_ref()
    }

    pub(crate) fn notifiers(&self) -> &dyn Notifiers {
        &*self.0.ports.notifiers
    }

    pub(crate) fn events(&self) -> &dyn Events {
        &*self.0.ports.events
    }

    pub(crate) fn tails(&self) -> &Tails {
        &self.0.ports.tails
    }

    pub(crate) fn watch(&self) -> &Watch {
        &self.0.ports.watch
    }

    pub(crate) fn exports(&self) -> &dyn Exports {
        &*self.0.ports.exports
    }

    pub(crate) fn subscriptions(&self) -> &dyn Subscriptions {
        &*self.0.ports.subscriptions
    }

    pub(crate) fn queries(&self) -> &Queries {
        &self.0.ports.queries
    }

    pub(crate) fn rates(&self) -> &Rates {
        &self.0.rates
    }

    pub(crate) fn records(&self) -> &LogGroupName {
        &self.0.ports.records
    }

    pub(crate) fn account(&self) -> &Account {
        &self.0.ports.account
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.ports.clock
    }

    pub(crate) async fn changing_logging(&self) -> MutexGuard<'_, ()> {
        self.0.changing_logging.lock().await
    }

    pub(crate) fn destinations(&self) -> &dyn Destinations {
        &*self.0.ports.destinations
    }

    pub(crate) fn spool(&self) -> &Spool {
        &self.0.ports.spool
    }

    pub(crate) fn exchanges(&self) -> Arc<dyn Exchanges> {
        Arc::clone(&self.0.ports.exchanges)
    }

    pub(crate) fn stopping(&self) -> &Shutdown {
        &self.0.ports.stopping
    }

    pub(crate) fn status(&self) -> &dyn Status {
        &*self.0.ports.status
    }
}
