//! Who hears of alarms: the catalog's notices, given to the notifiers of the configuration.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;
use corelog_api::admin::{NotifierReport, Notifiers as ApiNotifiers};
use corelog_catalog::{Catalog, Error, PendingNotice, Says, SettledNotice};
use corelog_cli::settings::{self, NotifierKind, Settings};
use corelog_notify::{
    Dispatcher, Due, Handle, Notifier, Notifiers, Outbox, OutboxError, Ports, Recipient, Settled,
    Subject,
};
use corelog_runtime::Shutdown;
use corelog_telemetry::Chain;
use corelog_types::Timestamp;
use tokio::task::JoinHandle;

use crate::configure;

/// The dispatcher of notices, which runs.
pub(crate) struct Notifying {
    handle: Handle,
    shutdown: Shutdown,
    task: JoinHandle<()>,
}

impl fmt::Debug for Notifying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notifying").finish_non_exhaustive()
    }
}

impl Notifying {
    /// Begins to send what waits and what comes.
    pub(crate) async fn start(
        settings: &Settings,
        catalog: Arc<dyn Catalog>,
        ports: Ports,
    ) -> anyhow::Result<Self> {
        let outbox = CatalogOutbox { catalog };
        outbox.drop_unreadable().await?;
        let account = configure::alarms_account(settings);
        let (handle, dispatcher) = Dispatcher::new(outbox, account, open(settings)?, ports);
        let shutdown = Shutdown::new();
        let tasks = corelog_runtime::Tasks::new();
        let task = tasks.spawn("notifications", dispatcher.run(shutdown.child()));
        Ok(Self {
            handle,
            shutdown,
            task,
        })
    }

    /// For whoever has something to do with it.
    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// The notifiers, for the API.
    pub(crate) fn told(&self) -> Told {
        Told(self.handle.clone())
    }

    /// Begins nothing more, and waits a few seconds for what is under way.
    pub(crate) async fn shut_down(self) {
        self.shutdown.request();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the dispatcher of notifications failed");
        }
    }
}

/// The names of those that hear of the events of all alarms, for whoever makes the notices.
pub(crate) fn listeners(settings: &Settings) -> Vec<String> {
    let is_listener = |it: &&settings::Notifier| it.kind == NotifierKind::EventBridge;
    let listeners = settings.notifiers.iter().filter(is_listener);
    listeners
        .map(|notifier| notifier.name.as_str().to_owned())
        .collect()
}

/// Prepares for those that the configuration names; nothing is asked of them.
pub(crate) fn open(settings: &Settings) -> anyhow::Result<Notifiers> {
    let mut opened = Vec::with_capacity(settings.notifiers.len());
    for notifier in &settings.notifiers {
        let name = notifier.name.as_str();
        let opening = || anyhow::Ok(Notifier::open(&configure::notifier(notifier, settings)?)?);
        opened.push(opening().with_context(|| format!("notifier `{name}` cannot be used"))?);
    }
    Ok(Notifiers::new(opened))
}

/// The catalog's notices as an outbox.
struct CatalogOutbox {
    catalog: Arc<dyn Catalog>,
}

impl CatalogOutbox {
    /// Settles what this version cannot read: what waits behind it would wait for ever.
    async fn drop_unreadable(&self) -> anyhow::Result<()> {
        loop {
            let ids = self.catalog.unreadable_notices().await?;
            if ids.is_empty() {
                return Ok(());
            }
            tracing::error!(ids = %ids.join(","), "notifications of another version cannot be read and are dropped");
            let settled = |id| SettledNotice { id, history: None };
            let settled: Vec<SettledNotice> = ids.into_iter().map(settled).collect();
            self.catalog.settle_notices(&settled).await?;
        }
    }
}

fn failed(attempt: &'static str) -> impl FnOnce(Error) -> OutboxError {
    move |error| OutboxError {
        attempt,
        source: Box::new(error),
    }
}

#[async_trait]
impl Outbox for CatalogOutbox {
    async fn due(
        &self,
        now: Timestamp,
        except: &BTreeSet<Recipient>,
        limit: u32,
    ) -> Result<Vec<Due>, OutboxError> {
        let except = except.iter().map(kept).collect();
        let due = self
            .catalog
            .due_notices_for_others(now, &except, limit)
            .await;
        let due = due.map_err(failed("say what is due"))?;
        Ok(due.into_iter().map(due_of).collect())
    }

    async fn put_off(
        &self,
        ids: &[String],
        until: Timestamp,
        error: &str,
    ) -> Result<(), OutboxError> {
        let done = self.catalog.put_notices_off(ids, until, error).await;
        done.map_err(failed("put notices off"))
    }

    async fn settle(&self, settled: &[Settled]) -> Result<(), OutboxError> {
        let kept = |one: &Settled| SettledNotice {
            id: one.id.clone(),
            history: one.history.clone(),
        };
        let settled: Vec<SettledNotice> = settled.iter().map(kept).collect();
        let done = self.catalog.settle_notices(&settled).await;
        done.map_err(failed("settle notices"))
    }
}

fn kept(recipient: &Recipient) -> corelog_catalog::Recipient {
    match recipient {
        Recipient::Action(action) => corelog_catalog::Recipient::Action(action.clone()),
        Recipient::Listener(name) => corelog_catalog::Recipient::Listener(name.clone()),
    }
}

fn due_of(pending: PendingNotice) -> Due {
    let notice = pending.notice;
    Due {
        id: notice.id,
        recipient: match notice.recipient {
            corelog_catalog::Recipient::Action(action) => Recipient::Action(action),
            corelog_catalog::Recipient::Listener(name) => Recipient::Listener(name),
        },
        made: notice.made,
        subject: match notice.says {
            Says::Action(notice) => Subject::Action(Box::new(notice)),
            Says::StateChange(transition) => Subject::StateChange(Box::new(transition)),
            Says::ConfigurationChange(change) => Subject::ConfigurationChange(Box::new(change)),
        },
        attempts: pending.attempts,
    }
}

/// The notifiers, for the API.
pub(crate) struct Told(Handle);

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Told").finish_non_exhaustive()
    }
}

#[async_trait]
impl ApiNotifiers for Told {
    fn list(&self) -> Vec<NotifierReport> {
        let reports = self.0.reports().into_iter();
        let report = |report: corelog_notify::Report| NotifierReport {
            name: report.name,
            kind: report.kind,
            place: report.place,
            delivered: report.delivered,
            given_up: report.given_up,
            last_delivery: report.last_delivery,
            failures: report.failures,
            last_error: report.last_error,
            waits_until: report.waits_until,
        };
        reports.map(report).collect()
    }

    async fn test(&self, name: &str) -> Option<Result<(), String>> {
        let outcome = self.0.test(name).await?;
        Some(outcome.map_err(|error| Chain(&error).to_string()))
    }
}
