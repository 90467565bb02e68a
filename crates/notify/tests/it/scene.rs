//! An outbox with notices of made-up alarms, a dispatcher, and a clock that stands still until it is moved.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use corelog_alarms::{
    Account, Actions, Comparison, Definition, Kind, Limit, Metric, MetricAlarm, Notice, Source,
    State, StateValue, Statistic, Transition,
};
use corelog_notify::{
    ChannelConfig, Config, Dispatcher, Due, Handle, HttpConfig, Memory, Notifier, Notifiers,
    Outbox, OutboxError, Ports, Recipient, Settled, Subject,
};
use corelog_runtime::{Clock, Shutdown, Tasks};
use corelog_telemetry::{Metrics, Sampled};
use corelog_types::Timestamp;
use parking_lot::Mutex;
use tokio::sync::Notify;

pub(crate) const NOON: u64 = 1_795_348_800_000;

/// An outbox that says when it was told something, and that fails while it is told to.
#[derive(Clone, Default)]
pub(crate) struct Kept {
    pub(crate) memory: Arc<Memory>,
    pub(crate) is_failing: Arc<Mutex<bool>>,
    told: Arc<Notify>,
}

impl Kept {
    fn check(&self, attempt: &'static str) -> Result<(), OutboxError> {
        if *self.is_failing.lock() {
            let source = "the disk is full".into();
            return Err(OutboxError { attempt, source });
        }
        Ok(())
    }
}

#[async_trait]
impl Outbox for Kept {
    async fn due(
        &self,
        now: Timestamp,
        except: &BTreeSet<Recipient>,
        limit: u32,
    ) -> Result<Vec<Due>, OutboxError> {
        self.memory.due(now, except, limit).await
    }

    async fn put_off(
        &self,
        ids: &[String],
        until: Timestamp,
        error: &str,
    ) -> Result<(), OutboxError> {
        self.check("put off")?;
        self.memory.put_off(ids, until, error).await?;
        self.told.notify_one();
        Ok(())
    }

    async fn settle(&self, settled: &[Settled]) -> Result<(), OutboxError> {
        self.check("settle")?;
        self.memory.settle(settled).await?;
        self.told.notify_one();
        Ok(())
    }
}

pub(crate) struct Scene {
    pub(crate) outbox: Kept,
    pub(crate) clock: Clock,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) handle: Handle,
    pub(crate) shutdown: Shutdown,
    tasks: Tasks,
}

impl Scene {
    pub(crate) fn start(configs: &[Config]) -> Self {
        Self::go_on(Kept::default(), configs)
    }

    /// As a process does that finds what another one left.
    pub(crate) fn go_on(outbox: Kept, configs: &[Config]) -> Self {
        let clock = Clock::manual(Timestamp::from_unix_ms(NOON));
        let ports = Ports {
            clock: clock.clone(),
            metrics: Arc::default(),
        };
        let (handle, dispatcher) =
            Dispatcher::new(outbox.clone(), account(), notifiers(configs), ports.clone());
        let (tasks, shutdown) = (Tasks::new(), Shutdown::new());
        tasks.spawn("dispatcher", dispatcher.run(shutdown.child()));
        Self {
            outbox,
            clock,
            metrics: ports.metrics,
            handle,
            shutdown,
            tasks,
        }
    }

    /// Lets alarms go into a state, and says so to an action each.
    pub(crate) fn add(&self, ids: &[&str], alarm: &str, action: &str, to: StateValue) {
        for id in ids {
            self.outbox.memory.add(due(id, alarm, action, to));
        }
        self.handle.wake();
    }

    /// Moves the clock, and has the outbox looked at.
    pub(crate) fn wait(&self, seconds: u64) {
        let now = self.clock.now().unix_ms() + seconds * 1_000;
        self.clock.set(Timestamp::from_unix_ms(now));
        self.handle.wake();
    }

    /// Returns once the outbox is as it should be.
    pub(crate) async fn until(&self, is_so: impl Fn(&Memory) -> bool) {
        while !is_so(&self.outbox.memory) {
            self.outbox.told.notified().await;
        }
    }

    pub(crate) async fn settled(&self) {
        self.until(|memory| memory.waiting().is_empty()).await;
    }

