//! `GetLogEvents`.
//!
//! A token is a border between two events and the direction to go from it: `f/…/s` or `b/…/s`. A page that has none
//! behind its border gives the same token again, which is how clients see the end.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use corelog_hot::Wanted;
use corelog_store::{Asked, Event, Order, Place, Streams};
use corelog_wire::logs::shapes::{GetLogEventsRequest, GetLogEventsResponse, OutputLogEvent};

use super::{arn, group, reading};
use crate::aws::{Context, Effect, Fault, Operation};

pub(crate) struct GetLogEvents;

impl Operation for GetLogEvents {
    const NAME: &'static str = "GetLogEvents";
    const EFFECT: Effect = Effect::Reads;
    type Input = GetLogEventsRequest;
    type Output = GetLogEventsResponse;

    fn on(input: &GetLogEventsRequest, cx: &Context<'_>) -> Result<String, Fault> {
        let (name, identifier) = (&input.log_group_name, &input.log_group_identifier);
        let group = reading::group_of(name.as_deref(), identifier.as_deref(), cx)?;
        let stream = group::stream_named(&input.log_stream_name)?;
        Ok(arn::of_stream(cx.account(), &group, stream.as_str()))
    }

    async fn run(
        input: GetLogEventsRequest,
        cx: &Context<'_>,
    ) -> Result<GetLogEventsResponse, Fault> {
        let (name, identifier) = (&input.log_group_name, &input.log_group_identifier);
        let name = reading::group_of(name.as_deref(), identifier.as_deref(), cx)?;
        let stream = group::stream_named(&input.log_stream_name)?;
        let token = input.next_token.as_deref().map(Token::read).transpose()?;
        let settings = group::existing(cx, &name).await?;
        group::existing_stream(cx, &name, &stream).await?;

        let start = reading::ms(input.start_time).unwrap_or(0);
        let end = reading::ms(input.end_time).unwrap_or(u64::MAX);
        let places = reading::places(&settings, start..end, cx.now());
        let order = match (&token, input.start_from_head) {
            (Some(token), _) => token.order,
            (None, Some(true)) => Order::OldestFirst,
            (None, _) => Order::NewestFirst,
        };
        let border = token.map(|token| token.border);
        let wanted = Wanted {
            asked: Asked {
                group: name.as_str().into(),
                streams: Streams::Named(BTreeSet::from([stream.as_str().to_owned()])),
                places: from(border, order, &places),
                order,
            },
            pattern: None,
            events_max: reading::limit(input.limit),
            bytes_max: reading::BYTES_MAX,
        };
        let page = cx.events().page(&wanted).await?;
        Ok(answer(page.events, order, border.unwrap_or(places.start)))
    }
}

/// What is left of a range, gone into from a border.
fn from(border: Option<Place>, order: Order, places: &Range<Place>) -> Range<Place> {
    let Range { start, end } = *places;
    match (border, order) {
        (None, _) => start..end,
        (Some(border), Order::OldestFirst) => border.max(start)..end,
        (Some(border), Order::NewestFirst) => start..border.min(end),
    }
}

/// The page's events, the oldest first whichever way it was read, between its two borders.
fn answer(mut events: Vec<Arc<Event>>, order: Order, border: Place) -> GetLogEventsResponse {
    if order == Order::NewestFirst {
        events.reverse();
    }
    let forward = events.last().map_or(border, |last| last.place().next());
    let backward = events.first().map_or(border, |first| first.place());
    let shown = events.iter().map(|event| OutputLogEvent {
        timestamp: Some(group::millis(event.timestamp)),
        message: Some(event.message.clone()),
        ingestion_time: Some(group::millis(event.ingested)),
    });
    GetLogEventsResponse {
        events: Some(shown.collect()),
        next_forward_token: Some(Token::write(Order::OldestFirst, &forward)),
        next_backward_token: Some(Token::write(Order::NewestFirst, &backward)),
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Token {
    order: Order,
    border: Place,
}

impl Token {
    fn write(order: Order, border: &Place) -> String {
        let direction = match order {
            Order::OldestFirst => 'f',
            Order::NewestFirst => 'b',
        };
        format!("{direction}/{}/s", reading::write_place(border))
    }

    fn read(text: &str) -> Result<Self, Fault> {
        let (direction, rest) = text.split_once('/').ok_or_else(reading::invalid_token)?;
        let order = match direction {
            "f" => Order::OldestFirst,
            "b" => Order::NewestFirst,
            _ => return Err(reading::invalid_token()),
        };
        let digits = rest.strip_suffix("/s").ok_or_else(reading::invalid_token)?;
        let border = reading::read_place(digits)?;
        Ok(Self { order, border })
    }
}
