//! Log events: what is taken and refused, and every page of them in both directions.

use corelog_record::events::{EventBatch, is_batch};
use corelog_store::Position;

use super::*;

const OLDEST: u64 = NOW.unix_ms() - 14 * 86_400_000;
const NEWEST: u64 = NOW.unix_ms() + 2 * 3_600_000;
const INVALID: &str = "InvalidParameterException";

fn put(events: &[(u64, &str)]) -> Value {
    let events: Vec<_> = events
        .iter()
        .map(|(at, message)| json!({"timestamp": at, "message": message}))
        .collect();
    json!({"logGroupName": "/sample", "logStreamName": "sample", "logEvents": events})
}

async fn furnished() -> House {
    let house = house().await;
    furnish(&house).await;
    house
}

#[tokio::test]
async fn events_are_one_entry_of_the_spool_once_the_answer_is_given() {
    let house = furnished().await;
    let now = NOW.unix_ms();
    let answer = house
        .ok(
            "PutLogEvents",
            put(&[(now - 5, "one"), (now, "zwölf"), (now, "one")]),
        )
        .await;
    let token = format!("{now:056}");
    assert_eq!(answer, json!({"nextSequenceToken": token}));
    assert_eq!(house.spool.durable_sequence().to_u64(), 1);
    let stored = house.spool.reader(Sequence::FIRST).next().unwrap().unwrap();
    assert!(is_batch(&stored.payload));
    assert_eq!(stored.time, NOW);
    let batch = EventBatch::decode(&stored.payload).unwrap();
    assert_eq!((batch.group, batch.stream), ("/sample", "sample"));
    assert_eq!(
        batch.events,
        [(now - 5, "one"), (now, "zwölf"), (now, "one")]
    );
}

