//! Log alarms: what their queries answer, time after time, and what follows.

use corelog_alarms::{
    Alarm, Alarms, Answered, Contribution, Definition, Error, LogAlarmRequest, Problem,
    ScheduledQueryRequest, StateValue, WarmUpRequest, document,
};
use corelog_types::Timestamp;
use serde_json::Value;

use crate::model::{account, alarms, at, clock, definition};

const MINUTE_MS: u64 = 60_000;

fn request() -> LogAlarmRequest {
    LogAlarmRequest {
        alarm_name: "errors".to_owned(),
        alarm_actions: vec!["arn:aws:sns:us-east-1:123456789012:page".to_owned()],
        ok_actions: vec!["arn:aws:sns:us-east-1:123456789012:calm".to_owned()],
        query: ScheduledQueryRequest {
            query_string: "fields @message | filter @message like /ERROR/".to_owned(),
            log_group_identifiers: vec!["/app".to_owned()],
            scheduled_query_role_arn: "arn:aws:iam::123456789012:role/query".to_owned(),
            aggregation_expression: "count(*)".to_owned(),
            schedule_expression: "rate(1 minute)".to_owned(),
            start_time_offset: 60,
            end_time_offset: None,
            tags: Vec::new(),
        },
        query_results_to_evaluate: 1,
        query_results_to_alarm: 1,
        threshold: 5.0,
        comparison_operator: "GreaterThanThreshold".to_owned(),
        ..LogAlarmRequest::default()
    }
}

fn of(evaluated: i64, to_alarm: i64) -> LogAlarmRequest {
    LogAlarmRequest {
        query_results_to_evaluate: evaluated,
        query_results_to_alarm: to_alarm,
        ..request()
    }
}

/// Executions a minute apart, as its schedule has them, from noon on.
struct Scene {
    alarms: Alarms,
    now_ms: u64,
}

impl Scene {
    fn new(request: &LogAlarmRequest) -> Self {
        let mut scene = Self {
            alarms: alarms(),
            now_ms: clock("12:00").unix_ms(),
        };
        scene.put(request.check().unwrap());
        scene
    }

    fn now(&self) -> Timestamp {
        at(self.now_ms)
    }

    fn put(&mut self, definition: Definition) {
        let _ = self.alarms.put(definition, self.now()).unwrap();
    }

    /// An execution with these values, a minute after the last; gives back how many notices follow.
    fn answer(&mut self, values: &[(&str, f64)]) -> usize {
        let answered = Answered {
            values: values
                .iter()
                .map(|(of, value)| Contribution {
                    of: (*of).to_owned(),
                    value: *value,
                })
                .collect(),
            lines: vec!["ERROR one".to_owned()],
        };
        let now = self.now();
        let effects = self.alarms.take_answer("errors", &answered, now, now);
        self.now_ms += MINUTE_MS;
        effects.notices.len()
    }

    fn skip(&mut self, minutes: u64) {
        self.now_ms += minutes * MINUTE_MS;
    }

    fn alarm(&self) -> &Alarm {
        self.alarms.get("errors").unwrap()
    }

    fn state(&self) -> StateValue {
        self.alarm().state.value
    }
}

#[test]
fn one_result_decides_and_says_why() {
    let mut scene = Scene::new(&request());
    assert_eq!(scene.state(), StateValue::InsufficientData);
    assert_eq!(scene.answer(&[("", 6.0)]), 1);
    let state = &scene.alarm().state;
    assert_eq!(
        state.reason,
        "Threshold Crossed: 1 out of the last 1 query results [6.0 (22/11/26 12:00:00)] was greater than the threshold \
         (5.0)."
    );
    let data: Value = serde_json::from_str(state.reason_data.as_deref().unwrap()).unwrap();
    assert_eq!(data["evaluatedQueryResults"][0]["value"], 6.0);
    assert_eq!(state.log_lines, ["ERROR one"]);
    assert_eq!(scene.answer(&[("", 9.0)]), 0, "it is in ALARM already");
    assert_eq!(scene.answer(&[("", 5.0)]), 1);
    assert_eq!(scene.state(), StateValue::Ok);
    assert_eq!(scene.answer(&[("", 8.0)]), 1);
    let reason = &scene.alarm().state.reason;
    assert!(
        reason.starts_with("Threshold Crossed: 1 out of the last 1 query results [8.0 ("),
        "{reason}"
    );
    assert_eq!(scene.answer(&[("", 5.0)]), 1);
    assert!(scene.alarm().state.log_lines.is_empty());
    assert_eq!(
        scene.alarm().state.reason,
        "Threshold Crossed: the newest query result within the limit [5.0 (22/11/26 12:04:00)] was not greater than the \
         threshold (5.0)."
    );
}

