//! Records and their bodies for the tests of all sinks.

use std::collections::BTreeMap;
use std::io::{self, Read};

use corelog_delivery::BlobSource;
use corelog_record::stored::{PartHeader, PartName, Place, encode_envelope};
use corelog_record::{BodyForm, Document};
use corelog_types::RecordId;

/// A body: of which part, in which form, where it is, and its bytes.
pub(crate) type Part<'a> = (PartName, BodyForm, Place, &'a [u8]);

/// Blobs in memory.
#[derive(Debug, Default)]
pub(crate) struct Blobs(BTreeMap<(RecordId, String), Vec<u8>>);

impl BlobSource for Blobs {
    fn open(&self, id: RecordId, name: &str) -> io::Result<Box<dyn Read + Send>> {
        let bytes = self.0.get(&(id, name.to_owned()));
        let bytes = bytes.ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(io::Cursor::new(bytes.clone())))
    }
}

impl Blobs {
    /// A record as it is stored; its blobs are kept here.
    pub(crate) fn payload(
        &mut self,
        id: RecordId,
        document: &Document,
        parts: &[Part<'_>],
    ) -> Vec<u8> {
        let header = |(name, form, at, bytes): &Part<'_>| PartHeader {
            name: *name,
            form: *form,
            at: *at,
            bytes: bytes.len() as u64,
        };
        let headers: Vec<PartHeader> = parts.iter().map(header).collect();
        let mut payload = encode_envelope(document, &headers).unwrap();
        for (name, _, at, bytes) in parts {
            match at {
                Place::Inline => payload.extend_from_slice(bytes),
                Place::Blob => {
                    let key = (id, name.as_str().to_owned());
                    self.0.insert(key, bytes.to_vec());
                }
            }
        }
        payload
    }
}

/// A JSON string of exactly that many bytes, quotes included.
pub(crate) fn json_of(bytes: usize) -> Vec<u8> {
    format!("\"{}\"", "x".repeat(bytes - 2)).into_bytes()
}
