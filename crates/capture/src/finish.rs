//! The end of an exchange: the copies are read, the record is made, and it is handed to the recorder.

use std::io::{self, Read};
use std::time::Duration;

use corelog_providers::{
    AnswerFacts, AnswerReader, Framing, Headers, Reassembler, RequestFacts, RequestReader,
};
use corelog_record::stored::{PartHeader, PartName, Place, encode_envelope};
use corelog_record::{
    BodyForm, Cut, CutReason, Document, ErrorSource, Extension, Identity, Input, Output,
    PerformanceConfig, SCHEMA_TYPE, SCHEMA_VERSION, StreamFacts, Trace, UsageCounts,
};
use corelog_types::{Count, Dialect, RecordId, Timestamp};
use http::HeaderMap;

use crate::capture::ChunkMark;
use crate::decode::{Undecoded, decode};
use crate::policy::Policy;
use crate::recorder::{Appended, Entry, Recorder, RecorderError, SealedSpill, Spill};
use crate::{BodyCopy, Capture, End, Fault};

const READ_BYTES: usize = 64 * 1024;
const INTERRUPTED: &str = "Interrupted";

/// A record, ready to be stored.
pub struct Finished {
    id: RecordId,
    time: Timestamp,
    envelope: Vec<u8>,
    inline: Vec<Vec<u8>>,
    spills: Vec<Box<dyn Spill>>,
    /// The operation, for whoever counts.
    pub operation: &'static str,
    /// Whose error the exchange ended in, if in one.
    pub error_source: Option<ErrorSource>,
}

impl Finished {
    /// Seals the bodies on disk, then writes the record. Blocks on the disk where there are such bodies.
    ///
    /// # Errors
    /// [`RecorderError`] if it is not written.
    pub fn store(self, recorder: &dyn Recorder) -> Result<Appended, RecorderError> {
        let mut spills: Vec<SealedSpill> = Vec::with_capacity(self.spills.len());
        for spill in self.spills {
            let sealed = spill
                .seal()
                .map_err(|e| RecorderError::Failing(e.to_string()))?;
            spills.push(sealed);
        }
        let mut pieces: Vec<&[u8]> = vec![&self.envelope];
        pieces.extend(self.inline.iter().map(Vec::as_slice));
        recorder.append(Entry {
            id: self.id,
            time: self.time,
            pieces: &pieces,
            spills,
        })
    }
}

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
struct Part {
    form: BodyForm,
    bytes: Result<Vec<u8>, Box<dyn Spill>>,
    length: u64,
}

impl Capture {
    /// The stored record that stands for this exchange if the process dies before its end.
    pub fn intent(&self) -> Vec<u8> {
        let mut extension = self.known_at_start();
        extension.error_source = Some(ErrorSource::Gateway);
        extension.error_message =
            Some("the recording process ended before the exchange did".to_owned());
        extension.delivery = Some(corelog_record::Delivered {
            outcome: corelog_record::DeliveryOutcome::Unknown,
            bytes: 0,
            chunks: 0,
            closed_after_ms: None,
        });
        let mut document = self.bare_document(extension);
        document.error_code = Some(INTERRUPTED.to_owned());
        encode_envelope(&document, &[]).unwrap_or_default()
    }

    /// Makes the record. CPU work in proportion to the bodies, and file reads where they are on disk.
    ///
    /// `None` if, now that the model is known, the policy wants no record.
    pub fn finish(mut self, end: &End) -> Option<Finished> {
        if !self.wanted {
            return None;
        }
        let mut cut = Vec::new();
        let request = self.take_request_copy();
        let (request_bytes, response_bytes) = match self.opaque {
            Some(passed) => passed,
            None => (request.seen_bytes(), self.response.seen_bytes()),
        };
        let (input, asked) = self.read_request(request, &mut cut);
        let model = asked.model.clone();
        let policy = self.policy(model.as_deref());
        if policy == Policy::None {
            return None;
        }
        let answered = self.read_answer(end, &mut cut);
        let shape = self.shape_of(end, &answered.facts);

        let mut extension = self.known_at_start();
        self.fill_extension(&mut extension, end, &asked, &answered);
        extension.request_bytes = request_bytes;
        extension.response_bytes = response_bytes;
        let fault = fault_of(end, &answered.facts, shape.failed);
        if let Some(fault) = &fault {
            extension.error_message = Some(fault.message.clone()).filter(|text| !text.is_empty());
            extension.error_source = Some(fault.source);
        }
        let keeps_input = policy.keeps_input() && shape.input;
        let keeps_output = policy.keeps_output() && shape.output;
        for (part, kept, wanted) in [
            ("input", policy.keeps_input(), true),
            ("output", policy.keeps_output(), shape.output),
        ] {
            if !kept && wanted {
                cut.push(Cut {
                    part: part.to_owned(),
                    reason: CutReason::Policy,
                    bytes: None,
                });
            }
        }
        if self.opaque.is_some() {
            for (part, bytes) in [("input", request_bytes), ("output", response_bytes)] {
                cut.push(Cut {
                    part: part.to_owned(),
                    reason: CutReason::Opaque,
                    bytes: Some(bytes),
                });
            }
        }
        extension.cut = cut;

        let mut document = self.bare_document(extension);
        fill_document(&mut document, &asked, &answered.facts, &shape);
        if let Some(output) = &mut document.output {
            output
                .output_content_type
                .clone_from(&answered.content_type);
        }
        if let Some(input) = &mut document.input {
            input.input_content_type = Some(content_type_of(&self.call.headers));
        }
        document.model_id = model;
        document.error_code = fault.map(|fault| fault.code);
        let parts = [
            (PartName::Input, input.filter(|_| keeps_input)),
            (PartName::Output, answered.part.filter(|_| keeps_output)),
            (
                PartName::Events,
                answered.events.filter(|_| policy.keeps_output()),
            ),
        ];
        Some(self.pack(&document, parts))
    }

