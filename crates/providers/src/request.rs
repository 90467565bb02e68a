//! Reads what a request says about itself.

use crate::facts::{DataKinds, ImageFacts, RequestFacts};
use crate::family::{Shape, generic};
use crate::form::{Form, Item};
use crate::headers::Headers;
use crate::json::unescape;
use crate::metadata;
use crate::route::Route;
use crate::skim::{Paths, Sink, Skimmer, Value};

/// Metadata pairs that are kept; Bedrock allows 16, and nobody needs more than this.
const PAIRS_MAX: usize = 64;

/// The `outputImageBucketedStepSize` of an image of standard quality. Decision: that of a premium one is not known, so
/// such a record has none.
///
/// Source: Bedrock's invocation log of Nova Canvas.
const STANDARD_IMAGE_STEPS: u64 = 50;

/// A fact that a path of a request's body may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestSlot {
    Model,
    Stream,
    User,
    /// A second field for the user, used where the first is absent.
    UserFallback,
    Session,
    Trace,
    Metadata,
    Tag,
    PerformanceLatency,
    ServiceTier,
    GuardrailId,
    GuardrailVersion,
    /// A value here, of whatever type, means such data.
    Has(DataKinds),
    /// The `type` of a content part, which names a kind of data.
    PartType,
    ImageCount,
    ImageHeight,
    ImageWidth,
    /// `1024x1024`
    ImageSize,
    ImageSteps,
    /// `standard`, which stands for a number of steps.
    ImageQuality,
    /// The same, of a provider whose qualities stand for no steps.
    ImageQualityName,
}

/// The slots of kinds of data, named as the tables of the families use them.
pub(crate) mod holds {
    use super::RequestSlot::{self, Has};
    use crate::facts::DataKinds;

    pub(crate) const TEXT: RequestSlot = Has(DataKinds::TEXT);
    pub(crate) const IMAGE: RequestSlot = Has(DataKinds::IMAGE);
    pub(crate) const VIDEO: RequestSlot = Has(DataKinds::VIDEO);
    pub(crate) const AUDIO: RequestSlot = Has(DataKinds::AUDIO);
}

/// Reads a request whose body comes in chunks; memory does not grow with the body.
#[derive(Debug)]
pub struct RequestReader {
    paths: &'static Paths<RequestSlot>,
    skimmer: Skimmer<RequestSlot>,
    form: Multipart,
    collected: Collected,
}

/// Whether the body is a form.
#[derive(Debug)]
enum Multipart {
    Yes(Form),
    No,
    /// No header says what the body is: its first byte will. No JSON object or array begins with a dash.
    Unknown,
}

impl Multipart {
    fn of(headers: &dyn Headers) -> Self {
        let mut found = Self::Unknown;
        headers.each(&mut |name, value| {
            if name.eq_ignore_ascii_case("content-type") {
                found = Form::of_content_type(value).map_or(Self::No, Self::Yes);
            }
        });
        found
    }

    fn push(&mut self, chunk: &[u8], show: &mut dyn FnMut(Item<'_>)) {
        if let (Self::Unknown, Some(first)) = (&self, chunk.first()) {
            *self = match first {
                b'-' => Self::Yes(Form::of_first_line()),
                _ => Self::No,
            };
        }
        if let Self::Yes(form) = self {
            form.push(chunk, show);
        }
    }
}

#[derive(Debug, Default)]
struct Collected {
    facts: RequestFacts,
    user_fallback: Option<String>,
    model_fallback: Option<String>,
}

impl RequestReader {
    /// Starts with what the request line and the headers say.
    pub fn new(route: &Route, headers: &dyn Headers) -> Self {
        let mut facts = RequestFacts::default();
        metadata::read(headers, &mut facts);
        // An Azure deployment is a name of the customer's own: where the body names a model, that is the model.
        let mut model_fallback = route.model.clone();
        let body_decides = [Shape::OpenAiChat, Shape::OpenAiResponses, Shape::Generic];
        if !body_decides.contains(&route.shape) {
            facts.model = model_fallback.take();
        }
        let paths = &route.shape.family().request;
        Self {
            paths,
            skimmer: Skimmer::new(paths),
            form: Multipart::of(headers),
            collected: Collected {
                facts,
                user_fallback: None,
                model_fallback,
            },
        }
    }

    /// Takes the next bytes of the decoded body.
    pub fn push(&mut self, chunk: &[u8]) {
        self.skimmer.push(chunk, &mut self.collected);
        let (paths, collected) = (self.paths, &mut self.collected);
        self.form
            .push(chunk, &mut |item| collected.item(item, paths));
    }

