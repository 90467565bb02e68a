//! `DescribeLogStreams`.

use corelog_catalog::{LogStream, StreamOrder, StreamPlace, StreamsAsked};
use corelog_types::LogGroupName;
use corelog_wire::logs::shapes::{self, DescribeLogStreamsRequest, DescribeLogStreamsResponse};

use super::{arn, group};
use crate::aws::{Account, Context, Effect, Fault, Kind, Operation, Token, cut};

const LIMIT: u32 = 50;

pub(crate) struct DescribeLogStreams;

impl Operation for DescribeLogStreams {
    const NAME: &'static str = "DescribeLogStreams";
    const EFFECT: Effect = Effect::Reads;
    type Input = DescribeLogStreamsRequest;
    type Output = DescribeLogStreamsResponse;

    fn on(input: &DescribeLogStreamsRequest, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(arn::of_stream(cx.account(), &group_of(input, cx)?, "*"))
    }

    async fn run(
        input: DescribeLogStreamsRequest,
        cx: &Context<'_>,
    ) -> Result<DescribeLogStreamsResponse, Fault> {
        let group = group_of(&input, cx)?;
        let asked = asked(&input)?;
        let limit = input.limit.and_then(|limit| u32::try_from(limit).ok());
        let limit = limit.unwrap_or(LIMIT);
        let after = place(input.next_token.as_deref())?;
        group::existing(cx, &group).await?;
        let catalog = cx.catalog();
        let limit_and_one = limit.saturating_add(1);
        let found = catalog.streams(&group, &asked, after.as_ref(), limit_and_one);
        let mut streams = found.await?;
        let next_token = cut(&mut streams, limit as usize, Self::NAME, |stream| {
            let StreamPlace {
                last_event_ms,
                name,
            } = stream.place();
            [last_event_ms.to_string(), name]
        });
        let shown = streams.iter();
        let shown = shown.map(|stream| shown_as(cx.account(), &group, stream));
        Ok(DescribeLogStreamsResponse {
            log_streams: Some(shown.collect()),
            next_token,
        })
    }
}

fn group_of(input: &DescribeLogStreamsRequest, cx: &Context<'_>) -> Result<LogGroupName, Fault> {
    match (&input.log_group_name, &input.log_group_identifier) {
        (Some(name), None) => group::named(name),
        (None, Some(identifier)) => arn::group(cx.account(), identifier),
        (Some(_), Some(_)) => Err(Fault::new(
            Kind::Validation,
            "LogGroup name and LogGroup ARN are mutually exclusive parameters.",
        )),
        (None, None) => Err(Fault::new(
            Kind::Validation,
            "LogGroup name and LogGroup ARN cannot both be empty.",
        )),
    }
}

fn asked(input: &DescribeLogStreamsRequest) -> Result<StreamsAsked, Fault> {
    let order = match input.order_by.as_deref() {
        Some("LastEventTime") => StreamOrder::LastEvent,
        _ => StreamOrder::Name,
    };
    if order == StreamOrder::LastEvent && input.log_stream_name_prefix.is_some() {
        let text = "Cannot order by LastEventTime with a logStreamNamePrefix.";
        return Err(Fault::invalid_parameter(text));
    }
    Ok(StreamsAsked {
        prefix: input.log_stream_name_prefix.clone(),
        order,
        descending: input.descending.unwrap_or(false),
    })
}

fn place(token: Option<&str>) -> Result<Option<StreamPlace>, Fault> {
    let Some(Token([ms, name])) = Token::<2>::read(DescribeLogStreams::NAME, token)? else {
        return Ok(None);
    };
    let invalid = || Fault::invalid_parameter("The specified nextToken is invalid.");
    let last_event_ms = ms.parse().map_err(|_| invalid())?;
    Ok(Some(StreamPlace {
        last_event_ms,
        name,
    }))
}

/// A stream's size is always zero in the original, and what has no events has no token.
fn shown_as(account: &Account, group: &LogGroupName, stream: &LogStream) -> shapes::LogStream {
    let name = stream.name.as_str().to_owned();
    let ingestion = stream.last_ingestion;
    shapes::LogStream {
        arn: Some(arn::of_stream(account, group, &name)),
        creation_time: Some(group::millis(stream.created)),
        first_event_timestamp: stream.first_event.map(group::millis),
        last_event_timestamp: stream.last_event.map(group::millis),
        last_ingestion_time: ingestion.map(group::millis),
        upload_sequence_token: ingestion.map(|at| format!("{:056}", at.unix_ms())),
        stored_bytes: Some(0),
        log_stream_name: Some(name),
    }
}
