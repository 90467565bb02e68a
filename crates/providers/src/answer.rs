//! Reads what an answer says about itself.

use corelog_types::{Dialect, Operation, Usage};

use crate::facts::{AnswerFacts, DataKinds, ErrorFacts, ImageFacts};
use crate::family::{ErrorField, Family, Shape};
use crate::headers::Headers;
use crate::request::image_size;
use crate::route::Route;
use crate::skim::{Sink, Skimmer, Value};
use crate::tally::Tally;

/// A fact that a path of an answer's body, or of a stream's part, may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) enum AnswerSlot {
    Count(fn(&mut Tally) -> &mut Option<u64>),
    /// Added to what is there already: one count for each of several results.
    AddCount(fn(&mut Tally) -> &mut Option<u64>),
    /// One kind of data's count, which goes to the first field for audio, to the second for images.
    CountByModality(
        fn(&mut Tally) -> &mut Option<u64>,
        fn(&mut Tally) -> &mut Option<u64>,
    ),
    /// The kind of data that the count behind it is of.
    Modality,
    Model,
    Id,
    Stop,
    /// Says more than the stop reason where it is there (`incomplete_details.reason`).
    StopDetail,
    LatencyMs,
    FirstByteMs,
    ErrorCode,
    ErrorType,
    ErrorStatus,
    ErrorMessage,
    /// `error` itself: an object, or the message.
    Error,
    /// A message at the top of the body, which is an error's only where the status says so.
    TopMessage,
    /// A code at the top of the body, as above.
    TopCode,
    GuardrailAction,
    ServiceTier,
    InferenceGeo,
    Speed,
    /// Tokens written to the cache, by how long they stay: an object begins.
    CacheDetail,
    /// Its `5m` or `1h`.
    CacheTtl,
    /// Its count.
    CacheTtlTokens,
    PerformanceLatency,
    Has(DataKinds),
    /// The `type` of an event; `error` makes the code and the message beside it an error's.
    EventType,
    /// The `type` of an output item; `image_generation_call` is an image.
    OutputType,
    /// One image.
    Image,
    /// `1024x1024`
    ImageSize,
}

/// The count slots, named as the tables of the families use them.
pub(crate) mod count {
    use super::AnswerSlot::{self, AddCount, Count, CountByModality};

    pub(crate) const INPUT: AnswerSlot = Count(|tally| &mut tally.input);
    pub(crate) const INPUT_EACH: AnswerSlot = AddCount(|tally| &mut tally.input);
    pub(crate) const INPUT_EXTRA: AnswerSlot = Count(|tally| &mut tally.input_extra);
    pub(crate) const CACHED_INSIDE: AnswerSlot = Count(|tally| &mut tally.cached_inside);
    pub(crate) const WRITTEN_INSIDE: AnswerSlot = Count(|tally| &mut tally.written_inside);
    pub(crate) const CACHE_READ: AnswerSlot = Count(|tally| &mut tally.cache_read);
    pub(crate) const CACHE_WRITE: AnswerSlot = Count(|tally| &mut tally.cache_write);
    pub(crate) const CACHE_WRITE_1H: AnswerSlot = Count(|tally| &mut tally.cache_write_1h);
    pub(crate) const OUTPUT: AnswerSlot = Count(|tally| &mut tally.output);
    pub(crate) const OUTPUT_EACH: AnswerSlot = AddCount(|tally| &mut tally.output);
    pub(crate) const REASONING_INSIDE: AnswerSlot = Count(|tally| &mut tally.reasoning_inside);
    pub(crate) const REASONING_OUTSIDE: AnswerSlot = Count(|tally| &mut tally.reasoning_outside);
    pub(crate) const INPUT_AUDIO: AnswerSlot = Count(|tally| &mut tally.input_audio);
    pub(crate) const OUTPUT_AUDIO: AnswerSlot = Count(|tally| &mut tally.output_audio);
    pub(crate) const INPUT_IMAGE: AnswerSlot = Count(|tally| &mut tally.input_image);
    pub(crate) const OUTPUT_IMAGE: AnswerSlot = Count(|tally| &mut tally.output_image);
    pub(crate) const INPUT_BY_MODALITY: AnswerSlot = CountByModality(
        |tally| &mut tally.input_audio,
        |tally| &mut tally.input_image,
    );
    pub(crate) const OUTPUT_BY_MODALITY: AnswerSlot = CountByModality(
        |tally| &mut tally.output_audio,
        |tally| &mut tally.output_image,
    );
    pub(crate) const TOTAL: AnswerSlot = Count(|tally| &mut tally.total);
    pub(crate) const BILLED_INPUT: AnswerSlot = Count(|tally| &mut tally.billed_input);
    pub(crate) const BILLED_OUTPUT: AnswerSlot = Count(|tally| &mut tally.billed_output);
    pub(crate) const MEASURED_INPUT: AnswerSlot = Count(|tally| &mut tally.measured.input);
    pub(crate) const MEASURED_OUTPUT: AnswerSlot = Count(|tally| &mut tally.measured.output);
    pub(crate) const MEASURED_READ: AnswerSlot = Count(|tally| &mut tally.measured.cache_read);
    pub(crate) const MEASURED_WRITE: AnswerSlot = Count(|tally| &mut tally.measured.cache_write);
}

