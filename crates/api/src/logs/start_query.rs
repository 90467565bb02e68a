//! `StartQuery`.

use corelog_wire::logs::shapes::{StartQueryRequest, StartQueryResponse};

use super::ask;
use super::queries::TooMany;
use crate::aws::{Context, Effect, Fault, Kind, Operation};

pub(crate) struct StartQuery;

impl Operation for StartQuery {
    const NAME: &'static str = "StartQuery";
    const EFFECT: Effect = Effect::Runs;
    type Input = StartQueryRequest;
    type Output = StartQueryResponse;

    fn on(input: &StartQueryRequest, cx: &Context<'_>) -> Result<String, Fault> {
        ask::on(input, cx)
    }

    async fn run(input: StartQueryRequest, cx: &Context<'_>) -> Result<StartQueryResponse, Fault> {
        if !cx.rates().query_starts.allows(cx.now()) {
            return Err(Fault::throttled());
        }
        let taken = ask::take(&input, None, cx).await;
        let taken = taken.map_err(|(refused, _)| refused.into_fault(cx))?;
        let id = cx.queries().start(taken.asked).map_err(too_many)?;
        Ok(StartQueryResponse { query_id: Some(id) })
    }
}

/// Source: messages of the service as people report them.
fn too_many(TooMany(most): TooMany) -> Fault {
    let text = format!("Account maximum query concurrency limit of [{most}] reached.");
    Fault::new(Kind::LimitExceeded, text)
}
