//! `DeleteRetentionPolicy`.

use corelog_catalog::GroupChange;
use corelog_wire::logs::shapes::DeleteRetentionPolicyRequest;

use super::group;
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct DeleteRetentionPolicy;

impl Operation for DeleteRetentionPolicy {
    const NAME: &'static str = "DeleteRetentionPolicy";
    const EFFECT: Effect = Effect::Changes;
    type Input = DeleteRetentionPolicyRequest;
    type Output = ();

    fn on(input: &DeleteRetentionPolicyRequest, cx: &Context<'_>) -> Result<String, Fault> {
        group::on(&input.log_group_name, cx)
    }

    async fn run(input: DeleteRetentionPolicyRequest, cx: &Context<'_>) -> Result<(), Fault> {
        let name = group::named(&input.log_group_name)?;
        group::change(cx, &name, GroupChange::Retention(None)).await
    }
}
