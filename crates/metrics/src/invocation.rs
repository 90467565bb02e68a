//! What a record says about its invocation, as values of metrics. What a record does not say has no value: unknown is
//! not zero.

use corelog_record::{DeliveryOutcome, ExtensionOutline, Outline, TokenCount};
use corelog_types::Timestamp;

use crate::Metric;
use crate::measure::{BEDROCK, Measure};

/// A recorded invocation.
#[derive(Debug, Clone, Copy)]
pub struct Invocation<'a> {
    /// When the request arrived.
    pub time: Timestamp,
    /// What of the record is counted.
    pub outline: &'a Outline<'a>,
}

/// A call that says that it took longer has a clock that is wrong.
const LATENCY_MS_MAX: f64 = 24.0 * 3_600_000.0;

/// A kind of delivery of invocation logs, each attempt of which is a value of 1 in a metric without dimensions.
///
/// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-runtime-metrics.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogDelivery {
    /// To `CloudWatch` Logs.
    CloudWatch,
    /// To S3.
    S3,
    /// A large body, to S3.
    LargeData,
}

impl LogDelivery {
    /// The metric of attempts that succeeded, or failed. Its unit is [`crate::Unit::Count`].
    pub fn metric(self, succeeded: bool) -> Metric {
        let name = match (self, succeeded) {
            (Self::CloudWatch, true) => "ModelInvocationLogsCloudWatchDeliverySuccess",
            (Self::CloudWatch, false) => "ModelInvocationLogsCloudWatchDeliveryFailure",
            (Self::S3, true) => "ModelInvocationLogsS3DeliverySuccess",
            (Self::S3, false) => "ModelInvocationLogsS3DeliveryFailure",
            (Self::LargeData, true) => "ModelInvocationLargeDataS3DeliverySuccess",
            (Self::LargeData, false) => "ModelInvocationLargeDataS3DeliveryFailure",
        };
        Metric::sorted(BEDROCK, name, Vec::new())
    }
}

/// How an invocation ended, as the metrics tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Answered, even if the caller hung up.
    Complete,
    /// Refused before the model: its form, its credentials, its size.
    Refused,
    /// Accepted, and then failed in a way that counts as the caller's: 408 and 424.
    ModelFault,
    /// Accepted, and failed.
    ServerFault,
    /// Too many, too fast.
    Throttled,
    /// The record does not know.
    Unknown,
}

/// Values, each of its own measure.
pub(crate) type Values = Vec<(Measure, f64)>;

