//! `DescribeAlarmsForMetric`.

use corelog_alarms::{Kind as AlarmKind, Metric, Source};
use corelog_wire::cloudwatch::shapes::{
    DescribeAlarmsForMetricInput, DescribeAlarmsForMetricOutput,
};

use super::{alarm, put_metric_alarm};
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct DescribeAlarmsForMetric;

impl Operation for DescribeAlarmsForMetric {
    const NAME: &'static str = "DescribeAlarmsForMetric";
    const EFFECT: Effect = Effect::Reads;
    type Input = DescribeAlarmsForMetricInput;
    type Output = DescribeAlarmsForMetricOutput;

    fn on(_input: &DescribeAlarmsForMetricInput, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(alarm::all(cx.account()))
    }

    /// Alarms on exactly this metric: those on an expression that uses it are not among them.
    async fn run(
        mut input: DescribeAlarmsForMetricInput,
        cx: &Context<'_>,
    ) -> Result<DescribeAlarmsForMetricOutput, Fault> {
        let mut dimensions = put_metric_alarm::pairs(input.dimensions.take());
        dimensions.sort();
        let account = cx.account();
        let alarms = cx.watch().look(|alarms, _| {
            let shown = alarms.iter().filter_map(|alarm| {
                let AlarmKind::Metric(metric) = &alarm.definition.kind else {
                    return None;
                };
                let Source::Metric(source) = &metric.source else {
                    return None;
                };
                is_asked(&input, &dimensions, source)
                    .then(|| alarm::metric_shape(alarm, metric, account))
            });
            shown.collect()
        });
        Ok(DescribeAlarmsForMetricOutput {
            metric_alarms: Some(alarms.await),
        })
    }
}

fn is_asked(
    input: &DescribeAlarmsForMetricInput,
    dimensions: &[(String, String)],
    metric: &Metric,
) -> bool {
    let mut own = metric.dimensions.clone();
    own.sort();
    let statistic = input
        .statistic
        .as_ref()
        .or(input.extended_statistic.as_ref());
    input.namespace == metric.namespace
        && input.metric_name == metric.name
        && own == dimensions
        && statistic.is_none_or(|statistic| statistic == metric.statistic.as_str())
        && input
            .period
            .is_none_or(|period| period == i64::from(metric.period_seconds))
        && input
            .unit
            .as_ref()
            .is_none_or(|unit| Some(unit) == metric.unit.as_ref())
}
