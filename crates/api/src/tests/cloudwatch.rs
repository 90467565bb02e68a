//! `CloudWatch`: its dashboards, metrics and alarms in three protocols, each operation authorised, each error in its protocol's words.

mod alarms;
mod anomaly_detectors;
mod metrics;

use corelog_access::TurnedAway;
use corelog_catalog::Dashboards as _;
use corelog_wire::cloudwatch::SERVICE;
use corelog_wire::model::Value;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;

use super::*;
use crate::aws::Effect;
use crate::cloudwatch::OPERATIONS;

const BODY: &str = r#"{ "widgets": [] }"#;
const ARN: &str = "arn:aws:cloudwatch::111122223333:dashboard/sample";
const FORM: &str = "application/x-www-form-urlencoded";
const NAMESPACE: &str = "http://monitoring.amazonaws.com/doc/2010-08-01/";

/// A request that each operation takes.
fn sample(operation: &str) -> Value {
    match operation {
        "DeleteDashboards" => json!({"DashboardNames": ["sample"]}),
        "GetDashboard" => json!({"DashboardName": "sample"}),
        "GetMetricData" => json!({
            "MetricDataQueries": [{"Id": "m", "MetricStat": {
                "Metric": {"Namespace": "Sample", "MetricName": "Calls"}, "Period": 60, "Stat": "Sum",
            }}],
            "StartTime": 1_795_166_000, "EndTime": 1_795_166_200,
        }),
        "GetMetricStatistics" => json!({
            "Namespace": "Sample", "MetricName": "Calls", "Period": 60, "Statistics": ["Sum"],
            "StartTime": 1_795_166_000, "EndTime": 1_795_166_200,
        }),
        "ListDashboards" | "ListMetrics" => json!({}),
        "ListTagsForResource" => json!({"ResourceARN": ARN}),
        "PutDashboard" => json!({"DashboardName": "new", "DashboardBody": BODY}),
        "PutMetricData" => json!({
            "Namespace": "Sample", "MetricData": [{"MetricName": "Calls", "Value": 1}],
        }),
        "TagResource" => json!({"ResourceARN": ARN, "Tags": [{"Key": "new", "Value": "1"}]}),
        "UntagResource" => json!({"ResourceARN": ARN, "TagKeys": ["team"]}),
        other if other.contains("AnomalyDetector") => anomaly_detectors::sample(other),
        other => alarms::sample(other),
    }
}

