//! HTTP/1.1 messages as far as a benchmark needs them: where one ends, and nothing copied on the way.

use anyhow::{Context as _, bail};
use memchr::{memchr, memmem};

/// Bytes of a body that are kept, for the mock to tell what is asked for.
const PREFIX_BYTES: usize = 64;
/// A message whose head is larger is refused.
const HEAD_BYTES_MAX: usize = 64 << 10;
const CHUNK_BYTES_MAX: u64 = 1 << 40;

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Head,
    /// A body of a known length, or one chunk's data; `chunked` says which.
    Data {
        left: u64,
        chunked: bool,
    },
    /// The line with a chunk's size; `size` is what was read of it.
    Size {
        size: u64,
        extension: bool,
    },
    /// The line end behind a chunk's data.
    DataEnd,
    /// Trailers; `length` is that of the line so far, without its end.
    Trailer {
        length: usize,
    },
}

/// Follows one message after the other on a connection.
#[derive(Debug)]
pub(crate) struct Parser {
    state: State,
    head: Vec<u8>,
    status: u16,
    body_bytes: u64,
    prefix: [u8; PREFIX_BYTES],
    prefix_bytes: usize,
}

impl Parser {
    /// At the start of a message.
    pub(crate) fn new() -> Self {
        Self {
            state: State::Head,
            head: Vec::new(),
            status: 0,
            body_bytes: 0,
            prefix: [0; PREFIX_BYTES],
            prefix_bytes: 0,
        }
    }

    /// The status of the answer, 0 for a request.
    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    /// Bytes of the body so far, chunk framing aside.
    pub(crate) fn body_bytes(&self) -> u64 {
        self.body_bytes
    }

    /// The body's first bytes.
    pub(crate) fn prefix(&self) -> &[u8] {
        &self.prefix[..self.prefix_bytes]
    }

