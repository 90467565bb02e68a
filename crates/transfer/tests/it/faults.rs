//! Imports that are cut off, that fail, and that run twice at once.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use corelog_store::{Directory, Table};
use corelog_transfer::{Error, Import};
use corelog_types::Timestamp;
use futures_util::stream::BoxStream;
use object_store::path::Path as Key;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use crate::fixture::{Row, bucket, import, open, open_over, rows, run};

const OBJECTS: u32 = 4;
/// 2026-11-20T09:15:00Z, and the second after it: when the events of two objects happened.
const FIRST: Timestamp = Timestamp::from_unix_ms(1_795_166_100_000);
const LAST: Timestamp = Timestamp::from_unix_ms(1_795_166_101_000);

/// A store that takes so many objects and then fails.
#[derive(Debug)]
struct Failing {
    inner: Directory,
    puts_left: AtomicUsize,
}

impl fmt::Display for Failing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Failing({})", self.inner)
    }
}

#[async_trait]
impl ObjectStore for Failing {
    async fn put_opts(
        &self,
        path: &Key,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let left = self
            .puts_left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        if left.is_err() {
            return Err(object_store::Error::Generic {
                store: "failing",
                source: "the disk is full".into(),
            });
        }
        self.inner.put_opts(path, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        path: &Key,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Key, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(path, options).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Key>>,
    ) -> BoxStream<'static, Result<Key>> {
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Key>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Key>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Key, to: &Key, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

/// An import with an append for every object or so.
fn in_small_steps(table: &Table) -> Import {
    Import {
        batch_bytes: 100,
        ..import(table)
    }
}

async fn undisturbed(from: &Path) -> Vec<Row> {
    let dir = tempfile::tempdir().unwrap();
    let table = open(dir.path()).await;
    run(&in_small_steps(&table), from).await.unwrap();
    rows(dir.path(), &table).await
}

#[tokio::test]
async fn an_import_whose_store_fails_anywhere_goes_on_where_it_was() {
    let from = tempfile::tempdir().unwrap();
    bucket(from.path(), 2);
    let expected = undisturbed(from.path()).await;
    assert_eq!(expected.len(), 4);
    let mut interrupted = 0;
    for puts in 0.. {
        let dir = tempfile::tempdir().unwrap();
        // The table itself is made before.
        open(dir.path()).await;
        let failing = Failing {
            inner: Directory::open(dir.path().to_owned()).unwrap(),
            puts_left: AtomicUsize::new(puts),
        };
        let table = open_over(Arc::new(failing), dir.path()).await;
        let outcome = run(&in_small_steps(&table), from.path()).await;
        let failed = outcome.is_err();
        interrupted += u32::from(failed);
        let healthy = open(dir.path()).await;
        let rest = run(&in_small_steps(&healthy), from.path()).await.unwrap();
        assert_eq!(rest.resumed, failed && puts > 0, "after {puts} puts");
        assert_eq!(
            rows(dir.path(), &healthy).await,
            expected,
            "after {puts} puts"
        );
        let span = in_small_steps(&healthy).span().await.unwrap().unwrap();
        assert_eq!(span.map(|it| it.timestamp), [FIRST, LAST], "both parts");
        if !failed {
            break;
        }
    }
    // The ledger, and a file and a commit for each append.
    assert!(interrupted >= 5, "{interrupted}");
}

#[tokio::test]
async fn an_import_that_is_dropped_goes_on_where_it_was() {
    let from = tempfile::tempdir().unwrap();
    bucket(from.path(), OBJECTS);
    let expected = undisturbed(from.path()).await;
    let dir = tempfile::tempdir().unwrap();
    let table = open(dir.path()).await;
    let import = in_small_steps(&table);
    let mut dropped = 0;
    // Each time it gets a few polls further.
    for polls in (1..).step_by(13) {
        let mut left = polls;
        let mut running = Box::pin(run(&import, from.path()));
        let outcome = std::future::poll_fn(|cx| {
            left -= 1;
            if left == 0 {
                return std::task::Poll::Ready(None);
            }
            running.as_mut().poll(cx).map(Some)
        });
        let outcome = outcome.await;
        drop(running);
        if let Some(outcome) = outcome {
            outcome.unwrap();
            break;
        }
        dropped += 1;
    }
    assert!(dropped > 0);
    assert_eq!(rows(dir.path(), &table).await, expected);
}

#[tokio::test]
async fn two_imports_at_once_double_nothing() {
    let from = tempfile::tempdir().unwrap();
    bucket(from.path(), OBJECTS);
    let expected = undisturbed(from.path()).await;
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (open(dir.path()).await, open(dir.path()).await);
    let (first, second) = (in_small_steps(&one), in_small_steps(&two));
    let (a, b) = tokio::join!(run(&first, from.path()), run(&second, from.path()));
    for outcome in [a, b] {
        assert!(
            matches!(outcome, Ok(_) | Err(Error::Busy(_))),
            "{outcome:?}"
        );
    }
    run(&in_small_steps(&one), from.path()).await.unwrap();
    assert_eq!(rows(dir.path(), &one).await, expected);
}
