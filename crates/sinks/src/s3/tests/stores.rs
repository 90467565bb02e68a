//! The sink and its store: what is asked of a remote one, and a directory in place of one.

use std::path::Path as FilePath;

use object_store::Attribute;

use super::bodies::converse_with_files;
use super::*;

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
