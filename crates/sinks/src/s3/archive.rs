//! The layout for whoever has records that are lines already, and for other files beside it.

use bytes::Bytes;
use corelog_delivery::SinkError;
use corelog_types::Timestamp;
use futures_util::TryStreamExt as _;
use object_store::ObjectStoreExt as _;

use super::bucket::Bucket;
use super::data::GZIP_TYPE;
use super::layout::Layout;
use super::{Location, Store};

/// A place for batches, bodies and other objects.
#[derive(Debug)]
pub struct Archive {
    bucket: Bucket,
    layout: Layout,
}

/// An object to be put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its whole key.
    pub key: String,
    /// What it holds.
    pub bytes: Bytes,
    /// Whether that is gzipped.
    pub zipped: bool,
}

impl Archive {
    /// Prepares for a place; nothing is asked of it.
    ///
    /// # Errors
    /// [`SinkError`] for settings that no store can be reached with.
    pub fn open(location: &Location, store: &Store) -> Result<Self, SinkError> {
        Ok(Self {
            bucket: Bucket::open(location, store)?,
            layout: Layout::new([location.prefix()]),
        })
    }

    /// The key of a batch of records of that account and region, written then.
    pub fn batch_key(&self, account_id: &str, region: &str, at: Timestamp, stem: &str) -> String {
        self.layout.batch_at(account_id, region, at, stem)
    }

    /// What the keys of a record's bodies begin with: `…/data/<requestId>_`.
    pub fn data_key(&self, account_id: &str, region: &str, at: Timestamp, id: &str) -> String {
        self.layout.data(account_id, region, at, id)
    }

    /// The key of what is no part of the layout.
    pub fn key(&self, name: &str) -> String {
        let root = self.layout.root();
        let key = format!("{root}/{name}");
        key.trim_matches('/').to_owned()
    }

    /// The address of an object.
    pub fn url(&self, key: &str) -> String {
        self.bucket.url(key)
    }

    /// Removes what is below a folder, but for the keys that are to stay.
    ///
    /// # Errors
    /// [`SinkError`]; some of it may be gone.
    pub async fn remove_others(
        &self,
        folder: &str,
        stays: impl Fn(&str) -> bool,
    ) -> Result<(), SinkError> {
        let failed = |attempt: &'static str, key: &str| {
            let url = self.bucket.url(key);
            move |error| SinkError::new(attempt, url, error)
        };
        let store = self.bucket.store()?;
        let mut listed = store.list(Some(&self.bucket.path(folder)?));
        let mut others = Vec::new();
        while let Some(found) = listed.try_next().await.map_err(failed("list", folder))? {
            if !stays(found.location.as_ref()) {
                others.push(found.location);
            }
        }
        for other in others {
            let removed = store.delete(&other).await;
            removed.map_err(failed("remove", other.as_ref()))?;
        }
        Ok(())
    }

    /// Puts objects in their order, in place of others of their names. All are durable then.
    ///
    /// # Errors
    /// [`SinkError`]; the first of them may be there.
    pub async fn put(&self, objects: Vec<Object>) -> Result<(), SinkError> {
        let mut written = Vec::with_capacity(objects.len());
        for object in objects {
            let path = self.bucket.path(&object.key)?;
            let content_type = if object.zipped { GZIP_TYPE } else { "" };
            self.bucket.put(&path, object.bytes, content_type).await?;
            written.push(path);
        }
        self.bucket.sync(written).await
    }
}
