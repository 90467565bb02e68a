//! `DeleteResourcePolicy`.

use corelog_wire::logs::shapes::DeleteResourcePolicyRequest;

use super::put_resource_policy::{revision, scoped};
use super::{arn, policy};
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct DeleteResourcePolicy;

impl Operation for DeleteResourcePolicy {
    const NAME: &'static str = "DeleteResourcePolicy";
    const EFFECT: Effect = Effect::Changes;
    type Input = DeleteResourcePolicyRequest;
    type Output = ();

    fn on(input: &DeleteResourcePolicyRequest, cx: &Context<'_>) -> Result<String, Fault> {
        scoped(input.policy_name.as_deref(), input.resource_arn.as_deref())?;
        let resource = input.resource_arn.clone();
        Ok(resource.unwrap_or_else(|| arn::of_account(cx.account())))
    }

    async fn run(input: DeleteResourcePolicyRequest, cx: &Context<'_>) -> Result<(), Fault> {
        let key = scoped(input.policy_name.as_deref(), input.resource_arn.as_deref())?;
        let expected = input.expected_revision_id.as_deref().map(revision);
        let deleted = cx.catalog().delete_policy(&key, expected).await;
        deleted.map_err(|error| policy::refused(error, &key.name))
    }
}
