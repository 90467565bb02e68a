//! A record as a card: who, when, which model, how many tokens, how long, and what was said.

use serde_json::Value;

use super::transcript::{answer, prompt};
use crate::commands::cost::in_words;
use crate::printer::cell::{ABSENT, bytes, count, count_at, ms_at, safe, safe_lines, text_at};
use crate::printer::{Printer, Style};

/// The kinds of token with their name in the record and on the card.
const TOKENS: [(&str, &str); 11] = [
    ("input", "input"),
    ("cacheRead", "cache read"),
    ("cacheWrite", "cache write"),
    ("cacheWrite1h", "of it for 1 h"),
    ("output", "output"),
    ("reasoning", "reasoning"),
    ("inputAudio", "audio in"),
    ("outputAudio", "audio out"),
    ("inputImage", "image in"),
    ("outputImage", "image out"),
    ("total", "total"),
];
/// Kinds that every card shows, known or not.
const TOKENS_ALWAYS: [&str; 3] = ["input", "cacheRead", "output"];
const LABEL_WIDTH: usize = 10;

/// The card; `input` and `output` are the bodies.
pub(super) fn card(
    record: &Value,
    input: Option<&Value>,
    output: Option<&Value>,
    printer: &Printer,
) -> String {
    let mut out = String::new();
    for (label, value) in facts(record) {
        let label = printer.styled(Style::Label, &format!("{label:LABEL_WIDTH$}"));
        push_line(&mut out, &format!("{label} {value}"));
    }
    for (title, body, lines) in [
        ("prompt", input, input.map(prompt)),
        ("answer", output, output.map(answer)),
    ] {
        out.push('\n');
        push_line(&mut out, &printer.styled(Style::Label, title));
        let text = match (body, lines) {
            (None, _) | (_, None) => format!("{ABSENT} (not recorded)"),
            (Some(Value::String(text)), Some(None)) => text.clone(),
            (Some(body), Some(None)) => format!("{body:#}"),
            (Some(_), Some(Some(text))) => text,
        };
        for line in safe_lines(&text).lines() {
            push_line(&mut out, &format!("  {line}"));
        }
    }
    out
}

fn push_line(out: &mut String, line: &str) {
    out.push_str(line);
    out.push('\n');
}

fn facts(record: &Value) -> Vec<(&'static str, String)> {
    let text = |pointer: &str| text_at(record, pointer);
    let known = |value: Option<String>| value.unwrap_or_else(|| ABSENT.to_owned());
    let mut facts = vec![
        (
            "record",
            known(text("/corelog/recordId").or_else(|| text("/requestId"))),
        ),
        ("time", known(text("/timestamp"))),
        ("caller", caller(record)),
        (
            "provider",
            joined(
                [text("/corelog/provider"), text("/corelog/upstream")],
                " → ",
            ),
        ),
        ("operation", known(text("/operation"))),
        ("model", model(record)),
        ("status", status(record)),
        ("stop", known(text("/corelog/stopReason"))),
        ("latency", latency(record)),
        ("tokens", tokens(record)),
    ];
    let optional = [
        ("cost", cost(record)),
        ("stream", stream(record)),
        ("delivery", delivery(record)),
        ("user", text("/corelog/user")),
        ("session", text("/corelog/session")),
        ("trace", text("/corelog/trace/traceId")),
        ("tags", pairs(record.pointer("/corelog/tags"))),
        ("metadata", pairs(record.get("requestMetadata"))),
        ("left out", cuts(record)),
    ];
    facts.extend(
        optional
            .into_iter()
            .filter_map(|(label, value)| Some((label, value?))),
    );
    facts
}

fn joined<const N: usize>(parts: [Option<String>; N], between: &str) -> String {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        ABSENT.to_owned()
    } else {
        parts.join(between)
    }
}

/// What the call cost, or why that is not known; nothing where it is no call of a model.
fn cost(record: &Value) -> Option<String> {
    let cost = record.pointer("/corelog/cost")?;
    let Some(amount) = cost.get("amount") else {
        let why = cost.get("absent")?.as_str()?;
        return Some(format!("{ABSENT} ({})", in_words(why)));
    };
    let text = |name: &str| cost.get(name).and_then(Value::as_str).map(safe);
    let currency = text("currency").unwrap_or_default();
    let prices = joined([text("list"), text("version")], " ");
    // Every decimal that the record has, which a double would print with an exponent.
    let amount = amount
        .as_f64()
        .map_or_else(|| amount.to_string(), |it| it.to_string());
    Some(format!("{amount} {currency} (prices of {prices})"))
}

fn caller(record: &Value) -> String {
    let fingerprint =
        text_at(record, "/corelog/caller/keyFingerprint").map(|print| format!("key {print}"));
    let name = text_at(record, "/corelog/caller/name").or_else(|| text_at(record, "/identity/arn"));
    joined(
        [
            name,
            fingerprint,
            text_at(record, "/corelog/caller/address"),
        ],
        ", ",
    )
}

