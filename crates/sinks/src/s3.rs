//! Destination `s3`: any S3-compatible store or a local directory, in the layout of Bedrock's own
//! invocation logging.
//!
//! A batch becomes one object of gzipped JSON lines for each account and region in it. Bodies over the
//! inline limit and bodies that are not JSON become objects of their own under `data/`, and they are put
//! before the batch that points to them: whoever sees a record finds its bodies. Every key derives from
//! the batch's plan or from the record itself, so a batch that is put again overwrites itself.
//!
//! Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html>

mod archive;
mod bucket;
mod data;
mod layout;
mod location;
mod media;
mod place;
mod render;
mod upload;

use std::sync::Arc;

use async_trait::async_trait;
use corelog_catalog::Modalities;
use corelog_delivery::{Batch, Receipt, Sink, SinkError};
use corelog_types::ByteSize;

pub use archive::{Archive, Object};
pub use bucket::{Credentials, Encryption, Store, remote};
pub use location::{InvalidLocation, Location};

use bucket::{Bucket, base_of};
pub(crate) use bucket::{client_options, impatient, with_credentials};
use layout::Layout;
use render::{Form, Rendered};

use place::Apart;
pub(crate) use render::{Context, line_of};

/// Bodies up to this size are in the record's line, as the original does.
pub const INLINE_BYTES_MAX: ByteSize = ByteSize::from_bytes(102_400);
/// The default gzip level: see `docs/adr/0004-batches-are-planned-before-they-are-written.md` for the figures.
pub const GZIP_LEVEL: u32 = 1;

/// What the sink is told when it is opened.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to write.
    pub location: Location,
    /// How to reach the store; not used for a local directory.
    pub store: Store,
    /// Goes between the location's own prefix and `AWSLogs`; a trailing slash does not double.
    pub key_prefix: Option<String>,
    /// The account of the permission-check object.
    pub account_id: String,
    /// The largest body inside a line.
    pub inline_bytes_max: ByteSize,
    /// 1 (fast) to 9 (small).
    pub gzip_level: u32,
    /// Which kinds of data are delivered.
    pub modalities: Modalities,
    /// Whether records carry the `corelog` object.
    pub extension: bool,
    /// Whether records are written. `false` writes nothing but bodies that become objects of their own.
    pub lines: bool,
}

impl Config {
    /// The defaults, for a location.
    pub fn new(location: Location) -> Self {
        Self {
            location,
            store: Store::default(),
            key_prefix: None,
            account_id: "000000000000".to_owned(),
            inline_bytes_max: INLINE_BYTES_MAX,
            gzip_level: GZIP_LEVEL,
            modalities: Modalities::all(),
            extension: true,
            lines: true,
        }
    }

    fn layout(&self) -> Layout {
        Layout::new([self.location.prefix(), self.key_prefix.as_deref()])
    }

    fn form(&self, apart: Apart) -> Form {
        Form {
            inline_bytes_max: self.inline_bytes_max.bytes(),
            gzip_level: self.gzip_level,
            modalities: self.modalities,
            extension: self.extension,
            lines: self.lines,
            apart,
        }
    }
}

/// How a record is rendered whose line goes elsewhere, and its large bodies into a bucket that has a sink of its own, or
/// nowhere.
pub(crate) fn context(bucket: Option<&Config>, modalities: Modalities) -> Context {
    let apart = bucket.map_or(Apart::Nowhere, |_| Apart::Named);
    let nowhere = Config::new(Location::Directory(std::path::PathBuf::new()));
    let bucket = bucket.unwrap_or(&nowhere);
    Context {
        layout: bucket.layout(),
        form: Form {
            modalities,
            lines: false,
            ..bucket.form(apart)
        },
        base: base_of(&bucket.location),
    }
}

/// The sink.
#[derive(Debug)]
pub struct S3Sink {
    bucket: Bucket,
    layout: Layout,
    account_id: String,
    form: Form,
}

impl S3Sink {
    /// Prepares for the location. It may be away now: nothing is asked of it, and a local directory is
    /// created where it is missing, once there is something to write.
    ///
    /// # Errors
    /// [`SinkError`] if the store's configuration cannot be used.
    pub fn open(config: &Config) -> Result<Self, SinkError> {
        let bucket = Bucket::open(&config.location, &config.store)?;
        Ok(Self::over(bucket, config))
    }

    fn over(bucket: Bucket, config: &Config) -> Self {
        Self {
            bucket,
            layout: config.layout(),
            account_id: config.account_id.clone(),
            form: config.form(Apart::Written),
        }
    }
}

#[async_trait]
impl Sink for S3Sink {
    async fn deliver(&self, batch: Arc<Batch>) -> Result<Receipt, SinkError> {
        let context = render::Context {
            layout: self.layout.clone(),
            form: self.form,
            base: self.bucket.base().to_owned(),
        };
        let rendering = Arc::clone(&batch);
        let rendered = tokio::task::spawn_blocking(move || render::render(&rendering, &context))
            .await
            .map_err(|error| SinkError::new("render", batch.destination.clone(), error))??;
        let Rendered {
            data,
            batches,
            receipt,
        } = rendered;
        upload::upload(&self.bucket, &batch, data, batches).await?;
        Ok(receipt)
    }

    async fn check(&self) -> Result<(), SinkError> {
        let key = self.layout.permission_check(&self.account_id);
        let path = self.bucket.path(&key)?;
        self.bucket.put(&path, bytes::Bytes::new(), "").await?;
        self.bucket.sync(vec![path]).await
    }

    fn location(&self) -> String {
        self.bucket.url(&self.layout.root())
    }
}

#[cfg(test)]
mod tests;
