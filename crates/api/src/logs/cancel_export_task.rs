//! `CancelExportTask`.

use corelog_catalog::{Error, ExportState};
use corelog_wire::logs::shapes::CancelExportTaskRequest;

use super::arn;
use crate::aws::{Context, Effect, Fault, Kind, Operation};

pub(crate) struct CancelExportTask;

impl Operation for CancelExportTask {
    const NAME: &'static str = "CancelExportTask";
    const EFFECT: Effect = Effect::Changes;
    type Input = CancelExportTaskRequest;
    type Output = ();

    fn on(_input: &CancelExportTaskRequest, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(arn::of_account(cx.account()))
    }

    async fn run(input: CancelExportTaskRequest, cx: &Context<'_>) -> Result<(), Fault> {
        let (id, now) = (&input.task_id, cx.now());
        let cancelled = ExportState::Cancelled;
        let ended = cx.catalog().end_export_task(id, &cancelled, now).await;
        ended.map_err(|error| match error {
            Error::NotFound => Fault::not_found("The specified export task does not exist."),
            Error::Stale => Fault::new(
                Kind::InvalidOperation,
                "The specified export task has already finished.",
            ),
            other => other.into(),
        })?;
        cx.exports().end(id);
        Ok(())
    }
}