/// The slots of kinds of data, as above.
pub(crate) mod has {
    use super::AnswerSlot::{self, Has};
    use crate::facts::DataKinds;

    pub(crate) const TEXT: AnswerSlot = Has(DataKinds::TEXT);
    pub(crate) const IMAGE: AnswerSlot = Has(DataKinds::IMAGE);
    pub(crate) const EMBEDDING: AnswerSlot = Has(DataKinds::EMBEDDING);
    pub(crate) const AUDIO: AnswerSlot = Has(DataKinds::AUDIO);
}

/// Reads an answer whose body comes in chunks; memory does not grow with the body.
#[derive(Debug)]
pub struct AnswerReader {
    skimmer: Skimmer<AnswerSlot>,
    collected: Collected,
}

#[derive(Debug)]
struct Collected {
    fractional_counts: bool,
    tally: Tally,
    facts: AnswerFacts,
    stop_detail: Option<String>,
    error: ErrorFields,
    images: u64,
    modality: Option<String>,
    cache_detail: CacheDetail,
}

/// An element of Converse's `cacheDetails`, as far as it is read.
#[derive(Debug, Default)]
struct CacheDetail {
    is_hour: Option<bool>,
    tokens: Option<u64>,
}

#[derive(Debug, Default)]
struct ErrorFields {
    seen: bool,
    /// The code and the message at the top belong to an error whatever the status says.
    top_counts: bool,
    code: Option<String>,
    kind: Option<String>,
    status: Option<String>,
    message: Option<String>,
    top_message: Option<String>,
    top_code: Option<String>,
}

impl AnswerReader {
    /// Starts without having seen anything.
    pub fn new(route: &Route) -> Self {
        Self::of_shape(route.shape)
    }

    pub(crate) fn of_shape(shape: Shape) -> Self {
        let family = shape.family();
        Self {
            skimmer: Skimmer::new(&family.answer),
            collected: Collected {
                fractional_counts: family.fractional_counts,
                tally: Tally::default(),
                facts: AnswerFacts::default(),
                stop_detail: None,
                error: ErrorFields::default(),
                images: 0,
                modality: None,
                cache_detail: CacheDetail::default(),
            },
        }
    }

    /// Takes the next bytes of the decoded body.
    pub fn push(&mut self, chunk: &[u8]) {
        self.skimmer.push(chunk, &mut self.collected);
    }

    /// Takes one whole part of a stream. Returns whether it was valid JSON.
    pub(crate) fn part(&mut self, text: &[u8]) -> bool {
        self.skimmer.whole(text, &mut self.collected)
    }

    /// The counts so far.
    pub(crate) fn usage(&self) -> Usage {
        self.collected.tally.usage()
    }

    /// Notes an error that the framing reports rather than a body.
    pub(crate) fn fail(&mut self, code: String, message: Option<String>) {
        let error = &mut self.collected.error;
        error.seen = true;
        error.code = Some(code);
        error.message = message;
    }

    /// The facts, once the body is over.
    pub fn finish(mut self, route: &Route, status: u16, headers: &dyn Headers) -> AnswerFacts {
        let valid = self.skimmer.finish(&mut self.collected);
        self.into_facts(route, status, headers, valid)
    }

    /// The facts of a stream, whose parts came through [`AnswerReader::part`].
    pub(crate) fn into_facts(
        self,
        route: &Route,
        status: u16,
        headers: &dyn Headers,
        body_is_json: bool,
    ) -> AnswerFacts {
        let mut collected = self.collected;
        let mut header_error = None;
        headers.each(&mut |name, value| collected.header(name, value, &mut header_error));
        let family = route.shape.family();
        let mut facts = collected.facts;
        facts.usage = collected.tally.usage();
        facts.stop_reason = collected.stop_detail.or(facts.stop_reason);
        facts.error = collected.error.facts(family, route, status, header_error);
        if collected.images > 0 {
            facts.image.get_or_insert_default().count = Some(collected.images);
            facts.kinds.insert(DataKinds::IMAGE);
        }
        if route.operation == Operation::Embeddings && facts.error.is_none() {
            facts.kinds.insert(DataKinds::EMBEDDING);
        }
        facts.body_is_json = body_is_json;
        facts
    }
}

