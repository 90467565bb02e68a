//! The units of metrics.

use std::fmt;
use std::str::FromStr;

/// What a metric's values count. Values of different units are kept and answered apart.
///
/// Source: `StandardUnit` of <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[expect(missing_docs, reason = "each variant is the unit of that name")]
pub enum Unit {
    Seconds,
    Microseconds,
    Milliseconds,
    Bytes,
    Kilobytes,
    Megabytes,
    Gigabytes,
    Terabytes,
    Bits,
    Kilobits,
    Megabits,
    Gigabits,
    Terabits,
    Percent,
    Count,
    BytesPerSecond,
    KilobytesPerSecond,
    MegabytesPerSecond,
    GigabytesPerSecond,
    TerabytesPerSecond,
    BitsPerSecond,
    KilobitsPerSecond,
    MegabitsPerSecond,
    GigabitsPerSecond,
    TerabitsPerSecond,
    CountPerSecond,
    /// No unit was given.
    #[default]
    None,
}

/// In the order of the service's enumeration. The index is what is stored: entries are added at the end only.
const UNITS: [(Unit, &str); 27] = [
    (Unit::Seconds, "Seconds"),
    (Unit::Microseconds, "Microseconds"),
    (Unit::Milliseconds, "Milliseconds"),
    (Unit::Bytes, "Bytes"),
    (Unit::Kilobytes, "Kilobytes"),
    (Unit::Megabytes, "Megabytes"),
    (Unit::Gigabytes, "Gigabytes"),
    (Unit::Terabytes, "Terabytes"),
    (Unit::Bits, "Bits"),
    (Unit::Kilobits, "Kilobits"),
    (Unit::Megabits, "Megabits"),
    (Unit::Gigabits, "Gigabits"),
    (Unit::Terabits, "Terabits"),
    (Unit::Percent, "Percent"),
    (Unit::Count, "Count"),
    (Unit::BytesPerSecond, "Bytes/Second"),
    (Unit::KilobytesPerSecond, "Kilobytes/Second"),
    (Unit::MegabytesPerSecond, "Megabytes/Second"),
    (Unit::GigabytesPerSecond, "Gigabytes/Second"),
    (Unit::TerabytesPerSecond, "Terabytes/Second"),
    (Unit::BitsPerSecond, "Bits/Second"),
    (Unit::KilobitsPerSecond, "Kilobits/Second"),
    (Unit::MegabitsPerSecond, "Megabits/Second"),
    (Unit::GigabitsPerSecond, "Gigabits/Second"),
    (Unit::TerabitsPerSecond, "Terabits/Second"),
    (Unit::CountPerSecond, "Count/Second"),
    (Unit::None, "None"),
];

impl Unit {
    /// The unit's name in requests and answers.
    pub fn as_str(self) -> &'static str {
        UNITS[self as usize].1
    }

    /// Every unit, in the service's order.
    pub fn all() -> impl Iterator<Item = Self> {
        UNITS.iter().map(|(unit, _)| *unit)
    }

    /// The number that stands for it where it is stored.
    pub(crate) fn code(self) -> i64 {
        self as i64
    }

    /// The unit of that number.
    pub(crate) fn from_code(code: i64) -> Option<Self> {
        let index = usize::try_from(code).ok()?;
        UNITS.get(index).map(|(unit, _)| *unit)
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no unit")]
pub struct InvalidUnit(String);

impl FromStr for Unit {
    type Err = InvalidUnit;

    fn from_str(text: &str) -> Result<Self, InvalidUnit> {
        let found = UNITS.iter().find(|(_, name)| *name == text);
        found
            .map(|(unit, _)| *unit)
            .ok_or_else(|| InvalidUnit(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_codes_lead_back_to_their_unit() {
        for (unit, name) in UNITS {
            assert_eq!(name.parse(), Ok(unit));
            assert_eq!(unit.as_str(), name);
            assert_eq!(Unit::from_code(unit.code()), Some(unit));
        }
        assert!("count".parse::<Unit>().is_err());
        assert_eq!(Unit::from_code(27), None);
        assert_eq!(Unit::from_code(-1), None);
    }
}
