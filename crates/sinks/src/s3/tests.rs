//! The sink against a store in memory and one on disk: keys, contents, sizes, and putting a batch twice.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path as FilePath;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use corelog_catalog::Modality;
use corelog_delivery::{BlobSource, Entry, Plan};
use corelog_record::stored::{PartHeader, PartName, Place, encode_envelope};
use corelog_record::{BodyForm, Document};
use corelog_types::{NodeId, RecordId, Sequence, Timestamp};
use futures_util::TryStreamExt;
use object_store::memory::InMemory;
use object_store::{Attribute, ObjectStore, ObjectStoreExt};

use super::*;

/// 2026-11-20T12:00:09Z, from `date -u -d … +%s`.
const REQUESTED: u64 = 1_795_176_009_000;
/// Half a minute later.
const PUT: Timestamp = Timestamp::from_unix_ms(1_795_176_039_996);
const FOLDER: &str = "AWSLogs/111122223333/BedrockModelInvocationLogs/us-east-1/2026/11/20/12/";

const CONVERSE: &str = r#"{"timestamp":"2026-11-20T12:00:09Z","accountId":"111122223333","region":"us-east-1",
    "requestId":"44f7c2d1-6b4b-4c57-9f7c-6b7f5d10c808","operation":"Converse","modelId":"amazon.nova-pro-v1:0",
    "input":{"inputContentType":"application/json","inputTokenCount":2904},
    "output":{"outputContentType":"application/json","outputTokenCount":3},
    "identity":{"arn":"arn:aws:iam::111122223333:user/ops-bot"},
    "schemaType":"ModelInvocationLog","schemaVersion":"1.0"}"#;

/// Blobs in memory.
#[derive(Debug, Default)]
struct Blobs(BTreeMap<(RecordId, String), Vec<u8>>);

impl BlobSource for Blobs {
    fn open(&self, id: RecordId, name: &str) -> io::Result<Box<dyn Read + Send>> {
        let bytes = self.0.get(&(id, name.to_owned()));
        let bytes = bytes.ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(io::Cursor::new(bytes.clone())))
    }
}

/// Builds a batch record by record.
#[derive(Default)]
struct Records {
    entries: Vec<Entry>,
    blobs: Blobs,
}

type Part<'a> = (PartName, BodyForm, Place, &'a [u8]);

fn inline(name: PartName, form: BodyForm, bytes: &[u8]) -> Part<'_> {
    (name, form, Place::Inline, bytes)
}

impl Records {
    fn next(&self) -> (Sequence, RecordId) {
        let number = self.entries.len() as u64 + 1;
        let mut random = [0; 10];
        random[2..].copy_from_slice(&number.to_be_bytes());
        let id = RecordId::from_parts(REQUESTED, random);
        (Sequence::from_u64(number), id)
    }

    fn record(mut self, document: &str, parts: &[Part<'_>]) -> Self {
        let (sequence, id) = self.next();
        let document: Document = serde_json::from_str(document).unwrap();
        let header = |(name, form, at, bytes): &Part<'_>| PartHeader {
            name: *name,
            form: *form,
            at: *at,
            bytes: bytes.len() as u64,
        };
        let headers: Vec<PartHeader> = parts.iter().map(header).collect();
        let mut payload = encode_envelope(&document, &headers).unwrap();
        for (name, _, at, bytes) in parts {
            match at {
                Place::Inline => payload.extend_from_slice(bytes),
                Place::Blob => {
                    let key = (id, name.as_str().to_owned());
                    self.blobs.0.insert(key, bytes.to_vec());
                }
            }
        }
        self.entry(sequence, id, payload)
    }

    fn entry(mut self, sequence: Sequence, id: RecordId, payload: Vec<u8>) -> Self {
        self.entries.push(Entry {
            sequence,
            id,
            time: PUT,
            payload,
        });
        self
    }

    fn garbage(self, payload: &[u8]) -> Self {
        let (sequence, id) = self.next();
        self.entry(sequence, id, payload.to_vec())
    }

    fn batch(self) -> Arc<Batch> {
        Arc::new(Batch {
            destination: "bucket".to_owned(),
            node: NodeId::from_u64(0xab),
            plan: Plan {
                first: Sequence::FIRST,
                last: Sequence::from_u64(self.entries.len() as u64),
                time: PUT,
            },
            entries: self.entries,
            blobs: Arc::new(self.blobs),
        })
    }
}

