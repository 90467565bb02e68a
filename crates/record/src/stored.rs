//! The bytes of one record as a spool keeps them.
//!
//! ```text
//! u8   version (1)
//! u32  little-endian length of the envelope
//! …    envelope: JSON {"counted": […], "document": …, "parts": [{"name","form","at","bytes"}, …]}
//! …    the inline parts' bytes, one after the other, in the envelope's order
//! ```
//! A part that lives in a blob beside the spool has no bytes here. Bodies are kept as they came (or as
//! they were decoded or reassembled), so that a destination can place them as it must.
//!
//! `counted` repeats what of the document is counted, as an array and first of all: who counts every record reads it in
//! a fifth of the time that the document takes. Records without it, and with more or less of it, are as good.

use serde::{Deserialize, Serialize};

use crate::{BodyForm, Document, Outline};

const VERSION: u8 = 1;
const PREFIX_BYTES: usize = 5;

/// Which body a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PartName {
    /// The prompt: the request's body, decoded.
    Input,
    /// The answer's body, decoded; for a stream, reassembled.
    Output,
    /// The raw stream with arrival times, one JSON line a chunk.
    Events,
}

impl PartName {
    /// The name in object keys and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
            Self::Events => "events",
        }
    }
}

/// Where a part's bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// Behind the envelope.
    Inline,
    /// In the spool's blob of the same name.
    Blob,
}

/// What the envelope says of one part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartHeader {
    /// Which body.
    pub name: PartName,
    /// What kind of bytes.
    pub form: BodyForm,
    /// Where they are.
    pub at: Place,
    /// How many.
    pub bytes: u64,
}

#[derive(Serialize)]
struct EnvelopeRef<'a> {
    counted: Outline<'a>,
    document: &'a Document,
    parts: &'a [PartHeader],
}

#[derive(Deserialize)]
struct EnvelopeOwned {
    document: Document,
    parts: Vec<PartHeader>,
}

/// Why stored bytes are no record.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Written by a newer version, or no record at all.
    #[error("stored record has version {found}, this binary reads {VERSION}")]
    Version {
        /// The version byte found.
        found: u8,
    },
    /// Fewer bytes than the envelope promises.
    #[error("stored record is cut short")]
    Short,
    /// What should be text is not.
    #[error("stored log events are not UTF-8")]
    Text(#[source] std::str::Utf8Error),
    /// The envelope is not the JSON it should be.
    #[error("envelope of the stored record is malformed")]
    Envelope(#[source] serde_json::Error),
}

/// Writes the envelope: what goes before the inline parts.
///
/// # Errors
/// [`Error::Envelope`] if the document cannot be written as JSON.
pub fn encode_envelope(document: &Document, parts: &[PartHeader]) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::with_capacity(1_536);
    bytes.extend_from_slice(&[VERSION, 0, 0, 0, 0]);
    let envelope = EnvelopeRef {
        counted: Outline::from(document),
        document,
        parts,
    };
    serde_json::to_writer(&mut bytes, &envelope).map_err(Error::Envelope)?;
    let length = u32::try_from(bytes.len() - PREFIX_BYTES).map_err(|_| Error::Short)?;
    bytes[1..PREFIX_BYTES].copy_from_slice(&length.to_le_bytes());
    Ok(bytes)
}

/// A stored record, its inline parts borrowed from the stored bytes.
#[derive(Debug, Clone)]
pub struct StoredRecord<'a> {
    /// Everything but the bodies.
    pub document: Document,
    /// The bodies: what the envelope says, and the bytes of those kept inline.
    pub parts: Vec<(PartHeader, &'a [u8])>,
}

/// What is counted of a stored record, and its bodies.
#[derive(Debug, Clone)]
pub struct OutlinedRecord<'a> {
    /// What is counted.
    pub outline: Outline<'a>,
    /// The bodies, as in [`StoredRecord`].
    pub parts: Vec<(PartHeader, &'a [u8])>,
}

impl<'a> OutlinedRecord<'a> {
    /// The part of that name.
    pub fn part(&self, name: PartName) -> Option<(&PartHeader, &'a [u8])> {
        find(&self.parts, name)
    }
}

impl<'a> StoredRecord<'a> {
    /// The part of that name.
    pub fn part(&self, name: PartName) -> Option<(&PartHeader, &'a [u8])> {
        find(&self.parts, name)
    }
}

