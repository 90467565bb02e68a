//! Lengths of time as queries write them: a number and a unit without a space, `5m`, `1mo`, `30days`.

use std::fmt;

/// A unit of time in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// `ms`, `msec`, `millisecond`
    Millisecond,
    /// `s`, `sec`, `second`
    Second,
    /// `m`, `min`, `minute`
    Minute,
    /// `h`, `hr`, `hour`
    Hour,
    /// `d`, `day`
    Day,
    /// `w`, `week`
    Week,
    /// `mo`, `mon`, `month`
    Month,
    /// `q`, `qtr`, `quarter`
    Quarter,
    /// `y`, `yr`, `year`
    Year,
}

/// Units with all their spellings, the one we write first. Those of more than one letter also take an `s`.
///
/// Source: the user guide's list for `bin`,
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Stats.html>.
pub const UNITS: [(Unit, &[&str]); 9] = [
    (Unit::Millisecond, &["ms", "msec", "millisecond"]),
    (Unit::Second, &["s", "sec", "second"]),
    (Unit::Minute, &["m", "min", "minute"]),
    (Unit::Hour, &["h", "hr", "hour"]),
    (Unit::Day, &["d", "day"]),
    (Unit::Week, &["w", "week"]),
    (Unit::Month, &["mo", "mon", "month"]),
    (Unit::Quarter, &["q", "qtr", "quarter"]),
    (Unit::Year, &["y", "yr", "year"]),
];

impl Unit {
    /// The unit of a spelling in any case, singular or plural.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let named = |name: &&str| {
            **name == text || (name.len() > 1 && text.strip_suffix('s') == Some(*name))
        };
        let found = UNITS.iter().find(|(_, names)| names.iter().any(&named));
        found.map(|(unit, _)| *unit)
    }

    /// The short spelling.
    pub fn as_str(self) -> &'static str {
        UNITS
            .iter()
            .find(|(unit, _)| *unit == self)
            .map_or("", |(_, names)| names[0])
    }

    /// How many of this unit `bin` takes at most; a larger number counts as this one.
    ///
    /// Source: the user guide's page of datetime functions.
    pub fn bin_max(self) -> Option<u64> {
        match self {
            Self::Millisecond => Some(1000),
            Self::Second | Self::Minute => Some(60),
            Self::Hour => Some(24),
            _ => None,
        }
    }
}

/// A number of units, as written: whether a cap applies is for its user to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// How many.
    pub count: u64,
    /// Of what.
    pub unit: Unit,
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.count, self.unit.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Unit;

    #[test]
    fn units_have_many_spellings() {
        let check = |text: &str, unit| assert_eq!(Unit::parse(text), unit, "{text}");
        check("m", Some(Unit::Minute));
        check("MIN", Some(Unit::Minute));
        check("mins", Some(Unit::Minute));
        check("ms", Some(Unit::Millisecond));
        check("mss", Some(Unit::Millisecond));
        check("mo", Some(Unit::Month));
        check("mos", Some(Unit::Month));
        check("hrs", Some(Unit::Hour));
        check("quarters", Some(Unit::Quarter));
        check("ds", None);
        check("fortnight", None);
        check("", None);
    }
}
