//! The copies of an exchange's bodies, read: decoded, skimmed for facts, classified, put where they belong.

use std::io::{self, Read};
use std::sync::Arc;

use corelog_providers::{
    AnswerFacts, AnswerReader, Framing, Headers, Reassembler, RequestFacts, RequestReader,
};
use corelog_record::{BodyForm, Cut, CutReason};
use http::HeaderMap;

use crate::capture::ChunkMark;
use crate::decode::{Undecoded, decode};
use crate::finish::ms;
use crate::headers::{content_type_of, encoding_of};
use crate::recorder::Spill;
use crate::{Answered, BodyCopy, Capture, End};

const READ_BYTES: usize = 64 * 1024;

/// Headers as the providers crate reads them.
struct View<'a>(&'a HeaderMap);

impl Headers for View<'_> {
    fn each(&self, visit: &mut dyn FnMut(&str, &str)) {
        for (name, value) in self.0 {
            if let Ok(value) = value.to_str() {
                visit(name.as_str(), value);
            }
        }
    }
}

/// A body as it goes into the record.
pub(crate) struct Part {
    pub(crate) form: BodyForm,
    pub(crate) bytes: Result<Vec<u8>, Box<dyn Spill>>,
    pub(crate) length: u64,
}

/// An answer, read.
#[derive(Default)]
pub(crate) struct ReadAnswer {
    pub(crate) facts: AnswerFacts,
    pub(crate) part: Option<Part>,
    pub(crate) events: Option<Part>,
    pub(crate) content_type: Option<String>,
    pub(crate) stream_events: u64,
}

impl Capture {
    /// Whether the model is yet unknown, and a look at the request's body can tell it.
    pub fn is_model_in_body(&self) -> bool {
        let is_known = self.call.route.model.is_some();
        !is_known && self.wanted && encoding_of(&self.call.headers).is_none()
    }

    /// Reads the request, all of whose body is at hand before anything goes upstream: then the intent has its model
    /// too. What is read here is not read again for the record.
    pub fn asks(&mut self, body: &[u8]) {
        if !self.is_model_in_body() {
            return;
        }
        let mut reader = RequestReader::new(&self.call.route, &View(&self.call.headers));
        reader.push(body);
        let facts = reader.finish();
        self.draft.asks_for(facts.model.as_deref());
        self.asked = Some(Box::new(facts));
    }

    pub(crate) fn read_request(
        &mut self,
        copy: BodyCopy,
        cut: &mut Vec<Cut>,
    ) -> (Option<Part>, RequestFacts) {
        let seen = copy.seen_bytes();
        if copy.cut().is_none()
            && let Some(facts) = self.asked.take()
        {
            let part = self.read_body("input", copy, None, cut, &mut |_| {});
            let part = (seen > 0).then(|| part.classified(facts.body_is_json));
            return (part, *facts);
        }
        let mut reader = RequestReader::new(&self.call.route, &View(&self.call.headers));
        let encoding = encoding_of(&self.call.headers);
        let part = self.read_body("input", copy, encoding.as_deref(), cut, &mut |piece| {
            reader.push(piece);
        });
        let facts = reader.finish();
        settle_encoding("input", facts.body_is_json, cut);
        let part = (seen > 0).then(|| part.classified(facts.body_is_json));
        (part, facts)
    }

    pub(crate) fn read_answer(&mut self, end: &End, cut: &mut Vec<Cut>) -> ReadAnswer {
        let id = self.call.id;
        let nothing = BodyCopy::new(id, "none", Arc::clone(&self.recorder), 0, 0);
        let mut copy = std::mem::replace(&mut *self.response.lock(), nothing);
        let Some(answered) = &self.answered else {
            return ReadAnswer::default();
        };
        let status = end.status.unwrap_or(answered.status);
        let encoding = encoding_of(&answered.headers);
        let headers = View(&answered.headers);
        let route = &self.call.route;
        let seen = copy.seen_bytes();
        if self.framing == Framing::None {
            let mut reader = AnswerReader::new(route);
            let part = self.read_body("output", copy, encoding.as_deref(), cut, &mut |piece| {
                reader.push(piece);
            });
            let facts = reader.finish(route, status, &headers);
            settle_encoding("output", facts.body_is_json, cut);
            let part = (seen > 0).then(|| part.classified(facts.body_is_json));
            let content_type = content_type_of(&answered.headers, part.is_some());
            return ReadAnswer {
                facts,
                part,
                content_type,
                ..ReadAnswer::default()
            };
        }
        let events = self.limits.events;
        let events = events.then(|| self.events_part(&mut copy, cut));
        let mut reassembler = Reassembler::new(route, self.framing);
        let raw = self.read_body(
            "output-text",
            copy,
            encoding.as_deref(),
            cut,
            &mut |piece| {
                reassembler.push(piece);
            },
        );
        let whole = reassembler.finish(route, status, &headers);
        settle_encoding("output", whole.events > 0, cut);
        if whole.events == 0 && seen > 0 {
            let read = self.read_misnamed(raw, answered, status, cut);
            return ReadAnswer { events, ..read };
        }
        ReadAnswer {
            facts: whole.facts,
            part: Some(self.json_part("output", whole.body)),
            events,
            content_type: Some("application/json".to_owned()),
            stream_events: whole.events,
        }
    }

