//! Token counts of a span, in the record's terms: input without what the provider's cache read or wrote, output with
//! reasoning.
//!
//! Today's conventions and `OpenInference` count cached tokens inside the input; instrumentations of Anthropic's and
//! Bedrock's API that are older repeat what those APIs say, which is the input without them. Where a total is
//! given, it tells which: it has cached tokens beside the input or inside. Elsewhere they are inside, unless there are
//! more of them than input.

use corelog_types::{Count, Usage};

use crate::attributes::Attributes;

pub(super) fn usage(it: &Attributes) -> Usage {
    let input = it.first_count(&[
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.prompt_tokens",
        "llm.usage.prompt_tokens",
        "llm.token_count.prompt",
    ]);
    let output = it.first_count(&[
        "gen_ai.usage.output_tokens",
        "gen_ai.usage.completion_tokens",
        "llm.usage.completion_tokens",
        "llm.token_count.completion",
    ]);
    let total = it.first_count(&[
        "gen_ai.usage.total_tokens",
        "llm.usage.total_tokens",
        "llm.token_count.total",
    ]);
    let read = it.first_count(&[
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_read_input_tokens",
        "llm.token_count.prompt_details.cache_read",
        "llm.token_count.prompt_details.cache_input",
    ]);
    let written = it.first_count(&[
        "gen_ai.usage.cache_write.input_tokens",
        "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.cache_creation_input_tokens",
        "llm.token_count.prompt_details.cache_write",
    ]);
    let reasoning = it.first_count(&[
        "gen_ai.usage.reasoning.output_tokens",
        "gen_ai.usage.reasoning_tokens",
        "llm.token_count.completion_details.reasoning",
    ]);
    let reported = |count: Option<u64>| count.map(Count::reported);
    let cached = read.unwrap_or(0).saturating_add(written.unwrap_or(0));
    Usage {
        input: input.map(|input| uncached(input, cached, output, total)),
        output: reported(output),
        cache_read: reported(read),
        cache_write: reported(written),
        reasoning: reported(reasoning),
        input_audio: reported(it.count("llm.token_count.prompt_details.audio")),
        output_audio: reported(it.count("llm.token_count.completion_details.audio")),
        total: reported(total),
        ..Usage::default()
    }
}

fn uncached(input: u64, cached: u64, output: Option<u64>, total: Option<u64>) -> Count {
    let beside = input
        .saturating_add(cached)
        .saturating_add(output.unwrap_or(0));
    let is_beside = cached > 0 && total == Some(beside);
    match input.checked_sub(cached) {
        Some(rest) if cached > 0 && !is_beside => Count::derived(rest),
        _ => Count::reported(input),
    }
}
