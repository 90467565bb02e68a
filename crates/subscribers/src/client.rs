//! Requests to one HTTP server, on connections that are kept for the next one.

use std::future::Future;
use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use corelog_dial::{Connector, Headers, Offer, retry_after, short};
use corelog_types::Timestamp;
use futures_util::future::{Either, select};
use http::header::{CONTENT_LENGTH, HOST, PROXY_AUTHORIZATION, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;

use crate::Error;

/// No server's request to wait is followed for longer: the spool fills up meanwhile, which is looked at between attempts.
const RETRY_AFTER_MAX: Duration = Duration::from_mins(1);
/// A server that has said that it took something may take so long to say more; nobody needs to know it.
const REST_TIMEOUT: Duration = Duration::from_secs(1);
/// Connections that are kept; filters that share a server send at the same time.
const IDLE_MAX: usize = 4;
const AGENT: &str = concat!("corelog/", env!("CARGO_PKG_VERSION"));

/// Where a server is.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpConfig {
    /// Its whole URL; its path and its query may be secrets.
    pub url: Uri,
    /// Headers of each request.
    pub headers: Headers,
    /// Trust these certificates instead of the system's (PEM).
    pub ca_pem: Option<Vec<u8>>,
    /// The proxy to go through.
    pub proxy: Option<Uri>,
    /// How long a request may take from the connection to the end of the answer.
    pub timeout: Duration,
}

/// A server.
pub(crate) struct Client {
    connector: Connector,
    url: Uri,
    host: HeaderValue,
    headers: Headers,
    timeout: Duration,
    idle: Mutex<Vec<Connection>>,
}

/// What is asked.
pub(crate) struct Ask {
    pub(crate) method: Method,
    /// What follows the path of the URL.
    pub(crate) suffix: &'static str,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) answer_bytes_max: usize,
    /// Whether nobody needs the rest of an answer of success.
    pub(crate) head_is_enough: bool,
}

/// What was answered; of the body, the beginning.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The error that it is.
    pub(crate) fn refused(&self, said: String, now: Timestamp) -> Error {
        Error::Answered {
            status: self.status.as_u16(),
            said,
            after: retry_after(&self.headers, now).map(|wait| wait.min(RETRY_AFTER_MAX)),
        }
    }
}

/// A connection, and what moves it: it moves only while it is polled.
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    moving: Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>,
}

impl Client {
    pub(crate) fn open(config: HttpConfig) -> Result<Self, Error> {
        let connector = Connector::new(&corelog_dial::Config {
            base: config.url.clone(),
            ca_pem: config.ca_pem,
            proxy: config.proxy,
        })
        .map_err(Error::Unreached)?;
        let authority = config.url.authority().map_or("", |it| it.as_str());
        let host = HeaderValue::try_from(authority)
            .map_err(|_| Error::Request("the URL's host is no header".to_owned()))?;
        Ok(Self {
            connector,
            url: config.url,
            host,
            headers: config.headers,
            timeout: config.timeout,
            idle: Mutex::default(),
        })
    }

    /// Scheme, host and port: what follows them may be a secret.
    pub(crate) fn place(&self) -> String {
        let scheme = self.url.scheme_str().unwrap_or_default();
        let authority = self.url.authority().map_or("", |it| it.as_str());
        format!("{scheme}://{authority}")
    }

    /// What an answer said, in short.
    pub(crate) fn said(&self, answer: &Answer) -> String {
        short(&self.without_secrets(&answer.body))
    }

    /// What a server said, without what it repeats of the URL: servers like to say that there is nothing at a path.
    fn without_secrets(&self, said: &[u8]) -> String {
        let whole = self.url.path_and_query().map_or("", |it| it.as_str());
        let parts = [whole, self.url.path(), self.url.query().unwrap_or("")];
        let secret = parts.iter().filter(|part| part.len() > 1);
        let said = String::from_utf8_lossy(said).into_owned();
        secret.fold(said, |said, part| said.replace(part, "***"))
    }

