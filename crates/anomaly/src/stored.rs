//! The stored form of a model: what it was told and what it remembers. What it learnt of that it learns again.
//!
//! ```text
//! 1                       version
//! period                  milliseconds, 8 bytes
//! adaptation, filtering   a byte each: 0, 1, 2, in the order of their declaration
//! zone                    its length, a byte, and its name
//! n, n × (start, end)     excluded ranges: a byte, and 16 bytes each
//! first, n                the number of the first bin, 8 bytes, and how many there are, 4
//! n × bin                 a byte: 0 there is none, 1 usual, 2 outside, 3 and 4 the same with a sample of its own;
//!                         the centre, 4 bytes; the sample, 4 bytes
//! n, n × (at, value)      the points of the open bin: a byte, and 16 bytes each
//! n, n × (until, times, plus)   shifts: a byte, and 24 bytes each
//! ```
//! All numbers are little-endian; values are IEEE 754.

use corelog_types::Timestamp;

use crate::config::{Adaptation, Config, EXCLUDED_RANGES_MAX, Filtering};
use crate::fit::Shift;
use crate::history::{Bin, History, OPEN_MAX};
use crate::model::{AT_MS_MAX, Model, SHIFTS_MAX};

const VERSION: u8 = 1;
const ADAPTATIONS: [Adaptation; 3] = [Adaptation::Fast, Adaptation::Normal, Adaptation::Slow];
const FILTERINGS: [Filtering; 3] = [Filtering::Minimal, Filtering::Moderate, Filtering::Strict];

/// The bytes are no model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no model of a version that is known")]
pub struct InvalidModel;

impl Model {
    /// The model's bytes: up to 9 for each bin.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        put_config(&mut bytes, &self.config);
        bytes.extend(self.history.first.to_le_bytes());
        let count = u32::try_from(self.history.bins.len()).unwrap_or(u32::MAX);
        bytes.extend(count.to_le_bytes());
        for bin in &self.history.bins {
            put_bin(&mut bytes, bin.as_ref());
        }
        bytes.push(short(self.history.open.len()));
        for (at_ms, value) in &self.history.open {
            bytes.extend(at_ms.to_le_bytes());
            bytes.extend(value.to_le_bytes());
        }
        bytes.push(short(self.shifts.len()));
        for shift in &self.shifts {
            bytes.extend(shift.until_ms.to_le_bytes());
            bytes.extend(shift.times.to_le_bytes());
            bytes.extend(shift.plus.to_le_bytes());
        }
        bytes
    }

    /// The model of bytes that [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`InvalidModel`] for all others: a model is learnt again from the data points.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidModel> {
        let mut left = bytes;
        let model = read(&mut left).ok_or(InvalidModel)?;
        if left.is_empty() {
            Ok(model)
        } else {
            Err(InvalidModel)
        }
    }
}

fn put_config(bytes: &mut Vec<u8>, config: &Config) {
    bytes.extend(config.period_ms.to_le_bytes());
    let adaptation = ADAPTATIONS.iter().position(|it| *it == config.adaptation);
    let filtering = FILTERINGS.iter().position(|it| *it == config.filtering);
    bytes.push(short(adaptation.unwrap_or(1)));
    bytes.push(short(filtering.unwrap_or(1)));
    let zone = config.zone.name();
    bytes.push(short(zone.len()));
    bytes.extend(zone.as_bytes());
    let excluded = &config.excluded[..config.excluded.len().min(EXCLUDED_RANGES_MAX)];
    bytes.push(short(excluded.len()));
    for (start, end) in excluded {
        bytes.extend(start.unix_ms().to_le_bytes());
        bytes.extend(end.unix_ms().to_le_bytes());
    }
}

fn put_bin(bytes: &mut Vec<u8>, bin: Option<&Bin>) {
    let Some(bin) = bin else {
        bytes.push(0);
        return;
    };
    let is_plain = bin.centre.to_bits() == bin.sample.to_bits();
    let kind = if bin.is_outside { 2 } else { 1 };
    bytes.push(if is_plain { kind } else { kind + 2 });
    bytes.extend(bin.centre.to_le_bytes());
    if !is_plain {
        bytes.extend(bin.sample.to_le_bytes());
    }
}

/// Lists are no longer than that.
fn short(length: usize) -> u8 {
    u8::try_from(length).unwrap_or(u8::MAX)
}

fn read(left: &mut &[u8]) -> Option<Model> {
    if byte(left)? != VERSION {
        return None;
    }
    let config = read_config(left)?;
    let mut history = History::new(config.period_ms);
    history.first = long(left)?;
    let count = usize::try_from(u32::from_le_bytes(array(left)?)).ok()?;
    if count > history.bins_max() || history.first > AT_MS_MAX / history.bin_ms {
        return None;
    }
    for _ in 0..count {
        let kind = byte(left)?;
        let bin = if kind == 0 {
            None
        } else {
            Some(read_bin(left, kind)?)
        };
        history.bins.push_back(bin);
    }
    let open = usize::from(byte(left)?);
    for _ in 0..open {
        let (at_ms, value) = (long(left)?, double(left)?);
        let is_next = at_ms / history.bin_ms >= history.first + count as u64;
        if at_ms > AT_MS_MAX || open > OPEN_MAX || !is_next || !history.add(at_ms, value) {
            return None;
        }
    }
    let shifts = usize::from(byte(left)?);
    if shifts > SHIFTS_MAX {
        return None;
    }
    let shifts: Option<Vec<Shift>> = (0..shifts)
        .map(|_| {
            Some(Shift {
                until_ms: long(left)?,
                times: double(left)?,
                plus: double(left)?,
            })
        })
        .collect();
    Some(Model::of(config, history, shifts?))
}

