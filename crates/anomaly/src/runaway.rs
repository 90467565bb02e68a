//! Agents that loop, found while they run.
//!
//! Calls form **chains**: those of one session, or of one conversation, or of one caller where neither is known. A call
//! is the next link of its chain if it begins soon after the former ended: within ten seconds, or twice the time that
//! one took. Who waits longer is a person, or a timer; who does not wait for the answer sends a batch. What failed is no
//! link: it will be tried again, and should be.
//!
//! A chain has run away if
//! - its links **repeat**: the same step, or the same cycle of up to six steps, again and again. A step is what was
//!   added last (the answer of a tool, a message), or the whole prompt where that is not known;
//! - it **climbs**: each prompt is longer than the one before by the same number of tokens, give or take a tenth. An
//!   agent at work reads and writes different things; one that loops adds the same error message each time;
//! - it **outgrows** its kind: it took ten times the tokens of all but a twentieth of the caller's chains.
//!
//! A finding is told when a chain runs away, again whenever it has twice as many links, and when it ends.

mod kept;

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hasher as _};

use corelog_types::Timestamp;

use crate::number::float;
use crate::sizes::Sizes;

/// Cycles of so many steps are seen.
const CYCLE_MAX: usize = 6;
/// A chain ends when nothing followed for so long.
const IDLE_MS: u64 = 5 * 60_000;
const SOON_MS: u64 = 10_000;
/// Names are kept up to here.
const NAME_BYTES_MAX: usize = 256;
/// What is usual for a caller is known of so many chains.
const CHAINS_MIN: f64 = 20.0;

/// When a chain has run away, and how much is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunawayConfig {
    /// So many times the same step.
    pub repeats: u32,
    /// So many times the same step where there is no session: samples of one prompt, one after the other, look the same.
    pub repeats_without_session: u32,
    /// So many times the same cycle of two steps or more.
    pub cycles: u32,
    /// So many equal gains in a row.
    pub climbs: u32,
    /// A chain outgrows its kind with no fewer tokens than that.
    pub tokens_min: u64,
    /// So many chains are followed; the one that was idle for longest makes room.
    pub chains_max: usize,
}

impl Default for RunawayConfig {
    fn default() -> Self {
        Self {
            repeats: 8,
            repeats_without_session: 25,
            cycles: 5,
            climbs: 20,
            tokens_min: 500_000,
            chains_max: 10_000,
        }
    }
}

/// One call, when it has ended.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Who called.
    pub caller: &'a str,
    /// The session it belongs to.
    pub session: Option<&'a str>,
    /// A hash of what the conversation began with.
    pub conversation: Option<u64>,
    /// When it began.
    pub begun: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// A hash of the whole prompt.
    pub prompt: u64,
    /// A hash of what was added to the conversation last.
    pub step: Option<u64>,
    /// Tokens of the prompt, where they are known.
    pub input_tokens: Option<u64>,
    /// Tokens of the answer, where they are known.
    pub output_tokens: Option<u64>,
    /// Whether there was an answer.
    pub is_answered: bool,
}

/// What shows that a chain ran away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// The same steps again and again.
    Repeats {
        /// How many steps there are until they begin again.
        steps: u32,
        /// How often they were there.
        times: u32,
    },
    /// Prompts grow by the same each time.
    Climbs {
        /// By so many tokens.
        by: u64,
        /// So many times.
        times: u32,
    },
    /// Far more tokens than usual.
    Outgrows {
        /// Of nineteen in twenty chains of the caller, this is the most.
        usual: u64,
    },
}

/// A chain that ran away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runaway {
    /// Who called.
    pub caller: String,
    /// The session.
    pub session: Option<String>,
    /// What shows it.
    pub sign: Sign,
    /// When the chain began.
    pub since: Timestamp,
    /// When its last call ended.
    pub until: Timestamp,
    /// How many calls were answered.
    pub calls: u64,
    /// What they took, as far as it is known.
    pub tokens: u64,
    /// Whether it is over.
    pub has_ended: bool,
}

/// The chains that are followed.
#[derive(Debug)]
pub struct Runaways {
    config: RunawayConfig,
    chains: HashMap<u64, Chain>,
    /// Chains by the time of their last call.
    idle: BTreeSet<(u64, u64)>,
    callers: HashMap<u64, Sizes>,
    /// What had run away and ended, until it is told: as many as there may be chains.
    ended: Vec<Runaway>,
    let_go: u64,
}

