//! `PutResourcePolicy`. Policies are kept and shown; who may do what is decided elsewhere.

use corelog_catalog::{Policy, PolicyKey, PolicyKind};
use corelog_wire::logs::shapes::{self, PutResourcePolicyRequest, PutResourcePolicyResponse};

use super::{arn, group, policy};
use crate::aws::{Context, Effect, Fault, Operation};

/// Of the account, and of one resource.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutResourcePolicy.html>
const POLICIES_MAX: (usize, usize) = (10, 1);

pub(crate) struct PutResourcePolicy;

impl Operation for PutResourcePolicy {
    const NAME: &'static str = "PutResourcePolicy";
    const EFFECT: Effect = Effect::Changes;
    type Input = PutResourcePolicyRequest;
    type Output = PutResourcePolicyResponse;

    fn on(input: &PutResourcePolicyRequest, cx: &Context<'_>) -> Result<String, Fault> {
        scoped(input.policy_name.as_deref(), input.resource_arn.as_deref())?;
        let resource = input.resource_arn.clone();
        Ok(resource.unwrap_or_else(|| arn::of_account(cx.account())))
    }

    async fn run(
        input: PutResourcePolicyRequest,
        cx: &Context<'_>,
    ) -> Result<PutResourcePolicyResponse, Fault> {
        let key = scoped(input.policy_name.as_deref(), input.resource_arn.as_deref())?;
        let document = input.policy_document.unwrap_or_default();
        if !key.scope.is_empty() {
            let group = arn::group(cx.account(), &key.scope)?;
            group::existing(cx, &group).await?;
        }
        let mut policy = Policy {
            document: policy::document(document)?,
            selection: None,
            revision: 0,
            updated: cx.now(),
            key,
        };
        let expected = input.expected_revision_id.as_deref().map(revision);
        let (of_account, of_resource) = POLICIES_MAX;
        let most = if policy.key.scope.is_empty() {
            of_account
        } else {
            of_resource
        };
        let put = cx.catalog().put_policy(&policy, expected, most).await;
        policy.revision = put.map_err(|error| policy::refused(error, &policy.key.name))?;
        let shown = shown(policy);
        Ok(PutResourcePolicyResponse {
            revision_id: shown.revision_id.clone(),
            resource_policy: Some(shown),
        })
    }
}

/// Which policy a request means: one of the account, by its name, or that of a resource, by its ARN.
pub(super) fn scoped(name: Option<&str>, resource_arn: Option<&str>) -> Result<PolicyKey, Fault> {
    if name.is_none() && resource_arn.is_none() {
        let text = "Either policyName or resourceArn must be specified.";
        return Err(Fault::invalid_parameter(text));
    }
    Ok(PolicyKey {
        kind: PolicyKind::Resource,
        scope: resource_arn.unwrap_or_default().to_owned(),
        name: name.unwrap_or_default().to_owned(),
    })
}

/// A revision that a caller saw; one that we never gave is no policy's.
pub(super) fn revision(id: &str) -> u64 {
    id.parse().unwrap_or(0)
}

/// A policy as it is shown. Those of the account have no revision.
pub(super) fn shown(policy: Policy) -> shapes::ResourcePolicy {
    let PolicyKey { scope, name, .. } = policy.key;
    let is_resource = !scope.is_empty();
    shapes::ResourcePolicy {
        policy_name: (!name.is_empty()).then_some(name),
        policy_document: Some(policy.document),
        last_updated_time: Some(group::millis(policy.updated)),
        policy_scope: Some(if is_resource { "RESOURCE" } else { "ACCOUNT" }.to_owned()),
        revision_id: is_resource.then(|| policy.revision.to_string()),
        resource_arn: is_resource.then_some(scope),
    }
}
