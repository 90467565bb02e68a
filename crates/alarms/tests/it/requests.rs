//! Requests that are refused, with the words of the service, and what is made of those that are not.

use corelog_alarms::{ErrorKind, MuteRuleRequest, MuteStatus, StateValue};
use serde_json::{Value, json};

use crate::model::{alarms, clock, definition};

fn base() -> Value {
    json!({
        "AlarmName": "a", "Namespace": "N", "MetricName": "M", "Statistic": "Average", "Period": 60,
        "EvaluationPeriods": 3, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold",
    })
}

fn queries() -> Value {
    json!({
        "AlarmName": "a", "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold",
        "Metrics": [
            { "Id": "e1", "Expression": "m1 / 2" },
            { "Id": "m1", "ReturnData": false, "MetricStat":
                { "Metric": { "Namespace": "N", "MetricName": "M" }, "Period": 60, "Stat": "p99" } },
        ],
    })
}

/// `base` with members replaced; null takes one away.
fn changed(mut base: Value, changes: &Value) -> String {
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            base.as_object_mut().unwrap().remove(name);
        } else {
            base[name] = value.clone();
        }
    }
    base.to_string()
}

#[track_caller]
fn refused(base: Value, changes: &Value, message: &str) {
    let error = definition(&changed(base, changes)).unwrap_err();
    assert_eq!(error.to_string(), message);
}

#[test]
fn what_a_metric_alarm_lacks() {
    for (changes, message) in [
        (
            json!({"Statistic": null}),
            "PutMetricAlarm request should have a Statistic parameter",
        ),
        (
            json!({"Period": null}),
            "PutMetricAlarm request should have a Period parameter",
        ),
        (
            json!({"MetricName": null}),
            "PutMetricAlarm request should have a MetricName parameter",
        ),
        (
            json!({"Threshold": null}),
            "PutMetricAlarm request should have valid Threshold parameter",
        ),
        (
            json!({"ComparisonOperator": null}),
            "PutMetricAlarm request should have a valid ComparisonOperator parameter",
        ),
        (
            json!({"EvaluationPeriods": null}),
            "PutMetricAlarm request should have an EvaluationPeriods parameter",
        ),
    ] {
        refused(base(), &changes, message);
    }
}

#[test]
fn what_a_metric_alarm_must_not_say() {
    for (changes, message) in [
        (
            json!({"ExtendedStatistic": "p99"}),
            "PutMetricAlarm request can not be made with both Statistic and ExtendedStatistic parameters. Only one of them should be present",
        ),
        (
            json!({"Statistic": null, "ExtendedStatistic": "p101"}),
            "The value p101 for parameter ExtendedStatistic is not supported.",
        ),
        (
            json!({"DatapointsToAlarm": 4}),
            "DatapointsToAlarm must be less than or equal to EvaluationPeriods",
        ),
        (
            json!({"Period": 45}),
            "Period must be 10, 20, 30 or a multiple of 60",
        ),
        (
            json!({"Period": 0}),
            "Period must be 10, 20, 30 or a multiple of 60",
        ),
        (
            json!({"EvaluationPeriods": 1441}),
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400) for alarms using period < 3600",
        ),
        (
            json!({"EvaluationPeriods": 169, "Period": 3600}),
            "Metrics cannot be checked across more than a week (EvaluationPeriods * Period must be <= 604800) for alarms using period >= 3600",
        ),
        (
            json!({"EvaluationPeriods": i64::MAX}),
            "1 validation error detected: Value '9223372036854775807' at 'evaluationPeriods' failed to satisfy constraint: Member must have value greater than or equal to 1",
        ),
        (
            json!({"TreatMissingData": "invalid"}),
            "The value invalid is not supported for TreatMissingData parameter. Supported values are [breaching, notBreaching, ignore, missing].",
        ),
        (
            json!({"EvaluateLowSampleCountPercentile": "never"}),
            "Option never is not supported. Supported options for parameter EvaluateLowSampleCountPercentile are evaluate and ignore.",
        ),
        (
            json!({"EvaluateLowSampleCountPercentile": "ignore"}),
            "Option evaluateLowSampleCountPercentile can not be applied with statistic Average. This option is enabled only for percentile statistics.",
        ),
        (
            json!({"ComparisonOperator": "Equal"}),
            "1 validation error detected: Value 'Equal' at 'comparisonOperator' failed to satisfy constraint: Member must satisfy enum value set: [GreaterThanOrEqualToThreshold, GreaterThanThreshold, LessThanThreshold, LessThanOrEqualToThreshold, LessThanLowerOrGreaterThanUpperThreshold, LessThanLowerThreshold, GreaterThanUpperThreshold]",
        ),
        (
            json!({"AlarmActions": ["nowhere"]}),
            "Invalid arn syntax: nowhere",
        ),
        (
            json!({"AlarmName": "a\nb"}),
            "AlarmName must not contain ASCII Control characters",
        ),
        (
            json!({"Period": 120, "EvaluationWindow": {"WallClockWindow": {}}}),
            "The period 120 is not supported for WallClockWindow. Supported values are 60, 300, 3600, 86400 and 604800.",
        ),
        (
            json!({"EvaluationWindow": {"WallClockWindow": {"Timezone": "Mars/Base"}}}),
            "The value Mars/Base is not supported for Timezone parameter.",
        ),
    ] {
        refused(base(), &changes, message);
    }
}

