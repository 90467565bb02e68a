//! The two encodings of one export are read alike.

use serde_json::json;

use super::*;
use crate::protobuf::Message;

struct All<T> {
    items: Vec<(Origin, T)>,
    refused: Vec<&'static str>,
}

impl<T> Default for All<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            refused: Vec::new(),
        }
    }
}

impl<T> Visitor<T> for All<T> {
    fn take(&mut self, origin: &Origin, item: T) {
        self.items.push((origin.clone(), item));
    }

    fn refuse(&mut self, why: &'static str) {
        self.refused.push(why);
    }
}

fn message(build: impl FnOnce(&mut Message)) -> Message {
    let mut message = Message::default();
    build(&mut message);
    message
}

fn pair(key: &str, any: &Message) -> Message {
    message(|it| {
        it.bytes(1, key.as_bytes());
        it.message(2, any);
    })
}

fn string(text: &str) -> Message {
    message(|it| it.always_bytes(1, text.as_bytes()))
}

/// Every kind of value, by its field number in `AnyValue`.
fn attributes() -> [Message; 7] {
    let list = message(|it| {
        it.message(1, &string("a"));
        it.message(1, &message(|_| {}));
    });
    let map = message(|it| it.message(1, &pair("k", &string("v"))));
    [
        pair("s", &string("text")),
        pair("b", &message(|it| it.always_number(2, 1))),
        pair(
            "i",
            &message(|it| it.always_number(3, (-5_i64).cast_unsigned())),
        ),
        pair("d", &message(|it| it.always_double(4, 0.5))),
        pair("a", &message(|it| it.message(5, &list))),
        pair("m", &message(|it| it.message(6, &map))),
        pair("x", &message(|it| it.always_bytes(7, &[1, 2, 3]))),
    ]
}

/// Field numbers as `trace.proto` has them.
fn binary_export() -> Vec<u8> {
    let event = message(|it| {
        it.fixed64(1, 5);
        it.bytes(2, b"exception");
        it.message(3, &pair("exception.type", &string("E")));
    });
    let status = message(|it| {
        it.bytes(2, b"bad");
        it.number(3, 2);
    });
    let span = message(|it| {
        it.bytes(1, &[0xab; 16]);
        it.bytes(2, &[0xcd; 8]);
        it.bytes(3, b"state");
        it.bytes(4, &[0xef; 8]);
        it.bytes(5, b"chat gpt");
        it.number(6, 3);
        it.fixed64(7, 10);
        it.fixed64(8, 20);
        for attribute in attributes() {
            it.message(9, &attribute);
        }
        it.number(10, 4);
        it.message(11, &event);
        it.message(15, &status);
        it.number(99, 7);
    });
    let scope = message(|it| it.bytes(1, b"scope"));
    let spans = message(|it| {
        it.message(2, &span);
        it.message(1, &scope);
    });
    let resource = message(|it| it.message(1, &pair("service.name", &string("app"))));
    let group = message(|it| {
        it.message(2, &spans);
        it.message(1, &resource);
    });
    message(|it| it.message(1, &group)).into_bytes()
}

fn json_export() -> Vec<u8> {
    json!({"resourceSpans": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "app"}}]},
        "scopeSpans": [{"scope": {"name": "scope"}, "unknown": null, "spans": [{
            "traceId": "AB".repeat(16), "spanId": "cd".repeat(8), "parentSpanId": "ef".repeat(8),
            "traceState": "state", "name": "chat gpt", "kind": 3,
            "startTimeUnixNano": "10", "endTimeUnixNano": 20,
            "attributes": [
                {"key": "s", "value": {"stringValue": "text"}},
                {"key": "b", "value": {"boolValue": true}},
                {"key": "i", "value": {"intValue": "-5"}},
                {"key": "d", "value": {"doubleValue": 0.5}},
                {"key": "a", "value": {"arrayValue": {"values": [{"stringValue": "a"}, {}]}}},
                {"key": "m", "value": {"kvlistValue": {"values": [
                    {"key": "k", "value": {"stringValue": "v"}}]}}},
                {"key": "x", "value": {"bytesValue": "AQID"}},
            ],
            "events": [{"timeUnixNano": "5", "name": "exception",
                "attributes": [{"key": "exception.type", "value": {"stringValue": "E"}}]}],
            "status": {"message": "bad", "code": 2},
        }]}],
    }]})
    .to_string()
    .into_bytes()
}

#[test]
fn both_encodings_say_the_same() {
    let read = |body: &[u8], encoding| {
        let mut all = All::default();
        spans(body, encoding, &mut all).unwrap();
        assert_eq!(all.refused, [""; 0]);
        all.items
    };
    let binary = read(&binary_export(), Encoding::Protobuf);
    assert_eq!(binary, read(&json_export(), Encoding::Json));
    let (origin, span) = &binary[0];
    assert_eq!(origin.resource.text("service.name"), Some("app"));
    assert_eq!(origin.scope, "scope");
    assert_eq!(span.key.trace, [0xab; 16]);
    assert_eq!(span.parent, Some([0xef; 8]));
    assert_eq!((span.start_ns, span.end_ns), (10, 20));
    assert!(span.status.is_error);
    let value = |key: &str| span.attributes.get(key).cloned().unwrap();
    assert_eq!(value("i"), json!(-5));
    assert_eq!(value("a"), json!(["a", null]));
    assert_eq!(value("m"), json!({"k": "v"}));
    assert_eq!(value("x"), json!("AQID"));
}

