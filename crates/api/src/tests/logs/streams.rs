//! Log streams.

use corelog_catalog::{Activity, LogStreams as _};

use super::*;

fn names(found: &Value) -> Vec<&str> {
    let streams = found["logStreams"].as_array().unwrap().iter();
    streams
        .map(|stream| stream["logStreamName"].as_str().unwrap())
        .collect()
}

async fn with_streams() -> House {
    let house = house().await;
    house
        .ok("CreateLogGroup", json!({"logGroupName": "/g"}))
        .await;
    for name in ["b", "a/2", "a/1"] {
        house
            .ok(
                "CreateLogStream",
                json!({"logGroupName": "/g", "logStreamName": name}),
            )
            .await;
    }
    let activity = |stream: &str, ms| Activity {
        group: LogGroupName::new("/g").unwrap(),
        stream: LogStreamName::new(stream).unwrap(),
        first_event: Timestamp::from_unix_ms(ms),
        last_event: Timestamp::from_unix_ms(ms + 5),
        ingestion: Timestamp::from_unix_ms(ms + 9),
    };
    let activity = [activity("a/1", 2_000), activity("b", 1_000)];
    house.catalog.note_activity(&activity).await.unwrap();
    house
}

#[tokio::test]
async fn a_stream_is_described_member_by_member() {
    let house = with_streams().await;
    let found = house
        .ok(
            "DescribeLogStreams",
            json!({"logGroupName": "/g", "logStreamNamePrefix": "a/"}),
        )
        .await;
    let arn = "arn:aws:logs:us-east-1:111122223333:log-group:/g:log-stream:a/";
    let with_events = json!({
        "arn": format!("{arn}1"), "creationTime": 1_795_166_142_123_u64, "logStreamName": "a/1", "storedBytes": 0,
        "firstEventTimestamp": 2_000, "lastEventTimestamp": 2_005, "lastIngestionTime": 2_009,
        "uploadSequenceToken": format!("{:056}", 2_009),
    });
    let without = json!({
        "arn": format!("{arn}2"), "creationTime": 1_795_166_142_123_u64, "logStreamName": "a/2", "storedBytes": 0,
    });
    assert_eq!(found, json!({"logStreams": [with_events, without]}));
}

#[tokio::test]
async fn streams_have_two_orders_and_pages() {
    let house = with_streams().await;
    let group = "arn:aws:logs:us-east-1:111122223333:log-group:/g";
    for (order, descending, expected) in [
        ("LogStreamName", false, ["a/1", "a/2", "b"]),
        ("LogStreamName", true, ["b", "a/2", "a/1"]),
        ("LastEventTime", false, ["a/2", "b", "a/1"]),
        ("LastEventTime", true, ["a/1", "b", "a/2"]),
    ] {
        let mut input = json!({"logGroupIdentifier": group, "orderBy": order, "descending": descending, "limit": 1});
        let mut found = Vec::new();
        loop {
            let page = house.ok("DescribeLogStreams", input.clone()).await;
            found.extend(names(&page).into_iter().map(str::to_owned));
            match page.get("nextToken") {
                Some(token) => input["nextToken"] = token.clone(),
                None => break,
            }
        }
        assert_eq!(found, expected, "{order} {descending}");
    }
}

#[tokio::test]
async fn requests_that_cannot_be_are_refused() {
    let house = with_streams().await;
    let describe = "DescribeLogStreams";
    let both = json!({"logGroupName": "/g", "logGroupIdentifier": "/g"});
    let said = "LogGroup name and LogGroup ARN are mutually exclusive parameters.";
    // The model does not declare it, and the service answers it all the same.
    let (status, _, body) = house
        .aws("Logs_20140328.DescribeLogStreams", &both.to_string())
        .await;
    let expected = json!({"__type": "ValidationException", "message": said});
    assert_eq!((status, json(&body)), (400, expected));
    let prefix =
        json!({"logGroupName": "/g", "orderBy": "LastEventTime", "logStreamNamePrefix": "a"});
    let said = "Cannot order by LastEventTime with a logStreamNamePrefix.";
    house
        .check(describe, prefix, "InvalidParameterException", said)
        .await;
    let token = json!({"logGroupName": "/g", "nextToken": "bogus"});
    let said = "The specified nextToken is invalid.";
    house
        .check(describe, token, "InvalidParameterException", said)
        .await;
    let again = json!({"logGroupName": "/g", "logStreamName": "b"});
    let said = "The specified log stream already exists";
    house
        .check(
            "CreateLogStream",
            again,
            "ResourceAlreadyExistsException",
            said,
        )
        .await;
    let gone = json!({"logGroupName": "/g", "logStreamName": "gone"});
    let said = "The specified log stream does not exist.";
    house
        .check("DeleteLogStream", gone, "ResourceNotFoundException", said)
        .await;
    let colon = json!({"logGroupName": "/g", "logStreamName": "a:b"});
    let (code, _) = house.refused("CreateLogStream", colon).await;
    assert_eq!(code, "InvalidParameterException");
    let long = json!({"logGroupName": "/g", "logStreamName": "é".repeat(513)});
    let said = "Invalid LogGroup or LogStream, both must have length less than or equal to 512.";
    house
        .check("CreateLogStream", long, "InvalidParameterException", said)
        .await;
    house
        .ok(
            "CreateLogStream",
            json!({"logGroupName": "/g", "logStreamName": "é".repeat(512)}),
        )
        .await;
}

#[tokio::test]
async fn whoever_keeps_events_hears_of_a_stream_that_goes() {
    let house = with_streams().await;
    house
        .ok(
            "DeleteLogStream",
            json!({"logGroupName": "/g", "logStreamName": "b"}),
        )
        .await;
    assert_eq!(*house.events.told.lock(), ["/g b"]);
}
