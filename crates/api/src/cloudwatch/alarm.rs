//! What the operations on alarms have in common: ARNs, faults, and alarms as answers show them.

use corelog_alarms::{
    Alarm, CompositeAlarm, Definition, ErrorKind, Limit, LogAlarm, LowSamples, Metric, MetricAlarm,
    MissingData, Query, ScheduledQuery, Source, SuppressedBy, Term, WarmUp, WindowKind,
};
use corelog_types::Timestamp;
use corelog_watch::Error;
use corelog_wire::cloudwatch::shapes;

use super::dashboard::seconds;
use crate::aws::{Account, Fault, Kind, Token};

/// `arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME`
pub(super) fn arn(account: &Account, name: &str) -> String {
    format!(
        "arn:aws:cloudwatch:{}:{}:alarm:{name}",
        account.region, account.id
    )
}

/// All alarms, for operations that list them.
pub(super) fn all(account: &Account) -> String {
    arn(account, "*")
}

/// `arn:aws:cloudwatch:REGION:ACCOUNT:alarm-mute-rule:NAME`
///
/// Source: the model's documentation of `PutAlarmMuteRule`.
pub(super) fn mute_rule_arn(account: &Account, name: &str) -> String {
    format!(
        "arn:aws:cloudwatch:{}:{}:alarm-mute-rule:{name}",
        account.region, account.id
    )
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(error) => {
                let kind = match error.kind() {
                    ErrorKind::Validation => Kind::Validation,
                    ErrorKind::InvalidParameterValue => Kind::InvalidParameterValue,
                    ErrorKind::InvalidFormat => Kind::InvalidFormat,
                    ErrorKind::ResourceNotFound => Kind::AlarmNotFound,
                    ErrorKind::LimitExceeded => Kind::LimitExceededFault,
                };
                Self::new(kind, error.to_string())
            }
            Error::Unsupported(why) => Self::new(Kind::Validation, why),
            Error::Full { what, most } => {
                let text = format!("The maximum number of {what}, {most}, has been reached.");
                Self::new(Kind::LimitExceededFault, text)
            }
            Error::Catalog(error) => Self::from(error),
        }
    }
}

impl From<corelog_alarms::Error> for Fault {
    fn from(error: corelog_alarms::Error) -> Self {
        Self::from(Error::Refused(error))
    }
}

/// A moment of a document; what is before 1970 is the beginning of time.
pub(super) fn moment(seconds: f64) -> Timestamp {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates"
    )]
    let ms = (seconds * 1_000.0).round() as u64;
    Timestamp::from_unix_ms(ms)
}

/// The place in a token that came back, in the words of these operations.
pub(super) fn place<const N: usize>(
    operation: &str,
    token: Option<&str>,
) -> Result<Option<Token<N>>, Fault> {
    let read = Token::read(operation, token);
    read.map_err(|_| invalid_token())
}

pub(super) fn invalid_token() -> Fault {
    Fault::new(
        Kind::InvalidNextToken,
        "The specified NextToken is invalid.",
    )
}

/// How many records a page has.
pub(super) fn limit(asked: Option<i64>, otherwise: usize) -> usize {
    asked
        .and_then(|most| usize::try_from(most).ok())
        .unwrap_or(otherwise)
}

/// Tags of notifications are not propagated: who asks for that is told so.
pub(super) fn check_tags_propagation(
    configuration: Option<&shapes::ActionConfiguration>,
) -> Result<(), Fault> {
    let propagation = configuration.and_then(|one| one.alarm_tags_propagation.as_ref());
    if propagation.is_some_and(|propagation| propagation.enabled) {
        let text =
            "Corelog does not propagate the tags of alarms: AlarmTagsPropagation is not supported.";
        return Err(Fault::new(Kind::Validation, text));
    }
    Ok(())
}

