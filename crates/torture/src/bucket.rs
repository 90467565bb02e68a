//! Reads what was delivered: the files of the bucket, as anyone with the documented layout would.
//!
//! Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html>: gzipped files of
//! JSON lines, and bodies too large for a line as objects under `data/`.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::Error;
use crate::ask::{MARKER_HEADER, MARKER_TAG};
use crate::ledger::Digest;
use crate::text::{answer_text, prompt_text};

/// One delivered record, as far as the oracle asks.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) node: String,
    pub(crate) sequence: u64,
    pub(crate) error_code: Option<String>,
    /// How the delivery to the client ended.
    pub(crate) outcome: String,
    pub(crate) marker: Option<String>,
    pub(crate) prompt: Option<Digest>,
    pub(crate) answer: Option<Digest>,
    /// The record itself says that the disk refused a part of it.
    pub(crate) is_cut_by_disk: bool,
    /// The file it is in, to look at.
    pub(crate) file: PathBuf,
}

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Bucket {
    pub(crate) records: Vec<Record>,
    /// What could not be read, in words.
    pub(crate) damaged: Vec<String>,
}

impl Bucket {
    /// Reads a directory that was delivered to as `file://<dir>`.
    pub(crate) fn read(dir: &Path) -> Result<Self, Error> {
        let mut files = Vec::new();
        walk(&dir.join("AWSLogs"), &mut files)?;
        let mut bucket = Self::default();
        for file in files {
            let text = match unpacked(&file) {
                Ok(text) => text,
                Err(error) => {
                    bucket
                        .damaged
                        .push(format!("{} cannot be read: {error}", file.display()));
                    continue;
                }
            };
            for line in text.lines() {
                match record(line, dir, &file) {
                    Ok(record) => bucket.records.push(record),
                    Err(why) => bucket.damaged.push(format!("{}: {why}", file.display())),
                }
            }
        }
        Ok(bucket)
    }
}

/// The files of batches; `data/` is looked into only where a record points there.
fn walk(dir: &Path, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::file("read", dir)(error)),
    };
    for entry in entries {
        let path = entry.map_err(Error::file("read", dir))?.path();
        if path.is_dir() {
            if !path.ends_with("data") {
                walk(&path, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "gz") {
            files.push(path);
        }
    }
    Ok(())
}

fn unpacked(file: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    MultiGzDecoder::new(fs::File::open(file)?).read_to_string(&mut text)?;
    Ok(text)
}

pub(crate) fn record(line: &str, dir: &Path, file: &Path) -> Result<Record, String> {
    let value: Value = serde_json::from_str(line).map_err(|error| format!("no JSON: {error}"))?;
    let ours = &value["corelog"];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let id = text(&ours["recordId"]).ok_or("a record without an id")?;
    let input = body(&value["input"], "inputBody", dir).map_err(|why| format!("{id}: {why}"))?;
    let output = body(&value["output"], "outputBody", dir).map_err(|why| format!("{id}: {why}"))?;
    Ok(Record {
        node: text(&ours["nodeId"]).ok_or_else(|| format!("{id} has no node"))?,
        sequence: ours["sequence"]
            .as_u64()
            .ok_or_else(|| format!("{id} has no sequence"))?,
        error_code: text(&value["errorCode"]),
        outcome: text(&ours["delivery"]["outcome"]).unwrap_or_default(),
        // The record of an interrupted exchange has the header, and not yet what was made of it.
        marker: text(&ours["tags"][MARKER_TAG])
            .or_else(|| text(&ours["requestHeaders"][MARKER_HEADER])),
        prompt: input.as_ref().map(|body| Digest::of(&prompt_text(body))),
        answer: output.as_ref().map(|body| Digest::of(&answer_text(body))),
        is_cut_by_disk: ours["cut"]
            .as_array()
            .is_some_and(|cuts| cuts.iter().any(|cut| cut["reason"] == "disk")),
        file: file.to_owned(),
        id,
    })
}

/// A body in the line, or in the object that the line points to.
fn body(facts: &Value, name: &str, dir: &Path) -> Result<Option<Value>, String> {
    if let Some(body) = facts.get(format!("{name}Json")) {
        return Ok(Some(body.clone()));
    }
    let Some(url) = facts[format!("{name}S3Path")].as_str() else {
        return Ok(None);
    };
    let path = PathBuf::from(url.strip_prefix("file://").unwrap_or(url));
    if !path.starts_with(dir) {
        return Err(format!("its body is outside the bucket, at {url}"));
    }
    let is_packed = path.extension().is_some_and(|extension| extension == "gz");
    let text = if is_packed {
        unpacked(&path)
    } else {
        fs::read_to_string(&path)
    };
    let text = text.map_err(|error| format!("its body at {url} cannot be read: {error}"))?;
    // What is no JSON was kept as it came, which is what a cut answer is.
    Ok(Some(
        serde_json::from_str(&text).unwrap_or(Value::String(text)),
    ))
}
