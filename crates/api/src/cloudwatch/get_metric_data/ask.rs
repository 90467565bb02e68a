//! What a call of `GetMetricData` asks for, checked.
//!
//! Source of the messages that are not marked: answers of the service, as issues of clients have them. Several are told
//! at once, one a line.

use corelog_math::{self as math, label};
use corelog_metrics::{Dimension, Metric, Period, Statistic, Unit};
use corelog_types::Timestamp;
use corelog_wire::cloudwatch::shapes::{self, GetMetricDataInput, MetricDataQuery};

use super::super::metric;
use crate::aws::{Account, Fault, Kind};

/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>
const QUERIES_MAX: usize = 500;
/// Source: as above.
const POINTS_MAX: usize = 100_800;
/// Characters of a label, which each series of an array has.
///
/// Decision: the model has no bound; this is that of expressions.
const LABEL_CHARS_MAX: usize = 2_048;
/// Points are at most as far in the future; what is asked for beyond is nothing.
const AHEAD_MS: u64 = 2 * 24 * 3_600_000;

/// A call.
#[derive(Debug)]
pub(super) struct Asked {
    /// At most 500, each with an id of its own.
    pub(super) queries: Vec<Query>,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) newest_first: bool,
    /// Points that one answer may have.
    pub(super) points_max: usize,
    /// How far the clock is ahead of UTC by which labels show times.
    pub(super) zone_minutes: i32,
}

/// One of its queries.
#[derive(Debug)]
pub(super) struct Query {
    /// `^[a-z][a-zA-Z0-9_]*$`
    pub(super) id: String,
    /// As it was given.
    pub(super) label: Option<String>,
    /// Whether it is part of the answer.
    pub(super) is_returned: bool,
    /// Whether its data are of this account: there are no others.
    pub(super) is_ours: bool,
    pub(super) what: What,
}

/// What a query asks for.
#[derive(Debug)]
pub(super) enum What {
    /// A metric.
    Metric(Stat),
    /// Something computed.
    Expression {
        /// As it was given.
        text: String,
        /// The period of what is searched for.
        period: Option<Period>,
    },
}

/// A statistic of a metric.
#[derive(Debug)]
pub(super) struct Stat {
    pub(super) metric: Metric,
    pub(super) period: Period,
    pub(super) statistic: Statistic,
    /// The statistic as it was written.
    pub(super) name: String,
    pub(super) unit: Option<Unit>,
}

impl Query {
    /// As metric math has it.
    pub(super) fn to_math(&self) -> math::Query {
        let (term, period) = match &self.what {
            What::Metric(stat) => (math::Term::Metric(stat.to_math()), None),
            What::Expression { text, period } => (math::Term::Expression(text.clone()), *period),
        };
        math::Query {
            id: self.id.clone(),
            term,
            label: self.label.clone(),
            period_seconds: period.map(seconds),
            returns: self.is_returned,
        }
    }
}

impl Stat {
    pub(super) fn to_math(&self) -> math::MetricStat {
        let dimensions = self.metric.dimensions().iter();
        let pair = |one: &Dimension| (one.name.clone(), one.value.clone());
        math::MetricStat {
            namespace: self.metric.namespace().to_owned(),
            metric_name: self.metric.name().to_owned(),
            dimensions: dimensions.map(pair).collect(),
            statistic: self.name.clone(),
            period_seconds: seconds(self.period),
            unit: self.unit.map(|unit| unit.to_string()),
        }
    }
}

/// Periods are made of as many.
fn seconds(period: Period) -> u32 {
    u32::try_from(period.seconds()).unwrap_or(u32::MAX)
}

impl Asked {
    pub(super) fn of(
        input: GetMetricDataInput,
        account: &Account,
        now: Timestamp,
    ) -> Result<Self, Fault> {
        let mut faults = Vec::new();
        let (from, to) = range(&input, &mut faults);
        let zone_minutes = zone_minutes(&input, &mut faults);
        let points_max = input.max_datapoints.map_or(POINTS_MAX, |most| {
            usize::try_from(most).unwrap_or(0).min(POINTS_MAX)
        });
        if points_max == 0 {
            // Decision: the service's words are not known.
            faults.push("The parameter MaxDatapoints must be greater than 0.".to_owned());
        }
        let given = input.metric_data_queries;
        if given.is_empty() {
            faults.push("The parameter MetricDataQueries is required.".to_owned());
        }
        if given.len() > QUERIES_MAX {
            faults.push(format!(
                "The collection MetricDataQueries must not have a size greater than {QUERIES_MAX}."
            ));
            return Err(refused(&faults));
        }
        let mut queries = Vec::with_capacity(given.len());
        for (index, query) in given.into_iter().enumerate() {
            queries.extend(Member(index + 1).query(query, account, &mut faults));
        }
        if faults.is_empty() && !are_unique(&queries) {
            let text = "The values for parameter id in MetricDataQueries are not unique.";
            faults.push(text.to_owned());
        }
        if !faults.is_empty() {
            return Err(refused(&faults));
        }
        let last = Timestamp::from_unix_ms(now.unix_ms().saturating_add(AHEAD_MS));
        Ok(Self {
            queries,
            from: from.min(last),
            to: to.min(last),
            newest_first: input.scan_by.as_deref() != Some("TimestampAscending"),
            points_max,
            zone_minutes,
        })
    }

    pub(super) fn has_expressions(&self) -> bool {
        let mut queries = self.queries.iter();
        queries.any(|query| matches!(query.what, What::Expression { .. }))
    }
}

fn refused(faults: &[String]) -> Fault {
    Fault::new(Kind::Validation, faults.join("\n"))
}