    /// The facts, once the body is over.
    pub fn finish(mut self) -> RequestFacts {
        let valid = self.skimmer.finish(&mut self.collected);
        let mut facts = self.collected.facts;
        facts.body_is_json = valid;
        facts.user = facts.user.or(self.collected.user_fallback);
        facts.model = facts.model.or(self.collected.model_fallback);
        facts
    }
}

/// Reads a request whose decoded body is at hand.
pub fn read_request(route: &Route, headers: &dyn Headers, body: &[u8]) -> RequestFacts {
    let mut reader = RequestReader::new(route, headers);
    reader.push(body);
    reader.finish()
}

/// The `model` of a body, for routing by model name. The body may be cut anywhere after it.
pub fn model_of(body: &[u8]) -> Option<String> {
    let paths = &generic::FAMILY.request;
    let mut collected = Collected::default();
    Skimmer::new(paths).push(body, &mut collected);
    Multipart::Unknown.push(body, &mut |item| collected.item(item, paths));
    collected.facts.model
}

impl Collected {
    fn item(&mut self, item: Item<'_>, paths: &Paths<RequestSlot>) {
        match item {
            Item::File(kinds) => self.facts.kinds.insert(kinds),
            Item::Field { name, value } => {
                if let Some(slot) = paths.slot(name) {
                    self.take(slot, b"", Value::Field(value));
                }
            }
        }
    }
}

impl Sink<RequestSlot> for Collected {
    fn take(&mut self, slot: RequestSlot, key: &[u8], value: Value<'_>) {
        let facts = &mut self.facts;
        let text = || value.text().filter(|text| !text.is_empty());
        let set = |field: &mut Option<String>| {
            if field.is_none()
                && let Some(text) = text()
            {
                *field = Some(text.into_owned());
            }
        };
        match slot {
            RequestSlot::Model => set(&mut facts.model),
            RequestSlot::Stream => facts.stream = value.flag().or(facts.stream),
            RequestSlot::User => set(&mut facts.user),
            RequestSlot::UserFallback => set(&mut self.user_fallback),
            RequestSlot::Session => set(&mut facts.session),
            RequestSlot::Trace => set(&mut facts.trace),
            RequestSlot::Metadata => add_pair(&mut facts.metadata, key, value),
            RequestSlot::Tag => add_pair(&mut facts.tags, key, value),
            RequestSlot::PerformanceLatency => set(&mut facts.performance_latency),
            RequestSlot::ServiceTier => set(&mut facts.service_tier),
            RequestSlot::GuardrailId => set(&mut facts.guardrail_id),
            RequestSlot::GuardrailVersion => set(&mut facts.guardrail_version),
            RequestSlot::Has(kinds) => facts.kinds.insert(kinds),
            RequestSlot::PartType => facts.kinds.insert(kinds_of_part(&value)),
            RequestSlot::ImageCount => image(facts).count = value.count(),
            RequestSlot::ImageHeight => image(facts).height = value.count(),
            RequestSlot::ImageWidth => image(facts).width = value.count(),
            RequestSlot::ImageSteps => image(facts).steps = value.count(),
            RequestSlot::ImageQuality => {
                if value.text().as_deref() == Some("standard") {
                    image(facts).steps = Some(STANDARD_IMAGE_STEPS);
                }
                set(&mut facts.image_quality);
            }
            RequestSlot::ImageQualityName => set(&mut facts.image_quality),
            RequestSlot::ImageSize => {
                if let Some((width, height)) = value.text().as_deref().and_then(image_size) {
                    let image = image(facts);
                    (image.width, image.height) = (Some(width), Some(height));
                }
            }
        }
    }
}

fn image(facts: &mut RequestFacts) -> &mut ImageFacts {
    facts.image.get_or_insert_default()
}

/// Reads `1024x768` as width and height.
pub(crate) fn image_size(text: &str) -> Option<(u64, u64)> {
    let (width, height) = text.split_once('x')?;
    Some((width.parse().ok()?, height.parse().ok()?))
}

fn add_pair(pairs: &mut Vec<(String, String)>, key: &[u8], value: Value<'_>) {
    if pairs.len() < PAIRS_MAX
        && let Some(value) = value.printed()
    {
        pairs.push((unescape(key).into_owned(), value.into_owned()));
    }
}

/// What the `type` of a content part says it holds, in any of the dialects that tag their parts.
fn kinds_of_part(value: &Value<'_>) -> DataKinds {
    match value.text().as_deref() {
        Some("text" | "input_text" | "output_text") => DataKinds::TEXT,
        Some(
            "image" | "image_url" | "input_image" | "document" | "file" | "input_file"
            | "document_url",
        ) => DataKinds::IMAGE,
        Some("input_audio" | "audio" | "audio_url") => DataKinds::AUDIO,
        Some("video" | "video_url" | "input_video") => DataKinds::VIDEO,
        _ => DataKinds::NONE,
    }
}