/// A metric alarm as `DescribeAlarms` shows it.
pub(super) fn metric_shape(
    alarm: &Alarm,
    metric: &MetricAlarm,
    account: &Account,
) -> shapes::MetricAlarm {
    let definition = &*alarm.definition;
    let state = &alarm.state;
    let mut shape = shapes::MetricAlarm {
        alarm_name: Some(definition.name.clone()),
        alarm_arn: Some(arn(account, &definition.name)),
        alarm_description: definition.description.clone(),
        alarm_configuration_updated_timestamp: Some(seconds(alarm.configured)),
        actions_enabled: Some(definition.actions_enabled),
        ok_actions: Some(definition.actions.ok.clone()),
        alarm_actions: Some(definition.actions.alarm.clone()),
        insufficient_data_actions: Some(definition.actions.insufficient_data.clone()),
        state_value: Some(state.value.to_string()),
        state_reason: Some(state.reason.clone()),
        state_reason_data: state.reason_data.clone(),
        state_updated_timestamp: Some(seconds(state.updated)),
        state_transitioned_timestamp: Some(seconds(state.transitioned)),
        evaluation_state: state.evaluation_state().map(str::to_owned),
        evaluation_periods: Some(i64::from(metric.evaluation_periods)),
        datapoints_to_alarm: metric.datapoints_to_alarm.map(i64::from),
        comparison_operator: Some(metric.comparison.as_str().to_owned()),
        treat_missing_data: metric
            .treat_missing_data
            .map(MissingData::as_str)
            .map(str::to_owned),
        evaluate_low_sample_count_percentile: metric
            .low_samples
            .map(LowSamples::as_str)
            .map(str::to_owned),
        evaluation_window: metric.window.as_ref().map(window),
        warm_up_configuration: metric.warm_up.map(warm_up),
        dimensions: Some(Vec::new()),
        ..shapes::MetricAlarm::default()
    };
    match &metric.limit {
        Limit::Threshold(threshold) => shape.threshold = Some(*threshold),
        Limit::Band(id) => shape.threshold_metric_id = Some(id.clone()),
    }
    match &metric.source {
        Source::Metric(metric) => source(&mut shape, metric),
        Source::Queries(queries) => shape.metrics = Some(queries.iter().map(query).collect()),
    }
    shape
}

fn source(shape: &mut shapes::MetricAlarm, metric: &Metric) {
    shape.namespace = Some(metric.namespace.clone());
    shape.metric_name = Some(metric.name.clone());
    shape.dimensions = Some(dimensions(metric));
    shape.period = Some(i64::from(metric.period_seconds));
    shape.unit.clone_from(&metric.unit);
    let statistic = Some(metric.statistic.as_str().to_owned());
    if metric.statistic.is_basic() {
        shape.statistic = statistic;
    } else {
        shape.extended_statistic = statistic;
    }
}

/// An entry of `Metrics` as it was put.
pub(super) fn query(query: &Query) -> shapes::MetricDataQuery {
    let metric_stat = query.metric().map(|metric| shapes::MetricStat {
        metric: shapes::Metric {
            namespace: Some(metric.namespace.clone()),
            metric_name: Some(metric.name.clone()),
            dimensions: Some(dimensions(metric)),
        },
        period: i64::from(metric.period_seconds),
        stat: metric.statistic.as_str().to_owned(),
        unit: metric.unit.clone(),
    });
    let expression = match &query.term {
        Term::Metric(_) => None,
        Term::Expression(expression) => Some(expression.clone()),
    };
    shapes::MetricDataQuery {
        id: query.id.clone(),
        metric_stat,
        expression,
        label: query.label.clone(),
        return_data: Some(query.returns()),
        period: query.period_seconds.map(i64::from),
        account_id: query.account_id.clone(),
    }
}

fn dimensions(metric: &Metric) -> Vec<shapes::Dimension> {
    let pairs = metric.dimensions.iter();
    let shown = pairs.map(|(name, value)| shapes::Dimension {
        name: name.clone(),
        value: value.clone(),
    });
    shown.collect()
}

fn window(window: &WindowKind) -> shapes::EvaluationWindow {
    match window {
        WindowKind::Sliding => shapes::EvaluationWindow {
            sliding_window: Some(shapes::SlidingWindow {}),
            wall_clock_window: None,
        },
        WindowKind::WallClock { timezone, .. } => shapes::EvaluationWindow {
            sliding_window: None,
            wall_clock_window: Some(shapes::WallClockWindow {
                timezone: timezone.clone(),
            }),
        },
    }
}

fn warm_up(warm_up: WarmUp) -> shapes::WarmUpConfiguration {
    shapes::WarmUpConfiguration {
        warm_up_period_duration_in_minutes: i64::from(warm_up.minutes),
        only_start_evaluating_after_warm_up_period_ends: Some(warm_up.to_the_end),
    }
}

