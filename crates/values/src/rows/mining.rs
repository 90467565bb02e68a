//! Which texts are alike: the algorithm of `pattern`.
//!
//! The service does not publish its own, so this one is ours. It takes texts one by one and in any order, and what it
//! keeps is bounded.
//!
//! 1. A text is cut into tokens: white space, single characters of punctuation, and words, which are all else. Times,
//!    UUIDs, IP addresses and numbers are recognised before and are tokens of their own kind. So is a word or white
//!    space of more than 128 bytes, and the rest of a text behind its first [`TOKENS_MAX`] tokens.
//! 2. Texts are alike in *shape* if they have as many tokens, with words at the same places, and the same
//!    white space, punctuation and kinds at the others. Texts of different shape never share a pattern.
//! 3. Among texts of one shape, a place is *open* if more than [`WORDS_MAX`] different words are there.
//! 4. A place is *fixed* if all have the same word there. If at least half of the places of words are fixed, the texts
//!    are one pattern, and the other places are dynamic.
//! 5. Otherwise they are split by the word at the place, not an open one, that has the fewest different words but more
//!    than one, the first such place of several, and each part is looked at by itself from step 4 on. Without such a
//!    place they are one pattern.
//!
//! A pattern prints fixed words as they are and dynamic tokens as `<Kind-N>`: the kind is `Time`, `ID`, `IP`, `Number`
//! or, for words, `Token`; N counts the dynamic tokens from 1. Of texts that are noted, a pattern also knows which
//! values its dynamic tokens had, and a few of the texts (`noted.rs`).
//!
//! Bounds: if texts have more than [`SHAPES_MAX`] shapes, only half as many tokens of each are looked at, and so on
//! until there are few enough. If they have more than [`COMBINATIONS_MAX`] combinations of words, half as many words
//! make a place open, and so on; only then may the order of texts matter. If what is noted takes more than
//! [`NOTED_BYTES_MAX`], half as many values and half as much of each text is noted, and so on.

mod noted;
mod pattern;
mod shape;

use std::collections::HashMap;

use super::tokens::{Kind, Token, tokens};
use noted::Keep;
use shape::{Limits, Piece, Shape, Size};

pub(super) use pattern::{Part, Pattern, Reading};

/// Tokens of a text that are looked at.
const TOKENS_MAX: usize = 256;

/// Different words at a place that is not open.
const WORDS_MAX: usize = u64::BITS as usize;

/// Shapes of texts at one time.
const SHAPES_MAX: usize = 4096;

/// Combinations of words at one time, of all shapes.
const COMBINATIONS_MAX: usize = 65_536;

/// Bytes of what is noted.
const NOTED_BYTES_MAX: usize = 32 << 20;

/// Finds patterns of texts. Texts may be of several windows, for example of different times, and are counted for each.
#[derive(Debug)]
pub(super) struct Miner {
    tokens_max: usize,
    limits: Limits,
    places: HashMap<Box<[u8]>, usize>,
    shapes: Vec<Shape>,
    size: Size,
    /// The shape of the text at hand.
    key: Vec<u8>,
}

/// That a text is noted, and when it came.
#[derive(Clone, Copy)]
struct Note {
    ms: Option<i64>,
}

impl Miner {
    /// A miner of texts of so many windows, at least one.
    pub(super) fn new(windows: usize) -> Self {
        Self {
            tokens_max: TOKENS_MAX,
            limits: Limits {
                windows: windows.max(1),
                words_max: WORDS_MAX,
                keep: Keep::default(),
            },
            places: HashMap::new(),
            shapes: Vec::new(),
            size: Size::default(),
            key: Vec::new(),
        }
    }

    /// How many windows there are.
    pub(super) fn windows(&self) -> usize {
        self.limits.windows
    }

    /// Counts a text of a window.
    pub(super) fn add(&mut self, text: &str, window: usize) {
        self.take(text, window, None);
    }

    /// Counts a text of a window, and notes it and its values. `ms` is when it came.
    pub(super) fn add_noted(&mut self, text: &str, window: usize, ms: Option<i64>) {
        self.take(text, window, Some(Note { ms }));
    }

