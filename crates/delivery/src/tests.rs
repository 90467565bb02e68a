//! The task of a destination against a real spool and a sink that fails, hangs and half succeeds.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use corelog_runtime::{Clock, Shutdown};
use corelog_spool::{OsDisk, Spool};
use corelog_telemetry::{DestinationLabel, Metrics};
use corelog_types::{ByteSize, RecordId, Timestamp};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::{Batch, Config, Delivery, Ended, Handle, Ports, Receipt, Sink, SinkError, forget};

const NOW: Timestamp = Timestamp::from_unix_ms(1_795_166_142_123);

/// What the sink does with the next batch; once nothing is left, it puts batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Fail,
    HangBefore,
    HangHalfWay,
    HangAfter,
    FailAfter,
    /// Asks for an hour.
    Busy,
    /// Keeps all but the last one.
    Reject,
}

/// A store of objects by name that survives the process, and the sink in front of it.
#[derive(Debug, Default)]
struct Store {
    /// Name to the first and last byte strings in it, in order.
    objects: Mutex<BTreeMap<String, Vec<String>>>,
    script: Mutex<VecDeque<Act>>,
    /// A batch was put or the sink hangs.
    moved: Notify,
}

impl Store {
    fn scripted(acts: &[Act]) -> Arc<Self> {
        let store = Self::default();
        store.script.lock().extend(acts);
        Arc::new(store)
    }

    fn put(&self, batch: &Batch, share: usize) {
        let plan = batch.plan;
        let name = format!(
            "{}/{}-{}@{}",
            batch.destination,
            plan.first,
            plan.last,
            plan.time.unix_ms()
        );
        let texts = batch.entries.iter().take(share);
        let texts = texts.map(|entry| String::from_utf8(entry.payload.clone()).unwrap());
        self.objects.lock().insert(name, texts.collect());
    }

    fn names(&self) -> Vec<String> {
        self.objects.lock().keys().cloned().collect()
    }

    /// Everything in every object, sorted: equal to what was recorded if and only if nothing is missing or twice.
    fn contents(&self) -> Vec<String> {
        let objects = self.objects.lock();
        let mut all: Vec<String> = objects.values().flatten().cloned().collect();
        all.sort();
        all
    }
}

#[async_trait]
impl Sink for Store {
    async fn deliver(&self, batch: Arc<Batch>) -> Result<Receipt, SinkError> {
        let act = self.script.lock().pop_front();
        let share = match act {
            Some(Act::Fail | Act::Busy | Act::HangBefore) => 0,
            Some(Act::HangHalfWay) => batch.entries.len() / 2,
            Some(Act::Reject) => batch.entries.len() - 1,
            _ => batch.entries.len(),
        };
        if share > 0 {
            self.put(&batch, share);
        }
        self.moved.notify_one();
        match act {
            Some(Act::HangBefore | Act::HangHalfWay | Act::HangAfter) => {
                std::future::pending().await
            }
            Some(Act::Fail | Act::FailAfter) => Err(SinkError::new("write", "x", "refused")),
            Some(Act::Busy) => {
                let hour = Duration::from_hours(1);
                Err(SinkError::new("write", "x", "busy").not_before(Some(hour)))
            }
            Some(Act::Reject) | None => Ok(Receipt {
                records: share as u64,
                unreadable: 0,
                rejected: (batch.entries.len() - share) as u64,
            }),
        }
    }

    async fn check(&self) -> Result<(), SinkError> {
        Ok(())
    }

    fn location(&self) -> String {
        "memory".to_owned()
    }
}

fn spool(dir: &Path) -> Spool {
    let mut config = corelog_spool::Config::new(dir, NOW);
    config.segment_bytes = 64 << 10;
    Spool::open(config, Arc::new(OsDisk)).unwrap().0
}

