//! The three operations that are needed, signed and sent.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use corelog_delivery::SinkError;
use corelog_runtime::Clock;
use corelog_wire::sigv4;
use futures_util::StreamExt;
use http::HeaderValue;
use object_store::aws::AwsCredentialProvider;
use object_store::client::{HttpClient, HttpConnector, HttpError, ReqwestConnector};
use serde::{Deserialize, Serialize};
use url::Url;

use super::Config;
use super::event::Event;
use crate::s3::{Credentials, client_options, impatient, with_credentials};

const CONTENT_TYPE: &str = "application/x-amz-json-1.1";
/// No answer of these operations comes near it.
const ANSWER_BYTES_MAX: usize = 256 << 10;
/// The most of the service's own words that is passed on.
const SAID_CHARS_MAX: usize = 300;

/// A log stream of a service.
pub(crate) struct Service {
    client: HttpClient,
    url: Url,
    /// As the client sends it.
    host: String,
    region: String,
    /// None where requests are not signed.
    credentials: Option<AwsCredentialProvider>,
    log_group: String,
    log_stream: String,
    clock: Clock,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Service").field(&self.location()).finish()
    }
}

/// Why an operation was not performed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("there are no credentials to sign with")]
    Credentials(#[source] object_store::Error),
    #[error("the request cannot be made")]
    Request(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the service is not reached")]
    Unreached(#[source] HttpError),
    #[error("the service answered with what is no answer of CloudWatch Logs")]
    Answer,
    #[error("the service answered {status} `{code}`: {said}")]
    Error {
        status: u16,
        code: String,
        said: String,
    },
}

impl Refused {
    fn is(&self, wanted: &str) -> bool {
        matches!(self, Self::Error { code, .. } if code == wanted)
    }

    /// The group or the stream is not there.
    pub(crate) fn is_missing(&self) -> bool {
        self.is("ResourceNotFoundException")
    }

    pub(crate) fn is_done_before(&self) -> bool {
        self.is("DataAlreadyAcceptedException")
    }
}

#[derive(Serialize)]
struct Target<'a> {
    #[serde(rename = "logGroupName")]
    group: &'a str,
    #[serde(rename = "logStreamName", skip_serializing_if = "Option::is_none")]
    stream: Option<&'a str>,
    #[serde(rename = "logEvents", skip_serializing_if = "Option::is_none")]
    events: Option<Vec<InputLogEvent<'a>>>,
}

#[derive(Serialize)]
struct InputLogEvent<'a> {
    timestamp: u64,
    message: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Put {
    #[serde(default)]
    rejected_log_events_info: Option<Rejected>,
}

#[derive(Default, Deserialize)]
struct Said {
    #[serde(rename = "__type", default)]
    code: String,
    #[serde(alias = "Message", default)]
    message: String,
}

/// Which events of a request were not kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Rejected {
    /// Everything before it is too old.
    #[serde(rename = "tooOldLogEventEndIndex")]
    old_end: Option<usize>,
    /// Everything before it is past the group's retention.
    #[serde(rename = "expiredLogEventEndIndex")]
    expired_end: Option<usize>,
    /// It and everything behind it are too new.
    #[serde(rename = "tooNewLogEventStartIndex")]
    new_start: Option<usize>,
}

impl Rejected {
    /// Why, and which of `length` events; the ranges do not overlap.
    pub(crate) fn ranges(self, length: usize) -> [(&'static str, Range<usize>); 3] {
        let end = |index: Option<usize>| index.unwrap_or(0).min(length);
        let old = end(self.old_end);
        let expired = end(self.expired_end).max(old);
        let new = self.new_start.unwrap_or(length);
        [
            ("too old", 0..old),
            ("past the group's retention", old..expired),
            ("too new", new.clamp(expired, length)..length),
        ]
    }
}

impl Service {
    pub(crate) fn open(config: &Config) -> Result<Self, SinkError> {
        let unusable = |error: Box<dyn std::error::Error + Send + Sync>| {
            SinkError::new("use the settings of", config.log_group.clone(), error)
        };
        let url = Url::parse(&config.endpoint).map_err(|error| unusable(error.into()))?;
        let host = url.host_str().ok_or_else(|| unusable("no host".into()))?;
        let host = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let client = ReqwestConnector::default()
            .connect(&client_options(config.allow_http))
            .map_err(|error| unusable(error.into()))?;
        Ok(Self {
            client,
            url,
            host,
            region: config.region.clone(),
            credentials: provider(config).map_err(|error| unusable(error.into()))?,
            log_group: config.log_group.clone(),
            log_stream: config.log_stream.clone(),
            clock: config.clock.clone(),
        })
    }

    /// For people.
    pub(crate) fn location(&self) -> String {
        let base = self.url.as_str().trim_end_matches('/');
        format!("{base}#{}:{}", self.log_group, self.log_stream)
    }

