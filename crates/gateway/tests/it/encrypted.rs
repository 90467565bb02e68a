//! TLS and HTTP/2, on both sides; and the way through a proxy.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use corelog_gateway::{Config, tls_acceptor};
use corelog_runtime::Tasks;
use corelog_types::Dialect;
use http::{Request, Response, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::scene::Scene;
use crate::upstream::{Socket, Wire, within};
use crate::whole::{ASKED, CHAT};

const HTTP1: &[u8] = b"http/1.1";
const HTTP2: &[u8] = b"h2";

/// A certificate for this host that vouches for itself, and its key, both PEM.
fn certificate() -> (String, String) {
    let names = ["localhost", "127.0.0.1"].map(str::to_owned);
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem())
}

fn ring() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// The server's side, offering these protocols.
fn server(cert: &str, key: &str, alpn: &[&[u8]]) -> TlsAcceptor {
    let chain = vec![CertificateDer::from_pem_slice(cert.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let mut config = rustls::ServerConfig::builder_with_provider(ring())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}

/// A caller's connection that trusts `cert` and offers these protocols.
async fn secured(address: SocketAddr, cert: &str, alpn: &[&[u8]]) -> TlsStream<TcpStream> {
    let mut roots = rustls::RootCertStore::empty();
    let cert = CertificateDer::from_pem_slice(cert.as_bytes()).unwrap();
    roots.add(cert).unwrap();
    let mut config = rustls::ClientConfig::builder_with_provider(ring())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    within("the handshake", connecting).await.unwrap()
}

/// One call in HTTP/2.
async fn call_http2(socket: impl Socket + 'static, authority: &str) -> Response<Bytes> {
    let tasks = Tasks::new();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket))
            .await
            .unwrap();
    tasks.spawn("caller", connection);
    let request = Request::post(format!("http://{authority}{CHAT}"))
        .header("content-type", "application/json")
        .header("x-many", "a")
        .header("x-many", "b")
        .body(Full::new(Bytes::from_static(ASKED.as_bytes())))
        .unwrap();
    let answer = within("the answer", sender.send_request(request)).await;
    let (parts, body) = answer.unwrap().into_parts();
    let body = within("the body", body.collect()).await.unwrap();
    Response::from_parts(parts, body.to_bytes())
}

/// A provider that speaks HTTP/2 on `socket`, and answers with what it was asked.
fn echo_http2(tasks: &Tasks, socket: impl Socket + 'static) {
    let service = service_fn(|request: Request<hyper::body::Incoming>| async move {
        assert_eq!(request.version(), Version::HTTP_2);
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let many = parts.headers.get_all("x-many").iter().count();
        Ok::<_, std::convert::Infallible>(
            Response::builder()
                .header("x-asked", parts.uri.to_string())
                .header("x-had", many)
                .header("content-type", "application/json")
                .body(Full::new(body))
                .unwrap(),
        )
    });
    let serving = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(socket), service);
    tasks.spawn("provider", async move { drop(serving.await) });
}

fn sent_to(config: &mut Config, base: &str) {
    config.providers[0].upstream.base = base.parse().unwrap();
}