#[derive(Debug)]
struct Chain {
    caller: String,
    session: Option<String>,
    since_ms: u64,
    last_begun_ms: u64,
    last_ended_ms: u64,
    calls: u64,
    tokens: u64,
    /// The last steps, the newest last.
    steps: [u64; CYCLE_MAX],
    /// For each length of a cycle, how many steps in a row were the same as so many before.
    same: [u32; CYCLE_MAX],
    input_tokens: Option<u64>,
    gain: f64,
    gains: u32,
    found: Option<Sign>,
    /// Told again with so many calls.
    told_at: u64,
}

impl Runaways {
    /// Follows nothing yet.
    pub fn new(config: RunawayConfig) -> Self {
        Self {
            config,
            chains: HashMap::new(),
            idle: BTreeSet::new(),
            callers: HashMap::new(),
            ended: Vec::new(),
            let_go: 0,
        }
    }

    /// How many chains had to make room while they were not idle for long.
    pub fn let_go(&self) -> u64 {
        self.let_go
    }

    /// How many chains are followed.
    pub fn len(&self) -> usize {
        self.chains.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.chains.is_empty()
    }

    /// Takes a call, when it has ended. Calls come roughly in the order of their ends.
    pub fn observe(&mut self, call: &Call<'_>) -> Option<Runaway> {
        let key = key(call);
        let begun_ms = call.begun.unix_ms();
        let ended_ms = call.ended.unix_ms().max(begun_ms);
        let is_next = |chain: &Chain| {
            let took_ms = chain.last_ended_ms.saturating_sub(chain.last_begun_ms);
            let latest_ms = chain.last_ended_ms.saturating_add(SOON_MS.max(2 * took_ms));
            begun_ms <= latest_ms
        };
        if self.chains.get(&key).is_some_and(|chain| !is_next(chain)) {
            let ended = self.end(key);
            self.ended.extend(ended);
            self.ended.truncate(self.config.chains_max);
        }
        if !self.chains.contains_key(&key) {
            self.make_room();
            self.chains.insert(key, Chain::new(call, begun_ms));
        }
        let usual = self.usual(call.caller);
        let chain = self.chains.get_mut(&key)?;
        self.idle.remove(&(chain.last_ended_ms, key));
        // Whoever begins before the former ended does not wait for it: that is no loop.
        let is_link = call.is_answered && (chain.calls == 0 || begun_ms >= chain.last_ended_ms);
        chain.last_begun_ms = begun_ms;
        chain.last_ended_ms = chain.last_ended_ms.max(ended_ms);
        self.idle.insert((chain.last_ended_ms, key));
        if !call.is_answered {
            return None;
        }
        chain.add(call, is_link);
        let sign = chain.sign(&self.config, usual)?;
        if chain.found.is_some() && chain.calls < chain.told_at {
            chain.found = Some(sign);
            return None;
        }
        chain.found = Some(sign);
        chain.told_at = 2 * chain.calls;
        Some(chain.tell(sign, false))
    }

    /// Ends the chains that nothing followed, and tells of those that had run away.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Runaway> {
        let mut ended = std::mem::take(&mut self.ended);
        while let Some((last_ms, key)) = self.idle.first().copied() {
            if last_ms.saturating_add(IDLE_MS) > now.unix_ms() {
                break;
            }
            ended.extend(self.end(key));
        }
        ended
    }

    fn end(&mut self, key: u64) -> Option<Runaway> {
        let chain = self.chains.remove(&key)?;
        self.idle.remove(&(chain.last_ended_ms, key));
        let caller = hash(&chain.caller);
        if self.callers.len() >= self.config.chains_max && !self.callers.contains_key(&caller) {
            self.callers.clear();
        }
        // What ran away is not what is usual.
        if let Some(sign) = chain.found {
            return Some(chain.tell(sign, true));
        }
        let tokens = float(chain.tokens);
        self.callers.entry(caller).or_default().add(tokens);
        None
    }

    fn make_room(&mut self) {
        while self.chains.len() >= self.config.chains_max.max(1) {
            let Some((_, key)) = self.idle.first().copied() else {
                self.chains.clear();
                return;
            };
            let ended = self.end(key);
            self.ended.extend(ended);
            self.ended.truncate(self.config.chains_max);
            self.let_go += 1;
        }
    }

    /// The most that nineteen in twenty chains of a caller took.
    fn usual(&self, caller: &str) -> Option<f64> {
        let sizes = self.callers.get(&hash(cut(caller)))?;
        sizes.quantile(0.95).filter(|_| sizes.count() >= CHAINS_MIN)
    }
}

