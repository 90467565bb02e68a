//! `UpdateLookupTable`.

use corelog_catalog::LookupChange;
use corelog_wire::logs::shapes::{UpdateLookupTableRequest, UpdateLookupTableResponse};

use super::{arn, group, lookup_table};
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct UpdateLookupTable;

impl Operation for UpdateLookupTable {
    const NAME: &'static str = "UpdateLookupTable";
    const EFFECT: Effect = Effect::Changes;
    type Input = UpdateLookupTableRequest;
    type Output = UpdateLookupTableResponse;

    fn on(input: &UpdateLookupTableRequest, cx: &Context<'_>) -> Result<String, Fault> {
        let name = arn::lookup_table(cx.account(), &input.lookup_table_arn)?;
        Ok(arn::of_lookup_table(cx.account(), &name))
    }

    /// The content is replaced as a whole; a description or a key that is not given stays.
    async fn run(
        input: UpdateLookupTableRequest,
        cx: &Context<'_>,
    ) -> Result<UpdateLookupTableResponse, Fault> {
        let name = arn::lookup_table(cx.account(), &input.lookup_table_arn)?;
        let query = input.query_id.as_deref();
        let content = lookup_table::content(input.table_body, query, cx).await?;
        let now = cx.now();
        let change = LookupChange::Content {
            content,
            description: input.description,
            kms_key: input.kms_key_id,
            at: now,
        };
        let changed = cx.catalog().change_lookup_table(&name, &change).await;
        changed.map_err(lookup_table::refused)?;
        Ok(UpdateLookupTableResponse {
            lookup_table_arn: Some(arn::of_lookup_table(cx.account(), &name)),
            last_updated_time: Some(group::millis(now)),
        })
    }
}
