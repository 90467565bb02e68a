//! `CloudWatch` but for its logs: metrics, dashboards and their tags.
//!
//! Source: the service's API, version 2010-08-01, and recorded answers for the texts of its errors.

mod body;
mod dashboard;
mod metric;
mod tag;

mod delete_dashboards;
mod get_dashboard;
mod get_metric_data;
mod get_metric_statistics;
mod list_dashboards;
mod list_metrics;
mod list_tags_for_resource;
mod put_dashboard;
mod put_metric_data;
mod tag_resource;
mod untag_resource;

use crate::Action;
use crate::aws::{Entry, Operation, entry_of};

const fn entry<O: Operation + 'static>() -> Entry {
    entry_of::<O>(Action::CloudWatch(O::NAME))
}

/// The operations that are served, in the order of the model's table, which has others.
pub(crate) static OPERATIONS: [Entry; 11] = [
    entry::<delete_dashboards::DeleteDashboards>(),
    entry::<get_dashboard::GetDashboard>(),
    entry::<get_metric_data::GetMetricData>(),
    entry::<get_metric_statistics::GetMetricStatistics>(),
    entry::<list_dashboards::ListDashboards>(),
    entry::<list_metrics::ListMetrics>(),
    entry::<list_tags_for_resource::ListTagsForResource>(),
    entry::<put_dashboard::PutDashboard>(),
    entry::<put_metric_data::PutMetricData>(),
    entry::<tag_resource::TagResource>(),
    entry::<untag_resource::UntagResource>(),
];