/// Appends records `from..to`; each is its number as text. Durable when it returns.
fn append(spool: &Spool, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let text = text(number);
        let mut random = [0; 10];
        random[2..].copy_from_slice(&number.to_be_bytes());
        let entry = corelog_spool::Entry {
            id: RecordId::from_parts(NOW.unix_ms(), random),
            time: NOW,
            payload: &[text.as_bytes()],
            blobs: Vec::new(),
        };
        spool.append(entry).unwrap();
    }
    spool.sync().unwrap();
}

fn text(number: u64) -> String {
    format!("record {number:06}")
}

fn texts(numbers: std::ops::Range<u64>) -> Vec<String> {
    numbers.map(text).collect()
}

fn config() -> Config {
    Config {
        interval: Duration::from_secs(1),
        batch_records_max: 10,
        ..Config::new("bucket")
    }
}

fn open(spool: &Spool, store: &Arc<Store>, config: Config) -> (Delivery, Handle, Arc<Metrics>) {
    let metrics = Arc::new(Metrics::new());
    let ports = Ports {
        spool: spool.clone(),
        sink: Arc::<Store>::clone(store),
        clock: Clock::manual(NOW),
        metrics: Arc::clone(&metrics),
    };
    let (delivery, handle) = Delivery::open(config, ports).unwrap();
    (delivery, handle, metrics)
}

/// Delivers what is there and ends, as a shutdown does.
async fn drain(spool: &Spool, store: &Arc<Store>, config: Config) -> Ended {
    let (delivery, _, _) = open(spool, store, config);
    let shutdown = Shutdown::new();
    shutdown.request();
    delivery.run(shutdown).await
}

/// Makes the destination known before anything is recorded.
fn create(spool: &Spool, store: &Arc<Store>) {
    drop(open(spool, store, config()));
}

/// A runtime of its own: once it is dropped, nothing of a lost process runs any more.
fn process<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(work)
}

/// Runs until the sink was called `calls` times, then loses the process: the task is dropped where it stands.
fn crash_in_call(dir: &Path, store: &Arc<Store>, calls: usize) {
    process(async {
        let (delivery, _, _) = open(&spool(dir), store, config());
        let mut running = Box::pin(delivery.run(Shutdown::new()));
        for _ in 0..calls {
            tokio::select! {
                _ = &mut running => unreachable!("nobody asked for a shutdown"),
                () = store.moved.notified() => {}
            }
        }
    });
}

#[test]
fn a_crash_at_any_step_delivers_every_record_once() {
    for act in [
        Act::HangBefore,
        Act::HangHalfWay,
        Act::HangAfter,
        Act::FailAfter,
    ] {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::scripted(&[act]);
        {
            let spool = spool(dir.path());
            create(&spool, &store);
            append(&spool, 0..25);
        }
        crash_in_call(dir.path(), &store, 1);
        let after_crash = store.names();
        // The next process has other bounds and more records; the planned batch stays as it was.
        let spool = spool(dir.path());
        append(&spool, 25..40);
        let other = Config {
            batch_records_max: 7,
            ..config()
        };
        let ended = process(drain(&spool, &store, other));
        assert_eq!(ended, Ended { undelivered: 0 }, "{act:?}");
        assert_eq!(store.contents(), texts(0..40), "{act:?}");
        let names = store.names();
        assert!(names.contains(&format!("bucket/1-10@{}", NOW.unix_ms())));
        assert!(after_crash.iter().all(|name| names.contains(name)));
    }
}

#[test]
fn a_crash_between_batches_delivers_every_record_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::scripted(&[]);
    {
        let spool = spool(dir.path());
        create(&spool, &store);
        append(&spool, 0..35);
    }
    for calls in [1, 2] {
        crash_in_call(dir.path(), &store, calls);
    }
    process(drain(&spool(dir.path()), &store, config()));
    assert_eq!(store.contents(), texts(0..35));
}

