//! What a model says of series whose course is known.

use corelog_anomaly::{Adaptation, Config, Filtering, Model, Point, Training, bands};
use corelog_types::Timestamp;

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;
const PERIOD_MS: u64 = 5 * MINUTE_MS;

/// Monday, 2 November 2026.
fn monday() -> u64 {
    Timestamp::parse_rfc3339("2026-11-02T00:00:00Z")
        .unwrap()
        .unix_ms()
}

fn at(ms: u64) -> Timestamp {
    Timestamp::from_unix_ms(ms)
}

/// From -1 to 1, and the same every time.
fn chance(number: u64) -> f64 {
    let mixed = (number ^ (number >> 3)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    f64::from(u32::try_from(mixed).unwrap()) / f64::from(1_u32 << 23) - 1.0
}

/// Feeds a course with noise of ±5 from Monday on.
fn learn(model: &mut Model, from_ms: u64, to_ms: u64, course: impl Fn(u64) -> f64) {
    let mut at_ms = from_ms;
    while at_ms < to_ms {
        let value = course(at_ms) + 5.0 * chance(at_ms / PERIOD_MS);
        model.observe(Point {
            at: at(at_ms),
            value,
        });
        at_ms += PERIOD_MS;
    }
}

/// 200 from nine to five, else 100.
fn office(at_ms: u64) -> f64 {
    let hour = at_ms % DAY_MS / HOUR_MS;
    if (9..17).contains(&hour) {
        200.0
    } else {
        100.0
    }
}

#[test]
fn training_goes_through_three_states() {
    let mut model = Model::new(Config::new(PERIOD_MS));
    let start = monday();
    let mut states = Vec::new();
    for hour in [0, 2, 4, 47, 49] {
        learn(
            &mut model,
            start + hour * HOUR_MS,
            start + (hour + 1) * HOUR_MS,
            office,
        );
        let band = model.band(at(start + 50 * HOUR_MS), 2.0);
        states.push((model.training().name(), band.is_some()));
    }
    assert_eq!(
        states,
        [
            ("PENDING_TRAINING", false),
            ("PENDING_TRAINING", false),
            ("TRAINED_INSUFFICIENT_DATA", false),
            ("TRAINED_INSUFFICIENT_DATA", false),
            ("TRAINED", true),
        ]
    );
}

#[test]
fn the_day_is_known_after_two() {
    let mut model = Model::new(Config::new(PERIOD_MS));
    let start = monday();
    let now = start + 4 * DAY_MS;
    learn(&mut model, start, now, office);
    let noon = model.band(at(now + 12 * HOUR_MS), 3.0).unwrap();
    let night = model.band(at(now + 2 * HOUR_MS), 3.0).unwrap();
    assert!(noon.holds(200.0) && !noon.holds(150.0), "{noon:?}");
    assert!(night.holds(100.0) && !night.holds(150.0), "{night:?}");
}

#[test]
fn what_never_was_negative_has_no_negative_band() {
    let mut model = Model::new(Config::new(PERIOD_MS));
    let start = monday();
    let now = start + 3 * DAY_MS;
    let few = |at_ms: u64| {
        if chance(at_ms / PERIOD_MS + 77) > 0.9 {
            6.0
        } else {
            5.0
        }
    };
    learn(&mut model, start, now, few);
    let band = model.band(at(now), 50.0).unwrap();
    assert!(band.lower >= 0.0, "{band:?}");
    // One that was has one.
    let mut model = Model::new(Config::new(PERIOD_MS));
    learn(&mut model, start, now, |at_ms| few(at_ms) - 5.0);
    let band = model.band(at(now), 3.0).unwrap();
    assert!(band.lower < 0.0, "{band:?}");
}

#[test]
fn a_spike_does_not_draw_the_band_along() {
    let mut model = Model::new(Config::new(PERIOD_MS));
    let start = monday();
    let spike = start + 12 * DAY_MS + 10 * HOUR_MS;
    learn(&mut model, start, spike, office);
    let before = model.band(at(spike + 6 * HOUR_MS), 3.0).unwrap();
    learn(&mut model, spike, spike + 6 * HOUR_MS, |_| 2_000.0);
    let after = model.band(at(spike + 6 * HOUR_MS), 3.0).unwrap();
    assert!(
        (after.upper - before.upper).abs() < 10.0,
        "{before:?} {after:?}"
    );
    // Nor a week later, at the same hour.
    let later = spike + 7 * DAY_MS;
    learn(&mut model, spike + 6 * HOUR_MS, later, office);
    let band = model.band(at(later + HOUR_MS), 3.0).unwrap();
    assert!(band.holds(200.0) && !band.holds(260.0), "{band:?}");
}

#[test]
fn a_level_that_stays_becomes_usual() {
    for (adaptation, hours) in [
        (Adaptation::Fast, 6),
        (Adaptation::Normal, 24),
        (Adaptation::Slow, 72),
    ] {
        let mut config = Config::new(PERIOD_MS);
        config.adaptation = adaptation;
        let mut model = Model::new(config);
        let start = monday();
        let shift = start + 10 * DAY_MS;
        learn(&mut model, start, shift, office);
        let doubled = |at_ms: u64| 2.0 * office(at_ms);
        let early = shift + hours * HOUR_MS / 2;
        learn(&mut model, shift, early, doubled);
        let band = model.band(at(early), 3.0).unwrap();
        assert!(!band.holds(doubled(early)), "{adaptation:?} {band:?}");
        let late = shift + (hours + 1) * HOUR_MS;
        learn(&mut model, early, late, doubled);
        for hour in [1, 12] {
            let time = late + hour * HOUR_MS;
            let band = model.band(at(time), 3.0).unwrap();
            assert!(band.holds(doubled(time)), "{adaptation:?} {hour} {band:?}");
        }
    }
}

#[test]
fn a_weekend_is_known_after_one() {
    let weekly = |at_ms: u64| {
        let day = (at_ms - monday()) / DAY_MS % 7;
        if day >= 5 { 100.0 } else { office(at_ms) }
    };
    let mut model = Model::new(Config::new(PERIOD_MS));
    let saturday = monday() + 12 * DAY_MS;
    learn(&mut model, monday(), saturday, weekly);
    let noon = model.band(at(saturday + 12 * HOUR_MS), 3.0).unwrap();
    assert!(noon.expected < 150.0, "{noon:?}");
    // After two, sharply.
    let saturday = monday() + 19 * DAY_MS;
    learn(&mut model, saturday - 7 * DAY_MS, saturday, weekly);
    let noon = model.band(at(saturday + 12 * HOUR_MS), 3.0).unwrap();
    assert!(noon.holds(100.0) && !noon.holds(150.0), "{noon:?}");
}

#[test]
fn excluded_times_teach_nothing() {
    let start = monday();
    let outage = (start + DAY_MS, start + 3 * DAY_MS);
    let run = |excluded: Vec<(Timestamp, Timestamp)>| {
        let mut config = Config::new(PERIOD_MS);
        config.excluded = excluded;
        let mut model = Model::new(config);
        learn(&mut model, start, start + 4 * DAY_MS, |at_ms| {
            if (outage.0..outage.1).contains(&at_ms) {
                3_000.0
            } else {
                office(at_ms)
            }
        });
        model
            .band(at(start + 4 * DAY_MS + 12 * HOUR_MS), 3.0)
            .unwrap()
    };
    let band = run(vec![(at(outage.0), at(outage.1))]);
    assert!(band.holds(200.0) && !band.holds(300.0), "{band:?}");
    assert!(run(Vec::new()).holds(300.0));
}

#[test]
fn days_follow_the_clock_on_the_wall() {
    // Berlin's clocks went back on 25 October 2026. Who works from nine to five there begins at 07:00 UTC in summer
    // and at 08:00 in winter.
    let zone = Config::zone("Europe/Berlin").unwrap();
    let back = Timestamp::parse_rfc3339("2026-10-25T01:00:00Z")
        .unwrap()
        .unix_ms();
    let local = |at_ms: u64| office(at_ms + if at_ms < back { 2 } else { 1 } * HOUR_MS);
    let mut config = Config::new(PERIOD_MS);
    config.zone = zone;
    let mut model = Model::new(config);
    let now = back + 2 * HOUR_MS;
    learn(&mut model, now - 10 * DAY_MS, now, local);
    // 07:30 UTC on Monday is half past eight.
    let half_past_eight = Timestamp::parse_rfc3339("2026-10-26T07:15:00Z").unwrap();
    let half_past_nine = Timestamp::parse_rfc3339("2026-10-26T08:45:00Z").unwrap();
    assert!(model.band(half_past_eight, 3.0).unwrap().expected < 130.0);
    assert!(model.band(half_past_nine, 3.0).unwrap().expected > 170.0);
}

#[test]
fn no_points_are_no_trouble() {
    let mut model = Model::new(Config::new(PERIOD_MS));
    let start = monday();
    learn(&mut model, start, start + 9 * DAY_MS, office);
    // Three days of nothing, then as before.
    let back = start + 12 * DAY_MS;
    let band = model.band(at(back + 12 * HOUR_MS), 3.0).unwrap();
    assert!(band.holds(200.0), "{band:?}");
    learn(&mut model, back, back + HOUR_MS, office);
    assert_eq!(model.training(), Training::Trained);
    // After more than two weeks of nothing it begins anew.
    learn(
        &mut model,
        back + 40 * DAY_MS,
        back + 40 * DAY_MS + HOUR_MS,
        office,
    );
    assert_eq!(model.training(), Training::Pending);
}

#[test]
fn the_newest_point_may_be_told_again() {
    let start = monday();
    let mut once = Model::new(Config::new(PERIOD_MS));
    let mut twice = once.clone();
    for number in 0..100_u64 {
        let time = at(start + number * PERIOD_MS);
        let value = 10.0 + chance(number);
        twice.observe(Point {
            at: time,
            value: 99.0,
        });
        for model in [&mut once, &mut twice] {
            model.observe(Point { at: time, value });
        }
    }
    assert_eq!(once.to_bytes(), twice.to_bytes());
    // An older one is let go.
    twice.observe(Point {
        at: at(start),
        value: 5.0,
    });
    assert_eq!(once.to_bytes(), twice.to_bytes());
}

#[test]
fn bands_are_what_was_known_then() {
    let start = monday();
    let points: Vec<Point> = (0..6 * 288_u64)
        .map(|number| {
            let at_ms = start + number * PERIOD_MS;
            let value = office(at_ms) + 5.0 * chance(number);
            Point {
                at: at(at_ms),
                value,
            }
        })
        .collect();
    let config = Config::new(PERIOD_MS);
    let (from, to) = (start + DAY_MS, start + 7 * DAY_MS);
    let drawn = bands(&config, &points, at(from), at(to), 2.0);
    assert_eq!(drawn.len(), 6 * 288);
    assert_eq!(drawn[0], (at(from), None));
    // The third day is drawn without the fourth: with fewer points it is the same.
    let part = bands(
        &config,
        &points[..4 * 288],
        at(from),
        at(start + 4 * DAY_MS),
        2.0,
    );
    assert_eq!(drawn[..3 * 288], part[..]);
    // And it goes on where points end.
    assert!(drawn.last().unwrap().1.is_some());
}

#[test]
fn strict_filtering_leaves_out_more() {
    let start = monday();
    let level = |filtering: Filtering| {
        let mut config = Config::new(PERIOD_MS);
        config.filtering = filtering;
        let mut model = Model::new(config);
        let now = start + 9 * DAY_MS;
        learn(&mut model, start, now, |_| 100.0);
        // Ten hours above, by some three standard deviations.
        learn(&mut model, now, now + 10 * HOUR_MS, |_| 112.0);
        model.band(at(now + 10 * HOUR_MS), 2.0).unwrap().expected
    };
    assert!(level(Filtering::Strict) < level(Filtering::Minimal));
}
