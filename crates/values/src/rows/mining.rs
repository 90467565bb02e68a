//! Which texts are alike: the algorithm of `pattern`.
//!
//! The service does not publish its own, so this one is ours. It takes texts one by one and in any order, many miners
//! can share them, and what it keeps is bounded.
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
//! or, for words, `Token`; N counts the dynamic tokens from 1.
//!
//! Bounds: if texts have more than [`SHAPES_MAX`] shapes, only half as many tokens of each are looked at, and so on
//! until there are few enough. If they have more than [`COMBINATIONS_MAX`] combinations of words, half as many words
//! make a place open, and so on; only then may the order of texts matter.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::tokens::{Kind, Token, tokens};

/// Tokens of a text that are looked at.
pub(super) const TOKENS_MAX: usize = 256;

/// Different words at a place that is not open.
const WORDS_MAX: usize = u64::BITS as usize;

/// Shapes of texts at one time.
const SHAPES_MAX: usize = 4096;

/// Combinations of words at one time, of all shapes.
const COMBINATIONS_MAX: usize = 65_536;

/// Stands for the word of an open place.
const OPEN: u32 = u32::MAX;

/// Texts that are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// Their words, with what differs as `<Kind-N>`.
    pub text: String,
    /// How many there are, in each of the miner's windows.
    pub counts: Vec<u64>,
}

/// Finds patterns of texts. Texts may be of several windows, for example of different times, and are counted for each.
#[derive(Debug)]
pub struct Miner {
    windows: usize,
    tokens_max: usize,
    words_max: usize,
    places: HashMap<Box<[u8]>, usize>,
    shapes: Vec<Shape>,
    combinations: usize,
    bytes: usize,
    /// The shape of the text at hand, and its words.
    key: Vec<u8>,
}

#[derive(Debug)]
struct Shape {
    pieces: Vec<Piece>,
    places: Vec<Place>,
    /// How often words come together, by window.
    combinations: HashMap<Box<[u32]>, Box<[u64]>>,
    /// About how many bytes it keeps.
    bytes: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Fixed(Box<str>),
    Kind(Kind),
    Word,
}

impl Piece {
    fn of(token: Token<'_>) -> Self {
        match token {
            Token::Fixed(text) => Self::Fixed(text.into()),
            Token::Kind(kind) => Self::Kind(kind),
            Token::Word(_) => Self::Word,
        }
    }
}

/// A place of words in a shape.
#[derive(Debug, Default)]
struct Place {
    words: Vec<Box<str>>,
    ids: HashMap<Box<str>, u32>,
    is_open: bool,
    /// The word that was there last: most often it is there again.
    last: u32,
}

impl Place {
    /// The number of a word, and how many bytes it takes if it is new.
    fn id(&mut self, word: &str) -> (u32, usize) {
        if self.is_open {
            return (OPEN, 0);
        }
        let is_last = self.words.get(self.last as usize).map(|last| &**last) == Some(word);
        if is_last {
            return (self.last, 0);
        }
        if let Some(id) = self.ids.get(word) {
            self.last = *id;
            return (*id, 0);
        }
        let id = u32::try_from(self.words.len()).unwrap_or(OPEN);
        self.words.push(word.into());
        self.ids.insert(word.into(), id);
        self.last = id;
        (id, word_bytes(word))
    }

    fn open(&mut self) {
        *self = Self {
            is_open: true,
            ..Self::default()
        };
    }
}

fn word_bytes(word: &str) -> usize {
    2 * word.len() + 64
}

fn combination_bytes(ids: &[u32], counts: &[u64]) -> usize {
    size_of_val(ids) + size_of_val(counts) + 64
}

impl Miner {
    /// A miner of texts of so many windows, at least one.
    pub fn new(windows: usize) -> Self {
        Self {
            windows: windows.max(1),
            tokens_max: TOKENS_MAX,
            words_max: WORDS_MAX,
            places: HashMap::new(),
            shapes: Vec::new(),
            combinations: 0,
            bytes: 0,
            key: Vec::new(),
        }
    }

    /// How many windows there are.
    pub fn windows(&self) -> usize {
        self.windows
    }

    /// Counts a text of a window.
    pub fn add(&mut self, text: &str, window: usize) {
        let mut key = std::mem::take(&mut self.key);
        key.clear();
        let mut words: Vec<Option<&str>> = Vec::new();
        for token in tokens(text, self.tokens_max) {
            match token {
                Token::Fixed(fixed) => key.extend_from_slice(fixed.as_bytes()),
                Token::Kind(kind) => key.push(kind_byte(kind)),
                Token::Word(word) => {
                    key.push(WORD_BYTE);
                    words.push(Some(word));
                }
            }
        }
        let mut counts = vec![0; self.windows];
        if let Some(count) = counts.get_mut(window) {
            *count = 1;
        }
        let at = if let Some(at) = self.places.get(key.as_slice()) {
            *at
        } else {
            let pieces = tokens(text, self.tokens_max).map(Piece::of);
            self.shape(&key, pieces.collect())
        };
        self.key = key;
        self.count(at, &words, &counts);
        self.bound();
    }

