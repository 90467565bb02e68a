//! `CloudWatch` Logs: that every operation is authorised and of the model, and what each does and refuses.

mod events;
mod exports;
mod groups;
mod insights;
mod live_tail;
mod lookup_tables;
mod metric_filters;
mod policies;
mod queries;
mod streams;
mod subscriptions;

use corelog_catalog::{QueryDefinition, QueryDefinitions as _};
use corelog_wire::logs::SERVICE;
use corelog_wire::model::Value;
use http::HeaderMap;
use serde_json::json;

use super::*;
use crate::aws::Effect;
use crate::logs::OPERATIONS;

/// What every operation may answer beside what its model declares.
const COMMON: [&str; 5] = [
    "AccessDeniedException",
    "SerializationException",
    "UnknownOperationException",
    "InvalidOperationException",
    "ThrottlingException",
];

/// A lookup table that is there.
const TABLE: &str = "arn:aws:logs:us-east-1:111122223333:lookup-table:sample";

/// What a subscription may send to.
const FUNCTION: &str = "arn:aws:lambda:us-east-1:111122223333:function:hook";

/// An object with more members.
fn with(mut base: Value, mut more: Value) -> Value {
    let base_members = base.as_object_mut().unwrap();
    base_members.append(more.as_object_mut().unwrap());
    base
}

/// A request that each operation takes.
fn sample(operation: &str) -> Value {
    let arn = "arn:aws:logs:us-east-1:111122223333:log-group:/sample";
    let group = || json!({"logGroupName": "/sample"});
    let identified = || json!({"logGroupIdentifier": "/sample"});
    let policy = || json!({"policyName": "p", "policyType": "TRANSFORMER_POLICY"});
    let filter = |name: &str| with(group(), json!({"filterName": name}));
    match operation {
        "CreateLogGroup" => json!({"logGroupName": "/new"}),
        "CreateExportTask" => with(
            group(),
            json!({"from": 1, "to": 2, "destination": "bucket"}),
        ),
        "CancelExportTask" => json!({"taskId": "0-sample"}),
        "AssociateKmsKey" => with(group(), json!({"kmsKeyId": "k"})),
        "CreateLogStream" => with(group(), json!({"logStreamName": "new"})),
        "PutLogEvents" => with(
            group(),
            json!({
                "logStreamName": "sample",
                "logEvents": [{"timestamp": NOW.unix_ms(), "message": "m"}],
            }),
        ),
        "DeleteLogStream" | "GetLogEvents" => with(group(), json!({"logStreamName": "sample"})),
        "DeleteLogGroup"
        | "DeleteRetentionPolicy"
        | "DescribeLogStreams"
        | "DescribeSubscriptionFilters"
        | "GetLogGroupFields"
        | "DisassociateKmsKey"
        | "FilterLogEvents"
        | "ListTagsLogGroup" => group(),
        "PutRetentionPolicy" => with(group(), json!({"retentionInDays": 7})),
        "TagLogGroup" => with(group(), json!({"tags": {"new": "1"}})),
        "UntagLogGroup" => with(group(), json!({"tags": ["team"]})),
        "TagResource" => json!({"resourceArn": arn, "tags": {"new": "1"}}),
        "UntagResource" => json!({"resourceArn": arn, "tagKeys": ["team"]}),
        "ListTagsForResource" => json!({"resourceArn": arn}),
        "CreateLookupTable" => json!({"lookupTableName": "new", "tableBody": "a\n1\n"}),
        "UpdateLookupTable" => json!({"lookupTableArn": TABLE, "tableBody": "b\n"}),
        "GetLookupTable" | "DeleteLookupTable" => json!({"lookupTableArn": TABLE}),
        "PutMetricFilter" => with(
            group(),
            json!({
                "filterName": "new", "filterPattern": "ERROR",
                "metricTransformations": [{"metricNamespace": "n", "metricName": "m", "metricValue": "1"}],
            }),
        ),
        "DescribeLogGroups"
        | "ListLogGroups"
        | "DescribeLookupTables"
        | "DescribeMetricFilters"
        | "DescribeQueries"
        | "DescribeQueryDefinitions"
        | "DescribeExportTasks"
        | "DescribeResourcePolicies" => json!({}),
        "DeleteQueryDefinition" => json!({"queryDefinitionId": "sample"}),
        "PutQueryDefinition" => json!({"name": "new", "queryString": "fields @message"}),
        "PutResourcePolicy" => json!({"policyName": "new", "policyDocument": "{}"}),
        "DeleteResourcePolicy" => json!({"policyName": "sample"}),
        "PutAccountPolicy" => with(policy(), json!({"policyDocument": "{}"})),
        "DeleteAccountPolicy" => policy(),
        "DescribeAccountPolicies" => json!({"policyType": "TRANSFORMER_POLICY"}),
        "PutIndexPolicy" => with(
            identified(),
            json!({"policyDocument": "{\"Fields\":[\"a\"]}"}),
        ),
        "DeleteIndexPolicy" => identified(),
        "DescribeIndexPolicies" => json!({"logGroupIdentifiers": ["/sample"]}),
        "PutSubscriptionFilter" => with(
            filter("new"),
            json!({"filterPattern": "", "destinationArn": FUNCTION}),
        ),
        "DeleteMetricFilter" | "DeleteSubscriptionFilter" => filter("sample"),
        "GetLogRecord" => json!({"logRecordPointer": engine::pointer(1).to_string()}),
        "GetQueryResults" => json!({"queryId": "ended"}),
        "StopQuery" => json!({"queryId": "held"}),
        "StartQuery" => with(
            group(),
            json!({"startTime": 1, "endTime": 2, "queryString": "filter hold = 1"}),
        ),
        "PutLogGroupDeletionProtection" => {
            with(identified(), json!({"deletionProtectionEnabled": true}))
        }
        "StartLiveTail" => json!({"logGroupIdentifiers": [arn]}),
        "TestMetricFilter" => json!({"filterPattern": "a", "logEventMessages": ["a"]}),
        other => panic!("`{other}` has no sample: give it one"),
    }
}

