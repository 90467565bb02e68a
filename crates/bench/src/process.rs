//! Processes under measurement: started on chosen processors, counted with their children, killed by id.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal};
use rustix::thread::CpuSet;

/// `/proc/PID/stat` counts in hundredths of a second on every Linux there is.
const TICK_US: u64 = 10_000;

/// Which processors the parts run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Placement {
    /// The first half of the processors for what is measured, the rest for mock and load.
    Split,
    /// Wherever the kernel puts them.
    Free,
}

/// The processors of each side.
#[derive(Debug, Clone)]
pub(crate) struct Processors {
    /// For what is measured.
    pub(crate) target: Vec<usize>,
    /// For the mock and the load.
    pub(crate) rest: Vec<usize>,
}

impl Processors {
    pub(crate) fn choose(placement: Placement) -> anyhow::Result<Self> {
        let allowed = rustix::thread::sched_getaffinity(None)?;
        let all: Vec<usize> = (0..CpuSet::MAX_CPU)
            .filter(|cpu| allowed.is_set(*cpu))
            .collect();
        if placement == Placement::Free || all.len() < 2 {
            return Ok(Self {
                target: all.clone(),
                rest: all,
            });
        }
        let (target, rest) = all.split_at(all.len() / 2);
        Ok(Self {
            target: target.to_vec(),
            rest: rest.to_vec(),
        })
    }
}

/// Puts the calling thread, and all that it starts from now on, onto these processors.
pub(crate) fn run_on(processors: &[usize]) -> anyhow::Result<()> {
    let mut set = CpuSet::new();
    for cpu in processors {
        set.set(*cpu);
    }
    rustix::thread::sched_setaffinity(None, &set).context("cannot choose processors")
}

/// A child with its children; killed when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Starts a program on these processors, its output into `log`.
    pub(crate) fn start(
        mut command: Command,
        on: &Processors,
        target: bool,
        log: &Path,
    ) -> anyhow::Result<Self> {
        let output = File::create(log)?;
        command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output);
        // Inherited, and set before the start: a runtime counts its processors when it begins.
        run_on(if target { &on.target } else { &on.rest })?;
        let child = command.spawn();
        run_on(&on.rest)?;
        let program = command.get_program().to_string_lossy();
        let child = child.with_context(|| format!("cannot start `{program}`"))?;
        Ok(Self { child })
    }

    /// The process and all below it.
    pub(crate) fn tree(&self) -> Vec<u32> {
        tree(self.child.id())
    }

    /// Waits until `file` has a line, which a program writes there once it listens.
    pub(crate) fn first_line(&mut self, file: &Path, log: &Path) -> anyhow::Result<String> {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let text = fs::read_to_string(file).unwrap_or_default();
            if let Some(line) = text.lines().next().filter(|line| !line.is_empty()) {
                return Ok(line.to_owned());
            }
            if self.child.try_wait()?.is_some() || Instant::now() > deadline {
                bail!(
                    "it did not start: {}",
                    fs::read_to_string(log).unwrap_or_default()
                );
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        for pid in self.tree() {
            // One that has ended by itself needs no signal.
            let _ = i32::try_from(pid)
                .ok()
                .and_then(Pid::from_raw)
                .map(|pid| rustix::process::kill_process(pid, Signal::KILL));
        }
        let _ = self.child.wait();
    }
}

/// A process and all below it, by the parent each names.
pub(crate) fn tree(root: u32) -> Vec<u32> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<u32>().ok())
        else {
            continue;
        };
        if let Some(parent) = stat_field(pid, 4) {
            parents.push((pid, parent));
        }
    }
    let mut found = vec![root];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        next += 1;
        let below = parents.iter().filter(|(_, of)| *of == u64::from(parent));
        found.extend(below.map(|(pid, _)| *pid));
    }
    found
}

/// Processor time these processes have used, in user mode and in the kernel on their behalf, in microseconds.
pub(crate) fn cpu_us(pids: &[u32]) -> u64 {
    let ticks = |pid: &u32| stat_field(*pid, 14).unwrap_or(0) + stat_field(*pid, 15).unwrap_or(0);
    pids.iter().map(ticks).sum::<u64>() * TICK_US
}

/// A field of `/proc/PID/stat` behind the program's name, counted from one as in its manual page: 3 or more.
fn stat_field(pid: u32, number: usize) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in parentheses, which may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_ascii_whitespace()
        .nth(number.checked_sub(3)?)?
        .parse()
        .ok()
}

/// Resident memory in bytes: now, and the most there was.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Memory {
    pub(crate) now: u64,
    pub(crate) most: u64,
}

/// Resident memory of these processes. What several of them share counts for each.
pub(crate) fn memory(pids: &[u32]) -> Memory {
    let mut sum = Memory::default();
    for pid in pids {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        sum.now += kilobytes(&status, "VmRSS:") << 10;
        sum.most += kilobytes(&status, "VmHWM:") << 10;
    }
    sum
}

fn kilobytes(status: &str, key: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    line.and_then(|rest| rest.split_ascii_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

/// Makes the most there was what there is now.
///
/// Source: <https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html>
pub(crate) fn forget_most(pids: &[u32]) -> anyhow::Result<()> {
    for pid in pids {
        fs::write(format!("/proc/{pid}/clear_refs"), "5")?;
    }
    Ok(())
}

/// Waits until these processes use next to no processor time, no longer than `limit`.
pub(crate) fn settle(pids: &[u32], limit: Duration) {
    let look = Duration::from_millis(1_500);
    let deadline = Instant::now() + limit;
    let mut before = cpu_us(pids);
    while Instant::now() < deadline {
        std::thread::sleep(look);
        let now = cpu_us(pids);
        if now - before <= 3 * TICK_US {
            return;
        }
        before = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_finds_itself() {
        let here = std::process::id();
        let memory = memory(&[here]);
        assert!(
            memory.now > 1 << 20 && memory.most >= memory.now,
            "{memory:?}"
        );
        assert_eq!(stat_field(here, 1), None, "it stands before the name");
        assert!(tree(here).contains(&here));
        assert!(stat_field(here, 4).is_some());
    }

    #[test]
    fn kilobytes_are_those_of_the_line() {
        let status = "Name:\tx\nVmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\n";
        assert_eq!(kilobytes(status, "VmRSS:"), 1024);
        assert_eq!(kilobytes(status, "VmHWM:"), 2048);
        assert_eq!(kilobytes(status, "VmSwap:"), 0);
    }
}
