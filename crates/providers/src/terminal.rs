//! Watches a stream while it passes, for the event that ends the answer. Runs on the relay's own path, so it looks
//! at the few bytes that can decide and keeps a bounded rest of what a chunk cuts.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use corelog_types::Operation;
use corelog_wire::event_stream::{Decoder, Frame};
use memchr::memmem;

use crate::framing::{Framing, LineSplitter, field};
use crate::route::Route;
use crate::skim::{Paths, Sink, Skimmer, Value};

/// Bytes kept of a line that goes over chunks; what ends an answer says so well before.
const LINE_BYTES_KEPT: usize = 4 * 1024;

/// Frames past this are not looked into; Bedrock's parts are 1,000,000 bytes at most, before base64.
const FRAME_BYTES_MAX: usize = 2 * 1024 * 1024;

/// What the last event of a family's stream looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ending {
    /// The whole data of a server-sent event: `[DONE]`.
    pub(crate) data: Option<&'static str>,
    /// Names of events, or values of `type` or `event_type`, that end the answer.
    pub(crate) types: &'static [&'static str],
    /// Event-stream event types: from the first one the client can act on the answer, the last one completes it.
    pub(crate) frames: &'static [&'static str],
    /// Whether `"done": true` ends the answer.
    pub(crate) done_flag: bool,
}

impl Ending {
    /// There is no last event: the stream ends by its end.
    pub(crate) const NONE: Self = Self {
        data: None,
        types: &[],
        frames: &[],
        done_flag: false,
    };
}

/// Says when a passing stream reaches its end.
///
/// The relay pushes every chunk before it forwards it. From the first `true` on it holds chunks back until the
/// record is durable, because with them the client has its answer. What the provider still sends (usage after
/// `messageStop`, say) is part of the answer: [`Terminal::is_complete`] says when all of it is there. A stream that
/// has no terminal event, or breaks off, ends by its end.
#[derive(Debug)]
pub struct Terminal {
    ending: &'static Ending,
    watch: Watch,
    seen: Seen,
}

#[derive(Debug, Default)]
struct Seen {
    events: u64,
    /// The event that is open has data.
    has_data: bool,
    /// The event that is open has a name, and whether that name ends the answer.
    named: Option<bool>,
    ending: bool,
    complete: bool,
}

#[derive(Debug)]
enum Watch {
    Sse(LineSplitter),
    Lines(LineSplitter),
    Frames(Decoder),
    Nothing,
}

impl Terminal {
    /// Starts a stream.
    pub fn new(route: &Route, framing: Framing) -> Self {
        let bidirectional = route.operation == Operation::InvokeModelWithBidirectionalStream;
        let watch = match framing {
            Framing::Sse => Watch::Sse(LineSplitter::keeping(LINE_BYTES_KEPT)),
            Framing::NdJson => Watch::Lines(LineSplitter::keeping(LINE_BYTES_KEPT)),
            Framing::EventStream if !bidirectional => {
                Watch::Frames(Decoder::with_payload_bytes_max(FRAME_BYTES_MAX))
            }
            Framing::EventStream | Framing::JsonArray | Framing::None => Watch::Nothing,
        };
        Self {
            ending: &route.shape.family().ending,
            watch,
            seen: Seen::default(),
        }
    }

    /// Takes the next chunk of the decoded stream. Returns `true` when this chunk, and with it every later one,
    /// must be held back until the record is durable.
    pub fn push(&mut self, chunk: &[u8]) -> bool {
        let (ending, seen) = (self.ending, &mut self.seen);
        let mut broken = false;
        match &mut self.watch {
            Watch::Sse(lines) => lines.push(chunk, &mut |line| seen.sse_line(line, ending)),
            Watch::Lines(lines) => lines.push(chunk, &mut |line| seen.json_line(line, ending)),
            Watch::Frames(frames) => {
                broken = frames
                    .push(chunk, &mut |frame| seen.frame(frame, ending))
                    .is_err();
            }
            Watch::Nothing => {}
        }
        if broken {
            self.watch = Watch::Nothing;
        }
        self.seen.ending
    }

    /// Whether everything that belongs to the answer has arrived.
    pub fn is_complete(&self) -> bool {
        self.seen.complete
    }

    /// How many events have passed.
    pub fn events(&self) -> u64 {
        self.seen.events
    }
}

impl Seen {
    fn end(&mut self) {
        self.ending = true;
        self.complete = true;
    }