fn one(document: &str, parts: &[Part<'_>]) -> Arc<Batch> {
    Records::default().record(document, parts).batch()
}

fn config() -> Config {
    Config::new(Location::parse("s3://acme-llm-logs").unwrap())
}

fn over(store: &Arc<InMemory>, config: &Config) -> S3Sink {
    let store = Arc::<InMemory>::clone(store);
    S3Sink::over(Bucket::over(store, "s3://acme-llm-logs"), config)
}

/// Puts a batch into a fresh store and returns what is there, gzip undone.
async fn put(config: &Config, batch: Arc<Batch>) -> BTreeMap<String, Vec<u8>> {
    let store = Arc::new(InMemory::new());
    let sink = over(&store, config);
    sink.deliver(Arc::clone(&batch)).await.unwrap();
    let first = objects(&store).await;
    // Whatever a crash repeats changes nothing.
    sink.deliver(batch).await.unwrap();
    assert_eq!(objects(&store).await, first);
    first
}

async fn objects(store: &InMemory) -> BTreeMap<String, Vec<u8>> {
    let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
    let mut objects = BTreeMap::new();
    for meta in listed {
        let bytes = store.get(&meta.location).await.unwrap();
        let bytes = bytes.bytes().await.unwrap().to_vec();
        let name = meta.location.to_string();
        let zipped = name.strip_suffix(".gz").is_some();
        objects.insert(name, if zipped { gunzip(&bytes) } else { bytes });
    }
    objects
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes)
        .read_to_end(&mut out)
        .unwrap();
    out
}

/// The lines of the batch objects, in the order of their keys.
fn lines(objects: &BTreeMap<String, Vec<u8>>) -> Vec<serde_json::Value> {
    objects
        .iter()
        .filter(|(key, _)| key.contains("/2026") && !key.contains("/data/"))
        .flat_map(|(_, bytes)| {
            let text = str::from_utf8(bytes).unwrap();
            assert!(text.ends_with('\n'));
            text.lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect::<Vec<_>>()
        })
        .collect()
}

fn data_keys(objects: &BTreeMap<String, Vec<u8>>) -> Vec<&str> {
    let keys = objects.keys().filter(|key| key.contains("/data/"));
    keys.map(|key| key.rsplit('/').next().unwrap()).collect()
}

/// A JSON string of exactly that many bytes, quotes included.
fn json_of(bytes: usize) -> Vec<u8> {
    format!("\"{}\"", "x".repeat(bytes - 2)).into_bytes()
}

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
async fn a_body_of_102400_bytes_is_inline_and_one_more_is_not() {
    for place in [Place::Inline, Place::Blob] {
        for (bytes, offloaded) in [(102_400, false), (102_401, true)] {
            let body = json_of(bytes);
            let parts = [(PartName::Input, BodyForm::Json, place, &body[..])];
            let objects = put(&config(), one(CONVERSE, &parts)).await;
            let line = &lines(&objects)[0]["input"];
            assert_eq!(line.get("inputBodyJson").is_none(), offloaded, "{bytes}");
            let key = format!("{FOLDER}data/44f7c2d1-6b4b-4c57-9f7c-6b7f5d10c808_input.json.gz");
            if offloaded {
                let path = format!("s3://acme-llm-logs/{key}");
                assert_eq!(line["inputBodyS3Path"], path);
                assert_eq!(objects[&key], body);
            } else {
                assert!(!objects.contains_key(&key));
            }
        }
    }
}