#[tokio::test]
async fn old_and_new_events_are_rejected_and_the_rest_is_taken() {
    let house = furnished().await;
    let events = [(OLDEST - 1, "old"), (NEWEST - 5, "ok"), (NEWEST + 1, "new")];
    let answer = house.ok("PutLogEvents", put(&events)).await;
    let rejected = json!({"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2});
    assert_eq!(answer["rejectedLogEventsInfo"], rejected);
    let retention = json!({"logGroupName": "/sample", "retentionInDays": 1});
    house.ok("PutRetentionPolicy", retention).await;
    let answer = house
        .ok(
            "PutLogEvents",
            put(&[(OLDEST - 1, "old"), (OLDEST, "expired")]),
        )
        .await;
    let rejected = json!({"tooOldLogEventEndIndex": 1, "expiredLogEventEndIndex": 2});
    assert_eq!(answer["rejectedLogEventsInfo"], rejected);
    assert!(answer["nextSequenceToken"].is_string());
    assert_eq!(
        house.spool.durable_sequence().to_u64(),
        1,
        "nothing was taken of the second"
    );
}

#[tokio::test]
async fn batches_are_refused_in_the_service_s_words() {
    let house = furnished().await;
    let now = NOW.unix_ms();
    let check = async |events: &[(u64, &str)], message: &str| {
        house
            .check("PutLogEvents", put(events), INVALID, message)
            .await;
    };
    check(
        &[(now, "a"), (now - 1, "b")],
        "Log events in a single PutLogEvents request must be in chronological order.",
    )
    .await;
    let day = 86_400_000;
    let span =
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.";
    check(&[(now - day - 1, "a"), (now, "b")], span).await;
    house
        .ok("PutLogEvents", put(&[(now - day, "a"), (now, "b")]))
        .await;
    // An event that is rejected does not count.
    house.ok("PutLogEvents", put(&[(0, "a"), (now, "b")])).await;

    let most = "x".repeat((1 << 20) - 26);
    house.ok("PutLogEvents", put(&[(now, &most)])).await;
    check(
        &[(now, &format!("{most}x"))],
        "Log event too large: 1048577 bytes exceeds limit of 1048576",
    )
    .await;
    check(
        &[(now, &most[26..]), (now, "x")],
        "Upload too large: 1048577 bytes exceeds limit of 1048576",
    )
    .await;
    let empty = "1 validation error detected: Value '[]' at 'logEvents' failed to satisfy constraint: \
                 Member must have length greater than or equal to 1";
    check(&[], empty).await;
    let (code, _) = house.refused("PutLogEvents", put(&[(now, "")])).await;
    assert_eq!(code, INVALID);
    assert_eq!(house.spool.durable_sequence().to_u64(), 3);
}

#[tokio::test]
async fn groups_and_streams_have_to_be_there() {
    let house = furnished().await;
    let missing_group = "The specified log group does not exist.";
    let missing_stream = "The specified log stream does not exist.";
    let not_found = "ResourceNotFoundException";
    for (group, stream, message) in [
        ("/gone", "sample", missing_group),
        ("/sample", "gone", missing_stream),
    ] {
        let named = json!({"logGroupName": group, "logStreamName": stream});
        house
            .check("GetLogEvents", named.clone(), not_found, message)
            .await;
        let mut put = put(&[(NOW.unix_ms(), "m")]);
        put.as_object_mut()
            .unwrap()
            .extend(named.as_object().cloned().unwrap());
        house.check("PutLogEvents", put, not_found, message).await;
        let filtered = json!({"logGroupName": group, "logStreamNames": [stream]});
        house
            .check("FilterLogEvents", filtered, not_found, message)
            .await;
    }
}

/// Five events of two streams, and what `GetLogEvents` shows of the three in the first.
async fn with_events() -> House {
    let house = furnished().await;
    let event = |sequence: u64, ms: u64, stream: &str, message: &str| {
        Arc::new(Event {
            group: "/sample".into(),
            stream: stream.into(),
            position: Position {
                node: NodeId::from_u64(7),
                sequence: Sequence::from_u64(sequence),
                part: 1,
            },
            timestamp: Timestamp::from_unix_ms(ms),
            ingested: Timestamp::from_unix_ms(ms + 50),
            message: message.to_owned(),
        })
    };
    *house.events.events.lock() = vec![
        event(3, 3_000, "sample", "third"),
        event(1, 1_000, "sample", "first"),
        event(2, 2_000, "sample", "second"),
        event(4, 2_500, "other", "other second"),
        event(5, 4_000, "other", "other fourth"),
    ];
    house
}

fn messages(answer: &Value) -> Vec<&str> {
    let events = answer["events"].as_array().unwrap().iter();
    events
        .map(|event| event["message"].as_str().unwrap())
        .collect()
}

async fn got(house: &House, more: Value) -> Value {
    let mut asked = json!({"logGroupName": "/sample", "logStreamName": "sample"});
    asked
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().cloned().unwrap());
    house.ok("GetLogEvents", asked).await
}

#[tokio::test]
async fn the_newest_page_comes_first_and_each_in_the_order_of_time() {
    let house = with_events().await;
    let newest = got(&house, json!({"limit": 2})).await;
    assert_eq!(messages(&newest), ["second", "third"]);
    let shown = json!({"timestamp": 2_000, "message": "second", "ingestionTime": 2_050});
    assert_eq!(newest["events"][0], shown);
    let older = got(
        &house,
        json!({"limit": 2, "nextToken": newest["nextBackwardToken"]}),
    )
    .await;
    assert_eq!(messages(&older), ["first"]);
    let none = got(
        &house,
        json!({"limit": 2, "nextToken": older["nextBackwardToken"]}),
    )
    .await;
    assert_eq!(messages(&none), [""; 0]);
    assert_eq!(
        none["nextBackwardToken"], older["nextBackwardToken"],
        "the end"
    );
    // And back again, from where it turned.
    let again = got(&house, json!({"nextToken": none["nextForwardToken"]})).await;
    assert_eq!(messages(&again), ["first", "second", "third"]);
    let end = got(&house, json!({"nextToken": again["nextForwardToken"]})).await;
    assert_eq!(messages(&end), [""; 0]);
    assert_eq!(
        end["nextForwardToken"], again["nextForwardToken"],
        "the end"
    );
}

#[tokio::test]
async fn from_the_head_pages_go_forward_and_new_events_follow_the_end() {
    let house = with_events().await;
    let mut token = Value::Null;
    let mut found = Vec::new();
    loop {
        let mut asked = json!({"startFromHead": true, "limit": 1});
        if !token.is_null() {
            asked["nextToken"] = token.clone();
        }
        let page = got(&house, asked).await;
        found.extend(messages(&page).into_iter().map(str::to_owned));
        if page["nextForwardToken"] == token {
            break;
        }
        token = page["nextForwardToken"].clone();
    }
    assert_eq!(found, ["first", "second", "third"]);
    let later = Event {
        timestamp: Timestamp::from_unix_ms(3_001),
        message: "later".to_owned(),
        ..house.events.events.lock()[0].as_ref().clone()
    };
    house.events.events.lock().push(Arc::new(later));
    assert_eq!(
        messages(&got(&house, json!({"nextToken": token})).await),
        ["later"]
    );
}

#[tokio::test]
async fn an_empty_stream_has_tokens_too_and_sees_what_comes() {
    let house = furnished().await;
    for head in [true, false] {
        house.events.events.lock().clear();
        let empty = got(&house, json!({"startFromHead": head})).await;
        assert_eq!(messages(&empty), [""; 0]);
        let token = empty["nextForwardToken"].clone();
        assert!(token.as_str().unwrap().starts_with("f/"));
        assert!(
            empty["nextBackwardToken"]
                .as_str()
                .unwrap()
                .starts_with("b/")
        );
        let filled = with_events().await;
        *house.events.events.lock() = filled.events.events.lock().clone();
        let page = got(&house, json!({"nextToken": token})).await;
        assert_eq!(messages(&page), ["first", "second", "third"]);
    }
}

#[tokio::test]
async fn the_end_is_exclusive_in_one_operation_and_inclusive_in_the_other() {
    let house = with_events().await;
    let times = json!({"startTime": 1_000, "endTime": 3_000});
    assert_eq!(messages(&got(&house, times).await), ["first", "second"]);
    let times = json!({"logGroupName": "/sample", "startTime": 2_000, "endTime": 3_000});
    let found = house.ok("FilterLogEvents", times).await;
    assert_eq!(messages(&found), ["second", "other second", "third"]);
}

#[tokio::test]
async fn a_filter_finds_events_of_all_streams_page_by_page() {
    let house = with_events().await;
    for (head, expected) in [
        (true, ["second", "other second", "other fourth"]),
        (false, ["other fourth", "other second", "second"]),
    ] {
        let mut asked = json!({
            "logGroupIdentifier": "arn:aws:logs:us-east-1:111122223333:log-group:/sample",
            "filterPattern": "?second ?fourth", "limit": 1, "startFromHead": head, "interleaved": true,
        });
        let mut found: Vec<String> = Vec::new();
        loop {
            let page = house.ok("FilterLogEvents", asked.clone()).await;
            assert_eq!(page["searchedLogStreams"], json!([]));
            found.extend(messages(&page).into_iter().map(str::to_owned));
            let Some(token) = page.get("nextToken") else {
                break;
            };
            asked["nextToken"] = token.clone();
            // The token's direction is what counts.
            asked["startFromHead"] = json!(!head);
        }
        assert_eq!(found, expected, "{head}");
    }
}

#[tokio::test]
async fn a_found_event_is_shown_member_by_member() {
    let house = with_events().await;
    let asked = json!({"logGroupName": "/sample", "logStreamNames": ["sample"], "endTime": 1_000});
    let found = house.ok("FilterLogEvents", asked).await;
    let event = json!({
        "logStreamName": "sample", "timestamp": 1_000, "ingestionTime": 1_050, "message": "first",
        "eventId": "00000000001000000000000000000000070000000000000001000001",
    });
    assert_eq!(found, json!({"events": [event], "searchedLogStreams": []}));
    let asked = json!({"logGroupName": "/sample", "logStreamNamePrefix": "oth"});
    let found = house.ok("FilterLogEvents", asked).await;
    assert_eq!(messages(&found), ["other second", "other fourth"]);
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_refused() {
    let house = with_events().await;
    let too_many = "1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: \
                    Member must have value less than or equal to 10000";
    let invalid_token = "The specified nextToken is invalid.";
    let both = "LogGroup name and LogGroup ARN are mutually exclusive parameters.";
    let neither = "LogGroup name and LogGroup ARN cannot both be empty.";
    for (operation, more, message) in [
        ("GetLogEvents", json!({"limit": 10_001}), too_many),
        (
            "GetLogEvents",
            json!({"nextToken": "invalid"}),
            invalid_token,
        ),
        (
            "GetLogEvents",
            json!({"nextToken": "f/123/s"}),
            invalid_token,
        ),
        (
            "GetLogEvents",
            json!({"logGroupIdentifier": "/sample"}),
            both,
        ),
        ("GetLogEvents", json!({"logGroupName": null}), neither),
        ("FilterLogEvents", json!({"limit": 10_001}), too_many),
        (
            "FilterLogEvents",
            json!({"nextToken": "invalid"}),
            invalid_token,
        ),
        (
            "FilterLogEvents",
            json!({"logGroupIdentifier": "/sample"}),
            both,
        ),
        (
            "FilterLogEvents",
            json!({"logStreamNamePrefix": "a", "logStreamNames": ["sample"]}),
            "Log stream names and log stream name prefix are mutually exclusive parameters.",
        ),
        (
            "FilterLogEvents",
            json!({"startFromHead": false, "startTime": 1_704_067_199_999_u64}),
            "startFromHead can be false only with a startTime on or after January 1, 2024 00:00:00 UTC.",
        ),
    ] {
        let mut asked = json!({"logGroupName": "/sample"});
        if operation == "GetLogEvents" {
            asked["logStreamName"] = json!("sample");
        }
        asked
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().cloned().unwrap());
        if asked["logGroupName"].is_null() {
            asked.as_object_mut().unwrap().remove("logGroupName");
        }
        house.check(operation, asked, INVALID, message).await;
    }
    let pattern = json!({"logGroupName": "/sample", "filterPattern": "{ $.a"});
    let said = "If a filter pattern starts with '{' it must end with '}'";
    house.check("FilterLogEvents", pattern, INVALID, said).await;
}

#[tokio::test]
async fn expired_events_are_not_shown() {
    let house = with_events().await;
    let now = NOW.unix_ms();
    let kept = Event {
        timestamp: Timestamp::from_unix_ms(now - 86_400_000),
        message: "kept".to_owned(),
        ..house.events.events.lock()[0].as_ref().clone()
    };
    house.events.events.lock().push(Arc::new(kept));
    let retention = json!({"logGroupName": "/sample", "retentionInDays": 1});
    house.ok("PutRetentionPolicy", retention).await;
    assert_eq!(
        messages(&got(&house, json!({"startFromHead": true})).await),
        ["kept"]
    );
    let found = house
        .ok("FilterLogEvents", json!({"logGroupName": "/sample"}))
        .await;
    assert_eq!(messages(&found), ["kept"]);
}

#[tokio::test]
async fn while_the_store_is_away_nothing_is_told_rather_than_half_of_it() {
    let house = with_events().await;
    house.events.is_away.store(true, Ordering::SeqCst);
    for operation in ["GetLogEvents", "FilterLogEvents"] {
        let target = format!("Logs_20140328.{operation}");
        let (status, _, body) = house.aws(&target, &sample(operation).to_string()).await;
        assert_eq!(status, 500);
        assert_eq!(json(&body)["__type"], "ServiceUnavailableException");
    }
    // What is put needs no store.
    house.ok("PutLogEvents", sample("PutLogEvents")).await;
}

#[tokio::test]
async fn events_are_refused_where_nobody_keeps_them_or_the_spool_takes_none() {
    let house = furnished().await;
    let nobody = House {
        api: Api::new(Ports {
            events: Arc::new(crate::logs::NoEvents),
            ..house.api.ports().clone()
        }),
        ..house_like(&house)
    };
    let said = "Corelog is configured to keep no log events: `store.enabled` is false.";
    nobody
        .check(
            "PutLogEvents",
            sample("PutLogEvents"),
            "InvalidOperationException",
            said,
        )
        .await;
    assert_eq!(messages(&got(&nobody, json!({})).await), [""; 0]);
    house.spool.close().unwrap();
    let (status, _, body) = house
        .aws(
            "Logs_20140328.PutLogEvents",
            &sample("PutLogEvents").to_string(),
        )
        .await;
    assert_eq!(
        (status, &json(&body)["__type"]),
        (500, &json!("ServiceUnavailableException"))
    );
}
