//! What a log alarm is told to do.

use super::{Comparison, MissingData, WarmUp};

/// An alarm on what a query of log events answers, each time that it is executed.
#[derive(Debug, Clone, PartialEq)]
pub struct LogAlarm {
    /// What is asked, and when.
    pub query: ScheduledQuery,
    /// N: how many of the newest results are looked at.
    pub results_to_evaluate: u32,
    /// M: how many of them have to be breaching.
    pub results_to_alarm: u32,
    /// What values are compared with.
    pub threshold: f64,
    /// How they are compared: none of those with a band.
    pub comparison: Comparison,
    /// What a result without values counts as, if the request said so.
    pub treat_missing_data: Option<MissingData>,
    /// How many log events a notice shows.
    pub line_count: Option<u32>,
    /// Whose permissions these are read with, as it was put.
    pub line_role: Option<String>,
    /// A time after creation in which the alarm stays quiet.
    pub warm_up: Option<WarmUp>,
}

impl LogAlarm {
    /// What a result without values counts as.
    pub fn missing(&self) -> MissingData {
        self.treat_missing_data.unwrap_or(MissingData::Missing)
    }

    /// Whether a value is outside of the limit. One that is no number is not.
    pub fn is_breached_by(&self, value: f64) -> bool {
        self.comparison.compares(value, self.threshold) == Some(true)
    }
}

/// A query that is executed again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduledQuery {
    /// Which log events, in the language of Logs Insights.
    pub text: String,
    /// The names or ARNs of the log groups that are read; none where the text names them.
    pub log_groups: Vec<String>,
    /// What is made of the log events: what `stats` takes, and commands behind it.
    pub aggregation: String,
    /// How often, as it was put: `rate(5 minutes)`.
    pub schedule: String,
    /// The same in seconds, in whole minutes.
    pub interval_seconds: u32,
    /// How long before its execution the time begins that is asked about.
    pub start_offset_seconds: u32,
    /// How long before its execution it ends, if the request said so.
    pub end_offset_seconds: Option<u32>,
    /// Whose permissions it is executed with, as it was put.
    pub role: String,
    /// Its tags, as they were put.
    pub tags: Vec<(String, String)>,
}

impl ScheduledQuery {
    /// The text that is executed.
    ///
    /// Decision: the aggregation is a `stats` command behind the query, on a line of its own, since the query may end
    /// with a comment. The service's own examples, such as `avg(latency) by host | sort desc`, read so.
    pub fn whole(&self) -> String {
        self.followed_by(&format!("stats {}", self.aggregation))
    }

    /// The text that finds as many of the log events behind a result.
    pub fn lines(&self, count: u32) -> String {
        self.followed_by(&format!("limit {count}"))
    }

    fn followed_by(&self, command: &str) -> String {
        if self.text.trim().is_empty() {
            return command.to_owned();
        }
        format!("{}\n| {command}", self.text)
    }
}