impl<'a> Invocation<'a> {
    /// When the call was over, to the millisecond that had begun: the minute in which it counts. A call whose length is
    /// not known ended when it arrived.
    ///
    /// Decision: an alarm looks at a minute when it is over, and what ends later would never be looked at. The service
    /// does not say in which minute a call counts.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between zero and a day"
    )]
    pub fn ended(&self) -> Timestamp {
        let took = self.extension().and_then(|it| it.latency_ms);
        let took = took.filter(|took| (0.0..=LATENCY_MS_MAX).contains(took));
        let took = took.map_or(0, |took| took as u64);
        Timestamp::from_unix_ms(self.time.unix_ms().saturating_add(took))
    }

    /// Whether a model was called. Lists of models, files, batches, and counting tokens are recorded too, but are no
    /// invocations.
    pub(crate) fn is_of_a_model(&self) -> bool {
        match &*self.outline.operation {
            "InvokeModel"
            | "InvokeModelWithResponseStream"
            | "InvokeModelWithBidirectionalStream"
            | "Converse"
            | "ConverseStream"
            | "StartAsyncInvoke"
            | "ChatCompletions"
            | "Completions"
            | "Responses"
            | "Embeddings"
            | "ImageGeneration"
            | "Speech"
            | "Transcription"
            | "Moderations"
            | "Rerank"
            | "Messages"
            | "GenerateContent" => true,
            // A route without a name of its own, of an API that we do not know: a model is named, and asked something.
            "Other" => {
                self.outline.model_id.is_some()
                    && self.extension().is_some_and(|it| &*it.method == "POST")
            }
            _ => false,
        }
    }

    /// Whether a guardrail was called by itself.
    pub(crate) fn is_of_a_guardrail(&self) -> bool {
        &*self.outline.operation == "ApplyGuardrail"
    }

    pub(crate) fn extension(&self) -> Option<&'a ExtensionOutline<'a>> {
        self.outline.corelog.as_ref()
    }

    /// Source: the statuses that the runtime's exceptions have, and what the metrics' descriptions count of them.
    /// <https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-runtime-metrics.html>
    pub(crate) fn outcome(&self) -> Outcome {
        let code = self.outline.error_code.as_deref();
        let named = code.and_then(status_of);
        if named == Some(429) {
            return Outcome::Throttled;
        }
        let status = self.extension().and_then(|it| it.http_status);
        match (status, code) {
            (Some(status @ 400..), _) => of_status(status),
            // What an operator did to a call is like a caller who hangs up.
            (_, None) | (Some(_), Some("CallKilled" | "GatewayStopped")) => Outcome::Complete,
            // The answer had begun, so the call had been accepted.
            (Some(_), Some(_)) => match named.map(of_status) {
                Some(Outcome::Refused | Outcome::ModelFault) => Outcome::ModelFault,
                _ => Outcome::ServerFault,
            },
            // Records of other recorders have no status.
            (None, Some(_)) => named.map_or(Outcome::Unknown, of_status),
        }
    }

    /// The runtime metrics of `AWS/Bedrock`.
    pub(crate) fn bedrock(&self, values: &mut Values) {
        let outcome = self.outcome();
        self.outcome_values(outcome, values);
        if outcome == Outcome::Complete {
            self.first_token(values);
            let stopped = self.extension().and_then(|it| it.stop_reason.as_deref());
            // Source: `content_filtered` is Bedrock's word, `content_filter` that of OpenAI.
            if let Some("content_filtered" | "content_filter") = stopped {
                values.push((Measure::ContentFilteredCount, 1.0));
            }
        }
        if !self.is_answered() {
            return;
        }
        let tokens = self.tokens();
        tokens.push(values);
        if let Some(usage) = tokens.quota_usage(self.outline.model_id.as_deref()) {
            values.push((Measure::EstimatedTpmQuotaUsage, usage));
        }
        self.images(values);
    }

    /// Counts, errors and latency, for models and guardrails alike.
    pub(crate) fn outcome_values(&self, outcome: Outcome, values: &mut Values) {
        let counted = match outcome {
            Outcome::Complete => &[Measure::Invocations][..],
            Outcome::ModelFault => &[Measure::Invocations, Measure::InvocationClientErrors],
            Outcome::ServerFault => &[Measure::Invocations, Measure::InvocationServerErrors],
            Outcome::Refused => &[Measure::InvocationClientErrors],
            Outcome::Throttled => &[Measure::InvocationThrottles],
            Outcome::Unknown => &[],
        };
        values.extend(counted.iter().map(|measure| (*measure, 1.0)));
        if counted.first() == Some(&Measure::Invocations)
            && let Some(latency) = self.latency()
        {
            values.push((Measure::InvocationLatency, latency));
        }
    }

    /// The metrics of our own namespace.
    pub(crate) fn ours(&self, values: &mut Values) {
        values.push((Measure::Invocations, 1.0));
        if self.outline.error_code.is_some() {
            values.push((Measure::InvocationErrors, 1.0));
        }
        let outcome = self.outcome();
        let tokens = self.tokens();
        tokens.push(values);
        let reasoning = self.extension().and_then(|it| it.usage.reasoning);
        if let Some(reasoning) = reasoning {
            values.push((Measure::ReasoningTokenCount, float(reasoning.value)));
        }
        self.images(values);
        let Some(extension) = self.extension() else {
            return;
        };
        if let Some(overhead) = extension.overhead_ms {
            values.push((Measure::GatewayOverhead, overhead));
        }
        if let Some(cost) = &extension.cost {
            values.push(match cost.amount {
                Some(amount) => (Measure::Cost, amount),
                None => (Measure::InvocationsWithoutCost, 1.0),
            });
        }
        if self.hung_up() {
            values.push((Measure::CallerHangUps, 1.0));
        }
        let gap = extension.stream.as_ref().and_then(|it| it.longest_gap_ms);
        if let Some(gap) = gap {
            values.push((Measure::LongestStreamGap, gap));
        }
        if outcome != Outcome::Complete {
            return;
        }
        if let Some(latency) = extension.latency_ms {
            values.push((Measure::InvocationLatency, latency));
        }
        self.first_token(values);
        if let Some(rate) = rate(extension, tokens.output) {
            values.push((Measure::OutputTokensPerSecond, rate));
        }
    }

    fn images(&self, values: &mut Values) {
        if let Some(images) = self.extension().and_then(|it| it.image_count) {
            values.push((Measure::OutputImageCount, float(images)));
        }
    }

    /// From the request to the last token, or until the caller hung up.
    fn latency(&self) -> Option<f64> {
        let extension = self.extension()?;
        let delivered = extension.delivery.as_ref();
        let closed = delivered.and_then(|it| it.closed_after_ms);
        closed.filter(|_| self.hung_up()).or(extension.latency_ms)
    }

    fn hung_up(&self) -> bool {
        let delivered = self.extension().and_then(|it| it.delivery.as_ref());
        delivered.is_some_and(|it| it.outcome == DeliveryOutcome::HungUp)
    }

    /// Streams only. The first byte of the answer stands for the first token.
    fn first_token(&self, values: &mut Values) {
        let streamed = self.extension().filter(|it| it.stream.is_some());
        if let Some(first) = streamed.and_then(|it| it.time_to_first_byte_ms) {
            values.push((Measure::TimeToFirstToken, first));
        }
    }

    /// Whether the provider's answer began.
    fn is_answered(&self) -> bool {
        let status = self.extension().and_then(|it| it.http_status);
        status.map_or(self.outline.error_code.is_none(), |status| status < 400)
    }

    /// What the record's own fields say, or else what the provider said.
    fn tokens(&self) -> Tokens {
        let (input, output) = (&self.outline.input, &self.outline.output);
        let usage = self.extension().map(|it| it.usage).unwrap_or_default();
        let value = |count: Option<TokenCount>| count.map(|count| count.value);
        Tokens {
            input: input.input_token_count.or(value(usage.input)),
            output: output.output_token_count.or(value(usage.output)),
            cache_read: input
                .cache_read_input_token_count
                .or(value(usage.cache_read)),
            cache_write: input
                .cache_write_input_token_count
                .or(value(usage.cache_write)),
        }
    }
}

