//! `ListDashboards`.

use corelog_catalog::DashboardEntry;
use corelog_wire::cloudwatch::shapes::{self, ListDashboardsInput, ListDashboardsOutput};

use super::dashboard;
use crate::aws::{Account, Context, Effect, Fault, Operation, Token, cut};

const LIMIT: u32 = 1_000;

pub(crate) struct ListDashboards;

impl Operation for ListDashboards {
    const NAME: &'static str = "ListDashboards";
    const EFFECT: Effect = Effect::Reads;
    type Input = ListDashboardsInput;
    type Output = ListDashboardsOutput;

    fn on(_input: &ListDashboardsInput, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(dashboard::all(cx.account()))
    }

    async fn run(
        input: ListDashboardsInput,
        cx: &Context<'_>,
    ) -> Result<ListDashboardsOutput, Fault> {
        let prefix = input.dashboard_name_prefix.unwrap_or_default();
        let after = Token::<1>::read(Self::NAME, input.next_token.as_deref());
        let after = after.map_err(|fault| Fault::invalid_parameter_value(fault.message()))?;
        let after = after.as_ref().map(|Token([name])| name.as_str());
        let found = cx.catalog().dashboards(&prefix, after, LIMIT + 1);
        let mut entries = found.await?;
        let next_token = cut(&mut entries, LIMIT as usize, Self::NAME, |entry| {
            [entry.name.clone()]
        });
        let entries = entries.into_iter();
        Ok(ListDashboardsOutput {
            dashboard_entries: Some(entries.map(|entry| shown(entry, cx.account())).collect()),
            next_token,
        })
    }
}

fn shown(entry: DashboardEntry, account: &Account) -> shapes::DashboardEntry {
    shapes::DashboardEntry {
        dashboard_arn: Some(dashboard::arn(account, &entry.name)),
        dashboard_name: Some(entry.name),
        last_modified: Some(dashboard::seconds(entry.modified)),
        size: i64::try_from(entry.bytes).ok(),
    }
}
