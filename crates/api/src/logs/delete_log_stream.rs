//! `DeleteLogStream`.

use corelog_catalog::Error;
use corelog_wire::logs::shapes::DeleteLogStreamRequest;

use super::group;
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct DeleteLogStream;

impl Operation for DeleteLogStream {
    const NAME: &'static str = "DeleteLogStream";
    const EFFECT: Effect = Effect::Changes;
    type Input = DeleteLogStreamRequest;
    type Output = ();

    fn on(input: &DeleteLogStreamRequest, cx: &Context<'_>) -> Result<String, Fault> {
        group::on_stream(&input.log_group_name, &input.log_stream_name, cx)
    }

    async fn run(input: DeleteLogStreamRequest, cx: &Context<'_>) -> Result<(), Fault> {
        let group = group::named(&input.log_group_name)?;
        let stream = group::stream_named(&input.log_stream_name)?;
        group::existing(cx, &group).await?;
        let deleted = cx.catalog().delete_stream(&group, &stream).await;
        deleted.map_err(|error| match error {
            Error::NotFound => Fault::not_found("The specified log stream does not exist."),
            other => group::refused(other),
        })?;
        cx.events().stream_deleted(&group, &stream).await;
        Ok(())
    }
}
