//! Which operation a request asks for, and what the operations need to do it.

use std::sync::Arc;

use bytes::Bytes;
use corelog_access::Caller;
use corelog_catalog::Catalog;
use corelog_runtime::Clock;
use corelog_spool::Spool;
use http::{HeaderValue, Method, Request, Response};
use tokio::sync::{Mutex, MutexGuard};

use crate::admin::{self, Exchanges, Problem, Status};
use crate::logging::{self, Destinations, Refusal};
use crate::{Action, Authorise, Body};

/// Whether a request to that path is for [`Api::serve`] rather than for a provider.
pub fn owns(path: &str) -> bool {
    path == logging::PATH || path.starts_with(admin::PREFIX)
}

/// What the operations need.
#[derive(Debug, Clone)]
pub struct Ports {
    /// Control-plane state.
    pub catalog: Arc<dyn Catalog>,
    /// The destination of the control API.
    pub destinations: Arc<dyn Destinations>,
    /// Where records are.
    pub spool: Spool,
    /// The calls in flight.
    pub exchanges: Arc<dyn Exchanges>,
    /// How everything is.
    pub status: Arc<dyn Status>,
    /// Who may do what.
    pub access: Arc<dyn Authorise>,
    /// Time, for request ids.
    pub clock: Clock,
}

/// The operations behind one cheap handle.
#[derive(Debug, Clone)]
pub struct Api(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    ports: Ports,
    /// One change of the logging configuration at a time: it spans buckets, catalog and destination.
    changing_logging: Mutex<()>,
}

impl Api {
    /// Takes the ports.
    pub fn new(ports: Ports) -> Self {
        Self(Arc::new(Inner {
            ports,
            changing_logging: Mutex::new(()),
        }))
    }

    /// Serves a request that [`owns`] claimed, for a caller who was let in.
    ///
    /// Dropping the future may leave a change half way; the next change or restart completes it.
    pub async fn serve(&self, request: &Request<Bytes>, caller: &Caller) -> Response<Body> {
        let path = request.uri().path();
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
            (&Method::GET, ["exchanges"]) => admin::list(self, caller),
            (&Method::DELETE, ["exchanges", id]) => admin::kill(self, id, caller),
            (&Method::GET, ["status"]) => admin::status(self, caller),
            (method, _) => Err(Problem::no_such_operation(method, path)),
        }
    }

    pub(crate) fn may(&self, caller: &Caller, action: Action) -> Result<(), Refusal> {
        self.0.ports.access.authorise(caller, action).map_err(|_| {
            Refusal::AccessDenied(format!(
                "You are not authorized to perform: {}",
                action.as_str()
            ))
        })
    }

    pub(crate) fn may_admin(&self, caller: &Caller, action: Action) -> Result<(), Problem> {
        let answer = self.0.ports.access.authorise(caller, action);
        answer.map_err(|_| Problem::denied())
    }

    /// Runs something on the catalog where blocking is allowed.
    pub(crate) async fn on_catalog<T: Send + 'static>(
        &self,
        act: impl FnOnce(&dyn Catalog) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let catalog = Arc::clone(&self.0.ports.catalog);
        tokio::task::spawn_blocking(move || act(&*catalog))
            .await
            .map_err(|error| Refusal::internal(&error))
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

    pub(crate) fn exchanges(&self) -> &dyn Exchanges {
        &*self.0.ports.exchanges
    }

    pub(crate) fn status(&self) -> &dyn Status {
        &*self.0.ports.status
    }
}
