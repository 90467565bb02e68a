//! Commands that are measured: how long, how much of the processors, how much memory.

use std::fs;
use std::io::{Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

const GROUP: &str = "/imported/bedrock";
/// How often a process is asked for its memory.
const EVERY: Duration = Duration::from_millis(20);
/// `/proc/PID/stat` counts in hundredths of a second on every Linux there is.
const TICKS: f64 = 100.0;

/// What a command took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    pub(crate) seconds: f64,
    /// Processor time, user and system, with children.
    pub(crate) cpu_seconds: f64,
    /// The most memory that it was seen to hold, without children.
    pub(crate) peak_bytes: u64,
}

/// A corelog and its data directory.
#[derive(Debug)]
pub(crate) struct Corelog {
    program: PathBuf,
    config: PathBuf,
    data: PathBuf,
}

impl Corelog {
    pub(crate) fn new(program: &Path, dir: &Path) -> anyhow::Result<Self> {
        let config = dir.join("corelog.toml");
        fs::write(&config, "")?;
        Ok(Self {
            program: program.to_owned(),
            config,
            data: dir.join("data"),
        })
    }

    /// Imports a bucket.
    pub(crate) fn import(&self, bucket: &Path) -> anyhow::Result<Taken> {
        let mut command = self.command(&["import", "bedrock"]);
        measured(command.arg(bucket).args(["--log-group", GROUP]))
    }

    /// Writes what the log group has into a file.
    pub(crate) fn export(&self, to: &Path) -> anyhow::Result<()> {
        let mut command = self.command(&["export"]);
        measured(command.arg(to).args(["--log-group", GROUP])).map(drop)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(words);
        command.arg("--config").arg(&self.config);
        command.arg("--data").arg(&self.data);
        command
    }
}

/// Runs a command to its end, which has to be a good one, and looks at its memory meanwhile.
pub(crate) fn measured(command: &mut Command) -> anyhow::Result<Taken> {
    let mut said = tempfile::tempfile()?;
    let begun = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(said.try_clone()?)
        .spawn()
        .with_context(|| format!("cannot start {command:?}"))?;
    let pid = Pid::from_child(&child);
    let mut peak_bytes = 0;
    loop {
        peak_bytes = peak_bytes.max(resident_peak(pid));
        // It is not reaped yet, so its account can still be read.
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        if waitid(WaitId::Pid(pid), look)?.is_some() {
            break;
        }
        std::thread::sleep(EVERY);
    }
    let seconds = begun.elapsed().as_secs_f64();
    let cpu_seconds = cpu_seconds(pid)?;
    if !child.wait()?.success() {
        let mut text = String::new();
        said.rewind()?;
        said.read_to_string(&mut text)?;
        bail!("{command:?} failed: {text}");
    }
    Ok(Taken {
        seconds,
        cpu_seconds,
        peak_bytes,
    })
}

fn resident_peak(pid: Pid) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero()));
    let status = status.unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix("kB"));
    kilobytes
        .and_then(|text| text.trim().parse::<u64>().ok())
        .unwrap_or(0)
        << 10
}

fn cpu_seconds(pid: Pid) -> anyhow::Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()))?;
    // The second field is the program's name in brackets, and may have anything in it.
    let (_, fields) = stat.rsplit_once(')').context("an account of a process")?;
    // User and system, its own and its children's.
    let ticks = fields.split_whitespace().skip(11).take(4);
    let ticks: f64 = ticks.filter_map(|text| text.parse::<f64>().ok()).sum();
    Ok(ticks / TICKS)
}
