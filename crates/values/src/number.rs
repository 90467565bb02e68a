//! Numbers: 64-bit integers, exact, and floating-point numbers, finite.

use std::cmp::Ordering;

/// A number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// An integer.
    Int(i64),
    /// A finite number that need not be whole.
    Float(f64),
}

/// Decimals of a computed number. Decision: the service shows up to four.
const DECIMALS: usize = 4;

/// Below this, four significant digits are shown instead, so that the price of one call is not 0. Decision.
const SMALL: f64 = 0.001;

impl Number {
    /// A computed value; what is not finite is no number.
    pub fn float(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self::Float(value))
    }

    /// A number as JSON writes it, exponent allowed.
    pub fn from_json(text: &str) -> Option<Self> {
        let int = text.parse().ok().map(Self::Int);
        int.or_else(|| Self::float(text.parse().ok()?))
    }

    /// A text that is wholly a number: a sign, digits, a fraction.
    ///
    /// Decision: no exponent, so that ids such as `12e45` are no numbers, and no white space.
    pub fn from_text(text: &str) -> Option<Self> {
        let starts = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.');
        if !text.bytes().next().is_some_and(starts) {
            return None;
        }
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let some = !whole.is_empty() || !fraction.is_empty();
        if some && all_digits(whole) && all_digits(fraction) {
            Self::from_json(text)
        } else {
            None
        }
    }

    /// The nearest floating-point number.
    pub fn as_f64(self) -> f64 {
        match self {
            #[expect(
                clippy::cast_precision_loss,
                reason = "where an exact result matters, integers are handled before this"
            )]
            Self::Int(value) => value as f64,
            Self::Float(value) => value,
        }
    }

    /// Cut towards zero.
    pub fn truncate(self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(value),
            Self::Float(value) => truncated(value.trunc()),
        }
    }

    /// Exact: no integer is rounded to compare it.
    pub fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a.cmp(&b),
            (Self::Float(a), Self::Float(b)) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
            (Self::Int(a), Self::Float(b)) => int_with_float(a, b),
            (Self::Float(a), Self::Int(b)) => int_with_float(b, a).reverse(),
        }
    }

    /// As results show it: no exponent, integers without decimals.
    pub fn print(self) -> String {
        match self {
            Self::Int(value) => value.to_string(),
            Self::Float(value) => print_float(value),
        }
    }
}

/// A whole number that is written with more digits than fit, which are all that tells it from its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Large<'t> {
    is_negative: bool,
    /// From the first that is not zero.
    digits: &'t str,
}

impl<'t> Large<'t> {
    /// Fewer digits always fit.
    const DIGITS_MIN: usize = 19;

    pub(crate) fn of(text: &'t str) -> Option<Self> {
        if text.len() < Self::DIGITS_MIN {
            return None;
        }
        let (is_negative, digits) = match text.strip_prefix(['-', '+']) {
            Some(digits) => (text.starts_with('-'), digits),
            None => (false, text),
        };
        let is_whole = digits.bytes().all(|byte| byte.is_ascii_digit());
        (is_whole && text.parse::<i64>().is_err()).then(|| Self {
            is_negative,
            digits: digits.trim_start_matches('0'),
        })
    }

    /// As if it were the text of it.
    pub(crate) fn into_text(self) -> (bool, &'t str) {
        (self.is_negative, self.digits)
    }
}

impl Ord for Large<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_size = |it: &Self| (it.digits.len(), it.digits);
        match (self.is_negative, other.is_negative) {
            (false, false) => by_size(self).cmp(&by_size(other)),
            (true, true) => by_size(other).cmp(&by_size(self)),
            (left, right) => right.cmp(&left),
        }
    }
}

impl PartialOrd for Large<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn print_float(value: f64) -> String {
    let mut decimals = DECIMALS;
    if value != 0.0 && value.abs() < SMALL {
        let zeros = -value.abs().log10().floor();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 4 and 324"
        )]
        let zeros = zeros as usize;
        decimals = zeros + DECIMALS - 1;
    }
    let text = format!("{value:.decimals$}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "checked to be within the range of i64"
)]
fn truncated(value: f64) -> Option<i64> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    (-LIMIT..LIMIT).contains(&value).then_some(value as i64)
}

fn int_with_float(int: i64, float: f64) -> Ordering {
    match truncated(float.trunc()) {
        None if float > 0.0 => Ordering::Less,
        None => Ordering::Greater,
        Some(whole) => int.cmp(&whole).then_with(|| {
            0.0_f64
                .partial_cmp(&float.fract())
                .unwrap_or(Ordering::Equal)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::{Large, Number};
    use std::cmp::Ordering;

    #[test]
    fn numbers_print_plainly() {
        let check = |value: f64, text: &str| assert_eq!(Number::Float(value).print(), text);
        check(5.0, "5");
        check(-0.0, "0");
        check(2.0 / 3.0, "0.6667");
        check(0.1 + 0.2, "0.3");
        check(1e15, "1000000000000000");
        check(0.000_012_344, "0.00001234");
        check(-0.000_5, "-0.0005");
    }

    #[test]
    fn only_plain_texts_are_numbers() {
        let check = |text: &str, number| assert_eq!(Number::from_text(text), number, "{text}");
        check("007", Some(Number::Int(7)));
        check("-1.5", Some(Number::Float(-1.5)));
        check("+2", Some(Number::Int(2)));
        check(".5", Some(Number::Float(0.5)));
        check("1e5", None);
        check(" 1", None);
        check("-", None);
        check(".", None);
        check("1.2.3", None);
        check("NaN", None);
        check("", None);
    }

    #[test]
    fn large_numbers_are_in_the_order_of_their_digits() {
        let texts = [
            "-100000000000000000001",
            "-99999999999999999999",
            "-9223372036854775809",
            "9223372036854775808",
            "+00000000009223372036854775809",
            "18446744073709551615",
            "18446744073709551616",
        ];
        let all: Vec<Large> = texts.iter().filter_map(|text| Large::of(text)).collect();
        assert_eq!(all.len(), texts.len());
        assert!(all.is_sorted_by(|left, right| left < right), "{all:?}");
        assert_eq!(Large::of("+9223372036854775809"), Some(all[4]));
        for text in [
            "9223372036854775807",
            "1.0000000000000000000",
            "",
            "000000000000000000001",
        ] {
            assert_eq!(Large::of(text), None, "{text}");
        }
    }

    #[test]
    fn integers_compare_exactly_with_floats() {
        let float = Number::Float(9_007_199_254_740_992.0);
        let next = Number::Int(9_007_199_254_740_993);
        assert_eq!(next.compare(float), Ordering::Greater);
        assert_eq!(float.compare(next), Ordering::Less);
        assert_eq!(
            Number::Int(-1).compare(Number::Float(-1.5)),
            Ordering::Greater
        );
        assert_eq!(Number::Int(1).compare(Number::Float(1e300)), Ordering::Less);
    }
}
