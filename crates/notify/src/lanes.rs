//! Who is told what, and when: a lane for each notifier, so that none waits for another.
//!
//! A lane has as many messages under way as its notifier takes at one time. When one fails, the lane waits, longer after
//! each failure and at least for as long as the receiver asks, and then tries a single one, the one that was tried least:
//! a message that the receiver cannot digest does not hold up the others. No clock is here: every call says what time
//! it is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use corelog_alarms::StateValue;
use corelog_runtime::Backoff;
use corelog_types::Timestamp;

use crate::burst::{Burst, Share, later};
use crate::error::Error;
use crate::notifier::{Notifier, Notifiers};
use crate::outbox::{Due, Recipient, Subject};

const WAIT_FIRST: Duration = Duration::from_secs(2);
const WAIT_MAX: Duration = Duration::from_mins(5);
/// Recipients of a lane that the outbox need not read while it waits. More are only read in vain.
const RECIPIENTS_MAX: usize = 64;
/// Notices that wait to go together, at which the outbox is not read for their lane: a page of it has room for others.
const HELD_MAX: usize = 256;

/// Something to send.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) notifier: Arc<Notifier>,
    /// What it says; never empty.
    pub(crate) dues: Vec<Due>,
    /// Whether it is one message of many alarms, or of one that waits for such.
    pub(crate) together: bool,
}

/// What is to be done with what is due.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// What to send now.
    pub(crate) jobs: Vec<Job>,
    /// What nobody can be told of, with what to do.
    pub(crate) stray: Vec<(Due, String)>,
    /// What waits until its notifier has room: the outbox is not read again for it.
    pub(crate) left: Vec<Due>,
}

/// What becomes of notices that could not be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// They are tried again then.
    Again(Timestamp),
    /// They are not.
    GivenUp,
}

/// How a notifier does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// Where it is.
    pub place: String,
    /// Notices that arrived since the start.
    pub delivered: u64,
    /// Notices that were given up since the start.
    pub given_up: u64,
    /// When the last one arrived.
    pub last_delivery: Option<Timestamp>,
    /// Failures since then.
    pub failures: u32,
    /// What was wrong the last time.
    pub last_error: Option<String>,
    /// When it is tried again.
    pub waits_until: Option<Timestamp>,
}

#[derive(Debug)]
struct Lane {
    notifier: Arc<Notifier>,
    under_way: usize,
    is_together: bool,
    backoff: Backoff,
    /// Nothing is sent before then.
    closed_until: Option<Timestamp>,
    burst: Option<Burst>,
    /// Notices that wait to go together, and until when: what may go at once is read meanwhile.
    held: Option<(usize, Timestamp)>,
    recipients: BTreeSet<Recipient>,
    report: Report,
}

impl Lane {
    fn new(notifier: Arc<Notifier>) -> Self {
        let report = Report {
            name: notifier.name.clone(),
            kind: notifier.kind.to_owned(),
            place: notifier.place(),
            ..Report::default()
        };
        Self {
            burst: notifier.burst.map(Burst::new),
            notifier,
            under_way: 0,
            is_together: false,
            backoff: Backoff::new(WAIT_FIRST, WAIT_MAX),
            closed_until: None,
            held: None,
            recipients: BTreeSet::new(),
            report,
        }
    }

    fn is_closed(&self, now: Timestamp) -> bool {
        self.closed_until.is_some_and(|until| now < until)
    }

    /// Whether the outbox need not be read for it: it takes nothing, or has enough that waits.
    fn is_served(&self, now: Timestamp) -> bool {
        let holds = |(held, until): (usize, Timestamp)| held >= HELD_MAX && now < until;
        self.room(now) == 0 || self.held.is_some_and(holds)
    }

    /// How many more it takes now.
    fn room(&self, now: Timestamp) -> usize {
        if self.is_closed(now) || self.is_together {
            return 0;
        }
        let most = if self.backoff.failures() > 0 {
            1
        } else {
            self.notifier.concurrency_max
        };
        most.saturating_sub(self.under_way)
    }

