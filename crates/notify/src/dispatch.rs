//! Takes what is due from the outbox, has it sent, and settles it.
//!
//! The dispatcher is one task and owns everything: what is being sent are futures that it polls, so that dropping it
//! ends them. What was sent and is not settled yet, because the outbox cannot, is settled before anything else and is
//! never sent a second time by this process. Another process that takes over after a crash does send it again, with the
//! same id.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use corelog_alarms::document::history;
use corelog_alarms::{Account, HistoryItem, StateValue};
use corelog_runtime::{Clock, Shutdown};
use corelog_telemetry::{Chain, Metrics, NotifierLabel};
use corelog_types::Timestamp;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use crate::burst::later;
use crate::error::Error;
use crate::lanes::{Job, Lanes, Report, Verdict, said_in_full};
use crate::message::{Message, event_of, uuid_of};
use crate::notifier::Notifiers;
use crate::outbox::{Due, Outbox, OutboxError, Recipient, Settled, Subject};
use crate::sample;

/// How many notices are read at once.
const PAGE: u32 = 512;
/// The most of them that are kept until there is room.
const READY_MAX: usize = 2_048;
/// How often the outbox is looked at when nobody says that there is something in it.
const LOOK: Duration = Duration::from_secs(1);
/// How often it is said that the outbox fails.
const COMPLAIN_EVERY: Duration = Duration::from_mins(1);
/// How long messages under way may take to arrive once we are to stop.
const GRACE: Duration = Duration::from_secs(5);

/// What a dispatcher needs of the process.
#[derive(Debug, Clone)]
pub struct Ports {
    /// Time.
    pub clock: Clock,
    /// Where notifications are counted.
    pub metrics: Arc<Metrics>,
}

/// What the rest of the process does with a dispatcher.
#[derive(Clone)]
pub struct Handle {
    account: Account,
    clock: Clock,
    wake: Arc<Notify>,
    notifiers: watch::Sender<Notifiers>,
    reports: Arc<Mutex<Vec<Report>>>,
}

impl Handle {
    /// There is something in the outbox.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Other notifiers from now on.
    pub fn reconfigure(&self, notifiers: Notifiers) {
        self.notifiers.send_replace(notifiers);
    }

    /// The names of those that hear of the events of all alarms.
    pub fn listeners(&self) -> Vec<String> {
        self.notifiers.borrow().listeners()
    }

    /// How every notifier does.
    pub fn reports(&self) -> Vec<Report> {
        self.reports.lock().clone()
    }

    /// Sends a test to a notifier, now and once: an alarm that nobody made goes into `ALARM`, and for those that keep an
    /// incident open until it is resolved, back into `OK`. `None` if there is no such notifier.
    ///
    /// # Errors
    /// Why it did not arrive.
    pub async fn test(&self, name: &str) -> Option<Result<(), Error>> {
        let notifier = self.notifiers.borrow().get(name).map(Arc::clone)?;
        let mut states = vec![StateValue::Alarm];
        if notifier.resolves() {
            states.push(StateValue::Ok);
        }
        for state in states {
            let now = self.clock.now();
            let id = corelog_runtime::record_id(now).to_string();
            let Some(mut message) = sample::of(&self.account, name, &id, state, now) else {
                return Some(Err(Error::Request("there is no test alarm".to_owned())));
            };
            if notifier.is_listener() {
                message = sample::event(&message, name);
            }
            if let Err(error) = notifier.send(&message, now).await {
                return Some(Err(error));
            }
        }
        Some(Ok(()))
    }
}

type Sending = BoxFuture<'static, (Job, Result<(), Error>)>;

/// What the outbox is yet to be told.
enum Note {
    Settled(Vec<Settled>),
    PutOff(Vec<String>, Timestamp, String),
}

/// Sends what is due.
pub struct Dispatcher<O> {
    outbox: O,
    account: Account,
    clock: Clock,
    metrics: Arc<Metrics>,
    lanes: Lanes,
    wake: Arc<Notify>,
    notifiers: watch::Receiver<Notifiers>,
    reports: Arc<Mutex<Vec<Report>>>,
    sending: FuturesUnordered<Sending>,
    /// What is due and waits until its notifier has room.
    ready: Vec<Due>,
    notes: Vec<Note>,
    /// When it was last said that the outbox fails, since it last did what it was asked.
    complained: Option<Timestamp>,
}

