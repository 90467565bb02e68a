//! `DescribeAlarmHistory`.

use corelog_alarms::HistoryKind;
use corelog_catalog::{HistoryAsked, KeptHistory};
use corelog_types::Timestamp;
use corelog_wire::cloudwatch::shapes::{
    AlarmHistoryItem, DescribeAlarmHistoryInput, DescribeAlarmHistoryOutput,
};

use super::{alarm, dashboard};
use crate::aws::{Context, Effect, Fault, Operation, Token, cut};

/// Decision: the documentation names no default, only the most.
const LIMIT: usize = 100;

const TYPES: [&str; 3] = ["MetricAlarm", "CompositeAlarm", "LogAlarm"];
const KINDS: [HistoryKind; 3] = [
    HistoryKind::ConfigurationUpdate,
    HistoryKind::StateUpdate,
    HistoryKind::Action,
];

pub(crate) struct DescribeAlarmHistory;

impl Operation for DescribeAlarmHistory {
    const NAME: &'static str = "DescribeAlarmHistory";
    const EFFECT: Effect = Effect::Reads;
    type Input = DescribeAlarmHistoryInput;
    type Output = DescribeAlarmHistoryOutput;

    fn on(input: &DescribeAlarmHistoryInput, cx: &Context<'_>) -> Result<String, Fault> {
        let name = input.alarm_name.as_deref();
        Ok(alarm::arn(cx.account(), name.unwrap_or("*")))
    }

    /// What became of alarms, of deleted ones too. Metric alarms alone are listed unless the request names types.
    async fn run(
        input: DescribeAlarmHistoryInput,
        cx: &Context<'_>,
    ) -> Result<DescribeAlarmHistoryOutput, Fault> {
        let after = alarm::place::<3>(Self::NAME, input.next_token.as_deref())?;
        let request = selection(&input);
        // A place in one list is none in another.
        if after
            .as_ref()
            .is_some_and(|Token([_, _, of])| *of != request)
        {
            return Err(alarm::invalid_token());
        }
        let limit = alarm::limit(input.max_records, LIMIT);
        let Some(asked) = asked(input, after.as_ref(), limit) else {
            return Ok(DescribeAlarmHistoryOutput {
                alarm_history_items: Some(Vec::new()),
                next_token: None,
            });
        };
        let mut found = cx.catalog().alarm_history(&asked).await?;
        let next_token = cut(&mut found, limit, Self::NAME, |kept| {
            let at = kept.item.at.unix_ms().to_string();
            [at, kept.place.to_string(), request.clone()]
        });
        Ok(DescribeAlarmHistoryOutput {
            alarm_history_items: Some(found.into_iter().map(shown).collect()),
            next_token,
        })
    }
}

/// What a request selects: all of it but its page.
fn selection(input: &DescribeAlarmHistoryInput) -> String {
    format!(
        "{:?}",
        (
            &input.alarm_name,
            &input.alarm_contributor_id,
            &input.alarm_types,
            &input.history_item_type,
            input.start_date,
            input.end_date,
            &input.scan_by,
        )
    )
}

/// `None` for what no alarm here has: contributors.
fn asked(
    input: DescribeAlarmHistoryInput,
    after: Option<&Token<3>>,
    limit: usize,
) -> Option<HistoryAsked> {
    if input.alarm_contributor_id.is_some() {
        return None;
    }
    let kind = match input.history_item_type {
        None => None,
        Some(name) => Some(KINDS.into_iter().find(|kind| kind.as_str() == name)?),
    };
    let types = input.alarm_types.unwrap_or_default();
    let alarm_types = if types.is_empty() {
        vec!["MetricAlarm"]
    } else {
        let known = TYPES.into_iter();
        known
            .filter(|known| types.iter().any(|one| one == known))
            .collect()
    };
    let after = after.and_then(|Token([at_ms, place, _])| {
        let at = Timestamp::from_unix_ms(at_ms.parse().ok()?);
        Some((at, place.parse().ok()?))
    });
    Some(HistoryAsked {
        alarm: input.alarm_name,
        alarm_types,
        kind,
        from: input.start_date.map(alarm::moment),
        to: input.end_date.map(alarm::moment),
        oldest_first: input.scan_by.as_deref() == Some("TimestampAscending"),
        after,
        limit: u32::try_from(limit + 1).unwrap_or(u32::MAX),
    })
}

fn shown(kept: KeptHistory) -> AlarmHistoryItem {
    let item = kept.item;
    AlarmHistoryItem {
        alarm_name: Some(item.alarm.to_string()),
        alarm_type: Some(item.alarm_type.to_owned()),
        timestamp: Some(dashboard::seconds(item.at)),
        history_item_type: Some(item.kind.as_str().to_owned()),
        history_summary: Some(item.summary),
        history_data: Some(item.data),
        ..AlarmHistoryItem::default()
    }
}
