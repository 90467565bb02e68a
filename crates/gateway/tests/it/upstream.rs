//! Both ends of the wire: a provider that says what the test tells it to, and a caller that counts bytes.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What hangs for so long hangs.
const BOUND: Duration = Duration::from_secs(20);

/// Waits for `future`, but not for ever.
pub(crate) async fn within<F: Future>(what: &str, future: F) -> F::Output {
    tokio::time::timeout(BOUND, future)
        .await
        .unwrap_or_else(|_| panic!("waited too long: {what}"))
}

pub(crate) trait Socket: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Socket for S {}

/// One end of a connection.
pub(crate) struct Wire {
    socket: Box<dyn Socket>,
    /// Read, and not yet looked at.
    seen: Vec<u8>,
}

/// The head of a message.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) first_line: String,
    /// In their order, names as they came.
    pub(crate) headers: Vec<(String, String)>,
}

impl Head {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn status(&self) -> u16 {
        let status = self.first_line.split(' ').nth(1).unwrap();
        status.parse().unwrap()
    }
}

/// A whole message.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
}

impl Message {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

impl Wire {
    pub(crate) fn new(socket: impl Socket + 'static) -> Self {
        Self {
            socket: Box::new(socket),
            seen: Vec::new(),
        }
    }

    pub(crate) async fn to(address: std::net::SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self::new(stream)
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        within("sending", async {
            self.socket.write_all(bytes.as_ref()).await.unwrap();
            self.socket.flush().await.unwrap();
        })
        .await;
    }

    /// One chunk of a chunked body.
    pub(crate) async fn send_chunk(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
        chunk.extend_from_slice(bytes);
        chunk.extend_from_slice(b"\r\n");
        self.send(chunk).await;
    }

    /// A whole answer of JSON.
    pub(crate) async fn answer(&mut self, body: &str) {
        let length = body.len();
        self.send(format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        ))
        .await;
    }

    /// Reads more; `false` at the end, which a reset is too.
    async fn more(&mut self) -> bool {
        let read = within("reading", self.socket.read_buf(&mut self.seen)).await;
        read.unwrap_or(0) > 0
    }

    fn position(&self, needle: &[u8]) -> Option<usize> {
        self.seen
            .windows(needle.len())
            .position(|window| window == needle)
            .map(|at| at + needle.len())
    }

    /// Reads up to and with `needle`.
    pub(crate) async fn until(&mut self, needle: impl AsRef<[u8]>) -> Vec<u8> {
        let needle = needle.as_ref();
        loop {
            if let Some(end) = self.position(needle) {
                return self.seen.drain(..end).collect();
            }
            let said = String::from_utf8_lossy(needle).into_owned();
            assert!(
                self.more().await,
                "it ended before {said:?}, with {:?}",
                String::from_utf8_lossy(&self.seen)
            );
        }
    }

    pub(crate) async fn exactly(&mut self, length: usize) -> Vec<u8> {
        while self.seen.len() < length {
            assert!(self.more().await, "it ended early");
        }
        self.seen.drain(..length).collect()
    }

    /// Everything up to the end.
    pub(crate) async fn until_end(&mut self) -> Vec<u8> {
        while self.more().await {}
        std::mem::take(&mut self.seen)
    }

    /// What is there already, without waiting.
    pub(crate) async fn so_far(&mut self) -> &[u8] {
        loop {
            let length = tokio::select! {
                biased;
                read = self.socket.read_buf(&mut self.seen) => read.unwrap_or(0),
                () = std::future::ready(()) => 0,
            };
            if length == 0 {
                return &self.seen;
            }
        }
    }

    pub(crate) async fn head(&mut self) -> Head {
        let text = String::from_utf8(self.until("\r\n\r\n").await).unwrap();
        let mut lines = text.trim_end().split("\r\n");
        let first_line = lines.next().unwrap().to_owned();
        let headers = lines
            .map(|line| {
                let (name, value) = line.split_once(':').unwrap();
                (name.to_owned(), value.trim().to_owned())
            })
            .collect();
        Head {
            first_line,
            headers,
        }
    }

    /// The next chunk of a chunked body; empty at its end, trailers left unread.
    pub(crate) async fn chunk(&mut self) -> Vec<u8> {
        let line = String::from_utf8(self.until("\r\n").await).unwrap();
        let length = usize::from_str_radix(line.trim_end(), 16).unwrap();
        if length == 0 {
            return Vec::new();
        }
        let bytes = self.exactly(length).await;
        self.exactly(2).await;
        bytes
    }

    /// A whole message, whose body has a length or chunks.
    pub(crate) async fn message(&mut self) -> Message {
        let head = self.head().await;
        let mut body = Vec::new();
        if let Some(length) = head.get("content-length") {
            body = self.exactly(length.parse().unwrap()).await;
        } else if head.get("transfer-encoding").is_some() {
            loop {
                let chunk = self.chunk().await;
                if chunk.is_empty() {
                    break;
                }
                body.extend_from_slice(&chunk);
            }
            self.exactly(2).await;
        }
        Message { head, body }
    }
}

/// A provider that listens and leaves the talking to the test.
pub(crate) struct Upstream {
    listener: TcpListener,
}

impl Upstream {
    pub(crate) async fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { listener }
    }

    pub(crate) fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }

    /// The next connection.
    pub(crate) async fn accept(&self) -> Wire {
        Wire::new(self.accept_raw().await)
    }

    pub(crate) async fn accept_raw(&self) -> TcpStream {
        let accepted = within("a connection", self.listener.accept()).await;
        let (stream, _) = accepted.unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// The next connection and the request on it.
    pub(crate) async fn request(&self) -> (Wire, Message) {
        let mut wire = self.accept().await;
        let message = wire.message().await;
        (wire, message)
    }

    /// Whether nobody connected so far.
    pub(crate) async fn is_untouched(&self) -> bool {
        tokio::select! {
            biased;
            _ = self.listener.accept() => false,
            () = std::future::ready(()) => true,
        }
    }
}
