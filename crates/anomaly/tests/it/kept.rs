//! What is stored and read back goes on as if nothing had been.

use corelog_anomaly::{
    Answer, BurstConfig, Bursts, Call, Drifts, RunawayConfig, Runaways, Signal, Subject, Use,
};
use corelog_types::Timestamp;

const WINDOW_MS: u64 = 300_000;
const DAY_MS: u64 = 86_400_000;
/// Monday, 2 November 2026.
const START_MS: u64 = 1_793_577_600_000;

fn at(ms: u64) -> Timestamp {
    Timestamp::from_unix_ms(START_MS + ms)
}

/// All of a burst but what is usual, which a model that is read learns anew: the signal, when, since when, how much,
/// whether it is over.
type Told = (Signal, Timestamp, Timestamp, f64, bool);

/// Three days of twenty calls in five minutes, then a burst of three windows; read back before each of some windows.
fn burst(read_back: &[u64]) -> Vec<Told> {
    let mut bursts = Bursts::new(BurstConfig::default());
    let subject = Subject {
        caller: "batch".to_owned(),
        model: "claude".to_owned(),
    };
    let mut told = Vec::new();
    for window in 0..880_u64 {
        let calls = if (870..873).contains(&window) {
            400
        } else {
            20 + window % 7
        };
        for number in 0..calls {
            // Some of a window's calls come before it is stored, some after.
            if number == calls / 2 && read_back.contains(&window) {
                bursts = Bursts::from_bytes(&bursts.to_bytes(), BurstConfig::default()).unwrap();
            }
            bursts.observe(
                &subject,
                &Use {
                    at: at(window * WINDOW_MS + number * 500),
                    tokens: Some(2_000),
                    cost: Some(0.01),
                    latency_ms: Some(900.0),
                    is_error: false,
                },
            );
        }
        let over = at((window + 1) * WINDOW_MS + 180_000);
        let bursts = bursts.tick(over).into_iter();
        told.extend(bursts.map(|it| (it.signal, it.at, it.since, it.value, it.has_ended)));
    }
    told
}

#[test]
fn bursts_go_on() {
    let told = burst(&[]);
    let begun: Vec<Signal> = told.iter().filter(|it| !it.4).map(|it| it.0).collect();
    assert_eq!(begun, [Signal::Calls, Signal::Tokens, Signal::Cost]);
    assert_eq!(burst(&[3, 600, 871, 874]), told);
}

fn call(number: u64) -> Call<'static> {
    let begun = number * 2_500;
    Call {
        caller: "agent",
        session: Some("s-1"),
        conversation: None,
        begun: at(begun),
        ended: at(begun + 2_000),
        prompt: 7,
        step: None,
        input_tokens: Some(100 + number * 30),
        output_tokens: Some(10),
        is_answered: true,
    }
}

#[test]
fn a_loop_goes_on() {
    let run = |read_back: &[u64]| {
        let mut runaways = Runaways::new(RunawayConfig::default());
        let mut told = Vec::new();
        for number in 0..40 {
            if read_back.contains(&number) {
                let bytes = runaways.to_bytes();
                runaways = Runaways::from_bytes(&bytes, RunawayConfig::default()).unwrap();
            }
            told.extend(runaways.observe(&call(number)));
        }
        told.extend(runaways.tick(at(3_600_000)));
        told
    };
    let told = run(&[]);
    assert_eq!(told.len(), 4);
    assert!(told.last().unwrap().has_ended);
    assert_eq!(run(&[1, 7, 8, 20, 39]), told);
}

#[test]
fn days_of_answers_are_kept() {
    let mut drifts = Drifts::new(10);
    for day in 0..12_u64 {
        for number in 0..200_u64 {
            let is_last = day == 11;
            let answer = Answer {
                at: at(day * DAY_MS + number * 1_000),
                length: Some(if is_last { 20 } else { 200 } + number % 50),
                prompt_length: Some(100 + number % 9),
                is_refusal: Some(number % 50 == 0),
                stop_reason: Some(if number % 9 == 0 {
                    "max_tokens"
                } else {
                    "end_turn"
                }),
                language: Some("en"),
            };
            drifts.observe("claude", &answer);
        }
    }
    let bytes = drifts.to_bytes();
    let read = Drifts::from_bytes(&bytes, 10).unwrap();
    assert_eq!(read.to_bytes(), bytes);
    let last = at(11 * DAY_MS);
    assert_eq!(read.look(last), drifts.look(last));
    assert_eq!(read.look(last).len(), 1);
}

#[test]
fn other_bytes_are_refused() {
    let mut bursts = Bursts::new(BurstConfig::default());
    let subject = Subject {
        caller: "a".to_owned(),
        model: "b".to_owned(),
    };
    for window in 0..30_u64 {
        let used = Use {
            at: at(window * WINDOW_MS),
            tokens: Some(5),
            cost: None,
            latency_ms: Some(1.0),
            is_error: true,
        };
        bursts.observe(&subject, &used);
        bursts.tick(at((window + 1) * WINDOW_MS));
    }
    let mut runaways = Runaways::new(RunawayConfig::default());
    for number in 0..10 {
        runaways.observe(&call(number));
    }
    let mut drifts = Drifts::new(3);
    drifts.observe(
        "a",
        &Answer {
            at: at(0),
            length: Some(1),
            prompt_length: None,
            is_refusal: None,
            stop_reason: Some("stop"),
            language: None,
        },
    );
    let all = [bursts.to_bytes(), runaways.to_bytes(), drifts.to_bytes()];
    let is_read = |bytes: &[u8]| {
        [
            Bursts::from_bytes(bytes, BurstConfig::default()).is_ok(),
            Runaways::from_bytes(bytes, RunawayConfig::default()).is_ok(),
            Drifts::from_bytes(bytes, 3).is_ok(),
        ]
    };
    for (number, bytes) in all.iter().enumerate() {
        assert!(is_read(bytes)[number]);
        for end in 0..bytes.len() {
            assert!(!is_read(&bytes[..end])[number], "{number} {end}");
        }
        let mut changed = bytes.clone();
        changed.push(0);
        assert!(!is_read(&changed)[number]);
        changed.pop();
        // No byte that is another makes it panic.
        for place in 0..changed.len() {
            changed[place] ^= 0x81;
            let _ = is_read(&changed);
            changed[place] ^= 0x81;
        }
    }
}
