//! The stored form of a bucket. It is kept for as long as the points are: more than a year.
//!
//! ```text
//! 1                       version
//! count, minimum, maximum three doubles, little-endian
//! n, n × partial          the exact sum: a byte, and so many doubles
//! 0 | 1                   whether there is a distribution; if there is:
//! n, n × (bin, count)     a number, and so many pairs: how many bins further on, and how many values
//! ```
//! Numbers are in groups of 7 bits, the lowest first, with the high bit where more follow. A count is twice its value;
//! one that is not whole is 1, and the double behind it.

use crate::Bucket;
use crate::bins::{BINS_MAX, Bins};
use crate::sum::ExactSum;

const VERSION: u8 = 1;
/// A sum of values of the allowed sizes has fewer: each has 53 digits of at most 2,000.
const PARTIALS_MAX: usize = 64;
/// Whole counts below are written as numbers.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// The bytes are no bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no bucket of a version that is known")]
pub(crate) struct Invalid;

/// The bucket's bytes.
pub(crate) fn encode(bucket: &Bucket) -> Vec<u8> {
    let partials: Vec<f64> = bucket.sum.partials().collect();
    let mut bytes = Vec::with_capacity(48);
    bytes.push(VERSION);
    for number in [bucket.count, bucket.minimum, bucket.maximum] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.push(u8::try_from(partials.len()).unwrap_or(u8::MAX));
    for partial in partials {
        bytes.extend(partial.to_le_bytes());
    }
    let Some(bins) = &bucket.bins else {
        bytes.push(0);
        return bytes;
    };
    bytes.push(1);
    put_number(&mut bytes, bins.counts().len() as u64);
    let mut former = 0;
    for (bin, count) in bins.counts() {
        put_number(&mut bytes, u64::from(bin - former));
        former = *bin;
        put_count(&mut bytes, *count);
    }
    bytes
}

/// The bucket of these bytes.
pub(crate) fn decode(bytes: &[u8]) -> Result<Bucket, Invalid> {
    let mut left = bytes;
    let bucket = read(&mut left).ok_or(Invalid)?;
    if left.is_empty() {
        Ok(bucket)
    } else {
        Err(Invalid)
    }
}

fn read(left: &mut &[u8]) -> Option<Bucket> {
    if take(left)? != VERSION {
        return None;
    }
    let (count, minimum, maximum) = (double(left)?, double(left)?, double(left)?);
    let sane = count.is_finite() && count >= 0.0 && !minimum.is_nan() && !maximum.is_nan();
    if !sane || (count > 0.0 && minimum > maximum) {
        return None;
    }
    let mut sum = ExactSum::default();
    let partials = usize::from(take(left)?);
    if partials > PARTIALS_MAX {
        return None;
    }
    for _ in 0..partials {
        sum.add(double(left).filter(|partial| partial.is_finite())?);
    }
    let bins = match take(left)? {
        0 => None,
        1 => Some(read_bins(left)?),
        _ => return None,
    };
    Some(Bucket {
        count,
        sum,
        minimum,
        maximum,
        bins,
    })
}

fn read_bins(left: &mut &[u8]) -> Option<Bins> {
    let length = usize::try_from(number(left)?).ok()?;
    if length > BINS_MAX {
        return None;
    }
    let mut bins = Bins::default();
    let mut bin = 0_u32;
    for index in 0..length {
        let further = u32::try_from(number(left)?).ok()?;
        if further == 0 && index > 0 {
            return None;
        }
        bin = bin.checked_add(further)?;
        bins.add(bin, read_count(left)?).ok()?;
    }
    Some(bins)
}

fn put_count(bytes: &mut Vec<u8>, count: f64) {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole, positive and small enough"
    )]
    if count.fract() == 0.0 && count < WHOLE_MAX {
        put_number(bytes, (count as u64) << 1);
    } else {
        put_number(bytes, 1);
        bytes.extend(count.to_le_bytes());
    }
}

fn read_count(left: &mut &[u8]) -> Option<f64> {
    let written = number(left)?;
    let count = match written {
        1 => double(left)?,
        odd if odd & 1 == 1 => return None,
        #[expect(clippy::cast_precision_loss, reason = "it was written below 2^53")]
        twice => (twice >> 1) as f64,
    };
    (count.is_finite() && count > 0.0).then_some(count)
}

fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

fn number(left: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..63).step_by(7) {
        let byte = take(left)?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn take(left: &mut &[u8]) -> Option<u8> {
    let (first, rest) = left.split_first()?;
    *left = rest;
    Some(*first)
}

fn double(left: &mut &[u8]) -> Option<f64> {
    let (first, rest) = left.split_first_chunk::<8>()?;
    *left = rest;
    Some(f64::from_le_bytes(*first))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A bucket of 1, 1, 3 as version 1 writes it. It has to be read for ever.
    #[test]
    fn the_bytes_of_version_1() {
        let mut bucket = Bucket::default();
        bucket.add(1.0, 2.0);
        bucket.add(3.0, 1.0);
        let mut expected = vec![1];
        expected.extend(3.0_f64.to_le_bytes());
        expected.extend(1.0_f64.to_le_bytes());
        expected.extend(3.0_f64.to_le_bytes());
        expected.push(1);
        expected.extend(5.0_f64.to_le_bytes());
        // Two bins. 1 is 360 doublings above 2^-360, whose bin is 1: 360 × 128 + 1 = 46,081, which is
        // 2 × 16,384 + 104 × 128 + 1. 3 is 192 bins further on: 1 × 128 + 64.
        expected.extend([1, 2, 0x81, 0xe8, 0x02, 4, 0xc0, 0x01, 2]);
        assert_eq!(encode(&bucket), expected);
        let read = decode(&expected).unwrap();
        assert_eq!(encode(&read), expected);
    }

    #[test]
    fn parts_and_other_versions_are_refused() {
        let mut bucket = Bucket::default();
        for value in 0..1_000_u32 {
            bucket.add(f64::from(value) * 1.7, 0.5);
        }
        let bytes = encode(&bucket);
        assert!(decode(&bytes).is_ok());
        for end in 0..bytes.len() {
            assert_eq!(decode(&bytes[..end]).err(), Some(Invalid));
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(decode(&longer).is_err());
        let mut newer = bytes;
        newer[0] = 2;
        assert!(decode(&newer).is_err());
    }

    proptest! {
        #[test]
        fn strange_bytes_are_no_trouble(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            at in 0usize..60,
            byte in any::<u8>(),
        ) {
            let _ = decode(&bytes);
            let mut bucket = Bucket::default();
            bucket.add(12.5, 1.0);
            bucket.add(99.0, 3.0);
            let mut changed = encode(&bucket);
            let at = at % changed.len();
            changed[at] = byte;
            if let Ok(read) = decode(&changed) {
                let _ = read.statistic(&crate::Statistic::Percentile(50.0));
            }
        }
    }
}
