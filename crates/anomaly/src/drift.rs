//! Drift of answers: whether those of a day differ from those of the two weeks before, in length, in how often they
//! refuse, in why they stop, in their language.
//!
//! Answers are counted by day and by key (a model, and whatever else tells series apart, such as a prompt's version).
//! [`Drifts::look`] compares a day with the sum of those before it. A feature drifted if all of this holds:
//!
//! - both sides have a hundred answers or more; else nothing can be said;
//! - **it matters**: the lengths' distributions are a tenth apart (Kolmogorov and Smirnov), the shares of stop reasons
//!   or languages have a stability index of 0.2, the share of refusals doubled or halved and moved by two in a hundred;
//! - **it is not chance**, with one false alarm in a hundred among all keys and features that are looked at together
//!   (Benjamini and Hochberg): with many answers, everything differs significantly, and with many keys, something does;
//! - **it is not usual**: no day of the two weeks was as far from the others. Saturdays may differ from Mondays every
//!   week.
//!
//! Whether the prompts moved, too, is told with each finding: then the answers may be right.

mod kept;

use std::collections::{BTreeMap, VecDeque};

use corelog_types::Timestamp;

use crate::config::DAY_MS;
use crate::number::float;
use crate::sizes::Sizes;
use crate::statistics::{
    categories_chance, distance_chance, largest_distance, not_by_chance, stability_index,
};

/// The days that are remembered, and the one that is looked at.
const DAYS_MAX: usize = 15;
const ANSWERS_MIN: f64 = 100.0;
/// Of stop reasons and languages so many are told apart, the others are one.
const NAMES_MAX: usize = 16;
const NAME_BYTES_MAX: usize = 64;
const OTHERS: &str = "(others)";
const DISTANCE_MIN: f64 = 0.1;
const INDEX_MIN: f64 = 0.2;
const REFUSALS_MIN: f64 = 0.02;
const FALSE_RATE: f64 = 0.01;

/// One answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answer<'a> {
    /// When it was given.
    pub at: Timestamp,
    /// Its length, in tokens.
    pub length: Option<u64>,
    /// The length of its prompt, in tokens.
    pub prompt_length: Option<u64>,
    /// Whether it refuses, where that is known.
    pub is_refusal: Option<bool>,
    /// Why it ended.
    pub stop_reason: Option<&'a str>,
    /// Its language.
    pub language: Option<&'a str>,
}

/// What may drift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    /// How long answers are.
    Length,
    /// How many refuse.
    Refusals,
    /// Why they end.
    StopReason,
    /// Their language.
    Language,
}

impl Feature {
    const ALL: [Self; 4] = [
        Self::Length,
        Self::Refusals,
        Self::StopReason,
        Self::Language,
    ];
}

/// A feature that drifted.
#[derive(Debug, Clone, PartialEq)]
pub struct Drift {
    /// Whose answers.
    pub key: String,
    /// What drifted.
    pub feature: Feature,
    /// How far: the distance of distributions, the stability index, the difference of shares.
    pub effect: f64,
    /// The furthest that a day of the two weeks was from the others.
    pub usual_max: f64,
    /// How likely it is chance, by itself.
    pub chance: f64,
    /// What was, and what is: a median length, a share of refusals; of a category, the share that moved furthest.
    pub before: f64,
    /// See `before`.
    pub after: f64,
    /// The category that moved furthest.
    pub category: Option<String>,
    /// Whether the lengths of prompts moved as well.
    pub have_prompts_moved: bool,
}

/// What a look says of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Fewer than a hundred answers on a side.
    InsufficientData,
    /// It was compared.
    Compared,
}

/// Answers by key and day.
#[derive(Debug)]
pub struct Drifts {
    keys: BTreeMap<String, VecDeque<(u64, Day)>>,
    keys_max: usize,
    let_go: u64,
}

#[derive(Debug, Clone, Default)]
struct Day {
    answers: f64,
    lengths: Sizes,
    prompts: Sizes,
    /// Answers that do not refuse, and that do.
    refusals: [f64; 2],
    stop_reasons: BTreeMap<String, f64>,
    languages: BTreeMap<String, f64>,
}

struct Compared {
    effect: f64,
    chance: f64,
    before: f64,
    after: f64,
    category: Option<String>,
}

impl Drifts {
    /// Knows nothing yet; follows so many keys, each in some 80 kB. The one whose answers are the longest ago makes room.
    pub fn new(keys_max: usize) -> Self {
        Self {
            keys: BTreeMap::new(),
            keys_max,
            let_go: 0,
        }
    }

