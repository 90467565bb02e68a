//! One request to a receiver, and what its answer means.

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use corelog_delivery::SinkError;
use corelog_dial::{Connector, Link, Offer, retry_after, short};
use corelog_otel::export::Answer;
use corelog_runtime::Clock;
use futures_util::future::{Either, select};
use http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, PROXY_AUTHORIZATION, USER_AGENT,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::{Config, Headers};

const PROTOBUF: &str = "application/x-protobuf";
/// The most that is read of an answer.
const ANSWER_BYTES_MAX: usize = 64 << 10;
const AGENT: &str = concat!("corelog/", env!("CARGO_PKG_VERSION"));

/// A connection that was idle for longer is not used again: something on the way may have forgotten it.
const IDLE_MAX: Duration = Duration::from_secs(30);

/// A receiver. Requests go one after the other, on one connection as long as both sides keep it.
pub(super) struct Receiver {
    connector: Connector,
    idle: Mutex<Option<Open>>,
    /// Scheme, host and the path before `/v1/…`, without a slash at its end.
    base: String,
    host: HeaderValue,
    headers: Headers,
    timeout: Duration,
    clock: Clock,
}

/// A connection between two requests. It moves only while it is polled, so it stands still here.
struct Open {
    sender: SendRequest<Full<Bytes>>,
    connection: Pin<Box<Connection<TokioIo<Link>, Full<Bytes>>>>,
    since: Instant,
}

impl Open {
    /// Whether it may take another request, as far as this side knows.
    async fn is_usable(&mut self) -> bool {
        let ended = |cx: &mut Context<'_>| Poll::Ready(self.connection.as_mut().poll(cx));
        self.since.elapsed() < IDLE_MAX && poll_fn(ended).await.is_pending()
    }
}

