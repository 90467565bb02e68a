//! What an alarm is told to do: the definitions that [`crate::request`] makes of requests.

use crate::rule::Rule;
use crate::state::StateValue;
use crate::statistic::Statistic;
use crate::zone::Zone;

mod log;

pub use log::{LogAlarm, ScheduledQuery};

/// An alarm as it was put, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// Its name, unique among alarms of every kind.
    pub name: String,
    /// What people are told about it.
    pub description: Option<String>,
    /// Whether transitions execute actions.
    pub actions_enabled: bool,
    /// What to execute.
    pub actions: Actions,
    /// What it watches.
    pub kind: Kind,
}

impl Definition {
    /// The metric alarm, if it is one.
    pub fn metric(&self) -> Option<&MetricAlarm> {
        match &self.kind {
            Kind::Metric(alarm) => Some(alarm),
            Kind::Composite(_) | Kind::Log(_) => None,
        }
    }

    /// The composite alarm, if it is one.
    pub fn composite(&self) -> Option<&CompositeAlarm> {
        match &self.kind {
            Kind::Composite(alarm) => Some(alarm),
            Kind::Metric(_) | Kind::Log(_) => None,
        }
    }

    /// The log alarm, if it is one.
    pub fn log(&self) -> Option<&LogAlarm> {
        match &self.kind {
            Kind::Log(alarm) => Some(alarm),
            Kind::Metric(_) | Kind::Composite(_) => None,
        }
    }

    /// `MetricAlarm`, `CompositeAlarm` or `LogAlarm`.
    pub fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::Metric(_) => "MetricAlarm",
            Kind::Composite(_) => "CompositeAlarm",
            Kind::Log(_) => "LogAlarm",
        }
    }

    pub(crate) fn warm_up(&self) -> Option<WarmUp> {
        match &self.kind {
            Kind::Metric(alarm) => alarm.warm_up,
            Kind::Log(alarm) => alarm.warm_up,
            Kind::Composite(_) => None,
        }
    }
}

/// ARNs of what to execute when an alarm goes into a state, at most five each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Actions {
    /// Into `OK`.
    pub ok: Vec<String>,
    /// Into `ALARM`.
    pub alarm: Vec<String>,
    /// Into `INSUFFICIENT_DATA`.
    pub insufficient_data: Vec<String>,
}

impl Actions {
    /// The actions of one state.
    pub fn of(&self, value: StateValue) -> &[String] {
        match value {
            StateValue::Ok => &self.ok,
            StateValue::Alarm => &self.alarm,
            StateValue::InsufficientData => &self.insufficient_data,
        }
    }
}

/// What an alarm watches.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A series of data points.
    Metric(Box<MetricAlarm>),
    /// The states of other alarms.
    Composite(Box<CompositeAlarm>),
    /// The results of a query that runs on a schedule.
    Log(Box<LogAlarm>),
}

/// An alarm on a series.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricAlarm {
    /// Where the series comes from.
    pub source: Source,
    /// N: how many periods are looked at.
    pub evaluation_periods: u32,
    /// M: how many of them have to be breaching; N where it is absent.
    pub datapoints_to_alarm: Option<u32>,
    /// What a value is compared with.
    pub limit: Limit,
    /// How it is compared.
    pub comparison: Comparison,
    /// What a missing data point counts as, if the request said so; see [`Self::missing`].
    pub treat_missing_data: Option<MissingData>,
    /// Whether percentiles of few samples are evaluated, if the request said so.
    pub low_samples: Option<LowSamples>,
    /// Where the periods begin; they slide if it is absent.
    pub window: Option<WindowKind>,
    /// A time after creation in which the alarm stays quiet.
    pub warm_up: Option<WarmUp>,
}

impl MetricAlarm {
    /// M: how many breaching data points make an `ALARM`.
    pub fn datapoints(&self) -> u32 {
        self.datapoints_to_alarm.unwrap_or(self.evaluation_periods)
    }

    /// What a missing data point counts as. Metrics of `AWS/DynamoDB` ignore them unless told otherwise.
    ///
    /// Source: the user guide's page of missing data.
    pub fn missing(&self) -> MissingData {
        self.treat_missing_data.unwrap_or(if self.is_of_dynamodb() {
            MissingData::Ignore
        } else {
            MissingData::Missing
        })
    }

    /// The period of the series in seconds.
    pub fn period_seconds(&self) -> u32 {
        match &self.source {
            Source::Metric(metric) => metric.period_seconds,
            Source::Queries(queries) => period_of(queries),
        }
    }

