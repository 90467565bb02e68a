//! Models on Bedrock, under all of their names.

use corelog_prices::{Absent, Images, Kind};
use corelog_types::{Count, Usage};

use crate::setup::{Given, tokens};

fn call(model: &'static str, usage: Usage) -> Given {
    Given {
        upstream: "https://bedrock-runtime.us-east-1.amazonaws.com/model/x/converse",
        model,
        region: Some("us-east-1"),
        usage,
        ..Given::default()
    }
}

#[test]
fn a_profile_of_a_geography_costs_a_tenth_more() {
    let mut usage = tokens(2_095, 503, 18_000, 3_000);
    usage.cache_write_1h = Some(Count::reported(1_000));
    // As on Anthropic's own API: 32,730.
    call("global.anthropic.claude-sonnet-4-5-20250929-v1:0", usage).costs("0.03273");
    call("anthropic.claude-sonnet-4-5-20250929-v1:0", usage).costs("0.03273");
    for model in [
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    ] {
        call(model, usage).costs("0.036003");
    }
}

#[test]
fn a_body_of_anthropics_names_the_model_its_own_way() {
    let answered = Given {
        answered_by: Some("claude-sonnet-4-5-20250929"),
        ..call(
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            tokens(1_000, 100, 0, 0),
        )
    };
    // (1,000 x 3 + 100 x 15) x 1.1.
    answered.costs("0.00495");
}

#[test]
fn older_models_cost_the_same_in_a_profile_and_keep_caches_for_five_minutes() {
    // 1,000 x 15 + 100 x 75 + 400 x 18.75 + 2,000 x 1.50.
    let usage = tokens(1_000, 100, 2_000, 400);
    call("us.anthropic.claude-opus-4-20250514-v1:0", usage).costs("0.033");
    let mut hour = usage;
    hour.cache_write_1h = Some(Count::reported(400));
    call("us.anthropic.claude-opus-4-20250514-v1:0", hour)
        .has_no_cost(Absent::NoRate(Kind::CacheWrite1h));
}

#[test]
fn a_region_without_a_known_price_has_no_cost() {
    // 10,000 x 0.80 + 1,000 x 3.20 + 5,000 x 0.20.
    let usage = tokens(10_000, 1_000, 5_000, 0);
    call("amazon.nova-pro-v1:0", usage).costs("0.0122");
    call("us.amazon.nova-pro-v1:0", usage).costs("0.0122");
    let elsewhere = Given {
        region: Some("eu-west-1"),
        ..call("amazon.nova-pro-v1:0", usage)
    };
    elsewhere.has_no_cost(Absent::Region);
    // The profile of a geography whose price is not known.
    call("eu.amazon.nova-pro-v1:0", usage).has_no_cost(Absent::NoPrice);
}

#[test]
fn tiers_and_batches() {
    let in_tier = |tier| Given {
        tier: Some(tier),
        ..call("amazon.nova-lite-v1:0", tokens(100_000, 10_000, 0, 0))
    };
    // 100,000 x 0.06 + 10,000 x 0.24 = 8,400.
    in_tier("default").costs("0.0084");
    in_tier("batch").costs("0.0042");
    in_tier("flex").has_no_cost(Absent::Tier);
}

#[test]
fn images_cost_a_piece() {
    let images = |count, quality| Given {
        images: Some(Images {
            count: Some(count),
            width: Some(1_024),
            height: Some(1_024),
            quality,
        }),
        ..call("stability.stable-diffusion-xl-v1", Usage::default())
    };
    images(3, None).costs("0.12");
    images(3, Some("premium")).costs("0.24");
}

#[test]
fn profiles_of_ones_own_have_names_that_say_nothing() {
    let arn = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abc123";
    call(arn, tokens(1, 1, 0, 0)).has_no_cost(Absent::NoPrice);
}
