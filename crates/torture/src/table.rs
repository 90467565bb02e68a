//! Reads the table of log events: its log and its files, as anyone with Delta Lake's specification would.
//!
//! Source: <https://github.com/delta-io/delta/blob/master/PROTOCOL.md>: numbered commits of JSON lines whose `add` and
//! `remove` actions say which files there are.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use parquet::file::reader::SerializedFileReader;
use parquet::record::{Field, Row};
use serde_json::Value;

use crate::put::STREAM;

/// What the table holds, as often as it is there.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// Ids of records.
    pub(crate) record_ids: Vec<String>,
    /// Messages of log events that were put.
    pub(crate) puts: Vec<String>,
    /// The places in the sequence that these take.
    pub(crate) taken: BTreeSet<u64>,
}

/// All events of the newest version; what cannot be read, in words.
pub(crate) fn read(dir: &Path) -> Result<Held, String> {
    let mut held = Held::default();
    for file in files(dir)? {
        let shown = file.display();
        let opened = File::open(&file).map_err(|error| format!("{shown}: {error}"))?;
        let reader =
            SerializedFileReader::new(opened).map_err(|error| format!("{shown}: {error}"))?;
        for row in reader {
            let row = row.map_err(|error| format!("{shown}: {error}"))?;
            held.add(&row)
                .ok_or_else(|| format!("{shown}: an event that is neither a record nor put"))?;
        }
    }
    Ok(held)
}

impl Held {
    fn add(&mut self, row: &Row) -> Option<()> {
        let column = |wanted: &str| {
            let found = row.get_column_iter().find(|(name, _)| *name == wanted);
            found.map(|(_, field)| field)
        };
        let text = |name: &str| match column(name) {
            Some(Field::Str(text)) => Some(text.clone()),
            _ => None,
        };
        if text("log_stream")? != STREAM {
            self.record_ids.push(text("record_id")?);
            return Some(());
        }
        self.puts.push(text("message")?);
        if let Some(Field::Long(sequence)) = column("sequence") {
            self.taken.insert(u64::try_from(*sequence).ok()?);
        }
        Some(())
    }
}

/// The files of the newest version. A table that was never begun has none.
fn files(dir: &Path) -> Result<BTreeSet<PathBuf>, String> {
    let log = dir.join("_delta_log");
    let mut commits = Vec::new();
    for entry in fs::read_dir(&log).into_iter().flatten().flatten() {
        let path = entry.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            commits.push(path);
        }
    }
    commits.sort();
    let mut files = BTreeSet::new();
    for (number, commit) in commits.iter().enumerate() {
        let expected = format!("{number:020}.json");
        if commit
            .file_name()
            .is_none_or(|name| name != expected.as_str())
        {
            return Err(format!("{} is there, {expected} is not", commit.display()));
        }
        let text =
            fs::read_to_string(commit).map_err(|error| format!("{}: {error}", commit.display()))?;
        for line in text.lines() {
            let action: Value = serde_json::from_str(line)
                .map_err(|error| format!("{}: {error}", commit.display()))?;
            let path = |kind: &str| Some(dir.join(action.get(kind)?.get("path")?.as_str()?));
            if let Some(path) = path("add")
                && !files.insert(path.clone())
            {
                return Err(format!("{} is added twice", path.display()));
            }
            if let Some(path) = path("remove")
                && !files.remove(&path)
            {
                return Err(format!("{} is removed and was not there", path.display()));
            }
        }
    }
    Ok(files)
}
