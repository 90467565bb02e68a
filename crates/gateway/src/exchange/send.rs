//! The request on its way upstream: a connection, the target's form, tries on another connection.

use std::future::Future;
use std::sync::Arc;
use std::task::Poll;

use http::{Request, Response, Uri, Version};
use hyper::body::Incoming;

use super::Prepared;
use crate::body::{OverLimit, RequestBody};
use crate::inflight::{Abort, Entry};
use crate::keep::Keeper;
use crate::provider::Provider;
use crate::refusal::Refusal;
use crate::upstream::{ConnectError, Lease, SendError};

/// Tries on a fresh connection after pooled ones turned out to be closed.
const UNSENT_TRIES: usize = 8;

impl Prepared {
    /// Sends the request, on another connection while pooled ones turn out to be closed.
    pub(super) async fn send(&mut self) -> Result<(Response<Incoming>, Lease), Refusal> {
        let body = std::mem::replace(&mut self.body, RequestBody::Held(None));
        let mut request = Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.headers_mut() = std::mem::take(&mut self.headers);
        for _ in 0..UNSENT_TRIES {
            let mut lease = match self.lease().await {
                Ok(lease) => lease,
                Err(refusal) => {
                    self.read_unsent(request.body_mut()).await;
                    return Err(refusal);
                }
            };
            self.address(&mut request, &lease)?;
            let mut sent = lease.send(request);
            let listed = &self.listed;
            let outcome = std::future::poll_fn(|context| {
                if let Some(abort) = listed.poll_abort(context) {
                    return Poll::Ready(Err(abort));
                }
                sent.poll(&mut lease, context).map(Ok)
            })
            .await;
            match outcome {
                Err(abort) => {
                    if let Some(limit) = abort.limit() {
                        self.shared.limit_reached(limit);
                    }
                    return Err(refusal_of(abort));
                }
                Ok(Ok(answer)) => return Ok((answer, lease)),
                Ok(Err(SendError::Unsent(unsent))) => request = *unsent,
                Ok(Err(SendError::Broken(error))) => return Err(self.broken(&error)),
            }
        }
        self.read_unsent(request.body_mut()).await;
        Err(Refusal::Broken(
            "every connection was closed before the request was sent".to_owned(),
        ))
    }

    /// What was asked belongs into the record, even if nobody could be asked.
    async fn read_unsent(&mut self, body: &mut RequestBody) {
        if !self.asks_first() {
            body.read_for_record().await;
        }
    }

    fn lease(&self) -> impl Future<Output = Result<Lease, Refusal>> + Send + 'static {
        if self.provider.pool.is_exhausted() {
            self.shared.limit_reached("connections_per_upstream_max");
        }
        let to_leave = self.upgrade.is_some();
        let keeper = Arc::clone(&self.keeper);
        lend(
            Arc::clone(&self.provider),
            self.listed.entry(),
            keeper,
            to_leave,
        )
    }

    /// Writes the request's target in the form that the connection wants.
    fn address(&self, request: &mut Request<RequestBody>, lease: &Lease) -> Result<(), Refusal> {
        let path = &self.upstream_path;
        let target: Option<Uri> = if lease.is_http2() || lease.wants_absolute_uri() {
            self.provider.absolute(path)
        } else {
            path.parse().ok()
        };
        *request.uri_mut() = target.ok_or_else(|| {
            Refusal::BadRequest("the path cannot be asked for upstream".to_owned())
        })?;
        if lease.is_http2() {
            *request.version_mut() = Version::HTTP_2;
        } else {
            *request.version_mut() = Version::HTTP_11;
            let headers = request.headers_mut();
            headers.insert("host", self.provider.host.clone());
            if let Some(authorization) = lease.proxy_authorization() {
                headers.insert("proxy-authorization", authorization);
            }
        }
        Ok(())
    }

    /// Why a request broke off: it may have been the caller's body.
    fn broken(&self, error: &hyper::Error) -> Refusal {
        let mut cause = std::error::Error::source(error);
        while let Some(inner) = cause {
            if inner.is::<OverLimit>() {
                self.shared.limit_reached("body_bytes_max");
                return Refusal::BodyTooLarge(self.shared.routing().limits.body_bytes_max);
            }
            cause = inner.source();
        }
        if error.is_user() {
            // A body that ends before its end: its sender is gone.
            self.listed.hung_up();
            return Refusal::BadRequest("the request's body broke off".to_owned());
        }
        Refusal::Broken(corelog_telemetry::Chain(error).to_string())
    }
}

/// Lends a connection, unless the exchange is ended while it waits for one.
async fn lend(
    provider: Arc<Provider>,
    entry: Arc<Entry>,
    keeper: Arc<Keeper>,
    to_leave: bool,
) -> Result<Lease, Refusal> {
    let lease = async {
        if to_leave {
            provider.pool.lease_to_leave().await
        } else {
            provider.pool.lease().await
        }
    };
    tokio::pin!(lease);
    let outcome = std::future::poll_fn(|context| {
        if let Some(abort) = entry.poll_abort(context) {
            return Poll::Ready(Err(refusal_of(abort)));
        }
        lease.as_mut().poll(context).map(Ok)
    })
    .await?;
    outcome.map_err(|error| {
        if matches!(error, ConnectError::TimedOut { .. }) {
            keeper.note_limit("connect_timeout");
        }
        Refusal::Unreachable(corelog_telemetry::Chain(&error).to_string())
    })
}

fn refusal_of(abort: Abort) -> Refusal {
    match abort {
        Abort::FirstByteTimeout | Abort::IdleTimeout => Refusal::TimedOut("the first-byte timeout"),
        Abort::TotalTimeout => Refusal::TimedOut("the total timeout"),
        Abort::Killed => Refusal::Killed,
        Abort::Stopping => Refusal::Stopping,
    }
}
