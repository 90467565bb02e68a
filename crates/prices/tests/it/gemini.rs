//! Gemini. Its prompts include what was cached, and its output is counted without the thoughts; usage here has the one
//! apart and the other inside.

use corelog_prices::{Absent, Kind};
use corelog_types::{Count, Usage};

use crate::setup::{Given, tokens};

fn call(model: &'static str, usage: Usage) -> Given {
    Given {
        upstream: "https://generativelanguage.googleapis.com/v1beta/models/x:generateContent",
        model,
        usage,
        ..Given::default()
    }
}

#[test]
fn thoughts_are_output_and_caches_are_apart() {
    let mut usage = tokens(800, 300, 200, 0);
    usage.reasoning = Some(Count::reported(250));
    // 800 x 1.25 + 200 x 0.125 + 300 x 10.
    call("gemini-2.5-pro", usage).costs("0.004025");
    call("models/gemini-2.5-pro", usage).costs("0.004025");
}

#[test]
fn a_long_prompt_costs_more_as_a_whole() {
    // 200,000 x 1.25 + 100 x 10.
    call("gemini-2.5-pro", tokens(200_000, 100, 0, 0)).costs("0.251");
    // 200,001 x 2.50 + 100 x 15.
    call("gemini-2.5-pro", tokens(200_001, 100, 0, 0)).costs("0.5015025");
}

#[test]
fn audio_has_a_price_of_its_own() {
    let mut usage = tokens(1_000, 100, 0, 0);
    usage.input_audio = Some(Count::reported(400));
    // 600 x 0.30 + 400 x 1 + 100 x 2.50.
    call("gemini-2.5-flash", usage).costs("0.00083");
    usage.cache_read = Some(Count::reported(50));
    call("gemini-2.5-flash", usage).has_no_cost(Absent::MixedCache);
    // Here audio costs what all else does: 1,000 x 1.25 + 50 x 0.125 + 100 x 10.
    call("gemini-2.5-pro", usage).costs("0.00225625");
    let mut unpriced = tokens(1_000, 100, 0, 0);
    unpriced.input_audio = Some(Count::reported(400));
    call("gemini-3.5-flash", unpriced).has_no_cost(Absent::NoRate(Kind::InputAudio));
}

#[test]
fn pictures_are_tokens() {
    let mut usage = tokens(10, 1_290, 0, 0);
    usage.output_image = Some(Count::reported(1_290));
    // 10 x 0.30 + 1,290 x 30.
    call("gemini-2.5-flash-image", usage).costs("0.038703");
    // Ten tokens of text beside the picture: 10 x 0.30 + 10 x 2.50 + 1,290 x 30.
    usage.output = Some(Count::reported(1_300));
    call("gemini-2.5-flash-image", usage).costs("0.038728");
}

#[test]
fn a_batch_costs_half_and_the_new_year_twice() {
    let batch = Given {
        tier: Some("batch"),
        ..call("gemini-2.5-flash", tokens(1_000, 100, 0, 0))
    };
    // (1,000 x 0.30 + 100 x 2.50) / 2.
    batch.costs("0.000275");
    let on = |day| Given {
        day: Some(day),
        ..call("gemini-3.8-flash", tokens(1_000_000, 0, 0, 0))
    };
    on("2026-12-31").costs("0.75");
    on("2027-01-01").costs("1.5");
}
