//! The measuring bench of queries: a month of records, questions, and how long other engines take for them.
//!
//! `cargo xtask bench query` builds this and runs it; docs/bench.md says how it measures.

#![expect(
    clippy::cast_precision_loss,
    reason = "counts, bytes and records here stay far below 2^52"
)]

mod material;
mod others;
mod question;
mod report;
mod table;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use clap::Parser;
use corelog_query::{Engine, Events, Group, Limits, Request, Window};

use crate::material::{GROUP, Material};
use crate::others::{Answer, Others};
use crate::question::Question;
use crate::report::Report;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// As many processors as each engine may use.
const THREADS: usize = 2;
/// What the product gives its queries by default.
const MEMORY_BYTES: usize = 512 << 20;
const SPILL_BYTES: u64 = 4 << 30;

#[derive(Debug, Parser)]
#[command(about = "Asks a month of records questions, beside DuckDB and chDB")]
struct Arguments {
    /// Gzipped JSON lines with `prompt` and `response`.
    #[arg(long)]
    data: PathBuf,
    /// How many records are made of them.
    #[arg(long, default_value_t = 1_000_000)]
    records: u64,
    /// How often each question is asked; the median counts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Where the records are written. What is there already is asked again.
    #[arg(long)]
    dir: PathBuf,
    /// A Python with `duckdb` and `chdb`.
    #[arg(long, default_value = "python3")]
    python: PathBuf,
    /// Other engines to ask, of `duckdb`, `own` (behind `duckdb`), `chdb` and `gzip`.
    #[arg(long, value_delimiter = ',', default_value = "duckdb,own,chdb,gzip")]
    beside: Vec<String>,
    /// Only questions with this in their name.
    #[arg(long)]
    only: Option<String>,
    /// Shows the plan of each question.
    #[arg(long)]
    explain: bool,
    /// Writes the figures there as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    ensure!(arguments.records > 0, "--records has to be at least 1");
    ensure!(arguments.rounds > 0, "--rounds has to be at least 1");
    let runtime = corelog_runtime::background_of(THREADS, 4)?;
    let report = runtime.block_on(run(&arguments))?;
    write!(std::io::stdout(), "{report}")?;
    if let Some(path) = &arguments.json {
        std::fs::write(path, serde_json::to_string_pretty(&report.json())?)?;
    }
    Ok(())
}

async fn run(arguments: &Arguments) -> anyhow::Result<Report> {
    std::fs::create_dir_all(&arguments.dir)?;
    let dir = arguments.dir.canonicalize()?;
    let at = dir.join("table");
    let table = table::open(&at).await?;
    let mut events = table::events(&table).await?;
    let stored: u64 = events.files.iter().map(|file| file.rows).sum();
    let mut report = Report::new(arguments.records);
    if stored == arguments.records {
        eprintln!("asking the {stored} records in {}", dir.display());
    } else {
        ensure!(
            stored == 0,
            "{} has {stored} other records: remove it",
            dir.display()
        );
        let material = Material::read(&arguments.data, arguments.records)?;
        eprintln!("writing {} records", arguments.records);
        report.written = Some(table::write(&table, material).await?);
        report.writing_peak = peak_bytes()?;
        events = table::events(&table).await?;
    }
    let folder = dir.join("files");
    let (bytes, files) = table::link(&at, &events, &folder)?;
    report.stored_bytes = bytes;
    report.files = files.len();
    let questions: Vec<Question> = question::all(arguments.records)
        .into_iter()
        .filter(|it| {
            arguments
                .only
                .as_ref()
                .is_none_or(|only| it.name.contains(only))
        })
        .collect();

    // From here on the peak is that of asking.
    std::fs::write("/proc/self/clear_refs", "5")?;
    report.ours = ask(arguments, &dir, &events, &questions).await?;
    report.asking_peak = peak_bytes()?;

    let copy = dir.join("duckdb.parquet");
    let gzip = dir.join("gzip");
    let others = Others {
        python: &arguments.python,
        dir: &dir,
        files: &files,
        folder: &folder,
        gzip: &gzip,
        copy: &copy,
        rounds: arguments.rounds,
        threads: THREADS,
    };
    for engine in &arguments.beside {
        if engine == "gzip" && !gzip.exists() {
            eprintln!("writing the same records as gzipped JSON");
            let material = Material::read(&arguments.data, arguments.records)?;
            let unfinished = dir.join("gzip.part");
            report.gzip_bytes = Some(table::write_gzip(&unfinished, &material)?);
            std::fs::rename(&unfinished, &gzip)?;
        }
        report
            .beside
            .push((engine.clone(), others.ask(engine, &questions)?));
    }
    report.copy_bytes = copy.metadata().ok().map(|it| it.len());
    report.questions = questions;
    Ok(report)
}

async fn ask(
    arguments: &Arguments,
    dir: &Path,
    events: &Events,
    questions: &[Question],
) -> anyhow::Result<Vec<Answer>> {
    let spill = dir.join("spill");
    std::fs::create_dir_all(&spill)?;
    let engine = Engine::new(Limits {
        memory_bytes: MEMORY_BYTES,
        spill,
        spill_bytes: SPILL_BYTES,
        threads: THREADS,
    })?;
    let mut answers = Vec::new();
    for question in questions {
        let (query, request) = asked(question, events)?;
        if arguments.explain {
            eprintln!(
                "{}\n{}\n",
                question.name,
                engine.explain(&query, &request).await?
            );
        }
        let mut ms = Vec::new();
        let mut rows = Vec::new();
        for _ in 0..arguments.rounds {
            let began = Instant::now();
            let answer = engine.run(&query, &request).await.context(question.name)?;
            ms.push(began.elapsed().as_secs_f64() * 1e3);
            rows = answer
                .rows
                .into_iter()
                .map(|row| {
                    row.values
                        .into_iter()
                        .map(Option::unwrap_or_default)
                        .collect()
                })
                .collect();
        }
        eprintln!("  corelog: {} {ms:.1?} ms", question.name);
        answers.push(Answer {
            question: question.name.to_owned(),
            ms,
            rows,
        });
    }
    Ok(answers)
}

fn asked(
    question: &Question,
    events: &Events,
) -> anyhow::Result<(corelog_insights::Query, Request)> {
    let query = corelog_insights::parse(&question.insights)
        .map_err(|error| anyhow::anyhow!("{}: {error}", question.name))?;
    let (start, end) = question.window;
    let window = Window {
        start_ms: i64::try_from(start)?,
        end_ms: i64::try_from(end)?,
    };
    let group = Group {
        account: "111122223333".to_owned(),
        region: "us-east-1".to_owned(),
        name: GROUP.into(),
        class: "STANDARD".to_owned(),
        indexed: Vec::new(),
        tags: Vec::new(),
        data_source: None,
    };
    let request = Request {
        events: events.clone(),
        selected: vec![Arc::clone(&group.name)],
        groups: vec![group],
        tables: Vec::new(),
        window,
        now_ms: window.end_ms,
        limit: 10_000,
        answer_bytes_max: u64::MAX,
    };
    Ok((query, request))
}

/// The most memory that this process has had.
fn peak_bytes() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|it| it.trim().trim_end_matches(" kB").parse::<u64>().ok());
    Ok(kilobytes.context("no VmHWM in /proc/self/status")? * 1024)
}
