//! What was measured, beside what was hoped for.

use std::fmt;

use serde_json::{Value, json};

use crate::others::Answer;
use crate::question::{Goal, Question, Same};
use crate::table::Written;

/// How far numbers of two engines may be apart, as a part of them: an average is shown with four places here.
const APART_MAX: f64 = 1e-4;
const INGEST_MB_MIN: f64 = 30.0;
const PEAK_BYTES_MAX: u64 = 1_000_000_000;
const INDEXED_TIMES_MIN: f64 = 5.0;
const GZIP_TIMES_MIN: f64 = 100.0;

/// All figures.
#[derive(Debug)]
pub(crate) struct Report {
    records: u64,
    pub(crate) written: Option<Written>,
    pub(crate) writing_peak: u64,
    pub(crate) asking_peak: u64,
    pub(crate) stored_bytes: u64,
    pub(crate) files: usize,
    pub(crate) copy_bytes: Option<u64>,
    pub(crate) gzip_bytes: Option<u64>,
    pub(crate) questions: Vec<Question>,
    pub(crate) ours: Vec<Answer>,
    pub(crate) beside: Vec<(String, Vec<Answer>)>,
}

impl Report {
    pub(crate) fn new(records: u64) -> Self {
        Self {
            records,
            written: None,
            writing_peak: 0,
            asking_peak: 0,
            stored_bytes: 0,
            files: 0,
            copy_bytes: None,
            gzip_bytes: None,
            questions: Vec::new(),
            ours: Vec::new(),
            beside: Vec::new(),
        }
    }

    fn ours(&self, question: &str) -> Option<&Answer> {
        self.ours.iter().find(|it| it.question == question)
    }

    fn of(&self, engine: &str, question: &str) -> Option<&Answer> {
        let (_, answers) = self.beside.iter().find(|(name, _)| name == engine)?;
        answers.iter().find(|it| it.question == question)
    }

    /// How many times as fast as an engine we are, over all questions.
    fn times_as_fast(&self, engine: &str) -> Option<f64> {
        let ratios: Vec<f64> = self
            .questions
            .iter()
            .filter_map(|it| {
                Some(self.of(engine, it.name)?.median() / self.ours(it.name)?.median())
            })
            .collect();
        let sum: f64 = ratios.iter().map(|it| it.ln()).sum();
        (!ratios.is_empty()).then(|| (sum / ratios.len() as f64).exp())
    }

    /// What was hoped for, and whether it came true.
    fn goals(&self) -> Vec<(String, bool)> {
        let mut goals = Vec::new();
        if let Some(times) = self.times_as_fast("duckdb") {
            goals.push((
                format!("as fast as DuckDB over all questions: {times:.2} times"),
                times >= 1.0,
            ));
        }
        if let Some(times) = self.times_as_fast("gzip") {
            let met = times >= GZIP_TIMES_MIN;
            goals.push((
                format!("{GZIP_TIMES_MIN} times DuckDB over gzipped JSON: {times:.0} times"),
                met,
            ));
        }
        for question in &self.questions {
            goals.extend(self.goals_of(question));
        }
        if let Some(copy) = self.copy_bytes {
            let share = self.stored_bytes as f64 / copy as f64;
            goals.push((
                format!("stored bytes at most DuckDB's zstd Parquet: {share:.2} of them"),
                share <= 1.0,
            ));
        }
        if let Some(written) = self.written {
            let rate = written.rate();
            let met = rate >= INGEST_MB_MIN;
            goals.push((
                format!("{INGEST_MB_MIN} MB/s written and compacted: {rate:.1} MB/s"),
                met,
            ));
        }
        let peak = self.asking_peak.max(self.writing_peak);
        goals.push((
            format!("under 1 GB of memory: {}", megabytes(peak)),
            peak < PEAK_BYTES_MAX,
        ));
        goals
    }

