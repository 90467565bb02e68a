//! Bytes in and out, by hand from RFC 8949; what breaks off or goes too deep.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::cloudwatch::SERVICE;
use crate::model::member;
use crate::protocol::find;

fn read(bytes: &[u8]) -> Result<Value, Unreadable> {
    let operation = SERVICE.operation("PutMetricData").unwrap();
    RpcCbor.read(operation, bytes)
}

fn check_read(bytes: &[u8], expected: Value) {
    assert_eq!(read(bytes), Ok(expected), "{bytes:02x?}");
}

fn terms(is_query_mode: bool) -> Terms {
    Terms {
        service: Some(&SERVICE),
        request_id: "id".to_owned(),
        is_query_mode,
    }
}

#[test]
fn path_and_header_tell_it() {
    let head = Head {
        method: "POST",
        path: "/service/GraniteServiceVersion20100801/operation/ListDashboards",
        smithy_protocol: Some("rpc-v2-cbor"),
        ..Head::default()
    };
    let asked = find(&[&SERVICE], &head, b"").unwrap();
    let id = asked.service.map(|service| service.id);
    assert_eq!(
        (id, &*asked.operation),
        (Some("CloudWatch"), "ListDashboards")
    );
    let other = Head {
        path: "/service/Other/operation/ListDashboards",
        ..head
    };
    assert!(find(&[&SERVICE], &other, b"").unwrap().service.is_none());
    // It does not speak this protocol.
    let logs = Head {
        path: "/service/Logs_20140328/operation/DescribeLogGroups",
        ..head
    };
    let logs_only = [&crate::logs::SERVICE];
    assert!(find(&logs_only, &logs, b"").unwrap().service.is_none());
    for not_it in [
        Head {
            path: "/service/a/operation/b/c",
            ..head
        },
        Head { path: "/", ..head },
        Head {
            method: "GET",
            ..head
        },
        Head {
            smithy_protocol: None,
            ..head
        },
    ] {
        assert!(find(&[&SERVICE], &not_it, b"").is_none(), "{not_it:?}");
    }
}