fn find<'p, 'a>(
    parts: &'p [(PartHeader, &'a [u8])],
    name: PartName,
) -> Option<(&'p PartHeader, &'a [u8])> {
    let found = parts.iter().find(|(header, _)| header.name == name)?;
    Some((&found.0, found.1))
}

/// Reads of a record what is counted, and does not look at its parts.
///
/// # Errors
/// Whatever makes the bytes no record; never panics on any input.
pub fn outline(bytes: &[u8]) -> Result<Outline<'_>, Error> {
    #[derive(Deserialize)]
    struct Envelope<'a> {
        #[serde(borrow)]
        document: Outline<'a>,
    }
    let (envelope, _) = split(bytes)?;
    if let Some(counted) = envelope.strip_prefix(br#"{"counted":"#) {
        let mut counted = serde_json::Deserializer::from_slice(counted);
        if let Ok(outline) = Outline::deserialize(&mut counted) {
            return Ok(outline);
        }
    }
    let envelope: Envelope<'_> = serde_json::from_slice(envelope).map_err(Error::Envelope)?;
    Ok(envelope.document)
}

/// Reads of a record what is counted, and its parts.
///
/// # Errors
/// As [`decode`].
pub fn outlined(bytes: &[u8]) -> Result<OutlinedRecord<'_>, Error> {
    #[derive(Deserialize)]
    struct Envelope<'a> {
        #[serde(borrow)]
        document: Outline<'a>,
        parts: Vec<PartHeader>,
    }
    let (envelope, rest) = split(bytes)?;
    let envelope: Envelope<'_> = serde_json::from_slice(envelope).map_err(Error::Envelope)?;
    Ok(OutlinedRecord {
        outline: envelope.document,
        parts: placed(envelope.parts, rest)?,
    })
}

/// The envelope, and the inline parts behind it.
fn split(bytes: &[u8]) -> Result<(&[u8], &[u8]), Error> {
    let (prefix, rest) = bytes.split_at_checked(PREFIX_BYTES).ok_or(Error::Short)?;
    if prefix[0] != VERSION {
        return Err(Error::Version { found: prefix[0] });
    }
    let length = u32::from_le_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]) as usize;
    rest.split_at_checked(length).ok_or(Error::Short)
}

/// Reads a record back.
///
/// # Errors
/// Whatever makes the bytes no record; never panics on any input.
pub fn decode(bytes: &[u8]) -> Result<StoredRecord<'_>, Error> {
    let (envelope, rest) = split(bytes)?;
    let envelope: EnvelopeOwned = serde_json::from_slice(envelope).map_err(Error::Envelope)?;
    Ok(StoredRecord {
        document: envelope.document,
        parts: placed(envelope.parts, rest)?,
    })
}

