//! The end of an exchange: the copies are read, the record is made, and it is handed to the recorder.

use std::time::Duration;

use corelog_providers::{AnswerFacts, Framing, RequestFacts};
use corelog_record::stored::{PartHeader, PartName, Place, encode_envelope};
use corelog_record::{
    Cut, CutReason, Document, ErrorSource, Extension, Input, Output, PerformanceConfig,
    StreamFacts, Trace, UsageCounts,
};
use corelog_types::{Count, Dialect, RecordId, Timestamp};

use crate::bodies::{Part, ReadAnswer};
use crate::headers::{content_type_of, encoding_of};
use crate::policy::Policy;
use crate::recorder::{Appended, Entry, Recorder, RecorderError, SealedSpill, Spill};
use crate::{Capture, End, Fault};

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

impl Capture {
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
            None => (request.seen_bytes(), self.response.lock().seen_bytes()),
        };
        let (input, asked) = self.read_request(request, &mut cut);
        let model = asked.model.clone();
        let policy = self.policy(model.as_deref());
        if policy == Policy::None {
            return None;
        }
        let answered = self.read_answer(end, &mut cut);
        let shape = self.shape_of(end, &answered.facts);

        let mut document = self.draft.take()?;
        document.request_id = self.request_id();
        let mut extension = document.corelog.take().unwrap_or_default();
        self.fill_extension(&mut extension, end, &asked, &answered);
        self.fill_billing(&mut extension, &asked, &answered.facts, shape.failed);
        extension.request_bytes = Some(request_bytes);
        extension.response_bytes = Some(response_bytes);
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

        document.corelog = Some(extension);
        fill_document(&mut document, &asked, &answered.facts, &shape);
        if let Some(output) = &mut document.output {
            output
                .output_content_type
                .clone_from(&answered.content_type);
        }
        if let Some(asked) = &mut document.input {
            asked.input_content_type = content_type_of(&self.call.headers, input.is_some());
        }
        // A side of which nothing is known, such as the prompt of a bare GET, is left out whole.
        document.input = document.input.filter(|it| *it != Input::default());
        document.output = document.output.filter(|it| *it != Output::default());
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
        extension.overhead_ms = end.overhead.map(ms);
        extension.reported_latency_ms = facts.latency_ms.map(as_float);
        extension.stop_reason.clone_from(&facts.stop_reason);
        extension.response_model.clone_from(&facts.response_model);
        extension.response_id.clone_from(&facts.response_id);
        extension.user.clone_from(&asked.user);
        extension.session.clone_from(&asked.session);
        extension.trace = asked.trace.clone().map(|trace_id| Trace {
            trace_id,
            span_id: asked.parent_span.clone(),
            parent_span_id: None,
        });
        extension.tags = asked.tags.iter().cloned().collect();
        extension.usage = UsageCounts(facts.usage);
        extension.image_count = facts.image.and_then(|image| image.count);
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
        let (given, wanted) = (
            facts.image.unwrap_or_default(),
            asked.image.unwrap_or_default(),
        );
        document.output = Some(Output {
            output_content_type: None,
            output_token_count: value(facts.usage.output),
            output_image_height: given.height.or(wanted.height),
            output_image_width: given.width.or(wanted.width),
            output_image_bucketed_step_size: given.steps.or(wanted.steps),
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
pub(crate) fn ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1_000.0
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a latency in milliseconds is far below 2^52"
)]
fn as_float(number: u64) -> f64 {
    number as f64
}
