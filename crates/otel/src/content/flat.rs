//! Messages laid flat over attributes, with numbers for the places in lists.

use serde_json::{Map, Value};

use super::{Content, message};
use crate::attributes::{Attributes, in_order};

/// `gen_ai.prompt.0.content`, `gen_ai.completion.0.content`; before there were names for them, the same under
/// `llm.prompts` and `llm.completions`; or all in one JSON text.
pub(super) fn openllmetry(it: &Attributes) -> Content {
    let side = |prefixes: [&str; 2], whole: &str, role: &str| {
        let flat = prefixes
            .iter()
            .map(|prefix| list_at(it, prefix))
            .find(|list| !list.is_empty());
        let messages = flat.or_else(|| match it.structure(whole)? {
            Value::Array(messages) => Some(messages),
            one => Some(vec![one]),
        })?;
        Some(
            messages
                .iter()
                .map(|it| message::normal(it, role))
                .collect(),
        )
    };
    let tools = list_at(it, "llm.request.functions.");
    Content {
        input: side(["gen_ai.prompt.", "llm.prompts."], "gen_ai.prompt", "user"),
        output: side(
            ["gen_ai.completion.", "llm.completions."],
            "gen_ai.completion",
            "assistant",
        ),
        tools: (!tools.is_empty()).then_some(Value::Array(tools)),
        ..Content::default()
    }
}

/// `llm.input_messages.0.message.content` and its like; of embeddings, the texts.
pub(super) fn openinference(it: &Attributes) -> Content {
    let side = |prefix: &str, role: &str| {
        let list = list_at(it, prefix);
        let messages = list.iter().map(|said| {
            let said = inner(said, "message");
            message::normal(&unwrapped(said), role)
        });
        (!list.is_empty()).then(|| messages.collect())
    };
    let texts = || {
        let list = list_at(it, "embedding.embeddings.");
        let texts = list
            .iter()
            .filter_map(|said| said.get("embedding")?.get("text"));
        let messages: Vec<Value> = texts.map(|text| message::normal(text, "user")).collect();
        (!messages.is_empty()).then_some(Value::Array(messages))
    };
    let tools: Vec<Value> = list_at(it, "llm.tools.")
        .iter()
        .filter_map(|tool| crate::attributes::structure_of(tool.get("tool")?.get("json_schema")?))
        .collect();
    Content {
        input: side("llm.input_messages.", "user").or_else(texts),
        output: side("llm.output_messages.", "assistant"),
        tools: (!tools.is_empty()).then_some(Value::Array(tools)),
        ..Content::default()
    }
}

fn inner<'a>(value: &'a Value, key: &str) -> &'a Value {
    value.get(key).unwrap_or(value)
}

/// `OpenInference` puts each kind of thing under its own name once more.
fn unwrapped(message: &Value) -> Value {
    let Value::Object(said) = message else {
        return message.clone();
    };
    let mut message = said.clone();
    for (list, key) in [("contents", "message_content"), ("tool_calls", "tool_call")] {
        if let Some(Value::Array(items)) = message.get_mut(list) {
            for item in items {
                *item = inner(item, key).clone();
            }
        }
    }
    Value::Object(message)
}

/// The list that was laid flat under a prefix.
fn list_at(it: &Attributes, prefix: &str) -> Vec<Value> {
    let tree = it.tree(prefix);
    in_order(&tree).into_iter().map(with_lists).collect()
}

/// Puts lists where objects have numbers for names.
fn with_lists(tree: &Value) -> Value {
    let Value::Object(members) = tree else {
        return tree.clone();
    };
    let numbered = |name: &String| name.bytes().all(|byte| byte.is_ascii_digit());
    if !members.is_empty() && members.keys().all(numbered) {
        return Value::Array(in_order(tree).into_iter().map(with_lists).collect());
    }
    let members: Map<String, Value> = members
        .iter()
        .map(|(name, value)| (name.clone(), with_lists(value)))
        .collect();
    Value::Object(members)
}
