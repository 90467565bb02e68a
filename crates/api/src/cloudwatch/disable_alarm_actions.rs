//! `DisableAlarmActions`.

use corelog_wire::cloudwatch::shapes::DisableAlarmActionsInput;

use super::delete_alarms::{first_of, may_all};
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct DisableAlarmActions;

impl Operation for DisableAlarmActions {
    const NAME: &'static str = "DisableAlarmActions";
    const EFFECT: Effect = Effect::Changes;
    type Input = DisableAlarmActionsInput;
    type Output = ();

    fn on(input: &DisableAlarmActionsInput, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(first_of(&input.alarm_names, cx))
    }

    async fn run(input: DisableAlarmActionsInput, cx: &Context<'_>) -> Result<(), Fault> {
        may_all(Self::NAME, &input.alarm_names, cx)?;
        let set = cx.watch().set_actions_enabled(&input.alarm_names, false);
        Ok(set.await?)
    }
}
