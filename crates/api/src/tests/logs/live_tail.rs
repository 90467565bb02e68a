//! `StartLiveTail`: frames as clients read them, what is shown, what is refused, and when it ends.

use corelog_record::BodyForm;
use corelog_record::stored::PartName;
use corelog_wire::event_stream::Decoder;

use super::super::admin::append;
use super::*;
use crate::body::Pieces;

const ARN: &str = "arn:aws:logs:us-east-1:111122223333:log-group:/sample";
const OTHER: &str = "arn:aws:logs:us-east-1:111122223333:log-group:/other";

/// Frames of a stream: name and payload.
struct Frames {
    pieces: Pieces,
    decoder: Decoder,
    decoded: std::collections::VecDeque<(String, Value)>,
}

impl Frames {
    async fn next(&mut self) -> Option<(String, Value)> {
        while self.decoded.is_empty() {
            let piece = self.pieces.next().await?.unwrap();
            let decoded = &mut self.decoded;
            let pushed = self.decoder.push(&piece, &mut |frame| {
                let kinds = [":event-type", ":exception-type"];
                let kind = kinds.iter().find_map(|it| frame.header(it)).unwrap();
                assert_eq!(frame.header(":content-type"), Some("application/json"));
                let payload = serde_json::from_slice(frame.payload()).unwrap();
                decoded.push_back((kind.to_owned(), payload));
            });
            pushed.unwrap();
        }
        self.decoded.pop_front()
    }

    /// The messages of the next updates, until there are so many.
    async fn messages(&mut self, count: usize) -> Vec<Value> {
        let mut found = Vec::new();
        while found.len() < count {
            let (name, update) = self.next().await.unwrap();
            assert_eq!(name, "sessionUpdate");
            assert_eq!(update["sessionMetadata"], json!({"sampled": false}));
            found.extend(update["sessionResults"].as_array().unwrap().clone());
        }
        found
    }
}

impl House {
    /// A stream that was begun: its request id and its frames.
    async fn begun(&self, operation: &str, input: &Value) -> (String, Frames) {
        let request = Request::builder()
            .method(Method::POST)
            .uri("/")
            .header("x-amz-target", format!("Logs_20140328.{operation}"))
            .body(input.to_string().into())
            .unwrap();
        let response = self.api.serve(&request, &Caller::default()).await;
        assert_eq!(response.status(), 200);
        let kind = &response.headers()["content-type"];
        assert_eq!(kind, "application/vnd.amazon.eventstream");
        let id = response.headers()["x-amzn-requestid"].to_str().unwrap();
        let id = id.to_owned();
        let Body::Stream(pieces) = response.into_body() else {
            panic!("the answer is no stream");
        };
        let frames = Frames {
            pieces,
            decoder: Decoder::new(),
            decoded: std::collections::VecDeque::new(),
        };
        (id, frames)
    }

    /// All frames of a stream that ends.
    pub(super) async fn stream(&self, operation: &str, input: Value) -> Vec<(String, Value)> {
        let (_, mut frames) = self.begun(operation, &input).await;
        let mut all = Vec::new();
        while let Some(frame) = frames.next().await {
            all.push(frame);
        }
        all
    }

    /// So many milliseconds after the beginning.
    fn after(&self, ms: u64) {
        let now = Timestamp::from_unix_ms(NOW.unix_ms() + ms);
        self.api.clock().set(now);
    }

    async fn group(&self, name: &str) {
        let group = json!({"logGroupName": name});
        self.ok("CreateLogGroup", group).await;
    }
}

fn record(house: &House, number: u8, body: &'static str) {
    let part = (PartName::Input, BodyForm::Json, "input", body.as_bytes());
    append(house, number, &[part]);
}

