//! What actions deliver, events say and histories keep: documents in the forms of recorded ones.

use corelog_alarms::document::{event, history, lambda, sns};
use corelog_alarms::{Effects, HistoryKind, Point, StateValue};
use serde_json::{Value, json};

use crate::model::{account, alarms, clock, definition};

const CPU: &str = r#"{"AlarmName":"ServerCpuTooHigh","AlarmDescription":"Too high!","Namespace":"AWS/EC2","MetricName":"CPUUtilization","Dimensions":[{"Name":"InstanceId","Value":"i-12345678901234567"}],"Statistic":"Average","Period":300,"EvaluationPeriods":1,"DatapointsToAlarm":1,"Threshold":50,"ComparisonOperator":"GreaterThanThreshold","AlarmActions":["arn:aws:sns:us-east-1:123456789012:page"]}"#;

/// An alarm that goes from `OK`, at 13:56:40.987 of a minute of data, into `ALARM`.
fn gone() -> Effects {
    let mut alarms = alarms();
    let _ = alarms
        .put(definition(CPU).unwrap(), clock("00:00"))
        .unwrap();
    let ms =
        |time: &str, ms: u64| corelog_types::Timestamp::from_unix_ms(clock(time).unix_ms() + ms);
    let point = |at: &str, value: f64| Point {
        at: clock(at),
        value,
        samples: Some(5.0),
        band: None,
    };
    let low = point("13:51", 0.066_685_190_330_647_2);
    let _ = alarms.evaluate("ServerCpuTooHigh", &[low], ms("13:56:40", 987));
    alarms.evaluate(
        "ServerCpuTooHigh",
        &[point("16:59", 99.501_602_296_934_34)],
        ms("17:04:40", 989),
    )
}

const OK_REASON: &str = "Threshold Crossed: 1 out of the last 1 datapoints [0.0666851903306472 (22/11/26 13:51:00)] was not greater than the threshold (50.0) (minimum 1 datapoint for ALARM -> OK transition).";
const ALARM_REASON: &str = "Threshold Crossed: 1 out of the last 1 datapoints [99.50160229693434 (22/11/26 16:59:00)] was greater than the threshold (50.0) (minimum 1 datapoint for OK -> ALARM transition).";
const OK_DATA: &str = r#"{"version":"1.0","queryDate":"2026-11-22T13:56:40.987+0000","startDate":"2026-11-22T13:51:00.000+0000","statistic":"Average","period":300,"recentDatapoints":[0.0666851903306472],"threshold":50.0,"evaluatedDatapoints":[{"timestamp":"2026-11-22T13:51:00.000+0000","sampleCount":5.0,"value":0.0666851903306472}]}"#;
const ALARM_DATA: &str = r#"{"version":"1.0","queryDate":"2026-11-22T17:04:40.989+0000","startDate":"2026-11-22T16:59:00.000+0000","statistic":"Average","period":300,"recentDatapoints":[99.50160229693434],"threshold":50.0,"evaluatedDatapoints":[{"timestamp":"2026-11-22T16:59:00.000+0000","sampleCount":5.0,"value":99.50160229693434}]}"#;

/// Takes an id away that the service draws, after a look at its form.
fn without_id(mut value: Value, pointer: &str) -> Value {
    let id = value.pointer_mut(pointer).unwrap().take();
    let groups: Vec<usize> = id.as_str().unwrap().split('-').map(str::len).collect();
    assert_eq!(groups, [8, 4, 4, 4, 12]);
    value
}

#[test]
fn events_of_a_metric_alarm() {
    let effects = gone();
    let event = event::state_change(&account(), &effects.transitions[0]);
    let event = without_id(
        without_id(event, "/id"),
        "/detail/configuration/metrics/0/id",
    );
    // Source: the user guide, "Alarm events and EventBridge", with the times of this test.
    let expected = json!({
        "version": "0", "id": null, "detail-type": "CloudWatch Alarm State Change", "source": "aws.cloudwatch",
        "account": "123456789012", "time": "2026-11-22T17:04:40Z", "region": "us-east-1",
        "resources": ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:ServerCpuTooHigh"],
        "detail": {
            "alarmName": "ServerCpuTooHigh",
            "configuration": {
                "description": "Too high!",
                "metrics": [{
                    "id": null,
                    "metricStat": {
                        "metric": {
                            "dimensions": { "InstanceId": "i-12345678901234567" },
                            "name": "CPUUtilization", "namespace": "AWS/EC2",
                        },
                        "period": 300, "stat": "Average",
                    },
                    "returnData": true,
                }],
            },
            "previousState": {
                "reason": OK_REASON, "reasonData": OK_DATA, "timestamp": "2026-11-22T13:56:40.987+0000", "value": "OK",
            },
            "state": {
                "reason": ALARM_REASON, "reasonData": ALARM_DATA, "timestamp": "2026-11-22T17:04:40.989+0000",
                "value": "ALARM",
            },
        },
    });
    assert_eq!(event, expected);
}

