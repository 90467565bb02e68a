//! Subscriber `opensearch`: events become documents, through `_bulk` of OpenSearch or of Elasticsearch.
//!
//! A document has the event's id, so one that comes again takes the place of itself. Its index is of the event's day.
//! Documents have the fields that the function has which the original deploys for such subscriptions: `@id`,
//! `@timestamp`, `@message`, `@owner`, `@log_group`, `@log_stream`, and what a pattern extracted.
//!
//! Decision: the fields of a message that is JSON are not made fields of the document. Two calls of models seldom have
//! the same types at the same places, and an index refuses documents that contradict each other.

use std::fmt;
use std::io::{self, Write as _};

use async_trait::async_trait;
use corelog_dial::short;
use corelog_types::{Timestamp, Vendor};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::Error;
use crate::client::{Ask, Client, HttpConfig};
use crate::message::{Message, Parcel, Payload, Picked};
use crate::subscriber::{Channel, Sent};

/// Of ten thousand documents, a status each and the errors of some.
const ANSWER_BYTES_MAX: usize = 16 << 20;
const BULK: &str =
    "/_bulk?filter_path=errors,items.*.status,items.*.error.type,items.*.error.reason";
/// Errors that speak of a document. All others are of the cluster: too much at once, no right to a new index, too many
/// shards. They may be mended, and what was taken already replaces itself.
const OF_DOCUMENT: [&str; 4] = [
    "mapper_parsing_exception",
    "document_parsing_exception",
    "strict_dynamic_mapping_exception",
    "illegal_argument_exception",
];
/// A day's end in `YYYY-MM-DDTHH:MM:SS.mmmZ`.
const DAY_CHARS: usize = 10;

/// Where documents go.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenSearchConfig {
    /// The cluster's base URL.
    pub http: HttpConfig,
    /// The index; `%Y`, `%m` and `%d` are the event's day.
    pub index: String,
}

pub(crate) struct OpenSearch {
    client: Client,
    index: String,
}

#[derive(Serialize)]
struct Action<'a> {
    index: Target<'a>,
}

#[derive(Serialize)]
struct Target<'a> {
    _index: &'a str,
    _id: &'a str,
}

#[derive(Deserialize)]
struct BulkAnswer {
    errors: bool,
    #[serde(default)]
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    index: Outcome,
}

#[derive(Deserialize)]
struct Outcome {
    status: u16,
    error: Option<Value>,
}

impl OpenSearch {
    pub(crate) fn open(config: OpenSearchConfig) -> Result<Self, Error> {
        Ok(Self {
            client: Client::open(config.http)?,
            index: config.index,
        })
    }

    fn write(&self, message: &Message<'_>) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        for event in &message.events {
            let time = event.timestamp.rfc3339_ms();
            let index = index_of(&self.index, &time);
            let action = Action {
                index: Target {
                    _index: &index,
                    _id: &event.id,
                },
            };
            serde_json::to_writer(&mut body, &action)?;
            body.write_all(b"\n")?;
            serde_json::to_writer(&mut body, &document(message, event, time))?;
            body.write_all(b"\n")?;
        }
        Ok(body)
    }
}

/// The index of a time's day.
fn index_of(pattern: &str, time: &str) -> String {
    let mut day = time.get(..DAY_CHARS).unwrap_or_default().split('-');
    let mut next = || day.next().unwrap_or_default();
    let (year, month, day) = (next(), next(), next());
    pattern
        .replace("%Y", year)
        .replace("%m", month)
        .replace("%d", day)
}

fn document(message: &Message<'_>, event: &Picked<'_>, time: String) -> Map<String, Value> {
    let extracted = event.extracted.iter();
    let mut fields: Map<String, Value> = extracted
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    let own = [
        ("@id", event.id.clone()),
        ("@timestamp", time),
        ("@message", event.message.to_owned()),
        ("@owner", message.owner.to_owned()),
        ("@log_group", message.group.to_owned()),
        ("@log_stream", message.stream.to_owned()),
    ];
    let own = own.map(|(name, value)| (name.to_owned(), value.into()));
    fields.extend(own);
    fields
}

/// What an answer says of the documents.
///
/// # Errors
/// [`Error`] where some of them may be taken when they come again.
fn judge(answer: &[u8]) -> Result<Sent, Error> {
    let answer: BulkAnswer = serde_json::from_slice(answer)
        .map_err(|error| Error::Unexpected(format!("its answer to `_bulk`: {error}")))?;
    if !answer.errors {
        return Ok(Sent::default());
    }
    let mut rejected = 0;
    for Item { index: outcome } in answer.items {
        let Outcome { status, error } = outcome;
        if (200..300).contains(&status) {
            continue;
        }
        let kind = error.as_ref().and_then(|it| it.get("type")?.as_str());
        let of_document = kind.is_some_and(|kind| OF_DOCUMENT.contains(&kind));
        if status != 413 && !(status == 400 && of_document) {
            let said = error.unwrap_or_else(|| json!("no reason"));
            let said = short(&said.to_string());
            let text = format!("a document was answered {status}: {said}");
            return Err(Error::Unexpected(text));
        }
        rejected += 1;
    }
    Ok(Sent { rejected })
}

