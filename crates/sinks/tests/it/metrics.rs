//! A day of traffic, counted and recounted: what the metrics say of every minute and hour is what SQL says of the
//! records. Records come late and out of order, batches come again, some entries are damaged, some are no records, and
//! many a record does not say everything.

use std::path::PathBuf;

use corelog_metrics::{
    Config as MetricsConfig, Dimension, Metric, MetricFilter, Period, Question, SqliteMetrics,
    Statistic, TallyConfig,
};
use corelog_record::events::EventBatch;
use corelog_record::{BodySlot, line};
use corelog_sinks::metrics::MetricsSink;
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Row as _, SqlitePool};

use super::*;

/// 2026-11-20T00:00:00Z.
const DAY: u64 = 1_795_132_800_000;
const DAY_MS: u64 = 24 * 3_600_000;
/// Some of the day's calls end in the next one.
const AFTER: u64 = DAY + 30 * 3_600_000;
const CALLS: usize = 4_000;

/// A generator of numbers that look random (`SplitMix64`).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }

    fn one_of<'a>(&mut self, these: &[&'a str]) -> &'a str {
        these[usize::try_from(self.below(these.len() as u64)).unwrap()]
    }
}

/// A call: when it arrived, when its record was made, and the record.
struct Call {
    arrived: u64,
    stored: u64,
    document: Value,
}

/// Eighths of milliseconds: their sums are exact.
fn eighths(number: u64) -> Value {
    json!(f64::from(u32::try_from(number).unwrap()) / 8.0)
}

fn call(random: &mut Random, number: usize) -> Call {
    // A record has its time in whole seconds.
    let arrived = DAY + random.below(DAY_MS / 1_000) * 1_000;
    // Most take seconds; some are heard of hours later.
    let took = if random.one_in(20) {
        random.below(6 * 3_600_000)
    } else {
        random.below(20_000)
    };
    let status = match random.below(20) {
        0 => 429,
        1 => 400,
        2 => 503,
        _ => 200,
    };
    let mut extension = json!({
        "recordId": "", "provider": random.one_of(&["openai", "bedrock"]), "method": "POST",
        "httpStatus": status, "latencyMs": eighths(took.min(100_000) * 8 + random.below(8)),
        "caller": {"name": random.one_of(&["batch", "web"])},
        "user": format!("user-{}", random.below(30)),
    });
    let mut set = |name: &str, value: Value| extension[name] = value;
    if !random.one_in(10) {
        set("overheadMs", eighths(random.below(40)));
    }
    if random.one_in(3) {
        set(
            "tags",
            json!({"team": random.one_of(&["harbour", "search"])}),
        );
    }
    if status == 200 && random.one_in(15) {
        set("imageCount", json!(1 + random.below(4)));
    }
    if status == 200 && random.one_in(25) {
        let closed = eighths(random.below(4_000));
        set(
            "delivery",
            json!({"outcome": "hung_up", "bytes": 1, "chunks": 1, "closedAfterMs": closed}),
        );
    }
    let mut document = json!({
        "timestamp": timestamp(arrived), "accountId": "111122223333", "region": "us-east-1",
        "requestId": request_id(number as u64), "operation": "ChatCompletions",
        "identity": {"arn": "a"}, "schemaType": "ModelInvocationLog", "schemaVersion": "1.0",
        "corelog": extension,
    });
    let mut set = |name: &str, value: Value| document[name] = value;
    // A call that is refused early names no model.
    if status != 400 {
        set(
            "modelId",
            json!(random.one_of(&["gpt-5", "nova-pro", "claude-sonnet-4-5"])),
        );
    }
    match status {
        429 => set("errorCode", json!("rate_limit_exceeded")),
        400 => set("errorCode", json!("invalid_request_error")),
        503 => set("errorCode", json!("server_error")),
        // What a provider does not say is absent, and no zero.
        _ if random.one_in(8) => {}
        _ => {
            set("input", json!({"inputTokenCount": random.below(2_000)}));
            set("output", json!({"outputTokenCount": random.below(500)}));
            if random.one_in(4) {
                document["input"]["cacheReadInputTokenCount"] = json!(random.below(9_000));
            }
        }
    }
    Call {
        arrived,
        stored: arrived + took,
        document,
    }
}

/// `2026-11-20T09:15:42Z`
fn timestamp(ms: u64) -> String {
    let second = (ms - DAY) / 1_000;
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    format!("2026-11-20T{hour:02}:{minute:02}:{:02}Z", second % 60)
}