    fn pack(&self, document: &Document, parts: [(PartName, Option<Part>); 3]) -> Finished {
        let mut headers = Vec::with_capacity(3);
        let mut inline = Vec::with_capacity(3);
        let mut spills = Vec::new();
        for (name, part) in parts {
            let Some(part) = part else { continue };
            let at = match part.bytes {
                Ok(bytes) => {
                    inline.push(bytes);
                    Place::Inline
                }
                Err(spill) => {
                    spills.push(spill);
                    Place::Blob
                }
            };
            headers.push(PartHeader {
                name,
                form: part.form,
                at,
                bytes: part.length,
            });
        }
        let extension = document.corelog.as_ref();
        Finished {
            id: self.call.id,
            time: self.call.arrived,
            // A document of strings and numbers always has a JSON form.
            envelope: encode_envelope(document, &headers).unwrap_or_default(),
            inline,
            spills,
            operation: self.call.route.operation.as_str(),
            error_source: extension.and_then(|extension| extension.error_source),
        }
    }

    fn known_at_start(&self) -> Extension {
        let call = &self.call;
        Extension {
            record_id: call.id.to_string(),
            provider: call.provider.to_string(),
            dialect: call.dialect.as_str().to_owned(),
            upstream: Some(call.upstream.clone()),
            method: call.method.clone(),
            path: call.path.clone(),
            http_version: Some(call.http_version.to_owned()),
            caller: call.caller.clone(),
            request_encoding: encoding_of(&call.headers),
            request_headers: self.limits.headers.keep(&call.headers),
            ..Extension::default()
        }
    }

    fn bare_document(&self, extension: Extension) -> Document {
        let call = &self.call;
        Document {
            timestamp: call.arrived.rfc3339_seconds(),
            account_id: call.account_id.to_string(),
            region: call.region.to_string(),
            request_id: self.request_id(),
            operation: call.route.operation.as_str().to_owned(),
            model_id: call.route.model.clone(),
            error_code: None,
            input: None,
            output: None,
            identity: Identity {
                arn: call.identity_arn.clone(),
            },
            inference_region: None,
            performance_config: None,
            request_metadata: None,
            schema_type: SCHEMA_TYPE.to_owned(),
            schema_version: SCHEMA_VERSION.to_owned(),
            corelog: Some(Box::new(extension)),
        }
    }

    /// Bedrock's own id where the answer carries one of the right form, so that records join with
    /// `CloudTrail`; ours everywhere else.
    fn request_id(&self) -> String {
        let theirs = self
            .answered
            .as_ref()
            .filter(|_| self.call.dialect == Dialect::Bedrock)
            .and_then(|answered| answered.headers.get("x-amzn-requestid"))
            .and_then(|value| value.to_str().ok())
            .filter(|text| text.len() == 36 && text.parse::<RecordId>().is_ok());
        theirs.map_or_else(|| self.call.id.to_string(), str::to_owned)
    }

    fn read_request(&self, copy: BodyCopy, cut: &mut Vec<Cut>) -> (Option<Part>, RequestFacts) {
        let mut reader = RequestReader::new(&self.call.route, &View(&self.call.headers));
        let encoding = encoding_of(&self.call.headers);
        let seen = copy.seen_bytes();
        let part = self.read_body("input", copy, encoding.as_deref(), cut, &mut |piece| {
            reader.push(piece);
        });
        let facts = reader.finish();
        let part = (seen > 0).then(|| part.classified(facts.body_is_json));
        (part, facts)
    }

