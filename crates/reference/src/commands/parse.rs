//! `parse` and `json`: fields out of a text.
//!
//! Rows that do not match stay, without the new fields.

use corelog_insights::{Field, Parse, ParsePattern, Text};
use regex::Regex;

use crate::eval::{Scope, eval};
use crate::output::Failure;
use crate::row::{Frame, Row};
use crate::value::{Value, text as text_of};
use corelog_values::{Member, json, xml};

pub(crate) fn apply(scope: &Scope<'_>, mut frame: Frame, parse: &Parse) -> Result<Frame, Failure> {
    let names: Vec<String> = parse.captures().into_iter().map(|(_, name)| name).collect();
    let reader = Reader::of(parse)?;
    let mut rows = Vec::new();
    for row in frame.rows {
        let text = match &parse.of {
            Some(of) => eval(scope, &row, of),
            None => row.get("@message"),
        };
        let text = text_of(&text);
        let found = text.map_or_else(Vec::new, |text| reader.read(&text));
        for values in or_one_without(found) {
            rows.push(with(&row, &names, values));
        }
    }
    frame.rows = rows;
    for name in &names {
        frame.columns.show_made(name);
    }
    Ok(frame)
}

fn or_one_without(mut found: Vec<Vec<Value>>) -> Vec<Vec<Value>> {
    if found.is_empty() {
        found.push(Vec::new());
    }
    found
}

fn with(row: &Row, names: &[String], values: Vec<Value>) -> Row {
    let mut row = row.clone();
    let values = values.into_iter().chain(std::iter::repeat(Value::Null));
    for (name, value) in names.iter().zip(values) {
        row.set(name, value);
    }
    row
}

enum Reader {
    Glob(Vec<String>),
    Regex {
        regex: Regex,
        groups: Vec<usize>,
        multi: bool,
    },
    Logfmt,
    Csv,
    Xml(xml::Path),
}

impl Reader {
    fn of(parse: &Parse) -> Result<Self, Failure> {
        Ok(match &parse.pattern {
            ParsePattern::Glob { glob, .. } => {
                Self::Glob(glob.value.split('*').map(str::to_owned).collect())
            }
            ParsePattern::Regex { regex, multi, .. } => Self::Regex {
                regex: Regex::new(&regex.pattern())
                    .map_err(|_| Failure::unsupported("a regular expression of this size"))?,
                groups: parse
                    .captures()
                    .into_iter()
                    .map(|(group, _)| group)
                    .collect(),
                multi: *multi,
            },
            ParsePattern::Logfmt { .. } => Self::Logfmt,
            ParsePattern::Csv { .. } => Self::Csv,
            ParsePattern::Xml { path, .. } => Self::Xml(
                xml::Path::read(&path.value).ok_or_else(|| Failure::unsupported("this `XPath`"))?,
            ),
        })
    }

    /// The values of the new fields, for each row that the text makes; none if it does not match.
    fn read(&self, text: &str) -> Vec<Vec<Value>> {
        match self {
            Self::Glob(pieces) => glob(pieces, text).into_iter().collect(),
            Self::Regex {
                regex,
                groups,
                multi,
            } => {
                let most = if *multi { usize::MAX } else { 1 };
                let value = |found: Option<regex::Match<'_>>| {
                    found.map_or(Value::Null, |found| Value::text(found.as_str().to_owned()))
                };
                regex
                    .captures_iter(text)
                    .take(most)
                    .map(|found| {
                        groups
                            .iter()
                            .map(|group| value(found.get(*group)))
                            .collect()
                    })
                    .collect()
            }
            Self::Xml(path) => {
                let found = path.find(text).map(|found| vec![Value::text(found)]);
                found.into_iter().collect()
            }
            Self::Logfmt => vec![vec![logfmt(text)]],
            Self::Csv => csv_line(text).map_or_else(Vec::new, |values| {
                vec![values.into_iter().map(Value::text).collect()]
            }),
        }
    }
}

/// The pattern may stand anywhere in the text; each `*` is the shortest run up to what follows it, a last one runs to
/// the end.
fn glob(pieces: &[String], text: &str) -> Option<Vec<Value>> {
    let (first, others) = pieces.split_first()?;
    let start = text.find(first.as_str())? + first.len();
    let mut rest = &text[start..];
    let mut values = Vec::new();
    for (at, piece) in others.iter().enumerate() {
        let is_last = at + 1 == others.len();
        let end = if is_last && piece.is_empty() {
            rest.len()
        } else {
            rest.find(piece.as_str())?
        };
        values.push(Value::text(rest[..end].to_owned()));
        rest = &rest[end + piece.len()..];
    }
    Some(values)
}

/// `key=value key="a value" key`: a map of texts. Decision: a key alone has the empty text.
fn logfmt(text: &str) -> Value {
    let mut members: Vec<Member<'static>> = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| c == '=' || c.is_whitespace())
            .unwrap_or(rest.len());
        let (key, behind) = rest.split_at(end);
        let (value, behind) = match behind.strip_prefix('=') {
            Some(behind) => logfmt_value(behind),
            None => (String::new(), behind),
        };
        if !key.is_empty() {
            members.retain(|(known, _)| known != key);
            members.push((key.to_owned().into(), Value::text(value)));
        }
        rest = behind.trim_start();
    }
    Value::map(members)
}

fn logfmt_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => value.extend(chars.next()),
            c => value.push(c),
        }
    }
    (value, chars.as_str())
}

/// The values of one line of CSV: quotes around a value may be doubled within it.
pub(crate) fn csv_line(text: &str) -> Option<Vec<String>> {
    let mut values = vec![String::new()];
    let mut quoted = false;
    let mut chars = text.trim_end_matches(['\r', '\n']).chars().peekable();
    while let Some(c) = chars.next() {
        let value = values.last_mut()?;
        match c {
            '"' if quoted && chars.next_if_eq(&'"').is_some() => value.push('"'),
            '"' if quoted || value.is_empty() => quoted = !quoted,
            ',' if !quoted => values.push(String::new()),
            c => value.push(c),
        }
    }
    (!quoted).then_some(values)
}

/// `json field=from "path" as alias`: a member of a JSON text by its path.
pub(crate) fn json(mut frame: Frame, from: &Field, path: &Text, alias: &Text) -> Frame {
    let steps = json::steps(&path.value);
    for row in &mut frame.rows {
        let text = text_of(&row.field(from));
        let body = text.as_deref().and_then(json::read);
        let value = body.as_ref().and_then(|body| body.member(&steps));
        let value = value.map_or(Value::Null, |value| value.clone().into_owned());
        row.set(&alias.value, value);
    }
    frame.columns.show_made(&alias.value);
    frame
}
