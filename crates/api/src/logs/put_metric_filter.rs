//! `PutMetricFilter`.

use corelog_catalog::{Error, MetricFilter, MetricFilterLimits, MetricTransformation};
use corelog_metrics::{Extraction, Transformation};
use corelog_wire::logs::shapes::{self, PutMetricFilterRequest};

use super::{group, metric_filter};
use crate::aws::{Context, Effect, Fault, Kind, Operation};

/// Source: the API reference of `PutMetricFilter`.
const LIMITS: MetricFilterLimits = MetricFilterLimits {
    all: 100,
    with_regex: 5,
};

pub(crate) struct PutMetricFilter;

impl Operation for PutMetricFilter {
    const NAME: &'static str = "PutMetricFilter";
    const EFFECT: Effect = Effect::Changes;
    type Input = PutMetricFilterRequest;
    type Output = ();

    fn on(input: &PutMetricFilterRequest, cx: &Context<'_>) -> Result<String, Fault> {
        group::on(&input.log_group_name, cx)
    }

    /// What comes after the answer is counted, and nothing that came before the request.
    async fn run(mut input: PutMetricFilterRequest, cx: &Context<'_>) -> Result<(), Fault> {
        let log_group = group::named(&input.log_group_name)?;
        check_fields(&input)?;
        let transformation = input.metric_transformations.pop().map(transformation);
        // The model asks for exactly one.
        let transformation = transformation.ok_or_else(|| {
            Fault::invalid_parameter("Exactly one metric transformation must be specified.")
        })?;
        let extraction = Extraction::parse(&input.filter_pattern, &as_written(&transformation));
        let extraction = extraction.map_err(|error| Fault::invalid_parameter(error.to_string()))?;
        if cx.metrics().is_err() {
            let text = "Corelog is configured to keep no metrics: `metrics.enabled` is false.";
            return Err(Fault::new(Kind::InvalidOperation, text));
        }
        let filter = MetricFilter {
            log_group,
            name: input.filter_name,
            has_regex: extraction.pattern().has_regex(),
            pattern: input.filter_pattern,
            transformation,
            on_transformed: input.apply_on_transformed_logs.unwrap_or(false),
            created: cx.now(),
        };
        let put = cx
            .catalog()
            .put_metric_filter(&filter, metric_filter::now(cx), LIMITS);
        put.await.map_err(|error| match error {
            Error::NotFound => group::missing(),
            Error::Full { .. } => Fault::limit_exceeded(),
            other => Fault::from(other),
        })
    }
}

/// Decision: events of several accounts are told apart by neither of these here, so what asks for it is refused instead of
/// counting what it should not.
fn check_fields(input: &PutMetricFilterRequest) -> Result<(), Fault> {
    let criteria = input.field_selection_criteria.as_deref();
    let fields = input.emit_system_field_dimensions.as_deref();
    let given = [
        (
            "fieldSelectionCriteria",
            criteria.is_some_and(|it| !it.is_empty()),
        ),
        (
            "emitSystemFieldDimensions",
            fields.is_some_and(|it| !it.is_empty()),
        ),
    ];
    match given.into_iter().find(|(_, is_given)| *is_given) {
        Some((name, _)) => Err(Fault::invalid_parameter(format!(
            "Corelog does not support {name}: log events have no system fields."
        ))),
        None => Ok(()),
    }
}

fn transformation(asked: shapes::MetricTransformation) -> MetricTransformation {
    MetricTransformation {
        namespace: asked.metric_namespace,
        name: asked.metric_name,
        value: asked.metric_value,
        default_value: asked.default_value,
        dimensions: asked.dimensions.unwrap_or_default(),
        unit: asked.unit,
    }
}

fn as_written(transformation: &MetricTransformation) -> Transformation<'_> {
    Transformation {
        namespace: &transformation.namespace,
        name: &transformation.name,
        value: &transformation.value,
        default_value: transformation.default_value,
        dimensions: &transformation.dimensions,
        unit: transformation.unit.as_deref(),
    }
}
