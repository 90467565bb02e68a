//! `CloudWatch` Logs: log groups, streams, tags, saved queries, policies.
//!
//! Source: the service's API, version 2014-03-28, and recorded answers for the texts of its errors.

mod arn;
mod event;
mod group;

mod create_log_group;
mod describe_log_groups;

use corelog_types::LOG_NAME_CHARS_MAX;
use corelog_wire::model::{Constraint, Violation};

pub use event::{Events, NoEvents};

use crate::aws::{Entry, entry};

/// The operations that are served, in the order of the model's table.
pub(crate) static OPERATIONS: [Entry; 2] = [
    entry::<create_log_group::CreateLogGroup>(),
    entry::<describe_log_groups::DescribeLogGroups>(),
];

/// What the service says of a violation where it has words of its own.
pub(crate) fn own_words(violation: &Violation) -> Option<&'static str> {
    let is_name = matches!(violation.at.as_str(), "logGroupName" | "logStreamName");
    let most = i64::try_from(LOG_NAME_CHARS_MAX).unwrap_or(i64::MAX);
    (is_name && violation.constraint == Constraint::LengthMax(most)).then_some(
        "Invalid LogGroup or LogStream, both must have length less than or equal to 512.",
    )
}