    /// Reads the body of an answer that says it is a stream and holds no event: an error page, say.
    fn read_misnamed(
        &self,
        raw: Part,
        answered: &Answered,
        status: u16,
        cut: &mut Vec<Cut>,
    ) -> ReadAnswer {
        let mut reader = AnswerReader::new(&self.call.route);
        let part = self.named("output", raw, cut, &mut |piece| reader.push(piece));
        let facts = reader.finish(&self.call.route, status, &View(&answered.headers));
        settle_encoding("output", facts.body_is_json, cut);
        let part = part.classified(facts.body_is_json);
        ReadAnswer {
            facts,
            part: Some(part),
            content_type: content_type_of(&answered.headers, true),
            ..ReadAnswer::default()
        }
    }

    /// Reads a copy through its encoding into `take`, and gives the body to keep: decoded where that
    /// works, as it came where it does not.
    fn read_body(
        &self,
        part: &'static str,
        mut copy: BodyCopy,
        encoding: Option<&str>,
        cut: &mut Vec<Cut>,
        take: &mut dyn FnMut(&[u8]),
    ) -> Part {
        let shown = part.split('-').next().unwrap_or(part);
        let mut note = |reason, bytes| {
            cut.push(Cut {
                part: shown.to_owned(),
                reason,
                bytes: Some(bytes),
            });
        };
        if let Some(reason) = copy.cut() {
            note(reason, copy.seen_bytes());
        }
        let Some(encoding) = encoding else {
            if let Some(memory) = copy.in_memory() {
                take(memory);
            } else if copy.reader().and_then(|mut r| feed(&mut r, take)).is_err() {
                note(CutReason::Disk, copy.seen_bytes());
            }
            return Part::of_copy(copy);
        };
        let recorder = Arc::clone(&self.recorder);
        let (memory_max, cap) = (self.limits.memory_max, self.limits.decoded_max);
        let mut decoded = BodyCopy::new(self.call.id, part, recorder, memory_max, cap);
        let outcome = match copy.reader() {
            Err(_) => Err(Undecoded::NotDecoded),
            Ok(reader) => decode(encoding, reader, cap, &mut |piece| {
                take(piece);
                decoded.push(piece);
            }),
        };
        let reason = match outcome {
            Ok(()) => return Part::of_copy(decoded),
            Err(Undecoded::NotDecoded) => CutReason::NotDecoded,
            Err(Undecoded::OverLimit) => CutReason::DecodedOverLimit,
        };
        let is_plain = reason == CutReason::NotDecoded && decoded.seen_bytes() == 0;
        // Its place on disk has the name that the copy is about to take.
        drop(decoded);
        note(reason, copy.seen_bytes());
        let copy = Part::of_copy(copy);
        if is_plain {
            // Servers name encodings that they did not apply: then the bytes say what they are.
            return self.named(part, copy, cut, take);
        }
        self.named(part, copy, cut, &mut |_| {})
    }

    /// Reads a body once more, and has it under this name if it is on disk: a record finds its bodies by
    /// their names.
    fn named(
        &self,
        name: &'static str,
        part: Part,
        cut: &mut Vec<Cut>,
        take: &mut dyn FnMut(&[u8]),
    ) -> Part {
        let mut spill = match part.bytes {
            Ok(ref memory) => {
                take(memory);
                return part;
            }
            Err(spill) => spill,
        };
        let recorder = Arc::clone(&self.recorder);
        let memory_max = self.limits.memory_max;
        let mut named = BodyCopy::new(self.call.id, name, recorder, memory_max, u64::MAX);
        let read = spill.reader().and_then(|mut reader| {
            feed(&mut reader, &mut |piece| {
                take(piece);
                named.push(piece);
            })
        });
        if read.is_err() || named.cut().is_some() {
            cut.push(Cut {
                part: name.to_owned(),
                reason: CutReason::Disk,
                bytes: Some(part.length),
            });
        }
        Part::of_copy(named)
    }