    /// Puts events, which follow the rules. Says which of them were not kept.
    pub(crate) async fn put(&self, events: &[Event]) -> Result<Rejected, Refused> {
        let events = events.iter().map(|event| InputLogEvent {
            timestamp: event.timestamp_ms,
            message: &event.message,
        });
        let target = Target {
            group: &self.log_group,
            stream: Some(&self.log_stream),
            events: Some(events.collect()),
        };
        let answer = self.call("PutLogEvents", &target).await?;
        let put: Put = serde_json::from_slice(&answer).map_err(|_| Refused::Answer)?;
        Ok(put.rejected_log_events_info.unwrap_or_default())
    }

    /// Makes the group. One that is there is fine.
    pub(crate) async fn create_group(&self) -> Result<(), Refused> {
        let target = Target {
            group: &self.log_group,
            stream: None,
            events: None,
        };
        created(self.call("CreateLogGroup", &target).await)
    }

    /// Makes the stream. One that is there is fine.
    pub(crate) async fn create_stream(&self) -> Result<(), Refused> {
        let target = Target {
            group: &self.log_group,
            stream: Some(&self.log_stream),
            events: None,
        };
        created(self.call("CreateLogStream", &target).await)
    }

    async fn call(&self, operation: &str, target: &Target<'_>) -> Result<Vec<u8>, Refused> {
        let body = serde_json::to_vec(target).map_err(|error| Refused::Request(error.into()))?;
        let operation = format!("Logs_20140328.{operation}");
        let mut request = http::Request::post(self.url.as_str())
            .header("content-type", CONTENT_TYPE)
            .header("x-amz-target", &operation);
        for (name, value) in self.signature(&operation, &body).await? {
            let value = HeaderValue::try_from(value);
            let mut value = value.map_err(|error| Refused::Request(error.into()))?;
            value.set_sensitive(name != "x-amz-date");
            request = request.header(name, value);
        }
        let request = request.body(body.into());
        let request = request.map_err(|error| Refused::Request(error.into()))?;
        let answer = self.client.execute(request).await;
        let (head, body) = answer.map_err(Refused::Unreached)?.into_parts();
        let mut pieces = body.bytes_stream();
        let mut answer = Vec::new();
        while let Some(piece) = pieces.next().await {
            answer.extend_from_slice(&piece.map_err(Refused::Unreached)?);
            if answer.len() > ANSWER_BYTES_MAX {
                return Err(Refused::Answer);
            }
        }
        if head.status == http::StatusCode::OK {
            return Ok(answer);
        }
        Err(refusal(&head, &answer))
    }

    /// The headers that prove who we are.
    async fn signature(
        &self,
        operation: &str,
        body: &[u8],
    ) -> Result<Vec<(&'static str, String)>, Refused> {
        let Some(provider) = &self.credentials else {
            return Ok(Vec::new());
        };
        let found = provider.get_credential().await;
        let found = found.map_err(Refused::Credentials)?;
        let credentials = sigv4::Credentials {
            access_key_id: found.key_id.clone(),
            secret_access_key: found.secret_key.clone(),
            session_token: found.token.clone(),
        };
        let request = sigv4::Request {
            method: "POST",
            path: self.url.path(),
            query: "",
            headers: &[
                ("host", &self.host),
                ("content-type", CONTENT_TYPE),
                ("x-amz-target", operation),
            ],
            payload_sha256: &sigv4::payload_hash(body),
        };
        let scope = sigv4::Scope {
            region: &self.region,
            service: "logs",
            amz_date: &self.clock.now().amz_date(),
        };
        Ok(sigv4::sign(&request, &credentials, &scope))
    }
}

/// The credentials. The library finds the machine's own for a bucket alone, so one is made up to ask by.
fn provider(config: &Config) -> object_store::Result<Option<AwsCredentialProvider>> {
    if matches!(config.credentials, Credentials::Anonymous) {
        return Ok(None);
    }
    let builder = impatient(false)
        .with_bucket_name("none")
        .with_region(&config.region);
    let store = with_credentials(builder, &config.credentials).build()?;
    Ok(Some(Arc::clone(store.credentials())))
}

fn created(outcome: Result<Vec<u8>, Refused>) -> Result<(), Refused> {
    match outcome {
        Err(refused) if !refused.is("ResourceAlreadyExistsException") => Err(refused),
        _ => Ok(()),
    }
}

fn refusal(head: &http::response::Parts, answer: &[u8]) -> Refused {
    let said: Said = serde_json::from_slice(answer).unwrap_or_default();
    let header = head.headers.get("x-amzn-errortype");
    let header = header.and_then(|value| value.to_str().ok()).unwrap_or("");
    let code = if said.code.is_empty() {
        header.split(':').next().unwrap_or("")
    } else {
        said.code.rsplit('#').next().unwrap_or("")
    };
    Refused::Error {
        status: head.status.as_u16(),
        code: code.chars().take(SAID_CHARS_MAX).collect(),
        said: without_values(&said.message),
    }
}

/// What the service said, without the values it quotes: they may be prompts.
fn without_values(said: &str) -> String {
    let hidden = said.split_once("Value '").map(|(before, quoted)| {
        let behind = quoted
            .rsplit_once("' at '")
            .map_or("", |(_, behind)| behind);
        format!("{before}Value … at '{behind}")
    });
    let said = hidden.as_deref().unwrap_or(said);
    said.chars().take(SAID_CHARS_MAX).collect()
}
