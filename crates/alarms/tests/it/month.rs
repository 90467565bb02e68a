//! A month of evaluations with a simulated clock: every transition where the data say so, and every action once.

use std::collections::BTreeMap;

use corelog_alarms::{Alarms, Effects, Point, StateValue};
use corelog_types::Timestamp;

use crate::model::{alarms, at, clock, definition};

const MINUTE_MS: u64 = 60_000;
const DAYS: u64 = 30;
const SERVICES: usize = 4;

/// A value every minute: `9` in the ten minutes from noon of each day, `1` else, and none from three to four.
fn value(minute_ms: u64, service: usize) -> Option<f64> {
    let minute = minute_ms / MINUTE_MS % (24 * 60);
    let shift = u64::try_from(service).unwrap();
    match minute {
        180..240 => None,
        minute if (720 + shift..730 + shift).contains(&minute) => Some(9.0),
        _ => Some(1.0),
    }
}

struct World {
    alarms: Alarms,
    transitions: BTreeMap<String, Vec<(u64, StateValue)>>,
    notices: usize,
}

impl World {
    fn take(&mut self, effects: &Effects) {
        for transition in &effects.transitions {
            if transition.from.value == transition.to.value {
                continue;
            }
            let name = transition.alarm.name.clone();
            let seen = self.transitions.entry(name).or_default();
            seen.push((transition.to.updated.unix_ms(), transition.to.value));
        }
        self.notices += effects.notices.len();
        // An action is executed for the state that the alarm is in.
        for notice in &effects.notices {
            let state = &self
                .alarms
                .get(&notice.transition.alarm.name)
                .unwrap()
                .state;
            assert_eq!(notice.transition.to.value, state.value);
        }
    }
}

fn world() -> World {
    let mut world = World {
        alarms: alarms(),
        transitions: BTreeMap::new(),
        notices: 0,
    };
    let now = clock("00:00");
    for service in 0..SERVICES {
        let request = format!(
            r#"{{"AlarmName":"s{service}","Namespace":"N","MetricName":"M{service}","Statistic":"Maximum","Period":60,"EvaluationPeriods":5,"DatapointsToAlarm":3,"Threshold":5,"ComparisonOperator":"GreaterThanThreshold","AlarmActions":["arn:aws:sns:us-east-1:123456789012:s{service}"]}}"#
        );
        let effects = world
            .alarms
            .put(definition(&request).unwrap(), now)
            .unwrap();
        world.take(&effects);
    }
    let any = (0..SERVICES).map(|service| format!("ALARM(s{service})"));
    let any = any.collect::<Vec<_>>().join(" OR ");
    let request = format!(
        r#"{{"AlarmName":"any","AlarmRule":"{any}","AlarmActions":["arn:aws:sns:us-east-1:123456789012:any"],"OKActions":["arn:aws:sns:us-east-1:123456789012:any"]}}"#
    );
    let effects = world
        .alarms
        .put(definition(&request).unwrap(), now)
        .unwrap();
    world.take(&effects);
    world
}

fn points(alarms: &Alarms, name: &str, now: Timestamp) -> Vec<Point> {
    let service: usize = name[1..].parse().unwrap();
    let window = alarms.window(name, now).unwrap();
    let indexes = (0..window.len()).rev();
    indexes
        .filter_map(|index| {
            let start = window.start_of(index);
            if start < clock("00:00") {
                return None;
            }
            let value = value(start.unix_ms(), service)?;
            Some(Point {
                at: start,
                value,
                samples: Some(1.0),
                band: None,
            })
        })
        .collect()
}

#[test]
fn a_month_goes_by() {
    let mut world = world();
    let start = clock("00:00").unix_ms();
    let end = start + DAYS * 24 * 60 * MINUTE_MS;
    let mut now = at(start);
    let mut evaluations = 0_usize;
    while now.unix_ms() < end {
        for name in world.alarms.due(now) {
            let points = points(&world.alarms, &name, now);
            let effects = world.alarms.evaluate(&name, &points, now);
            world.take(&effects);
            evaluations += 1;
        }
        let effects = world.alarms.tick(now);
        world.take(&effects);
        now = world.alarms.wakes_at(now).unwrap();
    }
    let minutes = usize::try_from(DAYS * 24 * 60).unwrap();
    assert!((SERVICES * minutes..=SERVICES * (minutes + 1)).contains(&evaluations));

    for service in 0..SERVICES {
        let seen = &world.transitions[&format!("s{service}")];
        // OK at first; then a gap, back, an ALARM, and its end, every day.
        assert_eq!(seen[0].1, StateValue::Ok);
        assert_eq!(seen.len(), 1 + 4 * usize::try_from(DAYS).unwrap());
        for (day, changes) in (0..DAYS).zip(seen[1..].chunks(4)) {
            let minute = |time: u64| (time - start) / MINUTE_MS - day * 24 * 60;
            let noon = 720 + u64::try_from(service).unwrap();
            let expected = [
                // The range of seven minutes has nothing left seven minutes after the last data point.
                (187, StateValue::InsufficientData),
                (241, StateValue::Ok),
                // Three of five breaching: the third of them ends three minutes after noon.
                (noon + 3, StateValue::Alarm),
                // Three of five within the limit again.
                (noon + 13, StateValue::Ok),
            ];
            let found =
                [0, 1, 2, 3].map(|index: usize| (minute(changes[index].0), changes[index].1));
            assert_eq!(found, expected, "service {service}, day {day}");
        }
    }
    // The composite alarm is in ALARM from the first to the last of them, once a day.
    let any = &world.transitions["any"];
    assert_eq!(any.len(), 1 + 2 * usize::try_from(DAYS).unwrap());
    let alarms = SERVICES * usize::try_from(DAYS).unwrap();
    assert_eq!(world.notices, alarms + any.len());
}
