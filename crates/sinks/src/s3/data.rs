//! A body that becomes an object of its own: at hand, or read from its blob in pieces.

use std::io::{self, Read, Write};

use bytes::Bytes;
use corelog_types::RecordId;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::media::CutBlob;

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
    /// From a blob with files in it, which become objects too.
    Cut(CutBlob),
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

/// Gzips what comes in parts.
pub(crate) struct Gzipping(GzEncoder<Vec<u8>>);

impl Gzipping {
    pub(crate) fn new(level: u32) -> Self {
        Self(GzEncoder::new(Vec::new(), Compression::new(level)))
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.0.try_finish()
    }

    /// How much can be taken.
    pub(crate) fn ready(&self) -> usize {
        self.0.get_ref().len()
    }

    /// What is ready by now, possibly nothing.
    pub(crate) fn take(&mut self) -> Bytes {
        std::mem::take(self.0.get_mut()).into()
    }
}

/// Reads a source and hands out what is to be written, a piece at a time. Blocks on the source.
pub(crate) struct Pieces {
    source: Box<dyn Read + Send>,
    gzip: Option<Gzipping>,
    buffer: Vec<u8>,
    piece_bytes: usize,
    ended: bool,
}

impl Pieces {
    pub(crate) fn new(source: Box<dyn Read + Send>, gzip: Option<u32>, piece_bytes: usize) -> Self {
        Self {
            source,
            gzip: gzip.map(Gzipping::new),
            buffer: vec![0; READ_BYTES],
            piece_bytes,
            ended: false,
        }
    }

    /// The next piece of at least `piece_bytes`, the last one aside; `None` at the end.
    pub(crate) fn next_piece(&mut self) -> io::Result<Option<Bytes>> {
        let mut plain = Vec::new();
        let mut ready = 0;
        while !self.ended && ready < self.piece_bytes {
            let read = match self.source.read(&mut self.buffer) {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            self.ended = read == 0;
            let Some(gzip) = &mut self.gzip else {
                plain.extend_from_slice(&self.buffer[..read]);
                ready = plain.len();
                continue;
            };
            gzip.write(&self.buffer[..read])?;
            if self.ended {
                gzip.finish()?;
            }
            ready = gzip.ready();
        }
        let piece = match &mut self.gzip {
            Some(gzip) => gzip.take(),
            None => plain.into(),
        };
        Ok((!piece.is_empty()).then_some(piece))
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
