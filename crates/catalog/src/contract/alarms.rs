//! Alarms, their tags and history, and mute rules.

use std::collections::BTreeMap;
use std::sync::Arc;

use corelog_alarms::{
    Alarm, CompositeAlarmRequest, Contribution, Definition, HistoryItem, HistoryKind,
    LogAlarmRequest, MetricAlarmRequest, MetricStatRequest, MuteRuleRequest, Phase, Problem,
    QueryRequest, QueryResult, ScheduledQueryRequest, State, StateValue, SuppressedBy,
    WarmUpRequest, WindowRequest,
};

use super::at;
use crate::{
    AlarmStep, AlarmTags, Catalog, Error, HistoryAsked, KeptAlarms, KeptHistory, KeptMuteRule,
    Tagged,
};

const CALLS: Tagged<'static> = Tagged::Alarm("calls");

pub(super) async fn check<O>(open: &impl Fn() -> O) -> Result<(), Error>
where
    O: Future<Output = Result<Box<dyn Catalog>, Error>>,
{
    let catalog = open().await?;
    assert_eq!(catalog.kept_alarms().await?, KeptAlarms::default());
    let alarms = [metric()?, queries()?, log()?, composite()?];
    let made = AlarmStep {
        changed: alarms.to_vec(),
        tags: tags(&[("team", "a")]),
        history: vec![item("calls", HistoryKind::ConfigurationUpdate, 1)],
        ..AlarmStep::default()
    };
    catalog.keep_alarms(&made).await?;
    let rule = KeptMuteRule {
        rule: MuteRuleRequest {
            name: "nights".to_owned(),
            description: Some("nobody is awake".to_owned()),
            expression: "cron(0 22 * * *)".to_owned(),
            duration: "PT8H".to_owned(),
            timezone: Some("Europe/Vienna".to_owned()),
            alarm_names: vec!["calls".to_owned()],
            start_date: Some(at(5)),
            expire_date: None,
        }
        .check()
        .map_err(ours)?,
        updated: at(7),
    };
    let rule_tags = tags(&[("team", "nights")]);
    catalog.put_mute_rule(&rule, &rule_tags).await?;
    catalog.put_mute_rule(&rule, &tags(&[])).await?;

    let catalog = open().await?;
    let kept = catalog.kept_alarms().await?;
    assert_eq!(
        kept.alarms, alarms,
        "all of a definition and of a state stays, by name"
    );
    assert_eq!(kept.mute_rules, std::slice::from_ref(&rule));
    assert_eq!(kept.unreadable, []);
    let of_rule = catalog.alarm_tags(Tagged::MuteRule("nights")).await?;
    assert_eq!(of_rule, Some(rule_tags), "tags stay");
    assert!(catalog.delete_mute_rule("nights").await?);
    assert!(!catalog.delete_mute_rule("nights").await?);

    check_changes(&*catalog).await?;
    check_tags(&*catalog).await?;
    check_history(&*catalog).await
}

async fn check_changes(catalog: &dyn Catalog) -> Result<(), Error> {
    let mut changed = metric()?;
    changed.state.value = StateValue::Ok;
    changed.owed_from = None;
    let step = AlarmStep {
        changed: vec![changed.clone()],
        tags: tags(&[("other", "b")]),
        deleted: vec![Arc::from("errors"), Arc::from("none")],
        ..AlarmStep::default()
    };
    catalog.keep_alarms(&step).await?;
    let kept = catalog.kept_alarms().await?;
    assert_eq!(kept.alarms, [changed, log()?, composite()?]);
    Ok(())
}

async fn check_tags(catalog: &dyn Catalog) -> Result<(), Error> {
    let first = tags(&[("team", "a")]);
    assert_eq!(
        catalog.alarm_tags(Tagged::Alarm("calls")).await?,
        Some(first),
        "tags come with the first put alone"
    );
    assert_eq!(catalog.alarm_tags(Tagged::Alarm("errors")).await?, None);
    let more = |most| AlarmTags::Tag {
        tags: tags(&[("team", "b"), ("stage", "live")]),
        most,
    };
    let full = catalog.change_alarm_tags(CALLS, &more(1)).await;
    assert!(matches!(full, Err(Error::Full { most: 1 })));
    catalog.change_alarm_tags(CALLS, &more(2)).await?;
    let untag = AlarmTags::Untag(vec!["stage".to_owned(), "none".to_owned()]);
    catalog.change_alarm_tags(CALLS, &untag).await?;
    let left = tags(&[("team", "b")]);
    assert_eq!(
        catalog.alarm_tags(Tagged::Alarm("calls")).await?,
        Some(left)
    );
    let missing = catalog
        .change_alarm_tags(Tagged::Alarm("errors"), &untag)
        .await;
    assert!(matches!(missing, Err(Error::NotFound)));
    Ok(())
}

