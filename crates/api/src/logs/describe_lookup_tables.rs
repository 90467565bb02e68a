//! `DescribeLookupTables`.

use corelog_wire::logs::shapes::{DescribeLookupTablesRequest, DescribeLookupTablesResponse};

use super::{arn, lookup_table};
use crate::aws::{Context, Effect, Fault, Operation, Token, cut};

/// Source: the API reference of `DescribeLookupTables`.
const LIMIT: u32 = 50;

pub(crate) struct DescribeLookupTables;

impl Operation for DescribeLookupTables {
    const NAME: &'static str = "DescribeLookupTables";
    const EFFECT: Effect = Effect::Reads;
    type Input = DescribeLookupTablesRequest;
    type Output = DescribeLookupTablesResponse;

    fn on(_input: &DescribeLookupTablesRequest, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(arn::of_lookup_table(cx.account(), "*"))
    }

    async fn run(
        input: DescribeLookupTablesRequest,
        cx: &Context<'_>,
    ) -> Result<DescribeLookupTablesResponse, Fault> {
        let limit = input.max_results.and_then(|most| u32::try_from(most).ok());
        // The model has no least value.
        let limit = limit.filter(|most| *most > 0).unwrap_or(LIMIT);
        let after = Token::<1>::read(Self::NAME, input.next_token.as_deref())?;
        let after = after.as_ref().map(|Token([name])| name.as_str());
        let prefix = input.lookup_table_name_prefix.unwrap_or_default();
        let found = cx.catalog().lookup_tables(&prefix, after, limit + 1);
        let mut tables = found.await?;
        let next_token = cut(&mut tables, limit as usize, Self::NAME, |table| {
            [table.name.clone()]
        });
        let shown = |table| lookup_table::shown(cx.account(), table);
        Ok(DescribeLookupTablesResponse {
            lookup_tables: Some(tables.into_iter().map(shown).collect()),
            next_token,
        })
    }
}
