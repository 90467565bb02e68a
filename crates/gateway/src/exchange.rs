//! The life of one exchange, phase by phase.
//!
//! ```text
//! admitted ─► prepared ─► intended ─► sent ─► answered ─► relayed ─► stored
//! ```
//! Until the intent is written, a caller that hangs up just ends it. From then on the exchange owns
//! itself: dropped by its caller's connection, it goes on in a task until its record is stored.

mod answer;
pub(crate) mod denied;
mod send;
mod source;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use corelog_access::Caller;
use corelog_capture::{Call, Capture};
use corelog_providers::{Route, route};
use corelog_record::CallerFacts;
use corelog_runtime::Tasks;
use corelog_types::{Dialect, RecordId};
use futures_util::future::BoxFuture;
use http::{HeaderMap, Method, Response, Uri, Version, header, request};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;

use self::answer::refused;
use self::denied::{Stranger, turn_away};
use self::source::{Source, choose, prove};
use crate::body::{self, Answer, RequestBody};
use crate::config::Limits;
use crate::front::{self, Found};
use crate::gateway::{Routing, Shared};
use crate::headers;
use crate::inflight::{About, Entry, Listed};
use crate::keep::{Keeper, Kept};
use crate::provider::Provider;
use crate::refusal::Refusal;
use crate::sign;
use crate::upgrade;

/// A call that was let in.
pub(crate) struct Arrival {
    pub(crate) parts: request::Parts,
    pub(crate) incoming: Incoming,
    pub(crate) caller: Caller,
    pub(crate) peer: Option<String>,
    pub(crate) began: Instant,
}

/// Serves one call to a model, from its head to its answer.
pub(crate) async fn serve(
    shared: &Arc<Shared>,
    routing: Arc<Routing>,
    arrival: Arrival,
) -> Response<Answer> {
    let path = path_of(&arrival.parts.uri).to_owned();
    let found = front::find(&routing.providers, &path);
    let (dialect, rest) = match found {
        Found::Provider(provider, rest) => (provider.dialect, rest),
        Found::Dialect(dialect, rest) => (dialect, rest),
        Found::Nowhere => {
            let mut arrival = arrival;
            body::drain(&mut arrival.incoming).await;
            let stranger = || front::dialect_of_stranger(&path, &arrival.parts.headers);
            let refusal = Refusal::NoRoute(format!("nothing is served at `{path}`"));
            shared.note_refusal(&refusal);
            return whole(refusal.answer(stranger(), None));
        }
    };
    let exchange = Prepared::new(shared, &routing, arrival, found, dialect, rest).await;
    match exchange {
        Err(refused) => whole(refused),
        Ok(prepared) => {
            let entry = prepared.listed.entry();
            let tasks = shared.tasks.clone();
            Owned {
                exchange: Some(Box::pin(prepared.run())),
                entry,
                tasks,
            }
            .await
        }
    }
}

/// An exchange that outlives whoever waits for it.
struct Owned {
    exchange: Option<BoxFuture<'static, Response<Answer>>>,
    entry: Arc<Entry>,
    tasks: Tasks,
}

impl Future for Owned {
    type Output = Response<Answer>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(exchange) = &mut self.exchange else {
            return Poll::Pending;
        };
        let answer = std::task::ready!(exchange.as_mut().poll(context));
        self.exchange = None;
        Poll::Ready(answer)
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if let Some(exchange) = self.exchange.take() {
            self.entry.hung_up();
            // The answer's body, dropped at once, drains the rest on its own.
            self.tasks
                .spawn("abandoned exchange", async move { drop(exchange.await) });
        }
    }
}

/// An exchange before anything is sent.
struct Prepared {
    shared: Arc<Shared>,
    keeper: Arc<Keeper>,
    provider: Arc<Provider>,
    capture: Capture,
    listed: Listed,
    method: Method,
    upstream_path: String,
    headers: HeaderMap,
    body: RequestBody,
    /// The caller's side, where it asks to change the protocol.
    upgrade: Option<OnUpgrade>,
    began: Instant,
}

