//! Texts of one shape: the words that come at its places, and how often they come together.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::noted::{Keep, Noted};
use super::pattern::Reading;
use super::{Kind, Token, WORD_BYTE, kind_byte};

/// Stands for the word of an open place.
const OPEN: u32 = u32::MAX;

/// How much may be kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Windows that texts are counted for.
    pub(super) windows: usize,
    /// Different words at a place that is not open.
    pub(super) words_max: usize,
    pub(super) keep: Keep,
}

/// How much is kept.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Size {
    pub(super) combinations: usize,
    /// About how many bytes, but for what is noted.
    pub(super) bytes: usize,
    /// About how many bytes are noted.
    pub(super) noted: usize,
}

impl Size {
    pub(super) fn add(&mut self, other: Self) {
        self.combinations += other.combinations;
        self.bytes += other.bytes;
        self.noted += other.noted;
    }

    pub(super) fn take(&mut self, other: Self) {
        self.combinations -= other.combinations;
        self.bytes -= other.bytes;
        self.noted -= other.noted;
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Fixed(Box<str>),
    Kind(Kind),
    Word,
}

impl Piece {
    pub(super) fn of(token: Token<'_>) -> Self {
        match token {
            Token::Fixed(text) => Self::Fixed(text.into()),
            Token::Kind(kind, _) => Self::Kind(kind),
            Token::Word(_) => Self::Word,
        }
    }

    /// Adds what it is told from others by.
    pub(super) fn write_key(&self, key: &mut Vec<u8>) {
        match self {
            Self::Fixed(text) => key.extend_from_slice(text.as_bytes()),
            Self::Kind(kind) => key.push(kind_byte(*kind)),
            Self::Word => key.push(WORD_BYTE),
        }
    }
}

/// A place of words in a shape.
#[derive(Debug, Default)]
pub(super) struct Place {
    words: Vec<Box<str>>,
    ids: HashMap<Box<str>, u32>,
    pub(super) is_open: bool,
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

    /// The word of a number.
    pub(super) fn word(&self, id: u32) -> Option<&str> {
        self.words.get(id as usize).map(|word| &**word)
    }

    fn open(&mut self) {
        *self = Self {
            is_open: true,
            ..Self::default()
        };
    }
}

/// Texts of one shape with the same words at places that are not open.
#[derive(Debug)]
pub(super) struct Combination {
    /// How many, by window.
    pub(super) counts: Box<[u64]>,
    pub(super) noted: Noted,
}

impl Combination {
    fn absorb(&mut self, other: Self, keep: Keep) {
        for (known, count) in self.counts.iter_mut().zip(&other.counts) {
            *known += count;
        }
        self.noted.absorb(other.noted, keep);
    }
}

fn word_bytes(word: &str) -> usize {
    2 * word.len() + 64
}

fn combination_bytes(places: usize, windows: usize) -> usize {
    places * size_of::<u32>() + windows * size_of::<u64>() + size_of::<Combination>() + 64
}

#[derive(Debug)]
pub(super) struct Shape {
    pub(super) pieces: Vec<Piece>,
    pub(super) places: Vec<Place>,
    combinations: HashMap<Box<[u32]>, Combination>,
    pub(super) size: Size,
}

impl Shape {
    pub(super) fn new(pieces: Vec<Piece>) -> Self {
        let words = pieces.iter().filter(|piece| **piece == Piece::Word).count();
        let mut shape = Self {
            places: std::iter::repeat_with(Place::default).take(words).collect(),
            pieces,
            combinations: HashMap::new(),
            size: Size::default(),
        };
        shape.measure();
        shape
    }

