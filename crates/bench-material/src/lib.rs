//! What benches make records of: conversations, and numbers that look drawn and are the same on every machine.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use anyhow::{Context as _, ensure};
use flate2::read::MultiGzDecoder;
use serde::Deserialize;

/// What somebody asked a model, and what it answered.
#[derive(Debug, Deserialize)]
pub struct Conversation {
    /// The question.
    pub prompt: String,
    /// The answer.
    pub response: String,
}

/// Reads the conversations of a gzipped file of JSON lines, one at least.
///
/// # Errors
/// Where the file cannot be read, is of another kind, or is empty.
pub fn conversations(path: &Path) -> anyhow::Result<Vec<Conversation>> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let lines = BufReader::new(MultiGzDecoder::new(BufReader::new(file))).lines();
    let found = lines
        .map(|line| Ok(serde_json::from_str(&line?)?))
        .collect::<anyhow::Result<Vec<_>>>()?;
    ensure!(!found.is_empty(), "{} is empty", path.display());
    Ok(found)
}

/// A number that looks drawn, the same for the same record and purpose.
pub fn mixed(index: u64, purpose: u64) -> u64 {
    // Source: splitmix64, https://prng.di.unimi.it/splitmix64.c
    let mut z = (index ^ (purpose << 56)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
