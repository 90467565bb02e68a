//! One new connection: name, socket, proxy, TLS.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderValue, Uri};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::proxy::Proxy;
use crate::{Config, Error, tls};

/// A connection's bytes, plain or encrypted.
#[derive(Debug)]
pub enum Link {
    /// As it is.
    Plain(TcpStream),
    /// Encrypted.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Link {
    /// Whether both sides agreed on HTTP/2.
    pub fn is_http2(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(stream) => stream.get_ref().1.alpn_protocol() == Some(b"h2"),
        }
    }
}

impl AsyncRead for Link {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Link {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

/// What a new connection may turn out to speak, where TLS asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// HTTP/2 or HTTP/1.1, as the peer likes.
    Any,
    /// Only HTTP/1.1, the one that can be left for another protocol.
    Http1,
}

/// Makes connections to one server.
pub struct Connector {
    host: String,
    address: (String, u16),
    tls: Option<(TlsConnector, ServerName<'static>)>,
    proxy: Option<Proxy>,
}

impl Connector {
    /// Prepares for the server; nothing is asked of it.
    ///
    /// # Errors
    /// [`Error::Tls`] if the certificates cannot be read, or the host has no name that one could be for.
    pub fn new(config: &Config) -> Result<Self, Error> {
        let base = &config.base;
        let secure = base.scheme_str() == Some("https");
        let name = base
            .host()
            .unwrap_or_default()
            .trim_matches(['[', ']'])
            .to_owned();
        let port = base.port_u16().unwrap_or(if secure { 443 } else { 80 });
        // An address of IPv6 stays in its brackets: a proxy is asked for it as it is.
        let host = format!("{}:{port}", base.host().unwrap_or_default());
        let tls = if secure {
            let broken = |reason: String| Error::Tls {
                host: host.clone(),
                reason,
            };
            let client = tls::client_config(config.ca_pem.as_deref()).map_err(broken)?;
            let server = ServerName::try_from(name.clone()).map_err(|error| Error::Tls {
                host: host.clone(),
                reason: error.to_string(),
            })?;
            Some((TlsConnector::from(Arc::new(client)), server))
        } else {
            None
        };
        Ok(Self {
            proxy: config.proxy.as_ref().and_then(Proxy::at),
            host,
            address: (name, port),
            tls,
        })
    }

    /// Host and port, for people.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether plain requests go through a proxy, which wants the whole URI.
    pub fn wants_absolute_uri(&self) -> bool {
        self.proxy.is_some() && self.tls.is_none()
    }

    /// What such a proxy wants to see on each request. Through a tunnel it is shown once, at its start.
    pub fn proxy_authorization(&self) -> Option<HeaderValue> {
        let proxy = self.proxy.as_ref().filter(|_| self.tls.is_none())?;
        proxy.authorization.clone()
    }

    /// Makes a connection.
    ///
    /// # Errors
    /// [`Error::Connect`].
    /// # Cancel safety
    /// Dropped, it leaves nothing behind.
    pub async fn connect(&self, offer: Offer) -> Result<Link, Error> {
        let stream = self.connect_bare().await?;
        let protocols = match offer {
            Offer::Any => None,
            Offer::Http1 => Some(vec![b"http/1.1".to_vec()]),
        };
        self.secured(stream, protocols).await
    }

    /// Makes a connection that is not encrypted yet, for protocols that begin with a greeting; [`Self::secure`] is next.
    ///
    /// # Errors
    /// [`Error::Connect`].
    /// # Cancel safety
    /// Dropped, it leaves nothing behind.
    pub async fn connect_bare(&self) -> Result<TcpStream, Error> {
        let failed = |source| self.failed(source);
        let stream = match &self.proxy {
            None => TcpStream::connect((self.address.0.as_str(), self.address.1)).await,
            Some(proxy) if self.tls.is_none() => proxy.connect().await,
            Some(proxy) => proxy.tunnel(&self.host).await,
        }
        .map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        Ok(stream)
    }

    /// Encrypts a connection, where the server's scheme says so; no protocol is named.
    ///
    /// # Errors
    /// [`Error::Connect`].
    /// # Cancel safety
    /// Dropped, it takes the connection with it.
    pub async fn secure(&self, stream: TcpStream) -> Result<Link, Error> {
        self.secured(stream, Some(Vec::new())).await
    }

    async fn secured(
        &self,
        stream: TcpStream,
        protocols: Option<Vec<Vec<u8>>>,
    ) -> Result<Link, Error> {
        let Some((connector, server)) = &self.tls else {
            return Ok(Link::Plain(stream));
        };
        let connecting = match protocols {
            None => connector.connect(server.clone(), stream),
            Some(protocols) => connector
                .with_alpn(protocols)
                .connect(server.clone(), stream),
        };
        let encrypted = connecting.await.map_err(|source| self.failed(source))?;
        Ok(Link::Tls(Box::new(encrypted)))
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::Connect {
            host: self.host.clone(),
            source,
        }
    }
}

/// Host and port of an address, with the scheme's own port where none is named.
pub(crate) fn host_and_port(uri: &Uri) -> Option<(String, u16)> {
    let default = if uri.scheme_str() == Some("https") {
        443
    } else {
        80
    };
    let host = uri.host()?.trim_matches(['[', ']']).to_owned();
    Some((host, uri.port_u16().unwrap_or(default)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_named_as_a_proxy_is_asked_for_it() {
        for (base, host, address) in [
            ("http://example.org", "example.org:80", "example.org"),
            ("http://127.0.0.1:81", "127.0.0.1:81", "127.0.0.1"),
            ("http://[::1]:82", "[::1]:82", "::1"),
        ] {
            let connector = Connector::new(&Config {
                base: base.parse().unwrap(),
                ca_pem: None,
                proxy: None,
            });
            let connector = connector.unwrap();
            assert_eq!(connector.host(), host);
            assert_eq!(connector.address.0, address);
        }
    }
}
