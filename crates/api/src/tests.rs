//! Requests in, responses out, over a real spool and catalog and fakes of everything else.

mod admin;
mod cloudwatch;
pub(crate) mod engine;
mod logging;
mod logs;
mod otlp;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use corelog_access::Caller;
use corelog_catalog::{
    Export, ExportState, ExportTask, ExportTasks as _, LogGroup, Logging as _,
    LoggingConfiguration, SqliteCatalog,
};
use corelog_hot::{Hot, Page, Wanted};
use corelog_metrics::SqliteMetrics;
use corelog_providers::{Said, SaidKind};
use corelog_record::{CostFacts, Document};
use corelog_runtime::{Clock, Shutdown, Tasks};
use corelog_spool::{OsDisk, Spool};
use corelog_store::{Event, Order};
use corelog_tail::Tails;
use corelog_types::{
    DestinationArn, Dialect, LogGroupName, LogStreamName, NodeId, Operation, RecordId, Sequence,
    Timestamp,
};
use corelog_watch::Watch;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use http::{Method, Request, Response};
use parking_lot::Mutex;

use self::engine::FakeEngine;
use crate::admin::{
    DestinationReport, Exchange, Exchanges, NotifierReport, Notifiers, Sight, SpoolReport, Status,
    StatusReport,
};
use crate::logging::{BucketRefused, Destinations, NotStarted};
use crate::logs::{
    Away, DestinationRefused, Events, ExportRefused, Exports, NotInForce, QueryLimits,
    Subscriptions,
};
use crate::{Account, Action, Api, Authorise, Body, Denied, Ports};

const NOW: Timestamp = Timestamp::from_unix_ms(1_795_166_142_123);

/// Queries may be started at once, for the clock stands still.
const UNHURRIED: QueryLimits = QueryLimits {
    running_max: 4,
    answers_bytes_max: 128 << 20,
    kept_max: 1_000,
    starts_per_second: 0,
};

/// Refuses one bucket and, on request, fails to start; remembers what runs.
#[derive(Debug, Default)]
struct FakeDestinations {
    running: Mutex<Option<LoggingConfiguration>>,
    checks: Mutex<usize>,
    fails_to_start: Mutex<bool>,
}

#[async_trait]
impl Destinations for FakeDestinations {
    async fn check(&self, configuration: &LoggingConfiguration) -> Result<(), BucketRefused> {
        *self.checks.lock() += 1;
        match &configuration.bucket {
            Some(bucket) if bucket.bucket_name == "no-such-bucket" => Err(BucketRefused {
                bucket: bucket.bucket_name.clone(),
                source: "it does not exist".into(),
            }),
            _ => Ok(()),
        }
    }

    async fn start(&self, configuration: &LoggingConfiguration) -> Result<(), NotStarted> {
        if std::mem::take(&mut *self.fails_to_start.lock()) {
            return Err(NotStarted("no".into()));
        }
        *self.running.lock() = Some(configuration.clone());
        Ok(())
    }

    async fn stop(&self) -> Result<(), NotStarted> {
        *self.running.lock() = None;
        Ok(())
    }
}

#[derive(Debug)]
struct OneExchange(RecordId);

impl Exchanges for OneExchange {
    fn list(&self) -> Vec<Exchange> {
        vec![Exchange {
            id: self.0,
            age: Duration::from_millis(1_500),
            state: "streaming",
            provider: "openai".to_owned(),
            dialect: Dialect::OpenAi,
            operation: Operation::ChatCompletions,
            model_id: Some("gpt-x".to_owned()),
            request_bytes: 200,
            response_bytes: 4_000,
            chunks: 12,
            events: 24,
            input_tokens: Some(31),
            output_tokens: None,
            output_tokens_estimate: Some(22),
            caller: None,
        }]
    }

    fn kill(&self, id: RecordId) -> bool {
        id == self.0
    }

