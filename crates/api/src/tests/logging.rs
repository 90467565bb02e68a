//! The control API: what takes effect, what is refused, and what it says.

use corelog_catalog::{LogGroups as _, LogStreams as _};
use corelog_record::events::EventBatch;

use super::*;

const CONFIG: &str =
    r#"{"loggingConfig":{"s3Config":{"bucketName":"acme-llm-logs","keyPrefix":"prod"}}}"#;

async fn put(house: &House, body: &str) -> (u16, String, String) {
    let response = house
        .call(Method::PUT, "/logging/modelinvocations", body)
        .await;
    let headers = response.headers();
    assert!(headers.contains_key("x-amzn-requestid"));
    let kind = headers.get("x-amzn-errortype");
    let kind = kind.map_or("", |kind| kind.to_str().unwrap()).to_owned();
    let (status, body) = read(response).await;
    (status, kind, body)
}

#[tokio::test]
async fn a_configuration_is_put_read_back_and_deleted() {
    let house = house().await;
    let path = "/logging/modelinvocations";
    assert_eq!(house.get(path).await, (200, "{}".to_owned()));
    assert_eq!(
        put(&house, CONFIG).await,
        (200, String::new(), "{}".to_owned())
    );
    let (status, body) = house.get(path).await;
    assert_eq!(status, 200);
    assert_eq!(
        json(&body),
        json(
            r#"{"loggingConfig":{"s3Config":{"bucketName":"acme-llm-logs","keyPrefix":"prod"},
                "textDataDeliveryEnabled":true,"imageDataDeliveryEnabled":true,
                "embeddingDataDeliveryEnabled":true,"videoDataDeliveryEnabled":true,
                "audioDataDeliveryEnabled":true}}"#
        )
    );
    let stored = house.stored().await;
    assert_eq!(*house.destinations.running.lock(), stored);
    for _ in 0..2 {
        let response = house.call(Method::DELETE, path, "").await;
        assert_eq!(read(response).await, (200, "{}".to_owned()));
        assert_eq!(house.get(path).await, (200, "{}".to_owned()));
        assert_eq!(*house.destinations.running.lock(), None);
    }
}

#[tokio::test]
async fn a_refused_configuration_leaves_the_former_one() {
    let house = house().await;
    put(&house, CONFIG).await;
    let former = house.stored().await;
    assert!(former.is_some());
    let bucket = r#"{"loggingConfig":{"s3Config":{"bucketName":"no-such-bucket"}}}"#;
    let (status, kind, body) = put(&house, bucket).await;
    assert_eq!((status, kind.as_str()), (400, "ValidationException"));
    assert_eq!(
        json(&body)["message"],
        "Failed to validate permissions for bucket: no-such-bucket. \
         Verify the S3 bucket policy permissions are correct."
    );
    let group = r#"{"loggingConfig":{"cloudWatchConfig":{"logGroupName":"/llm/invocations",
        "roleArn":"arn:aws:iam::111122223333:role/LlmLogWriter"},"s3Config":{"bucketName":"acme-llm-logs"}}}"#;
    let (status, kind, body) = put(&house, group).await;
    assert_eq!((status, kind.as_str()), (400, "ValidationException"));
    assert_eq!(
        json(&body)["message"],
        "Failed to validate permissions for log group: /llm/invocations, \
         with role: arn:aws:iam::111122223333:role/LlmLogWriter. \
         Verify the IAM role permissions are correct."
    );
    let (status, kind, _) = put(&house, "{").await;
    assert_eq!((status, kind.as_str()), (400, "SerializationException"));
    let (status, kind, body) = put(&house, "{}").await;
    assert_eq!((status, kind.as_str()), (400, "ValidationException"));
    assert!(body.contains("1 validation error detected: "));
    assert_eq!(house.stored().await, former);
    assert_eq!(*house.destinations.running.lock(), former);
    assert_eq!(
        *house.destinations.checks.lock(),
        2,
        "nothing is tried for a request that cannot be right"
    );
}

#[tokio::test]
async fn a_destination_that_does_not_start_gives_the_former_one_back() {
    let house = house().await;
    put(&house, CONFIG).await;
    let former = house.stored().await;
    *house.destinations.fails_to_start.lock() = true;
    let other = r#"{"loggingConfig":{"s3Config":{"bucketName":"other"}}}"#;
    let (status, kind, _) = put(&house, other).await;
    assert_eq!((status, kind.as_str()), (500, "InternalServerException"));
    assert_eq!(house.stored().await, former);
    assert_eq!(*house.destinations.running.lock(), former);
}