/// What the samples need to be there.
async fn furnish(house: &House) {
    house
        .ok(
            "CreateLogGroup",
            json!({"logGroupName": "/sample", "tags": {"team": "harbour"}}),
        )
        .await;
    let stream = json!({"logGroupName": "/sample", "logStreamName": "sample"});
    house.ok("CreateLogStream", stream).await;
    let policy = json!({"policyName": "sample", "policyDocument": "{}"});
    house.ok("PutResourcePolicy", policy).await;
    let table = json!({"lookupTableName": "sample", "tableBody": "a\n1\n"});
    house.ok("CreateLookupTable", table).await;
    let mut filter = sample("PutMetricFilter");
    filter["filterName"] = json!("sample");
    house.ok("PutMetricFilter", filter).await;
    for operation in ["PutAccountPolicy", "PutIndexPolicy"] {
        house.ok(operation, sample(operation)).await;
    }
    let subscription = json!({
        "logGroupName": "/sample", "filterName": "sample", "filterPattern": "", "destinationArn": FUNCTION,
    });
    house.ok("PutSubscriptionFilter", subscription).await;
    let definition = QueryDefinition {
        id: "sample".to_owned(),
        name: "sample".to_owned(),
        language: "CWLI".to_owned(),
        text: "fields @message".to_owned(),
        log_groups: Vec::new(),
        parameters: Vec::new(),
        modified: NOW,
    };
    house
        .catalog
        .put_query_definition(&definition, 9)
        .await
        .unwrap();
    for (id, text, status) in [("held", "hold", "Running"), ("ended", "x", "Complete")] {
        let queries = house.api.queries();
        queries.start_as(id.to_owned(), asked(text)).unwrap();
        while queries.find(id).unwrap().status.as_str() != status {
            tokio::task::yield_now().await;
        }
    }
}

fn asked(text: &str) -> crate::logs::Asked {
    crate::logs::Asked {
        spec: crate::logs::QuerySpec {
            language: crate::logs::Language::Insights,
            text: text.to_owned(),
            groups: Vec::new(),
            sources: std::collections::BTreeMap::new(),
            start_ms: 0,
            end_ms: 1,
            limit: None,
            asked_at: NOW,
            answer_bytes_max: 1 << 20,
        },
        shown: text.to_owned(),
        caller: "somebody".to_owned(),
    }
}

