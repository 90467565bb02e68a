//! The run that compares: every target with every workload, in rounds, on one machine.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;

use crate::measure::{self, Cell, Effort};
use crate::percentile::Percentiles;
use crate::process::{Memory, Placement, Processors, run_on};
use crate::report::Report;
use crate::target::{Ground, Other, Target, start_own};
use crate::workload::Workload;

/// Arguments of `cargo xtask bench gateway`.
#[derive(Debug, clap::Args)]
pub(crate) struct GatewayArgs {
    /// The `corelog` program to measure.
    #[arg(long, value_name = "FILE")]
    corelog: PathBuf,
    /// Writes the figures to this file too.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// A short run that shows that everything works; its figures mean little.
    #[arg(long)]
    quick: bool,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How often everything is measured; each figure is the median.
    #[arg(long, default_value_t = 1)]
    rounds: usize,
    /// Exchanges a second at the fixed rate, for the small workload.
    #[arg(long, default_value_t = 2_000)]
    rate: u32,
    /// Only these workloads.
    #[arg(long, value_delimiter = ',')]
    workload: Vec<Workload>,
    /// Only the targets whose names are given.
    #[arg(long, value_delimiter = ',')]
    target: Vec<String>,
    /// Another gateway that is already there in front of the mock, as `NAME=PID@ADDRESS/PATH`.
    #[arg(long)]
    other: Vec<Other>,
    /// Address of the mock, for such a gateway to be pointed at.
    #[arg(long, default_value = "127.0.0.1:0")]
    mock_listen: SocketAddr,
    /// Which processors the parts run on.
    #[arg(long, default_value = "split")]
    placement: Placement,
    /// Leaves the memory of many streams and of large bodies out.
    #[arg(long)]
    no_memory: bool,
    /// A directory on a real disk, where the spool is [default: `bench` beside the program].
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Measures, and writes the tables to stdout.
pub(crate) fn run(args: &GatewayArgs) -> anyhow::Result<()> {
    let effort = effort(args);
    let parent = match &args.dir {
        Some(dir) => dir.clone(),
        // Not the system's temporary directory, which may be in memory, where a sync costs nothing.
        None => args
            .corelog
            .parent()
            .map(|dir| dir.join("bench"))
            .unwrap_or_default(),
    };
    fs::create_dir_all(&parent).with_context(|| format!("cannot make `{}`", parent.display()))?;
    let dir = tempfile::tempdir_in(&parent)?;
    let processors = Processors::choose(args.placement)?;
    run_on(&processors.rest)?;
    let mut report = Report {
        streams: effort.streams,
        ..Report::default()
    };
    report.notes.push(format!(
        "Processors: {:?} for the target, {:?} for mock and load.",
        processors.target, processors.rest
    ));
    report.disk = measure::disk(dir.path())?;
    let listen = args.mock_listen.to_string();
    let (mock, address) = start_own(&["mock", &listen], &processors, false, dir.path())?;
    let ground = Ground {
        corelog: args.corelog.clone(),
        dir: dir.path().to_owned(),
        processors,
        mock: address,
        mock_pids: mock.tree(),
    };
    let targets = targets(args, &mut report);
    let workloads = match args.workload.as_slice() {
        [] => Workload::MEASURED.to_vec(),
        chosen => chosen.to_vec(),
    };
    report.rates = workloads
        .iter()
        .map(|workload| (*workload, effort.rate(*workload)))
        .collect();
    measure_all(
        &ground,
        &targets,
        &workloads,
        &effort,
        args.rounds,
        &mut report,
    );
    if !args.no_memory && targets.iter().any(Target::is_corelog) {
        eprintln!("bench: memory with open streams and large bodies");
        match measure::memory_figures(&ground, &effort) {
            Ok(figures) => report.memory = Some(figures),
            Err(error) => report
                .notes
                .push(format!("memory is not measured: {error:#}")),
        }
    }
    crate::say(&report.text());
    if let Some(file) = &args.json {
        fs::write(file, format!("{:#}\n", report.json()))
            .with_context(|| format!("cannot write `{}`", file.display()))?;
    }
    Ok(())
}

fn effort(args: &GatewayArgs) -> Effort {
    if args.quick {
        return Effort {
            warmup: Duration::from_millis(300),
            duration: Duration::from_secs(1),
            rate: args.rate.min(500),
            streams: 200,
        };
    }
    Effort {
        warmup: Duration::from_secs(1),
        duration: Duration::from_secs(args.seconds),
        rate: args.rate,
        streams: 2_000,
    }
}

fn targets(args: &GatewayArgs, report: &mut Report) -> Vec<Target> {
    let mut targets = vec![
        Target::Mock,
        Target::Relay,
        Target::Nginx,
        Target::Corelog,
        Target::CorelogDelivering,
        Target::CorelogMetrics,
        Target::CorelogTable,
    ];
    targets.extend(args.other.iter().cloned().map(Target::Other));
    targets.retain(|target| {
        args.target.is_empty() || args.target.iter().any(|name| name == target.name())
    });
    targets.retain(|target| match target.missing() {
        Some(why) => {
            report.notes.push(why);
            false
        }
        None => true,
    });
    if args.other.is_empty() {
        report.notes.push(
            "LiteLLM and Portkey are not measured: none was given with --other (docs/bench.md says how)."
                .to_owned(),
        );
    }
    targets
}

/// Round after round, so that whatever else the machine does falls on all targets.
fn measure_all(
    ground: &Ground,
    targets: &[Target],
    workloads: &[Workload],
    effort: &Effort,
    rounds: usize,
    report: &mut Report,
) {
    let mut seen: BTreeMap<(usize, usize), Vec<Cell>> = BTreeMap::new();
    for round in 1..=rounds.max(1) {
        for (at, workload) in workloads.iter().enumerate() {
            for (number, target) in targets.iter().enumerate() {
                eprintln!(
                    "bench: round {round}, {}, {}",
                    workload.model(),
                    target.name()
                );
                match measure::cell(ground, target, *workload, effort) {
                    Ok(cell) => seen.entry((at, number)).or_default().push(cell),
                    Err(error) => report.notes.push(format!(
                        "{} with {} is not measured: {error:#}",
                        target.name(),
                        workload.model()
                    )),
                }
            }
        }
    }
    for ((at, number), cells) in seen {
        report
            .cells
            .push((targets[number].clone(), workloads[at], median(&cells)));
    }
}

/// The median of each figure.
fn median(cells: &[Cell]) -> Cell {
    let float = |of: fn(&Cell) -> f64| {
        let mut values: Vec<f64> = cells.iter().map(of).collect();
        values.sort_unstable_by(f64::total_cmp);
        values[(values.len() - 1) / 2]
    };
    let whole = |of: fn(&Cell) -> u64| Percentiles::of(cells.iter().map(of).collect()).p50;
    Cell {
        cpu_fixed_us: float(|cell| cell.cpu_fixed_us),
        cpu_full_us: float(|cell| cell.cpu_full_us),
        per_second: float(|cell| cell.per_second),
        latency: Percentiles {
            p50: whole(|cell| cell.latency.p50),
            p99: whole(|cell| cell.latency.p99),
            max: whole(|cell| cell.latency.max),
        },
        first_byte: Percentiles {
            p50: whole(|cell| cell.first_byte.p50),
            p99: whole(|cell| cell.first_byte.p99),
            max: whole(|cell| cell.first_byte.max),
        },
        memory: Memory {
            now: whole(|cell| cell.memory.now),
            most: whole(|cell| cell.memory.most),
        },
        // A failure in any round is one.
        failed: cells.iter().map(|cell| cell.failed).sum(),
        stored_bytes: float(|cell| cell.stored_bytes),
    }
}
