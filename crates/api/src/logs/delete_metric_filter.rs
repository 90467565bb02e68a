//! `DeleteMetricFilter`.

use corelog_wire::logs::shapes::DeleteMetricFilterRequest;

use super::{group, metric_filter};
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct DeleteMetricFilter;

impl Operation for DeleteMetricFilter {
    const NAME: &'static str = "DeleteMetricFilter";
    const EFFECT: Effect = Effect::Changes;
    type Input = DeleteMetricFilterRequest;
    type Output = ();

    fn on(input: &DeleteMetricFilterRequest, cx: &Context<'_>) -> Result<String, Fault> {
        group::on(&input.log_group_name, cx)
    }

    async fn run(input: DeleteMetricFilterRequest, cx: &Context<'_>) -> Result<(), Fault> {
        let name = group::named(&input.log_group_name)?;
        group::existing(cx, &name).await?;
        let now = metric_filter::now(cx);
        let deleting = cx
            .catalog()
            .delete_metric_filter(&name, &input.filter_name, now);
        deleting.await.map_err(metric_filter::refused)
    }
}
