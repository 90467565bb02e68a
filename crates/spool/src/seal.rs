//! The seal of a finished segment: a small text file beside it that says what is in it and proves it.
//!
//! ```text
//! corelog-seal 1
//! segment 00000000000000000001.seg
//! node 00c0ffee00c0ffee
//! first 1
//! last 13000
//! count 13000
//! bytes 67108952
//! earliest 1795000000000
//! latest 1795000009000
//! blake3 <64 hex digits: the hash of the segment file, as `b3sum` prints it>
//! previous <64 hex digits: the hash of the seal before this one; zeros for the first>
//! blob <file name> <bytes>        (any number of these)
//! check <8 hex digits: CRC-32 of all lines above>
//! ```
//!
//! Each seal holds the hash of the one before, so nobody can take a segment out or change one without changing every
//! later seal. The hash is BLAKE3 rather than SHA-256: without SHA instructions, which the machines we measured
//! lack, SHA-256 costs more a record than everything else the spool does.

use std::fmt::Write as _;

use corelog_types::NodeId;

use crate::scan::Span;
use crate::segment::segment_name;

/// What a seal says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seal {
    pub(crate) node: NodeId,
    pub(crate) first: u64,
    pub(crate) next: u64,
    pub(crate) count: u64,
    pub(crate) bytes: u64,
    pub(crate) span: Span,
    pub(crate) hash: blake3::Hash,
    pub(crate) previous: blake3::Hash,
    pub(crate) blobs: Vec<(String, u64)>,
}

/// The `previous` of the first seal.
pub(crate) const NO_SEAL: blake3::Hash = blake3::Hash::from_bytes([0; 32]);

impl Seal {
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::from("corelog-seal 1\n");
        let _ = write!(
            text,
            "segment {}\nnode {}\nfirst {}\nlast {}\ncount {}\nbytes {}\nearliest {}\nlatest {}\nblake3 {}\nprevious {}\n",
            segment_name(self.first),
            self.node,
            self.first,
            self.next - 1,
            self.count,
            self.bytes,
            self.span.earliest_ms,
            self.span.latest_ms,
            self.hash,
            self.previous,
        );
        for (name, bytes) in &self.blobs {
            let _ = writeln!(text, "blob {name} {bytes}");
        }
        let check = crc32fast::hash(text.as_bytes());
        let _ = writeln!(text, "check {check:08x}");
        text
    }

    /// Reads a seal; `None` if it is not whole.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (lines, check) = text.strip_suffix('\n')?.rsplit_once('\n')?;
        let check = u32::from_str_radix(check.strip_prefix("check ")?, 16).ok()?;
        if crc32fast::hash(&text.as_bytes()[..=lines.len()]) != check {
            return None;
        }
        let mut lines = lines.lines();
        if lines.next() != Some("corelog-seal 1") {
            return None;
        }
        let mut value = |key: &str| lines.next()?.strip_prefix(key)?.strip_prefix(' ');
        value("segment")?;
        let node = value("node")?.parse().ok()?;
        let mut number = |key: &str| value(key)?.parse::<u64>().ok();
        let first = number("first")?;
        let next = number("last")?.checked_add(1)?;
        let count = number("count")?;
        let bytes = number("bytes")?;
        let span = Span {
            earliest_ms: number("earliest")?,
            latest_ms: number("latest")?,
        };
        let hash = blake3::Hash::from_hex(value("blake3")?).ok()?;
        let previous = blake3::Hash::from_hex(value("previous")?).ok()?;
        let mut blobs = Vec::new();
        for line in lines {
            let (name, bytes) = line.strip_prefix("blob ")?.rsplit_once(' ')?;
            blobs.push((name.to_owned(), bytes.parse().ok()?));
        }
        Some(Self {
            node,
            first,
            next,
            count,
            bytes,
            span,
            hash,
            previous,
            blobs,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_reads_back_and_any_change_is_noticed() {
        let seal = Seal {
            node: NodeId::from_u64(7),
            first: 4,
            next: 9,
            count: 5,
            bytes: 4_096,
            span: Span {
                earliest_ms: 10,
                latest_ms: 20,
            },
            hash: blake3::hash(b"segment"),
            previous: NO_SEAL,
            blobs: vec![("a.input".to_owned(), 12)],
        };
        let text = seal.to_text();
        assert!(text.contains("\nlast 8\n"), "{text}");
        assert_eq!(Seal::read(&text), Some(seal));
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(Seal::read(&changed), None, "byte {at}");
        }
    }
}
