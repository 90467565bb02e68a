//! Bedrock `InvokeModel`: native bodies of every model family. One table for all of them, because an ARN in the
//! path does not say which family answers, while the fields do.

use std::sync::LazyLock;

use super::bedrock_converse::{CONTENT, USAGE};
use super::{CODE_FIRST, Family, anthropic, bedrock_converse, generic, openai_chat};
use crate::answer::AnswerSlot::{
    self, FirstByteMs, GuardrailAction, Id, LatencyMs, Stop, TopMessage,
};
use crate::answer::count::{
    INPUT, INPUT_AUDIO, MEASURED_INPUT, MEASURED_OUTPUT, MEASURED_READ, MEASURED_WRITE, OUTPUT,
    OUTPUT_AUDIO, OUTPUT_EACH, TOTAL,
};
use crate::answer::has;
use crate::request::{RequestSlot, holds};
use crate::said::Growth;
use crate::skim::{Paths, Table};
use crate::terminal::Ending;

const REQUEST: Table<RequestSlot> = &[
    (
        "",
        &[
            // StartAsyncInvoke
            ("modelId", RequestSlot::Model),
            ("inputText", holds::TEXT),
            ("inputImage", holds::IMAGE),
            ("texts", holds::TEXT),
            ("images", holds::IMAGE),
            ("message", holds::TEXT),
            ("textToImageParams", holds::TEXT),
            // Stability
            ("text_prompts", holds::TEXT),
            ("height", RequestSlot::ImageHeight),
            ("width", RequestSlot::ImageWidth),
            ("samples", RequestSlot::ImageCount),
            ("steps", RequestSlot::ImageSteps),
        ],
    ),
    // Titan Image and Nova Canvas
    (
        "imageGenerationConfig",
        &[
            ("height", RequestSlot::ImageHeight),
            ("width", RequestSlot::ImageWidth),
            ("numberOfImages", RequestSlot::ImageCount),
            ("quality", RequestSlot::ImageQuality),
        ],
    ),
    ("messages[].content[]", CONTENT),
];

const ANSWER: Table<AnswerSlot> = &[
    // Amazon Nova, whole and streamed
    (
        "",
        &[
            ("stopReason", Stop),
            ("output.message", has::TEXT),
            ("messageStop.stopReason", Stop),
        ],
    ),
    ("usage", USAGE),
    ("metadata.usage", USAGE),
    // Amazon Nova Sonic; its events say the sums so far
    (
        "event",
        &[
            ("completionEnd.stopReason", Stop),
            ("textOutput", has::TEXT),
            ("audioOutput", has::AUDIO),
        ],
    ),
    (
        "event.usageEvent",
        &[
            ("totalInputTokens", INPUT),
            ("totalOutputTokens", OUTPUT),
            ("totalTokens", TOTAL),
            ("details.total.input.speechTokens", INPUT_AUDIO),
            ("details.total.output.speechTokens", OUTPUT_AUDIO),
        ],
    ),
    // Titan
    (
        "results[]",
        &[
            ("tokenCount", OUTPUT_EACH),
            ("outputText", has::TEXT),
            ("completionReason", Stop),
        ],
    ),
    (
        "",
        &[
            ("inputTextTokenCount", INPUT),
            ("totalOutputTextTokenCount", OUTPUT),
            ("completionReason", Stop),
            ("outputText", has::TEXT),
            ("embedding", has::EMBEDDING),
            ("embeddingsByType", has::EMBEDDING),
            ("embeddings", has::EMBEDDING),
            // Llama; its stop_reason is Anthropic's
            ("generation", has::TEXT),
            ("prompt_token_count", INPUT),
            ("generation_token_count", OUTPUT),
            // Mistral instruct
            ("outputs[].text", has::TEXT),
            ("outputs[].stop_reason", Stop),
            // Cohere
            ("text", has::TEXT),
            ("generation_id", Id),
            ("finish_reason", Stop),
            ("generations[].finish_reason", Stop),
            ("generations[].text", has::TEXT),
            ("response.finish_reason", Stop),
            // AI21 Jurassic
            ("completions[].data.text", has::TEXT),
            ("completions[].finishReason.reason", Stop),
            // Images: Titan, Nova, Stability
            ("images[]", AnswerSlot::Image),
            ("artifacts[].base64", AnswerSlot::Image),
            ("artifacts[].finishReason", Stop),
            ("finish_reasons[]", Stop),
            // What Bedrock adds
            ("amazon-bedrock-guardrailAction", GuardrailAction),
            ("message", TopMessage),
            ("Message", TopMessage),
        ],
    ),
    (
        "amazon-bedrock-invocationMetrics",
        &[
            ("inputTokenCount", MEASURED_INPUT),
            ("outputTokenCount", MEASURED_OUTPUT),
            ("cacheReadInputTokenCount", MEASURED_READ),
            ("cacheWriteInputTokenCount", MEASURED_WRITE),
            ("invocationLatency", LatencyMs),
            ("firstByteLatency", FirstByteMs),
        ],
    ),
];

/// The texts by which a part makes the answer grow.
const GROWTH: Table<Growth> = &[
    ("", openai_chat::GROWTH),
    ("", anthropic::GROWTH),
    ("contentBlockDelta", bedrock_converse::GROWTH),
    (
        "",
        &[
            ("event.textOutput.content", Growth::Text),
            // Titan, Llama, Mistral instruct, Cohere
            ("outputText", Growth::Text),
            ("generation", Growth::Text),
            ("outputs[].text", Growth::Text),
            ("text", Growth::Text),
        ],
    ),
];

pub(crate) static FAMILY: Family = Family {
    request: LazyLock::new(|| Paths::new(&[openai_chat::REQUEST, anthropic::REQUEST, REQUEST])),
    answer: LazyLock::new(|| Paths::new(&[openai_chat::ANSWER, anthropic::ANSWER, ANSWER])),
    growth: LazyLock::new(|| Paths::new(&[GROWTH])),
    ending: Ending {
        data: Some("[DONE]"),
        types: &["message_stop"],
        ..Ending::NONE
    },
    assemble: generic::array,
    error_code: CODE_FIRST,
    fractional_counts: false,
};
