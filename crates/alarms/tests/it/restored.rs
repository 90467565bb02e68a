//! What is stored and taken up again goes on as if nothing had been.

use corelog_alarms::{Alarm, Alarms, StateValue};

use crate::model::{account, alarms, clock, definition};

const METRIC: &str = r#"{"AlarmName":"m","Namespace":"N","MetricName":"M","Statistic":"Sum","Period":60,"EvaluationPeriods":1,"Threshold":1,"ComparisonOperator":"GreaterThanThreshold"}"#;
const WORK: &str = r#"{"AlarmName":"work","Namespace":"N","MetricName":"W","Statistic":"Sum","Period":60,"EvaluationPeriods":1,"Threshold":1,"ComparisonOperator":"GreaterThanThreshold"}"#;
const TOP: &str = r#"{"AlarmName":"top","AlarmRule":"ALARM(m)","ActionsSuppressor":"work","ActionsSuppressorWaitPeriod":120,"ActionsSuppressorExtensionPeriod":60,"AlarmActions":["arn:aws:sns:us-east-1:123456789012:page"]}"#;

#[test]
fn a_wait_goes_on_and_its_action_is_executed_once() {
    let mut before = alarms();
    for request in [METRIC, WORK, TOP] {
        let _ = before
            .put(definition(request).unwrap(), clock("00:00"))
            .unwrap();
    }
    let _ = before.tick(clock("00:02"));
    let effects = before
        .set_state("m", StateValue::Alarm, "r", None, clock("01:00"))
        .unwrap();
    assert!(effects.notices.is_empty());
    assert_eq!(effects.changed.len(), 2);

    let stored: Vec<Alarm> = before.iter().cloned().collect();
    drop(before);
    let mut after = Alarms::restore(account(), stored, [], clock("01:01"));
    assert!(after.tick(clock("01:01:59")).is_empty());
    // The wait ends before either metric alarm's next turn, or one of these comes first.
    assert!(after.wakes_at(clock("01:01:59")).unwrap() <= clock("01:02"));
    assert_eq!(after.tick(clock("01:02")).notices.len(), 1);
    assert!(after.tick(clock("01:03")).is_empty());

    let stored: Vec<Alarm> = after.iter().cloned().collect();
    let mut again = Alarms::restore(account(), stored, [], clock("01:04"));
    assert!(again.tick(clock("02:00")).is_empty());
}

#[test]
fn alarms_are_due_at_their_own_moment_of_every_interval() {
    let mut alarms = alarms();
    let now = clock("00:00");
    for number in 0..200 {
        let request = METRIC.replace("\"m\"", &format!("\"m{number}\""));
        let _ = alarms.put(definition(&request).unwrap(), now).unwrap();
    }
    // New ones at once.
    assert_eq!(alarms.due(now).len(), 200);
    assert_eq!(alarms.wakes_at(now), Some(now));
    for name in alarms.due(now) {
        let _ = alarms.evaluate(&name, &[], now);
    }
    assert!(alarms.due(now).is_empty());
    // Then each once a minute, not all in the same ten seconds.
    let mut evaluated = std::collections::BTreeMap::new();
    let mut tens = std::collections::BTreeSet::new();
    for second in 1..=60_u64 {
        let now = clock(&format!("00:00:{second}"));
        for name in alarms.due(now) {
            let _ = alarms.evaluate(&name, &[], now);
            *evaluated.entry(name).or_insert(0) += 1;
            tens.insert(second / 10);
        }
    }
    assert_eq!(evaluated.len(), 200);
    assert!(evaluated.values().all(|count| *count == 1));
    assert!(tens.len() >= 5, "{tens:?}");
}

#[test]
fn a_composite_alarm_waits_for_an_alarm_that_was_not_readable_and_no_longer() {
    let mut before = alarms();
    for request in [METRIC, r#"{"AlarmName":"high","AlarmRule":"ALARM(m)"}"#] {
        let _ = before
            .put(definition(request).unwrap(), clock("00:00"))
            .unwrap();
    }
    let _ = before
        .set_state("m", StateValue::Alarm, "r", None, clock("00:01"))
        .unwrap();
    // Of the two, only the composite alarm can be read.
    let stored = before
        .iter()
        .filter(|alarm| alarm.definition.name == "high");
    let stored: Vec<Alarm> = stored.cloned().collect();
    let mut after = Alarms::restore(account(), stored, [], clock("00:02"));
    assert_eq!(after.get("high").unwrap().state.value, StateValue::Alarm);
    let refused = after.delete(&["m".to_owned()], clock("00:02"));
    assert!(refused.is_err(), "another depends on it");
    let _ = after
        .put(definition(METRIC).unwrap(), clock("00:03"))
        .unwrap();
    assert_eq!(
        after.get("high").unwrap().state.value,
        StateValue::Ok,
        "what it has in its rule is not in ALARM"
    );
}