fn range(input: &GetMetricDataInput, faults: &mut Vec<String>) -> (Timestamp, Timestamp) {
    let (from, to) = (metric::time(input.start_time), metric::time(input.end_time));
    if from == to {
        let text = "The parameter StartTime must not equal parameter EndTime.";
        faults.push(text.to_owned());
    }
    if from > to {
        let text = "The parameter EndTime must be greater than StartTime.";
        faults.push(text.to_owned());
    }
    (from, to)
}

fn zone_minutes(input: &GetMetricDataInput, faults: &mut Vec<String>) -> i32 {
    let options = input.label_options.as_ref();
    let given = options.and_then(|options| options.timezone.as_deref());
    let Some(text) = given else {
        return 0;
    };
    label::zone_minutes(text).unwrap_or_else(|| {
        // Decision: the service's words are not known; these are those about ids.
        faults.push(format!(
            "The value {text} for parameter LabelOptions.Timezone is not matching the expected pattern \
             ^[+-][0-9]{{4}}$."
        ));
        0
    })
}

fn are_unique(queries: &[Query]) -> bool {
    let mut ids: Vec<&str> = queries.iter().map(|query| query.id.as_str()).collect();
    ids.sort_unstable();
    ids.windows(2).all(|pair| pair[0] != pair[1])
}

/// Which of the queries it is, from 1.
struct Member(usize);

impl Member {
    fn name(&self, part: &str) -> String {
        format!("MetricDataQueries.member.{}.{part}", self.0)
    }

    fn query(
        &self,
        given: MetricDataQuery,
        account: &Account,
        faults: &mut Vec<String>,
    ) -> Option<Query> {
        let (name, id) = (self.name("Id"), &given.id);
        if !is_id(id) {
            faults.push(format!(
                "The value {id} for parameter {name} is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$."
            ));
        }
        let label = given.label.as_deref().unwrap_or_default();
        if label.chars().count() > LABEL_CHARS_MAX {
            let name = self.name("Label");
            faults.push(format!(
                "The value for parameter {name} must not have more than {LABEL_CHARS_MAX} characters."
            ));
        }
        let what = match (given.metric_stat, given.expression) {
            (Some(stat), None) => self.stat(stat, faults).map(What::Metric),
            (None, Some(text)) => self.expression(text, given.period, faults),
            (Some(_), Some(_)) => {
                let (one, other) = (self.name("Expression"), self.name("MetricStat"));
                faults.push(format!(
                    "The parameters {one} and {other} are mutually exclusive and you have specified both."
                ));
                None
            }
            (None, None) => {
                // Decision: as for data that are put without a value.
                let (one, other) = (self.name("Expression"), self.name("MetricStat"));
                faults.push(format!(
                    "At least one of the parameters {one} and {other} must be specified."
                ));
                None
            }
        };
        Some(Query {
            label: given.label,
            is_returned: given.return_data != Some(false),
            is_ours: given.account_id.is_none_or(|id| id == account.id),
            what: what?,
            id: given.id,
        })
    }

    fn expression(
        &self,
        text: String,
        period: Option<i64>,
        faults: &mut Vec<String>,
    ) -> Option<What> {
        let period = match period {
            None => None,
            Some(seconds) => Some(self.period("Period", seconds, faults)?),
        };
        Some(What::Expression { text, period })
    }

    fn stat(&self, given: shapes::MetricStat, faults: &mut Vec<String>) -> Option<Stat> {
        let name = self.name("MetricStat.Stat");
        let statistic = given.stat.parse::<Statistic>().ok();
        if statistic.is_none() {
            let stat = &given.stat;
            faults.push(format!(
                "The value {stat} for parameter {name} is not a valid statistic."
            ));
        }
        let period = self.period("MetricStat.Period", given.period, faults);
        let metric = self.metric(given.metric, faults);
        // The model has checked it.
        let unit = given.unit.and_then(|unit| unit.parse().ok());
        Some(Stat {
            metric: metric?,
            period: period?,
            statistic: statistic?,
            name: given.stat,
            unit,
        })
    }

    fn metric(&self, given: shapes::Metric, faults: &mut Vec<String>) -> Option<Metric> {
        let mut required = |part: &str, text: Option<String>| {
            if text.is_none() {
                let name = self.name(&format!("MetricStat.Metric.{part}"));
                faults.push(format!("The parameter {name} is required."));
            }
            text
        };
        let namespace = required("Namespace", given.namespace);
        let name = required("MetricName", given.metric_name);
        let dimensions = metric::dimensions(given.dimensions);
        let metric = Metric::new(&namespace?, &name?, dimensions);
        metric
            .map_err(|invalid| {
                let of = self.name("MetricStat.Metric");
                faults.push(format!("The parameter {of} is invalid: {invalid}."));
            })
            .ok()
    }

    /// Decision: the service's words are not known.
    fn period(&self, part: &str, seconds: i64, faults: &mut Vec<String>) -> Option<Period> {
        let period = metric::period(seconds);
        if period.is_none() {
            let name = self.name(part);
            faults.push(format!(
                "The value {seconds} for parameter {name} must be 1, 5, 10, 20, 30 or a multiple of 60."
            ));
        }
        period
    }
}

fn is_id(text: &str) -> bool {
    let rest = text.strip_prefix(|c: char| c.is_ascii_lowercase());
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    rest.is_some_and(|rest| rest.bytes().all(fits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_begin_with_a_small_letter() {
        for id in ["a", "m1", "errorRate_2"] {
            assert!(is_id(id), "{id}");
        }
        for other in ["", "A", "1a", "_a", "a-b", "é"] {
            assert!(!is_id(other), "{other}");
        }
    }
}
