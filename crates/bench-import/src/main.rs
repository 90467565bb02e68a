//! Measures `corelog import bedrock` on a bucket that the recorder's own writer has made.
//!
//! `cargo xtask bench import` builds this and runs it; docs/bench.md says what it shows.

#![expect(
    clippy::cast_precision_loss,
    reason = "counts, bytes and nanoseconds here stay far below 2^52"
)]

mod bucket;
mod command;
mod material;

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use clap::Parser;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::bucket::Bucket;
use crate::command::{Corelog, Taken};
use crate::material::Material;

/// What an import is to reach, in gzipped megabytes a second.
const GOAL_MB: f64 = 20.0;
const MB: f64 = 1e6;

#[derive(Debug, Parser)]
#[command(about = "Makes a bucket of invocation logs, imports it twice, and says how fast")]
struct Arguments {
    /// The corelog to measure.
    #[arg(long)]
    corelog: PathBuf,
    /// Records in the bucket.
    #[arg(long, default_value_t = 100_000)]
    records: u64,
    /// Gzipped JSON lines with `prompt` and `response`, to make records of [default: made-up words].
    #[arg(long)]
    data: Option<PathBuf>,
    /// Where bucket and table are made [default: a directory for temporary files].
    #[arg(long)]
    dir: Option<PathBuf>,
}

fn main() -> anyhow::Result<ExitCode> {
    let args = Arguments::parse();
    let dir = match &args.dir {
        Some(dir) => tempfile::Builder::new()
            .prefix("bench-import-")
            .tempdir_in(dir),
        None => tempfile::Builder::new().prefix("bench-import-").tempdir(),
    };
    let dir = dir.context("cannot make a directory")?;
    let material = match &args.data {
        Some(file) => Material::read(file)?,
        None => Material::made_up(),
    };
    let bucket = Bucket::make(&dir.path().join("bucket"), &material, args.records)?;
    let corelog = Corelog::new(&args.corelog, dir.path())?;
    say(&format!(
        "{} records in {} batches and {} bodies of their own: {:.1} MB gzipped, {:.1} MB of JSON",
        args.records,
        bucket.batches.len(),
        bucket.bodies,
        bucket.zipped as f64 / MB,
        bucket.plain as f64 / MB,
    ));
    say(&format!(
        "{:<24} {:>8} {:>10} {:>10} {:>8} {:>9}",
        "", "seconds", "gzip MB/s", "JSON MB/s", "CPU s", "peak MB"
    ));
    row("gzip -dc | wc -l", bucket.counted()?, &bucket);
    let first = corelog.import(bucket.dir())?;
    row("import", first, &bucket);
    let seen = contents(&corelog, dir.path(), args.records)?;
    let again = corelog.import(bucket.dir())?;
    row("import, once more", again, &bucket);
    let same = contents(&corelog, dir.path(), args.records)? == seen;
    ensure!(same, "the second import changed the log group");
    say("both imports left the same events, every record once");

    let speed = bucket.zipped as f64 / MB / first.seconds;
    let met = speed >= GOAL_MB;
    let word = if met { "met" } else { "missed" };
    say(&format!(
        "{speed:.1} MB/s of gzip; {GOAL_MB} were to be reached: {word}"
    ));
    Ok(if met {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn row(what: &str, taken: Taken, bucket: &Bucket) {
    let Taken {
        seconds,
        cpu_seconds,
        peak_bytes,
    } = taken;
    let speed = |bytes: u64| bytes as f64 / MB / seconds;
    say(&format!(
        "{what:<24} {seconds:>8.2} {:>10.1} {:>10.1} {cpu_seconds:>8.2} {:>9.0}",
        speed(bucket.zipped),
        speed(bucket.plain),
        peak_bytes as f64 / MB
    ));
}

/// Writes a line to stdout; whoever closed it does not want it.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

#[derive(Deserialize)]
struct Line {
    message: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    request_id: String,
    #[serde(default)]
    input: Option<Body>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    #[serde(default)]
    input_body_json: Option<serde::de::IgnoredAny>,
}

/// A hash of all events in their order. Fails unless each record is there once, with its prompt.
fn contents(corelog: &Corelog, dir: &Path, records: u64) -> anyhow::Result<Vec<u8>> {
    let path = dir.join("events.jsonl");
    corelog.export(&path)?;
    let mut hash = Sha256::new();
    let mut ids = HashSet::new();
    for line in BufReader::new(File::open(&path)?).lines() {
        let line = line?;
        hash.update(&line);
        let line: Line = serde_json::from_str(&line)?;
        let record: Record = serde_json::from_str(&line.message)?;
        let whole = record.input.is_some_and(|it| it.input_body_json.is_some());
        ensure!(whole, "record {} has lost its prompt", record.request_id);
        let id = record.request_id;
        ensure!(ids.insert(id.clone()), "record {id} is there twice");
    }
    let found = ids.len() as u64;
    ensure!(found == records, "{found} of {records} records are there");
    std::fs::remove_file(&path)?;
    Ok(hash.finalize().to_vec())
}
