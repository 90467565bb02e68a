//! Alarms, their history and mute rules: what is put is shown, what is wrong is refused in the service's words.

use super::*;

const ALARM_ARN: &str = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:sample";
const RULE_ARN: &str = "arn:aws:cloudwatch:us-east-1:111122223333:alarm-mute-rule:nights";
/// The clock of the house.
const NOW_SECONDS: f64 = 1_795_166_142.123;

/// A request that each operation on alarms takes.
pub(super) fn sample(operation: &str) -> Value {
    match operation {
        "DeleteAlarmMuteRule" | "GetAlarmMuteRule" => json!({"AlarmMuteRuleName": "nights"}),
        "DeleteAlarms" | "DisableAlarmActions" => json!({"AlarmNames": ["sample"]}),
        "EnableAlarmActions" => json!({"AlarmNames": ["quiet"]}),
        "DescribeAlarmHistory" | "DescribeAlarms" | "ListAlarmMuteRules" => json!({}),
        "DescribeAlarmsForMetric" => {
            json!({"MetricName": "Invocations", "Namespace": "AWS/Bedrock"})
        }
        "PutAlarmMuteRule" => rule("days"),
        "PutCompositeAlarm" => json!({"AlarmName": "both", "AlarmRule": "ALARM(sample)"}),
        "PutLogAlarm" => log_alarm("lines"),
        "PutMetricAlarm" => alarm("new"),
        "SetAlarmState" => {
            json!({"AlarmName": "sample", "StateValue": "ALARM", "StateReason": "a test"})
        }
        other => panic!("`{other}` has no sample: give it one"),
    }
}

/// The least that an alarm needs.
fn alarm(name: &str) -> Value {
    json!({
        "AlarmName": name,
        "Namespace": "AWS/Bedrock",
        "MetricName": "Invocations",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 5,
        "ComparisonOperator": "GreaterThanThreshold",
    })
}

/// The least that an alarm on a query needs.
fn log_alarm(name: &str) -> Value {
    json!({
        "AlarmName": name,
        "ScheduledQueryConfiguration": {
            "QueryString": "filter @message like /ERROR/",
            "LogGroupIdentifiers": ["/alarmed"],
            "ScheduledQueryRoleARN": "arn:aws:iam::111122223333:role/query",
            "AggregationExpression": "count(*)",
            "ScheduleConfiguration": {"ScheduleExpression": "rate(5 minutes)", "StartTimeOffset": 300},
        },
        "QueryResultsToEvaluate": 3,
        "QueryResultsToAlarm": 2,
        "Threshold": 5.0,
        "ComparisonOperator": "GreaterThanThreshold",
    })
}

fn rule(name: &str) -> Value {
    json!({
        "Name": name,
        "Rule": {"Schedule": {"Expression": "cron(0 22 * * *)", "Duration": "PT8H"}},
        "MuteTargets": {"AlarmNames": ["sample"]},
    })
}

fn with(mut document: Value, more: Value) -> Value {
    let more: serde_json::Map<String, Value> = serde_json::from_value(more).unwrap();
    for (name, value) in more {
        match value {
            Value::Null => document.as_object_mut().unwrap().remove(&name),
            value => document.as_object_mut().unwrap().insert(name, value),
        };
    }
    document
}

pub(super) async fn furnish(house: &House) {
    let tags = json!({"Tags": [{"Key": "team", "Value": "harbour"}]});
    house
        .given("PutMetricAlarm", with(alarm("sample"), tags))
        .await;
    let quiet = json!({"ActionsEnabled": false});
    house
        .given("PutMetricAlarm", with(alarm("quiet"), quiet))
        .await;
    house.given("PutAlarmMuteRule", rule("nights")).await;
    let group = json!({"logGroupName": "/alarmed"}).to_string();
    house.aws("Logs_20140328.CreateLogGroup", &group).await;
}

impl House {
    /// All that operations on alarms can change.
    pub(super) async fn alarms(&self) -> Value {
        let all = json!({"AlarmTypes": ["MetricAlarm", "CompositeAlarm", "LogAlarm"]});
        json!([
            self.given("DescribeAlarms", all).await,
            self.given("ListAlarmMuteRules", json!({})).await,
        ])
    }

