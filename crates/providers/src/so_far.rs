//! How many tokens a stream has given so far, for whoever looks at it before its end.
//!
//! Most providers count at the end of a stream alone. Until then the output is estimated from its text, and the
//! estimate never passes for a count.

use corelog_types::Count;

use crate::answer::AnswerReader;
use crate::cutter::{Cutter, TakeParts};
use crate::family::Shape;
use crate::framing::Framing;
use crate::said::{Growth, is_audio};
use crate::skim::{Sink, Skimmer, Value};

/// Bytes of text that make a token, about.
///
/// Source: "one token generally corresponds to ~4 characters of text for common English text",
/// <https://platform.openai.com/tokenizer>. Decision: bytes of UTF-8 rather than characters, because the languages
/// that need more bytes for a character need more tokens for it too.
const TEXT_BYTES_PER_TOKEN: u64 = 4;

/// Tokens of a stream so far. What nobody said and nothing shows is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TokensSoFar {
    /// Input tokens as the provider said, cached ones aside.
    pub input: Option<Count>,
    /// Output tokens, where the provider has counted all that came so far.
    pub output: Option<Count>,
    /// Output tokens by the text so far, where the provider has not.
    pub output_estimate: Option<u64>,
}

impl TokensSoFar {
    /// The tokens of a stream of `seen` bytes of which the first `looked` gave these: as many more as there are more
    /// bytes. What was counted in a part becomes an estimate of the whole.
    #[must_use]
    pub fn scaled(self, looked: u64, seen: u64) -> Self {
        if looked == 0 || looked >= seen {
            return self;
        }
        let said = self.output.map(|count| count.value);
        let scale = |tokens: u64| {
            let scaled = u128::from(tokens) * u128::from(seen) / u128::from(looked);
            u64::try_from(scaled).unwrap_or(u64::MAX)
        };
        Self {
            input: self.input,
            output: None,
            output_estimate: said.or(self.output_estimate).map(scale),
        }
    }
}

/// Reads the beginning of a stream. CPU work in proportion to it, memory of one part.
#[derive(Debug)]
pub struct SoFarReader {
    cutter: Cutter,
    watch: Watch,
}

#[derive(Debug)]
struct Watch {
    reader: AnswerReader,
    growth: Skimmer<Growth>,
    counted: Option<Count>,
    /// Bytes of text since the provider last counted its output.
    uncounted_bytes: u64,
}

impl SoFarReader {
    /// Starts a stream.
    pub fn new(shape: Shape, framing: Framing) -> Self {
        Self {
            cutter: Cutter::new(framing),
            watch: Watch {
                reader: AnswerReader::of_shape(shape),
                growth: Skimmer::new(&shape.family().growth),
                counted: None,
                uncounted_bytes: 0,
            },
        }
    }

    /// Takes the next bytes of the decoded stream.
    pub fn push(&mut self, chunk: &[u8]) {
        self.cutter.push(chunk, &mut self.watch);
    }

    /// The tokens so far. A part that has not come whole does not count.
    pub fn tokens(&self) -> TokensSoFar {
        let watch = &self.watch;
        let input = watch.reader.usage().input;
        let estimated = watch.uncounted_bytes.div_ceil(TEXT_BYTES_PER_TOKEN);
        if estimated == 0 {
            let output = watch.counted;
            return TokensSoFar {
                input,
                output,
                output_estimate: None,
            };
        }
        let counted = watch.counted.map_or(0, |count| count.value);
        TokensSoFar {
            input,
            output: None,
            output_estimate: Some(counted.saturating_add(estimated)),
        }
    }
}

impl TakeParts for Watch {
    fn part(&mut self, _name: &[u8], data: &[u8]) {
        let mut grown = Grown::default();
        self.growth.whole(data, &mut grown);
        if !grown.is_audio {
            self.uncounted_bytes += grown.text_bytes;
        }
        self.reader.part(data);
        let counted = self.reader.usage().output;
        if counted != self.counted {
            self.counted = counted;
            self.uncounted_bytes = 0;
        }
    }

    fn exception(&mut self, _code: String, _message: Option<String>) {}
}

/// By how much a part makes the answer grow.
#[derive(Debug, Default)]
struct Grown {
    text_bytes: u64,
    is_audio: bool,
}

impl Sink<Growth> for Grown {
    fn take(&mut self, slot: Growth, _key: &[u8], value: Value<'_>) {
        let Some(text) = value.text() else { return };
        match slot {
            Growth::Text | Growth::Reasoning | Growth::ToolInput => {
                self.text_bytes += text.len() as u64;
            }
            Growth::EventType => self.is_audio = is_audio(&text),
            Growth::PartBegins | Growth::IsThought => {}
        }
    }
}

#[cfg(test)]
mod tests;
