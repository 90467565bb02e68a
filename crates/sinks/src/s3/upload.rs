//! Putting what was rendered: data objects first, then the batches that point to them, then durability.

use std::sync::Arc;

use bytes::Bytes;
use corelog_delivery::{Batch, SinkError};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use object_store::path::Path;
use tokio::io::AsyncWriteExt;

use super::bucket::Bucket;
use super::data::{BlobBody, DataBody, DataObject, GZIP_TYPE, Pieces};

/// Small objects on their way at once.
const CONCURRENT_PUTS: usize = 8;

/// An object that fits into one request.
struct Put {
    path: Path,
    bytes: Bytes,
    content_type: &'static str,
}

/// Puts everything; all of it is durable once this returns `Ok`.
pub(crate) async fn upload(
    bucket: &Bucket,
    batch: &Batch,
    data: Vec<DataObject>,
    batches: Vec<(String, Vec<u8>)>,
) -> Result<(), SinkError> {
    let mut written = Vec::with_capacity(data.len() + batches.len());
    let mut small = Vec::new();
    for object in data {
        let path = bucket.path(&object.key)?;
        written.push(path.clone());
        match object.body {
            DataBody::Ready(bytes) => small.push(Put {
                path,
                bytes,
                content_type: object.content_type,
            }),
            // One after the other: each holds a part or two in memory.
            DataBody::Blob(blob) => {
                stream_blob(bucket, batch, &path, &blob, object.content_type).await?;
            }
        }
    }
    put_all(bucket, small).await?;
    let mut last = Vec::new();
    for (key, bytes) in batches {
        let path = bucket.path(&key)?;
        written.push(path.clone());
        last.push(Put {
            path,
            bytes: bytes.into(),
            content_type: GZIP_TYPE,
        });
    }
    put_all(bucket, last).await?;
    bucket.sync(written).await
}

async fn put_all(bucket: &Bucket, puts: Vec<Put>) -> Result<(), SinkError> {
    stream::iter(puts)
        .map(|put| async move { bucket.put(&put.path, put.bytes, put.content_type).await })
        .buffer_unordered(CONCURRENT_PUTS)
        .try_collect::<()>()
        .await
}

/// Copies a blob to its object, a piece in memory at a time.
async fn stream_blob(
    bucket: &Bucket,
    batch: &Batch,
    path: &Path,
    blob: &BlobBody,
    content_type: &'static str,
) -> Result<(), SinkError> {
    let url = || bucket.url(path.as_ref());
    let (blobs, body, piece_bytes) = (Arc::clone(&batch.blobs), blob.clone(), bucket.part_bytes());
    let mut pieces = blocking(move || {
        let source = blobs.open(body.id, body.name)?;
        Ok(Pieces::new(source, body.gzip, piece_bytes))
    })
    .await
    .map_err(|error| SinkError::new("read the body of", url(), error))?;
    let mut writer = bucket.writer(path, content_type);
    loop {
        let (back, piece) = blocking(move || {
            let piece = pieces.next_piece();
            Ok((pieces, piece))
        })
        .await
        .map_err(|error| SinkError::new("read the body of", url(), error))?;
        pieces = back;
        let outcome = match piece {
            Ok(None) => break,
            Ok(Some(piece)) => writer.put(piece).await.map_err(std::io::Error::from),
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            // What was uploaded so far is dropped by the store; should that fail too, the first error counts.
            let _ = writer.abort().await;
            return Err(SinkError::new("write", url(), error));
        }
    }
    writer
        .shutdown()
        .await
        .map_err(|error| SinkError::new("write", url(), error))
}

/// Runs something that blocks where blocking is allowed.
async fn blocking<T: Send + 'static>(
    act: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> std::io::Result<T> {
    match tokio::task::spawn_blocking(act).await {
        Ok(outcome) => outcome,
        Err(error) => Err(std::io::Error::other(error)),
    }
}