#[tokio::test]
async fn batches_end_by_count_or_by_size_and_a_large_record_travels_alone() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::scripted(&[]);
    let spool = spool(dir.path());
    create(&spool, &store);
    append(&spool, 0..10);
    let by_count = Config {
        batch_records_max: 4,
        ..config()
    };
    drain(&spool, &store, by_count).await;
    append(&spool, 10..15);
    // Each record is 13 bytes, so two fit into 26 and not into 25.
    let by_size = Config {
        batch_bytes_max: ByteSize::from_bytes(26),
        ..config()
    };
    drain(&spool, &store, by_size).await;
    append(&spool, 15..17);
    let too_small = Config {
        batch_bytes_max: ByteSize::from_bytes(5),
        ..config()
    };
    drain(&spool, &store, too_small).await;
    let at = NOW.unix_ms();
    let mut expected: Vec<String> = [
        "1-4", "5-8", "9-10", "11-12", "13-14", "15-15", "16-16", "17-17",
    ]
    .iter()
    .map(|bounds| format!("bucket/{bounds}@{at}"))
    .collect();
    expected.sort();
    assert_eq!(store.names(), expected);
}

/// A sink that has a batch in memory has its bodies there too, wherever the spool has them.
#[tokio::test]
async fn bodies_beside_the_spool_count_where_they_are_to_count() {
    for (batch_counts_bodies, batches) in [(false, 1), (true, 3)] {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::scripted(&[]);
        let spool = spool(dir.path());
        create(&spool, &store);
        for number in 0..6 {
            let id = RecordId::from_parts(NOW.unix_ms(), [number; 10]);
            let mut body = spool.blob(id, "input").unwrap();
            body.write_all(&[b'x'; 100]).unwrap();
            let text = text(u64::from(number));
            let entry = corelog_spool::Entry {
                id,
                time: NOW,
                payload: &[text.as_bytes()],
                blobs: vec![body.seal().unwrap()],
            };
            spool.append(entry).unwrap();
        }
        spool.sync().unwrap();
        // Each record is 13 bytes, and 100 beside the spool.
        let config = Config {
            batch_bytes_max: ByteSize::from_bytes(250),
            batch_counts_bodies,
            ..config()
        };
        drain(&spool, &store, config).await;
        assert_eq!(store.contents(), texts(0..6));
        assert_eq!(store.names().len(), batches);
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_not_full_is_put_when_its_first_record_is_old_enough() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::scripted(&[]);
    let spool = spool(dir.path());
    let half_minute = Config {
        interval: Duration::from_secs(30),
        ..config()
    };
    let (delivery, _, _) = open(&spool, &store, half_minute);
    append(&spool, 0..3);
    let shutdown = Shutdown::new();
    let started = tokio::time::Instant::now();
    let mut running = Box::pin(delivery.run(shutdown.clone()));
    tokio::select! {
        _ = &mut running => unreachable!("nobody asked for a shutdown"),
        () = store.moved.notified() => {}
    }
    let waited = started.elapsed();
    assert!(
        waited >= Duration::from_secs(30) && waited < Duration::from_secs(32),
        "{waited:?}"
    );
    shutdown.request();
    running.await;
    assert_eq!(store.contents(), texts(0..3));
}

#[tokio::test]
async fn what_the_other_side_does_not_keep_is_counted_and_not_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::scripted(&[Act::Reject]);
    let spool = spool(dir.path());
    let (delivery, _, metrics) = open(&spool, &store, config());
    append(&spool, 0..25);
    let shutdown = Shutdown::new();
    shutdown.request();
    assert_eq!(delivery.run(shutdown).await, Ended { undelivered: 0 });
    let kept = [texts(0..9), texts(10..25)].concat();
    assert_eq!(store.contents(), kept);
    let label = DestinationLabel {
        destination: "bucket".to_owned(),
    };
    assert_eq!(metrics.delivery_rejected.get_or_create(&label).get(), 1);
    assert_eq!(metrics.delivered.get_or_create(&label).get(), 24);
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_waited_out_and_shown() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::scripted(&[Act::Fail; 12]);
    let spool = spool(dir.path());
    let (delivery, handle, metrics) = open(&spool, &store, config());
    append(&spool, 0..25);
    let shutdown = Shutdown::new();
    let mut running = Box::pin(delivery.run(shutdown.clone()));
    let mut worst = handle.report();
    for _ in 0..12 {
        tokio::select! {
            _ = &mut running => unreachable!("nobody asked for a shutdown"),
            () = store.moved.notified() => {}
        }
        let report = handle.report();
        assert_eq!(report.backlog, 25);
        worst = report;
    }
    assert_eq!(worst.failures, 12);
    assert_eq!(
        worst.last_error.as_deref(),
        Some("the sink failed: cannot write `x`: refused")
    );
    for _ in 0..3 {
        tokio::select! {
            _ = &mut running => unreachable!("nobody asked for a shutdown"),
            () = store.moved.notified() => {}
        }
    }
    shutdown.request();
    assert_eq!(running.await, Ended { undelivered: 0 });
    assert_eq!(store.contents(), texts(0..25));
    let report = handle.report();
    assert_eq!((report.failures, report.backlog), (0, 0));
    assert_eq!(report.last_error, None);
    let label = DestinationLabel {
        destination: "bucket".to_owned(),
    };
    assert_eq!(metrics.delivery_failures.get_or_create(&label).get(), 12);
    assert_eq!(metrics.delivered.get_or_create(&label).get(), 25);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_asks_for_time_is_given_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::scripted(&[Act::Busy]);
    let spool = spool(dir.path());
    let (delivery, _, _) = open(&spool, &store, config());
    append(&spool, 0..1);
    let shutdown = Shutdown::new();
    let mut running = Box::pin(delivery.run(shutdown.clone()));
    let mut attempts = Vec::new();
    while attempts.len() < 2 {
        tokio::select! {
            _ = &mut running => unreachable!("nobody asked for a shutdown"),
            () = store.moved.notified() => attempts.push(tokio::time::Instant::now()),
        }
    }
    assert!(attempts[1] - attempts[0] >= Duration::from_hours(1));
    shutdown.request();
    assert_eq!(running.await, Ended { undelivered: 0 });
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_gives_up_on_a_store_that_is_away_and_the_next_start_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::scripted(&[Act::Fail; 1_000]);
    let spool = spool(dir.path());
    create(&spool, &store);
    append(&spool, 0..5);
    let started = tokio::time::Instant::now();
    let ended = drain(&spool, &store, config()).await;
    assert_eq!(ended, Ended { undelivered: 5 });
    assert!(
        started.elapsed() <= Duration::from_secs(2),
        "three attempts, and no more"
    );
    store.script.lock().clear();
    store.script.lock().push_back(Act::HangBefore);
    assert_eq!(
        drain(&spool, &store, config()).await,
        Ended { undelivered: 5 },
        "a sink that hangs does not hold up the shutdown either"
    );
    assert_eq!(
        drain(&spool, &store, config()).await,
        Ended { undelivered: 0 }
    );
    assert_eq!(store.contents(), texts(0..5));
}