    fn goals_of(&self, question: &Question) -> Vec<(String, bool)> {
        let mut goals = Vec::new();
        let Some(ours) = self.ours(question.name) else {
            return goals;
        };
        let name = question.name;
        let others = ["duckdb", "chdb"].map(|engine| self.of(engine, name));
        let fastest = others
            .iter()
            .flatten()
            .map(|it| it.median())
            .reduce(f64::min);
        if let Some(fastest) = fastest {
            let times = ours.median() / fastest;
            goals.push((
                format!("{name}: at most twice the faster one's time: {times:.2} times"),
                times <= 2.0,
            ));
        }
        if let (Goal::Indexed, Some(scan)) = (question.goal, self.of("own", name)) {
            let times = scan.median() / ours.median();
            let met = times >= INDEXED_TIMES_MIN;
            goals.push((
                format!(
                    "{name}: {INDEXED_TIMES_MIN} times as fast as DuckDB's scan of its own file: {times:.1} times"
                ),
                met,
            ));
        }
        for (engine, other) in ["duckdb", "chdb"].iter().zip(others) {
            if other.is_some_and(|other| !agree(question.same, ours, other)) {
                goals.push((format!("{name}: the same answer as {engine}"), false));
            }
        }
        goals
    }

    /// The figures, for programs.
    pub(crate) fn json(&self) -> Value {
        let times = |answers: &[Answer]| -> Value {
            answers
                .iter()
                .map(|it| (it.question.clone(), json!(it.ms)))
                .collect::<serde_json::Map<_, _>>()
                .into()
        };
        let mut engines = serde_json::Map::new();
        engines.insert("corelog".to_owned(), times(&self.ours));
        for (engine, answers) in &self.beside {
            engines.insert(engine.clone(), times(answers));
        }
        let goals: Vec<_> = self
            .goals()
            .into_iter()
            .map(|(goal, met)| json!({"goal": goal, "met": met}))
            .collect();
        json!({
            "records": self.records, "storedBytes": self.stored_bytes, "duckdbBytes": self.copy_bytes,
            "gzipBytes": self.gzip_bytes, "askingPeakBytes": self.asking_peak,
            "writingPeakBytes": self.writing_peak, "ms": engines, "goals": goals,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} records in {} files of {}",
            self.records,
            self.files,
            megabytes(self.stored_bytes)
        )?;
        if let Some(copy) = self.copy_bytes {
            writeln!(
                f,
                "DuckDB writes the same rows, in the order of time, as zstd Parquet of {}",
                megabytes(copy)
            )?;
        }
        if let Some(gzip) = self.gzip_bytes {
            writeln!(f, "gzipped JSON: {}", megabytes(gzip))?;
        }
        if let Some(written) = self.written {
            writeln!(
                f,
                "{} of JSON appended and compacted in {:.1?}, peak {}",
                megabytes(written.json_bytes),
                written.took,
                megabytes(self.writing_peak)
            )?;
        }
        writeln!(f, "peak while asked: {}\n", megabytes(self.asking_peak))?;
        write!(f, "{:<30} {:>10}", "median, ms", "corelog")?;
        for (engine, _) in &self.beside {
            write!(f, " {engine:>10} {:>7}", "times")?;
        }
        writeln!(f)?;
        for question in &self.questions {
            let Some(ours) = self.ours(question.name) else {
                continue;
            };
            write!(f, "{:<30} {:>10.1}", question.name, ours.median())?;
            for (engine, _) in &self.beside {
                if let Some(other) = self.of(engine, question.name) {
                    let other = other.median();
                    write!(f, " {other:>10.1} {:>7.2}", other / ours.median())?;
                }
            }
            writeln!(f)?;
        }
        writeln!(f)?;
        for (goal, met) in self.goals() {
            writeln!(f, "{} {goal}", if met { "met   " } else { "MISSED" })?;
        }
        Ok(())
    }
}

impl Written {
    /// Millions of bytes of JSON a second.
    fn rate(self) -> f64 {
        self.json_bytes as f64 / 1e6 / self.took.as_secs_f64()
    }
}

impl Answer {
    fn median(&self) -> f64 {
        let mut ms = self.ms.clone();
        ms.sort_by(f64::total_cmp);
        ms[ms.len() / 2]
    }
}

fn agree(same: Same, ours: &Answer, other: &Answer) -> bool {
    if ours.rows.len() != other.rows.len() {
        return false;
    }
    let in_order = |answer: &Answer| {
        let mut rows = answer.rows.clone();
        rows.sort();
        rows.concat()
    };
    same == Same::Rows
        || in_order(ours)
            .iter()
            .zip(&in_order(other))
            .all(|(one, other)| agree_on_a_value(one, other))
}

fn agree_on_a_value(one: &str, other: &str) -> bool {
    match (one.parse::<f64>(), other.parse::<f64>()) {
        (Ok(one), Ok(other)) => (one - other).abs() <= APART_MAX * one.abs().max(1.0),
        _ => one == other,
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
