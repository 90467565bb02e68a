//! Exports of OpenTelemetry, over HTTP and over gRPC, and what of them gets into the spool.

use corelog_access::TurnedAway;
use corelog_record::Document;
use corelog_record::events::EventBatch;
use corelog_record::stored;
use corelog_spool::Entry;
use http::{HeaderMap, Version};
use serde_json::{Value, json};

use super::*;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const GRPC: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// A span that began when it is now.
fn span(id: u64, attributes: &[(&str, &str)]) -> Value {
    let attributes: Vec<Value> = attributes
        .iter()
        .map(|(key, value)| json!({"key": key, "value": {"stringValue": value}}))
        .collect();
    json!({
        "traceId": TRACE, "spanId": format!("{id:016x}"), "name": "chat",
        "startTimeUnixNano": format!("{}000000", NOW.unix_ms()),
        "endTimeUnixNano": format!("{}000000", NOW.unix_ms() + 200),
        "attributes": attributes,
    })
}

fn call(id: u64) -> Value {
    span(
        id,
        &[
            ("gen_ai.operation.name", "chat"),
            ("gen_ai.request.model", "gpt-x"),
        ],
    )
}

impl House {
    /// Follows the spool as the binary does.
    fn followed(self) -> Self {
        let (api, stopping) = (self.api.clone(), self.stopping.child());
        Tasks::new().spawn("reports", async move { api.follow(stopping).await });
        self
    }

    async fn export(&self, spans: &[Value]) -> (u16, String) {
        let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).to_string();
        let request = Request::post("/v1/traces")
            .header("content-type", "application/json")
            .body(body.into())
            .unwrap();
        read(self.api.serve(&request, &Caller::default()).await).await
    }

    async fn grpc(&self, path: &str, body: Vec<u8>) -> Response<Body> {
        let request = Request::post(path)
            .version(Version::HTTP_2)
            .header("content-type", "application/grpc")
            .body(body.into())
            .unwrap();
        self.api.serve(&request, &Caller::default()).await
    }

    /// What is in the spool: documents of records, and lines of events.
    fn kept(&self) -> (Vec<Document>, Vec<String>) {
        let (mut documents, mut lines) = (Vec::new(), Vec::new());
        let mut reader = self.spool.reader(Sequence::FIRST);
        while let Some(entry) = reader.next().unwrap() {
            if let Ok(batch) = EventBatch::decode(&entry.payload) {
                lines.extend(batch.events.iter().map(|(_, line)| (*line).to_owned()));
            } else {
                documents.push(stored::decode(&entry.payload).unwrap().document);
            }
        }
        (documents, lines)
    }

    fn append(&self, number: u8, payload: &[u8]) -> corelog_spool::Appended {
        let entry = Entry {
            id: id(number),
            time: NOW,
            payload: &[payload],
            blobs: Vec::new(),
        };
        self.spool.append(entry).unwrap()
    }
}

/// A record of the gateway's, of a call with the `traceparent` of a span.
fn relayed(span: u64) -> Vec<u8> {
    let document: Document = serde_json::from_value(json!({
        "timestamp": "2026-11-20T09:15:42Z", "accountId": "111122223333", "region": "us-east-1",
        "requestId": "r-1", "operation": "ChatCompletions", "modelId": "gpt-x",
        "identity": {"arn": "a"}, "schemaType": "ModelInvocationLog", "schemaVersion": "1.0",
        "corelog": {"recordId": id(1).to_string(), "provider": "openai", "dialect": "openai",
            "trace": {"traceId": TRACE, "spanId": format!("{span:016x}")}},
    }))
    .unwrap();
    stored::encode_envelope(&document, &[]).unwrap()
}

#[tokio::test]
async fn an_export_is_kept_once_with_its_price() {
    let house = house().await.followed();
    let agent = span(1, &[("gen_ai.operation.name", "invoke_agent")]);
    for _ in 0..3 {
        let answer = house.export(&[agent.clone(), call(2)]).await;
        assert_eq!(answer, (200, "{}".to_owned()));
    }
    let (records, steps) = house.kept();
    assert_eq!((records.len(), steps.len()), (1, 1));
    let corelog = records[0].corelog.as_deref().unwrap();
    let cost = corelog.cost.as_ref().unwrap();
    assert_eq!(cost.model.as_deref(), Some("gpt-x"));
    assert!(steps[0].contains("invoke_agent"));
}

