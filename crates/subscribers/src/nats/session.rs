//! A connection to a NATS server: greeting, TLS, login, and messages published one after the other.

use corelog_dial::{Connector, Link, short};
use corelog_types::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};

use super::{NatsConfig, NatsLogin};
use crate::Error;

/// A server's greeting names the servers of its cluster; all other lines are short.
const LINE_BYTES_MAX: u64 = 256 << 10;
/// Acknowledgements are short.
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// What a stream says of a message that is larger than its messages may be.
///
/// Source: <https://github.com/nats-io/nats-server/blob/main/server/errors.json>
const TOO_LARGE: u32 = 10_054;
/// The number of our only subscription: to what is answered.
const INBOX: &str = "1";

pub(super) struct Session {
    link: BufReader<Link>,
    /// What answers are sent to, up to the number behind the last dot.
    inbox: String,
    /// Numbers of messages, which their answers name.
    published: u64,
    payload_bytes_max: usize,
}

/// A message on its way.
pub(super) struct Publication<'a> {
    pub(super) subject: &'a str,
    /// What tells it apart, where a stream has to acknowledge it.
    pub(super) id: Option<String>,
    pub(super) body: &'a [u8],
}

#[derive(Deserialize)]
struct Info {
    #[serde(default)]
    tls_required: bool,
    #[serde(default)]
    headers: bool,
    max_payload: usize,
}

#[derive(Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "it is the protocol's message"
)]
struct Connect<'a> {
    verbose: bool,
    pedantic: bool,
    tls_required: bool,
    lang: &'static str,
    name: &'static str,
    version: &'static str,
    protocol: u8,
    headers: bool,
    no_responders: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pass: Option<&'a str>,
}

impl<'a> Connect<'a> {
    fn of(config: &'a NatsConfig) -> Self {
        let (auth_token, user, pass) = match &config.login {
            NatsLogin::None => (None, None, None),
            NatsLogin::Token(token) => (Some(token.as_str()), None, None),
            NatsLogin::User(user, pass) => (None, Some(user.as_str()), Some(pass.as_str())),
        };
        Self {
            verbose: false,
            pedantic: false,
            tls_required: config.tls,
            lang: "rust",
            name: "corelog",
            version: env!("CARGO_PKG_VERSION"),
            protocol: 1,
            headers: true,
            no_responders: true,
            auth_token,
            user,
            pass,
        }
    }
}

/// What a stream answers.
#[derive(Deserialize)]
struct Acknowledged {
    stream: Option<String>,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    err_code: u32,
    #[serde(default)]
    description: String,
}

/// What a server says.
enum Said {
    Pong,
    /// A message for our inbox: the number it answers, whether nobody listens, what it holds.
    Answer {
        number: u64,
        nobody: bool,
        body: Vec<u8>,
    },
}

impl Session {
    pub(super) async fn begin(
        connector: &Connector,
        config: &NatsConfig,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let link = connector.connect_bare().await.map_err(Error::Unreached)?;
        let mut link = BufReader::new(link);
        let greeting = line(&mut link).await?;
        let info = greeting.strip_prefix("INFO ").unwrap_or_default();
        let info: Info = serde_json::from_str(info)
            .map_err(|_| Error::Unexpected("it greets like no NATS server".to_owned()))?;
        if info.tls_required && !config.tls {
            let text = "it wants TLS: write `tls://` in its URL".to_owned();
            return Err(Error::Unexpected(text));
        }
        if config.jetstream && !info.headers {
            let text = "it takes no headers, so it has no streams: set `jetstream = false`";
            return Err(Error::Unexpected(text.to_owned()));
        }
        if config.tls {
            if !link.buffer().is_empty() {
                return Err(Error::Unexpected("it speaks before TLS".to_owned()));
            }
            let secured = connector.secure(link.into_inner());
            link = BufReader::new(secured.await.map_err(Error::Unreached)?);
        }
        let mut session = Self {
            link,
            inbox: format!("_INBOX.{}.", corelog_runtime::record_id(now)),
            published: 0,
            payload_bytes_max: info.max_payload,
        };
        let connect = serde_json::to_string(&Connect::of(config))
            .map_err(|error| Error::Request(error.to_string()))?;
        let inbox = &session.inbox;
        let hello = format!("CONNECT {connect}\r\nSUB {inbox}* {INBOX}\r\nPING\r\n");
        session.write(hello.as_bytes()).await?;
        session.until_pong().await?;
        Ok(session)
    }

