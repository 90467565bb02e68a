//! A month of invocations, made from real conversations: every record distinct, and the same on every machine.

use std::path::Path;
use std::sync::Arc;

use corelog_bench_material::{Conversation, conversations, mixed};
use corelog_record::{
    BodySlot, CallerFacts, Document, Extension, Identity, Input, Output, UsageCounts, line,
};
use corelog_store::{Event, Position};
use corelog_types::{Count, NodeId, Sequence, Timestamp, Usage};
use serde_json::json;

/// The log group that all records are in.
pub(crate) const GROUP: &str = "/corelog/invocations";
/// When the month begins: 2026-10-01T00:00:00Z.
pub(crate) const START_MS: u64 = 1_790_812_800_000;
/// How long it is.
pub(crate) const DAYS: u64 = 30;
const DAY_MS: u64 = 86_400_000;
const MODELS: u64 = 40;
const CALLERS: u64 = 40;

/// Makes records.
#[derive(Debug)]
pub(crate) struct Material {
    conversations: Vec<Conversation>,
    /// How many records the month has.
    pub(crate) records: u64,
    node: NodeId,
}

impl Material {
    /// Reads the conversations of a gzipped file of JSON lines.
    pub(crate) fn read(path: &Path, records: u64) -> anyhow::Result<Self> {
        Ok(Self {
            conversations: conversations(path)?,
            records,
            node: NodeId::from_u64(1),
        })
    }

    /// When a record was made. They come evenly.
    fn time(&self, index: u64) -> Timestamp {
        Timestamp::from_unix_ms(START_MS + index * (DAYS * DAY_MS) / self.records)
    }

    /// The request id of a record.
    pub(crate) fn request_id(index: u64) -> String {
        let (high, low) = (mixed(index, 1), mixed(index, 2));
        format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            low >> 52,
            low & 0xffff_ffff_ffff
        )
    }

    /// A record as the log event that it becomes.
    pub(crate) fn event(&self, index: u64) -> anyhow::Result<Event> {
        let time = self.time(index);
        Ok(Event {
            group: GROUP.into(),
            stream: corelog_record::LOG_STREAM.into(),
            position: Position {
                node: self.node,
                sequence: Sequence::from_u64(index + 1),
                part: 0,
            },
            timestamp: time,
            ingested: time,
            message: self.message(index, time)?,
        })
    }

    /// Some records as log events.
    pub(crate) fn events(&self, range: std::ops::Range<u64>) -> anyhow::Result<Vec<Arc<Event>>> {
        range
            .map(|index| Ok(Arc::new(self.event(index)?)))
            .collect()
    }

    fn message(&self, index: u64, time: Timestamp) -> anyhow::Result<String> {
        let drawn = pick(index, 3, self.conversations.len() as u64);
        let conversation = &self.conversations[usize::try_from(drawn)?];
        let model = format!(
            "vendor-{}.model-{}",
            pick(index, 4, MODELS) % 5,
            pick(index, 4, MODELS)
        );
        let caller = format!("team-{:02}", skewed(index, 5, CALLERS));
        let failed = pick(index, 6, 50) == 0;
        let prompt = format!("{}\n\nCase {index}", conversation.prompt);
        let request = json!({
            "model": model, "temperature": pick(index, 7, 10), "max_tokens": 1024,
            "messages": [{"role": "user", "content": prompt}],
        });
        let (input, output) = (
            prompt.len() as u64 / 4 + 7,
            conversation.response.len() as u64 / 4,
        );
        let answer = if failed {
            json!({"error": {"message": format!("Rate limit reached for {model} in case {index}"), "code": 429}})
        } else {
            json!({
                "id": format!("chatcmpl-{:016x}", mixed(index, 8)), "object": "chat.completion",
                "created": time.unix_ms() / 1_000, "model": model,
                "choices": [{
                    "index": 0, "finish_reason": "stop",
                    "message": {"role": "assistant", "content": conversation.response},
                }],
                "usage": {"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output},
            })
        };
        let (request, answer) = (request.to_string(), answer.to_string());
        let document = Document {
            timestamp: time.rfc3339_seconds(),
            account_id: "111122223333".to_owned(),
            region: "us-east-1".to_owned(),
            request_id: Self::request_id(index),
            operation: "ChatCompletions".to_owned(),
            model_id: Some(model),
            error_code: failed.then(|| "ThrottlingException".to_owned()),
            input: Some(Input {
                input_content_type: Some("application/json".to_owned()),
                input_token_count: (!failed).then_some(input),
                ..Input::default()
            }),
            output: Some(Output {
                output_content_type: Some("application/json".to_owned()),
                output_token_count: (!failed).then_some(output),
                ..Output::default()
            }),
            identity: Identity {
                arn: format!("arn:aws:iam::111122223333:user/{caller}"),
            },
            inference_region: None,
            performance_config: None,
            request_metadata: None,
            schema_type: corelog_record::SCHEMA_TYPE.to_owned(),
            schema_version: corelog_record::SCHEMA_VERSION.to_owned(),
            corelog: Some(Box::new(self.extension(
                index,
                caller,
                (!failed).then_some((input, output)),
                (request.len() as u64, answer.len() as u64),
            ))),
        };
        let mut out = Vec::with_capacity(request.len() + answer.len() + 1_500);
        let (input, output) = (
            BodySlot::Json(request.as_bytes()),
            BodySlot::Json(answer.as_bytes()),
        );
        line(&document, input, output, &mut out)?;
        out.truncate(out.trim_ascii_end().len());
        Ok(String::from_utf8(out)?)
    }

    fn extension(
        &self,
        index: u64,
        caller: String,
        tokens: Option<(u64, u64)>,
        bytes: (u64, u64),
    ) -> Extension {
        // Most answers take about a second, some ten times as long.
        let spread = pick(index, 9, 1_000) as f64;
        let latency = 180.0 + spread + if spread > 950.0 { spread * 9.0 } else { 0.0 };
        Extension {
            record_id: format!(
                "{:032x}",
                u128::from(mixed(index, 10)) << 64 | u128::from(index)
            ),
            node_id: Some(self.node.to_string()),
            sequence: Some(index + 1),
            provider: "openai".to_owned(),
            dialect: "openai".to_owned(),
            upstream: Some("https://api.openai.example/v1/chat/completions".to_owned()),
            method: "POST".to_owned(),
            path: "/openai/v1/chat/completions".to_owned(),
            http_version: Some("HTTP/1.1".to_owned()),
            http_status: Some(if tokens.is_some() { 200 } else { 429 }),
            latency_ms: Some(latency),
            time_to_first_byte_ms: Some(latency / 4.0),
            stop_reason: tokens.map(|_| "stop".to_owned()),
            user: Some(format!("user-{}", pick(index, 11, 5_000))),
            session: Some(format!("session-{}", index / 20)),
            usage: UsageCounts(Usage {
                input: tokens.map(|(input, _)| Count::reported(input)),
                output: tokens.map(|(_, output)| Count::reported(output)),
                ..Usage::default()
            }),
            caller: CallerFacts {
                name: Some(caller),
                ..CallerFacts::default()
            },
            request_bytes: Some(bytes.0),
            response_bytes: Some(bytes.1),
            ..Extension::default()
        }
    }
}

/// One of so many.
fn pick(index: u64, purpose: u64, of: u64) -> u64 {
    mixed(index, purpose) % of
}

/// The same, the first ones far more often than the last.
fn skewed(index: u64, purpose: u64, of: u64) -> u64 {
    let drawn = mixed(index, purpose) % (of * of);
    of - 1 - drawn.isqrt()
}