/// Puts the calls into the spool in the order in which they ended, with what is no record between them; gives the lines
/// of the records.
fn record(spool: &Spool, random: &mut Random) -> Vec<String> {
    let mut calls: Vec<Call> = (0..CALLS).map(|number| call(random, number)).collect();
    calls.sort_by_key(|call| call.stored);
    let mut lines = Vec::new();
    for (number, call) in calls.into_iter().enumerate() {
        let mut bytes = [0; 10];
        bytes[2..].copy_from_slice(&(number as u64).to_be_bytes());
        let id = RecordId::from_parts(call.arrived, bytes);
        let document: Document = serde_json::from_value(call.document).unwrap();
        let mut payload = encode_envelope(&document, &[]).unwrap();
        let (is_of_somebody, is_damaged) = (random.one_in(50), random.one_in(50));
        if is_of_somebody {
            payload = EventBatch {
                group: "app",
                stream: "one",
                events: vec![(call.arrived, "{\"modelId\":\"gpt-5\"}")],
            }
            .encode()
            .unwrap();
        } else if is_damaged {
            payload.truncate(payload.len() / 2);
        } else {
            let mut text = Vec::new();
            line(&document, BodySlot::Absent, BodySlot::Absent, &mut text).unwrap();
            lines.push(String::from_utf8(text).unwrap());
        }
        let entry = Entry {
            id,
            time: Timestamp::from_unix_ms(call.stored),
            payload: &[&payload],
            blobs: Vec::new(),
        };
        spool.append(entry).unwrap();
    }
    spool.sync().unwrap();
    lines
}

fn counting(spool: &Spool, sink: Arc<dyn Sink>, random: &mut Random) -> Delivery {
    let config = Config {
        batch_records_max: usize::try_from(20 + random.below(100)).unwrap(),
        ..Config::new("metrics")
    };
    let ports = Ports {
        spool: spool.clone(),
        sink,
        clock: Clock::manual(Timestamp::from_unix_ms(AFTER)),
        metrics: Arc::new(Metrics::new()),
    };
    Delivery::open(config, ports).unwrap().0
}

async fn opened(dir: &Path) -> SqliteMetrics {
    SqliteMetrics::open(dir, MetricsConfig::default())
        .await
        .unwrap()
}

async fn sink_of(metrics: &SqliteMetrics, spool: &Spool) -> MetricsSink {
    let config = TallyConfig {
        tags: vec!["team".to_owned()],
        // Small, so that batches are counted in several parts.
        buckets_max: 300,
        ..TallyConfig::default()
    };
    let clock = Clock::manual(Timestamp::from_unix_ms(AFTER));
    let location = "file:///metrics.db".to_owned();
    let opening = MetricsSink::open(metrics.clone(), location, spool.node(), config, clock);
    opening.await.unwrap()
}

/// A metric, and the SQL that recounts it: the values of its dimensions, its value, which records have one.
struct Recount {
    namespace: &'static str,
    name: &'static str,
    dimensions: &'static [(&'static str, &'static str)],
    value: &'static str,
    of: &'static str,
}

const MODEL: (&str, &str) = ("ModelId", "$.modelId");
const PROVIDER: (&str, &str) = ("Provider", "$.corelog.provider");
const STATUS: &str = "json_extract(line, '$.corelog.httpStatus')";

const fn recount(
    namespace: &'static str,
    name: &'static str,
    dimensions: &'static [(&'static str, &'static str)],
    value: &'static str,
    of: &'static str,
) -> Recount {
    Recount {
        namespace,
        name,
        dimensions,
        value,
        of,
    }
}

