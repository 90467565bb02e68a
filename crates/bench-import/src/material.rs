//! A day of invocations: every record distinct, and the same on every machine.

use std::path::Path;

use corelog_bench_material::{Conversation, conversations, mixed};
use corelog_delivery::Entry;
use corelog_record::stored::{PartHeader, PartName, Place, encode_envelope};
use corelog_record::{BodyForm, Document};
use corelog_types::{RecordId, Sequence, Timestamp};
use serde_json::json;

/// When the day begins: 2026-11-20T00:00:00Z.
const START_MS: u64 = 1_795_132_800_000;
const DAY_MS: u64 = 86_400_000;
/// Of so many records, one has a prompt that goes into an object of its own.
const LARGE_EVERY: u64 = 500;
const LARGE_BYTES: usize = 150_000;
/// Of so many, one was throttled.
const FAILED_EVERY: u64 = 50;
const MODELS: u64 = 12;
const CALLERS: u64 = 40;
const MADE_UP: u64 = 2_000;
const WORDS: u64 = 4_000;

/// What records are made of.
#[derive(Debug)]
pub(crate) struct Material(Vec<Conversation>);

impl Material {
    /// Reads conversations.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        conversations(path).map(Self)
    }

    /// Makes conversations of words that are none.
    pub(crate) fn made_up() -> Self {
        let conversation = |index| Conversation {
            prompt: sentences(index, 1, 60),
            response: sentences(index, 2, 220),
        };
        Self((0..MADE_UP).map(conversation).collect())
    }

    /// A record as the spool has it. They come evenly over the day.
    pub(crate) fn record(&self, index: u64, of: u64) -> anyhow::Result<Entry> {
        let ms = START_MS + index * DAY_MS / of;
        let mut random = [0; 10];
        random[2..].copy_from_slice(&mixed(index, 3).to_be_bytes());
        let (id, time) = (
            RecordId::from_parts(ms, random),
            Timestamp::from_unix_ms(ms),
        );
        let (request, answer) = self.bodies(index)?;
        let document = document(index, id, time, [request.len(), answer.len()])?;
        let part = |name, body: &str| PartHeader {
            name,
            form: BodyForm::Json,
            at: Place::Inline,
            bytes: body.len() as u64,
        };
        let parts = [
            part(PartName::Input, &request),
            part(PartName::Output, &answer),
        ];
        let mut payload = encode_envelope(&document, &parts)?;
        payload.extend_from_slice(request.as_bytes());
        payload.extend_from_slice(answer.as_bytes());
        Ok(Entry {
            sequence: Sequence::from_u64(index + 1),
            id,
            time,
            payload,
        })
    }

    fn bodies(&self, index: u64) -> anyhow::Result<(String, String)> {
        let drawn = mixed(index, 4) % self.0.len() as u64;
        let conversation = &self.0[usize::try_from(drawn)?];
        let mut prompt = format!("Case {index}: {}", conversation.prompt);
        while index % LARGE_EVERY == 1 && prompt.len() < LARGE_BYTES {
            prompt.push_str(&conversation.response);
            prompt.push_str(" And so on. ");
        }
        let request = json!({
            "anthropic_version": "bedrock-2023-05-31", "max_tokens": 1024,
            "messages": [{"role": "user", "content": prompt}],
        });
        let answer = json!({
            "id": format!("msg_{:016x}", mixed(index, 5)), "type": "message", "role": "assistant",
            "content": [{"type": "text", "text": conversation.response}], "stop_reason": "end_turn",
            "usage": {"input_tokens": prompt.len() / 4, "output_tokens": conversation.response.len() / 4},
        });
        Ok((request.to_string(), answer.to_string()))
    }
}

fn document(
    index: u64,
    id: RecordId,
    time: Timestamp,
    bytes: [usize; 2],
) -> anyhow::Result<Document> {
    let failed = index % FAILED_EVERY == 2;
    let mut document = json!({
        "timestamp": time.rfc3339_seconds(), "accountId": "111122223333", "region": "us-east-1",
        "requestId": id.to_string(), "operation": "InvokeModel",
        "modelId": format!("vendor.model-{}", mixed(index, 6) % MODELS),
        "input": {"inputContentType": "application/json", "inputTokenCount": bytes[0] / 4},
        "output": {"outputContentType": "application/json", "outputTokenCount": bytes[1] / 4},
        "identity": {"arn": format!("arn:aws:iam::111122223333:user/team-{:02}", mixed(index, 7) % CALLERS)},
        "schemaType": "ModelInvocationLog", "schemaVersion": "1.0",
        "corelog": {"recordId": id.to_string()},
    });
    if failed {
        document["errorCode"] = "ThrottlingException".into();
    }
    Ok(serde_json::from_value(document)?)
}

fn sentences(index: u64, purpose: u64, words: u64) -> String {
    let mut text = String::new();
    for at in 0..words {
        // The first words far more often than the last, as in a language.
        let drawn = mixed(index << 16 | at, purpose);
        let word = WORDS - 1 - (drawn % (WORDS * WORDS)).isqrt();
        text.push_str(&word_of(word));
        text.push_str(if drawn >> 60 == 0 { ". " } else { " " });
    }
    text
}

fn word_of(number: u64) -> String {
    const SYLLABLES: [&str; 16] = [
        "ka", "ri", "to", "en", "sal", "mo", "de", "lu", "ver", "na", "pi", "os", "tra", "ge",
        "il", "bu",
    ];
    let [length, syllables @ ..] = mixed(number, 8).to_be_bytes();
    let drawn = syllables.iter().take(1 + usize::from(length % 4));
    drawn
        .map(|byte| SYLLABLES[usize::from(*byte) % SYLLABLES.len()])
        .collect()
}
