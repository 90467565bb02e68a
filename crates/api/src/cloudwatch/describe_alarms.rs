//! `DescribeAlarms`.
//!
//! Metric alarms alone are listed unless the request names types. Pages hold alarms of all types in one order, that of
//! their names.

use corelog_alarms::{Alarm, Alarms, Kind as AlarmKind};
use corelog_wire::cloudwatch::shapes::{
    CompositeAlarm, DescribeAlarmsInput, DescribeAlarmsOutput, LogAlarm, MetricAlarm,
};

use super::{alarm, dashboard};
use crate::aws::{Account, Context, Effect, Fault, Kind, Operation, Token, cut};

/// Decision: the documentation names no default, only the most.
const LIMIT: usize = 100;

pub(crate) struct DescribeAlarms;

impl Operation for DescribeAlarms {
    const NAME: &'static str = "DescribeAlarms";
    const EFFECT: Effect = Effect::Reads;
    type Input = DescribeAlarmsInput;
    type Output = DescribeAlarmsOutput;

    fn on(input: &DescribeAlarmsInput, cx: &Context<'_>) -> Result<String, Fault> {
        check(input)?;
        Ok(alarm::all(cx.account()))
    }

    async fn run(
        input: DescribeAlarmsInput,
        cx: &Context<'_>,
    ) -> Result<DescribeAlarmsOutput, Fault> {
        let after = alarm::place::<1>(Self::NAME, input.next_token.as_deref())?;
        let limit = alarm::limit(input.max_records, LIMIT);
        let mut found = cx
            .watch()
            .look(|alarms, _| {
                let after = after.as_ref().map(|Token([name])| name.as_str());
                let found = select(&input, alarms, after);
                found.take(limit + 1).cloned().collect::<Vec<_>>()
            })
            .await;
        let next_token = cut(&mut found, limit, Self::NAME, |alarm| {
            [alarm.definition.name.clone()]
        });
        let mut output = DescribeAlarmsOutput {
            composite_alarms: Some(Vec::new()),
            metric_alarms: Some(Vec::new()),
            log_alarms: Some(Vec::new()),
            next_token,
        };
        for alarm in &found {
            show(alarm, &input, cx.account(), &mut output);
        }
        Ok(output)
    }
}

/// What excludes what.
///
/// Source: the model's documentation; the words are not known.
fn check(input: &DescribeAlarmsInput) -> Result<(), Fault> {
    let refused = |text: &str| Err(Fault::new(Kind::Validation, text));
    let (children, parents) = (&input.children_of_alarm_name, &input.parents_of_alarm_name);
    let has_others = input.alarm_names.is_some()
        || input.alarm_name_prefix.is_some()
        || input.alarm_types.is_some()
        || input.state_value.is_some()
        || input.action_prefix.is_some();
    if children.is_some() && (has_others || parents.is_some()) {
        return refused(
            "Only MaxRecords and NextToken can be specified together with ChildrenOfAlarmName.",
        );
    }
    if parents.is_some() && has_others {
        return refused(
            "Only MaxRecords and NextToken can be specified together with ParentsOfAlarmName.",
        );
    }
    if input.alarm_names.is_some() && input.alarm_name_prefix.is_some() {
        return refused("AlarmNames and AlarmNamePrefix cannot be specified together.");
    }
    Ok(())
}

/// The alarms that are asked for, by name, behind a name.
fn select<'a>(
    input: &'a DescribeAlarmsInput,
    alarms: &'a Alarms,
    after: Option<&'a str>,
) -> impl Iterator<Item = &'a Alarm> {
    let family = family(input, alarms);
    let is_wanted = move |alarm: &&Alarm| {
        let name = alarm.definition.name.as_str();
        if after.is_some_and(|after| name <= after) {
            return false;
        }
        match &family {
            Some(names) => names.contains(&name),
            None => is_asked(input, alarm),
        }
    };
    alarms.iter().filter(is_wanted)
}

/// The children or the parents that the request asks for.
fn family<'a>(input: &'a DescribeAlarmsInput, alarms: &'a Alarms) -> Option<Vec<&'a str>> {
    if let Some(name) = &input.children_of_alarm_name {
        let composite = alarms
            .get(name)
            .and_then(|alarm| alarm.definition.composite());
        return Some(
            composite
                .map(|composite| composite.rule.alarms())
                .unwrap_or_default(),
        );
    }
    let name = input.parents_of_alarm_name.as_ref()?;
    Some(alarms.parents_of(name).collect())
}

fn is_asked(input: &DescribeAlarmsInput, alarm: &Alarm) -> bool {
    let definition = &alarm.definition;
    let name = &definition.name;
    let types = input.alarm_types.as_deref().unwrap_or_default();
    let is_of_type = if types.is_empty() {
        definition.metric().is_some()
    } else {
        types.iter().any(|one| one == definition.type_name())
    };
    let names = input.alarm_names.as_deref();
    let prefix = input.alarm_name_prefix.as_deref();
    let state = input.state_value.as_deref();
    let action = input.action_prefix.as_deref();
    is_of_type
        && names.is_none_or(|names| names.is_empty() || names.contains(name))
        && prefix.is_none_or(|prefix| name.starts_with(prefix))
        && state.is_none_or(|state| state == alarm.state.value.as_str())
        && action.is_none_or(|action| alarm::has_action(definition, action))
}

/// Adds an alarm to the answer; of a family, only what the service tells of one.
fn show(
    alarm: &Alarm,
    input: &DescribeAlarmsInput,
    account: &Account,
    output: &mut DescribeAlarmsOutput,
) {
    let is_child = input.children_of_alarm_name.is_some();
    let is_parent = input.parents_of_alarm_name.is_some();
    let name = Some(alarm.definition.name.clone());
    let arn = Some(alarm::arn(account, &alarm.definition.name));
    let state = is_child.then(|| alarm.state.value.to_string());
    let updated = is_child.then(|| dashboard::seconds(alarm.state.updated));
    match &alarm.definition.kind {
        AlarmKind::Metric(metric) => {
            let shown = if is_child || is_parent {
                MetricAlarm {
                    alarm_name: name,
                    alarm_arn: arn,
                    state_value: state,
                    state_updated_timestamp: updated,
                    ..MetricAlarm::default()
                }
            } else {
                alarm::metric_shape(alarm, metric, account)
            };
            output.metric_alarms.get_or_insert_default().push(shown);
        }
        AlarmKind::Composite(composite) => {
            let shown = if is_child || is_parent {
                CompositeAlarm {
                    alarm_name: name,
                    alarm_arn: arn,
                    state_value: state,
                    state_updated_timestamp: updated,
                    ..CompositeAlarm::default()
                }
            } else {
                alarm::composite_shape(alarm, composite, account)
            };
            output.composite_alarms.get_or_insert_default().push(shown);
        }
        AlarmKind::Log(log) => {
            let shown = if is_child || is_parent {
                LogAlarm {
                    alarm_name: name,
                    alarm_arn: arn,
                    state_value: state,
                    state_updated_timestamp: updated,
                    ..LogAlarm::default()
                }
            } else {
                alarm::log_shape(alarm, log, account)
            };
            output.log_alarms.get_or_insert_default().push(shown);
        }
    }
}
