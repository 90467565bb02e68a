//! `DeleteLogGroup`.

use corelog_telemetry::Chain;
use corelog_wire::logs::shapes::DeleteLogGroupRequest;

use super::group;
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct DeleteLogGroup;

impl Operation for DeleteLogGroup {
    const NAME: &'static str = "DeleteLogGroup";
    const EFFECT: Effect = Effect::Changes;
    type Input = DeleteLogGroupRequest;
    type Output = ();

    fn on(input: &DeleteLogGroupRequest, cx: &Context<'_>) -> Result<String, Fault> {
        group::on(&input.log_group_name, cx)
    }

    async fn run(input: DeleteLogGroupRequest, cx: &Context<'_>) -> Result<(), Fault> {
        let name = group::named(&input.log_group_name)?;
        let deleted = cx.catalog().delete_group(&name).await;
        deleted.map_err(group::refused)?;
        cx.events().group_deleted(&name).await;
        // Its subscription filters went with it. The group is gone, whatever becomes of those that sent its events.
        if let Err(error) = cx.subscriptions().changed().await {
            tracing::warn!(group = %name, error = %Chain(&error), "subscriptions of a log group go on for now");
        }
        Ok(())
    }
}
