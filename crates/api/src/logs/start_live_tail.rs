//! `StartLiveTail`: new events of log groups, an update a second, until the caller goes.

use std::collections::BTreeMap;
use std::sync::Arc;

use corelog_catalog::LogGroupClass;
use corelog_patterns::Pattern;
use corelog_store::Event;
use corelog_tail::{Filter, MESSAGE_BYTES_MAX, Next, Streams, Update, Updates};
use corelog_wire::logs::shapes::{
    LiveTailSessionLogEvent, LiveTailSessionMetadata, LiveTailSessionStart, LiveTailSessionUpdate,
    StartLiveTailRequest,
};
use futures_util::{StreamExt as _, stream};

use super::{arn, group};
use crate::aws::{Context, EventStream, Fault, Kind, StreamEvent, Streaming};

pub(crate) struct StartLiveTail;

impl Streaming for StartLiveTail {
    const NAME: &'static str = "StartLiveTail";
    type Input = StartLiveTailRequest;

    fn on(input: &StartLiveTailRequest, cx: &Context<'_>) -> Result<Vec<String>, Fault> {
        let identifiers = input.log_group_identifiers.iter();
        let arn = |identifier: &String| {
            let name = arn::group(cx.account(), identifier)?;
            Ok(arn::of_group(cx.account(), &name))
        };
        identifiers.map(arn).collect()
    }

    async fn begin(input: StartLiveTailRequest, cx: &Context<'_>) -> Result<EventStream, Fault> {
        let streams = streams(&input)?;
        let pattern = match input.log_event_filter_pattern.as_deref() {
            None => None,
            Some(text) => Some(
                Pattern::parse(text)
                    .map_err(|error| Fault::invalid_parameter(error.to_string()))?,
            ),
        };
        let mut groups = BTreeMap::new();
        for identifier in &input.log_group_identifiers {
            let name = arn::group(cx.account(), identifier)?;
            let found = group::existing(cx, &name).await?;
            if found.class != LogGroupClass::Standard {
                return Err(Fault::new(
                    Kind::InvalidOperation,
                    "Live Tail is available only for log groups in the Standard log class.",
                ));
            }
            groups.insert(Arc::from(name.as_str()), identifier.clone());
        }
        let filter = Filter {
            groups: groups.keys().cloned().collect(),
            streams,
            pattern,
        };
        if !cx.rates().tail_starts.allows(cx.now()) {
            return Err(Fault::throttled());
        }
        let session = cx.tails().begin(filter);
        let session = session.ok_or_else(Fault::limit_exceeded)?;
        let start = LiveTailSessionStart {
            request_id: Some(cx.request_id().to_string()),
            session_id: Some(corelog_runtime::record_id(cx.now()).to_string()),
            log_group_identifiers: Some(input.log_group_identifiers),
            log_stream_names: input.log_stream_names,
            log_stream_name_prefixes: input.log_stream_name_prefixes,
            log_event_filter_pattern: input.log_event_filter_pattern,
        };
        let start = StreamEvent::new("sessionStart", &start)?;
        let running = Running {
            updates: session.updates(),
            groups,
        };
        let updates = stream::unfold(Some(running), Running::next);
        Ok(stream::once(std::future::ready(Ok(start)))
            .chain(updates)
            .boxed())
    }
}

fn streams(input: &StartLiveTailRequest) -> Result<Streams, Fault> {
    let streams = match (&input.log_stream_names, &input.log_stream_name_prefixes) {
        (None, None) => return Ok(Streams::All),
        (Some(names), None) => Streams::Named(names.iter().cloned().collect()),
        (None, Some(prefixes)) => Streams::Beginning(prefixes.clone()),
        (Some(_), Some(_)) => {
            return Err(Fault::invalid_parameter(
                "logStreamNames and logStreamNamePrefixes are mutually exclusive parameters.",
            ));
        }
    };
    if input.log_group_identifiers.len() > 1 {
        return Err(Fault::invalid_parameter(
            "logStreamNames and logStreamNamePrefixes can be specified only with a single log group.",
        ));
    }
    Ok(streams)
}

/// A session that goes on.
struct Running {
    updates: Updates,
    /// What the caller calls each group.
    groups: BTreeMap<Arc<str>, String>,
}

impl Running {
    /// The next event of the stream; a fault is the last.
    async fn next(running: Option<Self>) -> Option<(Result<StreamEvent, Fault>, Option<Self>)> {
        let mut running = running?;
        let end = |kind, message| Some((Err(Fault::new(kind, message)), None));
        match running.updates.next().await {
            Next::Update(update) => {
                let event = StreamEvent::new("sessionUpdate", &running.shown(&update));
                Some((event, Some(running)))
            }
            Next::TimedOut => end(
                Kind::SessionTimeout,
                "The Live Tail session timed out after three hours.",
            ),
            Next::Stopped => end(Kind::SessionStreaming, "Corelog is stopping."),
        }
    }

    fn shown(&self, update: &Update) -> LiveTailSessionUpdate {
        let results = update.events.iter().map(|event| self.shown_event(event));
        LiveTailSessionUpdate {
            session_metadata: Some(LiveTailSessionMetadata {
                sampled: Some(update.sampled),
            }),
            session_results: Some(results.collect()),
        }
    }

    /// Decision: of a message that is longer than any that the original takes in, its beginning is shown.
    fn shown_event(&self, event: &Event) -> LiveTailSessionLogEvent {
        let message = &event.message;
        let end = message.floor_char_boundary(MESSAGE_BYTES_MAX);
        LiveTailSessionLogEvent {
            log_stream_name: Some(event.stream.to_string()),
            log_group_identifier: self.groups.get(&event.group).cloned(),
            message: Some(message[..end].to_owned()),
            timestamp: Some(group::millis(event.timestamp)),
            ingestion_time: Some(group::millis(event.ingested)),
        }
    }
}
