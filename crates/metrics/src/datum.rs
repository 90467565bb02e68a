//! Data that somebody puts, by the rules of `PutMetricData`.

use std::sync::Arc;

use corelog_types::Timestamp;

use crate::{Bucket, Deltas, Dimension, InvalidMetric, Metric, Resolution, StatisticSet, Unit};

const DATA_MAX: usize = 1_000;
const VALUES_MAX: usize = 150;
/// 2^360.
pub(crate) const VALUE_MAX: f64 = f64::from_bits((1_023 + 360) << 52);
pub(crate) const PAST_MS: u64 = 14 * 24 * 3_600_000;
pub(crate) const FUTURE_MS: u64 = 2 * 3_600_000;

/// A datum as it was sent. One of `value`, `values` and `statistic_values` says what was measured.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Datum {
    /// The metric's name.
    pub metric_name: String,
    /// Its dimensions, in any order.
    pub dimensions: Vec<Dimension>,
    /// When it was measured; when it came in, if absent.
    pub timestamp: Option<Timestamp>,
    /// One value.
    pub value: Option<f64>,
    /// A summary of values.
    pub statistic_values: Option<StatisticSet>,
    /// Several values.
    pub values: Vec<f64>,
    /// How often each of `values` occurred; once, if empty.
    pub counts: Vec<f64>,
    /// The unit's name; `None` stands for the unit `None`.
    pub unit: Option<String>,
    /// 1 or 60 seconds; 60, if absent.
    pub storage_resolution: Option<i64>,
}

/// What kind of refusal it is: each has its own error code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// `InvalidParameterValue`.
    InvalidParameterValue,
    /// `InvalidParameterCombination`.
    InvalidParameterCombination,
    /// `MissingParameter`.
    MissingParameter,
}

/// Data that are not taken, in the words of the service where these are known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    /// What kind of refusal it is.
    pub fault: Fault,
    /// What the caller is told.
    pub message: String,
}

/// Takes data for metrics of a namespace: all of them, or none.
///
/// # Errors
/// [`Refused`] names the first datum that is not as it should be, and its first fault. Parameters are named as in the
/// query protocol (`MetricData.member.1.Value`, where the collection is `MetricData`), whichever protocol they came by,
/// as the service does.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>
pub fn admit(
    namespace: &str,
    collection: &str,
    data: &[Datum],
    now: Timestamp,
) -> Result<Deltas, Refused> {
    if data.len() > DATA_MAX {
        return Err(invalid(format!(
            "The collection {collection} must not have a size greater than {DATA_MAX}."
        )));
    }
    let mut deltas = Deltas::default();
    for (index, datum) in data.iter().enumerate() {
        let member = Member {
            collection,
            number: index + 1,
        };
        let metric = member.metric(namespace, datum)?;
        let unit = member.unit(datum)?;
        let resolution = member.resolution(datum)?;
        let time = member.time(datum, now)?;
        let measured = member.measured(datum)?;
        let mut bucket = Bucket::default();
        match measured {
            Measured::Values(values) => {
                for (value, count) in values {
                    bucket.add(value, count);
                }
            }
            Measured::Set(set) => bucket.add_set(&set),
        }
        deltas.push(Arc::new(metric), unit, resolution, time, bucket);
    }
    Ok(deltas)
}

enum Measured {
    Values(Vec<(f64, f64)>),
    Set(StatisticSet),
}

/// Which of the data it is.
struct Member<'a> {
    collection: &'a str,
    /// From 1.
    number: usize,
}

