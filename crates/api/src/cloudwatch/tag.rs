//! What the operations on tags have in common.

use std::collections::BTreeMap;

use corelog_catalog::{AlarmTags, DashboardTags, Error, Tagged};
use corelog_wire::cloudwatch::shapes::Tag;

use super::{alarm, dashboard};
use crate::aws::{Context, Fault};

const TAGS_MAX: usize = 50;

/// What has tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Resource {
    /// Its name.
    Dashboard(String),
    /// Its name.
    Alarm(String),
    /// Its name.
    MuteRule(String),
    /// What is not kept here, or not of this account: its ARN.
    Other(String),
}

impl Resource {
    /// What an ARN means.
    pub(super) fn named(arn: &str, cx: &Context<'_>) -> Result<Self, Fault> {
        // arn:partition:cloudwatch:region:account:resource
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let ["arn", _, "cloudwatch", region, account, resource] = parts[..] else {
            return Err(Fault::invalid_parameter_value(format!(
                "Invalid ARN: {arn}"
            )));
        };
        let own = cx.account();
        let other = || Self::Other(arn.to_owned());
        if account != own.id {
            return Ok(other());
        }
        if let Some(name) = resource.strip_prefix("dashboard/") {
            return Ok(Self::Dashboard(name.to_owned()));
        }
        Ok(match resource.split_once(':') {
            Some(("alarm", name)) if region == own.region => Self::Alarm(name.to_owned()),
            Some(("alarm-mute-rule", name)) if region == own.region => {
                Self::MuteRule(name.to_owned())
            }
            _ => other(),
        })
    }

    pub(super) fn arn(&self, cx: &Context<'_>) -> String {
        match self {
            Self::Dashboard(name) => dashboard::arn(cx.account(), name),
            Self::Alarm(name) => alarm::arn(cx.account(), name),
            Self::MuteRule(name) => alarm::mute_rule_arn(cx.account(), name),
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
    let changed = match of_alarms(on) {
        Some(of) => {
            let change = AlarmTags::Tag { tags, most };
            cx.catalog().change_alarm_tags(of, &change).await
        }
        None => change(cx, on, &DashboardTags::Tag { tags, most }).await,
    };
    changed.map_err(|error| refused(cx, on, error))
}

/// Removes tags.
pub(super) async fn remove(
    cx: &Context<'_>,
    on: &Resource,
    keys: Vec<String>,
) -> Result<(), Fault> {
    let changed = match of_alarms(on) {
        Some(of) => {
            let change = AlarmTags::Untag(keys);
            cx.catalog().change_alarm_tags(of, &change).await
        }
        None => change(cx, on, &DashboardTags::Untag(keys)).await,
    };
    changed.map_err(|error| refused(cx, on, error))
}

fn of_alarms(on: &Resource) -> Option<Tagged<'_>> {
    match on {
        Resource::Alarm(name) => Some(Tagged::Alarm(name)),
        Resource::MuteRule(name) => Some(Tagged::MuteRule(name)),
        Resource::Dashboard(_) | Resource::Other(_) => None,
    }
}

async fn change(cx: &Context<'_>, on: &Resource, change: &DashboardTags) -> Result<(), Error> {
    let Resource::Dashboard(name) = on else {
        return Err(Error::NotFound);
    };
    cx.catalog().change_dashboard_tags(name, change).await
}

fn refused(cx: &Context<'_>, on: &Resource, error: Error) -> Fault {
    match error {
        Error::NotFound => missing(cx, on),
        Error::Full { .. } => too_many(),
        other => Fault::from(other),
    }
}

fn missing(cx: &Context<'_>, on: &Resource) -> Fault {
    let kind = match on {
        Resource::Dashboard(_) => "dashboard",
        Resource::Alarm(_) => "alarm",
        Resource::MuteRule(_) => "alarm-mute-rule",
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
    let tags = match (on, of_alarms(on)) {
        (_, Some(of)) => cx.catalog().alarm_tags(of).await?,
        (Resource::Dashboard(name), _) => {
            let found = cx.catalog().dashboard(name).await?;
            found.map(|dashboard| dashboard.tags)
        }
        _ => None,
    };
    let tags = tags
        .unwrap_or_default()
        .into_iter()
        .map(|(key, value)| Tag { key, value });
    Ok(tags.collect())
}
