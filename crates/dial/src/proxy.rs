//! The way through an HTTP proxy: plain requests go to it whole, encrypted ones through a tunnel.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Uri};
use percent_encoding::percent_decode_str;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;

use crate::Error;
use crate::connect::{Link, Offer, encrypted, encryption, host_and_port, plain};

/// A proxy's answer to CONNECT is short; more than this is no proxy.
const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// The proxy on the way to a server.
pub(crate) struct Proxy {
    address: (String, u16),
    /// For one that is reached by `https`.
    tls: Option<(TlsConnector, ServerName<'static>)>,
    pub(super) authorization: Option<HeaderValue>,
}

impl Proxy {
    /// The proxy at `url`, credentials in it used and never shown.
    pub(crate) fn at(url: &Uri, ca_pem: Option<&[u8]>) -> Result<Option<Self>, Error> {
        let (Some(address), Some(authority)) = (host_and_port(url), url.authority()) else {
            return Ok(None);
        };
        let secure = url.scheme_str() == Some("https");
        let host = format!("{}:{}", address.0, address.1);
        let tls = secure.then(|| encryption(&host, &address.0, ca_pem));
        let user = authority.as_str().rsplit_once('@').map(|(user, _)| user);
        Ok(Some(Self {
            tls: tls.transpose()?,
            authorization: user.and_then(basic),
            address,
        }))
    }

    pub(crate) async fn connect(&self) -> io::Result<Link> {
        let stream = plain(&self.address).await?;
        match &self.tls {
            None => Ok(Link::Plain(stream)),
            Some((connector, server)) => {
                let stream = encrypted(connector, server, stream, Offer::Http1.protocols()).await?;
                Ok(Link::Tls(stream))
            }
        }
    }

    /// Asks the proxy for a tunnel to `host`.
    pub(crate) async fn tunnel(&self, host: &str) -> io::Result<Link> {
        let mut stream = self.connect().await?;
        let mut request = format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n").into_bytes();
        if let Some(authorization) = &self.authorization {
            request.extend_from_slice(b"Proxy-Authorization: ");
            request.extend_from_slice(authorization.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        stream.write_all(&request).await?;
        stream.flush().await?;
        let mut answer = Vec::with_capacity(256);
        // Byte by byte: whatever follows the blank line belongs to the tunnel.
        while !answer.ends_with(b"\r\n\r\n") {
            if answer.len() == ANSWER_BYTES_MAX {
                return Err(io::Error::other(
                    "the proxy's answer to CONNECT does not end",
                ));
            }
            answer.push(stream.read_u8().await?);
        }
        let status = answer
            .split(|byte| *byte == b' ')
            .nth(1)
            .unwrap_or_default();
        if status == b"200" {
            return Ok(stream);
        }
        let status = String::from_utf8_lossy(status).into_owned();
        Err(io::Error::other(format!(
            "the proxy refused the tunnel with status {status}"
        )))
    }
}

/// What a user and a password, as they stand in a URL, are in a header.
fn basic(user: &str) -> Option<HeaderValue> {
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    let mut plain: Vec<u8> = percent_decode_str(user).collect();
    plain.push(b':');
    plain.extend(percent_decode_str(password));
    let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(plain))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use rustls_pki_types::pem::PemObject as _;
    use rustls_pki_types::{CertificateDer, PrivateKeyDer};
    use std::sync::Arc;
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;
    use crate::{Config, Connector};

    #[test]
    fn credentials_are_decoded() {
        let check = |user: &str, plain: &str| {
            let url = format!("http://{user}@proxy:3128").parse().unwrap();
            let proxy = Proxy::at(&url, None).unwrap().unwrap();
            let value = proxy.authorization.unwrap();
            let shown = value.to_str().unwrap().strip_prefix("Basic ").unwrap();
            assert_eq!(STANDARD.decode(shown).unwrap(), plain.as_bytes());
            assert!(value.is_sensitive());
        };
        check("user:pass", "user:pass");
        check("user", "user:");
        check("corp%5Cuser:p%40ss%3Aword", "corp\\user:p@ss:word");
        check("user:50%", "user:50%");
        check("us%C3%A9r:x", "usér:x");
        let plain = Proxy::at(&"http://proxy".parse().unwrap(), None);
        assert!(plain.unwrap().unwrap().authorization.is_none());
    }

    #[test]
    fn a_configuration_prints_without_credentials() {
        let config = Config {
            base: "https://provider.test".parse().unwrap(),
            ca_pem: None,
            proxy: Some("http://user:pass@proxy:3128".parse().unwrap()),
        };
        assert!(!format!("{config:?}").contains("pass"));
    }

    /// A server with a certificate of its own making, and that certificate.
    fn acceptor(name: &str) -> (TlsAcceptor, String) {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let pem = made.cert.pem();
        let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
        let key = made.signing_key.serialize_pem();
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        (TlsAcceptor::from(Arc::new(config)), pem)
    }

    async fn line(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        head.lines().next().unwrap().to_owned()
    }

    #[tokio::test]
    async fn a_proxy_by_https_is_spoken_to_in_tls_and_so_is_the_server_behind_it() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (proxy, proxy_pem) = acceptor("localhost");
        let (server, server_pem) = acceptor("provider.test");
        let serving = async {
            let (stream, _) = listener.accept().await.unwrap();
            let mut tunnel = proxy.accept(stream).await.unwrap();
            assert_eq!(
                line(&mut tunnel).await,
                "CONNECT provider.test:443 HTTP/1.1"
            );
            tunnel.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            tunnel.flush().await.unwrap();
            let mut inner = server.accept(tunnel).await.unwrap();
            assert_eq!(inner.read_u8().await.unwrap(), b'?');
            inner.write_all(b"!").await.unwrap();
            inner.flush().await.unwrap();
        };
        let connector = Connector::new(&Config {
            base: "https://provider.test".parse().unwrap(),
            ca_pem: Some(format!("{proxy_pem}{server_pem}").into_bytes()),
            proxy: Some(format!("https://localhost:{port}").parse().unwrap()),
        });
        let connector = connector.unwrap();
        let asking = async {
            let mut link = connector.connect(Offer::Any).await.unwrap();
            assert!(matches!(link, Link::Twice(_)) && !link.is_http2());
            link.write_all(b"?").await.unwrap();
            link.flush().await.unwrap();
            assert_eq!(link.read_u8().await.unwrap(), b'!');
        };
        tokio::join!(serving, asking);
    }

    #[tokio::test]
    async fn plain_requests_go_to_a_proxy_by_https_in_tls() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (proxy, pem) = acceptor("localhost");
        let connector = Connector::new(&Config {
            base: "http://provider.test".parse().unwrap(),
            ca_pem: Some(pem.into_bytes()),
            proxy: Some(format!("https://localhost:{port}").parse().unwrap()),
        });
        let connector = connector.unwrap();
        assert!(connector.wants_absolute_uri());
        let serving = async {
            let (stream, _) = listener.accept().await.unwrap();
            proxy.accept(stream).await.unwrap()
        };
        let (_, link) = tokio::join!(serving, connector.connect(Offer::Http1));
        assert!(matches!(link.unwrap(), Link::Tls(_)));
    }
}
