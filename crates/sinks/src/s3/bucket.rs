//! An object store with what we need on top of it: URLs of its objects, content types, and durability.
//!
//! `object_store` writes local files without syncing them. A record must not be forgotten by the spool
//! before it is safe, so [`Bucket::sync`] makes local files and their folders durable; a remote store's
//! answer already means that.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path as FilePath, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use corelog_delivery::SinkError;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::buffered::BufWriter;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, BackoffConfig, ClientOptions, ObjectStore, PutOptions, PutPayload,
    RetryConfig,
};

use super::Location;

/// Objects up to this size are put in one request; larger ones in parts of this size.
const REMOTE_PART_BYTES: usize = 8 << 20;
/// A local file needs no large parts, and small ones keep memory small.
const LOCAL_PART_BYTES: usize = 256 << 10;

/// How to reach a store that speaks S3.
#[derive(Debug, Clone, Default)]
pub struct Store {
    /// Such as `http://127.0.0.1:9000`; AWS's own for the region where there is none.
    pub endpoint: Option<String>,
    /// `us-east-1` where there is none.
    pub region: Option<String>,
    /// Who we are to the store.
    pub credentials: Credentials,
    /// Whether an endpoint may be plain HTTP.
    pub allow_http: bool,
    /// Whether the bucket is in the host name rather than in the path.
    pub virtual_hosted: bool,
    /// What is asked of the store for every object.
    pub encryption: Encryption,
}

/// Who we are to a store.
#[derive(Clone, Default)]
pub enum Credentials {
    /// Whatever the machine provides: container or instance role.
    #[default]
    Machine,
    /// A fixed key.
    Static {
        /// The access key's id.
        access_key_id: String,
        /// Its secret.
        secret_access_key: String,
        /// For temporary keys.
        session_token: Option<String>,
    },
    /// Nobody: requests are not signed.
    Anonymous,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Machine => f.write_str("Machine"),
            Self::Anonymous => f.write_str("Anonymous"),
            Self::Static { access_key_id, .. } => f
                .debug_struct("Static")
                .field("access_key_id", access_key_id)
                .field("secret_access_key", &"***")
                .finish_non_exhaustive(),
        }
    }
}

/// How the store encrypts objects.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Encryption {
    /// As the bucket says.
    #[default]
    BucketDefault,
    /// With keys the store manages: `AES256`.
    StoreManaged,
    /// With a KMS key: `aws:kms`.
    Kms {
        /// The key; the account's default where there is none.
        key_id: Option<String>,
        /// Whether one data key serves many objects.
        bucket_key: bool,
    },
}

/// A store for one destination.
///
/// A directory may be away when we start: a network mount, an unplugged disk. That is an outage like any
/// other, and calls go on while the spool holds; so it is opened when it is first needed and there.
#[derive(Debug)]
pub(crate) struct Bucket {
    opened: OnceLock<Opened>,
    /// For a local directory only.
    directory: Option<PathBuf>,
    /// `s3://bucket` or `file:///dir`, without a trailing slash.
    base: String,
}

#[derive(Debug)]
struct Opened {
    store: Arc<dyn ObjectStore>,
    local: Option<Local>,
}

#[derive(Debug, Clone)]
struct Local {
    files: Arc<LocalFileSystem>,
    root: PathBuf,
}

impl Bucket {
    pub(crate) fn open(location: &Location, store: &Store) -> Result<Self, SinkError> {
        match location {
            Location::Directory(dir) => Ok(Self::of_directory(dir)),
            Location::Bucket { name, .. } => {
                Ok(Self::of_store(remote(name, store)?, base_of(location)))
            }
        }
    }

    fn of_directory(dir: &FilePath) -> Self {
        Self {
            opened: OnceLock::new(),
            directory: Some(dir.to_owned()),
            base: base_of_directory(dir),
        }
    }

    fn of_store(store: Arc<dyn ObjectStore>, base: String) -> Self {
        Self {
            opened: Opened { store, local: None }.into(),
            directory: None,
            base,
        }
    }

