//! An operation, and the one way in which all of them are performed.

use corelog_access::Caller;
use corelog_types::{RecordId, Timestamp};
use corelog_wire::model::{Value, Violation};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Account, Fault, Kind, Rates};
use crate::{Action, Api};

/// Whether an operation changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It does not.
    Reads,
    /// It does, so it is noted who asked and what came of it.
    Changes,
    /// It takes events in, which is what the service is for: too often to note each.
    TakesIn,
    /// It begins or ends work that no restart outlives: noted for those who look closely.
    Runs,
}

/// An operation of a service. The shapes are the service's, and were checked before the operation sees them.
pub(crate) trait Operation {
    /// Its name in the model, on the wire and in policies.
    const NAME: &'static str;
    /// Whether it changes anything.
    const EFFECT: Effect;
    /// Its request.
    type Input: DeserializeOwned + Send;
    /// Its answer; `()` if it has none.
    type Output: Serialize + Send;

    /// Whether something that the model asks of a request is not asked for here.
    fn forgives(_document: &Value, _violation: &Violation) -> bool {
        false
    }

    /// What the answer's head says beside its document.
    fn header(_output: &Self::Output) -> Option<Header> {
        None
    }

    /// What the request is about: the ARN that a policy would name.
    fn on(input: &Self::Input, cx: &Context<'_>) -> Result<String, Fault>;

    /// Does it. The caller may.
    fn run(
        input: Self::Input,
        cx: &Context<'_>,
    ) -> impl Future<Output = Result<Self::Output, Fault>> + Send;
}

/// An operation whose answer is a stream of events: it is begun, and goes on without its caller asking again. It
/// changes nothing.
pub(crate) trait Streaming {
    /// Its name in the model, on the wire and in policies.
    const NAME: &'static str;
    /// Its request.
    type Input: DeserializeOwned + Send;

    /// What the request is about: the ARNs that a policy would name, all of which the caller needs.
    fn on(input: &Self::Input, cx: &Context<'_>) -> Result<Vec<String>, Fault>;

    /// Begins it. The caller may. A fault from here is an ordinary answer; one in the stream is its end.
    fn begin(
        input: Self::Input,
        cx: &Context<'_>,
    ) -> impl Future<Output = Result<EventStream, Fault>> + Send;
}

/// The events of a stream. Dropping it ends whatever makes them.
pub(crate) type EventStream = BoxStream<'static, Result<StreamEvent, Fault>>;

/// An event of a stream.
#[derive(Debug)]
pub(crate) struct StreamEvent {
    /// The member of the stream's shape that it is.
    pub(crate) name: &'static str,
    /// What it says.
    pub(crate) document: Value,
}

impl StreamEvent {
    pub(crate) fn new(name: &'static str, event: &impl Serialize) -> Result<Self, Fault> {
        let document = serde_json::to_value(event).map_err(|error| Fault::internal(&error))?;
        Ok(Self { name, document })
    }
}

/// The name of a header in small letters, and what it says.
pub(crate) type Header = (&'static str, &'static str);

/// What an operation gives.
pub(crate) enum Given {
    /// All of its answer.
    Document(Value, Option<Header>),
    /// The events of it.
    Events(EventStream),
}

/// What an operation has beside its request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(super) api: &'a Api,
    pub(super) caller: &'a Caller,
    pub(super) request_id: RecordId,
}

impl<'a> Context<'a> {
    pub(crate) fn new(api: &'a Api, caller: &'a Caller) -> Self {
        Self {
            api,
            caller,
            request_id: corelog_runtime::record_id(api.clock().now()),
        }
    }

    pub(crate) fn queries(&self) -> &'a crate::logs::Queries {
        self.api.queries()
    }

