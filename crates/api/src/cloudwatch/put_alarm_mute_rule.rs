//! `PutAlarmMuteRule`.

use corelog_alarms::MuteRuleRequest;
use corelog_wire::cloudwatch::shapes::PutAlarmMuteRuleInput;

use super::{alarm, tag};
use crate::Action;
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct PutAlarmMuteRule;

impl Operation for PutAlarmMuteRule {
    const NAME: &'static str = "PutAlarmMuteRule";
    const EFFECT: Effect = Effect::Changes;
    type Input = PutAlarmMuteRuleInput;
    type Output = ();

    fn on(input: &PutAlarmMuteRuleInput, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(alarm::mute_rule_arn(cx.account(), &input.name))
    }

    /// Makes a mute rule, or changes the one of its name, whose tags stay. The caller needs every alarm that it mutes.
    ///
    /// Decision: alarms that do not exist are taken, and muted once somebody makes them.
    async fn run(input: PutAlarmMuteRuleInput, cx: &Context<'_>) -> Result<(), Fault> {
        let targets = input.mute_targets.map(|targets| targets.alarm_names);
        let alarm_names = targets.unwrap_or_default();
        for name in &alarm_names {
            let on = alarm::arn(cx.account(), name);
            cx.may(Action::CloudWatch(Self::NAME), &on)?;
        }
        let tags = tag::of_list(input.tags.unwrap_or_default())?;
        let schedule = input.rule.schedule;
        let request = MuteRuleRequest {
            name: input.name,
            description: input.description,
            expression: schedule.expression,
            duration: schedule.duration,
            timezone: schedule.timezone,
            alarm_names,
            start_date: input.start_date.map(alarm::moment),
            expire_date: input.expire_date.map(alarm::moment),
        };
        Ok(cx.watch().put_mute_rule(&request, &tags).await?)
    }
}
