//! `CreateExportTask`.

use corelog_catalog::Export;
use corelog_telemetry::Chain;
use corelog_types::Timestamp;
use corelog_wire::logs::shapes::{CreateExportTaskRequest, CreateExportTaskResponse};

use super::exports::ExportRefused;
use super::group;
use crate::aws::{Context, Effect, Fault, Kind, Operation};

/// Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateExportTask.html>
const DEFAULT_PREFIX: &str = "exportedlogs";

pub(crate) struct CreateExportTask;

impl Operation for CreateExportTask {
    const NAME: &'static str = "CreateExportTask";
    const EFFECT: Effect = Effect::Changes;
    type Input = CreateExportTaskRequest;
    type Output = CreateExportTaskResponse;

    fn on(input: &CreateExportTaskRequest, cx: &Context<'_>) -> Result<String, Fault> {
        if input.from > input.to {
            return Err(Fault::invalid_parameter(
                "The `from` of an export must not be after its `to`.",
            ));
        }
        group::on(&input.log_group_name, cx)
    }

    async fn run(
        input: CreateExportTaskRequest,
        cx: &Context<'_>,
    ) -> Result<CreateExportTaskResponse, Fault> {
        let name = group::named(&input.log_group_name)?;
        group::existing(cx, &name).await?;
        let time = |ms: i64| Timestamp::from_unix_ms(u64::try_from(ms).unwrap_or(0));
        let export = Export {
            group: name,
            stream_prefix: input.log_stream_name_prefix,
            from: time(input.from),
            to: time(input.to),
            bucket: input.destination,
            prefix: input
                .destination_prefix
                .unwrap_or_else(|| DEFAULT_PREFIX.to_owned()),
        };
        let started = cx.exports().start(input.task_name, export).await;
        let id = started.map_err(refused)?;
        Ok(CreateExportTaskResponse { task_id: Some(id) })
    }
}

fn refused(why: ExportRefused) -> Fault {
    match why {
        ExportRefused::Busy => Fault::limit_exceeded(),
        ExportRefused::NoBucket => Fault::invalid_parameter(
            "The given bucket does not exist. Please make sure the bucket is valid.",
        ),
        ExportRefused::NoKey => {
            Fault::invalid_parameter("The destinationPrefix is no part of an object's key.")
        }
        ExportRefused::Denied => Fault::invalid_parameter(
            "PutObject call on the given bucket failed. Please check if CloudWatch Logs has been granted permission \
             to perform this operation.",
        ),
        ExportRefused::Away(error) => {
            tracing::warn!(error = %Chain(&*error), "an export did not begin");
            Fault::new(
                Kind::ServiceUnavailable,
                "The service cannot complete the request.",
            )
        }
    }
}
