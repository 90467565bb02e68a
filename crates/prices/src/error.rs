//! What is wrong with a file of prices.

use crate::amount::InvalidAmount;

/// A file of prices that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is no TOML, or has keys that mean nothing here.
    #[error("not a file of prices: {0}")]
    Form(#[from] toml::de::Error),
    /// A number is none.
    #[error("`{place}` of {of}")]
    Number {
        /// The key.
        place: String,
        /// The price or list.
        of: String,
        /// Why not.
        #[source]
        source: InvalidAmount,
    },
    /// A price per million tokens is finer than money is counted.
    #[error("`{place}` of {of} has more than six decimals for a million tokens")]
    TooFine {
        /// The key.
        place: String,
        /// The price.
        of: String,
    },
    /// Something else does not go together.
    #[error("{of}: {problem}")]
    Content {
        /// The price or list.
        of: String,
        /// What does not.
        problem: String,
    },
    /// Prices of one table are in one currency.
    #[error("prices are in `{found}`, but those in the table are in `{expected}`")]
    Currency {
        /// Of the file.
        found: String,
        /// Of the table.
        expected: String,
    },
}
