//! `GetDashboard`.

use corelog_wire::cloudwatch::shapes::{GetDashboardInput, GetDashboardOutput};

use super::dashboard;
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct GetDashboard;

impl Operation for GetDashboard {
    const NAME: &'static str = "GetDashboard";
    const EFFECT: Effect = Effect::Reads;
    type Input = GetDashboardInput;
    type Output = GetDashboardOutput;

    fn on(input: &GetDashboardInput, cx: &Context<'_>) -> Result<String, Fault> {
        dashboard::check_name("DashboardName", &input.dashboard_name)?;
        Ok(dashboard::arn(cx.account(), &input.dashboard_name))
    }

    async fn run(input: GetDashboardInput, cx: &Context<'_>) -> Result<GetDashboardOutput, Fault> {
        let name = input.dashboard_name;
        let found = cx.catalog().dashboard(&name).await?;
        let found = found.ok_or_else(|| dashboard::missing(&name))?;
        Ok(GetDashboardOutput {
            dashboard_arn: Some(dashboard::arn(cx.account(), &name)),
            dashboard_body: Some(found.body),
            dashboard_name: Some(name),
        })
    }
}