    fn read_answer(&mut self, end: &End, cut: &mut Vec<Cut>) -> ReadAnswer {
        let id = self.call.id;
        let nothing = BodyCopy::new(id, "none", std::sync::Arc::clone(&self.recorder), 0, 0);
        let copy = std::mem::replace(&mut self.response, nothing);
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
            let part = (seen > 0).then(|| part.classified(facts.body_is_json));
            let content_type = content_type_of(&answered.headers);
            return ReadAnswer {
                facts,
                part,
                content_type: Some(content_type),
                ..ReadAnswer::default()
            };
        }
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
        let events = self
            .limits
            .events
            .then(|| self.events_part(raw, cut))
            .flatten();
        ReadAnswer {
            facts: whole.facts,
            part: Some(self.json_part("output", whole.body)),
            events,
            content_type: Some("application/json".to_owned()),
            stream_events: whole.events,
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
            } else if feed(&mut copy, take).is_err() {
                note(CutReason::Disk, copy.seen_bytes());
            }
            return Part::of_copy(copy);
        };
        let recorder = std::sync::Arc::clone(&self.recorder);
        let (memory_max, cap) = (self.limits.memory_max, self.limits.decoded_max);
        let mut decoded = BodyCopy::new(self.call.id, part, recorder, memory_max, cap);
        let outcome = match copy.reader() {
            Err(_) => Err(Undecoded::NotDecoded),
            Ok(reader) => decode(encoding, reader, cap, &mut |piece| {
                take(piece);
                decoded.push(piece);
            }),
        };
        match outcome {
            Ok(()) => Part::of_copy(decoded),
            Err(Undecoded::NotDecoded) => {
                note(CutReason::NotDecoded, copy.seen_bytes());
                Part::of_copy(copy)
            }
            Err(Undecoded::OverLimit) => {
                note(CutReason::DecodedOverLimit, copy.seen_bytes());
                Part::of_copy(copy)
            }
        }
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

    fn events_part(&self, raw: Part, cut: &mut Vec<Cut>) -> Option<Part> {
        let lines = match raw.bytes {
            Ok(memory) => event_lines(&mut memory.as_slice(), &self.arrival.marks),
            Err(mut spill) => spill
                .reader()
                .and_then(|mut reader| event_lines(&mut reader, &self.arrival.marks)),
        };
        let Ok(lines) = lines else {
            let part = "events".to_owned();
            cut.push(Cut {
                part,
                reason: CutReason::Disk,
                bytes: Some(raw.length),
            });
            return None;
        };
        let mut part = self.json_part("events", lines);
        part.form = BodyForm::Text;
        Some(part)
    }

    fn fill_extension(
        &self,
        extension: &mut Extension,
        end: &End,
        asked: &RequestFacts,
        answer: &ReadAnswer,
    ) {
        let facts = &answer.facts;
        extension.latency_ms = Some(ms(end.at));
        extension.time_to_first_byte_ms = self.arrival.first_at.map(ms);
        extension.reported_latency_ms = facts.latency_ms.map(as_float);
        extension.stop_reason.clone_from(&facts.stop_reason);
        extension.response_model.clone_from(&facts.response_model);
        extension.response_id.clone_from(&facts.response_id);
        extension.user.clone_from(&asked.user);
        extension.session.clone_from(&asked.session);
        extension.trace = asked.trace.clone().map(|trace_id| Trace {
            trace_id,
            span_id: asked.parent_span.clone(),
        });
        extension.tags = asked.tags.iter().cloned().collect();
        extension.usage = UsageCounts(facts.usage);
        extension.delivery = Some(end.delivered.clone());
        extension.http_status = end.status;
        if let Some(answered) = &self.answered {
            extension.http_status = Some(end.status.unwrap_or(answered.status));
            extension.response_encoding = encoding_of(&answered.headers);
            extension.response_headers = self.limits.headers.keep(&answered.headers);
            extension.upstream_request_id = ["x-amzn-requestid", "x-request-id", "request-id"]
                .into_iter()
                .find_map(|name| answered.headers.get(name)?.to_str().ok())
                .map(str::to_owned);
        }
        if self.framing != Framing::None {
            extension.stream = Some(StreamFacts {
                framing: framing_name(self.framing).to_owned(),
                chunks: self.arrival.chunks,
                events: answer.stream_events,
                longest_gap_ms: self.arrival.longest_gap.map(ms),
                complete: end.complete,
            });
        }
    }

    /// Which of the two bodies the original would log for this outcome.
    ///
    /// Source: a throttled Bedrock call is logged without input and output; other Bedrock errors keep the
    /// prompt. Elsewhere everything is kept: there is no original to be compatible with.
    fn shape_of(&self, end: &End, facts: &AnswerFacts) -> Shape {
        let status = end
            .status
            .or(self.answered.as_ref().map(|answered| answered.status));
        let failed = status.is_none_or(|status| status >= 400);
        let bedrock = self.call.dialect == Dialect::Bedrock;
        let throttled = facts
            .error
            .as_ref()
            .is_some_and(|e| e.code == "ThrottlingException");
        Shape {
            failed,
            input: self.opaque.is_none() && !(bedrock && failed && throttled),
            output: self.opaque.is_none() && !(bedrock && failed),
        }
    }
}

