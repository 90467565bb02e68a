//! `DescribeMetricFilters`.

use corelog_catalog::MetricFiltersAsked;
use corelog_wire::logs::shapes::{DescribeMetricFiltersRequest, DescribeMetricFiltersResponse};

use super::{arn, group, metric_filter};
use crate::aws::{Context, Effect, Fault, Operation, Token, cut};

const LIMIT: u32 = 50;

pub(crate) struct DescribeMetricFilters;

impl Operation for DescribeMetricFilters {
    const NAME: &'static str = "DescribeMetricFilters";
    const EFFECT: Effect = Effect::Reads;
    type Input = DescribeMetricFiltersRequest;
    type Output = DescribeMetricFiltersResponse;

    fn on(input: &DescribeMetricFiltersRequest, cx: &Context<'_>) -> Result<String, Fault> {
        if input.metric_name.is_some() != input.metric_namespace.is_some() {
            return Err(Fault::invalid_parameter(
                "metricName and metricNamespace must be specified together.",
            ));
        }
        match &input.log_group_name {
            Some(name) => group::on(name, cx),
            None => Ok(arn::of_all_groups(cx.account())),
        }
    }

    async fn run(
        input: DescribeMetricFiltersRequest,
        cx: &Context<'_>,
    ) -> Result<DescribeMetricFiltersResponse, Fault> {
        let log_group = match &input.log_group_name {
            Some(name) => Some(group::existing(cx, &group::named(name)?).await?.name),
            None => None,
        };
        let asked = MetricFiltersAsked {
            // Source: the API reference: a prefix is used only if there is a log group as well.
            prefix: match &log_group {
                Some(_) => input.filter_name_prefix.unwrap_or_default(),
                None => String::new(),
            },
            log_group,
            metric: input.metric_namespace.zip(input.metric_name),
        };
        let limit = input.limit.and_then(|limit| u32::try_from(limit).ok());
        let limit = limit.unwrap_or(LIMIT);
        let after = Token::<2>::read(Self::NAME, input.next_token.as_deref())?;
        let after = after.as_ref();
        let after = after.map(|Token([group, name])| (group.as_str(), name.as_str()));
        let finding = cx
            .catalog()
            .metric_filters(&asked, after, limit.saturating_add(1));
        let mut filters = finding.await?;
        let next_token = cut(&mut filters, limit as usize, Self::NAME, |filter| {
            [filter.log_group.as_str().to_owned(), filter.name.clone()]
        });
        Ok(DescribeMetricFiltersResponse {
            metric_filters: Some(filters.into_iter().map(metric_filter::shown).collect()),
            next_token,
        })
    }
}
