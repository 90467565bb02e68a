//! Metric filters: which events of a log group are counted, and into which metric.
//!
//! A filter counts events from the moment on in which it was put, and until it is changed or deleted. Events are counted
//! a little after they came, by then with another filter in force perhaps; so what a filter was is kept until everything
//! is counted that came in its time. Moments are places in a node's spool: of two events of one millisecond, one may be
//! before a filter and the other behind it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use corelog_types::{LogGroupName, NodeId, Sequence, Timestamp};

use crate::Error;

/// A metric filter, as it was configured.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricFilter {
    /// The group whose events it counts.
    pub log_group: LogGroupName,
    /// Its name, one of its group's.
    pub name: String,
    /// The filter pattern, as it was written.
    pub pattern: String,
    /// Whether the pattern has a regular expression.
    pub has_regex: bool,
    /// What events that match become.
    pub transformation: MetricTransformation,
    /// Whether it was said to apply to transformed events.
    pub on_transformed: bool,
    /// When it was first put.
    pub created: Timestamp,
}

/// What an event that matches becomes. All texts are as they were written.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricTransformation {
    /// The metric's namespace.
    pub namespace: String,
    /// The metric's name.
    pub name: String,
    /// A number, or where in the event it is.
    pub value: String,
    /// What a minute counts that has events, none of which matches.
    pub default_value: Option<f64>,
    /// Names of dimensions, and where in the event their values are.
    pub dimensions: BTreeMap<String, String>,
    /// The metric's unit.
    pub unit: Option<String>,
}

/// A metric filter, and what came in its time.
#[derive(Debug, Clone, PartialEq)]
pub struct CountingFilter {
    /// The filter.
    pub filter: MetricFilter,
    /// It counts what is behind this place,
    pub after: Sequence,
    /// and nothing behind this one; `None` while it is in force.
    pub through: Option<Sequence>,
}

/// A place in the spool of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The node.
    pub node: NodeId,
    /// The last entry that is there already.
    pub last: Sequence,
}

/// How many filters a log group may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricFilterLimits {
    /// In all.
    pub all: usize,
    /// With a regular expression in their pattern.
    pub with_regex: usize,
}

/// Which filters are asked for; all that is given has to fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetricFiltersAsked {
    /// Those of this group.
    pub log_group: Option<LogGroupName>,
    /// What the name begins with.
    pub prefix: String,
    /// The namespace and the name of their metric.
    pub metric: Option<(String, String)>,
}

/// Where metric filters are kept.
#[async_trait]
pub trait MetricFilters {
    /// Adds a filter, or puts it in the place of the one of that name, whose time of creation it takes. From `now` on
    /// it counts; one that says what the former said goes on.
    ///
    /// # Errors
    /// [`Error::NotFound`] where there is no such group; [`Error::Full`].
    async fn put_metric_filter(
        &self,
        filter: &MetricFilter,
        now: Moment,
        limits: MetricFilterLimits,
    ) -> Result<(), Error>;

    /// Up to `limit` filters in force, by group and name, behind `after`.
    async fn metric_filters(
        &self,
        asked: &MetricFiltersAsked,
        after: Option<(&str, &str)>,
        limit: u32,
    ) -> Result<Vec<MetricFilter>, Error>;

    /// How many filters in force each of these groups has, in their order.
    async fn metric_filter_counts(&self, groups: &[&LogGroupName]) -> Result<Vec<u64>, Error>;

    /// Ends a filter: what comes behind `now` is not counted.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    async fn delete_metric_filter(
        &self,
        group: &LogGroupName,
        name: &str,
        now: Moment,
    ) -> Result<(), Error>;

    /// The filters by which entries of a node are counted, by group, name and time. One that was put at another node
    /// counts all of this node's.
    async fn counting_filters(&self, node: NodeId) -> Result<Vec<CountingFilter>, Error>;

    /// Forgets filters that are not in force any more and whose events are counted: all up to a place.
    async fn forget_metric_filters(&self, counted: Moment) -> Result<(), Error>;
}