    async fn names(&self, asked: Value) -> Vec<String> {
        let answer = self.given("DescribeAlarms", asked).await;
        let of = |member: &str| {
            let alarms = answer[member].as_array().unwrap().clone();
            alarms
                .into_iter()
                .map(|alarm| alarm["AlarmName"].as_str().unwrap().to_owned())
        };
        let all = of("MetricAlarms").chain(of("CompositeAlarms"));
        all.chain(of("LogAlarms")).collect()
    }
}

#[tokio::test]
async fn an_alarm_is_shown_as_it_was_put_and_no_more() {
    let house = house().await;
    let answer = house.given("PutMetricAlarm", alarm("sample")).await;
    assert_eq!(answer, json!({}));
    let found = house.given("DescribeAlarms", json!({})).await;
    // Source: a recorded answer about the least of alarms.
    let expected = json!({
        "AlarmName": "sample",
        "AlarmArn": ALARM_ARN,
        "AlarmConfigurationUpdatedTimestamp": NOW_SECONDS,
        "ActionsEnabled": true,
        "OKActions": [],
        "AlarmActions": [],
        "InsufficientDataActions": [],
        "StateValue": "INSUFFICIENT_DATA",
        "StateReason": "Unchecked: Initial alarm creation",
        "StateUpdatedTimestamp": NOW_SECONDS,
        "StateTransitionedTimestamp": NOW_SECONDS,
        "MetricName": "Invocations",
        "Namespace": "AWS/Bedrock",
        "Statistic": "Sum",
        "Dimensions": [],
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 5.0,
        "ComparisonOperator": "GreaterThanThreshold",
    });
    let all = json!({"MetricAlarms": [expected], "CompositeAlarms": [], "LogAlarms": []});
    assert_eq!(found, all);

    let more = json!({
        "AlarmDescription": "Too many calls",
        "ActionsEnabled": false,
        "OKActions": ["arn:aws:sns:us-east-1:111122223333:calm"],
        "AlarmActions": ["arn:aws:sns:us-east-1:111122223333:alert"],
        "InsufficientDataActions": ["arn:aws:sns:us-east-1:111122223333:odd"],
        "Statistic": null,
        "ExtendedStatistic": "p99.9",
        "Dimensions": [{"Name": "ModelId", "Value": "m"}],
        "Unit": "Count",
        "DatapointsToAlarm": 1,
        "TreatMissingData": "notBreaching",
        "EvaluateLowSampleCountPercentile": "ignore",
        "EvaluationWindow": {"WallClockWindow": {"Timezone": "Europe/Vienna"}},
        "WarmUpConfiguration": {"WarmUpPeriodDurationInMinutes": 5},
    });
    let full = with(alarm("full"), more);
    house.given("PutMetricAlarm", full.clone()).await;
    let found = house
        .given("DescribeAlarms", json!({"AlarmNames": ["full"]}))
        .await;
    let found = &found["MetricAlarms"][0];
    for (name, value) in full.as_object().unwrap() {
        let expected = match name.as_str() {
            "Threshold" => json!(5.0),
            "WarmUpConfiguration" => json!({
                "WarmUpPeriodDurationInMinutes": 5,
                "OnlyStartEvaluatingAfterWarmUpPeriodEnds": false,
            }),
            _ => value.clone(),
        };
        assert_eq!(found[name], expected, "{name}");
    }
    assert_eq!(found["EvaluationState"], "IN_WARM_UP");
}

