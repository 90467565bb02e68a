//! The functions of configurations that definitions of alarms use.
//!
//! Source: <https://developer.hashicorp.com/terraform/language/functions>

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::expression::{TEXT_BYTES_MAX, made, number, text};

pub(super) fn call(name: &str, arguments: &[Value]) -> Result<Value, String> {
    let wrong = || format!("the arguments of `{name}` are not such as it takes");
    let made = match (name, arguments) {
        ("lower", [one]) => Some(Value::from(text(one).to_lowercase())),
        ("upper", [one]) => Some(Value::from(text(one).to_uppercase())),
        ("trimspace", [one]) => Some(Value::from(text(one).trim())),
        ("replace", [one, from, to]) => {
            let from = text(from);
            // Between slashes it would be a regular expression.
            let is_plain = !(from.len() > 1 && from.starts_with('/') && from.ends_with('/'));
            let (one, to) = (text(one), text(to));
            // One character may become many.
            let most = (one.len() + 1).saturating_mul(to.len() + 1);
            let fits = most <= TEXT_BYTES_MAX || to.len() <= from.len();
            (is_plain && fits).then(|| Value::from(one.replace(&from, &to)))
        }
        ("join", [between, Value::Array(parts)]) => {
            let parts: Vec<String> = parts.iter().map(text).collect();
            Some(Value::from(parts.join(&text(between))))
        }
        ("split", [between, one]) => {
            let (between, one) = (text(between), text(one));
            let parts = one.split(between.as_str()).map(Value::from);
            (!between.is_empty()).then(|| parts.collect())
        }
        ("format", [pattern, rest @ ..]) => format(&text(pattern), rest).map(Value::from),
        ("length", [one]) => match one {
            Value::Array(items) => Some(Value::from(items.len())),
            Value::Object(members) => Some(Value::from(members.len())),
            Value::String(text) => Some(Value::from(text.chars().count())),
            _ => None,
        },
        ("concat", lists) => {
            let lists: Option<Vec<&Vec<Value>>> = lists.iter().map(Value::as_array).collect();
            lists.map(|lists| lists.into_iter().flatten().cloned().collect())
        }
        ("merge", maps) => {
            let maps: Option<Vec<&Map<String, Value>>> =
                maps.iter().map(Value::as_object).collect();
            maps.map(|maps| {
                let members = maps.into_iter().flatten();
                let members = members.map(|(key, value)| (key.clone(), value.clone()));
                Value::Object(members.collect())
            })
        }
        ("coalesce", all) => {
            let mut set = all
                .iter()
                .filter(|one| !one.is_null() && one.as_str() != Some(""));
            set.next().cloned()
        }
        ("compact", [Value::Array(items)]) => {
            let set = items.iter();
            let set = set.filter(|one| !one.is_null() && one.as_str() != Some(""));
            Some(set.cloned().collect())
        }
        ("lookup", [Value::Object(members), key]) => members.get(&text(key)).cloned(),
        ("lookup", [Value::Object(members), key, otherwise]) => {
            Some(members.get(&text(key)).unwrap_or(otherwise).clone())
        }
        ("element", [Value::Array(items), index]) if !items.is_empty() => {
            let index = number(index).and_then(whole);
            index.and_then(|index| items.get(index % items.len()).cloned())
        }
        ("keys", [Value::Object(members)]) => Some(
            sorted(members)
                .into_iter()
                .map(|(key, _)| Value::from(key.as_str()))
                .collect(),
        ),
        ("values", [Value::Object(members)]) => Some(
            sorted(members)
                .into_iter()
                .map(|(_, value)| value.clone())
                .collect(),
        ),
        ("toset", [Value::Array(items)]) => {
            let mut items: Vec<Value> = items.clone();
            items.sort_by_key(text);
            items.dedup();
            Some(Value::Array(items))
        }
        ("tolist" | "tomap", [one]) => Some(one.clone()),
        ("tostring", [one]) => Some(Value::from(text(one))),
        ("tonumber" | "max" | "min" | "floor" | "ceil" | "abs", _) => numeric(name, arguments),
        ("jsonencode", [one]) => Some(Value::from(one.to_string())),
        (
            "lower" | "upper" | "trimspace" | "replace" | "join" | "split" | "format" | "length"
            | "compact" | "lookup" | "element" | "keys" | "values" | "toset" | "tolist" | "tomap"
            | "tostring" | "jsonencode",
            _,
        ) => None,
        _ => return Err(format!("the function `{name}` is not supported")),
    };
    made.ok_or_else(wrong)
}

/// Maps have the order of their keys.
fn sorted(members: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut members: Vec<(&String, &Value)> = members.iter().collect();
    members.sort_by_key(|(key, _)| *key);
    members
}

fn numeric(name: &str, arguments: &[Value]) -> Option<Value> {
    let all = all(arguments)?;
    let found = match (name, all.as_slice()) {
        ("max", [_, ..]) => all.iter().copied().fold(f64::MIN, f64::max),
        ("min", [_, ..]) => all.iter().copied().fold(f64::MAX, f64::min),
        ("tonumber", [one]) => *one,
        ("floor", [one]) => one.floor(),
        ("ceil", [one]) => one.ceil(),
        ("abs", [one]) => one.abs(),
        _ => return None,
    };
    Some(made(found))
}

fn all(values: &[Value]) -> Option<Vec<f64>> {
    values.iter().map(number).collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is compared first"
)]
fn whole(value: f64) -> Option<usize> {
    (value.fract() == 0.0 && (0.0..1e9).contains(&value)).then_some(value as usize)
}

/// `%s`, `%d`, `%v`, `%q` and `%%`, with a width for numbers: `%03d`.
fn format(pattern: &str, arguments: &[Value]) -> Option<String> {
    let mut made = String::new();
    let mut arguments = arguments.iter();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('%') {
        made.push_str(before);
        let verb = after.find(|c: char| !c.is_ascii_digit())?;
        let (width, after) = after.split_at(verb);
        let verb = after.chars().next()?;
        rest = after.get(verb.len_utf8()..)?;
        match (verb, width) {
            ('%', "") => made.push('%'),
            ('s' | 'v', "") => made.push_str(&text(arguments.next()?)),
            ('q', "") => made.push_str(&Value::from(text(arguments.next()?)).to_string()),
            ('d', width) => {
                let number = number(arguments.next()?).filter(|number| number.fract() == 0.0)?;
                let length: usize = width.parse().unwrap_or(0);
                if length > 64 {
                    return None;
                }
                // Writing to a string cannot fail.
                let _ = if width.starts_with('0') {
                    write!(made, "{number:0length$}")
                } else {
                    write!(made, "{number:length$}")
                };
            }
            _ => return None,
        }
    }
    made.push_str(rest);
    arguments.next().is_none().then_some(made)
}
