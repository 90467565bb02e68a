//! Names of log groups and log streams.

use std::fmt;

/// Characters of either name at the most.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html>
pub const LOG_NAME_CHARS_MAX: usize = 512;

/// A text that is no name of a log group or a log stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a name of a log group or a log stream")]
pub struct InvalidLogName;

/// Name of a log group: 1 to 512 of letters, digits and `.-_/#`. Ordered as ASCII.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogGroupName(String);

/// Name of a log stream: 1 to 512 characters, none of them `:` or `*`. Ordered as UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogStreamName(String);

impl LogGroupName {
    /// Takes a name.
    ///
    /// # Errors
    /// [`InvalidLogName`].
    pub fn new(name: impl Into<String>) -> Result<Self, InvalidLogName> {
        let name = name.into();
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_/#".contains(&byte);
        if name.is_empty() || name.len() > LOG_NAME_CHARS_MAX || !name.bytes().all(fits) {
            return Err(InvalidLogName);
        }
        Ok(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl LogStreamName {
    /// Takes a name.
    ///
    /// # Errors
    /// [`InvalidLogName`].
    pub fn new(name: impl Into<String>) -> Result<Self, InvalidLogName> {
        let name = name.into();
        let length = name.chars().count();
        if length == 0 || length > LOG_NAME_CHARS_MAX || name.contains([':', '*']) {
            return Err(InvalidLogName);
        }
        Ok(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LogGroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for LogStreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_groups() {
        for name in ["a", "/aws/bedrock", "a.b-c_d/e#1", &"x".repeat(512)] {
            assert_eq!(LogGroupName::new(name).unwrap().as_str(), name);
        }
        for name in ["", "a b", "a:b", "ä", "a*", &"x".repeat(513)] {
            assert_eq!(LogGroupName::new(name), Err(InvalidLogName), "{name}");
        }
    }

    #[test]
    fn names_of_streams() {
        for name in ["a", "a b", "[$LATEST]é", &"é".repeat(512)] {
            assert_eq!(LogStreamName::new(name).unwrap().as_str(), name);
        }
        for name in ["", "a:b", "*", &"x".repeat(513)] {
            assert_eq!(LogStreamName::new(name), Err(InvalidLogName), "{name}");
        }
    }
}
