//! Connections of callers: accepted, encrypted where certificates are configured, served, and let go of
//! in order at shutdown.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use corelog_runtime::{Shutdown, Tasks};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::gateway::Gateway;

/// A connection that sends no request's head for so long is closed.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Exchanges that are ended at shutdown get this long for their records.
const CUT_GRACE: Duration = Duration::from_secs(5);
/// After an error of the accepting socket (no file descriptors left, most often).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Why certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is not PEM.
    #[error("the certificate or key file is not PEM")]
    Pem(#[from] rustls_pki_types::pem::Error),
    /// Certificate and key do not fit.
    #[error("the certificate and the key cannot be used")]
    Unfit(#[from] rustls::Error),
}

/// Makes the server side of TLS of a certificate chain and its key, both PEM.
///
/// # Errors
/// [`TlsError`] says what is wrong with them.
pub fn tls_acceptor(cert_pem: &[u8], key_pem: &[u8]) -> Result<TlsAcceptor, TlsError> {
    let chain = CertificateDer::pem_slice_iter(cert_pem).collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_slice(key_pem)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Accepts callers until `shutdown`, then waits for their exchanges up to `deadline`. What is on the wire then is
/// ended, and its records are waited for.
///
/// # Errors
/// The names of the tasks that are late.
pub async fn listen(
    listener: TcpListener,
    gateway: Gateway,
    tls: Option<TlsAcceptor>,
    shutdown: Shutdown,
    deadline: Duration,
) -> Result<(), String> {
    let connections = Tasks::new();
    let mut requested = pin!(shutdown.requested());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut requested => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "accepting a connection failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let (gateway, tls, shutdown) = (gateway.clone(), tls.clone(), shutdown.clone());
        connections.spawn("connection", async move {
            if let Err(error) = connection(stream, peer, gateway, tls, shutdown).await {
                tracing::debug!(%error, %peer, "connection ended");
            }
        });
    }
    drop(listener);
    let finished = connections.wait(deadline).await;
    if finished.is_err() {
        gateway.cut_off();
        let _ = connections.wait(CUT_GRACE).await;
    }
    finished
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    gateway: Gateway,
    tls: Option<TlsAcceptor>,
    shutdown: Shutdown,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match tls {
        None => serve(stream, peer, gateway, shutdown).await,
        Some(tls) => {
            let handshake = tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)).await;
            let stream = handshake.map_err(io::Error::other)??;
            serve(stream, peer, gateway, shutdown).await
        }
    }
}

async fn serve<S>(
    stream: S,
    peer: SocketAddr,
    gateway: Gateway,
    shutdown: Shutdown,
) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let shared = Arc::clone(&gateway.shared);
    let header_bytes_max = gateway.header_bytes_max();
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .auto_date_header(false)
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(header_bytes_max.max(8 * 1024))
        .http2()
        .auto_date_header(false)
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(header_bytes_max).unwrap_or(u32::MAX));
    let service = service_fn(move |request| {
        let gateway = gateway.clone();
        async move { Ok::<_, std::convert::Infallible>(gateway.serve(request, Some(peer)).await) }
    });
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.requested() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    ended.map_err(|error| {
        if let Some(reason) = error.downcast_ref().and_then(misread) {
            shared.refused(reason);
        }
        io::Error::other(error)
    })
}

/// The refusal that hyper gave a head by itself (431 or 400), by its name in the metrics.
fn misread(error: &hyper::Error) -> Option<&'static str> {
    if error.is_parse_too_large() {
        Some("head_too_large")
    } else if error.is_parse() {
        Some("bad_head")
    } else {
        None
    }
}
