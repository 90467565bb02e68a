//! The stored form of answers by key and day.
//!
//! ```text
//! 1                    version
//! n, n × key           its name; n, n × (number of the day, day)
//! day                  answers; lengths; lengths of prompts; those that do not refuse, and that do; n, n × stop reason;
//!                      n, n × language: a name and how many
//! ```
//! Counts have 4 bytes, numbers 8, names a count before them.

use std::collections::{BTreeMap, VecDeque};

use super::{DAYS_MAX, Day, Drifts, NAMES_MAX};
use crate::bytes::{Put, Take};
use crate::stored::InvalidModel;

const VERSION: u8 = 1;

impl Drifts {
    /// All that is known of all keys.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut put = Put(vec![VERSION]);
        put.count(self.keys.len());
        for (key, days) in &self.keys {
            put.text(key);
            put.count(days.len());
            for (number, day) in days {
                put.long(*number);
                day.put(&mut put);
            }
        }
        put.0
    }

    /// What [`Self::to_bytes`] wrote; of the keys as many as there may be.
    ///
    /// # Errors
    /// [`InvalidModel`] for all other bytes.
    pub fn from_bytes(bytes: &[u8], keys_max: usize) -> Result<Self, InvalidModel> {
        read(Take(bytes), keys_max).ok_or(InvalidModel)
    }
}

fn read(mut take: Take<'_>, keys_max: usize) -> Option<Drifts> {
    if take.byte()? != VERSION {
        return None;
    }
    let mut drifts = Drifts::new(keys_max);
    for _ in 0..take.count(usize::MAX)? {
        let key = take.text()?;
        let mut days = VecDeque::new();
        for _ in 0..take.count(DAYS_MAX)? {
            let number = take.long()?;
            let is_next = days.back().is_none_or(|(last, _)| *last < number);
            days.push_back((number, Day::take(&mut take).filter(|_| is_next)?));
        }
        drifts.make_room();
        drifts.keys.insert(key, days);
    }
    take.end()?;
    Some(drifts)
}

impl Day {
    fn put(&self, put: &mut Put) {
        put.double(self.answers);
        put.sizes(&self.lengths);
        put.sizes(&self.prompts);
        for count in self.refusals {
            put.double(count);
        }
        for names in [&self.stop_reasons, &self.languages] {
            put.count(names.len());
            for (name, count) in names {
                put.text(name);
                put.double(*count);
            }
        }
    }

    fn take(take: &mut Take<'_>) -> Option<Self> {
        Some(Self {
            answers: take.double()?,
            lengths: take.sizes()?,
            prompts: take.sizes()?,
            refusals: [take.double()?, take.double()?],
            stop_reasons: names(take)?,
            languages: names(take)?,
        })
    }
}

fn names(take: &mut Take<'_>) -> Option<BTreeMap<String, f64>> {
    // Those that are told apart, and the others.
    let count = take.count(NAMES_MAX + 1)?;
    (0..count)
        .map(|_| Some((take.text()?, take.double()?)))
        .collect()
}
