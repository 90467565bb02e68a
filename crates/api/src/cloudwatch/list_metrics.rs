//! `ListMetrics`.

use corelog_metrics::{Dimension, DimensionFilter, Listed, Metric, MetricFilter};
use corelog_types::Timestamp;
use corelog_wire::cloudwatch::shapes::{ListMetricsInput, ListMetricsOutput};

use super::metric;
use crate::aws::{Context, Effect, Fault, Operation, Token, cut};

/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListMetrics.html>
const LIMIT: usize = 500;
const HOUR_MS: u64 = 3_600_000;
/// Metrics without values for longer are not listed.
const LISTED_MS: u64 = 14 * 24 * HOUR_MS;
/// What `RecentlyActive` asks for, whose only value is `PT3H`.
const RECENT_MS: u64 = 3 * HOUR_MS;

pub(crate) struct ListMetrics;

impl Operation for ListMetrics {
    const NAME: &'static str = "ListMetrics";
    const EFFECT: Effect = Effect::Reads;
    type Input = ListMetricsInput;
    type Output = ListMetricsOutput;

    fn on(_input: &ListMetricsInput, _cx: &Context<'_>) -> Result<String, Fault> {
        Ok(metric::ANY.to_owned())
    }

    async fn run(input: ListMetricsInput, cx: &Context<'_>) -> Result<ListMetricsOutput, Fault> {
        let metrics = cx.metrics()?;
        let after = after(input.next_token.as_deref())?;
        let recent = input.recently_active.as_deref();
        let age_ms = recent.map_or(LISTED_MS, |_| RECENT_MS);
        let since = Timestamp::from_unix_ms(cx.now().unix_ms().saturating_sub(age_ms));
        let own = &cx.account().id;
        let is_ours = input.owning_account.as_ref().is_none_or(|id| id == own);
        let shows_owners = input.include_linked_accounts == Some(true);
        let mut found = if is_ours {
            let filter = filter(input);
            let listing = metrics.list(&filter, since, after.as_ref(), LIMIT + 1);
            listing.await?
        } else {
            Vec::new()
        };
        let next_token = cut(&mut found, LIMIT, Self::NAME, place);
        let shown = found.iter().map(|listed| metric::shown(&listed.metric));
        Ok(ListMetricsOutput {
            metrics: Some(shown.collect()),
            next_token,
            owning_accounts: shows_owners.then(|| vec![own.clone(); found.len()]),
        })
    }
}

fn filter(input: ListMetricsInput) -> MetricFilter {
    let dimensions = input.dimensions.unwrap_or_default().into_iter();
    MetricFilter {
        namespace: input.namespace,
        name: input.metric_name,
        dimensions: dimensions
            .map(|one| DimensionFilter {
                name: one.name,
                value: one.value,
            })
            .collect(),
    }
}

/// Where a page ended: namespace, name, and dimensions as pairs in JSON.
fn place(listed: &Listed) -> [String; 3] {
    let metric = &listed.metric;
    let pairs: Vec<[&str; 2]> = metric
        .dimensions()
        .iter()
        .map(|one| [one.name.as_str(), one.value.as_str()])
        .collect();
    [
        metric.namespace().to_owned(),
        metric.name().to_owned(),
        // Texts always have a form in JSON.
        serde_json::to_string(&pairs).unwrap_or_default(),
    ]
}

fn after(token: Option<&str>) -> Result<Option<Metric>, Fault> {
    let invalid = || Fault::invalid_parameter_value("The specified NextToken is invalid.");
    let token = Token::<3>::read(ListMetrics::NAME, token).map_err(|_| invalid())?;
    let Some(Token([namespace, name, dimensions])) = token else {
        return Ok(None);
    };
    let pairs: Vec<(String, String)> = serde_json::from_str(&dimensions).map_err(|_| invalid())?;
    let pairs = pairs.into_iter();
    let dimensions = pairs.map(|(name, value)| Dimension { name, value });
    let metric = Metric::new(&namespace, &name, dimensions.collect());
    metric.map(Some).map_err(|_| invalid())
}