#[test]
fn what_a_function_is_invoked_with() {
    let effects = gone();
    let payload = lambda::invocation(&account(), &effects.transitions[0]);
    assert_eq!(payload["source"], "aws.cloudwatch");
    assert_eq!(
        payload["alarmArn"],
        "arn:aws:cloudwatch:us-east-1:123456789012:alarm:ServerCpuTooHigh"
    );
    assert_eq!(payload["accountId"], "123456789012");
    assert_eq!(payload["time"], "2026-11-22T17:04:40.989+0000");
    assert_eq!(payload["region"], "us-east-1");
    assert_eq!(payload["alarmData"]["state"]["value"], "ALARM");
    assert_eq!(payload["alarmData"]["previousState"]["value"], "OK");
    assert_eq!(
        payload["alarmData"]["configuration"]["metrics"][0]["metricStat"]["metric"]["dimensions"]["InstanceId"],
        "i-12345678901234567"
    );
}

#[test]
fn what_a_topic_gets() {
    let effects = gone();
    let notice = &effects.notices[0];
    assert_eq!(
        sns::subject(&account(), notice),
        "ALARM: \"ServerCpuTooHigh\" in US East (N. Virginia)"
    );
    // Source: recorded notifications.
    let expected = json!({
        "AlarmName": "ServerCpuTooHigh", "AlarmDescription": "Too high!", "AWSAccountId": "123456789012",
        "AlarmConfigurationUpdatedTimestamp": "2026-11-22T00:00:00.000+0000", "NewStateValue": "ALARM",
        "NewStateReason": ALARM_REASON, "StateChangeTime": "2026-11-22T17:04:40.989+0000",
        "Region": "US East (N. Virginia)",
        "AlarmArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:ServerCpuTooHigh", "OldStateValue": "OK",
        "ActionExecutedAfterMuteWindow": false,
        "OKActions": [], "AlarmActions": ["arn:aws:sns:us-east-1:123456789012:page"], "InsufficientDataActions": [],
        "Trigger": {
            "MetricName": "CPUUtilization", "Namespace": "AWS/EC2", "StatisticType": "Statistic", "Statistic": "AVERAGE",
            "Unit": null, "Dimensions": [{ "value": "i-12345678901234567", "name": "InstanceId" }], "Period": 300,
            "EvaluationPeriods": 1, "DatapointsToAlarm": 1, "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 50.0, "TreatMissingData": "", "EvaluateLowSampleCountPercentile": "",
        },
    });
    assert_eq!(sns::message(&account(), notice), expected);
}

#[test]
fn a_subject_has_a_hundred_characters() {
    let mut alarms = alarms();
    let name = "ä".repeat(200);
    let request = CPU.replace("ServerCpuTooHigh", &name);
    let _ = alarms
        .put(definition(&request).unwrap(), clock("00:00"))
        .unwrap();
    let effects = alarms
        .set_state(&name, StateValue::Alarm, "r", None, clock("01:00"))
        .unwrap();
    let subject = sns::subject(&account(), &effects.notices[0]);
    assert_eq!(subject.len(), 100);
    assert!(
        subject.starts_with("ALARM: \"____") && subject.ends_with("...\" in US East (N. Virginia)")
    );
}

