//! awsJson 1.0 and 1.1: a target in the head, a document of JSON in the body.
//!
//! Source: <https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html>

use super::exception::Named;
use super::{
    Answer, Asked, EventFrames, Exception, Head, Protocol, Terms, Unreadable, without_nulls,
};
use crate::event_stream;
use crate::model::{Map, Operation, Service, Value};

/// What streams of events are, in every protocol.
const EVENT_STREAM: &str = "application/vnd.amazon.eventstream";

/// One of the two versions, which differ in the content type alone as far as a server goes: 1.0 wants the
/// namespace before an error's name, and every client drops it.
#[derive(Debug)]
pub struct AwsJson {
    content_type: &'static str,
}

static AWS_JSON_1_0: AwsJson = AwsJson {
    content_type: "application/x-amz-json-1.0",
};

static AWS_JSON_1_1: AwsJson = AwsJson {
    content_type: "application/x-amz-json-1.1",
};

impl AwsJson {
    pub(super) fn speaks(head: &Head<'_>) -> bool {
        head.method == "POST" && head.path == "/" && head.target.is_some()
    }

    pub(super) fn find<'a>(services: &[&'static Service], head: &Head<'a>) -> Option<Asked<'a>> {
        let target = head.target.filter(|_| Self::speaks(head))?;
        let (prefix, operation) = target.rsplit_once('.').unwrap_or(("", target));
        let known = |service: &&&'static Service| service.target_prefix == prefix;
        let service = services.iter().find(known).copied();
        Some(Asked {
            protocol: Self::version(service, head.content_type),
            service,
            operation: operation.into(),
        })
    }

    /// The version that a service declares; for one we do not know, the version that the caller speaks.
    fn version(service: Option<&Service>, content_type: Option<&str>) -> &'static Self {
        let is_1_0 = match service {
            Some(service) => service.json_version == "1.0",
            None => content_type.is_some_and(|kind| kind.starts_with(AWS_JSON_1_0.content_type)),
        };
        if is_1_0 { &AWS_JSON_1_0 } else { &AWS_JSON_1_1 }
    }
}

impl Protocol for AwsJson {
    fn read(&self, _operation: &Operation, body: &[u8]) -> Result<Value, Unreadable> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Err(Unreadable("The request has no body".to_owned()));
        }
        // Not serde's text: it may quote what a caller sent.
        serde_json::from_slice(body).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let why = format!("The body is no JSON, at line {line}, column {column}");
            Unreadable(why)
        })
    }

    fn write(&self, operation: &Operation, document: Value, _terms: &Terms) -> Answer {
        let body = match operation.output {
            Some(_) => without_nulls(document).to_string().into_bytes(),
            None => Vec::new(),
        };
        Answer::new(200, self.content_type, body)
    }

    fn refuse(&self, exception: &Exception, terms: &Terms) -> Answer {
        let named = Named::new(exception, terms);
        let body = Value::Object(named.document()).to_string();
        Answer {
            headers: named.headers(terms),
            ..Answer::new(named.status(terms), self.content_type, body.into_bytes())
        }
    }

    fn events(&'static self) -> Option<&'static dyn EventFrames> {
        Some(self)
    }
}

impl EventFrames for AwsJson {
    /// Clients want the first frame to be `initial-response`, also where the answer has no members beside its
    /// stream.
    fn begin_stream(&self) -> Answer {
        let first = self.event("initial-response", Value::Object(Map::new()));
        Answer::new(200, EVENT_STREAM, first)
    }

    fn event(&self, name: &str, document: Value) -> Vec<u8> {
        let payload = without_nulls(document).to_string();
        let mut frame = Vec::new();
        event_stream::encode_event(name, payload.as_bytes(), &mut frame);
        frame
    }

    fn end_stream(&self, exception: &Exception) -> Vec<u8> {
        let mut document = exception.members.clone();
        document.insert("message".to_owned(), exception.message.as_str().into());
        let payload = Value::Object(document).to_string();
        let mut frame = Vec::new();
        event_stream::encode_exception(exception.code, payload.as_bytes(), &mut frame);
        frame
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::event_stream::Decoder;
    use crate::logs::SERVICE;
    use crate::protocol::find;

    fn head(target: &str) -> Head<'_> {
        Head {
            method: "POST",
            path: "/",
            content_type: Some("application/x-amz-json-1.1"),
            target: Some(target),
            ..Head::default()
        }
    }

    fn terms() -> Terms {
        Terms {
            service: Some(&SERVICE),
            request_id: "id".to_owned(),
            is_query_mode: true,
        }
    }

    fn check(target: &str, service: Option<&str>, operation: &str) {
        let head = head(target);
        let asked = find(&[&SERVICE], &head, b"").unwrap();
        assert_eq!(asked.service.map(|found| found.id), service, "{target}");
        assert_eq!(asked.operation, operation);
    }

