//! What came out, as a small table.

use std::fmt;
use std::path::PathBuf;

use crate::Scenario;

/// What was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls made.
    pub calls: u64,
    /// Answers that the client saw complete.
    pub complete: u64,
    /// Calls that broke on their client.
    pub broken: u64,
    /// Calls whose client closed before the end.
    pub hung_up: u64,
    /// Calls answered with an error.
    pub refused: u64,
    /// Log events that were put and taken.
    pub put: u64,
    /// Questions that were answered.
    pub asked: u64,
    /// Records in the bucket.
    pub delivered: u64,
    /// Of these, records of exchanges that ended with their process.
    pub interrupted: u64,
    /// Records that say that the disk refused a part of them.
    pub cut: u64,
    /// Answers without their record.
    pub lost: u64,
    /// Records that are there twice.
    pub doubled: u64,
    /// Sequence numbers that are missing.
    pub gaps: u64,
    /// Records or answers that say something else than was said.
    pub wrong: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.complete += other.complete;
        self.broken += other.broken;
        self.hung_up += other.hung_up;
        self.refused += other.refused;
        self.put += other.put;
        self.asked += other.asked;
        self.delivered += other.delivered;
        self.interrupted += other.interrupted;
        self.cut += other.cut;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.gaps += other.gaps;
        self.wrong += other.wrong;
    }
}

/// One scenario.
#[derive(Debug, Clone)]
pub struct Row {
    /// Which.
    pub scenario: Scenario,
    /// How often something was broken.
    pub rounds: u32,
    /// What was counted.
    pub counts: Counts,
    /// What ought not to be, in words.
    pub violations: Vec<String>,
    /// What could not be tried here, and why.
    pub left_out: Vec<String>,
    /// How it went, in numbers.
    pub measured: Vec<String>,
}

/// All scenarios of a run.
#[derive(Debug, Clone)]
pub struct Report {
    /// Repeats the run.
    pub seed: u64,
    /// Where everything is, if anything was found.
    pub dir: PathBuf,
    /// One for each scenario.
    pub rows: Vec<Row>,
}

/// So many violations of a scenario are told; the first ones tell most.
const TOLD_MAX: usize = 20;

impl Report {
    /// Whether nothing was found.
    pub fn is_clean(&self) -> bool {
        self.rows.iter().all(|row| row.violations.is_empty())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<10} {:>6} {:>7} {:>8} {:>6} {:>7} {:>7} {:>7} {:>6} {:>9} {:>11} {:>4} {:>4} {:>7} {:>4} {:>5}",
            "scenario",
            "rounds",
            "calls",
            "complete",
            "broken",
            "hung up",
            "refused",
            "put",
            "asked",
            "delivered",
            "interrupted",
            "cut",
            "lost",
            "doubled",
            "gaps",
            "wrong",
        )?;
        for Row {
            scenario,
            rounds,
            counts: c,
            ..
        } in &self.rows
        {
            writeln!(
                f,
                "{:<10} {:>6} {:>7} {:>8} {:>6} {:>7} {:>7} {:>7} {:>6} {:>9} {:>11} {:>4} {:>4} {:>7} {:>4} {:>5}",
                scenario.as_str(),
                rounds,
                c.calls,
                c.complete,
                c.broken,
                c.hung_up,
                c.refused,
                c.put,
                c.asked,
                c.delivered,
                c.interrupted,
                c.cut,
                c.lost,
                c.doubled,
                c.gaps,
                c.wrong,
            )?;
        }
        for row in &self.rows {
            let name = row.scenario.as_str();
            for what in &row.measured {
                writeln!(f, "{name}: {what}")?;
            }
            for what in &row.left_out {
                writeln!(f, "{name}: left out: {what}")?;
            }
            for violation in row.violations.iter().take(TOLD_MAX) {
                writeln!(f, "{name}: {violation}")?;
            }
            if let Some(more @ 1..) = row.violations.len().checked_sub(TOLD_MAX) {
                writeln!(f, "{name}: and {more} more")?;
            }
        }
        if self.is_clean() {
            return writeln!(
                f,
                "nothing lost, nothing doubled, no gap (seed {})",
                self.seed
            );
        }
        let (seed, dir) = (self.seed, self.dir.display());
        writeln!(f, "FAILED with seed {seed}; everything is kept in {dir}")
    }
}
