//! Forms in, XML out.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::cloudwatch::SERVICE;
use crate::model::{Map, Operation};
use crate::protocol::find;

fn operation(name: &str) -> &'static Operation {
    SERVICE.operation(name).unwrap()
}

fn terms() -> Terms {
    Terms {
        service: Some(&SERVICE),
        request_id: "the-id".to_owned(),
        is_query_mode: false,
    }
}

fn check_read(name: &str, form: &str, expected: Value) {
    let read = Query.read(operation(name), form.as_bytes());
    assert_eq!(read, Ok(expected), "{form}");
}

fn written(name: &str, document: Value) -> String {
    let answer = Query.write(operation(name), document, &terms());
    assert_eq!((answer.status, answer.content_type), (200, "text/xml"));
    String::from_utf8(answer.body).unwrap()
}

fn head<'a>() -> Head<'a> {
    Head {
        method: "POST",
        path: "/",
        content_type: Some("application/x-www-form-urlencoded; charset=utf-8"),
        ..Head::default()
    }
}

#[test]
fn a_form_names_operation_and_version() {
    let form = b"Version=2010-08-01&Action=List%44ashboards";
    let asked = find(&[&SERVICE], &head(), form).unwrap();
    let id = asked.service.map(|service| service.id);
    assert_eq!(
        (id, &*asked.operation),
        (Some("CloudWatch"), "ListDashboards")
    );
    // Signed for, it needs no version; signed for another, none helps.
    for (signed_for, form, expected) in [
        ("monitoring", &b"Action=A"[..], Some("CloudWatch")),
        ("sqs", b"Action=A&Version=2010-08-01", None),
    ] {
        let head = Head {
            signed_for: Some(signed_for),
            ..head()
        };
        let asked = find(&[&SERVICE], &head, form).unwrap();
        assert_eq!(asked.service.map(|service| service.id), expected);
    }
    let unversioned = find(&[&SERVICE], &head(), b"Action=A").unwrap();
    assert!(unversioned.service.is_none());
    let logs = find(
        &[&crate::logs::SERVICE],
        &head(),
        b"Action=A&Version=2014-03-28",
    );
    assert!(logs.unwrap().service.is_none(), "it does not speak it");
    let get = Head {
        method: "GET",
        query: Some("Version=2010-08-01&Action=A"),
        content_type: None,
        ..head()
    };
    assert!(get.is_aws());
    for not_it in [
        Head {
            path: "/x",
            ..head()
        },
        Head {
            content_type: Some("application/json"),
            ..head()
        },
        Head {
            query: Some("Reaction=A"),
            ..get
        },
        Head { query: None, ..get },
    ] {
        assert!(!not_it.is_aws(), "{not_it:?}");
    }
    let with_target = Head {
        target: Some("Logs_20140328.X"),
        ..head()
    };
    let asked = find(&[&SERVICE], &with_target, b"Action=A&Version=2010-08-01");
    assert!(asked.unwrap().service.is_none(), "a target is JSON's");
}

#[test]
fn a_form_becomes_a_document_by_the_shape() {
    check_read(
        "PutMetricData",
        "Action=PutMetricData&Version=2010-08-01&Namespace=My+App%2FX\
         &MetricData.member.2.MetricName=b&MetricData.member.2.StorageResolution=1\
         &MetricData.member.10.MetricName=c\
         &MetricData.member.1.MetricName=a&MetricData.member.1.Value=1.5e3\
         &MetricData.member.1.Timestamp=2026-11-22T15%3A00%3A00Z\
         &MetricData.member.1.Dimensions.member.1.Name=model\
         &MetricData.member.1.Dimensions.member.1.Value=caf%C3%A9\
         &MetricData.member.1.Values.member.1=1&MetricData.member.1.Values.member.2=NaN\
         &StrictEntityValidation=true&Unknown.member.1=x\
         &EntityMetricData.member.1.Entity.KeyAttributes.entry.1.key=Type\
         &EntityMetricData.member.1.Entity.KeyAttributes.entry.1.value=Service",
        json!({
            "Namespace": "My App/X",
            "MetricData": [
                {
                    "MetricName": "a",
                    "Dimensions": [{"Name": "model", "Value": "café"}],
                    "Timestamp": 1_795_359_600.0,
                    "Value": 1500.0,
                    "Values": [1.0, "NaN"],
                },
                {"MetricName": "b", "StorageResolution": 1},
                {"MetricName": "c"},
            ],
            "EntityMetricData": [{"Entity": {"KeyAttributes": {"Type": "Service"}}}],
            "StrictEntityValidation": true,
        }),
    );
    // Empty lists are written so.
    check_read(
        "PutMetricAlarm",
        "AlarmName=a&AlarmActions=&ActionsEnabled=FALSE&Period=x&Threshold=",
        json!({
            "AlarmName": "a", "AlarmActions": [], "ActionsEnabled": false,
            "Period": "x", "Threshold": "",
        }),
    );
    check_read("ListDashboards", "", json!({}));
    check_read(
        "ListDashboards",
        "&&NextToken=a%3Db=c",
        json!({"NextToken": "a=b=c"}),
    );
}

