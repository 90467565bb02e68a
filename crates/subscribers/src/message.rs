//! Messages of subscription filters, and the forms in which they go out.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html>

use std::collections::BTreeMap;
use std::io::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use corelog_types::{Timestamp, Vendor};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;

/// Whose messages those are that only look whether a destination takes some.
const CONTROL_OWNER: &str = "CloudwatchLogs";

/// Log events of one stream that a filter lets through, in their order.
#[derive(Debug)]
pub struct Message<'a> {
    /// The account.
    pub owner: &'a str,
    /// The log group.
    pub group: &'a str,
    /// The log stream.
    pub stream: &'a str,
    /// The name of the filter.
    pub filter: &'a str,
    /// What the filter was told to send to.
    pub vendor: Vendor,
    /// The events.
    pub events: Vec<Picked<'a>>,
}

/// A log event.
#[derive(Debug)]
pub struct Picked<'a> {
    /// Its id, the same for good.
    pub id: String,
    /// When it happened.
    pub timestamp: Timestamp,
    /// Its text.
    pub message: &'a str,
    /// What the fields of the pattern found in it, without the `$` of their names.
    pub extracted: BTreeMap<String, String>,
}

/// How a message is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload {
    /// As JSON.
    Json,
    /// As compressed JSON: the data of a record of Kinesis or Firehose.
    Gzip,
    /// As what a Lambda function is invoked with: JSON around the compressed JSON in base64.
    AwsLogs,
}

impl Payload {
    /// What destinations of a service get.
    pub const fn of(vendor: Vendor) -> Self {
        match vendor {
            Vendor::Lambda => Self::AwsLogs,
            Vendor::Kinesis | Vendor::Firehose | Vendor::Logs => Self::Gzip,
        }
    }
}

/// A message as it goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// Its bytes.
    pub body: Bytes,
    /// How they are written.
    pub payload: Payload,
    /// How many events there are in it.
    pub events: u64,
    /// What tells it apart: the same whenever the same events come again.
    pub key: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    message_type: &'static str,
    owner: &'a str,
    log_group: &'a str,
    log_stream: &'a str,
    subscription_filters: &'a [&'a str],
    log_events: Vec<EventForm<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventForm<'a> {
    id: &'a str,
    timestamp: u64,
    message: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    extracted_fields: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Invocation {
    awslogs: Data,
}

#[derive(Serialize)]
struct Data {
    data: String,
}

impl Message<'_> {
    /// The message, written as `payload`.
    ///
    /// # Errors
    /// None that memory does not make.
    pub(crate) fn parcel(&self, payload: Payload) -> io::Result<Parcel> {
        let events = self.events.iter().map(|event| EventForm {
            id: &event.id,
            timestamp: event.timestamp.unix_ms(),
            message: event.message,
            extracted_fields: &event.extracted,
        });
        let document = Document {
            message_type: "DATA_MESSAGE",
            owner: self.owner,
            log_group: self.group,
            log_stream: self.stream,
            subscription_filters: &[self.filter],
            log_events: events.collect(),
        };
        Ok(Parcel {
            body: written(&document, payload)?,
            payload,
            events: self.events.len() as u64,
            key: self.key(),
        })
    }

    /// The filter, its first event and how many there are.
    pub(crate) fn key(&self) -> String {
        let first = self.events.first().map_or("", |event| event.id.as_str());
        let (group, filter) = (self.group, self.filter);
        format!("{group}/{filter}/{first}/{}", self.events.len())
    }
}