impl House {
    /// An operation's answer: status, headers, body.
    pub(super) async fn aws(&self, target: &str, body: &str) -> (u16, HeaderMap, String) {
        let request = Request::builder()
            .method(Method::POST)
            .uri("/")
            .header("x-amz-target", target)
            .header("content-type", "application/x-amz-json-1.1")
            .body(Bytes::copy_from_slice(body.as_bytes()))
            .unwrap();
        let response = self.api.serve(&request, &Caller::default()).await;
        let headers = response.headers().clone();
        let (status, body) = read(response).await;
        (status, headers, body)
    }

    /// The answer of an operation that has to succeed.
    async fn ok(&self, operation: &str, input: Value) -> Value {
        let target = format!("Logs_20140328.{operation}");
        let (status, headers, body) = self.aws(&target, &input.to_string()).await;
        assert_eq!(status, 200, "{operation} {input}: {body}");
        assert_eq!(headers["content-type"], "application/x-amz-json-1.1");
        assert!(headers.contains_key("x-amzn-requestid"));
        let has_output = SERVICE.operation(operation).unwrap().output.is_some();
        assert_eq!(body.is_empty(), !has_output, "{operation}: {body}");
        if body.is_empty() {
            Value::Null
        } else {
            json(&body)
        }
    }

    /// Code and message of an operation that has to be refused.
    async fn refused(&self, operation: &str, input: Value) -> (String, String) {
        let target = format!("Logs_20140328.{operation}");
        let (status, headers, body) = self.aws(&target, &input.to_string()).await;
        assert_eq!(headers["content-type"], "application/x-amz-json-1.1");
        let body = json(&body);
        let text = |member: &str| body[member].as_str().unwrap_or_default().to_owned();
        let (code, message) = (text("__type"), text("message"));
        assert_eq!(status, 400, "{operation} {input}: {body}");
        let declared = SERVICE.operation(operation).unwrap().errors;
        let is_known = declared.contains(&code.as_str()) || COMMON.contains(&code.as_str());
        assert!(is_known, "{operation} does not declare {code}");
        (code, message)
    }

    /// A request that is refused with this code and these words.
    async fn check(&self, operation: &str, input: Value, code: &str, message: &str) {
        let shown = input.to_string();
        let found = self.refused(operation, input).await;
        assert_eq!(
            found,
            (code.to_owned(), message.to_owned()),
            "{operation} {shown}"
        );
    }
}

#[test]
fn what_is_served_is_what_the_model_has() {
    let served: Vec<&str> = OPERATIONS.iter().map(|entry| entry.name).collect();
    let modelled: Vec<&str> = SERVICE.operations.iter().map(|one| one.name).collect();
    assert_eq!(served, modelled);
}

#[test]
fn what_does_not_only_read_is_noted() {
    for entry in &OPERATIONS {
        let reads = ["Describe", "Get", "List", "Test", "Filter", "StartLiveTail"];
        let reads = reads.iter().any(|verb| entry.name.starts_with(verb));
        let expected = match entry.name {
            _ if reads => Effect::Reads,
            "PutLogEvents" => Effect::TakesIn,
            "StartQuery" | "StopQuery" => Effect::Runs,
            _ => Effect::Changes,
        };
        assert_eq!(entry.effect, expected, "{}", entry.name);
    }
}

#[tokio::test]
async fn every_operation_is_authorised() {
    for entry in &OPERATIONS {
        let house = house_denying(Some(Action::Logs(entry.name))).await;
        // The samples' own furniture needs operations that this house may deny.
        let open = Api::new(Ports {
            access: Arc::new(crate::Open),
            ..house.api.ports().clone()
        });
        let open = House {
            api: open,
            ..house_like(&house)
        };
        furnish(&open).await;
        let before = everything(&open).await;
        let (code, message) = house.refused(entry.name, sample(entry.name)).await;
        assert_eq!(code, "AccessDeniedException", "{}", entry.name);
        let said = format!(
            "is not authorized to perform: logs:{} on resource: arn:aws:logs:us-east-1:111122223333:",
            entry.name
        );
        assert!(message.contains(&said), "{message}");
        assert_eq!(everything(&open).await, before, "{} was done", entry.name);
        if entry.name == "StartLiveTail" {
            // Its answer ends with the process.
            house.stopping.request();
            open.stream(entry.name, sample(entry.name)).await;
        } else {
            open.ok(entry.name, sample(entry.name)).await;
        }
        let changed = everything(&open).await != before;
        // What it removes or sets may be as it was before.
        let idempotent = [
            "DeleteRetentionPolicy",
            "DisassociateKmsKey",
            "PutAccountPolicy",
            "PutIndexPolicy",
        ];
        let expected = entry.effect != Effect::Reads && !idempotent.contains(&entry.name);
        assert_eq!(changed, expected, "{}", entry.name);
    }
}

