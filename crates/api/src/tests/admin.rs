//! Our own operations: records, exchanges, status.

use std::io::Write;

use corelog_catalog::LogGroups as _;
use corelog_record::events::EventBatch;
use corelog_record::stored::{PartHeader, PartName, Place, encode_envelope};
use corelog_record::{BodyForm, Document};

use super::*;

fn document() -> Document {
    serde_json::from_str(
        r#"{"timestamp":"2026-11-20T09:15:42Z","accountId":"111122223333","region":"us-east-1",
            "requestId":"r","operation":"Converse","input":{"inputContentType":"application/json"},
            "output":{"outputContentType":"audio/wav"},"identity":{"arn":"a"},
            "schemaType":"ModelInvocationLog","schemaVersion":"1.0","corelog":{"recordId":"r"}}"#,
    )
    .unwrap()
}

/// Appends a record with these bodies; those over 256 kB go into a blob.
pub(super) fn append(
    house: &House,
    number: u8,
    parts: &[(PartName, BodyForm, &'static str, &[u8])],
) {
    let id = id(number);
    let mut blobs = Vec::new();
    let mut headers = Vec::new();
    let mut inline = Vec::new();
    for (name, form, blob, bytes) in parts {
        let at = if bytes.len() > 256_000 {
            let mut writer = house.spool.blob(id, blob).unwrap();
            writer.write_all(bytes).unwrap();
            blobs.push(writer.seal().unwrap());
            Place::Blob
        } else {
            inline.extend_from_slice(bytes);
            Place::Inline
        };
        headers.push(PartHeader {
            name: *name,
            form: *form,
            at,
            bytes: bytes.len() as u64,
        });
    }
    let envelope = encode_envelope(&document(), &headers).unwrap();
    let entry = corelog_spool::Entry {
        id,
        time: NOW,
        payload: &[&envelope, &inline],
        blobs,
    };
    house.spool.append(entry).unwrap();
    house.spool.sync().unwrap();
}

fn json_body(bytes: usize) -> Vec<u8> {
    format!("\"{}\"", "x".repeat(bytes - 2)).into_bytes()
}

#[tokio::test]
async fn the_newest_records_come_as_lines() {
    let house = house().await;
    for number in 1..=5 {
        append(
            &house,
            number,
            &[(PartName::Input, BodyForm::Json, "input", b"{\"a\":1}")],
        );
    }
    let sequences = |text: &str| -> Vec<u64> {
        let lines = text.lines().map(json);
        lines
            .map(|line| line["corelog"]["sequence"].as_u64().unwrap())
            .collect()
    };
    let (status, text) = house.get("/corelog/v1/records?last=2").await;
    assert_eq!((status, sequences(&text)), (200, vec![4, 5]));
    let line = json(text.lines().next().unwrap());
    assert_eq!(line["input"]["inputBodyJson"], json(r#"{"a":1}"#));
    assert_eq!(line["corelog"]["nodeId"], house.spool.node().to_string());
    let (_, text) = house.get("/corelog/v1/records?after=3").await;
    assert_eq!(sequences(&text), [4, 5]);
    let (_, text) = house.get("/corelog/v1/records").await;
    assert_eq!(sequences(&text), [1, 2, 3, 4, 5]);
    let (_, text) = house.get("/corelog/v1/records?after=5").await;
    assert_eq!(text, "");
    let (status, text) = house.get("/corelog/v1/records?last=many").await;
    assert_eq!(status, 400);
    assert_eq!(json(&text)["error"]["code"], "bad_request");
}

#[tokio::test]
async fn log_events_are_no_records_and_records_are_found_behind_them() {
    let house = house().await;
    let put_events = |count: u8| {
        let batch = EventBatch {
            group: "/app",
            stream: "web",
            events: vec![(NOW.unix_ms(), "GET /")],
        };
        let payload = batch.encode().unwrap();
        for number in 0..count {
            let entry = corelog_spool::Entry {
                id: id(100 + number),
                time: NOW,
                payload: &[&payload],
                blobs: Vec::new(),
            };
            house.spool.append(entry).unwrap();
        }
        house.spool.sync().unwrap();
    };
    put_events(3);
    append(&house, 1, &[]);
    put_events(30);
    append(&house, 2, &[]);
    put_events(2);
    let sequences = async |query: &str| -> Vec<u64> {
        let (_, text) = house.get(&format!("/corelog/v1/records?{query}")).await;
        let lines = text.lines().map(json);
        lines
            .map(|line| line["corelog"]["sequence"].as_u64().unwrap())
            .collect()
    };
    assert_eq!(sequences("last=0").await, [0_u64; 0]);
    assert_eq!(sequences("last=1").await, [35]);
    assert_eq!(sequences("last=2").await, [4, 35]);
    assert_eq!(sequences("last=9").await, [4, 35]);
    assert_eq!(sequences("after=4").await, [35]);
    // Looking back may pass the beginning, and find more than are asked for.
    put_events(70);
    assert_eq!(sequences("last=1").await, [35]);
    let (status, _) = house.get(&format!("/corelog/v1/records/{}", id(100))).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn following_goes_on_with_what_comes() {
    let house = house().await;
    append(&house, 1, &[]);
    let uri = "/corelog/v1/records?last=1&follow=true";
    let response = house.call(Method::GET, uri, "").await;
    let Body::Stream(mut pieces) = response.into_body() else {
        unreachable!("a listing is a stream");
    };
    let first = pieces.next().await.unwrap().unwrap();
    assert_eq!(
        json(str::from_utf8(&first).unwrap())["corelog"]["sequence"],
        1
    );
    append(&house, 2, &[]);
    let second = pieces.next().await.unwrap().unwrap();
    assert_eq!(
        json(str::from_utf8(&second).unwrap())["corelog"]["sequence"],
        2
    );
    house.spool.close().unwrap();
    assert!(pieces.next().await.is_none(), "a closed spool ends it");
}

#[tokio::test]
async fn a_body_over_a_mebibyte_is_named_and_fetched_alone() {
    let house = house().await;
    let (fits, over) = (json_body(1 << 20), json_body((1 << 20) + 1));
    append(
        &house,
        1,
        &[
            (PartName::Input, BodyForm::Json, "input", &fits),
            (PartName::Output, BodyForm::Json, "output", &over),
            (PartName::Events, BodyForm::Text, "events", b"{}\n"),
        ],
    );
    let response = house
        .call(Method::GET, &format!("/corelog/v1/records/{}", id(1)), "")
        .await;
    assert_eq!(
        response.headers().get("x-corelog-omitted").unwrap(),
        "output, events"
    );
    let (status, text) = read(response).await;
    assert_eq!((status, text.lines().count()), (200, 1));
    let line = json(&text);
    assert_eq!(
        line["input"]["inputBodyJson"].as_str().unwrap().len(),
        (1 << 20) - 2
    );
    assert_eq!(line["output"].get("outputBodyJson"), None);

    let uri = format!("/corelog/v1/records/{}/output", id(1));
    let response = house.call(Method::GET, &uri, "").await;
    let headers = response.headers().clone();
    assert_eq!(headers.get("content-type").unwrap(), "audio/wav");
    assert_eq!(headers.get("content-length").unwrap(), "1048577");
    assert_eq!(read(response).await.1.into_bytes(), over);
    let uri = format!("/corelog/v1/records/{}/events", id(1));
    assert_eq!(house.get(&uri).await, (200, "{}\n".to_owned()));
}

#[tokio::test]
async fn what_is_not_there_is_said_with_a_hint() {
    let house = house().await;
    append(&house, 1, &[]);
    for (uri, status, code) in [
        ("records/nothing".to_owned(), 400, "bad_request"),
        (format!("records/{}", id(9)), 404, "not_found"),
        (format!("records/{}/input", id(1)), 404, "not_found"),
        (format!("records/{}/headers", id(1)), 404, "not_found"),
        ("records/a/b/c".to_owned(), 404, "no_such_operation"),
        ("nothing".to_owned(), 404, "no_such_operation"),
    ] {
        let (found, text) = house.get(&format!("/corelog/v1/{uri}")).await;
        let error = &json(&text)["error"];
        assert_eq!(
            (found, error["code"].as_str().unwrap()),
            (status, code),
            "{uri}"
        );
        assert!(!error["hint"].as_str().unwrap().is_empty());
    }
}

/// A record that this version cannot read is shown as such, and those around it are shown too.
#[tokio::test]
async fn an_unreadable_record_is_a_line_that_says_so() {
    let house = house().await;
    append(&house, 1, &[]);
    let entry = corelog_spool::Entry {
        id: id(2),
        time: NOW,
        payload: &[b"\x63 from the future"],
        blobs: Vec::new(),
    };
    house.spool.append(entry).unwrap();
    append(&house, 3, &[]);
    let (_, text) = house.get("/corelog/v1/records").await;
    let lines: Vec<_> = text.lines().map(json).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[1]["unreadable"], true);
    assert_eq!(lines[1]["corelog"]["recordId"], id(2).to_string());
}

#[tokio::test]
async fn calls_in_flight_are_listed_and_ended() {
    let house = house().await;
    let (status, text) = house.get("/corelog/v1/exchanges").await;
    assert_eq!(status, 200);
    let expected = format!(
        r#"{{"exchanges":[{{"id":"{}","ageMs":1500,"state":"streaming","provider":"openai",
            "dialect":"openai","operation":"ChatCompletions","modelId":"gpt-x","requestBytes":200,
            "responseBytes":4000,"chunks":12,"events":24,"inputTokens":31,"outputTokensEstimate":22}}]}}"#,
        id(1)
    );
    assert_eq!(json(&text), json(&expected));
    for (number, status) in [(1, 200), (2, 404)] {
        let uri = format!("/corelog/v1/exchanges/{}", id(number));
        let response = house.call(Method::DELETE, &uri, "").await;
        assert_eq!(read(response).await.0, status);
    }
}