/// Source of what counts where: <https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-runtime-metrics.html>
/// for the first namespace; the other counts every call.
const RECOUNTS: [Recount; 17] = [
    recount(
        "AWS/Bedrock",
        "Invocations",
        &[MODEL],
        "1",
        "status IN (200, 503)",
    ),
    recount(
        "AWS/Bedrock",
        "InvocationThrottles",
        &[MODEL],
        "1",
        "status = 429",
    ),
    recount(
        "AWS/Bedrock",
        "InvocationServerErrors",
        &[MODEL],
        "1",
        "status = 503",
    ),
    recount(
        "AWS/Bedrock",
        "InvocationLatency",
        &[MODEL],
        "coalesce(json_extract(line, '$.corelog.delivery.closedAfterMs'), json_extract(line, '$.corelog.latencyMs'))",
        "status IN (200, 503)",
    ),
    recount(
        "AWS/Bedrock",
        "InputTokenCount",
        &[MODEL],
        "$.input.inputTokenCount",
        "1",
    ),
    recount(
        "AWS/Bedrock",
        "OutputTokenCount",
        &[MODEL],
        "$.output.outputTokenCount",
        "1",
    ),
    recount(
        "AWS/Bedrock",
        "CacheReadInputTokens",
        &[MODEL],
        "$.input.cacheReadInputTokenCount",
        "1",
    ),
    recount(
        "AWS/Bedrock",
        "OutputImageCount",
        &[MODEL],
        "$.corelog.imageCount",
        "1",
    ),
    recount("Corelog", "Invocations", &[], "1", "1"),
    recount("Corelog", "Invocations", &[PROVIDER], "1", "1"),
    recount("Corelog", "Invocations", &[MODEL, PROVIDER], "1", "1"),
    recount(
        "Corelog",
        "InvocationErrors",
        &[("ErrorCode", "$.errorCode"), PROVIDER],
        "1",
        "1",
    ),
    recount(
        "Corelog",
        "InputTokenCount",
        &[("User", "$.corelog.user")],
        "$.input.inputTokenCount",
        "1",
    ),
    recount(
        "Corelog",
        "OutputTokenCount",
        &[("team", "$.corelog.tags.team")],
        "$.output.outputTokenCount",
        "1",
    ),
    recount(
        "Corelog",
        "GatewayOverhead",
        &[PROVIDER],
        "$.corelog.overheadMs",
        "1",
    ),
    recount(
        "Corelog",
        "InvocationLatency",
        &[],
        "$.corelog.latencyMs",
        "status = 200",
    ),
    recount(
        "Corelog",
        "CallerHangUps",
        &[("Caller", "$.corelog.caller.name")],
        "1",
        "json_extract(line, '$.corelog.delivery.outcome') = 'hung_up'",
    ),
];

/// Count, sum, least and greatest value, by the values of dimensions and the second in which the period begins.
type Counts = BTreeMap<(Vec<String>, u64), [f64; 4]>;

impl Recount {
    fn sql(&self, seconds: u32) -> String {
        let path = |path: &str| format!("json_extract(line, '{path}')");
        let value = if self.value.starts_with('$') {
            path(self.value)
        } else {
            self.value.to_owned()
        };
        let texts: Vec<String> = self.dimensions.iter().map(|(_, at)| path(at)).collect();
        let texts = if texts.is_empty() {
            "''".to_owned()
        } else {
            texts.join(" || '/' || ")
        };
        let of = self.of.replace("status", STATUS);
        format!(
            "SELECT texts, begins, CAST(count(*) AS REAL), CAST(sum(value) AS REAL), CAST(min(value) AS REAL),
                    CAST(max(value) AS REAL)
             FROM (SELECT {texts} AS texts, {value} AS value,
                          (CAST(strftime('%s', json_extract(line, '$.timestamp')) AS INTEGER) * 1000
                              + CAST(json_extract(line, '$.corelog.latencyMs') AS INTEGER))
                              / (1000 * {seconds}) * {seconds} AS begins
                   FROM records WHERE {of})
             WHERE texts IS NOT NULL AND value IS NOT NULL GROUP BY texts, begins"
        )
    }

    async fn of_records(&self, records: &SqlitePool, seconds: u32) -> Counts {
        let sql = AssertSqlSafe(self.sql(seconds));
        let rows = sqlx::query(sql).fetch_all(records).await.unwrap();
        let mut counts = Counts::new();
        for row in rows {
            let texts: String = row.get(0);
            let texts = texts
                .split('/')
                .filter(|text| !text.is_empty())
                .map(str::to_owned);
            let begins: i64 = row.get(1);
            let numbers = [row.get(2), row.get(3), row.get(4), row.get(5)];
            counts.insert((texts.collect(), u64::try_from(begins).unwrap()), numbers);
        }
        counts
    }

