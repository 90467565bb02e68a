//! What the operations on tags have in common.

use std::collections::BTreeMap;

use corelog_catalog::{DashboardTags, Error};
use corelog_wire::cloudwatch::shapes::Tag;

use super::dashboard;
use crate::aws::{Context, Fault};

const TAGS_MAX: usize = 50;

/// What has tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Resource {
    /// Its name.
    Dashboard(String),
    /// What is not kept here, or not of this account: its ARN.
    Other(String),
}

impl Resource {
    /// What an ARN means.
    pub(super) fn named(arn: &str, cx: &Context<'_>) -> Result<Self, Fault> {
        // arn:partition:cloudwatch:region:account:resource
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let ["arn", _, "cloudwatch", _, account, resource] = parts[..] else {
            return Err(Fault::invalid_parameter_value(format!(
                "Invalid ARN: {arn}"
            )));
        };
        match resource.strip_prefix("dashboard/") {
            Some(name) if account == cx.account().id => Ok(Self::Dashboard(name.to_owned())),
            _ => Ok(Self::Other(arn.to_owned())),
        }
    }

    pub(super) fn arn(&self, cx: &Context<'_>) -> String {
        match self {
            Self::Dashboard(name) => dashboard::arn(cx.account(), name),
            Self::Other(arn) => arn.clone(),
        }
    }
}

/// The tags of a list; of two with the same key the later counts.
pub(super) fn of_list(tags: Vec<Tag>) -> Result<BTreeMap<String, String>, Fault> {
    let is_reserved = |tag: &&Tag| tag.key.to_ascii_lowercase().starts_with("aws:");
    if let Some(tag) = tags.iter().find(is_reserved) {
        let key = &tag.key;
        let text = format!("The tag key {key} is reserved: keys must not begin with aws:");
        return Err(Fault::invalid_parameter_value(text));
    }
    let tags: BTreeMap<_, _> = tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
    if tags.len() > TAGS_MAX {
        return Err(too_many());
    }
    Ok(tags)
}

fn too_many() -> Fault {
    let text = format!("A resource can have no more than {TAGS_MAX} tags");
    Fault::invalid_parameter_value(text)
}

/// Adds tags.
pub(super) async fn add(cx: &Context<'_>, on: &Resource, tags: Vec<Tag>) -> Result<(), Fault> {
    let tags = of_list(tags)?;
    let most = TAGS_MAX;
    change(cx, on, &DashboardTags::Tag { tags, most }).await
}

/// Removes tags.
pub(super) async fn remove(
    cx: &Context<'_>,
    on: &Resource,
    keys: Vec<String>,
) -> Result<(), Fault> {
    change(cx, on, &DashboardTags::Untag(keys)).await
}

async fn change(cx: &Context<'_>, on: &Resource, change: &DashboardTags) -> Result<(), Fault> {
    let Resource::Dashboard(name) = on else {
        return Err(missing(cx, on));
    };
    let changed = cx.catalog().change_dashboard_tags(name, change).await;
    changed.map_err(|error| match error {
        Error::NotFound => missing(cx, on),
        Error::Full { .. } => too_many(),
        other => Fault::from(other),
    })
}

fn missing(cx: &Context<'_>, on: &Resource) -> Fault {
    let kind = match on {
        Resource::Dashboard(_) => "dashboard",
        Resource::Other(_) => "resource",
    };
    let arn = on.arn(cx);
    let fault = Fault::not_found(format!("The specified {kind} does not exist. [{arn}]"));
    fault.with("ResourceType", kind).with("ResourceId", arn)
}

/// All tags. What does not exist has none.
///
/// Source: a recorded answer about an alarm that was gone.
pub(super) async fn all(cx: &Context<'_>, on: &Resource) -> Result<Vec<Tag>, Fault> {
    let Resource::Dashboard(name) = on else {
        return Ok(Vec::new());
    };
    let found = cx.catalog().dashboard(name).await?;
    let tags = found.map(|dashboard| dashboard.tags).unwrap_or_default();
    let tags = tags.into_iter().map(|(key, value)| Tag { key, value });
    Ok(tags.collect())
}
