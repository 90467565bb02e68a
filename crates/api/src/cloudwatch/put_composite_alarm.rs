//! `PutCompositeAlarm`.

use corelog_alarms::CompositeAlarmRequest;
use corelog_wire::cloudwatch::shapes::PutCompositeAlarmInput;

use super::{alarm, tag};
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct PutCompositeAlarm;

impl Operation for PutCompositeAlarm {
    const NAME: &'static str = "PutCompositeAlarm";
    const EFFECT: Effect = Effect::Changes;
    type Input = PutCompositeAlarmInput;
    type Output = ();

    fn on(input: &PutCompositeAlarmInput, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(alarm::arn(cx.account(), &input.alarm_name))
    }

    /// Makes an alarm, or changes the one of its name, whose state and tags stay.
    async fn run(input: PutCompositeAlarmInput, cx: &Context<'_>) -> Result<(), Fault> {
        alarm::check_tags_propagation(input.action_configuration.as_ref())?;
        let tags = tag::of_list(input.tags.unwrap_or_default())?;
        let request = CompositeAlarmRequest {
            alarm_name: input.alarm_name,
            alarm_description: input.alarm_description,
            actions_enabled: input.actions_enabled,
            ok_actions: input.ok_actions.unwrap_or_default(),
            alarm_actions: input.alarm_actions.unwrap_or_default(),
            insufficient_data_actions: input.insufficient_data_actions.unwrap_or_default(),
            alarm_rule: input.alarm_rule,
            actions_suppressor: input.actions_suppressor,
            actions_suppressor_wait_period: input.actions_suppressor_wait_period,
            actions_suppressor_extension_period: input.actions_suppressor_extension_period,
        };
        Ok(cx.watch().put(request.check()?, tags).await?)
    }
}