#[test]
fn m_of_the_newest_n_results_decide() {
    let mut scene = Scene::new(&of(3, 2));
    for (value, expected) in [
        (1.0, StateValue::Ok),
        (6.0, StateValue::Ok),
        (1.0, StateValue::Ok),
        (6.0, StateValue::Alarm),
        (1.0, StateValue::Ok),
        (1.0, StateValue::Ok),
    ] {
        scene.answer(&[("", value)]);
        assert_eq!(scene.state(), expected, "{value}");
    }
}

#[test]
fn a_contributor_has_to_be_outside_of_the_limit_by_itself() {
    let mut scene = Scene::new(&of(2, 2));
    scene.answer(&[("host=a", 9.0), ("host=b", 1.0)]);
    scene.answer(&[("host=b", 9.0)]);
    assert_eq!(scene.state(), StateValue::Ok, "one each");
    assert_eq!(
        scene.alarm().state.reason,
        "Threshold Crossed: no contributor was greater than the threshold (5.0) in 2 of the last 2 query results."
    );
    scene.answer(&[("host=b", 7.0), ("host=c", 8.0)]);
    assert_eq!(scene.state(), StateValue::Alarm);
    let reason = &scene.alarm().state.reason;
    assert!(
        reason.starts_with("Threshold Crossed: 1 contributor evaluated to ALARM: host=b [7.0 ("),
        "{reason}"
    );
    // A contributor that is gone is within the limit.
    scene.answer(&[("host=c", 1.0)]);
    assert_eq!(scene.state(), StateValue::Ok);
}

#[test]
fn results_without_values_count_as_they_are_told_to() {
    let with = |treatment: &str| LogAlarmRequest {
        treat_missing_data: Some(treatment.to_owned()),
        ..request()
    };
    for (treatment, expected) in [
        ("missing", StateValue::InsufficientData),
        ("ignore", StateValue::Ok),
        ("breaching", StateValue::Alarm),
        ("notBreaching", StateValue::Ok),
    ] {
        let mut scene = Scene::new(&with(treatment));
        scene.answer(&[("", 1.0)]);
        // Older results are looked at for two more intervals.
        for _ in 0..3 {
            scene.answer(&[]);
        }
        assert_eq!(scene.state(), expected, "{treatment}");
    }
}

#[test]
fn results_of_long_ago_do_not_count() {
    let mut scene = Scene::new(&of(2, 2));
    scene.answer(&[("", 9.0)]);
    scene.skip(60);
    scene.answer(&[("", 9.0)]);
    assert_eq!(scene.state(), StateValue::Ok, "one of two is not enough");
    assert_eq!(scene.alarm().results.len(), 1);
}

#[test]
fn an_execution_takes_the_place_of_another_of_the_same_turn() {
    let mut scene = Scene::new(&of(2, 2));
    let now = scene.now();
    for _ in 0..2 {
        let answered = Answered {
            values: vec![Contribution {
                of: String::new(),
                value: 9.0,
            }],
            lines: Vec::new(),
        };
        let _ = scene.alarms.take_answer("errors", &answered, now, now);
    }
    assert_eq!(scene.alarm().results.len(), 1);
}

#[test]
fn what_fails_makes_no_state_and_says_so() {
    let mut scene = Scene::new(&request());
    scene.answer(&[("", 9.0)]);
    let now = scene.now();
    let fail = |scene: &mut Scene, problem, why: &str| {
        let effects = scene.alarms.take_failure("errors", problem, why, now);
        assert!(effects.notices.is_empty() && effects.history.is_empty());
        !effects.changed.is_empty()
    };
    assert!(fail(&mut scene, Problem::Failure, "the store is away"));
    assert!(
        !fail(&mut scene, Problem::Failure, "the store is away"),
        "nothing new"
    );
    let state = &scene.alarm().state;
    assert_eq!(state.value, StateValue::Alarm);
    assert_eq!(state.evaluation_state(), Some("EVALUATION_FAILURE"));
    assert!(
        state.reason.starts_with("Threshold Crossed"),
        "{}",
        state.reason
    );
    assert!(fail(
        &mut scene,
        Problem::Error,
        "there is no log group `/app`"
    ));
    let state = &scene.alarm().state;
    assert_eq!(state.evaluation_state(), Some("EVALUATION_ERROR"));
    assert_eq!(
        state.reason,
        "The query of the alarm cannot be executed: there is no log group `/app`"
    );
    assert_eq!(
        scene.answer(&[("", 9.0)]),
        0,
        "it was in ALARM all the time"
    );
    let state = &scene.alarm().state;
    assert_eq!(state.evaluation_state(), None);
    assert!(
        state.reason.starts_with("Threshold Crossed"),
        "{}",
        state.reason
    );
}

