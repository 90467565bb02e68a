//! What pricing a call takes: `cargo run --release -p corelog-prices --example each`.

#![expect(clippy::print_stdout, reason = "it is what a person runs to see it")]

use std::hint::black_box;
use std::time::Instant;

use corelog_prices::{Call, Table};
use corelog_types::{Count, Timestamp, Usage};

const CALLS: u32 = 1_000_000;

fn main() {
    let usage = Usage {
        input: Some(Count::reported(2_095)),
        output: Some(Count::reported(503)),
        cache_read: Some(Count::reported(18_000)),
        cache_write: Some(Count::reported(3_000)),
        cache_write_1h: Some(Count::reported(1_000)),
        ..Usage::default()
    };
    for (upstream, model) in [
        (
            "https://api.anthropic.com/v1/messages",
            "claude-sonnet-4-5-20250929",
        ),
        (
            "https://api.openai.com/v1/chat/completions",
            "gpt-4o-2024-08-06",
        ),
        (
            "https://bedrock-runtime.us-east-1.amazonaws.com/model/x/converse",
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        ),
        ("http://127.0.0.1:8080/v1/chat/completions", "llama"),
    ] {
        let table = Table::built_in();
        let began = Instant::now();
        for _ in 0..CALLS {
            let cost = table.cost(&Call {
                upstream: black_box(upstream),
                model: Some(black_box(model)),
                answered_by: None,
                region: Some("us-east-1"),
                geo: None,
                tier: Some("standard"),
                time: Timestamp::from_unix_ms(1_795_000_000_000),
                usage: black_box(&usage),
                images: None,
                many: None,
            });
            let _ = black_box(cost);
        }
        println!("{model}: {:?} a call", began.elapsed() / CALLS);
    }
}