    pub(crate) fn rates(&self) -> &'a Rates {
        self.api.rates()
    }

    pub(crate) fn caller(&self) -> &'a Caller {
        self.caller
    }

    pub(crate) fn catalog(&self) -> &'a dyn corelog_catalog::Catalog {
        self.api.catalog()
    }

    pub(crate) fn watch(&self) -> &'a corelog_watch::Watch {
        self.api.watch()
    }

    /// Metrics, unless the configuration wants none.
    pub(crate) fn metrics(&self) -> Result<&'a corelog_metrics::SqliteMetrics, Fault> {
        self.api.metrics().ok_or_else(|| {
            let text = "Corelog is configured to keep no metrics: `metrics.enabled` is false.";
            Fault::new(Kind::Validation, text)
        })
    }

    pub(crate) fn events(&self) -> &'a dyn crate::logs::Events {
        self.api.events()
    }

    pub(crate) fn tails(&self) -> &'a corelog_tail::Tails {
        self.api.tails()
    }

    pub(crate) fn spool(&self) -> &'a corelog_spool::Spool {
        self.api.spool()
    }

    pub(crate) fn exports(&self) -> &'a dyn crate::logs::Exports {
        self.api.exports()
    }

    pub(crate) fn subscriptions(&self) -> &'a dyn crate::logs::Subscriptions {
        self.api.subscriptions()
    }

    pub(crate) fn account(&self) -> &'a Account {
        self.api.account()
    }

    /// What the answer's head calls this request.
    pub(crate) fn request_id(&self) -> RecordId {
        self.request_id
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.api.clock().now()
    }

    pub(crate) fn may(&self, action: Action, on: &str) -> Result<(), Fault> {
        let answer = self.api.authorise(self.caller, action, on);
        answer.map_err(|_| {
            let who = self.caller.arn(&self.account().id);
            Fault::access_denied(format!(
                "User: {who} is not authorized to perform: {action} on resource: {on}"
            ))
        })
    }
}

/// An operation in a service's table.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    /// Read by the test that walks the table.
    #[cfg_attr(not(test), expect(dead_code, reason = "tests walk the table"))]
    pub(crate) effect: Effect,
    action: Action,
    /// Whether something that the model asks of a request is not asked for here.
    pub(super) forgives: fn(&Value, &Violation) -> bool,
    perform: for<'a> fn(Value, Action, &'a Context<'a>) -> BoxFuture<'a, Result<Given, Fault>>,
}

impl Entry {
    /// Performs the operation on a request that was checked against the model.
    pub(super) fn perform<'a>(
        &self,
        document: Value,
        cx: &'a Context<'a>,
    ) -> BoxFuture<'a, Result<Given, Fault>> {
        (self.perform)(document, self.action, cx)
    }
}

/// The table's entry of an operation of `CloudWatch Logs`.
pub(crate) const fn entry<O: Operation + 'static>() -> Entry {
    entry_of::<O>(Action::Logs(O::NAME))
}

/// The table's entry of an operation, which policies call `action`.
pub(crate) const fn entry_of<O: Operation + 'static>(action: Action) -> Entry {
    Entry {
        name: O::NAME,
        effect: O::EFFECT,
        action,
        forgives: O::forgives,
        perform: |document, action, cx| Box::pin(perform::<O>(document, action, cx)),
    }
}

/// The table's entry of an operation that streams.
pub(crate) const fn streaming<O: Streaming + 'static>() -> Entry {
    Entry {
        name: O::NAME,
        effect: Effect::Reads,
        action: Action::Logs(O::NAME),
        forgives: |_, _| false,
        perform: |document, action, cx| Box::pin(begin::<O>(document, action, cx)),
    }
}

/// Performs an operation whose request was checked against the model.
async fn perform<O: Operation>(
    document: Value,
    action: Action,
    cx: &Context<'_>,
) -> Result<Given, Fault> {
    let input = serde_json::from_value(document).map_err(|error| Fault::internal(&error))?;
    let on = O::on(&input, cx)?;
    let outcome = match cx.may(action, &on) {
        Ok(()) => O::run(input, cx).await,
        Err(denied) => Err(denied),
    };
    note(O::EFFECT, (cx.caller, action, &on), outcome.as_ref().err());
    let output = outcome?;
    let document = serde_json::to_value(&output).map_err(|error| Fault::internal(&error))?;
    Ok(Given::Document(document, O::header(&output)))
}

/// Begins an operation whose request was checked against the model.
async fn begin<O: Streaming>(
    document: Value,
    action: Action,
    cx: &Context<'_>,
) -> Result<Given, Fault> {
    let input = serde_json::from_value(document).map_err(|error| Fault::internal(&error))?;
    for on in O::on(&input, cx)? {
        cx.may(action, &on)?;
    }
    O::begin(input, cx).await.map(Given::Events)
}

/// Says who asked for what, and what came of it, where that is worth a line.
fn note(effect: Effect, (caller, action, on): (&Caller, Action, &str), fault: Option<&Fault>) {
    let caller = caller.name.as_deref().unwrap_or("anonymous");
    let outcome = fault.map_or("done", Fault::code);
    match effect {
        Effect::Changes => {
            tracing::info!(%action, resource = on, caller, outcome, "a change was asked for");
        }
        Effect::Runs => {
            tracing::debug!(%action, resource = on, caller, outcome, "work was asked for");
        }
        Effect::Reads | Effect::TakesIn => {}
    }
}