    /// Everything that may be seen, and then nothing for ever.
    fn watch(&self) -> Option<BoxStream<'static, Vec<Sight>>> {
        let said = |kind, text: &str| {
            let text = text.to_owned();
            Sight::Said(self.0, Said { kind, text })
        };
        let began = Sight::Began(Box::new(self.list().remove(0)));
        let first = vec![began, said(SaidKind::Reasoning, "hm"), Sight::Missed(70)];
        let then = vec![
            Sight::Gap(self.0),
            said(SaidKind::Text, "\"Hi\"\n"),
            said(SaidKind::ToolInput, "{"),
            Sight::Ended(self.0),
        ];
        let sights = stream::iter([first, Vec::new(), then]);
        Some(sights.chain(stream::pending()).boxed())
    }
}

/// Hears of alarms under the name `ops`.
#[derive(Debug)]
struct OneNotifier;

#[async_trait]
impl Notifiers for OneNotifier {
    fn list(&self) -> Vec<NotifierReport> {
        vec![NotifierReport {
            name: "ops".to_owned(),
            kind: "slack".to_owned(),
            place: "https://hooks.slack.com".to_owned(),
            delivered: 3,
            given_up: 1,
            last_delivery: Some(NOW),
            failures: 2,
            last_error: Some("the receiver answered 503".to_owned()),
            waits_until: None,
        }]
    }

    async fn test(&self, name: &str) -> Option<Result<(), String>> {
        match name {
            "ops" => Some(Ok(())),
            "away" => Some(Err("it is away".to_owned())),
            _ => None,
        }
    }
}

#[derive(Debug)]
struct AllWell;

impl Status for AllWell {
    fn report(&self) -> StatusReport {
        StatusReport {
            version: "0.1.0".to_owned(),
            node: NodeId::from_u64(0xab),
            started: NOW,
            spool: SpoolReport {
                dir: "/data/spool".to_owned(),
                oldest: Sequence::FIRST,
                durable: Sequence::from_u64(9),
                bytes: 10,
                bytes_max: 100,
                segments: 1,
                accepting: true,
                gaps: 4,
            },
            destinations: vec![DestinationReport {
                name: "bucket".to_owned(),
                location: "file:///b".to_owned(),
                from_api: false,
                position: Sequence::from_u64(7),
                backlog: 2,
                oldest_age: Duration::from_secs(3),
                failures: 1,
                last_error: Some("refused".to_owned()),
            }],
            policies: vec![("durability", "strict".to_owned())],
            warnings: vec!["open to everybody on loopback".to_owned()],
        }
    }
}

/// Says that every group has 7 bytes; gives the events it was given, unless it is away; remembers what it was told.
#[derive(Debug, Default)]
struct FakeEvents {
    told: Mutex<Vec<String>>,
    events: Mutex<Vec<Arc<Event>>>,
    is_away: AtomicBool,
    keeps_none: AtomicBool,
}

#[async_trait]
impl Events for FakeEvents {
    fn are_kept(&self) -> bool {
        !self.keeps_none.load(Ordering::SeqCst)
    }

    async fn stored_bytes(&self, groups: &[LogGroup]) -> Vec<u64> {
        vec![7; groups.len()]
    }

    /// Looks at two events more than fit, so that pages end early.
    async fn page(&self, wanted: &Wanted) -> Result<Page, Away> {
        if self.is_away.load(Ordering::SeqCst) {
            return Err(Away("the store is away".into()));
        }
        let asked = &wanted.asked;
        let mut events = self.events.lock().clone();
        events.retain(|event| asked.has(event));
        events.sort_by_key(|event| event.place());
        if asked.order == Order::NewestFirst {
            events.reverse();
        }
        let look_at = wanted.events_max.saturating_add(2);
        let next = events.get(look_at).map(|event| event.place());
        events.truncate(look_at);
        let matches = |event: &Event| {
            let pattern = wanted.pattern.as_ref();
            pattern.is_none_or(|it| it.matches(&corelog_patterns::Event::new(&event.message)))
        };
        events.retain(|event| matches(event));
        let beyond = events.get(wanted.events_max).map(|event| event.place());
        events.truncate(wanted.events_max);
        let left = beyond.or(next).map(|next| match asked.order {
            Order::OldestFirst => next..asked.places.end,
            Order::NewestFirst => asked.places.start..next.next(),
        });
        Ok(Page { events, left })
    }

