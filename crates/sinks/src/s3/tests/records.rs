//! A batch's own objects: where they lie, and the lines in them.

use corelog_record::events::EventBatch;

use super::*;

#[tokio::test]
async fn a_batch_lies_where_the_original_puts_it() {
    let objects = put(&config(), one(CONVERSE, &[])).await;
    let keys: Vec<&String> = objects.keys().collect();
    assert_eq!(keys.len(), 1);
    let name = keys[0].strip_prefix(FOLDER).unwrap();
    let stem = name.strip_prefix("20261120T120039996Z_").unwrap();
    let hex = stem.strip_suffix(".json.gz").unwrap();
    assert_eq!(hex.len(), 16);
    let is_lower_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    assert!(hex.chars().all(is_lower_hex));
}

#[tokio::test]
async fn a_throttled_call_has_exactly_the_ten_keys_of_the_original() {
    let document = r#"{"timestamp":"2026-11-20T10:02:14Z","accountId":"111122223333","region":"us-east-1","requestId":"a1d0c6de-0a8f-49a5-9a58-0c60e1b3f505","operation":"ConverseStream","modelId":"global.anthropic.claude-haiku-4-5-20251001-v1:0","identity":{"arn":"arn:aws:iam::111122223333:user/batch"},"errorCode":"ThrottlingException","schemaType":"ModelInvocationLog","schemaVersion":"1.0"}"#;
    let parts = [inline(PartName::Input, BodyForm::Json, b"{}")];
    let objects = put(&config(), one(document, &parts)).await;
    let expected: serde_json::Value = serde_json::from_str(document).unwrap();
    assert_eq!(lines(&objects), [expected]);
    assert_eq!(objects.len(), 1);
}

#[tokio::test]
async fn the_extension_knows_its_place_or_is_left_out() {
    let extended = CONVERSE.replace(
        r#""schemaVersion":"1.0""#,
        r#""schemaVersion":"1.0","corelog":{"recordId":"r","provider":"p"}"#,
    );
    let objects = put(&config(), one(&extended, &[])).await;
    let line = &lines(&objects)[0]["corelog"];
    assert_eq!(line["nodeId"], "00000000000000ab");
    assert_eq!(line["sequence"], 1);
    let without = Config {
        extension: false,
        ..config()
    };
    let objects = put(&without, one(&extended, &[])).await;
    assert_eq!(lines(&objects)[0].get("corelog"), None);
}

#[tokio::test]
async fn accounts_and_regions_have_objects_of_their_own() {
    let elsewhere = CONVERSE.replace("us-east-1", "eu-west-1");
    let batch = Records::default()
        .record(CONVERSE, &[])
        .record(&elsewhere, &[])
        .record(CONVERSE, &[])
        .batch();
    let objects = put(&config(), batch).await;
    let counts: Vec<usize> = objects
        .values()
        .map(|bytes| str::from_utf8(bytes).unwrap().lines().count())
        .collect();
    // In the order of their keys: eu-west-1, us-east-1.
    assert_eq!(counts, [1, 2]);
}

#[tokio::test]
async fn bytes_that_are_no_record_are_put_aside_and_the_rest_goes_on() {
    let batch = Records::default()
        .record(CONVERSE, &[])
        .garbage(b"\x01no record")
        .record(CONVERSE, &[])
        .batch();
    let store = Arc::new(InMemory::new());
    let sink = over(&store, &config());
    let receipt = sink.deliver(batch).await.unwrap();
    assert_eq!((receipt.records, receipt.unreadable), (3, 1));
    let objects = objects(&store).await;
    assert_eq!(lines(&objects).len(), 2);
    let aside = objects
        .iter()
        .find(|(key, _)| key.starts_with("unreadable/00000000000000ab/00000000000000000002_"))
        .unwrap();
    assert_eq!(aside.1, b"\x01no record");
}

#[tokio::test]
async fn a_body_the_spool_lost_is_said_to_be_lost() {
    let extended = CONVERSE.replace(
        r#""schemaVersion":"1.0""#,
        r#""schemaVersion":"1.0","corelog":{"recordId":"r"}"#,
    );
    let parts = [(PartName::Input, BodyForm::Json, Place::Blob, &b"{}"[..])];
    let mut records = Records::default().record(&extended, &parts);
    records.blobs = Blobs::default();
    let objects = put(&config(), records.batch()).await;
    let line = &lines(&objects)[0];
    assert!(line["input"].get("inputBodyJson").is_none());
    assert_eq!(
        line["corelog"]["cut"],
        serde_json::json!([{"part":"input","reason":"disk"}])
    );
}

#[tokio::test]
async fn log_events_are_no_records_and_nothing_is_put_of_them() {
    let put_events = EventBatch {
        group: "/app",
        stream: "web-1",
        events: vec![(REQUESTED, "GET /")],
    };
    let payload = put_events.encode().unwrap();
    let batch = Records::default()
        .garbage(&payload)
        .record(CONVERSE, &[])
        .batch();
    let store = Arc::new(InMemory::new());
    let receipt = over(&store, &config()).deliver(batch).await.unwrap();
    assert_eq!((receipt.records, receipt.unreadable), (1, 0));
    let objects = objects(&store).await;
    assert_eq!((objects.len(), lines(&objects).len()), (1, 1));

    let nothing_else = Records::default().garbage(&payload).batch();
    assert_eq!(put(&config(), nothing_else).await.len(), 0);
}
