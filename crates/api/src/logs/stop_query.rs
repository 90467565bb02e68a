//! `StopQuery`.

use corelog_wire::logs::shapes::{StopQueryRequest, StopQueryResponse};

use super::arn;
use super::get_query_results::missing;
use super::queries::NotStopped;
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct StopQuery;

impl Operation for StopQuery {
    const NAME: &'static str = "StopQuery";
    const EFFECT: Effect = Effect::Runs;
    type Input = StopQueryRequest;
    type Output = StopQueryResponse;

    fn on(_input: &StopQueryRequest, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(arn::of_account(cx.account()))
    }

    /// Stopping what has ended is an error; clients take it for `success: false`.
    ///
    /// Source: the API reference of `StopQuery`, and Grafana's data source, which expects this exception.
    async fn run(input: StopQueryRequest, cx: &Context<'_>) -> Result<StopQueryResponse, Fault> {
        let stopped = cx.queries().stop(&input.query_id);
        stopped.map_err(|why| match why {
            NotStopped::Unknown => missing(&input.query_id),
            NotStopped::Ended => Fault::invalid_parameter(format!(
                "The query {} has ended and cannot be stopped.",
                input.query_id
            )),
        })?;
        Ok(StopQueryResponse {
            success: Some(true),
        })
    }
}
