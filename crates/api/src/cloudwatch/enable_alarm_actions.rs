//! `EnableAlarmActions`.

use corelog_wire::cloudwatch::shapes::EnableAlarmActionsInput;

use super::delete_alarms::{first_of, may_all};
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct EnableAlarmActions;

impl Operation for EnableAlarmActions {
    const NAME: &'static str = "EnableAlarmActions";
    const EFFECT: Effect = Effect::Changes;
    type Input = EnableAlarmActionsInput;
    type Output = ();

    fn on(input: &EnableAlarmActionsInput, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(first_of(&input.alarm_names, cx))
    }

    async fn run(input: EnableAlarmActionsInput, cx: &Context<'_>) -> Result<(), Fault> {
        may_all(Self::NAME, &input.alarm_names, cx)?;
        let set = cx.watch().set_actions_enabled(&input.alarm_names, true);
        Ok(set.await?)
    }
}
