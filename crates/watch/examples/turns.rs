//! How much CPU ten thousand alarms take with all that belongs to it: `cargo run --release -p corelog-watch --example turns`.
//!
//! Each alarm watches a metric of its own, as it is kept on disk, and is evaluated once a minute, three of five; a
//! hundredth of them change their states each minute. What is measured is the time of all threads of the process, over
//! ten minutes of a simulated clock, without what puts the data there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use corelog_alarms::{Account, MetricAlarmRequest};
use corelog_catalog::SqliteCatalog;
use corelog_metrics::{
    Bucket, Deltas, Dimension, Metric, Overflow, Resolution, SqliteMetrics, Unit,
};
use corelog_runtime::Clock;
use corelog_types::Timestamp;
use corelog_watch::{Config, Watch};

const ALARMS: u64 = 10_000;
const MINUTES: u64 = 10;
const MINUTE_MS: u64 = 60_000;
const START_MS: u64 = 1_795_305_600_000;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let dir = tempfile::tempdir()?;
    let clock = Clock::manual(Timestamp::from_unix_ms(START_MS));
    let catalog = Arc::new(SqliteCatalog::open(dir.path()).await?);
    let metrics = SqliteMetrics::open(dir.path(), corelog_metrics::Config::default()).await?;
    let account = Account {
        partition: "aws".to_owned(),
        region: "us-east-1".to_owned(),
        account_id: "123456789012".to_owned(),
    };
    let watch = Watch::open(Config::default(), account, catalog, clock.clone()).await?;
    for number in 0..ALARMS {
        watch.put(request(number).check()?, BTreeMap::new()).await?;
    }
    let mut spent = Duration::ZERO;
    for minute in 0..MINUTES {
        fill(&metrics, minute).await?;
        let until = START_MS + (minute + 1) * MINUTE_MS;
        let begun = cpu_time()?;
        loop {
            while watch.turn(&metrics).await? {}
            let now = clock.now();
            let next = watch.look(|alarms, _| alarms.wakes_at(now)).await;
            match next.filter(|next| next.unix_ms() < until) {
                Some(next) => clock.set(next.max(Timestamp::from_unix_ms(now.unix_ms() + 1_000))),
                None => break,
            }
        }
        spent += cpu_time()?.saturating_sub(begun);
        clock.set(Timestamp::from_unix_ms(until));
    }
    let per_minute = spent.as_secs_f64() / f64::from(u32::try_from(MINUTES)?);
    eprintln!(
        "{ALARMS} alarms: {per_minute:.2} s of CPU a minute ({:.1} % of a core)",
        per_minute / 60.0 * 100.0
    );
    Ok(())
}

/// A value of every metric for the minute before one.
async fn fill(metrics: &SqliteMetrics, minute: u64) -> Outcome<()> {
    let time = Timestamp::from_unix_ms(START_MS + minute * MINUTE_MS - MINUTE_MS);
    let mut deltas = Deltas::default();
    for number in 0..ALARMS {
        let model = Dimension {
            name: "ModelId".to_owned(),
            value: format!("model-{number}"),
        };
        let metric = Metric::new("AWS/Bedrock", "InvocationLatency", vec![model])?;
        let mut bucket = Bucket::default();
        let is_slow = (number + minute / 5) % 100 < 20;
        bucket.add(if is_slow { 900.0 } else { 90.0 }, 12.0);
        deltas.push(
            Arc::new(metric),
            Unit::Milliseconds,
            Resolution::Standard,
            time,
            bucket,
        );
    }
    metrics.add(&deltas, None, Overflow::Refuse, time).await?;
    Ok(())
}

fn request(number: u64) -> MetricAlarmRequest {
    MetricAlarmRequest {
        alarm_name: format!("latency-of-service-{number}"),
        namespace: Some("AWS/Bedrock".to_owned()),
        metric_name: Some("InvocationLatency".to_owned()),
        dimensions: vec![("ModelId".to_owned(), format!("model-{number}"))],
        extended_statistic: Some("p99".to_owned()),
        period: Some(60),
        evaluation_periods: Some(5),
        datapoints_to_alarm: Some(3),
        threshold: Some(100.0),
        comparison_operator: Some("GreaterThanThreshold".to_owned()),
        ..MetricAlarmRequest::default()
    }
}

/// The time that all threads of this process were running, as Linux tells it.
fn cpu_time() -> Outcome<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // Behind the name, which may have spaces: user and system time are the 12th and 13th, in hundredths of a second.
    let rest = stat.rsplit_once(')').ok_or("an odd /proc/self/stat")?.1;
    let mut fields = rest.split_whitespace().skip(11);
    let mut next = || -> Outcome<u64> { Ok(fields.next().ok_or("too short")?.parse()?) };
    Ok(Duration::from_millis((next()? + next()?) * 10))
}
