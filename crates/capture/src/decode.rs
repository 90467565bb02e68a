//! Undoing `content-encoding` on the copy, with a cap against decompression bombs.

use std::io::{self, Read};

/// Why a body was not decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Undecoded {
    /// An encoding we do not know, or bytes that are not in it.
    NotDecoded,
    /// More than the cap came out.
    OverLimit,
}

const PIECE_BYTES: usize = 16 * 1024;

/// Reads `body` through the decoders that `encoding` names and hands each piece to `take`.
///
/// `encoding` is the header's value: encodings in the order they were applied, undone from the last.
pub(crate) fn decode<'a>(
    encoding: &str,
    body: Box<dyn Read + Send + 'a>,
    bytes_max: u64,
    take: &mut dyn FnMut(&[u8]),
) -> Result<(), Undecoded> {
    let mut reader = body;
    for name in encoding.rsplit(',') {
        reader = undo(name.trim(), reader).map_err(|_| Undecoded::NotDecoded)?;
    }
    let mut piece = vec![0; PIECE_BYTES];
    let mut total = 0_u64;
    loop {
        let length = match reader.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return Err(Undecoded::NotDecoded),
        };
        total += length as u64;
        if total > bytes_max {
            return Err(Undecoded::OverLimit);
        }
        take(&piece[..length]);
    }
}

fn undo<'a>(name: &str, inner: Box<dyn Read + Send + 'a>) -> io::Result<Box<dyn Read + Send + 'a>> {
    Ok(match name.to_ascii_lowercase().as_str() {
        "" | "identity" => inner,
        "gzip" | "x-gzip" => Box::new(flate2::read::MultiGzDecoder::new(inner)),
        "deflate" => Box::new(flate2::read::ZlibDecoder::new(inner)),
        "br" => Box::new(brotli_decompressor::Decompressor::new(inner, PIECE_BYTES)),
        "zstd" => {
            let decoder = ruzstd::decoding::StreamingDecoder::new(inner);
            Box::new(decoder.map_err(io::Error::other)?)
        }
        other => return Err(io::Error::other(other.to_owned())),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn run(encoding: &str, body: &[u8], cap: u64) -> Result<Vec<u8>, Undecoded> {
        let mut out = Vec::new();
        decode(encoding, Box::new(body), cap, &mut |piece| {
            out.extend_from_slice(piece);
        })?;
        Ok(out)
    }

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn encodings_are_undone_from_the_last() {
        assert_eq!(run("identity", b"plain", 9), Ok(b"plain".to_vec()));
        assert_eq!(run("gzip", &gzip(b"once"), 9), Ok(b"once".to_vec()));
        assert_eq!(
            run("gzip, GZIP", &gzip(&gzip(b"twice")), 9),
            Ok(b"twice".to_vec())
        );
    }

    #[test]
    fn what_cannot_be_decoded_says_so() {
        assert_eq!(run("gzip", b"not gzip", 99), Err(Undecoded::NotDecoded));
        assert_eq!(run("rot13", b"x", 99), Err(Undecoded::NotDecoded));
        let cut = gzip(b"a body that ends early, in the middle of its stream");
        assert_eq!(
            run("gzip", &cut[..cut.len() / 2], 99),
            Err(Undecoded::NotDecoded)
        );
    }

    #[test]
    fn a_bomb_stops_at_the_cap() {
        let bomb = gzip(&vec![0; 4 << 20]);
        assert!(bomb.len() < 64 << 10);
        assert_eq!(run("gzip", &bomb, 1 << 20), Err(Undecoded::OverLimit));
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_encoding_end_without_a_panic(
            body in proptest::collection::vec(any::<u8>(), 0..300),
            encoding in prop_oneof![Just("gzip"), Just("deflate"), Just("br"), Just("zstd")],
        ) {
            let _ = run(encoding, &body, 1 << 16);
        }
    }
}