    /// Takes what it can of what waits; gives what it leaves.
    fn take(&mut self, mut waiting: Vec<Due>, now: Timestamp) -> (Vec<Job>, Vec<Due>) {
        let room = self.room(now);
        if room == 0 {
            return (Vec::new(), waiting);
        }
        if self.backoff.failures() > 0 {
            waiting.sort_by_key(|due| due.attempts);
        }
        let (counted, free): (Vec<Due>, Vec<Due>) = waiting
            .into_iter()
            .partition(|due| !(self.notifier.resolves() && is_resolved(due)));
        let share = match &mut self.burst {
            Some(burst) if !counted.is_empty() => burst.share(counted.len(), self.under_way, now),
            _ => Share::Singly,
        };
        let (mut jobs, mut left) = (Vec::new(), Vec::new());
        let mut singles = free;
        self.held = None;
        match share {
            Share::Singly => singles.extend(counted),
            // One at a time: what is under way may still become one of many.
            Share::Together if self.under_way == 0 => {
                self.is_together = true;
                jobs.push(self.job(counted, true));
            }
            Share::Together => left.extend(counted),
            Share::Later(until) => {
                self.hold(counted.len(), until);
                left.extend(counted);
            }
        }
        let room = room.saturating_sub(jobs.len());
        left.extend(singles.split_off(room.min(singles.len())));
        jobs.extend(singles.into_iter().map(|due| self.job(vec![due], false)));
        self.under_way += jobs.len();
        (jobs, left)
    }

    /// Waits, unless there is something that may go at once.
    fn hold(&mut self, waiting: usize, until: Timestamp) {
        if self.notifier.resolves() {
            self.held = Some((waiting, until));
        } else {
            self.closed_until = Some(until);
        }
    }

    fn job(&self, dues: Vec<Due>, together: bool) -> Job {
        Job {
            notifier: Arc::clone(&self.notifier),
            dues,
            together,
        }
    }
}

/// Whether a notice says that all is well again.
fn is_resolved(due: &Due) -> bool {
    match &due.subject {
        Subject::Action(notice) => notice.transition.to.value == StateValue::Ok,
        Subject::StateChange(_) | Subject::ConfigurationChange(_) => false,
    }
}

/// All lanes.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    notifiers: Notifiers,
    by_name: BTreeMap<String, Lane>,
    /// Notices that are being sent, or were and are not settled yet.
    in_hand: BTreeSet<String>,
}

impl Lanes {
    pub(crate) fn new(notifiers: Notifiers) -> Self {
        let mut lanes = Self::default();
        lanes.reconfigure(notifiers);
        lanes
    }

    /// Other notifiers from now on. One of the same name goes on counting where its former self was.
    pub(crate) fn reconfigure(&mut self, notifiers: Notifiers) {
        let mut former = std::mem::take(&mut self.by_name);
        for notifier in notifiers.iter() {
            let mut lane = Lane::new(Arc::clone(notifier));
            if let Some(former) = former.remove(&notifier.name) {
                lane.under_way = former.under_way;
                lane.is_together = former.is_together;
                lane.report.delivered = former.report.delivered;
                lane.report.given_up = former.report.given_up;
                lane.report.last_delivery = former.report.last_delivery;
            }
            self.by_name.insert(notifier.name.clone(), lane);
        }
        self.notifiers = notifiers;
    }

    /// Whom the outbox need not read: their lanes take nothing now.
    pub(crate) fn closed(&self, now: Timestamp) -> BTreeSet<Recipient> {
        let closed = self.by_name.values().filter(|lane| lane.is_served(now));
        closed.flat_map(|lane| lane.recipients.clone()).collect()
    }

    /// When the first lane opens that is closed now.
    pub(crate) fn opens_at(&self, now: Timestamp) -> Option<Timestamp> {
        let closed = self.by_name.values().filter_map(|lane| lane.closed_until);
        closed.filter(|until| *until > now).min()
    }