    async fn group_deleted(&self, group: &LogGroupName) {
        self.told.lock().push(group.to_string());
    }

    async fn stream_deleted(&self, group: &LogGroupName, stream: &LogStreamName) {
        self.told.lock().push(format!("{group} {stream}"));
    }
}

/// Runs one export at a time for ever.
#[derive(Debug)]
struct FakeExports(SqliteCatalog);

fn task(id: &str, name: Option<String>, export: Export) -> ExportTask {
    ExportTask {
        id: id.to_owned(),
        name,
        export,
        created: NOW,
        ended: None,
        state: ExportState::Running,
    }
}

/// One that is running and that nobody asked for.
fn sample_task() -> ExportTask {
    let export = Export {
        group: LogGroupName::new("/sample").unwrap(),
        stream_prefix: None,
        from: Timestamp::from_unix_ms(1),
        to: Timestamp::from_unix_ms(2),
        bucket: "bucket".to_owned(),
        prefix: "exportedlogs".to_owned(),
    };
    task("0-sample", None, export)
}

#[async_trait]
impl Exports for FakeExports {
    async fn start(&self, name: Option<String>, export: Export) -> Result<String, ExportRefused> {
        let tasks = self.0.export_tasks().await.unwrap();
        match export.bucket.as_str() {
            "no-such-bucket" => return Err(ExportRefused::NoBucket),
            "not-ours" => return Err(ExportRefused::Denied),
            "away" => return Err(ExportRefused::Away("the store is away".into())),
            _ if tasks.len() > 1 && tasks[0].state == ExportState::Running => {
                return Err(ExportRefused::Busy);
            }
            _ => {}
        }
        let id = format!("{}-task", tasks.len());
        let task = task(&id, name, export);
        self.0.add_export_task(&task, 10).await.unwrap();
        Ok(id)
    }

    fn end(&self, _id: &str) {}
}

/// Lets nobody do one thing.
#[derive(Debug)]
struct AllBut(Option<Action>);

impl Authorise for AllBut {
    fn authorise(&self, _caller: &Caller, action: Action, _on: &str) -> Result<(), Denied> {
        if self.0 == Some(action) {
            Err(Denied)
        } else {
            Ok(())
        }
    }
}

/// A log group has two filters at most; `away` takes nothing, and `nobody` is nobody.
#[derive(Debug)]
struct Hooks;

#[async_trait]
impl Subscriptions for Hooks {
    fn filters_max(&self) -> usize {
        2
    }

    async fn check(&self, arn: &DestinationArn) -> Result<(), DestinationRefused> {
        match arn.name() {
            "nobody" => Err(DestinationRefused::Unknown),
            "away" => Err(DestinationRefused::Failed("it is away".into())),
            _ => Ok(()),
        }
    }

    async fn changed(&self) -> Result<(), NotInForce> {
        Ok(())
    }
}

struct House {
    _dir: tempfile::TempDir,
    catalog: SqliteCatalog,
    events: Arc<FakeEvents>,
    engine: Arc<FakeEngine>,
    destinations: Arc<FakeDestinations>,
    spool: Spool,
    stopping: Shutdown,
    api: Api,
}

impl fmt::Debug for House {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("House")
    }
}

async fn house() -> House {
    house_denying(None).await
}

