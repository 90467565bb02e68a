//! What an append costs, beside a bare write and sync: `cargo run --release --example append -p corelog-spool`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement run by hand prints, and stops at the first surprise"
)]

use std::fs::{self, OpenOptions};
use std::future::Future;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use corelog_spool::{Config, Durability, Entry, OsDisk, Spool};
use corelog_types::{RecordId, Sequence, Timestamp};

const PAYLOAD_BYTES: usize = 5_000;
const APPENDS: u64 = 40_000;
const BARE_SYNCS: u64 = 4_000;
const TIME: Timestamp = Timestamp::from_unix_ms(1_790_000_000_000);

fn main() {
    let dir = std::env::current_dir().unwrap().join("append-example.tmp");
    fs::create_dir_all(&dir).unwrap();
    println!("{PAYLOAD_BYTES} bytes an append, on {}", dir.display());
    bare(&dir, "growing file", false);
    bare(&dir, "file of zeros", true);
    written(&dir);
    for writers in [1, 8, 64] {
        durable(&dir, writers);
    }
    fs::remove_dir_all(&dir).unwrap();
}

/// A write and a sync, again and again.
fn bare(dir: &Path, name: &str, zeros_first: bool) {
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(true);
    let file = options.open(dir.join("bare")).unwrap();
    if zeros_first {
        let all = PAYLOAD_BYTES * usize::try_from(BARE_SYNCS).unwrap();
        file.write_all_at(&vec![0; all], 0).unwrap();
        file.sync_all().unwrap();
    }
    let begin = Measure::begin();
    for number in 0..BARE_SYNCS {
        file.write_all_at(&[7; PAYLOAD_BYTES], number * PAYLOAD_BYTES as u64)
            .unwrap();
        file.sync_data().unwrap();
    }
    begin.end(
        &format!("bare write and fdatasync, {name}"),
        BARE_SYNCS,
        BARE_SYNCS,
    );
}

/// Appends that nobody waits for, each with its intent.
fn written(dir: &Path) {
    let spool = open(
        &dir.join("relaxed"),
        Durability::Relaxed {
            interval: Duration::from_millis(100),
        },
    );
    let begin = Measure::begin();
    for number in 0..APPENDS {
        append(&spool, number);
    }
    let own = begin.thread();
    spool.sync().unwrap();
    begin.end("append, relaxed", APPENDS, spool.status().syncs);
    println!(
        "    of it in the appending thread: {:.2} µs",
        micros(own, APPENDS)
    );
}

/// Appends that are waited for, by so many threads at once.
fn durable(dir: &Path, writers: u64) {
    let spool = open(&dir.join(format!("strict-{writers}")), Durability::Strict);
    let each = APPENDS.min(4_000 * writers) / writers;
    let begin = Measure::begin();
    let threads: Vec<_> = (0..writers)
        .map(|writer| {
            let spool = spool.clone();
            std::thread::spawn(move || {
                for number in 0..each {
                    let appended = append(&spool, writer * each + number);
                    block_on(spool.durable(appended)).unwrap();
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let syncs = spool.status().syncs;
    begin.end(
        &format!("append until durable, {writers} at once"),
        each * writers,
        syncs,
    );
    let begin = Measure::begin();
    let mut reader = spool.reader(Sequence::FIRST);
    let mut read = 0;
    while reader.next().unwrap().is_some() {
        read += 1;
    }
    begin.end("    read back", read, 0);
}

fn open(dir: &Path, durability: Durability) -> Spool {
    let config = Config {
        durability,
        ..Config::new(dir, TIME)
    };
    Spool::open(config, Arc::new(OsDisk)).unwrap().0
}

fn append(spool: &Spool, number: u64) -> corelog_spool::Appended {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    let id = RecordId::from_parts(TIME.unix_ms(), random);
    spool.intent(id, TIME, &[1; 300]).unwrap();
    let payload: &[&[u8]] = &[&[7; PAYLOAD_BYTES - 100], &[8; 100]];
    let blobs = Vec::new();
    spool
        .append(Entry {
            id,
            time: TIME,
            payload,
            blobs,
        })
        .unwrap()
}

struct Measure {
    clock: Instant,
    process: u64,
    thread: u64,
}

impl Measure {
    fn begin() -> Self {
        Self {
            clock: Instant::now(),
            process: process_nanos(),
            thread: nanos(Path::new("/proc/thread-self/schedstat")),
        }
    }

    fn thread(&self) -> u64 {
        nanos(Path::new("/proc/thread-self/schedstat")) - self.thread
    }

    fn end(&self, name: &str, times: u64, syncs: u64) {
        let clock = u64::try_from(self.clock.elapsed().as_nanos()).unwrap();
        // Threads that ended are missing from the tasks, so the process's own count is used.
        let cpu = process_nanos().saturating_sub(self.process);
        println!(
            "{name:45} {:8.2} µs each, {:7.2} µs CPU each, {:6} syncs, {:8.0} a second",
            micros(clock, times),
            micros(cpu, times),
            syncs,
            1e6 / micros(clock, times),
        );
    }
}

#[expect(clippy::cast_precision_loss, reason = "a printed measurement")]
fn micros(nanos: u64, times: u64) -> f64 {
    nanos as f64 / 1e3 / times.max(1) as f64
}

fn nanos(path: &Path) -> u64 {
    let text = fs::read_to_string(path).unwrap_or_default();
    let first = text.split(' ').next().unwrap_or_default();
    first.parse().unwrap_or(0)
}

/// User and system time of the whole process; in ticks of 10 ms.
fn process_nanos() -> u64 {
    let text = fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = text.rsplit_once(") ").unwrap();
    let fields: Vec<_> = fields.split(' ').collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    ticks * 10_000_000
}

fn block_on<F: Future>(future: F) -> F::Output {
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
