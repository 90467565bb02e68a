//! `ListAlarmMuteRules`.

use corelog_wire::cloudwatch::shapes::{
    AlarmMuteRuleSummary, ListAlarmMuteRulesInput, ListAlarmMuteRulesOutput,
};

use super::{alarm, dashboard, get_alarm_mute_rule};
use crate::aws::{Context, Effect, Fault, Operation, Token, cut};

/// Source: the model's documentation.
const LIMIT: usize = 50;

pub(crate) struct ListAlarmMuteRules;

impl Operation for ListAlarmMuteRules {
    const NAME: &'static str = "ListAlarmMuteRules";
    const EFFECT: Effect = Effect::Reads;
    type Input = ListAlarmMuteRulesInput;
    type Output = ListAlarmMuteRulesOutput;

    fn on(_input: &ListAlarmMuteRulesInput, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(alarm::mute_rule_arn(cx.account(), "*"))
    }

    async fn run(
        input: ListAlarmMuteRulesInput,
        cx: &Context<'_>,
    ) -> Result<ListAlarmMuteRulesOutput, Fault> {
        let after = alarm::place::<1>(Self::NAME, input.next_token.as_deref())?;
        let after = after.as_ref().map(|Token([name])| name.as_str());
        let limit = alarm::limit(input.max_records, LIMIT);
        let (now, account) = (cx.now(), cx.account());
        let statuses = input.statuses.as_deref().unwrap_or_default();
        let looked = cx.watch().look(|alarms, put| {
            let rules = alarms.mute_rules();
            let wanted = rules.filter(|rule| after.is_none_or(|after| rule.name.as_str() > after));
            let shown = wanted.filter_map(|rule| {
                let status = rule.status(now).as_str();
                let targets = &rule.request.alarm_names;
                let is_asked = (statuses.is_empty() || statuses.iter().any(|one| one == status))
                    && input
                        .alarm_name
                        .as_ref()
                        .is_none_or(|name| targets.contains(name));
                let updated = put.get(&rule.name).copied();
                let summary = AlarmMuteRuleSummary {
                    alarm_mute_rule_arn: Some(alarm::mute_rule_arn(account, &rule.name)),
                    expire_date: rule.request.expire_date.map(dashboard::seconds),
                    status: Some(status.to_owned()),
                    mute_type: Some(get_alarm_mute_rule::mute_type(rule).to_owned()),
                    last_updated_timestamp: updated.map(dashboard::seconds),
                };
                is_asked.then(|| (rule.name.clone(), summary))
            });
            shown.take(limit + 1).collect::<Vec<_>>()
        });
        let mut found = looked.await;
        let next_token = cut(&mut found, limit, Self::NAME, |(name, _)| [name.clone()]);
        let found = found.into_iter();
        Ok(ListAlarmMuteRulesOutput {
            alarm_mute_rule_summaries: Some(found.map(|(_, summary)| summary).collect()),
            next_token,
        })
    }
}
