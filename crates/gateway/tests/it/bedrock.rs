//! Bedrock behind the gateway's own credentials: signed anew over what is sent.

use corelog_access::{Access, Key, SigningKey};
use corelog_gateway::Credentials;
use corelog_record::stored::PartName;
use corelog_types::Dialect;
use corelog_wire::sigv4::{self, Authorization};

use crate::scene::Scene;
use crate::upstream::{Message, Wire};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const ASKED: &str = r#"{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}"#;

async fn signing(session_token: Option<&str>) -> Scene {
    let session_token = session_token.map(str::to_owned);
    Scene::with(Dialect::Bedrock, |config| {
        config.providers[0].credentials = Credentials::Aws {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: SECRET.to_owned(),
            session_token,
        };
    })
    .await
}

/// Whether the request carries a signature of ours over exactly what arrived.
fn is_signed(request: &Message, secret: &str) -> bool {
    let head = &request.head;
    let mut line = head.first_line.split(' ');
    let (method, target) = (line.next().unwrap(), line.next().unwrap());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: Vec<_> = head
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let authorization = Authorization::parse(head.get("authorization").unwrap()).unwrap();
    assert_eq!(authorization.access_key_id, "AKIDEXAMPLE");
    assert_eq!(authorization.region, "us-east-1");
    assert_eq!(authorization.service, "bedrock");
    assert!(authorization.signed_headers.contains(&"host".to_owned()));
    assert_eq!(head.get("x-amz-date"), Some("20261120T091542Z"));
    let payload = sigv4::payload_hash(&request.body);
    let signed = sigv4::Request {
        method,
        path,
        query,
        headers: &headers,
        payload_sha256: &payload,
    };
    sigv4::verify(&authorization, &signed, "20261120T091542Z", secret)
}

const CALLERS: &str = "authorization: AWS4-HMAC-SHA256 Credential=AKIDCALLER/20261120/us-east-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date, Signature=00\r\nx-amz-date: 20261120T091500Z\r\nx-amz-security-token: callers\r\nx-amz-content-sha256: 00\r\n";

async fn check_signed(path: &str, body: &str) {
    let scene = signing(Some("session")).await;
    let mut caller = scene.post_with(path, CALLERS, body).await;
    let (mut upstream, request) = scene.upstream.request().await;
    assert_eq!(
        request.head.first_line,
        format!("POST {path} HTTP/1.1"),
        "the path must stay as the caller wrote it"
    );
    assert!(request.text() == body);
    assert!(is_signed(&request, SECRET), "{:?}", request.head);
    assert!(!is_signed(&request, "another"));
    assert_eq!(request.head.get("x-amz-security-token"), Some("session"));
    assert_eq!(request.head.get("x-amz-content-sha256"), None);
    upstream.answer("{}").await;
    assert_eq!(caller.message().await.head.status(), 200);
    let record = scene.ledger.record(1).await;
    let text = String::from_utf8_lossy(&record.everything()).into_owned();
    assert!(!text.contains(SECRET) && !text.contains("session"));
    assert!(text.contains("user/key-"), "the caller is known by its key");
}

#[tokio::test]
async fn a_request_is_signed_anew_over_what_is_sent() {
    check_signed("/model/amazon.nova-lite-v1%3A0/converse", ASKED).await;
    // As SDKs write an ARN.
    check_signed(
        "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A111122223333%3Ainference-profile%2Fus.amazon.nova-pro-v1%3A0/converse",
        ASKED,
    )
    .await;
    check_signed("/model/a:b/invoke?x=1&a=%20b", ASKED).await;
    check_signed("/model/m/invoke", "").await;
    // Too large for memory: read from disk, twice.
    check_signed("/model/m/invoke", &"x".repeat(300_000)).await;
}

