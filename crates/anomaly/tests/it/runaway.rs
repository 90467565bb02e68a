//! Which chains of calls have run away, and which only look like it.

use corelog_anomaly::{Call, Runaway, RunawayConfig, Runaways, Sign};
use corelog_types::Timestamp;

/// A call of two seconds, half a second after the former.
fn call(number: u64) -> Call<'static> {
    let begun = 1_793_577_600_000 + number * 2_500;
    Call {
        caller: "agent",
        session: Some("s-1"),
        conversation: None,
        begun: Timestamp::from_unix_ms(begun),
        ended: Timestamp::from_unix_ms(begun + 2_000),
        prompt: number,
        step: None,
        input_tokens: None,
        output_tokens: None,
        is_answered: true,
    }
}

fn run(calls: impl IntoIterator<Item = Call<'static>>) -> Vec<Runaway> {
    let mut runaways = Runaways::new(RunawayConfig::default());
    calls
        .into_iter()
        .filter_map(|call| runaways.observe(&call))
        .collect()
}

#[test]
fn the_same_prompt_again_and_again_is_told_at_the_eighth() {
    let found = run((0..40).map(|number| Call {
        prompt: 7,
        input_tokens: Some(90),
        output_tokens: Some(10),
        ..call(number)
    }));
    let told: Vec<(u64, u64, Sign)> = found
        .iter()
        .map(|it| (it.calls, it.tokens, it.sign))
        .collect();
    let repeats = |times| Sign::Repeats { steps: 1, times };
    // And again with twice as many.
    assert_eq!(
        told,
        [
            (8, 800, repeats(8)),
            (16, 1_600, repeats(16)),
            (32, 3_200, repeats(32))
        ]
    );
    assert_eq!(found[0].since, call(0).begun);
    assert_eq!(found[0].until, call(7).ended);
    assert_eq!(found[0].session.as_deref(), Some("s-1"));
}

#[test]
fn cycles_of_steps_are_seen() {
    // Read, edit, test, each with what it says the time before; the prompt itself grows.
    let found = run((0..20).map(|number| Call {
        step: Some(number % 3),
        ..call(number)
    }));
    // Five times three steps.
    assert_eq!(found[0].calls, 15);
    assert_eq!(found[0].sign, Sign::Repeats { steps: 3, times: 5 });
}

#[test]
fn an_agent_at_work_is_let_alone() {
    // It takes many steps, its prompts grow by what it reads, and now and then it does something again.
    let mut tokens = 2_000;
    let found = run((0..300).map(|number| {
        tokens += 50 + (number * 7_919) % 900;
        Call {
            step: Some(if number % 10 < 3 { 1 } else { number }),
            input_tokens: Some(tokens),
            output_tokens: Some(200),
            ..call(number)
        }
    }));
    assert_eq!(found, []);
}

#[test]
fn the_same_gain_each_time_is_a_climb() {
    // The message has the time in it, so no two are the same.
    let found = run((0..30).map(|number| Call {
        input_tokens: Some(1_000 + 120 * number + number % 3),
        ..call(number)
    }));
    let Sign::Climbs { by, times } = found[0].sign else {
        unreachable!("{found:?}");
    };
    assert_eq!((by, times, found[0].calls), (120, 20, 21));
}

#[test]
fn what_failed_is_tried_again() {
    let found = run((0..100).map(|number| Call {
        prompt: 7,
        is_answered: number % 20 == 19,
        ..call(number)
    }));
    // Five answers of a hundred tries.
    assert_eq!(found, []);
}

#[test]
fn a_batch_does_not_wait_for_its_answers() {
    // Fifty samples of one prompt, four at a time.
    let found = run((0..50).map(|number| Call {
        prompt: 7,
        begun: call(number / 4).begun,
        ended: call(number / 4).ended,
        ..call(number)
    }));
    assert_eq!(found, []);
}

#[test]
fn a_timer_is_no_loop() {
    // A probe each minute, for a day.
    let found = run((0..1_440).map(|number| Call {
        prompt: 7,
        ..call(number * 24)
    }));
    assert_eq!(found, []);
}

#[test]
fn without_a_session_it_takes_more() {
    let anonymous = |number| Call {
        session: None,
        prompt: 7,
        ..call(number)
    };
    assert_eq!(run((0..24).map(anonymous)), []);
    let found = run((0..25).map(anonymous));
    assert_eq!(
        found[0].sign,
        Sign::Repeats {
            steps: 1,
            times: 25
        }
    );
    // Conversations are chains of their own.
    let mixed = (0..200).map(|number| Call {
        conversation: Some(number % 10),
        ..anonymous(number)
    });
    assert_eq!(run(mixed), []);
}

#[test]
fn a_chain_that_outgrows_its_kind() {
    let mut runaways = Runaways::new(RunawayConfig::default());
    // Thirty sessions of 10,000 tokens each.
    for number in 0..30_u64 {
        let first = call(number * 1_000);
        let session = ["a", "b", "c"][usize::try_from(number % 3).unwrap()];
        let usual = Call {
            session: Some(session),
            input_tokens: Some(9_000),
            output_tokens: Some(1_000),
            ..first
        };
        assert_eq!(runaways.observe(&usual), None);
    }
    // One of 60,000 each call, all different.
    let found: Vec<Runaway> = (0..20)
        .filter_map(|number| {
            runaways.observe(&Call {
                session: Some("large"),
                input_tokens: Some(60_000 - number * number),
                ..call(40_000 + number)
            })
        })
        .collect();
    // 500,000 are passed with the ninth. 10,000 is in the bin up to 2^(54/4), which is 11,585.
    assert_eq!(found[0].calls, 9);
    assert_eq!(found[0].sign, Sign::Outgrows { usual: 11_585 });
}

#[test]
fn ends_are_told_of_what_ran_away() {
    let mut runaways = Runaways::new(RunawayConfig::default());
    for number in 0..10 {
        runaways.observe(&Call {
            prompt: 7,
            ..call(number)
        });
        runaways.observe(&Call {
            session: Some("s-2"),
            ..call(number)
        });
    }
    let last = call(9).ended.unix_ms();
    assert_eq!(runaways.tick(Timestamp::from_unix_ms(last + 299_999)), []);
    let ended = runaways.tick(Timestamp::from_unix_ms(last + 300_000));
    assert_eq!(ended.len(), 1);
    assert!(ended[0].has_ended);
    assert_eq!(
        (ended[0].calls, ended[0].session.as_deref()),
        (10, Some("s-1"))
    );
    assert!(runaways.is_empty());
}

#[test]
fn there_are_never_more_chains_than_allowed() {
    let config = RunawayConfig {
        chains_max: 100,
        ..RunawayConfig::default()
    };
    let mut runaways = Runaways::new(config);
    for number in 0..1_000 {
        runaways.observe(&Call {
            session: None,
            conversation: Some(number),
            ..call(number)
        });
        assert!(runaways.len() <= 100);
    }
    assert_eq!(runaways.let_go(), 900);
}
