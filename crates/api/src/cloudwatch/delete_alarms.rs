//! `DeleteAlarms`.

use corelog_wire::cloudwatch::shapes::DeleteAlarmsInput;

use super::alarm;
use crate::Action;
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct DeleteAlarms;

impl Operation for DeleteAlarms {
    const NAME: &'static str = "DeleteAlarms";
    const EFFECT: Effect = Effect::Changes;
    type Input = DeleteAlarmsInput;
    type Output = ();

    fn on(input: &DeleteAlarmsInput, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(first_of(&input.alarm_names, cx))
    }

    async fn run(input: DeleteAlarmsInput, cx: &Context<'_>) -> Result<(), Fault> {
        may_all(Self::NAME, &input.alarm_names, cx)?;
        Ok(cx.watch().delete(&input.alarm_names).await?)
    }
}

/// What a request about several alarms is about: the first of them, and the others are asked for in [`may_all`].
pub(super) fn first_of(names: &[String], cx: &Context<'_>) -> String {
    let first = names.first().map_or("*", String::as_str);
    alarm::arn(cx.account(), first)
}

/// Whether the caller may do it to all others, too.
pub(super) fn may_all(
    operation: &'static str,
    names: &[String],
    cx: &Context<'_>,
) -> Result<(), Fault> {
    for name in names.iter().skip(1) {
        let on = alarm::arn(cx.account(), name);
        cx.may(Action::CloudWatch(operation), &on)?;
    }
    Ok(())
}