#[test]
fn composite_alarms_tell_of_their_children() {
    let mut alarms = alarms();
    let composite = r#"{"AlarmName":"ServiceAggregatedAlarm","AlarmRule":"ALARM(ServerCpuTooHigh)","ActionsSuppressor":"other","ActionsSuppressorWaitPeriod":120,"ActionsSuppressorExtensionPeriod":180,"AlarmActions":["arn:aws:sns:us-east-1:123456789012:page"]}"#;
    let other = CPU.replace("ServerCpuTooHigh", "other");
    for request in [CPU, &other, composite] {
        let _ = alarms
            .put(definition(request).unwrap(), clock("00:00"))
            .unwrap();
    }
    let _ = alarms.tick(clock("00:02"));
    let effects = alarms
        .set_state(
            "ServerCpuTooHigh",
            StateValue::Alarm,
            "r",
            None,
            clock("15:57:45"),
        )
        .unwrap();
    let event = event::state_change(&account(), &effects.transitions[1]);
    let children = r#"{"triggeringAlarms":[{"arn":"arn:aws:cloudwatch:us-east-1:123456789012:alarm:ServerCpuTooHigh","state":{"value":"ALARM","timestamp":"2026-11-22T15:57:45.000+0000"}}]}"#;
    // Source: the user guide, "Alarm events and EventBridge".
    let expected = json!({
        "actionsSuppressedBy": "WaitPeriod", "actionsSuppressedReason": "Actions suppressed by WaitPeriod",
        "value": "ALARM",
        "reason": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:ServerCpuTooHigh transitioned to ALARM at Sunday 22 November, 2026 15:57:45 UTC",
        "reasonData": children, "timestamp": "2026-11-22T15:57:45.000+0000",
    });
    assert_eq!(event["detail"]["state"], expected);
    let expected = json!({
        "alarmRule": "ALARM(ServerCpuTooHigh)", "actionsSuppressor": "other", "actionsSuppressorWaitPeriod": 120,
        "actionsSuppressorExtensionPeriod": 180,
    });
    assert_eq!(event["detail"]["configuration"], expected);

    let effects = alarms.tick(clock("15:59:45"));
    let invocation = lambda::invocation(&account(), &effects.transitions[0]);
    assert_eq!(
        invocation["alarmData"]["previousState"]["actionsSuppressedBy"],
        "WaitPeriod"
    );
    assert_eq!(
        invocation["alarmData"]["state"].get("actionsSuppressedBy"),
        None
    );
    let message = sns::message(&account(), &effects.notices[0]);
    assert_eq!(message["AlarmRule"], "ALARM(ServerCpuTooHigh)");
    assert_eq!(message.get("Trigger"), None);
    let child = json!([{
        "Arn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:ServerCpuTooHigh",
        "State": { "Value": "ALARM", "Timestamp": "2026-11-22T15:57:45.000+0000" },
    }]);
    assert_eq!(message["TriggeringChildren"], child);
}

#[test]
fn configurations_are_told_when_they_change() {
    let mut alarms = alarms();
    let first = alarms
        .put(definition(CPU).unwrap(), clock("17:06:22"))
        .unwrap();
    let created = event::configuration_change(&account(), &first.configurations[0]);
    assert_eq!(
        created["detail-type"],
        "CloudWatch Alarm Configuration Change"
    );
    assert_eq!(created["detail"]["operation"], "create");
    let state =
        json!({ "value": "INSUFFICIENT_DATA", "timestamp": "2026-11-22T17:06:22.000+0000" });
    assert_eq!(created["detail"]["state"], state);
    let configuration = &created["detail"]["configuration"];
    assert_eq!(configuration["evaluationPeriods"], 1);
    assert_eq!(configuration["threshold"], 50.0);
    assert_eq!(configuration["actionsEnabled"], true);
    assert_eq!(configuration["okActions"], json!([]));
    assert_eq!(configuration["timestamp"], "2026-11-22T17:06:22.000+0000");

    // The same again is no change.
    let same = alarms
        .put(definition(CPU).unwrap(), clock("17:07"))
        .unwrap();
    assert!(same.configurations.is_empty() && same.history.is_empty());

    let higher = CPU.replace("\"Threshold\":50", "\"Threshold\":60");
    let second = alarms
        .put(definition(&higher).unwrap(), clock("17:08"))
        .unwrap();
    let updated = event::configuration_change(&account(), &second.configurations[0]);
    assert_eq!(updated["detail"]["configuration"]["threshold"], 60.0);
    assert_eq!(
        updated["detail"]["previousConfiguration"]["threshold"],
        50.0
    );
    assert_eq!(
        updated["detail"]["previousConfiguration"]["timestamp"],
        "2026-11-22T17:07:00.000+0000"
    );
    let data: Value = serde_json::from_str(&second.history[0].data).unwrap();
    assert_eq!(
        second.history[0].summary,
        "Alarm \"ServerCpuTooHigh\" updated"
    );
    assert_eq!(data["type"], "Update");
    assert_eq!(data["updatedAlarm"]["extendedStatistic"], "AVERAGE");
    assert_eq!(data["updatedAlarm"]["okactions"], json!([]));
    let before = json!({ "alarmConfigurationUpdatedTimestamp": "2026-11-22T17:07:00.000+0000", "threshold": 50.0 });
    assert_eq!(data["originalUpdatedFields"], before);

    let effects = alarms
        .delete(&["ServerCpuTooHigh".to_owned()], clock("17:09"))
        .unwrap();
    let deleted = event::configuration_change(&account(), &effects.configurations[0]);
    assert_eq!(deleted["detail"]["operation"], "delete");
    assert_eq!(
        deleted["detail"]["state"]["reason"],
        "Unchecked: Initial alarm creation"
    );
    assert_eq!(deleted["detail"].get("previousConfiguration"), None);
}

