//! Metrics, times and units in requests and answers.

use corelog_metrics::{Dimension, Metric, Period, Unit};
use corelog_types::Timestamp;
use corelog_wire::cloudwatch::shapes;

use crate::aws::Fault;

/// What operations on metrics are about: metrics have no ARN.
///
/// Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html>
pub(super) const ANY: &str = "*";

pub(super) fn dimensions(given: Option<Vec<shapes::Dimension>>) -> Vec<Dimension> {
    let given = given.unwrap_or_default().into_iter();
    given
        .map(|shapes::Dimension { name, value }| Dimension { name, value })
        .collect()
}

/// The metric that is asked for.
///
/// Decision: one that nobody could have put is refused, as it would be where it is put.
pub(super) fn asked(
    namespace: &str,
    name: &str,
    dimensions: Vec<Dimension>,
) -> Result<Metric, Fault> {
    Metric::new(namespace, name, dimensions)
        .map_err(|invalid| Fault::invalid_parameter_value(format!("The parameter {invalid}.")))
}

pub(super) fn shown(metric: &Metric) -> shapes::Metric {
    let dimensions = metric.dimensions().iter();
    let dimension = |one: &Dimension| shapes::Dimension {
        name: one.name.clone(),
        value: one.value.clone(),
    };
    shapes::Metric {
        namespace: Some(metric.namespace().to_owned()),
        metric_name: Some(metric.name().to_owned()),
        dimensions: Some(dimensions.map(dimension).collect()),
    }
}

/// A time of a document: seconds, with or without a fraction.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what is before 1970 is the beginning of time, what no time can be its end"
)]
pub(super) fn time(seconds: f64) -> Timestamp {
    Timestamp::from_unix_ms((seconds * 1_000.0).round() as u64)
}

/// The unit of that name, which the model has checked.
pub(super) fn unit(name: Option<&str>) -> Result<Option<Unit>, Fault> {
    let parsed = name.map(str::parse::<Unit>).transpose();
    parsed.map_err(|error| Fault::invalid_parameter_value(error.to_string()))
}

/// A period, if there is one of so many seconds.
pub(super) fn period(seconds: i64) -> Option<Period> {
    Period::from_seconds(u32::try_from(seconds).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_fractions_and_ends() {
        let check = |seconds: f64, ms: u64| assert_eq!(time(seconds).unix_ms(), ms, "{seconds}");
        check(1_795_309_323.456, 1_795_309_323_456);
        check(1_795_309_323.0, 1_795_309_323_000);
        check(-1.0, 0);
        check(f64::MAX, u64::MAX);
    }
}
