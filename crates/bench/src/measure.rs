//! One figure after the other: a target and a workload at a fixed rate and at saturation, and memory.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::load::{self, Edge, Load, Outcome, Pace, Plan};
use crate::percentile::Percentiles;
use crate::process::{Memory, cpu_us, forget_most, memory, settle};
use crate::target::{Ground, Running, Target};
use crate::workload::Workload;

/// Connections that the schedule of a fixed rate may use: more than are ever needed, so that none waits for one.
const OPEN_CONNECTIONS: usize = 256;
const CLOSED_CONNECTIONS: usize = 64;
const SLOW_LIMIT: Duration = Duration::from_mins(1);
/// How long delivery may take to catch up after a saturation run.
const SETTLE_LIMIT: Duration = Duration::from_mins(1);

/// How much is measured.
#[derive(Debug, Clone)]
pub(crate) struct Effort {
    pub(crate) warmup: Duration,
    pub(crate) duration: Duration,
    /// Exchanges a second of the small workload; the larger ones are asked for less often.
    pub(crate) rate: u32,
    /// Streams that are open at once.
    pub(crate) streams: usize,
}

impl Effort {
    /// Exchanges a second at the fixed rate: what two processors carry for every target.
    pub(crate) fn rate(&self, workload: Workload) -> u32 {
        let share = match workload {
            Workload::Stream | Workload::Burst | Workload::Large => 10,
            _ => 1,
        };
        (self.rate / share).max(1)
    }
}

/// What a target did with a workload.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cell {
    /// Processor time an exchange, at the fixed rate and at saturation.
    pub(crate) cpu_fixed_us: f64,
    pub(crate) cpu_full_us: f64,
    pub(crate) per_second: f64,
    pub(crate) latency: Percentiles,
    pub(crate) first_byte: Percentiles,
    /// At saturation.
    pub(crate) memory: Memory,
    pub(crate) failed: u64,
    /// Bytes in the target's directory at the end, for each exchange.
    pub(crate) stored_bytes: f64,
}

/// Measures one cell, on a target started for it.
pub(crate) fn cell(
    ground: &Ground,
    target: &Target,
    workload: Workload,
    effort: &Effort,
) -> anyhow::Result<Cell> {
    let mut running = ground.start(target)?;
    Load::connect(running.address, &running.path, workload, 1)?.once(Duration::from_secs(20))?;
    // By now every worker is there.
    running.pids = running
        .pids
        .iter()
        .flat_map(|pid| crate::process::tree(*pid))
        .collect();
    running.pids.sort_unstable();
    running.pids.dedup();
    let fixed = Pace::Open {
        per_second: effort.rate(workload),
    };
    let at_rate = run(&running, workload, fixed, effort, target)?;
    let full = run(&running, workload, Pace::Closed, effort, target)?;
    let all = 1 + at_rate.every + full.every;
    Ok(Cell {
        cpu_fixed_us: at_rate.cpu_us,
        cpu_full_us: full.cpu_us,
        per_second: per(full.outcome.exchanges, full.outcome.seconds),
        latency: at_rate.outcome.latency,
        first_byte: at_rate.outcome.first_byte,
        memory: full.memory,
        failed: [&at_rate, &full]
            .iter()
            .map(|run| run.outcome.errors + run.outcome.unanswered)
            .sum(),
        stored_bytes: size_of(&running.dir) as f64 / all as f64,
    })
}

/// One run of the load, and what the target used for it.
struct Run {
    outcome: Outcome,
    /// Exchanges of the whole run, its warm-up among them.
    every: u64,
    cpu_us: f64,
    memory: Memory,
}

