//! What a service is made of: operations, shapes, and what a shape asks of a value.
//!
//! A service's table is generated (`cargo xtask codegen`) and is data: the same few functions read it for every
//! operation of every service. A value on its way between bytes and structs is a *document*, a [`Value`] of JSON,
//! whatever the protocol; [`Shape::admit`] checks and normalises it.
//!
//! In a document blobs are base64 text, timestamps are seconds since the epoch, with fractions, and numbers that JSON
//! has no form for are the texts `NaN`, `Infinity` and `-Infinity`; protocols that write them in other ways convert by
//! the table.

mod admit;
mod pattern;
mod violation;

pub use admit::{Mistyped, VIOLATIONS_MAX};
pub use pattern::Pattern;
pub use serde_json::{Map, Value};
pub use violation::{Constraint, Violation, sentence};

/// A service.
#[derive(Debug)]
pub struct Service {
    /// `CloudWatch Logs`
    pub id: &'static str,
    /// Version of its API.
    pub version: &'static str,
    /// What requests are signed for.
    pub signing_name: &'static str,
    /// What stands before the dot in `x-amz-target`.
    pub target_prefix: &'static str,
    /// `1.0` or `1.1`, for the protocols of JSON.
    pub json_version: &'static str,
    /// The protocols that it speaks, by the model's names: `json`, `query`, `smithy-rpc-v2-cbor`.
    pub protocols: &'static [&'static str],
    /// What it keeps of the query protocol, if that was its first.
    pub query: Option<Query>,
    /// The operations that are served, in ASCII order of their names.
    pub operations: &'static [Operation],
}

impl Service {
    /// The operation of that name.
    pub fn operation(&self, name: &str) -> Option<&'static Operation> {
        let found = self.operations.binary_search_by(|one| one.name.cmp(name));
        found.ok().map(|index| &self.operations[index])
    }

    /// Whether it speaks the protocol of that name in models.
    pub fn speaks(&self, protocol: &str) -> bool {
        self.protocols.contains(&protocol)
    }
}

impl Query {
    /// The exception of that name.
    pub fn exception(&self, name: &str) -> Option<&'static QueryException> {
        let found = self.exceptions.binary_search_by(|one| one.name.cmp(name));
        found.ok().map(|index| &self.exceptions[index])
    }
}

/// What a service that began with the query protocol says in it, and about it in others.
#[derive(Debug)]
pub struct Query {
    /// Namespace of its answers in XML.
    pub xml_namespace: &'static str,
    /// What stands before the `#` of an exception's type.
    pub type_namespace: &'static str,
    /// Its exceptions, in ASCII order of their names.
    pub exceptions: &'static [QueryException],
}

/// An exception of a service that began with the query protocol.
#[derive(Debug)]
pub struct QueryException {
    /// Name of its shape: `DashboardNotFoundError`
    pub name: &'static str,
    /// What the query protocol calls it: `ResourceNotFound`
    pub code: &'static str,
    /// HTTP status.
    pub status: u16,
    /// Whether it is the caller's doing.
    pub is_sender: bool,
    /// The member that holds its text, `message` or `Message`.
    pub message: &'static str,
    /// Its other members.
    pub members: &'static [Member],
}

/// An operation of a service.
#[derive(Debug)]
pub struct Operation {
    /// `CreateLogGroup`
    pub name: &'static str,
    /// Shape of its request.
    pub input: Option<&'static Shape>,
    /// Shape of its answer.
    pub output: Option<&'static Shape>,
    /// The exceptions that it declares.
    pub errors: &'static [&'static str],
}

/// What a value looks like, and what is asked of it.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Its kind.
    pub kind: Kind,
    /// Least length, number of items, or value.
    pub min: Option<i64>,
    /// Greatest length, number of items, or value.
    pub max: Option<i64>,
    /// What the whole of a string matches.
    pub pattern: Option<&'static Pattern>,
    /// What a string may be; anything, if empty.
    pub one_of: &'static [&'static str],
}

/// Kinds of values.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Named members.
    Structure(&'static [Member]),
    /// Any number of one shape.
    List(&'static Shape),
    /// Keys and values.
    Map(&'static Shape, &'static Shape),
    /// Text.
    String,
    /// 32 bits.
    Integer,
    /// 64 bits.
    Long,
    /// A floating-point number.
    Double,
    /// `true` or `false`.
    Boolean,
    /// Bytes.
    Blob,
    /// A point in time.
    Timestamp,
}

/// A member of a structure.
#[derive(Debug)]
pub struct Member {
    /// Its name on the wire.
    pub name: &'static str,
    /// What it holds.
    pub shape: &'static Shape,
    /// Whether a request without it is refused.
    pub required: bool,
}

/// A shape that asks for nothing but its kind.
pub(crate) const fn shape(kind: Kind) -> Shape {
    Shape {
        kind,
        min: None,
        max: None,
        pattern: None,
        one_of: &[],
    }
}

/// A member that may be left out.
pub(crate) const fn member(name: &'static str, shape: &'static Shape) -> Member {
    Member {
        name,
        shape,
        required: false,
    }
}

/// A member that may not.
pub(crate) const fn required(name: &'static str, shape: &'static Shape) -> Member {
    Member {
        name,
        shape,
        required: true,
    }
}

impl Shape {
    pub(crate) const fn at_least(mut self, min: i64) -> Self {
        self.min = Some(min);
        self
    }

    pub(crate) const fn at_most(mut self, max: i64) -> Self {
        self.max = Some(max);
        self
    }

    pub(crate) const fn like(mut self, pattern: &'static Pattern) -> Self {
        self.pattern = Some(pattern);
        self
    }

    pub(crate) const fn one_of(mut self, values: &'static [&'static str]) -> Self {
        self.one_of = values;
        self
    }
}
