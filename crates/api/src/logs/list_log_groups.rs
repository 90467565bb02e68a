//! `ListLogGroups`.

use corelog_catalog::{GroupFilter, LogGroup, LogGroupClass, PolicyKind};
use corelog_wire::logs::shapes::{
    ListLogGroupsRequest, ListLogGroupsResponse, LogGroupSummary, TagFilter,
};

use super::{arn, put_index_policy};
use crate::aws::{Context, Effect, Fault, Operation, Token, cut};

const LIMIT: usize = 50;
/// Groups that are looked at in one go.
const STEP: u32 = 500;

pub(crate) struct ListLogGroups;

impl Operation for ListLogGroups {
    const NAME: &'static str = "ListLogGroups";
    const EFFECT: Effect = Effect::Reads;
    type Input = ListLogGroupsRequest;
    type Output = ListLogGroupsResponse;

    fn on(_input: &ListLogGroupsRequest, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(arn::of_all_groups(cx.account()))
    }

    async fn run(
        input: ListLogGroupsRequest,
        cx: &Context<'_>,
    ) -> Result<ListLogGroupsResponse, Fault> {
        let limit = input.limit.and_then(|limit| usize::try_from(limit).ok());
        let limit = limit.unwrap_or(LIMIT);
        let after = Token::<1>::read(Self::NAME, input.next_token.as_deref())?;
        let after = after.map(|Token([name])| name);
        let mut groups = found(&input, cx, after, limit.saturating_add(1)).await?;
        let next_token = cut(&mut groups, limit, Self::NAME, |group| {
            [group.name.as_str().to_owned()]
        });
        let shown = groups.into_iter().map(|group| LogGroupSummary {
            log_group_arn: Some(arn::of_group(cx.account(), &group.name)),
            log_group_class: Some(group.class.as_str().to_owned()),
            log_group_name: Some(group.name.as_str().to_owned()),
        });
        Ok(ListLogGroupsResponse {
            log_groups: Some(shown.collect()),
            next_token,
        })
    }
}

async fn found(
    input: &ListLogGroupsRequest,
    cx: &Context<'_>,
    mut after: Option<String>,
    limit: usize,
) -> Result<Vec<LogGroup>, Fault> {
    let accounts = input.account_identifiers.as_deref().unwrap_or_default();
    let is_elsewhere = !accounts.is_empty() && !accounts.contains(&cx.account().id);
    // Events here come from calls and from `PutLogEvents`, never from one of the service's data sources.
    if is_elsewhere || input.data_sources.is_some() {
        return Ok(Vec::new());
    }
    let class = input.log_group_class.as_deref();
    let filter = GroupFilter {
        class: class.and_then(LogGroupClass::from_name),
        ..GroupFilter::default()
    };
    let mut groups = Vec::new();
    loop {
        let step = cx.catalog().groups(&filter, after.as_deref(), STEP).await?;
        let is_last = step.len() < STEP as usize;
        after = step.last().map(|group| group.name.as_str().to_owned());
        for group in step {
            if fits(input, &group) && is_indexed(input, cx, &group).await? {
                groups.push(group);
            }
            if groups.len() == limit {
                return Ok(groups);
            }
        }
        if is_last {
            return Ok(groups);
        }
    }
}

fn fits(input: &ListLogGroupsRequest, group: &LogGroup) -> bool {
    let name = group.name.as_str();
    let pattern = input.log_group_name_pattern.as_deref();
    let tags = input.log_group_tags.as_deref().unwrap_or_default();
    pattern.is_none_or(|pattern| fits_pattern(pattern, name))
        && tags.iter().all(|tag| fits_tag(tag, group))
}

/// Whether one of the alternatives is in the name, or begins it where it has a `^`.
fn fits_pattern(pattern: &str, name: &str) -> bool {
    pattern.split('|').any(|one| match one.strip_prefix('^') {
        Some(prefix) => name.starts_with(prefix),
        None => name.contains(one),
    })
}

/// Whether the group has the tag, with one of the values if any are given. A value may begin with `!`, which turns it
/// around, and begin and end with `*`.
fn fits_tag(filter: &TagFilter, group: &LogGroup) -> bool {
    let Some(value) = group.tags.get(&filter.key) else {
        return false;
    };
    let values = filter.values.as_deref().unwrap_or_default();
    values.is_empty() || values.iter().any(|wanted| fits_value(wanted, value))
}

fn fits_value(wanted: &str, value: &str) -> bool {
    if let Some(unwanted) = wanted.strip_prefix('!') {
        return !fits_value(unwanted, value);
    }
    let (open_start, rest) = match wanted.strip_prefix('*') {
        Some(rest) => (true, rest),
        None => (false, wanted),
    };
    let (open_end, text) = match rest.strip_suffix('*') {
        Some(text) => (true, text),
        None => (false, rest),
    };
    match (open_start, open_end) {
        (true, true) => value.contains(text),
        (true, false) => value.ends_with(text),
        (false, true) => value.starts_with(text),
        (false, false) => value == text,
    }
}

/// Whether the group's own index policy names one of the fields, if any are asked for.
async fn is_indexed(
    input: &ListLogGroupsRequest,
    cx: &Context<'_>,
    group: &LogGroup,
) -> Result<bool, Fault> {
    let Some(wanted) = &input.field_index_names else {
        return Ok(true);
    };
    let scope = Some(group.name.as_str());
    let found = cx.catalog().policies(PolicyKind::Index, scope, None, 1);
    let policies = found.await?;
    let fields = policies
        .first()
        .and_then(|policy| put_index_policy::fields(&policy.document));
    Ok(fields.is_some_and(|fields| fields.iter().any(|field| wanted.contains(field))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, name: &str, expected: bool) {
        assert_eq!(fits_pattern(pattern, name), expected, "{pattern} {name}");
    }

    #[test]
    fn patterns_are_alternatives_of_prefixes_and_parts() {
        check("^/aws", "/aws/bedrock", true);
        check("^aws", "/aws/bedrock", false);
        check("bed", "/aws/bedrock", true);
        check("BED", "/aws/bedrock", false);
        check("xyz|^/app|rock", "/aws/bedrock", true);
        check("xyz|^/app", "/aws/bedrock", false);
    }

    #[test]
    fn values_of_tags_have_stars_at_their_ends_and_may_be_turned_around() {
        for (wanted, expected) in [
            ("prod-eu", true),
            ("prod", false),
            ("prod*", true),
            ("*eu", true),
            ("*d-e*", true),
            ("*", true),
            ("!prod*", false),
            ("!test", true),
        ] {
            assert_eq!(fits_value(wanted, "prod-eu"), expected, "{wanted}");
        }
    }
}
