//! AWS protocols: an operation is written once, as a function of structs, and each of these carries it.
//!
//! ```text
//! bytes ──► Protocol::read ──► document ──► Shape::admit ──► struct ──► the operation
//! bytes ◄── Protocol::write ◄─────────────── document ◄───── struct ◄──────┘
//! ```
//! A document is JSON in memory ([`Value`]), whatever the bytes are; the service's table says what each value is.
//! What differs between protocols is in here and nowhere else:
//!
//! | protocol | how it is told | where the operation is | request | answer |
//! |---|---|---|---|---|
//! | [`AwsJson`] 1.0, 1.1 | `x-amz-target` | after the target's dot | JSON | JSON; errors have `__type` |
//! | [`Query`] | form content type, no target | `Action` in the form | `A.member.1.B=` by the table | XML by the table |
//! | [`RpcCbor`] | `smithy-protocol` | the path's last segment | CBOR | CBOR; blobs and times by the table |
//! | rest-json | method and path | a template in the table | members from path, query, headers, body | JSON |
//!
//! The last is not written yet: it is an implementor of [`Protocol`] and one line in [`find`], and needs more columns
//! in the table (places of members), which `cargo xtask codegen` has before it in the model. Event streams are a way
//! to write events, which a protocol may have beside [`Protocol::write`]: [`EventFrames`]. They are written for JSON; no
//! service that is served has them in another protocol.
//!
//! A service that began with the query protocol keeps its codes: `exception` says what is called what where.

mod aws_json;
mod cbor;
mod compression;
mod exception;
mod query;

use std::borrow::Cow;

pub use aws_json::AwsJson;
pub use cbor::RpcCbor;
pub use compression::inflated;
pub use query::Query;

use crate::model::{Map, Operation, Service, Value};

/// The parts of a request's head that tell services and protocols apart.
#[derive(Debug, Clone, Copy, Default)]
pub struct Head<'a> {
    /// `POST`
    pub method: &'a str,
    /// Path, without the query.
    pub path: &'a str,
    /// What follows the path's question mark.
    pub query: Option<&'a str>,
    /// `content-type`
    pub content_type: Option<&'a str>,
    /// `x-amz-target`
    pub target: Option<&'a str>,
    /// `smithy-protocol`
    pub smithy_protocol: Option<&'a str>,
    /// The service that the request is signed for, if it is signed.
    pub signed_for: Option<&'a str>,
}

impl Head<'_> {
    /// Whether a request looks like one of an AWS protocol that is spoken here, for whatever service.
    pub fn is_aws(&self) -> bool {
        AwsJson::speaks(self) || RpcCbor::speaks(self) || Query::speaks(self)
    }
}

/// What a request asks for, as far as its head says it, and its form, where it is one.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// The protocol to answer in.
    pub protocol: &'static dyn Protocol,
    /// The service, if it is one of those given.
    pub service: Option<&'static Service>,
    /// Name of the operation; whether the service has it is another question.
    pub operation: Cow<'a, str>,
}

/// Finds out what a request asks of which service; `None` if it is of no protocol that is spoken here.
///
/// `content` is what [`Protocol::read`] is to read: the body, or the query of a request without one. Whoever has it
/// not yet may give none: protocol and service are still found, if the head has them.
pub fn find<'a>(
    services: &[&'static Service],
    head: &Head<'a>,
    content: &'a [u8],
) -> Option<Asked<'a>> {
    AwsJson::find(services, head)
        .or_else(|| RpcCbor::find(services, head))
        .or_else(|| Query::find(services, head, content))
}

/// What an answer has to know beside what it says.
#[derive(Debug, Clone)]
pub struct Terms {
    /// The service that answers, if it is known.
    pub service: Option<&'static Service>,
    /// What the answer's head calls the request.
    pub request_id: String,
    /// Whether the caller wants to hear of errors what the query protocol would have told it, as
    /// `x-amzn-query-mode: true` says.
    pub is_query_mode: bool,
}

/// A way to carry operations in bytes.
pub trait Protocol: Send + Sync + std::fmt::Debug {
    /// Reads a request into a document. Constraints are not looked at.
    ///
    /// # Errors
    /// [`Unreadable`] for bytes that are not of this protocol.
    fn read(&self, operation: &Operation, content: &[u8]) -> Result<Value, Unreadable>;

    /// Writes an answer. Members that are null are left out.
    fn write(&self, operation: &Operation, document: Value, terms: &Terms) -> Answer;

    /// Writes an exception.
    fn refuse(&self, exception: &Exception, terms: &Terms) -> Answer;

    /// How it writes streams of events, if it does.
    fn events(&'static self) -> Option<&'static dyn EventFrames> {
        None
    }
}

/// A way to carry the events of an answer that is a stream.
pub trait EventFrames: Send + Sync {
    /// The head of the answer, and its first frame.
    fn begin_stream(&self) -> Answer;

    /// The frame of one event.
    fn event(&self, name: &str, document: Value) -> Vec<u8>;

    /// The frame of an exception that ends the stream.
    fn end_stream(&self, exception: &Exception) -> Vec<u8>;
}

/// Bytes that are not of the protocol; the text is for the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub(crate) String);

/// An error of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// `ResourceNotFoundException`
    pub code: &'static str,
    /// HTTP status, unless the service's table knows better.
    pub status: u16,
    /// Text for the caller.
    pub message: String,
    /// Members beside the message, as `resourceName`.
    pub members: Map<String, Value>,
}

/// An answer, ready to be sent but for its request id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `content-type`
    pub content_type: &'static str,
    /// Other headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body, or the first bytes of a stream.
    pub body: Vec<u8>,
}

impl Answer {
    fn new(status: u16, content_type: &'static str, body: Vec<u8>) -> Self {
        Self {
            status,
            content_type,
            headers: Vec::new(),
            body,
        }
    }
}

/// The document without members that are null, at every depth.
fn without_nulls(mut document: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.retain(|_, member| !member.is_null());
                members.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut document);
    document
}