/// The same house, to be given another API.
pub(super) fn house_like(house: &House) -> House {
    House {
        _dir: tempfile::tempdir().unwrap(),
        catalog: house.catalog.clone(),
        events: Arc::clone(&house.events),
        engine: Arc::clone(&house.engine),
        destinations: Arc::clone(&house.destinations),
        spool: house.spool.clone(),
        stopping: house.stopping.clone(),
        api: house.api.clone(),
    }
}

/// All that can be listed, and how far the spool is.
async fn everything(house: &House) -> Vec<Value> {
    let mut all = vec![json!(house.spool.status().next.to_u64())];
    let lists = [
        "DescribeLogGroups",
        "DescribeQueries",
        "DescribeQueryDefinitions",
        "DescribeResourcePolicies",
        "DescribeAccountPolicies",
        "DescribeExportTasks",
        "DescribeLookupTables",
        "DescribeMetricFilters",
    ];
    for operation in lists {
        all.push(house.ok(operation, sample(operation)).await);
    }
    for operation in [
        "DescribeLogStreams",
        "DescribeSubscriptionFilters",
        "ListTagsLogGroup",
        "DescribeIndexPolicies",
    ] {
        let target = format!("Logs_20140328.{operation}");
        let (_, _, body) = house.aws(&target, &sample(operation).to_string()).await;
        all.push(json(&body));
    }
    all
}

#[tokio::test]
async fn what_is_not_served_is_an_unknown_operation() {
    let house = house().await;
    let targets = [
        "Logs_20140328.CreateDelivery",
        "Logs_20140328.",
        "DynamoDB_20120810.GetItem",
        "x",
    ];
    for target in targets {
        let (status, _, body) = house.aws(target, "{}").await;
        assert_eq!(
            (status, &json(&body)["__type"]),
            (400, &json!("UnknownOperationException"))
        );
    }
}

#[tokio::test]
async fn garbled_requests_are_told_so() {
    let house = house().await;
    for body in [
        "",
        "{",
        "[]",
        "\"text\"",
        "{\"logGroupName\":5}",
        "{\"logGroupName\":{}}",
    ] {
        let (status, headers, said) = house.aws("Logs_20140328.CreateLogGroup", body).await;
        assert_eq!(
            (status, &json(&said)["__type"]),
            (400, &json!("SerializationException")),
            "{body}"
        );
        assert_eq!(headers["content-type"], "application/x-amz-json-1.1");
    }
}

#[tokio::test]
async fn who_is_turned_away_is_told_in_the_protocol_s_words() {
    use corelog_access::TurnedAway;
    let house = house().await;
    let head = |target: Option<&str>| {
        let mut request = Request::builder().method(Method::POST).uri("/");
        if let Some(target) = target {
            request = request.header("x-amz-target", target);
        }
        request.body(()).unwrap().into_parts().0
    };
    for (why, code) in [
        (
            TurnedAway::NoCredential,
            "MissingAuthenticationTokenException",
        ),
        (TurnedAway::UnknownCredential, "UnrecognizedClientException"),
        (TurnedAway::BadSignature, "InvalidSignatureException"),
        (TurnedAway::BodyTooLarge, "SerializationException"),
    ] {
        let answer = house
            .api
            .turn_away(&head(Some("Logs_20140328.CreateLogGroup")), why);
        let (status, body) = read(answer.unwrap()).await;
        assert_eq!((status, &json(&body)["__type"]), (400, &json!(code)));
    }
    assert!(
        house
            .api
            .turn_away(&head(None), TurnedAway::NoCredential)
            .is_none()
    );
}
