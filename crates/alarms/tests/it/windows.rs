//! Which periods evaluations look at.

use corelog_alarms::{Alarms, Point};

use crate::model::{alarms, at, clock, definition};

fn with(request: &str) -> Alarms {
    let mut alarms = alarms();
    let definition = definition(request).unwrap();
    let _ = alarms.put(definition, clock("00:00")).unwrap();
    alarms
}

fn request(period: u32, periods: u32, more: &str) -> String {
    format!(
        r#"{{"Namespace":"N","MetricName":"M","Statistic":"Sum","Period":{period},"EvaluationPeriods":{periods},"Threshold":1,"ComparisonOperator":"GreaterThanThreshold"{more}}}"#
    )
}

#[test]
fn sliding_periods_end_with_the_last_whole_minute() {
    let alarms = with(&request(300, 3, ""));
    let window = alarms.window("alarm", clock("17:04:40")).unwrap();
    assert_eq!(window.len(), 5);
    assert_eq!(window.start_of(0), clock("16:59"));
    assert_eq!(window.end(), clock("17:04"));
    assert_eq!(window.start(), clock("16:39"));
    assert!(alarms.window("none", clock("17:04")).is_none());
}

#[test]
fn the_range_is_two_more_or_a_third() {
    for (periods, range) in [(1, 3), (3, 5), (6, 8), (9, 12), (100, 133)] {
        let alarms = with(&request(60, periods, ""));
        let window = alarms.window("alarm", clock("12:00")).unwrap();
        assert_eq!(window.len(), range, "{periods}");
    }
}

#[test]
fn wall_clocks_have_complete_hours_and_days_of_their_zone() {
    let hour = r#","EvaluationWindow":{"WallClockWindow":{}}"#;
    let alarms = with(&request(3_600, 1, hour));
    let window = alarms.window("alarm", clock("17:04:40")).unwrap();
    assert_eq!(
        (window.start_of(0), window.end()),
        (clock("16:00"), clock("17:00"))
    );

    let india = r#","EvaluationWindow":{"WallClockWindow":{"Timezone":"+05:30"}}"#;
    let alarms = with(&request(3_600, 1, india));
    let window = alarms.window("alarm", clock("17:04:40")).unwrap();
    assert_eq!(
        (window.start_of(0), window.end()),
        (clock("15:30"), clock("16:30"))
    );

    let week = r#","EvaluationWindow":{"WallClockWindow":{}}"#;
    let alarms = with(&request(604_800, 1, week));
    let window = alarms.window("alarm", clock("17:04:40")).unwrap();
    // Sunday the 22nd is in the week that began on Monday the 16th: the 9th began the last complete one.
    assert_eq!(
        (window.start_of(0), window.end()),
        (at(1_794_182_400_000), at(1_794_787_200_000))
    );
}

#[test]
fn a_day_of_a_zone_has_twenty_five_hours_when_its_clock_goes_back() {
    let zone = r#","EvaluationWindow":{"WallClockWindow":{"Timezone":"America/New_York"}}"#;
    let mut alarms = with(&request(86_400, 1, zone));
    // 1 November 2026: from 04:00 UTC (summer time) to 05:00 UTC of the next day.
    let now = at(1_793_599_200_000);
    let window = alarms.window("alarm", now).unwrap();
    assert_eq!(
        window.end().unix_ms() - window.start_of(0).unix_ms(),
        25 * 3_600_000
    );
    let last = at(window.end().unix_ms() - 1);
    let point = Point {
        at: last,
        value: 5.0,
        samples: None,
        band: None,
    };
    let effects = alarms.evaluate("alarm", &[point], now);
    assert_eq!(effects.transitions.len(), 1);
    let after = Point {
        at: window.end(),
        ..point
    };
    let mut alarms = with(&request(86_400, 1, zone));
    assert!(alarms.evaluate("alarm", &[after], now).is_empty());
}

#[test]
fn what_is_outside_of_the_window_counts_for_nothing() {
    let mut alarms = with(&request(60, 1, ""));
    let now = clock("12:00:30");
    let window = alarms.window("alarm", now).unwrap();
    let outside = [
        window.end(),
        at(window.start().unix_ms() - 1),
        at(0),
        at(u64::MAX),
    ];
    let points: Vec<Point> = outside
        .into_iter()
        .map(|at| Point {
            at,
            value: 9.0,
            samples: None,
            band: None,
        })
        .collect();
    assert!(alarms.evaluate("alarm", &points, now).is_empty());
}
