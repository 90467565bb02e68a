//! `GetAlarmMuteRule`.

use corelog_alarms::MuteRule;
use corelog_types::Timestamp;
use corelog_wire::cloudwatch::shapes::{
    GetAlarmMuteRuleInput, GetAlarmMuteRuleOutput, MuteTargets, Rule, Schedule,
};

use super::{alarm, dashboard};
use crate::aws::{Account, Context, Effect, Fault, Operation};

pub(crate) struct GetAlarmMuteRule;

impl Operation for GetAlarmMuteRule {
    const NAME: &'static str = "GetAlarmMuteRule";
    const EFFECT: Effect = Effect::Reads;
    type Input = GetAlarmMuteRuleInput;
    type Output = GetAlarmMuteRuleOutput;

    fn on(input: &GetAlarmMuteRuleInput, cx: &Context<'_>) -> Result<String, Fault> {
        let name = &input.alarm_mute_rule_name;
        Ok(alarm::mute_rule_arn(cx.account(), name))
    }

    async fn run(
        input: GetAlarmMuteRuleInput,
        cx: &Context<'_>,
    ) -> Result<GetAlarmMuteRuleOutput, Fault> {
        let name = input.alarm_mute_rule_name;
        let (now, account) = (cx.now(), cx.account());
        let looked = cx.watch().look(|alarms, put| {
            let rule = alarms.mute_rules().find(|rule| rule.name == name)?;
            Some(shown(rule, put.get(&name).copied(), now, account))
        });
        looked.await.ok_or_else(|| {
            let arn = alarm::mute_rule_arn(account, &name);
            let fault = Fault::not_found(format!(
                "The specified alarm mute rule does not exist. [{name}]"
            ));
            fault
                .with("ResourceType", "alarm-mute-rule")
                .with("ResourceId", arn)
        })
    }
}

fn shown(
    rule: &MuteRule,
    put: Option<Timestamp>,
    now: Timestamp,
    account: &Account,
) -> GetAlarmMuteRuleOutput {
    let request = &rule.request;
    GetAlarmMuteRuleOutput {
        name: Some(rule.name.clone()),
        alarm_mute_rule_arn: Some(alarm::mute_rule_arn(account, &rule.name)),
        description: request.description.clone(),
        rule: Some(Rule {
            schedule: Schedule {
                expression: request.expression.clone(),
                duration: request.duration.clone(),
                timezone: request.timezone.clone(),
            },
        }),
        mute_targets: Some(MuteTargets {
            alarm_names: request.alarm_names.clone(),
        }),
        start_date: request.start_date.map(dashboard::seconds),
        expire_date: request.expire_date.map(dashboard::seconds),
        status: Some(rule.status(now).as_str().to_owned()),
        last_updated_timestamp: put.map(dashboard::seconds),
        mute_type: Some(mute_type(rule).to_owned()),
    }
}

/// Whether a rule mutes once or again and again.
pub(super) fn mute_type(rule: &MuteRule) -> &'static str {
    if rule.request.expression.starts_with("at(") {
        "ONE_TIME"
    } else {
        "RECURRING"
    }
}
