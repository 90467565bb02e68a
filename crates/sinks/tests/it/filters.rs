//! Metric filters through processes that are lost: what they count is what a recount by hand finds in the events that
//! came in their time, and so are the metrics that events have embedded.

use corelog_catalog::{
    Catalog, LogGroup, LogGroups as _, MetricFilter, MetricFilterLimits, MetricFilters as _,
    MetricTransformation, Moment, SqliteCatalog,
};
use corelog_hot::{Hot, Targets};
use corelog_metrics::{
    Config as MetricsConfig, Dimension, Metric, Period, Question, SqliteMetrics, Statistic,
    TallyConfig,
};
use corelog_record::events::EventBatch;
use corelog_sinks::metrics::MetricsSink;
use corelog_types::{LogGroupName, Sequence};

use super::*;

/// 2026-11-20T12:00:00Z.
const NOON: u64 = 1_795_176_000_000;
const BATCHES: u64 = 90;
/// Entries that are there before the filter is put, is changed, and is deleted.
const PUT: u64 = 20;
const CHANGED: u64 = 50;
const DELETED: u64 = 80;

fn group(name: &str) -> LogGroupName {
    LogGroupName::new(name).unwrap()
}

fn time(number: u64) -> Timestamp {
    Timestamp::from_unix_ms(NOON + number * 1_000)
}

/// Three events in each batch, of which one says ERROR, one how long something took, one a metric of its own. Every
/// tenth entry is a record.
fn append_entry(spool: &Spool, number: u64) {
    if number.is_multiple_of(10) {
        append(spool, number);
        return;
    }
    let at = time(number).unix_ms();
    let took = format!(r#"{{"ms": {number}, "model": "m{}"}}"#, number % 2);
    let embedded = format!(
        r#"{{"_aws": {{"Timestamp": {at}, "CloudWatchMetrics": [
            {{"Namespace": "Own", "Dimensions": [[]], "Metrics": [{{"Name": "Size"}}]}}]}}, "Size": {number}}}"#
    );
    let batch = EventBatch {
        group: "/app",
        stream: "s",
        events: vec![(at, "ERROR in it"), (at, &took), (at, &embedded)],
    };
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    let entry = Entry {
        id: RecordId::from_parts(at, random),
        time: time(number),
        payload: &[&batch.encode().unwrap()],
        blobs: Vec::new(),
    };
    spool.append(entry).unwrap();
}

fn filter(log_group: &str, name: &str, pattern: &str, value: &str) -> MetricFilter {
    MetricFilter {
        log_group: group(log_group),
        name: name.to_owned(),
        pattern: pattern.to_owned(),
        has_regex: false,
        transformation: MetricTransformation {
            namespace: "App".to_owned(),
            name: name.to_owned(),
            value: value.to_owned(),
            default_value: None,
            dimensions: BTreeMap::new(),
            unit: None,
        },
        on_transformed: false,
        created: time(0),
    }
}

const LIMITS: MetricFilterLimits = MetricFilterLimits {
    all: 9,
    with_regex: 9,
};

async fn put(catalog: &SqliteCatalog, filter: &MetricFilter, spool: &Spool) {
    let now = moment(spool);
    catalog
        .put_metric_filter(filter, now, LIMITS)
        .await
        .unwrap();
}

fn moment(spool: &Spool) -> Moment {
    Moment {
        node: spool.node(),
        last: spool.durable_sequence(),
    }
}

/// What was configured while the entries came.
async fn live(spool: &Spool, catalog: &SqliteCatalog) {
    for name in ["/app", "/records"] {
        let group = LogGroup::new(group(name), time(0));
        catalog.create_group(&group).await.unwrap();
    }
    let mut by_model = filter("/app", "Took", "{ $.ms > 0 }", "$.ms");
    by_model
        .transformation
        .dimensions
        .insert("Model".to_owned(), "$.model".to_owned());
    put(catalog, &by_model, spool).await;
    let calls = filter("/records", "Calls", "{ $.operation = InvokeModel }", "2");
    put(catalog, &calls, spool).await;
    for number in 1..=BATCHES {
        append_entry(spool, number);
        spool.sync().unwrap();
        match number {
            PUT => put(catalog, &filter("/app", "Errors", "ERROR", "1"), spool).await,
            CHANGED => put(catalog, &filter("/app", "Errors", "ERROR", "100"), spool).await,
            DELETED => {
                let app = group("/app");
                let deleting = catalog.delete_metric_filter(&app, "Errors", moment(spool));
                deleting.await.unwrap();
            }
            _ => {}
        }
    }
}

fn counting(spool: &Spool, sink: Arc<dyn Sink>) -> Delivery {
    let config = Config {
        batch_records_max: 7,
        ..Config::new("metrics")
    };
    let ports = Ports {
        spool: spool.clone(),
        sink,
        clock: Clock::manual(time(3_600)),
        metrics: Arc::new(Metrics::new()),
    };
    Delivery::open(config, ports).unwrap().0
}

struct Opened {
    metrics: SqliteMetrics,
    catalog: SqliteCatalog,
    sink: Arc<dyn Sink>,
}

