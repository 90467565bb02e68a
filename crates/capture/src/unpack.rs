//! Undoing `content-encoding` piece by piece, for whoever reads a stream that has not ended.

use std::io::{self, Write};

use brotli_decompressor::DecompressorWriter;
use flate2::write::{MultiGzDecoder, ZlibDecoder};

const BUFFER_BYTES: usize = 4 * 1024;
/// Bytes that are undone at once, and what may come of them: a bomb ends there.
const STEP_BYTES: usize = 4 * 1024;
const STEP_OUT_BYTES_MAX: usize = 4 << 20;

/// A place in a stream that may be encoded.
pub(crate) struct Unpacker(Option<Box<dyn Undo>>);

/// A decoder, and what came out of it.
trait Undo: Write + Send {
    fn out(&mut self) -> &mut Out;
}

#[derive(Default)]
struct Out(Vec<u8>);

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > STEP_OUT_BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Undo for MultiGzDecoder<Out> {
    fn out(&mut self) -> &mut Out {
        self.get_mut()
    }
}

impl Undo for ZlibDecoder<Out> {
    fn out(&mut self) -> &mut Out {
        self.get_mut()
    }
}

impl Undo for DecompressorWriter<Out> {
    fn out(&mut self) -> &mut Out {
        self.get_mut()
    }
}

impl Unpacker {
    /// A decoder for the header's value; `None` for what cannot be undone in pieces here: several encodings, and
    /// `zstd`.
    pub(crate) fn of(encoding: Option<&str>) -> Option<Self> {
        let Some(encoding) = encoding else {
            return Some(Self(None));
        };
        let undo: Box<dyn Undo> = match encoding.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Box::new(MultiGzDecoder::new(Out::default())),
            "deflate" => Box::new(ZlibDecoder::new(Out::default())),
            "br" => Box::new(DecompressorWriter::new(Out::default(), BUFFER_BYTES)),
            _ => return None,
        };
        Some(Self(Some(undo)))
    }

    /// Takes the next bytes, and hands on what they are.
    ///
    /// # Errors
    /// Bytes that are not in the encoding, or too much for them. Nothing behind them can be undone.
    pub(crate) fn push(&mut self, bytes: &[u8], take: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        let Some(undo) = &mut self.0 else {
            take(bytes);
            return Ok(());
        };
        for step in bytes.chunks(STEP_BYTES) {
            undo.write_all(step)?;
            undo.flush()?;
            let out = undo.out();
            take(&out.0);
            out.0.clear();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A meta-block of 14 bytes as they are, and an empty last one, by RFC 7932, section 9.
    const BROTLI: [u8; 18] = *b"\xd0\x00\x10over the hill\n\x03";

    fn unpacked(encoding: &str, pieces: &[&[u8]]) -> io::Result<Vec<String>> {
        let mut unpacker = Unpacker::of(Some(encoding)).unwrap();
        let mut came = Vec::new();
        for piece in pieces {
            let mut out = Vec::new();
            unpacker.push(piece, &mut |bytes| out.extend_from_slice(bytes))?;
            came.push(String::from_utf8(out).unwrap());
        }
        Ok(came)
    }

    /// Whatever was flushed on the other side is here at once.
    #[test]
    fn a_piece_is_undone_with_its_last_byte() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let mut pieces = Vec::new();
        for text in ["event one", "event two", "three"] {
            encoder.write_all(text.as_bytes()).unwrap();
            encoder.flush().unwrap();
            pieces.push(std::mem::take(encoder.get_mut()));
        }
        let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        let came = unpacked("GZIP", &pieces).unwrap();
        assert_eq!(came, ["event one", "event two", "three"]);
        let bytes = pieces.concat();
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        let came = unpacked("x-gzip", &single).unwrap();
        assert_eq!(came.concat(), "event oneevent twothree");
    }

    #[test]
    fn brotli_is_undone_byte_by_byte() {
        let single: Vec<&[u8]> = BROTLI.chunks(1).collect();
        assert_eq!(unpacked("br", &single).unwrap().concat(), "over the hill\n");
    }

    #[test]
    fn what_cannot_be_undone_is_said() {
        assert!(Unpacker::of(Some("zstd")).is_none());
        assert!(Unpacker::of(Some("gzip, br")).is_none());
        assert!(unpacked("gzip", &[b"no gzip at all"]).is_err());
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&vec![0; 64 << 20]).unwrap();
        let bomb = encoder.finish().unwrap();
        assert!(unpacked("deflate", &[&bomb]).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_encoding_are_taken_without_a_panic(
            body in proptest::collection::vec(any::<u8>(), 0..300),
            encoding in prop_oneof![Just("gzip"), Just("deflate"), Just("br")],
        ) {
            let mut unpacker = Unpacker::of(Some(encoding)).unwrap();
            for piece in body.chunks(7) {
                if unpacker.push(piece, &mut |_| {}).is_err() {
                    break;
                }
            }
        }
    }
}