    fn take(&mut self, text: &str, window: usize, note: Option<Note>) {
        let mut key = std::mem::take(&mut self.key);
        key.clear();
        let mut words: Vec<Option<&str>> = Vec::new();
        let mut values: Vec<&str> = Vec::new();
        for token in tokens(text, self.tokens_max) {
            match token {
                Token::Fixed(fixed) => key.extend_from_slice(fixed.as_bytes()),
                Token::Kind(kind, value) => {
                    key.push(kind_byte(kind));
                    if kind.has_values() {
                        values.push(value);
                    }
                }
                Token::Word(word) => {
                    key.push(WORD_BYTE);
                    words.push(Some(word));
                }
            }
        }
        let at = if let Some(at) = self.places.get(key.as_slice()) {
            *at
        } else {
            let pieces = tokens(text, self.tokens_max).map(Piece::of);
            self.shape(&key, pieces.collect())
        };
        self.key = key;
        let limits = self.limits;
        self.change(at, |shape| {
            let (known, size) = shape.combination(&words, limits);
            if let Some(count) = known.counts.get_mut(window) {
                *count += 1;
            }
            if let Some(note) = note {
                let more = known.noted.take(&values, text, note.ms, limits.keep);
                size.noted = size.noted.saturating_add_signed(more);
            }
        });
        self.bound();
    }

    /// The patterns of all texts, the text of each different, in no order.
    pub(super) fn finish(&self) -> Vec<Pattern<'_>> {
        let mut all: HashMap<String, Pattern<'_>> = HashMap::new();
        for shape in &self.shapes {
            shape.split(|reading| {
                let text = reading.text();
                let pattern = all.entry(text);
                let pattern = pattern.or_insert_with_key(|text| Pattern::new(text, self.windows()));
                pattern.add(reading);
            });
        }
        all.into_values().collect()
    }

    /// About how many bytes it keeps.
    pub(super) fn bytes(&self) -> usize {
        self.size.bytes + self.size.noted
    }

    fn clear(&mut self) {
        self.places.clear();
        self.shapes.clear();
        self.size = Size::default();
    }

    fn shape(&mut self, key: &[u8], pieces: Vec<Piece>) -> usize {
        let at = self.shapes.len();
        self.places.insert(key.into(), at);
        let shape = Shape::new(pieces);
        self.size.add(shape.size);
        self.size.bytes += 2 * key.len();
        self.shapes.push(shape);
        at
    }

    /// Changes a shape, and what it keeps as part of the whole.
    fn change(&mut self, at: usize, change: impl FnOnce(&mut Shape)) {
        let Some(shape) = self.shapes.get_mut(at) else {
            return;
        };
        self.size.take(shape.size);
        change(shape);
        self.size.add(shape.size);
    }

    /// Keeps shapes, combinations and what is noted few enough.
    fn bound(&mut self) {
        while self.shapes.len() > SHAPES_MAX {
            self.tokens_max /= 2;
            let shapes = std::mem::take(&mut self.shapes);
            self.clear();
            for shape in shapes {
                self.add_shape(shape);
            }
        }
        while self.size.combinations > COMBINATIONS_MAX && self.limits.words_max > 1 {
            self.limits.words_max /= 2;
            let limits = self.limits;
            for at in 0..self.shapes.len() {
                self.change(at, |shape| shape.open_wide(limits));
            }
        }
        while self.size.noted > NOTED_BYTES_MAX && !self.limits.keep.is_nothing() {
            self.limits.keep = self.limits.keep.half();
            let keep = self.limits.keep;
            for at in 0..self.shapes.len() {
                self.change(at, |shape| shape.trim(keep));
            }
        }
    }

    /// Adds a shape's combinations, its tokens cut to as many as are looked at.
    fn add_shape(&mut self, shape: Shape) {
        let pieces = shape.cut(self.tokens_max);
        let mut key = Vec::new();
        for piece in &pieces {
            piece.write_key(&mut key);
        }
        let at = match self.places.get(key.as_slice()) {
            Some(at) => *at,
            None => self.shape(&key, pieces),
        };
        let limits = self.limits;
        self.change(at, |own| own.absorb(shape, limits));
    }
}

/// Bytes that are in no text.
const WORD_BYTE: u8 = 0xFF;

fn kind_byte(kind: Kind) -> u8 {
    match kind {
        Kind::Time => 0xFE,
        Kind::Id => 0xFD,
        Kind::Ip => 0xFC,
        Kind::Number => 0xFB,
        Kind::Token => 0xFA,
    }
}

#[cfg(test)]
mod tests;
