//! `DescribeResourcePolicies`.

use corelog_catalog::{Policy, PolicyKind};
use corelog_wire::logs::shapes::{
    DescribeResourcePoliciesRequest, DescribeResourcePoliciesResponse,
};

use super::arn;
use super::put_resource_policy::shown;
use crate::aws::{Context, Effect, Fault, Operation, Token, cut};

const LIMIT: u32 = 50;

pub(crate) struct DescribeResourcePolicies;

impl Operation for DescribeResourcePolicies {
    const NAME: &'static str = "DescribeResourcePolicies";
    const EFFECT: Effect = Effect::Reads;
    type Input = DescribeResourcePoliciesRequest;
    type Output = DescribeResourcePoliciesResponse;

    fn on(input: &DescribeResourcePoliciesRequest, cx: &Context<'_>) -> Result<String, Fault> {
        let resource = input.resource_arn.clone();
        Ok(resource.unwrap_or_else(|| arn::of_account(cx.account())))
    }

    async fn run(
        input: DescribeResourcePoliciesRequest,
        cx: &Context<'_>,
    ) -> Result<DescribeResourcePoliciesResponse, Fault> {
        let limit = input.limit.and_then(|limit| u32::try_from(limit).ok());
        let limit = limit.unwrap_or(LIMIT);
        let after = Token::<2>::read(Self::NAME, input.next_token.as_deref())?;
        let after = after.map(|Token([scope, name])| (scope, name));
        let mut policies = found(&input, cx, after, limit as usize + 1).await?;
        let next_token = cut(&mut policies, limit as usize, Self::NAME, |policy| {
            [policy.key.scope.clone(), policy.key.name.clone()]
        });
        Ok(DescribeResourcePoliciesResponse {
            resource_policies: Some(policies.into_iter().map(shown).collect()),
            next_token,
        })
    }
}

/// Those of the account unless asked otherwise; those of resources, all or of one.
async fn found(
    input: &DescribeResourcePoliciesRequest,
    cx: &Context<'_>,
    mut after: Option<(String, String)>,
    limit: usize,
) -> Result<Vec<Policy>, Fault> {
    let wants_resources = input.policy_scope.as_deref() == Some("RESOURCE");
    let scope = match &input.resource_arn {
        Some(resource) => Some(resource.as_str()),
        None if wants_resources => None,
        None => Some(""),
    };
    let mut policies = Vec::new();
    loop {
        let step = u32::try_from(limit).unwrap_or(u32::MAX);
        let place = after
            .as_ref()
            .map(|(scope, name)| (scope.as_str(), name.as_str()));
        let found = cx
            .catalog()
            .policies(PolicyKind::Resource, scope, place, step);
        let found = found.await?;
        let is_last = found.len() < limit;
        after = found
            .last()
            .map(|last| (last.key.scope.clone(), last.key.name.clone()));
        policies.extend(
            found
                .into_iter()
                .filter(|one| scope.is_some() || !one.key.scope.is_empty()),
        );
        if is_last || policies.len() >= limit {
            policies.truncate(limit);
            return Ok(policies);
        }
    }
}
