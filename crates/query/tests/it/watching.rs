//! What is seen of a query while it runs.

use std::fmt;
use std::ops::Range;
use std::pin::pin;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use corelog_insights::parse;
use corelog_query::{Answer, Engine, Events, Request, Watch};
use futures_util::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use tokio::sync::Semaphore;

use crate::limits::input;
use crate::setup::{UnderTest, half_stored, request};

/// More turns of the runtime than anything here takes.
const TURNS: usize = 100_000;

/// A store of which one file cannot be had before it is let in.
#[derive(Debug)]
struct Gate {
    inner: Arc<dyn ObjectStore>,
    held: Path,
    open: Semaphore,
}

impl Gate {
    async fn pass(&self, location: &Path) {
        if *location == self.held {
            let _passed = self.open.acquire().await.unwrap();
        }
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gate")
    }
}

#[async_trait]
impl ObjectStore for Gate {
    async fn put_opts(&self, at: &Path, with: PutPayload, how: PutOptions) -> Result<PutResult> {
        self.inner.put_opts(at, with, how).await
    }

    async fn put_multipart_opts(
        &self,
        at: &Path,
        how: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(at, how).await
    }

    async fn get_opts(&self, at: &Path, how: GetOptions) -> Result<GetResult> {
        self.pass(at).await;
        self.inner.get_opts(at, how).await
    }

    async fn get_ranges(&self, at: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.pass(at).await;
        self.inner.get_ranges(at, ranges).await
    }

    fn delete_stream(
        &self,
        all: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(all)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, how: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, how).await
    }
}

/// Runs what `run` makes of an engine, a request and a watch, over 40 events: 0 to 9 in a file that is held back, 10 to
/// 19 in another, the rest in memory. What is seen once the rest has been read, and the answer after that.
fn watched<R>(run: impl FnOnce(Engine, Request, Watch) -> R) -> (Answer, Answer)
where
    R: Future<Output = corelog_query::Result<Answer>>,
{
    let under = UnderTest::new(true);
    let input = input(40, |number| format!("{{\"at\":{}}}", number + 10));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let stored = runtime.block_on(half_stored(&input));
    let oldest = stored.files.iter().min_by_key(|file| file.latest).unwrap();
    let gate = Arc::new(Gate {
        inner: Arc::clone(&stored.store),
        held: Path::parse(&oldest.path).unwrap(),
        open: Semaphore::new(0),
    });
    let mut request = request(&input);
    request.events = Events {
        store: Arc::<Gate>::clone(&gate),
        ..stored
    };
    let watch = Watch::new(1 << 20);
    let begun = watch.so_far();
    assert_eq!((begun.rows.len(), begun.statistics.records_scanned), (0, 0));
    runtime.block_on(async {
        let mut running = pin!(run(under.engine.clone(), request, watch.clone()));
        for _ in 0..TURNS {
            tokio::select! {
                biased;
                answer = &mut running => panic!("a file is missing: {answer:?}"),
                () = tokio::task::yield_now() => {}
            }
            if watch.so_far().statistics.records_matched == 30 {
                break;
            }
        }
        let seen = watch.so_far();
        gate.open.add_permits(1);
        (seen, running.await.unwrap())
    })
}

fn ask(text: &'static str) -> (Answer, Answer) {
    watched(|engine, request, watch| async move {
        let query = parse(text).unwrap();
        engine.run_watched(&query, &request, &watch).await
    })
}

fn first_column(answer: &Answer) -> Vec<&str> {
    let rows = answer.rows.iter();
    rows.map(|row| row.values[0].as_deref().unwrap_or(""))
        .collect()
}

/// Messages have nine bytes.
fn assert_reads(seen: &Answer, done: &Answer) {
    let (seen, done) = (seen.statistics, done.statistics);
    assert_eq!((seen.records_scanned, seen.bytes_scanned), (30, 270));
    assert_eq!((done.records_scanned, done.bytes_scanned), (40, 360));
    assert_eq!((seen.records_matched, done.records_matched), (30, 40));
    assert_eq!((seen.records_skipped, done.records_skipped), (0, 0));
    assert_eq!((seen.log_groups, done.log_groups), (1, 1));
}

#[test]
fn events_are_shown_as_far_as_they_were_found() {
    let (seen, done) = ask("fields at, @timestamp | filter at >= 10");
    assert_eq!(seen.columns, ["at", "@timestamp"]);
    assert_eq!(seen.columns, done.columns);
    let numbers =
        |from: usize| -> Vec<String> { (from..50).rev().map(|it| it.to_string()).collect() };
    assert_eq!(first_column(&seen), numbers(20), "the newest first");
    assert_eq!(first_column(&done), numbers(10));
    assert_eq!(seen.rows[..], done.rows[..30], "with pointers");
    assert_reads(&seen, &done);
}

#[test]
fn the_order_and_the_limit_hold_for_what_is_shown() {
    let (seen, done) = ask("fields at | filter at > 0 | sort at asc | limit 5");
    assert_eq!(first_column(&seen), ["20", "21", "22", "23", "24"]);
    assert_eq!(first_column(&done), ["10", "11", "12", "13", "14"]);
    assert_reads(&seen, &done);
}

#[test]
fn rows_whose_messages_are_read_last_are_not_shown_before() {
    let (seen, done) = ask("filter @logStream like 's' | fields @timestamp, @message | limit 2");
    assert!(seen.rows.is_empty());
    let messages = done.rows.iter().map(|row| row.values[1].as_deref());
    let newest = [Some("{\"at\":49}"), Some("{\"at\":48}")];
    assert_eq!(messages.collect::<Vec<_>>(), newest);
    let (seen, done) = (seen.statistics, done.statistics);
    assert_eq!((seen.records_scanned, done.records_scanned), (30, 40));
    // What a filter leaves of files is counted by the batch, and the batch of both is not full.
    assert_eq!((seen.records_matched, done.records_matched), (20, 40));
}

#[test]
fn what_is_computed_of_many_is_not_shown_before_the_end() {
    let (seen, done) = ask("stats count(*) as n");
    assert!(seen.rows.is_empty());
    assert_eq!(first_column(&done), ["40"]);
    assert_reads(&seen, &done);
}

#[test]
fn a_statement_says_how_far_it_is() {
    let (seen, done) = watched(|engine, request, watch| async move {
        let text = "SELECT count(*) FROM \"/app\"";
        engine.run_sql_watched(text, &request, &watch).await
    });
    assert!(seen.rows.is_empty());
    assert_eq!(first_column(&done), ["40"]);
    assert_reads(&seen, &done);
}
