//! Where an import reads: a bucket's prefix, a directory that stands for one, or one file.

use std::fmt;
use std::io::{self, Read};
use std::path::Path as FilePath;
use std::sync::Arc;

use bytes::{Buf as _, Bytes};
use corelog_sinks::s3::{Location, Store, remote};
use corelog_types::Timestamp;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{GetResultPayload, ObjectMeta, ObjectStore, ObjectStoreExt as _};
use tokio::runtime::Handle;

use crate::Error;

/// What is read.
#[derive(Clone)]
pub struct Source {
    /// Its URL: what it is known by from one import to the next.
    name: String,
    store: Arc<dyn ObjectStore>,
    place: Place,
    /// Where else bodies may be.
    bodies: Vec<Source>,
}

#[derive(Clone)]
enum Place {
    /// Keys begin with the prefix, and addresses of bodies are those of the bucket.
    Bucket {
        name: String,
        prefix: Path,
    },
    /// The folder as addresses may name it: a bucket's copy lies somewhere below or above.
    Directory {
        folder: String,
    },
    File {
        key: Path,
    },
}

/// An object of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) key: String,
    pub(crate) bytes: u64,
    pub(crate) modified: Timestamp,
    /// Differs where the object's content does, as far as its store says.
    pub(crate) tag: String,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Source").field(&self.name).finish()
    }
}

impl Source {
    /// A path of this machine, directory or file.
    ///
    /// # Errors
    /// [`Error::Open`].
    pub fn of_path(path: &FilePath) -> Result<Self, Error> {
        let failed = |source: io::Error| Error::Open {
            path: path.to_owned(),
            source,
        };
        let path = path.canonicalize().map_err(failed)?;
        let name = format!("file://{}", path.display());
        let is_file = std::fs::metadata(&path).map_err(failed)?.is_file();
        let root = if is_file { path.parent() } else { None };
        let root = root.unwrap_or(&path);
        let files =
            LocalFileSystem::new_with_prefix(root).map_err(Error::store("open", root.display()))?;
        let place = if is_file {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            let key =
                Path::parse(&file).map_err(|error| Error::store("name", &name)(error.into()))?;
            Place::File { key }
        } else {
            let folder = path.display().to_string();
            Place::Directory {
                folder: folder.trim_matches('/').to_owned(),
            }
        };
        Ok(Self {
            name,
            store: Arc::new(files),
            place,
            bodies: Vec::new(),
        })
    }

    /// A location of either kind.
    ///
    /// # Errors
    /// [`Error::Open`], [`Error::Sink`] for settings that no store can be reached with.
    pub fn at(location: &Location, reach: &Store) -> Result<Self, Error> {
        match location {
            Location::Directory(dir) => Self::of_path(dir),
            Location::Bucket { name, prefix } => {
                Self::of_bucket(remote(name, reach)?, name, prefix)
            }
        }
    }

    fn of_bucket(store: Arc<dyn ObjectStore>, bucket: &str, prefix: &str) -> Result<Self, Error> {
        let url = format!("s3://{bucket}/{prefix}");
        // As it is: what a key may not have in it is no reason to look for another.
        let prefix =
            Path::parse(prefix).map_err(|error| Error::store("read", &url)(error.into()))?;
        Ok(Self {
            name: format!("s3://{bucket}/{prefix}"),
            store,
            place: Place::Bucket {
                name: bucket.to_owned(),
                prefix,
            },
            bodies: Vec::new(),
        })
    }

    /// The same, with other places where bodies may be: what is in none of these is looked for in order.
    #[must_use]
    pub fn with_bodies(self, bodies: Vec<Self>) -> Self {
        Self { bodies, ..self }
    }

