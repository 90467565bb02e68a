//! The metrics that records are counted in: names and units.

use crate::Unit;

/// Namespace of the runtime metrics that Bedrock publishes, here for every provider's calls.
pub(crate) const BEDROCK: &str = "AWS/Bedrock";
/// Namespace of its guardrails' metrics.
pub(crate) const GUARDRAILS: &str = "AWS/Bedrock/Guardrails";
/// Namespace of what the original lacks.
pub(crate) const CORELOG: &str = "Corelog";

/// What is measured of an invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Measure {
    Invocations,
    InvocationLatency,
    InvocationClientErrors,
    InvocationServerErrors,
    InvocationThrottles,
    InputTokenCount,
    OutputTokenCount,
    CacheReadInputTokens,
    CacheWriteInputTokens,
    OutputImageCount,
    TimeToFirstToken,
    EstimatedTpmQuotaUsage,
    ContentFilteredCount,
    InvocationErrors,
    ReasoningTokenCount,
    OutputTokensPerSecond,
    LongestStreamGap,
    CallerHangUps,
    GatewayOverhead,
    /// In the currency of the prices.
    Cost,
    /// Calls whose cost is not known.
    InvocationsWithoutCost,
}

impl Measure {
    /// The metric's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Invocations => "Invocations",
            Self::InvocationLatency => "InvocationLatency",
            Self::InvocationClientErrors => "InvocationClientErrors",
            Self::InvocationServerErrors => "InvocationServerErrors",
            Self::InvocationThrottles => "InvocationThrottles",
            Self::InputTokenCount => "InputTokenCount",
            Self::OutputTokenCount => "OutputTokenCount",
            Self::CacheReadInputTokens => "CacheReadInputTokens",
            Self::CacheWriteInputTokens => "CacheWriteInputTokens",
            Self::OutputImageCount => "OutputImageCount",
            Self::TimeToFirstToken => "TimeToFirstToken",
            Self::EstimatedTpmQuotaUsage => "EstimatedTPMQuotaUsage",
            Self::ContentFilteredCount => "ContentFilteredCount",
            Self::InvocationErrors => "InvocationErrors",
            Self::ReasoningTokenCount => "ReasoningTokenCount",
            Self::OutputTokensPerSecond => "OutputTokensPerSecond",
            Self::LongestStreamGap => "LongestStreamGap",
            Self::CallerHangUps => "CallerHangUps",
            Self::GatewayOverhead => "GatewayOverhead",
            Self::Cost => "Cost",
            Self::InvocationsWithoutCost => "InvocationsWithoutCost",
        }
    }

    /// The unit of its values.
    ///
    /// Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-runtime-metrics.html>. Its table
    /// calls the unit of counts `SampleCount`, which is no unit; they are published as `Count`, 1 for each event.
    pub(crate) fn unit(self) -> Unit {
        match self {
            Self::InvocationLatency
            | Self::TimeToFirstToken
            | Self::LongestStreamGap
            | Self::GatewayOverhead => Unit::Milliseconds,
            Self::OutputTokensPerSecond => Unit::CountPerSecond,
            // As `EstimatedCharges` of `AWS/Billing`: no unit is of money.
            Self::Cost => Unit::None,
            _ => Unit::Count,
        }
    }

    /// Whether it says how long something took. There are fewer series of these: none for each user or session.
    pub(crate) fn is_timing(self) -> bool {
        !matches!(self.unit(), Unit::Count | Unit::None)
    }
}
