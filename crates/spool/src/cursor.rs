//! Cursors: how far one destination has got, and what it is about to do. They never go back.
//!
//! A cursor is one small file, replaced whole: the line `corelog-cursor 1 <position> <plan bytes> <check>`, where
//! `check` is the CRC-32 of the position (8 bytes, little-endian) and the plan, in 8 hex digits; then the plan.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use corelog_types::Sequence;

use crate::blob::check_name;
use crate::disk::Disk;
use crate::error::Attempt;
use crate::keep::{read_file, replace_file};
use crate::state::{Paths, Shared};
use crate::{Error, Result};

/// The most bytes in a plan.
const PLAN_BYTES_MAX: u64 = 16 << 20;
const EXTENSION: &str = "cursor";

/// Where a new cursor begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Before the oldest record that is still there.
    Oldest,
    /// Behind the newest durable record.
    Newest,
}

/// One destination's place in the log. Held by one owner at a time.
#[derive(Debug)]
pub struct Cursor {
    shared: Arc<Shared>,
    name: String,
    position: u64,
    plan: Option<Vec<u8>>,
}

impl Cursor {
    pub(crate) fn open(shared: &Arc<Shared>, name: &str, start: Start) -> Result<Self> {
        check_name(name)?;
        let known = {
            let mut state = shared.state.lock();
            if !state.held_cursors.insert(name.to_owned()) {
                return Err(Error::CursorHeld {
                    name: name.to_owned(),
                });
            }
            state.cursors.get(name).copied()
        };
        // From here on, dropping the cursor releases the name.
        let mut cursor = Self {
            shared: Arc::clone(shared),
            name: name.to_owned(),
            position: 0,
            plan: None,
        };
        if known.is_some() {
            (cursor.position, cursor.plan) = load(&*shared.disk, &shared.paths, name)?;
        } else {
            let position = match start {
                Start::Oldest => shared.oldest() - 1,
                Start::Newest => shared.durable.load(Ordering::SeqCst),
            };
            cursor.store(position, None)?;
        }
        Ok(cursor)
    }

    /// The cursor's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The last sequence that was dealt with; 0 before the first.
    pub fn position(&self) -> Sequence {
        Sequence::from_u64(self.position)
    }

    /// The plan saved since the last [`Self::commit`].
    pub fn plan(&self) -> Option<&[u8]> {
        self.plan.as_deref()
    }

    /// Saves what is about to be done, so that doing it again after a crash does exactly the same. Durable when it
    /// returns. Blocks on the disk.
    ///
    /// # Errors
    /// [`Error::TooLarge`] over 16 MiB, [`Error::Io`]; the plan before stays.
    pub fn save_plan(&mut self, plan: &[u8]) -> Result<()> {
        if plan.len() as u64 > PLAN_BYTES_MAX {
            return Err(Error::TooLarge {
                bytes: plan.len() as u64,
                limit: PLAN_BYTES_MAX,
            });
        }
        self.store(self.position, Some(plan.to_vec()))
    }

    /// Moves to the last sequence that was dealt with and forgets the plan. Durable when it returns. Blocks on the
    /// disk.
    ///
    /// # Errors
    /// [`Error::CursorMove`] where that would go back or beyond what is durable; [`Error::Io`].
    pub fn commit(&mut self, sequence: Sequence) -> Result<()> {
        let wanted = sequence.to_u64();
        if wanted < self.position || wanted > self.shared.durable.load(Ordering::SeqCst) {
            return Err(Error::CursorMove {
                name: self.name.clone(),
                position: self.position,
                wanted,
            });
        }
        self.store(wanted, None)
    }

    fn store(&mut self, position: u64, plan: Option<Vec<u8>>) -> Result<()> {
        let path = path_of(&self.shared.paths, &self.name);
        let bytes = encode(position, plan.as_deref());
        replace_file(&*self.shared.disk, &path, &bytes).attempt("write", &path)?;
        self.position = position;
        self.plan = plan;
        let mut state = self.shared.state.lock();
        state.cursors.insert(self.name.clone(), position);
        Ok(())
    }
}

