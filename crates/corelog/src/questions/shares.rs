//! How many events of a log group have which fields.

use std::collections::BTreeMap;

use corelog_api::logs::FieldShare;
use corelog_values::discover;

/// Fields that every event has.
pub(super) const OF_ALL: [&str; 5] = [
    "@timestamp",
    "@ingestionTime",
    "@message",
    "@logStream",
    "@log",
];

/// Different fields that are counted. Decision: messages whose keys are data have more than anybody reads; of these,
/// the ones are told that come first.
const FIELDS_MAX: usize = 10_000;

/// Counts the fields of events.
#[derive(Debug, Default)]
pub(super) struct Shares {
    events: usize,
    counts: BTreeMap<String, usize>,
}

impl Shares {
    /// Takes an event's message.
    pub(super) fn add(&mut self, message: &str) {
        self.events += 1;
        discover::each(message, |name, _| {
            if let Some(count) = self.counts.get_mut(name) {
                *count += 1;
            } else if self.counts.len() < FIELDS_MAX {
                self.counts.insert(name.to_owned(), 1);
            }
        });
    }

    /// The share of each field; none where there was no event.
    pub(super) fn done(mut self) -> Vec<FieldShare> {
        let all = self.events;
        if all == 0 {
            return Vec::new();
        }
        let of_all = OF_ALL.map(|name| (name.to_owned(), all));
        self.counts.extend(of_all);
        let share = |(name, count): (String, usize)| FieldShare {
            name,
            percent: u8::try_from((count * 200 / all).div_ceil(2).min(100)).unwrap_or(100),
        };
        self.counts.into_iter().map(share).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_have_their_share_of_all_events() {
        let mut shares = Shares::default();
        for message in ["{\"a\":{\"b\":1},\"c\":2}", "{\"c\":3}", "no JSON"] {
            shares.add(message);
        }
        let shares = shares.done();
        let percent = |name: &str| {
            shares
                .iter()
                .find(|it| it.name == name)
                .map(|it| it.percent)
        };
        assert_eq!(percent("a.b"), Some(33));
        assert_eq!(percent("c"), Some(67));
        assert_eq!(percent("@message"), Some(100));
        assert_eq!(shares.len(), 2 + OF_ALL.len());
        assert!(Shares::default().done().is_empty());
    }

    #[test]
    fn keys_that_are_data_do_not_take_all_memory() {
        let mut shares = Shares::default();
        for event in 0..=FIELDS_MAX {
            shares.add(&format!("{{\"k{event}\":1,\"same\":1}}"));
        }
        let shares = shares.done();
        assert_eq!(shares.len(), FIELDS_MAX + OF_ALL.len());
        let same = shares.iter().find(|it| it.name == "same");
        assert_eq!(same.map(|it| it.percent), Some(100));
    }
}
