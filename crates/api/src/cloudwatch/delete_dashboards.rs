//! `DeleteDashboards`.

use corelog_wire::cloudwatch::shapes::{DeleteDashboardsInput, DeleteDashboardsOutput};

use super::dashboard;
use crate::Action;
use crate::aws::{Context, Effect, Fault, Kind, Operation};

/// Source: the model's documentation.
const NAMES_MAX: usize = 100;

pub(crate) struct DeleteDashboards;

impl Operation for DeleteDashboards {
    const NAME: &'static str = "DeleteDashboards";
    const EFFECT: Effect = Effect::Changes;
    type Input = DeleteDashboardsInput;
    type Output = DeleteDashboardsOutput;

    fn on(input: &DeleteDashboardsInput, cx: &Context<'_>) -> Result<String, Fault> {
        if input.dashboard_names.len() > NAMES_MAX {
            let text = format!("No more than {NAMES_MAX} dashboards can be deleted at once");
            return Err(Fault::invalid_parameter_value(text));
        }
        let Some(first) = input.dashboard_names.first() else {
            return Err(Fault::invalid_parameter_value("Need at least 1 dashboard"));
        };
        Ok(dashboard::arn(cx.account(), first))
    }

    /// All of them, or none: one that is missing is no reason to remove others.
    async fn run(
        input: DeleteDashboardsInput,
        cx: &Context<'_>,
    ) -> Result<DeleteDashboardsOutput, Fault> {
        let names = input.dashboard_names;
        // The caller needs every one of them, and was asked for the first.
        for name in names.iter().skip(1) {
            let on = dashboard::arn(cx.account(), name);
            cx.may(Action::CloudWatch(Self::NAME), &on)?;
        }
        let missing = cx.catalog().delete_dashboards(&names).await?;
        if !missing.is_empty() {
            let text = format!(
                "The specified dashboard does not exist. [{}]",
                missing.join(", ")
            );
            return Err(Fault::new(Kind::DashboardNotFound, text));
        }
        Ok(DeleteDashboardsOutput {})
    }
}
