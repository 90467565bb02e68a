//! Events as a bucket of Bedrock's invocation logging.
//!
//! The order of time makes batches: records of one hour go into one, up to a size. What an import makes of the bucket
//! is what was exported: a record's time is in it, and a line that does not say its time is in a batch whose name does.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::{self, Write as _};

use corelog_providers::json;
use corelog_sinks::s3::{Archive, GZIP_LEVEL, INLINE_BYTES_MAX, Object};
use corelog_store::{Event, Position};
use corelog_types::{RecordId, Timestamp};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::Error;
use crate::import::rewrite::{bodies_over, outlined};
use crate::import::time_of_record;
use crate::ledger::key_hash;

/// A batch is written once it has so many records, or bytes before compression.
const BATCH_RECORDS_MAX: usize = 10_000;
const BATCH_BYTES_MAX: usize = 16 << 20;
/// Batches that are being filled at once: the one that was begun first gives way. What they are told apart by is text
/// of strangers.
const OPEN_MAX: usize = 8;

/// Whose records are those that do not say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The account.
    pub account_id: String,
    /// The region.
    pub region: String,
}

/// The parts of a record that its keys are made of.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Keyed<'a> {
    #[serde(borrow, default)]
    account_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    region: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    request_id: Option<Cow<'a, str>>,
}

/// Batches that are being filled, one for each account and region, and one each for what does not say its time.
pub(super) struct Batches<'a> {
    archive: &'a Archive,
    owner: &'a Owner,
    open: Vec<Open>,
    names: BodyNames,
}

/// The keys that bodies of the hour at hand have. Time goes on, so no key of another hour comes again.
#[derive(Default)]
struct BodyNames {
    hour: String,
    /// By a hash: a busy hour may have very many.
    taken: HashSet<u128>,
}

struct Open {
    account_id: String,
    region: String,
    /// Whether its lines say their times.
    dated: bool,
    /// The time of the last of them.
    at: Timestamp,
    first: Position,
    last: Position,
    records: usize,
    bytes: usize,
    lines: GzEncoder<Vec<u8>>,
    bodies: Vec<Object>,
}

impl<'a> Batches<'a> {
    pub(super) fn new(archive: &'a Archive, owner: &'a Owner) -> Self {
        Self {
            archive,
            owner,
            open: Vec::new(),
            names: BodyNames::default(),
        }
    }

    /// Adds an event; whether lines of it had to be joined.
    pub(super) async fn add(&mut self, event: &Event) -> Result<bool, Error> {
        let (line, joined) = on_one_line(&event.message);
        let keyed = serde_json::from_str::<Keyed<'_>>(&line).ok();
        let part = |of: fn(&Keyed<'_>) -> Option<String>, otherwise: &str| {
            let found = keyed.as_ref().and_then(of);
            found.unwrap_or_else(|| otherwise.to_owned())
        };
        let account_id = part(
            |it| it.account_id.as_deref().map(str::to_owned),
            &self.owner.account_id,
        );
        let region = part(
            |it| it.region.as_deref().map(str::to_owned),
            &self.owner.region,
        );
        let request_id = part(|it| it.request_id.as_deref().map(str::to_owned), "");
        let dated = time_of_record(&line).is_some();

        let same = |open: &Open| {
            open.account_id == account_id && open.region == region && open.dated == dated
        };
        let at = match self.open.iter().position(same) {
            Some(at) if self.open[at].takes(event) => at,
            found => {
                let gives_way = found.or((self.open.len() == OPEN_MAX).then_some(0));
                if let Some(at) = gives_way {
                    let full = self.open.remove(at);
                    self.put(full).await?;
                }
                self.open.push(Open::new(account_id, region, dated, event));
                self.open.len() - 1
            }
        };
        let (open, names) = (&mut self.open[at], &mut self.names);
        open.add(event, &line, &request_id, self.archive, names)?;
        Ok(joined)
    }

    pub(super) async fn finish(mut self) -> Result<(), Error> {
        for open in std::mem::take(&mut self.open) {
            self.put(open).await?;
        }
        Ok(())
    }

    /// Bodies first: whoever sees a record finds its bodies.
    async fn put(&self, open: Open) -> Result<(), Error> {
        let stem = open.stem();
        let key = self
            .archive
            .batch_key(&open.account_id, &open.region, open.at, &stem);
        let bytes = open.lines.finish().map_err(|error| failed(&key, error))?;
        let mut objects = open.bodies;
        objects.push(Object {
            key,
            bytes: bytes.into(),
            zipped: true,
        });
        Ok(self.archive.put(objects).await?)
    }
}