#[test]
fn more_values_than_are_looked_at_are_partial_data() {
    let mut scene = Scene::new(&request());
    let values: Vec<Contribution> = (0..501)
        .map(|number| Contribution {
            of: format!("n={number}"),
            value: if number == 500 { 99.0 } else { 1.0 },
        })
        .collect();
    let answered = Answered {
        values,
        lines: Vec::new(),
    };
    let now = scene.now();
    let _ = scene.alarms.take_answer("errors", &answered, now, now);
    assert_eq!(scene.alarm().state.evaluation_state(), Some("PARTIAL_DATA"));
    assert_eq!(scene.state(), StateValue::Ok);
}

#[test]
fn what_is_kept_of_results_is_bounded() {
    let mut scene = Scene::new(&of(100, 100));
    let all: Vec<(String, f64)> = (0..500)
        .map(|n| (format!("{n:0>300}"), f64::from(n)))
        .collect();
    let all: Vec<(&str, f64)> = all
        .iter()
        .map(|(of, value)| (of.as_str(), *value))
        .collect();
    for _ in 0..200 {
        scene.answer(&all);
    }
    assert_eq!(scene.state(), StateValue::Alarm);
    let results = &scene.alarm().results;
    assert!(results.len() <= 133, "{}", results.len());
    let kept: usize = results.iter().map(|result| result.breaching.len()).sum();
    assert!(kept <= 2_000, "{kept}");
    let worst = &results[0].breaching[0];
    assert_eq!(
        (worst.value.to_bits(), worst.of.len()),
        (499.0_f64.to_bits(), 128)
    );
    let state = &scene.alarm().state;
    assert!(state.reason.chars().count() <= 1_023, "{}", state.reason);
    assert!(state.reason_data.as_deref().unwrap().len() <= 4_000);
}

#[test]
fn a_changed_query_begins_anew_and_a_changed_action_does_not() {
    let mut scene = Scene::new(&of(2, 2));
    scene.answer(&[("", 9.0)]);
    let renamed = LogAlarmRequest {
        alarm_description: Some("of the app".to_owned()),
        ..of(2, 2)
    };
    scene.put(renamed.check().unwrap());
    assert_eq!(scene.alarm().results.len(), 1);
    let changed = LogAlarmRequest {
        threshold: 6.0,
        ..of(2, 2)
    };
    scene.put(changed.check().unwrap());
    assert_eq!(scene.alarm().results.len(), 0);
}

#[test]
fn a_warm_up_ends_once_there_are_results_enough() {
    let mut scene = Scene::new(&LogAlarmRequest {
        warm_up: Some(WarmUpRequest {
            warm_up_period_duration_in_minutes: 60,
            only_start_evaluating_after_warm_up_period_ends: None,
        }),
        ..of(2, 1)
    });
    assert_eq!(scene.answer(&[("", 9.0)]), 0);
    assert_eq!(scene.alarm().state.evaluation_state(), Some("IN_WARM_UP"));
    assert_eq!(scene.answer(&[("", 9.0)]), 1);
    assert_eq!(scene.state(), StateValue::Alarm);
}

#[test]
fn a_query_is_due_at_once_then_by_its_schedule_and_after_a_restart_if_its_turn_was_missed() {
    let mut scene = Scene::new(&LogAlarmRequest {
        query: ScheduledQueryRequest {
            schedule_expression: "rate(1 hour)".to_owned(),
            ..request().query
        },
        ..request()
    });
    let now = scene.now();
    assert_eq!(scene.alarms.queries_due(now).len(), 1);
    assert!(scene.alarms.due(now).is_empty(), "it is no metric alarm");
    scene.alarms.pass_over("errors", now);
    let next = scene.alarms.query_wakes_at().unwrap();
    assert!(next > now && next.unix_ms() <= now.unix_ms() + 60 * MINUTE_MS);
    scene.answer(&[("", 1.0)]);
    let stored: Vec<Alarm> = scene.alarms.iter().cloned().collect();
    let soon = Alarms::restore(account(), stored.clone(), [], now);
    assert!(soon.queries_due(now).is_empty());
    let later = at(now.unix_ms() + 600 * MINUTE_MS);
    let late = Alarms::restore(account(), stored, [], later);
    assert_eq!(late.queries_due(later).len(), 1);
}

