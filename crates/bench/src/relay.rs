//! A plain relay of hyper's own parts, without recording: what a gateway in Rust costs before it does anything.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use http::header::{CONNECTION, HOST};
use http::uri::{Authority, Scheme, Uri};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};

type Upstream = Client<HttpConnector, Incoming>;

/// Relays everything to `upstream` until the process is ended.
#[expect(
    clippy::disallowed_methods,
    reason = "a relay as anyone would write it, to compare with; its tasks end with the process"
)]
#[tokio::main]
pub(crate) async fn serve(
    listen: SocketAddr,
    upstream: Authority,
    listening: impl FnOnce(SocketAddr),
) -> anyhow::Result<()> {
    let listener = TcpListener::bind(listen).await?;
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let upstream = Arc::new(upstream);
    listening(listener.local_addr()?);
    loop {
        let (socket, _) = listener.accept().await.context("cannot accept")?;
        socket.set_nodelay(true)?;
        tokio::spawn(connection(socket, client.clone(), Arc::clone(&upstream)));
    }
}

async fn connection(socket: TcpStream, client: Upstream, upstream: Arc<Authority>) {
    let service = service_fn(|request| forward(request, &client, &upstream));
    let served = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(socket), service)
        .await;
    // A peer that hangs up is the normal end of a connection here.
    drop(served);
}

async fn forward(
    mut request: Request<Incoming>,
    client: &Upstream,
    upstream: &Authority,
) -> Result<Response<Incoming>, Error> {
    let mut parts = std::mem::take(request.uri_mut()).into_parts();
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Some(upstream.clone());
    // Parts of a URI that was parsed, with an authority and a scheme, are a URI.
    *request.uri_mut() = Uri::from_parts(parts).unwrap_or_default();
    request.headers_mut().remove(HOST);
    request.headers_mut().remove(CONNECTION);
    let mut response = client.request(request).await?;
    response.headers_mut().remove(CONNECTION);
    Ok(response)
}
