//! Whether a caller may do what it asks: the seam for policies to come.

use std::fmt;

use corelog_access::Caller;

/// What a caller asks to do, by the name a policy would use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each variant is the action of that name")]
pub enum Action {
    PutModelInvocationLoggingConfiguration,
    GetModelInvocationLoggingConfiguration,
    DeleteModelInvocationLoggingConfiguration,
    ListRecords,
    GetRecord,
    TailEvents,
    ListExchanges,
    KillExchange,
    WatchExchanges,
    ListAnomalies,
    ListNotifiers,
    TestNotifier,
    GetStatus,
    ExportTelemetry,
    /// An operation of `CloudWatch` Logs, by its name.
    Logs(&'static str),
    /// An operation of `CloudWatch`, by its name.
    CloudWatch(&'static str),
}

/// The name in policies and messages.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PutModelInvocationLoggingConfiguration => {
                "bedrock:PutModelInvocationLoggingConfiguration"
            }
            Self::GetModelInvocationLoggingConfiguration => {
                "bedrock:GetModelInvocationLoggingConfiguration"
            }
            Self::DeleteModelInvocationLoggingConfiguration => {
                "bedrock:DeleteModelInvocationLoggingConfiguration"
            }
            Self::ListRecords => "corelog:ListRecords",
            Self::GetRecord => "corelog:GetRecord",
            Self::TailEvents => "corelog:TailEvents",
            Self::ListExchanges => "corelog:ListExchanges",
            Self::KillExchange => "corelog:KillExchange",
            Self::WatchExchanges => "corelog:WatchExchanges",
            Self::ListAnomalies => "corelog:ListAnomalies",
            Self::ListNotifiers => "corelog:ListNotifiers",
            Self::TestNotifier => "corelog:TestNotifier",
            Self::GetStatus => "corelog:GetStatus",
            Self::ExportTelemetry => "corelog:ExportTelemetry",
            Self::Logs(operation) => return write!(f, "logs:{operation}"),
            Self::CloudWatch(operation) => return write!(f, "cloudwatch:{operation}"),
        })
    }
}

/// The caller may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Denied;

/// Decides whether a caller, who was let in already, may do something.
pub trait Authorise: Send + Sync + fmt::Debug {
    /// Answers for one action on one resource: an ARN, or `*` where the action is about nothing in particular.
    ///
    /// # Errors
    /// [`Denied`].
    fn authorise(&self, caller: &Caller, action: Action, resource: &str) -> Result<(), Denied>;
}

/// Whoever was let in may do everything: what static keys amount to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Open;

impl Authorise for Open {
    fn authorise(&self, _caller: &Caller, _action: Action, _on: &str) -> Result<(), Denied> {
        Ok(())
    }
}