struct Tokens {
    input: Option<u64>,
    output: Option<u64>,
    cache_read: Option<u64>,
    cache_write: Option<u64>,
}

impl Tokens {
    fn push(&self, values: &mut Values) {
        for (measure, count) in [
            (Measure::InputTokenCount, self.input),
            (Measure::OutputTokenCount, self.output),
            (Measure::CacheReadInputTokens, self.cache_read),
            (Measure::CacheWriteInputTokens, self.cache_write),
        ] {
            if let Some(count) = count {
                values.push((measure, float(count)));
            }
        }
    }

    /// Input, cache writes, and output times the model's burndown. Models without a cache say nothing of writes.
    fn quota_usage(&self, model: Option<&str>) -> Option<f64> {
        let burndown = burndown(model?);
        let written = float(self.cache_write.unwrap_or(0));
        Some(float(self.input?) + written + float(self.output?) * burndown)
    }
}

/// Output tokens by the time it took to produce them: in a stream, from the first byte on.
fn rate(extension: &ExtensionOutline<'_>, output: Option<u64>) -> Option<f64> {
    let output = output.filter(|output| *output > 0)?;
    let first = match extension.stream {
        Some(_) => extension.time_to_first_byte_ms?,
        None => 0.0,
    };
    let took = extension.latency_ms? - first;
    (took >= 1.0).then(|| float(output) * 1_000.0 / took)
}

/// How many tokens of the quota an output token takes.
///
/// Source: 5 for Claude 3.7 and later, 1 for all others.
/// <https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html>
fn burndown(model: &str) -> f64 {
    let Some((_, version)) = model.split_once("claude-") else {
        return 1.0;
    };
    let former = ["v", "instant", "1", "2", "3"];
    let is_former = former.iter().any(|former| version.starts_with(former));
    let is_3_7 = version.starts_with("3-7") || version.starts_with("3.7");
    if is_former && !is_3_7 { 1.0 } else { 5.0 }
}

fn of_status(status: u16) -> Outcome {
    match status {
        429 => Outcome::Throttled,
        408 | 424 => Outcome::ModelFault,
        400..500 => Outcome::Refused,
        500.. => Outcome::ServerFault,
        _ => Outcome::Complete,
    }
}

/// The status of an exception of the runtime. In the middle of a stream their names begin with a small letter.
///
/// Source: the errors of the `bedrock-runtime` service model.
fn status_of(code: &str) -> Option<u16> {
    let statuses = [
        ("ThrottlingException", 429),
        ("ModelNotReadyException", 429),
        ("ValidationException", 400),
        ("AccessDeniedException", 403),
        ("ResourceNotFoundException", 404),
        ("ConflictException", 400),
        ("ServiceQuotaExceededException", 400),
        ("ModelTimeoutException", 408),
        ("ModelErrorException", 424),
        ("ModelStreamErrorException", 424),
        ("InternalServerException", 500),
        ("ServiceUnavailableException", 503),
    ];
    let found = statuses
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(code));
    found.map(|(_, status)| *status)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of one call are far below 2^53"
)]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests;
