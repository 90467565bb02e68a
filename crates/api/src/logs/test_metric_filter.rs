//! `TestMetricFilter`.

use corelog_patterns::{Event, Pattern};
use corelog_wire::logs::shapes::{
    MetricFilterMatchRecord, TestMetricFilterRequest, TestMetricFilterResponse,
};

use super::arn;
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct TestMetricFilter;

impl Operation for TestMetricFilter {
    const NAME: &'static str = "TestMetricFilter";
    const EFFECT: Effect = Effect::Reads;
    type Input = TestMetricFilterRequest;
    type Output = TestMetricFilterResponse;

    fn on(_input: &TestMetricFilterRequest, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(arn::of_account(cx.account()))
    }

    async fn run(
        input: TestMetricFilterRequest,
        _cx: &Context<'_>,
    ) -> Result<TestMetricFilterResponse, Fault> {
        let pattern = Pattern::parse(&input.filter_pattern)
            .map_err(|error| Fault::invalid_parameter(error.metric_filter_message()))?;
        let mut matches = Vec::new();
        for (number, message) in (1..).zip(input.log_event_messages) {
            let event = Event::new(&message);
            let Some(extracted) = pattern.find(&event).map(|found| found.extracted()) else {
                continue;
            };
            matches.push(MetricFilterMatchRecord {
                event_number: Some(number),
                extracted_values: Some(extracted),
                event_message: Some(message),
            });
        }
        Ok(TestMetricFilterResponse {
            matches: Some(matches),
        })
    }
}
