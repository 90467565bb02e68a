//! Bursts: who takes far more than usual, of which model; told when they begin and when they end.
//!
//! A [`Subject`] is a caller with a model. Its calls are summed in windows of five minutes, and each signal has a
//! [`Model`] of its own. A window is unusual
//!
//! - for **calls, tokens, cost** and **latency** if it is above six standard deviations *and* above a floor below which
//!   nobody cares. A subject that is younger than two days is compared with all windows of all subjects: five times
//!   what 99 % of them have, once there are a thousand;
//! - for **errors** if there are five or more, and their number is six standard deviations of a binomial distribution
//!   above the subject's own rate (one in a hundred for whoever has none yet) and three times that rate.
//!
//! Two unusual windows of three begin a finding, or one that is twice as far out; three usual ones in a row end it. Of
//! an unusual window nothing is learnt as long as the model does not take it as a new level.
//!
//! Windows are closed by [`Bursts::tick`], three minutes after their end: a late call counts in its own window until
//! then, and nowhere after that.

mod kept;

use std::collections::{BTreeMap, HashMap};

use corelog_types::Timestamp;

use crate::config::{Config, MINUTE_MS};
use crate::model::{Model, Point};
use crate::number::{float, median};
use crate::sizes::Sizes;

const WINDOW_MS: u64 = 5 * MINUTE_MS;
const LATE_MS: u64 = 3 * MINUTE_MS;
/// So many windows of a subject are open: those that are not closed yet, and what a clock in the future adds.
const OPEN_MAX: usize = 4;
const LATENCIES_MAX: usize = 64;
const PEER_WINDOWS_MIN: f64 = 1_000.0;
const PEER_TIMES: f64 = 5.0;
/// What is known of a subject's error rate fades within so many calls.
const CALLS_MAX: f64 = 20_000.0;

/// What bursts are found by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BurstConfig {
    /// How many standard deviations above what is expected.
    pub sigmas: f64,
    /// Below so many tokens in five minutes nobody cares.
    pub tokens_min: f64,
    /// Nor below so many calls.
    pub calls_min: f64,
    /// Nor below so much cost, in whatever it is counted in.
    pub cost_min: f64,
    /// Nor below so many milliseconds.
    pub latency_ms_min: f64,
    /// Of fewer calls there is no latency to speak of.
    pub latency_calls_min: usize,
    /// Below so many errors nobody cares.
    pub errors_min: f64,
    /// So many subjects are followed; the one that called least recently makes room.
    pub subjects_max: usize,
}

impl Default for BurstConfig {
    fn default() -> Self {
        Self {
            sigmas: 6.0,
            tokens_min: 50_000.0,
            calls_min: 50.0,
            cost_min: 1.0,
            latency_ms_min: 500.0,
            latency_calls_min: 5,
            errors_min: 5.0,
            subjects_max: 200,
        }
    }
}

/// Whose calls.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject {
    /// Who called.
    pub caller: String,
    /// The model that was called.
    pub model: String,
}

/// What one call adds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Use {
    /// When it ended: what it took is not known before, and a long call would come too late for the window it began in.
    pub at: Timestamp,
    /// Tokens of prompt and answer, where they are known.
    pub tokens: Option<u64>,
    /// What it cost, where that is known.
    pub cost: Option<f64>,
    /// How long it took, if it was answered.
    pub latency_ms: Option<f64>,
    /// Whether it failed by the provider's fault.
    pub is_error: bool,
}

/// What is unusual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Signal {
    /// Calls in five minutes.
    Calls,
    /// Tokens in five minutes.
    Tokens,
    /// Cost of five minutes.
    Cost,
    /// The median latency of five minutes, in milliseconds.
    Latency,
    /// Failed calls in five minutes.
    Errors,
}

impl Signal {
    /// In the order of their declaration, by which they are stored.
    const ALL: [Self; 5] = [
        Self::Calls,
        Self::Tokens,
        Self::Cost,
        Self::Latency,
        Self::Errors,
    ];

    const fn code(self) -> u8 {
        self as u8
    }

    fn of_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

/// A burst that begins or ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Burst {
    /// Whose.
    pub subject: Subject,
    /// Of what.
    pub signal: Signal,
    /// The beginning of the window that was the last to count.
    pub at: Timestamp,
    /// The beginning of the first unusual window.
    pub since: Timestamp,
    /// What there was in the window.
    pub value: f64,
    /// What was expected at most.
    pub usual_max: f64,
    /// Whether it is over.
    pub has_ended: bool,
}

/// All subjects.
#[derive(Debug)]
pub struct Bursts {
    config: BurstConfig,
    subjects: HashMap<Subject, Followed>,
    peers: HashMap<Signal, Sizes>,
    let_go: u64,
}

#[derive(Debug, Default)]
struct Followed {
    open: BTreeMap<u64, Window>,
    /// The window that is closed next.
    next: Option<u64>,
    newest_ms: u64,
    signals: HashMap<Signal, Watched>,
    calls: f64,
    errors: f64,
}

