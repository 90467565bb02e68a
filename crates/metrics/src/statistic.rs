//! Statistics by their names: `Average`, `p99.9`, `TM(10%:90%)`.

use std::str::FromStr;

const TEXT_BYTES_MAX: usize = 64;
const DECIMALS_MAX: usize = 10;

/// What can be asked about the values of a stretch of time.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html>
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Statistic {
    /// How many there are.
    SampleCount,
    /// Their mean.
    Average,
    /// Their sum.
    Sum,
    /// The least.
    Minimum,
    /// The greatest.
    Maximum,
    /// `p99`: the value that so many percent do not exceed.
    Percentile(f64),
    /// `tm99`, `TM(10%:90%)`, `IQM`: the mean of the values inside.
    TrimmedMean(Bounds),
    /// `wm99`, `WM(10%:90%)`: the mean, values outside being taken for the bound.
    WinsorizedMean(Bounds),
    /// `tc99`, `TC(0.005:0.030)`: how many values are inside.
    TrimmedCount(Bounds),
    /// `ts99`, `TS(80%:)`: the sum of the values inside.
    TrimmedSum(Bounds),
    /// `PR(:300)`: how many percent of the values are above `from`, and at most `to`.
    PercentileRank {
        /// The low bound, itself left out.
        from: Option<f64>,
        /// The high bound, itself included.
        to: Option<f64>,
    },
}

/// Which of the values are inside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bounds {
    /// Those between two places in rising order.
    Percent {
        /// How many percent of the values, the lowest, are left out.
        from: f64,
        /// Up to how many percent are taken.
        to: f64,
    },
    /// Those above `from`, and at most `to`.
    Values {
        /// The low bound, itself left out.
        from: Option<f64>,
        /// The high bound, itself included.
        to: Option<f64>,
    },
}

impl Statistic {
    /// Whether it is one of the five that `Statistic` and `Statistics` of requests take.
    pub fn is_simple(&self) -> bool {
        matches!(
            self,
            Self::SampleCount | Self::Average | Self::Sum | Self::Minimum | Self::Maximum
        )
    }
}

/// The text names no statistic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no statistic")]
pub struct InvalidStatistic(String);

impl FromStr for Statistic {
    type Err = InvalidStatistic;

    /// Reads any of them. Small letters go with one number, capitals with a range in parentheses, and numbers have
    /// at most 10 decimals.
    fn from_str(text: &str) -> Result<Self, InvalidStatistic> {
        let read = (text.len() <= TEXT_BYTES_MAX).then(|| read(text)).flatten();
        read.ok_or_else(|| InvalidStatistic(text.chars().take(TEXT_BYTES_MAX).collect()))
    }
}

fn read(text: &str) -> Option<Statistic> {
    match text {
        "SampleCount" => return Some(Statistic::SampleCount),
        "Average" => return Some(Statistic::Average),
        "Sum" => return Some(Statistic::Sum),
        "Minimum" => return Some(Statistic::Minimum),
        "Maximum" => return Some(Statistic::Maximum),
        "IQM" => {
            let (from, to) = (25.0, 75.0);
            return Some(Statistic::TrimmedMean(Bounds::Percent { from, to }));
        }
        _ => {}
    }
    if let Some(number) = text.strip_prefix('p') {
        return percent(number).map(Statistic::Percentile);
    }
    if let Some((kind, range)) = text.split_once('(') {
        return ranged(kind, range.strip_suffix(')')?);
    }
    let (kind, number) = text.split_at_checked(2)?;
    let (from, to) = (0.0, percent(number)?);
    let bounds = Bounds::Percent { from, to };
    Some(match kind {
        "tm" => Statistic::TrimmedMean(bounds),
        "wm" => Statistic::WinsorizedMean(bounds),
        "tc" => Statistic::TrimmedCount(bounds),
        "ts" => Statistic::TrimmedSum(bounds),
        _ => return None,
    })
}

fn ranged(kind: &str, range: &str) -> Option<Statistic> {
    let bounds = bounds(range)?;
    Some(match (kind, bounds) {
        ("TM", bounds) => Statistic::TrimmedMean(bounds),
        ("WM", bounds) => Statistic::WinsorizedMean(bounds),
        ("TC", bounds) => Statistic::TrimmedCount(bounds),
        ("TS", bounds) => Statistic::TrimmedSum(bounds),
        ("PR", Bounds::Values { from, to }) => Statistic::PercentileRank { from, to },
        _ => return None,
    })
}