    #[test]
    fn a_target_names_service_and_operation() {
        check(
            "Logs_20140328.CreateLogGroup",
            Some("CloudWatch Logs"),
            "CreateLogGroup",
        );
        check(
            "Logs_20140328.Nonsense",
            Some("CloudWatch Logs"),
            "Nonsense",
        );
        check("Logs_20150328.CreateLogGroup", None, "CreateLogGroup");
        check("nothing", None, "nothing");
        let elsewhere = Head {
            path: "/v1/x",
            ..head("Logs_20140328.CreateLogGroup")
        };
        assert!(find(&[&SERVICE], &elsewhere, b"").is_none());
        assert!(
            !Head {
                target: None,
                ..head("")
            }
            .is_aws()
        );
        assert!(
            !Head {
                method: "GET",
                ..head("Logs_20140328.X")
            }
            .is_aws()
        );
    }

    #[test]
    fn an_unknown_service_is_answered_in_the_version_it_was_asked_in() {
        let head = Head {
            content_type: Some("application/x-amz-json-1.0"),
            ..head("DynamoDB_20120810.X")
        };
        let asked = find(&[&SERVICE], &head, b"").unwrap();
        let exception = Exception {
            code: "UnknownOperationException",
            status: 400,
            message: String::new(),
            members: Map::new(),
        };
        let answer = asked.protocol.refuse(&exception, &terms());
        assert_eq!(answer.content_type, "application/x-amz-json-1.0");
    }

    #[test]
    fn answers_leave_out_what_is_null() {
        let describe = SERVICE.operation("DescribeLogGroups").unwrap();
        let document =
            json!({"logGroups": [{"logGroupName": "a", "kmsKeyId": null}], "nextToken": null});
        let answer = AWS_JSON_1_1.write(describe, document, &terms());
        assert_eq!(answer.body, br#"{"logGroups":[{"logGroupName":"a"}]}"#);
        assert_eq!(
            (answer.status, answer.content_type),
            (200, "application/x-amz-json-1.1")
        );
        let create = SERVICE.operation("CreateLogGroup").unwrap();
        assert_eq!(AWS_JSON_1_1.write(create, Value::Null, &terms()).body, b"");
    }

    #[test]
    fn an_exception_has_its_type_its_message_and_its_members() {
        let exception = Exception {
            code: "TooManyTagsException",
            status: 400,
            message: "too \"many\"".to_owned(),
            members: json!({"resourceName": "arn"}).as_object().cloned().unwrap(),
        };
        let answer = AWS_JSON_1_1.refuse(&exception, &terms());
        assert_eq!(
            answer.body,
            br#"{"__type":"TooManyTagsException","message":"too \"many\"","resourceName":"arn"}"#
        );
    }

    #[test]
    fn bodies_that_are_no_json_are_refused_without_being_quoted() {
        let create = SERVICE.operation("CreateLogGroup").unwrap();
        for body in ["", "  ", "{", "{\"logGroupName\": secret}", "\u{1}"] {
            let refused = AWS_JSON_1_1.read(create, body.as_bytes()).unwrap_err();
            assert!(!refused.to_string().contains("secret"));
        }
        let deep = "[".repeat(100_000);
        assert!(AWS_JSON_1_1.read(create, deep.as_bytes()).is_err());
        assert!(AWS_JSON_1_1.read(create, b"{\"a\":\"\xff\"}").is_err());
    }

    #[test]
    fn a_stream_begins_with_its_initial_response() {
        let mut bytes = AWS_JSON_1_1.begin_stream().body;
        bytes.extend(AWS_JSON_1_1.event("sessionUpdate", json!({"n": 1, "absent": null})));
        let exception = Exception {
            code: "SessionTimeoutException",
            status: 400,
            message: "over".to_owned(),
            members: Map::new(),
        };
        bytes.extend(AWS_JSON_1_1.end_stream(&exception));
        let mut seen = Vec::new();
        let outcome = Decoder::new().push(&bytes, &mut |frame| {
            let kind = frame
                .header(":event-type")
                .or(frame.header(":exception-type"));
            let payload = String::from_utf8_lossy(frame.payload()).into_owned();
            seen.push((kind.unwrap_or_default().to_owned(), payload));
        });
        assert!(outcome.is_ok());
        let expected = [
            ("initial-response", "{}"),
            ("sessionUpdate", r#"{"n":1}"#),
            ("SessionTimeoutException", r#"{"message":"over"}"#),
        ];
        assert_eq!(
            seen,
            expected.map(|(kind, text)| (kind.to_owned(), text.to_owned()))
        );
    }
}
