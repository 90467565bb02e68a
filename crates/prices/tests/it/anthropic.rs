//! Claude on Anthropic's own API.

use corelog_prices::{Absent, Call, Table};
use corelog_types::{Count, Timestamp, Usage};

use crate::setup::{Given, tokens};

fn call(model: &'static str, usage: Usage) -> Given {
    Given {
        upstream: "https://api.anthropic.com/v1/messages",
        model,
        usage,
        ..Given::default()
    }
}

fn with_1h(mut usage: Usage, hour: u64) -> Usage {
    usage.cache_write_1h = Some(Count::reported(hour));
    usage
}

#[test]
fn caches_are_read_and_written_for_five_minutes_and_an_hour() {
    // 2,095 x 3 = 6,285; 18,000 x 0.30 = 5,400; 2,000 x 3.75 = 7,500; 1,000 x 6 = 6,000; 503 x 15 = 7,545.
    let usage = with_1h(tokens(2_095, 503, 18_000, 3_000), 1_000);
    call("claude-sonnet-4-5-20250929", usage).costs("0.03273");
    // All for five minutes: 6,285 + 5,400 + 3,000 x 3.75 = 11,250 + 7,545.
    let usage = with_1h(tokens(2_095, 503, 18_000, 3_000), 0);
    call("claude-sonnet-4-5", usage).costs("0.03048");
}

#[test]
fn what_is_not_said_of_a_cache_is_taken_for_five_minutes_and_noted() {
    let usage = tokens(2_095, 503, 18_000, 3_000);
    call("claude-sonnet-4-5", usage).costs("0.03048");
    let noted = |usage: &Usage| {
        let call = Call {
            upstream: "https://api.anthropic.com/v1/messages",
            model: Some("claude-sonnet-4-5"),
            answered_by: None,
            region: None,
            geo: None,
            tier: None,
            time: Timestamp::from_unix_ms(1_790_000_000_000),
            usage,
            images: None,
            many: None,
        };
        Table::built_in().cost(&call).unwrap().assumed_cache
    };
    assert!(noted(&usage));
    assert!(!noted(&with_1h(usage, 0)));
    assert!(!noted(&tokens(1, 1, 1, 0)));
}

#[test]
fn a_batch_costs_half() {
    let usage = with_1h(tokens(2_095, 503, 18_000, 3_000), 1_000);
    let batch = Given {
        tier: Some("batch"),
        ..call("claude-sonnet-4-5", usage)
    };
    batch.costs("0.016365");
}

#[test]
fn capacity_bought_beforehand_has_no_price_of_the_list() {
    let priority = Given {
        tier: Some("priority"),
        ..call("claude-sonnet-4-5", tokens(1, 1, 0, 0))
    };
    priority.has_no_cost(Absent::Tier);
}

#[test]
fn a_fast_answer_costs_twice() {
    let fast = Given {
        tier: Some("fast"),
        ..call("claude-opus-5-5", tokens(1_000, 200, 10_000, 0))
    };
    // 1,000 x 8 + 200 x 40 + 10,000 x 0.40.
    fast.costs("0.02");
    // 1,000 x 4 + 200 x 20 + 10,000 x 0.20.
    call("claude-opus-5-5", tokens(1_000, 200, 10_000, 0)).costs("0.01");
    let unknown = Given {
        tier: Some("fast"),
        ..call("claude-sonnet-5-5", tokens(1, 1, 0, 0))
    };
    unknown.has_no_cost(Absent::Tier);
}

#[test]
fn inference_kept_in_the_united_states_costs_a_tenth_more() {
    // (1,000 x 5 + 200 x 25) x 1.1.
    let usage = tokens(1_000, 200, 0, 0);
    let kept = Given {
        geo: Some("us"),
        ..call("claude-opus-4-6", usage)
    };
    kept.costs("0.011");
    let global = Given {
        geo: Some("global"),
        ..call("claude-opus-4-6", usage)
    };
    global.costs("0.01");
    // Somewhere that the list does not know of is not the usual price.
    let elsewhere = Given {
        geo: Some("mars"),
        ..call("claude-opus-4-6", usage)
    };
    elsewhere.has_no_cost(Absent::Region);
    // A model that can be kept nowhere says so.
    let older = Given {
        geo: Some("not_available"),
        ..call("claude-opus-4-5", usage)
    };
    older.costs("0.01");
}

#[test]
fn a_long_prompt_is_counted_with_its_cached_part() {
    // 40,000 x 0.10 + 60,000 x 0.01 + 1,000 x 0.50.
    call("claude-haiku-5-5", tokens(40_000, 1_000, 60_000, 0)).costs("0.0051");
    // One token more: 40,000 x 0.50 + 60,001 x 0.05 + 1,000 x 2.50.
    call("claude-haiku-5-5", tokens(40_000, 1_000, 60_001, 0)).costs("0.02550005");
}

#[test]
fn a_call_costs_what_held_on_its_day() {
    let on = |day| Given {
        day: Some(day),
        ..call("claude-sonnet-5-5", tokens(0, 0, 1_000_000, 0))
    };
    on("2026-10-06").costs("0.2");
    on("2026-10-07").costs("0.1");
    on("2026-09-27").has_no_cost(Absent::NoPrice);
}

#[test]
fn thinking_is_output() {
    let mut usage = tokens(100, 1_000, 0, 0);
    usage.reasoning = Some(Count::reported(900));
    // 100 x 1 + 1,000 x 5.
    call("claude-haiku-4-5-20251001", usage).costs("0.0051");
}

#[test]
fn unknown_is_not_zero() {
    call("claude-9", tokens(1, 1, 0, 0)).has_no_cost(Absent::NoPrice);
    call("claude-opus-4-5", Usage::default()).has_no_cost(Absent::NoUsage);
    let mut usage = tokens(1, 1, 0, 0);
    usage.output = None;
    call("claude-opus-4-5", usage).has_no_cost(Absent::NoUsage);
    let elsewhere = Given {
        upstream: "http://127.0.0.1:8080/v1/messages",
        ..call("claude-opus-4-5", tokens(1, 1, 0, 0))
    };
    elsewhere.has_no_cost(Absent::UnknownUpstream);
}
