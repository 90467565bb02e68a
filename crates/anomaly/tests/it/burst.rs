//! Bursts by caller and model.

use corelog_anomaly::{Burst, BurstConfig, Bursts, Signal, Subject, Use};
use corelog_types::Timestamp;

const MINUTE_MS: u64 = 60_000;
const WINDOW_MS: u64 = 5 * MINUTE_MS;
const DAY: u64 = 288;
/// Monday, 2 November 2026.
const START_MS: u64 = 1_793_577_600_000;

fn subject(caller: &str) -> Subject {
    Subject {
        caller: caller.to_owned(),
        model: "claude".to_owned(),
    }
}

fn used(window: u64, number: u64) -> Use {
    Use {
        at: Timestamp::from_unix_ms(START_MS + window * WINDOW_MS + number * 1_000),
        tokens: Some(2_000 + (number * 37 + window * 101) % 500),
        cost: Some(0.01),
        latency_ms: Some(
            800.0 + f64::from(u32::try_from((number * 13 + window * 7) % 60).unwrap()),
        ),
        is_error: false,
    }
}

/// When the window is looked at: three minutes after its end.
fn tick(bursts: &mut Bursts, window: u64) -> Vec<Burst> {
    let end = START_MS + (window + 1) * WINDOW_MS;
    bursts.tick(Timestamp::from_unix_ms(end + 3 * MINUTE_MS))
}

/// Twenty to thirty calls in each window.
fn usual(bursts: &mut Bursts, caller: &str, from: u64, to: u64) -> Vec<Burst> {
    let mut told = Vec::new();
    for window in from..to {
        for number in 0..20 + (window * 7) % 11 {
            bursts.observe(&subject(caller), &used(window, number));
        }
        told.extend(tick(bursts, window));
    }
    told
}

/// Ten times as much of everything there is: calls and tokens and cost.
fn much(bursts: &mut Bursts, caller: &str, from: u64, to: u64) -> Vec<Burst> {
    let mut told = Vec::new();
    for window in from..to {
        for number in 0..250 {
            bursts.observe(&subject(caller), &used(window, number));
        }
        told.extend(tick(bursts, window));
    }
    told
}

fn signals(bursts: &[Burst]) -> Vec<(Signal, bool)> {
    bursts
        .iter()
        .map(|burst| (burst.signal, burst.has_ended))
        .collect()
}

#[test]
fn a_burst_is_told_when_it_begins_and_when_it_ends() {
    let mut bursts = Bursts::new(BurstConfig::default());
    let now = 3 * DAY;
    assert_eq!(usual(&mut bursts, "batch", 0, now), []);
    let begun = much(&mut bursts, "batch", now, now + 6);
    assert_eq!(
        signals(&begun),
        [
            (Signal::Calls, false),
            (Signal::Tokens, false),
            (Signal::Cost, false)
        ]
    );
    assert_eq!(begun[0].value.to_bits(), 250.0_f64.to_bits());
    assert_eq!(begun[0].since.unix_ms(), START_MS + now * WINDOW_MS);
    let ended = usual(&mut bursts, "batch", now + 6, now + 12);
    assert_eq!(
        signals(&ended),
        [
            (Signal::Calls, true),
            (Signal::Tokens, true),
            (Signal::Cost, true)
        ]
    );
    // Three usual windows after the last unusual one.
    assert_eq!(ended[0].at.unix_ms(), START_MS + (now + 8) * WINDOW_MS);
    assert_eq!(ended[0].since.unix_ms(), START_MS + now * WINDOW_MS);
}

#[test]
fn little_is_nobodys_care() {
    // From one call in each window to eight: many standard deviations, and still nothing.
    let mut bursts = Bursts::new(BurstConfig::default());
    let mut told = Vec::new();
    for window in 0..3 * DAY + 6 {
        let calls = if window < 3 * DAY { 1 } else { 8 };
        for number in 0..calls {
            bursts.observe(&subject("a"), &used(window, number));
        }
        told.extend(tick(&mut bursts, window));
    }
    assert_eq!(told, []);
}

