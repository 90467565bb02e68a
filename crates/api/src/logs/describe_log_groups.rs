//! `DescribeLogGroups`.

use corelog_catalog::{GroupFilter, LogGroup, LogGroupClass};
use corelog_wire::logs::shapes::{DescribeLogGroupsRequest, DescribeLogGroupsResponse};

use super::{arn, group};
use crate::aws::{Context, Effect, Fault, Operation, Token, cut};

const LIMIT: u32 = 50;

pub(crate) struct DescribeLogGroups;

impl Operation for DescribeLogGroups {
    const NAME: &'static str = "DescribeLogGroups";
    const EFFECT: Effect = Effect::Reads;
    type Input = DescribeLogGroupsRequest;
    type Output = DescribeLogGroupsResponse;

    fn on(input: &DescribeLogGroupsRequest, cx: &Context<'_>) -> Result<String, Fault> {
        if input.log_group_name_prefix.is_some() && input.log_group_name_pattern.is_some() {
            let text =
                "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.";
            return Err(Fault::invalid_parameter(text));
        }
        Ok(arn::of_all_groups(cx.account()))
    }

    async fn run(
        input: DescribeLogGroupsRequest,
        cx: &Context<'_>,
    ) -> Result<DescribeLogGroupsResponse, Fault> {
        let limit = input.limit.and_then(|limit| u32::try_from(limit).ok());
        let limit = limit.unwrap_or(LIMIT);
        let after = Token::<1>::read(Self::NAME, input.next_token.as_deref())?;
        let after = after.as_ref().map(|Token([name])| name.as_str());
        let mut groups = found(&input, cx, after, limit.saturating_add(1)).await?;
        let next_token = cut(&mut groups, limit as usize, Self::NAME, |group| {
            [group.name.as_str().to_owned()]
        });
        let names: Vec<_> = groups.iter().map(|group| &group.name).collect();
        let filters = cx.catalog().metric_filter_counts(&names).await?;
        let bytes = cx.events().stored_bytes(&groups).await;
        let holds = bytes.into_iter().zip(filters);
        let mut holds = holds.map(|(bytes, metric_filters)| group::Holds {
            bytes,
            metric_filters,
        });
        let shown = groups.into_iter().map(|group| {
            let holds = holds.next().unwrap_or_default();
            let mut shown = group::shown(cx.account(), group, holds);
            // The original leaves these out where a pattern is given.
            if input.log_group_name_pattern.is_some() {
                shown.stored_bytes = None;
                shown.deletion_protection_enabled = None;
            }
            shown
        });
        Ok(DescribeLogGroupsResponse {
            log_groups: Some(shown.collect()),
            next_token,
        })
    }
}

/// Up to `limit` groups behind `after`: those that are named, or those that fit.
async fn found(
    input: &DescribeLogGroupsRequest,
    cx: &Context<'_>,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<LogGroup>, Fault> {
    let class = input.log_group_class.as_deref();
    let filter = GroupFilter {
        prefix: input.log_group_name_prefix.clone(),
        contains: input.log_group_name_pattern.clone(),
        class: class.and_then(LogGroupClass::from_name),
    };
    let accounts = input.account_identifiers.as_deref().unwrap_or_default();
    if !accounts.is_empty() && !accounts.contains(&cx.account().id) {
        return Ok(Vec::new());
    }
    let Some(identifiers) = &input.log_group_identifiers else {
        return Ok(cx.catalog().groups(&filter, after, limit).await?);
    };
    let mut groups = Vec::new();
    for identifier in identifiers {
        let name = arn::group(cx.account(), identifier)?;
        groups.extend(cx.catalog().group(&name).await?);
    }
    groups.sort_by(|one, other| one.name.cmp(&other.name));
    groups.dedup_by(|one, other| one.name == other.name);
    groups.retain(|group| {
        let name = group.name.as_str();
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        after.is_none_or(|after| name > after)
            && name.starts_with(&text(&filter.prefix))
            && name.contains(&text(&filter.contains))
            && filter.class.is_none_or(|class| group.class == class)
    });
    groups.truncate(limit as usize);
    Ok(groups)
}