impl Member<'_> {
    fn name(&self, part: &str) -> String {
        format!("{}.member.{}.{part}", self.collection, self.number)
    }

    /// Decision: the service's words for names of the wrong length or letters are not known to us; these are ours.
    fn metric(&self, namespace: &str, datum: &Datum) -> Result<Metric, Refused> {
        let named = |part: String| match part.as_str() {
            "Namespace" => part,
            part => self.name(part),
        };
        let dimensions = datum.dimensions.clone();
        Metric::new(namespace, &datum.metric_name, dimensions).map_err(|refused| {
            invalid(match refused {
                InvalidMetric::Length { part, most } => format!(
                    "The value for parameter {} must have a length between 1 and {most} characters.",
                    named(part)
                ),
                InvalidMetric::Characters { part } => format!(
                    "The value for parameter {} contains invalid characters.",
                    named(part)
                ),
                InvalidMetric::Repeated => format!(
                    "The parameter {} must not have two members of one name.",
                    self.name("Dimensions")
                ),
                InvalidMetric::TooMany => format!(
                    "The collection {} must not have a size greater than 30.",
                    self.name("Dimensions")
                ),
            })
        })
    }

    fn unit(&self, datum: &Datum) -> Result<Unit, Refused> {
        let Some(unit) = &datum.unit else {
            return Ok(Unit::None);
        };
        unit.parse().map_err(|_| {
            let units: Vec<_> = Unit::all().map(Unit::as_str).collect();
            invalid(format!(
                "The parameter {} must be a value in the set [ {} ].",
                self.name("Unit"),
                units.join(", ")
            ))
        })
    }

    fn resolution(&self, datum: &Datum) -> Result<Resolution, Refused> {
        match datum.storage_resolution {
            Some(1) => Ok(Resolution::High),
            None | Some(60) => Ok(Resolution::Standard),
            Some(_) => Err(invalid(format!(
                "The parameter {} must be a value in the set [ 1, 60 ].",
                self.name("StorageResolution")
            ))),
        }
    }

    fn time(&self, datum: &Datum, now: Timestamp) -> Result<Timestamp, Refused> {
        let time = datum.timestamp.unwrap_or(now);
        let name = self.name("Timestamp");
        if time.unix_ms() > now.unix_ms().saturating_add(FUTURE_MS) {
            return Err(invalid(format!(
                "The parameter {name} must specify a time no more than two hours in the future."
            )));
        }
        if time.unix_ms() < now.unix_ms().saturating_sub(PAST_MS) {
            return Err(invalid(format!(
                "The parameter {name} must specify a time within the past two weeks."
            )));
        }
        Ok(time)
    }

    fn measured(&self, datum: &Datum) -> Result<Measured, Refused> {
        let exclusive = |one: &str, other: &str| {
            Err(Refused {
                fault: Fault::InvalidParameterCombination,
                message: format!(
                    "The parameters {} and {} are mutually exclusive and you have specified both.",
                    self.name(one),
                    self.name(other)
                ),
            })
        };
        let has_values = !datum.values.is_empty();
        match (datum.value, datum.statistic_values, has_values) {
            (Some(_), _, true) => exclusive("Value", "Values"),
            (Some(_), Some(_), _) => exclusive("Value", "StatisticValues"),
            (_, Some(_), true) => exclusive("StatisticValues", "Values"),
            (Some(value), None, false) => {
                self.number("Value", value)?;
                Ok(Measured::Values(vec![(value, 1.0)]))
            }
            (None, Some(set), false) => self.set(set),
            (None, None, true) => self.values(datum),
            (None, None, false) => Err(Refused {
                fault: Fault::MissingParameter,
                message: format!(
                    "At least one of the parameters {}, {} and {} must be specified.",
                    self.name("Value"),
                    self.name("Values"),
                    self.name("StatisticValues")
                ),
            }),
        }
    }

    fn set(&self, set: StatisticSet) -> Result<Measured, Refused> {
        for (part, value) in [
            ("SampleCount", set.sample_count),
            ("Sum", set.sum),
            ("Minimum", set.minimum),
            ("Maximum", set.maximum),
        ] {
            self.number(&format!("StatisticValues.{part}"), value)?;
        }
        // Decision: sets that no values could have are refused.
        if set.sample_count <= 0.0 {
            return Err(self.wrong("StatisticValues.SampleCount", set.sample_count));
        }
        if set.maximum < set.minimum {
            return Err(self.wrong("StatisticValues.Maximum", set.maximum));
        }
        Ok(Measured::Set(set))
    }

    fn values(&self, datum: &Datum) -> Result<Measured, Refused> {
        let (values, counts) = (&datum.values, &datum.counts);
        if values.len() > VALUES_MAX {
            return Err(invalid(format!(
                "The collection {} must not have a size greater than {VALUES_MAX}.",
                self.name("Values")
            )));
        }
        if !counts.is_empty() && counts.len() != values.len() {
            return Err(invalid(format!(
                "The parameters {} and {} must be of the same size.",
                self.name("Values"),
                self.name("Counts")
            )));
        }
        let mut measured = Vec::with_capacity(values.len());
        for (index, value) in values.iter().enumerate() {
            self.number(&format!("Values.member.{}", index + 1), *value)?;
            let count = counts.get(index).copied().unwrap_or(1.0);
            let part = format!("Counts.member.{}", index + 1);
            self.number(&part, count)?;
            // Decision: a value that did not occur is an error of whoever says so.
            if count <= 0.0 {
                return Err(self.wrong(&part, count));
            }
            measured.push((*value, count));
        }
        Ok(Measured::Values(measured))
    }

    fn number(&self, part: &str, number: f64) -> Result<(), Refused> {
        let is_right = number.is_finite() && number.abs() <= VALUE_MAX;
        is_right
            .then_some(())
            .ok_or_else(|| self.wrong(part, number))
    }

    fn wrong(&self, part: &str, number: f64) -> Refused {
        let shown = if number.is_infinite() {
            let sign = if number < 0.0 { "-" } else { "" };
            format!("{sign}Infinity")
        } else {
            number.to_string()
        };
        invalid(format!(
            "The value {shown} for parameter {} is invalid.",
            self.name(part)
        ))
    }
}

