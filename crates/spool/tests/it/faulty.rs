//! A disk in memory that forgets what was not synced, runs full, and fails on request; about nothing does it lie.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use corelog_spool::{Access, Disk, DiskFile, Held};
use proptest::prelude::Rng as _;
use proptest::test_runner::TestRng;

const SECTOR_BYTES: usize = 512;

/// The disk. Clones are the same disk.
#[derive(Debug, Clone)]
pub(crate) struct FaultyDisk(Arc<Mutex<Inner>>);

/// What goes wrong, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Faults {
    /// So many syncs of files fail from now on. What they should have synced is clean afterwards, and not on disk.
    pub(crate) failing_syncs: u32,
    /// A failed sync also throws away what the cache had.
    pub(crate) forgetful: bool,
    /// So many writes fail from now on, each after half of its bytes.
    pub(crate) failing_writes: u32,
    /// All files together can have so many bytes.
    pub(crate) capacity: u64,
}

impl Faults {
    pub(crate) const NONE: Self = Self {
        failing_syncs: 0,
        forgetful: false,
        failing_writes: 0,
        capacity: u64::MAX,
    };
}

#[derive(Debug)]
struct Inner {
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    inodes: Vec<Inode>,
    locks: BTreeSet<PathBuf>,
    faults: Faults,
}

#[derive(Debug, Clone, Default)]
struct Inode {
    bytes: Vec<u8>,
    durable: Vec<u8>,
    dirty: BTreeSet<usize>,
}

impl FaultyDisk {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Inner {
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            inodes: Vec::new(),
            locks: BTreeSet::new(),
            faults: Faults::NONE,
        })))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    pub(crate) fn set_faults(&self, faults: Faults) {
        self.inner().faults = faults;
    }

    /// Bytes in all files together.
    pub(crate) fn used(&self) -> u64 {
        self.inner().used()
    }

    /// The disk as another process finds it after this one was killed: the operating system still has everything.
    pub(crate) fn after_kill(&self) -> Self {
        let inner = self.inner();
        Self(Arc::new(Mutex::new(Inner {
            names: inner.names.clone(),
            durable_names: inner.durable_names.clone(),
            inodes: inner.inodes.clone(),
            locks: BTreeSet::new(),
            faults: Faults::NONE,
        })))
    }

    /// The disk after the power failed: of what was not synced, any sectors, lengths and names may be there.
    pub(crate) fn after_power_loss(&self, rng: &mut TestRng) -> Self {
        let disk = self.after_kill();
        let mut inner = disk.inner();
        let directories: BTreeSet<_> = inner
            .names
            .keys()
            .chain(inner.durable_names.keys())
            .filter_map(|path| path.parent().map(Path::to_owned))
            .collect();
        let mut names = BTreeMap::new();
        for directory in directories {
            let source = match rng.next_u32() % 2 {
                0 => &inner.names,
                _ => &inner.durable_names,
            };
            let there = source
                .iter()
                .filter(|(path, _)| path.parent() == Some(&directory));
            names.extend(there.map(|(path, inode)| (path.clone(), *inode)));
        }
        inner.durable_names = names.clone();
        inner.names = names;
        for inode in &mut inner.inodes {
            inode.lose_power(rng);
        }
        drop(inner);
        disk
    }

    pub(crate) fn read(&self, path: &Path) -> Vec<u8> {
        let inner = self.inner();
        inner.inodes[inner.names[path]].bytes.clone()
    }

    /// Changes a file behind everybody's back.
    pub(crate) fn change(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
        let mut inner = self.inner();
        let inode = inner.names[path];
        let inode = &mut inner.inodes[inode];
        change(&mut inode.bytes);
        inode.durable.clone_from(&inode.bytes);
    }

    pub(crate) fn files(&self) -> Vec<PathBuf> {
        self.inner().names.keys().cloned().collect()
    }
}

impl Inner {
    fn used(&self) -> u64 {
        let inodes: BTreeSet<_> = self.names.values().collect();
        inodes
            .into_iter()
            .map(|it| self.inodes[*it].bytes.len() as u64)
            .sum()
    }
}

impl Inode {
    fn lose_power(&mut self, rng: &mut TestRng) {
        let length = match rng.next_u32() % 2 {
            0 => self.bytes.len(),
            _ => self.durable.len(),
        };
        self.durable
            .resize(self.bytes.len().max(self.durable.len()), 0);
        for sector in std::mem::take(&mut self.dirty) {
            if rng.next_u32().is_multiple_of(2) {
                self.persist(sector);
            }
        }
        self.durable.truncate(length);
        self.bytes = self.durable.clone();
    }

    fn persist(&mut self, sector: usize) {
        let begin = sector * SECTOR_BYTES;
        let end = (begin + SECTOR_BYTES).min(self.bytes.len());
        if begin < end {
            self.durable[begin..end].copy_from_slice(&self.bytes[begin..end]);
        }
    }
}

