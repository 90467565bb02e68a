//! `CloudWatch` but for its logs: metrics, alarms, anomaly detectors, dashboards and their tags.
//!
//! Source: the service's API, version 2010-08-01, and recorded answers for the texts of its errors.

mod alarm;
mod anomaly_detector;
mod body;
mod dashboard;
mod entity;
mod metric;
mod tag;

mod delete_alarm_mute_rule;
mod delete_alarms;
mod delete_anomaly_detector;
mod delete_dashboards;
mod describe_alarm_history;
mod describe_alarms;
mod describe_alarms_for_metric;
mod describe_anomaly_detectors;
mod disable_alarm_actions;
mod enable_alarm_actions;
mod get_alarm_mute_rule;
mod get_dashboard;
mod get_metric_data;
mod get_metric_statistics;
mod list_alarm_mute_rules;
mod list_dashboards;
mod list_metrics;
mod list_tags_for_resource;
mod put_alarm_mute_rule;
mod put_anomaly_detector;
mod put_composite_alarm;
mod put_dashboard;
mod put_log_alarm;
mod put_metric_alarm;
mod put_metric_data;
mod set_alarm_state;
mod tag_resource;
mod untag_resource;

use crate::Action;
use crate::aws::{Entry, Operation, entry_of};

const fn entry<O: Operation + 'static>() -> Entry {
    entry_of::<O>(Action::CloudWatch(O::NAME))
}

/// The operations that are served, in the order of the model's table, which has others.
pub(crate) static OPERATIONS: [Entry; 28] = [
    entry::<delete_alarm_mute_rule::DeleteAlarmMuteRule>(),
    entry::<delete_alarms::DeleteAlarms>(),
    entry::<delete_anomaly_detector::DeleteAnomalyDetector>(),
    entry::<delete_dashboards::DeleteDashboards>(),
    entry::<describe_alarm_history::DescribeAlarmHistory>(),
    entry::<describe_alarms::DescribeAlarms>(),
    entry::<describe_alarms_for_metric::DescribeAlarmsForMetric>(),
    entry::<describe_anomaly_detectors::DescribeAnomalyDetectors>(),
    entry::<disable_alarm_actions::DisableAlarmActions>(),
    entry::<enable_alarm_actions::EnableAlarmActions>(),
    entry::<get_alarm_mute_rule::GetAlarmMuteRule>(),
    entry::<get_dashboard::GetDashboard>(),
    entry::<get_metric_data::GetMetricData>(),
    entry::<get_metric_statistics::GetMetricStatistics>(),
    entry::<list_alarm_mute_rules::ListAlarmMuteRules>(),
    entry::<list_dashboards::ListDashboards>(),
    entry::<list_metrics::ListMetrics>(),
    entry::<list_tags_for_resource::ListTagsForResource>(),
    entry::<put_alarm_mute_rule::PutAlarmMuteRule>(),
    entry::<put_anomaly_detector::PutAnomalyDetector>(),
    entry::<put_composite_alarm::PutCompositeAlarm>(),
    entry::<put_dashboard::PutDashboard>(),
    entry::<put_log_alarm::PutLogAlarm>(),
    entry::<put_metric_alarm::PutMetricAlarm>(),
    entry::<put_metric_data::PutMetricData>(),
    entry::<set_alarm_state::SetAlarmState>(),
    entry::<tag_resource::TagResource>(),
    entry::<untag_resource::UntagResource>(),
];