/// Why a request was not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error("the receiver is not reached")]
    Unreached(#[source] corelog_dial::Error),
    #[error("the connection broke")]
    Broken(#[source] hyper::Error),
    #[error("there was no answer within {0:?}")]
    TimedOut(Duration),
    #[error("the request cannot be made: {0}")]
    Request(String),
    #[error("the receiver answered {status}: {said}")]
    Answered {
        status: StatusCode,
        said: String,
        after: Option<Duration>,
    },
}

impl Refused {
    pub(super) fn is(&self, wanted: StatusCode) -> bool {
        matches!(self, Self::Answered { status, .. } if *status == wanted)
    }

    /// Whether the same request would be refused for ever.
    ///
    /// Decision: the specification lets only 429, 502, 503 and 504 be tried again. Here all but what speaks of the data
    /// is, because a credential, an address or a receiver that is out of order can be mended, and records wait in the
    /// spool until it is.
    pub(super) fn is_final(&self) -> bool {
        [
            StatusCode::BAD_REQUEST,
            StatusCode::PAYLOAD_TOO_LARGE,
            StatusCode::UNPROCESSABLE_ENTITY,
        ]
        .iter()
        .any(|status| self.is(*status))
    }

    /// How long the receiver wants to be left alone.
    pub(super) fn wait(&self) -> Option<Duration> {
        match self {
            Self::Answered { after, .. } => *after,
            _ => None,
        }
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Receiver").field(&self.base).finish()
    }
}

impl Receiver {
    pub(super) fn open(config: Config) -> Result<Self, SinkError> {
        let base = config.endpoint.to_string();
        let base = base.trim_end_matches('/').to_owned();
        let unusable = |error: Box<dyn std::error::Error + Send + Sync>| {
            SinkError::new("use the settings of", base.clone(), error)
        };
        let authority = config.endpoint.authority().map_or("", |it| it.as_str());
        let host = HeaderValue::try_from(authority).map_err(|error| unusable(error.into()))?;
        let connector = Connector::new(&corelog_dial::Config {
            base: config.endpoint,
            ca_pem: config.ca_pem,
            proxy: config.proxy,
        });
        Ok(Self {
            connector: connector.map_err(|error| unusable(error.into()))?,
            idle: Mutex::default(),
            base,
            host,
            headers: config.headers,
            timeout: config.timeout,
            clock: config.clock,
        })
    }

    /// For people.
    pub(super) fn location(&self) -> String {
        self.base.clone()
    }

    /// Sends an `ExportTraceServiceRequest`.
    pub(super) async fn traces(&self, body: Vec<u8>, is_gzip: bool) -> Result<Answer, Refused> {
        self.post("/v1/traces", body, is_gzip).await
    }

    /// Sends an `ExportMetricsServiceRequest`.
    pub(super) async fn metrics(&self, body: Vec<u8>, is_gzip: bool) -> Result<Answer, Refused> {
        self.post("/v1/metrics", body, is_gzip).await
    }

    async fn post(&self, path: &str, body: Vec<u8>, is_gzip: bool) -> Result<Answer, Refused> {
        let request = self.request(path, body, is_gzip)?;
        let answering = tokio::time::timeout(self.timeout, self.ask(request));
        let answered = answering
            .await
            .map_err(|_| Refused::TimedOut(self.timeout))?;
        let (status, headers, body) = answered?;
        if status.is_success() {
            let Answer { rejected, said } = Answer::of_success(&body);
            let said = short(&said);
            return Ok(Answer { rejected, said });
        }
        Err(Refused::Answered {
            status,
            said: short(&Answer::of_failure(&body)),
            after: retry_after(&headers, self.clock.now()),
        })
    }

    fn request(
        &self,
        path: &str,
        body: Vec<u8>,
        is_gzip: bool,
    ) -> Result<Request<Full<Bytes>>, Refused> {
        let broken = |error: http::uri::InvalidUri| Refused::Request(error.to_string());
        let whole: Uri = format!("{}{path}", self.base).parse().map_err(broken)?;
        // A proxy of plain requests wants the whole URI, everybody else what follows the host.
        let target = if self.connector.wants_absolute_uri() {
            whole
        } else {
            whole.path().parse().map_err(broken)?
        };
        let length = HeaderValue::from(body.len());
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = target;
        let map = request.headers_mut();
        self.headers.add_to(map);
        map.insert(HOST, self.host.clone());
        // Said here, since nothing is said of an empty body, and some servers want to know.
        map.insert(CONTENT_LENGTH, length);
        map.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        map.insert(CONTENT_TYPE, HeaderValue::from_static(PROTOBUF));
        if is_gzip {
            map.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if let Some(authorization) = self.connector.proxy_authorization() {
            map.insert(PROXY_AUTHORIZATION, authorization);
        }
        Ok(request)
    }

    async fn ask(&self, request: Request<Full<Bytes>>) -> Result<Answered, Refused> {
        let mut idle = self.idle.lock().take();
        if let Some(open) = &mut idle
            && !open.is_usable().await
        {
            idle = None;
        }
        if let Some(open) = idle {
            match self.exchange(open, request.clone()).await {
                // The other side may have let go of it just then. Spans may be sent twice.
                Err(Refused::Broken(_)) => {}
                answered => return answered,
            }
        }
        let link = self.connector.connect(Offer::Http1).await;
        let link = TokioIo::new(link.map_err(Refused::Unreached)?);
        let handshake = http1::handshake(link).await;
        let (sender, connection) = handshake.map_err(Refused::Broken)?;
        let open = Open {
            sender,
            connection: Box::pin(connection),
            since: Instant::now(),
        };
        self.exchange(open, request).await
    }

    /// Sends a request on a connection, which is kept if it can take another.
    async fn exchange(
        &self,
        mut open: Open,
        request: Request<Full<Bytes>>,
    ) -> Result<Answered, Refused> {
        let sender = &mut open.sender;
        let exchange = async move {
            sender.ready().await.map_err(Refused::Broken)?;
            let answer: Response<Incoming> = sender
                .send_request(request)
                .await
                .map_err(Refused::Broken)?;
            let (head, body) = answer.into_parts();
            let (said, is_whole) = beginning(body).await;
            Ok::<_, Refused>(((head.status, head.headers, said), is_whole))
        };
        // One that has ended has handed over all it read.
        let (outcome, is_open) = match select(pin!(exchange), open.connection.as_mut()).await {
            Either::Left((outcome, _)) => (outcome, true),
            Either::Right((_, exchange)) => (exchange.await, false),
        };
        let (answered, is_whole) = outcome?;
        if is_open && is_whole {
            open.since = Instant::now();
            *self.idle.lock() = Some(open);
        }
        Ok(answered)
    }
}

/// Status, headers and the beginning of the body.
type Answered = (StatusCode, HeaderMap, Vec<u8>);

/// The beginning of a body, and whether that is all; what breaks off is as good as what ends.
async fn beginning(mut body: Incoming) -> (Vec<u8>, bool) {
    let mut said = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return (said.to_vec(), false);
        };
        let Some(data) = frame.data_ref() else {
            continue;
        };
        let room = ANSWER_BYTES_MAX - said.len();
        said.extend_from_slice(&data[..data.len().min(room)]);
        if said.len() == ANSWER_BYTES_MAX {
            return (said.to_vec(), false);
        }
    }
    (said.to_vec(), true)
}
