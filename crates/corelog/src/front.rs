//! What the binary answers itself on the front door: health, metrics, the API.

use std::sync::Arc;

use bytes::Bytes;
use corelog_access::{Caller, TurnedAway};
use corelog_api::{Api, Body};
use corelog_gateway::{Answer, BodyError, Own};
use corelog_metrics::Totals;
use corelog_telemetry::Metrics;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, TryStreamExt as _};
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt as _, Full, StreamBody};
use parking_lot::Mutex;

use crate::status::Health;

/// Everything behind the front door that is no provider.
pub(crate) struct House {
    pub(crate) api: Api,
    pub(crate) health: Arc<Health>,
    pub(crate) metrics: Arc<Metrics>,
    /// What was counted of records, where that is done.
    pub(crate) totals: Option<Arc<Mutex<Totals>>>,
}

/// The line that ends what a scrape is answered.
const END: &str = "# EOF\n";

impl House {
    /// Our own figures, then those of calls. There may be many of these, and threads that answer requests relay calls,
    /// too.
    fn scrape(&self) -> BoxFuture<'static, Response<Answer>> {
        let (metrics, health) = (Arc::clone(&self.metrics), Arc::clone(&self.health));
        let totals = self.totals.clone();
        let scrape = move || {
            let mut text = metrics.encode(health.sampled());
            if let Some(totals) = totals {
                let calls = totals.lock().to_text();
                text.truncate(text.trim_end_matches(END).len());
                text.push_str(&calls);
                text.push_str(END);
            }
            text
        };
        async move {
            let Ok(scraped) = tokio::task::spawn_blocking(scrape).await else {
                let why = "the scrape ended early\n".to_owned();
                return text(StatusCode::INTERNAL_SERVER_ERROR, why);
            };
            let mut answer = text(StatusCode::OK, scraped);
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            answer
                .headers_mut()
                .insert("content-type", HeaderValue::from_static(kind));
            answer
        }
        .boxed()
    }
}

impl Own for House {
    fn is_public(&self, path: &str) -> bool {
        matches!(path, "/healthz" | "/readyz")
    }

    fn claims(&self, head: &Parts) -> bool {
        head.uri.path() == "/metrics" || corelog_api::owns(head)
    }

    fn body_bytes_max(&self, head: &Parts) -> usize {
        corelog_api::body_bytes_max(head)
    }

    fn turn_away(&self, head: &Parts, why: TurnedAway) -> Option<Response<Answer>> {
        Some(self.api.turn_away(head, why)?.map(body))
    }

    fn serve(
        &self,
        request: Request<Bytes>,
        caller: Option<Caller>,
    ) -> BoxFuture<'static, Response<Answer>> {
        let answer = match request.uri().path() {
            "/healthz" => text(StatusCode::OK, "ok\n".to_owned()),
            "/readyz" => match self.health.is_ready() {
                Ok(()) => text(StatusCode::OK, "ready\n".to_owned()),
                Err(why) => text(
                    StatusCode::SERVICE_UNAVAILABLE,
                    format!("not ready: {why}\n"),
                ),
            },
            "/metrics" => return self.scrape(),
            _ => {
                let api = self.api.clone();
                let caller = caller.unwrap_or_default();
                return async move { api.serve(&request, &caller).await.map(body) }.boxed();
            }
        };
        std::future::ready(answer).boxed()
    }
}

fn text(status: StatusCode, text: String) -> Response<Answer> {
    let mut response = Response::new(Answer::Whole(Some(text.into())));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert("content-type", kind);
    response
}

fn body(body: Body) -> Answer {
    match body {
        Body::Full(bytes) => Answer::Whole((!bytes.is_empty()).then_some(bytes)),
        Body::Stream(pieces) => {
            let frames = pieces
                .map_ok(Frame::data)
                .map_err(|error| Box::new(error) as BodyError);
            Answer::Own(StreamBody::new(frames).boxed_unsync())
        }
        Body::Trailed(bytes, trailers) => {
            let trailers = Full::new(bytes)
                .with_trailers(std::future::ready(Some(Ok(trailers))))
                .map_err(|never| match never {});
            Answer::Own(trailers.boxed_unsync())
        }
    }
}
