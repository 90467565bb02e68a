//! `PutLogEvents`.

use std::ops::Range;

use corelog_hot::EVENT_BYTES;
use corelog_record::events::EventBatch;
use corelog_types::Timestamp;
use corelog_wire::logs::shapes::{
    InputLogEvent, PutLogEventsRequest, PutLogEventsResponse, RejectedLogEventsInfo,
};

use super::group;
use crate::aws::{Context, Effect, Fault, Kind, Operation};
use crate::keep::{self, NotKept};

/// Bytes of a batch, and of an event: messages, and [`EVENT_BYTES`] for each.
const BYTES_MAX: usize = 1 << 20;
const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;
/// How old an event may be, and how far ahead.
const OLD_MS: u64 = 14 * DAY_MS;
const AHEAD_MS: u64 = 2 * HOUR_MS;

pub(crate) struct PutLogEvents;

impl Operation for PutLogEvents {
    const NAME: &'static str = "PutLogEvents";
    const EFFECT: Effect = Effect::TakesIn;
    type Input = PutLogEventsRequest;
    type Output = PutLogEventsResponse;

    fn on(input: &PutLogEventsRequest, cx: &Context<'_>) -> Result<String, Fault> {
        group::on_stream(&input.log_group_name, &input.log_stream_name, cx)
    }

    /// Whoever gets an answer may rely on it: the events are durable.
    async fn run(
        input: PutLogEventsRequest,
        cx: &Context<'_>,
    ) -> Result<PutLogEventsResponse, Fault> {
        let name = group::named(&input.log_group_name)?;
        let stream = group::stream_named(&input.log_stream_name)?;
        let events = &input.log_events;
        check(events)?;
        let settings = group::existing(cx, &name).await?;
        group::existing_stream(cx, &name, &stream).await?;
        let now = cx.now();
        let judged = Judged::of(events, now, settings.retention_days);
        let accepted = &events[judged.accepted.clone()];
        if span(accepted) > DAY_MS {
            let text = "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.";
            return Err(Fault::invalid_parameter(text));
        }
        if !cx.events().are_kept() {
            let text = "Corelog is configured to keep no log events: `store.enabled` is false.";
            return Err(Fault::new(Kind::InvalidOperation, text));
        }
        if !accepted.is_empty() {
            let batch = EventBatch {
                group: name.as_str(),
                stream: stream.as_str(),
                events: accepted
                    .iter()
                    .map(|event| (ms(event), event.message.as_str()))
                    .collect(),
            };
            let kept = keep::events(cx.spool(), &batch, now).await;
            kept.map_err(|error| match error {
                NotKept::Encoded(_) => Fault::internal(&error),
                NotKept::Spooled(_) => Fault::unavailable(&error),
            })?;
        }
        Ok(PutLogEventsResponse {
            // Nobody needs one any longer, and everybody is given one.
            next_sequence_token: Some(format!("{:056}", now.unix_ms())),
            rejected_log_events_info: judged.rejected(events.len()),
            ..PutLogEventsResponse::default()
        })
    }
}

/// Times are checked by the model's table not to be negative.
fn ms(event: &InputLogEvent) -> u64 {
    u64::try_from(event.timestamp).unwrap_or(0)
}

/// What refuses a batch as a whole, whatever the time is.
fn check(events: &[InputLogEvent]) -> Result<(), Fault> {
    if !events.is_sorted_by_key(|event| event.timestamp) {
        let text = "Log events in a single PutLogEvents request must be in chronological order.";
        return Err(Fault::invalid_parameter(text));
    }
    // Source: answers recorded in issues of clients, from when an event had a limit of its own.
    let too_large = |what: &str, bytes: usize| {
        let text = format!("{what} too large: {bytes} bytes exceeds limit of {BYTES_MAX}");
        Fault::invalid_parameter(text)
    };
    let mut sum = 0;
    for event in events {
        let bytes = event.message.len() + EVENT_BYTES;
        if bytes > BYTES_MAX {
            return Err(too_large("Log event", bytes));
        }
        sum += bytes;
    }
    if sum > BYTES_MAX {
        return Err(too_large("Upload", sum));
    }
    Ok(())
}