    /// Publishes, and waits until it has arrived.
    pub(super) async fn publish(&mut self, publication: &Publication<'_>) -> Result<(), Error> {
        let Publication { subject, id, body } = publication;
        self.published += 1;
        let number = self.published;
        let (head, headers) = match id {
            None => (format!("PUB {subject} {}\r\n", body.len()), String::new()),
            Some(id) => {
                let headers = format!("NATS/1.0\r\nNats-Msg-Id: {id}\r\n\r\n");
                let (inbox, whole) = (&self.inbox, headers.len() + body.len());
                let head = format!(
                    "HPUB {subject} {inbox}{number} {} {whole}\r\n",
                    headers.len()
                );
                (head, headers)
            }
        };
        let bytes = headers.len() + body.len();
        if bytes > self.payload_bytes_max {
            return Err(Error::TooLarge { bytes });
        }
        let mut whole = Vec::with_capacity(head.len() + bytes + 8);
        for part in [head.as_bytes(), headers.as_bytes(), body, b"\r\n"] {
            whole.extend_from_slice(part);
        }
        if id.is_none() {
            whole.extend_from_slice(b"PING\r\n");
        }
        self.write(&whole).await?;
        match id {
            None => self.until_pong().await,
            Some(_) => self.until_acknowledged(number, subject, bytes).await,
        }
    }

    async fn until_pong(&mut self) -> Result<(), Error> {
        while !matches!(self.next().await?, Said::Pong) {}
        Ok(())
    }

    async fn until_acknowledged(
        &mut self,
        wanted: u64,
        subject: &str,
        bytes: usize,
    ) -> Result<(), Error> {
        loop {
            let Said::Answer {
                number,
                nobody,
                body,
            } = self.next().await?
            else {
                continue;
            };
            // Answers to what was given up may still come.
            if number != wanted {
                continue;
            }
            if nobody {
                let text = format!("no stream of it takes `{subject}`");
                return Err(Error::Unexpected(text));
            }
            let answer: Option<Acknowledged> = serde_json::from_slice(&body).ok();
            return match answer {
                Some(Acknowledged {
                    error: Some(refusal),
                    ..
                }) if refusal.err_code == TOO_LARGE => Err(Error::TooLarge { bytes }),
                // A stream or an account that is full, or sealed: it may be mended.
                Some(Acknowledged {
                    error: Some(Refusal { description, .. }),
                    ..
                }) => {
                    let said = short(&description);
                    Err(Error::Unexpected(format!(
                        "the stream did not take it: {said}"
                    )))
                }
                Some(Acknowledged {
                    stream: Some(_), ..
                }) => Ok(()),
                _ => {
                    let text = format!("whoever answered on `{subject}` is no stream");
                    Err(Error::Unexpected(text))
                }
            };
        }
    }

    async fn next(&mut self) -> Result<Said, Error> {
        loop {
            let line = line(&mut self.link).await?;
            let mut words = line.split_ascii_whitespace();
            match words.next().unwrap_or_default() {
                "PING" => self.write(b"PONG\r\n").await?,
                "PONG" => return Ok(Said::Pong),
                "-ERR" => {
                    let said = line.strip_prefix("-ERR").unwrap_or_default();
                    return Err(Error::Unexpected(short(said)));
                }
                verb @ ("MSG" | "HMSG") => {
                    let words: Vec<&str> = words.collect();
                    return self.answer(verb == "HMSG", &words).await;
                }
                // `+OK`, and `INFO` when the cluster changes.
                _ => {}
            }
        }
    }

    /// Reads a message: `SUBJECT SID [REPLY] [HEADER_BYTES] BYTES`, and what follows the line.
    async fn answer(&mut self, has_headers: bool, words: &[&str]) -> Result<Said, Error> {
        let broken = || Error::Unexpected("a message without its size".to_owned());
        let size = |word: Option<&&str>| word.and_then(|it| it.parse::<usize>().ok());
        let whole = size(words.last()).ok_or_else(broken)?;
        let before = words.len().checked_sub(2).and_then(|at| words.get(at));
        let headers = if has_headers {
            size(before).ok_or_else(broken)?
        } else {
            0
        };
        if whole > ANSWER_BYTES_MAX || headers > whole {
            return Err(broken());
        }
        let mut body = vec![0; whole + 2];
        let reading = self.link.read_exact(&mut body).await;
        reading.map_err(Error::io("read from the server"))?;
        body.truncate(whole);
        let rest = body.split_off(headers);
        let subject = words.first().copied().unwrap_or_default();
        let number = subject.strip_prefix(self.inbox.as_str());
        Ok(Said::Answer {
            number: number.and_then(|it| it.parse().ok()).unwrap_or(0),
            nobody: body.starts_with(b"NATS/1.0 503"),
            body: rest,
        })
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let link = self.link.get_mut();
        let written = link.write_all(bytes).await;
        written.map_err(Error::io("write to the server"))?;
        let flushed = link.flush().await;
        flushed.map_err(Error::io("write to the server"))
    }
}

/// A line, without its end.
async fn line(link: &mut BufReader<Link>) -> Result<String, Error> {
    let mut bytes = Vec::new();
    let mut bounded = link.take(LINE_BYTES_MAX);
    let reading = bounded.read_until(b'\n', &mut bytes).await;
    reading.map_err(Error::io("read from the server"))?;
    if bytes.pop() != Some(b'\n') {
        return Err(Error::Unexpected("it hung up".to_owned()));
    }
    String::from_utf8(bytes)
        .map(|line| line.trim_end().to_owned())
        .map_err(|_| Error::Unexpected("a line that is no text".to_owned()))
}
