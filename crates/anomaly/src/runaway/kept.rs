//! The stored form of chains: those that are followed, and what is usual for callers.
//!
//! ```text
//! 1                    version
//! n, n × chain         its key; caller and session; since when; when its last call began and ended; calls, tokens;
//!                      the last steps, 6 numbers; how many were the same, 6 numbers; the prompt's tokens; the gain and
//!                      how often; what was found; when to tell again
//! n, n × (caller, sizes)
//! n, n × runaway       what ended and was not told yet
//! ```
//! Counts have 4 bytes, numbers 8, names a count before them; what may be absent has a byte before it, 0 or 1. A key is
//! a hash of this build of the program: one of another build that hashes otherwise begins its chains anew.

use corelog_types::Timestamp;

use super::{CYCLE_MAX, Chain, Runaway, RunawayConfig, Runaways, Sign, hash};
use crate::bytes::{Put, Take};
use crate::stored::InvalidModel;

const VERSION: u8 = 1;

impl Runaways {
    /// All that is known of all chains.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut put = Put(vec![VERSION]);
        put.long(hash(VERSIONED));
        put.count(self.chains.len());
        for (_, key) in &self.idle {
            if let Some(chain) = self.chains.get(key) {
                put.long(*key);
                chain.put(&mut put);
            }
        }
        put.count(self.callers.len());
        for (caller, sizes) in &self.callers {
            put.long(*caller);
            put.sizes(sizes);
        }
        put.count(self.ended.len());
        for runaway in &self.ended {
            runaway.put(&mut put);
        }
        put.0
    }

    /// What [`Self::to_bytes`] wrote. Where fewer chains may be followed by now, the oldest end.
    ///
    /// # Errors
    /// [`InvalidModel`] for all other bytes.
    pub fn from_bytes(bytes: &[u8], config: RunawayConfig) -> Result<Self, InvalidModel> {
        read(Take(bytes), config).ok_or(InvalidModel)
    }
}

/// What a build hashes to, so that one that hashes otherwise is told apart.
const VERSIONED: &str = "corelog";

fn read(mut take: Take<'_>, config: RunawayConfig) -> Option<Runaways> {
    if take.byte()? != VERSION || take.long()? != hash(VERSIONED) {
        return None;
    }
    let mut runaways = Runaways::new(config);
    for _ in 0..take.count(usize::MAX)? {
        let key = take.long()?;
        let chain = Chain::take(&mut take)?;
        runaways.make_room();
        if let Some(former) = runaways.chains.get(&key) {
            runaways.idle.remove(&(former.last_ended_ms, key));
        }
        runaways.idle.insert((chain.last_ended_ms, key));
        runaways.chains.insert(key, chain);
    }
    for _ in 0..take.count(usize::MAX)? {
        let caller = take.long()?;
        let sizes = take.sizes()?;
        if runaways.callers.len() < config.chains_max {
            runaways.callers.insert(caller, sizes);
        }
    }
    for _ in 0..take.count(usize::MAX)? {
        let runaway = Runaway::take(&mut take)?;
        if runaways.ended.len() < config.chains_max {
            runaways.ended.push(runaway);
        }
    }
    take.end()?;
    Some(runaways)
}

impl Chain {
    fn put(&self, put: &mut Put) {
        put.text(&self.caller);
        put.text_if_any(self.session.as_deref());
        for long in [
            self.since_ms,
            self.last_begun_ms,
            self.last_ended_ms,
            self.calls,
            self.tokens,
        ] {
            put.long(long);
        }
        for step in self.steps {
            put.long(step);
        }
        for same in self.same {
            put.long(same.into());
        }
        put.long_if_any(self.input_tokens);
        put.double(self.gain);
        put.long(self.gains.into());
        put.flag(self.found.is_some());
        if let Some(sign) = self.found {
            sign.put(put);
        }
        put.long(self.told_at);
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        let mut chain = Self {
            caller: take.text()?,
            session: take.text_if_any()?,
            since_ms: take.long()?,
            last_begun_ms: take.long()?,
            last_ended_ms: take.long()?,
            calls: take.long()?,
            tokens: take.long()?,
            steps: [0; CYCLE_MAX],
            same: [0; CYCLE_MAX],
            input_tokens: None,
            gain: 0.0,
            gains: 0,
            found: None,
            told_at: 0,
        };
        for step in &mut chain.steps {
            *step = take.long()?;
        }
        for same in &mut chain.same {
            *same = small(take)?;
        }
        chain.input_tokens = take.long_if_any()?;
        chain.gain = take.double()?;
        chain.gains = small(take)?;
        if take.flag()? {
            chain.found = Some(Sign::take(take)?);
        }
        chain.told_at = take.long()?;
        Some(chain)
    }
}

impl Sign {
    fn put(self, put: &mut Put) {
        let (code, numbers) = match self {
            Self::Repeats { steps, times } => (0, [u64::from(steps), u64::from(times)]),
            Self::Climbs { by, times } => (1, [by, u64::from(times)]),
            Self::Outgrows { usual } => (2, [usual, 0]),
        };
        put.byte(code);
        for number in numbers {
            put.long(number);
        }
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        let code = take.byte()?;
        let (first, second) = (take.long()?, take.long()?);
        let times = u32::try_from(second).ok()?;
        match code {
            0 => u32::try_from(first)
                .ok()
                .map(|steps| Self::Repeats { steps, times }),
            1 => Some(Self::Climbs { by: first, times }),
            2 => Some(Self::Outgrows { usual: first }),
            _ => None,
        }
    }
}

impl Runaway {
    fn put(&self, put: &mut Put) {
        put.text(&self.caller);
        put.text_if_any(self.session.as_deref());
        self.sign.put(put);
        let (since_ms, until_ms) = (self.since.unix_ms(), self.until.unix_ms());
        for long in [since_ms, until_ms, self.calls, self.tokens] {
            put.long(long);
        }
        put.flag(self.has_ended);
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        Some(Self {
            caller: take.text()?,
            session: take.text_if_any()?,
            sign: Sign::take(take)?,
            since: Timestamp::from_unix_ms(take.long()?),
            until: Timestamp::from_unix_ms(take.long()?),
            calls: take.long()?,
            tokens: take.long()?,
            has_ended: take.flag()?,
        })
    }
}

fn small(take: &mut Take<'_>) -> Option<u32> {
    u32::try_from(take.long()?).ok()
}
