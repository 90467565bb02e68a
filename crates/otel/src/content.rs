//! What was said in a call: prompt and answer, from whichever attributes or events hold them.
//!
//! All become messages of today's conventions: `{"role", "parts": [{"type": "text", "content": …}, …]}`. One that says
//! more comes first: messages of the span, the event with the call's details, events of single messages, messages laid
//! flat (`OpenLLMetry`, then `OpenInference`), and last the text in which a framework wrote down what went in and out.
//!
//! Source: <https://github.com/open-telemetry/semantic-conventions/blob/v1.41.1/docs/gen-ai/gen-ai-input-messages.json>

mod flat;
pub(crate) mod message;

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::attributes::Attributes;
use crate::record::holds_secret;
use crate::request::{Event, Span};

/// Name of the event that holds what the span may hold too.
const DETAILS: &str = "gen_ai.client.inference.operation.details";
/// What `OpenInference` puts where content was, if it shall not leave the application.
const REDACTED: &str = "__REDACTED__";

/// Prompt and answer, as far as the application sent them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Content {
    system: Option<Value>,
    input: Option<Value>,
    output: Option<Value>,
    tools: Option<Value>,
    /// Whether the application kept something of the prompt, or of the answer, to itself.
    pub(crate) hides_input: bool,
    pub(crate) hides_output: bool,
}

/// Whether an event says what was said in a call.
pub(crate) fn is_content(event: &Event) -> bool {
    event.name == DETAILS || Said::of(&event.name).is_some()
}

/// Reads the content of a call: of its span, and of the log events that belong to it.
pub(crate) fn content(span: &Span, logs: &[Arc<Event>]) -> Content {
    let mut content = Content::default();
    let it = &span.attributes;
    content.add(of_messages(it));
    let events = || span.events.iter().chain(logs.iter().map(Arc::as_ref));
    for event in events().filter(|event| event.name == DETAILS) {
        content.add(of_messages(&event.attributes));
        // In the first drafts of the event they were its body.
        if let Value::Object(body) = &event.body {
            let mut attributes = Attributes::default();
            for (key, value) in body {
                attributes.set(key.clone(), value.clone());
            }
            content.add(of_messages(&attributes));
        }
    }
    content.add(of_events(events()));
    content.add(flat::openllmetry(it));
    content.add(flat::openinference(it));
    content.add(of_values(it));
    content.hide();
    content
}

impl Content {
    /// Takes what is not known yet.
    fn add(&mut self, other: Self) {
        self.system = self.system.take().or(other.system);
        self.input = self.input.take().or(other.input);
        self.output = self.output.take().or(other.output);
        self.tools = self.tools.take().or(other.tools);
    }

    /// Leaves out what the application kept to itself.
    fn hide(&mut self) {
        for side in [&mut self.system, &mut self.input] {
            self.hides_input |= side.as_mut().is_some_and(redact);
        }
        self.hides_output = self.output.as_mut().is_some_and(redact);
        for side in [&mut self.system, &mut self.input, &mut self.output] {
            if side.as_ref().is_some_and(is_empty) {
                *side = None;
            }
        }
    }

    /// The prompt's body for the record; `None` where nothing was sent of it.
    pub(crate) fn input_body(&self, attributes: &Attributes) -> Option<Vec<u8>> {
        if self.system.is_none() && self.input.is_none() {
            return None;
        }
        let parameters = parameters(attributes);
        let members = [
            ("system_instructions", &self.system),
            ("messages", &self.input),
            ("tool_definitions", &self.tools),
            ("parameters", &parameters),
        ];
        Some(body_of(&members))
    }

    /// The answer's body.
    pub(crate) fn output_body(&self) -> Option<Vec<u8>> {
        self.output.as_ref()?;
        Some(body_of(&[("messages", &self.output)]))
    }
}

fn body_of(members: &[(&str, &Option<Value>)]) -> Vec<u8> {
    let body: Map<String, Value> = members
        .iter()
        .filter_map(|(name, value)| Some(((*name).to_owned(), (*value).clone()?)))
        .collect();
    Value::Object(body).to_string().into_bytes()
}

fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty)
}

/// Takes parts out that are not there but for their place, and messages without any other part. Tells whether there was
/// one.
fn redact(messages: &mut Value) -> bool {
    let Value::Array(messages) = messages else {
        return false;
    };
    let hidden = |part: &Value| {
        let text = part.get("content").or_else(|| part.get("response"));
        text.and_then(Value::as_str) == Some(REDACTED)
    };
    let mut found = false;
    messages.retain_mut(|message| {
        if hidden(message) {
            found = true;
            return false;
        }
        let Some(Value::Array(parts)) = message.get_mut("parts") else {
            return true;
        };
        let before = parts.len();
        parts.retain(|part| !hidden(part));
        found |= parts.len() < before;
        parts.len() == before || !parts.is_empty()
    });
    found
}

