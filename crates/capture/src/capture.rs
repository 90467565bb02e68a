//! One exchange under observation.

use std::sync::Arc;
use std::time::Duration;

use corelog_prices::Table;
use corelog_providers::{Framing, RequestFacts, Terminal};
use corelog_record::CutReason;
use corelog_types::RecordId;
use parking_lot::Mutex;

use crate::draft::Draft;
use crate::headers::{HeaderFilter, encoding_of};
use crate::policy::{Policies, Policy, Subject};
use crate::recorder::Recorder;
use crate::{Answered, BodyCopy, Call};

/// Bounds and choices of the capture.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Past this a body's copy goes to disk.
    pub memory_max: usize,
    /// Past this a body is cut.
    pub body_max: u64,
    /// Past this decoding a body stops.
    pub decoded_max: u64,
    /// Whether raw stream frames are kept with their arrival times.
    pub events: bool,
    /// What is kept of which call.
    pub policies: Policies,
    /// Headers that may enter a record.
    pub headers: HeaderFilter,
    /// What models cost.
    pub prices: Arc<Table>,
}

/// When a chunk arrived and how long it was.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChunkMark {
    pub(crate) at: Duration,
    pub(crate) bytes: u32,
}

/// Statistics of the answer's body as it arrives.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arrival {
    pub(crate) chunks: u64,
    pub(crate) first_at: Option<Duration>,
    pub(crate) last_at: Option<Duration>,
    pub(crate) longest_gap: Option<Duration>,
    pub(crate) marks: Vec<ChunkMark>,
}

/// Marks kept of one stream at the most: a bound on memory, not on the record of the bytes.
const MARKS_MAX: usize = 100_000;

impl Arrival {
    fn note(&mut self, at: Duration, bytes: usize, keep_mark: bool) {
        self.chunks += 1;
        self.first_at.get_or_insert(at);
        if let Some(last) = self.last_at {
            let gap = at.saturating_sub(last);
            self.longest_gap = Some(self.longest_gap.map_or(gap, |longest| longest.max(gap)));
        }
        self.last_at = Some(at);
        if keep_mark && self.marks.len() < MARKS_MAX {
            self.marks.push(ChunkMark {
                at,
                bytes: u32::try_from(bytes).unwrap_or(u32::MAX),
            });
        }
    }
}

/// An exchange being captured.
pub struct Capture {
    pub(crate) call: Call,
    pub(crate) limits: Arc<Limits>,
    pub(crate) recorder: Arc<dyn Recorder>,
    pub(crate) request: Arc<Mutex<BodyCopy>>,
    pub(crate) response: Arc<Mutex<BodyCopy>>,
    /// What the request says, where its body was read before it went upstream.
    pub(crate) asked: Option<Box<RequestFacts>>,
    pub(crate) answered: Option<Answered>,
    pub(crate) framing: Framing,
    pub(crate) terminal: Option<Terminal>,
    pub(crate) arrival: Arrival,
    pub(crate) wanted: bool,
    pub(crate) draft: Draft,
    /// Bytes that passed in either direction after a change of protocol.
    pub(crate) opaque: Option<(u64, u64)>,
}

impl Capture {
    /// Starts to capture a call.
    pub fn begin(call: Call, limits: Arc<Limits>, recorder: Arc<dyn Recorder>) -> Self {
        let decided = !limits.policies.ask_for_model() || call.route.model.is_some();
        let policy = policy_of(&limits, &call, call.route.model.as_deref());
        let wanted = !decided || policy != Policy::None;
        let copy = |part| {
            let recorder = Arc::clone(&recorder);
            BodyCopy::new(call.id, part, recorder, limits.memory_max, limits.body_max)
        };
        let encoded = encoding_of(&call.headers).is_some();
        let request = copy(if encoded { "input-wire" } else { "input" });
        let response = copy("output");
        let draft = Draft::of(&call, &limits.headers);
        Self {
            draft,
            call,
            limits,
            recorder,
            request: Arc::new(Mutex::new(request)),
            response: Arc::new(Mutex::new(response)),
            asked: None,
            answered: None,
            framing: Framing::None,
            terminal: None,
            arrival: Arrival::default(),
            wanted,
            opaque: None,
        }
    }

