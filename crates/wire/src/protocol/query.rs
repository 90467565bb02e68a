//! The query protocol: a form with the operation's name in it, answered in XML.
//!
//! Source: <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>

mod form;
mod xml;

use super::exception::Named;
use super::{Answer, Asked, Exception, Head, Protocol, Terms, Unreadable};
use crate::model::{Operation, Service, Value};

const CONTENT_TYPE: &str = "text/xml";
const FORM: &str = "application/x-www-form-urlencoded";
/// What models call it.
const MODEL_NAME: &str = "query";

/// The protocol.
#[derive(Debug)]
pub struct Query;

impl Query {
    pub(super) fn speaks(head: &Head<'_>) -> bool {
        match head.method {
            _ if head.path != "/" || head.target.is_some() => false,
            "POST" => head.content_type.is_some_and(is_form),
            "GET" => head.query.is_some_and(|query| {
                let mut pairs = query.split('&');
                pairs.any(|pair| pair.starts_with("Action="))
            }),
            _ => false,
        }
    }

    /// The service is that which the request is signed for, or else the only one of that version.
    pub(super) fn find<'a>(
        services: &[&'static Service],
        head: &Head<'a>,
        content: &'a [u8],
    ) -> Option<Asked<'a>> {
        if !Self::speaks(head) {
            return None;
        }
        let (action, version) = form::action_and_version(content);
        let mut speaking = services.iter().filter(|service| service.speaks(MODEL_NAME));
        let service = speaking.find(|service| match head.signed_for {
            Some(name) => service.signing_name == name,
            None => version.as_deref() == Some(service.version),
        });
        Some(Asked {
            protocol: &Self,
            service: service.copied(),
            operation: action.unwrap_or_default(),
        })
    }
}

fn is_form(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case(FORM)
}

impl Protocol for Query {
    fn read(&self, operation: &Operation, content: &[u8]) -> Result<Value, Unreadable> {
        form::document(operation.input, content)
    }

    fn write(&self, operation: &Operation, document: Value, terms: &Terms) -> Answer {
        let mut writer = xml::Writer::default();
        let root = [operation.name, "Response"].concat();
        writer.open_in(&root, namespace(terms));
        if let Some(shape) = operation.output {
            writer.value(&[operation.name, "Result"].concat(), shape, &document);
        }
        writer.open("ResponseMetadata");
        writer.text("RequestId", &terms.request_id);
        writer.close("ResponseMetadata");
        writer.close(&root);
        Answer::new(200, CONTENT_TYPE, writer.into_bytes())
    }

    fn refuse(&self, exception: &Exception, terms: &Terms) -> Answer {
        let named = Named::new(exception, terms);
        let mut writer = xml::Writer::default();
        writer.open_in("ErrorResponse", namespace(terms));
        writer.open("Error");
        writer.text("Type", named.fault());
        writer.text("Code", named.query_code);
        writer.text("Message", &exception.message);
        for member in named.members {
            if let Some(value) = exception.members.get(member.name) {
                writer.value(member.name, member.shape, value);
            }
        }
        writer.close("Error");
        writer.text("RequestId", &terms.request_id);
        writer.close("ErrorResponse");
        Answer::new(named.query_status, CONTENT_TYPE, writer.into_bytes())
    }
}

fn namespace(terms: &Terms) -> Option<&'static str> {
    let query = terms.service?.query.as_ref()?;
    Some(query.xml_namespace)
}

#[cfg(test)]
mod tests;
