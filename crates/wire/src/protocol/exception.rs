//! What an exception is called in each protocol.
//!
//! A service that changed from the query protocol to others has two names for each of its exceptions, and two statuses:
//! clients that ask for it (`x-amzn-query-mode`) still get the code and the status of the query protocol, so that code
//! which was written for that goes on working. Exceptions that no service declares are those of the framework behind
//! all of them.
//!
//! Source: <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html> and
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CommonErrors.html>

use super::{Exception, Terms};
use crate::model::{Map, Member, Query, Service, Value};

/// An exception in the words of a service.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named<'e> {
    /// What stands before the `#` of its type, if the service shows that: `com.amazonaws.cloudwatch.v2010_08_01`
    namespace: Option<&'static str>,
    /// `DashboardNotFoundError`
    name: &'static str,
    /// What the query protocol calls it.
    pub(super) query_code: &'static str,
    /// Its status in the query protocol.
    pub(super) query_status: u16,
    /// Its status in others, for callers who do not ask for that of the query protocol.
    status: u16,
    is_sender: bool,
    /// The member that holds its text.
    message_name: &'static str,
    /// The other members, which the service's table has shapes for.
    pub(super) members: &'static [Member],
    is_declared: bool,
    exception: &'e Exception,
}

/// What stands before the `#` of the types of the framework's exceptions.
const SERVICE: &str = "com.amazon.coral.service";
const VALIDATE: &str = "com.amazon.coral.validate";

/// Exceptions of the framework: name, namespace, what the query protocol calls it, its status there.
const COMMON: [(&str, &str, &str, u16); 10] = [
    ("AccessDeniedException", SERVICE, "AccessDenied", 403),
    ("InternalServerException", SERVICE, "InternalFailure", 500),
    (
        "InvalidSignatureException",
        SERVICE,
        "SignatureDoesNotMatch",
        403,
    ),
    (
        "MissingAuthenticationTokenException",
        SERVICE,
        "MissingAuthenticationToken",
        403,
    ),
    ("SerializationException", SERVICE, "MalformedInput", 400),
    (
        "ServiceUnavailableException",
        SERVICE,
        "ServiceUnavailable",
        503,
    ),
    ("ThrottlingException", SERVICE, "Throttling", 400),
    ("UnknownOperationException", SERVICE, "InvalidAction", 400),
    (
        "UnrecognizedClientException",
        SERVICE,
        "InvalidClientTokenId",
        403,
    ),
    ("ValidationException", VALIDATE, "ValidationError", 400),
];

impl<'e> Named<'e> {
    pub(super) fn new(exception: &'e Exception, terms: &Terms) -> Self {
        let plain = Self {
            namespace: None,
            name: exception.code,
            query_code: exception.code,
            query_status: exception.status,
            status: exception.status,
            is_sender: exception.status < 500,
            message_name: "message",
            members: &[],
            is_declared: false,
            exception,
        };
        let query = query_of(terms.service);
        let declared = query.and_then(|query| Some((query, query.exception(exception.code)?)));
        if let Some((query, declared)) = declared {
            return Self {
                namespace: Some(query.type_namespace),
                query_code: declared.code,
                query_status: declared.status,
                // Without the query protocol's statuses, whatever the caller did is a bad request.
                status: if declared.is_sender {
                    400
                } else {
                    declared.status
                },
                is_sender: declared.is_sender,
                message_name: declared.message,
                members: declared.members,
                is_declared: true,
                ..plain
            };
        }
        let mut common = COMMON.iter();
        match common.find(|(name, ..)| *name == exception.code) {
            Some((_, namespace, query_code, query_status)) => Self {
                namespace: query.map(|_| *namespace),
                query_code,
                query_status: *query_status,
                ..plain
            },
            None => plain,
        }
    }

    /// The type, as documents have it.
    fn type_name(&self) -> String {
        match self.namespace {
            Some(namespace) => format!("{namespace}#{}", self.name),
            None => self.name.to_owned(),
        }
    }

    /// The status in other protocols. Only what the service declares has another one for who wants it.
    pub(super) fn status(&self, terms: &Terms) -> u16 {
        if terms.is_query_mode && self.is_declared {
            self.query_status
        } else {
            self.status
        }
    }

    /// `Sender` or `Receiver`.
    pub(super) fn fault(&self) -> &'static str {
        if self.is_sender { "Sender" } else { "Receiver" }
    }

    /// The header that tells callers of other protocols the code of the query protocol.
    pub(super) fn headers(&self, terms: &Terms) -> Vec<(&'static str, String)> {
        if !terms.is_query_mode || query_of(terms.service).is_none() {
            return Vec::new();
        }
        let value = [self.query_code, self.fault()].join(";");
        vec![("x-amzn-query-error", value)]
    }

    /// The exception as a document: its type, its text, its other members.
    pub(super) fn document(&self) -> Map<String, Value> {
        let mut document = Map::new();
        document.insert("__type".to_owned(), self.type_name().into());
        let message = self.exception.message.as_str().into();
        document.insert(self.message_name.to_owned(), message);
        document.extend(self.exception.members.clone());
        document
    }
}

fn query_of(service: Option<&'static Service>) -> Option<&'static Query> {
    service?.query.as_ref()
}