#[tokio::test]
async fn what_is_wrong_with_an_alarm_is_said_in_the_service_s_words() {
    let house = house().await;
    let check = async |more: Value, code: &str, message: &str| {
        let put = with(alarm("a"), more);
        house
            .check_refused("PutMetricAlarm", put, (400, code, message))
            .await;
    };
    check(
        json!({"TreatMissingData": "sometimes"}),
        "ValidationError",
        "The value sometimes is not supported for TreatMissingData parameter. \
         Supported values are [breaching, notBreaching, ignore, missing].",
    )
    .await;
    check(
        json!({"Statistic": null, "ExtendedStatistic": "p101"}),
        "InvalidParameterValue",
        "The value p101 for parameter ExtendedStatistic is not supported.",
    )
    .await;
    check(
        json!({"AlarmActions": ["somebody"]}),
        "ValidationError",
        "Invalid arn syntax: somebody",
    )
    .await;
    let (status, code, message) = house
        .not_given(
            "PutMetricAlarm",
            with(alarm("a"), json!({"ComparisonOperator": "Above"})),
        )
        .await;
    assert_eq!((status, code.as_str()), (400, "ValidationError"));
    assert!(
        message.starts_with("1 validation error detected: Value 'Above' at 'comparisonOperator'"),
        "{message}"
    );
    for unsupported in [
        json!({"EvaluationInterval": 60}),
        json!({"EvaluationWindow": {}}),
        json!({"ActionConfiguration": {"AlarmTagsPropagation": {"Enabled": true}}}),
    ] {
        let refused = house
            .not_given("PutMetricAlarm", with(alarm("a"), unsupported))
            .await;
        assert_eq!(refused.1, "ValidationError");
    }
    assert_eq!(house.names(json!({})).await, Vec::<String>::new());
}

#[tokio::test]
async fn composite_alarms_families_and_states() {
    let house = house().await;
    furnish(&house).await;
    let both = json!({"AlarmName": "both", "AlarmRule": "ALARM(sample) OR ALARM(quiet)"});
    house.given("PutCompositeAlarm", both).await;
    let set = json!({
        "AlarmName": "sample", "StateValue": "ALARM", "StateReason": "a test",
        "StateReasonData": "{\"why\":1}",
    });
    assert_eq!(house.given("SetAlarmState", set).await, json!({}));
    let all = json!({"AlarmTypes": ["CompositeAlarm"]});
    let found = house.given("DescribeAlarms", all).await;
    assert_eq!(found["MetricAlarms"], json!([]));
    let both = &found["CompositeAlarms"][0];
    assert_eq!(both["StateValue"], "ALARM");
    // The clock stands at 2026-11-20T09:15:42Z, a Friday.
    let reason =
        format!("{ALARM_ARN} transitioned to ALARM at Friday 20 November, 2026 09:15:42 UTC");
    assert_eq!(both["StateReason"], reason);

    let children = house
        .given("DescribeAlarms", json!({"ChildrenOfAlarmName": "both"}))
        .await;
    let child = json!({
        "AlarmName": "sample", "AlarmArn": ALARM_ARN, "StateValue": "ALARM",
        "StateUpdatedTimestamp": NOW_SECONDS,
    });
    assert_eq!(children["MetricAlarms"][1], child);
    let parents = house
        .given("DescribeAlarms", json!({"ParentsOfAlarmName": "quiet"}))
        .await;
    let parent = json!({
        "AlarmName": "both", "AlarmArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:both",
    });
    assert_eq!(parents["CompositeAlarms"], json!([parent]));
    for wrong in [
        json!({"ChildrenOfAlarmName": "both", "StateValue": "OK"}),
        json!({"ParentsOfAlarmName": "both", "AlarmNames": ["a"]}),
        json!({"AlarmNames": ["a"], "AlarmNamePrefix": "a"}),
    ] {
        assert_eq!(
            house.not_given("DescribeAlarms", wrong).await.1,
            "ValidationError"
        );
    }
    let message =
        "Could not save the composite alarm as alarms [none] in the alarm rule do not exist";
    let wrong = json!({"AlarmName": "odd", "AlarmRule": "ALARM(none)"});
    house
        .check_refused(
            "PutCompositeAlarm",
            wrong,
            (400, "ValidationError", message),
        )
        .await;
    let (status, code, message) = house
        .not_given(
            "SetAlarmState",
            json!({"AlarmName": "none", "StateValue": "OK", "StateReason": ""}),
        )
        .await;
    assert_eq!(
        (status, code.as_str(), message.as_str()),
        (404, "ResourceNotFound", "")
    );
    let not_json = json!({
        "AlarmName": "sample", "StateValue": "OK", "StateReason": "", "StateReasonData": "{",
    });
    assert_eq!(
        house.not_given("SetAlarmState", not_json).await.1,
        "InvalidFormat"
    );
    let depended_on = house
        .not_given("DeleteAlarms", json!({"AlarmNames": ["sample"]}))
        .await;
    assert_eq!(depended_on.1, "ValidationError");
    house
        .given("DeleteAlarms", json!({"AlarmNames": ["both"]}))
        .await;
    house
        .given("DeleteAlarms", json!({"AlarmNames": ["sample", "none"]}))
        .await;
    assert_eq!(house.names(json!({})).await, ["quiet"]);
}

