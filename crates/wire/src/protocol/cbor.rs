//! rpc-v2-cbor: service and operation in the path, a document of CBOR in the body.
//!
//! Source: <https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>

mod decode;
mod encode;

use super::exception::Named;
use super::{Answer, Asked, Exception, Head, Protocol, Terms, Unreadable};
use crate::model::{Kind, Map, Operation, Service, Shape, Value, shape};

const CONTENT_TYPE: &str = "application/cbor";
const NAME: &str = "rpc-v2-cbor";
/// What models call it.
const MODEL_NAME: &str = "smithy-rpc-v2-cbor";

/// A shape of which nothing but text is known.
static TEXT: Shape = shape(Kind::String);

/// The protocol.
#[derive(Debug)]
pub struct RpcCbor;

impl RpcCbor {
    pub(super) fn speaks(head: &Head<'_>) -> bool {
        head.method == "POST" && head.smithy_protocol == Some(NAME) && place(head.path).is_some()
    }

    pub(super) fn find<'a>(services: &[&'static Service], head: &Head<'a>) -> Option<Asked<'a>> {
        let (named, operation) = place(head.path).filter(|_| Self::speaks(head))?;
        let known = |service: &&&'static Service| {
            service.speaks(MODEL_NAME) && service.target_prefix == named
        };
        Some(Asked {
            protocol: &Self,
            service: services.iter().find(known).copied(),
            operation: operation.into(),
        })
    }
}

/// Service and operation of a path: `/service/GraniteServiceVersion20100801/operation/ListDashboards`
fn place(path: &str) -> Option<(&str, &str)> {
    let (service, operation) = path.strip_prefix("/service/")?.split_once("/operation/")?;
    (!service.contains('/') && !operation.contains('/')).then_some((service, operation))
}

impl Protocol for RpcCbor {
    /// An operation that takes nothing may have no body.
    fn read(&self, _operation: &Operation, content: &[u8]) -> Result<Value, Unreadable> {
        if content.is_empty() {
            return Ok(Value::Object(Map::new()));
        }
        decode::document(content)
    }

    fn write(&self, operation: &Operation, document: Value, _terms: &Terms) -> Answer {
        let mut body = Vec::new();
        match operation.output {
            Some(shape) => encode::value(&mut body, shape, &document),
            None => encode::value(&mut body, &shape(Kind::Structure(&[])), &document),
        }
        answer(200, body)
    }

    fn refuse(&self, exception: &Exception, terms: &Terms) -> Answer {
        let named = Named::new(exception, terms);
        let document = named.document();
        let shape_of = |name: &str| {
            let found = named.members.iter().find(|member| member.name == name);
            found.map_or(&TEXT, |member| member.shape)
        };
        let mut body = Vec::new();
        encode::members(
            &mut body,
            document
                .iter()
                .map(|(name, value)| (name.as_str(), shape_of(name), value)),
        );
        let mut answer = answer(named.status(terms), body);
        answer.headers.extend(named.headers(terms));
        answer
    }
}

/// Clients refuse an answer that does not name the protocol.
fn answer(status: u16, body: Vec<u8>) -> Answer {
    Answer {
        headers: vec![("smithy-protocol", NAME.to_owned())],
        ..Answer::new(status, CONTENT_TYPE, body)
    }
}

#[cfg(test)]
mod tests;