#[test]
fn limits_that_are_just_kept() {
    for changes in [
        json!({"EvaluationPeriods": 1440}),
        json!({"EvaluationPeriods": 168, "Period": 3600}),
        json!({"EvaluationPeriods": 7, "Period": 86400}),
        json!({"EvaluationPeriods": 8640, "Period": 10}),
        json!({"DatapointsToAlarm": 3}),
        json!({"Statistic": null, "ExtendedStatistic": "TM(10%:90%)"}),
    ] {
        assert!(definition(&changed(base(), &changes)).is_ok(), "{changes}");
    }
    assert!(definition(&queries().to_string()).is_ok());
}

#[test]
fn lists_of_metrics() {
    let both = |returned: [bool; 2]| {
        let mut list = queries()["Metrics"].clone();
        list[0]["ReturnData"] = json!(returned[0]);
        list[1]["ReturnData"] = json!(returned[1]);
        json!({ "Metrics": list })
    };
    let one = "Exactly one element of the metrics list should return data.";
    refused(queries(), &both([true, true]), one);
    refused(queries(), &both([false, false]), one);
    refused(
        queries(),
        &json!({"MetricName": "M"}),
        "Scalar metric parameters must not be set if list of Metrics is set.",
    );
    let mut twice = both([true, false]);
    twice["Metrics"][1]["Id"] = json!("e1");
    refused(
        queries(),
        &twice,
        "The values for parameter id in MetricDataQueries are not unique.",
    );
    let mut upper = both([true, false]);
    upper["Metrics"][1]["Id"] = json!("M1");
    refused(
        queries(),
        &upper,
        "The value M1 for parameter Metrics.member.2.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.",
    );
}

#[test]
fn bands_have_a_metric_and_no_threshold() {
    let band = |changes: Value| {
        let mut request = json!({
            "Threshold": null, "ThresholdMetricId": "e1", "ComparisonOperator": "GreaterThanUpperThreshold",
        });
        for (name, value) in changes.as_object().unwrap() {
            request[name] = value.clone();
        }
        let mut list = queries()["Metrics"].clone();
        list[1]["ReturnData"] = json!(true);
        request["Metrics"] = list;
        request
    };
    assert!(definition(&changed(queries(), &band(json!({})))).is_ok());
    for (changes, message) in [
        (
            json!({"Threshold": 1}),
            "Threshold must not be set if ThresholdMetricId is set",
        ),
        (
            json!({"ThresholdMetricId": "zz"}),
            "Metrics list must contain exactly one metric matching the ThresholdMetricId parameter",
        ),
        (
            json!({"ComparisonOperator": "GreaterThanThreshold"}),
            "ComparisonOperator GreaterThanThreshold is not supported with ThresholdMetricId",
        ),
        (
            json!({"ThresholdMetricId": null}),
            "ThresholdMetricId must be set for ComparisonOperator GreaterThanUpperThreshold",
        ),
    ] {
        refused(queries(), &band(changes), message);
    }
}

#[test]
fn suppressors_have_both_periods() {
    let rule = json!({"AlarmName": "c", "AlarmRule": "TRUE"});
    let both = "ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod must be set if ActionsSuppressor is set";
    refused(
        rule.clone(),
        &json!({"ActionsSuppressor": "s", "ActionsSuppressorWaitPeriod": 1}),
        both,
    );
    refused(
        rule.clone(),
        &json!({"ActionsSuppressorWaitPeriod": 1}),
        "ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod must not be set without ActionsSuppressor",
    );
    refused(
        rule,
        &json!({"AlarmActions": ["arn:aws:autoscaling:us-east-1:1:scalingPolicy:x"]}),
        "Auto Scaling actions are not supported for composite alarms.",
    );
}

#[test]
fn states_are_set_of_alarms_that_exist_with_json() {
    let mut alarms = alarms();
    let now = clock("00:00");
    let error = alarms
        .set_state("none", StateValue::Ok, "", None, now)
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (ErrorKind::ResourceNotFound, "")
    );
    let _ = alarms
        .put(definition(&base().to_string()).unwrap(), now)
        .unwrap();
    let error = alarms
        .set_state("a", StateValue::Ok, "r", Some("{"), now)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidFormat);
    let _ = alarms
        .set_state("a", StateValue::Ok, "r", Some("{}"), now)
        .unwrap();
    assert_eq!(
        alarms.get("a").unwrap().state.reason_data.as_deref(),
        Some("{}")
    );
}