#[test]
fn executions_are_for_their_turns_however_late_and_the_first_gives_way_to_its_turn() {
    let mut scene = Scene::new(&of(2, 2));
    let first = scene.now();
    assert_eq!(scene.alarms.queries_due(first)[0].1, first);
    scene.alarms.pass_over("errors", first);
    let answered = Answered {
        values: vec![Contribution {
            of: String::new(),
            value: 9.0,
        }],
        lines: Vec::new(),
    };
    let _ = scene.alarms.take_answer("errors", &answered, first, first);
    // Put again as it is, it is not executed for the same time again.
    scene.put(of(2, 2).check().unwrap());
    assert!(scene.alarms.queries_due(first).is_empty());
    let mut ends = Vec::new();
    for (turn, late_ms) in [(0, 700), (1, 42_000), (2, 3)] {
        let due = scene.alarms.query_wakes_at().unwrap();
        let now = at(due.unix_ms() + late_ms % MINUTE_MS);
        let (_, at) = scene.alarms.queries_due(now)[0].clone();
        assert_eq!(at, due, "it is for its turn");
        scene.alarms.pass_over("errors", now);
        let _ = scene.alarms.take_answer("errors", &answered, at, now);
        ends.push(at.unix_ms());
        let expected = if turn == 0 {
            StateValue::Ok
        } else {
            StateValue::Alarm
        };
        assert_eq!(scene.state(), expected, "turn {turn}");
    }
    assert!(
        ends.windows(2).all(|pair| pair[1] - pair[0] == MINUTE_MS),
        "{ends:?}"
    );
}

