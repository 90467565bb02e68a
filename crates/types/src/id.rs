//! Ids: of a record, of the node that wrote it, and of its place in that node's sequence.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// The id of one invocation's record: a UUID of version 7, so ids sort by the time of the request.
///
/// It is also the `x-corelog-record-id` response header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordId(Uuid);

impl RecordId {
    /// Makes the id of a request that arrived at `unix_ms`, from ten random bytes.
    pub fn from_parts(unix_ms: u64, random: [u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(unix_ms, &random).into_uuid())
    }

    /// The sixteen bytes, as stored.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.into_bytes()
    }

    /// Takes sixteen stored bytes back.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// Milliseconds since the epoch at which the request arrived.
    pub fn unix_ms(self) -> u64 {
        let (high, _) = self.0.as_u64_pair();
        high >> 16
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

/// The text is no id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {kind}")]
pub struct InvalidId {
    text: String,
    kind: &'static str,
}

impl FromStr for RecordId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::try_parse(text).map(Self).map_err(|_| InvalidId {
            text: text.to_owned(),
            kind: "record id (a UUID)",
        })
    }
}

/// The id of one node: 16 lowercase hex digits, minted once for a data directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u64);

impl NodeId {
    /// Makes an id of a number, which the caller drew at random.
    pub fn from_u64(number: u64) -> Self {
        Self(number)
    }

    /// The number behind the hex digits.
    pub fn to_u64(self) -> u64 {
        self.0
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for NodeId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidId {
            text: text.to_owned(),
            kind: "node id (16 hex digits)",
        };
        if text.len() != 16 {
            return Err(invalid());
        }
        u64::from_str_radix(text, 16)
            .map(Self)
            .map_err(|_| invalid())
    }
}

/// A record's place in its node's history: 1 for the first, and then without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sequence(u64);

impl Sequence {
    /// The place of the first record of a node.
    pub const FIRST: Self = Self(1);

    /// Makes a place of a number; 0 is the place before the first record.
    pub fn from_u64(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub fn to_u64(self) -> u64 {
        self.0
    }

    /// The place after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_ids_carry_their_time_and_round_trip() {
        let id = RecordId::from_parts(1_795_000_000_123, [7; 10]);
        assert_eq!(id.unix_ms(), 1_795_000_000_123);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(RecordId::from_bytes(id.to_bytes()), id);
        assert!("not-an-id".parse::<RecordId>().is_err());
    }

    #[test]
    fn node_ids_are_sixteen_hex_digits() {
        let id = NodeId::from_u64(0xab);
        assert_eq!(id.to_string(), "00000000000000ab");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!("ab".parse::<NodeId>().is_err());
    }
}
