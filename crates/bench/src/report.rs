//! The table, the verdicts, and the same as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::measure::{Cell, MemoryFigures};
use crate::percentile::Percentiles;
use crate::target::Target;
use crate::workload::Workload;

/// Everything that one run has measured.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) cells: Vec<(Target, Workload, Cell)>,
    /// Exchanges a second at the fixed rate.
    pub(crate) rates: Vec<(Workload, u32)>,
    pub(crate) memory: Option<MemoryFigures>,
    pub(crate) streams: usize,
    /// What the disk takes for one sync.
    pub(crate) disk: Percentiles,
    pub(crate) notes: Vec<String>,
}

/// One thing that was to be reached.
#[derive(Debug, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) what: String,
    pub(crate) goal: f64,
    pub(crate) seen: f64,
    pub(crate) unit: &'static str,
}

impl Verdict {
    /// Whether it was reached.
    pub(crate) fn met(&self) -> bool {
        self.seen <= self.goal
    }
}

impl Report {
    fn cell(&self, target: &Target, workload: Workload) -> Option<&Cell> {
        let mut cells = self.cells.iter();
        cells
            .find(|(t, w, _)| t == target && *w == workload)
            .map(|(_, _, cell)| cell)
    }

    fn rate(&self, workload: Workload) -> u32 {
        self.rates
            .iter()
            .find(|(w, _)| *w == workload)
            .map_or(0, |(_, rate)| *rate)
    }

    fn workloads(&self) -> Vec<Workload> {
        let here = |w: &Workload| self.cells.iter().any(|(_, workload, _)| workload == w);
        Workload::MEASURED.into_iter().filter(here).collect()
    }

    /// What a target adds to the mock's own latency, in milliseconds: of the whole answer, p50 and p99.
    fn added_ms(&self, target: &Target, workload: Workload) -> Option<(f64, f64)> {
        let mock = self.cell(&Target::Mock, workload)?.latency;
        let seen = self.cell(target, workload)?.latency;
        let ms = |seen: u64, mock: u64| (seen as f64 - mock as f64) / 1e6;
        Some((ms(seen.p50, mock.p50), ms(seen.p99, mock.p99)))
    }

    /// The goals of the recorder and what was seen of them.
    pub(crate) fn verdicts(&self) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        let mut say = |what: String, goal, seen, unit| {
            verdicts.push(Verdict {
                what,
                goal,
                seen,
                unit,
            });
        };
        for workload in self.workloads() {
            let name = workload.model().trim_start_matches("bench-");
            for (target, goal) in [(Target::Corelog, 4.0), (Target::CorelogDelivering, 8.0)] {
                let (Some(seen), Some(nginx)) = (
                    self.cell(&target, workload),
                    self.cell(&Target::Nginx, workload),
                ) else {
                    continue;
                };
                let target = target.name();
                let full = seen.cpu_full_us / nginx.cpu_full_us.max(0.1);
                say(
                    format!("{name}: CPU of {target} / nginx, saturated"),
                    goal,
                    full,
                    "x",
                );
                let fixed = seen.cpu_fixed_us / nginx.cpu_fixed_us.max(0.1);
                say(
                    format!("{name}: CPU of {target} / nginx, fixed rate"),
                    goal,
                    fixed,
                    "x",
                );
            }
            for target in [Target::Corelog, Target::CorelogDelivering] {
                let Some((p50, p99)) = self.added_ms(&target, workload) else {
                    continue;
                };
                let (target, rate) = (target.name(), self.rate(workload));
                say(
                    format!("{name}: added p50 of {target} at {rate}/s"),
                    0.3,
                    p50,
                    "ms",
                );
                say(
                    format!("{name}: added p99 of {target} at {rate}/s"),
                    2.0,
                    p99,
                    "ms",
                );
            }
            if let Some(cell) = self.cell(&Target::CorelogDelivering, workload) {
                let seen = mb(cell.memory.most);
                say(
                    format!("{name}: RSS of corelog+delivery, saturated, peak"),
                    150.0,
                    seen,
                    "MB",
                );
            }
        }
        if let Some(memory) = self.memory {
            let what = format!("RSS with {} open streams", self.streams);
            say(what, 300.0, mb(memory.streams.most), "MB");
            say(
                "RSS added by a request of 100 MB".to_owned(),
                2.0,
                mb(memory.upload_added),
                "MB",
            );
            say(
                "RSS added by an answer of 100 MB".to_owned(),
                2.0,
                mb(memory.download_added),
                "MB",
            );
        }
        verdicts
    }

    /// Both tables, as text that is also Markdown.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "A sync of 4 kB takes this disk {} ms (p50), {} ms (p99).",
            ms(self.disk.p50),
            ms(self.disk.p99)
        );
        for note in &self.notes {
            let _ = writeln!(text, "{note}");
        }
        for workload in self.workloads() {
            let _ = writeln!(
                text,
                "\n{} (fixed rate: {}/s)\n",
                workload.model(),
                self.rate(workload)
            );
            text.push_str("| target           | CPU us fixed | CPU us full | /nginx | /relay |    req/s | p50 ms | p99 ms | +p50 ms | +p99 ms | 1st byte p50 | RSS MB | peak MB | stored B | failed |\n");
            text.push_str("|------------------|-------------:|------------:|-------:|-------:|---------:|-------:|-------:|--------:|--------:|-------------:|-------:|--------:|---------:|-------:|\n");
            for (target, _, cell) in self.cells.iter().filter(|(_, w, _)| *w == workload) {
                text.push_str(&self.row(target, workload, cell));
            }
        }
        text.push('\n');
        for verdict in self.verdicts() {
            let word = if verdict.met() { "met   " } else { "MISSED" };
            let Verdict {
                what,
                goal,
                seen,
                unit,
            } = verdict;
            let _ = writeln!(
                text,
                "{word} {what}: {seen:.2} {unit} (at most {goal} {unit})"
            );
        }
        text
    }

    fn row(&self, target: &Target, workload: Workload, cell: &Cell) -> String {
        let ratio = |to: &Target| {
            let to = self.cell(to, workload).map_or(0.0, |cell| cell.cpu_full_us);
            if to > 0.0 {
                format!("{:.2}", cell.cpu_full_us / to)
            } else {
                "-".to_owned()
            }
        };
        let (p50, p99) = self.added_ms(target, workload).unwrap_or_default();
        format!(
            "| {:16} | {:12.1} | {:11.1} | {:>6} | {:>6} | {:8.0} | {:>6} | {:>6} | {p50:7.3} | {p99:7.3} | {:>12} | {:6.1} | {:7.1} | {:8.0} | {:6} |\n",
            target.name(),
            cell.cpu_fixed_us,
            cell.cpu_full_us,
            ratio(&Target::Nginx),
            ratio(&Target::Relay),
            cell.per_second,
            ms(cell.latency.p50),
            ms(cell.latency.p99),
            ms(cell.first_byte.p50),
            mb(cell.memory.now),
            mb(cell.memory.most),
            cell.stored_bytes,
            cell.failed,
        )
    }

    /// The same for programs.
    pub(crate) fn json(&self) -> Value {
        let cells: Vec<Value> = self.cells.iter().map(|(target, workload, cell)| {
            let added = self.added_ms(target, *workload);
            json!({
                "target": target.name(),
                "workload": workload.model(),
                "cpu_us_fixed_rate": cell.cpu_fixed_us,
                "cpu_us_saturated": cell.cpu_full_us,
                "exchanges_per_second": cell.per_second,
                "fixed_rate_per_second": self.rate(*workload),
                "latency_ms": { "p50": ns_ms(cell.latency.p50), "p99": ns_ms(cell.latency.p99), "max": ns_ms(cell.latency.max) },
                "first_byte_ms": { "p50": ns_ms(cell.first_byte.p50), "p99": ns_ms(cell.first_byte.p99) },
                "added_ms": added.map(|(p50, p99)| json!({ "p50": p50, "p99": p99 })),
                "rss_bytes": cell.memory.now,
                "rss_peak_bytes": cell.memory.most,
                "stored_bytes_per_exchange": cell.stored_bytes,
                "failed": cell.failed,
            })
        }).collect();
        let verdicts: Vec<Value> = self.verdicts().iter().map(|verdict| json!({
            "what": verdict.what, "at_most": verdict.goal, "seen": verdict.seen, "unit": verdict.unit, "met": verdict.met(),
        })).collect();
        json!({
            "disk_sync_ms": { "p50": ns_ms(self.disk.p50), "p99": ns_ms(self.disk.p99) },
            "notes": self.notes,
            "cells": cells,
            "memory": self.memory.map(|memory| json!({
                "open_streams": self.streams,
                "open_streams_rss_bytes": memory.streams.now,
                "upload_100mb_added_bytes": memory.upload_added,
                "download_100mb_added_bytes": memory.download_added,
            })),
            "verdicts": verdicts,
        })
    }
}