#[test]
fn one_composite_alarm_is_deleted_at_a_time() {
    let mut alarms = alarms();
    for request in [
        base().to_string(),
        json!({"AlarmName": "c", "AlarmRule": "ALARM(a)"}).to_string(),
        json!({"AlarmName": "d", "AlarmRule": "ALARM(a)"}).to_string(),
    ] {
        let _ = alarms
            .put(definition(&request).unwrap(), clock("00:00"))
            .unwrap();
    }
    let names = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>()
    };
    let now = clock("01:00");
    assert!(alarms.delete(&names(&["c", "d"]), now).is_err());
    assert!(alarms.delete(&names(&["a"]), now).is_err());
    assert_eq!(alarms.parents_of("a").collect::<Vec<_>>(), ["c", "d"]);
    let effects = alarms.delete(&names(&["c", "unknown"]), now).unwrap();
    assert_eq!(effects.deleted.len(), 1);
    assert_eq!(effects.history[0].summary, "Alarm \"c\" deleted");
    let _ = alarms.delete(&names(&["d"]), now).unwrap();
    let _ = alarms.delete(&names(&["a"]), now).unwrap();
    assert_eq!(alarms.iter().count(), 0);
    assert_eq!(alarms.wakes_at(now), None);
}

#[test]
fn mute_rules_are_checked_and_say_where_they_stand() {
    let request = |expression: &str, duration: &str| MuteRuleRequest {
        name: "m".to_owned(),
        expression: expression.to_owned(),
        duration: duration.to_owned(),
        ..MuteRuleRequest::default()
    };
    for (expression, duration) in [
        ("cron(0 2 * * *)", "PT4H"),
        ("cron(*/15 9-17 1,15 JAN-JUN MON-FRI)", "PT1M"),
        ("at(2026-11-22T09:30)", "P15D"),
        ("cron(0 0 ? * 7)", "P1DT12H"),
    ] {
        assert!(
            request(expression, duration).check().is_ok(),
            "{expression} {duration}"
        );
    }
    for (expression, duration) in [
        ("cron(0 2 * *)", "PT4H"),
        ("cron(60 2 * * *)", "PT4H"),
        ("cron(5-1 2 * * *)", "PT4H"),
        ("cron(*/0 2 * * *)", "PT4H"),
        ("every(1)", "PT4H"),
        ("at(tomorrow)", "PT4H"),
        ("cron(0 2 * * *)", "PT30S"),
        ("cron(0 2 * * *)", "P16D"),
        ("cron(0 2 * * *)", "4H"),
        ("cron(0 2 * * *)", "PT"),
        ("cron(0 2 * * *)", "P1H"),
        ("cron(0 2 * * *)", "P99999999999999999999D"),
        ("", ""),
        ("cron(é 2 * * *)", "PTé"),
    ] {
        assert!(
            request(expression, duration).check().is_err(),
            "{expression} {duration}"
        );
    }
    // Clocks went from 2:00 to 3:00 that night: the moment never came.
    let skipped = |zone: &str| MuteRuleRequest {
        timezone: Some(zone.to_owned()),
        ..request("at(2026-03-29T02:30)", "PT30M")
    };
    assert!(skipped("Europe/Vienna").check().is_err());
    assert!(skipped("UTC").check().is_ok());
    let once = request("at(2026-11-22T09:30)", "PT30M").check().unwrap();
    assert_eq!(once.status(clock("09:29:59")), MuteStatus::Scheduled);
    assert_eq!(once.status(clock("09:30")), MuteStatus::Active);
    assert_eq!(once.status(clock("10:00")), MuteStatus::Expired);
    // The 22nd is a Sunday: three days from Saturday on are still open, and end on Tuesday.
    let weekend = request("cron(0 0 * * SAT)", "P3D").check().unwrap();
    assert_eq!(weekend.status(clock("12:00")), MuteStatus::Active);
    assert_eq!(weekend.status(clock("47:59")), MuteStatus::Active);
    assert_eq!(weekend.status(clock("48:00")), MuteStatus::Scheduled);
    let begins = MuteRuleRequest {
        start_date: Some(clock("13:00")),
        expire_date: Some(clock("20:00")),
        ..request("cron(0 0 * * SAT)", "P3D")
    };
    let begins = begins.check().unwrap();
    assert_eq!(begins.status(clock("12:00")), MuteStatus::Scheduled);
    assert_eq!(begins.status(clock("13:00")), MuteStatus::Active);
    assert_eq!(begins.status(clock("20:00")), MuteStatus::Expired);
}
