//! The catalog of earlier versions, one JSON file, read once to be taken over.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::stored::StoredLogging;
use crate::{Error, LoggingConfiguration};

const VERSION: u32 = 1;
const FILE_NAME: &str = "catalog.json";
/// What the file is called afterwards: whoever goes back to an earlier version may want it.
const TAKEN_OVER: &str = "catalog.json.taken-over";

/// What the file of `dir` holds; nothing where there is none.
///
/// # Errors
/// [`Error::Read`], [`Error::Format`], [`Error::Version`] if there is a file that cannot be used.
pub(crate) fn read(dir: &Path) -> Result<Option<LoggingConfiguration>, Error> {
    let path = dir.join(FILE_NAME);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::Read { path, source }),
    };
    let format = |source: serde_json::Error| Error::Format {
        what: path.display().to_string(),
        source: Box::new(source),
    };
    let Versioned { version } = serde_json::from_slice(&bytes).map_err(format)?;
    if version != VERSION {
        return Err(Error::Version {
            path: path.clone(),
            found: i64::from(version),
            known: i64::from(VERSION),
        });
    }
    let stored: Stored = serde_json::from_slice(&bytes).map_err(format)?;
    Ok(stored.logging.map(LoggingConfiguration::from))
}

/// Puts the file aside; there being none is fine.
///
/// # Errors
/// [`Error::Read`].
pub(crate) fn put_aside(dir: &Path) -> Result<(), Error> {
    let path: PathBuf = dir.join(FILE_NAME);
    match fs::rename(&path, dir.join(TAKEN_OVER)) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(Error::Read { path, source })
        }
        _ => Ok(()),
    }
}

#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

#[derive(Deserialize)]
struct Stored {
    #[serde(default)]
    logging: Option<StoredLogging>,
}
