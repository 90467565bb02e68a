//! One entry as bytes: encoding it in two steps, the second of them short, and reading it back warily.
//!
//! | at | bytes | what |
//! |---|---|---|
//! | 0 | 4 | mark of the segment, so that a resync finds entries and not payloads that look like them |
//! | 4 | 4 | CRC-32 of the body, the header from byte 8 on, and the segment's salt, in this order |
//! | 8 | 1 | kind: 1 record, 2 intent, 3 carried intent, 4 abandon |
//! | 9 | 1 | number of blobs |
//! | 10 | 2 | zero |
//! | 12 | 4 | bytes in the body |
//! | 16 | 8 | sequence of a record; for others, the sequence the next record will have |
//! | 24 | 8 | time, milliseconds since the epoch |
//! | 32 | 8 | how many bytes of this segment were known durable when this was written |
//! | 40 | 16 | record id |
//! | 56 | 8 | where in the segment this entry begins |
//!
//! Numbers are little-endian. The body follows: for each blob the length of its name (1 byte), the name and its size
//! (8 bytes), then the payload. Zeros pad the whole to a multiple of 8. The checksum takes the body first so that
//! everything long is done before the place, and with it the lock, is known.

use corelog_types::{RecordId, Sequence, Timestamp};

use crate::Blob;

/// Bytes before the body.
pub(crate) const HEADER_BYTES: usize = 64;
/// No body is longer, whatever a length field says: what a reader may be made to hold.
pub(crate) const BODY_BYTES_MAX: u64 = 64 << 20;
/// Entries begin at multiples of this.
pub(crate) const ALIGN: u64 = 8;
/// A record has at most this many blobs.
pub(crate) const BLOBS_MAX: usize = 16;

/// What an entry is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Record,
    Intent,
    Carried,
    Abandon,
}

/// The two secrets of a segment that make its entries its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) mark: u32,
    pub(crate) salt: u64,
}

/// What is known of an entry only under the lock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) stamp: Stamp,
    pub(crate) offset: u64,
    pub(crate) sequence: u64,
    pub(crate) synced: u64,
}

/// An entry encoded but for its place.
#[derive(Debug)]
pub(crate) struct Draft {
    bytes: Vec<u8>,
    body: crc32fast::Hasher,
}

impl Draft {
    /// Encodes the body; its length must be under [`BODY_BYTES_MAX`], which callers check.
    pub(crate) fn new(
        kind: Kind,
        id: RecordId,
        time: Timestamp,
        blobs: &[Blob],
        payload: &[&[u8]],
    ) -> Self {
        let length = body_bytes(blobs, payload);
        let padded = length.next_multiple_of(ALIGN);
        let mut bytes =
            Vec::with_capacity(HEADER_BYTES + usize::try_from(padded).unwrap_or(usize::MAX));
        bytes.resize(HEADER_BYTES, 0);
        bytes[8] = match kind {
            Kind::Record => 1,
            Kind::Intent => 2,
            Kind::Carried => 3,
            Kind::Abandon => 4,
        };
        bytes[9] = u8::try_from(blobs.len()).unwrap_or(u8::MAX);
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        bytes[12..16].copy_from_slice(&length.to_le_bytes());
        bytes[24..32].copy_from_slice(&time.unix_ms().to_le_bytes());
        bytes[40..56].copy_from_slice(&id.to_bytes());
        for blob in blobs {
            bytes.push(u8::try_from(blob.name.len()).unwrap_or(u8::MAX));
            bytes.extend_from_slice(blob.name.as_bytes());
            bytes.extend_from_slice(&blob.bytes.to_le_bytes());
        }
        for slice in payload {
            bytes.extend_from_slice(slice);
        }
        let mut body = crc32fast::Hasher::new();
        body.update(&bytes[HEADER_BYTES..]);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        Self { bytes, body }
    }

    /// The whole entry's length.
    pub(crate) fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Fills in the place and the checksum. May be done again for another place.
    pub(crate) fn place(&mut self, place: &Place) -> &[u8] {
        self.bytes[0..4].copy_from_slice(&place.stamp.mark.to_le_bytes());
        self.bytes[16..24].copy_from_slice(&place.sequence.to_le_bytes());
        self.bytes[32..40].copy_from_slice(&place.synced.to_le_bytes());
        self.bytes[56..64].copy_from_slice(&place.offset.to_le_bytes());
        let mut crc = self.body.clone();
        crc.update(&self.bytes[8..HEADER_BYTES]);
        crc.update(&place.stamp.salt.to_le_bytes());
        self.bytes[4..8].copy_from_slice(&crc.finalize().to_le_bytes());
        &self.bytes
    }
}

/// How long the body of such an entry would be.
pub(crate) fn body_bytes(blobs: &[Blob], payload: &[&[u8]]) -> u64 {
    let names: usize = blobs.iter().map(|blob| 9 + blob.name.len()).sum();
    let payload: usize = payload.iter().map(|slice| slice.len()).sum();
    (names as u64).saturating_add(payload as u64)
}

/// An entry's header, read and plausible, its checksum not yet compared.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    crc: u32,
    pub(crate) kind: Kind,
    blobs: usize,
    body: u32,
    pub(crate) sequence: u64,
    pub(crate) time: Timestamp,
    pub(crate) synced: u64,
    pub(crate) id: RecordId,
    pub(crate) offset: u64,
}

