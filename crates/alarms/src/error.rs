//! Why a request about alarms is refused, in the service's words where they are known.

/// A request that is refused. Displays as the message of the service's error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

/// Which of the service's errors it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// `ValidationError`.
    Validation,
    /// `InvalidParameterValueException`.
    InvalidParameterValue,
    /// `InvalidFormatFault`.
    InvalidFormat,
    /// `ResourceNotFound`.
    ResourceNotFound,
    /// `LimitExceededFault`.
    LimitExceeded,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Validation, message)
    }

    /// A value that is none of an enumeration's.
    pub(crate) fn not_one_of(value: &str, member: &str, values: &[&str]) -> Self {
        Self::validation(format!(
            "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must \
             satisfy enum value set: [{}]",
            values.join(", ")
        ))
    }

    /// Which of the service's errors it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}