/// Reads a whole answer whose decoded body is at hand.
pub fn read_answer(route: &Route, status: u16, headers: &dyn Headers, body: &[u8]) -> AnswerFacts {
    let mut reader = AnswerReader::new(route);
    reader.push(body);
    reader.finish(route, status, headers)
}

impl Collected {
    /// Source: response headers of `InvokeModel`, which SDKs read though the service model leaves them out.
    fn header(&mut self, name: &str, value: &str, error: &mut Option<String>) {
        let Some(rest) = name
            .get(..7)
            .filter(|start| start.eq_ignore_ascii_case("x-amzn-"))
            .map(|_| name[7..].to_ascii_lowercase())
        else {
            return;
        };
        let measured = &mut self.tally.measured;
        let number = || value.trim().parse().ok();
        match rest.as_str() {
            "bedrock-input-token-count" => measured.input = number().or(measured.input),
            "bedrock-output-token-count" => measured.output = number().or(measured.output),
            "bedrock-cache-read-input-token-count" => {
                measured.cache_read = number().or(measured.cache_read);
            }
            "bedrock-cache-write-input-token-count" => {
                measured.cache_write = number().or(measured.cache_write);
            }
            "bedrock-invocation-latency" => self.facts.latency_ms = number(),
            "bedrock-performanceconfig-latency" => {
                self.facts.performance_latency = Some(value.to_owned());
            }
            "bedrock-service-tier" => self.facts.service_tier = Some(value.to_owned()),
            "errortype" => *error = Some(exception_name(value).to_owned()),
            _ => {}
        }
    }

    /// Takes an element of `cacheDetails`, once both of its members were there.
    fn cache_written(&mut self) {
        if let (Some(is_hour), Some(tokens)) = (self.cache_detail.is_hour, self.cache_detail.tokens)
        {
            let hour = self.tally.cache_write_1h.get_or_insert(0);
            *hour = hour.saturating_add(if is_hour { tokens } else { 0 });
        }
    }

    fn count(&self, value: &Value<'_>) -> Option<u64> {
        value.count().or_else(|| match value {
            Value::Number(number) if self.fractional_counts => whole_part(number),
            _ => None,
        })
    }
}

/// The whole part of a number such as `12.0`; nothing for a negative one or one with an exponent.
fn whole_part(number: &[u8]) -> Option<u64> {
    let (whole, fraction) = std::str::from_utf8(number).ok()?.split_once('.')?;
    let plain = fraction.bytes().all(|byte| byte.is_ascii_digit());
    if plain { whole.parse().ok() } else { None }
}

/// `ThrottlingException` out of `com.amazon.coral#ThrottlingException:http://internal.amazon.com/…`.
fn exception_name(value: &str) -> &str {
    let value = value.split(':').next().unwrap_or(value);
    value.rsplit('#').next().unwrap_or(value).trim()
}

