//! Which words the messages of a file have, and in which rows: whoever looks for a text need not read the others.
//!
//! The index is part of its file, between the last row group and the footer, where readers of Parquet do not look. The
//! table's log says which bytes it is. Without it a file is read as a whole, and what is found is the same.
//!
//! # Words
//! A word is a run of [`LETTERS_MIN`] ASCII letters or more, in lower case: whoever asks with regard to case finds
//! too much, never too little. Digits are no part of words, so ids do not fill the index; neither are letters of other
//! scripts, which divide words as a space does.
//!
//! A message is JSON as a rule. A question sees it as it is written, or sees what its strings say; words of both are in
//! the index. They differ behind a backslash: of `\nword` there are `nword` and `word`.
//!
//! # Blocks
//! The rows of a file are put together in up to [`BLOCKS_MAX`] blocks, and of each word it is known which blocks have
//! it. A block may be said to hold anything: where there are too many words, as in the text of an image, or where a
//! letter is written in a way that is not worth following, such as `\u0061`.
//!
//! # Stored form
//! [`MAGIC`], the length of what follows before compression (4 bytes, the least significant first), and compressed with
//! zstd, with a checksum: the number of blocks and the rows of each; the blocks that may hold anything, a bit each, in
//! 16 bytes; the length of the words, and the words in order, a line end before and after each; for each of them the
//! number of its blocks in a byte, or 0 where more than half of all have it, for then all count as having it; and for
//! each of the others, those of the fewest blocks first, the distance of each of its blocks from the one before, a byte
//! each. The numbers not said to have a length are in LEB128.

mod build;
mod stored;
mod text;

use std::ops::Range;

use arrow::array::StringArray;
use memchr::{memchr_iter, memmem};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use parquet::arrow::arrow_reader::RowSelection;

use crate::DataFile;
use text::{Need, Run};

pub use text::Text;

/// Letters of the shortest word.
const LETTERS_MIN: usize = 3;
/// Blocks of a file at most: as many as there are bits in what says where a word is.
const BLOCKS_MAX: usize = 128;
/// Bytes of messages of a block, at least.
const BLOCK_BYTES_MIN: usize = 512 << 10;
/// Bytes of messages for which an index is worth it: less is one page to read.
const FILE_BYTES_MIN: usize = 1 << 20;
/// What an index begins with.
const MAGIC: &[u8; 8] = b"CLWORDS1";
/// What stands before and after a word.
const BETWEEN: u8 = b'\n';

/// The words of a file.
#[derive(Debug, PartialEq, Eq)]
pub struct WordIndex {
    /// The rows of each block, in the order of the file.
    blocks: Vec<u32>,
    /// The blocks that may hold anything, a bit each.
    anything: u128,
    /// The words in order, with [`BETWEEN`] before and after each.
    words: Vec<u8>,
    /// The blocks that have each word, a bit each.
    places: Vec<u128>,
}

/// The index of a file with these messages, as it is stored; `None` where it is not worth it.
pub(crate) fn index_of(messages: &StringArray) -> Option<Vec<u8>> {
    if messages.value_data().len() < FILE_BYTES_MIN {
        return None;
    }
    let texts = || messages.iter().map(Option::unwrap_or_default);
    stored::write(&build::build(texts, BLOCK_BYTES_MIN)?)
}

impl WordIndex {
    /// Reads the index of a file; `None` where it has none, or none that can be read.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn read(store: &dyn ObjectStore, file: &DataFile) -> Option<Self> {
        let place = file.words.clone()?;
        let read = Self::get(store, file, place).await;
        read.inspect_err(|error| {
            tracing::warn!(
                path = file.path,
                error,
                "reads a file without its index of words"
            );
        })
        .ok()
    }

    async fn get(
        store: &dyn ObjectStore,
        file: &DataFile,
        place: Range<u64>,
    ) -> Result<Self, String> {
        if place.is_empty() || place.end > file.bytes || !stored::is_length(&place) {
            return Err("it cannot be where it is said to be".to_owned());
        }
        let path = Path::parse(&file.path).map_err(|error| error.to_string())?;
        let bytes = store.get_range(&path, place).await;
        let bytes = bytes.map_err(|error| error.to_string())?;
        let index = stored::read(&bytes).ok_or("it is not whole")?;
        if index.rows() as u64 != file.rows {
            return Err("it is of other rows".to_owned());
        }
        Ok(index)
    }

    fn rows(&self) -> usize {
        self.blocks.iter().map(|rows| *rows as usize).sum()
    }

    /// The rows whose messages can have a text; `None` where all can.
    pub fn select(&self, text: &Text) -> Option<RowSelection> {
        let ranges = self.ranges(text);
        (ranges.len() < self.blocks.len())
            .then(|| RowSelection::from_consecutive_ranges(ranges.into_iter(), self.rows()))
    }

    /// The rows whose messages can have a text, block by block.
    pub(crate) fn ranges(&self, text: &Text) -> Vec<Range<usize>> {
        let blocks = self.blocks(&text.0);
        let mut chosen = Vec::new();
        let mut first = 0;
        for (block, rows) in self.blocks.iter().enumerate() {
            let range = first..first + *rows as usize;
            first = range.end;
            if blocks & (1 << block) != 0 {
                chosen.push(range);
            }
        }
        chosen
    }

    /// The blocks that can have what is needed, a bit each.
    fn blocks(&self, need: &Need) -> u128 {
        match need {
            Need::Runs(runs) => runs.iter().fold(u128::MAX, |blocks, run| {
                blocks & (self.places(run) | self.anything)
            }),
            Need::All(all) => all
                .iter()
                .fold(u128::MAX, |blocks, one| blocks & self.blocks(one)),
            Need::Either(any) => any.iter().fold(0, |blocks, one| blocks | self.blocks(one)),
        }
    }

    /// The blocks that have a word which a run of letters can be of.
    fn places(&self, run: &Run) -> u128 {
        let mut needle = Vec::with_capacity(run.letters.len() + 2);
        needle.extend(run.begins.then_some(BETWEEN));
        needle.extend_from_slice(&run.letters);
        needle.extend(run.ends.then_some(BETWEEN));
        let mut blocks = 0;
        // The words that begin before here.
        let (mut seen, mut number) = (0, 0);
        for found in memmem::find_iter(&self.words, &needle) {
            let letter = found + usize::from(run.begins);
            number += memchr_iter(BETWEEN, &self.words[seen..letter]).count();
            seen = letter;
            blocks |= self.places.get(number - 1).copied().unwrap_or(u128::MAX);
        }
        blocks
    }
}

#[cfg(test)]
mod tests;