fn invalid(message: String) -> Refused {
    Refused {
        fault: Fault::InvalidParameterValue,
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Statistic;

    const NOW: u64 = 1_795_000_000_000;

    fn value(value: f64) -> Datum {
        Datum {
            metric_name: "m".to_owned(),
            value: Some(value),
            ..Datum::default()
        }
    }

    fn values(values: &[f64], counts: &[f64]) -> Datum {
        Datum {
            metric_name: "m".to_owned(),
            values: values.to_vec(),
            counts: counts.to_vec(),
            ..Datum::default()
        }
    }

    fn refused(data: &[Datum], fault: Fault, message: &str) {
        let refused = admit("a", "MetricData", data, Timestamp::from_unix_ms(NOW)).unwrap_err();
        assert_eq!(refused.message, message);
        assert_eq!(refused.fault, fault);
    }

    #[test]
    fn the_services_words() {
        let mut both = values(&[1.0], &[]);
        both.value = Some(1.0);
        refused(
            &[both],
            Fault::InvalidParameterCombination,
            "The parameters MetricData.member.1.Value and MetricData.member.1.Values are mutually exclusive and you \
             have specified both.",
        );
        let mut both = value(1.0);
        both.statistic_values = Some(StatisticSet::default());
        refused(
            &[value(1.0), both],
            Fault::InvalidParameterCombination,
            "The parameters MetricData.member.2.Value and MetricData.member.2.StatisticValues are mutually exclusive \
             and you have specified both.",
        );
        refused(
            &[values(&[1.0, 2.0], &[1.0])],
            Fault::InvalidParameterValue,
            "The parameters MetricData.member.1.Values and MetricData.member.1.Counts must be of the same size.",
        );
        refused(
            &[value(f64::NAN)],
            Fault::InvalidParameterValue,
            "The value NaN for parameter MetricData.member.1.Value is invalid.",
        );
        refused(
            &[value(f64::NEG_INFINITY)],
            Fault::InvalidParameterValue,
            "The value -Infinity for parameter MetricData.member.1.Value is invalid.",
        );
    }

    #[test]
    fn sizes_and_counts_have_limits() {
        let check = |datum: Datum, fault| {
            let refused =
                admit("a", "MetricData", &[datum], Timestamp::from_unix_ms(NOW)).unwrap_err();
            assert_eq!(refused.fault, fault);
        };
        let invalid = Fault::InvalidParameterValue;
        let greatest = 2.0_f64.powi(360);
        assert!(
            admit(
                "a",
                "MetricData",
                &[value(-greatest)],
                Timestamp::from_unix_ms(NOW)
            )
            .is_ok()
        );
        check(value(greatest * 1.000_001), invalid);
        check(values(&[1.0; 151], &[]), invalid);
        check(values(&[1.0], &[0.0]), invalid);
        check(values(&[f64::INFINITY], &[]), invalid);
        let nothing = Datum {
            value: None,
            ..value(0.0)
        };
        check(nothing, Fault::MissingParameter);
        let set = |sample_count, minimum| Datum {
            value: None,
            statistic_values: Some(StatisticSet {
                sample_count,
                sum: 1.0,
                minimum,
                maximum: 1.0,
            }),
            ..value(0.0)
        };
        check(set(0.0, 1.0), invalid);
        check(set(1.0, 2.0), invalid);
        let odd = Datum {
            storage_resolution: Some(30),
            ..value(1.0)
        };
        check(odd, invalid);
        let odd = Datum {
            unit: Some("Parsecs".to_owned()),
            ..value(1.0)
        };
        check(odd, invalid);
        let nameless = Datum {
            metric_name: String::new(),
            ..value(1.0)
        };
        check(nameless, invalid);
        let many = vec![value(1.0); 1_001];
        assert!(admit("a", "MetricData", &many, Timestamp::from_unix_ms(NOW)).is_err());
        assert!(admit("a", "MetricData", &many[1..], Timestamp::from_unix_ms(NOW)).is_ok());
    }

    #[test]
    fn times_have_a_window() {
        let at = |ms| Datum {
            timestamp: Some(Timestamp::from_unix_ms(ms)),
            ..value(1.0)
        };
        let admitted =
            |ms| admit("a", "MetricData", &[at(ms)], Timestamp::from_unix_ms(NOW)).is_ok();
        assert!(admitted(NOW + 7_200_000));
        assert!(!admitted(NOW + 7_200_001));
        assert!(admitted(NOW - 1_209_600_000));
        assert!(!admitted(NOW - 1_209_600_001));
        refused(
            &[at(NOW + 7_200_001)],
            Fault::InvalidParameterValue,
            "The parameter MetricData.member.1.Timestamp must specify a time no more than two hours in the future.",
        );
    }

    #[test]
    fn each_datum_becomes_a_bucket_at_its_time() {
        let mut high = value(9.0);
        high.storage_resolution = Some(1);
        high.unit = Some("Seconds".to_owned());
        let mut set = value(0.0);
        set.value = None;
        set.statistic_values = Some(StatisticSet {
            sample_count: 4.0,
            sum: 10.0,
            minimum: 1.0,
            maximum: 5.0,
        });
        let data = [values(&[1.0, 2.0], &[4.0, 2.0]), high, set];
        let deltas = admit("a", "MetricData", &data, Timestamp::from_unix_ms(NOW)).unwrap();
        let says = |index: usize| {
            let (place, bucket): &(crate::deltas::Place, Bucket) = &deltas.buckets[index];
            let says = |statistic| bucket.statistic(statistic);
            let sums = (says(&Statistic::SampleCount), says(&Statistic::Sum));
            (place.unit, place.second, sums)
        };
        // 1,795,000,000 is 40 seconds into its minute.
        let (minute, second) = (1_794_999_960, 1_795_000_000);
        assert_eq!(says(0), (Unit::None, minute, (Some(6.0), Some(8.0))));
        assert_eq!(says(1), (Unit::Seconds, second, (Some(1.0), Some(9.0))));
        assert_eq!(says(2), (Unit::None, minute, (Some(4.0), Some(10.0))));
        assert_eq!(deltas.len(), 3);
    }
}