#[tokio::test]
async fn exports_of_one_trace_at_once_are_kept_once() {
    let house = house().await.followed();
    let spans: Vec<Value> = (1..=20).map(call).collect();
    let (one, other) = tokio::join!(house.export(&spans), house.export(&spans[5..]));
    assert_eq!((one.0, other.0), (200, 200));
    assert_eq!(house.kept().0.len(), 20);
}

#[tokio::test]
async fn a_relayed_call_is_known_however_many_came_after_it() {
    let house = house().await;
    house.append(1, &relayed(7));
    let events = EventBatch {
        group: "/app",
        stream: "s",
        events: vec![(NOW.unix_ms(), "e")],
    };
    let events = events.encode().unwrap();
    let mut last = house.append(2, &events);
    for _ in 0..10_000 {
        last = house.append(2, &events);
    }
    house.spool.durable(last).await.unwrap();
    let house = house.followed();
    assert_eq!(house.export(&[call(7)]).await.0, 200);
    assert_eq!(house.kept().0.len(), 1);
    // One that comes while the spool is followed is known with the next export.
    let mut later = relayed(8);
    let at = later.windows(3).position(|it| it == b"r-1").unwrap();
    later[at..at + 3].copy_from_slice(b"r-2");
    let appended = house.append(3, &later);
    house.spool.durable(appended).await.unwrap();
    assert_eq!(house.export(&[call(8), call(9)]).await.0, 200);
    assert_eq!(house.kept().0.len(), 3);
}

/// What was kept of an export whose sender hung up need not be durable yet.
#[tokio::test]
async fn what_is_not_durable_yet_is_known() {
    let house = house().await.followed();
    house.append(1, &relayed(7));
    assert_eq!(house.export(&[call(7)]).await.0, 200);
    assert_eq!(house.kept().0.len(), 1);
}

/// A counter of a service, cumulative since it is now.
fn counter(value: u64, time_ms: u64) -> String {
    json!({"resourceMetrics": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "app"}}]},
        "scopeMetrics": [{"metrics": [{"name": "calls", "unit": "{call}", "sum": {
            "aggregationTemporality": 2, "isMonotonic": true, "dataPoints": [{
                "startTimeUnixNano": format!("{}000000", NOW.unix_ms()),
                "timeUnixNano": format!("{time_ms}000000"), "asInt": value.to_string(),
                "attributes": [{"key": "berth", "value": {"stringValue": "west"}}]}]}}]}],
    }]})
    .to_string()
}

#[tokio::test]
async fn metrics_are_kept_as_what_they_grew_by() {
    let house = house().await;
    let post = async |body: String| {
        let request = Request::post("/v1/metrics").header("content-type", "application/json");
        let request = request.body(body.into()).unwrap();
        read(house.api.serve(&request, &Caller::default()).await).await
    };
    // The second is sent again.
    for (value, after_ms) in [(5, 1_000), (8, 2_000), (8, 2_000)] {
        let answer = post(counter(value, NOW.unix_ms() + after_ms)).await;
        assert_eq!(answer, (200, "{}".to_owned()));
    }
    let metrics = house.api.ports().metrics.clone().unwrap();
    let filter = corelog_metrics::MetricFilter::default();
    let since = Timestamp::from_unix_ms(0);
    let listed = metrics.list(&filter, since, None, 10).await.unwrap();
    let metric = &listed[0].metric;
    assert_eq!(
        (listed.len(), metric.namespace(), metric.name()),
        (1, "app", "calls")
    );
    let text = |start: u64, end: u64| {
        let time = |ms: u64| Timestamp::from_unix_ms(ms).rfc3339_seconds();
        format!(
            "Action=GetMetricStatistics&Version=2010-08-01&Namespace=app&MetricName=calls&Period=60\
             &Statistics.member.1=Sum&StartTime={}&EndTime={}\
             &Dimensions.member.1.Name=berth&Dimensions.member.1.Value=west",
            time(start),
            time(end)
        )
    };
    let request = Request::post("/")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(text(NOW.unix_ms() - 600_000, NOW.unix_ms() + 600_000).into())
        .unwrap();
    let (status, answer) = read(house.api.serve(&request, &Caller::default()).await).await;
    assert_eq!(status, 200, "{answer}");
    assert!(answer.contains("<Sum>8"), "{answer}");
    // What is counted of records is not to be had by a name.
    let posing = counter(1, NOW.unix_ms()).replace("\"app\"", "\"AWS/Bedrock\"");
    let (status, answer) = post(posing).await;
    assert_eq!(status, 200);
    let partial = &json(&answer)["partialSuccess"];
    assert_eq!(partial["rejectedDataPoints"], "1");
}

