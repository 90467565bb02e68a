//! Reads real recorded exchanges, where they are at hand, and compares what is found in them with a small reader
//! that is written independently, on trees of values.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use corelog_providers::{
    AnswerFacts, Framing, Route, Terminal, read_answer, read_request, reassemble, route,
};
use corelog_types::Dialect;
use serde_json::Value;

struct Exchange {
    case: String,
    route: Route,
    request: Vec<u8>,
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

fn data() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let folder = std::env::var_os("CORELOG_TEST_DATA").unwrap_or(default.into());
    let file = PathBuf::from(folder).join("recorded-exchanges.jsonl.gz");
    if file.exists() {
        return Some(file);
    }
    println!("skipped: {} is not there", file.display());
    None
}

fn exchanges() -> Vec<Exchange> {
    let Some(file) = data() else {
        return Vec::new();
    };
    let reader = flate2::read::GzDecoder::new(std::fs::File::open(file).unwrap());
    let lines = BufReader::new(reader).lines();
    lines
        .map(|line| exchange(&serde_json::from_str(&line.unwrap()).unwrap()))
        .collect()
}

fn exchange(row: &Value) -> Exchange {
    let uri = row["request"]["uri"].as_str().unwrap();
    let after_scheme = uri.split_once("://").unwrap().1;
    let target = &after_scheme[after_scheme.find('/').unwrap()..];
    let (path, query) = target
        .split_once('?')
        .map_or((target, None), |(path, query)| (path, Some(query)));
    let dialect = match row["provider"].as_str().unwrap() {
        _ if path.starts_with("/model/") => Dialect::Bedrock,
        "openai" => Dialect::OpenAi,
        "anthropic" => Dialect::Anthropic,
        _ => Dialect::Generic,
    };
    let headers: Vec<(String, String)> = row["response"]["headers"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect();
    let bytes = |value: &Value| STANDARD.decode(value.as_str().unwrap_or_default()).unwrap();
    let mut body = bytes(&row["response"]["body"]);
    if header(&headers, "content-encoding") == "gzip" {
        let mut decoded = Vec::new();
        flate2::read::MultiGzDecoder::new(&body[..])
            .read_to_end(&mut decoded)
            .unwrap();
        body = decoded;
    }
    Exchange {
        case: format!("{} {path}", row["case"].as_str().unwrap()),
        route: route(
            dialect,
            row["request"]["method"].as_str().unwrap(),
            path,
            query,
        ),
        request: bytes(&row["request"]["body"]),
        status: u16::try_from(row["response"]["status"].as_u64().unwrap()).unwrap(),
        headers,
        body,
    }
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> &'a str {
    let found = headers
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map_or("", |(_, value)| value)
}

/// The first number at any of the paths.
fn number(value: &Value, paths: &[&str]) -> Option<u64> {
    paths.iter().find_map(|path| {
        let found = value.pointer(path)?;
        found
            .as_u64()
            .or_else(|| format!("{:.0}", found.as_f64()?).parse().ok())
    })
}

/// Whole input (cached tokens included where the provider includes them) and output, as the provider wrote them.
fn reported(exchange: &Exchange, body: &Value) -> (Option<u64>, Option<u64>) {
    let from_header = |name| header(&exchange.headers, name).parse().ok();
    let input = number(
        body,
        &[
            "/usage/prompt_tokens",
            "/usage/input_tokens",
            "/usage/inputTokens",
            "/usage/tokens/input_tokens",
            "/usage/billed_units/input_tokens",
            "/meta/tokens/input_tokens",
            "/meta/billed_units/input_tokens",
            "/usageMetadata/promptTokenCount",
            "/prompt_eval_count",
            "/inputTextTokenCount",
            "/prompt_token_count",
        ],
    );
    let output = number(
        body,
        &[
            "/usage/completion_tokens",
            "/usage/output_tokens",
            "/usage/outputTokens",
            "/usage/tokens/output_tokens",
            "/usage/billed_units/output_tokens",
            "/meta/tokens/output_tokens",
            "/meta/billed_units/output_tokens",
            "/usageMetadata/candidatesTokenCount",
            "/eval_count",
            "/results/0/tokenCount",
            "/generation_token_count",
        ],
    );
    (
        from_header("x-amzn-bedrock-input-token-count").or(input),
        from_header("x-amzn-bedrock-output-token-count").or(output),
    )
}

/// Tokens that are inside the input number of those providers who count them there.
fn cached_inside(body: &Value) -> u64 {
    number(
        body,
        &[
            "/usage/prompt_tokens_details/cached_tokens",
            "/usage/input_tokens_details/cached_tokens",
            "/usageMetadata/cachedContentTokenCount",
            "/usage/cached_tokens",
            "/meta/cached_tokens",
        ],
    )
    .unwrap_or(0)
}

fn check_usage(exchange: &Exchange, facts: &AnswerFacts, body: &Value) {
    let (input, output) = reported(exchange, body);
    let thoughts = number(body, &["/usageMetadata/thoughtsTokenCount"]).unwrap_or(0);
    assert_eq!(
        facts.usage.input.map(|count| count.value),
        input.map(|input| input - cached_inside(body)),
        "input of {}",
        exchange.case
    );
    assert_eq!(
        facts.usage.output.map(|count| count.value),
        output.map(|output| output + thoughts),
        "output of {}",
        exchange.case
    );
}

fn framing(exchange: &Exchange) -> Framing {
    Framing::of_content_type(header(&exchange.headers, "content-type"))
}

#[test]
fn whole_answers_yield_the_counts_they_state() {
    let mut seen = 0;
    for exchange in exchanges() {
        if framing(&exchange) != Framing::None {
            continue;
        }
        seen += 1;
        let facts = read_answer(
            &exchange.route,
            exchange.status,
            &exchange.headers,
            &exchange.body,
        );
        let body: Value = serde_json::from_slice(&exchange.body).unwrap();
        check_usage(&exchange, &facts, &body);
        assert!(facts.body_is_json, "{}", exchange.case);
        assert_eq!(
            facts.error.is_some(),
            exchange.status >= 400 || !body["error"].is_null(),
            "{} {:?}",
            exchange.case,
            facts.error
        );
        if let Some(error) = facts.error {
            assert!(error.message.is_some(), "{}", exchange.case);
        }
        let model = body["model"].as_str();
        if let Some(model) = model {
            assert_eq!(
                facts.response_model.as_deref(),
                Some(model),
                "{}",
                exchange.case
            );
        }
    }
    println!("{seen} whole answers");
}

#[test]
fn requests_name_their_model() {
    for exchange in exchanges() {
        let facts = read_request(&exchange.route, &(), &exchange.request);
        let Ok(body) = serde_json::from_slice::<Value>(&exchange.request) else {
            continue;
        };
        assert!(facts.body_is_json, "{}", exchange.case);
        if let Some(model) = body["model"]
            .as_str()
            .filter(|_| exchange.route.dialect != Dialect::Bedrock)
        {
            assert_eq!(facts.model.as_deref(), Some(model), "{}", exchange.case);
        }
        assert_eq!(facts.stream, body["stream"].as_bool(), "{}", exchange.case);
    }
}

#[test]
fn streams_become_whole_answers() {
    let mut seen = 0;
    for exchange in exchanges() {
        let framing = framing(&exchange);
        if framing == Framing::None {
            continue;
        }
        seen += 1;
        let found = reassemble(
            &exchange.route,
            framing,
            exchange.status,
            &exchange.headers,
            &exchange.body,
        );
        let body: Value = serde_json::from_slice(&found.body).unwrap_or_else(|error| {
            panic!(
                "{}: {error}: {}",
                exchange.case,
                String::from_utf8_lossy(&found.body)
            )
        });
        assert!(found.events > 0, "{}", exchange.case);
        assert_eq!(found.facts.error, None, "{}", exchange.case);
        if body.is_object() {
            check_usage(&exchange, &found.facts, &body);
        }
        let says = text_of(&body);
        assert!(!says.is_empty(), "{}: {body}", exchange.case);
        let streamed = streamed_text(&exchange, framing);
        if !streamed.is_empty() {
            assert_eq!(says, streamed, "{}", exchange.case);
        }
        let mut terminal = Terminal::new(&exchange.route, framing);
        let pieces: Vec<bool> = exchange
            .body
            .chunks(97)
            .map(|chunk| terminal.push(chunk))
            .collect();
        assert!(
            pieces.last().unwrap() & terminal.is_complete(),
            "{} has no end",
            exchange.case
        );
        assert!(
            !pieces[0] || pieces.len() < 3,
            "{} ends at once",
            exchange.case
        );
        assert_eq!(terminal.events(), found.events, "{}", exchange.case);
    }
    println!("{seen} streams");
}

/// Every text, argument and completion in a tree, in order.
fn text_of(value: &Value) -> String {
    const KEYS: [&str; 9] = [
        "content",
        "text",
        "arguments",
        "completion",
        "outputText",
        "generation",
        "response",
        "tool_plan",
        "value",
    ];
    let mut out = String::new();
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text) if KEYS.contains(&key.as_str()) => out.push_str(text),
                    Value::Object(input) if key == "input" && fields.contains_key("toolUseId") => {
                        out.push_str(&Value::Object(input.clone()).to_string());
                    }
                    Value::Object(input)
                        if key == "input" && fields.get("type") == Some(&"tool_use".into()) =>
                    {
                        out.push_str(&Value::Object(input.clone()).to_string());
                    }
                    _ => out.push_str(&text_of(value)),
                }
            }
        }
        Value::Array(items) => out.extend(items.iter().map(text_of)),
        _ => {}
    }
    out
}

/// The text of chat and message streams, put together line by line.
fn streamed_text(exchange: &Exchange, framing: Framing) -> String {
    if framing != Framing::Sse {
        return String::new();
    }
    let mut out = String::new();
    for line in String::from_utf8_lossy(&exchange.body).lines() {
        let Some(data) = line.strip_prefix("data:") else {
            continue;
        };
        let Ok(event) = serde_json::from_str::<Value>(data.trim()) else {
            continue;
        };
        if exchange.route.operation == corelog_types::Operation::ChatCompletions
            && event["choices"][0]["index"] == 0
        {
            let delta = &event["choices"][0]["delta"];
            if delta["tool_calls"].is_null() {
                out.push_str(delta["content"].as_str().unwrap_or_default());
            } else {
                return String::new();
            }
        }
    }
    out
}
