//! How much CPU ten thousand alarms take: `cargo run --release -p corelog-alarms --example evaluate [MINUTES]`.
//!
//! Every alarm is evaluated once a minute, three of five, over data points that make a hundredth of them change their
//! state each minute. What is measured is one thread that does nothing else; handing it the data points is part of it,
//! reading them from a disk is not.

use std::time::{Duration, Instant};

use corelog_alarms::{Account, Alarms, MetricAlarmRequest, Point};
use corelog_types::Timestamp;

const ALARMS: u64 = 10_000;
const MINUTE_MS: u64 = 60_000;

fn main() {
    let minutes: u64 = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(60);
    let start = 1_795_305_600_000;
    let mut alarms = Alarms::new(Account {
        partition: "aws".to_owned(),
        region: "us-east-1".to_owned(),
        account_id: "123456789012".to_owned(),
    });
    for number in 0..ALARMS {
        let made = request(number).check();
        let put =
            made.and_then(|definition| alarms.put(definition, Timestamp::from_unix_ms(start)));
        if let Err(error) = put {
            eprintln!("{error}");
            return;
        }
    }
    let mut spent = Duration::ZERO;
    let (mut evaluations, mut transitions) = (0_u64, 0_usize);
    let mut points: Vec<Point> = Vec::new();
    for second in 1..=minutes * 60 {
        let now = Timestamp::from_unix_ms(start + second * 1_000);
        let begun = Instant::now();
        for name in alarms.due(now) {
            let Some(window) = alarms.window(&name, now) else {
                continue;
            };
            points.clear();
            points.extend((0..window.len()).rev().map(|index| {
                let at = window.start_of(index);
                Point {
                    at,
                    value: value(&name, at),
                    samples: Some(12.0),
                    band: None,
                }
            }));
            transitions += alarms.evaluate(&name, &points, now).transitions.len();
            evaluations += 1;
        }
        let _ = alarms.tick(now);
        spent += begun.elapsed();
    }
    let per_minute = spent / u32::try_from(minutes.max(1)).unwrap_or(u32::MAX);
    eprintln!(
        "{ALARMS} alarms, {minutes} minutes: {evaluations} evaluations, {transitions} transitions, {per_minute:?} of CPU \
         a minute ({:.3} % of a core)",
        per_minute.as_secs_f64() / 60.0 * 100.0
    );
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
        alarm_actions: vec!["arn:aws:sns:us-east-1:123456789012:page".to_owned()],
        ..MetricAlarmRequest::default()
    }
}

/// High for an hour of every eight or so, at another time for each alarm.
fn value(name: &str, at: Timestamp) -> f64 {
    let shift: u64 = name.bytes().map(u64::from).sum();
    let minute = at.unix_ms() / MINUTE_MS + shift * 7;
    if minute % 200 < 60 { 500.0 } else { 50.0 }
}
