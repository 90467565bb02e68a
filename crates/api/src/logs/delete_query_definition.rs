//! `DeleteQueryDefinition`.

use corelog_catalog::Error;
use corelog_wire::logs::shapes::{DeleteQueryDefinitionRequest, DeleteQueryDefinitionResponse};

use super::arn;
use super::put_query_definition::missing;
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct DeleteQueryDefinition;

impl Operation for DeleteQueryDefinition {
    const NAME: &'static str = "DeleteQueryDefinition";
    const EFFECT: Effect = Effect::Changes;
    type Input = DeleteQueryDefinitionRequest;
    type Output = DeleteQueryDefinitionResponse;

    fn on(_input: &DeleteQueryDefinitionRequest, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(arn::of_account(cx.account()))
    }

    async fn run(
        input: DeleteQueryDefinitionRequest,
        cx: &Context<'_>,
    ) -> Result<DeleteQueryDefinitionResponse, Fault> {
        let catalog = cx.catalog();
        let deleted = catalog.delete_query_definition(&input.query_definition_id);
        deleted.await.map_err(|error| match error {
            Error::NotFound => missing(),
            other => Fault::from(other),
        })?;
        Ok(DeleteQueryDefinitionResponse {
            success: Some(true),
        })
    }
}