/// An answer: its status, its headers, its body.
struct Got {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// What it says; operations without an answer say nothing.
    fn json(&self) -> Value {
        if self.body.is_empty() {
            return json!({});
        }
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl House {
    async fn sent(&self, uri: &str, headers: &[(&str, &str)], body: &[u8]) -> Got {
        let mut request = Request::builder().method(Method::POST).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Bytes::copy_from_slice(body)).unwrap();
        got(self.api.serve(&request, &Caller::default()).await)
    }

    /// In JSON, as current clients ask.
    async fn asked(&self, operation: &str, input: &Value) -> Got {
        let target = format!("GraniteServiceVersion20100801.{operation}");
        let headers = [
            ("x-amz-target", target.as_str()),
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amzn-query-mode", "true"),
        ];
        self.sent("/", &headers, input.to_string().as_bytes()).await
    }

    async fn given(&self, operation: &str, input: Value) -> Value {
        let got = self.asked(operation, &input).await;
        assert_eq!(got.status, 200, "{operation} {input}: {}", got.text());
        assert_eq!(got.header("content-type"), "application/x-amz-json-1.0");
        assert!(!got.header("x-amzn-requestid").is_empty());
        got.json()
    }

    /// Status, code of the query protocol and message of what has to be refused.
    async fn not_given(&self, operation: &str, input: Value) -> (u16, String, String) {
        let got = self.asked(operation, &input).await;
        let said = got.json();
        let kind = said["__type"].as_str().unwrap();
        assert!(kind.contains('#'), "{kind}");
        let (code, fault) = got.header("x-amzn-query-error").split_once(';').unwrap();
        assert_eq!(fault, "Sender", "{said}");
        let message = said["message"].as_str().unwrap_or_default();
        (got.status, code.to_owned(), message.to_owned())
    }

    async fn check_refused(&self, operation: &str, input: Value, expected: (u16, &str, &str)) {
        let shown = input.to_string();
        let (status, code, message) = self.not_given(operation, input).await;
        assert_eq!(
            (status, code.as_str(), message.as_str()),
            expected,
            "{operation} {shown}"
        );
    }

    async fn form(&self, form: &str) -> Got {
        self.sent("/", &[("content-type", FORM)], form.as_bytes())
            .await
    }

    async fn cbor(&self, operation: &str, body: &[u8]) -> Got {
        let path = format!("/service/GraniteServiceVersion20100801/operation/{operation}");
        let headers = [
            ("smithy-protocol", "rpc-v2-cbor"),
            ("content-type", "application/cbor"),
            ("x-amzn-query-mode", "true"),
        ];
        self.sent(&path, &headers, body).await
    }

    /// All that these operations can change.
    async fn state(&self) -> Vec<Value> {
        let found = self.catalog.dashboard("sample").await.unwrap();
        let tags = found.map(|dashboard| dashboard.tags);
        vec![
            self.given("ListDashboards", json!({})).await,
            self.alarms().await,
            self.detectors().await,
            self.given("ListMetrics", json!({})).await,
            json!(tags),
        ]
    }
}

fn got(response: Response<Body>) -> Got {
    let (parts, body) = response.into_parts();
    let Body::Full(body) = body else {
        panic!("no operation streams");
    };
    Got {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: body.to_vec(),
    }
}

async fn furnish(house: &House) {
    let tags = json!([{"Key": "team", "Value": "harbour"}]);
    let put = json!({"DashboardName": "sample", "DashboardBody": BODY, "Tags": tags});
    house.given("PutDashboard", put).await;
    alarms::furnish(house).await;
    anomaly_detectors::furnish(house).await;
}

#[test]
fn what_is_served_is_of_the_model() {
    assert!(OPERATIONS.is_sorted_by_key(|entry| entry.name));
    for entry in &OPERATIONS {
        assert!(SERVICE.operation(entry.name).is_some(), "{}", entry.name);
        let reads = ["Describe", "Get", "List"]
            .iter()
            .any(|verb| entry.name.starts_with(verb));
        let expected = match entry.name {
            _ if reads => Effect::Reads,
            "PutMetricData" => Effect::TakesIn,
            _ => Effect::Changes,
        };
        assert_eq!(entry.effect, expected, "{}", entry.name);
    }
}

#[tokio::test]
async fn every_operation_is_authorised() {
    for entry in &OPERATIONS {
        let house = house_denying(Some(Action::CloudWatch(entry.name))).await;
        let open = Api::new(Ports {
            access: Arc::new(crate::Open),
            ..house.api.ports().clone()
        });
        let open = House {
            api: open,
            ..super::logs::house_like(&house)
        };
        furnish(&open).await;
        let before = open.state().await;
        let (status, code, message) = house.not_given(entry.name, sample(entry.name)).await;
        assert_eq!(
            (status, code.as_str()),
            (400, "AccessDenied"),
            "{}",
            entry.name
        );
        let is_of_metrics = entry.name.contains("Metric") && !entry.name.contains("Alarm");
        let resource = if is_of_metrics || entry.name.contains("AnomalyDetector") {
            "*"
        } else {
            "arn:aws:cloudwatch:"
        };
        let said = format!(
            "is not authorized to perform: cloudwatch:{} on resource: {resource}",
            entry.name
        );
        assert!(message.contains(&said), "{message}");
        assert_eq!(open.state().await, before, "{} was done", entry.name);
        open.given(entry.name, sample(entry.name)).await;
        let changed = open.state().await != before;
        assert_eq!(changed, entry.effect != Effect::Reads, "{}", entry.name);
    }
}

#[tokio::test]
async fn a_dashboard_is_put_shown_listed_and_deleted() {
    let house = house().await;
    let body = "{\"widgets\" :[],\r\n\"start\":\"-PT6H\"}";
    let put = json!({"DashboardName": "calls", "DashboardBody": body});
    let answer = house.given("PutDashboard", put).await;
    assert_eq!(answer, json!({"DashboardValidationMessages": []}));
    let arn = "arn:aws:cloudwatch::111122223333:dashboard/calls";
    let found = house
        .given("GetDashboard", json!({"DashboardName": "calls"}))
        .await;
    assert_eq!(
        found,
        json!({"DashboardArn": arn, "DashboardBody": body, "DashboardName": "calls"})
    );
    furnish(&house).await;
    let entry = |name: &str, size: usize| {
        json!({
            "DashboardName": name,
            "DashboardArn": format!("arn:aws:cloudwatch::111122223333:dashboard/{name}"),
            "LastModified": 1_795_166_142.123,
            "Size": size,
        })
    };
    let listed = house.given("ListDashboards", json!({})).await;
    let all = json!({"DashboardEntries": [entry("calls", 33), entry("sample", 17)]});
    assert_eq!(listed, all);
    let prefix = json!({"DashboardNamePrefix": "sam"});
    let listed = house.given("ListDashboards", prefix).await;
    assert_eq!(listed, json!({"DashboardEntries": [entry("sample", 17)]}));

    let some = json!({"DashboardNames": ["sample", "none", "neither"]});
    let missing = "The specified dashboard does not exist. [none, neither]";
    house
        .check_refused("DeleteDashboards", some, (404, "ResourceNotFound", missing))
        .await;
    let both = json!({"DashboardNames": ["calls", "sample"]});
    assert_eq!(house.given("DeleteDashboards", both).await, json!({}));
    let listed = house.given("ListDashboards", json!({})).await;
    assert_eq!(listed, json!({"DashboardEntries": []}));
    let expected = (404, "ResourceNotFound", "Dashboard calls does not exist");
    let get = json!({"DashboardName": "calls"});
    house.check_refused("GetDashboard", get, expected).await;
}

#[tokio::test]
async fn tags_are_put_with_the_first_body_and_changed_by_arn() {
    let house = house().await;
    furnish(&house).await;
    let tags = || house.given("ListTagsForResource", json!({"ResourceARN": ARN}));
    let tag = |key: &str, value: &str| json!({"Key": key, "Value": value});
    let again = json!({
        "DashboardName": "sample", "DashboardBody": BODY, "Tags": [tag("team", "other")],
    });
    house.given("PutDashboard", again).await;
    assert_eq!(tags().await, json!({"Tags": [tag("team", "harbour")]}));
    let more = json!({"ResourceARN": ARN, "Tags": [tag("team", "sea"), tag("a", "")]});
    assert_eq!(house.given("TagResource", more).await, json!({}));
    assert_eq!(
        tags().await,
        json!({"Tags": [tag("a", ""), tag("team", "sea")]})
    );
    let less = json!({"ResourceARN": ARN, "TagKeys": ["team", "none"]});
    assert_eq!(house.given("UntagResource", less).await, json!({}));
    assert_eq!(tags().await, json!({"Tags": [tag("a", "")]}));

    let many: Vec<_> = (0..50).map(|n| tag(&format!("k{n}"), "v")).collect();
    let (_, code, _) = house
        .not_given("TagResource", json!({"ResourceARN": ARN, "Tags": many}))
        .await;
    assert_eq!(code, "InvalidParameterValue");
    let reserved = json!({"ResourceARN": ARN, "Tags": [tag("AWS:x", "v")]});
    assert_eq!(
        house.not_given("TagResource", reserved).await.1,
        "InvalidParameterValue"
    );
    let alarm = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:a";
    let gone = "arn:aws:cloudwatch::111122223333:dashboard/gone";
    for arn in [
        alarm,
        gone,
        "arn:aws:cloudwatch::999999999999:dashboard/sample",
    ] {
        let answer = house
            .given("ListTagsForResource", json!({"ResourceARN": arn}))
            .await;
        assert_eq!(answer, json!({"Tags": []}), "{arn}");
        let untag = json!({"ResourceARN": arn, "TagKeys": ["a"]});
        let (status, code, _) = house.not_given("UntagResource", untag).await;
        assert_eq!(
            (status, code.as_str()),
            (404, "ResourceNotFoundException"),
            "{arn}"
        );
    }
    let no_arn = json!({"ResourceARN": "dashboard/sample"});
    let refused = house.not_given("ListTagsForResource", no_arn).await;
    assert_eq!(refused.1, "InvalidParameterValue");
}

#[tokio::test]
async fn what_cannot_be_a_dashboard_is_refused() {
    let house = house().await;
    let put = |name: &str, body: &str| json!({"DashboardName": name, "DashboardBody": body});
    let name = "The value for field DashboardName contains invalid characters. \
        It can only contain alphanumerics, dash (-) and underscore (_).\n";
    for wrong in ["a b", "a/b", "ä", ""] {
        let expected = (400, "InvalidParameterValue", name);
        house
            .check_refused("PutDashboard", put(wrong, BODY), expected)
            .await;
    }
    let (_, code, _) = house
        .not_given("PutDashboard", put(&"a".repeat(256), BODY))
        .await;
    assert_eq!(code, "InvalidParameterValue");
    house
        .given("PutDashboard", put(&"a".repeat(255), BODY))
        .await;
    let not_json = "The field DashboardBody must be a valid JSON object";
    for wrong in ["", "[]", "{\"widgets\":[}", "nonsense"] {
        let expected = (400, "InvalidParameterInput", not_json);
        house
            .check_refused("PutDashboard", put("a", wrong), expected)
            .await;
    }
    let wrong = r#"{"widgets":[{"type":"alarm","properties":{"alarms":[]}}]}"#;
    let got = house.asked("PutDashboard", &put("a", wrong)).await;
    let path = "/widgets/0/properties/alarms";
    assert_eq!(
        got.json(),
        json!({
            "__type": "com.amazonaws.cloudwatch.v2010_08_01#DashboardInvalidInputError",
            "message": "The dashboard body is invalid, there are 1 validation errors:\n[\n  {\n    \
                \"dataPath\": \"/widgets/0/properties/alarms\",\n    \
                \"message\": \"Should NOT have less than 1 items\"\n  }\n]",
            "dashboardValidationMessages": [
                {"DataPath": path, "Message": "Should NOT have less than 1 items"},
            ],
        })
    );
    let warned = put("w", r#"{"widgets":[],"theme":1}"#);
    let answer = house.given("PutDashboard", warned).await;
    let message = json!({"DataPath": "", "Message": "Should NOT have additional properties"});
    assert_eq!(answer, json!({"DashboardValidationMessages": [message]}));
    let expected = (
        400,
        "ValidationError",
        "1 validation error detected: Value null at 'dashboardBody' failed to satisfy constraint: \
         Member must not be null",
    );
    house
        .check_refused("PutDashboard", json!({"DashboardName": "a"}), expected)
        .await;
    let expected = (400, "InvalidParameterValue", "Need at least 1 dashboard");
    let none = json!({"DashboardNames": []});
    house
        .check_refused("DeleteDashboards", none, expected)
        .await;
    let (_, code, _) = house
        .not_given("ListDashboards", json!({"NextToken": "made up"}))
        .await;
    assert_eq!(code, "InvalidParameterValue");
}

#[tokio::test]
async fn pages_go_on_where_they_ended() {
    let house = house().await;
    for number in 0..1_001 {
        let dashboard = corelog_catalog::Dashboard {
            name: format!("d{number:04}"),
            body: BODY.to_owned(),
            tags: std::collections::BTreeMap::new(),
            modified: NOW,
        };
        house
            .catalog
            .put_dashboard(&dashboard, 2_000)
            .await
            .unwrap();
    }
    let first = house.given("ListDashboards", json!({})).await;
    assert_eq!(first["DashboardEntries"].as_array().unwrap().len(), 1_000);
    let next = json!({"NextToken": first["NextToken"]});
    let rest = house.given("ListDashboards", next).await;
    assert_eq!(rest["DashboardEntries"].as_array().unwrap().len(), 1);
    assert_eq!(rest["DashboardEntries"][0]["DashboardName"], "d1000");
    assert!(rest.get("NextToken").is_none());
}

#[tokio::test]
async fn a_form_is_answered_in_xml() {
    let house = house().await;
    let put = "Action=PutDashboard&Version=2010-08-01&DashboardName=calls\
        &DashboardBody=%7B%22widgets%22%3A%5B%5D%7D\
        &Tags.member.1.Key=team&Tags.member.1.Value=the+harbour";
    let answer = house.form(put).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, "text/xml")
    );
    let id = answer.header("x-amzn-requestid");
    assert_eq!(
        answer.text(),
        format!(
            "<PutDashboardResponse xmlns=\"{NAMESPACE}\"><PutDashboardResult>\
             <DashboardValidationMessages></DashboardValidationMessages></PutDashboardResult>\
             <ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></PutDashboardResponse>"
        )
    );
    let found = house.catalog.dashboard("calls").await.unwrap().unwrap();
    assert_eq!(found.body, r#"{"widgets":[]}"#);
    assert_eq!(found.tags["team"], "the harbour");

    let answer = house
        .form("Action=GetDashboard&Version=2010-08-01&DashboardName=none")
        .await;
    let id = answer.header("x-amzn-requestid");
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (404, "text/xml")
    );
    assert_eq!(answer.header("x-amzn-query-error"), "");
    assert_eq!(
        answer.text(),
        format!(
            "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>Sender</Type><Code>ResourceNotFound</Code>\
             <Message>Dashboard none does not exist</Message></Error><RequestId>{id}</RequestId></ErrorResponse>"
        )
    );
    for (form, code) in [
        (
            "Action=Nonsense&Version=2010-08-01",
            "<Code>InvalidAction</Code>",
        ),
        ("Version=2010-08-01", "<Code>MissingAction</Code>"),
        (
            "Action=GetDashboard&Version=2010-08-01",
            "<Code>ValidationError</Code>",
        ),
        (
            "Action=GetDashboard&Version=2010-08-01&DashboardName=%ff",
            "<Code>MalformedInput</Code>",
        ),
    ] {
        let answer = house.form(form).await;
        assert_eq!(answer.status, 400, "{form}");
        assert!(answer.text().contains(code), "{form}: {}", answer.text());
    }
    let got = house
        .call(
            Method::GET,
            "/?Action=ListDashboards&Version=2010-08-01",
            "",
        )
        .await;
    let got = self::got(got);
    assert!(
        got.text().contains("<DashboardName>calls</DashboardName>"),
        "{}",
        got.text()
    );
}

