//! Requests to one HTTP server, on connections that are kept for the next one.

use std::future::Future;
use std::pin::{Pin, pin};
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use corelog_dial::{Connector, Headers, Offer};
use corelog_types::Timestamp;
use futures_util::future::{Either, select};
use http::header::{CONTENT_LENGTH, HOST, PROXY_AUTHORIZATION, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;

use crate::Error;

/// The most that is kept of what a server says: it goes into a log line.
const SAID_CHARS_MAX: usize = 200;
/// No server's request to wait is followed for longer.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);
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
            after: retry_after(&self.headers, now),
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

    /// What a server said, without what it repeats of the URL: servers like to say that there is nothing at a path.
    pub(crate) fn without_secrets(&self, said: &[u8]) -> String {
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
            let (body, is_whole) = beginning(body, ask.answer_bytes_max).await?;
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

/// A line of what somebody said, fit for a log.
pub(crate) fn short(said: &str) -> String {
    let plain = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let printable = plain.chars().filter(|c| !c.is_control());
    printable.take(SAID_CHARS_MAX).collect()
}

/// What `Retry-After` says, in seconds or as a date.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if let Ok(seconds) = text.parse() {
        Duration::from_secs(seconds)
    } else {
        let at = httpdate::parse_http_date(text).ok()?;
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(now.unix_ms());
        at.duration_since(now).unwrap_or_default()
    };
    Some(wait.min(RETRY_AFTER_MAX))
}