    fn sse_line(&mut self, line: &[u8], ending: &Ending) {
        if line.is_empty() {
            self.events += u64::from(self.has_data);
            self.has_data = false;
            self.named = None;
            return;
        }
        match field(line) {
            (b"event", name) => {
                let ends = ending.types.iter().any(|known| known.as_bytes() == name);
                self.named = Some(ends);
            }
            (b"data", data) => {
                self.has_data = true;
                let ends = match self.named {
                    Some(ends) => ends,
                    None => ends_by_type(data, ending),
                };
                if ends || ending.data.is_some_and(|done| done.as_bytes() == data) {
                    self.end();
                }
            }
            _ => {}
        }
    }

    fn json_line(&mut self, line: &[u8], ending: &Ending) {
        if line.is_empty() {
            return;
        }
        self.events += 1;
        let done = ending.done_flag && memmem::find(line, b"\"done\"").is_some();
        if ends_by_type(line, ending) || (done && skim(line).1) {
            self.end();
        }
    }

    fn frame(&mut self, frame: Frame<'_>, ending: &Ending) {
        self.events += 1;
        let mut kind = "";
        let mut event = "";
        for (name, value) in frame.headers() {
            match name {
                ":message-type" => kind = value,
                ":event-type" => event = value,
                _ => {}
            }
        }
        if kind == "exception" || kind == "error" {
            self.end();
        } else if ending.frames.contains(&event) {
            self.ending = true;
            self.complete |= ending.frames.last() == Some(&event);
        } else if event == "chunk" && ends_invocation(frame.payload()) {
            self.end();
        }
    }
}

/// Whether the `type` or `event_type` of a JSON text ends the answer.
fn ends_by_type(data: &[u8], ending: &Ending) -> bool {
    let is_ending = |name: &[u8]| ending.types.iter().any(|known| known.as_bytes() == name);
    if ending.types.is_empty() {
        return false;
    }
    // Nearly every event begins with its type.
    if let Some(rest) = data.strip_prefix(b"{\"type\":\"")
        && let Some(end) = memchr::memchr(b'"', rest)
    {
        return is_ending(&rest[..end]);
    }
    let mut types = ending.types.iter();
    types.any(|name| memmem::find(data, name.as_bytes()).is_some())
        && skim(data).0.is_some_and(|name| is_ending(name.as_bytes()))
}

/// The type and the `done` flag of a JSON text, which may be cut.
fn skim(data: &[u8]) -> (Option<String>, bool) {
    #[derive(Debug, Clone, Copy)]
    enum Slot {
        Type,
        Done,
    }
    static PATHS: LazyLock<Paths<Slot>> = LazyLock::new(|| {
        Paths::new(&[&[(
            "",
            &[
                ("type", Slot::Type),
                ("event_type", Slot::Type),
                ("done", Slot::Done),
            ],
        )]])
    });
    #[derive(Default)]
    struct Found {
        name: Option<String>,
        done: bool,
    }
    impl Sink<Slot> for Found {
        fn take(&mut self, slot: Slot, _key: &[u8], value: Value<'_>) {
            match slot {
                Slot::Type => self.name = value.text().map(std::borrow::Cow::into_owned),
                Slot::Done => self.done = value == Value::Bool(true),
            }
        }
    }
    let mut found = Found::default();
    Skimmer::new(&PATHS).push(data, &mut found);
    (found.name, found.done)
}

/// Whether the payload of a `chunk` holds the last part of a native stream: the one with Bedrock's invocation
/// metrics, or Anthropic's `message_stop`.
///
/// The part is base64 inside JSON. Rather than decoding every part, this looks for the base64 of the metrics' key at
/// each of its three alignments. The key's closing quote is part of it: inside a string it would be escaped.
fn ends_invocation(payload: &[u8]) -> bool {
    static METRICS: LazyLock<[Vec<u8>; 3]> = LazyLock::new(|| {
        [0, 1, 2].map(|shift| shifted_base64(b"amazon-bedrock-invocationMetrics\":", shift))
    });
    /// The base64 of `{"type":"message_stop`.
    const MESSAGE_STOP: &[u8] = b"\"eyJ0eXBlIjoibWVzc2FnZV9zdG9w";
    memmem::find(payload, MESSAGE_STOP).is_some()
        || METRICS
            .iter()
            .any(|pattern| memmem::find(payload, pattern).is_some())
}

/// The characters that `text` always has in base64 when it begins `shift` bytes after a multiple of three.
fn shifted_base64(text: &[u8], shift: usize) -> Vec<u8> {
    let padded = [&vec![0; shift], text].concat();
    let encoded = STANDARD_NO_PAD.encode(&padded).into_bytes();
    let first = (shift * 8).div_ceil(6);
    let last = padded.len() * 8 / 6;
    encoded[first..last].to_vec()
}

#[cfg(test)]
mod tests;
