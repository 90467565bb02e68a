//! One request to a receiver, and what its answer means.

use std::pin::pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use corelog_dial::{Connector, Offer, retry_after, short};
use corelog_types::Timestamp;
use futures_util::future::{Either, select};
use http::header::{CONTENT_TYPE, HOST, PROXY_AUTHORIZATION, USER_AGENT};
use http::{HeaderName, HeaderValue, Method, Request, Response, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;

use crate::error::Error;

/// The most that is read of an answer.
const ANSWER_BYTES_MAX: usize = 16 << 10;
const AGENT: &str = concat!("corelog/", env!("CARGO_PKG_VERSION"));

/// Where a receiver is.
#[derive(Clone)]
pub struct Config {
    /// Its whole URL; its path and its query may be secrets.
    pub url: Uri,
    /// Trust these certificates instead of the system's (PEM).
    pub ca_pem: Option<Vec<u8>>,
    /// The proxy to go through.
    pub proxy: Option<Uri>,
    /// How long a request may take from the connection to the end of the answer.
    pub timeout: Duration,
}

/// A receiver of requests. Each goes on a connection of its own: notices are rare.
pub(crate) struct Endpoint {
    connector: Connector,
    url: Uri,
    host: HeaderValue,
    timeout: Duration,
}

impl Endpoint {
    pub(crate) fn open(config: &Config) -> Result<Self, Error> {
        let connector = Connector::new(&corelog_dial::Config {
            base: config.url.clone(),
            ca_pem: config.ca_pem.clone(),
            proxy: config.proxy.clone(),
        })
        .map_err(Error::Unreached)?;
        let authority = config.url.authority().map_or("", |it| it.as_str());
        let host = HeaderValue::try_from(authority)
            .map_err(|_| Error::Request("the URL's host is no header".to_owned()))?;
        Ok(Self {
            connector,
            url: config.url.clone(),
            host,
            timeout: config.timeout,
        })
    }

    /// Scheme, host and port: what follows them may be a secret.
    pub(crate) fn place(&self) -> String {
        let scheme = self.url.scheme_str().unwrap_or_default();
        let authority = self.url.authority().map_or("", |it| it.as_str());
        format!("{scheme}://{authority}")
    }

    /// Posts `body`; any answer of 2xx means that it arrived.
    pub(crate) async fn post(
        &self,
        content_type: &'static str,
        headers: &[(&'static str, String)],
        body: String,
        now: Timestamp,
    ) -> Result<(), Error> {
        let request = self.request(content_type, headers, body)?;
        let asking = self.ask(request, now);
        match tokio::time::timeout(self.timeout, asking).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Error::TimedOut {
                after: self.timeout,
            }),
        }
    }

    fn request(
        &self,
        content_type: &'static str,
        headers: &[(&'static str, String)],
        body: String,
    ) -> Result<Request<Full<Bytes>>, Error> {
        // A proxy of plain requests wants the whole URI, everybody else what follows the host.
        let target = if self.connector.wants_absolute_uri() {
            self.url.clone()
        } else {
            let path = self.url.path_and_query().map_or("/", |it| it.as_str());
            path.parse()
                .map_err(|_| Error::Request("the URL has no path".to_owned()))?
        };
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = target;
        let map = request.headers_mut();
        map.insert(HOST, self.host.clone());
        map.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        map.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        if let Some(authorization) = self.connector.proxy_authorization() {
            map.insert(PROXY_AUTHORIZATION, authorization);
        }
        for (name, value) in headers {
            let value = HeaderValue::try_from(value.as_str())
                .map_err(|_| Error::Request(format!("`{name}` is no header")))?;
            map.insert(HeaderName::from_static(name), value);
        }
        Ok(request)
    }

    async fn ask(&self, request: Request<Full<Bytes>>, now: Timestamp) -> Result<(), Error> {
        let link = self.connector.connect(Offer::Http1).await;
        let link = TokioIo::new(link.map_err(Error::Unreached)?);
        let handshake = http1::handshake(link).await;
        let (mut sender, connection) = handshake.map_err(Error::Broken)?;
        let exchange = async move {
            let answer = sender.send_request(request).await.map_err(Error::Broken)?;
            judge(answer, &self.url, now).await
        };
        // The connection moves only while it is polled. One that has ended has handed over all it read.
        match select(pin!(exchange), pin!(connection)).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right((_, exchange)) => exchange.await,
        }
    }
}

async fn judge(answer: Response<Incoming>, url: &Uri, now: Timestamp) -> Result<(), Error> {
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let after = retry_after(answer.headers(), now);
    let said = said(answer.into_body()).await;
    Err(Error::Answered {
        status: status.as_u16(),
        said: short(&without_secrets(&String::from_utf8_lossy(&said), url)),
        after,
    })
}

/// The beginning of a body; what breaks off is as good as what ends.
async fn said(mut body: Incoming) -> Vec<u8> {
    let mut said = BytesMut::new();
    while let Some(Ok(frame)) = body.frame().await {
        let Some(data) = frame.data_ref() else {
            continue;
        };
        let room = ANSWER_BYTES_MAX - said.len();
        said.extend_from_slice(&data[..data.len().min(room)]);
        if said.len() == ANSWER_BYTES_MAX {
            break;
        }
    }
    said.to_vec()
}

/// What a receiver said, without what it repeats of the URL: servers like to say that there is nothing at a path.
fn without_secrets(said: &str, url: &Uri) -> String {
    let whole = url.path_and_query().map_or("", |it| it.as_str());
    let parts = [whole, url.path(), url.query().unwrap_or("")];
    let secret = parts.iter().filter(|part| part.len() > 1);
    secret.fold(said.to_owned(), |said, part| said.replace(part, "***"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_receiver_repeats_of_the_url_is_not_told() {
        let url: Uri = "http://h/services/T0/xyz?token=t0".parse().unwrap();
        for said in [
            "Cannot POST /services/T0/xyz?token=t0",
            "Cannot POST /services/T0/xyz",
        ] {
            assert_eq!(without_secrets(said, &url), "Cannot POST ***");
        }
        let bare: Uri = "http://h".parse().unwrap();
        assert_eq!(without_secrets("no / here", &bare), "no / here");
    }
}
