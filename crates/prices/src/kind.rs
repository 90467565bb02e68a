//! The kinds of units that have prices.

/// What is counted on a line of a cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Input tokens that no cache was asked for, other kinds aside.
    Input,
    /// Output tokens, reasoning included where it has no price of its own.
    Output,
    /// Input tokens read from a cache.
    CacheRead,
    /// Input tokens written to a cache for five minutes, or for as long as the provider keeps it by default.
    CacheWrite,
    /// Input tokens written to a cache for an hour.
    CacheWrite1h,
    /// Reasoning tokens.
    Reasoning,
    /// Audio tokens of the input.
    InputAudio,
    /// Audio tokens of the output.
    OutputAudio,
    /// Image tokens of the input.
    InputImage,
    /// Image tokens of the output.
    OutputImage,
    /// Images made.
    Image,
    /// The call itself.
    Request,
}

impl Kind {
    /// Those that are counted in tokens, with a price for a million of them.
    pub(crate) const TOKENS: [Self; 10] = [
        Self::Input,
        Self::Output,
        Self::CacheRead,
        Self::CacheWrite,
        Self::CacheWrite1h,
        Self::Reasoning,
        Self::InputAudio,
        Self::OutputAudio,
        Self::InputImage,
        Self::OutputImage,
    ];

    /// The name in reports and in a file of prices.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
            Self::CacheRead => "cache_read",
            Self::CacheWrite => "cache_write",
            Self::CacheWrite1h => "cache_write_1h",
            Self::Reasoning => "reasoning",
            Self::InputAudio => "input_audio",
            Self::OutputAudio => "output_audio",
            Self::InputImage => "input_image",
            Self::OutputImage => "output_image",
            Self::Image => "image",
            Self::Request => "request",
        }
    }
}