    pub(crate) async fn ask(&self, ask: &Ask) -> Result<Answer, Error> {
        match tokio::time::timeout(self.timeout, self.answer(ask)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Error::TimedOut(self.timeout)),
        }
    }

    async fn answer(&self, ask: &Ask) -> Result<Answer, Error> {
        let kept = self.idle.lock().pop();
        if let Some(connection) = kept
            && let Ok(answer) = self.exchange(connection, ask).await
        {
            return Ok(answer);
        }
        // The server may have closed a kept connection at any time. What it took is the same when it comes again.
        let link = self.connector.connect(Offer::Http1).await;
        let link = TokioIo::new(link.map_err(Error::Unreached)?);
        let (sender, moving) = http1::handshake(link).await.map_err(Error::Broken)?;
        let moving = Box::pin(moving);
        self.exchange(Connection { sender, moving }, ask).await
    }

    async fn exchange(&self, connection: Connection, ask: &Ask) -> Result<Answer, Error> {
        let Connection {
            mut sender,
            mut moving,
        } = connection;
        let request = self.request(ask)?;
        let asking = async {
            sender.ready().await.map_err(Error::Broken)?;
            let answer = sender.send_request(request).await.map_err(Error::Broken)?;
            let (head, body) = answer.into_parts();
            let reading = beginning(body, ask.answer_bytes_max);
            let (body, is_whole) = if ask.head_is_enough && head.status.is_success() {
                let read = tokio::time::timeout(REST_TIMEOUT, reading).await;
                read.ok().and_then(Result::ok).unwrap_or_default()
            } else {
                reading.await?
            };
            let answer = Answer {
                status: head.status,
                headers: head.headers,
                body,
            };
            Ok((answer, is_whole))
        };
        // One that has ended has handed over all it read.
        let (outcome, is_open) = match select(pin!(asking), &mut moving).await {
            Either::Left((outcome, _)) => (outcome, true),
            Either::Right((_, asking)) => (asking.await, false),
        };
        let (answer, is_whole): (Answer, bool) = outcome?;
        if is_open && is_whole && !sender.is_closed() {
            let mut idle = self.idle.lock();
            if idle.len() < IDLE_MAX {
                idle.push(Connection { sender, moving });
            }
        }
        Ok(answer)
    }

    fn request(&self, ask: &Ask) -> Result<Request<Full<Bytes>>, Error> {
        let path = self.url.path_and_query().map_or("/", |it| it.as_str());
        let target = if ask.suffix.is_empty() {
            path.to_owned()
        } else {
            format!("{}{}", self.url.path().trim_end_matches('/'), ask.suffix)
        };
        // A proxy of plain requests wants the whole URI, everybody else what follows the host.
        let target = if self.connector.wants_absolute_uri() {
            format!("{}{target}", self.place())
        } else {
            target
        };
        let mut request = Request::new(Full::new(ask.body.clone()));
        *request.method_mut() = ask.method.clone();
        *request.uri_mut() = target
            .parse()
            .map_err(|_| Error::Request("the URL has no path".to_owned()))?;
        let map = request.headers_mut();
        self.headers.add_to(map);
        map.extend(ask.headers.clone());
        map.insert(HOST, self.host.clone());
        map.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        map.insert(CONTENT_LENGTH, HeaderValue::from(ask.body.len()));
        if let Some(authorization) = self.connector.proxy_authorization() {
            map.insert(PROXY_AUTHORIZATION, authorization);
        }
        Ok(request)
    }
}

/// The beginning of a body, and whether that is all of it.
async fn beginning(mut body: Incoming, bytes_max: usize) -> Result<(Vec<u8>, bool), Error> {
    let mut said = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(Error::Broken)?;
        let Some(data) = frame.data_ref() else {
            continue;
        };
        let room = bytes_max - said.len();
        said.extend_from_slice(&data[..data.len().min(room)]);
        if data.len() > room {
            return Ok((said.to_vec(), false));
        }
    }
    Ok((said.to_vec(), true))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    fn client(url: &str) -> Client {
        let opened = Client::open(HttpConfig {
            url: url.parse().unwrap(),
            headers: Headers::parse("x-api-key=hunter2").unwrap(),
            ca_pem: None,
            proxy: None,
            timeout: Duration::from_secs(20),
        });
        opened.unwrap()
    }

    fn ask() -> Ask {
        Ask {
            method: Method::POST,
            suffix: "",
            headers: HeaderMap::new(),
            body: Bytes::from_static(b"body"),
            answer_bytes_max: 8,
            head_is_enough: true,
        }
    }

    /// Reads a request to the end of its body, and answers.
    async fn serve(stream: &mut TcpStream, answer: &str) -> String {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\nbody") {
            request.push(stream.read_u8().await.unwrap());
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(request).unwrap()
    }

    #[tokio::test]
    async fn a_connection_is_kept_until_the_server_closes_it() {
        const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let client = client(&format!("http://{address}/hook?token=t0ken"));
        let serving = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let request = serve(&mut stream, OK).await;
            assert!(
                request.starts_with("POST /hook?token=t0ken HTTP/1.1\r\n"),
                "{request}"
            );
            assert!(request.contains("x-api-key: hunter2\r\n"), "{request}");
            serve(&mut stream, OK).await;
            drop(stream);
            let (mut stream, _) = listener.accept().await.unwrap();
            serve(
                &mut stream,
                "HTTP/1.1 503 No\r\nretry-after: 86400\r\n\r\nlonger than eight",
            )
            .await;
        };
        let asking = async {
            for _ in 0..2 {
                let answer = client.ask(&ask()).await.unwrap();
                assert_eq!(
                    (answer.status, answer.body.as_slice()),
                    (StatusCode::OK, &b"ok"[..])
                );
            }
            client.ask(&ask()).await.unwrap()
        };
        let ((), answer) = tokio::join!(serving, asking);
        assert_eq!(answer.body, b"longer t");
        let refused = answer.refused(String::new(), Timestamp::from_unix_ms(0));
        assert_eq!(
            (refused.wait(), refused.is_final()),
            (Some(RETRY_AFTER_MAX), false)
        );
    }

    #[test]
    fn what_a_server_repeats_of_the_url_is_not_told() {
        let client = client("http://127.0.0.1:1/services/xyz?token=t0");
        let said = client.without_secrets(b"Cannot POST /services/xyz?token=t0");
        assert_eq!(said, "Cannot POST ***");
        assert_eq!(client.place(), "http://127.0.0.1:1");
    }
}
