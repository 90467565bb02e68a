//! The way through an HTTP proxy: plain requests go to it whole, encrypted ones through a tunnel.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Uri};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::connect::host_and_port;

/// A proxy's answer to CONNECT is short; more than this is no proxy.
const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// The proxy on the way to a server.
pub(crate) struct Proxy {
    address: (String, u16),
    pub(super) authorization: Option<HeaderValue>,
}

impl Proxy {
    /// The proxy at `url`, credentials in it used and never shown.
    pub(crate) fn at(url: &Uri) -> Option<Self> {
        let address = host_and_port(url)?;
        let user = url
            .authority()?
            .as_str()
            .rsplit_once('@')
            .map(|(user, _)| user);
        let authorization = user.and_then(|user| {
            let mut value =
                HeaderValue::try_from(format!("Basic {}", STANDARD.encode(user))).ok()?;
            value.set_sensitive(true);
            Some(value)
        });
        Some(Self {
            address,
            authorization,
        })
    }

    pub(crate) async fn connect(&self) -> io::Result<TcpStream> {
        TcpStream::connect((self.address.0.as_str(), self.address.1)).await
    }

    /// Asks the proxy for a tunnel to `host`.
    pub(crate) async fn tunnel(&self, host: &str) -> io::Result<TcpStream> {
        let mut stream = self.connect().await?;
        let mut request = format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n").into_bytes();
        if let Some(authorization) = &self.authorization {
            request.extend_from_slice(b"Proxy-Authorization: ");
            request.extend_from_slice(authorization.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        stream.write_all(&request).await?;
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
