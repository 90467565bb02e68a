//! What the operations on log groups have in common: names, what is said of missing ones, how one is shown.

use corelog_catalog::{Error, GroupChange, LogGroup};
use corelog_types::{LogGroupName, LogStreamName};
use corelog_wire::logs::shapes;

use super::arn;
use crate::aws::{Account, Context, Fault, Kind};

/// A name as a caller wrote it.
pub(super) fn named(name: &str) -> Result<LogGroupName, Fault> {
    LogGroupName::new(name)
        .map_err(|_| Fault::invalid_parameter(format!("`{name}` is not the name of a log group.")))
}

/// A stream's name as a caller wrote it.
pub(super) fn stream_named(name: &str) -> Result<LogStreamName, Fault> {
    LogStreamName::new(name)
        .map_err(|_| Fault::invalid_parameter(format!("`{name}` is not the name of a log stream.")))
}

/// There is no such group. The text ends in a full stop, unlike the one for a group that exists.
pub(super) fn missing() -> Fault {
    Fault::not_found("The specified log group does not exist.")
}

/// What the catalog says of a change to a group.
pub(super) fn refused(error: Error) -> Fault {
    match error {
        Error::NotFound => missing(),
        Error::Exists => Fault::new(
            Kind::ResourceAlreadyExists,
            "The specified log group already exists",
        ),
        Error::Protected => Fault::new(
            Kind::Validation,
            "The specified log group cannot be deleted because deletion protection is enabled.",
        ),
        other => Fault::from(other),
    }
}

/// The group of that name, which has to exist.
pub(super) async fn existing(cx: &Context<'_>, name: &LogGroupName) -> Result<LogGroup, Fault> {
    cx.catalog().group(name).await?.ok_or_else(missing)
}

/// There has to be a stream of that name.
pub(super) async fn existing_stream(
    cx: &Context<'_>,
    group: &LogGroupName,
    name: &LogStreamName,
) -> Result<(), Fault> {
    let found = cx.catalog().stream(group, name).await?;
    let missing = || Fault::not_found("The specified log stream does not exist.");
    found.map(drop).ok_or_else(missing)
}

/// What a group has beside its settings.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Holds {
    pub(super) bytes: u64,
    pub(super) metric_filters: u64,
}

/// A group as `DescribeLogGroups` shows it.
pub(super) fn shown(account: &Account, group: LogGroup, holds: Holds) -> shapes::LogGroup {
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let arn = arn::of_group(account, &group.name);
    shapes::LogGroup {
        arn: Some(format!("{arn}:*")),
        creation_time: Some(millis(group.created)),
        deletion_protection_enabled: Some(group.deletion_protected),
        kms_key_id: group.kms_key,
        log_group_arn: Some(arn),
        log_group_class: Some(group.class.as_str().to_owned()),
        log_group_name: Some(group.name.as_str().to_owned()),
        metric_filter_count: Some(number(holds.metric_filters)),
        retention_in_days: group.retention_days.map(i64::from),
        stored_bytes: Some(number(holds.bytes)),
        ..shapes::LogGroup::default()
    }
}

/// A time on the wire.
pub(super) fn millis(time: corelog_types::Timestamp) -> i64 {
    i64::try_from(time.unix_ms()).unwrap_or(i64::MAX)
}

/// The ARN of the group that a request names.
pub(super) fn on(name: &str, cx: &Context<'_>) -> Result<String, Fault> {
    Ok(arn::of_group(cx.account(), &named(name)?))
}

/// The ARN of the stream that a request names.
pub(super) fn on_stream(group: &str, stream: &str, cx: &Context<'_>) -> Result<String, Fault> {
    let (group, stream) = (named(group)?, stream_named(stream)?);
    Ok(arn::of_stream(cx.account(), &group, stream.as_str()))
}

/// Changes one setting of the group of that name.
pub(super) async fn change(
    cx: &Context<'_>,
    name: &LogGroupName,
    change: GroupChange,
) -> Result<(), Fault> {
    let changed = cx.catalog().change_group(name, &change).await;
    changed.map_err(refused)
}