struct Shape {
    failed: bool,
    input: bool,
    output: bool,
}

#[derive(Default)]
struct ReadAnswer {
    facts: AnswerFacts,
    part: Option<Part>,
    events: Option<Part>,
    content_type: Option<String>,
    stream_events: u64,
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

fn fault_of(end: &End, facts: &AnswerFacts, failed: bool) -> Option<Fault> {
    if let Some(fault) = &end.fault {
        return Some(fault.clone());
    }
    let said = facts.error.as_ref().map(|error| Fault {
        code: error.code.clone(),
        message: error.message.clone().unwrap_or_default(),
        source: ErrorSource::Upstream,
    });
    said.or_else(|| {
        failed.then(|| Fault {
            code: "UnknownError".to_owned(),
            message: String::new(),
            source: ErrorSource::Upstream,
        })
    })
}

fn fill_document(
    document: &mut Document,
    asked: &RequestFacts,
    facts: &AnswerFacts,
    shape: &Shape,
) {
    let value = |count: Option<Count>| count.map(|count| count.value);
    if shape.input {
        document.input = Some(Input {
            input_content_type: None,
            input_token_count: value(facts.usage.input),
            cache_read_input_token_count: value(facts.usage.cache_read),
            cache_write_input_token_count: value(facts.usage.cache_write),
        });
    }
    if shape.output {
        let image = facts.image.or(asked.image).unwrap_or_default();
        document.output = Some(Output {
            output_content_type: None,
            output_token_count: value(facts.usage.output),
            output_image_height: image.height,
            output_image_width: image.width,
            output_image_bucketed_step_size: image.steps,
        });
    }
    document.performance_config = asked
        .performance_latency
        .clone()
        .map(|latency| PerformanceConfig { latency });
    if !asked.metadata.is_empty() {
        document.request_metadata = Some(asked.metadata.iter().cloned().collect());
    }
}

fn feed(copy: &mut BodyCopy, take: &mut dyn FnMut(&[u8])) -> io::Result<()> {
    let mut reader = copy.reader()?;
    let mut piece = vec![0; READ_BYTES];
    loop {
        match reader.read(&mut piece)? {
            0 => return Ok(()),
            length => take(&piece[..length]),
        }
    }
}

/// The raw stream as lines of `{"atMs":…,"bytes":…,"base64":…}`, one a chunk.
fn event_lines(raw: &mut dyn Read, marks: &[ChunkMark]) -> io::Result<Vec<u8>> {
    use base64::Engine as _;
    let mut lines = Vec::new();
    let mut chunk = Vec::new();
    for mark in marks {
        chunk.resize(mark.bytes as usize, 0);
        raw.read_exact(&mut chunk)?;
        let text = base64::engine::general_purpose::STANDARD.encode(&chunk);
        let at = ms(mark.at);
        lines.extend_from_slice(
            format!(
                "{{\"atMs\":{at},\"bytes\":{},\"base64\":\"{text}\"}}\n",
                mark.bytes
            )
            .as_bytes(),
        );
    }
    Ok(lines)
}

pub(crate) fn encoding_of(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("content-encoding")?.to_str().ok()?;
    (!value.is_empty() && !value.eq_ignore_ascii_case("identity")).then(|| value.to_owned())
}

/// JSON where nothing is said: AWS SDKs leave the header out.
fn content_type_of(headers: &HeaderMap) -> String {
    let said = headers
        .get("content-type")
        .and_then(|value| value.to_str().ok());
    said.unwrap_or("application/json").to_owned()
}

fn framing_name(framing: Framing) -> &'static str {
    match framing {
        Framing::Sse => "sse",
        Framing::EventStream => "eventstream",
        Framing::NdJson => "ndjson",
        Framing::JsonArray => "jsonarray",
        Framing::None => "none",
    }
}

/// Milliseconds to the microsecond.
fn ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1_000.0
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a latency in milliseconds is far below 2^52"
)]
fn as_float(number: u64) -> f64 {
    number as f64
}
