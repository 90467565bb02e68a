//! Small things every test here needs.

use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use corelog_spool::{Appended, Config, Disk, Entry, OsDisk, Recovery, Spool, Stored};
use corelog_types::{RecordId, Sequence, Timestamp};

pub(crate) const NOW: Timestamp = Timestamp::from_unix_ms(1_790_000_000_000);

pub(crate) fn id(number: u64) -> RecordId {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    RecordId::from_parts(NOW.unix_ms() + number, random)
}

pub(crate) fn config(dir: &Path) -> Config {
    Config {
        segment_bytes: 16 << 10,
        retain_bytes: 0,
        ..Config::new(dir, NOW)
    }
}

pub(crate) fn open(dir: &Path) -> (Spool, Recovery) {
    Spool::open(config(dir), Arc::new(OsDisk)).unwrap()
}

pub(crate) fn open_on(dir: &Path, disk: Arc<dyn Disk>) -> (Spool, Recovery) {
    Spool::open(config(dir), disk).unwrap()
}

pub(crate) fn append(spool: &Spool, number: u64, payload: &[u8]) -> Appended {
    try_append(spool, number, payload).unwrap()
}

pub(crate) fn try_append(
    spool: &Spool,
    number: u64,
    payload: &[u8],
) -> corelog_spool::Result<Appended> {
    spool.append(Entry {
        id: id(number),
        time: NOW,
        payload: &[payload],
        blobs: Vec::new(),
    })
}

pub(crate) fn read_all(spool: &Spool) -> Vec<Stored> {
    let mut reader = spool.reader(Sequence::FIRST);
    std::iter::from_fn(|| reader.next().unwrap()).collect()
}

/// The sequences and payloads of all durable records.
pub(crate) fn contents(spool: &Spool) -> Vec<(u64, Vec<u8>)> {
    let stored = read_all(spool).into_iter();
    stored
        .map(|it| (it.sequence.to_u64(), it.payload))
        .collect()
}

/// Waits until housekeeping has sealed every finished segment.
pub(crate) fn wait_for_seals(spool: &Spool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let status = spool.status();
        if status.sealed_segments + 1 == status.segments {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "{status:?}");
        std::thread::yield_now();
    }
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// Polls a future once and drops it.
pub(crate) fn poll_once<F: Future>(future: F) -> Option<F::Output> {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}