fn ns_ms(ns: u64) -> f64 {
    ns as f64 / 1e6
}

fn ms(ns: u64) -> String {
    format!("{:.3}", ns_ms(ns))
}

fn mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Memory;

    fn cell(cpu_us: f64, p50: u64) -> Cell {
        Cell {
            cpu_fixed_us: cpu_us,
            cpu_full_us: cpu_us,
            latency: Percentiles {
                p50,
                p99: p50 * 4,
                max: p50 * 9,
            },
            memory: Memory {
                now: 100_000_000,
                most: 160_000_000,
            },
            ..Cell::default()
        }
    }

    #[test]
    fn goals_are_compared_with_nginx_and_the_mock_of_the_same_run() {
        let small = Workload::Small;
        let report = Report {
            cells: vec![
                (Target::Mock, small, cell(5.0, 100_000)),
                (Target::Nginx, small, cell(10.0, 150_000)),
                (Target::Corelog, small, cell(39.0, 500_000)),
                (Target::CorelogDelivering, small, cell(90.0, 300_000)),
            ],
            rates: vec![(small, 2_000)],
            ..Report::default()
        };
        let seen: Vec<(f64, bool)> = report
            .verdicts()
            .iter()
            .map(|verdict| (verdict.seen, verdict.met()))
            .collect();
        // 39/10 twice, 90/10 twice, then 0.5-0.1 and 2.0-0.4, 0.3-0.1 and 1.2-0.4, then memory.
        let expected = [
            (3.9, true),
            (3.9, true),
            (9.0, false),
            (9.0, false),
            (0.4, false),
            (1.6, true),
            (0.2, true),
            (0.8, true),
            (160.0, false),
        ];
        assert_eq!(seen.len(), expected.len());
        for ((seen, met), (value, expected)) in seen.iter().zip(expected) {
            assert!((seen - value).abs() < 1e-9, "{seen} is not {value}");
            assert_eq!(*met, expected);
        }
        assert!(
            report
                .text()
                .contains("MISSED small: CPU of corelog+delivery / nginx, saturated: 9.00 x")
        );
        assert_eq!(report.json()["cells"][2]["added_ms"]["p50"], 0.4);
    }
}