    /// What to do with what is due. What is in hand already is left out.
    pub(crate) fn take(&mut self, due: Vec<Due>, now: Timestamp) -> Taken {
        let mut taken = Taken::default();
        let mut waiting: BTreeMap<String, Vec<Due>> = BTreeMap::new();
        for due in due {
            if self.in_hand.contains(&due.id) {
                continue;
            }
            match self.notifiers.find(&due.recipient) {
                Ok(notifier) => waiting.entry(notifier.name.clone()).or_default().push(due),
                Err(advice) => {
                    self.in_hand.insert(due.id.clone());
                    taken.stray.push((due, advice));
                }
            }
        }
        for (name, waiting) in waiting {
            let Some(lane) = self.by_name.get_mut(&name) else {
                continue;
            };
            for due in &waiting {
                if lane.recipients.len() < RECIPIENTS_MAX {
                    lane.recipients.insert(due.recipient.clone());
                }
            }
            let (jobs, left) = lane.take(waiting, now);
            taken.jobs.extend(jobs);
            // What waits for a receiver is read anew when its lane opens: much may have happened by then.
            if !lane.is_closed(now) {
                taken.left.extend(left);
            }
        }
        for job in &taken.jobs {
            self.in_hand
                .extend(job.dues.iter().map(|due| due.id.clone()));
        }
        taken
    }

    /// A job is done; says what becomes of each of its notices that did not arrive.
    pub(crate) fn done(
        &mut self,
        job: &Job,
        outcome: &Result<(), Error>,
        now: Timestamp,
    ) -> Vec<Verdict> {
        let Some(lane) = self.by_name.get_mut(&job.notifier.name) else {
            // The notifier is gone: its notices find that out when they are due again.
            return job.dues.iter().map(|_| Verdict::Again(now)).collect();
        };
        lane.under_way = lane.under_way.saturating_sub(1);
        lane.is_together &= !job.together;
        let count = job.dues.len() as u64;
        let error = match outcome {
            Ok(()) => {
                lane.backoff.succeeded();
                lane.closed_until = None;
                if let Some(burst) = &mut lane.burst {
                    if job.together {
                        burst.sent_together(now);
                    } else {
                        burst.sent_singly(now);
                    }
                }
                lane.report.delivered += count;
                lane.report.last_delivery = Some(now);
                lane.report.failures = 0;
                lane.report.last_error = None;
                return Vec::new();
            }
            Err(error) => error,
        };
        lane.report.failures = lane.report.failures.saturating_add(1);
        lane.report.last_error = Some(said_in_full(error));
        if error.is_final() {
            lane.report.given_up += count;
            return job.dues.iter().map(|_| Verdict::GivenUp).collect();
        }
        let wait = lane.backoff.after_failure();
        let wait = wait.max(error.retry_after().unwrap_or_default());
        let until = later(now, wait);
        // Several that fail at once are one failure of the receiver.
        lane.closed_until = lane.closed_until.max(Some(until));
        let retry_for = lane.notifier.retry_for;
        let verdicts: Vec<Verdict> = job
            .dues
            .iter()
            .map(|due| {
                if until > later(due.made, retry_for) {
                    Verdict::GivenUp
                } else {
                    Verdict::Again(until)
                }
            })
            .collect();
        let given_up = verdicts.iter().filter(|it| **it == Verdict::GivenUp);
        lane.report.given_up += given_up.count() as u64;
        verdicts
    }

    /// The outbox knows what became of them.
    pub(crate) fn let_go<'a>(&mut self, ids: impl IntoIterator<Item = &'a String>) {
        for id in ids {
            self.in_hand.remove(id);
        }
    }

    /// How everyone does.
    pub(crate) fn reports(&self, now: Timestamp) -> Vec<Report> {
        let report = |lane: &Lane| Report {
            waits_until: lane
                .closed_until
                .filter(|until| *until > now && lane.backoff.failures() > 0),
            ..lane.report.clone()
        };
        self.by_name.values().map(report).collect()
    }
}

/// An error with what brought it about, in a line.
pub(crate) fn said_in_full(error: &Error) -> String {
    corelog_telemetry::Chain(error).to_string()
}