/// What a destination is sent when a filter is put, to see whether it takes something.
///
/// # Errors
/// None that memory does not make.
pub fn control(vendor: Vendor, payload: Payload, now: Timestamp) -> io::Result<Parcel> {
    let name = match vendor {
        Vendor::Lambda => "Lambda",
        Vendor::Kinesis => "Kinesis",
        Vendor::Firehose => "Firehose",
        Vendor::Logs => "destination",
    };
    let message = format!("CWL CONTROL MESSAGE: Checking health of destination {name}.");
    let none = BTreeMap::new();
    let event = EventForm {
        id: "",
        timestamp: now.unix_ms(),
        message: &message,
        extracted_fields: &none,
    };
    let document = Document {
        message_type: "CONTROL_MESSAGE",
        owner: CONTROL_OWNER,
        log_group: "",
        log_stream: "",
        subscription_filters: &[],
        log_events: vec![event],
    };
    Ok(Parcel {
        body: written(&document, payload)?,
        payload,
        events: 0,
        key: format!("control/{}", now.unix_ms()),
    })
}

fn written(document: &Document<'_>, payload: Payload) -> io::Result<Bytes> {
    if payload == Payload::Json {
        return Ok(serde_json::to_vec(document)?.into());
    }
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    serde_json::to_writer(io::BufWriter::new(&mut gzip), document)?;
    gzip.flush()?;
    let packed = gzip.finish()?;
    if payload == Payload::Gzip {
        return Ok(packed.into());
    }
    let data = STANDARD.encode(packed);
    let invocation = Invocation {
        awslogs: Data { data },
    };
    Ok(serde_json::to_vec(&invocation)?.into())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use serde_json::{Value, json};

    use super::*;

    fn unpacked(bytes: &[u8]) -> Value {
        let mut text = String::new();
        let mut decoder = flate2::read::GzDecoder::new(bytes);
        decoder.read_to_string(&mut text).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    fn message() -> Message<'static> {
        let picked = |id: &str, extracted: &[(&str, &str)]| Picked {
            id: id.to_owned(),
            timestamp: Timestamp::from_unix_ms(1_795_166_142_123),
            message: "GET 404",
            extracted: extracted
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        };
        Message {
            owner: "111122223333",
            group: "/app",
            stream: "i-1",
            filter: "errors",
            vendor: Vendor::Lambda,
            events: vec![picked("7", &[("status", "404")]), picked("8", &[])],
        }
    }

    #[test]
    fn every_payload_is_the_same_document() {
        let expected = json!({
            "messageType": "DATA_MESSAGE",
            "owner": "111122223333",
            "logGroup": "/app",
            "logStream": "i-1",
            "subscriptionFilters": ["errors"],
            "logEvents": [
                {"id": "7", "timestamp": 1_795_166_142_123_u64, "message": "GET 404",
                 "extractedFields": {"status": "404"}},
                {"id": "8", "timestamp": 1_795_166_142_123_u64, "message": "GET 404"},
            ],
        });
        let parcel = message().parcel(Payload::Json).unwrap();
        assert_eq!((parcel.events, parcel.key.as_str()), (2, "/app/errors/7/2"));
        let plain: Value = serde_json::from_slice(&parcel.body).unwrap();
        assert_eq!(plain, expected);
        let gzip = message().parcel(Payload::Gzip).unwrap();
        assert_eq!(unpacked(&gzip.body), expected);
        let invocation = message().parcel(Payload::AwsLogs).unwrap();
        let invocation: Value = serde_json::from_slice(&invocation.body).unwrap();
        let data = invocation["awslogs"]["data"].as_str().unwrap();
        assert_eq!(unpacked(&STANDARD.decode(data).unwrap()), expected);
    }

    #[test]
    fn a_control_message_is_of_no_group() {
        let now = Timestamp::from_unix_ms(12);
        let parcel = control(Vendor::Kinesis, Payload::Gzip, now).unwrap();
        let expected = json!({
            "messageType": "CONTROL_MESSAGE",
            "owner": "CloudwatchLogs",
            "logGroup": "",
            "logStream": "",
            "subscriptionFilters": [],
            "logEvents": [{"id": "", "timestamp": 12,
                "message": "CWL CONTROL MESSAGE: Checking health of destination Kinesis."}],
        });
        assert_eq!(unpacked(&parcel.body), expected);
        assert_eq!(parcel.events, 0);
    }
}