#[tokio::test]
async fn indented_json_is_measured_and_written_without_its_line_breaks() {
    let mut body = b"{\n  \"a\": 1.50,\n".to_vec();
    body.extend(std::iter::repeat_n(b' ', 200_000));
    body.extend_from_slice(b"\"b\": \"x y\"}");
    let parts = [inline(PartName::Output, BodyForm::Pretty, &body)];
    let objects = put(&config(), one(CONVERSE, &parts)).await;
    let (_, bytes) = objects.first_key_value().unwrap();
    let line = str::from_utf8(bytes).unwrap();
    assert!(line.contains(r#""outputBodyJson":{"a":1.50,"b":"x y"}"#));
}

#[tokio::test]
async fn what_is_no_json_is_text_in_the_line_or_a_file() {
    let wav = CONVERSE.replace("Converse\"", "Speech\"").replace(
        r#""outputContentType":"application/json""#,
        r#""outputContentType":"audio/wav""#,
    );
    let parts = [
        inline(PartName::Input, BodyForm::Text, b"say \"hi\""),
        inline(PartName::Output, BodyForm::Binary, &[0xff, 0, 1]),
    ];
    let objects = put(&config(), one(&wav, &parts)).await;
    let line = &lines(&objects)[0];
    assert_eq!(line["input"]["inputBodyJson"], "say \"hi\"");
    let key = format!("{FOLDER}data/44f7c2d1-6b4b-4c57-9f7c-6b7f5d10c808_output.wav");
    assert_eq!(
        line["output"]["outputBodyS3Path"],
        format!("s3://acme-llm-logs/{key}")
    );
    assert_eq!(objects[&key], [0xff, 0, 1]);
}

/// A body that is not the JSON or text it was said to be must not hold up the batch.
#[tokio::test]
async fn a_mislabelled_body_is_kept_as_what_it_is() {
    let parts = [
        inline(PartName::Input, BodyForm::Json, b"{broken"),
        inline(PartName::Output, BodyForm::Text, &[0xff, 0xfe]),
    ];
    let objects = put(&config(), one(CONVERSE, &parts)).await;
    let line = &lines(&objects)[0];
    assert_eq!(line["input"]["inputBodyJson"], "{broken");
    assert_eq!(
        data_keys(&objects),
        ["44f7c2d1-6b4b-4c57-9f7c-6b7f5d10c808_output.bin"]
    );
}

fn converse_with_files(pdf: &[u8], png: &[u8], text: &str) -> Vec<u8> {
    format!(
        r#"{{"messages":[{{"role":"user","content":[
            {{"document":{{"format":"pdf","name":"bill of lading","source":{{"bytes":"{}"}}}}}},
            {{"image":{{"format":"png","source":{{"bytes":"{}"}}}}}},
            {{"text":"{text}"}}]}}]}}"#,
        STANDARD.encode(pdf),
        STANDARD.encode(png)
    )
    .into_bytes()
}

fn converse_without_files(pdf: &str, png: &str, text: &str) -> serde_json::Value {
    serde_json::json!({"messages":[{"role":"user","content":[
        {"document":{"format":"pdf","name":"bill of lading","source":serde_json::from_str::<serde_json::Value>(pdf).unwrap()}},
        {"image":{"format":"png","source":serde_json::from_str::<serde_json::Value>(png).unwrap()}},
        {"text":text}]}]})
}