#[test]
fn histories_keep_states_and_actions() {
    let effects = gone();
    let item = &effects.history[0];
    assert_eq!(item.kind, HistoryKind::StateUpdate);
    assert_eq!(item.summary, "Alarm updated from OK to ALARM");
    let data: Value = serde_json::from_str(&item.data).unwrap();
    let reason_data = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let expected = json!({
        "version": "1.0",
        "oldState": { "stateValue": "OK", "stateReason": OK_REASON, "stateReasonData": reason_data(OK_DATA) },
        "newState": { "stateValue": "ALARM", "stateReason": ALARM_REASON, "stateReasonData": reason_data(ALARM_DATA) },
    });
    assert_eq!(data, expected);

    let notice = &effects.notices[0];
    let done = history::action(notice, None, clock("17:05"));
    assert_eq!(
        done.summary,
        "Successfully executed action arn:aws:sns:us-east-1:123456789012:page"
    );
    let failed = history::action(notice, Some("no route"), clock("17:05"));
    assert_eq!(
        failed.summary,
        "Failed to execute action arn:aws:sns:us-east-1:123456789012:page. Received error: \"no route\""
    );
    assert!(failed.data.contains(r#""actionState":"Failed""#));
}

#[test]
fn long_windows_keep_within_the_services_limits() {
    let mut alarms = alarms();
    let request = CPU
        .replace(
            "\"EvaluationPeriods\":1,\"DatapointsToAlarm\":1",
            "\"EvaluationPeriods\":1440,\"DatapointsToAlarm\":1",
        )
        .replace("\"Period\":300", "\"Period\":60");
    let _ = alarms
        .put(definition(&request).unwrap(), clock("00:00"))
        .unwrap();
    let mut lengths = Vec::new();
    for (time, factor) in [("60:00:30", -1.0), ("61:00:30", 1.0)] {
        let now = clock(time);
        let window = alarms.window("ServerCpuTooHigh", now).unwrap();
        let points: Vec<Point> = (0..window.len())
            .map(|index| Point {
                at: window.start_of(index),
                value: factor
                    * 123.456_789_012_345_67
                    * (f64::from(u32::try_from(index).unwrap()) + 1.1),
                samples: Some(123_456_789.0),
                band: None,
            })
            .collect();
        let effects = alarms.evaluate("ServerCpuTooHigh", &points, now);
        let state = &alarms.get("ServerCpuTooHigh").unwrap().state;
        assert!(state.reason.len() <= 1_023, "{}", state.reason.len());
        assert!(state.reason_data.as_ref().unwrap().len() <= 4_000);
        assert!(serde_json::from_str::<Value>(state.reason_data.as_ref().unwrap()).is_ok());
        assert!(
            effects
                .history
                .iter()
                .all(|item| item.data.chars().count() <= 4_095)
        );
        lengths.push(effects.history.len());
    }
    assert_eq!(lengths, [1, 1]);
}
