//! Models on `OpenAI`'s own API. Its prompts include what was cached; usage here does not.

use corelog_prices::{Absent, Images};
use corelog_types::{Count, Usage};

use crate::setup::{Given, tokens};

fn call(model: &'static str, usage: Usage) -> Given {
    Given {
        upstream: "https://api.openai.com/v1/responses",
        model,
        usage,
        ..Given::default()
    }
}

#[test]
fn cached_input_is_apart() {
    // A prompt of 2,006 with 1,920 cached: 86 x 2.50 = 215; 1,920 x 1.25 = 2,400; 300 x 10 = 3,000.
    call("gpt-4o", tokens(86, 300, 1_920, 0)).costs("0.005615");
    call("gpt-4o-2024-08-06", tokens(86, 300, 1_920, 0)).costs("0.005615");
    // The first build has a price of its own, and none for cached input: 86 x 5 + 300 x 15.
    call("gpt-4o-2024-05-13", tokens(86, 300, 0, 0)).costs("0.00493");
}

#[test]
fn the_model_that_answered_is_billed() {
    let answered = Given {
        answered_by: Some("gpt-4o-2024-05-13"),
        ..call("gpt-4o", tokens(86, 300, 0, 0))
    };
    answered.costs("0.00493");
    let unknown = Given {
        answered_by: Some("something-new"),
        ..call("gpt-4o", tokens(86, 300, 0, 0))
    };
    // 86 x 2.50 + 300 x 10.
    unknown.costs("0.003215");
}

#[test]
fn reasoning_is_output() {
    let mut usage = tokens(1_000, 1_500, 0, 0);
    usage.reasoning = Some(Count::reported(1_200));
    // 1,000 x 2 + 1,500 x 8.
    call("o3-2025-04-16", usage).costs("0.014");
}

#[test]
fn tiers_have_factors_or_no_price() {
    let in_tier = |model, tier| Given {
        tier: Some(tier),
        ..call(model, tokens(10_000, 1_000, 0, 0))
    };
    // 10,000 x 1.25 + 1,000 x 10 = 22,500.
    in_tier("gpt-5", "default").costs("0.0225");
    in_tier("gpt-5", "flex").costs("0.01125");
    in_tier("gpt-5", "batch").costs("0.01125");
    in_tier("gpt-5", "scale").has_no_cost(Absent::Tier);
    // (10,000 x 2 + 1,000 x 10) x 2.
    in_tier("gpt-6-sol", "priority").costs("0.06");
}

#[test]
fn a_long_prompt_costs_more_as_a_whole() {
    // 272,000 x 2.50 + 100 x 15.
    call("gpt-5.4", tokens(272_000, 100, 0, 0)).costs("0.6815");
    // 272,001 x 5 + 100 x 22.50.
    call("gpt-5.4", tokens(272_001, 100, 0, 0)).costs("1.362255");
}

#[test]
fn writing_to_the_cache_has_a_price_where_it_has_one() {
    // 1,000 x 2 + 2,000 x 2.50 + 500 x 10.
    call("gpt-6-sol", tokens(1_000, 500, 0, 2_000)).costs("0.012");
    call("gpt-5", tokens(1_000, 500, 0, 2_000))
        .has_no_cost(Absent::NoRate(corelog_prices::Kind::CacheWrite));
}

#[test]
fn prices_that_fell() {
    let on = |day| Given {
        day: Some(day),
        ..call("gpt-5.6-luna", tokens(1_000_000, 0, 0, 0))
    };
    // More than 272,000 tokens: twice.
    on("2026-07-29").costs("2");
    on("2026-07-30").costs("0.4");
}

#[test]
fn pictures_are_tokens_of_their_own_or_pieces() {
    let mut usage = tokens(200, 1_056, 0, 0);
    usage.input_image = Some(Count::reported(150));
    // 50 x 5 + 150 x 10 + 1,056 x 40.
    call("gpt-image-1", usage).costs("0.04399");
    let images = |count, quality, size: (u64, u64)| Given {
        images: Some(Images {
            count,
            width: Some(size.0),
            height: Some(size.1),
            quality,
        }),
        ..call("dall-e-3", Usage::default())
    };
    images(Some(2), Some("hd"), (1_024, 1_792)).costs("0.24");
    images(Some(1), None, (1_024, 1_024)).costs("0.04");
    images(None, None, (1_024, 1_024)).has_no_cost(Absent::NoImages);
    images(Some(1), None, (512, 512)).has_no_cost(Absent::NoRate(corelog_prices::Kind::Image));
}

#[test]
fn embeddings_have_no_output() {
    let usage = Usage {
        input: Some(Count::reported(1_000_000)),
        ..Usage::default()
    };
    call("text-embedding-3-small", usage).costs("0.02");
}

#[test]
fn tuned_models_have_prices_of_their_own() {
    call("ft:gpt-4o-mini-2024-07-18:acme::abc", tokens(1, 1, 0, 0)).has_no_cost(Absent::NoPrice);
}
