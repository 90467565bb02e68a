//! Notices: in lines, due, put off, settled.

use std::collections::BTreeSet;
use std::sync::Arc;

use corelog_alarms::{
    ConfigurationChange, ConfigurationOperation, Definition, HistoryItem, HistoryKind, Notice,
    StateValue, Transition,
};

use super::alarms::{metric, state};
use super::at;
use crate::{
    AlarmStep, Catalog, Error, HistoryAsked, NewNotice, PendingNotice, Recipient, Says,
    SettledNotice,
};

pub(super) async fn check<O>(open: &impl Fn() -> O) -> Result<(), Error>
where
    O: Future<Output = Result<Box<dyn Catalog>, Error>>,
{
    let catalog = open().await?;
    assert_eq!(catalog.next_notice().await?, None);
    let made = [
        action("n1", "calls", "arn:aws:sns:::alert")?,
        action("n2", "calls", "arn:aws:sns:::alert")?,
        action("n3", "calls", "arn:aws:sns:::other")?,
        event("n4", "calls")?,
        change("n5", "errors")?,
    ];
    let step = AlarmStep {
        notices: made.to_vec(),
        ..AlarmStep::default()
    };
    catalog.keep_alarms(&step).await?;
    let twice = catalog.keep_alarms(&step).await;
    assert!(twice.is_err(), "an id is no other's");

    let catalog = open().await?;
    assert_eq!(catalog.waiting_notices().await?, 5);
    assert_eq!(catalog.next_notice().await?, Some(at(1)));
    assert_eq!(catalog.due_notices(at(0), 9).await?, [], "not yet");
    let due = catalog.due_notices(at(1), 9).await?;
    let heads = [&made[0], &made[2], &made[3], &made[4]];
    assert_eq!(notices(&due), heads, "all that they say stays");
    assert_eq!(catalog.due_notices(at(1), 1).await?.len(), 1);
    let except = BTreeSet::from([
        Recipient::Action("arn:aws:sns:::alert".to_owned()),
        Recipient::Listener("arn:aws:sns:::other".to_owned()),
    ]);
    let others = catalog.due_notices_for_others(at(1), &except, 9).await?;
    assert_eq!(ids(&others), ["n3", "n4", "n5"]);

    catalog.put_notice_off("n1", at(50), "no route").await?;
    catalog.put_notice_off("none", at(50), "no route").await?;
    let several = ["n3", "n4", "none"].map(str::to_owned);
    catalog
        .put_notices_off(&several, at(40), "no route")
        .await?;
    assert_eq!(ids(&catalog.due_notices(at(39), 9).await?), ["n5"]);
    let due = catalog.due_notices(at(49), 9).await?;
    assert_eq!(ids(&due), ["n3", "n4", "n5"], "none overtakes another");
    let due = catalog.due_notices(at(50), 1).await?;
    let first = due
        .first()
        .map(|one| (one.attempts, one.due, one.error.as_deref()));
    assert_eq!(first, Some((1, at(50), Some("no route"))));

    let settled = ["n1", "none", "n3"].map(|id| SettledNotice {
        id: id.to_owned(),
        history: Some(item(id)),
    });
    catalog.settle_notices(&settled).await?;
    catalog.settle_notices(&settled).await?;
    assert_eq!(
        ids(&catalog.due_notices(at(50), 9).await?),
        ["n2", "n4", "n5"]
    );
    let asked = HistoryAsked {
        alarm: Some("settled".to_owned()),
        alarm_types: vec!["MetricAlarm"],
        oldest_first: true,
        limit: 9,
        ..HistoryAsked::default()
    };
    let history = catalog.alarm_history(&asked).await?;
    let summaries: Vec<_> = history
        .iter()
        .map(|one| one.item.summary.as_str())
        .collect();
    assert_eq!(
        summaries,
        ["n1", "n3"],
        "each once, and what was not there says nothing"
    );
    assert_eq!(catalog.unreadable_notices().await?, Vec::<String>::new());
    Ok(())
}

fn notices(due: &[PendingNotice]) -> Vec<&NewNotice> {
    due.iter().map(|one| &one.notice).collect()
}

fn ids(due: &[PendingNotice]) -> Vec<&str> {
    due.iter().map(|one| one.notice.id.as_str()).collect()
}

fn action(id: &str, alarm: &str, arn: &str) -> Result<NewNotice, Error> {
    let notice = Notice {
        action: arn.to_owned(),
        transition: Arc::new(transition(alarm)?),
        is_after_mute: true,
    };
    let recipient = Recipient::Action(arn.to_owned());
    Ok(made(id, recipient, Says::Action(notice)))
}

fn event(id: &str, alarm: &str) -> Result<NewNotice, Error> {
    let says = Says::StateChange(transition(alarm)?);
    Ok(made(id, Recipient::Listener("bus".to_owned()), says))
}

fn change(id: &str, alarm: &str) -> Result<NewNotice, Error> {
    let change = ConfigurationChange {
        operation: ConfigurationOperation::Update,
        alarm: definition(alarm)?,
        previous: Some((definition(alarm)?, at(2))),
        state: state(StateValue::Ok),
        at: at(8),
    };
    let recipient = Recipient::Listener("bus".to_owned());
    Ok(made(id, recipient, Says::ConfigurationChange(change)))
}

fn made(id: &str, recipient: Recipient, says: Says) -> NewNotice {
    NewNotice {
        id: id.to_owned(),
        recipient,
        made: at(1),
        says,
    }
}

fn transition(alarm: &str) -> Result<Transition, Error> {
    Ok(Transition {
        alarm: definition(alarm)?,
        configured: at(1),
        from: state(StateValue::InsufficientData),
        to: state(StateValue::Alarm),
    })
}

fn definition(alarm: &str) -> Result<Arc<Definition>, Error> {
    let mut definition = (*metric()?.definition).clone();
    alarm.clone_into(&mut definition.name);
    Ok(Arc::new(definition))
}

fn item(summary: &str) -> HistoryItem {
    HistoryItem {
        alarm: Arc::from("settled"),
        alarm_type: "MetricAlarm",
        at: at(9),
        kind: HistoryKind::Action,
        summary: summary.to_owned(),
        data: "{}".to_owned(),
    }
}
