//! What is to be known of a call to say what it costs.

use corelog_types::{Timestamp, Usage};

/// A call, as far as its price depends on it.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Where it was forwarded to: which list of prices holds follows from it.
    pub upstream: &'a str,
    /// The model asked for.
    pub model: Option<&'a str>,
    /// The model that the answer names; it is what is billed, where it has a price.
    pub answered_by: Option<&'a str>,
    /// Region of the endpoint.
    pub region: Option<&'a str>,
    /// Where the provider says that it ran, if it has prices for that (`us`).
    pub geo: Option<&'a str>,
    /// The tier of service, in the provider's words.
    pub tier: Option<&'a str>,
    /// When it was made.
    pub time: Timestamp,
    /// What the provider counted.
    pub usage: &'a Usage,
    /// Images it made.
    pub images: Option<Images<'a>>,
    /// Where this stands for several calls, of which `usage` and `images` are the sums.
    pub many: Option<Many>,
}

/// Calls that differ in their counts alone, and lie on the same side of every step of a price: they cost together what
/// they cost apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Many {
    /// How many there are.
    pub calls: u64,
    /// The prompt of any one of them, its cached part included.
    pub prompt_tokens: u64,
}

/// Images that a call made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Images<'a> {
    /// How many.
    pub count: Option<u64>,
    /// Pixels across.
    pub width: Option<u64>,
    /// Pixels down.
    pub height: Option<u64>,
    /// The quality asked for, in the provider's words.
    pub quality: Option<&'a str>,
}
