//! The server: takes connections, reads a request whole, sends the reply in its chunks.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use corelog_runtime::{Clock, Shutdown, Tasks, record_id};
use futures_util::stream::{self, StreamExt};
use http::{Method, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tracing::debug;

use crate::exchanges::{Asked, Exchanges};
use crate::reply::Reply;
use crate::routes::{self, Call};
use crate::script::Script;

/// Larger requests are answered with 413: the largest body the gateway records whole, and some room.
const REQUEST_BYTES_MAX: usize = 128 * 1024 * 1024;
/// How long connections may take to finish what they are sending when the server ends.
const FAREWELL: Duration = Duration::from_secs(2);

/// What a demo provider can be told.
#[derive(Debug, Clone)]
pub struct Config {
    /// The pause before each chunk of a `demo-slow` answer.
    pub slow_pause: Duration,
    /// How many of the last exchanges `GET /demo/exchanges` shows; 0 switches it off.
    pub exchanges_kept: usize,
    /// Answers for `demo-script`.
    pub script: Script,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            slow_pause: Duration::from_millis(100),
            exchanges_kept: 0,
            script: Script::default(),
        }
    }
}

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address cannot be listened on.
    #[error("cannot listen on `{address}`")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A demo provider that listens.
#[derive(Debug)]
pub struct Demo {
    listener: TcpListener,
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    config: Config,
    exchanges: Exchanges,
    clock: Clock,
}

type Body = BoxBody<Bytes, Cut>;

/// Ends a body where the connection is to be cut.
#[derive(Debug, thiserror::Error)]
#[error("the demo provider cuts this answer, as it was asked to")]
struct Cut;

/// Starts the connection's own helpers as named tasks.
#[derive(Clone)]
struct Owned(Tasks);

impl<F> hyper::rt::Executor<F> for Owned
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, future: F) {
        self.0.spawn("demo stream", future);
    }
}

impl Demo {
    /// Listens on `address`; connections wait until [`Demo::run`].
    ///
    /// # Errors
    /// [`Error::Bind`] if the address is taken or not ours.
    pub async fn bind(address: SocketAddr, config: Config) -> Result<Self, Error> {
        let bind = |source| Error::Bind { address, source };
        let listener = TcpListener::bind(address).await.map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        let state = Arc::new(State {
            exchanges: Exchanges::keeping(config.exchanges_kept),
            config,
            clock: Clock::system(),
        });
        Ok(Self {
            listener,
            address,
            state,
        })
    }

    /// The address listened on, with the real port where 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` is requested, then lets connections finish for a moment.
    pub async fn run(self, shutdown: Shutdown) {
        let tasks = Tasks::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = shutdown.requested() => break,
            };
            match accepted {
                Ok((connection, _)) => {
                    let state = Arc::clone(&self.state);
                    let serving = serve(connection, state, tasks.clone(), shutdown.clone());
                    tasks.spawn("demo connection", serving);
                }
                Err(error) => {
                    debug!(%error, "a connection was not accepted");
                    // Out of file descriptors, most likely: trying again at once would only spin.
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
        }
        if let Err(late) = tasks.wait(FAREWELL).await {
            debug!(late, "demo provider ends with connections open");
        }
    }
}

async fn serve(connection: TcpStream, state: Arc<State>, tasks: Tasks, shutdown: Shutdown) {
    // Providers' edges send small chunks at once; waiting for more would change what a client sees.
    if let Err(error) = connection.set_nodelay(true) {
        debug!(%error, "the connection keeps Nagle's algorithm");
    }
    let builder = auto::Builder::new(Owned(tasks));
    let service = service_fn(move |request| {
        let state = Arc::clone(&state);
        async move { Ok::<_, std::convert::Infallible>(answer(request, &state).await) }
    });
    let serving = builder.serve_connection(TokioIo::new(connection), service);
    let mut serving = std::pin::pin!(serving);
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = shutdown.requested() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        debug!(error = %error, "a connection ended early");
    }
}

async fn answer(request: Request<Incoming>, state: &State) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, REQUEST_BYTES_MAX).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return empty(StatusCode::PAYLOAD_TOO_LARGE),
    };
    if head.uri.path() == "/demo/exchanges" && state.exchanges.is_on() {
        let query = head.uri.query().unwrap_or_default();
        return respond(state.exchanges.list(query), state);
    }
    let request_id = record_id(state.clock.now()).to_string();
    let reply = routes::reply(&Call {
        method: head.method.clone(),
        path: head.uri.path(),
        query: head.uri.query().unwrap_or_default(),
        headers: &head.headers,
        body: &body,
        script: &state.config.script,
        request_id,
    });
    let asked = Asked {
        method: &head.method,
        uri: &head.uri,
        headers: &head.headers,
        body: &body,
    };
    state.exchanges.keep(&asked, &reply);
    if head.method == Method::HEAD {
        return empty(reply.status);
    }
    respond(reply, state)
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(whole(Bytes::new()));
    *response.status_mut() = status;
    response
}

fn respond(reply: Reply, state: &State) -> Response<Body> {
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(*name, value);
    }
    let plain = reply.sized && !reply.cut && !reply.slow;
    let at_once = match reply.chunks.as_slice() {
        [bytes] if plain => Some(bytes.clone()),
        _ => None,
    };
    let body = match at_once {
        Some(bytes) => whole(bytes),
        None => paced(reply, state.config.slow_pause),
    };
    response
        .body(body)
        .unwrap_or_else(|_| empty(StatusCode::INTERNAL_SERVER_ERROR))
}

fn whole(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never| match never {}).boxed()
}

/// The chunks one by one, each after the pause, and the cut if there is to be one.
fn paced(reply: Reply, pause: Duration) -> Body {
    let cut = reply.cut.then_some(Err(Cut));
    let frames = reply.chunks.into_iter().map(|chunk| Ok(Frame::data(chunk)));
    let pause = if reply.slow { pause } else { Duration::ZERO };
    let frames = stream::iter(frames.chain(cut)).then(move |frame| async move {
        if frame.is_err() {
            // Without a break hyper would drop what it has not written yet along with the connection.
            tokio::task::yield_now().await;
        } else if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        frame
    });
    BodyExt::boxed(StreamBody::new(frames))
}
