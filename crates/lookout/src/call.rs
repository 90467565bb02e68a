//! A record, as what the detectors ask of it.

use std::io::Read as _;

use corelog_anomaly::{Answer, Call, Subject, Use};
use corelog_record::stored::{OutlinedRecord, PartName, Place};
use corelog_record::{ExtensionOutline, Outline, TokenCount};
use corelog_spool::{Spool, Stored};
use corelog_types::Timestamp;

use crate::answer;
use crate::prompt::{self, Prompt};

/// Bodies beyond this are not looked at.
const BODY_BYTES_MAX: u64 = 4 << 20;
/// Nor answers beyond this: what they begin with is enough, and long ones are files.
const ANSWER_BYTES_MAX: u64 = 1 << 20;

/// What a record says of its call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Facts {
    pub(crate) subject: Subject,
    session: Option<String>,
    begun: Timestamp,
    ended: Timestamp,
    prompt: Prompt,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cost: Option<f64>,
    latency_ms: Option<f64>,
    /// Whether it failed by the provider's fault.
    is_error: bool,
    is_answered: bool,
    stop_reason: Option<String>,
    said: answer::Said,
}

impl Facts {
    /// `None` of what is no call of a model, or was none's to answer. Blocks on bodies that are beside the spool.
    ///
    /// Nothing ends after it was recorded, nor after `latest`: a report may say anything, and a clock may have been ahead.
    pub(crate) fn of(
        entry: &Stored,
        record: &OutlinedRecord<'_>,
        spool: &Spool,
        latest: Timestamp,
    ) -> Option<Self> {
        let outline = &record.outline;
        if !outline.is_of_a_model() {
            return None;
        }
        let extension = outline.corelog.as_ref()?;
        let latest = latest.min(entry.time);
        let begun = Timestamp::from_unix_ms(entry.id.unix_ms()).min(latest);
        let is_answered =
            outline.error_code.is_none() && extension.http_status.is_none_or(|status| status < 400);
        let body = |name, most| body(record, entry, spool, name, most);
        let input = body(PartName::Input, BODY_BYTES_MAX);
        let output = body(PartName::Output, ANSWER_BYTES_MAX).filter(|_| is_answered);
        Some(Self {
            subject: Subject {
                caller: caller(extension).to_owned(),
                model: owned(outline.model_id.as_deref()).unwrap_or_default(),
            },
            session: owned(extension.session.as_deref()),
            begun,
            ended: later(begun, extension.latency_ms).min(latest),
            prompt: input.map_or_else(|| unknown(entry), |body| prompt::read(&body)),
            input_tokens: input_tokens(outline, extension),
            output_tokens: output_tokens(outline, extension),
            cost: extension.cost.as_ref().and_then(|cost| cost.amount),
            latency_ms: extension.latency_ms.filter(|_| is_answered),
            is_error: !is_answered && is_the_providers(outline, extension),
            is_answered,
            stop_reason: owned(extension.stop_reason.as_deref()),
            said: output.map_or_else(answer::Said::default, |body| answer::read(&body)),
        })
    }

    /// What the call adds to its five minutes.
    pub(crate) fn used(&self) -> Use {
        let tokens = match (self.input_tokens, self.output_tokens) {
            (None, None) => None,
            (input, output) => Some(input.unwrap_or(0).saturating_add(output.unwrap_or(0))),
        };
        Use {
            at: self.ended,
            tokens,
            cost: self.cost,
            latency_ms: self.latency_ms,
            is_error: self.is_error,
        }
    }

    /// What the call is in its chain.
    pub(crate) fn call(&self) -> Call<'_> {
        Call {
            caller: &self.subject.caller,
            session: self.session.as_deref(),
            conversation: self.prompt.conversation,
            begun: self.begun,
            ended: self.ended,
            prompt: self.prompt.whole,
            step: self.prompt.step,
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            is_answered: self.is_answered,
        }
    }

    /// What the answer is among others; `None` if there is none.
    pub(crate) fn answer(&self) -> Option<Answer<'_>> {
        let stopped = self.stop_reason.as_deref();
        let by_provider = stopped.is_some_and(answer::is_refused);
        self.is_answered.then_some(Answer {
            at: self.ended,
            length: self.output_tokens,
            prompt_length: self.input_tokens,
            is_refusal: if by_provider {
                Some(true)
            } else {
                self.said.is_refusal
            },
            stop_reason: stopped,
            language: self.said.language,
        })
    }
}

/// Whoever called without a key.
const NOBODY: &str = "anonymous";

/// As the metrics name callers.
fn caller<'a>(extension: &'a ExtensionOutline<'_>) -> &'a str {
    let facts = &extension.caller;
    let caller = facts.name.as_deref().or(facts.key_fingerprint.as_deref());
    caller.unwrap_or(NOBODY)
}

/// Throttles, failures of servers, and answers that broke off; what an operator ended is neither's fault.
fn is_the_providers(outline: &Outline<'_>, extension: &ExtensionOutline<'_>) -> bool {
    match extension.http_status {
        Some(429 | 500..) => true,
        Some(400..) => false,
        _ => !matches!(
            outline.error_code.as_deref(),
            None | Some("CallKilled" | "GatewayStopped")
        ),
    }
}

/// All tokens of the prompt, those of the cache too.
fn input_tokens(outline: &Outline<'_>, extension: &ExtensionOutline<'_>) -> Option<u64> {
    let (usage, said) = (&extension.usage, &outline.input);
    let input = said.input_token_count.or(value(usage.input))?;
    let read = said.cache_read_input_token_count;
    let written = said.cache_write_input_token_count;
    let cached = [
        read.or(value(usage.cache_read)),
        written.or(value(usage.cache_write)),
    ];
    let cached = cached.into_iter().flatten().fold(0, u64::saturating_add);
    Some(input.saturating_add(cached))
}

fn output_tokens(outline: &Outline<'_>, extension: &ExtensionOutline<'_>) -> Option<u64> {
    let said = outline.output.output_token_count;
    said.or(value(extension.usage.output))
}

fn value(count: Option<TokenCount>) -> Option<u64> {
    count.map(|count| count.value)
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}

/// A prompt that nobody kept is like no other.
fn unknown(entry: &Stored) -> Prompt {
    Prompt {
        whole: entry.sequence.to_u64(),
        conversation: None,
        step: None,
    }
}

fn later(at: Timestamp, by_ms: Option<f64>) -> Timestamp {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, and a length of time is positive"
    )]
    let by_ms = by_ms.unwrap_or(0.0) as u64;
    Timestamp::from_unix_ms(at.unix_ms().saturating_add(by_ms))
}

/// A body, if it was kept and is no larger than that. One that cannot be read any more is none.
fn body(
    record: &OutlinedRecord<'_>,
    entry: &Stored,
    spool: &Spool,
    name: PartName,
    most: u64,
) -> Option<Vec<u8>> {
    let (header, inline) = record
        .part(name)
        .filter(|(header, _)| header.bytes <= most)?;
    match header.at {
        Place::Inline => Some(inline.to_vec()),
        Place::Blob => {
            let mut blob = spool.open_blob(entry.id, name.as_str()).ok()?;
            let mut bytes = Vec::new();
            blob.read_to_end(&mut bytes).ok()?;
            Some(bytes)
        }
    }
}