#[tokio::test]
async fn cbor_is_answered_in_cbor() {
    let house = house().await;
    furnish(&house).await;
    let mut get = vec![0xa1, 0x6d];
    get.extend_from_slice(b"DashboardName");
    get.push(0x66);
    get.extend_from_slice(b"sample");
    let answer = house.cbor("GetDashboard", &get).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/cbor");
    assert_eq!(answer.header("smithy-protocol"), "rpc-v2-cbor");
    let mut expected = vec![0xa3];
    for text in [
        "DashboardArn",
        ARN,
        "DashboardBody",
        BODY,
        "DashboardName",
        "sample",
    ] {
        match u8::try_from(text.len()).unwrap() {
            short @ 0..=23 => expected.push(0x60 | short),
            long => expected.extend([0x78, long]),
        }
        expected.extend_from_slice(text.as_bytes());
    }
    assert_eq!(answer.body, expected);
    let answer = house.cbor("Nonsense", &[0xa0]).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.header("smithy-protocol"), "rpc-v2-cbor");
    assert_eq!(answer.header("x-amzn-query-error"), "InvalidAction;Sender");
    let said = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(
        said.contains("Could not find operation Nonsense for version 2010-08-01"),
        "{said}"
    );
    let answer = house.cbor("GetDashboard", &[0xa1]).await;
    assert_eq!(answer.header("x-amzn-query-error"), "MalformedInput;Sender");
}

