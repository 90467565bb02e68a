//! Making an index: the words of messages, and what is too much of them.

use std::collections::HashMap;

use super::text::letter;
use super::{BETWEEN, BLOCKS_MAX, LETTERS_MIN, WordIndex};

/// Letters of the longest word. What is longer is no word of any language.
const LETTERS_MAX: usize = 256;
/// Bytes of the words of a file. It bounds what building keeps in memory, at some 20 times as much.
const WORDS_BYTES_MAX: usize = 2 << 20;
/// Bytes of a block per word that it may have. Prose and code have a new word every 50 bytes or more, base64 every 10.
const BYTES_PER_WORD: usize = 32;
/// Words that a block is known to have at once.
const KNOWN: usize = 4096;
/// The bit that makes an ASCII letter lower case, in each byte.
const LOWER_CASE: u128 = 0x2020_2020_2020_2020_2020_2020_2020_2020;

/// The index of these messages, with blocks of at least so many bytes; `None` where there are too many words, or too
/// many rows.
pub(super) fn build<'m, I: Iterator<Item = &'m str>>(
    messages: impl Fn() -> I,
    block_bytes_min: usize,
) -> Option<WordIndex> {
    let bytes: usize = messages().map(str::len).sum();
    // All blocks but the last have this much.
    let block_bytes = block_bytes_min.max(bytes.div_ceil(BLOCKS_MAX - 1)).max(1);
    let mut building = Building::new(block_bytes);
    let (mut rows, mut of_block) = (0_u32, 0);
    for message in messages() {
        scan(message.as_bytes(), &mut |found| building.take(found));
        if building.words_bytes > WORDS_BYTES_MAX {
            return None;
        }
        rows = rows.checked_add(1)?;
        of_block += message.len();
        if of_block >= block_bytes {
            building.close(rows);
            (rows, of_block) = (0, 0);
        }
    }
    if rows > 0 {
        building.close(rows);
    }
    Some(building.finish())
}

struct Building {
    blocks: Vec<u32>,
    anything: u128,
    /// The blocks of each word, of short ones by what [`packed`] makes of them.
    short: HashMap<u128, u128>,
    long: HashMap<Box<[u8]>, u128>,
    words_bytes: usize,
    /// Words of the block that is being filled, and how many it may have.
    of_block: usize,
    of_block_max: usize,
    /// Words that the block is known to have, each where [`place_of`] says: most words come again soon.
    known: Vec<u128>,
}

/// What messages have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found<'a> {
    Word(&'a [u8]),
    /// A letter that is written in another way than as itself.
    Anything,
}

impl Building {
    fn new(block_bytes: usize) -> Self {
        Self {
            blocks: Vec::new(),
            anything: 0,
            short: HashMap::new(),
            long: HashMap::new(),
            words_bytes: 0,
            of_block: 0,
            of_block_max: (block_bytes / BYTES_PER_WORD).max(LETTERS_MAX),
            known: vec![0; KNOWN],
        }
    }

    /// The bit of the block that is being filled.
    fn bit(&self) -> u128 {
        1 << self.blocks.len()
    }

    fn take(&mut self, found: Found<'_>) {
        let bit = self.bit();
        if self.anything & bit != 0 {
            return;
        }
        let Found::Word(letters) = found else {
            return self.let_go();
        };
        if letters.len() < LETTERS_MIN {
            return;
        }
        let places = if let Some(word) = packed(letters) {
            let known = &mut self.known[place_of(word)];
            if *known == word {
                return;
            }
            *known = word;
            self.short.entry(word).or_default()
        } else if letters.len() <= LETTERS_MAX {
            let word = letters.to_ascii_lowercase().into_boxed_slice();
            self.long.entry(word).or_default()
        } else {
            return self.let_go();
        };
        if *places & bit != 0 {
            return;
        }
        if *places == 0 {
            self.words_bytes += letters.len() + 1;
        }
        *places |= bit;
        self.of_block += 1;
        if self.of_block > self.of_block_max {
            self.let_go();
        }
    }

    /// The block that is being filled may hold anything: its words need not be kept.
    fn let_go(&mut self) {
        let bit = self.bit();
        self.anything |= bit;
        let words_bytes = &mut self.words_bytes;
        let mut stays = |letters: usize, places: &mut u128| {
            *places &= !bit;
            if *places == 0 {
                *words_bytes -= letters + 1;
            }
            *places != 0
        };
        self.short
            .retain(|word, places| stays(unpacked(*word).len(), places));
        self.long.retain(|word, places| stays(word.len(), places));
    }

    fn close(&mut self, rows: u32) {
        self.blocks.push(rows);
        self.of_block = 0;
        self.known.fill(0);
    }

    fn finish(self) -> WordIndex {
        let short = self.short.into_iter();
        let short = short.map(|(word, places)| (unpacked(word), places));
        let mut sorted: Vec<_> = short.chain(self.long).collect();
        sorted.sort_unstable();
        let mut words = Vec::with_capacity(self.words_bytes + 1);
        words.push(BETWEEN);
        for (word, _) in &sorted {
            words.extend_from_slice(word);
            words.push(BETWEEN);
        }
        WordIndex {
            blocks: self.blocks,
            anything: self.anything,
            words,
            places: sorted.into_iter().map(|(_, places)| places).collect(),
        }
    }
}

/// A short word in lower case as a number, filled up with spaces; never 0.
fn packed(letters: &[u8]) -> Option<u128> {
    let mut bytes = [0; 16];
    bytes.get_mut(..letters.len())?.copy_from_slice(letters);
    Some(u128::from_le_bytes(bytes) | LOWER_CASE)
}

