//! `DeleteLookupTable`.

use corelog_wire::logs::shapes::DeleteLookupTableRequest;

use super::{arn, lookup_table};
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct DeleteLookupTable;

impl Operation for DeleteLookupTable {
    const NAME: &'static str = "DeleteLookupTable";
    const EFFECT: Effect = Effect::Changes;
    type Input = DeleteLookupTableRequest;
    type Output = ();

    fn on(input: &DeleteLookupTableRequest, cx: &Context<'_>) -> Result<String, Fault> {
        let name = arn::lookup_table(cx.account(), &input.lookup_table_arn)?;
        Ok(arn::of_lookup_table(cx.account(), &name))
    }

    async fn run(input: DeleteLookupTableRequest, cx: &Context<'_>) -> Result<(), Fault> {
        let name = arn::lookup_table(cx.account(), &input.lookup_table_arn)?;
        let deleted = cx.catalog().delete_lookup_table(&name).await;
        deleted.map_err(lookup_table::refused)
    }
}