    /// Its URL.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All objects, in no order.
    pub(crate) fn list(&self) -> BoxStream<'static, Result<Object, Error>> {
        let only = match &self.place {
            Place::Bucket { prefix, .. } => Some(prefix.clone()),
            Place::Directory { .. } => None,
            Place::File { key } => {
                let (store, key, name) = (Arc::clone(&self.store), key.clone(), self.name.clone());
                let one = async move {
                    let meta = store.head(&key).await;
                    meta.map(|meta| object(meta, true))
                        .map_err(Error::store("look at", name))
                };
                return futures_util::stream::once(one).boxed();
            }
        };
        let only = only.filter(|prefix| !prefix.as_ref().is_empty());
        let name = self.name.clone();
        let local = matches!(self.place, Place::Directory { .. });
        let listed = self.store.list(only.as_ref());
        listed
            .map_ok(move |meta| object(meta, local))
            .map_err(move |error| Error::store("list", &name)(error))
            .boxed()
    }

    /// The bytes of an object, to be read where blocking is allowed; `None` where there is none.
    pub(crate) fn open(&self, key: &Path, on: &Handle) -> io::Result<Option<Opened>> {
        let got = match on.block_on(self.store.get(key)) {
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            got => got.map_err(io::Error::other)?,
        };
        let bytes = got.meta.size;
        let read: Box<dyn Read + Send> = match got.payload {
            GetResultPayload::File(file, _) => Box::new(file),
            GetResultPayload::Stream(stream) => Box::new(Chunks {
                stream,
                chunk: Bytes::new(),
                on: on.clone(),
            }),
        };
        Ok(Some(Opened { bytes, read }))
    }

    /// The object of an address, wherever it is first found: where the address says, if that is a place that is read at
    /// all. `beside` is the object whose line has the address. To be called where blocking is allowed.
    pub(crate) fn open_body(
        &self,
        address: &str,
        beside: &str,
        on: &Handle,
    ) -> io::Result<Option<(Path, Opened)>> {
        let elsewhere = self.bodies.iter().map(|other| (other, None));
        let mut places: Vec<_> = [(self, Some(beside))]
            .into_iter()
            .chain(elsewhere)
            .collect();
        places.sort_by_key(|(source, _)| !source.is_bucket_of(address));
        for (source, beside) in places {
            for path in source.candidates(address, beside) {
                if let Some(opened) = source.open(&path, on)? {
                    return Ok(Some((path, opened)));
                }
            }
        }
        Ok(None)
    }

    fn is_bucket_of(&self, address: &str) -> bool {
        let rest = address.strip_prefix("s3://").unwrap_or("");
        let bucket = rest.split_once('/').map(|(bucket, _)| bucket);
        matches!(&self.place, Place::Bucket { name, .. } if bucket == Some(name.as_str()))
    }

    /// Where here the object of an address may be: the address names a bucket, and this may be a copy of it, whole or
    /// in part.
    ///
    /// Addresses are text of strangers: none leads out of the source.
    fn candidates(&self, address: &str, beside: Option<&str>) -> Vec<Path> {
        let Some((scheme, rest)) = address.split_once("://") else {
            return Vec::new();
        };
        let key = rest.split_once('/').filter(|_| scheme == "s3");
        let key = key.map_or("", |(_, key)| key);
        if self.is_bucket_of(address) {
            return Path::parse(key).into_iter().collect();
        }
        let (folder, below) = match &self.place {
            Place::Bucket { prefix, .. } => ("", prefix.as_ref()),
            Place::Directory { folder } => (folder.as_str(), ""),
            Place::File { .. } => ("", ""),
        };
        let mut found = Vec::new();
        if beside.is_none() && !key.is_empty() {
            found.push(format!("{below}/{key}"));
        }
        // The tree that Bedrock writes has the same names below `AWSLogs` wherever it was copied to.
        let whole = match beside {
            Some(beside) => format!("{folder}/{beside}"),
            None if folder.contains(TREE) => folder.to_owned(),
            None => format!("{folder}/{below}{TREE}"),
        };
        if let (Some(tree), Some(at)) = (whole.rfind(TREE), rest.rfind(TREE)) {
            let moved = format!("{}{}", &whole[..tree], &rest[at..]);
            found.extend(moved.strip_prefix(folder).map(str::to_owned));
        }
        if let Some(beside) = beside {
            let beside = beside.rsplit_once('/').map_or("", |(folder, _)| folder);
            let name = rest.rsplit('/').next().unwrap_or(rest);
            found.push(format!("{beside}/data/{name}"));
        }
        let paths = found.iter().map(|key| Path::parse(key.trim_matches('/')));
        paths.filter_map(Result::ok).collect()
    }
}

/// What every key of the layout has in it.
const TREE: &str = "/AWSLogs/";

/// An object that is being read.
pub(crate) struct Opened {
    pub(crate) bytes: u64,
    pub(crate) read: Box<dyn Read + Send>,
}

/// A local file's tag of the store has its number on the disk in it, which a copy changes.
fn object(meta: ObjectMeta, local: bool) -> Object {
    let modified = u64::try_from(meta.last_modified.timestamp_millis()).unwrap_or(0);
    let tag = meta.e_tag.filter(|_| !local);
    Object {
        key: meta.location.to_string(),
        bytes: meta.size,
        modified: Timestamp::from_unix_ms(modified),
        tag: tag.unwrap_or_else(|| modified.to_string()),
    }
}