#[tokio::test]
async fn a_new_destination_begins_with_the_next_record_and_a_forgotten_one_too() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::scripted(&[]);
    let spool = spool(dir.path());
    append(&spool, 0..5);
    let (delivery, _, _) = open(&spool, &store, config());
    assert!(forget(&spool, "bucket").is_err(), "it is still running");
    drop(delivery);
    append(&spool, 5..8);
    drain(&spool, &store, config()).await;
    assert_eq!(store.contents(), texts(5..8));
    forget(&spool, "bucket").unwrap();
    forget(&spool, "bucket").unwrap();
    append(&spool, 8..9);
    drain(&spool, &store, config()).await;
    assert_eq!(store.contents(), texts(5..8));
}

#[tokio::test]
async fn two_destinations_have_a_cursor_each() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (Store::scripted(&[]), Store::scripted(&[]));
    let spool = spool(dir.path());
    let other = || Config {
        name: "second".to_owned(),
        ..config()
    };
    create(&spool, &one);
    drop(open(&spool, &two, other()));
    append(&spool, 0..12);
    drain(&spool, &one, config()).await;
    append(&spool, 12..15);
    drain(&spool, &two, other()).await;
    assert_eq!(one.contents(), texts(0..12));
    assert_eq!(two.contents(), texts(0..15));
}