#[tokio::test]
async fn alarms_are_listed_by_what_is_asked_for_in_pages() {
    let house = house().await;
    for name in ["b", "a", "c", "prefix-1", "prefix-2"] {
        house.given("PutMetricAlarm", alarm(name)).await;
    }
    let acting = json!({"OKActions": ["arn:aws:sns:us-east-1:111122223333:team"]});
    house
        .given("PutMetricAlarm", with(alarm("acting"), acting))
        .await;
    let composite = json!({"AlarmName": "bb", "AlarmRule": "OK(b)"});
    house.given("PutCompositeAlarm", composite).await;
    let check = async |asked: Value, expected: &[&str]| {
        assert_eq!(house.names(asked).await, expected);
    };
    check(
        json!({"AlarmNamePrefix": "prefix"}),
        &["prefix-1", "prefix-2"],
    )
    .await;
    check(json!({"AlarmNames": ["c", "a", "none"]}), &["a", "c"]).await;
    check(
        json!({"ActionPrefix": "arn:aws:sns:us-east-1:1"}),
        &["acting"],
    )
    .await;
    check(json!({"StateValue": "ALARM"}), &[]).await;
    check(json!({"AlarmTypes": ["CompositeAlarm"]}), &["bb"]).await;

    let mut asked = json!({"AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "MaxRecords": 3});
    let mut pages = Vec::new();
    loop {
        let answer = house.given("DescribeAlarms", asked.clone()).await;
        pages.push(house.names(asked.clone()).await);
        let Some(token) = answer.get("NextToken") else {
            break;
        };
        asked["NextToken"] = token.clone();
    }
    // Composite alarms stand apart in an answer, and in the order of names among all.
    let expected = [
        vec!["a", "acting", "b"],
        vec!["c", "prefix-1", "bb"],
        vec!["prefix-2"],
    ];
    assert_eq!(pages, expected);
    let refused = house
        .not_given("DescribeAlarms", json!({"NextToken": "made up"}))
        .await;
    assert_eq!(refused.1, "InvalidNextToken");

    let of = |more: Value| with(sample("DescribeAlarmsForMetric"), more);
    let count = async |asked: Value| {
        let found = house.given("DescribeAlarmsForMetric", asked).await;
        found["MetricAlarms"].as_array().unwrap().len()
    };
    assert_eq!(count(of(json!({}))).await, 6);
    assert_eq!(count(of(json!({"Statistic": "Average"}))).await, 0);
    assert_eq!(
        count(of(json!({"Statistic": "Sum", "Period": 60}))).await,
        6
    );
    let other = json!({"Dimensions": [{"Name": "ModelId", "Value": "m"}]});
    assert_eq!(count(of(other)).await, 0);
}

#[tokio::test]
async fn history_tells_what_happened() {
    let house = house().await;
    furnish(&house).await;
    house.given("SetAlarmState", sample("SetAlarmState")).await;
    house
        .given("DeleteAlarms", json!({"AlarmNames": ["sample"]}))
        .await;
    let items = async |asked: Value| {
        let answer = house.given("DescribeAlarmHistory", asked).await;
        let items = answer["AlarmHistoryItems"].as_array().unwrap().clone();
        let said = items
            .iter()
            .map(|item| item["HistorySummary"].as_str().unwrap().to_owned());
        said.collect::<Vec<_>>()
    };
    let told = items(json!({"AlarmName": "sample"})).await;
    let expected = [
        "Alarm \"sample\" deleted",
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
        "Alarm \"sample\" created",
    ];
    assert_eq!(told, expected, "of a deleted alarm, the newest first");
    let oldest = json!({"AlarmName": "sample", "ScanBy": "TimestampAscending", "MaxRecords": 1});
    assert_eq!(items(oldest).await, [expected[2]]);
    let states = json!({"HistoryItemType": "StateUpdate"});
    assert_eq!(items(states).await, [expected[1]]);
    let contributors = json!({"HistoryItemType": "AlarmContributorStateUpdate"});
    assert!(items(contributors).await.is_empty());
    let past = json!({"EndDate": NOW_SECONDS - 1.0});
    assert!(items(past).await.is_empty());

    let first = house
        .given("DescribeAlarmHistory", json!({"MaxRecords": 2}))
        .await;
    let next = json!({"MaxRecords": 9, "NextToken": first["NextToken"]});
    assert_eq!(
        items(next).await.len(),
        2,
        "two of the four are on the first page"
    );
    // A place in one list is none in another.
    let other = json!({"AlarmName": "quiet", "NextToken": first["NextToken"]});
    let refused = (
        400,
        "InvalidNextToken",
        "The specified NextToken is invalid.",
    );
    house
        .check_refused("DescribeAlarmHistory", other, refused)
        .await;
    let item = &first["AlarmHistoryItems"][1];
    assert_eq!(item["HistoryItemType"], "StateUpdate");
    assert_eq!(item["Timestamp"], NOW_SECONDS);
    let data: Value = serde_json::from_str(item["HistoryData"].as_str().unwrap()).unwrap();
    assert_eq!(data["newState"]["stateValue"], "ALARM");
}

#[tokio::test]
async fn a_log_alarm_is_shown_as_it_was_put_among_others() {
    let house = house().await;
    furnish(&house).await;
    let more = json!({
        "AlarmDescription": "of the app", "TreatMissingData": "notBreaching",
        "ActionLogLineCount": 5, "ActionLogLineRoleArn": "arn:aws:iam::111122223333:role/lines",
        "Tags": [{"Key": "team", "Value": "harbour"}],
    });
    assert_eq!(
        house
            .given("PutLogAlarm", with(log_alarm("lines"), more))
            .await,
        json!({})
    );
    let logs = json!({"AlarmTypes": ["LogAlarm"]});
    let found = house.given("DescribeAlarms", logs.clone()).await;
    assert_eq!(found["MetricAlarms"], json!([]));
    let shown = &found["LogAlarms"][0];
    assert_eq!(
        shown,
        &json!({
            "AlarmName": "lines",
            "AlarmArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:lines",
            "AlarmDescription": "of the app",
            "AlarmConfigurationUpdatedTimestamp": NOW_SECONDS,
            "ActionsEnabled": true,
            "OKActions": [], "AlarmActions": [], "InsufficientDataActions": [],
            "StateValue": "INSUFFICIENT_DATA",
            "StateReason": "Unchecked: Initial alarm creation",
            "StateUpdatedTimestamp": NOW_SECONDS,
            "StateTransitionedTimestamp": NOW_SECONDS,
            "ScheduledQueryConfiguration": log_alarm("lines")["ScheduledQueryConfiguration"],
            "QueryResultsToEvaluate": 3, "QueryResultsToAlarm": 2, "Threshold": 5.0,
            "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching",
            "ActionLogLineCount": 5, "ActionLogLineRoleArn": "arn:aws:iam::111122223333:role/lines",
        })
    );
    assert_eq!(
        house.names(json!({})).await,
        ["quiet", "sample"],
        "metric alarms alone"
    );
    let top = json!({"AlarmName": "top", "AlarmRule": "ALARM(lines)"});
    house.given("PutCompositeAlarm", top).await;
    assert_eq!(
        house.names(json!({"ChildrenOfAlarmName": "top"})).await,
        ["lines"]
    );
    let set = json!({"AlarmName": "lines", "StateValue": "ALARM", "StateReason": "a test"});
    house.given("SetAlarmState", set).await;
    let history = json!({"AlarmTypes": ["LogAlarm"], "HistoryItemType": "StateUpdate"});
    let told = house.given("DescribeAlarmHistory", history).await;
    assert_eq!(told["AlarmHistoryItems"][0]["AlarmType"], "LogAlarm");
    house
        .given("DisableAlarmActions", json!({"AlarmNames": ["lines"]}))
        .await;
    let found = house.given("DescribeAlarms", logs).await;
    assert_eq!(found["LogAlarms"][0]["ActionsEnabled"], false);
    let tags = json!({"ResourceARN": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:lines"});
    let tags = house.given("ListTagsForResource", tags).await;
    assert_eq!(tags["Tags"], json!([{"Key": "team", "Value": "harbour"}]));
}

#[tokio::test]
async fn a_query_that_could_never_be_answered_is_refused() {
    let house = house().await;
    furnish(&house).await;
    let refused = async |member: &str, value: Value, expected: &str| {
        let mut asked = log_alarm("lines");
        asked["ScheduledQueryConfiguration"][member] = value;
        let (status, code, message) = house.not_given("PutLogAlarm", asked).await;
        assert_eq!(
            (status, code.as_str()),
            (400, "ValidationError"),
            "{message}"
        );
        assert!(message.contains(expected), "{message}");
    };
    refused(
        "QueryString",
        json!("filter ("),
        "The query of the alarm cannot be executed: ",
    )
    .await;
    refused(
        "AggregationExpression",
        json!("nothing("),
        "cannot be executed: ",
    )
    .await;
    refused(
        "QueryString",
        json!("filter refuse = 1"),
        "cannot be executed: not this one",
    )
    .await;
    refused(
        "LogGroupIdentifiers",
        json!(["/none"]),
        "Log group '/none' does not exist",
    )
    .await;
    let schedule = json!({"ScheduleExpression": "cron(0 * * * *)", "StartTimeOffset": 300});
    refused(
        "ScheduleConfiguration",
        schedule,
        "not supported for ScheduleExpression",
    )
    .await;
    assert!(
        house
            .names(json!({"AlarmTypes": ["LogAlarm"]}))
            .await
            .is_empty()
    );
}

/// What the engine answers is `row 0`, `row 1`, … with every second row's number beside it.
#[tokio::test]
async fn the_queries_of_log_alarms_are_about_their_time_and_answer_with_values_and_lines() {
    use corelog_watch::{LogQueries as _, Unanswered};

    let house = house().await;
    furnish(&house).await;
    house.given("PutLogAlarm", log_alarm("lines")).await;
    let queries = crate::logs::ScheduledQueries::new(house.api.clone());
    let query = |text: &str, aggregation: &str| corelog_alarms::ScheduledQuery {
        text: text.to_owned(),
        log_groups: vec!["/alarmed".to_owned()],
        aggregation: aggregation.to_owned(),
        schedule: "rate(1 minute)".to_owned(),
        interval_seconds: 60,
        start_offset_seconds: 90,
        end_offset_seconds: Some(30),
        role: String::new(),
        tags: Vec::new(),
    };
    let at = corelog_types::Timestamp::from_unix_ms(1_795_166_142_123);
    let asked = query(
        "filter @message like /a/ # why",
        "count(*) as n by @message",
    );
    let values = queries.values(&asked, at).await.unwrap();
    assert_eq!(
        (values[0].of.as_str(), values[0].value.to_bits()),
        ("@message=row 0", 0.0_f64.to_bits())
    );
    assert_eq!(
        (values[1].of.as_str(), values[1].value.to_bits()),
        ("@message=row 2", 2.0_f64.to_bits())
    );
    let spec = house.engine.asked.lock().last().cloned().unwrap();
    assert_eq!(
        (spec.start_ms, spec.end_ms),
        (1_795_166_052_123, 1_795_166_112_122)
    );
    assert_eq!(
        spec.text,
        "filter @message like /a/ # why
| stats count(*) as n by @message"
    );
    assert_eq!(spec.asked_at, at);
    assert_eq!(
        queries.lines(&asked, at, 2).await.unwrap(),
        ["row 0", "row 1"]
    );
    let spec = house.engine.asked.lock().last().cloned().unwrap();
    assert_eq!(
        spec.text,
        "filter @message like /a/ # why\n| limit 2 | display substr(@message, 0, 1024) as logLine"
    );
    let shaped = query("stats count(*) by host", "max(n)");
    queries.lines(&shaped, at, 2).await.unwrap();
    let spec = house.engine.asked.lock().last().cloned().unwrap();
    assert_eq!(spec.text, "stats count(*) by host\n| limit 2");
    let listed = house.aws("Logs_20140328.DescribeQueries", "{}").await;
    assert_eq!(
        json(&listed.2)["queries"],
        json!([]),
        "they push out nobody's"
    );
    let failed = queries
        .values(&query("filter fail = 1", "count(*)"), at)
        .await;
    assert!(matches!(failed, Err(Unanswered::Failed(_))), "{failed:?}");
    let wrong = queries
        .values(&query("filter huge = 1", "count(*)"), at)
        .await;
    assert!(matches!(wrong, Err(Unanswered::Wrong(_))), "{wrong:?}");
}

#[tokio::test]
async fn mute_rules_are_kept_and_alarms_have_tags() {
    let house = house().await;
    furnish(&house).await;
    let found = house
        .given("GetAlarmMuteRule", sample("GetAlarmMuteRule"))
        .await;
    // It is a quarter past nine in the morning.
    let expected = json!({
        "Name": "nights",
        "AlarmMuteRuleArn": RULE_ARN,
        "Rule": {"Schedule": {"Expression": "cron(0 22 * * *)", "Duration": "PT8H"}},
        "MuteTargets": {"AlarmNames": ["sample"]},
        "Status": "SCHEDULED",
        "LastUpdatedTimestamp": NOW_SECONDS,
        "MuteType": "RECURRING",
    });
    assert_eq!(found, expected);
    let now = json!({
        "Rule": {"Schedule": {"Expression": "at(2026-11-20T09:00)", "Duration": "PT1H"}},
        "Tags": [{"Key": "a", "Value": "b"}],
    });
    house
        .given("PutAlarmMuteRule", with(rule("now"), now))
        .await;
    let list = async |asked: Value| {
        let answer = house.given("ListAlarmMuteRules", asked).await;
        let rules = answer["AlarmMuteRuleSummaries"].as_array().unwrap().clone();
        let types = rules
            .iter()
            .map(|rule| rule["MuteType"].as_str().unwrap().to_owned());
        types.collect::<Vec<_>>()
    };
    assert_eq!(list(json!({})).await, ["RECURRING", "ONE_TIME"]);
    assert_eq!(list(json!({"Statuses": ["ACTIVE"]})).await, ["ONE_TIME"]);
    assert_eq!(
        list(json!({"AlarmName": "quiet"})).await,
        Vec::<String>::new()
    );
    let page = house
        .given("ListAlarmMuteRules", json!({"MaxRecords": 1}))
        .await;
    let next = json!({"NextToken": page["NextToken"]});
    assert_eq!(list(next).await, ["ONE_TIME"]);
    let wrong = json!({"Rule": {"Schedule": {"Expression": "every day", "Duration": "PT1H"}}});
    let refused = house
        .not_given("PutAlarmMuteRule", with(rule("odd"), wrong))
        .await;
    assert_eq!(refused.1, "ValidationError");
    for _ in 0..2 {
        house
            .given("DeleteAlarmMuteRule", sample("DeleteAlarmMuteRule"))
            .await;
    }
    let gone = house
        .not_given("GetAlarmMuteRule", sample("GetAlarmMuteRule"))
        .await;
    assert_eq!(
        (gone.0, gone.1.as_str()),
        (404, "ResourceNotFoundException")
    );

    let rule_arn = RULE_ARN.replace("nights", "now");
    for (arn, first) in [
        (ALARM_ARN, json!([{"Key": "team", "Value": "harbour"}])),
        (rule_arn.as_str(), json!([{"Key": "a", "Value": "b"}])),
    ] {
        let tags = || house.given("ListTagsForResource", json!({"ResourceARN": arn}));
        assert_eq!(tags().await["Tags"], first);
        let more = json!({"ResourceARN": arn, "Tags": [{"Key": "z", "Value": "1"}]});
        house.given("TagResource", more).await;
        let key = &first[0]["Key"];
        let less = json!({"ResourceARN": arn, "TagKeys": [key]});
        house.given("UntagResource", less).await;
        assert_eq!(tags().await["Tags"], json!([{"Key": "z", "Value": "1"}]));
    }
    let again = json!({"Tags": [{"Key": "team", "Value": "other"}]});
    house
        .given("PutMetricAlarm", with(alarm("sample"), again))
        .await;
    let tags = house
        .given("ListTagsForResource", json!({"ResourceARN": ALARM_ARN}))
        .await;
    assert_eq!(
        tags["Tags"],
        json!([{"Key": "z", "Value": "1"}]),
        "an update has no tags"
    );
}