impl Chain {
    fn new(call: &Call<'_>, begun_ms: u64) -> Self {
        Self {
            caller: cut(call.caller).to_owned(),
            session: call.session.map(|session| cut(session).to_owned()),
            since_ms: begun_ms,
            last_begun_ms: begun_ms,
            last_ended_ms: begun_ms,
            calls: 0,
            tokens: 0,
            steps: [0; CYCLE_MAX],
            same: [0; CYCLE_MAX],
            input_tokens: None,
            gain: 0.0,
            gains: 0,
            found: None,
            told_at: 0,
        }
    }

    fn add(&mut self, call: &Call<'_>, is_link: bool) {
        let known = call.input_tokens.unwrap_or(0);
        let taken = known.saturating_add(call.output_tokens.unwrap_or(0));
        self.tokens = self.tokens.saturating_add(taken);
        if !is_link {
            self.same = [0; CYCLE_MAX];
            self.gains = 0;
        }
        let step = call.step.unwrap_or(call.prompt);
        for (before, same) in self.same.iter_mut().enumerate() {
            let is_there = self.calls > before as u64 && is_link;
            let is_same = is_there && self.steps[CYCLE_MAX - 1 - before] == step;
            *same = if is_same { same.saturating_add(1) } else { 0 };
        }
        self.steps.rotate_left(1);
        self.steps[CYCLE_MAX - 1] = step;
        self.climb(call.input_tokens);
        self.calls += 1;
    }

    fn climb(&mut self, input_tokens: Option<u64>) {
        let gain = match (self.input_tokens, input_tokens) {
            (Some(former), Some(tokens)) if tokens > former => float(tokens - former),
            _ => 0.0,
        };
        let is_alike = gain > 0.0 && (gain - self.gain).abs() <= (self.gain / 10.0).max(3.0);
        if is_alike {
            self.gains = self.gains.saturating_add(1);
            self.gain += (gain - self.gain) / f64::from(self.gains);
        } else {
            self.gains = u32::from(gain > 0.0);
            self.gain = gain;
        }
        self.input_tokens = input_tokens;
    }

    fn sign(&self, config: &RunawayConfig, usual: Option<f64>) -> Option<Sign> {
        for (same, steps) in self.same.iter().zip(1_u32..) {
            if steps > 1 && self.same[0] >= steps {
                // The same step again and again is every cycle, too.
                continue;
            }
            let times = same / steps + 1;
            let enough = match (steps, &self.session) {
                (1, Some(_)) => config.repeats,
                (1, None) => config.repeats_without_session,
                (_, Some(_)) => config.cycles,
                (_, None) => config.cycles.max(config.repeats_without_session / 2),
            };
            if *same > 0 && times >= enough {
                return Some(Sign::Repeats { steps, times });
            }
        }
        if self.gains >= config.climbs {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is a mean of positive numbers of tokens"
            )]
            let by = self.gain.round() as u64;
            return Some(Sign::Climbs {
                by,
                times: self.gains,
            });
        }
        let usual = usual.filter(|usual| float(self.tokens) > 10.0 * usual)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is a number of tokens"
        )]
        let usual = usual as u64;
        (self.tokens >= config.tokens_min).then_some(Sign::Outgrows { usual })
    }

    fn tell(&self, sign: Sign, has_ended: bool) -> Runaway {
        Runaway {
            caller: self.caller.clone(),
            session: self.session.clone(),
            sign,
            since: Timestamp::from_unix_ms(self.since_ms),
            until: Timestamp::from_unix_ms(self.last_ended_ms),
            calls: self.calls,
            tokens: self.tokens,
            has_ended,
        }
    }
}

fn key(call: &Call<'_>) -> u64 {
    match (call.session, call.conversation) {
        (Some(session), _) => hash(&(call.caller, 0, session)),
        (None, Some(conversation)) => hash(&(call.caller, 1, conversation)),
        (None, None) => hash(&(call.caller, 2)),
    }
}

fn hash(value: &(impl std::hash::Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn cut(name: &str) -> &str {
    &name[..name.floor_char_boundary(NAME_BYTES_MAX)]
}
