//! Money, exactly.

use std::fmt;
use std::iter::Sum;
use std::str::FromStr;

/// Decimals of the smallest amount.
const DECIMALS: usize = 12;
/// How many of the smallest amounts are one.
pub(crate) const ONE: u128 = 1_000_000_000_000;

/// An amount of money in whole 10⁻¹² of its currency. Never negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(u128);

/// The text is no amount of money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no amount; write digits, with up to twelve decimals")]
pub struct InvalidAmount(String);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// An amount of 10⁻¹² each.
    pub const fn from_picos(picos: u128) -> Self {
        Self(picos)
    }

    /// How many 10⁻¹² it is.
    pub const fn picos(self) -> u128 {
        self.0
    }

    /// The sum; as much as there can be, where it would be more.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The nearest double, for what reckons in doubles anyway.
    #[expect(
        clippy::cast_precision_loss,
        reason = "the nearest double is what is asked for"
    )]
    pub fn to_f64(self) -> f64 {
        // Both are exact to 2^53, so that the quotient is the nearest double, whose text is the amount's.
        self.0 as f64 / ONE as f64
    }

    /// For people: four decimals, or as many as show two digits of a smaller amount, so that a little is never nothing.
    pub fn readable(self) -> String {
        const LEAST: usize = 4;
        let first = (1..=DECIMALS).find(|place| {
            let unit = 10u128.pow(u32::try_from(DECIMALS - place).unwrap_or(0));
            self.0 >= unit
        });
        match first {
            None => self.rounded(2),
            Some(first) if first >= LEAST => self.rounded(first + 1),
            Some(_) => self.rounded(LEAST),
        }
    }

    /// With exactly so many decimals, half up: for people.
    pub fn rounded(self, decimals: usize) -> String {
        let decimals = decimals.min(DECIMALS);
        let unit = 10u128.pow(u32::try_from(DECIMALS - decimals).unwrap_or(0));
        let rounded = self.0.saturating_add(unit / 2) / unit;
        let scale = ONE / unit;
        match decimals {
            0 => rounded.to_string(),
            _ => format!("{}.{:0decimals$}", rounded / scale, rounded % scale),
        }
    }
}

impl fmt::Display for Amount {
    /// All that there is, without zeros at the end: `0.00123`, `7`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / ONE, self.0 % ONE);
        if rest == 0 {
            return write!(f, "{whole}");
        }
        let decimals = format!("{rest:0DECIMALS$}");
        write!(f, "{whole}.{}", decimals.trim_end_matches('0'))
    }
}

impl FromStr for Amount {
    type Err = InvalidAmount;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidAmount(text.chars().take(40).collect());
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let dot_without_decimals = text.contains('.') && decimals.is_empty();
        if whole.is_empty() || dot_without_decimals || !digits(whole) || !digits(decimals) {
            return Err(invalid());
        }
        // More decimals are fine where they say nothing.
        let (kept, beyond) = decimals.split_at(decimals.len().min(DECIMALS));
        if beyond.bytes().any(|byte| byte != b'0') {
            return Err(invalid());
        }
        let whole: u128 = whole.parse().map_err(|_| invalid())?;
        let rest: u128 = format!("{kept:0<DECIMALS$}")
            .parse()
            .map_err(|_| invalid())?;
        let picos = whole
            .checked_mul(ONE)
            .and_then(|picos| picos.checked_add(rest));
        picos.map(Self).ok_or_else(invalid)
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_and_written_exactly() {
        for (text, picos, written) in [
            ("0", 0, "0"),
            ("3", 3 * ONE, "3"),
            ("0.30", 300_000_000_000, "0.3"),
            ("0.000000000001", 1, "0.000000000001"),
            ("12.5000000000000000", 12_500_000_000_000, "12.5"),
        ] {
            let amount: Amount = text.parse().unwrap();
            assert_eq!(amount.picos(), picos, "{text}");
            assert_eq!(amount.to_string(), written, "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "1e3",
            "1,5",
            "0.0000000000001",
            "٣",
        ] {
            assert!(text.parse::<Amount>().is_err(), "{text}");
        }
        let most = "9".repeat(40);
        assert!(most.parse::<Amount>().is_err());
    }

    #[test]
    fn people_get_as_many_decimals_as_they_asked_for() {
        let amount: Amount = "1.23456".parse().unwrap();
        assert_eq!(amount.rounded(4), "1.2346");
        assert_eq!(amount.rounded(0), "1");
        assert_eq!(amount.rounded(2), "1.23");
        assert_eq!("0.995".parse::<Amount>().unwrap().rounded(2), "1.00");
        assert_eq!(Amount::ZERO.rounded(2), "0.00");
    }

    #[test]
    fn a_little_is_never_shown_as_nothing() {
        for (amount, shown) in [
            ("0", "0.00"),
            ("0.000012", "0.000012"),
            ("0.00001249", "0.000012"),
            ("0.000000000001", "0.000000000001"),
            ("0.00057", "0.00057"),
            ("0.0056575", "0.0057"),
            ("12.5", "12.5000"),
        ] {
            let amount: Amount = amount.parse().unwrap();
            assert_eq!(amount.readable(), shown);
        }
    }

    #[test]
    fn a_double_of_it_is_written_as_the_amount_is() {
        for text in ["0.0000025", "0.010125", "0.000000000001", "123.4567", "0.1"] {
            let amount: Amount = text.parse().unwrap();
            assert_eq!(format!("{}", amount.to_f64()), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn text_reads_back(picos: u64) {
            let amount = Amount::from_picos(picos.into());
            proptest::prop_assert_eq!(amount.to_string().parse::<Amount>().unwrap(), amount);
        }

        #[test]
        fn reading_never_panics(text in ".{0,48}") {
            let _ = text.parse::<Amount>();
        }
    }
}