impl Drop for Cursor {
    fn drop(&mut self) {
        self.shared.state.lock().held_cursors.remove(&self.name);
    }
}

/// Removes a cursor that nobody holds; what only it waited for may then be trimmed.
pub(crate) fn remove(shared: &Shared, name: &str) -> Result<()> {
    check_name(name)?;
    let mut state = shared.state.lock();
    if state.held_cursors.contains(name) {
        return Err(Error::CursorHeld {
            name: name.to_owned(),
        });
    }
    if state.cursors.remove(name).is_some() {
        let path = path_of(&shared.paths, name);
        shared.disk.remove(&path).attempt("remove", &path)?;
        let dir = &shared.paths.cursors;
        shared.disk.sync_dir(dir).attempt("sync", dir)?;
    }
    Ok(())
}

/// The positions of all cursors.
pub(crate) fn load_all(disk: &dyn Disk, paths: &Paths) -> Result<BTreeMap<String, u64>> {
    let mut cursors = BTreeMap::new();
    let files = disk.list(&paths.cursors).attempt("list", &paths.cursors)?;
    for (file, _) in files {
        let name = file
            .strip_suffix(EXTENSION)
            .and_then(|it| it.strip_suffix('.'));
        if let Some(name) = name {
            let (position, _) = load(disk, paths, name)?;
            cursors.insert(name.to_owned(), position);
        }
    }
    Ok(cursors)
}

fn path_of(paths: &Paths, name: &str) -> std::path::PathBuf {
    paths.cursors.join(format!("{name}.{EXTENSION}"))
}

fn load(disk: &dyn Disk, paths: &Paths, name: &str) -> Result<(u64, Option<Vec<u8>>)> {
    let path = path_of(paths, name);
    let bytes = read_file(disk, &path, 2 * PLAN_BYTES_MAX).attempt("read", &path)?;
    decode(&bytes).ok_or(Error::Damaged {
        path,
        reason: "it is not a whole cursor",
    })
}

fn check(position: u64, plan: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&position.to_le_bytes());
    crc.update(plan);
    crc.finalize()
}

fn encode(position: u64, plan: Option<&[u8]>) -> Vec<u8> {
    let length = plan.map_or_else(|| "-".to_owned(), |plan| plan.len().to_string());
    let plan = plan.unwrap_or_default();
    let check = check(position, plan);
    let mut bytes = format!("corelog-cursor 1 {position} {length} {check:08x}\n").into_bytes();
    bytes.extend_from_slice(plan);
    bytes
}

fn decode(bytes: &[u8]) -> Option<(u64, Option<Vec<u8>>)> {
    let line_end = bytes.iter().position(|byte| *byte == b'\n')?;
    let line = str::from_utf8(&bytes[..line_end]).ok()?;
    let plan = &bytes[line_end + 1..];
    let mut words = line.strip_prefix("corelog-cursor 1 ")?.split(' ');
    let position: u64 = words.next()?.parse().ok()?;
    let length = words.next()?;
    let sum = u32::from_str_radix(words.next()?, 16).ok()?;
    if words.next().is_some() || check(position, plan) != sum {
        return None;
    }
    match length {
        "-" if plan.is_empty() => Some((position, None)),
        "-" => None,
        length => (length.parse() == Ok(plan.len())).then(|| (position, Some(plan.to_vec()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back_and_any_change_is_noticed() {
        for plan in [None, Some(&b""[..]), Some(b"batch 1\nobject a")] {
            let bytes = encode(42, plan);
            assert_eq!(decode(&bytes), Some((42, plan.map(<[u8]>::to_vec))));
            for at in 0..bytes.len() {
                let mut changed = bytes.clone();
                changed[at] ^= 1;
                assert_eq!(decode(&changed), None, "byte {at}");
            }
            for cut in 0..bytes.len() {
                assert_eq!(decode(&bytes[..cut]), None, "cut at {cut}");
            }
        }
    }
}
