//! `GetLogGroupFields`.

use corelog_wire::logs::shapes::{
    GetLogGroupFieldsRequest, GetLogGroupFieldsResponse, LogGroupField,
};

use super::{arn, ask, group};
use crate::aws::{Context, Effect, Fault, Operation};

/// How long before and after the time that is asked for. Source: the API reference of `GetLogGroupFields`.
const AROUND_MS: i64 = 8 * 60 * 1_000;
/// How long before now, where no time is asked for. Source: the same.
const LATELY_MS: i64 = 15 * 60 * 1_000;

pub(crate) struct GetLogGroupFields;

impl Operation for GetLogGroupFields {
    const NAME: &'static str = "GetLogGroupFields";
    const EFFECT: Effect = Effect::Reads;
    type Input = GetLogGroupFieldsRequest;
    type Output = GetLogGroupFieldsResponse;

    fn on(input: &GetLogGroupFieldsRequest, cx: &Context<'_>) -> Result<String, Fault> {
        let name = arn::group(cx.account(), identifier(input)?)?;
        Ok(arn::of_group(cx.account(), &name))
    }

    async fn run(
        input: GetLogGroupFieldsRequest,
        cx: &Context<'_>,
    ) -> Result<GetLogGroupFieldsResponse, Fault> {
        let name = arn::group(cx.account(), identifier(&input)?)?;
        group::existing(cx, &name).await?;
        let (start_ms, end_ms) = window(input.time, cx);
        let ask = cx
            .queries()
            .beside(|engine| engine.fields(&name, start_ms, end_ms));
        let found = ask.await;
        let mut fields = found.map_err(|error| ask::fault(&error, cx))?;
        fields.sort_by(|a, b| b.percent.cmp(&a.percent).then_with(|| a.name.cmp(&b.name)));
        let shown = |field: super::FieldShare| LogGroupField {
            name: Some(field.name),
            percent: Some(i64::from(field.percent.min(100))),
        };
        Ok(GetLogGroupFieldsResponse {
            log_group_fields: Some(fields.into_iter().map(shown).collect()),
        })
    }
}

/// The first and the last millisecond of the events that are looked at.
fn window(seconds: Option<i64>, cx: &Context<'_>) -> (i64, i64) {
    if let Some(seconds) = seconds {
        let at = seconds.saturating_mul(1_000);
        return (at.saturating_sub(AROUND_MS), at.saturating_add(AROUND_MS));
    }
    let now = group::millis(cx.now());
    (now.saturating_sub(LATELY_MS), now)
}

fn identifier(input: &GetLogGroupFieldsRequest) -> Result<&str, Fault> {
    match (&input.log_group_name, &input.log_group_identifier) {
        (Some(one), None) | (None, Some(one)) => Ok(one),
        _ => Err(Fault::invalid_parameter(
            "Exactly one of logGroupName and logGroupIdentifier must be given.",
        )),
    }
}
