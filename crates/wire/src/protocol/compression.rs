//! Bodies that come compressed.

use std::borrow::Cow;
use std::io::Read as _;

use flate2::bufread::MultiGzDecoder;

use super::Unreadable;

/// The body without its content encoding: `gzip`, which clients use for long requests, or none, which old clients of
/// AWS write as `amz-1.0`. More than `bytes_max` is not unpacked, whatever the length of what came.
///
/// # Errors
/// [`Unreadable`] for another encoding, for what is no gzip, and for a body that is too long.
pub fn inflated<'a>(
    encoding: Option<&str>,
    body: &'a [u8],
    bytes_max: usize,
) -> Result<Cow<'a, [u8]>, Unreadable> {
    let is = |name| encoding.is_some_and(|encoding| encoding.eq_ignore_ascii_case(name));
    if encoding.is_none() || is("identity") || is("amz-1.0") {
        return Ok(Cow::Borrowed(body));
    }
    if !is("gzip") {
        let why = "The request's content encoding is not supported";
        return Err(Unreadable(why.to_owned()));
    }
    let mut text = Vec::new();
    let limit = bytes_max as u64 + 1;
    let read = MultiGzDecoder::new(body).take(limit).read_to_end(&mut text);
    if read.is_err() {
        let why = "The request's body is not compressed as its content encoding says";
        return Err(Unreadable(why.to_owned()));
    }
    if text.len() > bytes_max {
        let why = format!("The request's body is longer than {bytes_max} bytes uncompressed");
        return Err(Unreadable(why));
    }
    Ok(Cow::Owned(text))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_is_compressed_is_unpacked_to_a_limit() {
        let packed = gzip(b"{\"a\":1}");
        assert_eq!(
            inflated(Some("GZIP"), &packed, 7).unwrap()[..],
            b"{\"a\":1}"[..]
        );
        assert!(inflated(Some("gzip"), &packed, 6).is_err());
        assert_eq!(inflated(None, b"x", 0).unwrap()[..], b"x"[..]);
        for plain in ["identity", "amz-1.0"] {
            assert_eq!(inflated(Some(plain), b"x", 0).unwrap()[..], b"x"[..]);
        }
    }

    #[test]
    fn a_bomb_is_refused_at_the_limit() {
        let bomb = gzip(&vec![0; 2 << 20]);
        assert!(bomb.len() < 10_000);
        let refused = inflated(Some("gzip"), &bomb, 1_000).unwrap_err();
        assert!(
            refused.to_string().contains("longer than 1000 bytes"),
            "{refused}"
        );
    }

    #[test]
    fn what_is_not_compressed_as_it_says_is_refused() {
        let packed = gzip(b"text");
        for (encoding, body) in [
            ("gzip", &b"text"[..]),
            ("gzip", b""),
            ("gzip", &packed[..packed.len() - 3]),
            ("br", &packed),
        ] {
            assert!(inflated(Some(encoding), body, 99).is_err(), "{encoding}");
        }
    }
}