impl Prepared {
    async fn new(
        shared: &Arc<Shared>,
        routing: &Arc<Routing>,
        arrival: Arrival,
        found: Found<'_>,
        dialect: Dialect,
        rest: &str,
    ) -> Result<Self, Response<Bytes>> {
        let arrived = shared.clock.now();
        let id = corelog_runtime::record_id(arrived);
        let Arrival {
            mut parts,
            incoming,
            caller,
            peer,
            began,
        } = arrival;
        let upgrade = upgrade::take(&mut parts);
        let refuse = |refusal: &Refusal| refusal.answer(dialect, None);

        let most = routing.limits.body_bytes_max;
        let announced = incoming.size_hint().lower();
        let (path, query) = split_query(rest);
        let route = route(dialect, parts.method.as_str(), path, query);
        let asked = (&parts, &caller, &route);
        let (provider, source) = match accept(shared, routing, asked, found, incoming, id).await {
            Ok(accepted) => accepted,
            Err(refusal) => {
                let stranger = Stranger::new(&parts, caller, peer, began);
                return Err(turn_away(shared, routing, stranger, &refusal).await);
            }
        };
        let upstream_path = provider.upstream_path(rest);
        let call = Call {
            id,
            arrived,
            provider: Arc::clone(&provider.name),
            dialect,
            account_id: Arc::clone(&routing.account_id),
            region: Arc::clone(&provider.region),
            upstream: provider.shown(&upstream_path),
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            http_version: version_name(parts.version),
            identity_arn: caller.arn(&routing.account_id),
            caller: CallerFacts {
                name: caller.name.clone(),
                key_fingerprint: caller.fingerprint.as_ref().map(|f| f.as_str().to_owned()),
                address: peer,
            },
            headers: parts.headers,
            route,
        };
        let about = about(&call);
        let keeper = Arc::clone(&routing.keeper);
        let recorder = Arc::clone(&keeper.recorder);
        let mut capture = Capture::begin(call, Arc::clone(&routing.capture), recorder);
        let listed = match enter(shared, &routing.limits, &provider, about, id, announced) {
            Ok(listed) => listed,
            Err(refusal) => {
                source.drain().await;
                return Err(refused(&keeper, capture, &refusal, began, None).await);
            }
        };
        let came = &capture.call().headers;
        let headers = headers_to_send(came, upgrade.is_some(), caller.spent);
        let passed = listed.request_bytes();
        listed.asks_in(&capture.request_copy());
        let needs_all = sign::needs_body(&provider);
        let body = source
            .into_body(&mut capture, most, needs_all, passed)
            .await;
        let mut prepared = Self {
            shared: Arc::clone(shared),
            keeper,
            provider,
            capture,
            listed,
            method: parts.method,
            upstream_path,
            headers,
            body: RequestBody::Held(None),
            upgrade,
            began,
        };
        match body {
            Ok(body) => prepared.body = body,
            Err(refusal) => {
                shared.note_too_large(&refusal);
                return Err(prepared.refuse(&refusal).await);
            }
        }
        if let Err(refusal) = prepared.authorise() {
            return Err(prepared.refuse(&refusal).await);
        }
        if let Err(refusal) = prepared.intend() {
            shared.note_refusal(&refusal);
            prepared.drain().await;
            return Err(refuse(&refusal));
        }
        Ok(prepared)
    }

    /// Writes the intent, or applies the policy for a disk that takes none.
    fn intend(&mut self) -> Result<(), Refusal> {
        if !self.capture.is_wanted() {
            return Ok(());
        }
        let recorder = &self.keeper.recorder;
        let written = recorder
            .admit()
            .and_then(|()| recorder.intent(self.capture.id(), &self.capture.intent()));
        let Err(error) = written else { return Ok(()) };
        match self.keeper.without_record(self.capture.id(), &error) {
            Kept::Refused(why) => {
                self.keeper.note_policy(true);
                Err(Refusal::NotRecorded(why))
            }
            Kept::Yes | Kept::Lost => {
                self.keeper.note_policy(false);
                self.capture.forgo();
                Ok(())
            }
        }
    }