fn run(
    running: &Running,
    workload: Workload,
    pace: Pace,
    effort: &Effort,
    target: &Target,
) -> anyhow::Result<Run> {
    let plan = Plan {
        address: running.address,
        path: running.path.clone(),
        workload,
        connections: match pace {
            Pace::Open { .. } => OPEN_CONNECTIONS,
            Pace::Closed => CLOSED_CONNECTIONS,
        },
        pace,
        warmup: effort.warmup,
        duration: effort.duration,
    };
    let (mut before, mut after) = (0, 0);
    let mut memory_full = Memory::default();
    let outcome = load::run(&plan, &mut |edge| {
        match edge {
            Edge::Begin => before = cpu_us(&running.pids),
            Edge::End => {
                after = cpu_us(&running.pids);
                memory_full = memory(&running.pids);
            }
        }
        Ok(())
    })?;
    let mut exchanges = outcome.exchanges;
    if matches!(pace, Pace::Closed) && target.delivers() {
        // What is left to deliver belongs to these exchanges: all of the run's, since the warm-up's are in it.
        settle(&running.pids, SETTLE_LIMIT);
        after = cpu_us(&running.pids);
        exchanges = exchanges.max(outcome.since_begin);
    }
    Ok(Run {
        cpu_us: (after - before) as f64 / exchanges.max(1) as f64,
        every: outcome.every,
        outcome,
        memory: memory_full,
    })
}

fn per(count: u64, seconds: f64) -> f64 {
    if seconds > 0.0 {
        count as f64 / seconds
    } else {
        0.0
    }
}

/// Memory of Corelog beside its speed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct MemoryFigures {
    /// With many slow streams open.
    pub(crate) streams: Memory,
    /// What a request and an answer of 100 MB added at their peak.
    pub(crate) upload_added: u64,
    pub(crate) download_added: u64,
}

/// Measures memory on fresh processes.
pub(crate) fn memory_figures(ground: &Ground, effort: &Effort) -> anyhow::Result<MemoryFigures> {
    Ok(MemoryFigures {
        streams: open_streams(ground, effort)?,
        upload_added: large_body(ground, Workload::Upload, effort)?,
        download_added: large_body(ground, Workload::Download, effort)?,
    })
}

fn open_streams(ground: &Ground, effort: &Effort) -> anyhow::Result<Memory> {
    let running = ground.start(&Target::CorelogDelivering)?;
    let mut load = Load::connect(
        running.address,
        &running.path,
        Workload::Slow,
        effort.streams,
    )?;
    load.begin_all(SLOW_LIMIT)?;
    load.read_for(Duration::from_secs(3))?;
    Ok(memory(&running.pids))
}

/// What one exchange adds to the most memory there was, its delivery included.
fn large_body(ground: &Ground, workload: Workload, effort: &Effort) -> anyhow::Result<u64> {
    let running = ground.start(&Target::CorelogDelivering)?;
    // Threads, pools and tables that any use makes are not the body's.
    let mut plan = Plan {
        address: running.address,
        path: running.path.clone(),
        workload: Workload::Small,
        connections: 16,
        pace: Pace::Closed,
        warmup: Duration::ZERO,
        duration: effort.warmup,
    };
    load::run(&plan, &mut |_| Ok(()))?;
    plan.workload = Workload::Large;
    load::run(&plan, &mut |_| Ok(()))?;
    settle(&running.pids, SETTLE_LIMIT);
    let before = memory(&running.pids).now;
    forget_most(&running.pids)?;
    Load::connect(running.address, &running.path, workload, 1)?.once(SLOW_LIMIT)?;
    settle(&running.pids, SETTLE_LIMIT);
    Ok(memory(&running.pids).most.saturating_sub(before))
}

/// What the disk takes to make 4 kB durable: nothing that is strict can be faster.
pub(crate) fn disk(dir: &Path) -> anyhow::Result<Percentiles> {
    let path = dir.join("disk");
    let mut file = fs::File::create(&path)?;
    let mut times = Vec::new();
    for _ in 0..200 {
        file.write_all(&[7; 4096])?;
        let start = Instant::now();
        file.sync_data()?;
        times.push(u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX));
    }
    fs::remove_file(&path)?;
    Ok(Percentiles::of(times))
}

/// Bytes of all files below a directory.
fn size_of(dir: &Path) -> u64 {
    let mut sum = 0;
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => sum += size_of(&entry.path()),
            Ok(metadata) => sum += metadata.len(),
            // Gone since the listing: a batch that was renamed.
            Err(_) => {}
        }
    }
    sum
}