#[tokio::test]
async fn callers_speak_tls_with_either_protocol() {
    let (cert, key) = certificate();
    let tls = tls_acceptor(cert.as_bytes(), key.as_bytes()).unwrap();
    let scene = Scene::with_tls(Dialect::OpenAi, Some(tls), |_| {}).await;

    let socket = secured(scene.address, &cert, &[HTTP1]).await;
    let mut caller = Wire::new(socket);
    caller.send(crate::scene::post(CHAT, "", ASKED)).await;
    let (mut upstream, _) = scene.upstream.request().await;
    upstream.answer(r#"{"n":1}"#).await;
    assert_eq!(caller.message().await.text(), r#"{"n":1}"#);

    let socket = secured(scene.address, &cert, &[HTTP2, HTTP1]).await;
    assert_eq!(socket.get_ref().1.alpn_protocol(), Some(HTTP2));
    let provider = async {
        let request = upstream.message().await;
        let line = "POST /v1/chat/completions HTTP/1.1";
        assert_eq!(request.head.first_line, line);
        assert_eq!(request.text(), ASKED);
        let host = format!("127.0.0.1:{}", scene.upstream.port());
        assert_eq!(request.head.get("host"), Some(host.as_str()));
        upstream.answer(r#"{"n":2}"#).await;
    };
    let (answer, ()) = tokio::join!(call_http2(socket, "localhost"), provider);
    assert_eq!(answer.body().as_ref(), br#"{"n":2}"#);
    let record = scene.ledger.record(2).await;
    assert_eq!(record.extension().http_version.as_deref(), Some("HTTP/2"));
    assert_eq!(
        answer.headers()["x-corelog-record-id"],
        record.id.to_string()
    );
}

#[tokio::test]
async fn callers_speak_http2_without_being_asked() {
    let scene = Scene::new(Dialect::OpenAi).await;
    let socket = TcpStream::connect(scene.address).await.unwrap();
    let provider = async {
        let (mut upstream, _) = scene.upstream.request().await;
        upstream.answer("{}").await;
    };
    let (answer, ()) = tokio::join!(call_http2(socket, "gateway"), provider);
    assert_eq!(
        (answer.status().as_u16(), answer.body().as_ref()),
        (200, &b"{}"[..])
    );
}

fn check_echo(answer: &Response<Bytes>, asked: &str) {
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.body().as_ref(), ASKED.as_bytes());
    assert_eq!(answer.headers()["x-asked"], asked);
    assert_eq!(answer.headers()["x-had"], "2");
}

#[tokio::test]
async fn a_provider_is_spoken_to_in_http2_where_that_is_configured() {
    let scene = Scene::with(Dialect::OpenAi, |c| c.providers[0].upstream.http2 = true).await;
    let tasks = Tasks::new();
    let asked = format!(
        "http://127.0.0.1:{}/v1/chat/completions",
        scene.upstream.port()
    );
    let socket = TcpStream::connect(scene.address).await.unwrap();
    let provider = async { echo_http2(&tasks, scene.upstream.accept_raw().await) };
    let (answer, ()) = tokio::join!(call_http2(socket, "gateway"), provider);
    check_echo(&answer, &asked);
    // The same connection carries the next call.
    let socket = TcpStream::connect(scene.address).await.unwrap();
    check_echo(&call_http2(socket, "gateway").await, &asked);
    assert!(scene.upstream.is_untouched().await);
    assert_eq!(scene.ledger.record(2).await.output(), ASKED);
}

#[tokio::test]
async fn a_provider_with_tls_chooses_the_protocol() {
    let (cert, key) = certificate();
    for protocol in [HTTP2, HTTP1] {
        let mut base = String::new();
        let scene = Scene::with(Dialect::OpenAi, |config| {
            let upstream = &mut config.providers[0].upstream;
            let port = upstream.base.port_u16().unwrap();
            base = format!("https://localhost:{port}");
            upstream.ca_pem = Some(cert.clone().into_bytes());
            sent_to(config, &base);
        })
        .await;
        let tasks = Tasks::new();
        let provider = async {
            let accepting =
                server(&cert, &key, &[protocol]).accept(scene.upstream.accept_raw().await);
            let socket = within("the handshake", accepting).await.unwrap();
            if protocol == HTTP2 {
                echo_http2(&tasks, socket);
                return;
            }
            let mut wire = Wire::new(socket);
            let request = wire.message().await;
            assert_eq!(
                request.head.first_line,
                "POST /v1/chat/completions HTTP/1.1"
            );
            wire.answer("{}").await;
        };
        let socket = TcpStream::connect(scene.address).await.unwrap();
        let (answer, ()) = tokio::join!(call_http2(socket, "gateway"), provider);
        if protocol == HTTP2 {
            check_echo(&answer, &format!("{base}/v1/chat/completions"));
        } else {
            assert_eq!(answer.body().as_ref(), b"{}");
        }
    }
}

#[tokio::test]
async fn a_provider_nobody_vouches_for_is_not_spoken_to() {
    let ((cert, key), (other, _)) = (certificate(), certificate());
    let scene = Scene::with(Dialect::OpenAi, |config| {
        let upstream = &mut config.providers[0].upstream;
        let port = upstream.base.port_u16().unwrap();
        upstream.ca_pem = Some(other.into_bytes());
        sent_to(config, &format!("https://localhost:{port}"));
    })
    .await;
    let mut caller = scene.post(CHAT, ASKED).await;
    let accepting = server(&cert, &key, &[HTTP1]).accept(scene.upstream.accept_raw().await);
    assert!(within("the handshake", accepting).await.is_err());
    let answer = caller.message().await;
    assert_eq!(answer.head.status(), 502);
    assert_eq!(answer.json()["error"]["code"], "bad_gateway");
}

#[tokio::test]
async fn a_websocket_goes_to_a_provider_with_tls_in_http1() {
    let (cert, key) = certificate();
    let scene = Scene::with(Dialect::OpenAi, |config| {
        let upstream = &mut config.providers[0].upstream;
        let port = upstream.base.port_u16().unwrap();
        upstream.ca_pem = Some(cert.clone().into_bytes());
        sent_to(config, &format!("https://localhost:{port}"));
    })
    .await;
    let mut caller = scene.caller().await;
    caller
        .send("GET /openai/v1/realtime HTTP/1.1\r\nhost: g\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")
        .await;
    let accepting = server(&cert, &key, &[HTTP2, HTTP1]).accept(scene.upstream.accept_raw().await);
    let mut upstream = Wire::new(within("the handshake", accepting).await.unwrap());
    upstream.head().await;
    upstream
        .send("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nhi")
        .await;
    assert_eq!(caller.head().await.status(), 101);
    assert_eq!(caller.exactly(2).await, b"hi");
    caller.send("ho").await;
    assert_eq!(upstream.exactly(2).await, b"ho");
}

/// The provider's place is a name that only the proxy knows; the proxy listens where the provider would.
fn through_proxy(config: &mut Config, base: &str) {
    let upstream = &mut config.providers[0].upstream;
    let port = upstream.base.port_u16().unwrap();
    upstream.proxy = Some(
        format!("http://user:pass@127.0.0.1:{port}")
            .parse()
            .unwrap(),
    );
    sent_to(config, base);
}

#[tokio::test]
async fn a_plain_request_goes_to_the_proxy_whole() {
    let scene = Scene::with(Dialect::OpenAi, |config| {
        through_proxy(config, "http://provider.invalid/base");
    })
    .await;
    let mut caller = scene.post(CHAT, ASKED).await;
    let (mut proxy, request) = scene.upstream.request().await;
    assert_eq!(
        request.head.first_line,
        "POST http://provider.invalid/base/v1/chat/completions HTTP/1.1"
    );
    assert_eq!(request.head.get("host"), Some("provider.invalid"));
    // The base64 of `user:pass`.
    let authorization = request.head.get("proxy-authorization");
    assert_eq!(authorization, Some("Basic dXNlcjpwYXNz"));
    proxy.answer("{}").await;
    assert_eq!(caller.message().await.text(), "{}");
}

#[tokio::test]
async fn an_encrypted_request_goes_through_a_tunnel() {
    let (cert, key) = certificate();
    let scene = Scene::with(Dialect::OpenAi, |config| {
        through_proxy(config, "https://localhost:4433");
        config.providers[0].upstream.ca_pem = Some(cert.clone().into_bytes());
    })
    .await;
    let mut caller = scene.post(CHAT, ASKED).await;
    let mut proxy = scene.upstream.accept_raw().await;
    let head = read_head(&mut proxy).await;
    assert!(
        head.starts_with("CONNECT localhost:4433 HTTP/1.1\r\n"),
        "{head}"
    );
    assert!(
        head.contains("Proxy-Authorization: Basic dXNlcjpwYXNz\r\n"),
        "{head}"
    );
    tokio::io::AsyncWriteExt::write_all(
        &mut proxy,
        b"HTTP/1.1 200 Connection established\r\nvia: p\r\n\r\n",
    )
    .await
    .unwrap();
    let accepting = server(&cert, &key, &[HTTP1]).accept(proxy);
    let mut provider = Wire::new(within("the handshake", accepting).await.unwrap());
    let request = provider.message().await;
    assert_eq!(
        request.head.first_line,
        "POST /v1/chat/completions HTTP/1.1"
    );
    assert_eq!(request.head.get("proxy-authorization"), None);
    provider.answer("{}").await;
    assert_eq!(caller.message().await.text(), "{}");
}

/// Up to the blank line and not a byte more, for what follows is not HTTP.
async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let byte = within("a head", tokio::io::AsyncReadExt::read_u8(stream)).await;
        head.push(byte.unwrap());
    }
    String::from_utf8(head).unwrap()
}

#[tokio::test]
async fn a_proxy_that_refuses_is_an_error() {
    let (cert, _) = certificate();
    let scene = Scene::with(Dialect::OpenAi, |config| {
        through_proxy(config, "https://localhost:4433");
        config.providers[0].upstream.ca_pem = Some(cert.into_bytes());
    })
    .await;
    let mut caller = scene.post(CHAT, ASKED).await;
    let mut proxy = scene.upstream.accept().await;
    proxy.head().await;
    proxy
        .send("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
        .await;
    let answer = caller.message().await;
    assert_eq!(answer.head.status(), 502);
    let message = answer.json()["error"]["message"].to_string();
    assert!(
        message.contains("407") && !message.contains("pass"),
        "{message}"
    );
}