    fn opened(&self) -> Result<&Opened, SinkError> {
        if let (None, Some(dir)) = (self.opened.get(), &self.directory) {
            let opened = Opened::directory(dir)?;
            // Another task may have been first; both opened the same.
            let _ = self.opened.set(opened);
        }
        self.opened.get().ok_or_else(|| {
            let never = io::Error::from(io::ErrorKind::NotFound);
            SinkError::new("open", self.base.clone(), never)
        })
    }

    pub(crate) fn store(&self) -> Result<Arc<dyn ObjectStore>, SinkError> {
        Ok(Arc::clone(&self.opened()?.store))
    }

    /// A bucket over any store, for tests.
    #[cfg(test)]
    pub(crate) fn over(store: Arc<dyn ObjectStore>, base: &str) -> Self {
        Self::of_store(store, base.to_owned())
    }

    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    pub(crate) fn url(&self, key: &str) -> String {
        format!("{}/{key}", self.base)
    }

    /// A key as the store takes it.
    pub(crate) fn path(&self, key: &str) -> Result<Path, SinkError> {
        Path::parse(key).map_err(|error| SinkError::new("name", self.url(key), error))
    }

    /// Puts one object in one request, in place of any other.
    pub(crate) async fn put(
        &self,
        path: &Path,
        bytes: Bytes,
        content_type: &'static str,
    ) -> Result<(), SinkError> {
        let options = PutOptions {
            attributes: self.attributes(content_type),
            ..PutOptions::default()
        };
        self.opened()?
            .store
            .put_opts(path, PutPayload::from_bytes(bytes), options)
            .await
            .map_err(|error| SinkError::new("write", self.url(path.as_ref()), error))?;
        Ok(())
    }

    /// A writer for an object of any size, in parts where it is large.
    pub(crate) fn writer(
        &self,
        path: &Path,
        content_type: &'static str,
    ) -> Result<BufWriter, SinkError> {
        let writer = BufWriter::with_capacity(self.store()?, path.clone(), self.part_bytes())
            .with_max_concurrency(1)
            .with_attributes(self.attributes(content_type));
        Ok(writer)
    }

    /// How much is handed to a [`Bucket::writer`] at a time.
    pub(crate) fn part_bytes(&self) -> usize {
        if self.directory.is_some() {
            LOCAL_PART_BYTES
        } else {
            REMOTE_PART_BYTES
        }
    }

    /// The content type as far as the store keeps one. No `Content-Encoding` is ever set: clients would
    /// unpack a `.gz` on the way, and those who read `.gz` files would then fail.
    fn attributes(&self, content_type: &'static str) -> Attributes {
        let mut attributes = Attributes::new();
        if self.directory.is_none() && !content_type.is_empty() {
            attributes.insert(Attribute::ContentType, content_type.into());
        }
        attributes
    }

    /// Makes objects durable that were put before.
    pub(crate) async fn sync(&self, paths: Vec<Path>) -> Result<(), SinkError> {
        let Some(local) = self.opened()?.local.clone() else {
            return Ok(());
        };
        let base = self.base.clone();
        tokio::task::spawn_blocking(move || local.sync(&paths))
            .await
            .map_err(|error| SinkError::new("sync", base.clone(), error))?
            .map_err(|error| SinkError::new("sync", base, error))
    }
}

fn base_of_directory(dir: &FilePath) -> String {
    format!("file://{}", dir.display().to_string().trim_end_matches('/'))
}

/// What goes before a key to make the URL of an object there.
pub(crate) fn base_of(location: &Location) -> String {
    match location {
        Location::Directory(dir) => base_of_directory(dir),
        Location::Bucket { name, .. } => format!("s3://{name}"),
    }
}

