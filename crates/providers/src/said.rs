//! What a stream says, piece by piece, for whoever watches it pass.

use crate::cutter::{Cutter, TakeParts};
use crate::family::Shape;
use crate::framing::Framing;
use crate::skim::{Sink, Skimmer, Value};

/// Bytes without an end of a part, after which none is waited for.
const PART_BYTES_MAX: usize = 4 << 20;

/// A fact that the growth of an answer is read by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Growth {
    /// Text by which the answer grew.
    Text,
    /// Text by which what the model thinks grew.
    Reasoning,
    /// Text by which what a tool is called with grew.
    ToolInput,
    /// The `type` of the event, which says more of its text: audio is none.
    EventType,
    /// Where a part of the answer begins.
    PartBegins,
    /// Whether the text of this part is what the model thinks.
    IsThought,
}

/// Whether the text in an event of this type is audio.
pub(crate) fn is_audio(event_type: &str) -> bool {
    event_type.ends_with("audio.delta")
}

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SaidKind {
    /// Part of the answer.
    Text,
    /// What the model thinks, or shows of it.
    Reasoning,
    /// What a tool is called with: a piece of JSON.
    ToolInput,
}

/// A piece of what a stream says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// What it is.
    pub kind: SaidKind,
    /// The text, never empty: of one event no more than 16 KiB in one string.
    pub text: String,
}

/// Reads what a stream says. CPU work in proportion to it, memory of one part.
#[derive(Debug)]
pub struct SaidReader {
    cutter: Cutter,
    pieces: Pieces,
    /// Bytes since a part ended.
    open_bytes: usize,
}

#[derive(Debug)]
struct Pieces {
    growth: Skimmer<Growth>,
    said: Vec<Said>,
    parts: u64,
}

impl SaidReader {
    /// Starts a stream.
    pub fn new(shape: Shape, framing: Framing) -> Self {
        Self {
            cutter: Cutter::new(framing),
            pieces: Pieces {
                growth: Skimmer::new(&shape.family().growth),
                said: Vec::new(),
                parts: 0,
            },
            open_bytes: 0,
        }
    }

    /// Takes the next bytes of the decoded stream; gives what the parts say that they complete.
    pub fn push(&mut self, chunk: &[u8]) -> Vec<Said> {
        if self.open_bytes > PART_BYTES_MAX {
            return Vec::new();
        }
        let parts = self.pieces.parts;
        self.cutter.push(chunk, &mut self.pieces);
        if self.pieces.parts > parts {
            self.open_bytes = 0;
        } else {
            self.open_bytes += chunk.len();
            if self.open_bytes > PART_BYTES_MAX {
                // What it holds is of no use any more.
                self.cutter = Cutter::new(Framing::Sse);
            }
        }
        std::mem::take(&mut self.pieces.said)
    }

    /// Whether a part was so long that none is waited for any more: nothing more will be said.
    pub fn has_given_up(&self) -> bool {
        self.open_bytes > PART_BYTES_MAX
    }
}

impl TakeParts for Pieces {
    fn part(&mut self, _name: &[u8], data: &[u8]) {
        self.parts += 1;
        let mut part = Part::default();
        self.growth.whole(data, &mut part);
        if !part.is_audio {
            let said = part.said.into_iter().map(|(kind, text)| Said {
                kind: part.kind.unwrap_or(kind),
                text,
            });
            self.said.extend(said);
        }
    }

    fn exception(&mut self, _code: String, _message: Option<String>) {
        self.parts += 1;
    }
}

/// What one part says.
#[derive(Debug, Default)]
struct Part {
    said: Vec<(SaidKind, String)>,
    /// Where the type of the event says it.
    kind: Option<SaidKind>,
    is_audio: bool,
    /// How much was said before the part of the answer at hand, and whether that is a thought.
    before: usize,
    is_thought: bool,
}

impl Sink<Growth> for Part {
    fn take(&mut self, slot: Growth, _key: &[u8], value: Value<'_>) {
        let kind = match slot {
            Growth::Text if self.is_thought => SaidKind::Reasoning,
            Growth::Text => SaidKind::Text,
            Growth::Reasoning => SaidKind::Reasoning,
            Growth::ToolInput => SaidKind::ToolInput,
            Growth::EventType => {
                let name = value.text().unwrap_or_default();
                self.is_audio = is_audio(&name);
                self.kind = kind_of(&name);
                return;
            }
            Growth::PartBegins => {
                self.before = self.said.len();
                self.is_thought = false;
                return;
            }
            Growth::IsThought => {
                self.is_thought = value.flag() == Some(true);
                if self.is_thought {
                    for (kind, _) in self.said.iter_mut().skip(self.before) {
                        *kind = SaidKind::Reasoning;
                    }
                }
                return;
            }
        };
        if let Some(text) = value.text().filter(|text| !text.is_empty()) {
            self.said.push((kind, text.into_owned()));
        }
    }
}

/// What the text of an event of the Responses API is, where its type says it.
///
/// Source: <https://platform.openai.com/docs/api-reference/responses-streaming>
fn kind_of(event_type: &str) -> Option<SaidKind> {
    let of_response = event_type.strip_prefix("response.")?;
    if of_response.starts_with("reasoning") {
        Some(SaidKind::Reasoning)
    } else if of_response.contains("_call") {
        Some(SaidKind::ToolInput)
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
