//! `GetLogRecord`.

use corelog_types::EventPointer;
use corelog_wire::logs::shapes::{GetLogRecordRequest, GetLogRecordResponse};

use super::{arn, ask};
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct GetLogRecord;

impl Operation for GetLogRecord {
    const NAME: &'static str = "GetLogRecord";
    const EFFECT: Effect = Effect::Reads;
    type Input = GetLogRecordRequest;
    type Output = GetLogRecordResponse;

    fn on(input: &GetLogRecordRequest, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(arn::of_group(cx.account(), &pointer(input)?.group))
    }

    async fn run(
        input: GetLogRecordRequest,
        cx: &Context<'_>,
    ) -> Result<GetLogRecordResponse, Fault> {
        let at = pointer(&input)?;
        let found = cx.queries().beside(|engine| engine.record(&at)).await;
        let found = found.map_err(|error| ask::fault(&error, cx))?;
        let missing = || Fault::not_found("The specified log record does not exist.");
        Ok(GetLogRecordResponse {
            log_record: Some(found.ok_or_else(missing)?.into_iter().collect()),
        })
    }
}

fn pointer(input: &GetLogRecordRequest) -> Result<EventPointer, Fault> {
    let pointer = input.log_record_pointer.parse();
    pointer.map_err(|_| Fault::invalid_parameter("The specified logRecordPointer is invalid."))
}
