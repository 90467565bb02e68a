//! A small HTTP/1.1 client that knows at every byte whether an answer is whole.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

const LINE_BYTES_MAX: u64 = 64 << 10;
const BODY_BYTES_MAX: usize = 64 << 20;

/// One connection, used for one exchange after another.
#[derive(Debug)]
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

/// What is sent.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn get(path: &str) -> Self {
        Self {
            method: "GET",
            path: path.to_owned(),
            headers: Vec::new(),
            body: String::new(),
        }
    }
}

/// What came before the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) record_id: Option<String>,
    length: Length,
    closes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    Bytes(usize),
    Chunks,
    UntilClose,
}

/// What came of an exchange, as far as it got.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) head: Option<Head>,
    pub(crate) body: Vec<u8>,
    /// The body came to the end that its framing says.
    pub(crate) whole: bool,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::new(stream),
        })
    }

    /// Sends a request and reads the answer into `answer`, which holds what came even when this fails.
    /// Stops after `body_bytes_max` bytes of the body. Returns whether the connection can be used again.
    pub(crate) async fn exchange(
        &mut self,
        request: &Request,
        body_bytes_max: usize,
        answer: &mut Answer,
    ) -> io::Result<bool> {
        let mut head = format!(
            "{} {} HTTP/1.1\r\nhost: torture\r\n",
            request.method, request.path
        );
        for (name, value) in &request.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        if request.method != "GET" {
            head += "content-type: application/json\r\n";
        }
        let bytes = request.body.len().to_string();
        head.extend(["content-length: ", &bytes, "\r\n\r\n"]);
        self.stream.get_mut().write_all(head.as_bytes()).await?;
        let sent = self
            .stream
            .get_mut()
            .write_all(request.body.as_bytes())
            .await;
        // A server that will not read the body may have answered before it closed.
        let head = match (self.head().await, sent) {
            (Ok(head), _) => head,
            (Err(error), Ok(())) | (Err(_), Err(error)) => return Err(error),
        };
        answer.head = Some(head.clone());
        answer.whole = self.body(&head, body_bytes_max, &mut answer.body).await?;
        Ok(answer.whole && !head.closes && head.length != Length::UntilClose)
    }

    async fn head(&mut self) -> io::Result<Head> {
        let first = self.line().await?;
        let status = first
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| invalid("no status line"))?;
        let mut head = Head {
            status,
            record_id: None,
            length: Length::UntilClose,
            closes: false,
        };
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                return Ok(head);
            }
            let (name, value) = line
                .split_once(':')
                .ok_or_else(|| invalid("no header line"))?;
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => {
                    let bytes = value.parse().map_err(|_| invalid("no content length"))?;
                    head.length = Length::Bytes(bytes);
                }
                "transfer-encoding" => head.length = Length::Chunks,
                "connection" => head.closes = value.eq_ignore_ascii_case("close"),
                "x-corelog-record-id" => head.record_id = Some(value.to_owned()),
                _ => {}
            }
        }
    }

    /// Reads the body; `false` if it stopped at `most`.
    async fn body(&mut self, head: &Head, most: usize, body: &mut Vec<u8>) -> io::Result<bool> {
        match head.length {
            Length::Bytes(bytes) => {
                if !self.bytes(bytes, most, body).await? {
                    return Ok(false);
                }
            }
            Length::UntilClose => {
                while self.some(BODY_BYTES_MAX, most, body).await? > 0 {}
                return Ok(body.len() < most);
            }
            Length::Chunks => loop {
                let size = self.line().await?;
                let size = size.split(';').next().unwrap_or("").trim();
                let size = usize::from_str_radix(size, 16).map_err(|_| invalid("no chunk size"))?;
                if size == 0 {
                    while !self.line().await?.is_empty() {}
                    break;
                }
                if !self.bytes(size, most, body).await? {
                    return Ok(false);
                }
                self.line().await?;
            },
        }
        Ok(true)
    }

    async fn bytes(&mut self, bytes: usize, most: usize, body: &mut Vec<u8>) -> io::Result<bool> {
        let mut left = bytes;
        while left > 0 {
            if body.len() >= most {
                return Ok(false);
            }
            let read = self.some(left, most, body).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            left -= read;
        }
        Ok(true)
    }

    async fn some(&mut self, wanted: usize, most: usize, body: &mut Vec<u8>) -> io::Result<usize> {
        if body.len() > BODY_BYTES_MAX {
            return Err(invalid("more than ever was asked for"));
        }
        let wanted = wanted.min(most.saturating_sub(body.len()));
        (&mut self.stream).take(wanted as u64).read_buf(body).await
    }

    async fn line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        (&mut self.stream)
            .take(LINE_BYTES_MAX)
            .read_until(b'\n', &mut line)
            .await?;
        if line.pop() != Some(b'\n') {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        String::from_utf8(line).map_err(|_| invalid("a line that is no text"))
    }
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// Answers one connection with `wire`, then closes it.
    async fn check(wire: &'static str, most: usize, body: &str, outcome: Result<bool, ()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = async {
            let (mut peer, _) = listener.accept().await.unwrap();
            let mut asked = [0; 16];
            peer.read_exact(&mut asked).await.unwrap();
            peer.write_all(wire.as_bytes()).await.unwrap();
            peer.shutdown().await.unwrap();
            peer
        };
        let asking = async {
            let mut client = Client::connect(address).await.unwrap();
            let mut answer = Answer::default();
            let again = client.exchange(&Request::get("/"), most, &mut answer).await;
            (again.map_err(|_| ()), answer)
        };
        let (_peer, (again, answer)) = tokio::join!(serving, asking);
        assert_eq!(again, outcome, "{wire}");
        assert_eq!(String::from_utf8(answer.body).unwrap(), body, "{wire}");
        assert_eq!(answer.whole, outcome.is_ok() && body.len() < most, "{wire}");
    }

    #[tokio::test]
    async fn an_answer_is_whole_only_with_its_last_byte() {
        let ok = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
        check(ok, 100, "hello", Ok(true)).await;
        let cut = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nhello";
        check(cut, 100, "hello", Err(())).await;
        let chunks = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n";
        check(chunks, 100, "hello", Err(())).await;
        check(chunks, 4, "hell", Ok(false)).await;
        let ended = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
        check(ended, 100, "hello", Ok(false)).await;
    }
}
