//! `DeleteAlarmMuteRule`.

use corelog_wire::cloudwatch::shapes::DeleteAlarmMuteRuleInput;

use super::alarm;
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct DeleteAlarmMuteRule;

impl Operation for DeleteAlarmMuteRule {
    const NAME: &'static str = "DeleteAlarmMuteRule";
    const EFFECT: Effect = Effect::Changes;
    type Input = DeleteAlarmMuteRuleInput;
    type Output = ();

    fn on(input: &DeleteAlarmMuteRuleInput, cx: &Context<'_>) -> Result<String, Fault> {
        let name = &input.alarm_mute_rule_name;
        Ok(alarm::mute_rule_arn(cx.account(), name))
    }

    /// What it mutes is executed at once. One that does not exist is fine.
    async fn run(input: DeleteAlarmMuteRuleInput, cx: &Context<'_>) -> Result<(), Fault> {
        let deleted = cx.watch().delete_mute_rule(&input.alarm_mute_rule_name);
        deleted.await?;
        Ok(())
    }
}
