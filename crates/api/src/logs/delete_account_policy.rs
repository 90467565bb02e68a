//! `DeleteAccountPolicy`.

use corelog_wire::logs::shapes::{DeleteAccountPolicyRequest, DeleteAccountPolicyResponse};

use super::put_account_policy::{key, no_dry_run};
use super::{arn, policy};
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct DeleteAccountPolicy;

impl Operation for DeleteAccountPolicy {
    const NAME: &'static str = "DeleteAccountPolicy";
    const EFFECT: Effect = Effect::Changes;
    type Input = DeleteAccountPolicyRequest;
    type Output = DeleteAccountPolicyResponse;

    fn on(_input: &DeleteAccountPolicyRequest, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(arn::of_account(cx.account()))
    }

    async fn run(
        input: DeleteAccountPolicyRequest,
        cx: &Context<'_>,
    ) -> Result<DeleteAccountPolicyResponse, Fault> {
        no_dry_run(input.dry_run)?;
        let key = key(input.policy_type, input.policy_name)?;
        let deleted = cx.catalog().delete_policy(&key, None).await;
        deleted.map_err(|error| policy::refused(error, &key.name))?;
        Ok(DeleteAccountPolicyResponse::default())
    }
}
