//! `PutAccountPolicy`. Policies are kept and shown; dry runs are refused rather than made up.

use corelog_catalog::{Policy, PolicyKey, PolicyKind};
use corelog_wire::logs::shapes::{self, PutAccountPolicyRequest, PutAccountPolicyResponse};

use super::{arn, group, policy};
use crate::aws::{Account, Context, Effect, Fault, Kind, Operation};

/// Of each type, but for the two of which there can be one.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutAccountPolicy.html>
const POLICIES_MAX: usize = 20;

pub(crate) struct PutAccountPolicy;

impl Operation for PutAccountPolicy {
    const NAME: &'static str = "PutAccountPolicy";
    const EFFECT: Effect = Effect::Changes;
    type Input = PutAccountPolicyRequest;
    type Output = PutAccountPolicyResponse;

    fn on(_input: &PutAccountPolicyRequest, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(arn::of_account(cx.account()))
    }

    async fn run(
        input: PutAccountPolicyRequest,
        cx: &Context<'_>,
    ) -> Result<PutAccountPolicyResponse, Fault> {
        no_dry_run(input.dry_run)?;
        let most = match input.policy_type.as_str() {
            "DATA_PROTECTION_POLICY" | "SUBSCRIPTION_FILTER_POLICY" => 1,
            _ => POLICIES_MAX,
        };
        let policy = Policy {
            key: key(input.policy_type, input.policy_name)?,
            document: policy::document(input.policy_document)?,
            selection: input.selection_criteria,
            revision: 0,
            updated: cx.now(),
        };
        let put = cx.catalog().put_policy(&policy, None, most).await;
        put.map_err(|error| policy::refused(error, &policy.key.name))?;
        Ok(PutAccountPolicyResponse {
            account_policy: Some(shown(cx.account(), policy)),
            ..PutAccountPolicyResponse::default()
        })
    }
}

/// What a change would do is not worked out here, so it is not answered.
pub(super) fn no_dry_run(asked: Option<bool>) -> Result<(), Fault> {
    if asked == Some(true) {
        let text = "Corelog does not serve dry runs of account policies.";
        return Err(Fault::new(Kind::InvalidOperation, text));
    }
    Ok(())
}

/// Which policy of an account: its type and its name.
pub(super) fn key(policy_type: String, name: String) -> Result<PolicyKey, Fault> {
    if name.is_empty() {
        return Err(Fault::invalid_parameter("policyName must not be empty."));
    }
    Ok(PolicyKey {
        kind: PolicyKind::Account,
        scope: policy_type,
        name,
    })
}

/// A policy as it is shown.
pub(super) fn shown(account: &Account, policy: Policy) -> shapes::AccountPolicy {
    shapes::AccountPolicy {
        policy_name: Some(policy.key.name),
        policy_document: Some(policy.document),
        last_updated_time: Some(group::millis(policy.updated)),
        policy_type: Some(policy.key.scope),
        scope: Some("ALL".to_owned()),
        selection_criteria: policy.selection,
        account_id: Some(account.id.clone()),
    }
}