/// The parts with the bytes of those that are inline.
fn placed(headers: Vec<PartHeader>, mut rest: &[u8]) -> Result<Vec<(PartHeader, &[u8])>, Error> {
    let mut parts = Vec::with_capacity(headers.len());
    for header in headers {
        let length = match header.at {
            Place::Blob => 0,
            Place::Inline => usize::try_from(header.bytes).map_err(|_| Error::Short)?,
        };
        let (part, behind) = rest.split_at_checked(length).ok_or(Error::Short)?;
        rest = behind;
        parts.push((header, part));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn document() -> Document {
        serde_json::from_str(
            r#"{"timestamp":"2026-11-20T09:15:42Z","accountId":"111122223333","region":"us-east-1",
                "requestId":"5f0c9a52-1b7e-4c0e-9a5d-2f6f0f7a1c11","operation":"Converse",
                "identity":{"arn":"arn:aws:iam::111122223333:user/a"},
                "schemaType":"ModelInvocationLog","schemaVersion":"1.0",
                "fieldOfTheFuture":{"ignored":true}}"#,
        )
        .unwrap()
    }

    fn part(name: PartName, at: Place, bytes: u64) -> PartHeader {
        PartHeader {
            name,
            form: BodyForm::Json,
            at,
            bytes,
        }
    }

    #[test]
    fn inline_parts_come_back_and_blobs_take_no_bytes() {
        let parts = [
            part(PartName::Input, Place::Blob, 1 << 40),
            part(PartName::Output, Place::Inline, 4),
        ];
        let mut bytes = encode_envelope(&document(), &parts).unwrap();
        bytes.extend_from_slice(b"null");
        let outlined = outlined(&bytes).unwrap();
        assert_eq!(outlined.outline, Outline::from(&document()));
        assert_eq!(outlined.part(PartName::Output).unwrap().1, b"null");
        let back = decode(&bytes).unwrap();
        assert_eq!(back.document, document());
        assert_eq!(back.part(PartName::Output).unwrap().1, b"null");
        assert_eq!(back.part(PartName::Input).unwrap().0.bytes, 1 << 40);
        bytes.pop();
        assert!(matches!(decode(&bytes), Err(Error::Short)));
    }

    /// A record that says all that is counted, with texts that have escapes in JSON.
    fn counted() -> Document {
        serde_json::from_str(
            r#"{"timestamp":"2026-11-20T09:15:42Z","accountId":"111122223333","region":"us-east-1",
                "requestId":"5f0c9a52","operation":"Converse","modelId":"a \"model\"","errorCode":"Odd",
                "input":{"inputTokenCount":1,"cacheReadInputTokenCount":2,"cacheWriteInputTokenCount":3},
                "output":{"outputTokenCount":4,"outputImageHeight":5,"outputImageWidth":6,
                    "outputImageBucketedStepSize":7},
                "identity":{"arn":"arn:aws:iam::111122223333:user/a"},
                "schemaType":"ModelInvocationLog","schemaVersion":"1.0",
                "corelog":{"provider":"p","method":"POST","httpStatus":200,"latencyMs":910.25,
                    "timeToFirstByteMs":8,"overheadMs":9.5,"stream":{"framing":"sse","longestGapMs":10},
                    "stopReason":"end\nturn","user":"u","session":"s","tags":{"team":"a\\b"},
                    "usage":{"input":{"value":11,"provenance":"reported"},
                        "output":{"value":12,"provenance":"derived"},
                        "cacheRead":{"value":13,"provenance":"reported"},
                        "cacheWrite":{"value":14,"provenance":"reported"},
                        "reasoning":{"value":15,"provenance":"reported"},
                        "total":{"value":16,"provenance":"reported"}},
                    "cost":{"amount":0.00000025,"absent":"odd","currency":"USD"},"imageCount":17,
                    "caller":{"name":"c","keyFingerprint":"f","address":"127.0.0.1"},
                    "delivery":{"outcome":"hung_up","bytes":1,"chunks":1,"closedAfterMs":18.5}}}"#,
        )
        .unwrap()
    }

    #[test]
    fn what_is_counted_is_what_the_document_says() {
        for document in [document(), counted()] {
            let bytes = encode_envelope(&document, &[]).unwrap();
            let said = Outline::from(&document);
            assert_eq!(outline(&bytes).unwrap(), said);
            // The array alone says it all: behind it, nothing was looked at.
            let document_at = bytes.windows(11).position(|it| it == b"\"document\":");
            let mut cut = bytes[..document_at.unwrap()].to_vec();
            let length = u32::try_from(cut.len() - PREFIX_BYTES).unwrap();
            cut[1..PREFIX_BYTES].copy_from_slice(&length.to_le_bytes());
            assert_eq!(outline(&cut).unwrap(), said);
        }
    }

    #[test]
    fn what_is_counted_is_read_of_documents_of_other_versions() {
        let document = serde_json::to_string(&counted()).unwrap();
        for before in [
            "",
            r#""counted":["Converse"],"#,
            r#""counted":["Converse",null,null,[],[],null,"more"],"#,
            r#""counted":{"of":"the future"},"#,
        ] {
            let envelope = format!(r#"{{{before}"document":{document},"parts":[]}}"#);
            let mut bytes = vec![VERSION];
            bytes.extend_from_slice(&u32::try_from(envelope.len()).unwrap().to_le_bytes());
            bytes.extend_from_slice(envelope.as_bytes());
            assert_eq!(
                outline(&bytes).unwrap(),
                Outline::from(&counted()),
                "{before}"
            );
            assert_eq!(decode(&bytes).unwrap().document, counted(), "{before}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (decode(&bytes), outline(&bytes));
            let mut framed = vec![VERSION, 2, 0, 0, 0];
            framed.extend_from_slice(&bytes);
            let _ = (decode(&framed), outline(&framed));
            let mut counted = br#"{"counted":"#.to_vec();
            counted.extend_from_slice(&bytes);
            let mut framed = vec![VERSION];
            framed.extend_from_slice(&u32::try_from(counted.len()).unwrap().to_le_bytes());
            framed.extend_from_slice(&counted);
            let _ = outline(&framed);
        }
    }
}
