//! What the operations on tags have in common, the six of them being two families over the same tags.

use std::collections::BTreeMap;

use corelog_catalog::{Error, GroupChange};
use corelog_types::LogGroupName;

use super::{arn, group};
use crate::aws::{Context, Fault, Kind};

const TAGS_MAX: usize = 50;

/// Adds tags to a group.
pub(super) async fn add(
    cx: &Context<'_>,
    name: &LogGroupName,
    tags: BTreeMap<String, String>,
) -> Result<(), Fault> {
    check_keys(&tags)?;
    let change = GroupChange::Tag {
        tags,
        most: TAGS_MAX,
    };
    let changed = cx.catalog().change_group(name, &change).await;
    changed.map_err(|error| match error {
        Error::Full { most } => {
            let text = format!("A log group can have no more than {most} tags.");
            Fault::new(Kind::TooManyTags, text)
                .with("resourceName", arn::of_group(cx.account(), name))
        }
        other => group::refused(other),
    })
}

/// Refuses keys that are reserved.
pub(super) fn check_keys(tags: &BTreeMap<String, String>) -> Result<(), Fault> {
    let is_reserved = |key: &&String| key.to_ascii_lowercase().starts_with("aws:");
    match tags.keys().find(is_reserved) {
        Some(key) => Err(Fault::invalid_parameter(format!(
            "The tag key `{key}` is not allowed: keys that start with `aws:` are reserved."
        ))),
        None => Ok(()),
    }
}

/// Removes tags from a group.
pub(super) async fn remove(
    cx: &Context<'_>,
    name: &LogGroupName,
    keys: Vec<String>,
) -> Result<(), Fault> {
    group::change(cx, name, GroupChange::Untag(keys)).await
}

/// A group's tags.
pub(super) async fn all(
    cx: &Context<'_>,
    name: &LogGroupName,
) -> Result<BTreeMap<String, String>, Fault> {
    Ok(group::existing(cx, name).await?.tags)
}

/// The group that a resource's ARN means; names alone are not taken here.
pub(super) fn resource(cx: &Context<'_>, resource_arn: &str) -> Result<LogGroupName, Fault> {
    if !resource_arn.starts_with("arn:") {
        let text = format!("Invalid ARN: {resource_arn} is not an ARN.");
        return Err(Fault::invalid_parameter(text));
    }
    arn::group(cx.account(), resource_arn)
}
