//! Putting what was rendered: data objects first, then the batches that point to them, then durability.

use std::sync::Arc;

use bytes::Bytes;
use corelog_delivery::{Batch, SinkError};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use object_store::buffered::BufWriter;
use object_store::path::Path;
use tokio::io::AsyncWriteExt;

use super::bucket::Bucket;
use super::data::{BlobBody, DataBody, DataObject, GZIP_TYPE, Pieces};
use super::media::{CutBlob, CutPieces, KeyedPiece};

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
        match object.body {
            DataBody::Cut(cut) => {
                written.extend(stream_cut(bucket, batch, cut).await?);
                continue;
            }
            DataBody::Ready(bytes) => small.push(Put {
                path: path.clone(),
                bytes,
                content_type: object.content_type,
            }),
            // One after the other: each holds a part or two in memory.
            DataBody::Blob(blob) => {
                stream_blob(bucket, batch, &path, &blob, object.content_type).await?;
            }
        }
        written.push(path);
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
    let mut writer = bucket.writer(path, content_type)?;
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

/// Copies what is in a blob to several objects: its files one after the other, and beside them the rest.
///
/// Returns what was written.
async fn stream_cut(bucket: &Bucket, batch: &Batch, cut: CutBlob) -> Result<Vec<Path>, SinkError> {
    let (id, name) = (cut.blob.id, cut.blob.name);
    let failed = |error| SinkError::new("read the body of record", id.to_string(), error);
    let blobs = Arc::clone(&batch.blobs);
    let mut pieces = blocking(move || Ok(CutPieces::new(blobs.open(id, name)?, cut)))
        .await
        .map_err(failed)?;
    let mut writers = Writers {
        bucket,
        open: Vec::new(),
        written: Vec::new(),
    };
    loop {
        let (back, next) = blocking(move || {
            let next = pieces.next_pieces();
            Ok((pieces, next))
        })
        .await
        .map_err(failed)?;
        pieces = back;
        let outcome = match next {
            Ok(None) => break,
            Ok(Some(next)) => writers.put(next).await,
            Err(error) => Err(failed(error)),
        };
        if let Err(error) = outcome {
            writers.abort().await;
            return Err(error);
        }
    }
    writers.finish().await
}

/// Writers of the objects that come out of one blob; at most two are open.
struct Writers<'a> {
    bucket: &'a Bucket,
    open: Vec<(KeyedObject, BufWriter)>,
    written: Vec<Path>,
}

/// Which object a writer is for.
struct KeyedObject {
    key: String,
    path: Path,
    is_rest: bool,
}

impl Writers<'_> {
    async fn put(&mut self, pieces: Vec<KeyedPiece>) -> Result<(), SinkError> {
        for piece in pieces {
            let known = self.open.iter().position(|(it, _)| it.key == piece.key);
            let at = match known {
                Some(at) => at,
                None => self.begin(&piece).await?,
            };
            let (object, writer) = &mut self.open[at];
            writer.put(piece.bytes).await.map_err(|error| {
                SinkError::new("write", self.bucket.url(object.path.as_ref()), error)
            })?;
        }
        Ok(())
    }

    /// Opens a writer. A file that begins ends the file before it; what stays is open all along.
    async fn begin(&mut self, piece: &KeyedPiece) -> Result<usize, SinkError> {
        let is_rest = piece.content_type == GZIP_TYPE;
        let before = self.open.iter().position(|(it, _)| !it.is_rest);
        if !is_rest && let Some(at) = before {
            let (object, writer) = self.open.swap_remove(at);
            self.end(object, writer).await?;
        }
        let path = self.bucket.path(&piece.key)?;
        let writer = self.bucket.writer(&path, piece.content_type)?;
        let object = KeyedObject {
            key: piece.key.clone(),
            path,
            is_rest,
        };
        self.open.push((object, writer));
        Ok(self.open.len() - 1)
    }

    async fn end(&mut self, object: KeyedObject, mut writer: BufWriter) -> Result<(), SinkError> {
        writer.shutdown().await.map_err(|error| {
            SinkError::new("write", self.bucket.url(object.path.as_ref()), error)
        })?;
        self.written.push(object.path);
        Ok(())
    }

    async fn finish(mut self) -> Result<Vec<Path>, SinkError> {
        while let Some((object, writer)) = self.open.pop() {
            self.end(object, writer).await?;
        }
        Ok(self.written)
    }

    /// Drops what was uploaded so far; should that fail too, the first error counts.
    async fn abort(mut self) {
        for (_, writer) in &mut self.open {
            let _ = writer.abort().await;
        }
    }
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
