//! `CancelExportTask`.

use corelog_wire::logs::shapes::CancelExportTaskRequest;

use super::arn;
use super::exports::NotCancelled;
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
        cx.exports()
            .cancel(&input.task_id)
            .map_err(|why| match why {
                NotCancelled::Unknown => {
                    Fault::not_found("The specified export task does not exist.")
                }
                NotCancelled::Ended => Fault::new(
                    Kind::InvalidOperation,
                    "The specified export task has already finished.",
                ),
            })
    }
}
