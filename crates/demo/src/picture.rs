//! A small real picture, drawn from a seed.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use crate::corpus::mix;

const SIDE_MAX: u32 = 1_024;

/// A PNG of that size: sky, horizon and water in colours that the seed decides.
///
/// Sides are kept to 1 ..= 1024.
/// Source: <https://www.w3.org/TR/png-3/#5DataRep>
pub(crate) fn png(seed: u64, width: u32, height: u32, compression: Compression) -> Vec<u8> {
    let width = width.clamp(1, SIDE_MAX);
    let height = height.clamp(1, SIDE_MAX);
    let colours = mix(seed).to_le_bytes();
    let horizon = height / 3 + u32::from(colours[6]) % (height / 3 + 1);
    let mut rows = Vec::with_capacity((width as usize * 3 + 1) * height as usize);
    for y in 0..height {
        rows.push(0);
        let base = if y < horizon { 0 } else { 3 };
        let shade = u8::try_from(y % 32).unwrap_or(0);
        let pixel = [
            colours[base].wrapping_add(shade),
            colours[base + 1],
            colours[base + 2],
        ];
        for _ in 0..width {
            rows.extend_from_slice(&pixel);
        }
    }
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = Vec::new();
    header.extend_from_slice(&width.to_be_bytes());
    header.extend_from_slice(&height.to_be_bytes());
    // Eight bits a sample, true colour, the only compression and filter methods, not interlaced.
    header.extend_from_slice(&[8, 2, 0, 0, 0]);
    chunk(&mut file, *b"IHDR", &header);
    chunk(&mut file, *b"IDAT", &deflate(&rows, compression));
    chunk(&mut file, *b"IEND", &[]);
    file
}

fn deflate(rows: &[u8], compression: Compression) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), compression);
    // Writing into memory cannot fail; an empty picture would be noticed by every test that draws one.
    if encoder.write_all(rows).is_err() {
        return Vec::new();
    }
    encoder.finish().unwrap_or_default()
}

fn chunk(file: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    file.extend_from_slice(&length.to_be_bytes());
    let start = file.len();
    file.extend_from_slice(&kind);
    file.extend_from_slice(data);
    let sum = crc32fast::hash(&file[start..]);
    file.extend_from_slice(&sum.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_says_its_size_and_ends_like_one() {
        let file = png(7, 64, 32, Compression::fast());
        assert_eq!(&file[..8], b"\x89PNG\r\n\x1a\n");
        assert_eq!(&file[16..24], &[0, 0, 0, 64, 0, 0, 0, 32]);
        // The check sum of an empty IEND chunk is the same in every PNG.
        assert_eq!(&file[file.len() - 8..], b"IEND\xae\x42\x60\x82");
    }
}
