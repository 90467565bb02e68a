//! A month of evaluations in seconds, and what many alarms at once cost.

use corelog_alarms::StateValue;
use corelog_catalog::Says;
use corelog_types::Timestamp;
use corelog_watch::Config;

use crate::world::{MIDNIGHT_MS, MINUTE_MS, Made, World, composite, math, metric};

const DAY_MS: u64 = 24 * 60 * MINUTE_MS;

/// `9` in the ten minutes from noon of each day, none from three to four, `1` else.
fn day(time: Timestamp) -> Option<f64> {
    match time.unix_ms() % DAY_MS / MINUTE_MS {
        180..240 => None,
        720..730 => Some(9.0),
        _ => Some(1.0),
    }
}

#[tokio::test]
async fn a_month_makes_every_transition_once_and_every_notice_once() {
    let world = World::new(Config::default()).await;
    let points = Made(Box::new(|_, time| day(time)));
    world.put(metric("a")).await;
    world.put(composite("both", "ALARM(a)")).await;
    let turns = world.pass(MIDNIGHT_MS + 30 * DAY_MS, &points).await;
    assert!(
        turns >= 30 * 24 * 60,
        "{turns} turns: an evaluation a minute"
    );

    let taken = world.take_notices().await;
    let mut told: Vec<(String, u64, StateValue)> = Vec::new();
    for one in &taken {
        let Says::Action(notice) = &one.notice.says else {
            panic!("nobody listens to events: {one:?}");
        };
        let to = &notice.transition.to;
        let minute = (to.transitioned.unix_ms() - MIDNIGHT_MS) / MINUTE_MS;
        let of = format!("{} {}", notice.transition.alarm.name, notice.action);
        told.push((of, minute, to.value));
    }
    // Of `a`, each day: into OK at once (the data begin before the month does) and after the gap, and from the alarm;
    // into ALARM when the first minute past noon is over. `both` has no action for OK.
    let count = |alarm: &str, value| {
        let mut of = told
            .iter()
            .filter(|(of, _, to)| of.starts_with(alarm) && *to == value);
        let first = of.next().map(|(_, minute, _)| *minute);
        (first, usize::from(first.is_some()) + of.count())
    };
    assert_eq!(count("a ", StateValue::Alarm), (Some(721), 30));
    assert_eq!(count("a ", StateValue::Ok), (Some(0), 61));
    assert_eq!(count("both ", StateValue::Alarm), (Some(721), 30));
    assert_eq!(taken.len(), 30 + 61 + 30);
    let mut ids: Vec<_> = taken.iter().map(|one| one.notice.id.clone()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), taken.len());
}

#[tokio::test]
async fn after_a_pause_each_alarm_is_evaluated_once_for_now() {
    let world = World::new(Config::default()).await;
    let points = Made(Box::new(|_, time| day(time)));
    world.put(metric("a")).await;
    world.settle(&points).await;
    assert_eq!(world.state("a").await, StateValue::Ok);
    assert_eq!(world.take_notices().await.len(), 1);
    // The machine sleeps over ten noons, and wakes up within the eleventh.
    let noon = MIDNIGHT_MS + 10 * DAY_MS + 725 * MINUTE_MS;
    world.clock.set(Timestamp::from_unix_ms(noon));
    world.settle(&points).await;
    assert_eq!(world.state("a").await, StateValue::Alarm);
    assert_eq!(world.take_notices().await.len(), 1, "one, not twenty");
}

#[tokio::test]
async fn many_alarms_flip_together_in_turns_of_a_bounded_size() {
    let world = World::new(Config::default()).await;
    let points = Made(Box::new(|_, _| Some(9.0)));
    let names: Vec<String> = (0..300).map(|number| format!("a{number}")).collect();
    for name in &names {
        world.put(metric(name)).await;
    }
    let mut turns = 1;
    while world.watch.turn(&points).await.unwrap() {
        turns += 1;
    }
    assert_eq!(turns, 300_usize.div_ceil(corelog_watch::TURN_MAX));
    assert_eq!(world.take_notices().await.len(), 300);
}

#[tokio::test]
async fn an_alarm_watches_an_expression() {
    let world = World::new(Config::default()).await;
    // 4 and 2: their sum is above 5, and neither of them.
    let points = Made(Box::new(|model, _| match model {
        "one" => Some(4.0),
        _ => Some(2.0),
    }));
    for (name, expression) in [
        ("sum", "m + n"),
        ("most", "MAX([m, n])"),
        ("none", "m / (n - n)"),
    ] {
        world.put(math(name, expression)).await;
    }
    world.settle(&points).await;
    assert_eq!(world.state("sum").await, StateValue::Alarm);
    assert_eq!(world.state("most").await, StateValue::Ok);
    assert_eq!(world.state("none").await, StateValue::InsufficientData);
}
