//! `DescribeSubscriptionFilters`.

use corelog_catalog::SubscriptionFilter;
use corelog_wire::logs::shapes::{
    self, DescribeSubscriptionFiltersRequest, DescribeSubscriptionFiltersResponse,
};

use super::group;
use crate::aws::{Context, Effect, Fault, Operation, Token, cut};

const LIMIT: u32 = 50;

pub(crate) struct DescribeSubscriptionFilters;

impl Operation for DescribeSubscriptionFilters {
    const NAME: &'static str = "DescribeSubscriptionFilters";
    const EFFECT: Effect = Effect::Reads;
    type Input = DescribeSubscriptionFiltersRequest;
    type Output = DescribeSubscriptionFiltersResponse;

    fn on(input: &DescribeSubscriptionFiltersRequest, cx: &Context<'_>) -> Result<String, Fault> {
        group::on(&input.log_group_name, cx)
    }

    async fn run(
        input: DescribeSubscriptionFiltersRequest,
        cx: &Context<'_>,
    ) -> Result<DescribeSubscriptionFiltersResponse, Fault> {
        let name = group::named(&input.log_group_name)?;
        let limit = input.limit.and_then(|most| u32::try_from(most).ok());
        let limit = limit.unwrap_or(LIMIT);
        let after = Token::<1>::read(Self::NAME, input.next_token.as_deref())?;
        let after = after.as_ref().map(|Token([name])| name.as_str());
        group::existing(cx, &name).await?;
        let prefix = input.filter_name_prefix.as_deref().unwrap_or_default();
        let limit_and_one = limit.saturating_add(1);
        let found = cx
            .catalog()
            .subscription_filters(&name, prefix, after, limit_and_one);
        let mut filters = found.await?;
        let next_token = cut(&mut filters, limit as usize, Self::NAME, |filter| {
            [filter.name.clone()]
        });
        Ok(DescribeSubscriptionFiltersResponse {
            subscription_filters: Some(filters.into_iter().map(shown).collect()),
            next_token,
        })
    }
}

fn shown(filter: SubscriptionFilter) -> shapes::SubscriptionFilter {
    shapes::SubscriptionFilter {
        filter_name: Some(filter.name),
        log_group_name: Some(filter.group.as_str().to_owned()),
        filter_pattern: Some(filter.pattern),
        destination_arn: Some(filter.destination),
        role_arn: filter.role,
        distribution: Some(filter.distribution.as_str().to_owned()),
        apply_on_transformed_logs: Some(false),
        creation_time: Some(group::millis(filter.created)),
        field_selection_criteria: None,
        emit_system_fields: None,
    }
}
