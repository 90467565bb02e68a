//! `DescribeQueryDefinitions`.

use corelog_catalog::QueryDefinition;
use corelog_wire::logs::shapes::{
    self, DescribeQueryDefinitionsRequest, DescribeQueryDefinitionsResponse,
};

use super::{arn, group};
use crate::aws::{Context, Effect, Fault, Operation, Token, cut};

const LIMIT: u32 = 1_000;

pub(crate) struct DescribeQueryDefinitions;

impl Operation for DescribeQueryDefinitions {
    const NAME: &'static str = "DescribeQueryDefinitions";
    const EFFECT: Effect = Effect::Reads;
    type Input = DescribeQueryDefinitionsRequest;
    type Output = DescribeQueryDefinitionsResponse;

    fn on(_input: &DescribeQueryDefinitionsRequest, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(arn::of_account(cx.account()))
    }

    async fn run(
        input: DescribeQueryDefinitionsRequest,
        cx: &Context<'_>,
    ) -> Result<DescribeQueryDefinitionsResponse, Fault> {
        let limit = input.max_results.and_then(|most| u32::try_from(most).ok());
        let limit = limit.unwrap_or(LIMIT);
        let after = Token::<2>::read(Self::NAME, input.next_token.as_deref())?;
        let after = after
            .as_ref()
            .map(|Token([id, name])| (name.as_str(), id.as_str()));
        let prefix = input
            .query_definition_name_prefix
            .as_deref()
            .unwrap_or_default();
        let language = input.query_language.as_deref();
        let limit_and_one = limit.saturating_add(1);
        let found = cx
            .catalog()
            .query_definitions(prefix, language, after, limit_and_one);
        let mut definitions = found.await?;
        let next_token = cut(&mut definitions, limit as usize, Self::NAME, |definition| {
            [definition.id.clone(), definition.name.clone()]
        });
        Ok(DescribeQueryDefinitionsResponse {
            query_definitions: Some(definitions.into_iter().map(shown).collect()),
            next_token,
        })
    }
}

fn shown(definition: QueryDefinition) -> shapes::QueryDefinition {
    let parameters = definition.parameters.into_iter();
    let parameters: Vec<_> = parameters
        .map(|parameter| shapes::QueryParameter {
            name: parameter.name,
            default_value: parameter.default_value,
            description: parameter.description,
        })
        .collect();
    shapes::QueryDefinition {
        query_language: Some(definition.language),
        query_definition_id: Some(definition.id),
        name: Some(definition.name),
        query_string: Some(definition.text),
        last_modified: Some(group::millis(definition.modified)),
        log_group_names: Some(definition.log_groups),
        parameters: (!parameters.is_empty()).then_some(parameters),
    }
}