#[test]
fn composite_alarms_stand_above_log_alarms() {
    let mut scene = Scene::new(&request());
    scene.put(definition(r#"{"AlarmName":"top","AlarmRule":"ALARM(errors)"}"#).unwrap());
    scene.answer(&[("", 9.0)]);
    let top = scene.alarms.get("top").unwrap();
    assert_eq!(top.state.value, StateValue::Alarm);
    let wrong = definition(r#"{"AlarmName":"errors","AlarmRule":"TRUE"}"#).unwrap();
    let now = scene.now();
    let refused = scene.alarms.put(wrong, now).unwrap_err().to_string();
    assert!(refused.contains("of a different type"), "{refused}");
}

#[test]
fn log_alarms_are_deleted_one_at_a_time() {
    let mut scene = Scene::new(&request());
    let now = scene.now();
    let two = ["errors".to_owned(), "none".to_owned()];
    assert!(scene.alarms.delete(&two, now).is_err());
    assert!(scene.alarms.delete(&two[..1], now).is_ok());
    assert!(scene.alarms.queries_due(now).is_empty());
}

#[test]
fn log_events_are_asked_for_where_a_notice_will_show_them() {
    let with_lines = LogAlarmRequest {
        action_log_line_count: Some(3),
        action_log_line_role_arn: Some("arn:aws:iam::123456789012:role/lines".to_owned()),
        ..request()
    };
    let answered = |value| Answered {
        values: vec![Contribution {
            of: String::new(),
            value,
        }],
        lines: Vec::new(),
    };
    let mut scene = Scene::new(&with_lines);
    assert_eq!(scene.alarms.wants_lines("errors", &answered(6.0)), Some(3));
    assert_eq!(scene.alarms.wants_lines("errors", &answered(5.0)), None);
    scene.answer(&[("", 6.0)]);
    assert_eq!(
        scene.alarms.wants_lines("errors", &answered(6.0)),
        None,
        "told already"
    );
    let scene = Scene::new(&request());
    assert_eq!(scene.alarms.wants_lines("errors", &answered(6.0)), None);
}

#[test]
fn what_an_action_delivers_has_the_query_and_its_log_events() {
    let mut scene = Scene::new(&request());
    let answered = Answered {
        values: vec![Contribution {
            of: String::new(),
            value: 6.0,
        }],
        lines: vec!["ERROR one".to_owned(), "x".repeat(5_000)],
    };
    let now = scene.now();
    let effects = scene.alarms.take_answer("errors", &answered, now, now);
    let [notice] = effects.notices.as_slice() else {
        panic!("one notice")
    };
    let message = document::sns::message(&account(), notice);
    assert_eq!(message["NewStateValue"], "ALARM");
    assert_eq!(message["Trigger"]["AggregationExpression"], "count(*)");
    assert_eq!(message["Trigger"]["QueryResultsToEvaluate"], 1);
    assert_eq!(message["LogLines"][0], "ERROR one");
    assert_eq!(message["LogLines"][1].as_str().unwrap().len(), 1_024);
    let event = document::event::state_change(&account(), &notice.transition);
    let configuration = &event["detail"]["configuration"]["scheduledQueryConfiguration"];
    assert_eq!(
        configuration["scheduleConfiguration"]["scheduleExpression"],
        "rate(1 minute)"
    );
    assert_eq!(effects.history[0].alarm_type, "LogAlarm");
}

#[test]
fn requests_are_checked() {
    fn check(change: impl FnOnce(&mut LogAlarmRequest)) -> Result<Definition, Error> {
        let mut request = request();
        change(&mut request);
        request.check()
    }
    fn refused(change: impl FnOnce(&mut LogAlarmRequest), expected: &str) {
        let said = check(change).unwrap_err().to_string();
        assert!(said.contains(expected), "{said}");
    }
    for (rate, seconds) in [
        ("rate(1 minute)", 60),
        ("rate(5 minutes)", 300),
        (" rate( 1 hour ) ", 3_600),
        ("rate(30 days)", 2_592_000),
    ] {
        let made = check(|request| request.query.schedule_expression = rate.to_owned()).unwrap();
        assert_eq!(
            made.log().unwrap().query.interval_seconds,
            seconds,
            "{rate}"
        );
    }
    for rate in [
        "rate(5 minute)",
        "rate(1 minutes)",
        "rate(0 minutes)",
        "rate(-1 minutes)",
        "rate(30 seconds)",
        "cron(0 * * * *)",
        "rate(1.5 hours)",
        "rate(31 days)",
        "rate()",
        "5 minutes",
        "rate(99999999999999999999 days)",
    ] {
        refused(
            |request| request.query.schedule_expression = rate.to_owned(),
            "is not supported for ScheduleExpression",
        );
    }
    refused(
        |request| request.query_results_to_alarm = 2,
        "less than or equal to QueryResultsToEvaluate",
    );
    refused(
        |request| request.query_results_to_evaluate = 101,
        "value less than or equal to 100",
    );
    refused(
        |request| request.query_results_to_alarm = 0,
        "value greater than or equal to 1",
    );
    refused(|request| request.threshold = f64::NAN, "valid Threshold");
    refused(
        |request| request.comparison_operator = "GreaterThanUpperThreshold".to_owned(),
        "enum value set: [GreaterThanOrEqualToThreshold, GreaterThanThreshold, LessThanThreshold, LessThanOrEqualToThreshold]",
    );
    refused(
        |request| request.action_log_line_count = Some(51),
        "actionLogLineCount",
    );
    refused(
        |request| request.action_log_line_count = Some(1),
        "ActionLogLineRoleArn must be set",
    );
    refused(
        |request| request.query.aggregation_expression = "  ".to_owned(),
        "AggregationExpression",
    );
    refused(
        |request| request.query.end_time_offset = Some(60),
        "less than StartTimeOffset",
    );
    refused(
        |request| request.query.start_time_offset = 0,
        "startTimeOffset",
    );
    refused(
        |request| request.query.log_group_identifiers = vec!["g".to_owned(); 51],
        "logGroupIdentifiers",
    );
    refused(
        |request| request.treat_missing_data = Some("x".to_owned()),
        "TreatMissingData",
    );
}

#[test]
fn the_aggregation_follows_the_query_on_a_line_of_its_own() {
    let definition = request().check().unwrap();
    let query = &definition.log().unwrap().query;
    assert_eq!(
        query.whole(),
        "fields @message | filter @message like /ERROR/\n| stats count(*)"
    );
    assert_eq!(
        query.lines(7),
        "fields @message | filter @message like /ERROR/\n| limit 7"
    );
    let mut all = query.clone();
    all.text = " ".to_owned();
    assert_eq!(all.whole(), "stats count(*)");
}
