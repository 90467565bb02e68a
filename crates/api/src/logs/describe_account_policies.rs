//! `DescribeAccountPolicies`.

use corelog_catalog::{Policy, PolicyKind};
use corelog_wire::logs::shapes::{DescribeAccountPoliciesRequest, DescribeAccountPoliciesResponse};

use super::arn;
use super::put_account_policy::shown;
use crate::aws::{Context, Effect, Fault, Operation, Token, cut};

const LIMIT: u32 = 50;

pub(crate) struct DescribeAccountPolicies;

impl Operation for DescribeAccountPolicies {
    const NAME: &'static str = "DescribeAccountPolicies";
    const EFFECT: Effect = Effect::Reads;
    type Input = DescribeAccountPoliciesRequest;
    type Output = DescribeAccountPoliciesResponse;

    fn on(_input: &DescribeAccountPoliciesRequest, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(arn::of_account(cx.account()))
    }

    async fn run(
        input: DescribeAccountPoliciesRequest,
        cx: &Context<'_>,
    ) -> Result<DescribeAccountPoliciesResponse, Fault> {
        let accounts = input.account_identifiers.as_deref().unwrap_or_default();
        if !accounts.is_empty() && !accounts.contains(&cx.account().id) {
            return Ok(DescribeAccountPoliciesResponse {
                account_policies: Some(Vec::new()),
                next_token: None,
            });
        }
        let scope = input.policy_type.as_str();
        let after = Token::<1>::read(Self::NAME, input.next_token.as_deref())?;
        let after = after.as_ref().map(|Token([name])| (scope, name.as_str()));
        let catalog = cx.catalog();
        let found = catalog.policies(PolicyKind::Account, Some(scope), after, LIMIT + 1);
        let mut policies: Vec<Policy> = found.await?;
        if let Some(name) = &input.policy_name {
            // Of a type there are fewer than a page holds.
            policies.retain(|policy| policy.key.name == *name);
        }
        let next_token = cut(&mut policies, LIMIT as usize, Self::NAME, |policy| {
            [policy.key.name.clone()]
        });
        let policies = policies.into_iter();
        Ok(DescribeAccountPoliciesResponse {
            account_policies: Some(policies.map(|one| shown(cx.account(), one)).collect()),
            next_token,
        })
    }
}
