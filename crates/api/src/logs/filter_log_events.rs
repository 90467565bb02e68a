//! `FilterLogEvents`.

use std::collections::BTreeSet;
use std::ops::Range;

use corelog_hot::{Page, Wanted};
use corelog_patterns::Pattern;
use corelog_store::{Asked, Event, Order, Place, Streams};
use corelog_types::LogGroupName;
use corelog_wire::logs::shapes::{
    FilterLogEventsRequest, FilterLogEventsResponse, FilteredLogEvent,
};

use super::{arn, group, reading};
use crate::aws::{Context, Effect, Fault, Operation, Token};

/// 2024-01-01T00:00:00Z: before that nothing is read from its end.
const NEWEST_FIRST_SINCE_MS: u64 = 1_704_067_200_000;

pub(crate) struct FilterLogEvents;

impl Operation for FilterLogEvents {
    const NAME: &'static str = "FilterLogEvents";
    const EFFECT: Effect = Effect::Reads;
    type Input = FilterLogEventsRequest;
    type Output = FilterLogEventsResponse;

    fn on(input: &FilterLogEventsRequest, cx: &Context<'_>) -> Result<String, Fault> {
        Ok(arn::of_group(cx.account(), &group_of(input, cx)?))
    }

    async fn run(
        input: FilterLogEventsRequest,
        cx: &Context<'_>,
    ) -> Result<FilterLogEventsResponse, Fault> {
        let name = group_of(&input, cx)?;
        let streams = streams(&input)?;
        let pattern = input.filter_pattern.as_deref().map(Pattern::parse);
        let pattern = pattern
            .transpose()
            .map_err(|error| Fault::invalid_parameter(error.to_string()))?;
        let start = reading::ms(input.start_time).unwrap_or(0);
        // The last time is inclusive here.
        let end = reading::ms(input.end_time).map_or(u64::MAX, |end| end.saturating_add(1));
        let order = order(&input, start)?;
        let settings = group::existing(cx, &name).await?;
        if let Streams::Named(names) = &streams {
            for stream in names {
                group::existing_stream(cx, &name, &group::stream_named(stream)?).await?;
            }
        }
        let mut places = reading::places(&settings, start..end, cx.now());
        let order = go_on(&input, order, &mut places)?;
        let wanted = Wanted {
            asked: Asked {
                group: name.as_str().into(),
                streams,
                places,
                order,
            },
            pattern,
            events_max: reading::limit(input.limit),
            bytes_max: reading::BYTES_MAX,
        };
        let Page { events, left } = cx.events().page(&wanted).await?;
        let next_token = left.map(|left| match order {
            Order::OldestFirst => token("f", &left.start),
            Order::NewestFirst => token("b", &left.end),
        });
        Ok(FilterLogEventsResponse {
            events: Some(events.iter().map(|event| shown(event)).collect()),
            searched_log_streams: Some(Vec::new()),
            next_token,
        })
    }
}

fn group_of(input: &FilterLogEventsRequest, cx: &Context<'_>) -> Result<LogGroupName, Fault> {
    let (name, identifier) = (&input.log_group_name, &input.log_group_identifier);
    reading::group_of(name.as_deref(), identifier.as_deref(), cx)
}

fn streams(input: &FilterLogEventsRequest) -> Result<Streams, Fault> {
    match (&input.log_stream_names, &input.log_stream_name_prefix) {
        (None, None) => Ok(Streams::All),
        (Some(names), None) => Ok(Streams::Named(
            names.iter().cloned().collect::<BTreeSet<_>>(),
        )),
        (None, Some(prefix)) => Ok(Streams::Prefixed(prefix.clone())),
        (Some(_), Some(_)) => Err(Fault::invalid_parameter(
            "Log stream names and log stream name prefix are mutually exclusive parameters.",
        )),
    }
}

fn order(input: &FilterLogEventsRequest, start_ms: u64) -> Result<Order, Fault> {
    if input.start_from_head != Some(false) {
        return Ok(Order::OldestFirst);
    }
    if input.start_time.is_some() && start_ms < NEWEST_FIRST_SINCE_MS {
        return Err(Fault::invalid_parameter(
            "startFromHead can be false only with a startTime on or after January 1, 2024 00:00:00 UTC.",
        ));
    }
    Ok(Order::NewestFirst)
}

/// Goes on where a token says, and in its direction whatever the request says.
fn go_on(
    input: &FilterLogEventsRequest,
    order: Order,
    places: &mut Range<Place>,
) -> Result<Order, Fault> {
    let token = Token::<2>::read(FilterLogEvents::NAME, input.next_token.as_deref())?;
    let Some(Token([direction, border])) = token else {
        return Ok(order);
    };
    let border = reading::read_place(&border)?;
    match direction.as_str() {
        "f" => {
            places.start = places.start.max(border);
            Ok(Order::OldestFirst)
        }
        "b" => {
            places.end = places.end.min(border);
            Ok(Order::NewestFirst)
        }
        _ => Err(reading::invalid_token()),
    }
}

fn token(direction: &str, border: &Place) -> String {
    let parts = [direction.to_owned(), reading::write_place(border)];
    Token(parts).write(FilterLogEvents::NAME)
}

fn shown(event: &Event) -> FilteredLogEvent {
    FilteredLogEvent {
        log_stream_name: Some(event.stream.to_string()),
        timestamp: Some(group::millis(event.timestamp)),
        message: Some(event.message.clone()),
        ingestion_time: Some(group::millis(event.ingested)),
        event_id: Some(event.id()),
    }
}
