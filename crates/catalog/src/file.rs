//! The embedded catalog: one JSON file, replaced as a whole.
//!
//! A change is written to a temporary file beside it, synced, renamed over the old one, and the directory
//! is synced: after a crash either the old state or the new one is there, never half of one.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::{
    BucketTarget, Catalog, Error, LogGroupTarget, LoggingConfiguration, Modalities, Modality,
};

const VERSION: u32 = 1;
const FILE_NAME: &str = "catalog.json";

/// A catalog in a directory of the local disk, held by one process.
#[derive(Debug)]
pub struct FileCatalog {
    path: PathBuf,
    /// Held while the file is replaced, so that two changes do not share the temporary file.
    writing: Mutex<()>,
}

impl FileCatalog {
    /// Opens the catalog of `dir`, which must exist; the file is created by the first change.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::Format`] or [`Error::Version`] if there is a file that cannot be used.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        let catalog = Self {
            path: dir.join(FILE_NAME),
            writing: Mutex::new(()),
        };
        catalog.read()?;
        Ok(catalog)
    }

    fn read(&self) -> Result<Stored, Error> {
        let path = || self.path.clone();
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Stored::default()),
            Err(source) => {
                return Err(Error::Read {
                    path: path(),
                    source,
                });
            }
        };
        let format = |source| Error::Format {
            path: path(),
            source,
        };
        let Versioned { version: found } = serde_json::from_slice(&bytes).map_err(format)?;
        if found != VERSION {
            return Err(Error::Version {
                path: path(),
                found,
                known: VERSION,
            });
        }
        serde_json::from_slice(&bytes).map_err(format)
    }

    fn replace(&self, stored: &Stored) -> Result<(), Error> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let attempt = || -> io::Result<()> {
            let temporary = self.path.with_extension("json.new");
            let mut file = File::create(&temporary)?;
            serde_json::to_writer_pretty(&mut file, stored)?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            fs::rename(&temporary, &self.path)?;
            let dir = self.path.parent().unwrap_or(Path::new("."));
            File::open(dir)?.sync_all()
        };
        attempt().map_err(|source| Error::Write {
            path: self.path.clone(),
            source,
        })
    }
}

impl Catalog for FileCatalog {
    fn logging(&self) -> Result<Option<LoggingConfiguration>, Error> {
        Ok(self.read()?.logging.map(LoggingConfiguration::from))
    }

    fn put_logging(&self, configuration: &LoggingConfiguration) -> Result<(), Error> {
        self.replace(&Stored {
            version: VERSION,
            logging: Some(configuration.into()),
        })
    }

    fn delete_logging(&self) -> Result<(), Error> {
        self.replace(&Stored::default())
    }
}

#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    logging: Option<StoredLogging>,
}

impl Default for Stored {
    fn default() -> Self {
        Self {
            version: VERSION,
            logging: None,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct StoredLogging {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    log_group: Option<StoredLogGroup>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bucket: Option<StoredBucket>,
    /// Names of the kinds left out, so that a kind invented later is delivered by default.
    #[serde(default)]
    left_out: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredLogGroup {
    name: String,
    role_arn: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    large_data: Option<StoredBucket>,
}

#[derive(Serialize, Deserialize)]
struct StoredBucket {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key_prefix: Option<String>,
}

fn modality_name(modality: Modality) -> &'static str {
    match modality {
        Modality::Text => "text",
        Modality::Image => "image",
        Modality::Embedding => "embedding",
        Modality::Video => "video",
        Modality::Audio => "audio",
    }
}

impl From<&BucketTarget> for StoredBucket {
    fn from(bucket: &BucketTarget) -> Self {
        Self {
            name: bucket.bucket_name.clone(),
            key_prefix: bucket.key_prefix.clone(),
        }
    }
}

impl From<StoredBucket> for BucketTarget {
    fn from(bucket: StoredBucket) -> Self {
        Self {
            bucket_name: bucket.name,
            key_prefix: bucket.key_prefix,
        }
    }
}

impl From<&LoggingConfiguration> for StoredLogging {
    fn from(configuration: &LoggingConfiguration) -> Self {
        let log_group = configuration
            .log_group
            .as_ref()
            .map(|group| StoredLogGroup {
                name: group.log_group_name.clone(),
                role_arn: group.role_arn.clone(),
                large_data: group.large_data.as_ref().map(StoredBucket::from),
            });
        let left_out = Modality::ALL
            .into_iter()
            .filter(|one| !configuration.modalities.contains(*one))
            .map(|one| modality_name(one).to_owned());
        Self {
            log_group,
            bucket: configuration.bucket.as_ref().map(StoredBucket::from),
            left_out: left_out.collect(),
        }
    }
}

impl From<StoredLogging> for LoggingConfiguration {
    fn from(stored: StoredLogging) -> Self {
        let mut modalities = Modalities::all();
        for modality in Modality::ALL {
            let left_out = stored
                .left_out
                .iter()
                .any(|name| name == modality_name(modality));
            modalities = modalities.with(modality, !left_out);
        }
        Self {
            log_group: stored.log_group.map(|group| LogGroupTarget {
                log_group_name: group.name,
                role_arn: group.role_arn,
                large_data: group.large_data.map(BucketTarget::from),
            }),
            bucket: stored.bucket.map(BucketTarget::from),
            modalities,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_catalog_keeps_the_contract() {
        let dir = tempfile::tempdir().unwrap();
        crate::contract::check(|| Box::new(FileCatalog::open(dir.path()).unwrap()));
    }

    #[test]
    fn a_newer_or_damaged_file_is_refused_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE_NAME);
        fs::write(&path, r#"{"version":2,"somethingNew":[]}"#).unwrap();
        assert!(matches!(
            FileCatalog::open(dir.path()),
            Err(Error::Version { found: 2, .. })
        ));
        fs::write(&path, r#"{"version":1,"logg"#).unwrap();
        assert!(matches!(
            FileCatalog::open(dir.path()),
            Err(Error::Format { .. })
        ));
        assert_eq!(fs::read(&path).unwrap(), br#"{"version":1,"logg"#);
    }

    #[test]
    fn a_temporary_file_left_by_a_crash_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("catalog.json.new"), r#"{"vers"#).unwrap();
        let catalog = FileCatalog::open(dir.path()).unwrap();
        assert_eq!(catalog.logging().unwrap(), None);
        let configuration = LoggingConfiguration::default();
        catalog.put_logging(&configuration).unwrap();
        assert_eq!(catalog.logging().unwrap(), Some(configuration));
    }
}