#[test]
fn slow_answers_are_told() {
    let mut bursts = Bursts::new(BurstConfig::default());
    let now = 3 * DAY;
    usual(&mut bursts, "a", 0, now);
    let mut told = Vec::new();
    for window in now..now + 4 {
        for number in 0..25 {
            let slow = Use {
                latency_ms: Some(1_600.0),
                ..used(window, number)
            };
            bursts.observe(&subject("a"), &slow);
        }
        told.extend(tick(&mut bursts, window));
    }
    assert_eq!(signals(&told), [(Signal::Latency, false)]);
}

#[test]
fn errors_are_compared_with_their_own_rate() {
    let run = |usually: u64, then: u64| {
        let mut bursts = Bursts::new(BurstConfig::default());
        let mut told = Vec::new();
        for window in 0..DAY {
            let errors = if window < DAY - 6 { usually } else { then };
            for number in 0..40 {
                let call = Use {
                    is_error: number < errors,
                    latency_ms: None,
                    ..used(window, number)
                };
                bursts.observe(&subject("a"), &call);
            }
            told.extend(tick(&mut bursts, window));
        }
        signals(&told)
    };
    // From none to twelve of forty, without two days of learning.
    assert_eq!(run(0, 12), [(Signal::Errors, false)]);
    // Four are below the floor, and twelve of forty may be usual.
    assert_eq!(run(0, 4), []);
    assert_eq!(
        run(12, 12)
            .iter()
            .filter(|(_, has_ended)| !has_ended)
            .count(),
        1
    );
    assert_eq!(run(4, 40), [(Signal::Errors, false)]);
}

#[test]
fn who_is_new_is_compared_with_the_others() {
    let mut bursts = Bursts::new(BurstConfig::default());
    let now = 4 * DAY;
    usual(&mut bursts, "old", 0, now);
    // A window of 250 calls is twice the bound of a burst: five times 30 calls and the bin's upper end, twice.
    let mut told = Vec::new();
    for window in now..now + 3 {
        for number in 0..290 {
            bursts.observe(&subject("new"), &used(window, number));
        }
        told.extend(tick(&mut bursts, window));
    }
    assert_eq!(
        told.iter()
            .filter(|burst| burst.signal == Signal::Calls)
            .count(),
        1
    );
    assert!(
        told.iter().all(|burst| burst.subject.caller == "new"),
        "{told:?}"
    );
}

#[test]
fn late_calls_count_in_their_own_window_until_it_is_closed() {
    let mut bursts = Bursts::new(BurstConfig::default());
    let now = 3 * DAY;
    usual(&mut bursts, "a", 0, now);
    // Of the closed window a thousand more come, which change nothing.
    for number in 0..1_000 {
        bursts.observe(&subject("a"), &used(now - 1, number % 300));
    }
    assert_eq!(usual(&mut bursts, "a", now, now + 6), []);
}

#[test]
fn a_sleep_is_no_silence() {
    let mut bursts = Bursts::new(BurstConfig::default());
    let now = 3 * DAY;
    usual(&mut bursts, "a", 0, now);
    // The machine slept for a day; a year is skipped as quickly.
    assert_eq!(usual(&mut bursts, "a", now + DAY, now + DAY + 6), []);
    assert_eq!(
        usual(&mut bursts, "a", now + 365 * DAY, now + 365 * DAY + 6),
        []
    );
}

#[test]
fn there_are_never_more_subjects_than_allowed() {
    let config = BurstConfig {
        subjects_max: 10,
        ..BurstConfig::default()
    };
    let mut bursts = Bursts::new(config);
    for number in 0..100 {
        bursts.observe(&subject(&number.to_string()), &used(0, number));
        assert!(bursts.len() <= 10);
    }
    assert_eq!(bursts.let_go(), 90);
}