fn said(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_call_of_grpc_is_answered_with_trailers() {
    let house = house().await.followed();
    let nothing = b"\0\0\0\0\0".to_vec();
    let response = house.grpc(GRPC, nothing.clone()).await;
    assert_eq!(response.status(), 200);
    let kind = said(response.headers(), "content-type");
    assert_eq!(kind.as_deref(), Some("application/grpc"));
    let Body::Trailed(body, trailers) = response.into_body() else {
        panic!("an answer has trailers");
    };
    assert_eq!(body, &b"\0\0\0\0\0"[..]);
    assert_eq!(said(&trailers, "grpc-status").as_deref(), Some("0"));
    // A list of one resource with one scope with a span of nothing, which is none.
    let spanless = b"\0\0\0\0\x06\x0a\x04\x12\x02\x12\x00".to_vec();
    let Body::Trailed(body, _) = house.grpc(GRPC, spanless).await.into_body() else {
        panic!("an answer has trailers");
    };
    assert_eq!(body[5..9], [0x0a, body[6], 0x08, 0x01], "one is refused");
    for (path, body, status) in [
        (GRPC, b"\0\0\0\0\x01\xff".to_vec(), "3"),
        (GRPC, Vec::new(), "13"),
        (
            "/opentelemetry.proto.collector.trace.v1.TraceService/Import",
            nothing.clone(),
            "12",
        ),
        (
            "/opentelemetry.proto.collector.profiles.v1.ProfilesService/Export",
            nothing,
            "12",
        ),
    ] {
        let response = house.grpc(path, body).await;
        let code = said(response.headers(), "grpc-status");
        assert_eq!(code.as_deref(), Some(status), "{path}");
        assert!(said(response.headers(), "grpc-message").is_some());
    }
    let denying = house_denying(Some(Action::ExportTelemetry)).await;
    let response = denying.grpc(GRPC, b"\0\0\0\0\0".to_vec()).await;
    let code = said(response.headers(), "grpc-status");
    assert_eq!(code.as_deref(), Some("7"));
}

#[tokio::test]
async fn whoever_is_turned_away_hears_it_in_the_words_of_otlp() {
    let house = house().await;
    let turned_away = |path: &str, kind: &str, why| {
        let request = Request::post(path).header("content-type", kind);
        let (head, ()) = request.body(()).unwrap().into_parts();
        house.api.turn_away(&head, why)
    };
    for (why, code, status) in [
        (TurnedAway::NoCredential, "16", 401),
        (TurnedAway::UnknownCredential, "16", 401),
        (TurnedAway::BodyTooLarge, "8", 413),
    ] {
        let answer = turned_away(GRPC, "application/grpc", why).unwrap();
        assert_eq!(said(answer.headers(), "grpc-status").as_deref(), Some(code));
        let answer = turned_away("/v1/logs", "application/json", why).unwrap();
        let (found, body) = read(answer).await;
        assert_eq!(found, status);
        assert_eq!(json(&body)["code"].to_string(), code);
    }
    let none = turned_away("/v1/models", "application/json", TurnedAway::NoCredential);
    assert!(none.is_none());
}
