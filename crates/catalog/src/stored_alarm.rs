//! Alarms as they are stored: JSON of the requests that make them, with structs of its own.

use std::sync::Arc;

use corelog_alarms::{
    Alarm, CompositeAlarmRequest, ConfigurationChange, ConfigurationOperation, Definition, Kind,
    Limit, LowSamples, Metric, MetricAlarm, MetricAlarmRequest, MetricStatRequest, MissingData,
    MuteRuleRequest, Notice, Phase, Problem, Query, QueryRequest, Source, State, StateValue,
    SuppressedBy, Term, Transition, WarmUp, WarmUpRequest, WindowKind, WindowRequest,
};
use corelog_types::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Says;

mod log;

use log::{StoredLog, StoredResult};

/// What is wrong with something stored.
pub(crate) type Unreadable = Box<dyn std::error::Error + Send + Sync>;

/// An alarm with its state.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredAlarm {
    definition: StoredDefinition,
    state: StoredState,
    configured_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phase: Option<StoredPhase>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owed_from: Option<StoredState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    warm_up_until_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    results: Vec<StoredResult>,
}

#[derive(Serialize, Deserialize)]
struct StoredPhase {
    by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until_ms: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct StoredState {
    value: String,
    reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason_data: Option<String>,
    updated_ms: u64,
    transitioned_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    suppressed_by: Option<String>,
    #[serde(default)]
    in_warm_up: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    log_lines: Vec<String>,
}

/// The members of `PutMetricAlarm`, `PutCompositeAlarm` and `PutLogAlarm`; a rule and a scheduled query tell them apart.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct StoredDefinition {
    alarm_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    alarm_description: Option<String>,
    actions_enabled: bool,
    #[serde(rename = "OKActions", skip_serializing_if = "Vec::is_empty")]
    ok_actions: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    alarm_actions: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    insufficient_data_actions: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alarm_rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actions_suppressor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actions_suppressor_wait_period: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actions_suppressor_extension_period: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metric: Option<StoredMetric>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    metrics: Vec<StoredQuery>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evaluation_periods: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    datapoints_to_alarm: Option<i64>,
    /// A text, which reads back as the same number: JSON's numbers need not.
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold_metric_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison_operator: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    treat_missing_data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evaluate_low_sample_count_percentile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evaluation_window: Option<StoredWindow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warm_up: Option<StoredWarmUp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<StoredLog>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StoredMetric {
    namespace: String,
    metric_name: String,
    #[serde(default)]
    dimensions: Vec<(String, String)>,
    stat: String,
    period: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StoredQuery {
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    metric_stat: Option<StoredMetric>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expression: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    return_data: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    period: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account_id: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
enum StoredWindow {
    Sliding,
    WallClock(Option<String>),
}

#[derive(Serialize, Deserialize)]
struct StoredWarmUp {
    minutes: i64,
    to_the_end: bool,
}

/// What a notice says.
#[derive(Serialize, Deserialize)]
pub(crate) enum StoredSays {
    Action {
        action: String,
        transition: StoredTransition,
        #[serde(default)]
        is_after_mute: bool,
    },
    StateChange(StoredTransition),
    ConfigurationChange(Box<StoredChange>),
}

#[derive(Serialize, Deserialize)]
pub(crate) struct StoredTransition {
    alarm: StoredDefinition,
    configured_ms: u64,
    from: StoredState,
    to: StoredState,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct StoredChange {
    operation: String,
    alarm: StoredDefinition,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<(StoredDefinition, u64)>,
    state: StoredState,
    at_ms: u64,
}

/// `PutAlarmMuteRule`.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredMuteRule {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    expression: String,
    duration: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timezone: Option<String>,
    alarm_names: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expire_ms: Option<u64>,
}

impl From<&Alarm> for StoredAlarm {
    fn from(alarm: &Alarm) -> Self {
        Self {
            definition: StoredDefinition::from(&*alarm.definition),
            state: StoredState::from(&alarm.state),
            configured_ms: alarm.configured.unix_ms(),
            phase: alarm.phase.map(StoredPhase::from),
            owed_from: alarm.owed_from.as_ref().map(StoredState::from),
            warm_up_until_ms: alarm.warm_up_until.map(Timestamp::unix_ms),
            results: alarm.results.iter().map(StoredResult::from).collect(),
        }
    }
}

impl StoredAlarm {
    pub(crate) fn read(self) -> Result<Alarm, Unreadable> {
        Ok(Alarm {
            definition: Arc::new(self.definition.read()?),
            state: self.state.read()?,
            configured: Timestamp::from_unix_ms(self.configured_ms),
            phase: self.phase.map(StoredPhase::read).transpose()?,
            owed_from: self.owed_from.map(StoredState::read).transpose()?,
            warm_up_until: self.warm_up_until_ms.map(Timestamp::from_unix_ms),
            results: Arc::new(log::read(self.results)?),
        })
    }
}

impl From<Phase> for StoredPhase {
    fn from(phase: Phase) -> Self {
        let until = match phase {
            Phase::Wait(until) | Phase::Extension(until) => Some(until),
            Phase::Alarm => None,
        };
        Self {
            by: phase.suppressed_by().as_str().to_owned(),
            until_ms: until.map(Timestamp::unix_ms),
        }
    }
}

impl StoredPhase {
    fn read(self) -> Result<Phase, Unreadable> {
        let until = self.until_ms.map(Timestamp::from_unix_ms);
        match (suppressed_by(&self.by)?, until) {
            (SuppressedBy::WaitPeriod, Some(until)) => Ok(Phase::Wait(until)),
            (SuppressedBy::ExtensionPeriod, Some(until)) => Ok(Phase::Extension(until)),
            (SuppressedBy::Alarm, _) => Ok(Phase::Alarm),
            _ => Err("a period without an end".into()),
        }
    }
}

fn suppressed_by(name: &str) -> Result<SuppressedBy, Unreadable> {
    let known = [
        SuppressedBy::WaitPeriod,
        SuppressedBy::ExtensionPeriod,
        SuppressedBy::Alarm,
    ];
    let mut known = known.into_iter();
    let found = known.find(|by| by.as_str() == name);
    found.ok_or_else(|| format!("`{name}` suppresses nothing").into())
}

impl From<&State> for StoredState {
    fn from(state: &State) -> Self {
        Self {
            value: state.value.as_str().to_owned(),
            reason: state.reason.clone(),
            reason_data: state.reason_data.clone(),
            updated_ms: state.updated.unix_ms(),
            transitioned_ms: state.transitioned.unix_ms(),
            suppressed_by: state.suppressed_by.map(|by| by.as_str().to_owned()),
            in_warm_up: state.in_warm_up,
            problem: state.problem.map(|problem| problem.as_str().to_owned()),
            log_lines: state.log_lines.clone(),
        }
    }
}

impl StoredState {
    fn read(self) -> Result<State, Unreadable> {
        let value = StateValue::parse(&self.value);
        Ok(State {
            value: value.ok_or_else(|| format!("`{}` is no state", self.value))?,
            reason: self.reason,
            reason_data: self.reason_data,
            updated: Timestamp::from_unix_ms(self.updated_ms),
            transitioned: Timestamp::from_unix_ms(self.transitioned_ms),
            suppressed_by: self
                .suppressed_by
                .as_deref()
                .map(suppressed_by)
                .transpose()?,
            in_warm_up: self.in_warm_up,
            // One of a version to come says that something is wrong, and the next evaluation says what.
            problem: self.problem.as_deref().and_then(Problem::parse),
            log_lines: self.log_lines,
        })
    }
}

impl From<&Definition> for StoredDefinition {
    fn from(definition: &Definition) -> Self {
        let mut stored = Self {
            alarm_name: definition.name.clone(),
            alarm_description: definition.description.clone(),
            actions_enabled: definition.actions_enabled,
            ok_actions: definition.actions.ok.clone(),
            alarm_actions: definition.actions.alarm.clone(),
            insufficient_data_actions: definition.actions.insufficient_data.clone(),
            ..Self::default()
        };
        match &definition.kind {
            Kind::Metric(alarm) => stored.metric_members(alarm),
            Kind::Composite(alarm) => {
                stored.alarm_rule = Some(alarm.text.clone());
                if let Some(suppressor) = &alarm.suppressor {
                    stored.actions_suppressor = Some(suppressor.reference.clone());
                    let (wait, extension) = (suppressor.wait_seconds, suppressor.extension_seconds);
                    stored.actions_suppressor_wait_period = Some(i64::from(wait));
                    stored.actions_suppressor_extension_period = Some(i64::from(extension));
                }
            }
            Kind::Log(alarm) => {
                stored.log = Some(StoredLog::from(&**alarm));
                stored.threshold = Some(number(alarm.threshold));
                stored.comparison_operator = Some(alarm.comparison.as_str().to_owned());
                let missing = alarm.treat_missing_data.map(MissingData::as_str);
                stored.treat_missing_data = missing.map(str::to_owned);
                stored.warm_up = alarm.warm_up.map(StoredWarmUp::from);
            }
        }
        stored
    }
}

impl StoredDefinition {
    fn metric_members(&mut self, alarm: &MetricAlarm) {
        match &alarm.source {
            Source::Metric(metric) => self.metric = Some(StoredMetric::from(metric)),
            Source::Queries(queries) => {
                self.metrics = queries.iter().map(StoredQuery::from).collect();
            }
        }
        self.evaluation_periods = Some(i64::from(alarm.evaluation_periods));
        self.datapoints_to_alarm = alarm.datapoints_to_alarm.map(i64::from);
        match &alarm.limit {
            Limit::Threshold(threshold) => self.threshold = Some(number(*threshold)),
            Limit::Band(id) => self.threshold_metric_id = Some(id.clone()),
        }
        self.comparison_operator = Some(alarm.comparison.as_str().to_owned());
        let missing = alarm.treat_missing_data.map(MissingData::as_str);
        self.treat_missing_data = missing.map(str::to_owned);
        let low = alarm.low_samples.map(LowSamples::as_str);
        self.evaluate_low_sample_count_percentile = low.map(str::to_owned);
        self.evaluation_window = alarm.window.as_ref().map(|window| match window {
            WindowKind::Sliding => StoredWindow::Sliding,
            WindowKind::WallClock { timezone, .. } => StoredWindow::WallClock(timezone.clone()),
        });
        self.warm_up = alarm.warm_up.map(StoredWarmUp::from);
    }

    fn read(self) -> Result<Definition, Unreadable> {
        if self.alarm_rule.is_some() {
            return Ok(self.composite().check()?);
        }
        if self.log.is_some() {
            return Ok(self.log_request()?.check()?);
        }
        Ok(self.metric_request()?.check()?)
    }

    fn composite(self) -> CompositeAlarmRequest {
        CompositeAlarmRequest {
            alarm_name: self.alarm_name,
            alarm_description: self.alarm_description,
            actions_enabled: Some(self.actions_enabled),
            ok_actions: self.ok_actions,
            alarm_actions: self.alarm_actions,
            insufficient_data_actions: self.insufficient_data_actions,
            alarm_rule: self.alarm_rule.unwrap_or_default(),
            actions_suppressor: self.actions_suppressor,
            actions_suppressor_wait_period: self.actions_suppressor_wait_period,
            actions_suppressor_extension_period: self.actions_suppressor_extension_period,
        }
    }

    fn metric_request(self) -> Result<MetricAlarmRequest, Unreadable> {
        let mut request = MetricAlarmRequest {
            alarm_name: self.alarm_name,
            alarm_description: self.alarm_description,
            actions_enabled: Some(self.actions_enabled),
            ok_actions: self.ok_actions,
            alarm_actions: self.alarm_actions,
            insufficient_data_actions: self.insufficient_data_actions,
            evaluation_periods: self.evaluation_periods,
            datapoints_to_alarm: self.datapoints_to_alarm,
            threshold: self.threshold.map(|text| text.parse()).transpose()?,
            comparison_operator: self.comparison_operator,
            treat_missing_data: self.treat_missing_data,
            evaluate_low_sample_count_percentile: self.evaluate_low_sample_count_percentile,
            metrics: self.metrics.into_iter().map(StoredQuery::read).collect(),
            threshold_metric_id: self.threshold_metric_id,
            evaluation_window: self.evaluation_window.map(|window| match window {
                StoredWindow::Sliding => WindowRequest::Sliding,
                StoredWindow::WallClock(timezone) => WindowRequest::WallClock(timezone),
            }),
            warm_up: self.warm_up.map(WarmUpRequest::from),
            ..MetricAlarmRequest::default()
        };
        if let Some(metric) = self.metric {
            request.namespace = Some(metric.namespace);
            request.metric_name = Some(metric.metric_name);
            request.dimensions = metric.dimensions;
            request.period = Some(metric.period);
            request.unit = metric.unit;
            let is_basic = corelog_alarms::Statistic::parse(&metric.stat)
                .is_some_and(|statistic| statistic.is_basic());
            let place = if is_basic {
                &mut request.statistic
            } else {
                &mut request.extended_statistic
            };
            *place = Some(metric.stat);
        }
        Ok(request)
    }
}

/// Reads back as the same number.
fn number(value: f64) -> String {
    format!("{value:?}")
}

impl From<WarmUp> for StoredWarmUp {
    fn from(warm_up: WarmUp) -> Self {
        Self {
            minutes: i64::from(warm_up.minutes),
            to_the_end: warm_up.to_the_end,
        }
    }
}

impl From<StoredWarmUp> for WarmUpRequest {
    fn from(stored: StoredWarmUp) -> Self {
        Self {
            warm_up_period_duration_in_minutes: stored.minutes,
            only_start_evaluating_after_warm_up_period_ends: Some(stored.to_the_end),
        }
    }
}

impl From<&Metric> for StoredMetric {
    fn from(metric: &Metric) -> Self {
        Self {
            namespace: metric.namespace.clone(),
            metric_name: metric.name.clone(),
            dimensions: metric.dimensions.clone(),
            stat: metric.statistic.as_str().to_owned(),
            period: i64::from(metric.period_seconds),
            unit: metric.unit.clone(),
        }
    }
}

impl From<&Query> for StoredQuery {
    fn from(query: &Query) -> Self {
        let expression = match &query.term {
            Term::Metric(_) => None,
            Term::Expression(expression) => Some(expression.clone()),
        };
        Self {
            id: query.id.clone(),
            metric_stat: query.metric().map(StoredMetric::from),
            expression,
            label: query.label.clone(),
            return_data: query.return_data,
            period: query.period_seconds.map(i64::from),
            account_id: query.account_id.clone(),
        }
    }
}

impl StoredQuery {
    pub(crate) fn read(self) -> QueryRequest {
        QueryRequest {
            id: self.id,
            metric_stat: self.metric_stat.map(|metric| MetricStatRequest {
                namespace: Some(metric.namespace),
                metric_name: Some(metric.metric_name),
                dimensions: metric.dimensions,
                period: metric.period,
                stat: metric.stat,
                unit: metric.unit,
            }),
            expression: self.expression,
            label: self.label,
            return_data: self.return_data,
            period: self.period,
            account_id: self.account_id,
        }
    }
}

impl From<&Says> for StoredSays {
    fn from(says: &Says) -> Self {
        match says {
            Says::Action(notice) => Self::Action {
                action: notice.action.clone(),
                transition: StoredTransition::from(&*notice.transition),
                is_after_mute: notice.is_after_mute,
            },
            Says::StateChange(transition) => Self::StateChange(StoredTransition::from(transition)),
            Says::ConfigurationChange(change) => {
                Self::ConfigurationChange(Box::new(StoredChange::from(change)))
            }
        }
    }
}

impl StoredSays {
    pub(crate) fn read(self) -> Result<Says, Unreadable> {
        Ok(match self {
            Self::Action {
                action,
                transition,
                is_after_mute,
            } => Says::Action(Notice {
                action,
                transition: Arc::new(transition.read()?),
                is_after_mute,
            }),
            Self::StateChange(transition) => Says::StateChange(transition.read()?),
            Self::ConfigurationChange(change) => Says::ConfigurationChange(change.read()?),
        })
    }
}

impl From<&Transition> for StoredTransition {
    fn from(transition: &Transition) -> Self {
        Self {
            alarm: StoredDefinition::from(&*transition.alarm),
            configured_ms: transition.configured.unix_ms(),
            from: StoredState::from(&transition.from),
            to: StoredState::from(&transition.to),
        }
    }
}

impl StoredTransition {
    fn read(self) -> Result<Transition, Unreadable> {
        Ok(Transition {
            alarm: Arc::new(self.alarm.read()?),
            configured: Timestamp::from_unix_ms(self.configured_ms),
            from: self.from.read()?,
            to: self.to.read()?,
        })
    }
}

impl From<&ConfigurationChange> for StoredChange {
    fn from(change: &ConfigurationChange) -> Self {
        let previous = change.previous.as_ref();
        Self {
            operation: change.operation.as_str().to_owned(),
            alarm: StoredDefinition::from(&*change.alarm),
            previous: previous.map(|(definition, since)| {
                (StoredDefinition::from(&**definition), since.unix_ms())
            }),
            state: StoredState::from(&change.state),
            at_ms: change.at.unix_ms(),
        }
    }
}

impl StoredChange {
    fn read(self) -> Result<ConfigurationChange, Unreadable> {
        let operations = [
            ConfigurationOperation::Create,
            ConfigurationOperation::Update,
            ConfigurationOperation::Delete,
        ];
        let mut operations = operations.into_iter();
        let operation = operations.find(|one| one.as_str() == self.operation);
        let previous = match self.previous {
            None => None,
            Some((definition, since_ms)) => Some((
                Arc::new(definition.read()?),
                Timestamp::from_unix_ms(since_ms),
            )),
        };
        Ok(ConfigurationChange {
            operation: operation.ok_or("no operation of this version")?,
            alarm: Arc::new(self.alarm.read()?),
            previous,
            state: self.state.read()?,
            at: Timestamp::from_unix_ms(self.at_ms),
        })
    }
}

impl From<&MuteRuleRequest> for StoredMuteRule {
    fn from(request: &MuteRuleRequest) -> Self {
        Self {
            name: request.name.clone(),
            description: request.description.clone(),
            expression: request.expression.clone(),
            duration: request.duration.clone(),
            timezone: request.timezone.clone(),
            alarm_names: request.alarm_names.clone(),
            start_ms: request.start_date.map(Timestamp::unix_ms),
            expire_ms: request.expire_date.map(Timestamp::unix_ms),
        }
    }
}

impl From<StoredMuteRule> for MuteRuleRequest {
    fn from(stored: StoredMuteRule) -> Self {
        Self {
            name: stored.name,
            description: stored.description,
            expression: stored.expression,
            duration: stored.duration,
            timezone: stored.timezone,
            alarm_names: stored.alarm_names,
            start_date: stored.start_ms.map(Timestamp::from_unix_ms),
            expire_date: stored.expire_ms.map(Timestamp::from_unix_ms),
        }
    }
}
