//! Other engines, run in a Python of their own beside the questions' answers.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::json;

use crate::question::Question;

const SCRIPT: &str = include_str!("others.py");

/// What an engine gave for a question.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Answer {
    pub(crate) question: String,
    /// The time of each round, in milliseconds.
    pub(crate) ms: Vec<f64>,
    pub(crate) rows: Vec<Vec<String>>,
}

/// Where everything is.
#[derive(Debug)]
pub(crate) struct Others<'a> {
    pub(crate) python: &'a Path,
    /// For the script and its work.
    pub(crate) dir: &'a Path,
    pub(crate) files: &'a [PathBuf],
    pub(crate) folder: &'a Path,
    pub(crate) gzip: &'a Path,
    /// Where `DuckDB` writes the same rows as a file of its own.
    pub(crate) copy: &'a Path,
    pub(crate) rounds: usize,
    pub(crate) threads: usize,
}

impl Others<'_> {
    /// Asks an engine everything.
    pub(crate) fn ask(&self, engine: &str, questions: &[Question]) -> anyhow::Result<Vec<Answer>> {
        let asked: Vec<_> = questions
            .iter()
            .map(|it| json!({"name": it.name, "duckdb": it.duckdb, "chdb": it.chdb, "gzip": it.gzip}))
            .collect();
        let work = json!({
            "engine": engine, "threads": self.threads, "rounds": self.rounds, "files": self.files,
            "folder": self.folder, "gzip": self.gzip, "copy": self.copy, "questions": asked,
        });
        let (script, given) = (self.dir.join("others.py"), self.dir.join("work.json"));
        std::fs::write(&script, SCRIPT)?;
        std::fs::write(&given, work.to_string())?;
        let mut child = Command::new(self.python)
            .args([&script, &given])
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", self.python.display()))?;
        let mut answers = Vec::new();
        if let Some(out) = child.stdout.take() {
            for line in BufReader::new(out).lines() {
                let answer: Answer = serde_json::from_str(&line?)?;
                eprintln!("  {engine}: {} {:.1?} ms", answer.question, answer.ms);
                answers.push(answer);
            }
        }
        ensure!(child.wait()?.success(), "{engine} failed");
        Ok(answers)
    }
}