/// What was packed.
fn unpacked(word: u128) -> Box<[u8]> {
    word.to_le_bytes().trim_ascii_end().into()
}

/// Where a word is among those that are known.
fn place_of(word: u128) -> usize {
    let mixed = (word ^ (word >> 64)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from((mixed >> 32) % KNOWN as u128).unwrap_or(0)
}

/// Tells all words of a message: those of the text as it is, and those of the strings that it would be as JSON. These
/// begin behind an escape; they end where those of the text do.
fn scan<'a>(message: &'a [u8], tell: &mut impl FnMut(Found<'a>)) {
    let mut at = 0;
    while let Some(byte) = message.get(at) {
        if byte.is_ascii_alphabetic() {
            let word = word_at(message, at);
            tell(Found::Word(word));
            at += word.len();
            continue;
        }
        let rest = &message[at + 1..];
        at += 1;
        match (byte, rest) {
            // Behind a backslash that is escaped stands no escape.
            (b'\\', [b'\\', ..]) => at += 1,
            (b'\\', [b'b' | b'f' | b'n' | b'r' | b't', ..]) => {
                tell(Found::Word(word_at(message, at + 1)));
            }
            (b'\\', [b'u', escape @ ..]) => {
                let Some(c) = unit(escape) else { continue };
                if char::from_u32(c).and_then(letter).is_some() {
                    tell(Found::Anything);
                }
                tell(Found::Word(word_at(message, at + 5)));
            }
            // The same two letters as themselves.
            (0xc5, [0xbf, ..]) | (0xe2, [0x84, 0xaa, ..]) => tell(Found::Anything),
            _ => {}
        }
    }
}

/// The letters from a place on.
fn word_at(message: &[u8], at: usize) -> &[u8] {
    let rest = &message[at.min(message.len())..];
    let end = rest.iter().position(|byte| !byte.is_ascii_alphabetic());
    &rest[..end.unwrap_or(rest.len())]
}

/// The number that four hexadecimal digits are.
fn unit(digits: &[u8]) -> Option<u32> {
    let digits = digits.get(..4)?;
    digits.iter().try_fold(0, |number, digit| {
        Some(number * 16 + char::from(*digit).to_digit(16)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: &str, expected: &[&str]) {
        let mut words = Vec::new();
        scan(message.as_bytes(), &mut |found| match found {
            Found::Word(word) if word.len() < LETTERS_MIN => {}
            Found::Word(word) => words.push(String::from_utf8_lossy(word).into_owned()),
            Found::Anything => words.push("*".to_owned()),
        });
        assert_eq!(words, expected, "{message}");
    }

    #[test]
    fn words_are_runs_of_letters() {
        check("", &[]);
        check("Hello, wORLD of 3com", &["Hello", "wORLD", "com"]);
        check("caf\u{e9}teria \u{43c}\u{438}\u{440}", &["caf", "teria"]);
        check("0b5a1f88-dead-4c0f", &["dead"]);
    }

    #[test]
    fn behind_an_escape_are_the_words_of_both_readings() {
        check(r"one\nline", &["one", "line", "nline"]);
        check(r"\tab", &["tab"]);
        check(r"a\\nline", &["nline"]);
        check(r"a\\\nline", &["line", "nline"]);
        check(r#"say \"yes\" or\/and"#, &["say", "yes", "and"]);
        check(r"\word \", &["word"]);
        check(r"gr\u00f6\u00dfer", &["dfer"]);
        check(r"gr\u00DCber", &["ber", "DCber"]);
        check(r"\u00dcberall", &["berall", "dcberall"]);
        check(r"\u00zzword", &["zzword"]);
        check(r"\u12", &[]);
        check(r"\", &[]);
    }

    #[test]
    fn letters_that_are_written_otherwise_may_be_any() {
        check(r"\u0065rror", &["*", "rror", "rror"]);
        check(r"\u017Fee", &["*", "Fee"]);
        check(r"\u212a", &["*"]);
        check("\u{17f}ee", &["*"]);
        check("\u{212a}elvin", &["*", "elvin"]);
        check("\u{2122}elvin", &["elvin"]);
    }

    #[test]
    fn a_block_with_too_many_words_holds_anything_and_costs_nothing() {
        let letters = |n: usize| ["b", "c", "d", "e", "f", "g", "h"][n % 7];
        let spread = |n: usize| {
            let word: String = (0..6)
                .map(|digit| letters(n / 7_usize.pow(digit)))
                .collect();
            word + " "
        };
        let many: String = (0..2_000).map(spread).collect();
        let plain = "plain words only ".repeat(many.len() / 17 + 1);
        let messages = [plain.as_str(), &many, &plain];
        let index = build(|| messages.iter().copied(), many.len()).unwrap();
        assert_eq!(index.blocks, [1, 1, 1]);
        assert_eq!(index.anything, 0b010);
        assert_eq!(index.words, b"\nonly\nplain\nwords\n");
        assert_eq!(index.places, [0b101; 3]);
    }

    #[test]
    fn there_are_never_more_blocks_than_bits() {
        let messages = vec!["some words"; 1_000];
        let index = build(|| messages.iter().copied(), 1).unwrap();
        assert!(index.blocks.len() > BLOCKS_MAX / 2, "{:?}", index.blocks);
        assert!(index.blocks.len() <= BLOCKS_MAX, "{:?}", index.blocks);
        assert_eq!(index.rows(), 1_000);
    }
}