#[tokio::test]
async fn without_the_query_mode_every_fault_of_the_caller_is_a_bad_request() {
    let house = house().await;
    let headers = [("x-amz-target", "GraniteServiceVersion20100801.GetDashboard")];
    let got = house
        .sent("/", &headers, br#"{"DashboardName":"none"}"#)
        .await;
    assert_eq!((got.status, got.header("x-amzn-query-error")), (400, ""));
    let kind = "com.amazonaws.cloudwatch.v2010_08_01#DashboardNotFoundError";
    assert_eq!(got.json()["__type"], kind);
}

#[tokio::test]
async fn what_is_not_served_is_said_in_each_protocol() {
    let house = house().await;
    let message = "Could not find operation GetInsightRuleReport for version 2010-08-01";
    let expected = (400, "InvalidAction", message);
    house
        .check_refused("GetInsightRuleReport", json!({}), expected)
        .await;
    let long = "x".repeat(10_000);
    let (_, _, message) = house.not_given(&long, json!({})).await;
    assert!(message.len() < 200);
    // A service that nobody serves has no words of its own.
    let got = house.form("Action=ListQueues&Version=2012-11-05").await;
    assert_eq!(got.status, 400);
    assert!(
        got.text().contains("<Code>InvalidAction</Code>"),
        "{}",
        got.text()
    );
}

#[tokio::test]
async fn compressed_requests_are_unpacked() {
    let house = house().await;
    furnish(&house).await;
    // gzip's "stored" form of the text, by hand: header, one block, CRC-32 and length.
    let text = br#"{"DashboardName":"sample"}"#;
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1, 26, 0, 229, 255];
    packed.extend_from_slice(text);
    packed.extend_from_slice(&0x2022_58a2_u32.to_le_bytes());
    packed.extend_from_slice(&26_u32.to_le_bytes());
    let headers = [
        ("x-amz-target", "GraniteServiceVersion20100801.GetDashboard"),
        ("content-encoding", "gzip"),
        ("x-amzn-query-mode", "true"),
    ];
    let got = house.sent("/", &headers, &packed).await;
    assert_eq!(
        (got.status, &got.json()["DashboardBody"]),
        (200, &json!(BODY))
    );
    let got = house.sent("/", &headers, text).await;
    assert_eq!(
        (got.status, got.header("x-amzn-query-error")),
        (400, "MalformedInput;Sender")
    );
}