    /// The share of samples below, if the statistic is a percentile: 0.99 for `p99`.
    pub fn percentile(&self) -> Option<f64> {
        match &self.source {
            Source::Metric(metric) => metric.statistic.percentile(),
            Source::Queries(_) => None,
        }
    }

    fn is_of_dynamodb(&self) -> bool {
        const DYNAMODB: &str = "AWS/DynamoDB";
        match &self.source {
            Source::Metric(metric) => metric.namespace == DYNAMODB,
            Source::Queries(queries) => {
                let mut namespaces = queries
                    .iter()
                    .filter_map(|query| query.metric())
                    .map(|metric| metric.namespace.as_str())
                    .peekable();
                namespaces.peek().is_some() && namespaces.all(|namespace| namespace == DYNAMODB)
            }
        }
    }
}

/// The longest period of the metrics and expressions: that of the result.
fn period_of(queries: &[Query]) -> u32 {
    let periods = queries.iter().filter_map(|query| {
        let own = query.metric().map(|metric| metric.period_seconds);
        own.or(query.period_seconds)
    });
    periods.max().unwrap_or(60)
}

/// Where the series of a metric alarm comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// One metric.
    Metric(Metric),
    /// Metrics and expressions; see [`Query::return_data`].
    Queries(Vec<Query>),
}

/// One metric and how to sum it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metric {
    /// The namespace.
    pub namespace: String,
    /// The metric's name.
    pub name: String,
    /// Its dimensions, name and value, as they were given.
    pub dimensions: Vec<(String, String)>,
    /// What is made of the values of a period.
    pub statistic: Statistic,
    /// The period.
    pub period_seconds: u32,
    /// Only values of this unit, if one is named.
    pub unit: Option<String>,
}

/// One entry of `Metrics`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// What expressions call it.
    pub id: String,
    /// What it computes.
    pub term: Term,
    /// What people call it.
    pub label: Option<String>,
    /// Whether it is what the alarm watches (or the band that it is compared with); true where it is absent.
    pub return_data: Option<bool>,
    /// The period of an expression.
    pub period_seconds: Option<u32>,
    /// The account of the metric.
    pub account_id: Option<String>,
}

impl Query {
    /// Whether its result is wanted.
    pub fn returns(&self) -> bool {
        self.return_data.unwrap_or(true)
    }

    /// The metric, if it is one.
    pub fn metric(&self) -> Option<&Metric> {
        match &self.term {
            Term::Metric(metric) => Some(metric),
            Term::Expression(_) => None,
        }
    }
}

/// What an entry of `Metrics` computes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    /// A metric.
    Metric(Metric),
    /// An expression of metric math.
    Expression(String),
}

/// What values are compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum Limit {
    /// One number.
    Threshold(f64),
    /// A band of two series: the id of the entry of `Metrics` that makes it.
    Band(String),
}

/// How a value is compared with the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `>=`
    GreaterThanOrEqualToThreshold,
    /// `>`
    GreaterThanThreshold,
    /// `<`
    LessThanThreshold,
    /// `<=`
    LessThanOrEqualToThreshold,
    /// Outside of a band.
    LessThanLowerOrGreaterThanUpperThreshold,
    /// Below a band.
    LessThanLowerThreshold,
    /// Above a band.
    GreaterThanUpperThreshold,
}