#[tokio::test]
async fn converse_files_are_cut_out_wherever_the_body_is() {
    let pdf: Vec<u8> = (0..150_000_u32).flat_map(u32::to_le_bytes).collect();
    let png = b"\x89PNG small";
    let stem = "44f7c2d1-6b4b-4c57-9f7c-6b7f5d10c808";
    let source = |at: &str| {
        format!(r#"{{"s3Uri":"s3://acme-llm-logs/{FOLDER}data/{stem}_input_media_{at}"}}"#)
    };
    let long = "t".repeat(102_400);
    for place in [Place::Inline, Place::Blob] {
        for text in ["Do these match?", &long] {
            let body = converse_with_files(&pdf, png, text);
            let parts = [(PartName::Input, BodyForm::Pretty, place, &body[..])];
            let objects = put(&config(), one(CONVERSE, &parts)).await;
            let expected = converse_without_files(&source("00.pdf"), &source("01.png"), text);
            let at = |name: &str| &objects[&format!("{FOLDER}data/{stem}_{name}")];
            assert_eq!(*at("input_media_00.pdf"), pdf);
            assert_eq!(at("input_media_01.png"), png);
            let line = &lines(&objects)[0]["input"];
            if text == long {
                let body: serde_json::Value = serde_json::from_slice(at("input.json.gz")).unwrap();
                assert_eq!(body, expected);
                assert!(line.get("inputBodyS3Path").is_some());
            } else {
                assert_eq!(line["inputBodyJson"], expected);
                assert_eq!(objects.len(), 3);
            }
        }
    }
}

#[tokio::test]
async fn kinds_that_are_not_delivered_leave_nothing() {
    let only = |modality| Config {
        modalities: Modalities::all().with(modality, false),
        ..config()
    };
    let body = converse_with_files(b"pdf", b"png", "x");
    let parts = [inline(PartName::Input, BodyForm::Pretty, &body)];
    let objects = put(&only(Modality::Image), one(CONVERSE, &parts)).await;
    assert_eq!(
        lines(&objects)[0]["input"]["inputBodyJson"],
        converse_without_files("{}", "{}", "x")
    );
    assert_eq!(objects.len(), 1);

    let objects = put(&only(Modality::Text), one(CONVERSE, &parts)).await;
    let line = &lines(&objects)[0]["input"];
    assert_eq!(
        *line,
        serde_json::json!({"inputContentType":"application/json","inputTokenCount":2904})
    );
    assert_eq!(objects.len(), 1);

    let embedding = CONVERSE
        .replace("\"Converse\"", "\"InvokeModel\"")
        .replace("amazon.nova-pro-v1:0", "amazon.titan-embed-text-v2:0");
    let parts = [inline(
        PartName::Output,
        BodyForm::Json,
        b"{\"embedding\":[0.1]}",
    )];
    let kept = put(&only(Modality::Text), one(&embedding, &parts)).await;
    assert!(lines(&kept)[0]["output"].get("outputBodyJson").is_some());
    let dropped = put(&only(Modality::Embedding), one(&embedding, &parts)).await;
    assert!(lines(&dropped)[0]["output"].get("outputBodyJson").is_none());
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
    records.blobs.0.clear();
    let objects = put(&config(), records.batch()).await;
    let line = &lines(&objects)[0];
    assert!(line["input"].get("inputBodyJson").is_none());
    assert_eq!(
        line["corelog"]["cut"],
        serde_json::json!([{"part":"input","reason":"disk"}])
    );
}

#[tokio::test]
async fn events_lie_beside_the_bodies() {
    let events = b"{\"atMs\":1}\n{\"atMs\":2}\n";
    for place in [Place::Inline, Place::Blob] {
        let parts = [(PartName::Events, BodyForm::Text, place, &events[..])];
        let objects = put(&config(), one(CONVERSE, &parts)).await;
        let key = format!("{FOLDER}data/44f7c2d1-6b4b-4c57-9f7c-6b7f5d10c808_events.jsonl.gz");
        assert_eq!(objects[&key], events);
    }
}

#[tokio::test]
async fn a_large_blob_is_put_in_parts() {
    let body: Vec<u8> = (0..5_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let parts = [(PartName::Output, BodyForm::Binary, Place::Blob, &body[..])];
    let objects = put(&config(), one(CONVERSE, &parts)).await;
    let key = format!("{FOLDER}data/44f7c2d1-6b4b-4c57-9f7c-6b7f5d10c808_output.bin");
    assert!(objects[&key] == body, "the object differs from the blob");
}

#[tokio::test]
async fn gzip_objects_say_what_they_are_and_no_content_encoding() {
    let store = Arc::new(InMemory::new());
    let sink = over(&store, &config());
    sink.deliver(one(CONVERSE, &[])).await.unwrap();
    let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
    let got = store.get(&listed[0].location).await.unwrap();
    let stated = got.attributes.get(&Attribute::ContentType);
    assert_eq!(stated.map(AsRef::as_ref), Some("application/x-gzip"));
    assert_eq!(got.attributes.get(&Attribute::ContentEncoding), None);
}

/// Answers every request with 200 and returns what came, one text a request.
async fn serve(listener: tokio::net::TcpListener, requests: usize) -> Vec<String> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (mut socket, _) = listener.accept().await.unwrap();
    let mut seen = Vec::new();
    for _ in 0..requests {
        let mut request = Vec::new();
        let head = loop {
            let head = memchr::memmem::find(&request, b"\r\n\r\n");
            match head {
                Some(end) => break String::from_utf8(request[..end].to_vec()).unwrap(),
                None => assert!(socket.read_buf(&mut request).await.unwrap() > 0),
            }
        };
        let head = head.to_ascii_lowercase();
        let length = head.split_once("content-length: ").unwrap().1;
        let length: usize = length.lines().next().unwrap().parse().unwrap();
        while request.len() < head.len() + 4 + length {
            assert!(socket.read_buf(&mut request).await.unwrap() > 0);
        }
        seen.push(head);
        let answer = b"HTTP/1.1 200 OK\r\netag: \"e\"\r\ncontent-length: 0\r\n\r\n";
        socket.write_all(answer).await.unwrap();
    }
    seen
}

#[tokio::test]
async fn a_store_is_asked_as_configured() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = Config::new(Location::parse("s3://logs/all").unwrap());
    config.store = Store {
        endpoint: Some(format!("http://{}", listener.local_addr().unwrap())),
        region: Some("eu-west-1".to_owned()),
        credentials: Credentials::Static {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: "secret".to_owned(),
            session_token: Some("token".to_owned()),
        },
        allow_http: true,
        virtual_hosted: false,
        encryption: Encryption::Kms {
            key_id: Some("key-1".to_owned()),
            bucket_key: true,
        },
    };
    assert!(!format!("{config:?}").contains("\"secret\""));
    let sink = S3Sink::open(&config).unwrap();
    let (requests, outcome) = tokio::join!(serve(listener, 2), async {
        sink.check().await?;
        sink.deliver(one(CONVERSE, &[])).await
    });
    outcome.unwrap();
    let (check, batch) = (&requests[0], &requests[1]);
    let tree = "/logs/all/awslogs";
    let checked = "/000000000000/bedrockmodelinvocationlogs/amazon-bedrock-logs-permission-check ";
    assert!(
        check.starts_with(&format!("put {tree}{checked}")),
        "{check}"
    );
    let hour =
        "/111122223333/bedrockmodelinvocationlogs/us-east-1/2026/11/20/12/20261120t120039996z_";
    assert!(batch.starts_with(&format!("put {tree}{hour}")), "{batch}");
    for header in [
        "x-amz-server-side-encryption: aws:kms",
        "x-amz-server-side-encryption-aws-kms-key-id: key-1",
        "x-amz-server-side-encryption-bucket-key-enabled: true",
        "x-amz-security-token: token",
        "content-type: application/x-gzip",
        "credential=akidexample/",
        "/eu-west-1/s3/aws4_request",
    ] {
        assert!(batch.contains(header), "no {header} in:\n{batch}");
    }
    assert!(!batch.contains("content-encoding"));
}