impl Open {
    fn new(account_id: String, region: String, dated: bool, event: &Event) -> Self {
        Self {
            account_id,
            region,
            dated,
            at: event.timestamp,
            first: event.position,
            last: event.position,
            records: 0,
            bytes: 0,
            lines: gzip(),
            bodies: Vec::new(),
        }
    }

    fn takes(&self, event: &Event) -> bool {
        let fits = self.records < BATCH_RECORDS_MAX && self.bytes < BATCH_BYTES_MAX;
        fits && if self.dated {
            self.at.hour_folder() == event.timestamp.hour_folder()
        } else {
            self.at == event.timestamp
        }
    }

    fn add(
        &mut self,
        event: &Event,
        line: &str,
        request_id: &str,
        archive: &Archive,
        names: &mut BodyNames,
    ) -> Result<(), Error> {
        self.at = event.timestamp;
        self.last = event.position;
        self.records += 1;
        self.bytes += line.len();
        let mut addresses = Vec::new();
        if line.len() > INLINE_BYTES_MAX.as_usize() {
            let (account_id, region) = (&self.account_id, &self.region);
            let key = archive.data_key(account_id, region, event.timestamp, request_id);
            let prefix = names.unlike_others(key, event, request_id);
            for inside in bodies_over(line, INLINE_BYTES_MAX.as_usize()) {
                let key = format!("{prefix}{}", inside.side.object());
                let mut zipped = gzip();
                let written = zipped.write_all(inside.body.as_bytes());
                let bytes = written.and_then(|()| zipped.finish());
                let bytes = bytes.map_err(|error| failed(&key, error))?;
                addresses.push((inside, archive.url(&key)));
                self.bodies.push(Object {
                    key,
                    bytes: bytes.into(),
                    zipped: true,
                });
            }
        }
        let line = if addresses.is_empty() {
            Cow::Borrowed(line)
        } else {
            Cow::Owned(outlined(line, &addresses))
        };
        let written = self.lines.write_all(line.as_bytes());
        written
            .and_then(|()| self.lines.write_all(b"\n"))
            .map_err(|error| failed("a batch", error))
    }

    /// Sixteen hex digits that no other batch of the export has, and the same batch of another has.
    fn stem(&self) -> String {
        let mut hash = Sha256::new();
        for position in [self.first, self.last] {
            hash.update(text_of(position));
        }
        hash.update([u8::from(self.dated)]);
        let mut first = [0; 8];
        first.copy_from_slice(&hash.finalize()[..8]);
        format!("{:016x}", u64::from_be_bytes(first))
    }
}

impl BodyNames {
    /// What the keys of a record's bodies begin with. An id that may be another record's, too, gets the event's
    /// position behind it.
    fn unlike_others(&mut self, key: String, event: &Event, request_id: &str) -> String {
        let hour = event.timestamp.hour_folder();
        if self.hour != hour {
            self.taken.clear();
            self.hour = hour;
        }
        let is_uuid = request_id.len() == 36 && request_id.parse::<RecordId>().is_ok();
        if is_uuid && self.taken.insert(key_hash(&key)) {
            return key;
        }
        format!("{key}{}_", text_of(event.position))
    }
}

fn text_of(position: Position) -> String {
    let Position {
        node,
        sequence,
        part,
    } = position;
    format!("{node}{:016x}{part:08x}", sequence.to_u64())
}

fn gzip() -> GzEncoder<Vec<u8>> {
    GzEncoder::new(Vec::new(), Compression::new(GZIP_LEVEL))
}

fn failed(at: &str, source: io::Error) -> Error {
    Error::Write {
        at: at.to_owned(),
        source,
    }
}

/// A message as a line of a batch. JSON does not change its meaning by that; other text gets spaces for line ends, and
/// this is said.
fn on_one_line(message: &str) -> (Cow<'_, str>, bool) {
    if !message.contains('\n') {
        return (Cow::Borrowed(message), false);
    }
    let mut compact = Vec::with_capacity(message.len());
    if json::minify(message.as_bytes(), &mut compact)
        && let Ok(compact) = String::from_utf8(compact)
    {
        return (Cow::Owned(compact), false);
    }
    (Cow::Owned(message.replace('\n', " ")), true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_becomes_one_line() {
        let line = |text: &'static str| {
            let (line, joined) = on_one_line(text);
            (line.into_owned(), joined)
        };
        assert_eq!(line("{\"a\": 1}"), ("{\"a\": 1}".to_owned(), false));
        assert_eq!(line("{\"a\":\n 1}"), ("{\"a\":1}".to_owned(), false));
        assert_eq!(line("one\ntwo"), ("one two".to_owned(), true));
    }
}
