//! `PutQueryDefinition`.

use std::collections::BTreeSet;

use corelog_catalog::{Error, QueryDefinition, QueryParameter};
use corelog_wire::logs::shapes::{self, PutQueryDefinitionRequest, PutQueryDefinitionResponse};
use corelog_wire::sigv4;

use super::arn;
use crate::aws::{Context, Effect, Fault, Operation};

/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>
const QUERY_DEFINITIONS_MAX: usize = 1_000;
/// The language where none is given.
pub(super) const DEFAULT_LANGUAGE: &str = "CWLI";

pub(crate) struct PutQueryDefinition;

impl Operation for PutQueryDefinition {
    const NAME: &'static str = "PutQueryDefinition";
    const EFFECT: Effect = Effect::Changes;
    type Input = PutQueryDefinitionRequest;
    type Output = PutQueryDefinitionResponse;

    fn on(input: &PutQueryDefinitionRequest, cx: &Context<'_>) -> Result<String, Fault> {
        check_parameters(input)?;
        Ok(arn::of_account(cx.account()))
    }

    async fn run(
        input: PutQueryDefinitionRequest,
        cx: &Context<'_>,
    ) -> Result<PutQueryDefinitionResponse, Fault> {
        let id = match input.query_definition_id {
            Some(id) => {
                let former = cx.catalog().query_definition(&id).await?;
                former.ok_or_else(missing)?;
                id
            }
            None => new_id(input.client_token.as_deref(), cx),
        };
        let parameters = input.parameters.unwrap_or_default();
        let language = input.query_language.as_deref().unwrap_or(DEFAULT_LANGUAGE);
        let definition = QueryDefinition {
            id: id.clone(),
            name: input.name,
            language: language.to_owned(),
            text: input.query_string,
            log_groups: input.log_group_names.unwrap_or_default(),
            parameters: parameters.into_iter().map(parameter).collect(),
            modified: cx.now(),
        };
        let catalog = cx.catalog();
        let put = catalog.put_query_definition(&definition, QUERY_DEFINITIONS_MAX);
        put.await.map_err(|error| match error {
            Error::Full { .. } => Fault::limit_exceeded(),
            other => Fault::from(other),
        })?;
        Ok(PutQueryDefinitionResponse {
            query_definition_id: Some(id),
        })
    }
}

/// There is no saved query of that id.
pub(super) fn missing() -> Fault {
    Fault::not_found("The specified query definition does not exist.")
}

fn parameter(parameter: shapes::QueryParameter) -> QueryParameter {
    QueryParameter {
        name: parameter.name,
        default_value: parameter.default_value,
        description: parameter.description,
    }
}

/// Texts as the service has them.
fn check_parameters(input: &PutQueryDefinitionRequest) -> Result<(), Fault> {
    let Some(parameters) = input.parameters.as_deref().filter(|all| !all.is_empty()) else {
        return Ok(());
    };
    let refused = |text: &str| Err(Fault::invalid_parameter(text));
    if input
        .query_language
        .as_deref()
        .is_some_and(|language| language != DEFAULT_LANGUAGE)
    {
        return refused("Parameters are only supported for CWLI query language");
    }
    let mut names = BTreeSet::new();
    for parameter in parameters {
        if !names.insert(&parameter.name) {
            return refused("Duplicate parameter name");
        }
        let placeholder = ["{{", &parameter.name, "}}"].concat();
        if !input.query_string.contains(&placeholder) {
            return refused("Required parameters not found in queryString");
        }
    }
    Ok(())
}

/// An id in the form of a UUID. A client that asks again with the same token, as SDKs do when no answer came, means
/// the same query, so the token decides.
fn new_id(client_token: Option<&str>, cx: &Context<'_>) -> String {
    let Some(token) = client_token else {
        return corelog_runtime::record_id(cx.now()).to_string();
    };
    let digest = sigv4::payload_hash(token.as_bytes());
    let part = |from: usize, to: usize| digest.get(from..to).unwrap_or_default();
    let parts = [
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32),
    ];
    parts.join("-")
}