#[test]
fn items_of_every_kind_are_read() {
    check_read(b"", json!({}));
    check_read(&[0xa0], json!({}));
    check_read(&[0xbf, 0xff], json!({}));
    check_read(&[0xa1, 0x61, b'a', 0x18, 0x64], json!({"a": 100}));
    check_read(
        &[0xbf, 0x61, b'a', 0x9f, 0x01, 0x20, 0xff, 0xff],
        json!({"a": [1, -1]}),
    );
    check_read(&[0x82, 0xf5, 0xf4], json!([true, false]));
    check_read(&[0x82, 0xf6, 0xf7], json!([null, null]));
    // 1.5 in two, four and eight bytes.
    check_read(&[0xf9, 0x3e, 0x00], json!(1.5));
    check_read(&[0xfa, 0x3f, 0xc0, 0, 0], json!(1.5));
    check_read(&[0xfb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0], json!(1.5));
    check_read(&[0xf9, 0x7e, 0x00], json!("NaN"));
    check_read(&[0xf9, 0x7c, 0x00], json!("Infinity"));
    check_read(&[0xf9, 0xfc, 0x00], json!("-Infinity"));
    // A time, whole and not.
    check_read(&[0xc1, 0x1a, 0x6b, 0, 0, 0], json!(1_795_162_112));
    check_read(&[0xc1, 0xfb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0], json!(1.5));
    check_read(&[0x43, 1, 2, 3], json!("AQID"));
    // Text and bytes in pieces.
    check_read(&[0x7f, 0x61, b'a', 0x62, 0xc3, 0xa9, 0xff], json!("aé"));
    check_read(&[0x5f, 0x41, 1, 0x42, 2, 3, 0xff], json!("AQID"));
    check_read(
        &[0x1b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        json!(i64::MAX),
    );
    check_read(
        &[0x3b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        json!(i64::MIN),
    );
    let long = "é".repeat(9_000);
    let mut bytes = vec![0x79, 0x46, 0x50];
    bytes.extend_from_slice(long.as_bytes());
    check_read(&bytes, json!(long));
}

#[test]
fn what_is_no_document_is_refused_whatever_it_claims() {
    let deep = vec![0x81; 100_000];
    let mut many = vec![0x9a, 0, 0x1e, 0x84, 0x80];
    many.resize(2_000_005, 0xf6);
    for bytes in [
        &[0xff][..],
        &[0xa1, 0x61, b'a'],
        &[0xa1, 0x01, 0x01],
        &[0xbf, 0x61, b'a', 0xff],
        &[0x82, 0x01, 0xff],
        &[0xa0, 0xa0],
        &[0x62, 0xff, 0xff],
        &[0x1c],
        &[0xc1, 0xff],
        // Lengths of exabytes, of which nothing comes.
        &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0x7b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0x3b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &deep,
        &many,
    ] {
        let shown = bytes.get(..9).unwrap_or(bytes);
        assert!(read(bytes).is_err(), "{shown:02x?}");
    }
}

#[test]
fn an_answer_is_written_by_its_shape() {
    let list = SERVICE.operation("ListDashboards").unwrap();
    let document = json!({
        "DashboardEntries": [{
            "DashboardName": "d", "LastModified": 1_765_977_780.0, "Size": 300, "DashboardArn": null,
        }],
        "NextToken": null,
    });
    let answer = RpcCbor.write(list, document, &terms(true));
    assert_eq!(
        (answer.status, answer.content_type),
        (200, "application/cbor")
    );
    assert_eq!(
        answer.headers,
        [("smithy-protocol", "rpc-v2-cbor".to_owned())]
    );
    let mut expected = vec![0xa1, 0x70];
    expected.extend_from_slice(b"DashboardEntries");
    expected.extend([0x81, 0xa3, 0x6d]);
    expected.extend_from_slice(b"DashboardName");
    expected.extend([0x61, b'd', 0x6c]);
    expected.extend_from_slice(b"LastModified");
    expected.extend([0xc1, 0xfb]);
    expected.extend(1_765_977_780.0_f64.to_be_bytes());
    expected.push(0x64);
    expected.extend_from_slice(b"Size");
    expected.extend([0x19, 0x01, 0x2c]);
    assert_eq!(answer.body, expected);
    let nothing = SERVICE.operation("SetAlarmState").unwrap();
    assert_eq!(
        RpcCbor.write(nothing, Value::Null, &terms(true)).body,
        [0xa0]
    );
}

#[test]
fn doubles_have_eight_bytes_and_numbers_as_few_as_hold_them() {
    let written = |shape: &Shape, document: Value| {
        let mut out = Vec::new();
        encode::value(&mut out, shape, &document);
        out
    };
    let double = shape(Kind::Double);
    assert_eq!(
        written(&double, json!(5)),
        [0xfb, 0x40, 0x14, 0, 0, 0, 0, 0, 0]
    );
    let long = shape(Kind::Long);
    assert_eq!(written(&long, json!(23)), [0x17]);
    assert_eq!(written(&long, json!(24)), [0x18, 24]);
    assert_eq!(written(&long, json!(-500)), [0x39, 0x01, 0xf3]);
    assert_eq!(
        written(&long, json!(1_000_000)),
        [0x1a, 0, 0x0f, 0x42, 0x40]
    );
    assert_eq!(
        written(&long, json!(i64::MIN)),
        [0x3b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]
    );
    assert_eq!(written(&shape(Kind::Blob), json!("AQID")), [0x43, 1, 2, 3]);
}

#[test]
fn an_exception_says_its_type_and_the_code_of_the_query_protocol() {
    let exception = Exception {
        code: "DashboardNotFoundError",
        status: 404,
        message: "gone".to_owned(),
        members: Map::new(),
    };
    let answer = RpcCbor.refuse(&exception, &terms(true));
    let document = read(&answer.body).unwrap();
    let kind = "com.amazonaws.cloudwatch.v2010_08_01#DashboardNotFoundError";
    assert_eq!(document, json!({"__type": kind, "message": "gone"}));
    assert_eq!(answer.status, 404);
    let headers = [
        ("smithy-protocol", "rpc-v2-cbor".to_owned()),
        ("x-amzn-query-error", "ResourceNotFound;Sender".to_owned()),
    ];
    assert_eq!(answer.headers, headers);
    let answer = RpcCbor.refuse(&exception, &terms(false));
    assert_eq!(answer.status, 400, "nobody asked for the query protocol's");
    assert_eq!(answer.headers, headers[..1]);
}

proptest! {
    #[test]
    fn no_bytes_are_too_much(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
    }

    #[test]
    fn what_is_written_is_read(text in ".{0,40}", number in any::<i64>(), float in any::<f64>().prop_filter("finite", |f| f.is_finite())) {
        static INNER: Shape = shape(Kind::Structure(&[
            member("text", &TEXT),
            member("number", &LONG),
            member("float", &DOUBLE),
        ]));
        static LONG: Shape = shape(Kind::Long);
        static DOUBLE: Shape = shape(Kind::Double);
        let document = json!({"text": text, "number": number, "float": float});
        let mut bytes = Vec::new();
        encode::value(&mut bytes, &INNER, &document);
        prop_assert_eq!(read(&bytes), Ok(document));
    }
}