/// The `N` bytes at `at`; zeros where there are none, which no valid header has in a place that matters.
pub(crate) fn field<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes
        .get(at..at + N)
        .and_then(|slice| slice.try_into().ok())
        .unwrap_or([0; N])
}

impl Header {
    /// Reads a header that should begin at `offset` of a segment; `None` if it cannot be one.
    pub(crate) fn read(bytes: &[u8], stamp: Stamp, offset: u64) -> Option<Self> {
        if bytes.len() < HEADER_BYTES || u32::from_le_bytes(field(bytes, 0)) != stamp.mark {
            return None;
        }
        let header = Self {
            crc: u32::from_le_bytes(field(bytes, 4)),
            kind: match bytes[8] {
                1 => Kind::Record,
                2 => Kind::Intent,
                3 => Kind::Carried,
                4 => Kind::Abandon,
                _ => return None,
            },
            blobs: usize::from(bytes[9]),
            body: u32::from_le_bytes(field(bytes, 12)),
            sequence: u64::from_le_bytes(field(bytes, 16)),
            time: Timestamp::from_unix_ms(u64::from_le_bytes(field(bytes, 24))),
            synced: u64::from_le_bytes(field(bytes, 32)),
            id: RecordId::from_bytes(field(bytes, 40)),
            offset: u64::from_le_bytes(field(bytes, 56)),
        };
        let plausible = header.offset == offset
            && u64::from(header.body) <= BODY_BYTES_MAX
            && header.blobs <= BLOBS_MAX
            && header.synced <= offset
            && header.sequence != u64::MAX;
        plausible.then_some(header)
    }

    /// The whole entry's length, header and padding included.
    pub(crate) fn len(&self) -> usize {
        HEADER_BYTES + (self.body as usize).next_multiple_of(8)
    }

    /// Compares the checksum and takes the body apart; `bytes` is the whole entry. `None` if it is damaged.
    pub(crate) fn body<'a>(&self, bytes: &'a [u8], stamp: Stamp) -> Option<Body<'a>> {
        let body = bytes.get(HEADER_BYTES..HEADER_BYTES + self.body as usize)?;
        let padding = bytes.get(HEADER_BYTES + self.body as usize..self.len())?;
        let mut crc = crc32fast::Hasher::new();
        crc.update(body);
        crc.update(&bytes[8..HEADER_BYTES]);
        crc.update(&stamp.salt.to_le_bytes());
        if crc.finalize() != self.crc || padding.iter().any(|byte| *byte != 0) {
            return None;
        }
        let mut payload = body;
        let mut blobs = Vec::with_capacity(self.blobs);
        for _ in 0..self.blobs {
            let (length, rest) = payload.split_first()?;
            let (name, rest) = rest.split_at_checked(usize::from(*length))?;
            let (size, rest) = rest.split_at_checked(8)?;
            blobs.push(Blob {
                name: str::from_utf8(name).ok()?.to_owned(),
                bytes: u64::from_le_bytes(field(size, 0)),
            });
            payload = rest;
        }
        Some(Body { blobs, payload })
    }

    /// The sequence, as the type.
    pub(crate) fn sequence(&self) -> Sequence {
        Sequence::from_u64(self.sequence)
    }
}

/// What an entry carries.
#[derive(Debug)]
pub(crate) struct Body<'a> {
    pub(crate) blobs: Vec<Blob>,
    pub(crate) payload: &'a [u8],
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp = Stamp {
        mark: 0x00c0_ffee,
        salt: 7,
    };

    fn encoded() -> Vec<u8> {
        let blobs = [Blob {
            name: "input".to_owned(),
            bytes: 300_000,
        }];
        let id = RecordId::from_parts(1_700_000_000_000, [9; 10]);
        let time = Timestamp::from_unix_ms(1_700_000_000_500);
        let mut draft = Draft::new(Kind::Record, id, time, &blobs, &[b"ab", b"cde"]);
        let place = Place {
            stamp: STAMP,
            offset: 128,
            sequence: 3,
            synced: 64,
        };
        draft.place(&place).to_vec()
    }

    #[test]
    fn an_entry_reads_back_as_written() {
        let bytes = encoded();
        // 64 of header, 1 + 5 + 8 for the blob, 5 of payload: 83, padded to 88.
        assert_eq!(bytes.len(), 88);
        let header = Header::read(&bytes, STAMP, 128).unwrap();
        assert_eq!(header.kind, Kind::Record);
        assert_eq!(header.sequence, 3);
        assert_eq!(header.synced, 64);
        assert_eq!(header.time.unix_ms(), 1_700_000_000_500);
        assert_eq!(header.len(), 88);
        let body = header.body(&bytes, STAMP).unwrap();
        assert_eq!(body.payload, b"abcde");
        assert_eq!(body.blobs[0].name, "input");
        assert_eq!(body.blobs[0].bytes, 300_000);
    }

    #[test]
    fn any_flipped_bit_is_noticed() {
        let good = encoded();
        for bit in 0..good.len() * 8 {
            let mut bytes = good.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let read = Header::read(&bytes, STAMP, 128)
                .is_some_and(|header| header.body(&bytes, STAMP).is_some());
            assert!(!read, "bit {bit}");
        }
    }

    #[test]
    fn an_entry_of_another_segment_or_place_is_none() {
        let bytes = encoded();
        assert!(Header::read(&bytes, STAMP, 136).is_none());
        let other = Stamp {
            mark: STAMP.mark,
            salt: 8,
        };
        let header = Header::read(&bytes, other, 128).unwrap();
        assert!(header.body(&bytes, other).is_none());
    }
}
