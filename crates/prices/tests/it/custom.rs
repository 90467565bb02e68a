//! An operator's own prices on top of those that come along.

use corelog_prices::{Absent, Call, Error, Table};
use corelog_types::{Count, Timestamp, Usage};
use proptest::prelude::*;

use crate::setup::{Given, tokens};

const OWN: &str = r#"
version = "acme-3"

[[list]]
name = "openai"
factor = "0.9"

[[list]]
name = "house"
upstreams = ["http://llm.internal/*"]

[[price]]
list = "house"
models = ["llama-*"]
rates = { input = "0.10", output = "0.20" }

[[price]]
list = "house"
models = ["llama-large"]
tier = "night"
rates = { input = "0.01", output = "0.02" }

[[price]]
list = "anthropic"
models = ["claude-opus-4-5"]
rates = { input = "4", output = "20" }
"#;

fn own() -> Table {
    Table::built_in().with(OWN).unwrap()
}

fn at(upstream: &'static str, model: &'static str) -> Given {
    Given {
        upstream,
        model,
        usage: tokens(1_000, 100, 0, 0),
        ..Given::default()
    }
}

#[test]
fn the_files_prices_count_before_those_that_come_along() {
    let table = own();
    assert_eq!(&**table.version(), "2026-11-22+acme-3");
    let claude = at("https://api.anthropic.com/v1/messages", "claude-opus-4-5");
    // 1,000 x 4 + 100 x 20.
    assert_eq!(claude.cost_in(&table).as_deref(), Ok("0.006"));
    // 1,000 x 5 + 100 x 25.
    claude.costs("0.0075");
    let others = at("https://api.anthropic.com/v1/messages", "claude-haiku-4-5");
    // 1,000 x 1 + 100 x 5.
    assert_eq!(others.cost_in(&table).as_deref(), Ok("0.0015"));
}

#[test]
fn a_discount_is_a_factor_of_the_list() {
    // (1,000 x 2.50 + 100 x 10) x 0.9.
    let call = at("https://api.openai.com/v1/chat/completions", "gpt-4o");
    assert_eq!(call.cost_in(&own()).as_deref(), Ok("0.00315"));
}

#[test]
fn servers_of_ones_own_have_lists_of_their_own() {
    let table = own();
    let call = at("http://llm.internal/v1/chat/completions", "llama-large");
    // 1,000 x 0.10 + 100 x 0.20.
    assert_eq!(call.cost_in(&table).as_deref(), Ok("0.00012"));
    let night = Given {
        tier: Some("night"),
        ..call
    };
    assert_eq!(night.cost_in(&table).as_deref(), Ok("0.000012"));
    let none = at("http://llm.internal/v1/chat/completions", "qwen");
    assert_eq!(none.cost_in(&table), Err(Absent::NoPrice));
}

#[test]
fn an_upstream_may_be_billed_by_any_list() {
    let table = Table::built_in();
    let table = table.billing("http://proxy:4000*", "openai").unwrap();
    let call = at("http://proxy:4000/v1/chat/completions", "gpt-4o");
    assert_eq!(call.cost_in(&table).as_deref(), Ok("0.0035"));
    let both = Table::built_in().billing("http://proxy:4000/*", "openai");
    let both = both
        .unwrap()
        .billing("http://proxy:4000/claude/*", "anthropic");
    let both = both.unwrap();
    let call = at("http://proxy:4000/claude/v1/messages", "claude-haiku-4-5");
    assert!(call.cost_in(&both).is_ok());
    let call = at("http://proxy:4000/v1/chat/completions", "gpt-4o");
    assert_eq!(call.cost_in(&both).as_deref(), Ok("0.0035"));
    let refused = Table::built_in().billing("*", "acme").unwrap_err();
    assert!(refused.to_string().contains("`anthropic`"), "{refused}");
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    let refused = |text: &str| Table::built_in().with(text).unwrap_err().to_string();
    let price =
        |rest: &str| format!("version = \"1\"\n[[price]]\nlist = \"a\"\nmodels = [\"m\"]\n{rest}");
    assert!(refused("version = 1").contains("not a file of prices"));
    assert!(refused(&price("rate = {}")).contains("unknown field `rate`"));
    assert!(refused(&price("")).contains("neither `rates`"));
    assert!(refused(&price("rates = { tea = \"1\" }")).contains("`tea` is no kind of token"));
    assert!(
        refused(&price("rates = { input = \"0.1234567\" }")).contains("more than six decimals")
    );
    assert!(refused(&price("from = \"soon\"\nrates = { input = \"1\" }")).contains("`soon`"));
    assert!(refused(&price("source = \"x\"\nrates = { input = \"1\" }")).contains("`x`"));
    let other = Table::built_in().with("version = \"1\"\ncurrency = \"EUR\"");
    assert!(matches!(other, Err(Error::Currency { .. })));
}

proptest! {
    #[test]
    fn files_never_panic(text in ".{0,200}") {
        let _ = Table::built_in().with(&text);
    }

    #[test]
    fn costs_are_the_sums_of_their_lines_whatever_the_counts(
        counts in proptest::array::uniform8(proptest::option::of(any::<u64>())),
        model in "(claude-opus-4-5|gpt-4o|gemini-2.5-flash|gpt-image-1|.{0,8})",
        upstream in "https://(api.anthropic.com|api.openai.com|generativelanguage.googleapis.com|x)/v1",
        tier in proptest::option::of("(batch|flex|priority|standard|.{0,4})"),
    ) {
        let count = |at: usize| counts[at].map(Count::reported);
        let usage = Usage {
            input: count(0),
            output: count(1),
            cache_read: count(2),
            cache_write: count(3),
            cache_write_1h: count(4),
            reasoning: count(5),
            input_audio: count(6),
            output_image: count(7),
            ..Usage::default()
        };
        let call = Call {
            upstream: &upstream,
            model: Some(&model),
            answered_by: None,
            region: None,
            geo: Some("us"),
            tier: tier.as_deref(),
            time: Timestamp::from_unix_ms(1_790_000_000_000),
            usage: &usage,
            images: None,
            many: None,
        };
        if let Ok(cost) = Table::built_in().cost(&call) {
            let lines = cost.lines.iter().map(|line| line.amount).sum();
            prop_assert_eq!(cost.amount, lines);
        }
    }
}
