//! The bytes of a batch of log events as a spool keeps them, beside [records](crate::stored).
//!
//! ```text
//! u8   form: `E`, which no version of a record's bytes is
//! u8   version (1)
//! u16  length of the log group's name, and the name
//! u16  length of the log stream's name, and the name
//! u32  number of events
//! …    for each event: u64 timestamp in milliseconds, u32 length of its message
//! …    the messages, one after the other
//! ```
//! Numbers are little-endian, text is UTF-8. When the events were taken in is the time of the spool's entry.

use crate::stored::Error;

/// What tells a batch from a record: versions of records are counted from 1 and will not come to this.
const FORM: u8 = b'E';
const VERSION: u8 = 1;
const EVENT_HEADER_BYTES: usize = 12;

/// Log events that came together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventBatch<'a> {
    /// Their log group.
    pub group: &'a str,
    /// Their log stream.
    pub stream: &'a str,
    /// Each event's timestamp in milliseconds since the epoch, and its message.
    pub events: Vec<(u64, &'a str)>,
}

/// Whether a payload of the spool is a batch of log events rather than a record.
pub fn is_batch(payload: &[u8]) -> bool {
    payload.first() == Some(&FORM)
}

impl<'a> EventBatch<'a> {
    /// Writes the batch.
    ///
    /// # Errors
    /// [`Error::Short`] where a name or a message is longer than its length can say.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        let messages: usize = self.events.iter().map(|(_, message)| message.len()).sum();
        let heads = self.events.len() * EVENT_HEADER_BYTES;
        let names = self.group.len() + self.stream.len();
        let mut bytes = Vec::with_capacity(10 + names + heads + messages);
        bytes.extend_from_slice(&[FORM, VERSION]);
        for name in [self.group, self.stream] {
            let length = u16::try_from(name.len()).map_err(|_| Error::Short)?;
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(name.as_bytes());
        }
        let count = u32::try_from(self.events.len()).map_err(|_| Error::Short)?;
        bytes.extend_from_slice(&count.to_le_bytes());
        for (timestamp, message) in &self.events {
            let length = u32::try_from(message.len()).map_err(|_| Error::Short)?;
            bytes.extend_from_slice(&timestamp.to_le_bytes());
            bytes.extend_from_slice(&length.to_le_bytes());
        }
        for (_, message) in &self.events {
            bytes.extend_from_slice(message.as_bytes());
        }
        Ok(bytes)
    }

    /// Reads a batch back.
    ///
    /// # Errors
    /// Whatever makes the bytes no batch; never panics on any input, and holds no more than the input does.
    pub fn decode(payload: &'a [u8]) -> Result<Self, Error> {
        let mut rest = Rest(payload);
        let [form, version] = rest.array()?;
        if form != FORM {
            return Err(Error::Version { found: form });
        }
        if version != VERSION {
            return Err(Error::Version { found: version });
        }
        let group = rest.name()?;
        let stream = rest.name()?;
        let count = u32::from_le_bytes(rest.array()?) as usize;
        let heads_bytes = count.checked_mul(EVENT_HEADER_BYTES).ok_or(Error::Short)?;
        let mut heads = Rest(rest.take(heads_bytes)?);
        let mut events = Vec::with_capacity(count);
        for _ in 0..count {
            let timestamp = u64::from_le_bytes(heads.array()?);
            let length = u32::from_le_bytes(heads.array()?) as usize;
            events.push((timestamp, rest.text(length)?));
        }
        Ok(Self {
            group,
            stream,
            events,
        })
    }
}

/// What is not read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, bytes: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.0.split_at_checked(bytes).ok_or(Error::Short)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        self.take(N)?.try_into().map_err(|_| Error::Short)
    }

    fn text(&mut self, bytes: usize) -> Result<&'a str, Error> {
        str::from_utf8(self.take(bytes)?).map_err(Error::Text)
    }

    fn name(&mut self) -> Result<&'a str, Error> {
        let length = u16::from_le_bytes(self.array()?);
        self.text(usize::from(length))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stored;

    #[test]
    fn a_batch_reads_back_and_is_no_record() {
        let batch = EventBatch {
            group: "/app",
            stream: "ä",
            events: vec![(0, "x"), (1_795_338_942_000, "größe"), (u64::MAX, "")],
        };
        let bytes = batch.encode().unwrap();
        assert_eq!(
            &bytes[..15],
            b"E\x01\x04\x00/app\x02\x00\xc3\xa4\x03\x00\x00"
        );
        assert_eq!(EventBatch::decode(&bytes).unwrap(), batch);
        assert!(is_batch(&bytes));
        assert!(matches!(
            stored::decode(&bytes),
            Err(Error::Version { found: b'E' })
        ));
        for cut in 0..bytes.len() {
            let cut_short = EventBatch::decode(&bytes[..cut]);
            assert!(matches!(cut_short, Err(Error::Short)), "{cut}");
        }
    }

    #[test]
    fn a_record_is_no_batch() {
        let record = [1, 0, 0, 0, 0];
        assert!(!is_batch(&record));
        assert!(!is_batch(b""));
        let decoded = EventBatch::decode(&record);
        assert!(matches!(decoded, Err(Error::Version { found: 1 })));
    }

    #[test]
    fn a_count_beyond_the_bytes_takes_no_memory() {
        let bytes = b"E\x01\x00\x00\x00\x00\xff\xff\xff\xff";
        assert!(matches!(EventBatch::decode(bytes), Err(Error::Short)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = EventBatch::decode(&bytes);
            let framed = [b"E\x01\x01\x00g\x01\x00s".as_slice(), &bytes].concat();
            let _ = EventBatch::decode(&framed);
        }

        #[test]
        fn batches_read_back(events in proptest::collection::vec((any::<u64>(), ".{0,9}"), 0..9)) {
            let events: Vec<_> = events.iter().map(|(at, text)| (*at, text.as_str())).collect();
            let batch = EventBatch { group: "g", stream: "s", events };
            let bytes = batch.encode().unwrap();
            prop_assert_eq!(EventBatch::decode(&bytes).unwrap(), batch);
        }
    }
}