fn span(events: &[InputLogEvent]) -> u64 {
    match (events.first(), events.last()) {
        (Some(first), Some(last)) => ms(last) - ms(first),
        _ => 0,
    }
}

/// Which events of a batch are taken. They are in the order of time, so those that are not are at its ends.
#[derive(Debug, PartialEq, Eq)]
struct Judged {
    /// How many from the first on are too old for any group,
    too_old: usize,
    /// and how many are older than their group keeps.
    expired: usize,
    accepted: Range<usize>,
}

impl Judged {
    fn of(events: &[InputLogEvent], now: Timestamp, retention_days: Option<u32>) -> Self {
        let now = now.unix_ms();
        let before = |time: u64| events.partition_point(|event| ms(event) < time);
        let too_old = before(now.saturating_sub(OLD_MS));
        let kept_ms = |days| u64::from(days) * DAY_MS;
        let expired = retention_days.map_or(0, |days| before(now.saturating_sub(kept_ms(days))));
        let too_new = before(now + AHEAD_MS + 1);
        let first = too_old.max(expired);
        Self {
            too_old,
            expired,
            accepted: first..too_new.max(first),
        }
    }

    fn rejected(&self, events: usize) -> Option<RejectedLogEventsInfo> {
        let index = |at: usize| i64::try_from(at).unwrap_or(i64::MAX);
        let end = |at: usize| (at > 0).then(|| index(at));
        let too_new = (self.accepted.end < events).then(|| index(self.accepted.end));
        let info = RejectedLogEventsInfo {
            too_new_log_event_start_index: too_new,
            too_old_log_event_end_index: end(self.too_old),
            expired_log_event_end_index: end(self.expired),
        };
        (info != RejectedLogEventsInfo::default()).then_some(info)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22T09:15:42Z
    const NOW: u64 = 1_795_338_942_000;

    fn at(times: &[u64]) -> Vec<InputLogEvent> {
        let event = |time: &u64| InputLogEvent {
            timestamp: i64::try_from(*time).unwrap(),
            message: "x".to_owned(),
        };
        times.iter().map(event).collect()
    }

    fn check_times(
        times: &[u64],
        days: Option<u32>,
        accepted: Range<usize>,
        [old, expired, new]: [Option<i64>; 3],
    ) {
        let events = at(times);
        let judged = Judged::of(&events, Timestamp::from_unix_ms(NOW), days);
        assert_eq!(judged.accepted, accepted, "{times:?}");
        let info = RejectedLogEventsInfo {
            too_old_log_event_end_index: old,
            expired_log_event_end_index: expired,
            too_new_log_event_start_index: new,
        };
        let expected = (info != RejectedLogEventsInfo::default()).then_some(info);
        assert_eq!(judged.rejected(events.len()), expected, "{times:?}");
    }

    #[test]
    fn the_old_and_the_new_are_rejected_at_their_edges() {
        const OLDEST: u64 = NOW - 14 * 86_400_000;
        const NEWEST: u64 = NOW + 2 * 3_600_000;
        check_times(&[OLDEST, NOW, NEWEST], None, 0..3, [None; 3]);
        check_times(&[OLDEST - 1, OLDEST], None, 1..2, [Some(1), None, None]);
        check_times(&[NEWEST, NEWEST + 1], None, 0..1, [None, None, Some(1)]);
        check_times(&[NEWEST + 1], None, 0..0, [None, None, Some(0)]);
        check_times(&[0, 1], None, 2..2, [Some(2), None, None]);
        check_times(&[0, NEWEST + 1], None, 1..1, [Some(1), None, Some(1)]);
    }

    #[test]
    fn what_the_group_would_not_keep_is_expired() {
        const DAY: u64 = 86_400_000;
        let times = [NOW - 15 * DAY, NOW - 8 * DAY, NOW - 7 * DAY, NOW];
        check_times(&times, Some(7), 2..4, [Some(1), Some(2), None]);
        check_times(&times, Some(30), 1..4, [Some(1), None, None]);
        check_times(&times, None, 1..4, [Some(1), None, None]);
    }
}