    /// Reads what is left of a refused request. Someone who asks before sending is answered instead.
    async fn drain(&mut self) {
        if self.asks_first() {
            return;
        }
        if let RequestBody::Passing { incoming, .. } = &mut self.body {
            body::drain(incoming).await;
        }
    }

    fn asks_first(&self) -> bool {
        self.capture.call().headers.contains_key(header::EXPECT)
    }

    /// Puts the provider's credentials on the request.
    fn authorise(&mut self) -> Result<(), Refusal> {
        sign::put_key(&self.provider, &mut self.headers);
        if !sign::needs_body(&self.provider) {
            return Ok(());
        }
        let copy = self.capture.request_copy();
        let hash = copy
            .lock()
            .reader()
            .and_then(|mut reader| sign::hash_of(&mut reader))
            .map_err(|error| Refusal::NotRecorded(error.to_string()))?;
        sign::sign(
            &self.provider,
            self.method.as_str(),
            &self.upstream_path,
            &mut self.headers,
            &hash,
            &self.shared.clock,
        );
        Ok(())
    }

    /// Answers in the gateway's own name, once that is recorded.
    async fn refuse(self, refusal: &Refusal) -> Response<Bytes> {
        let gone = self.listed.hung_up_after();
        refused(&self.keeper, self.capture, refusal, self.began, gone).await
    }
}

/// Finds out whether the caller is who it says, and its provider, reading the body where only that tells.
async fn accept(
    shared: &Shared,
    routing: &Arc<Routing>,
    (parts, caller, route): (&request::Parts, &Caller, &Route),
    found: Found<'_>,
    incoming: Incoming,
    id: RecordId,
) -> Result<(Arc<Provider>, Source), Refusal> {
    let mut source = Source::Passing(incoming);
    if let Some(key) = &caller.unproven {
        source = prove(routing, key, parts, source, (id, &shared.clock)).await?;
    }
    match found {
        Found::Provider(provider, _) => Ok((Arc::clone(provider), source)),
        _ => choose(routing, route, source, id).await,
    }
}

/// What goes upstream of the headers that came, credentials of ours aside.
fn headers_to_send(came: &HeaderMap, is_upgrade: bool, is_key_ours: bool) -> HeaderMap {
    let mut headers = headers::upstream(came);
    if is_upgrade {
        upgrade::keep(came, &mut headers);
    }
    if is_key_ours {
        sign::strip(&mut headers);
    }
    headers
}

/// What a list of exchanges says about this one.
fn about(call: &Call) -> About {
    let caller = call.caller.name.as_ref().unwrap_or(&call.identity_arn);
    About {
        provider: Arc::clone(&call.provider),
        dialect: call.dialect,
        operation: call.route.operation,
        model: call.route.model.clone(),
        caller: caller.clone(),
    }
}

/// Lists the exchange, within the limits that are known before its body is read.
fn enter(
    shared: &Shared,
    limits: &Limits,
    provider: &Provider,
    about: About,
    id: RecordId,
    announced: u64,
) -> Result<Listed, Refusal> {
    let (first_byte, total) = (provider.first_byte_timeout, provider.total_timeout);
    let listed = shared
        .inflight
        .enter(id, about, first_byte, total, limits.exchanges_max);
    let Some(listed) = listed else {
        shared.limit_reached("exchanges_max");
        return Err(Refusal::TooMany);
    };
    if announced > limits.body_bytes_max {
        shared.limit_reached("body_bytes_max");
        return Err(Refusal::BodyTooLarge(limits.body_bytes_max));
    }
    Ok(listed)
}

pub(crate) fn whole(answer: Response<Bytes>) -> Response<Answer> {
    answer.map(|bytes| Answer::Whole((!bytes.is_empty()).then_some(bytes)))
}

fn path_of(uri: &Uri) -> &str {
    uri.path_and_query().map_or("/", |path| path.as_str())
}

fn split_query(path: &str) -> (&str, Option<&str>) {
    path.split_once('?')
        .map_or((path, None), |(path, query)| (path, Some(query)))
}

fn version_name(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2",
        _ => "HTTP/1.1",
    }
}