#[test]
fn forms_that_are_none_are_refused() {
    let deep = vec!["a"; 100_000].join(".");
    for form in [&b"NextToken=\xff"[..], b"NextToken=%ff", deep.as_bytes()] {
        let read = Query.read(operation("ListDashboards"), form);
        assert!(read.is_err());
    }
}

#[test]
fn an_answer_is_xml_by_the_shape() {
    let document = json!({
        "DashboardEntries": [
            {"DashboardName": "a", "LastModified": 1_795_359_600.0, "Size": 7, "DashboardArn": null},
            {"LastModified": 1_795_359_600.25},
        ],
        "NextToken": "<&\">\r\n\u{1}é",
    });
    assert_eq!(
        written("ListDashboards", document),
        "<ListDashboardsResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\"><ListDashboardsResult>\
         <DashboardEntries><member><DashboardName>a</DashboardName>\
         <LastModified>2026-11-22T15:00:00Z</LastModified><Size>7</Size></member>\
         <member><LastModified>2026-11-22T15:00:00.250Z</LastModified></member></DashboardEntries>\
         <NextToken>&lt;&amp;&quot;&gt;&#xD;\n\u{fffd}é</NextToken></ListDashboardsResult>\
         <ResponseMetadata><RequestId>the-id</RequestId></ResponseMetadata></ListDashboardsResponse>"
    );
    assert_eq!(
        written("PutDashboard", json!({"DashboardValidationMessages": []})),
        "<PutDashboardResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\"><PutDashboardResult>\
         <DashboardValidationMessages></DashboardValidationMessages></PutDashboardResult>\
         <ResponseMetadata><RequestId>the-id</RequestId></ResponseMetadata></PutDashboardResponse>"
    );
    assert_eq!(
        written("SetAlarmState", Value::Null),
        "<SetAlarmStateResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\">\
         <ResponseMetadata><RequestId>the-id</RequestId></ResponseMetadata></SetAlarmStateResponse>"
    );
}

#[test]
fn maps_are_entries() {
    let document = json!({"Label": "l", "Datapoints": [{"ExtendedStatistics": {"p99": 1.5}}]});
    let text = written("GetMetricStatistics", document);
    let entry =
        "<ExtendedStatistics><entry><key>p99</key><value>1.5</value></entry></ExtendedStatistics>";
    assert!(text.contains(entry), "{text}");
}

#[test]
fn an_exception_has_its_code_its_status_and_its_members() {
    let members = json!({"dashboardValidationMessages": [{"DataPath": "/a", "Message": "b"}]});
    let exception = Exception {
        code: "DashboardInvalidInputError",
        status: 400,
        message: "wrong".to_owned(),
        members: members.as_object().cloned().unwrap(),
    };
    let answer = Query.refuse(&exception, &terms());
    assert_eq!((answer.status, answer.content_type), (400, "text/xml"));
    assert_eq!(
        String::from_utf8(answer.body).unwrap(),
        "<ErrorResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\"><Error><Type>Sender</Type>\
         <Code>InvalidParameterInput</Code><Message>wrong</Message><dashboardValidationMessages><member>\
         <DataPath>/a</DataPath><Message>b</Message></member></dashboardValidationMessages></Error>\
         <RequestId>the-id</RequestId></ErrorResponse>"
    );
    for (code, status, query_code, query_status, fault) in [
        (
            "DashboardNotFoundError",
            404,
            "ResourceNotFound",
            404,
            "Sender",
        ),
        (
            "ConcurrentModificationException",
            400,
            "ConcurrentModificationException",
            429,
            "Sender",
        ),
        (
            "InternalServiceFault",
            500,
            "InternalServiceError",
            500,
            "Receiver",
        ),
        ("ValidationException", 400, "ValidationError", 400, "Sender"),
        ("AccessDeniedException", 400, "AccessDenied", 403, "Sender"),
        (
            "InternalServerException",
            500,
            "InternalFailure",
            500,
            "Receiver",
        ),
        ("Whatever", 418, "Whatever", 418, "Sender"),
    ] {
        let exception = Exception {
            code,
            status,
            message: String::new(),
            members: Map::new(),
        };
        let answer = Query.refuse(&exception, &terms());
        let text = String::from_utf8(answer.body).unwrap();
        let expected = format!("<Type>{fault}</Type><Code>{query_code}</Code><Message></Message>");
        assert!(text.contains(&expected), "{text}");
        assert_eq!(answer.status, query_status, "{code}");
    }
}

proptest! {
    #[test]
    fn no_form_is_too_much(form in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Query.read(operation("PutMetricData"), &form);
        let _ = find(&[&SERVICE], &head(), &form);
    }

    #[test]
    fn text_of_any_kind_stays_in_its_element(text in any::<String>()) {
        let xml = written("ListDashboards", json!({"NextToken": text}));
        let (_, rest) = xml.split_once("<NextToken>").unwrap();
        let (inside, rest) = rest.split_once("</NextToken>").unwrap();
        prop_assert!(!inside.contains('<') && !inside.contains('>'));
        prop_assert!(rest.starts_with("</ListDashboardsResult>"));
    }
}
