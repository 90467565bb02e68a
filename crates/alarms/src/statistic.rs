//! Names of statistics: which there are, and which of them are percentiles.

/// The name of a statistic that the service knows: `Average`, `p99.9`, `TM(10%:90%)`, `PR(:300)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statistic(String);

const BASIC: [&str; 5] = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"];

impl Statistic {
    /// The statistic of this name; `None` if there is none.
    ///
    /// Source: the user guide's page of statistics.
    pub fn parse(text: &str) -> Option<Self> {
        let known =
            BASIC.contains(&text) || text == "IQM" || is_of_one_number(text) || is_of_a_range(text);
        known.then(|| Self(text.to_owned()))
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is one of the five that `Statistic` takes; all others are extended ones.
    pub fn is_basic(&self) -> bool {
        BASIC.contains(&self.0.as_str())
    }

    /// 0.99 for `p99`; `None` if it is no percentile.
    pub fn percentile(&self) -> Option<f64> {
        let percent = self.0.strip_prefix('p')?.parse::<f64>().ok()?;
        Some(percent / 100.0)
    }
}

/// `p99`, `tm95.5`: lower case, and one share in percent.
fn is_of_one_number(text: &str) -> bool {
    ["p", "tm", "tc", "ts", "wm"]
        .into_iter()
        .filter_map(|prefix| text.strip_prefix(prefix))
        .any(|share| number(share).is_some_and(|share| (0.0..=100.0).contains(&share)))
}

/// `TM(10%:90%)`, `PR(:300)`: upper case, and two bounds of which one may be left out.
fn is_of_a_range(text: &str) -> bool {
    let Some((name, bounds)) = text.split_once('(') else {
        return false;
    };
    let Some((low, high)) = bounds
        .strip_suffix(')')
        .and_then(|bounds| bounds.split_once(':'))
    else {
        return false;
    };
    let takes_shares = ["TM", "TC", "TS", "WM"].contains(&name);
    if !(takes_shares || name == "PR") || (low.is_empty() && high.is_empty()) {
        return false;
    }
    let shares = [low, high].map(|bound| bound.strip_suffix('%'));
    let given = [low, high].iter().filter(|bound| !bound.is_empty()).count();
    if shares.iter().flatten().count() == given && takes_shares {
        return shares
            .into_iter()
            .flatten()
            .all(|share| number(share).is_some_and(|share| (0.0..=100.0).contains(&share)));
    }
    [low, high]
        .into_iter()
        .filter(|bound| !bound.is_empty())
        .all(|bound| number(bound.strip_prefix('-').unwrap_or(bound)).is_some())
}

/// Digits with at most ten behind the point.
fn number(text: &str) -> Option<f64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = digits(whole) && digits(fraction) && fraction.len() <= 10 && whole.len() <= 100;
    is_number.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_or_not() {
        for text in [
            "Average",
            "SampleCount",
            "p99",
            "p99.9999999999",
            "p0",
            "p100",
            "tm90",
            "tc90",
            "ts90",
            "wm90.5",
            "IQM",
            "TM(10%:90%)",
            "TM(:99%)",
            "WM(5:)",
            "TC(0.005:0.030)",
            "PR(:300)",
            "PR(100:2000)",
            "PR(-5:5)",
        ] {
            assert!(Statistic::parse(text).is_some(), "{text}");
        }
        for text in [
            "",
            "average",
            "p",
            "p101",
            "P99",
            "p99.99999999999",
            "p9%",
            "TM90",
            "tm(1:2)",
            "TM(:)",
            "PR(10%:)",
            "TM(10%:90)",
            "TM(1)",
            "XX(1:2)",
            "p-1",
            "pé",
            "iqm",
        ] {
            assert!(Statistic::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn percentiles_are_shares() {
        let share =
            |text: &str| Statistic::parse(text).and_then(|statistic| statistic.percentile());
        assert_eq!(share("p99"), Some(0.99));
        assert_eq!(share("PR(:300)"), None);
        assert_eq!(share("Average"), None);
    }
}
