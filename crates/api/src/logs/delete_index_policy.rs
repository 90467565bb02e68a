//! `DeleteIndexPolicy`.

use corelog_catalog::Error;
use corelog_wire::logs::shapes::{DeleteIndexPolicyRequest, DeleteIndexPolicyResponse};

use super::put_index_policy::{key, on};
use super::{arn, group};
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct DeleteIndexPolicy;

impl Operation for DeleteIndexPolicy {
    const NAME: &'static str = "DeleteIndexPolicy";
    const EFFECT: Effect = Effect::Changes;
    type Input = DeleteIndexPolicyRequest;
    type Output = DeleteIndexPolicyResponse;

    fn on(input: &DeleteIndexPolicyRequest, cx: &Context<'_>) -> Result<String, Fault> {
        on(&input.log_group_identifier, cx)
    }

    async fn run(
        input: DeleteIndexPolicyRequest,
        cx: &Context<'_>,
    ) -> Result<DeleteIndexPolicyResponse, Fault> {
        let name = arn::group(cx.account(), &input.log_group_identifier)?;
        group::existing(cx, &name).await?;
        let deleted = cx.catalog().delete_policy(&key(&name), None).await;
        deleted.map_err(|error| match error {
            Error::NotFound => Fault::not_found("The log group has no index policy."),
            other => Fault::from(other),
        })?;
        Ok(DeleteIndexPolicyResponse {})
    }
}