#[async_trait]
impl Channel for OpenSearch {
    fn payload(&self, _vendor: Vendor) -> Payload {
        Payload::Json
    }

    fn parcel(&self, message: &Message<'_>) -> io::Result<Parcel> {
        Ok(Parcel {
            body: self.write(message)?.into(),
            payload: Payload::Json,
            events: message.events.len() as u64,
            key: message.key(),
        })
    }

    async fn send(&self, parcel: &Parcel, now: Timestamp) -> Result<Sent, Error> {
        let mut headers = HeaderMap::new();
        let ndjson = HeaderValue::from_static("application/x-ndjson");
        headers.insert(CONTENT_TYPE, ndjson);
        let ask = Ask {
            method: Method::POST,
            suffix: BULK,
            headers,
            body: parcel.body.clone(),
            answer_bytes_max: ANSWER_BYTES_MAX,
            head_is_enough: false,
        };
        let answer = self.client.ask(&ask).await?;
        if !answer.status.is_success() {
            let said = self.client.said(&answer);
            return Err(answer.refused(said, now));
        }
        judge(&answer.body)
    }

    /// Nobody wants a control message among documents: it is the cluster that is asked for.
    async fn check(&self, _control: &Parcel, now: Timestamp) -> Result<(), Error> {
        let ask = Ask {
            method: Method::GET,
            suffix: "/",
            headers: HeaderMap::new(),
            body: bytes::Bytes::new(),
            answer_bytes_max: ANSWER_BYTES_MAX,
            head_is_enough: false,
        };
        let answer = self.client.ask(&ask).await?;
        if answer.status.is_success() {
            return Ok(());
        }
        let said = self.client.said(&answer);
        Err(answer.refused(said, now))
    }

    fn place(&self) -> String {
        self.client.place()
    }
}

impl fmt::Debug for OpenSearch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OpenSearch").field(&self.place()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_of_the_events_day() {
        let time = "2026-11-02T23:59:59.999Z";
        for (pattern, expected) in [
            ("cwl-%Y.%m.%d", "cwl-2026.11.02"),
            ("calls-%Y-%m", "calls-2026-11"),
            ("calls", "calls"),
        ] {
            assert_eq!(index_of(pattern, time), expected);
        }
    }

    #[test]
    fn documents_of_an_answer_are_judged_one_by_one() {
        let taken = br#"{"errors":false}"#;
        assert_eq!(judge(taken).unwrap(), Sent::default());
        let refused = br#"{"errors":true,"items":[{"index":{"status":201}},
            {"index":{"status":400,"error":{"type":"mapper_parsing_exception","reason":"failed"}}}]}"#;
        assert_eq!(judge(refused).unwrap(), Sent { rejected: 1 });
        for (status, kind) in [
            (429, "es_rejected_execution_exception"),
            (403, "security_exception"),
            (403, "cluster_block_exception"),
            (404, "index_not_found_exception"),
            (400, "validation_exception"),
            (503, "unavailable_shards_exception"),
        ] {
            let answer = json!({"errors": true, "items": [
                {"index": {"status": 201}},
                {"index": {"status": status, "error": {"type": kind, "reason": "r"}}},
            ]});
            let refused = judge(answer.to_string().as_bytes()).unwrap_err();
            assert!(!refused.is_final(), "{kind}");
            assert!(refused.to_string().contains(kind), "{refused}");
        }
        for broken in [&b"<html>"[..], b"{}", b""] {
            assert!(matches!(judge(broken), Err(Error::Unexpected(_))));
        }
    }

    #[test]
    fn a_document_has_the_fields_of_the_event_before_those_of_its_pattern() {
        let event = Picked {
            id: "7".to_owned(),
            timestamp: Timestamp::from_unix_ms(0),
            message: "x 1",
            extracted: [("status", "1"), ("@id", "forged")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        };
        let message = Message {
            owner: "111122223333",
            group: "/app",
            stream: "i-1",
            filter: "all",
            vendor: Vendor::Lambda,
            events: Vec::new(),
        };
        let made = document(&message, &event, event.timestamp.rfc3339_ms());
        let expected = json!({
            "@id": "7", "@timestamp": "1970-01-01T00:00:00.000Z", "@message": "x 1",
            "@owner": "111122223333", "@log_group": "/app", "@log_stream": "i-1", "status": "1",
        });
        assert_eq!(Value::Object(made), expected);
    }
}