fn model(record: &Value) -> String {
    let asked = text_at(record, "/modelId");
    let answered =
        text_at(record, "/corelog/responseModel").filter(|model| Some(model) != asked.as_ref());
    joined([asked, answered], " → ")
}

fn status(record: &Value) -> String {
    let code = record
        .pointer("/corelog/httpStatus")
        .and_then(Value::as_u64)
        .map(|status| status.to_string());
    let source = text_at(record, "/corelog/errorSource").map(|source| format!("({source})"));
    joined(
        [
            code,
            text_at(record, "/errorCode"),
            source,
            text_at(record, "/corelog/errorMessage"),
        ],
        " ",
    )
}

fn latency(record: &Value) -> String {
    let known = |pointer: &str| ms_at(record, pointer).unwrap_or_else(|| ABSENT.to_owned());
    let mut text = format!(
        "{}, first byte {}",
        known("/corelog/latencyMs"),
        known("/corelog/timeToFirstByteMs")
    );
    if let Some(reported) = ms_at(record, "/corelog/reportedLatencyMs") {
        text = format!("{text}, the provider says {reported}");
    }
    text
}

fn tokens(record: &Value) -> String {
    let shown = TOKENS.iter().filter_map(|(name, label)| {
        let entry = record.pointer(&format!("/corelog/usage/{name}"));
        match entry
            .and_then(|entry| entry.get("value"))
            .and_then(Value::as_u64)
        {
            Some(value) => {
                let provenance = entry
                    .and_then(|entry| entry.get("provenance"))
                    .and_then(Value::as_str);
                Some(format!(
                    "{label} {} ({})",
                    count(value),
                    safe(provenance.unwrap_or(ABSENT))
                ))
            }
            None => TOKENS_ALWAYS
                .contains(name)
                .then(|| format!("{label} {ABSENT}")),
        }
    });
    shown.collect::<Vec<_>>().join(" · ")
}

fn stream(record: &Value) -> Option<String> {
    let stream = record.pointer("/corelog/stream")?;
    let known = |pointer: &str| count_at(stream, pointer).unwrap_or_else(|| ABSENT.to_owned());
    let gap = ms_at(stream, "/longestGapMs").unwrap_or_else(|| ABSENT.to_owned());
    let end = match stream.get("complete").and_then(Value::as_bool) {
        Some(true) => "complete",
        Some(false) => "broken off",
        None => ABSENT,
    };
    let framing = text_at(stream, "/framing").unwrap_or_default();
    Some(format!(
        "{framing}, {} chunks, {} events, longest gap {gap}, {end}",
        known("/chunks"),
        known("/events")
    ))
}

fn delivery(record: &Value) -> Option<String> {
    let delivery = record.pointer("/corelog/delivery")?;
    let size = delivery.get("bytes").and_then(Value::as_u64).map(bytes);
    let closed = ms_at(delivery, "/closedAfterMs").map(|after| format!("closed after {after}"));
    Some(joined([text_at(delivery, "/outcome"), size, closed], ", "))
}

fn pairs(object: Option<&Value>) -> Option<String> {
    let pairs = object?.as_object()?.iter();
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    let shown: Vec<String> = pairs
        .map(|(name, value)| safe(&format!("{name}={}", text(value))))
        .collect();
    (!shown.is_empty()).then(|| shown.join(" "))
}

fn cuts(record: &Value) -> Option<String> {
    let cuts = record.pointer("/corelog/cut")?.as_array()?.iter();
    let shown = cuts.map(|cut| {
        let size = cut
            .get("bytes")
            .and_then(Value::as_u64)
            .map(|size| format!("({})", bytes(size)));
        joined([text_at(cut, "/part"), text_at(cut, "/reason"), size], " ")
    });
    Some(shown.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::printer::Format;

    /// Any JSON whose names are those the card looks for, in places where it does not expect them.
    fn strange() -> impl Strategy<Value = Value> {
        const NAMES: &str = "corelog|usage|input|output|value|messages|content|choices|message|text|type|delta|\
                             stream|cut|tags|tool_calls|function|arguments|httpStatus|latencyMs|role|system|error";
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 64, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map(NAMES, inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_record_and_any_bodies_make_a_card_that_steers_nothing(record in strange(), input in strange(), output in strange()) {
            let printer = Printer::of_buffer(Format::Table, Box::new(std::io::sink()));
            let card = card(&record, Some(&input), Some(&output), &printer);
            prop_assert!(card.starts_with("record "));
            prop_assert!(!card.chars().any(|c| c.is_control() && c != '\n' && c != '\t'));
        }
    }
}
