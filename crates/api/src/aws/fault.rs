//! What AWS operations say when they say no.

use corelog_telemetry::Chain;
use corelog_wire::model::{Map, Value};
use corelog_wire::protocol::Exception;

/// An operation that was not done: which exception that is, and the text for the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    kind: Kind,
    message: String,
    members: Map<String, Value>,
}

/// Kinds of faults: the exceptions that services declare, and those that every service has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    AccessDenied,
    DashboardInvalidInput,
    DashboardNotFound,
    Internal,
    InvalidNextToken,
    InvalidOperation,
    InvalidParameter,
    InvalidParameterCombination,
    InvalidParameterValue,
    InvalidSignature,
    LimitExceeded,
    MalformedQuery,
    MissingAction,
    MissingAuthenticationToken,
    MissingParameter,
    OperationAborted,
    ResourceAlreadyExists,
    ResourceNotFound,
    Serialization,
    ServiceUnavailable,
    SessionStreaming,
    SessionTimeout,
    Throttling,
    TooManyTags,
    UnknownOperation,
    UnrecognizedClient,
    Validation,
}

impl Kind {
    /// The exception's name, and its HTTP status.
    fn exception(self) -> (&'static str, u16) {
        match self {
            Self::AccessDenied => ("AccessDeniedException", 400),
            Self::DashboardInvalidInput => ("DashboardInvalidInputError", 400),
            Self::DashboardNotFound => ("DashboardNotFoundError", 404),
            Self::Internal => ("InternalServerException", 500),
            Self::InvalidNextToken => ("InvalidNextToken", 400),
            Self::InvalidOperation => ("InvalidOperationException", 400),
            Self::InvalidParameter => ("InvalidParameterException", 400),
            Self::InvalidParameterCombination => ("InvalidParameterCombinationException", 400),
            Self::InvalidParameterValue => ("InvalidParameterValueException", 400),
            Self::InvalidSignature => ("InvalidSignatureException", 400),
            Self::LimitExceeded => ("LimitExceededException", 400),
            Self::MalformedQuery => ("MalformedQueryException", 400),
            Self::MissingAction => ("MissingAction", 400),
            Self::MissingAuthenticationToken => ("MissingAuthenticationTokenException", 400),
            Self::MissingParameter => ("MissingRequiredParameterException", 400),
            Self::OperationAborted => ("OperationAbortedException", 400),
            Self::ResourceAlreadyExists => ("ResourceAlreadyExistsException", 400),
            Self::ResourceNotFound => ("ResourceNotFoundException", 400),
            Self::Serialization => ("SerializationException", 400),
            Self::ServiceUnavailable => ("ServiceUnavailableException", 500),
            Self::SessionStreaming => ("SessionStreamingException", 400),
            Self::SessionTimeout => ("SessionTimeoutException", 400),
            Self::Throttling => ("ThrottlingException", 400),
            Self::TooManyTags => ("TooManyTagsException", 400),
            Self::UnknownOperation => ("UnknownOperationException", 400),
            Self::UnrecognizedClient => ("UnrecognizedClientException", 400),
            Self::Validation => ("ValidationException", 400),
        }
    }
}

impl Fault {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            members: Map::new(),
        }
    }

    pub(crate) fn access_denied(message: impl Into<String>) -> Self {
        Self::new(Kind::AccessDenied, message)
    }

    pub(crate) fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::new(Kind::InvalidParameter, message)
    }

    /// As services say it that were first asked in forms.
    pub(crate) fn invalid_parameter_value(message: impl Into<String>) -> Self {
        Self::new(Kind::InvalidParameterValue, message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::ResourceNotFound, message)
    }

    pub(crate) fn limit_exceeded() -> Self {
        Self::new(Kind::LimitExceeded, "Resource limit exceeded.")
    }

    /// It came too often. Source: the service's answers, as issues of clients have them.
    pub(crate) fn throttled() -> Self {
        Self::new(Kind::Throttling, "Rate exceeded")
    }

    /// Something of ours failed: the cause goes into our log, and the caller learns only that it is not theirs.
    pub(crate) fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = %Chain(error), "an operation failed");
        Self::new(
            Kind::Internal,
            "The request could not be completed. Try it again.",
        )
    }

    /// Something that is needed is away: the cause goes into our log, and trying again may help.
    pub(crate) fn unavailable(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = %Chain(error), "an operation cannot be done now");
        Self::new(
            Kind::ServiceUnavailable,
            "The service cannot complete the request.",
        )
    }

    /// A member that stands beside the message.
    pub(crate) fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.members.insert(member.to_owned(), value.into());
        self
    }

    pub(crate) fn code(&self) -> &'static str {
        self.kind.exception().0
    }

    /// The text for the caller.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The HTTP status.
    pub(crate) fn status(&self) -> u16 {
        self.kind.exception().1
    }

    pub(crate) fn into_exception(self) -> Exception {
        let (code, status) = self.kind.exception();
        Exception {
            code,
            status,
            message: self.message,
            members: self.members,
        }
    }
}

/// What the catalog says and no operation expects.
impl From<corelog_catalog::Error> for Fault {
    fn from(error: corelog_catalog::Error) -> Self {
        if error.is_transient() {
            return Self::unavailable(&error);
        }
        Self::internal(&error)
    }
}

/// What the metrics say and no operation expects.
impl From<corelog_metrics::Error> for Fault {
    fn from(error: corelog_metrics::Error) -> Self {
        if error.is_transient() {
            return Self::unavailable(&error);
        }
        Self::internal(&error)
    }
}

/// Events cannot be read: better none than some of them.
impl From<crate::logs::Away> for Fault {
    fn from(away: crate::logs::Away) -> Self {
        Self::unavailable(&away)
    }
}