async fn check_history(catalog: &dyn Catalog) -> Result<(), Error> {
    let step = AlarmStep {
        history: vec![
            item("errors", HistoryKind::ConfigurationUpdate, 2),
            item("calls", HistoryKind::StateUpdate, 3),
            item("calls", HistoryKind::Action, 3),
        ],
        ..AlarmStep::default()
    };
    catalog.keep_alarms(&step).await?;
    let all = HistoryAsked {
        alarm_types: vec!["MetricAlarm"],
        limit: 9,
        ..HistoryAsked::default()
    };
    let newest = catalog.alarm_history(&all).await?;
    assert_eq!(
        summaries(&newest),
        ["calls 3", "calls 3", "errors 2", "calls 1"]
    );
    assert_eq!(
        newest.first().map(|one| one.item.kind),
        Some(HistoryKind::Action)
    );
    let oldest = HistoryAsked {
        oldest_first: true,
        after: newest.last().map(|last| (last.item.at, last.place)),
        limit: 2,
        ..all.clone()
    };
    let oldest = catalog.alarm_history(&oldest).await?;
    assert_eq!(summaries(&oldest), ["errors 2", "calls 3"]);
    let page = HistoryAsked {
        after: newest.first().map(|first| (first.item.at, first.place)),
        limit: 1,
        ..all.clone()
    };
    let page = catalog.alarm_history(&page).await?;
    assert_eq!(page.first(), newest.get(1));
    let some = HistoryAsked {
        alarm: Some("calls".to_owned()),
        kind: Some(HistoryKind::StateUpdate),
        from: Some(at(3)),
        to: Some(at(3)),
        ..all.clone()
    };
    assert_eq!(summaries(&catalog.alarm_history(&some).await?), ["calls 3"]);
    let others = HistoryAsked {
        alarm_types: vec!["CompositeAlarm"],
        ..all.clone()
    };
    assert_eq!(catalog.alarm_history(&others).await?, []);
    assert_eq!(catalog.trim_alarm_history(at(3)).await?, 2);
    assert_eq!(catalog.alarm_history(&all).await?.len(), 2);
    Ok(())
}

fn summaries(history: &[KeptHistory]) -> Vec<&str> {
    let items = history.iter();
    items.map(|one| one.item.summary.as_str()).collect()
}

