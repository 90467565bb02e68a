//! `PutMetricAlarm`.

use corelog_alarms::{
    MetricAlarmRequest, MetricStatRequest, QueryRequest, WarmUpRequest, WindowRequest,
};
use corelog_wire::cloudwatch::shapes::{
    Dimension, EvaluationWindow, MetricDataQuery, PutMetricAlarmInput,
};

use super::{alarm, tag};
use crate::aws::{Context, Effect, Fault, Kind, Operation};

pub(crate) struct PutMetricAlarm;

impl Operation for PutMetricAlarm {
    const NAME: &'static str = "PutMetricAlarm";
    const EFFECT: Effect = Effect::Changes;
    type Input = PutMetricAlarmInput;
    type Output = ();

    fn on(input: &PutMetricAlarmInput, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(alarm::arn(cx.account(), &input.alarm_name))
    }

    /// Makes an alarm, or changes the one of its name, whose state and tags stay.
    async fn run(input: PutMetricAlarmInput, cx: &Context<'_>) -> Result<(), Fault> {
        if input.evaluation_criteria.is_some() || input.evaluation_interval.is_some() {
            let text = "Corelog does not evaluate PromQL: EvaluationCriteria and EvaluationInterval are not supported.";
            return Err(Fault::new(Kind::Validation, text));
        }
        // An alarm that nothing evaluates is worse than none.
        cx.metrics()?;
        alarm::check_tags_propagation(input.action_configuration.as_ref())?;
        let tags = tag::of_list(input.tags.clone().unwrap_or_default())?;
        let definition = request(input)?.check()?;
        Ok(cx.watch().put(definition, tags).await?)
    }
}

fn request(input: PutMetricAlarmInput) -> Result<MetricAlarmRequest, Fault> {
    let metrics = input.metrics.unwrap_or_default();
    let warm_up = input.warm_up_configuration;
    Ok(MetricAlarmRequest {
        alarm_name: input.alarm_name,
        alarm_description: input.alarm_description,
        actions_enabled: input.actions_enabled,
        ok_actions: input.ok_actions.unwrap_or_default(),
        alarm_actions: input.alarm_actions.unwrap_or_default(),
        insufficient_data_actions: input.insufficient_data_actions.unwrap_or_default(),
        metric_name: input.metric_name,
        namespace: input.namespace,
        statistic: input.statistic,
        extended_statistic: input.extended_statistic,
        dimensions: pairs(input.dimensions),
        period: input.period,
        unit: input.unit,
        evaluation_periods: input.evaluation_periods,
        datapoints_to_alarm: input.datapoints_to_alarm,
        threshold: input.threshold,
        comparison_operator: input.comparison_operator,
        treat_missing_data: input.treat_missing_data,
        evaluate_low_sample_count_percentile: input.evaluate_low_sample_count_percentile,
        metrics: metrics.into_iter().map(query).collect(),
        threshold_metric_id: input.threshold_metric_id,
        evaluation_window: input.evaluation_window.map(window).transpose()?,
        warm_up: warm_up.map(|warm_up| WarmUpRequest {
            warm_up_period_duration_in_minutes: warm_up.warm_up_period_duration_in_minutes,
            only_start_evaluating_after_warm_up_period_ends: warm_up
                .only_start_evaluating_after_warm_up_period_ends,
        }),
    })
}

pub(super) fn query(query: MetricDataQuery) -> QueryRequest {
    QueryRequest {
        id: query.id,
        metric_stat: query.metric_stat.map(|stat| MetricStatRequest {
            namespace: stat.metric.namespace,
            metric_name: stat.metric.metric_name,
            dimensions: pairs(stat.metric.dimensions),
            period: stat.period,
            stat: stat.stat,
            unit: stat.unit,
        }),
        expression: query.expression,
        label: query.label,
        return_data: query.return_data,
        period: query.period,
        account_id: query.account_id,
    }
}

/// Source: the model's documentation calls it a union.
fn window(window: EvaluationWindow) -> Result<WindowRequest, Fault> {
    match (window.wall_clock_window, window.sliding_window) {
        (Some(clock), None) => Ok(WindowRequest::WallClock(clock.timezone)),
        (None, Some(_)) => Ok(WindowRequest::Sliding),
        _ => Err(Fault::new(
            Kind::Validation,
            "EvaluationWindow must have exactly one of WallClockWindow and SlidingWindow.",
        )),
    }
}

pub(super) fn pairs(dimensions: Option<Vec<Dimension>>) -> Vec<(String, String)> {
    let dimensions = dimensions.unwrap_or_default().into_iter();
    dimensions.map(|one| (one.name, one.value)).collect()
}
