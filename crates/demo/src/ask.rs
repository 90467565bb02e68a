//! What a request asks for, in whichever dialect: the last text of the user, tools, thinking, a limit.

use serde_json::{Map, Value, json};

use crate::behaviour::Behaviour;

/// One request, understood as far as the answer needs it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ask {
    pub(crate) model: String,
    pub(crate) behaviour: Behaviour,
    /// The last text of the user, exactly.
    pub(crate) prompt: String,
    /// The first tool offered, if it may be called now.
    pub(crate) tool: Option<Tool>,
    pub(crate) thinking: bool,
    pub(crate) streams: bool,
    /// Whether the request marks something to be cached.
    pub(crate) caches: bool,
    pub(crate) tokens_max: Option<u64>,
    /// Size of the request, from which its tokens are counted.
    pub(crate) bytes: usize,
    /// Decides everything that is left to chance; the same request has the same one.
    pub(crate) seed: u64,
}

/// A tool to call.
#[derive(Debug, Clone)]
pub(crate) struct Tool {
    pub(crate) name: String,
    pub(crate) arguments: Value,
}

impl Ask {
    /// A request for `model` with `body`, whose last user text is `prompt`.
    pub(crate) fn new(model: &str, body: &[u8], prompt: String) -> Self {
        Self {
            model: model.to_owned(),
            behaviour: Behaviour::of(model),
            prompt,
            caches: contains(body, b"\"cache_control\"") || contains(body, b"\"cachePoint\""),
            bytes: body.len(),
            seed: seed(model.as_bytes(), body),
            ..Self::default()
        }
    }

    /// The same, with the first of `tools` to be called unless the conversation waits for no call.
    #[must_use]
    pub(crate) fn with_tools(
        mut self,
        tools: &Value,
        schema_at: &[&str],
        messages: &Value,
    ) -> Self {
        let Some(first) = tools.as_array().and_then(|tools| tools.first()) else {
            return self;
        };
        if ends_in_tool_result(messages) {
            return self;
        }
        let inner = ["function", "toolSpec"]
            .iter()
            .find_map(|key| first.get(key))
            .unwrap_or(first);
        let schema = schema_at.iter().fold(inner, |value, key| &value[*key]);
        if let Some(name) = inner["name"].as_str() {
            self.tool = Some(Tool {
                name: name.to_owned(),
                arguments: example(schema, self.seed, 0),
            });
        }
        self
    }

    /// The same, answered in a stream or not.
    #[must_use]
    pub(crate) fn streaming(mut self, streams: bool) -> Self {
        self.streams = streams;
        self
    }

    /// The same, thinking aloud or not.
    #[must_use]
    pub(crate) fn thinking(mut self, thinking: bool) -> Self {
        self.thinking = thinking;
        self
    }

    /// The same with a limit on the answer's tokens.
    #[must_use]
    pub(crate) fn limited(mut self, tokens_max: &Value) -> Self {
        self.tokens_max = tokens_max.as_u64();
        self
    }
}

/// FNV-1a over the parts: the same request, the same seed.
///
/// Source: <http://www.isthe.com/chongo/tech/comp/fnv/>
pub(crate) fn seed(model: &[u8], body: &[u8]) -> u64 {
    model
        .iter()
        .chain(body)
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        })
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(haystack, needle).is_some()
}

/// The text of the last message of the user, its text parts joined without anything between.
pub(crate) fn last_user_text(messages: &Value) -> String {
    if let Some(text) = messages.as_str() {
        return text.to_owned();
    }
    let messages = messages.as_array().map_or(&[][..], Vec::as_slice);
    let of_user = |message: &&Value| {
        let role = message["role"].as_str().unwrap_or("user");
        role.eq_ignore_ascii_case("user") && !text_of(message).is_empty()
    };
    messages
        .iter()
        .rev()
        .find(of_user)
        .map(text_of)
        .unwrap_or_default()
}

fn text_of(message: &Value) -> String {
    let content = message.get("content").unwrap_or(&message["parts"]);
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts
            .iter()
            .filter_map(|part| part.as_str().or_else(|| part["text"].as_str()))
            .collect(),
        _ => String::new(),
    }
}

fn ends_in_tool_result(messages: &Value) -> bool {
    let Some(last) = messages.as_array().and_then(|messages| messages.last()) else {
        return false;
    };
    if last["role"] == "tool" || last["type"] == "function_call_output" {
        return true;
    }
    last["content"].as_array().is_some_and(|parts| {
        parts
            .iter()
            .any(|part| part["type"] == "tool_result" || part.get("toolResult").is_some())
    })
}

/// A value that fits a JSON schema: what a model would make up.
fn example(schema: &Value, seed: u64, depth: u8) -> Value {
    const DEPTH_MAX: u8 = 8;
    if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
        return first.clone();
    }
    let kind = schema["type"].as_str().unwrap_or("object");
    match kind {
        "string" => json!(format!("berth {}", seed % 40 + 1)),
        "integer" => json!(seed % 40 + 1),
        "number" => json!(4.5),
        "boolean" => json!(true),
        "array" if depth < DEPTH_MAX => json!([example(&schema["items"], seed, depth + 1)]),
        "array" => json!([]),
        "null" => Value::Null,
        _ => {
            let empty = Map::new();
            let properties = schema["properties"].as_object().unwrap_or(&empty);
            let made = properties
                .iter()
                .filter(|_| depth < DEPTH_MAX)
                .map(|(name, schema)| (name.clone(), example(schema, seed, depth + 1)));
            Value::Object(made.collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_text(messages: &Value, expected: &str) {
        assert_eq!(last_user_text(messages), expected, "{messages}");
    }

    #[test]
    fn the_last_user_text_is_found_in_every_shape() {
        check_text(&json!("plain"), "plain");
        check_text(&json!([{"role":"user","content":"one"}]), "one");
        check_text(
            &json!([{"role":"user","content":"one"},{"role":"assistant","content":"two"}]),
            "one",
        );
        check_text(
            &json!([{"role":"user","content":[{"text":"a"},{"image":{}},{"text":"b"}]}]),
            "ab",
        );
        check_text(
            &json!([{"role":"user","parts":[{"text":"gemini"}]}]),
            "gemini",
        );
        check_text(&json!(["first", "second"]), "");
        check_text(&Value::Null, "");
    }

    #[test]
    fn tools_are_called_with_fitting_arguments_until_a_result_comes() {
        let tools = json!([{"type":"function","function":{"name":"look","parameters":{
            "type":"object","properties":{"berth":{"type":"integer"},"unit":{"enum":["m","ft"]}}}}}]);
        let ask = |messages: &Value| {
            Ask::new("m", b"{}", String::new())
                .with_tools(&tools, &["parameters"], messages)
                .tool
        };
        let tool = ask(&json!([{"role":"user","content":"?"}])).unwrap();
        assert_eq!(tool.name, "look");
        assert!(tool.arguments["berth"].is_u64());
        assert_eq!(tool.arguments["unit"], "m");
        assert!(ask(&json!([{"role":"tool","content":"free"}])).is_none());
        assert!(ask(&json!([{"role":"user","content":[{"type":"tool_result"}]}])).is_none());
    }
}