impl<O: Outbox> Dispatcher<O> {
    /// A dispatcher that [`Dispatcher::run`] sets going.
    pub fn new(outbox: O, account: Account, notifiers: Notifiers, ports: Ports) -> (Handle, Self) {
        let Ports { clock, metrics } = ports;
        let (sender, receiver) = watch::channel(notifiers.clone());
        let lanes = Lanes::new(notifiers);
        let reports = Arc::new(Mutex::new(lanes.reports(clock.now())));
        let wake = Arc::new(Notify::new());
        let handle = Handle {
            account: account.clone(),
            clock: clock.clone(),
            wake: Arc::clone(&wake),
            notifiers: sender,
            reports: Arc::clone(&reports),
        };
        let dispatcher = Self {
            outbox,
            account,
            clock,
            metrics,
            lanes,
            wake,
            notifiers: receiver,
            reports,
            sending: FuturesUnordered::new(),
            ready: Vec::new(),
            notes: Vec::new(),
            complained: None,
        };
        (handle, dispatcher)
    }

    /// Sends until it is told to stop; then begins nothing, and gives what is under way a few seconds to arrive.
    ///
    /// # Cancel safety
    /// Dropped, what is under way may have arrived, and is sent again by the next process.
    pub async fn run(mut self, shutdown: Shutdown) {
        let mut is_done = false;
        loop {
            // A message that has arrived makes room for what is ready already.
            let wait = self.turn(is_done && !self.ready.is_empty()).await;
            is_done = false;
            tokio::select! {
                () = shutdown.requested() => break,
                Some((job, outcome)) = self.sending.next() => {
                    self.done(&job, outcome);
                    is_done = true;
                }
                () = self.wake.notified() => {}
                // There are notices to send without a handle, too.
                Ok(()) = self.notifiers.changed() => self.notifiers.mark_changed(),
                () = tokio::time::sleep(wait) => {}
            }
        }
        let finishing = async {
            while let Some((job, outcome)) = self.sending.next().await {
                self.done(&job, outcome);
                self.tell().await;
            }
        };
        if tokio::time::timeout(GRACE, finishing).await.is_err() {
            let messages = self.sending.len();
            tracing::warn!(
                messages,
                "notifications did not arrive in time; the next start sends them again"
            );
        }
        self.tell().await;
    }

    /// Tells the outbox what it is to know, and begins to send what is due, or only what is known to be. Says how long to
    /// wait until the next look.
    async fn turn(&mut self, only_ready: bool) -> Duration {
        if self.notifiers.has_changed().unwrap_or(false) {
            let notifiers = self.notifiers.borrow_and_update().clone();
            self.lanes.reconfigure(notifiers);
        }
        self.tell().await;
        let now = self.clock.now();
        if self.notes.is_empty() {
            let mut due = std::mem::take(&mut self.ready);
            if !only_ready {
                let closed = self.lanes.closed(now);
                match self.outbox.due(now, &closed, PAGE).await {
                    Ok(more) => {
                        add(&mut due, more);
                        if self.complained.take().is_some() {
                            tracing::info!("notifications go on");
                        }
                    }
                    Err(error) => self.complain(&error),
                }
            }
            self.begin(due, now);
            self.tell().await;
        }
        *self.reports.lock() = self.lanes.reports(now);
        let opens = self.lanes.opens_at(now);
        let until = opens.map(|at| at.unix_ms().saturating_sub(now.unix_ms()));
        until.map_or(LOOK, |ms| LOOK.min(Duration::from_millis(ms)))
    }

    fn begin(&mut self, due: Vec<Due>, now: Timestamp) {
        let taken = self.lanes.take(due, now);
        self.ready = taken.left;
        self.ready.truncate(READY_MAX);
        for (due, advice) in taken.stray {
            tracing::warn!(
                alarm = due.alarm(),
                recipient = name_of(&due.recipient),
                advice,
                "nobody to notify"
            );
            self.notes
                .push(Note::Settled(vec![settled(&due, Some(&advice), now)]));
        }
        for job in taken.jobs {
            let Some(message) = self.message(&job) else {
                continue;
            };
            let clock = self.clock.clone();
            self.sending.push(Box::pin(async move {
                let outcome = job.notifier.send(&message, clock.now()).await;
                (job, outcome)
            }));
        }
    }

    /// What a job says.
    fn message(&self, job: &Job) -> Option<Message> {
        let mut messages: Vec<Message> = job.dues.iter().map(|due| self.of(due)).collect();
        if messages.len() > 1 {
            return Some(Message::of_many(&self.account, &messages));
        }
        messages.pop()
    }