#[tokio::test]
async fn what_matches_is_shown_until_the_process_stops() {
    let house = house().await;
    house.group("/sample").await;
    let input = json!({
        "logGroupIdentifiers": [ARN], "logStreamNamePrefixes": ["aws/bedrock"],
        "logEventFilterPattern": "{ $.input.inputBodyJson.n > 1 }",
    });
    let (request_id, mut frames) = house.begun("StartLiveTail", &input).await;
    let (name, first) = frames.next().await.unwrap();
    assert_eq!((name.as_str(), first), ("initial-response", json!({})));
    let (name, start) = frames.next().await.unwrap();
    assert_eq!(name, "sessionStart");
    let session_id = start["sessionId"].as_str().unwrap();
    assert!(!session_id.is_empty());
    assert_eq!(
        start,
        json!({
            "requestId": request_id, "sessionId": session_id, "logGroupIdentifiers": [ARN],
            "logStreamNamePrefixes": ["aws/bedrock"],
            "logEventFilterPattern": "{ $.input.inputBodyJson.n > 1 }",
        })
    );
    for (number, body) in [(1, r#"{"n":1}"#), (2, r#"{"n":2}"#), (3, r#"{"n":3}"#)] {
        record(&house, number, body);
    }
    let shown = frames.messages(2).await;
    for (index, event) in (2..).zip(&shown) {
        assert_eq!(event["logGroupIdentifier"], ARN);
        assert_eq!(event["logStreamName"], "aws/bedrock/modelinvocations");
        assert_eq!(event["timestamp"], NOW.unix_ms());
        assert_eq!(event["ingestionTime"], NOW.unix_ms());
        let message = json(event["message"].as_str().unwrap());
        assert_eq!(message["input"]["inputBodyJson"], json!({"n": index}));
    }
    assert_eq!(shown.len(), 2);
    house.stopping.request();
    loop {
        match frames.next().await {
            Some((name, _)) if name == "sessionUpdate" => {}
            Some((name, why)) => {
                assert_eq!(name, "SessionStreamingException");
                assert_eq!(why, json!({"message": "Corelog is stopping."}));
                break;
            }
            None => panic!("no reason was given"),
        }
    }
    assert!(frames.next().await.is_none());
}

#[tokio::test]
async fn other_groups_and_streams_are_not_shown() {
    let house = house().await;
    house.group("/sample").await;
    house.group("/other").await;
    let house = &house;
    let of = |input: Value| async move {
        let (_, mut frames) = house.begun("StartLiveTail", &input).await;
        for _ in 0..2 {
            frames.next().await.unwrap();
        }
        frames
    };
    let mut both = of(json!({"logGroupIdentifiers": [OTHER, ARN]})).await;
    let mut other = of(json!({"logGroupIdentifiers": [OTHER]})).await;
    let named = json!({"logGroupIdentifiers": [ARN], "logStreamNames": ["another"]});
    let mut stream = of(named).await;
    record(house, 1, "1");
    assert_eq!(both.messages(1).await.len(), 1);
    // Their updates of the same second are empty.
    for frames in [&mut other, &mut stream] {
        let (_, update) = frames.next().await.unwrap();
        assert_eq!(update["sessionResults"], json!([]));
    }
}

#[tokio::test]
async fn what_cannot_be_tailed_is_refused() {
    let house = house().await;
    house.group("/sample").await;
    house.group("/other").await;
    let rare = json!({"logGroupName": "/rare", "logGroupClass": "INFREQUENT_ACCESS"});
    house.ok("CreateLogGroup", rare).await;
    let arn = |name: &str| format!("arn:aws:logs:us-east-1:111122223333:log-group:{name}");
    let invalid = "InvalidParameterException";
    for (input, code, message) in [
        (
            json!({"logGroupIdentifiers": []}),
            invalid,
            "1 validation error detected: Value '[]' at 'logGroupIdentifiers' failed to satisfy constraint: \
             Member must have length greater than or equal to 1",
        ),
        (
            json!({"logGroupIdentifiers": [arn("/gone")]}),
            "ResourceNotFoundException",
            "The specified log group does not exist.",
        ),
        (
            json!({"logGroupIdentifiers": [ARN], "logStreamNames": ["a"], "logStreamNamePrefixes": ["a"]}),
            invalid,
            "logStreamNames and logStreamNamePrefixes are mutually exclusive parameters.",
        ),
        (
            json!({"logGroupIdentifiers": [ARN, OTHER], "logStreamNames": ["a"]}),
            invalid,
            "logStreamNames and logStreamNamePrefixes can be specified only with a single log group.",
        ),
        (
            json!({"logGroupIdentifiers": [ARN], "logEventFilterPattern": "{ $.a"}),
            invalid,
            "If a filter pattern starts with '{' it must end with '}'",
        ),
        (
            json!({"logGroupIdentifiers": [arn("/rare")]}),
            "InvalidOperationException",
            "Live Tail is available only for log groups in the Standard log class.",
        ),
    ] {
        let (found, said) = house.refused("StartLiveTail", input).await;
        assert_eq!(found, code);
        assert!(said.starts_with(message), "{said}");
    }
    let input = json!({"logGroupIdentifiers": [format!("{ARN}:*")]});
    let (code, _) = house.refused("StartLiveTail", input).await;
    assert_eq!(code, invalid);
    let eleven = vec![ARN; 11];
    let input = json!({"logGroupIdentifiers": eleven});
    let (code, message) = house.refused("StartLiveTail", input).await;
    assert_eq!(code, invalid);
    assert!(message.ends_with("Member must have length less than or equal to 10"));
}

#[tokio::test]
async fn fifteen_sessions_may_be_open() {
    let house = house().await;
    house.group("/sample").await;
    let input = json!({"logGroupIdentifiers": [ARN]});
    let mut open = Vec::new();
    for second in 1..=3 {
        house.after(second * 1_000);
        for _ in 0..5 {
            open.push(house.begun("StartLiveTail", &input).await);
        }
    }
    house.after(4_000);
    let (code, _) = house.refused("StartLiveTail", input.clone()).await;
    assert_eq!(code, "LimitExceededException");
    open.pop();
    // The task of the one that was closed ends soon.
    for second in 5.. {
        house.after(second * 1_000);
        let target = "Logs_20140328.StartLiveTail";
        let request = Request::builder()
            .method(Method::POST)
            .uri("/")
            .header("x-amz-target", target)
            .body(input.to_string().into())
            .unwrap();
        let response = house.api.serve(&request, &Caller::default()).await;
        if response.status() == 200 {
            break;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn five_sessions_may_be_begun_a_second() {
    let house = house().await;
    house.group("/sample").await;
    let input = json!({"logGroupIdentifiers": [ARN]});
    let mut open = Vec::new();
    for _ in 0..5 {
        open.push(house.begun("StartLiveTail", &input).await);
    }
    let throttled = ("ThrottlingException".to_owned(), "Rate exceeded".to_owned());
    assert_eq!(
        house.refused("StartLiveTail", input.clone()).await,
        throttled
    );
    house.after(200);
    open.push(house.begun("StartLiveTail", &input).await);
    assert_eq!(house.refused("StartLiveTail", input).await, throttled);
}
