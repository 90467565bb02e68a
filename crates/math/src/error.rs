//! Why a request is refused, in the service's words where they are known.

/// What is wrong with an expression, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExpressionError {
    at: usize,
    message: String,
}

impl ExpressionError {
    pub(crate) fn new(at: usize, message: impl Into<String>) -> Self {
        Self {
            at,
            message: message.into(),
        }
    }

    /// Source: recorded answers for the first two words; what follows them is ours.
    pub(crate) fn syntax(at: usize, what: &str) -> Self {
        Self::new(
            at,
            format!("Invalid syntax: {what} at character {}", at + 1),
        )
    }

    /// Where, counted in characters from 0.
    pub fn at(&self) -> usize {
        self.at
    }
}

/// A request that is refused. Displays as the message of the service's `ValidationError`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// An expression is wrong.
    #[error("Error in expression '{id}': {problem}")]
    Expression {
        /// The id of its query.
        id: String,
        /// What is wrong.
        #[source]
        problem: ExpressionError,
    },
    /// The list of queries is wrong.
    #[error("{0}")]
    Queries(String),
}

impl Error {
    pub(crate) fn queries(message: impl Into<String>) -> Self {
        Self::Queries(message.into())
    }

    pub(crate) fn in_expression(id: &str) -> impl Fn(ExpressionError) -> Self {
        |problem| Self::Expression {
            id: id.to_owned(),
            problem,
        }
    }
}