    /// Goes over `input`. Returns how much of it ended the message, or `None` if there must come more.
    pub(crate) fn feed(&mut self, input: &[u8]) -> anyhow::Result<Option<usize>> {
        let mut at = 0;
        while at < input.len() {
            let rest = &input[at..];
            let (used, done) = self.step(rest)?;
            at += used;
            if done {
                self.state = State::Head;
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    /// Forgets the message that has ended.
    pub(crate) fn reset(&mut self) {
        self.head.clear();
        self.body_bytes = 0;
        self.prefix_bytes = 0;
        self.status = 0;
        self.state = State::Head;
    }

    /// Takes one part. Returns the bytes used and whether the message is at its end.
    fn step(&mut self, input: &[u8]) -> anyhow::Result<(usize, bool)> {
        match self.state {
            State::Head => self.head(input),
            State::Data { left, chunked } => Ok(self.data(input, left, chunked)),
            State::Size { size, extension } => self.size(input, size, extension),
            State::DataEnd => {
                if input[0] == b'\n' {
                    self.state = State::Size {
                        size: 0,
                        extension: false,
                    };
                }
                Ok((1, false))
            }
            State::Trailer { length } => Ok(match input[0] {
                b'\n' if length == 0 => (1, true),
                b'\n' => self.trailer(0),
                b'\r' => (1, false),
                _ => self.trailer(length + 1),
            }),
        }
    }

    fn trailer(&mut self, length: usize) -> (usize, bool) {
        self.state = State::Trailer { length };
        (1, false)
    }

    fn head(&mut self, input: &[u8]) -> anyhow::Result<(usize, bool)> {
        // Most heads come whole, in one read: those are looked at where they are.
        if self.head.is_empty()
            && let Some(end) = memmem::find(input, b"\r\n\r\n")
        {
            return Ok((end + 4, self.begin(&input[..end + 2])?));
        }
        let before = self.head.len();
        self.head.extend_from_slice(input);
        let from = before.saturating_sub(3);
        let Some(end) = memmem::find(&self.head[from..], b"\r\n\r\n") else {
            if self.head.len() > HEAD_BYTES_MAX {
                bail!("a head of more than {HEAD_BYTES_MAX} bytes");
            }
            return Ok((input.len(), false));
        };
        let end = from + end;
        let head = std::mem::take(&mut self.head);
        Ok((end + 4 - before, self.begin(&head[..end + 2])?))
    }

    /// Reads a whole head. Returns whether there is no body.
    fn begin(&mut self, head: &[u8]) -> anyhow::Result<bool> {
        let mut lines = head.split(|byte| *byte == b'\n');
        let first = lines.next().unwrap_or_default();
        if first.starts_with(b"HTTP/1.") {
            let digits = first.get(9..12).context("a status line without a status")?;
            self.status = std::str::from_utf8(digits)?.parse()?;
        }
        let mut length = None;
        for line in lines {
            let Some(colon) = memchr(b':', line) else {
                continue;
            };
            let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
            if name.eq_ignore_ascii_case(b"content-length") {
                length = Some(std::str::from_utf8(value)?.parse()?);
            } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
                self.state = State::Size {
                    size: 0,
                    extension: false,
                };
                return Ok(false);
            }
        }
        match length {
            // Only a request may leave its length out; the answers measured here all have one.
            None if self.status != 0 => bail!("an answer without a length"),
            None | Some(0) => Ok(true),
            Some(left) => {
                self.state = State::Data {
                    left,
                    chunked: false,
                };
                Ok(false)
            }
        }
    }

    fn data(&mut self, input: &[u8], left: u64, chunked: bool) -> (usize, bool) {
        let used = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
        let kept = (PREFIX_BYTES - self.prefix_bytes).min(used);
        self.prefix[self.prefix_bytes..self.prefix_bytes + kept].copy_from_slice(&input[..kept]);
        self.prefix_bytes += kept;
        self.body_bytes += used as u64;
        let left = left - used as u64;
        self.state = match (left, chunked) {
            (0, true) => State::DataEnd,
            _ => State::Data { left, chunked },
        };
        (used, left == 0 && !chunked)
    }

    fn size(&mut self, input: &[u8], size: u64, extension: bool) -> anyhow::Result<(usize, bool)> {
        let byte = input[0];
        self.state = match (byte, byte.is_ascii_hexdigit() && !extension) {
            (b'\n', _) if size == 0 => State::Trailer { length: 0 },
            (b'\n', _) => State::Data {
                left: size,
                chunked: true,
            },
            (_, true) => {
                let digit = char::from(byte).to_digit(16).unwrap_or_default();
                let size = size * 16 + u64::from(digit);
                if size > CHUNK_BYTES_MAX {
                    bail!("a chunk of {size} bytes");
                }
                State::Size { size, extension }
            }
            (b'\r', _) => State::Size { size, extension },
            _ => State::Size {
                size,
                extension: true,
            },
        };
        Ok((1, false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds the text in pieces of every size: the message must end at its last byte, whatever the pieces.
    fn check(text: &str, body_bytes: u64, status: u16) {
        let bytes = text.as_bytes();
        for piece in 1..=bytes.len() {
            let mut parser = Parser::new();
            let mut ended = 0;
            for part in bytes.chunks(piece) {
                assert_eq!(ended, 0, "ended early in pieces of {piece}");
                if let Some(used) = parser.feed(part).unwrap() {
                    assert_eq!(used, part.len(), "pieces of {piece}");
                    ended += 1;
                }
            }
            assert_eq!(ended, 1, "not ended in pieces of {piece}");
            assert_eq!(parser.body_bytes(), body_bytes);
            assert_eq!(parser.status(), status);
        }
    }

    #[test]
    fn a_message_ends_where_its_framing_says() {
        check(
            "POST / HTTP/1.1\r\nContent-Length: 5\r\nx: y\r\n\r\nhello",
            5,
            0,
        );
        check("GET / HTTP/1.1\r\nhost: a\r\n\r\n", 0, 0);
        check("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", 0, 200);
        let chunked = "HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n";
        check(
            &format!("{chunked}5\r\nhello\r\n1A;x=1\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n"),
            31,
            503,
        );
        check(&format!("{chunked}0\r\nserver-timing: a\r\n\r\n"), 0, 503);
    }

    #[test]
    fn what_follows_a_message_is_left_alone() {
        let mut parser = Parser::new();
        let two = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1";
        assert_eq!(parser.feed(two).unwrap(), Some(two.len() - 8));
        assert_eq!(parser.prefix(), b"ok");
    }

    #[test]
    fn nonsense_is_an_error() {
        assert!(Parser::new().feed(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(Parser::new().feed(b"HTTP/1.1 \r\n\r\n").is_err());
        let endless = b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n";
        assert!(Parser::new().feed(endless).is_err());
    }
}
