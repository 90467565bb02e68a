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
//! | query | form content type, no target | `Action` in the form | `A.member.1.B=` by the table | XML by the table |
//! | rpc-v2-cbor | `smithy-protocol` | the path's last segment | CBOR; blobs and times by the table | the same |
//! | rest-json | method and path | a template in the table | members from path, query, headers, body | JSON |
//!
//! The last three are not written yet. Each is an implementor of [`Protocol`] and one line in [`find`]; query
//! and rest need more columns in the table (names in XML, places of members), which `cargo xtask codegen` has
//! before it in the model. Event streams are a way to write events, which a protocol has beside [`Protocol::write`]:
//! [`Protocol::begin_stream`] and the two after it.

mod aws_json;

pub use aws_json::AwsJson;

use crate::model::{Map, Operation, Service, Value};

/// The parts of a request's head that tell services and protocols apart.
#[derive(Debug, Clone, Copy, Default)]
pub struct Head<'a> {
    /// `POST`
    pub method: &'a str,
    /// Path, without the query.
    pub path: &'a str,
    /// `content-type`
    pub content_type: Option<&'a str>,
    /// `x-amz-target`
    pub target: Option<&'a str>,
}

impl Head<'_> {
    /// Whether a request looks like one of an AWS protocol that is spoken here, for whatever service.
    pub fn is_aws(&self) -> bool {
        AwsJson::speaks(self)
    }
}

/// What a request asks for, as far as its head says it.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The protocol to answer in.
    pub protocol: &'static dyn Protocol,
    /// The service, if it is one of those given.
    pub service: Option<&'static Service>,
    /// Name of the operation; whether the service has it is another question.
    pub operation: &'a str,
}

/// Finds out what a request asks of which service; `None` if it is of no protocol that is spoken here.
pub fn find<'a>(services: &[&'static Service], head: &Head<'a>) -> Option<Asked<'a>> {
    AwsJson::find(services, head)
}

/// A way to carry operations in bytes.
pub trait Protocol: Send + Sync + std::fmt::Debug {
    /// Reads a request into a document. Constraints are not looked at.
    ///
    /// # Errors
    /// [`Unreadable`] for bytes that are not of this protocol.
    fn read(&self, operation: &Operation, body: &[u8]) -> Result<Value, Unreadable>;

    /// Writes an answer. Members that are null are left out.
    fn write(&self, operation: &Operation, document: Value) -> Answer;

    /// Writes an exception.
    fn refuse(&self, exception: &Exception) -> Answer;

    /// The head of an answer that is an event stream, and its first frame.
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
    /// HTTP status.
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
    /// The body, or the first bytes of a stream.
    pub body: Vec<u8>,
}