#[derive(Debug, Default, Clone)]
struct Window {
    calls: f64,
    tokens: f64,
    cost: f64,
    errors: f64,
    answered: usize,
    latencies: Vec<f64>,
}

#[derive(Debug)]
struct Watched {
    model: Model,
    /// Whether the last three windows were unusual, the newest first.
    unusual: [bool; 3],
    since_ms: Option<u64>,
    told: Option<f64>,
}

/// How a window is looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Judged {
    value: f64,
    usual_max: f64,
    is_unusual: bool,
    is_extreme: bool,
}

impl Bursts {
    /// Follows nobody yet.
    pub fn new(config: BurstConfig) -> Self {
        Self {
            config,
            subjects: HashMap::new(),
            peers: HashMap::new(),
            let_go: 0,
        }
    }

    /// How many subjects had to make room.
    pub fn let_go(&self) -> u64 {
        self.let_go
    }

    /// How many subjects are followed.
    pub fn len(&self) -> usize {
        self.subjects.len()
    }

    /// Whether nobody is.
    pub fn is_empty(&self) -> bool {
        self.subjects.is_empty()
    }

    /// Takes a call. One whose window is closed is let go.
    pub fn observe(&mut self, subject: &Subject, used: &Use) {
        if !self.subjects.contains_key(subject) {
            self.make_room();
            self.subjects.insert(subject.clone(), Followed::default());
        }
        let Some(followed) = self.subjects.get_mut(subject) else {
            return;
        };
        let at_ms = used.at.unix_ms();
        let number = at_ms / WINDOW_MS;
        followed.newest_ms = followed.newest_ms.max(at_ms);
        let is_closed = followed.next.is_some_and(|next| number < next);
        let is_new = !followed.open.contains_key(&number);
        if is_closed || (is_new && followed.open.len() >= OPEN_MAX) {
            return;
        }
        followed.open.entry(number).or_default().add(used);
    }

    /// Closes the windows that are over, and says what began and what ended.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Burst> {
        let over = now.unix_ms().saturating_sub(LATE_MS) / WINDOW_MS;
        let mut bursts = Vec::new();
        let mut subjects: Vec<(&Subject, &mut Followed)> = self.subjects.iter_mut().collect();
        subjects.sort_by_key(|(subject, _)| *subject);
        for (subject, followed) in subjects {
            let first = followed.open.keys().next().copied();
            let next = followed.next.or(first).unwrap_or(over);
            followed.close_until(
                over,
                next,
                subject,
                &self.config,
                &mut self.peers,
                &mut bursts,
            );
        }
        bursts
    }

    fn make_room(&mut self) {
        while self.subjects.len() >= self.config.subjects_max.max(1) {
            let oldest = self
                .subjects
                .iter()
                .min_by_key(|(subject, followed)| (followed.newest_ms, *subject))
                .map(|(subject, _)| subject.clone());
            let Some(oldest) = oldest else {
                return;
            };
            self.subjects.remove(&oldest);
            self.let_go += 1;
        }
    }
}

impl Window {
    fn add(&mut self, used: &Use) {
        self.calls += 1.0;
        self.tokens += used.tokens.map_or(0.0, float);
        self.cost += used.cost.filter(|cost| cost.is_finite()).unwrap_or(0.0);
        self.errors += if used.is_error { 1.0 } else { 0.0 };
        let Some(latency_ms) = used.latency_ms.filter(|latency| latency.is_finite()) else {
            return;
        };
        // Of many, each is kept for a while: a later one takes the place of an earlier one, all over.
        if self.latencies.len() < LATENCIES_MAX {
            self.latencies.push(latency_ms);
        } else {
            self.latencies[self.answered % LATENCIES_MAX] = latency_ms;
        }
        self.answered += 1;
    }
}

impl Followed {
    fn close_until(
        &mut self,
        over: u64,
        next: u64,
        subject: &Subject,
        config: &BurstConfig,
        peers: &mut HashMap<Signal, Sizes>,
        bursts: &mut Vec<Burst>,
    ) {
        // After a long sleep the hours that nobody counted are no hours of nothing.
        let next = if over.saturating_sub(next) > 12 {
            self.open.keys().next().copied().unwrap_or(over).max(next)
        } else {
            next
        };
        let mut number = next;
        while number < over {
            let window = self.open.remove(&number).unwrap_or_default();
            self.close(number * WINDOW_MS, window, subject, config, peers, bursts);
            number += 1;
            // Nor are the hours between two windows.
            let ahead = self.open.keys().next().copied().unwrap_or(over).min(over);
            if ahead.saturating_sub(number) > 12 {
                number = ahead;
            }
        }
        self.next = Some(number);
    }