fn files(dir: &FilePath) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let relative = path.strip_prefix(dir).unwrap();
                found.push(relative.to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn a_directory_stands_for_a_bucket() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("made here");
    let url = format!("file://{}", dir.display());
    let mut config = Config::new(Location::parse(&url).unwrap());
    config.key_prefix = Some("prod/".to_owned());
    config.account_id = "111122223333".to_owned();
    let sink = S3Sink::open(&config).unwrap();
    sink.check().await.unwrap();
    let pdf: Vec<u8> = (0..150_000_u32).flat_map(u32::to_le_bytes).collect();
    let body = converse_with_files(&pdf, b"png", "x");
    let parts = [(PartName::Input, BodyForm::Pretty, Place::Blob, &body[..])];
    sink.deliver(one(CONVERSE, &parts)).await.unwrap();
    let found = files(&dir);
    let stem = format!("prod/{FOLDER}data/44f7c2d1-6b4b-4c57-9f7c-6b7f5d10c808");
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(found[1].starts_with(&format!("prod/{FOLDER}20261120T120039996Z_")));
    assert_eq!(found[2], format!("{stem}_input_media_00.pdf"));
    assert_eq!(found[3], format!("{stem}_input_media_01.png"));
    let check =
        "prod/AWSLogs/111122223333/BedrockModelInvocationLogs/amazon-bedrock-logs-permission-check";
    assert_eq!(found[0], check);
    assert_eq!(std::fs::read(dir.join(check)).unwrap(), b"");
    assert_eq!(std::fs::read(dir.join(&found[2])).unwrap(), pdf);
    let line = gunzip(&std::fs::read(dir.join(&found[1])).unwrap());
    let line: serde_json::Value = serde_json::from_slice(&line).unwrap();
    assert_eq!(
        line["input"]["inputBodyJson"]["messages"][0]["content"][0]["document"]["source"]["s3Uri"],
        format!("{url}/{}", found[2])
    );
}

#[tokio::test]
async fn a_directory_that_is_away_fails_the_check_until_it_is_back() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("a file");
    std::fs::write(&file, b"").unwrap();
    let url = format!("file://{}/bucket", file.display());
    let config = Config::new(Location::parse(&url).unwrap());
    let sink = S3Sink::open(&config).unwrap();
    let error = sink.check().await.unwrap_err();
    assert!(error.to_string().starts_with("cannot create `"), "{error}");
    std::fs::remove_file(&file).unwrap();
    sink.check().await.unwrap();
    assert!(file.join("bucket/AWSLogs").is_dir());
}
