//! Subscriber `http`: each message is a POST to a URL, and any answer of 2xx means that it arrived.

use std::fmt;

use async_trait::async_trait;
use corelog_types::{Timestamp, Vendor};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};

use crate::Error;
use crate::client::{Ask, Client, HttpConfig};
use crate::message::{Parcel, Payload};
use crate::subscriber::{Channel, Sent};

/// The most that is read of an answer: nobody needs more of it.
const ANSWER_BYTES_MAX: usize = 16 << 10;

pub(crate) struct Endpoint {
    client: Client,
    payload: Option<Payload>,
}

impl Endpoint {
    pub(crate) fn open(config: HttpConfig, payload: Option<Payload>) -> Result<Self, Error> {
        Ok(Self {
            client: Client::open(config)?,
            payload,
        })
    }
}

#[async_trait]
impl Channel for Endpoint {
    fn payload(&self, vendor: Vendor) -> Payload {
        self.payload.unwrap_or(Payload::of(vendor))
    }

    async fn send(&self, parcel: &Parcel, now: Timestamp) -> Result<Sent, Error> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if parcel.payload == Payload::Gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        let ask = Ask {
            method: Method::POST,
            suffix: "",
            headers,
            body: parcel.body.clone(),
            answer_bytes_max: ANSWER_BYTES_MAX,
            head_is_enough: true,
        };
        let answer = self.client.ask(&ask).await?;
        if answer.status.is_success() {
            return Ok(Sent::default());
        }
        let said = self.client.said(&answer);
        Err(answer.refused(said, now))
    }

    fn place(&self) -> String {
        self.client.place()
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Endpoint").field(&self.place()).finish()
    }
}
