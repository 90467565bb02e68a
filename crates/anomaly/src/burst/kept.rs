//! The stored form of all subjects: their models, what is open, what was told, and what is usual among them.
//!
//! ```text
//! 1                             version
//! n, n × (signal, sizes)        what windows of all subjects have
//! n, n × subject                caller and model; when it called last; the window that is closed next, if one is;
//!                               calls and errors; n, n × window; n, n × signal
//! window                        its number; calls, tokens, cost, errors; how many were answered; n, n × latency
//! signal                        which; the last three, a byte each; since when; what was told; the model's bytes
//! ```
//! Counts have 4 bytes, numbers 8, names a count before them; what may be absent has a byte before it, 0 or 1.

use std::collections::{BTreeMap, HashMap};

use super::{BurstConfig, Bursts, Followed, LATENCIES_MAX, OPEN_MAX, Signal, Subject};
use super::{Watched, Window};
use crate::bytes::{Put, Take};
use crate::model::Model;
use crate::stored::InvalidModel;

const VERSION: u8 = 1;

impl Bursts {
    /// All that is known of all subjects.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut put = Put(vec![VERSION]);
        let peers: BTreeMap<_, _> = self.peers.iter().collect();
        put.count(peers.len());
        for (signal, sizes) in peers {
            put.byte(signal.code());
            put.sizes(sizes);
        }
        let subjects: BTreeMap<_, _> = self.subjects.iter().collect();
        put.count(subjects.len());
        for (subject, followed) in subjects {
            put.text(&subject.caller);
            put.text(&subject.model);
            followed.put(&mut put);
        }
        put.0
    }

    /// What [`Self::to_bytes`] wrote. Where fewer subjects may be followed by now, those that are too many are let go.
    ///
    /// # Errors
    /// [`InvalidModel`] for all other bytes.
    pub fn from_bytes(bytes: &[u8], config: BurstConfig) -> Result<Self, InvalidModel> {
        read(Take(bytes), config).ok_or(InvalidModel)
    }
}

fn read(mut take: Take<'_>, config: BurstConfig) -> Option<Bursts> {
    if take.byte()? != VERSION {
        return None;
    }
    let mut bursts = Bursts::new(config);
    for _ in 0..take.count(Signal::ALL.len())? {
        let signal = Signal::of_code(take.byte()?)?;
        bursts.peers.insert(signal, take.sizes()?);
    }
    for _ in 0..take.count(usize::MAX)? {
        let subject = Subject {
            caller: take.text()?,
            model: take.text()?,
        };
        let followed = Followed::take(&mut take)?;
        bursts.make_room();
        bursts.subjects.insert(subject, followed);
    }
    take.end()?;
    Some(bursts)
}

impl Followed {
    fn put(&self, put: &mut Put) {
        put.long(self.newest_ms);
        put.long_if_any(self.next);
        put.double(self.calls);
        put.double(self.errors);
        put.count(self.open.len());
        for (number, window) in &self.open {
            put.long(*number);
            window.put(put);
        }
        let signals: BTreeMap<_, _> = self.signals.iter().collect();
        put.count(signals.len());
        for (signal, watched) in signals {
            put.byte(signal.code());
            watched.put(put);
        }
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        let mut followed = Self {
            newest_ms: take.long()?,
            next: take.long_if_any()?,
            calls: take.double()?,
            errors: take.double()?,
            open: BTreeMap::new(),
            signals: HashMap::new(),
        };
        for _ in 0..take.count(OPEN_MAX)? {
            let number = take.long()?;
            followed.open.insert(number, Window::take(take)?);
        }
        for _ in 0..take.count(Signal::ALL.len())? {
            let signal = Signal::of_code(take.byte()?)?;
            followed.signals.insert(signal, Watched::take(take)?);
        }
        Some(followed)
    }
}

impl Window {
    fn put(&self, put: &mut Put) {
        for sum in [self.calls, self.tokens, self.cost, self.errors] {
            put.double(sum);
        }
        put.long(self.answered as u64);
        put.count(self.latencies.len());
        for latency in &self.latencies {
            put.double(*latency);
        }
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        let mut window = Self {
            calls: take.double()?,
            tokens: take.double()?,
            cost: take.double()?,
            errors: take.double()?,
            answered: usize::try_from(take.long()?).ok()?,
            latencies: Vec::new(),
        };
        for _ in 0..take.count(LATENCIES_MAX)? {
            window.latencies.push(take.double()?);
        }
        Some(window)
    }
}

impl Watched {
    fn put(&self, put: &mut Put) {
        for is_unusual in self.unusual {
            put.flag(is_unusual);
        }
        put.long_if_any(self.since_ms);
        put.long_if_any(self.told.map(f64::to_bits));
        put.bytes(&self.model.to_bytes());
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        Some(Self {
            unusual: [take.flag()?, take.flag()?, take.flag()?],
            since_ms: take.long_if_any()?,
            told: take.long_if_any()?.map(f64::from_bits),
            model: Model::from_bytes(take.bytes()?).ok()?,
        })
    }
}
