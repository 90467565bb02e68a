//! `parse` and `json`: fields out of a text.
//!
//! Rows that do not match stay, without the new fields.

use std::sync::Arc;

use corelog_insights::{Parse, ParsePattern, Segment};
use memchr::memmem::Finder;
use regex::{CaptureLocations, Regex};

use super::{Copies, Each, Failure, MADE_MAX, RowValues, Step, put};
use crate::coerce;
use crate::context::Context;
use crate::expression::Expression;
use crate::json;
use crate::value::{Member, Value};
use crate::xml;

/// Takes fields out of a text, into slots in the order of [`Parse::captures`].
pub(super) fn parse(
    cx: Arc<Context>,
    of: Expression,
    mut reader: Reader,
    slots: Vec<usize>,
    copies: Copies,
) -> impl Step {
    Each(move |mut row: RowValues, out: &mut Vec<RowValues>| {
        let found = {
            let value = of.eval(&cx, &row);
            let text = coerce::text(&value);
            text.map_or_else(Vec::new, |text| reader.read(&text))
        };
        let mut found = found.into_iter();
        let mut values = found.next().unwrap_or_default();
        // Each further match makes a row of its own, before its values take the place of those before.
        for next in found {
            let mut before = copies.of(&row);
            fill(&mut before, &slots, values);
            out.push(before);
            values = next;
        }
        fill(&mut row, &slots, values);
        out.push(row);
    })
}

fn fill(row: &mut RowValues, slots: &[usize], values: Vec<Value<'static>>) {
    let values = values.into_iter().chain(std::iter::repeat(Value::Null));
    for (slot, value) in slots.iter().zip(values) {
        put(row, *slot, value);
    }
}

/// `json field=from "path" as alias`: a member of a JSON text by its path.
pub(super) fn json(of: Expression, path: Vec<Segment>, into: usize) -> impl Step {
    let cx = Context::default();
    Each(move |mut row: RowValues, out: &mut Vec<RowValues>| {
        let value = {
            let value = of.eval(&cx, &row);
            let text = coerce::text(&value);
            let body = text.as_deref().and_then(json::read);
            let found = body.as_ref().and_then(|body| body.member(&path));
            found.map_or(Value::Null, |found| found.clone().into_owned())
        };
        put(&mut row, into, value);
        out.push(row);
    })
}

/// How a text is read.
pub(super) enum Reader {
    Glob(Vec<Finder<'static>>),
    Regex {
        regex: Regex,
        groups: Vec<usize>,
        multi: bool,
        found: CaptureLocations,
    },
    Logfmt,
    Csv,
    Xml(xml::Path),
}

impl Reader {
    pub(super) fn of(parse: &Parse) -> Result<Self, Failure> {
        Ok(match &parse.pattern {
            ParsePattern::Glob { glob, .. } => {
                let pieces = glob.value.split('*');
                Self::Glob(
                    pieces
                        .map(|piece| Finder::new(piece.as_bytes()).into_owned())
                        .collect(),
                )
            }
            ParsePattern::Regex { regex, multi, .. } => {
                let regex = Regex::new(&regex.pattern())
                    .map_err(|_| Failure::unsupported("a regular expression of this size"))?;
                let groups = parse.captures().into_iter();
                Self::Regex {
                    found: regex.capture_locations(),
                    regex,
                    groups: groups.map(|(group, _)| group).collect(),
                    multi: *multi,
                }
            }
            ParsePattern::Logfmt { .. } => Self::Logfmt,
            ParsePattern::Csv { .. } => Self::Csv,
            ParsePattern::Xml { path, .. } => Self::Xml(
                xml::Path::read(&path.value).ok_or_else(|| Failure::unsupported("this `XPath`"))?,
            ),
        })
    }