    /// JSON of our own making, on disk if it is large.
    fn json_part(&self, part: &'static str, body: Vec<u8>) -> Part {
        let length = body.len() as u64;
        let bytes = if body.len() <= self.limits.memory_max {
            Ok(body)
        } else {
            self.spilled(part, &body).map_or(Ok(body), Err)
        };
        Part {
            form: BodyForm::Json,
            bytes,
            length,
        }
    }

    fn spilled(&self, part: &'static str, body: &[u8]) -> Option<Box<dyn Spill>> {
        let mut spill = self.recorder.spill(self.call.id, part).ok()?;
        spill.write_all(body).ok()?;
        Some(spill)
    }

    /// The stream as it came over the wire, each chunk with its time: as much of it as was kept.
    fn events_part(&self, wire: &mut BodyCopy, cut: &mut Vec<Cut>) -> Part {
        let (seen, kept, mut reason) = (wire.seen_bytes(), wire.kept_bytes(), wire.cut());
        let recorder = Arc::clone(&self.recorder);
        let memory_max = self.limits.memory_max;
        let mut lines = BodyCopy::new(self.call.id, "events", recorder, memory_max, u64::MAX);
        let written = wire.reader().and_then(|mut reader| {
            event_lines(&mut reader, kept, &self.arrival.marks, &mut |line| {
                lines.push(line);
            })
        });
        if written.is_err() || lines.cut().is_some() {
            reason = Some(CutReason::Disk);
        }
        if let Some(reason) = reason {
            cut.push(Cut {
                part: "events".to_owned(),
                reason,
                bytes: Some(seen),
            });
        }
        let mut part = Part::of_copy(lines);
        part.form = BodyForm::Text;
        part
    }
}

/// A body that is understood lacks nothing, whatever its encoding was said to be.
fn settle_encoding(part: &str, is_understood: bool, cut: &mut Vec<Cut>) {
    if is_understood {
        cut.retain(|it| it.part != part || it.reason != CutReason::NotDecoded);
    }
}

impl Part {
    fn of_copy(copy: BodyCopy) -> Self {
        let length = copy.kept_bytes();
        Self {
            form: BodyForm::Binary,
            bytes: copy.into_parts(),
            length,
        }
    }

    fn classified(mut self, is_json: bool) -> Self {
        self.form = match &self.bytes {
            Ok(bytes) if is_json => {
                let broken = memchr::memchr2(b'\n', b'\r', bytes).is_some();
                if broken {
                    BodyForm::Pretty
                } else {
                    BodyForm::Json
                }
            }
            Ok(bytes) if std::str::from_utf8(bytes).is_ok() => BodyForm::Text,
            Err(_) if is_json => BodyForm::Pretty,
            _ => BodyForm::Binary,
        };
        self
    }
}

fn feed(reader: &mut dyn Read, take: &mut dyn FnMut(&[u8])) -> io::Result<()> {
    let mut piece = vec![0; READ_BYTES];
    loop {
        match reader.read(&mut piece)? {
            0 => return Ok(()),
            length => take(&piece[..length]),
        }
    }
}

/// The first `kept` bytes of a raw stream as lines of `{"atMs":…,"bytes":…,"base64":…}`, one a whole chunk.
fn event_lines(
    raw: &mut dyn Read,
    kept: u64,
    marks: &[ChunkMark],
    take: &mut dyn FnMut(&[u8]),
) -> io::Result<()> {
    use base64::Engine as _;
    let mut chunk = Vec::new();
    let mut left = kept;
    for mark in marks {
        let Some(rest) = left.checked_sub(u64::from(mark.bytes)) else {
            break;
        };
        left = rest;
        chunk.resize(mark.bytes as usize, 0);
        raw.read_exact(&mut chunk)?;
        let text = base64::engine::general_purpose::STANDARD.encode(&chunk);
        let at = ms(mark.at);
        let line = format!(
            "{{\"atMs\":{at},\"bytes\":{},\"base64\":\"{text}\"}}\n",
            mark.bytes
        );
        take(line.as_bytes());
    }
    Ok(())
}