    /// How many keys made room, and how many answers were let go because they came two weeks late.
    pub fn let_go(&self) -> u64 {
        self.let_go
    }

    /// Counts an answer.
    pub fn observe(&mut self, key: &str, answer: &Answer<'_>) {
        let number = answer.at.unix_ms() / DAY_MS;
        if !self.keys.contains_key(key) {
            self.make_room();
            self.keys.insert(key.to_owned(), VecDeque::new());
        }
        let Some(days) = self.keys.get_mut(key) else {
            return;
        };
        let place = days.partition_point(|(day, _)| *day < number);
        if days.get(place).is_none_or(|(day, _)| *day != number) {
            if days.len() >= DAYS_MAX && place == 0 {
                self.let_go += 1;
                return;
            }
            days.insert(place, (number, Day::default()));
        }
        days[place].1.add(answer);
        while days.len() > DAYS_MAX {
            days.pop_front();
        }
    }

    /// Lets go of the keys whose answers are the longest ago.
    fn make_room(&mut self) {
        while self.keys.len() >= self.keys_max.max(1) {
            let newest = |days: &VecDeque<(u64, Day)>| days.back().map(|(number, _)| *number);
            let oldest = self.keys.iter().min_by_key(|(_, days)| newest(days));
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else {
                return;
            };
            self.keys.remove(&oldest);
            self.let_go += 1;
        }
    }

    /// What can be said of a key on the day of this time.
    pub fn known(&self, key: &str, day: Timestamp) -> Known {
        match self.sides(key, day.unix_ms() / DAY_MS) {
            Some(_) => Known::Compared,
            None => Known::InsufficientData,
        }
    }

    /// Compares the day of this time with the fourteen days before it, for all keys. What drifted is told in the order
    /// of keys.
    pub fn look(&self, day: Timestamp) -> Vec<Drift> {
        let number = day.unix_ms() / DAY_MS;
        let mut compared: Vec<(&String, Feature, Compared, Vec<&Day>, bool)> = Vec::new();
        for key in self.keys.keys() {
            let Some((usual, tested)) = self.sides(key, number) else {
                continue;
            };
            let whole = sum(usual.iter().copied());
            let have_prompts_moved = moved_prompts(&whole, tested);
            for feature in Feature::ALL {
                if let Some(found) = compare(feature, &whole, tested) {
                    compared.push((key, feature, found, usual.clone(), have_prompts_moved));
                }
            }
        }
        let chances: Vec<f64> = compared
            .iter()
            .map(|(_, _, found, ..)| found.chance)
            .collect();
        let named = not_by_chance(&chances, FALSE_RATE);
        let matter = compared.into_iter().zip(named).filter_map(
            |((key, feature, found, usual, have_prompts_moved), is_named)| {
                if !is_named || !matters(feature, &found) {
                    return None;
                }
                let usual_max = unrest(feature, &usual);
                (found.effect > usual_max).then(|| Drift {
                    key: key.clone(),
                    feature,
                    effect: found.effect,
                    usual_max,
                    chance: found.chance,
                    before: found.before,
                    after: found.after,
                    category: found.category,
                    have_prompts_moved,
                })
            },
        );
        matter.collect()
    }

    /// The days before, and the day, if both have enough answers.
    fn sides(&self, key: &str, number: u64) -> Option<(Vec<&Day>, &Day)> {
        let days = self.keys.get(key)?;
        let (_, tested) = days.iter().find(|(day, _)| *day == number)?;
        let usual: Vec<&Day> = days
            .iter()
            .filter(|(day, _)| *day < number && *day + 14 >= number)
            .map(|(_, day)| day)
            .collect();
        let before: f64 = usual.iter().map(|day| day.answers).sum();
        (before >= ANSWERS_MIN && tested.answers >= ANSWERS_MIN).then_some((usual, tested))
    }
}

impl Day {
    fn add(&mut self, answer: &Answer<'_>) {
        self.answers += 1.0;
        if let Some(length) = answer.length {
            self.lengths.add(float(length));
        }
        if let Some(length) = answer.prompt_length {
            self.prompts.add(float(length));
        }
        if let Some(is_refusal) = answer.is_refusal {
            self.refusals[usize::from(is_refusal)] += 1.0;
        }
        count(&mut self.stop_reasons, answer.stop_reason);
        count(&mut self.languages, answer.language);
    }

    fn merge(&mut self, other: &Self) {
        self.answers += other.answers;
        self.lengths.merge(&other.lengths);
        self.prompts.merge(&other.prompts);
        for (count, more) in self.refusals.iter_mut().zip(other.refusals) {
            *count += more;
        }
        for (own, others) in [
            (&mut self.stop_reasons, &other.stop_reasons),
            (&mut self.languages, &other.languages),
        ] {
            for (name, more) in others {
                *own.entry(name.clone()).or_default() += more;
            }
        }
    }
}

