//! `DescribeIndexPolicies`.

use corelog_catalog::PolicyKind;
use corelog_types::LogGroupName;
use corelog_wire::logs::shapes::{
    self, DescribeIndexPoliciesRequest, DescribeIndexPoliciesResponse,
};

use super::put_index_policy::{on, shown};
use super::{arn, group};
use crate::aws::{Context, Effect, Fault, Operation};

/// There are no more of a type in an account.
const ACCOUNT_POLICIES_MAX: u32 = 20;

pub(crate) struct DescribeIndexPolicies;

impl Operation for DescribeIndexPolicies {
    const NAME: &'static str = "DescribeIndexPolicies";
    const EFFECT: Effect = Effect::Reads;
    type Input = DescribeIndexPoliciesRequest;
    type Output = DescribeIndexPoliciesResponse;

    fn on(input: &DescribeIndexPoliciesRequest, cx: &Context<'_>) -> Result<String, Fault> {
        on(identifier(input), cx)
    }

    async fn run(
        input: DescribeIndexPoliciesRequest,
        cx: &Context<'_>,
    ) -> Result<DescribeIndexPoliciesResponse, Fault> {
        let name = arn::group(cx.account(), identifier(&input))?;
        group::existing(cx, &name).await?;
        Ok(DescribeIndexPoliciesResponse {
            index_policies: Some(policies(cx, &name).await?),
            next_token: None,
        })
    }
}

/// The model asks for exactly one.
fn identifier(input: &DescribeIndexPoliciesRequest) -> &str {
    input
        .log_group_identifiers
        .first()
        .map_or("", String::as_str)
}

/// The group's own policy, which takes the place of the account's.
async fn policies(
    cx: &Context<'_>,
    name: &LogGroupName,
) -> Result<Vec<shapes::IndexPolicy>, Fault> {
    let catalog = cx.catalog();
    let own = catalog.policies(PolicyKind::Index, Some(name.as_str()), None, 1);
    let own = own.await?;
    if !own.is_empty() {
        let own = own.into_iter();
        return Ok(own
            .map(|policy| shown(cx.account(), name, policy))
            .collect());
    }
    let scope = Some("FIELD_INDEX_POLICY");
    let of_account = catalog.policies(PolicyKind::Account, scope, None, ACCOUNT_POLICIES_MAX);
    let of_account = of_account.await?.into_iter();
    // Those for some groups only are not told apart here.
    let of_all = of_account.filter(|policy| policy.selection.is_none());
    let shown = of_all.map(|mut policy| {
        let policy_name = Some(std::mem::take(&mut policy.key.name));
        shapes::IndexPolicy {
            policy_name,
            source: Some("ACCOUNT".to_owned()),
            ..shown(cx.account(), name, policy)
        }
    });
    Ok(shown.collect())
}
