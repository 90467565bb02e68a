//! Which objects of a source were taken, each under a number for good.
//!
//! Listings have no lasting order: new objects appear between old ones. So before objects are read they are written
//! down, in the order in which they are to be read, in files beside the table's own: `_corelog/imports/<node>/`, where
//! Delta's readers and vacuum do not look. The node stands for source and log group. A file has a line that says what
//! it is and then one for each object; its name is the number of the first. Files are only ever added, and none is
//! written over another, so two imports at once do not both number an object.

use std::collections::HashMap;
use std::sync::Arc;

use corelog_types::{NodeId, Timestamp};
use futures_util::TryStreamExt as _;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode, PutPayload};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::Error;
use crate::source::{Object, Source};

const FOLDER: &str = "_corelog/imports";
/// Objects of one file at most: about two megabytes.
const FILE_OBJECTS_MAX: usize = 10_000;

/// What identifies an import: all of its events have this node in their positions.
///
/// `again` counts the times that a source was taken anew on request.
pub(crate) fn node_of(source: &str, group: &str, again: u32) -> NodeId {
    let mut hash = Sha256::new();
    for part in ["corelog import", source, group] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.update(again.to_be_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hash.finalize()[..8]);
    NodeId::from_u64(u64::from_be_bytes(first))
}

/// An object and its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Numbered {
    pub(crate) sequence: u64,
    pub(crate) object: Object,
}

/// The first line of a file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Heading {
    source: String,
    log_group: String,
}

#[derive(Serialize, Deserialize)]
struct Line {
    key: String,
    bytes: u64,
    modified: u64,
    tag: String,
}

/// The objects of one source that were taken, or are about to be.
pub(crate) struct Ledger {
    /// The table's store.
    store: Arc<dyn ObjectStore>,
    folder: Path,
    heading: String,
    source: String,
    /// By a hash of the key: what tells whether the object is still the same. A bucket may have millions.
    known: HashMap<u128, u64>,
    next: u64,
}

fn folder_of(node: NodeId) -> Path {
    Path::from(format!("{FOLDER}/{node}"))
}

impl Ledger {
    /// Whether anything was ever taken under a node.
    pub(crate) async fn exists(store: &Arc<dyn ObjectStore>, node: NodeId) -> Result<bool, Error> {
        let folder = folder_of(node);
        let first = store.list(Some(&folder)).try_next().await;
        Ok(first.map_err(Error::store("list", &folder))?.is_some())
    }

    /// Reads what was written down; objects from number `from` on are returned, for they may not be in the table.
    pub(crate) async fn open(
        store: Arc<dyn ObjectStore>,
        source: &Source,
        group: &str,
        node: NodeId,
        from: u64,
    ) -> Result<(Self, Vec<Numbered>), Error> {
        let heading = Heading {
            source: source.name().to_owned(),
            log_group: group.to_owned(),
        };
        let folder = folder_of(node);
        let heading = serde_json::to_string(&heading).map_err(|source| Error::Ledger {
            at: folder.to_string(),
            source,
        })?;
        let mut ledger = Self {
            store,
            folder,
            heading,
            source: source.name().to_owned(),
            known: HashMap::new(),
            next: 0,
        };
        let mut open = Vec::new();
        for path in ledger.files().await? {
            for numbered in ledger.read(&path).await? {
                if numbered.sequence >= from {
                    open.push(numbered);
                }
            }
        }
        Ok((ledger, open))
    }

    async fn files(&self) -> Result<Vec<Path>, Error> {
        let listed = self.store.list(Some(&self.folder));
        let mut files: Vec<Path> = listed
            .map_ok(|meta| meta.location)
            .try_collect()
            .await
            .map_err(Error::store("list", &self.folder))?;
        files.sort();
        Ok(files)
    }

    async fn read(&mut self, path: &Path) -> Result<Vec<Numbered>, Error> {
        let failed = |source| Error::store("read", path)(source);
        let got = self.store.get(path).await.map_err(failed)?;
        let bytes = got.bytes().await.map_err(failed)?;
        let text = String::from_utf8_lossy(&bytes);
        let mut found = Vec::new();
        for line in text.lines().skip(1) {
            let line: Line = serde_json::from_str(line).map_err(|source| Error::Ledger {
                at: path.to_string(),
                source,
            })?;
            let object = Object {
                key: line.key,
                bytes: line.bytes,
                modified: Timestamp::from_unix_ms(line.modified),
                tag: line.tag,
            };
            found.push(self.number(object));
        }
        Ok(found)
    }

    fn number(&mut self, object: Object) -> Numbered {
        let sequence = self.next;
        self.next += 1;
        self.known.insert(key_hash(&object.key), tag_hash(&object));
        Numbered { sequence, object }
    }

    /// Whether an object was taken before, and as it is now.
    pub(crate) fn known(&self, object: &Object) -> Known {
        match self.known.get(&key_hash(&object.key)) {
            None => Known::No,
            Some(tag) if *tag == tag_hash(object) => Known::Same,
            Some(_) => Known::Changed,
        }
    }

    /// Writes down objects in their order.
    ///
    /// # Errors
    /// [`Error::Busy`] where somebody else has done so meanwhile.
    pub(crate) async fn add(&mut self, objects: Vec<Object>) -> Result<Vec<Numbered>, Error> {
        let mut numbered = Vec::with_capacity(objects.len());
        let mut objects = objects.into_iter().peekable();
        while objects.peek().is_some() {
            let path = self.folder.clone().join(format!("{:020}.jsonl", self.next));
            let mut text = format!("{}\n", self.heading);
            let some: Vec<Object> = objects.by_ref().take(FILE_OBJECTS_MAX).collect();
            for object in &some {
                text.push_str(&line_of(object, &path)?);
                text.push('\n');
            }
            self.put(&path, text).await?;
            numbered.extend(some.into_iter().map(|object| self.number(object)));
        }
        Ok(numbered)
    }

    async fn put(&self, path: &Path, text: String) -> Result<(), Error> {
        let payload = PutPayload::from(text);
        let put = self.store.put_opts(path, payload, PutMode::Create.into());
        match put.await {
            Ok(_) => Ok(()),
            Err(
                object_store::Error::AlreadyExists { .. }
                | object_store::Error::Precondition { .. },
            ) => Err(Error::Busy(self.source.clone())),
            Err(error) => Err(Error::store("write", path)(error)),
        }
    }
}

fn line_of(object: &Object, path: &Path) -> Result<String, Error> {
    let line = Line {
        key: object.key.clone(),
        bytes: object.bytes,
        modified: object.modified.unix_ms(),
        tag: object.tag.clone(),
    };
    serde_json::to_string(&line).map_err(|source| Error::Ledger {
        at: path.to_string(),
        source,
    })
}

/// What the ledger knows of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    No,
    Same,
    Changed,
}

pub(crate) fn key_hash(key: &str) -> u128 {
    let mut first = [0; 16];
    first.copy_from_slice(&Sha256::digest(key)[..16]);
    u128::from_be_bytes(first)
}

fn tag_hash(object: &Object) -> u64 {
    let mut hash = Sha256::new();
    hash.update(object.bytes.to_be_bytes());
    hash.update(object.tag.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hash.finalize()[..8]);
    u64::from_be_bytes(first)
}
