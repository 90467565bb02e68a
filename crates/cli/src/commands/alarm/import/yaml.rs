//! YAML as templates use it: plain documents, and the short forms of intrinsic functions (`!Ref`, `!Sub`, …), made into
//! the JSON that they stand for.
//!
//! Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html>: of YAML's features,
//! templates have no aliases and no merges.

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Map, Number, Value, json};

const DEPTH_MAX: usize = 64;

/// A list or a mapping that is not over.
enum Open {
    List(Vec<Value>),
    /// What it has, and the key whose value comes next.
    Mapping(Map<String, Value>, Option<String>),
}

/// Reads the first document of a text.
pub(super) fn read(text: &str) -> Result<Value, String> {
    let mut open: Vec<(Open, Option<String>)> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, at) = event.map_err(|error| error.to_string())?;
        let line = at.start.line();
        let (value, function) = match event {
            Event::Scalar(text, style, _, tag) => {
                (scalar(&text, style), tag.as_deref().and_then(function))
            }
            Event::SequenceStart(_, tag) => {
                open.push((Open::List(Vec::new()), tag.as_deref().and_then(function)));
                continue;
            }
            Event::MappingStart(_, tag) => {
                let mapping = Open::Mapping(Map::new(), None);
                open.push((mapping, tag.as_deref().and_then(function)));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some((Open::List(items), function)) => (Value::Array(items), function),
                Some((Open::Mapping(members, _), function)) => (Value::Object(members), function),
                None => return Err(format!("line {line}: it ends before it begins")),
            },
            Event::Alias(_) => return Err(format!("line {line}: aliases are not supported")),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => continue,
        };
        if open.len() > DEPTH_MAX {
            return Err(format!("line {line}: it is nested too deeply"));
        }
        let value = called(function, value);
        match open.last_mut() {
            None => return Ok(value),
            Some((Open::List(items), _)) => items.push(value),
            Some((Open::Mapping(members, key), _)) => match key.take() {
                Some(key) => {
                    members.insert(key, value);
                }
                None => *key = Some(text_of(&value)),
            },
        }
    }
    Err("there is nothing in it".to_owned())
}

/// The intrinsic function that a tag is short for.
fn function(tag: &Tag) -> Option<String> {
    (tag.handle == "!" && !tag.suffix.is_empty()).then(|| match tag.suffix.as_str() {
        plain @ ("Ref" | "Condition") => plain.to_owned(),
        other => format!("Fn::{other}"),
    })
}

fn called(function: Option<String>, value: Value) -> Value {
    let Some(function) = function else {
        return value;
    };
    // `!GetAtt Alarm.Arn` names both in one.
    let value = match value {
        Value::String(text) if function == "Fn::GetAtt" => {
            let (of, attribute) = text.split_once('.').unwrap_or((&text, ""));
            json!([of, attribute])
        }
        other => other,
    };
    json!({ function: value })
}

/// Source: YAML 1.2, core schema.
fn scalar(text: &str, style: ScalarStyle) -> Value {
    if style != ScalarStyle::Plain {
        return Value::from(text);
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    // A number of an account has zeros at its beginning, which a number would lose.
    let is_number = !text.starts_with('0') || text == "0" || text.starts_with("0.");
    let looks_so = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
    let whole = text.parse::<i64>().ok().map(Number::from);
    let number = whole.or_else(|| text.parse::<f64>().ok().and_then(Number::from_f64));
    match number {
        Some(number) if is_number && looks_so => Value::Number(number),
        _ => Value::from(text),
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_read() {
        let text = "\
# A comment
Resources:
  Alarm:
    Properties:
      AlarmName: !Sub '${AWS::StackName}-calls'
      Threshold: 5.5
      Period: \"60\"
      ActionsEnabled: true
      Account: 012345678901
      AlarmActions:
        - !Ref Topic
        - Fn::GetAtt: [Other, Arn]
        - !GetAtt Other.Arn
      Empty:
      Rule: !Join [' OR ', [a, b]]
      Text: |
        two
        lines
";
        let expected = json!({"Resources": {"Alarm": {"Properties": {
            "AlarmName": {"Fn::Sub": "${AWS::StackName}-calls"},
            "Threshold": 5.5,
            "Period": "60",
            "ActionsEnabled": true,
            "Account": "012345678901",
            "AlarmActions": [
                {"Ref": "Topic"},
                {"Fn::GetAtt": ["Other", "Arn"]},
                {"Fn::GetAtt": ["Other", "Arn"]},
            ],
            "Empty": null,
            "Rule": {"Fn::Join": [" OR ", ["a", "b"]]},
            "Text": "two\nlines\n",
        }}}});
        assert_eq!(read(text), Ok(expected));
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in ["", "a: [", "a: &x 1\nb: *x", &"[".repeat(200)] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
