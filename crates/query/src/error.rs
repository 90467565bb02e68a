//! Why a query was not answered.

use datafusion::common::DataFusionError;

/// A query that was not answered.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The language has it and this engine does not.
    #[error("not supported: {what}")]
    Unsupported {
        /// What was asked for.
        what: String,
    },
    /// The query asks for more of something than there may be.
    #[error("more than {max} {what}")]
    TooMany {
        /// Of what, in the plural.
        what: &'static str,
        /// How many there may be.
        max: usize,
    },
    /// The rows of the answer are more than may be kept.
    #[error("the answer has more than {bytes_max} bytes")]
    AnswerTooLarge {
        /// How much may be kept.
        bytes_max: u64,
    },
    /// The text cannot be run.
    #[error("{message}")]
    Malformed {
        /// What is wrong with it.
        message: String,
    },
    /// The path of a file is none.
    #[error("`{path}` is no path of a file")]
    Path {
        /// The path.
        path: String,
        /// Why not.
        #[source]
        source: object_store::path::Error,
    },
    /// The engine could not do it.
    #[error("the query could not be run")]
    Engine(#[from] Box<DataFusionError>),
}

impl Error {
    pub(crate) fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into() }
    }

    /// A text that the engine does not understand.
    pub(crate) fn malformed(error: &DataFusionError) -> Self {
        Self::refused(error.strip_backtrace())
    }

    pub(crate) fn refused(message: String) -> Self {
        Self::Malformed { message }
    }

    /// The same again, if it is about what the query asks for.
    fn of_query(&self) -> Option<Self> {
        match self {
            Self::Unsupported { what } => Some(Self::Unsupported { what: what.clone() }),
            Self::TooMany { what, max } => Some(Self::TooMany { what, max: *max }),
            Self::Malformed { message } => Some(Self::refused(message.clone())),
            Self::AnswerTooLarge { .. } | Self::Path { .. } | Self::Engine(_) => None,
        }
    }

    /// Whether the query needs more memory than queries may have.
    pub fn is_too_large(&self) -> bool {
        match self {
            Self::Engine(error) => {
                matches!(error.find_root(), DataFusionError::ResourcesExhausted(_))
            }
            _ => false,
        }
    }
}

impl From<DataFusionError> for Error {
    /// What a step says itself is told as it says it, however the engine wrapped it up on its way.
    fn from(error: DataFusionError) -> Self {
        let own = match error.find_root() {
            DataFusionError::External(inner) => inner.downcast_ref().and_then(Self::of_query),
            _ => None,
        };
        own.unwrap_or_else(|| Self::Engine(Box::new(error)))
    }
}

impl From<corelog_values::rows::Failure> for Error {
    fn from(failure: corelog_values::rows::Failure) -> Self {
        use corelog_values::rows::Failure;
        match failure {
            Failure::Unsupported { what } => Self::Unsupported { what },
            Failure::TooMany { what, max } => Self::TooMany { what, max },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn what_a_step_says_survives_the_engine() {
        let own = || {
            DataFusionError::External(Box::new(Error::TooMany {
                what: "rows",
                max: 7,
            }))
        };
        let shared = DataFusionError::Shared(Arc::new(own()));
        for error in [own(), own().context("while it ran"), shared] {
            assert_eq!(Error::from(error).to_string(), "more than 7 rows");
        }
    }

    #[test]
    fn the_engines_own_errors_stay_what_they_are() {
        let error = DataFusionError::ResourcesExhausted("memory".to_owned());
        assert!(Error::from(error.context("sorting")).is_too_large());
        let error = Error::from(DataFusionError::Internal("broken".to_owned()));
        assert!(!error.is_too_large());
        assert!(matches!(error, Error::Engine(_)));
    }
}
