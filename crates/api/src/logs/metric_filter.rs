//! What the operations on metric filters have in common: what the service says of missing ones, from when on one counts,
//! how one is shown.

use corelog_catalog::{Error, MetricFilter, Moment};
use corelog_wire::logs::shapes;

use super::group;
use crate::aws::{Context, Fault};

/// There is no such filter.
fn missing() -> Fault {
    Fault::not_found("The specified metric filter does not exist.")
}

/// What the catalog says of the deletion of a filter.
pub(super) fn refused(error: Error) -> Fault {
    match error {
        Error::NotFound => missing(),
        other => Fault::from(other),
    }
}

/// The place that events have before them which come from now on.
pub(super) fn now(cx: &Context<'_>) -> Moment {
    Moment {
        node: cx.spool().node(),
        last: cx.spool().durable_sequence(),
    }
}

/// A filter as `DescribeMetricFilters` shows it.
pub(super) fn shown(filter: MetricFilter) -> shapes::MetricFilter {
    let transformation = filter.transformation;
    let dimensions = transformation.dimensions;
    shapes::MetricFilter {
        filter_name: Some(filter.name),
        filter_pattern: Some(filter.pattern),
        metric_transformations: Some(vec![shapes::MetricTransformation {
            metric_name: transformation.name,
            metric_namespace: transformation.namespace,
            metric_value: transformation.value,
            default_value: transformation.default_value,
            dimensions: (!dimensions.is_empty()).then_some(dimensions),
            unit: transformation.unit,
        }]),
        creation_time: Some(group::millis(filter.created)),
        log_group_name: Some(filter.log_group.as_str().to_owned()),
        apply_on_transformed_logs: Some(filter.on_transformed),
        ..shapes::MetricFilter::default()
    }
}
