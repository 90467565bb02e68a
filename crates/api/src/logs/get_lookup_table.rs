//! `GetLookupTable`.

use corelog_wire::logs::shapes::{GetLookupTableRequest, GetLookupTableResponse};

use super::{arn, group, lookup_table};
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct GetLookupTable;

impl Operation for GetLookupTable {
    const NAME: &'static str = "GetLookupTable";
    const EFFECT: Effect = Effect::Reads;
    type Input = GetLookupTableRequest;
    type Output = GetLookupTableResponse;

    fn on(input: &GetLookupTableRequest, cx: &Context<'_>) -> Result<String, Fault> {
        let name = arn::lookup_table(cx.account(), &input.lookup_table_arn)?;
        Ok(arn::of_lookup_table(cx.account(), &name))
    }

    async fn run(
        input: GetLookupTableRequest,
        cx: &Context<'_>,
    ) -> Result<GetLookupTableResponse, Fault> {
        let name = arn::lookup_table(cx.account(), &input.lookup_table_arn)?;
        let found = cx.catalog().read_lookup_table(&name).await?;
        let (table, csv) = found.ok_or_else(lookup_table::missing)?;
        Ok(GetLookupTableResponse {
            lookup_table_arn: Some(arn::of_lookup_table(cx.account(), &table.name)),
            lookup_table_name: Some(table.name),
            description: table.description,
            table_body: Some(csv),
            size_bytes: Some(lookup_table::number(table.bytes)),
            last_updated_time: Some(group::millis(table.updated)),
            kms_key_id: table.kms_key,
        })
    }
}