async fn house_denying(denied: Option<Action>) -> House {
    let dir = tempfile::tempdir().unwrap();
    let config = corelog_spool::Config::new(dir.path().join("spool"), NOW);
    let (spool, _) = Spool::open(config, Arc::new(OsDisk)).unwrap();
    let destinations = Arc::new(FakeDestinations::default());
    let catalog = SqliteCatalog::open(dir.path()).await.unwrap();
    catalog.add_export_task(&sample_task(), 1).await.unwrap();
    let metrics = SqliteMetrics::open(dir.path(), corelog_metrics::Config::default());
    let metrics = metrics.await.unwrap();
    let events = Arc::new(FakeEvents::default());
    let stopping = Shutdown::new();
    let engine = Arc::new(FakeEngine::default());
    let clock = Clock::manual(NOW);
    let account = corelog_alarms::Account {
        partition: "aws".to_owned(),
        region: "us-east-1".to_owned(),
        account_id: "111122223333".to_owned(),
    };
    let kept = Arc::new(catalog.clone());
    let watch = Watch::open(
        corelog_watch::Config::default(),
        account,
        kept,
        clock.clone(),
    );
    let api = Api::new(Ports {
        watch: watch.await.unwrap(),
        tails: Tails::new(hot(&spool, &stopping), stopping.child()),
        stopping: stopping.clone(),
        catalog: Arc::new(catalog.clone()),
        metrics: Some(metrics),
        events: Arc::<FakeEvents>::clone(&events),
        subscriptions: Arc::new(Hooks),
        queries: engine.queries(UNHURRIED, &clock),
        records: LogGroupName::new("/sample").unwrap(),
        keeps: Arc::new(KeepsAll),
        account: Account {
            id: "111122223333".to_owned(),
            region: "us-east-1".to_owned(),
        },
        destinations: Arc::<FakeDestinations>::clone(&destinations),
        exports: Arc::new(FakeExports(catalog.clone())),
        spool: spool.clone(),
        exchanges: Arc::new(OneExchange(id(1))),
        notifiers: Arc::new(OneNotifier),
        status: Arc::new(AllWell),
        access: Arc::new(AllBut(denied)),
        clock,
    });
    House {
        _dir: dir,
        catalog,
        events,
        engine,
        destinations,
        spool,
        stopping,
        api,
    }
}

/// Whatever is reported is kept, and has a price.
#[derive(Debug)]
struct KeepsAll;

impl crate::Keeps for KeepsAll {
    fn keeps(&self, _: &str, _: Option<&str>, _: Option<&str>) -> crate::Kept {
        crate::Kept {
            record: true,
            input: true,
            output: true,
        }
    }

    fn cost(&self, document: &Document, _: Timestamp) -> Option<CostFacts> {
        Some(CostFacts {
            model: document.model_id.clone(),
            ..CostFacts::default()
        })
    }
}

/// Log events of the spool's records, in the log group `/sample`.
fn hot(spool: &Spool, stopping: &Shutdown) -> Hot {
    let config = corelog_hot::Config {
        targets: corelog_hot::Targets {
            invocations: "/sample".into(),
            further: None,
        },
        after: spool.durable_sequence(),
        bytes_max: None,
    };
    let (hot, follower) = Hot::new(spool.clone(), config);
    Tasks::new().spawn("log events", follower.run(stopping.child()));
    hot
}

fn id(number: u8) -> RecordId {
    RecordId::from_parts(NOW.unix_ms(), [number; 10])
}

impl House {
    async fn call(&self, method: Method, uri: &str, body: &str) -> Response<Body> {
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .body(Bytes::copy_from_slice(body.as_bytes()))
            .unwrap();
        self.api.serve(&request, &Caller::default()).await
    }

    async fn get(&self, uri: &str) -> (u16, String) {
        read(self.call(Method::GET, uri, "").await).await
    }

    async fn stored(&self) -> Option<LoggingConfiguration> {
        self.catalog.logging().await.unwrap()
    }
}

async fn read(response: Response<Body>) -> (u16, String) {
    let status = response.status().as_u16();
    let mut bytes = Vec::new();
    match response.into_body() {
        Body::Full(all) | Body::Trailed(all, _) => bytes.extend_from_slice(&all),
        Body::Stream(mut pieces) => {
            while let Some(piece) = pieces.next().await {
                bytes.extend_from_slice(&piece.unwrap());
            }
        }
    }
    (status, String::from_utf8(bytes).unwrap())
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}
