//! Bedrock `InvokeModel`: native bodies of every model family. One table for all of them, because an ARN in the
//! path does not say which family answers, while the fields do.

use std::sync::LazyLock;

use super::{CODE_FIRST, Family, anthropic, generic, openai_chat};
use crate::answer::AnswerSlot::{
    self, FirstByteMs, GuardrailAction, Id, LatencyMs, Stop, TopMessage,
};
use crate::answer::count::{
    CACHE_READ, CACHE_WRITE, INPUT, MEASURED_INPUT, MEASURED_OUTPUT, MEASURED_READ, MEASURED_WRITE,
    OUTPUT, OUTPUT_EACH, TOTAL,
};
use crate::facts::DataKinds;
use crate::request::RequestSlot;
use crate::skim::Paths;
use crate::terminal::Ending;

const REQUEST: &[(&str, RequestSlot)] = &[
    // StartAsyncInvoke
    ("modelId", RequestSlot::Model),
    ("inputText", RequestSlot::Has(DataKinds::TEXT)),
    ("inputImage", RequestSlot::Has(DataKinds::IMAGE)),
    ("texts", RequestSlot::Has(DataKinds::TEXT)),
    ("images", RequestSlot::Has(DataKinds::IMAGE)),
    ("message", RequestSlot::Has(DataKinds::TEXT)),
    (
        "messages[].content[].text",
        RequestSlot::Has(DataKinds::TEXT),
    ),
    (
        "messages[].content[].image",
        RequestSlot::Has(DataKinds::IMAGE),
    ),
    (
        "messages[].content[].document",
        RequestSlot::Has(DataKinds::IMAGE),
    ),
    (
        "messages[].content[].video",
        RequestSlot::Has(DataKinds::VIDEO),
    ),
    // Titan Image and Nova Canvas
    ("imageGenerationConfig.height", RequestSlot::ImageHeight),
    ("imageGenerationConfig.width", RequestSlot::ImageWidth),
    (
        "imageGenerationConfig.numberOfImages",
        RequestSlot::ImageCount,
    ),
    ("textToImageParams", RequestSlot::Has(DataKinds::TEXT)),
    // Stability
    ("text_prompts", RequestSlot::Has(DataKinds::TEXT)),
    ("height", RequestSlot::ImageHeight),
    ("width", RequestSlot::ImageWidth),
    ("samples", RequestSlot::ImageCount),
    ("steps", RequestSlot::ImageSteps),
];

const ANSWER: &[(&str, AnswerSlot)] = &[
    // Amazon Nova, whole and streamed
    ("stopReason", Stop),
    ("usage.inputTokens", INPUT),
    ("usage.outputTokens", OUTPUT),
    ("usage.totalTokens", TOTAL),
    ("usage.cacheReadInputTokenCount", CACHE_READ),
    ("usage.cacheWriteInputTokenCount", CACHE_WRITE),
    ("usage.cacheReadInputTokens", CACHE_READ),
    ("usage.cacheWriteInputTokens", CACHE_WRITE),
    ("output.message", AnswerSlot::Has(DataKinds::TEXT)),
    ("messageStop.stopReason", Stop),
    ("metadata.usage.inputTokens", INPUT),
    ("metadata.usage.outputTokens", OUTPUT),
    ("metadata.usage.totalTokens", TOTAL),
    ("metadata.usage.cacheReadInputTokenCount", CACHE_READ),
    ("metadata.usage.cacheWriteInputTokenCount", CACHE_WRITE),
    ("metadata.usage.cacheReadInputTokens", CACHE_READ),
    ("metadata.usage.cacheWriteInputTokens", CACHE_WRITE),
    // Titan
    ("inputTextTokenCount", INPUT),
    ("totalOutputTextTokenCount", OUTPUT),
    ("results[].tokenCount", OUTPUT_EACH),
    ("results[].outputText", AnswerSlot::Has(DataKinds::TEXT)),
    ("results[].completionReason", Stop),
    ("completionReason", Stop),
    ("outputText", AnswerSlot::Has(DataKinds::TEXT)),
    ("embedding", AnswerSlot::Has(DataKinds::EMBEDDING)),
    ("embeddingsByType", AnswerSlot::Has(DataKinds::EMBEDDING)),
    ("embeddings", AnswerSlot::Has(DataKinds::EMBEDDING)),
    // Llama; its stop_reason is Anthropic's
    ("generation", AnswerSlot::Has(DataKinds::TEXT)),
    ("prompt_token_count", INPUT),
    ("generation_token_count", OUTPUT),
    // Mistral instruct
    ("outputs[].text", AnswerSlot::Has(DataKinds::TEXT)),
    ("outputs[].stop_reason", Stop),
    // Cohere
    ("text", AnswerSlot::Has(DataKinds::TEXT)),
    ("generation_id", Id),
    ("finish_reason", Stop),
    ("generations[].finish_reason", Stop),
    ("generations[].text", AnswerSlot::Has(DataKinds::TEXT)),
    ("response.finish_reason", Stop),
    // AI21 Jurassic
    ("completions[].data.text", AnswerSlot::Has(DataKinds::TEXT)),
    ("completions[].finishReason.reason", Stop),
    // Images: Titan, Nova, Stability
    ("images[]", AnswerSlot::Image),
    ("artifacts[].base64", AnswerSlot::Image),
    ("artifacts[].finishReason", Stop),
    ("finish_reasons[]", Stop),
    // What Bedrock adds
    ("amazon-bedrock-guardrailAction", GuardrailAction),
    (
        "amazon-bedrock-invocationMetrics.inputTokenCount",
        MEASURED_INPUT,
    ),
    (
        "amazon-bedrock-invocationMetrics.outputTokenCount",
        MEASURED_OUTPUT,
    ),
    (
        "amazon-bedrock-invocationMetrics.cacheReadInputTokenCount",
        MEASURED_READ,
    ),
    (
        "amazon-bedrock-invocationMetrics.cacheWriteInputTokenCount",
        MEASURED_WRITE,
    ),
    (
        "amazon-bedrock-invocationMetrics.invocationLatency",
        LatencyMs,
    ),
    (
        "amazon-bedrock-invocationMetrics.firstByteLatency",
        FirstByteMs,
    ),
    ("message", TopMessage),
    ("Message", TopMessage),
];

static REQUEST_PATHS: LazyLock<Paths<RequestSlot>> =
    LazyLock::new(|| Paths::new(&[openai_chat::REQUEST, anthropic::REQUEST, REQUEST]));
static ANSWER_PATHS: LazyLock<Paths<AnswerSlot>> =
    LazyLock::new(|| Paths::new(&[openai_chat::ANSWER, anthropic::ANSWER, ANSWER]));

pub(crate) static FAMILY: Family = Family {
    request: &REQUEST_PATHS,
    answer: &ANSWER_PATHS,
    ending: Ending {
        data: Some("[DONE]"),
        types: &["message_stop"],
        frames: &[],
        done_flag: false,
    },
    assemble: generic::array,
    error_code: CODE_FIRST,
    fractional_counts: false,
};