impl Opened {
    fn directory(dir: &FilePath) -> Result<Self, SinkError> {
        let shown = dir.display().to_string();
        std::fs::create_dir_all(dir)
            .map_err(|error| SinkError::new("create", shown.clone(), error))?;
        let files = LocalFileSystem::new_with_prefix(dir)
            .map_err(|error| SinkError::new("open", shown.clone(), error))?;
        let root = dir
            .canonicalize()
            .map_err(|error| SinkError::new("open", shown, error))?;
        let files = Arc::new(files);
        Ok(Self {
            store: Arc::<LocalFileSystem>::clone(&files),
            local: Some(Local { files, root }),
        })
    }
}

impl Local {
    /// Syncs files, then every folder between them and the root: a file is only there if its names are.
    fn sync(&self, paths: &[Path]) -> io::Result<()> {
        let mut folders = BTreeSet::new();
        for path in paths {
            let file = self.files.path_to_filesystem(path)?;
            File::open(&file)?.sync_all()?;
            let parents = file.ancestors().skip(1);
            for folder in parents.take_while(|folder| folder.starts_with(&self.root)) {
                if !folders.insert(folder.to_owned()) {
                    break;
                }
            }
        }
        for folder in folders.iter().rev() {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }
}

/// A bucket as an object store.
///
/// # Errors
/// [`SinkError`] for settings that no store can be reached with.
pub fn remote(name: &str, store: &Store) -> Result<Arc<dyn ObjectStore>, SinkError> {
    let built = builder(name, store)
        .build()
        .map_err(|error| SinkError::new("use the settings of", format!("s3://{name}"), error))?;
    Ok(Arc::new(built))
}

/// How long a request may take, of whatever kind.
pub(crate) fn client_options(allow_http: bool) -> ClientOptions {
    ClientOptions::new()
        .with_connect_timeout(Duration::from_secs(5))
        .with_timeout(Duration::from_mins(1))
        .with_allow_http(allow_http)
}

/// A builder of clients that give up soon, on credentials too: delivery itself retries for ever, so the client only
/// smooths over a hiccup.
pub(crate) fn impatient(allow_http: bool) -> AmazonS3Builder {
    let retry = RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries: 2,
        retry_timeout: Duration::from_secs(20),
    };
    AmazonS3Builder::new()
        .with_client_options(client_options(allow_http))
        .with_retry(retry)
}

fn builder(name: &str, store: &Store) -> AmazonS3Builder {
    let mut builder = impatient(store.allow_http)
        .with_bucket_name(name)
        .with_region(store.region.as_deref().unwrap_or("us-east-1"))
        .with_virtual_hosted_style_request(store.virtual_hosted);
    if let Some(endpoint) = &store.endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    encrypted(
        with_credentials(builder, &store.credentials),
        &store.encryption,
    )
}

/// Tells the builder who we are.
pub(crate) fn with_credentials(
    builder: AmazonS3Builder,
    credentials: &Credentials,
) -> AmazonS3Builder {
    match credentials {
        Credentials::Machine => builder,
        Credentials::Anonymous => builder.with_skip_signature(true),
        Credentials::Static {
            access_key_id,
            secret_access_key,
            session_token,
        } => {
            let keyed = builder
                .with_access_key_id(access_key_id)
                .with_secret_access_key(secret_access_key);
            match session_token {
                Some(token) => keyed.with_token(token),
                None => keyed,
            }
        }
    }
}

fn encrypted(builder: AmazonS3Builder, encryption: &Encryption) -> AmazonS3Builder {
    let set =
        |builder: AmazonS3Builder, key: &str, value: &str| match key.parse::<AmazonS3ConfigKey>() {
            Ok(key) => builder.with_config(key, value),
            Err(_) => builder,
        };
    match encryption {
        Encryption::BucketDefault => builder,
        Encryption::StoreManaged => set(builder, "aws_server_side_encryption", "AES256"),
        Encryption::Kms { key_id, bucket_key } => {
            let builder = set(builder, "aws_server_side_encryption", "aws:kms");
            let builder = builder.with_bucket_key(*bucket_key);
            match key_id {
                Some(key_id) => set(builder, "aws_sse_kms_key_id", key_id),
                None => builder,
            }
        }
    }
}