impl Comparison {
    /// Every comparison, in the order of the service's model.
    pub const ALL: [Self; 7] = [
        Self::GreaterThanOrEqualToThreshold,
        Self::GreaterThanThreshold,
        Self::LessThanThreshold,
        Self::LessThanOrEqualToThreshold,
        Self::LessThanLowerOrGreaterThanUpperThreshold,
        Self::LessThanLowerThreshold,
        Self::GreaterThanUpperThreshold,
    ];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GreaterThanOrEqualToThreshold => "GreaterThanOrEqualToThreshold",
            Self::GreaterThanThreshold => "GreaterThanThreshold",
            Self::LessThanThreshold => "LessThanThreshold",
            Self::LessThanOrEqualToThreshold => "LessThanOrEqualToThreshold",
            Self::LessThanLowerOrGreaterThanUpperThreshold => {
                "LessThanLowerOrGreaterThanUpperThreshold"
            }
            Self::LessThanLowerThreshold => "LessThanLowerThreshold",
            Self::GreaterThanUpperThreshold => "GreaterThanUpperThreshold",
        }
    }

    /// The comparison of this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|comparison| comparison.as_str() == text)
    }

    /// Whether a value is outside of a threshold; `None` for a value that is no number, and for comparisons with a band.
    pub(crate) fn compares(self, value: f64, threshold: f64) -> Option<bool> {
        if !value.is_finite() {
            return None;
        }
        match self {
            Self::GreaterThanOrEqualToThreshold => Some(value >= threshold),
            Self::GreaterThanThreshold => Some(value > threshold),
            Self::LessThanThreshold => Some(value < threshold),
            Self::LessThanOrEqualToThreshold => Some(value <= threshold),
            Self::LessThanLowerOrGreaterThanUpperThreshold
            | Self::LessThanLowerThreshold
            | Self::GreaterThanUpperThreshold => None,
        }
    }

    /// Whether it compares with the lower edge of a band.
    pub const fn looks_below(self) -> bool {
        matches!(
            self,
            Self::LessThanLowerOrGreaterThanUpperThreshold | Self::LessThanLowerThreshold
        )
    }

    /// Whether it compares with the upper edge of a band.
    pub const fn looks_above(self) -> bool {
        matches!(
            self,
            Self::LessThanLowerOrGreaterThanUpperThreshold | Self::GreaterThanUpperThreshold
        )
    }

    /// Whether it compares with a band.
    pub const fn is_of_band(self) -> bool {
        self.looks_below() || self.looks_above()
    }
}

/// What a data point counts as that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingData {
    /// As a breaching one.
    Breaching,
    /// As one within the limit.
    NotBreaching,
    /// As nothing: the alarm stays as it is.
    Ignore,
    /// As nothing: an alarm without any goes into `INSUFFICIENT_DATA`.
    Missing,
}

impl MissingData {
    /// Every treatment, in the order in which the service names them.
    pub const ALL: [Self; 4] = [
        Self::Breaching,
        Self::NotBreaching,
        Self::Ignore,
        Self::Missing,
    ];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Breaching => "breaching",
            Self::NotBreaching => "notBreaching",
            Self::Ignore => "ignore",
            Self::Missing => "missing",
        }
    }

    /// The treatment of this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|treatment| treatment.as_str() == text)
    }
}

/// What becomes of a percentile of too few samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LowSamples {
    /// It counts.
    Evaluate,
    /// It does not.
    Ignore,
}

impl LowSamples {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Evaluate => "evaluate",
            Self::Ignore => "ignore",
        }
    }

    /// The option of this name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Evaluate, Self::Ignore]
            .into_iter()
            .find(|option| option.as_str() == text)
    }
}

/// Where periods begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WindowKind {
    /// They end with the evaluation.
    Sliding,
    /// They are those of a clock, such as hours or days.
    WallClock {
        /// Whose clock.
        zone: Zone,
        /// What the request called it.
        timezone: Option<String>,
    },
}

/// A time after creation in which the alarm stays in `INSUFFICIENT_DATA`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WarmUp {
    /// How long.
    pub minutes: u32,
    /// Whether it lasts that long even if there is data enough before.
    pub to_the_end: bool,
}

/// An alarm on the states of others.
#[derive(Debug, Clone, PartialEq)]
pub struct CompositeAlarm {
    /// When it is in `ALARM`.
    pub rule: Rule,
    /// The rule as it was put.
    pub text: String,
    /// What holds its actions back.
    pub suppressor: Option<Suppressor>,
}

/// An alarm that holds back the actions of a composite one while it is in `ALARM`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppressor {
    /// The alarm, by name or ARN, as it was put.
    pub reference: String,
    /// How long the composite alarm waits whether the suppressor goes into `ALARM`.
    pub wait_seconds: u32,
    /// How long it waits after the suppressor left `ALARM`.
    pub extension_seconds: u32,
}

/// The name in a reference to an alarm, which is a name or an ARN.
pub fn name_in(reference: &str) -> &str {
    let Some(rest) = reference.strip_prefix("arn:") else {
        return reference;
    };
    // arn:partition:cloudwatch:region:account:alarm:name, and names may have colons.
    let mut parts = rest.splitn(6, ':');
    let is_alarm = parts.nth(1) == Some("cloudwatch") && parts.nth(2) == Some("alarm");
    if is_alarm {
        parts.next().unwrap_or(reference)
    } else {
        reference
    }
}