    async fn of_metrics(&self, metrics: &SqliteMetrics, seconds: u32) -> Counts {
        let filter = MetricFilter {
            namespace: Some(self.namespace.to_owned()),
            name: Some(self.name.to_owned()),
            ..MetricFilter::default()
        };
        let since = Timestamp::from_unix_ms(DAY);
        let listed = metrics.list(&filter, since, None, 10_000).await.unwrap();
        let wanted: Vec<&str> = self.dimensions.iter().map(|(name, _)| *name).collect();
        let names = |metric: &Metric| {
            metric
                .dimensions()
                .iter()
                .map(|one| one.name.clone())
                .collect::<Vec<_>>()
        };
        let mut counts = Counts::new();
        for listed in listed
            .iter()
            .filter(|listed| names(&listed.metric) == wanted)
        {
            let metric = &listed.metric;
            let texts: Vec<String> = metric.dimensions().iter().map(value_of).collect();
            let question = Question {
                metric,
                unit: None,
                from: Timestamp::from_unix_ms(DAY),
                to: Timestamp::from_unix_ms(AFTER),
                period: Period::from_seconds(seconds).unwrap(),
                statistics: &[
                    Statistic::SampleCount,
                    Statistic::Sum,
                    Statistic::Minimum,
                    Statistic::Maximum,
                ],
            };
            let found = metrics
                .points(&question, Timestamp::from_unix_ms(AFTER))
                .await
                .unwrap();
            assert_eq!(found.len(), 1, "units of {metric:?}");
            let unit = &found[0];
            for point in &unit.points {
                let numbers: Vec<f64> = point.values.iter().map(|value| value.unwrap()).collect();
                let key = (texts.clone(), point.time.unix_ms() / 1_000);
                counts.insert(key, numbers.try_into().unwrap());
            }
        }
        counts
    }
}

fn value_of(dimension: &Dimension) -> String {
    dimension.value.clone()
}

async fn table_of(lines: &[String]) -> SqlitePool {
    let options = SqliteConnectOptions::new().in_memory(true);
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options);
    let pool = pool.await.unwrap();
    sqlx::query("CREATE TABLE records (line TEXT NOT NULL)")
        .execute(&pool)
        .await
        .unwrap();
    for line in lines {
        let insert = sqlx::query("INSERT INTO records VALUES ($1)").bind(line);
        insert.execute(&pool).await.unwrap();
    }
    pool
}

#[test]
fn a_day_of_metrics_equals_a_recount_of_its_records() {
    let root = tempfile::tempdir().unwrap();
    let dir: PathBuf = root.path().join("spool");
    let random = &mut Random(7);
    let lines = process(async {
        let spool = spool(&dir);
        let metrics = opened(root.path()).await;
        // The cursor is there before the first record.
        drop(counting(
            &spool,
            Arc::new(sink_of(&metrics, &spool).await),
            random,
        ));
        record(&spool, random)
    });
    assert!(lines.len() > CALLS * 9 / 10 && lines.len() < CALLS);
    for (calls, after) in [
        (1, true),
        (4, true),
        (3, false),
        (7, true),
        (1, false),
        (5, true),
    ] {
        process(async {
            let spool = spool(&dir);
            let metrics = opened(root.path()).await;
            let lost = Arc::new(Lost {
                sink: Arc::new(sink_of(&metrics, &spool).await),
                calls_left: AtomicUsize::new(calls),
                after,
                now: Notify::new(),
            });
            let running = counting(&spool, Arc::<Lost>::clone(&lost), random);
            tokio::select! {
                _ = running.run(Shutdown::new()) => unreachable!("nobody asked for a shutdown"),
                () = lost.now.notified() => {}
            }
        });
    }
    process(async {
        let spool = spool(&dir);
        let metrics = opened(root.path()).await;
        let shutdown = Shutdown::new();
        shutdown.request();
        let sink = Arc::new(sink_of(&metrics, &spool).await);
        let ended = counting(&spool, sink, random).run(shutdown).await;
        assert_eq!(ended, Ended { undelivered: 0 });
        let records = table_of(&lines).await;
        for recount in &RECOUNTS {
            for seconds in [60, 300, 3_600] {
                let expected = recount.of_records(&records, seconds).await;
                let found = recount.of_metrics(&metrics, seconds).await;
                assert!(
                    !expected.is_empty(),
                    "nothing to compare: {}",
                    recount.sql(seconds)
                );
                let what = (recount.namespace, recount.name, recount.dimensions, seconds);
                for (key, numbers) in &expected {
                    assert_eq!(found.get(key), Some(numbers), "{what:?} at {key:?}");
                }
                assert_eq!(
                    found.len(),
                    expected.len(),
                    "{what:?} has more than the records"
                );
            }
        }
    });
}
