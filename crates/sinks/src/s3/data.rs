//! A body that becomes an object of its own: at hand, or read from its blob in pieces.

use std::io::{self, Read, Write};

use bytes::Bytes;
use corelog_types::RecordId;
use flate2::Compression;
use flate2::write::GzEncoder;

/// The content type of everything gzipped.
pub(crate) const GZIP_TYPE: &str = "application/x-gzip";
const READ_BYTES: usize = 64 << 10;

/// One object under `data/`.
#[derive(Debug)]
pub(crate) struct DataObject {
    pub(crate) key: String,
    pub(crate) content_type: &'static str,
    pub(crate) body: DataBody,
}

/// Where an object's bytes come from.
#[derive(Debug)]
pub(crate) enum DataBody {
    /// Here they are, as they are to be written.
    Ready(Bytes),
    /// From a blob.
    Blob(BlobBody),
}

/// A blob and how it is written.
#[derive(Debug, Clone)]
pub(crate) struct BlobBody {
    pub(crate) id: RecordId,
    pub(crate) name: &'static str,
    /// The gzip level; none to write the bytes as they are.
    pub(crate) gzip: Option<u32>,
}

/// Gzips bytes that are at hand.
pub(crate) fn gzip(bytes: &[u8], level: u32) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Reads a source and hands out what is to be written, a piece at a time. Blocks on the source.
pub(crate) struct Pieces {
    source: Box<dyn Read + Send>,
    encoder: Option<GzEncoder<Vec<u8>>>,
    buffer: Vec<u8>,
    piece_bytes: usize,
    ended: bool,
}

impl Pieces {
    pub(crate) fn new(source: Box<dyn Read + Send>, gzip: Option<u32>, piece_bytes: usize) -> Self {
        let encoder = gzip.map(|level| GzEncoder::new(Vec::new(), Compression::new(level)));
        Self {
            source,
            encoder,
            buffer: vec![0; READ_BYTES],
            piece_bytes,
            ended: false,
        }
    }

    /// The next piece of at least `piece_bytes`, the last one aside; `None` at the end.
    pub(crate) fn next_piece(&mut self) -> io::Result<Option<Bytes>> {
        let mut plain = Vec::new();
        while !self.ended {
            let read = match self.source.read(&mut self.buffer) {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            self.ended = read == 0;
            let Some(encoder) = &mut self.encoder else {
                plain.extend_from_slice(&self.buffer[..read]);
                if plain.len() >= self.piece_bytes {
                    break;
                }
                continue;
            };
            encoder.write_all(&self.buffer[..read])?;
            if self.ended {
                encoder.try_finish()?;
            }
            if encoder.get_ref().len() >= self.piece_bytes {
                break;
            }
        }
        if let Some(encoder) = &mut self.encoder {
            plain = std::mem::take(encoder.get_mut());
        }
        Ok((!plain.is_empty()).then(|| plain.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(gzip: Option<u32>, piece_bytes: usize) -> (Vec<u8>, usize) {
        let source: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
        let mut pieces = Pieces::new(Box::new(io::Cursor::new(source)), gzip, piece_bytes);
        let (mut whole, mut count) = (Vec::new(), 0);
        while let Some(piece) = pieces.next_piece().unwrap() {
            whole.extend_from_slice(&piece);
            count += 1;
        }
        (whole, count)
    }

    #[test]
    fn pieces_make_up_the_whole() {
        let plain: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
        let (whole, count) = all(None, 500_000);
        assert_eq!(whole, plain);
        assert_eq!(count, 3);
        let (zipped, count) = all(Some(1), 100_000);
        assert!(count > 1);
        let mut unzipped = Vec::new();
        flate2::read::GzDecoder::new(&zipped[..])
            .read_to_end(&mut unzipped)
            .unwrap();
        assert_eq!(unzipped, plain);
    }
}
