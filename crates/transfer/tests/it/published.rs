//! A bucket as Bedrock writes it, made by hand after its documentation: every form of record and object.

use corelog_transfer::Reason;

use crate::fixture::{import, open, put, rows, run, zipped};

const TREE: &str = "prod/AWSLogs/111122223333/BedrockModelInvocationLogs/us-west-2";
const BATCH: &str = "2026/11/20/10/20261120T100258051Z_4dbc00aa11bb22cc.json.gz";

/// A prompt with caching, over the inline limit; input in an object of its own.
const LARGE: &str = r#"{"timestamp":"2026-11-20T10:02:11Z","accountId":"111122223333","region":"us-west-2","requestId":"9e3bb6a0-2f2f-4b1e-8c77-31c5d6d0e404","operation":"InvokeModelWithResponseStream","modelId":"anthropic.claude-3-haiku-20240307-v1:0","input":{"inputContentType":"application/json","inputBodyS3Path":"s3://acme-llm-logs/prod/AWSLogs/111122223333/BedrockModelInvocationLogs/us-west-2/2026/11/20/09/data/9e3bb6a0-2f2f-4b1e-8c77-31c5d6d0e404_input.json.gz","inputTokenCount":6},"output":{"outputContentType":"application/json","outputBodyJson":[{"type":"message_stop"}],"outputTokenCount":167},"schemaType":"ModelInvocationLog","schemaVersion":"1.0"}"#;
const BODY: &str = r#"{"anthropic_version":"bedrock-2023-05-31","max_tokens":32,"messages":[{"role":"user","content":"Berth \u0037?"}]}"#;
/// Nothing but metadata.
const THROTTLED: &str = r#"{"timestamp":"2026-11-20T10:02:14Z","accountId":"111122223333","region":"us-west-2","requestId":"a1d0c6de-0a8f-49a5-9a58-0c60e1b3f505","operation":"ConverseStream","modelId":"amazon.nova-lite-v1:0","errorCode":"ThrottlingException","schemaType":"ModelInvocationLog","schemaVersion":"1.0"}"#;
/// Media stay where they are.
const MEDIA: &str = r#"{"timestamp":"2026-11-20T10:02:15Z","input":{"inputBodyJson":{"messages":[{"role":"user","content":[{"image":{"format":"png","source":{"s3Uri":"s3://acme-llm-logs/prod/AWSLogs/111122223333/BedrockModelInvocationLogs/us-west-2/2026/11/20/10/data/44f7c2d1_input_media_00.png"}}}]}]}},"schemaType":"ModelInvocationLog"}"#;
/// An image that is gone, and a body that is null beside its address.
const GONE: &str = r#"{"timestamp":"2026-11-20T10:02:16.250+00:00","output":{"outputBodyJson":null,"outputBodyS3Path":"s3://acme-llm-logs/prod/AWSLogs/111122223333/BedrockModelInvocationLogs/us-west-2/2026/11/20/10/data/gone_output.json.gz"},"schemaType":"ModelInvocationLog"}"#;
const UNKNOWN: &str =
    r#"{"schemaType":"SomethingNew","schemaVersion":"9","timestamp":"2026-11-20T10:02:17Z"}"#;

#[tokio::test]
async fn every_form_of_object_and_record_is_read() {
    let (copy, table_dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let dir = copy.path();
    // Two members one after the other, and no line's end at the end.
    let mut batch = zipped(&format!("{LARGE}\n{THROTTLED}\n{MEDIA}\n"));
    batch.extend(zipped(&format!(
        "{GONE}\n{UNKNOWN}\nno JSON at all\n[1]\n{{\"timestamp\":"
    )));
    put(dir, &format!("{TREE}/{BATCH}"), &batch);
    let body = "2026/11/20/09/data/9e3bb6a0-2f2f-4b1e-8c77-31c5d6d0e404_input.json.gz";
    put(dir, &format!("{TREE}/{body}"), &zipped(BODY));
    put(
        dir,
        &format!("{TREE}/2026/11/20/10/data/44f7c2d1_input_media_00.png"),
        b"\x89PNG",
    );
    for folder in ["", "/2026/11/20/10/data"] {
        let check = format!("{TREE}{folder}/amazon-bedrock-logs-permission-check");
        put(dir, &check, b"");
    }
    put(dir, "README.txt", b"not of the layout");
    let torn = zipped(&format!("{THROTTLED}\n{THROTTLED}\n"));
    let torn_key = format!("{TREE}/2026/11/20/11/20261120T110000000Z_00.json.gz");
    put(dir, &torn_key, &torn[..torn.len() - 9]);

    let table = open(table_dir.path()).await;
    let done = run(&import(&table), dir).await.unwrap();
    let found = rows(table_dir.path(), &table).await;
    let first: Vec<_> = found
        .iter()
        .filter(|row| row.sequence == 0)
        .map(|row| (row.part, row.at_ms, row.message.as_str()))
        .collect();
    let inside = LARGE.replace(
        &format!(r#""inputBodyS3Path":"s3://acme-llm-logs/{TREE}/{body}""#),
        &format!(r#""inputBodyJson":{BODY}"#),
    );
    assert_ne!(inside, LARGE);
    // 2026-11-20T10:02:00Z and 10:02:58.051Z, from `date -u -d … +%s`.
    let (minute, written) = (1_795_168_920_000, 1_795_168_978_051);
    assert_eq!(
        first,
        [
            (0, minute + 11_000, inside.as_str()),
            (1, minute + 14_000, THROTTLED),
            (2, minute + 15_000, MEDIA),
            (3, minute + 16_250, GONE),
            (4, minute + 17_000, UNKNOWN),
            (5, written, "no JSON at all"),
            (6, written, "[1]"),
            (7, written, "{\"timestamp\":"),
        ]
    );
    assert_eq!((done.objects, done.bodies, done.passed_over), (2, 1, 1));
    let key = format!("{TREE}/{BATCH}");
    let missing = &done.kept[&Reason::Missing];
    assert_eq!(
        (missing.count, &missing.first),
        (1, &vec![format!("{key}:4")])
    );
    assert_eq!(done.kept.len(), 1);
    let unreadable = |line, why| format!("{key}:{line}: {why}");
    assert_eq!(
        done.unreadable.first[..3],
        [
            unreadable(6, "no JSON object"),
            unreadable(7, "no JSON object"),
            unreadable(8, "no JSON object"),
        ]
    );
    assert_eq!(done.broken.count, 1);
    assert!(
        done.broken.first[0].starts_with(&torn_key),
        "{:?}",
        done.broken
    );
    assert_eq!(done.timeless, 0);
}
