//! `PutDashboard`.

use corelog_catalog::{Dashboard, Error};
use corelog_wire::cloudwatch::shapes::{
    DashboardValidationMessage, PutDashboardInput, PutDashboardOutput,
};
use corelog_wire::model::Value;
use serde_json::json;

use super::body::{self, Message};
use super::{dashboard, tag};
use crate::aws::{Context, Effect, Fault, Kind, Operation};

/// Decision: the service's documentation names no limit.
const DASHBOARDS_MAX: usize = 5_000;
/// Decision: as above. What five hundred widgets need is some hundred kilobytes.
const BODY_BYTES_MAX: usize = 1 << 20;

pub(crate) struct PutDashboard;

impl Operation for PutDashboard {
    const NAME: &'static str = "PutDashboard";
    const EFFECT: Effect = Effect::Changes;
    type Input = PutDashboardInput;
    type Output = PutDashboardOutput;

    fn on(input: &PutDashboardInput, cx: &Context<'_>) -> Result<String, Fault> {
        dashboard::check_name("DashboardName", &input.dashboard_name)?;
        Ok(dashboard::arn(cx.account(), &input.dashboard_name))
    }

    async fn run(input: PutDashboardInput, cx: &Context<'_>) -> Result<PutDashboardOutput, Fault> {
        let warnings = check(&input.dashboard_body)?;
        let dashboard = Dashboard {
            name: input.dashboard_name,
            body: input.dashboard_body,
            tags: tag::of_list(input.tags.unwrap_or_default())?,
            modified: cx.now(),
        };
        let put = cx.catalog().put_dashboard(&dashboard, DASHBOARDS_MAX);
        put.await.map_err(|error| match error {
            Error::Full { most } => refused(&format!("There are {most} dashboards already."), &[]),
            other => Fault::from(other),
        })?;
        let messages = warnings
            .into_iter()
            .map(|message| DashboardValidationMessage {
                data_path: Some(message.path),
                message: Some(message.text),
            });
        Ok(PutDashboardOutput {
            dashboard_validation_messages: Some(messages.collect()),
        })
    }
}

/// Refuses a body that is wrong; returns what else there is to say about it.
///
/// Source: recorded answers, the list of errors in their text among them.
fn check(body: &str) -> Result<Vec<Message>, Fault> {
    if body.len() > BODY_BYTES_MAX {
        let text = format!("The dashboard body must not have more than {BODY_BYTES_MAX} bytes.");
        return Err(refused(&text, &[]));
    }
    let read = serde_json::from_str::<Value>(body).ok();
    let Some(document) = read.filter(Value::is_object) else {
        let text = "The field DashboardBody must be a valid JSON object";
        return Err(refused(text, &[]));
    };
    let found = body::check(&document);
    if found.errors.is_empty() {
        return Ok(found.warnings);
    }
    let shown = |message: &Message| json!({"dataPath": message.path, "message": message.text});
    let list = Value::Array(found.errors.iter().map(shown).collect());
    let count = found.errors.len();
    let text =
        format!("The dashboard body is invalid, there are {count} validation errors:\n{list:#}");
    Err(refused(&text, &found.errors))
}

fn refused(text: &str, errors: &[Message]) -> Fault {
    let shown = |message: &Message| json!({"DataPath": message.path, "Message": message.text});
    let messages = Value::Array(errors.iter().map(shown).collect());
    Fault::new(Kind::DashboardInvalidInput, text).with("dashboardValidationMessages", messages)
}