    pub(crate) fn summaries(&self) -> Vec<String> {
        let history = self.outbox.memory.history();
        history.into_iter().map(|item| item.summary).collect()
    }

    /// Whether a scrape shows a line.
    pub(crate) fn shows(&self, line: &str) -> bool {
        let text = self.metrics.encode(Sampled::default());
        text.lines().any(|shown| shown == line)
    }

    pub(crate) async fn stop(self) {
        self.shutdown.request();
        self.tasks.wait(Duration::from_secs(30)).await.unwrap();
    }
}

pub(crate) fn notifiers(configs: &[Config]) -> Notifiers {
    Notifiers::new(configs.iter().map(|config| Notifier::open(config).unwrap()))
}

pub(crate) fn http(url: &str) -> HttpConfig {
    HttpConfig {
        url: url.parse().unwrap(),
        ca_pem: None,
        proxy: None,
        timeout: Duration::from_mins(1),
    }
}

pub(crate) fn config(name: &str, channel: ChannelConfig) -> Config {
    Config {
        name: name.to_owned(),
        topics: Vec::new(),
        channel,
        retry_for: Duration::from_hours(1),
        concurrency_max: 4,
        burst: None,
    }
}

pub(crate) fn topic(name: &str) -> String {
    format!("arn:aws:sns:us-east-1:111122223333:{name}")
}

pub(crate) fn account() -> Account {
    Account {
        partition: "aws".to_owned(),
        region: "us-east-1".to_owned(),
        account_id: "111122223333".to_owned(),
    }
}

pub(crate) fn due(id: &str, alarm: &str, action: &str, to: StateValue) -> Due {
    let notice = Notice {
        action: action.to_owned(),
        transition: Arc::new(transition(alarm, action, to)),
        is_after_mute: false,
    };
    Due {
        id: id.to_owned(),
        recipient: Recipient::Action(action.to_owned()),
        made: Timestamp::from_unix_ms(NOON),
        subject: Subject::Action(Box::new(notice)),
        attempts: 0,
    }
}

/// The event of the same, for a listener.
pub(crate) fn event(id: &str, alarm: &str, listener: &str, to: StateValue) -> Due {
    Due {
        id: id.to_owned(),
        recipient: Recipient::Listener(listener.to_owned()),
        made: Timestamp::from_unix_ms(NOON),
        subject: Subject::StateChange(Box::new(transition(alarm, "", to))),
        attempts: 0,
    }
}

fn transition(alarm: &str, action: &str, to: StateValue) -> Transition {
    let state = |value| State {
        value,
        reason: format!("Threshold Crossed: {value}"),
        reason_data: None,
        updated: Timestamp::from_unix_ms(NOON),
        transitioned: Timestamp::from_unix_ms(NOON),
        suppressed_by: None,
        in_warm_up: false,
        problem: None,
        log_lines: Vec::new(),
    };
    let from = match to {
        StateValue::Ok => StateValue::Alarm,
        StateValue::Alarm | StateValue::InsufficientData => StateValue::Ok,
    };
    let metric = Metric {
        namespace: "AWS/Bedrock".to_owned(),
        name: "InvocationLatency".to_owned(),
        dimensions: vec![("ModelId".to_owned(), "m".to_owned())],
        statistic: Statistic::parse("p90").unwrap(),
        period_seconds: 60,
        unit: None,
    };
    let alarm = Definition {
        name: alarm.to_owned(),
        description: Some("Slow answers".to_owned()),
        actions_enabled: true,
        actions: Actions {
            alarm: vec![action.to_owned()],
            ..Actions::default()
        },
        kind: Kind::Metric(Box::new(MetricAlarm {
            source: Source::Metric(metric),
            evaluation_periods: 5,
            datapoints_to_alarm: Some(3),
            limit: Limit::Threshold(2_000.0),
            comparison: Comparison::parse("GreaterThanThreshold").unwrap(),
            treat_missing_data: None,
            low_samples: None,
            window: None,
            warm_up: None,
        })),
    };
    Transition {
        alarm: Arc::new(alarm),
        configured: Timestamp::from_unix_ms(NOON),
        from: state(from),
        to: state(to),
    }
}
