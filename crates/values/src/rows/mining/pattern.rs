//! A pattern that was found: its text, its counts, and its tokens with their values.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::noted::{SAMPLES_MAX, Sample, VALUES_MAX};
use super::shape::{Combination, Piece, Shape};
use crate::rows::tokens::Kind;

/// Texts that are alike.
#[derive(Debug)]
pub(in crate::rows) struct Pattern<'m> {
    /// Their words, with what differs as `<Kind-N>`.
    pub(in crate::rows) text: String,
    /// How many there are, in each of the miner's windows.
    pub(in crate::rows) counts: Vec<u64>,
    /// The texts by shape: rarely, those of different shapes print alike.
    pub(in crate::rows) readings: Vec<Reading<'m>>,
}

/// Texts of one shape that are one pattern.
#[derive(Debug)]
pub(in crate::rows) struct Reading<'m> {
    shape: &'m Shape,
    alike: Vec<(&'m [u32], &'m Combination)>,
    /// Which places of words are dynamic.
    dynamic: Vec<bool>,
}

/// A part of a pattern's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rows) enum Part<'m> {
    /// What is the same in all texts.
    Fixed(String),
    /// What differs.
    Dynamic {
        /// Counted from 1.
        position: usize,
        /// `Time`, `ID`, `IP`, `Number`, or `Token`.
        kind: &'static str,
        /// The values that noted texts have there, and how many of each, the most frequent first; `None` if they are
        /// too many to know.
        values: Option<Vec<(&'m str, u64)>>,
    },
}

impl<'m> Pattern<'m> {
    pub(super) fn new(text: &str, windows: usize) -> Self {
        Self {
            text: text.to_owned(),
            counts: vec![0; windows],
            readings: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, reading: Reading<'m>) {
        for (_, texts) in &reading.alike {
            for (known, count) in self.counts.iter_mut().zip(&texts.counts) {
                *known += count;
            }
        }
        self.readings.push(reading);
    }

    /// A few of the noted texts, the newest first.
    pub(in crate::rows) fn samples(&self) -> Vec<&'m Sample> {
        let texts = self.readings.iter().flat_map(|reading| &reading.alike);
        let mut all: Vec<&Sample> = texts.flat_map(|(_, texts)| texts.noted.samples()).collect();
        all.sort_by(|left, right| left.order(right));
        all.truncate(SAMPLES_MAX);
        all
    }
}

impl<'m> Reading<'m> {
    pub(super) fn new(
        shape: &'m Shape,
        alike: Vec<(&'m [u32], &'m Combination)>,
        dynamic: Vec<bool>,
    ) -> Self {
        Self {
            shape,
            alike,
            dynamic,
        }
    }

    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        self.walk(|found| match found {
            Found::Fixed(text) => out.push_str(text),
            Found::Dynamic { position, kind, .. } => {
                let _ = write!(out, "<{}-{position}>", kind.name());
            }
        });
        out
    }

    /// The parts of the pattern's text, no two fixed ones beside each other.
    pub(in crate::rows) fn parts(&self) -> Vec<Part<'m>> {
        let mut all: Vec<Part<'m>> = Vec::new();
        self.walk(|found| match (found, all.last_mut()) {
            (Found::Fixed(text), Some(Part::Fixed(before))) => before.push_str(text),
            (Found::Fixed(text), _) => all.push(Part::Fixed(text.to_owned())),
            (Found::Dynamic { position, kind, of }, _) => all.push(Part::Dynamic {
                position,
                kind: kind.name(),
                values: self.values(of),
            }),
        });
        all
    }

    /// An expression that matches the texts: of what differs, whatever could stand there.
    pub(in crate::rows) fn regex(&self) -> String {
        let mut out = "^".to_owned();
        self.walk(|found| match found {
            // A slash would end an expression between slashes.
            Found::Fixed(text) => out.push_str(&regex::escape(text).replace('/', r"\/")),
            Found::Dynamic { kind, of, .. } => out.push_str(match (kind, of) {
                (Kind::Token, Source::Words(_)) => r#"[^\s"'=:,;|()\[\]{}<>]+"#,
                (Kind::Token, _) => "(?s:.+)",
                (Kind::Time, _) => r"[-+\/:.,0-9TZ ]+",
                (Kind::Id, _) => "[-0-9a-fA-F]{36}",
                (Kind::Ip, _) => "[.0-9]+",
                (Kind::Number, _) => "[-+.0-9]+",
            }),
        });
        out.push('$');
        out
    }

    fn walk(&self, mut see: impl FnMut(Found<'m>)) {
        let first = self.alike.first().map_or(&[][..], |(ids, _)| *ids);
        let (mut position, mut word, mut value) = (0, 0, 0);
        for piece in &self.shape.pieces {
            let (kind, of) = match piece {
                Piece::Fixed(text) => {
                    see(Found::Fixed(text));
                    continue;
                }
                Piece::Kind(kind) if kind.has_values() => {
                    value += 1;
                    (*kind, Source::Values(value - 1))
                }
                Piece::Kind(kind) => (*kind, Source::Unknown),
                Piece::Word => {
                    let at = word;
                    word += 1;
                    if self.dynamic.get(at) == Some(&false) {
                        let place = self.shape.places.get(at);
                        let id = first.get(at).copied().unwrap_or_default();
                        let fixed = place.and_then(|place| place.word(id));
                        see(Found::Fixed(fixed.unwrap_or_default()));
                        continue;
                    }
                    (Kind::Token, Source::Words(at))
                }
            };
            position += 1;
            see(Found::Dynamic { position, kind, of });
        }
    }

    /// Whether any of the texts is noted.
    pub(in crate::rows) fn is_noted(&self) -> bool {
        self.alike.iter().any(|(_, texts)| texts.noted.count() > 0)
    }

    fn values(&self, of: Source) -> Option<Vec<(&'m str, u64)>> {
        let mut counted: BTreeMap<&'m str, u64> = BTreeMap::new();
        for (ids, texts) in &self.alike {
            match of {
                Source::Unknown => return None,
                Source::Words(at) if texts.noted.count() > 0 => {
                    let word = self.shape.places.get(at)?.word(*ids.get(at)?)?;
                    *counted.entry(word).or_default() += texts.noted.count();
                }
                Source::Words(_) => {}
                Source::Values(at) => {
                    for (value, count) in texts.noted.values(at)? {
                        *counted.entry(value).or_default() += count;
                    }
                }
            }
            if counted.len() > VALUES_MAX {
                return None;
            }
        }
        let mut all: Vec<(&'m str, u64)> = counted.into_iter().collect();
        all.sort_by(|(_, left), (_, right)| right.cmp(left));
        Some(all)
    }
}

enum Found<'m> {
    Fixed(&'m str),
    Dynamic {
        position: usize,
        kind: Kind,
        of: Source,
    },
}

/// Where the values of a dynamic token are.
#[derive(Clone, Copy)]
enum Source {
    /// The words of a place.
    Words(usize),
    /// The recognised values of a place.
    Values(usize),
    /// Nowhere: they are long.
    Unknown,
}
