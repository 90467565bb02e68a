//! Token counts, each with where it comes from. Unknown is not zero: a count that nobody gave is absent.

/// Where a number comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Provenance {
    /// The provider said this number.
    Reported,
    /// We computed it from numbers the provider said.
    Derived,
}

impl Provenance {
    /// The text in the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Derived => "derived",
        }
    }
}

/// A count and its provenance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Count {
    /// How many.
    pub value: u64,
    /// Who says so.
    pub provenance: Provenance,
}

impl Count {
    /// A number the provider said.
    pub const fn reported(value: u64) -> Self {
        Self {
            value,
            provenance: Provenance::Reported,
        }
    }

    /// A number computed from what the provider said.
    pub const fn derived(value: u64) -> Self {
        Self {
            value,
            provenance: Provenance::Derived,
        }
    }
}

/// The token counts of one invocation.
///
/// `input` never includes cached tokens (Bedrock's rule: the whole prompt is `input` + `cache_read` +
/// `cache_write`), `output` always includes reasoning. Where a provider counts otherwise, the number is
/// [`Provenance::Derived`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Uncached input tokens.
    pub input: Option<Count>,
    /// Output tokens, reasoning included.
    pub output: Option<Count>,
    /// Input tokens read from the provider's prompt cache.
    pub cache_read: Option<Count>,
    /// Input tokens written to the provider's prompt cache.
    pub cache_write: Option<Count>,
    /// Of those written, the ones that are kept for an hour; a part of `cache_write`. The rest is kept for five minutes.
    pub cache_write_1h: Option<Count>,
    /// Output tokens spent on reasoning; a part of `output`.
    pub reasoning: Option<Count>,
    /// Audio tokens in the input; a part of it.
    pub input_audio: Option<Count>,
    /// Audio tokens in the output; a part of it.
    pub output_audio: Option<Count>,
    /// Image tokens in the input; a part of it.
    pub input_image: Option<Count>,
    /// Image tokens in the output; a part of it.
    pub output_image: Option<Count>,
    /// The provider's own total, where it gives one.
    pub total: Option<Count>,
}

impl Usage {
    /// Every count with its name in the record's `corelog.usage` object, in the record's order.
    pub fn entries(&self) -> [(&'static str, Option<Count>); 11] {
        [
            ("input", self.input),
            ("output", self.output),
            ("cacheRead", self.cache_read),
            ("cacheWrite", self.cache_write),
            ("cacheWrite1h", self.cache_write_1h),
            ("reasoning", self.reasoning),
            ("inputAudio", self.input_audio),
            ("outputAudio", self.output_audio),
            ("inputImage", self.input_image),
            ("outputImage", self.output_image),
            ("total", self.total),
        ]
    }

    /// The count with that name in the record, to be set by a reader of records.
    pub fn entry_mut(&mut self, name: &str) -> Option<&mut Option<Count>> {
        Some(match name {
            "input" => &mut self.input,
            "output" => &mut self.output,
            "cacheRead" => &mut self.cache_read,
            "cacheWrite" => &mut self.cache_write,
            "cacheWrite1h" => &mut self.cache_write_1h,
            "reasoning" => &mut self.reasoning,
            "inputAudio" => &mut self.input_audio,
            "outputAudio" => &mut self.output_audio,
            "inputImage" => &mut self.input_image,
            "outputImage" => &mut self.output_image,
            "total" => &mut self.total,
            _ => return None,
        })
    }
}
