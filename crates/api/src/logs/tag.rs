//! What the operations on tags have in common, the six of them being two families over the same tags.

use std::collections::BTreeMap;

use corelog_catalog::{Error, GroupChange, LookupChange};
use corelog_types::LogGroupName;

use super::{arn, group, lookup_table};
use crate::aws::{Context, Fault, Kind};

const TAGS_MAX: usize = 50;

/// What has tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Resource {
    LogGroup(LogGroupName),
    /// Its name.
    LookupTable(String),
}

impl Resource {
    /// What an ARN means; names alone are not taken here.
    pub(super) fn named(resource_arn: &str, cx: &Context<'_>) -> Result<Self, Fault> {
        if !resource_arn.starts_with("arn:") {
            let text = format!("Invalid ARN: {resource_arn} is not an ARN.");
            return Err(Fault::invalid_parameter(text));
        }
        if arn::is_lookup_table(resource_arn) {
            return arn::lookup_table(cx.account(), resource_arn).map(Self::LookupTable);
        }
        arn::group(cx.account(), resource_arn).map(Self::LogGroup)
    }

    pub(super) fn arn(&self, cx: &Context<'_>) -> String {
        match self {
            Self::LogGroup(name) => arn::of_group(cx.account(), name),
            Self::LookupTable(name) => arn::of_lookup_table(cx.account(), name),
        }
    }

    fn noun(&self) -> &'static str {
        match self {
            Self::LogGroup(_) => "log group",
            Self::LookupTable(_) => "lookup table",
        }
    }
}

/// Adds tags.
pub(super) async fn add(
    cx: &Context<'_>,
    on: &Resource,
    tags: BTreeMap<String, String>,
) -> Result<(), Fault> {
    check_keys(&tags)?;
    let most = TAGS_MAX;
    let changed = match on {
        Resource::LogGroup(name) => {
            let change = GroupChange::Tag { tags, most };
            cx.catalog().change_group(name, &change).await
        }
        Resource::LookupTable(name) => {
            let change = LookupChange::Tag { tags, most };
            cx.catalog().change_lookup_table(name, &change).await
        }
    };
    changed.map_err(|error| match error {
        Error::Full { most } => {
            let text = format!("A {} can have no more than {most} tags.", on.noun());
            Fault::new(Kind::TooManyTags, text).with("resourceName", on.arn(cx))
        }
        other => refused(on, other),
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

/// Removes tags.
pub(super) async fn remove(
    cx: &Context<'_>,
    on: &Resource,
    keys: Vec<String>,
) -> Result<(), Fault> {
    let changed = match on {
        Resource::LogGroup(name) => {
            let change = GroupChange::Untag(keys);
            cx.catalog().change_group(name, &change).await
        }
        Resource::LookupTable(name) => {
            let change = LookupChange::Untag(keys);
            cx.catalog().change_lookup_table(name, &change).await
        }
    };
    changed.map_err(|error| refused(on, error))
}

/// All tags.
pub(super) async fn all(
    cx: &Context<'_>,
    on: &Resource,
) -> Result<BTreeMap<String, String>, Fault> {
    match on {
        Resource::LogGroup(name) => Ok(group::existing(cx, name).await?.tags),
        Resource::LookupTable(name) => {
            let found = cx.catalog().lookup_table(name).await?;
            Ok(found.ok_or_else(lookup_table::missing)?.tags)
        }
    }
}

fn refused(on: &Resource, error: Error) -> Fault {
    match on {
        Resource::LogGroup(_) => group::refused(error),
        Resource::LookupTable(_) => lookup_table::refused(error),
    }
}