#[tokio::test]
async fn a_configuration_without_a_destination_is_accepted() {
    let house = house().await;
    let (status, _, _) = put(&house, r#"{"loggingConfig":{}}"#).await;
    assert_eq!(status, 200);
    assert_eq!(house.stored().await, Some(LoggingConfiguration::default()));
}

#[tokio::test]
async fn whoever_may_not_is_told_so_and_changes_nothing() {
    let path = "/logging/modelinvocations";
    for (action, method) in [
        (Action::PutModelInvocationLoggingConfiguration, Method::PUT),
        (Action::GetModelInvocationLoggingConfiguration, Method::GET),
        (
            Action::DeleteModelInvocationLoggingConfiguration,
            Method::DELETE,
        ),
    ] {
        let house = house_denying(Some(action)).await;
        let response = house.call(method, path, CONFIG).await;
        assert_eq!(
            response.headers().get("x-amzn-errortype").unwrap(),
            "AccessDeniedException"
        );
        assert_eq!(read(response).await.0, 403);
        assert_eq!(house.stored().await, None);
    }
}

#[tokio::test]
async fn a_log_group_that_exists_gets_a_stream_and_the_event_of_the_original() {
    let house = house().await;
    let group = LogGroupName::new("/llm/invocations").unwrap();
    let made = LogGroup::new(group.clone(), NOW);
    house.catalog.create_group(&made).await.unwrap();
    let asked = r#"{"loggingConfig":{"cloudWatchConfig":{"logGroupName":"/llm/invocations",
        "roleArn":"arn:aws:iam::444455556666:role/LlmLogWriter",
        "largeDataDeliveryS3Config":{"bucketName":"acme-llm-large","keyPrefix":"big"}}}}"#;
    for number in 1..=2 {
        let (status, _, body) = put(&house, asked).await;
        assert_eq!((status, body.as_str()), (200, "{}"));
        let mut reader = house.spool.reader(Sequence::from_u64(number));
        let entry = reader.next().unwrap().unwrap();
        let batch = EventBatch::decode(&entry.payload).unwrap();
        assert_eq!(batch.group, "/llm/invocations");
        assert_eq!(batch.stream, "aws/bedrock/modelinvocations");
        let said = "Permissions are correctly set for Amazon Bedrock logs.";
        assert_eq!(batch.events, [(NOW.unix_ms(), said)]);
    }
    let stream = LogStreamName::new("aws/bedrock/modelinvocations").unwrap();
    let stream = house.catalog.stream(&group, &stream).await.unwrap();
    assert_eq!(stream.map(|it| it.created), Some(NOW));
    let (_, body) = house.get("/logging/modelinvocations").await;
    let shown = &json(&body)["loggingConfig"]["cloudWatchConfig"];
    assert_eq!(*shown, json(asked)["loggingConfig"]["cloudWatchConfig"]);
    let stored = house.stored().await;
    assert_eq!(*house.destinations.running.lock(), stored);
    let target = stored.unwrap().log_group.unwrap();
    assert_eq!(target.since, NOW);
}

#[tokio::test]
async fn a_group_of_a_refused_configuration_gets_no_event() {
    let house = house().await;
    let group = LogGroupName::new("/llm/invocations").unwrap();
    let made = LogGroup::new(group.clone(), NOW);
    house.catalog.create_group(&made).await.unwrap();
    let asked = r#"{"loggingConfig":{"cloudWatchConfig":{"logGroupName":"/llm/invocations",
        "roleArn":"arn:aws:iam::444455556666:role/LlmLogWriter"},"s3Config":{"bucketName":"no-such-bucket"}}}"#;
    let (status, _, _) = put(&house, asked).await;
    assert_eq!(status, 400);
    assert_eq!(house.spool.durable_sequence().to_u64(), 0);
    assert_eq!(house.stored().await, None);
    // Without events there is nothing to log into.
    house.events.keeps_none.store(true, Ordering::SeqCst);
    let (status, kind, body) = put(&house, &asked.replace("no-such-bucket", "acme-llm")).await;
    assert_eq!((status, kind.as_str()), (400, "ValidationException"));
    assert!(body.contains("Failed to validate permissions for log group"));
}