    /// Adds what another miner of as many windows has counted.
    pub fn merge(&mut self, other: Self) {
        self.words_max = self.words_max.min(other.words_max);
        self.tokens_max = self.tokens_max.min(other.tokens_max);
        let own = std::mem::take(&mut self.shapes);
        self.clear();
        for shape in own.into_iter().chain(other.shapes) {
            self.add_shape(&shape);
        }
        self.bound();
    }

    /// The patterns of all texts, the text of each different, in no order.
    pub fn finish(&self) -> Vec<Pattern> {
        let mut all: HashMap<String, Vec<u64>> = HashMap::new();
        for shape in &self.shapes {
            let combinations = shape.combinations.iter();
            let alike = combinations.map(|(words, counts)| (&**words, &**counts));
            shape.split(alike.collect(), self.windows, &mut all);
        }
        let pattern = |(text, counts)| Pattern { text, counts };
        all.into_iter().map(pattern).collect()
    }

    /// About how many bytes it keeps.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn clear(&mut self) {
        self.places.clear();
        self.shapes.clear();
        self.combinations = 0;
        self.bytes = 0;
    }

    fn shape(&mut self, key: &[u8], pieces: Vec<Piece>) -> usize {
        let words = pieces.iter().filter(|piece| **piece == Piece::Word).count();
        let places = std::iter::repeat_with(Place::default).take(words).collect();
        self.bytes += 2 * key.len();
        let at = self.shapes.len();
        self.places.insert(key.into(), at);
        let mut shape = Shape {
            pieces,
            places,
            combinations: HashMap::new(),
            bytes: 0,
        };
        shape.measure();
        self.bytes += shape.bytes;
        self.shapes.push(shape);
        at
    }

    /// Counts a combination of words of a shape, `None` where the place is open.
    fn count(&mut self, at: usize, words: &[Option<&str>], counts: &[u64]) {
        let shape = &mut self.shapes[at];
        let (combinations, bytes) = (shape.combinations.len(), shape.bytes);
        shape.count(words, counts, self.words_max);
        self.combinations = self.combinations + shape.combinations.len() - combinations;
        self.bytes = self.bytes + shape.bytes - bytes;
    }

    /// Keeps shapes and combinations few enough.
    fn bound(&mut self) {
        while self.shapes.len() > SHAPES_MAX {
            self.tokens_max /= 2;
            let shapes = std::mem::take(&mut self.shapes);
            self.clear();
            for shape in shapes {
                self.add_shape(&shape);
            }
        }
        while self.combinations > COMBINATIONS_MAX && self.words_max > 1 {
            self.words_max /= 2;
            for shape in &mut self.shapes {
                let wide = |place: &&mut Place| place.words.len() > self.words_max;
                shape.places.iter_mut().filter(wide).for_each(Place::open);
                let (combinations, bytes) = (shape.combinations.len(), shape.bytes);
                shape.forget_open();
                self.combinations = self.combinations + shape.combinations.len() - combinations;
                self.bytes = self.bytes + shape.bytes - bytes;
            }
        }
    }

    /// Adds a shape's combinations, its tokens cut to as many as are looked at.
    fn add_shape(&mut self, shape: &Shape) {
        let mut pieces = shape.pieces.clone();
        if pieces.len() > self.tokens_max {
            pieces.truncate(self.tokens_max);
            pieces.push(Piece::Kind(Kind::Token));
        }
        let mut key = Vec::new();
        for piece in &pieces {
            match piece {
                Piece::Fixed(text) => key.extend_from_slice(text.as_bytes()),
                Piece::Kind(kind) => key.push(kind_byte(*kind)),
                Piece::Word => key.push(WORD_BYTE),
            }
        }
        let at = match self.places.get(key.as_slice()) {
            Some(at) => *at,
            None => self.shape(&key, pieces),
        };
        let count = self.shapes[at].places.len();
        for (ids, counts) in &shape.combinations {
            let word = |(place, id): (&Place, &u32)| place.words.get(*id as usize).cloned();
            let words: Vec<Option<Box<str>>> =
                shape.places.iter().zip(ids).map(word).take(count).collect();
            let words: Vec<Option<&str>> = words.iter().map(Option::as_deref).collect();
            self.count(at, &words, counts);
        }
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

fn add(known: &mut [u64], counts: &[u64]) {
    for (known, count) in known.iter_mut().zip(counts) {
        *known += count;
    }
}

type Combination<'s> = (&'s [u32], &'s [u64]);

impl Shape {
    /// Counts a combination of words, `None` where the place is open.
    fn count(&mut self, words: &[Option<&str>], counts: &[u64], words_max: usize) {
        let mut ids: Vec<u32> = Vec::with_capacity(words.len());
        let mut opened = false;
        for (place, word) in self.places.iter_mut().zip(words) {
            let (id, bytes) = if let Some(word) = word {
                place.id(word)
            } else {
                opened |= !place.is_open;
                place.open();
                (OPEN, 0)
            };
            self.bytes += bytes;
            if !place.is_open && place.words.len() > words_max {
                place.open();
                opened = true;
            }
            ids.push(if place.is_open { OPEN } else { id });
        }
        if opened {
            self.forget_open();
        }
        if let Some(known) = self.combinations.get_mut(ids.as_slice()) {
            add(known, counts);
        } else {
            self.bytes += combination_bytes(&ids, counts);
            self.combinations.insert(ids.into(), counts.into());
        }
    }

    /// Says anew how many bytes it keeps.
    fn measure(&mut self) {
        let text = |piece: &Piece| match piece {
            Piece::Fixed(text) => text.len(),
            _ => 0,
        };
        let pieces: usize = self.pieces.iter().map(text).sum();
        let words = self.places.iter().flat_map(|place| &place.words);
        let words: usize = words.map(|word| word_bytes(word)).sum();
        let combinations = self.combinations.iter();
        let combinations: usize = combinations
            .map(|(ids, counts)| combination_bytes(ids, counts))
            .sum();
        let own = size_of::<Self>()
            + size_of_val(self.pieces.as_slice())
            + size_of_val(self.places.as_slice());
        self.bytes = own + pieces + words + combinations;
    }

    /// Takes combinations together that differ in open places only.
    fn forget_open(&mut self) {
        let before = std::mem::take(&mut self.combinations);
        for (mut ids, counts) in before {
            for (id, place) in ids.iter_mut().zip(&self.places) {
                if place.is_open {
                    *id = OPEN;
                }
            }
            match self.combinations.get_mut(&ids) {
                Some(known) => add(known, &counts),
                None => {
                    self.combinations.insert(ids, counts);
                }
            }
        }
        self.measure();
    }

    /// Steps 4 and 5.
    fn split(
        &self,
        alike: Vec<Combination<'_>>,
        windows: usize,
        out: &mut HashMap<String, Vec<u64>>,
    ) {
        let Some((first, _)) = alike.first() else {
            return;
        };
        // A place that is not open has few words: a number has a bit for each.
        let different = |place: usize| -> u32 {
            let bits = alike
                .iter()
                .map(|(ids, _)| 1_u64 << (ids[place] % u64::BITS));
            bits.fold(0, |all, bit| all | bit).count_ones()
        };
        let mut dynamic: Vec<bool> = Vec::with_capacity(self.places.len());
        let mut narrowest: Option<(u32, usize)> = None;
        for (at, place) in self.places.iter().enumerate() {
            let count = if place.is_open { 1 } else { different(at) };
            dynamic.push(place.is_open || count > 1);
            if count > 1 && narrowest.is_none_or(|(known, _)| count < known) {
                narrowest = Some((count, at));
            }
        }
        let fixed = dynamic.iter().filter(|dynamic| !**dynamic).count();
        let Some((_, place)) = narrowest.filter(|_| fixed * 2 < self.places.len()) else {
            let text = self.print(first, &dynamic);
            let counts = out.entry(text).or_insert_with(|| vec![0; windows]);
            for (_, more) in &alike {
                add(counts, more);
            }
            return;
        };
        let mut parts: HashMap<u32, Vec<Combination<'_>>> = HashMap::new();
        for one in alike {
            parts.entry(one.0[place]).or_default().push(one);
        }
        for part in parts.into_values() {
            self.split(part, windows, out);
        }
    }

    fn print(&self, ids: &[u32], dynamic: &[bool]) -> String {
        let mut out = String::new();
        let mut count = 0;
        let mut words = self.places.iter().zip(ids).zip(dynamic);
        for piece in &self.pieces {
            let kind = match piece {
                Piece::Fixed(text) => {
                    out.push_str(text);
                    continue;
                }
                Piece::Kind(kind) => *kind,
                Piece::Word => match words.next() {
                    Some(((place, id), false)) => {
                        let word = place.words.get(*id as usize);
                        out.push_str(word.map_or("", |word| word));
                        continue;
                    }
                    _ => Kind::Token,
                },
            };
            count += 1;
            let _ = write!(out, "<{}-{count}>", kind.name());
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::{Miner, TOKENS_MAX, WORDS_MAX};

    /// The patterns of texts and their counts, the most frequent first.
    fn mine<'t>(texts: impl IntoIterator<Item = &'t str>) -> Vec<(String, u64)> {
        let mut miner = Miner::new(1);
        for text in texts {
            miner.add(text, 0);
        }
        sorted(&miner)
    }

    fn sorted(miner: &Miner) -> Vec<(String, u64)> {
        let patterns = miner.finish().into_iter();
        let mut all: Vec<_> = patterns.map(|one| (one.text, one.counts[0])).collect();
        all.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
        all
    }

    fn check(texts: &[&str], expected: &[(&str, u64)]) {
        let found = mine(texts.iter().copied());
        let found: Vec<_> = found
            .iter()
            .map(|(text, count)| (text.as_str(), *count))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn values_are_recognised() {
        check(&["took 15 ms"], &[("took <Number-1> ms", 1)]);
        check(
            &["2026-11-22T09:15:42.123Z 10.0.0.1 said -1.5."],
            &[("<Time-1> <IP-2> said <Number-3>.", 1)],
        );
        check(
            &["id=6f3c1c60-9d0f-4e4a-8d3e-0c8f5a2b1a11, v2"],
            &[("id=<ID-1>, v2", 1)],
        );
        check(&["1.2.3"], &[("1.2.3", 1)]);
        check(&[""], &[("", 1)]);
        check(
            &["2026/11/22 09:15+02:00x 1.2.3.4567 12:30:01,5 +7 1234.1.1.1"],
            &[(
                "2026/11/22 <Number-1>:15+02:00x 1.2.3.4567 <Time-2> <Number-3> 1234.1.1.1",
                1,
            )],
        );
    }

    #[test]
    fn words_that_differ_are_dynamic_if_half_of_them_do_not() {
        check(
            &[
                "user ann logged in",
                "user bob logged in",
                "disk sda is full",
            ],
            &[("user <Token-1> logged in", 2), ("disk sda is full", 1)],
        );
        check(&["all good", "not bad"], &[("all good", 1), ("not bad", 1)]);
    }

    #[test]
    fn places_of_many_words_are_open() {
        let texts: Vec<String> = (0..=WORDS_MAX).map(|at| format!("a{at} b{at}")).collect();
        assert_eq!(
            mine(texts.iter().map(String::as_str)),
            [("<Token-1> <Token-2>".to_owned(), 65)]
        );
        let few = texts[1..].iter().map(String::as_str);
        assert_eq!(mine(few).len(), WORDS_MAX);
    }

    #[test]
    fn long_texts_have_a_rest() {
        let long = "a,".repeat(TOKENS_MAX);
        let pattern = format!("{}<Token-1>", "a,".repeat(TOKENS_MAX / 2));
        assert_eq!(mine([long.as_str(), &long[2..]]), [(pattern, 2)]);
        let word = "x".repeat(129);
        assert_eq!(mine([word.as_str()]), [("<Token-1>".to_owned(), 1)]);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut miner = Miner::new(1);
        let mut state = 1_u64;
        for _ in 0..20_000 {
            let mut text = String::new();
            for _ in 0..40 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                text.push_str(
                    ["a", "bb", ",", "; ", "=1", "(c)", "\t", "dd "][(state >> 61) as usize],
                );
            }
            miner.add(&text, 0);
        }
        assert!(miner.shapes.len() <= super::SHAPES_MAX);
        assert!(miner.combinations <= super::COMBINATIONS_MAX);
        assert!(miner.bytes() < 64 << 20, "{}", miner.bytes());
        let total: u64 = miner.finish().iter().map(|pattern| pattern.counts[0]).sum();
        assert_eq!(total, 20_000);
    }

    #[test]
    fn what_is_forgotten_does_not_count_as_kept() {
        let mut miner = Miner::new(1);
        for at in 0..WORDS_MAX {
            miner.add(&format!("a{at} b{at}"), 0);
        }
        let before = miner.bytes();
        miner.add("a-last b-last", 0);
        assert!(miner.bytes() < before / 4, "{} of {before}", miner.bytes());
    }

    #[test]
    fn neither_order_nor_sharing_matters() {
        let texts: Vec<String> = (0..300)
            .map(|at| {
                format!(
                    "{} /{}/{} {at} {}",
                    ["get", "put"][at % 2],
                    at % 7,
                    at % 90,
                    ["now", "then, {x}"][at % 3 / 2]
                )
            })
            .collect();
        let all = mine(texts.iter().map(String::as_str));
        assert_eq!(mine(texts.iter().rev().map(String::as_str)), all);
        let (mut one, mut other) = (Miner::new(1), Miner::new(1));
        for (at, text) in texts.iter().enumerate() {
            let miner = if at % 3 == 0 { &mut one } else { &mut other };
            miner.add(text, 0);
        }
        one.merge(other);
        assert_eq!(sorted(&one), all);
    }
}