/// Field numbers as `logs.proto` has them.
#[test]
fn log_records_in_both_encodings() {
    let record = message(|it| {
        it.number(2, 9);
        it.message(5, &string("said"));
        it.message(6, &pair("event.name", &string("gen_ai.user.message")));
        it.bytes(9, &[0xab; 16]);
        it.bytes(10, &[0xcd; 8]);
        it.fixed64(11, 7);
    });
    let scope = message(|it| it.message(2, &record));
    let group = message(|it| it.message(2, &scope));
    let binary = message(|it| it.message(1, &group)).into_bytes();
    let text = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [{
        "severityNumber": 9, "body": {"stringValue": "said"},
        "attributes": [{"key": "event.name", "value": {"stringValue": "gen_ai.user.message"}}],
        "traceId": "ab".repeat(16), "spanId": "cd".repeat(8), "observedTimeUnixNano": "7",
    }]}]}]});
    let read = |body: &[u8], encoding| {
        let mut all = All::default();
        logs(body, encoding, &mut all).unwrap();
        all.items
    };
    let binary = read(&binary, Encoding::Protobuf);
    assert_eq!(binary, read(text.to_string().as_bytes(), Encoding::Json));
    let event = &binary[0].1.event;
    assert_eq!(
        (event.name.as_str(), event.time_ns),
        ("gen_ai.user.message", 7)
    );
    assert_eq!(event.body, "said");
}

#[test]
fn more_spans_than_a_request_may_hold_are_refused() {
    let span = message(|_| {});
    let scope = message(|it| {
        for _ in 0..ITEMS_MAX + 3 {
            it.message(2, &span);
        }
    });
    let group = message(|it| it.message(2, &scope));
    let body = message(|it| it.message(1, &group)).into_bytes();
    let mut all = All::<Span>::default();
    spans(&body, Encoding::Protobuf, &mut all).unwrap();
    assert_eq!(all.refused.len() as u64, ITEMS_MAX + 3);
    assert!(all.refused.last().unwrap().starts_with("more than 20,000"));
}

#[test]
fn values_deeper_than_anybody_needs_are_no_request() {
    let mut value = string("deep");
    for _ in 0..40 {
        let list = message(|it| it.message(1, &value));
        value = message(|it| it.message(5, &list));
    }
    let span = message(|it| it.message(9, &pair("deep", &value)));
    let scope = message(|it| it.message(2, &span));
    let group = message(|it| it.message(2, &scope));
    let body = message(|it| it.message(1, &group)).into_bytes();
    let read = spans(&body, Encoding::Protobuf, &mut All::default());
    assert_eq!(read, Err(Malformed(Encoding::Protobuf)));
    for body in [
        "",
        "[]",
        "nil",
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[1]}]}]}"#,
    ] {
        let read = spans(body.as_bytes(), Encoding::Json, &mut All::default());
        assert_eq!(read, Err(Malformed(Encoding::Json)), "{body}");
    }
}

/// Two bytes of an export may be a value, and take a hundred in memory.
#[test]
fn more_values_than_anybody_sends_are_not_read() {
    let empty = message(|_| {});
    let list = message(|it| {
        for _ in 0..VALUES_MAX + 3 {
            it.message(1, &empty);
        }
    });
    let long = message(|it| it.message(5, &list));
    let span = message(|it| {
        it.bytes(1, &[1; 16]);
        it.bytes(2, &[2; 8]);
        it.fixed64(7, 1);
        it.message(9, &pair("long", &long));
    });
    let scope = message(|it| {
        for _ in 0..3 {
            it.message(2, &span);
        }
    });
    let group = message(|it| it.message(2, &scope));
    let body = message(|it| it.message(1, &group)).into_bytes();
    let mut all = All::<Span>::default();
    spans(&body, Encoding::Protobuf, &mut all).unwrap();
    let (_, span) = all.items.remove(0);
    let read = span.attributes.get("long").unwrap().as_array().unwrap();
    assert_eq!(read.len(), VALUES_MAX);
    assert_eq!((all.items.len(), all.refused.len()), (0, 2));
    assert!(all.refused[0].starts_with("more values"));
}

#[test]
fn more_values_than_anybody_sends_are_not_read_of_json() {
    let of = |attributes: &str| {
        let span = format!(
            r#"{{"traceId":"{}","spanId":"{}","startTimeUnixNano":"1","attributes":[{attributes}]}}"#,
            "01".repeat(16),
            "02".repeat(8)
        );
        let body = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{span}]}}]}}]}}"#);
        let mut all = All::<Span>::default();
        spans(body.as_bytes(), Encoding::Json, &mut all).unwrap();
        (all.items.len(), all.refused.len())
    };
    let text = r#"{"key":"a","value":{"stringValue":"VALUE"}}"#;
    let many = "[{\\\",".repeat(VALUES_MAX / 2);
    assert_eq!(
        of(&text.replace("VALUE", &many)),
        (1, 0),
        "they are in a text"
    );
    assert_eq!(of(&format!("{}{{}}", "{},".repeat(VALUES_MAX))), (0, 1));
    let groups = "{},".repeat(GROUPS_MAX + 1);
    let body = format!(r#"{{"resourceSpans":[{}]}}"#, groups.trim_end_matches(','));
    let read = spans(body.as_bytes(), Encoding::Json, &mut All::default());
    assert_eq!(read, Err(Malformed(Encoding::Json)));
}

#[test]
fn content_types() {
    let of = Encoding::of_content_type;
    assert_eq!(of("application/x-protobuf"), Some(Encoding::Protobuf));
    assert_eq!(of("application/JSON; charset=utf-8"), Some(Encoding::Json));
    assert_eq!(of("text/plain"), None);
}