#[tokio::test]
async fn who_is_turned_away_is_told_in_its_protocol() {
    let house = house().await;
    let head = |uri: &str, headers: &[(&'static str, &'static str)]| {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(uri)
            .body(())
            .unwrap();
        for (name, value) in headers {
            let name = HeaderName::from_static(name);
            request
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
        request.into_parts().0
    };
    let signed = "AWS4-HMAC-SHA256 Credential=A/20261122/us-east-1/monitoring/aws4_request, SignedHeaders=host, Signature=00";
    let form = head("/", &[("content-type", FORM), ("authorization", signed)]);
    let answer = got(house
        .api
        .turn_away(&form, TurnedAway::BadSignature)
        .unwrap());
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (403, "text/xml")
    );
    assert!(
        answer.text().contains("<Code>SignatureDoesNotMatch</Code>"),
        "{}",
        answer.text()
    );
    let path = "/service/GraniteServiceVersion20100801/operation/ListDashboards";
    let cbor = head(
        path,
        &[
            ("smithy-protocol", "rpc-v2-cbor"),
            ("x-amzn-query-mode", "true"),
        ],
    );
    let answer = got(house
        .api
        .turn_away(&cbor, TurnedAway::UnknownCredential)
        .unwrap());
    assert_eq!(
        answer.header("x-amzn-query-error"),
        "InvalidClientTokenId;Sender"
    );
    assert!(crate::owns(&cbor) && crate::owns(&form));
    assert!(!crate::owns(&head("/v1/chat", &[("content-type", FORM)])));
}