    /// The values of the new fields, for each row that the text makes; none if it does not match.
    fn read(&mut self, text: &str) -> Vec<Vec<Value<'static>>> {
        match self {
            Self::Glob(pieces) => glob(pieces, text).into_iter().collect(),
            Self::Regex {
                regex,
                groups,
                multi: true,
                ..
            } => {
                let value = |found: Option<regex::Match<'_>>| {
                    found.map_or(Value::Null, |found| owned(found.as_str()))
                };
                // One too many is refused.
                let all = regex.captures_iter(text).take(MADE_MAX + 1);
                all.map(|found| {
                    groups
                        .iter()
                        .map(|group| value(found.get(*group)))
                        .collect()
                })
                .collect()
            }
            Self::Regex {
                regex,
                groups,
                found,
                ..
            } => {
                if regex.captures_read(found, text).is_none() {
                    return Vec::new();
                }
                let value = |group: &usize| match found.get(*group) {
                    Some((start, end)) => owned(&text[start..end]),
                    None => Value::Null,
                };
                vec![groups.iter().map(value).collect()]
            }
            Self::Logfmt => vec![vec![logfmt(text)]],
            Self::Csv => csv_line(text).map_or_else(Vec::new, |values| {
                vec![values.into_iter().map(Value::text).collect()]
            }),
            Self::Xml(path) => {
                let found = path.find(text).map(|found| vec![Value::text(found)]);
                found.into_iter().collect()
            }
        }
    }
}

fn owned(text: &str) -> Value<'static> {
    Value::text(text.to_owned())
}

/// The pattern may stand anywhere in the text; each `*` is the shortest run up to what follows it, a last one runs to
/// the end.
fn glob(pieces: &[Finder<'_>], text: &str) -> Option<Vec<Value<'static>>> {
    let (first, others) = pieces.split_first()?;
    let start = first.find(text.as_bytes())? + first.needle().len();
    let mut rest = &text[start..];
    let mut values = Vec::with_capacity(others.len());
    for (at, piece) in others.iter().enumerate() {
        let is_last = at + 1 == others.len();
        let length = piece.needle().len();
        let end = if is_last && length == 0 {
            rest.len()
        } else {
            piece.find(rest.as_bytes())?
        };
        values.push(owned(&rest[..end]));
        rest = &rest[end + length..];
    }
    Some(values)
}

/// `key=value key="a value" key`: a map of texts. Decision: a key alone has the empty text; of a key that comes twice
/// the last counts, at the last place.
fn logfmt(text: &str) -> Value<'static> {
    let mut members: Vec<Option<Member<'static>>> = Vec::new();
    let mut places: std::collections::HashMap<&str, usize> = std::collections::HashMap::new();
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
            if let Some(before) = places.insert(key, members.len()) {
                members[before] = None;
            }
            members.push(Some((key.to_owned().into(), Value::text(value))));
        }
        rest = behind.trim_start();
    }
    Value::map(members.into_iter().flatten().collect())
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
pub(super) fn csv_line(text: &str) -> Option<Vec<String>> {
    let mut values = Vec::new();
    let mut value = String::new();
    let mut quoted = false;
    let mut chars = text.trim_end_matches(['\r', '\n']).chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.next_if_eq(&'"').is_some() => value.push('"'),
            '"' if quoted || value.is_empty() => quoted = !quoted,
            ',' if !quoted => values.push(std::mem::take(&mut value)),
            c => value.push(c),
        }
    }
    values.push(value);
    (!quoted).then_some(values)
}

#[cfg(test)]
mod tests {
    use corelog_insights::CommandKind;

    use super::{Failure, MADE_MAX};
    use crate::rows::{Given, Layout, step};
    use crate::value::Value;

    #[test]
    fn rows_made_of_one_text_have_an_end() {
        let query = corelog_insights::parse("parse @message /(?<c>.)/ multi").unwrap();
        let command: &CommandKind = &query.commands[0].kind;
        let given = Given {
            bare: true,
            ..Given::default()
        };
        let rows_of = |length: usize| {
            let mut layout = Layout::of_events(["@message"]);
            let mut step = step(command, &mut layout, &given).unwrap();
            let mut out = Vec::new();
            let row = vec![Value::text("x".repeat(length))];
            step.push(vec![row], &mut out).map(|()| out.len())
        };
        assert_eq!(rows_of(10), Ok(10));
        let max = MADE_MAX;
        let what = "rows made of one";
        assert_eq!(rows_of(MADE_MAX + 1), Err(Failure::TooMany { what, max }));
    }
}