fn read_config(left: &mut &[u8]) -> Option<Config> {
    let mut config = Config::new(long(left)?);
    config.adaptation = *ADAPTATIONS.get(usize::from(byte(left)?))?;
    config.filtering = *FILTERINGS.get(usize::from(byte(left)?))?;
    let length = usize::from(byte(left)?);
    let (name, rest) = left.split_at_checked(length)?;
    *left = rest;
    config.zone = Config::zone(std::str::from_utf8(name).ok()?)?;
    let ranges = usize::from(byte(left)?);
    if ranges > EXCLUDED_RANGES_MAX {
        return None;
    }
    for _ in 0..ranges {
        let (start, end) = (long(left)?, long(left)?);
        let range = (Timestamp::from_unix_ms(start), Timestamp::from_unix_ms(end));
        config.excluded.push(range);
    }
    Some(config)
}

fn read_bin(left: &mut &[u8], kind: u8) -> Option<Bin> {
    let centre = f32::from_le_bytes(array(left)?);
    let sample = match kind {
        1 | 2 => centre,
        3 | 4 => f32::from_le_bytes(array(left)?),
        _ => return None,
    };
    let is_number = centre.is_finite() && sample.is_finite();
    is_number.then_some(Bin {
        centre,
        sample,
        is_outside: kind.is_multiple_of(2),
    })
}

fn byte(left: &mut &[u8]) -> Option<u8> {
    array(left).map(|[byte]| byte)
}

fn long(left: &mut &[u8]) -> Option<u64> {
    array(left).map(u64::from_le_bytes)
}

fn double(left: &mut &[u8]) -> Option<f64> {
    array(left)
        .map(f64::from_le_bytes)
        .filter(|double| double.is_finite())
}

fn array<const N: usize>(left: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = left.split_first_chunk::<N>()?;
    *left = rest;
    Some(*first)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Point;

    fn point(at_ms: u64, value: f64) -> Point {
        Point {
            at: Timestamp::from_unix_ms(at_ms),
            value,
        }
    }

    /// A model of two bins as version 1 writes it. It has to be read for ever.
    #[test]
    fn the_bytes_of_version_1() {
        let mut config = Config::new(60_000);
        config.excluded = vec![(Timestamp::from_unix_ms(1), Timestamp::from_unix_ms(2))];
        let mut model = Model::new(config);
        // The first bin has 1, 3 and 2: the median is 2, and the sample of bin 0 the first point.
        for (at_ms, value) in [(0, 1.0), (60_000, 3.0), (120_000, 2.0)] {
            model.observe(point(at_ms, value));
        }
        // Bin 1 has nothing, bin 2 has 5, bin 3 is open.
        model.observe(point(600_000, 5.0));
        model.observe(point(900_000, 7.0));
        let mut expected = vec![1];
        expected.extend(60_000_u64.to_le_bytes());
        expected.extend([1, 1, 3]);
        expected.extend(b"UTC");
        expected.push(1);
        expected.extend(1_u64.to_le_bytes());
        expected.extend(2_u64.to_le_bytes());
        expected.extend(0_u64.to_le_bytes());
        expected.extend(3_u32.to_le_bytes());
        expected.push(3);
        expected.extend(2.0_f32.to_le_bytes());
        expected.extend(1.0_f32.to_le_bytes());
        expected.push(0);
        expected.push(1);
        expected.extend(5.0_f32.to_le_bytes());
        expected.push(1);
        expected.extend(900_000_u64.to_le_bytes());
        expected.extend(7.0_f64.to_le_bytes());
        expected.push(0);
        assert_eq!(model.to_bytes(), expected);
        let read = Model::from_bytes(&expected).unwrap();
        assert_eq!(read.to_bytes(), expected);
    }

    #[test]
    fn parts_and_other_versions_are_refused() {
        let mut model = Model::new(Config::new(60_000));
        for minute in 0..200_u32 {
            model.observe(point(u64::from(minute) * 60_000, f64::from(minute)));
        }
        let bytes = model.to_bytes();
        for end in 0..bytes.len() {
            assert!(Model::from_bytes(&bytes[..end]).is_err(), "{end}");
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(Model::from_bytes(&longer).is_err());
        let mut newer = bytes;
        newer[0] = 2;
        assert!(Model::from_bytes(&newer).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn strange_bytes_are_no_trouble(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            place in 0_usize..60,
            byte in any::<u8>(),
        ) {
            let _ = Model::from_bytes(&bytes);
            let mut model = Model::new(Config::new(1));
            for at in 0..50_u64 {
                model.observe(point(at * 200_000, 4.0));
            }
            let mut changed = model.to_bytes();
            changed[place] = byte;
            if let Ok(mut read) = Model::from_bytes(&changed) {
                read.observe(point(u64::MAX, 1.0));
                let _ = read.band(Timestamp::from_unix_ms(u64::MAX), 2.0);
            }
        }

        #[test]
        fn what_is_written_is_read(
            points in proptest::collection::vec((0_u64..2_000_000_000, -1e60_f64..1e60), 0..600),
        ) {
            let mut model = Model::new(Config::new(60_000));
            let mut points = points;
            points.sort_by_key(|(at_ms, _)| *at_ms);
            for (at_ms, value) in points {
                model.observe(point(at_ms, value));
            }
            let bytes = model.to_bytes();
            let read = Model::from_bytes(&bytes).unwrap();
            prop_assert_eq!(read.to_bytes(), bytes);
            if let Some(band) = read.band(Timestamp::from_unix_ms(2_000_000_000), 3.0) {
                prop_assert!(band.lower <= band.upper);
                prop_assert!(band.lower.is_finite() && band.upper.is_finite());
            }
        }
    }
}
