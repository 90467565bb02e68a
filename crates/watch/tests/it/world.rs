//! A catalog in a directory, a clock that stands until it is moved, and data points out of a function.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use corelog_alarms::{
    Account, CompositeAlarmRequest, Definition, MetricAlarmRequest, MetricStatRequest,
    QueryRequest, StateValue,
};
use corelog_catalog::{Notices as _, PendingNotice, SqliteCatalog};
use corelog_metrics::{Error, Point};
use corelog_runtime::Clock;
use corelog_types::Timestamp;
use corelog_watch::{Asked, Config, Points, Watch};
use tempfile::TempDir;

/// 2026-11-22T00:00:00Z.
pub(crate) const MIDNIGHT_MS: u64 = 1_795_305_600_000;
pub(crate) const MINUTE_MS: u64 = 60_000;

pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) clock: Clock,
    pub(crate) catalog: SqliteCatalog,
    pub(crate) watch: Watch,
}

impl World {
    pub(crate) async fn new(config: Config) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::manual(at(0));
        let catalog = SqliteCatalog::open(dir.path()).await.unwrap();
        let watch = open(config, &catalog, &clock).await;
        Self {
            dir,
            clock,
            catalog,
            watch,
        }
    }

    /// Takes turns until no alarm is due.
    pub(crate) async fn settle(&self, points: &dyn Points) {
        while self.watch.turn(points).await.unwrap() {}
    }

    /// Moves the clock to each moment at which something is to be done, until then, and takes the turns.
    pub(crate) async fn pass(&self, until_ms: u64, points: &dyn Points) -> u64 {
        let mut turns = 0;
        loop {
            self.settle(points).await;
            turns += 1;
            let now = self.clock.now();
            let next = self.watch.look(|alarms, _| alarms.wakes_at(now)).await;
            match next {
                Some(next) if next.unix_ms() < until_ms => {
                    self.clock
                        .set(next.max(Timestamp::from_unix_ms(now.unix_ms() + 1)));
                }
                _ => {
                    self.clock.set(Timestamp::from_unix_ms(until_ms));
                    return turns;
                }
            }
        }
    }

    pub(crate) async fn put(&self, definition: Definition) {
        self.watch.put(definition, BTreeMap::new()).await.unwrap();
    }

    pub(crate) async fn state(&self, name: &str) -> StateValue {
        let looked = self
            .watch
            .look(|alarms, _| alarms.get(name).unwrap().state.value);
        looked.await
    }

    /// Takes what waits out of the outbox, as a sender would.
    pub(crate) async fn take_notices(&self) -> Vec<PendingNotice> {
        let mut taken = Vec::new();
        loop {
            let due = self.catalog.due_notices(self.clock.now(), 1_000).await;
            let due = due.unwrap();
            if due.is_empty() {
                return taken;
            }
            let settled: Vec<_> = due
                .iter()
                .map(|one| corelog_catalog::SettledNotice {
                    id: one.notice.id.clone(),
                    history: None,
                })
                .collect();
            self.catalog.settle_notices(&settled).await.unwrap();
            taken.extend(due);
        }
    }
}

pub(crate) async fn open(config: Config, catalog: &SqliteCatalog, clock: &Clock) -> Watch {
    let account = Account {
        partition: "aws".to_owned(),
        region: "us-east-1".to_owned(),
        account_id: "000000000000".to_owned(),
    };
    let catalog = Arc::new(catalog.clone());
    Watch::open(config, account, catalog, clock.clone())
        .await
        .unwrap()
}

/// So many milliseconds after midnight.
pub(crate) fn at(ms: u64) -> Timestamp {
    Timestamp::from_unix_ms(MIDNIGHT_MS + ms)
}

/// An alarm on the sum of a minute above 5, one of one.
pub(crate) fn request(name: &str) -> MetricAlarmRequest {
    MetricAlarmRequest {
        alarm_name: name.to_owned(),
        alarm_actions: vec!["arn:aws:sns:us-east-1:000000000000:alert".to_owned()],
        ok_actions: vec!["arn:aws:sns:us-east-1:000000000000:calm".to_owned()],
        metric_name: Some("InvocationThrottles".to_owned()),
        namespace: Some("AWS/Bedrock".to_owned()),
        statistic: Some("Sum".to_owned()),
        dimensions: vec![("ModelId".to_owned(), name.to_owned())],
        period: Some(60),
        evaluation_periods: Some(1),
        threshold: Some(5.0),
        comparison_operator: Some("GreaterThanThreshold".to_owned()),
        ..MetricAlarmRequest::default()
    }
}

pub(crate) fn metric(name: &str) -> Definition {
    request(name).check().unwrap()
}

/// An alarm on an expression of two metrics, `m` of the model `one` and `n` of the model `two`.
pub(crate) fn math(name: &str, expression: &str) -> Definition {
    let metric = |id: &str, model: &str| QueryRequest {
        id: id.to_owned(),
        metric_stat: Some(MetricStatRequest {
            namespace: Some("AWS/Bedrock".to_owned()),
            metric_name: Some("InvocationThrottles".to_owned()),
            dimensions: vec![("ModelId".to_owned(), model.to_owned())],
            period: 60,
            stat: "Sum".to_owned(),
            unit: None,
        }),
        return_data: Some(false),
        ..QueryRequest::default()
    };
    let expression = QueryRequest {
        id: "e".to_owned(),
        expression: Some(expression.to_owned()),
        ..QueryRequest::default()
    };
    MetricAlarmRequest {
        alarm_name: name.to_owned(),
        metrics: vec![metric("m", "one"), metric("n", "two"), expression],
        evaluation_periods: Some(1),
        threshold: Some(5.0),
        comparison_operator: Some("GreaterThanThreshold".to_owned()),
        ..MetricAlarmRequest::default()
    }
    .check()
    .unwrap()
}

pub(crate) fn composite(name: &str, rule: &str) -> Definition {
    CompositeAlarmRequest {
        alarm_name: name.to_owned(),
        alarm_rule: rule.to_owned(),
        alarm_actions: vec!["arn:aws:sns:us-east-1:000000000000:alert".to_owned()],
        ..CompositeAlarmRequest::default()
    }
    .check()
    .unwrap()
}

/// A value for a period that begins then, of a metric whose model is this.
type Value = dyn Fn(&str, Timestamp) -> Option<f64> + Send + Sync;

/// Data points out of a function.
pub(crate) struct Made(pub(crate) Box<Value>);

impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Made")
    }
}

#[async_trait]
impl Points for Made {
    async fn points(&self, asked: &Asked, now: Timestamp) -> Result<Vec<Point>, Error> {
        assert!(asked.to <= now, "nobody knows what is to come");
        let period_ms = u64::try_from(asked.period.seconds()).unwrap() * 1_000;
        let model = &asked.metric.dimensions()[0].value;
        let mut points = Vec::new();
        let mut begins = asked.from.unix_ms();
        while begins < asked.to.unix_ms() {
            let time = Timestamp::from_unix_ms(begins);
            if let Some(value) = (self.0)(model, time) {
                points.push(Point {
                    time,
                    sample_count: 1.0,
                    values: vec![Some(value)],
                });
            }
            begins += period_ms;
        }
        Ok(points)
    }
}