    /// The texts of a combination of words, `None` where the place is open; and the size, for what is added to them.
    pub(super) fn combination(
        &mut self,
        words: &[Option<&str>],
        limits: Limits,
    ) -> (&mut Combination, &mut Size) {
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
            self.size.bytes += bytes;
            if !place.is_open && place.words.len() > limits.words_max {
                place.open();
                opened = true;
            }
            ids.push(if place.is_open { OPEN } else { id });
        }
        if opened {
            self.forget_open(limits.keep);
        }
        let known = match self.combinations.entry(ids.into()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                self.size.combinations += 1;
                self.size.bytes += combination_bytes(place.key().len(), limits.windows);
                place.insert(Combination {
                    counts: vec![0; limits.windows].into(),
                    noted: Noted::default(),
                })
            }
        };
        (known, &mut self.size)
    }

    /// Opens the places of more words than may be.
    pub(super) fn open_wide(&mut self, limits: Limits) {
        let is_wide = |place: &&mut Place| place.words.len() > limits.words_max;
        let wide = self.places.iter_mut().filter(is_wide);
        wide.for_each(Place::open);
        self.forget_open(limits.keep);
    }

    /// Takes combinations together that differ in open places only.
    fn forget_open(&mut self, keep: Keep) {
        let before = std::mem::take(&mut self.combinations);
        for (mut ids, texts) in before {
            for (id, place) in ids.iter_mut().zip(&self.places) {
                if place.is_open {
                    *id = OPEN;
                }
            }
            match self.combinations.get_mut(&ids) {
                Some(known) => known.absorb(texts, keep),
                None => {
                    self.combinations.insert(ids, texts);
                }
            }
        }
        self.measure();
    }

    /// Notes no more than this.
    pub(super) fn trim(&mut self, keep: Keep) {
        for texts in self.combinations.values_mut() {
            texts.noted.trim(keep);
        }
        self.measure();
    }

    /// Its first pieces, the others as one.
    pub(super) fn cut(&self, tokens_max: usize) -> Vec<Piece> {
        let mut pieces = self.pieces.clone();
        if pieces.len() > tokens_max {
            pieces.truncate(tokens_max);
            pieces.push(Piece::Kind(Kind::Token));
        }
        pieces
    }

    /// Adds the texts of another shape, of which this one has the first pieces.
    pub(super) fn absorb(&mut self, other: Self, limits: Limits) {
        let has_values = |piece: &&Piece| matches!(piece, Piece::Kind(kind) if kind.has_values());
        let values = self.pieces.iter().filter(has_values).count();
        let places = self.places.len();
        for (ids, mut texts) in other.combinations {
            let words = other.places.iter().zip(&ids).take(places);
            let words: Vec<Option<&str>> = words.map(|(place, id)| place.word(*id)).collect();
            texts.noted.first_values(values);
            let (known, _) = self.combination(&words, limits);
            known.absorb(texts, limits.keep);
        }
        self.measure();
    }

    /// Says anew how much it keeps.
    fn measure(&mut self) {
        let text = |piece: &Piece| match piece {
            Piece::Fixed(text) => text.len(),
            _ => 0,
        };
        let pieces: usize = self.pieces.iter().map(text).sum();
        let words = self.places.iter().flat_map(|place| &place.words);
        let words: usize = words.map(|word| word_bytes(word)).sum();
        let all = self.combinations.iter();
        let combinations: usize = all
            .map(|(ids, texts)| combination_bytes(ids.len(), texts.counts.len()))
            .sum();
        let own = size_of::<Self>()
            + size_of_val(self.pieces.as_slice())
            + size_of_val(self.places.as_slice());
        self.size = Size {
            combinations: self.combinations.len(),
            bytes: own + pieces + words + combinations,
            noted: self
                .combinations
                .values()
                .map(|texts| texts.noted.bytes())
                .sum(),
        };
    }

    /// Steps 4 and 5: gives the texts of each pattern.
    pub(super) fn split<'s>(&'s self, mut give: impl FnMut(Reading<'s>)) {
        let mut parts: Vec<Vec<(&'s [u32], &'s Combination)>> = Vec::new();
        let all = self.combinations.iter();
        parts.push(all.map(|(ids, texts)| (&**ids, texts)).collect());
        while let Some(alike) = parts.pop() {
            let (dynamic, narrowest) = self.dynamic(&alike);
            let fixed = dynamic.iter().filter(|dynamic| !**dynamic).count();
            let Some(place) = narrowest.filter(|_| fixed * 2 < self.places.len()) else {
                if !alike.is_empty() {
                    give(Reading::new(self, alike, dynamic));
                }
                continue;
            };
            let mut by_word: HashMap<u32, Vec<(&'s [u32], &'s Combination)>> = HashMap::new();
            for one in alike {
                by_word.entry(one.0[place]).or_default().push(one);
            }
            parts.extend(by_word.into_values());
        }
    }

    /// Which places of words are dynamic among combinations, and which to split by.
    fn dynamic(&self, alike: &[(&[u32], &Combination)]) -> (Vec<bool>, Option<usize>) {
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
        (dynamic, narrowest.map(|(_, place)| place))
    }
}