#[tokio::test]
async fn what_calls_in_flight_say_comes_as_lines_until_the_process_stops() {
    let house = house().await;
    let uri = "/corelog/v1/streams";
    let Body::Stream(mut pieces) = house.call(Method::GET, uri, "").await.into_body() else {
        panic!("the answer is no stream");
    };
    let mut lines = Vec::new();
    while lines.len() < 7 {
        let piece = pieces.next().await.unwrap().unwrap();
        let text = String::from_utf8(piece.to_vec()).unwrap();
        lines.extend(text.lines().map(json));
    }
    assert_eq!(lines[0]["id"], id(1).to_string());
    assert_eq!(lines[0]["began"]["modelId"], "gpt-x");
    assert_eq!(lines[0]["began"]["provider"], "openai");
    assert_eq!(lines[2], json(r#"{"missedBytes":70}"#));
    for (line, rest) in [
        (1, r#""reasoning":"hm""#),
        (3, r#""gap":true"#),
        (4, r#""text":"\"Hi\"\n""#),
        (5, r#""toolInput":"{""#),
        (6, r#""ended":true"#),
    ] {
        let expected = format!(r#"{{"id":"{}",{rest}}}"#, id(1));
        assert_eq!(lines[line], json(&expected));
    }
    house.stopping.request();
    assert!(pieces.next().await.is_none());
}

#[tokio::test]
async fn the_status_tells_what_doctor_needs() {
    let (status, text) = house().await.get("/corelog/v1/status").await;
    assert_eq!(status, 200);
    assert_eq!(
        json(&text),
        json(
            r#"{"version":"0.1.0","node":"00000000000000ab","started":"2026-11-20T09:15:42.123Z",
            "spool":{"dir":"/data/spool","oldestSequence":1,"durableSequence":9,"bytes":10,
                "bytesMax":100,"segments":1,"accepting":true,"gaps":4},
            "destinations":[{"name":"bucket","location":"file:///b","from":"config",
                "deliveredSequence":7,"backlog":2,"oldestAgeMs":3000,"failures":1,"lastError":"refused"}],
            "policies":{"durability":"strict"},"warnings":["open to everybody on loopback"]}"#
        )
    );
}

#[tokio::test]
async fn notifiers_are_listed_and_tested() {
    let house = house().await;
    let (status, text) = house.get("/corelog/v1/notifiers").await;
    assert_eq!(status, 200);
    let expected = serde_json::json!({"notifiers": [{
        "name": "ops",
        "kind": "slack",
        "place": "https://hooks.slack.com",
        "delivered": 3,
        "givenUp": 1,
        "failures": 2,
        "lastDelivery": "2026-11-20T09:15:42Z",
        "lastError": "the receiver answered 503",
    }]});
    assert_eq!(json(&text), expected);
    for (name, status, said) in [
        ("ops", 200, r#"{"tested":"ops"}"#),
        ("away", 502, "the test did not reach `away`: it is away"),
        ("nobody", 404, "there is no notifier `nobody`"),
    ] {
        let uri = format!("/corelog/v1/notifiers/{name}/test");
        let (found, text) = read(house.call(Method::POST, &uri, "").await).await;
        assert_eq!(found, status, "{text}");
        assert!(text.contains(said), "{text}");
    }
}

#[tokio::test]
async fn each_operation_asks_whether_the_caller_may() {
    let record = format!("/corelog/v1/records/{}", id(1));
    let input = format!("{record}/input");
    let exchange = format!("/corelog/v1/exchanges/{}", id(1));
    for (action, method, uri) in [
        (Action::ListRecords, Method::GET, "/corelog/v1/records"),
        (Action::GetRecord, Method::GET, &record),
        (Action::GetRecord, Method::GET, &input),
        (
            Action::TailEvents,
            Method::GET,
            "/corelog/v1/events?group=/sample",
        ),
        (Action::ListExchanges, Method::GET, "/corelog/v1/exchanges"),
        (Action::KillExchange, Method::DELETE, &exchange),
        (Action::WatchExchanges, Method::GET, "/corelog/v1/streams"),
        (Action::ListAnomalies, Method::GET, "/corelog/v1/anomalies"),
        (
            Action::ListAnomalies,
            Method::GET,
            "/corelog/v1/anomalies/0a",
        ),
        (Action::ListNotifiers, Method::GET, "/corelog/v1/notifiers"),
        (
            Action::TestNotifier,
            Method::POST,
            "/corelog/v1/notifiers/ops/test",
        ),
        (Action::GetStatus, Method::GET, "/corelog/v1/status"),
    ] {
        let house = house_denying(Some(action)).await;
        let response = house.call(method, uri, "").await;
        let (status, text) = read(response).await;
        assert_eq!(status, 403, "{uri}");
        assert_eq!(json(&text)["error"]["code"], "denied");
    }
}

/// A body that says its number.
const BODIES: [&[u8]; 6] = [b"0", b"1", b"2", b"3", b"4", b"5"];

fn append_body(house: &House, number: u8) {
    let body = BODIES[usize::from(number)];
    append(
        house,
        number,
        &[(PartName::Input, BodyForm::Json, "input", body)],
    );
}

fn body_of(line: &str) -> i64 {
    json(line)["input"]["inputBodyJson"].as_i64().unwrap()
}

#[tokio::test]
async fn a_pattern_leaves_out_records() {
    let house = house().await;
    for number in 1..=5 {
        append_body(&house, number);
    }
    let bodies = |text: &str| -> Vec<i64> { text.lines().map(body_of).collect() };
    // { $.input.inputBodyJson != 3 }
    let not_three = "pattern=%7B%20%24.input.inputBodyJson%20!%3D%203%20%7D";
    for (query, expected) in [
        (not_three.to_owned(), vec![1, 2, 4, 5]),
        (format!("{not_three}&last=3"), vec![2, 4, 5]),
        (format!("{not_three}&last=0"), vec![]),
        (format!("{not_three}&after=2"), vec![4, 5]),
        ("pattern=nowhere".to_owned(), vec![]),
    ] {
        let (status, text) = house.get(&format!("/corelog/v1/records?{query}")).await;
        assert_eq!((status, bodies(&text)), (200, expected), "{query}");
    }
    let (status, text) = house.get("/corelog/v1/records?pattern=%7B%20%24.a").await;
    assert_eq!(
        (status, json(&text)["error"]["code"].as_str()),
        (400, Some("bad_request"))
    );
}

#[tokio::test]
async fn followed_records_are_filtered_too_and_end_when_the_process_stops() {
    let house = house().await;
    append_body(&house, 1);
    let uri =
        "/corelog/v1/records?follow=true&pattern=%7B%20%24.input.inputBodyJson%20%3E%202%20%7D";
    let Body::Stream(mut pieces) = house.call(Method::GET, uri, "").await.into_body() else {
        panic!("the answer is no stream");
    };
    for number in 2..=4 {
        append_body(&house, number);
    }
    let mut found = Vec::new();
    while found.len() < 2 {
        let piece = pieces.next().await.unwrap().unwrap();
        let text = String::from_utf8(piece.to_vec()).unwrap();
        found.extend(text.lines().map(body_of));
    }
    assert_eq!(found, [3, 4]);
    house.stopping.request();
    assert!(pieces.next().await.is_none());
}

#[tokio::test]
async fn events_of_a_group_come_as_lines() {
    let house = house().await;
    for name in ["/sample", "/other"] {
        let group = LogGroup::new(LogGroupName::new(name).unwrap(), NOW);
        house.catalog.create_group(&group).await.unwrap();
    }
    let uri = "/corelog/v1/events?group=%2Fsample&group=/other&pattern=-%22%5C%22inputBodyJson%5C%22:2%22";
    let Body::Stream(mut pieces) = house.call(Method::GET, uri, "").await.into_body() else {
        panic!("the answer is no stream");
    };
    for number in 1..=3 {
        append_body(&house, number);
    }
    let mut found = Vec::new();
    while found.len() < 2 {
        let piece = pieces.next().await.unwrap().unwrap();
        let text = String::from_utf8(piece.to_vec()).unwrap();
        found.extend(text.lines().map(json));
    }
    for (number, line) in [1, 3].into_iter().zip(&found) {
        assert_eq!(line["logGroup"], "/sample");
        assert_eq!(line["logStream"], "aws/bedrock/modelinvocations");
        assert_eq!(line["timestamp"], NOW.unix_ms());
        assert_eq!(line["ingestionTime"], NOW.unix_ms());
        assert_eq!(body_of(line["message"].as_str().unwrap()), number);
    }
    house.stopping.request();
    assert!(pieces.next().await.is_none());
    let (status, text) = house.get("/corelog/v1/events?group=/gone").await;
    assert_eq!(
        (status, json(&text)["error"]["message"].as_str()),
        (404, Some("there is no log group `/gone`"))
    );
    let (status, text) = house.get("/corelog/v1/events").await;
    assert_eq!(
        (status, json(&text)["error"]["message"].as_str()),
        (400, Some("no log group is named"))
    );
}