    /// Whether there shall be a record, as far as is known yet.
    pub fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// From now on there shall be none: the call only passes.
    pub fn forgo(&mut self) {
        self.wanted = false;
    }

    /// The id of the record to be.
    pub fn id(&self) -> RecordId {
        self.call.id
    }

    /// The call as told at the start.
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// The copy that the request's body is to be pushed into, chunk by chunk, as it goes upstream.
    pub fn request_copy(&self) -> Arc<Mutex<BodyCopy>> {
        Arc::clone(&self.request)
    }

    /// Takes the copy of the request's body out, to be filled elsewhere and put back.
    pub fn take_request_copy(&self) -> BodyCopy {
        let nothing = BodyCopy::new(self.call.id, "none", Arc::clone(&self.recorder), 0, 0);
        std::mem::replace(&mut *self.request.lock(), nothing)
    }

    /// Takes the head of the answer.
    pub fn answered(&mut self, answered: Answered) {
        let text = |name| {
            answered
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let content_type = text("content-type").unwrap_or("");
        self.framing = Framing::of_content_type(content_type);
        let says_stream = self.call.route.expects_stream == Some(true);
        if self.framing == Framing::None && says_stream && content_type.contains("json") {
            self.framing = Framing::JsonArray;
        }
        if answered.status >= 400 {
            self.framing = Framing::None;
        }
        let encoded = encoding_of(&answered.headers).is_some();
        if self.framing != Framing::None && !encoded {
            self.terminal = Some(Terminal::new(&self.call.route, self.framing));
        }
        if self.framing != Framing::None || encoded {
            // The body to keep is another one, which takes the name.
            self.response.lock().rename("output-wire");
        }
        if let Some(length) = text("content-length").and_then(|length| length.parse().ok()) {
            self.response.lock().expect(length);
        }
        self.answered = Some(answered);
    }

    /// Takes a chunk of the answer; says whether the dialect's terminal event is now complete.
    pub fn chunk(&mut self, chunk: &[u8], at: Duration) -> bool {
        let keep_mark = self.limits.events && self.framing != Framing::None;
        self.arrival.note(at, chunk.len(), keep_mark);
        if !self.wanted {
            return false;
        }
        self.response.lock().push(chunk);
        self.terminal
            .as_mut()
            .is_some_and(|terminal| terminal.push(chunk))
    }

    /// Whether everything that belongs to a stream's answer has arrived: the terminal event, and what some
    /// providers send behind it (the usage of a Converse stream).
    pub fn is_complete(&self) -> bool {
        self.terminal.as_ref().is_some_and(Terminal::is_complete)
    }

    /// Takes note that the protocol was changed, and of how many bytes then passed from and to the caller.
    pub fn passed_opaque(&mut self, from_caller: u64, to_caller: u64) {
        self.opaque = Some((from_caller, to_caller));
    }

    /// Whether the answer is a stream of events.
    pub fn is_stream(&self) -> bool {
        self.framing != Framing::None
    }

    /// Status of the answer, once it is there.
    pub fn status(&self) -> Option<u16> {
        self.answered.as_ref().map(|answered| answered.status)
    }

    /// Events of the stream so far.
    pub fn events(&self) -> u64 {
        self.terminal.as_ref().map_or(0, Terminal::events)
    }

    /// Bytes of the answer so far.
    pub fn response_bytes(&self) -> u64 {
        self.response.lock().seen_bytes()
    }

    /// Whether part of a body is missing because the disk would not take it.
    pub fn is_lost_to_disk(&self) -> bool {
        let lost = |copy: &BodyCopy| copy.cut() == Some(CutReason::Disk);
        self.wanted && (lost(&self.response.lock()) || lost(&self.request.lock()))
    }

    /// Whether finishing takes long enough to belong on a thread of its own.
    pub fn is_heavy(&self) -> bool {
        const INLINE_BYTES: u64 = 256 * 1024;
        self.request.lock().kept_bytes() + self.response.lock().kept_bytes() > INLINE_BYTES
    }

    pub(crate) fn policy(&self, model: Option<&str>) -> Policy {
        policy_of(&self.limits, &self.call, model)
    }
}

fn policy_of(limits: &Limits, call: &Call, model: Option<&str>) -> Policy {
    limits.policies.decide(Subject {
        provider: &call.provider,
        model,
        key: call.caller.name.as_deref(),
        headers: &call.headers,
    })
}