impl Sink<AnswerSlot> for Collected {
    fn take(&mut self, slot: AnswerSlot, _key: &[u8], value: Value<'_>) {
        let first = |field: &mut Option<String>| {
            if field.is_none() {
                *field = value.text().map(std::borrow::Cow::into_owned);
            }
        };
        let printed = || value.printed().map(std::borrow::Cow::into_owned);
        match slot {
            AnswerSlot::Count(field) => {
                if let Some(count) = self.count(&value) {
                    *field(&mut self.tally) = Some(count);
                }
            }
            AnswerSlot::AddCount(field) => {
                if let Some(count) = self.count(&value) {
                    let field = field(&mut self.tally);
                    *field = Some(field.unwrap_or(0).saturating_add(count));
                }
            }
            AnswerSlot::CountByModality(audio, image) => {
                let field = match self.modality.take().as_deref() {
                    Some("AUDIO") => audio(&mut self.tally),
                    Some("IMAGE") => image(&mut self.tally),
                    _ => return,
                };
                *field = value.count().or(*field);
            }
            AnswerSlot::Modality => self.modality = printed(),
            AnswerSlot::Model => first(&mut self.facts.response_model),
            AnswerSlot::Id => first(&mut self.facts.response_id),
            AnswerSlot::Stop => {
                if let Some(stop) = value.text() {
                    self.facts.stop_reason = Some(stop.into_owned());
                }
            }
            AnswerSlot::StopDetail => first(&mut self.stop_detail),
            AnswerSlot::LatencyMs => {
                self.facts.latency_ms = value.count().or(self.facts.latency_ms);
            }
            AnswerSlot::FirstByteMs => self.facts.first_byte_latency_ms = value.count(),
            AnswerSlot::ErrorCode => self.error.code = printed(),
            AnswerSlot::ErrorType => self.error.kind = printed(),
            AnswerSlot::ErrorStatus => self.error.status = printed(),
            AnswerSlot::ErrorMessage => self.error.message = printed(),
            AnswerSlot::TopMessage => first(&mut self.error.top_message),
            AnswerSlot::TopCode => self.error.top_code = printed(),
            AnswerSlot::Error => match value {
                Value::Opened => self.error.seen = true,
                Value::Text(text) if !text.is_empty() => {
                    self.error.seen = true;
                    self.error.message = printed();
                }
                _ => {}
            },
            AnswerSlot::GuardrailAction => {
                self.facts.guardrail_action = printed().or(self.facts.guardrail_action.take());
            }
            AnswerSlot::ServiceTier => first(&mut self.facts.service_tier),
            AnswerSlot::InferenceGeo => first(&mut self.facts.inference_geo),
            AnswerSlot::Speed => first(&mut self.facts.speed),
            AnswerSlot::CacheDetail => self.cache_detail = CacheDetail::default(),
            AnswerSlot::CacheTtl => {
                self.cache_detail.is_hour = value.text().map(|ttl| ttl == "1h");
                self.cache_written();
            }
            AnswerSlot::CacheTtlTokens => {
                self.cache_detail.tokens = value.count();
                self.cache_written();
            }
            AnswerSlot::PerformanceLatency => first(&mut self.facts.performance_latency),
            AnswerSlot::Has(kinds) => self.facts.kinds.insert(kinds),
            AnswerSlot::EventType => {
                if value.text().as_deref() == Some("error") {
                    self.error.seen = true;
                    self.error.top_counts = true;
                }
            }
            AnswerSlot::OutputType => {
                let image = value.text().as_deref() == Some("image_generation_call");
                self.images += u64::from(image);
            }
            AnswerSlot::Image => self.images += 1,
            AnswerSlot::ImageSize => {
                if let Some((width, height)) = value.text().as_deref().and_then(image_size) {
                    self.facts.image = Some(ImageFacts {
                        width: Some(width),
                        height: Some(height),
                        ..self.facts.image.unwrap_or_default()
                    });
                }
            }
        }
    }
}

impl ErrorFields {
    fn facts(
        self,
        family: &Family,
        route: &Route,
        status: u16,
        header_code: Option<String>,
    ) -> Option<ErrorFacts> {
        let failed = status >= 400;
        if !failed && !self.seen {
            return None;
        }
        let (top_code, top_message) = if failed || self.top_counts {
            (self.top_code, self.top_message)
        } else {
            (None, None)
        };
        let mut found = None;
        for field in family.error_code {
            found = found.or_else(|| {
                match field {
                    ErrorField::Code => self.code.as_ref(),
                    ErrorField::Type => self.kind.as_ref(),
                    ErrorField::Status => self.status.as_ref(),
                }
                .filter(|code| !code.is_empty())
                .cloned()
            });
        }
        let code = header_code
            .or(found)
            .or(top_code)
            .unwrap_or_else(|| code_of_status(route.dialect, status));
        Some(ErrorFacts {
            code,
            message: self.message.or(top_message),
        })
    }
}

/// A name for an error whose answer does not name it.
///
/// Source: the exceptions and statuses of the `bedrock-runtime` service model.
fn code_of_status(dialect: Dialect, status: u16) -> String {
    let name = match (dialect, status) {
        (_, 0..400) => "stream_error",
        (Dialect::Bedrock, 400) => "ValidationException",
        (Dialect::Bedrock, 403) => "AccessDeniedException",
        (Dialect::Bedrock, 404) => "ResourceNotFoundException",
        (Dialect::Bedrock, 408) => "ModelTimeoutException",
        (Dialect::Bedrock, 424) => "ModelErrorException",
        (Dialect::Bedrock, 429) => "ThrottlingException",
        (Dialect::Bedrock, 500) => "InternalServerException",
        (Dialect::Bedrock, 503) => "ServiceUnavailableException",
        _ => return format!("http_{status}"),
    };
    name.to_owned()
}
