//! `DeleteSubscriptionFilter`.

use corelog_catalog::Error;
use corelog_wire::logs::shapes::DeleteSubscriptionFilterRequest;

use super::group;
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct DeleteSubscriptionFilter;

impl Operation for DeleteSubscriptionFilter {
    const NAME: &'static str = "DeleteSubscriptionFilter";
    const EFFECT: Effect = Effect::Changes;
    type Input = DeleteSubscriptionFilterRequest;
    type Output = ();

    fn on(input: &DeleteSubscriptionFilterRequest, cx: &Context<'_>) -> Result<String, Fault> {
        group::on(&input.log_group_name, cx)
    }

    async fn run(input: DeleteSubscriptionFilterRequest, cx: &Context<'_>) -> Result<(), Fault> {
        let name = group::named(&input.log_group_name)?;
        group::existing(cx, &name).await?;
        let catalog = cx.catalog();
        let deleted = catalog.delete_subscription_filter(&name, &input.filter_name);
        deleted.await.map_err(|error| match error {
            Error::NotFound => {
                Fault::not_found("The specified subscription filter does not exist.")
            }
            other => Fault::from(other),
        })?;
        let changed = cx.subscriptions().changed().await;
        changed.map_err(|error| Fault::unavailable(&error))
    }
}