fn tags(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let pairs = pairs.iter();
    pairs
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

fn item(alarm: &str, kind: HistoryKind, ms: u64) -> HistoryItem {
    HistoryItem {
        alarm: Arc::from(alarm),
        alarm_type: "MetricAlarm",
        at: at(ms),
        kind,
        summary: format!("{alarm} {ms}"),
        data: "{\"version\":\"1.0\"}".to_owned(),
    }
}

/// An alarm on a percentile, with all that one can have.
pub(super) fn metric() -> Result<Alarm, Error> {
    let request = MetricAlarmRequest {
        alarm_name: "calls".to_owned(),
        alarm_description: Some("slow".to_owned()),
        actions_enabled: Some(false),
        ok_actions: vec!["arn:aws:sns:us-east-1:000000000000:calm".to_owned()],
        alarm_actions: vec!["arn:aws:sns:us-east-1:000000000000:alert".to_owned()],
        insufficient_data_actions: vec!["arn:aws:sns:us-east-1:000000000000:odd".to_owned()],
        metric_name: Some("InvocationLatency".to_owned()),
        namespace: Some("AWS/Bedrock".to_owned()),
        extended_statistic: Some("p99.9".to_owned()),
        dimensions: vec![("ModelId".to_owned(), "m".to_owned())],
        period: Some(300),
        unit: Some("Milliseconds".to_owned()),
        evaluation_periods: Some(3),
        datapoints_to_alarm: Some(2),
        threshold: Some(0.1 + 0.2),
        comparison_operator: Some("GreaterThanThreshold".to_owned()),
        treat_missing_data: Some("notBreaching".to_owned()),
        evaluate_low_sample_count_percentile: Some("ignore".to_owned()),
        evaluation_window: Some(WindowRequest::WallClock(Some(
            "America/New_York".to_owned(),
        ))),
        warm_up: Some(WarmUpRequest {
            warm_up_period_duration_in_minutes: 30,
            only_start_evaluating_after_warm_up_period_ends: Some(true),
        }),
        ..MetricAlarmRequest::default()
    };
    Ok(Alarm {
        owed_from: Some(state(StateValue::Ok)),
        warm_up_until: Some(at(90)),
        ..of(request.check().map_err(ours)?)
    })
}

/// An alarm on an expression, compared with a band.
fn queries() -> Result<Alarm, Error> {
    let query = |id: &str| QueryRequest {
        id: id.to_owned(),
        ..QueryRequest::default()
    };
    let request = MetricAlarmRequest {
        alarm_name: "errors".to_owned(),
        evaluation_periods: Some(1),
        comparison_operator: Some("GreaterThanUpperThreshold".to_owned()),
        threshold_metric_id: Some("band".to_owned()),
        evaluation_window: Some(WindowRequest::Sliding),
        metrics: vec![
            QueryRequest {
                metric_stat: Some(MetricStatRequest {
                    namespace: Some("AWS/Bedrock".to_owned()),
                    metric_name: Some("Invocations".to_owned()),
                    dimensions: vec![("ModelId".to_owned(), "m".to_owned())],
                    period: 60,
                    stat: "Sum".to_owned(),
                    unit: None,
                }),
                label: Some("calls".to_owned()),
                account_id: Some("000000000000".to_owned()),
                ..query("m1")
            },
            QueryRequest {
                expression: Some("ANOMALY_DETECTION_BAND(m1)".to_owned()),
                return_data: Some(true),
                period: Some(60),
                ..query("band")
            },
        ],
        ..MetricAlarmRequest::default()
    };
    Ok(of(request.check().map_err(ours)?))
}

fn composite() -> Result<Alarm, Error> {
    let request = CompositeAlarmRequest {
        alarm_name: "service".to_owned(),
        alarm_rule: "ALARM(calls) AND NOT OK(\"errors\")".to_owned(),
        actions_suppressor: Some("calls".to_owned()),
        actions_suppressor_wait_period: Some(60),
        actions_suppressor_extension_period: Some(0),
        ..CompositeAlarmRequest::default()
    };
    let mut alarm = of(request.check().map_err(ours)?);
    alarm.phase = Some(Phase::Wait(at(60)));
    alarm.state.suppressed_by = Some(SuppressedBy::WaitPeriod);
    alarm.state.in_warm_up = true;
    Ok(alarm)
}

/// An alarm on a query, with all that can be said of one, and what it answered.
fn log() -> Result<Alarm, Error> {
    let request = LogAlarmRequest {
        alarm_name: "lines".to_owned(),
        alarm_actions: vec!["arn:aws:sns:us-east-1:000000000000:alert".to_owned()],
        query: ScheduledQueryRequest {
            query_string: "filter @message like /ERROR/ # all of them".to_owned(),
            log_group_identifiers: vec!["/app".to_owned()],
            scheduled_query_role_arn: "arn:aws:iam::000000000000:role/query".to_owned(),
            aggregation_expression: "count(*) by host".to_owned(),
            schedule_expression: "rate(5 minutes)".to_owned(),
            start_time_offset: 360,
            end_time_offset: Some(60),
            tags: vec![("team".to_owned(), "a".to_owned())],
        },
        action_log_line_count: Some(10),
        action_log_line_role_arn: Some("arn:aws:iam::000000000000:role/lines".to_owned()),
        query_results_to_evaluate: 3,
        query_results_to_alarm: 2,
        threshold: 0.1 + 0.2,
        comparison_operator: "GreaterThanThreshold".to_owned(),
        treat_missing_data: Some("ignore".to_owned()),
        warm_up: Some(WarmUpRequest {
            warm_up_period_duration_in_minutes: 5,
            only_start_evaluating_after_warm_up_period_ends: Some(false),
        }),
        ..LogAlarmRequest::default()
    };
    let result = |ms, value| QueryResult {
        at: at(ms),
        values: 2,
        breaching: vec![Contribution {
            of: "host=a".to_owned(),
            value,
        }],
        nearest: Some(0.1),
    };
    let mut alarm = of(request.check().map_err(ours)?);
    alarm.results = Arc::new(vec![result(20, 12.0), result(10, 1e-7)]);
    alarm.state.problem = Some(Problem::Failure);
    alarm.state.log_lines = vec!["ERROR one".to_owned()];
    Ok(alarm)
}

fn of(definition: Definition) -> Alarm {
    Alarm {
        definition: Arc::new(definition),
        state: state(StateValue::Alarm),
        configured: at(1),
        phase: None,
        owed_from: None,
        warm_up_until: None,
        results: Arc::default(),
    }
}

pub(super) fn state(value: StateValue) -> State {
    State {
        value,
        reason: "Threshold Crossed: 1 datapoint".to_owned(),
        reason_data: Some("{\"version\":\"1.0\"}".to_owned()),
        updated: at(4),
        transitioned: at(3),
        suppressed_by: None,
        in_warm_up: false,
        problem: None,
        log_lines: Vec::new(),
    }
}

pub(super) fn ours(source: corelog_alarms::Error) -> Error {
    Error::Format {
        what: "a request in the contract".to_owned(),
        source: Box::new(source),
    }
}