/// A stream of bytes for whoever reads and blocks.
struct Chunks {
    stream: BoxStream<'static, object_store::Result<Bytes>>,
    chunk: Bytes,
    on: Handle,
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            match self.on.block_on(self.stream.next()) {
                None => return Ok(0),
                Some(chunk) => self.chunk = chunk.map_err(io::Error::other)?,
            }
        }
        let length = self.chunk.len().min(buffer.len());
        self.chunk.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}

/// Whether reading failed for the store's sake, and not for what the object holds.
pub(crate) fn is_of_store(error: &io::Error) -> bool {
    let of_store = error
        .get_ref()
        .is_some_and(<dyn std::error::Error + Send + Sync>::is::<object_store::Error>);
    let of_content = matches!(
        error.kind(),
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof
    );
    of_store || !of_content
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;

    use super::*;

    const ADDRESS: &str =
        "s3://logs/prod/AWSLogs/1/BedrockModelInvocationLogs/r/2026/11/20/10/data/i_input.json.gz";

    fn check<'b>(
        place: Place,
        address: &str,
        beside: impl Into<Option<&'b str>>,
        expected: &[&str],
    ) {
        let source = Source {
            name: "x".to_owned(),
            store: Arc::new(InMemory::new()),
            place,
            bodies: Vec::new(),
        };
        let found = source.candidates(address, beside.into());
        let found: Vec<&str> = found.iter().map(Path::as_ref).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_bucket_is_read_at_the_address_itself() {
        let bucket = || Place::Bucket {
            name: "logs".to_owned(),
            prefix: Path::from("prod"),
        };
        let key = "prod/AWSLogs/1/BedrockModelInvocationLogs/r/2026/11/20/10/data/i_input.json.gz";
        check(bucket(), ADDRESS, "prod/AWSLogs/1/b.json.gz", &[key]);
        check(bucket(), "s3://logs/a/../b", "b", &[]);
        check(bucket(), "no address", "b", &[]);
    }

    #[test]
    fn a_copy_is_read_where_the_tree_goes_on() {
        let directory = |folder: &str| Place::Directory {
            folder: folder.to_owned(),
        };
        let tree = "AWSLogs/1/BedrockModelInvocationLogs/r/2026/11/20";
        // The copy without the prefix; the body is of another hour than the batch.
        check(
            directory("backup/logs"),
            ADDRESS,
            format!("{tree}/11/b.json.gz").as_str(),
            &[
                &format!("{tree}/10/data/i_input.json.gz"),
                &format!("{tree}/11/data/i_input.json.gz"),
            ],
        );
        // The copy of a part of the tree.
        check(
            directory(&format!("backup/{tree}")),
            ADDRESS,
            "11/b.json.gz",
            &["10/data/i_input.json.gz", "11/data/i_input.json.gz"],
        );
        // Above what is read: only beside.
        check(
            directory(&format!("backup/{tree}/11")),
            ADDRESS,
            "b.json.gz",
            &["data/i_input.json.gz"],
        );
        check(directory("backup"), "s3://logs/..", "b.json.gz", &[]);
    }

    #[test]
    fn a_bucket_s_copy_in_another_is_read_where_the_tree_goes_on() {
        let bucket = || Place::Bucket {
            name: "copy".to_owned(),
            prefix: Path::from("of/logs"),
        };
        let tree = "AWSLogs/1/BedrockModelInvocationLogs/r/2026/11/20";
        check(
            bucket(),
            ADDRESS,
            format!("of/logs/{tree}/11/b.json.gz").as_str(),
            &[
                &format!("of/logs/{tree}/10/data/i_input.json.gz"),
                &format!("of/logs/{tree}/11/data/i_input.json.gz"),
            ],
        );
        check(
            bucket(),
            ADDRESS,
            None,
            &[
                &format!("of/logs/prod/{tree}/10/data/i_input.json.gz"),
                &format!("of/logs/{tree}/10/data/i_input.json.gz"),
            ],
        );
    }

    #[test]
    fn a_directory_for_bodies_alone_is_a_bucket_s_copy_or_a_part_of_it() {
        let directory = |folder: &str| Place::Directory {
            folder: folder.to_owned(),
        };
        let tree = "AWSLogs/1/BedrockModelInvocationLogs/r/2026/11/20";
        let bodies = [
            &*format!("prod/{tree}/10/data/i_input.json.gz"),
            &*format!("{tree}/10/data/i_input.json.gz"),
        ];
        check(directory("backup/large"), ADDRESS, None, &bodies);
        let part = directory(&format!("backup/{tree}"));
        check(part, ADDRESS, None, &[bodies[0], "10/data/i_input.json.gz"]);
        let file = ADDRESS.replace("s3://logs", "file:///data");
        check(directory("backup"), &file, None, &bodies[1..]);
        check(directory("backup"), "s3://logs/../x", None, &[]);
    }
}
