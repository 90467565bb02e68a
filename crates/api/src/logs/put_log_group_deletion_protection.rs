//! `PutLogGroupDeletionProtection`.

use corelog_catalog::GroupChange;
use corelog_wire::logs::shapes::PutLogGroupDeletionProtectionRequest;

use super::{arn, group};
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct PutLogGroupDeletionProtection;

impl Operation for PutLogGroupDeletionProtection {
    const NAME: &'static str = "PutLogGroupDeletionProtection";
    const EFFECT: Effect = Effect::Changes;
    type Input = PutLogGroupDeletionProtectionRequest;
    type Output = ();

    fn on(input: &PutLogGroupDeletionProtectionRequest, cx: &Context<'_>) -> Result<String, Fault> {
        let name = arn::group(cx.account(), &input.log_group_identifier)?;
        Ok(arn::of_group(cx.account(), &name))
    }

    async fn run(
        input: PutLogGroupDeletionProtectionRequest,
        cx: &Context<'_>,
    ) -> Result<(), Fault> {
        let name = arn::group(cx.account(), &input.log_group_identifier)?;
        let change = GroupChange::DeletionProtection(input.deletion_protection_enabled);
        group::change(cx, &name, change).await
    }
}