#[tokio::test]
async fn a_bearer_key_passes_on() {
    let scene = Scene::new(Dialect::Bedrock).await;
    let more = "authorization: Bearer bedrock-api-key-1\r\n";
    let mut caller = scene.post_with("/model/m/converse", more, ASKED).await;
    let (mut upstream, request) = scene.upstream.request().await;
    let sent = request.head.get("authorization");
    assert_eq!(sent, Some("Bearer bedrock-api-key-1"));
    let head = "HTTP/1.1 200 OK\r\nx-amzn-requestid: 5f0c9a52-1b7e-4c0e-9a5d-2f6f0f7a1c11\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    upstream.send(head).await;
    caller.message().await;
    // The id that CloudTrail knows the call by.
    let document = scene.ledger.record(1).await.document();
    assert_eq!(document.request_id, "5f0c9a52-1b7e-4c0e-9a5d-2f6f0f7a1c11");
}

const CALLERS_SECRET: &str = "secret-of-the-caller";

/// A gateway whose caller signs with keys of the configuration, and what it signed.
async fn asked_by_signer(path: &str, signed_at: &str, signed: &str, sent: &str) -> (Scene, Wire) {
    let scene = Scene::with(Dialect::Bedrock, |config| {
        config.providers[0].credentials = Credentials::Aws {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: SECRET.to_owned(),
            session_token: None,
        };
        config.access = Access::new(&[Key {
            name: "ci".to_owned(),
            secret: None,
            signing: Some(SigningKey {
                access_key_id: "AKIDCALLER".to_owned(),
                secret_access_key: CALLERS_SECRET.to_owned(),
            }),
        }]);
    })
    .await;
    let headers = [("content-type", "application/json"), ("host", "gateway")];
    let request = sigv4::Request {
        method: "POST",
        path,
        query: "",
        headers: &headers,
        payload_sha256: &sigv4::payload_hash(signed.as_bytes()),
    };
    let credentials = sigv4::Credentials {
        access_key_id: "AKIDCALLER".to_owned(),
        secret_access_key: CALLERS_SECRET.to_owned(),
        session_token: None,
    };
    let scope = sigv4::Scope {
        region: "us-east-1",
        service: "bedrock",
        amz_date: signed_at,
    };
    let lines: Vec<_> = sigv4::sign(&request, &credentials, &scope)
        .into_iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let caller = scene.post_with(path, &lines.concat(), sent).await;
    (scene, caller)
}

#[tokio::test]
async fn a_caller_that_signs_is_known_by_its_signature() {
    let path = "/model/amazon.nova-lite-v1%3A0/converse";
    let (scene, mut caller) = asked_by_signer(path, "20261120T091500Z", ASKED, ASKED).await;
    let (mut upstream, request) = scene.upstream.request().await;
    assert_eq!(request.text(), ASKED);
    assert!(is_signed(&request, SECRET), "{:?}", request.head);
    upstream.answer("{}").await;
    assert_eq!(caller.message().await.head.status(), 200);
    let arn = scene.ledger.record(1).await.document().identity.arn;
    assert_eq!(arn, "arn:aws:iam::111122223333:user/ci");
}

async fn check_forged(signed_at: &str, signed: &str, sent: &str) {
    let (scene, mut caller) = asked_by_signer("/model/m/converse", signed_at, signed, sent).await;
    let answer = caller.message().await;
    assert_eq!(answer.head.status(), 403);
    let kind = answer.head.get("x-amzn-errortype");
    assert_eq!(kind, Some("InvalidSignatureException"));
    let record = scene.ledger.record(1).await;
    let code = record.document().error_code;
    assert_eq!(code.as_deref(), Some("InvalidSignatureException"));
    assert_eq!(record.document().model_id.as_deref(), Some("m"));
    // The key's name is the one thing that was not shown to be true.
    assert_eq!(record.extension().caller.name, None);
    assert!(record.extension().caller.key_fingerprint.is_some());
    assert_eq!(record.part(PartName::Input), None);
    assert!(scene.upstream.is_untouched().await);
}

#[tokio::test]
async fn a_signature_over_something_else_is_refused() {
    check_forged("20261120T091542Z", ASKED, "{}").await;
    // Signed an hour ago: a request that somebody kept.
    check_forged("20261120T081542Z", ASKED, ASKED).await;
}
