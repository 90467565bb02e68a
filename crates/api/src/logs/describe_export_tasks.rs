//! `DescribeExportTasks`.

use corelog_catalog::{ExportState, ExportTask};
use corelog_wire::logs::shapes::{
    self, DescribeExportTasksRequest, DescribeExportTasksResponse, ExportTaskExecutionInfo,
    ExportTaskStatus,
};

use super::{arn, group};
use crate::aws::{Context, Effect, Fault, Operation, Token, cut};

const LIMIT: usize = 50;

pub(crate) struct DescribeExportTasks;

impl Operation for DescribeExportTasks {
    const NAME: &'static str = "DescribeExportTasks";
    const EFFECT: Effect = Effect::Reads;
    type Input = DescribeExportTasksRequest;
    type Output = DescribeExportTasksResponse;

    fn on(_input: &DescribeExportTasksRequest, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(arn::of_account(cx.account()))
    }

    async fn run(
        input: DescribeExportTasksRequest,
        cx: &Context<'_>,
    ) -> Result<DescribeExportTasksResponse, Fault> {
        let limit = input.limit.and_then(|most| usize::try_from(most).ok());
        let after = Token::<1>::read(Self::NAME, input.next_token.as_deref())?;
        let mut tasks = cx.catalog().export_tasks().await?;
        if let Some(Token([id])) = after {
            // The newest come first, and ids rise with time.
            tasks.retain(|task| task.id < id);
        }
        tasks.retain(|task| {
            let is_one = |id: &String| task.id == *id;
            let is_so = |code: &String| task.state.as_str() == code;
            input.task_id.as_ref().is_none_or(is_one)
                && input.status_code.as_ref().is_none_or(is_so)
        });
        let next_token = cut(&mut tasks, limit.unwrap_or(LIMIT), Self::NAME, |task| {
            [task.id.clone()]
        });
        Ok(DescribeExportTasksResponse {
            export_tasks: Some(tasks.into_iter().map(shown).collect()),
            next_token,
        })
    }
}

fn shown(task: ExportTask) -> shapes::ExportTask {
    let ExportTask { export, state, .. } = task;
    let code = state.as_str().to_owned();
    let message = match state {
        ExportState::Failed(why) => Some(why),
        ExportState::Completed => Some("Completed successfully".to_owned()),
        ExportState::Running | ExportState::Cancelled => None,
    };
    shapes::ExportTask {
        task_id: Some(task.id),
        task_name: task.name,
        log_group_name: Some(export.group.as_str().to_owned()),
        from: Some(group::millis(export.from)),
        to: Some(group::millis(export.to)),
        destination: Some(export.bucket),
        destination_prefix: Some(export.prefix),
        status: Some(ExportTaskStatus {
            code: Some(code),
            message,
        }),
        execution_info: Some(ExportTaskExecutionInfo {
            creation_time: Some(group::millis(task.created)),
            completion_time: task.ended.map(group::millis),
        }),
    }
}
