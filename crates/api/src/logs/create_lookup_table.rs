//! `CreateLookupTable`. The key's ARN is kept and shown; nothing is encrypted with it.

use corelog_catalog::{Error, LookupTable};
use corelog_wire::logs::shapes::{CreateLookupTableRequest, CreateLookupTableResponse};

use super::{arn, group, lookup_table, tag};
use crate::aws::{Context, Effect, Fault, Kind, Operation};

pub(crate) struct CreateLookupTable;

impl Operation for CreateLookupTable {
    const NAME: &'static str = "CreateLookupTable";
    const EFFECT: Effect = Effect::Changes;
    type Input = CreateLookupTableRequest;
    type Output = CreateLookupTableResponse;

    fn on(input: &CreateLookupTableRequest, cx: &Context<'_>) -> Result<String, Fault> {
        let account = cx.account();
        Ok(arn::of_lookup_table(account, &input.lookup_table_name))
    }

    async fn run(
        input: CreateLookupTableRequest,
        cx: &Context<'_>,
    ) -> Result<CreateLookupTableResponse, Fault> {
        let tags = input.tags.unwrap_or_default();
        tag::check_keys(&tags)?;
        let query = input.query_id.as_deref();
        let content = lookup_table::content(input.table_body, query, cx).await?;
        let now = cx.now();
        let table = LookupTable {
            name: input.lookup_table_name,
            description: input.description,
            columns: content.columns,
            rows: content.rows,
            bytes: content.csv.len() as u64,
            kms_key: input.kms_key_id.filter(|key| !key.is_empty()),
            tags,
            updated: now,
        };
        let catalog = cx.catalog();
        let created = catalog.create_lookup_table(&table, &content.csv, lookup_table::TABLES_MAX);
        created.await.map_err(|error| match error {
            Error::Exists => Fault::new(
                Kind::ResourceAlreadyExists,
                "The specified lookup table already exists",
            ),
            other => lookup_table::refused(other),
        })?;
        Ok(CreateLookupTableResponse {
            lookup_table_arn: Some(arn::of_lookup_table(cx.account(), &table.name)),
            created_at: Some(group::millis(now)),
        })
    }
}
