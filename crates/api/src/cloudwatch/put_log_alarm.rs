//! `PutLogAlarm`.

use corelog_alarms::{LogAlarmRequest, ScheduledQueryRequest, WarmUpRequest};
use corelog_wire::cloudwatch::shapes::{PutLogAlarmInput, ScheduledQueryConfiguration};

use super::{alarm, tag};
use crate::Action;
use crate::aws::{Context, Effect, Fault, Operation};
use crate::logs::scheduled;

pub(crate) struct PutLogAlarm;

impl Operation for PutLogAlarm {
    const NAME: &'static str = "PutLogAlarm";
    const EFFECT: Effect = Effect::Changes;
    type Input = PutLogAlarmInput;
    type Output = ();

    fn on(input: &PutLogAlarmInput, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(alarm::arn(cx.account(), &input.alarm_name))
    }

    /// Makes an alarm, or changes the one of its name, whose state and tags stay.
    ///
    /// Decision: there are no roles to assume, so whoever puts the alarm must be allowed to ask its query.
    async fn run(input: PutLogAlarmInput, cx: &Context<'_>) -> Result<(), Fault> {
        alarm::check_tags_propagation(input.action_configuration.as_ref())?;
        let tags = tag::of_list(input.tags.clone().unwrap_or_default())?;
        let definition = request(input).check()?;
        if let Some(log) = definition.log() {
            cx.may(Action::Logs("StartQuery"), &scheduled::on(&log.query, cx)?)?;
            scheduled::check(log, cx).await?;
        }
        Ok(cx.watch().put(definition, tags).await?)
    }
}

fn request(input: PutLogAlarmInput) -> LogAlarmRequest {
    LogAlarmRequest {
        alarm_name: input.alarm_name,
        alarm_description: input.alarm_description,
        actions_enabled: input.actions_enabled,
        ok_actions: input.ok_actions.unwrap_or_default(),
        alarm_actions: input.alarm_actions.unwrap_or_default(),
        insufficient_data_actions: input.insufficient_data_actions.unwrap_or_default(),
        query: query(input.scheduled_query_configuration),
        action_log_line_count: input.action_log_line_count,
        action_log_line_role_arn: input.action_log_line_role_arn,
        query_results_to_evaluate: input.query_results_to_evaluate,
        query_results_to_alarm: input.query_results_to_alarm,
        threshold: input.threshold,
        comparison_operator: input.comparison_operator,
        treat_missing_data: input.treat_missing_data,
        warm_up: input.warm_up_configuration.map(|warm_up| WarmUpRequest {
            warm_up_period_duration_in_minutes: warm_up.warm_up_period_duration_in_minutes,
            only_start_evaluating_after_warm_up_period_ends: warm_up
                .only_start_evaluating_after_warm_up_period_ends,
        }),
    }
}

fn query(configuration: ScheduledQueryConfiguration) -> ScheduledQueryRequest {
    let schedule = configuration.schedule_configuration;
    let tags = configuration.tags.unwrap_or_default().into_iter();
    ScheduledQueryRequest {
        query_string: configuration.query_string,
        log_group_identifiers: configuration.log_group_identifiers.unwrap_or_default(),
        scheduled_query_role_arn: configuration.scheduled_query_role_arn,
        aggregation_expression: configuration.aggregation_expression,
        schedule_expression: schedule.schedule_expression,
        start_time_offset: schedule.start_time_offset,
        end_time_offset: schedule.end_time_offset,
        tags: tags.map(|tag| (tag.key, tag.value)).collect(),
    }
}