/// The parameters of the request, by the names of the conventions.
fn parameters(it: &Attributes) -> Option<Value> {
    let mut parameters = Map::new();
    for (key, value) in it.iter() {
        if let Some(name) = key.strip_prefix("gen_ai.request.")
            && name != "model"
            && !value.is_null()
            && !holds_secret(name, value)
        {
            parameters.insert(name.to_owned(), value.clone());
        }
    }
    if parameters.is_empty()
        && let Some(Value::Object(said)) = it.structure("llm.invocation_parameters")
    {
        parameters = said;
        parameters.retain(|name, value| name != "model" && !holds_secret(name, value));
    }
    (!parameters.is_empty()).then_some(Value::Object(parameters))
}

/// Messages under the names of today's conventions.
fn of_messages(it: &Attributes) -> Content {
    let list = |key: &str, role: &str| {
        let Value::Array(said) = it.structure(key)? else {
            return None;
        };
        Some(said.iter().map(|it| message::normal(it, role)).collect())
    };
    Content {
        system: it
            .structure("gen_ai.system_instructions")
            .or_else(|| it.text("gen_ai.system_instructions").map(message::texts))
            .map(message::system_parts),
        input: list("gen_ai.input.messages", "user"),
        output: list("gen_ai.output.messages", "assistant"),
        tools: it.structure("gen_ai.tool.definitions"),
        ..Content::default()
    }
}

/// What an event of a single message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Input(&'static str),
    Choice,
    /// Before there were events of messages: all of the prompt, all of the answer.
    Prompt,
    Completion,
}

impl Said {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "gen_ai.system.message" => Self::Input("system"),
            "gen_ai.user.message" => Self::Input("user"),
            "gen_ai.assistant.message" => Self::Input("assistant"),
            "gen_ai.tool.message" => Self::Input("tool"),
            "gen_ai.choice" => Self::Choice,
            "gen_ai.content.prompt" => Self::Prompt,
            "gen_ai.content.completion" => Self::Completion,
            _ => return None,
        })
    }
}

/// Messages that are an event each, as the conventions had it before version 1.37.
fn of_events<'a>(events: impl Iterator<Item = &'a Event>) -> Content {
    let (mut input, mut output) = (Vec::new(), Vec::new());
    for event in events {
        let body = body_of_event(event);
        let whole = |key: &str| event.attributes.structure(key).and_then(messages_of);
        match Said::of(&event.name) {
            Some(Said::Input(role)) => input.push(message::normal(&body, role)),
            Some(Said::Choice) => output.push(choice(&body)),
            Some(Said::Prompt) => input.extend(whole("gen_ai.prompt").unwrap_or_default()),
            Some(Said::Completion) => output.extend(whole("gen_ai.completion").unwrap_or_default()),
            None => {}
        }
    }
    let said = |messages: Vec<Value>| {
        // Events without content tell that there was a message, and not what it said.
        let messages: Vec<Value> = messages
            .into_iter()
            .filter(message::says_something)
            .collect();
        (!messages.is_empty()).then_some(Value::Array(messages))
    };
    Content {
        input: said(input),
        output: said(output),
        ..Content::default()
    }
}

/// The body of an event; an event of a span has attributes in its place.
fn body_of_event(event: &Event) -> Value {
    if event.body.is_object() {
        return event.body.clone();
    }
    if let Some(body) = event.attributes.structure("gen_ai.event.content") {
        return body;
    }
    let mut body = Map::new();
    for (key, value) in event.attributes.iter() {
        let structured = crate::attributes::structure_of(value);
        body.insert(key.to_owned(), structured.unwrap_or_else(|| value.clone()));
    }
    Value::Object(body)
}

/// A choice: its message, and why it ended.
fn choice(body: &Value) -> Value {
    let inner = match body.get("message") {
        Some(message) if message.is_object() => message,
        _ => body,
    };
    let mut message = message::normal(inner, "assistant");
    if let (Some(reason), Value::Object(members)) = (body.get("finish_reason"), &mut message) {
        members.insert("finish_reason".to_owned(), reason.clone());
    }
    message
}

/// Messages of a list of them, or of one.
fn messages_of(said: Value) -> Option<Vec<Value>> {
    match said {
        Value::Array(said) => Some(said.iter().map(|it| message::normal(it, "user")).collect()),
        Value::Object(_) => Some(vec![message::normal(&said, "user")]),
        _ => None,
    }
}

/// What a framework wrote down of what went in and out.
fn of_values(it: &Attributes) -> Content {
    let side = |keys: &[&str], role: &str| {
        let text = it.first_text(keys)?;
        let message = json!({"role": role, "parts": [{"type": "text", "content": text}]});
        Some(Value::Array(vec![message]))
    };
    Content {
        input: side(&["input.value", "traceloop.entity.input"], "user"),
        output: side(&["output.value", "traceloop.entity.output"], "assistant"),
        ..Content::default()
    }
}

#[cfg(test)]
mod tests;
