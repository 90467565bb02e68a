//! An index as bytes. See [`super`] for the form.

use std::ops::Range;

use super::{BETWEEN, BLOCKS_MAX, MAGIC, WordIndex};

/// The most that an index has before compression, by what building allows.
const BYTES_MAX: usize = 16 << 20;
const ZSTD_LEVEL: i32 = 9;
/// The count of blocks that is written for a word of more than half of them.
const EVERYWHERE: u8 = 0;

/// Whether an index can be as long as this.
pub(super) fn is_length(place: &Range<u64>) -> bool {
    place.end - place.start <= BYTES_MAX as u64
}

/// Writes an index; `None` if it is longer than one may be.
pub(super) fn write(index: &WordIndex) -> Option<Vec<u8>> {
    let mut body = Vec::with_capacity(index.words.len() + 4 * index.places.len());
    number(&mut body, index.blocks.len());
    for rows in &index.blocks {
        number(&mut body, *rows as usize);
    }
    body.extend(index.anything.to_le_bytes());
    number(&mut body, index.words.len());
    body.extend_from_slice(&index.words);
    let counts: Vec<u8> = index.places.iter().map(|it| count(*it, index)).collect();
    body.extend_from_slice(&counts);
    for number in by_count(&counts) {
        let mut before = 0;
        let places = index.places[number];
        for block in (0..128).filter(|block| places & (1 << block) != 0) {
            body.push(block - before);
            before = block;
        }
    }
    let length = u32::try_from(body.len()).ok()?;
    let mut compressor = zstd::bulk::Compressor::new(ZSTD_LEVEL).ok()?;
    compressor.include_checksum(true).ok()?;
    let compressed = compressor.compress(&body).ok()?;
    let bytes = [&MAGIC[..], &length.to_le_bytes(), &compressed].concat();
    (body.len() <= BYTES_MAX && bytes.len() <= BYTES_MAX).then_some(bytes)
}

/// How many blocks a word has, or [`EVERYWHERE`].
fn count(places: u128, index: &WordIndex) -> u8 {
    let count = places.count_ones();
    if count as usize * 2 > index.blocks.len() {
        return EVERYWHERE;
    }
    u8::try_from(count).unwrap_or(EVERYWHERE)
}

/// The words whose blocks are named, those of few blocks first: what is alike is compressed better.
fn by_count(counts: &[u8]) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..counts.len()).collect();
    numbers.retain(|number| counts[*number] != EVERYWHERE);
    numbers.sort_by_key(|number| counts[*number]);
    numbers
}

/// Reads what [`write`] wrote; `None` if it is anything else.
pub(super) fn read(bytes: &[u8]) -> Option<WordIndex> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (length, compressed) = rest.split_first_chunk::<4>()?;
    let length = u32::from_le_bytes(*length) as usize;
    if length > BYTES_MAX {
        return None;
    }
    let body = zstd::bulk::decompress(compressed, length).ok()?;
    let mut left = Left(&body);
    let count = left.number()?;
    if count > BLOCKS_MAX {
        return None;
    }
    let rows = |_| left.number().and_then(|rows| u32::try_from(rows).ok());
    let blocks: Vec<u32> = (0..count).map(rows).collect::<Option<_>>()?;
    let anything = left.bits()?;
    let length = left.number()?;
    let words = left.take(length)?.to_vec();
    let count = memchr::memchr_iter(BETWEEN, &words)
        .count()
        .checked_sub(1)?;
    if words.first() != Some(&BETWEEN) || words.last() != Some(&BETWEEN) {
        return None;
    }
    let counts = left.take(count)?;
    let mut places = vec![u128::MAX; count];
    for number in by_count(counts) {
        let (mut bits, mut block) = (0, 0);
        for distance in left.take(usize::from(counts[number]))? {
            block += u32::from(*distance);
            bits |= 1_u128.checked_shl(block)?;
        }
        places[number] = bits;
    }
    left.0.is_empty().then_some(WordIndex {
        blocks,
        anything,
        words,
        places,
    })
}

/// Writes a number in LEB128.
fn number(out: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

/// Bytes that are not read yet.
struct Left<'a>(&'a [u8]);

impl<'a> Left<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, left) = self.0.split_at_checked(count)?;
        self.0 = left;
        Some(taken)
    }

    fn bits(&mut self) -> Option<u128> {
        let (taken, left) = self.0.split_first_chunk::<16>()?;
        self.0 = left;
        Some(u128::from_le_bytes(*taken))
    }

    fn number(&mut self) -> Option<usize> {
        let mut number: u32 = 0;
        for shift in (0..32).step_by(7) {
            let byte = *self.take(1)?.first()?;
            number |= u32::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return usize::try_from(number).ok();
            }
        }
        None
    }
}