async fn open(root: &Path, spool: &Spool) -> Opened {
    let metrics = SqliteMetrics::open(root, MetricsConfig::default());
    let metrics = metrics.await.unwrap();
    let catalog = SqliteCatalog::open(root).await.unwrap();
    let config = corelog_hot::Config {
        targets: Targets {
            invocations: "/records".into(),
            further: None,
        },
        after: Sequence::from_u64(0),
        bytes_max: None,
    };
    let (hot, _follower) = Hot::new(spool.clone(), config);
    let kept: Arc<dyn Catalog> = Arc::new(catalog.clone());
    let sink = MetricsSink::open(
        metrics.clone(),
        "file:///metrics.db".to_owned(),
        spool.node(),
        TallyConfig::default(),
        Clock::manual(time(3_600)),
    );
    let sink = sink.await.unwrap().with_events(kept, hot);
    Opened {
        metrics,
        catalog,
        sink: Arc::new(sink),
    }
}

/// By minute after noon: how many values there are, and their sum.
type Minutes = BTreeMap<u64, (u64, u64)>;

async fn found(
    metrics: &SqliteMetrics,
    namespace: &str,
    name: &str,
    model: Option<&str>,
) -> Minutes {
    let dimension = model.map(|model| Dimension {
        name: "Model".to_owned(),
        value: model.to_owned(),
    });
    let metric = Metric::new(namespace, name, dimension.into_iter().collect()).unwrap();
    let question = Question {
        metric: &metric,
        unit: None,
        from: time(0),
        to: time(3_600),
        period: Period::from_seconds(60).unwrap(),
        statistics: &[Statistic::SampleCount, Statistic::Sum],
    };
    let units = metrics.points(&question, time(3_600)).await.unwrap();
    let points = units.iter().flat_map(|unit| &unit.points);
    let whole = |value: Option<f64>| format!("{}", value.unwrap()).parse().unwrap();
    let one = |point: &corelog_metrics::Point| {
        let minute = (point.time.unix_ms() - NOON) / 60_000;
        (minute, (whole(point.values[0]), whole(point.values[1])))
    };
    points.map(one).collect()
}

/// Recounts entries by hand: which of them have how much.
fn recount(value: impl Fn(u64) -> Option<u64>) -> Minutes {
    let mut minutes = Minutes::new();
    for number in 1..=BATCHES {
        if let Some(value) = value(number) {
            let minute = minutes.entry(number / 60).or_default();
            *minute = (minute.0 + 1, minute.1 + value);
        }
    }
    minutes
}

#[test]
fn filters_count_each_event_of_their_time_once_though_processes_are_lost() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("spool");
    process(async {
        let spool = spool(&dir);
        let opened = open(root.path(), &spool).await;
        // The cursor is there before the first entry.
        drop(counting(&spool, opened.sink));
        live(&spool, &opened.catalog).await;
    });
    for (calls, after) in [(1, true), (2, false), (3, true), (1, false), (2, true)] {
        process(async {
            let spool = spool(&dir);
            let opened = open(root.path(), &spool).await;
            let lost = Arc::new(Lost {
                sink: opened.sink,
                calls_left: AtomicUsize::new(calls),
                after,
                now: Notify::new(),
            });
            let running = counting(&spool, Arc::<Lost>::clone(&lost));
            tokio::select! {
                _ = running.run(Shutdown::new()) => unreachable!("nobody asked for a shutdown"),
                () = lost.now.notified() => {}
            }
        });
    }
    process(async {
        let spool = spool(&dir);
        let Opened {
            metrics,
            catalog,
            sink,
        } = open(root.path(), &spool).await;
        let shutdown = Shutdown::new();
        shutdown.request();
        let ended = counting(&spool, sink).run(shutdown).await;
        assert_eq!(ended, Ended { undelivered: 0 });

        let is_put = |number: u64| !number.is_multiple_of(10);
        let errors = recount(|number| match number {
            _ if !is_put(number) => None,
            number if number <= PUT || number > DELETED => None,
            number if number <= CHANGED => Some(1),
            _ => Some(100),
        });
        assert_eq!(found(&metrics, "App", "Errors", None).await, errors);
        for (model, rest) in [("m0", 0), ("m1", 1)] {
            let took = recount(|n| (is_put(n) && n % 2 == rest).then_some(n));
            assert_eq!(found(&metrics, "App", "Took", Some(model)).await, took);
        }
        let sizes = recount(|number| is_put(number).then_some(number));
        assert_eq!(found(&metrics, "Own", "Size", None).await, sizes);
        // All records arrived in one minute.
        let calls = found(&metrics, "App", "Calls", None).await;
        let expected = BTreeMap::from([((REQUESTED - NOON) / 60_000, (9, 18))]);
        assert_eq!(calls, expected);
        let left = catalog.counting_filters(spool.node()).await.unwrap();
        let names: Vec<&str> = left.iter().map(|it| it.filter.name.as_str()).collect();
        assert_eq!(names, ["Took", "Calls"], "what a filter was is forgotten");
    });
}