    fn of(&self, due: &Due) -> Message {
        let id = message_id(&due.id);
        match (&due.subject, event_of(&self.account, &due.subject)) {
            (Subject::Action(notice), _) => {
                Message::of_notice(&self.account, &id, due.made, notice)
            }
            (_, event) => {
                let listener = name_of(&due.recipient);
                Message::of_event(&id, due.made, listener, event.unwrap_or_default())
            }
        }
    }

    fn done(&mut self, job: &Job, outcome: Result<(), Error>) {
        let now = self.clock.now();
        let verdicts = self.lanes.done(job, &outcome, now);
        let notifier = job.notifier.name.as_str();
        let label = NotifierLabel {
            notifier: notifier.to_owned(),
        };
        let Err(error) = outcome else {
            let notices = job.dues.len();
            let count = self.metrics.notifications.get_or_create(&label);
            count.inc_by(notices as u64);
            tracing::debug!(notifier, notices, "notified");
            let settled = job.dues.iter().map(|due| settled(due, None, now));
            self.notes.push(Note::Settled(settled.collect()));
            return;
        };
        let why = said_in_full(&error);
        let failures = &self.metrics.notification_failures;
        failures.get_or_create(&label).inc();
        let mut given_up = Vec::new();
        let mut again: Option<(Vec<String>, Timestamp)> = None;
        for (due, verdict) in job.dues.iter().zip(verdicts) {
            match verdict {
                Verdict::GivenUp => {
                    let attempts = due.attempts.saturating_add(1);
                    tracing::error!(notifier, alarm = due.alarm(), attempts, error = %why, "notification given up");
                    given_up.push(settled(due, Some(&why), now));
                }
                Verdict::Again(until) => {
                    let (ids, _) = again.get_or_insert_with(|| (Vec::new(), until));
                    ids.push(due.id.clone());
                }
            }
        }
        if let Some((ids, until)) = again {
            tracing::warn!(notifier, notices = ids.len(), error = %why, "notification failed, it is tried again");
            self.notes.push(Note::PutOff(ids, until, why));
        }
        if !given_up.is_empty() {
            let count = self.metrics.notifications_given_up.get_or_create(&label);
            count.inc_by(given_up.len() as u64);
            self.notes.push(Note::Settled(given_up));
        }
    }

    /// Says that the outbox fails, once a minute.
    fn complain(&mut self, error: &OutboxError) {
        let now = self.clock.now();
        if self
            .complained
            .is_none_or(|at| later(at, COMPLAIN_EVERY) <= now || now < at)
        {
            self.complained = Some(now);
            tracing::error!(error = %Chain(error), "notifications wait");
        }
    }

    /// Tells the outbox everything, or what it takes.
    async fn tell(&mut self) {
        while let Some(note) = self.notes.first() {
            let told = match note {
                Note::Settled(settled) => self.outbox.settle(settled).await,
                Note::PutOff(ids, until, error) => self.outbox.put_off(ids, *until, error).await,
            };
            if let Err(error) = told {
                self.complain(&error);
                return;
            }
            match self.notes.remove(0) {
                Note::Settled(settled) => self.lanes.let_go(settled.iter().map(|one| &one.id)),
                Note::PutOff(ids, ..) => self.lanes.let_go(&ids),
            }
        }
    }
}

/// Adds what is not there yet.
fn add(due: &mut Vec<Due>, more: Vec<Due>) {
    let known: BTreeSet<String> = due.iter().map(|due| due.id.clone()).collect();
    due.extend(more.into_iter().filter(|more| !known.contains(&more.id)));
}

fn name_of(recipient: &Recipient) -> &str {
    match recipient {
        Recipient::Action(name) | Recipient::Listener(name) => name,
    }
}

/// A notice that arrived, or with the error was given up.
fn settled(due: &Due, error: Option<&str>, now: Timestamp) -> Settled {
    Settled {
        id: due.id.clone(),
        history: history_of(due, error, now),
    }
}

fn history_of(due: &Due, error: Option<&str>, now: Timestamp) -> Option<HistoryItem> {
    match &due.subject {
        Subject::Action(notice) => Some(history::action(notice, error, now)),
        Subject::StateChange(_) | Subject::ConfigurationChange(_) => None,
    }
}

/// The id of a notice as a UUID, which some receivers take an id to be.
fn message_id(id: &str) -> String {
    use sha2::{Digest as _, Sha256};
    let is_uuid = id.len() == 36 && id.bytes().all(|c| c.is_ascii_hexdigit() || c == b'-');
    if is_uuid {
        return id.to_owned();
    }
    uuid_of(&Sha256::digest(id.as_bytes()).into())
}
