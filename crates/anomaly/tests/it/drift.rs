//! Whether answers of a day differ from those before.

use corelog_anomaly::{Answer, Drifts, Feature, Known};
use corelog_types::Timestamp;

const DAY_MS: u64 = 86_400_000;
const START_MS: u64 = 1_793_577_600_000;

fn day(number: u64) -> Timestamp {
    Timestamp::from_unix_ms(START_MS + number * DAY_MS + 1_000)
}

/// From 0 to 999, and the same every time.
fn chance(number: u64) -> u64 {
    let mut mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 32)) % 1_000
}

/// Answers of 100 to 500 tokens; one in a hundred refuses, one in ten is cut, all are English.
fn usual(at: Timestamp, number: u64) -> Answer<'static> {
    let drawn = chance(at.unix_ms() + number * 3);
    Answer {
        at,
        length: Some(100 + drawn * 4 / 10),
        prompt_length: Some(1_000 + drawn),
        is_refusal: Some(drawn % 100 == 7),
        stop_reason: Some(if drawn % 10 == 3 {
            "max_tokens"
        } else {
            "end_turn"
        }),
        language: Some("en"),
    }
}

fn learn(drifts: &mut Drifts, key: &str, days: std::ops::Range<u64>) {
    for number in days {
        for answer in 0..300 {
            drifts.observe(key, &usual(day(number), answer));
        }
    }
}

/// What is told of a last day on which every answer was changed.
fn told(
    change: impl Fn(u64, Answer<'static>) -> Answer<'static>,
) -> Vec<(Feature, f64, f64, bool)> {
    let mut drifts = Drifts::new(100);
    learn(&mut drifts, "claude", 0..14);
    for answer in 0..300 {
        drifts.observe("claude", &change(answer, usual(day(14), answer)));
    }
    let found = drifts.look(day(14));
    found
        .into_iter()
        .map(|it| (it.feature, it.before, it.after, it.have_prompts_moved))
        .collect()
}

#[test]
fn nothing_is_told_of_days_that_are_alike() {
    assert_eq!(told(|_, answer| answer), []);
}

#[test]
fn longer_answers_are_told() {
    let found = told(|_, answer| Answer {
        length: answer.length.map(|length| length * 2),
        ..answer
    });
    let [(Feature::Length, before, after, false)] = found[..] else {
        unreachable!("{found:?}");
    };
    // The middle is 300, which the bin up to 2^(33/4) has. That of 600, of fewer answers, is near.
    assert!((before - 304.4).abs() < 0.1, "{before}");
    assert!((500.0..750.0).contains(&after), "{after}");
}

#[test]
fn longer_answers_to_longer_prompts_say_so() {
    let found = told(|_, answer| Answer {
        length: answer.length.map(|length| length * 2),
        prompt_length: answer.prompt_length.map(|length| length * 2),
        ..answer
    });
    assert!(
        matches!(found[..], [(Feature::Length, _, _, true)]),
        "{found:?}"
    );
}

#[test]
fn more_refusals_are_told() {
    let found = told(|number, answer| Answer {
        is_refusal: Some(number % 10 == 0),
        ..answer
    });
    let [(Feature::Refusals, before, after, false)] = found[..] else {
        unreachable!("{found:?}");
    };
    assert!(
        before < 0.02 && (after - 0.1).abs() < 1e-9,
        "{before} {after}"
    );
}

#[test]
fn stop_reasons_and_languages_are_told_with_what_moved() {
    let found = told(|number, answer| Answer {
        stop_reason: Some(if number % 2 == 0 {
            "max_tokens"
        } else {
            "end_turn"
        }),
        language: Some(if number % 3 == 0 { "de" } else { "en" }),
        ..answer
    });
    let features: Vec<Feature> = found.iter().map(|(feature, ..)| *feature).collect();
    assert_eq!(features, [Feature::StopReason, Feature::Language]);
}

#[test]
fn what_differs_every_week_is_usual() {
    let mut drifts = Drifts::new(1);
    for number in 0..=12 {
        // On Saturdays and Sundays answers are twice as long.
        let times = if number % 7 >= 5 { 2 } else { 1 };
        for answer in 0..300 {
            let answer = usual(day(number), answer);
            let length = answer.length.map(|length| length * times);
            drifts.observe("claude", &Answer { length, ..answer });
        }
    }
    // Day 12 is the second Saturday.
    assert_eq!(drifts.look(day(12)), []);
    assert_eq!(drifts.known("claude", day(12)), Known::Compared);
}

#[test]
fn of_a_hundred_keys_that_do_not_drift_none_is_named() {
    let mut drifts = Drifts::new(100);
    for number in 0..100 {
        learn(&mut drifts, &format!("model-{number}"), 0..15);
    }
    assert_eq!(drifts.look(day(14)), []);
}

#[test]
fn few_answers_say_nothing() {
    let mut drifts = Drifts::new(1);
    learn(&mut drifts, "claude", 0..3);
    for answer in 0..99 {
        drifts.observe("claude", &usual(day(3), answer));
    }
    assert_eq!(drifts.known("claude", day(3)), Known::InsufficientData);
    drifts.observe("claude", &usual(day(3), 99));
    assert_eq!(drifts.known("claude", day(3)), Known::Compared);
    assert_eq!(drifts.known("other", day(3)), Known::InsufficientData);
}

#[test]
fn the_key_whose_answers_are_the_longest_ago_makes_room() {
    let mut drifts = Drifts::new(2);
    learn(&mut drifts, "former", 0..3);
    learn(&mut drifts, "claude", 0..6);
    drifts.observe("next", &usual(day(6), 0));
    assert_eq!(drifts.let_go(), 1);
    assert_eq!(drifts.known("claude", day(5)), Known::Compared);
    assert_eq!(drifts.known("former", day(2)), Known::InsufficientData);
}

#[test]
fn what_is_too_much_is_let_go() {
    let mut drifts = Drifts::new(1);
    learn(&mut drifts, "claude", 20..40);
    assert_eq!(drifts.let_go(), 0);
    // Only days 25 to 39 are there: one before is too late.
    drifts.observe("claude", &usual(day(3), 0));
    assert_eq!(drifts.let_go(), 1);
    // Names without end are one name.
    for number in 0..1_000 {
        let reason = format!("{}{number}", "é".repeat(100));
        let answer = Answer {
            stop_reason: Some(&reason),
            ..usual(day(39), 0)
        };
        drifts.observe("claude", &answer);
    }
    assert!(drifts.look(day(39)).len() <= 4);
}