    fn close(
        &mut self,
        at_ms: u64,
        mut window: Window,
        subject: &Subject,
        config: &BurstConfig,
        peers: &mut HashMap<Signal, Sizes>,
        bursts: &mut Vec<Burst>,
    ) {
        let latency = if window.answered >= config.latency_calls_min {
            median(&mut window.latencies)
        } else {
            None
        };
        let amounts = [
            (Signal::Calls, Some(window.calls), config.calls_min),
            (Signal::Tokens, Some(window.tokens), config.tokens_min),
            (Signal::Cost, Some(window.cost), config.cost_min),
            (Signal::Latency, latency, config.latency_ms_min),
        ];
        for (signal, value, floor) in amounts {
            let Some(value) = value else {
                continue;
            };
            let watched = self.signals.entry(signal).or_insert_with(Watched::new);
            let judged = watched.judge(at_ms, value, floor, config.sigmas, peers.get(&signal));
            watched.model.observe(Point {
                at: Timestamp::from_unix_ms(at_ms),
                value,
            });
            // Cost may be a fraction; peers are compared in thousandths.
            if value > 0.0 && !judged.is_unusual {
                peers.entry(signal).or_default().add(value * 1_000.0);
            }
            bursts.extend(watched.step(at_ms, judged, subject, signal));
        }
        self.close_errors(at_ms, &window, subject, config, bursts);
    }

    fn close_errors(
        &mut self,
        at_ms: u64,
        window: &Window,
        subject: &Subject,
        config: &BurstConfig,
        bursts: &mut Vec<Burst>,
    ) {
        if window.calls == 0.0 {
            return;
        }
        let rate = (self.errors + 1.0) / (self.calls + 100.0);
        let expected = rate * window.calls;
        let deviation = (expected * (1.0 - rate).max(0.0)).sqrt();
        let above = |sigmas: f64| {
            let most = (expected + sigmas * deviation).max(3.0 * expected);
            most.max(config.errors_min - 1.0)
        };
        // Where three times the rate is more than all, all is enough.
        let most = above(config.sigmas).min(0.99 * window.calls);
        let is_unusual = window.errors > most && window.errors >= config.errors_min;
        let judged = Judged {
            value: window.errors,
            usual_max: most,
            is_unusual,
            is_extreme: is_unusual && window.errors > above(2.0 * config.sigmas),
        };
        if !is_unusual {
            self.calls += window.calls;
            self.errors += window.errors;
            let faded = (CALLS_MAX / self.calls).min(1.0);
            self.calls *= faded;
            self.errors *= faded;
        }
        let signal = Signal::Errors;
        let watched = self.signals.entry(signal).or_insert_with(Watched::new);
        bursts.extend(watched.step(at_ms, judged, subject, signal));
    }
}

impl Watched {
    fn new() -> Self {
        Self {
            model: Model::new(Config::new(WINDOW_MS)),
            unusual: [false; 3],
            since_ms: None,
            told: None,
        }
    }

    fn judge(
        &self,
        at_ms: u64,
        value: f64,
        floor: f64,
        sigmas: f64,
        peers: Option<&Sizes>,
    ) -> Judged {
        let at = Timestamp::from_unix_ms(at_ms);
        let upper = |sigmas: f64| self.model.band(at, sigmas).map(|band| band.upper);
        let of_peers = || {
            let peers = peers.filter(|peers| peers.count() >= PEER_WINDOWS_MIN)?;
            Some(PEER_TIMES * peers.quantile(0.99)? / 1_000.0)
        };
        let known = upper(sigmas).map(|once| (once, upper(2.0 * sigmas).unwrap_or(once)));
        let known = known.or_else(|| of_peers().map(|most| (most, 2.0 * most)));
        let (once, twice) = known.unwrap_or((f64::INFINITY, f64::INFINITY));
        Judged {
            value,
            usual_max: once.max(floor),
            is_unusual: value > once.max(floor),
            is_extreme: value > twice.max(2.0 * floor),
        }
    }

    fn step(
        &mut self,
        at_ms: u64,
        judged: Judged,
        subject: &Subject,
        signal: Signal,
    ) -> Option<Burst> {
        self.unusual.rotate_right(1);
        self.unusual[0] = judged.is_unusual;
        if judged.is_unusual && self.since_ms.is_none() {
            self.since_ms = Some(at_ms);
        }
        let times = self.unusual.iter().filter(|unusual| **unusual).count();
        let begins = self.told.is_none() && (times >= 2 || judged.is_extreme);
        let ends = self.told.is_some() && times == 0;
        let since = Timestamp::from_unix_ms(self.since_ms.unwrap_or(at_ms));
        if times == 0 {
            self.since_ms = None;
        }
        if !begins && !ends {
            return None;
        }
        self.told = begins.then_some(judged.value);
        Some(Burst {
            subject: subject.clone(),
            signal,
            at: Timestamp::from_unix_ms(at_ms),
            since,
            value: judged.value,
            usual_max: judged.usual_max,
            has_ended: ends,
        })
    }
}