fn not_found() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl Disk for FaultyDisk {
    fn create_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<(String, u64)>> {
        let inner = self.inner();
        let files = inner
            .names
            .iter()
            .filter(|(path, _)| path.parent() == Some(dir));
        let files = files.map(|(path, inode)| {
            let name = path.file_name().unwrap().to_str().unwrap();
            (name.to_owned(), inner.inodes[*inode].bytes.len() as u64)
        });
        Ok(files.collect())
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let mut inner = self.inner();
        inner.inodes.push(Inode::default());
        let inode = inner.inodes.len() - 1;
        inner.names.insert(path.to_owned(), inode);
        let disk = self.clone();
        Ok(Arc::new(FaultyFile { disk, inode }))
    }

    fn open(&self, path: &Path, _: Access) -> io::Result<Arc<dyn DiskFile>> {
        let inode = *self.inner().names.get(path).ok_or_else(not_found)?;
        let disk = self.clone();
        Ok(Arc::new(FaultyFile { disk, inode }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut inner = self.inner();
        let inode = inner.names.remove(from).ok_or_else(not_found)?;
        inner.names.insert(to.to_owned(), inode);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let removed = self.inner().names.remove(path);
        removed.map(|_| ()).ok_or_else(not_found)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut inner = self.inner();
        let in_dir = |path: &Path| path.parent() == Some(dir);
        inner.durable_names.retain(|path, _| !in_dir(path));
        let now: Vec<_> = inner
            .names
            .iter()
            .filter(|(path, _)| in_dir(path))
            .map(|(path, inode)| (path.clone(), *inode))
            .collect();
        inner.durable_names.extend(now);
        Ok(())
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Held>>> {
        if !self.inner().locks.insert(path.to_owned()) {
            return Ok(None);
        }
        Ok(Some(Box::new(Lock {
            disk: self.clone(),
            path: path.to_owned(),
        })))
    }

    fn free_bytes(&self, _: &Path) -> io::Result<u64> {
        let inner = self.inner();
        Ok(inner.faults.capacity.saturating_sub(inner.used()))
    }
}

#[derive(Debug)]
struct Lock {
    disk: FaultyDisk,
    path: PathBuf,
}

impl Held for Lock {}

impl Drop for Lock {
    fn drop(&mut self) {
        self.disk.inner().locks.remove(&self.path);
    }
}

#[derive(Debug)]
struct FaultyFile {
    disk: FaultyDisk,
    inode: usize,
}

impl DiskFile for FaultyFile {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut inner = self.disk.inner();
        let begin = usize::try_from(offset).unwrap();
        let mut end = begin + bytes.len();
        let growth = end.saturating_sub(inner.inodes[self.inode].bytes.len());
        if inner.used() + growth as u64 > inner.faults.capacity {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let fails = inner.faults.failing_writes > 0;
        if fails {
            inner.faults.failing_writes -= 1;
            end = begin + bytes.len() / 2;
        }
        let inode = &mut inner.inodes[self.inode];
        if inode.bytes.len() < end {
            inode.bytes.resize(end, 0);
        }
        inode.bytes[begin..end].copy_from_slice(&bytes[..end - begin]);
        inode
            .dirty
            .extend(begin / SECTOR_BYTES..end.div_ceil(SECTOR_BYTES));
        if fails {
            return Err(io::Error::other("write failed"));
        }
        Ok(())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let inner = self.disk.inner();
        let bytes = &inner.inodes[self.inode].bytes;
        let begin = usize::try_from(offset).unwrap().min(bytes.len());
        let filled = buffer.len().min(bytes.len() - begin);
        buffer[..filled].copy_from_slice(&bytes[begin..begin + filled]);
        Ok(filled)
    }

    fn sync(&self) -> io::Result<()> {
        let mut inner = self.disk.inner();
        let fails = inner.faults.failing_syncs > 0;
        let forgetful = inner.faults.forgetful;
        if fails {
            inner.faults.failing_syncs -= 1;
        }
        let inode = &mut inner.inodes[self.inode];
        let length = inode.bytes.len();
        inode.durable.resize(length, 0);
        let dirty = std::mem::take(&mut inode.dirty);
        if !fails {
            for sector in dirty {
                inode.persist(sector);
            }
            return Ok(());
        }
        if forgetful {
            inode.bytes = inode.durable.clone();
        }
        Err(io::Error::other("sync failed"))
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        let mut inner = self.disk.inner();
        let length = usize::try_from(bytes).unwrap();
        inner.inodes[self.inode].bytes.resize(length, 0);
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.disk.inner().inodes[self.inode].bytes.len() as u64)
    }
}
