//! Reading a destination's URL: `file:///dir` or `s3://bucket/prefix`.

use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;

/// Where a sink writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A directory of the local disk, standing for a bucket.
    Directory(PathBuf),
    /// A bucket and a prefix, which may be empty.
    Bucket {
        /// Its name.
        name: String,
        /// What every key begins with.
        prefix: String,
    },
}

/// The text is no location.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no destination; write `file:///absolute/directory` or `s3://bucket/prefix`")]
pub struct InvalidLocation(String);

impl Location {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`InvalidLocation`] for another scheme, a relative path or an empty bucket name.
    pub fn parse(url: &str) -> Result<Self, InvalidLocation> {
        let invalid = || InvalidLocation(url.to_owned());
        if let Some(path) = url.strip_prefix("file://") {
            let path = path.strip_prefix("localhost").unwrap_or(path);
            let path = percent_decode_str(path)
                .decode_utf8()
                .map_err(|_| invalid())?;
            let absolute = Path::new(path.as_ref()).is_absolute();
            return if absolute && !path.contains('\0') {
                Ok(Self::Directory(PathBuf::from(path.as_ref())))
            } else {
                Err(invalid())
            };
        }
        let rest = url.strip_prefix("s3://").ok_or_else(invalid)?;
        let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        if name.is_empty() || !name.bytes().all(fits) {
            return Err(invalid());
        }
        Ok(Self::Bucket {
            name: name.to_owned(),
            prefix: prefix.trim_matches('/').to_owned(),
        })
    }

    /// What the URL itself puts before every key.
    pub(crate) fn prefix(&self) -> Option<&str> {
        match self {
            Self::Directory(_) => None,
            Self::Bucket { prefix, .. } => Some(prefix),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_directories_and_buckets() {
        let directory = |path: &str| Ok(Location::Directory(PathBuf::from(path)));
        assert_eq!(Location::parse("file:///var/log"), directory("/var/log"));
        assert_eq!(Location::parse("file:///a%20b"), directory("/a b"));
        let bucket = |name: &str, prefix: &str| {
            Ok(Location::Bucket {
                name: name.to_owned(),
                prefix: prefix.to_owned(),
            })
        };
        assert_eq!(Location::parse("s3://logs"), bucket("logs", ""));
        assert_eq!(Location::parse("s3://logs/a/b/"), bucket("logs", "a/b"));
        for wrong in [
            "",
            "file://relative",
            "s3://",
            "s3:///x",
            "http://x/y",
            "file:///%00",
        ] {
            assert!(Location::parse(wrong).is_err(), "{wrong}");
        }
    }
}
