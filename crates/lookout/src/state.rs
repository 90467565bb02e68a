//! What the detectors remember, in a file.
//!
//! ```text
//! CLAN                    what it is
//! 1                       version
//! 8 bytes                 the beginning of the SHA-256 of all that follows
//! node, sequence          whose spool, and up to where it was read, 8 bytes each
//! compared                the last day whose answers were compared, 8 bytes
//! 3 × (length, bytes)     bursts, runaway calls, drifts; lengths have 8 bytes
//! ```
//! Numbers are little-endian. The file is written beside its place and put there whole.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use corelog_anomaly::{Bursts, Drifts, Runaways};
use corelog_types::{NodeId, Sequence};
use sha2::{Digest as _, Sha256};

use crate::Error;
use crate::detectors::{Detectors, Limits};

const MAGIC: &[u8; 5] = b"CLAN\x01";
const SUM_BYTES: usize = 8;
/// What two thousand callers and models have at the most is half of it.
const FILE_BYTES_MAX: u64 = 1 << 30;

/// Up to where in which spool records were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) node: NodeId,
    pub(crate) read: Sequence,
}

/// Writes what is remembered. It is there whole, also after a crash, or what was there before is.
pub(crate) fn write(path: &Path, detectors: &Detectors, place: Place) -> Result<(), Error> {
    let bytes = encode(detectors, place);
    let beside = path.with_extension("tmp");
    let written = || -> io::Result<()> {
        let mut file = File::create(&beside)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        match path.parent() {
            Some(dir) => File::open(dir)?.sync_all(),
            None => Ok(()),
        }
    };
    written().map_err(|source| Error::Write {
        path: path.display().to_string(),
        source,
    })
}

/// Reads what is remembered; `None` where there is nothing, or nothing that this version knows.
pub(crate) fn read(path: &Path, limits: &Limits) -> Result<Option<(Detectors, Place)>, Error> {
    let failed = |source| Error::Read {
        path: path.display().to_string(),
        source,
    };
    match fs::metadata(path) {
        Ok(found) if found.len() <= FILE_BYTES_MAX => {}
        Ok(found) => {
            let bytes = found.len();
            tracing::warn!(
                bytes,
                "what is known of anomalies is too large to be read; it is learnt anew"
            );
            return Ok(None);
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    }
    let bytes = fs::read(path).map_err(failed)?;
    let read = decode(&bytes, limits);
    if read.is_none() {
        tracing::warn!(
            path = %path.display(),
            "what is known of anomalies is damaged or of another version; it is learnt anew"
        );
    }
    Ok(read)
}

fn encode(detectors: &Detectors, place: Place) -> Vec<u8> {
    let mut body = Vec::new();
    for number in [place.node.to_u64(), place.read.to_u64(), detectors.compared] {
        body.extend(number.to_le_bytes());
    }
    let parts = [
        detectors.bursts.to_bytes(),
        detectors.runaways.to_bytes(),
        detectors.drifts.to_bytes(),
    ];
    for part in parts {
        body.extend((part.len() as u64).to_le_bytes());
        body.extend(part);
    }
    let mut bytes = MAGIC.to_vec();
    bytes.extend(&Sha256::digest(&body)[..SUM_BYTES]);
    bytes.extend(body);
    bytes
}

fn decode(bytes: &[u8], limits: &Limits) -> Option<(Detectors, Place)> {
    let bytes = bytes.strip_prefix(MAGIC)?;
    let (sum, mut body) = bytes.split_at_checked(SUM_BYTES)?;
    if Sha256::digest(body)[..SUM_BYTES] != *sum {
        return None;
    }
    let node = NodeId::from_u64(number(&mut body)?);
    let read = Sequence::from_u64(number(&mut body)?);
    let compared = number(&mut body)?;
    let bursts = Bursts::from_bytes(part(&mut body)?, limits.bursts).ok()?;
    let runaways = Runaways::from_bytes(part(&mut body)?, limits.runaways).ok()?;
    let drifts = Drifts::from_bytes(part(&mut body)?, limits.drift_keys_max).ok()?;
    let detectors = Detectors {
        bursts,
        runaways,
        drifts,
        compared,
    };
    body.is_empty().then_some((detectors, Place { node, read }))
}

fn number(body: &mut &[u8]) -> Option<u64> {
    let (first, rest) = body.split_first_chunk()?;
    *body = rest;
    Some(u64::from_le_bytes(*first))
}

fn part<'a>(body: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(number(body)?).ok()?;
    let (part, rest) = body.split_at_checked(length)?;
    *body = rest;
    Some(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("anomalies.bin");
        let limits = Limits::new(9);
        assert!(read(&path, &limits).unwrap().is_none());
        let mut detectors = Detectors::new(&limits);
        detectors.compared = 20_000;
        let place = Place {
            node: NodeId::from_u64(7),
            read: Sequence::from_u64(9),
        };
        write(&path, &detectors, place).unwrap();
        let (found, at) = read(&path, &limits).unwrap().unwrap();
        assert_eq!((found.compared, at), (20_000, place));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);

        let bytes = fs::read(&path).unwrap();
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            assert!(decode(&changed, &limits).is_none(), "{place}");
            assert!(decode(&bytes[..place], &limits).is_none(), "{place}");
        }
    }
}