/// A log alarm as `DescribeAlarms` shows it.
pub(super) fn log_shape(alarm: &Alarm, log: &LogAlarm, account: &Account) -> shapes::LogAlarm {
    let definition = &*alarm.definition;
    let state = &alarm.state;
    shapes::LogAlarm {
        alarm_name: Some(definition.name.clone()),
        alarm_arn: Some(arn(account, &definition.name)),
        alarm_description: definition.description.clone(),
        alarm_configuration_updated_timestamp: Some(seconds(alarm.configured)),
        actions_enabled: Some(definition.actions_enabled),
        ok_actions: Some(definition.actions.ok.clone()),
        alarm_actions: Some(definition.actions.alarm.clone()),
        insufficient_data_actions: Some(definition.actions.insufficient_data.clone()),
        state_value: Some(state.value.to_string()),
        state_reason: Some(state.reason.clone()),
        state_reason_data: state.reason_data.clone(),
        state_updated_timestamp: Some(seconds(state.updated)),
        scheduled_query_configuration: Some(scheduled_query(&log.query)),
        query_results_to_evaluate: Some(i64::from(log.results_to_evaluate)),
        query_results_to_alarm: Some(i64::from(log.results_to_alarm)),
        threshold: Some(log.threshold),
        comparison_operator: Some(log.comparison.as_str().to_owned()),
        treat_missing_data: log
            .treat_missing_data
            .map(MissingData::as_str)
            .map(str::to_owned),
        state_transitioned_timestamp: Some(seconds(state.transitioned)),
        evaluation_state: state.evaluation_state().map(str::to_owned),
        action_log_line_count: log.line_count.map(i64::from),
        action_log_line_role_arn: log.line_role.clone(),
        warm_up_configuration: log.warm_up.map(warm_up),
        action_configuration: None,
    }
}

/// Decision: without the ARN of a scheduled query, since there are none beside their alarms.
fn scheduled_query(query: &ScheduledQuery) -> shapes::ScheduledQueryConfiguration {
    let tags = query.tags.iter().map(|(key, value)| shapes::Tag {
        key: key.clone(),
        value: value.clone(),
    });
    let tags: Vec<shapes::Tag> = tags.collect();
    shapes::ScheduledQueryConfiguration {
        query_string: query.text.clone(),
        log_group_identifiers: (!query.log_groups.is_empty()).then(|| query.log_groups.clone()),
        query_arn: None,
        scheduled_query_role_arn: query.role.clone(),
        schedule_configuration: shapes::ScheduleConfiguration {
            schedule_expression: query.schedule.clone(),
            start_time_offset: i64::from(query.start_offset_seconds),
            end_time_offset: query.end_offset_seconds.map(i64::from),
        },
        aggregation_expression: query.aggregation.clone(),
        tags: (!tags.is_empty()).then_some(tags),
    }
}

/// A composite alarm as `DescribeAlarms` shows it.
pub(super) fn composite_shape(
    alarm: &Alarm,
    composite: &CompositeAlarm,
    account: &Account,
) -> shapes::CompositeAlarm {
    let definition = &*alarm.definition;
    let state = &alarm.state;
    let suppressor = composite.suppressor.as_ref();
    shapes::CompositeAlarm {
        actions_enabled: Some(definition.actions_enabled),
        alarm_actions: Some(definition.actions.alarm.clone()),
        alarm_arn: Some(arn(account, &definition.name)),
        alarm_configuration_updated_timestamp: Some(seconds(alarm.configured)),
        alarm_description: definition.description.clone(),
        alarm_name: Some(definition.name.clone()),
        alarm_rule: Some(composite.text.clone()),
        insufficient_data_actions: Some(definition.actions.insufficient_data.clone()),
        ok_actions: Some(definition.actions.ok.clone()),
        state_reason: Some(state.reason.clone()),
        state_reason_data: state.reason_data.clone(),
        state_updated_timestamp: Some(seconds(state.updated)),
        state_value: Some(state.value.to_string()),
        state_transitioned_timestamp: Some(seconds(state.transitioned)),
        actions_suppressed_by: state
            .suppressed_by
            .map(SuppressedBy::as_str)
            .map(str::to_owned),
        actions_suppressed_reason: state.suppressed_by.map(SuppressedBy::reason),
        actions_suppressor: suppressor.map(|one| one.reference.clone()),
        actions_suppressor_wait_period: suppressor.map(|one| i64::from(one.wait_seconds)),
        actions_suppressor_extension_period: suppressor.map(|one| i64::from(one.extension_seconds)),
        action_configuration: None,
    }
}

/// Whether one of its actions begins so.
pub(super) fn has_action(definition: &Definition, prefix: &str) -> bool {
    let actions = &definition.actions;
    let mut all = [&actions.ok, &actions.alarm, &actions.insufficient_data]
        .into_iter()
        .flatten();
    all.any(|action| action.starts_with(prefix))
}
