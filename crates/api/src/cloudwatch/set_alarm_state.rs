//! `SetAlarmState`.

use corelog_alarms::StateValue;
use corelog_wire::cloudwatch::shapes::SetAlarmStateInput;

use super::alarm;
use crate::aws::{Context, Effect, Fault, Kind, Operation};

pub(crate) struct SetAlarmState;

impl Operation for SetAlarmState {
    const NAME: &'static str = "SetAlarmState";
    const EFFECT: Effect = Effect::Changes;
    type Input = SetAlarmStateInput;
    type Output = ();

    fn on(input: &SetAlarmStateInput, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(alarm::arn(cx.account(), &input.alarm_name))
    }

    /// Until the next evaluation of a metric alarm, or until an alarm in a composite one's rule changes.
    async fn run(input: SetAlarmStateInput, cx: &Context<'_>) -> Result<(), Fault> {
        // The model has no other states.
        let value = StateValue::parse(&input.state_value);
        let value = value.ok_or_else(|| Fault::new(Kind::Validation, "Unknown StateValue"))?;
        let (name, reason) = (&input.alarm_name, &input.state_reason);
        let data = input.state_reason_data.as_deref();
        Ok(cx.watch().set_state(name, value, reason, data).await?)
    }
}