/// `a:b`, both in percent or both values; either may be left out, but not both.
fn bounds(range: &str) -> Option<Bounds> {
    let (from, to) = range.split_once(':')?;
    if from.is_empty() && to.is_empty() {
        return None;
    }
    if !range.contains('%') {
        let side = |text: &str| match text {
            "" => Some(None),
            text => value(text).map(Some),
        };
        let (from, to) = (side(from)?, side(to)?);
        return Some(Bounds::Values { from, to });
    }
    let side = |text: &str, otherwise| match text {
        "" => Some(otherwise),
        text => percent(text.strip_suffix('%')?),
    };
    let (from, to) = (side(from, 0.0)?, side(to, 100.0)?);
    Some(Bounds::Percent { from, to })
}

/// 0 to 100, with at most two digits before the point, except for 100 itself.
fn percent(text: &str) -> Option<f64> {
    let (whole, _) = decimal(text)?;
    let number: f64 = text.parse().ok()?;
    (whole <= 3 && number <= 100.0 && (whole < 3 || number >= 100.0)).then_some(number)
}

/// A value that is not negative, such as `0.005` or `1e-3`.
fn value(text: &str) -> Option<f64> {
    let digits = match text.split_once(['e', 'E']) {
        None => text,
        Some((digits, exponent)) => {
            let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            let is_number = !unsigned.is_empty() && unsigned.bytes().all(|b| b.is_ascii_digit());
            is_number.then_some(digits)?
        }
    };
    decimal(digits)?;
    let number: f64 = text.parse().ok()?;
    number.is_finite().then_some(number)
}

/// How many digits a number has before and behind its point; `None` if it is none.
fn decimal(text: &str) -> Option<(usize, usize)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = !whole.is_empty() && are_digits(whole) && are_digits(fraction);
    (is_number && fraction.len() <= DECIMALS_MAX).then_some((whole.len(), fraction.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: Statistic) {
        assert_eq!(text.parse(), Ok(expected), "{text}");
    }

    #[test]
    fn names_are_read() {
        check("SampleCount", Statistic::SampleCount);
        check("p99", Statistic::Percentile(99.0));
        check("p99.", Statistic::Percentile(99.0));
        check("p0.0", Statistic::Percentile(0.0));
        check("p99.9999999999", Statistic::Percentile(99.999_999_999_9));
        check("p100", Statistic::Percentile(100.0));
        let percent = |from, to| Bounds::Percent { from, to };
        check("tm90", Statistic::TrimmedMean(percent(0.0, 90.0)));
        check("wm98.5", Statistic::WinsorizedMean(percent(0.0, 98.5)));
        check("tc1", Statistic::TrimmedCount(percent(0.0, 1.0)));
        check("ts80", Statistic::TrimmedSum(percent(0.0, 80.0)));
        check("IQM", Statistic::TrimmedMean(percent(25.0, 75.0)));
        check("TM(10%:90%)", Statistic::TrimmedMean(percent(10.0, 90.0)));
        check("TS(80%:)", Statistic::TrimmedSum(percent(80.0, 100.0)));
        check("WM(:95%)", Statistic::WinsorizedMean(percent(0.0, 95.0)));
        let values = |from, to| Bounds::Values { from, to };
        check(
            "TC(0.005:0.030)",
            Statistic::TrimmedCount(values(Some(0.005), Some(0.03))),
        );
        check(
            "TM(:1e3)",
            Statistic::TrimmedMean(values(None, Some(1_000.0))),
        );
        let (from, to) = (None, Some(300.0));
        check("PR(:300)", Statistic::PercentileRank { from, to });
        let (from, to) = (Some(2.5e-1), None);
        check("PR(2.5E-1:)", Statistic::PercentileRank { from, to });
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "",
            "average",
            "p",
            "p101",
            "p100.5",
            "p099",
            "p-1",
            "p1e1",
            "p.5",
            "pinf",
            "P99",
            "TM99",
            "tm(1:2)",
            "tm",
            "TM()",
            "TM(:)",
            "TM(1)",
            "TM(1%:2)",
            "TM(1:2%)",
            "TM(1:2",
            "TM(1:2))",
            "TM(-1:2)",
            "TM(1 :2)",
            "TM(1e:2)",
            "TM(nan:2)",
            "TM(:1e999)",
            "PR(1%:2%)",
            "PR(:)",
            "IQM(1:2)",
            "p99.99999999999",
            "é9",
            "tmé",
        ] {
            assert!(text.parse::<Statistic>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[ptmwcsTMWCSPRIQ]{0,3}[(]?[0-9.:%eE+-]{0,12}[)]?|.{0,20}") {
            let _ = text.parse::<Statistic>();
        }
    }
}