fn count(names: &mut BTreeMap<String, f64>, name: Option<&str>) {
    let Some(name) = name else {
        return;
    };
    let name = &name[..name.floor_char_boundary(NAME_BYTES_MAX)];
    if let Some(count) = names.get_mut(name) {
        *count += 1.0;
        return;
    }
    let name = if names.len() < NAMES_MAX {
        name
    } else {
        OTHERS
    };
    *names.entry(name.to_owned()).or_default() += 1.0;
}

fn sum<'a>(days: impl Iterator<Item = &'a Day>) -> Day {
    let mut whole = Day::default();
    for day in days {
        whole.merge(day);
    }
    whole
}

fn compare(feature: Feature, usual: &Day, tested: &Day) -> Option<Compared> {
    match feature {
        Feature::Length => compare_sizes(&usual.lengths, &tested.lengths),
        Feature::Refusals => compare_shares(&usual.refusals, &tested.refusals),
        Feature::StopReason => compare_names(&usual.stop_reasons, &tested.stop_reasons),
        Feature::Language => compare_names(&usual.languages, &tested.languages),
    }
}

fn compare_sizes(usual: &Sizes, tested: &Sizes) -> Option<Compared> {
    if usual.count() < ANSWERS_MIN || tested.count() < ANSWERS_MIN {
        return None;
    }
    let effect = largest_distance(usual.counts(), tested.counts());
    Some(Compared {
        effect,
        chance: distance_chance(effect, usual.count(), tested.count()),
        before: usual.quantile(0.5)?,
        after: tested.quantile(0.5)?,
        category: None,
    })
}

fn compare_shares(usual: &[f64; 2], tested: &[f64; 2]) -> Option<Compared> {
    let share = |[not, are]: &[f64; 2]| (not + are >= ANSWERS_MIN).then(|| are / (not + are));
    let (before, after) = (share(usual)?, share(tested)?);
    Some(Compared {
        effect: (after - before).abs(),
        chance: categories_chance(usual, tested),
        before,
        after,
        category: None,
    })
}

fn compare_names(
    usual: &BTreeMap<String, f64>,
    tested: &BTreeMap<String, f64>,
) -> Option<Compared> {
    let mut names: Vec<&String> = usual.keys().chain(tested.keys()).collect();
    names.sort();
    names.dedup();
    let counts = |of: &BTreeMap<String, f64>| -> Vec<f64> {
        let count = |name: &&String| of.get(*name).copied().unwrap_or(0.0);
        names.iter().map(count).collect()
    };
    let (was, is) = (counts(usual), counts(tested));
    let (all_was, all_is): (f64, f64) = (was.iter().sum(), is.iter().sum());
    if all_was < ANSWERS_MIN || all_is < ANSWERS_MIN {
        return None;
    }
    let shares = was
        .iter()
        .zip(&is)
        .map(|(was, is)| (was / all_was, is / all_is));
    let furthest = names.iter().zip(shares).max_by(|(_, one), (_, other)| {
        let off = |(was, is): &(f64, f64)| (is - was).abs();
        off(one).total_cmp(&off(other))
    });
    let (name, (before, after)) = furthest?;
    Some(Compared {
        effect: stability_index(&was, &is),
        chance: categories_chance(&was, &is),
        before,
        after,
        category: Some((*name).clone()),
    })
}

fn matters(feature: Feature, found: &Compared) -> bool {
    match feature {
        Feature::Length => found.effect >= DISTANCE_MIN,
        Feature::Refusals => {
            let (less, more) = (found.before.min(found.after), found.before.max(found.after));
            found.effect >= REFUSALS_MIN && more >= 2.0 * less
        }
        Feature::StopReason | Feature::Language => found.effect >= INDEX_MIN,
    }
}

/// The furthest that a day is from the others.
fn unrest(feature: Feature, days: &[&Day]) -> f64 {
    let mut furthest = 0.0_f64;
    for (number, day) in days.iter().enumerate() {
        let others = days
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != number);
        let others = sum(others.map(|(_, day)| *day));
        if let Some(found) = compare(feature, &others, day) {
            furthest = furthest.max(found.effect);
        }
    }
    furthest
}

fn moved_prompts(usual: &Day, tested: &Day) -> bool {
    compare_sizes(&usual.prompts, &tested.prompts)
        .is_some_and(|found| found.effect >= DISTANCE_MIN && found.chance < FALSE_RATE)
}
