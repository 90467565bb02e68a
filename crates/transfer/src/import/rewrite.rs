//! Puts a body in the place of its address, and leaves every other byte of the line as it was.

use std::ops::Range;

use corelog_providers::json;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// One of the two bodies of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Input,
    Output,
}

/// Where a line has the address of a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) side: Side,
    /// What it says.
    pub(crate) address: String,
    /// The member that holds it, name and value.
    member: Range<usize>,
    /// A body that is there and null, with its comma.
    null: Option<Range<usize>>,
}

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow, default)]
    input: Option<&'a RawValue>,
    #[serde(borrow, default)]
    output: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Sided<'a> {
    #[serde(
        borrow,
        default,
        alias = "outputBodyS3Path",
        rename = "inputBodyS3Path"
    )]
    path: Option<&'a RawValue>,
    #[serde(
        borrow,
        default,
        alias = "outputBodyJson",
        rename = "inputBodyJson",
        deserialize_with = "there"
    )]
    body: Option<&'a RawValue>,
}

/// A value that is there, even if it is null.
fn there<'de, D: Deserializer<'de>>(from: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}

impl Side {
    /// What the body's object is called after the request.
    pub(crate) fn object(self) -> &'static str {
        match self {
            Self::Input => "input.json.gz",
            Self::Output => "output.json.gz",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Input => "\"inputBodyS3Path\"",
            Self::Output => "\"outputBodyS3Path\"",
        }
    }

    fn body(self) -> &'static str {
        match self {
            Self::Input => "\"inputBodyJson\"",
            Self::Output => "\"outputBodyJson\"",
        }
    }
}

/// The addresses of bodies that are not in the line, a JSON object, themselves.
pub(crate) fn references(line: &str) -> Vec<Reference> {
    let Ok(record) = serde_json::from_str::<Record<'_>>(line) else {
        return Vec::new();
    };
    let sides = [(Side::Input, record.input), (Side::Output, record.output)];
    let found = sides
        .into_iter()
        .filter_map(|(side, value)| reference(line, side, value?));
    found.collect()
}

fn reference(line: &str, side: Side, value: &RawValue) -> Option<Reference> {
    let Sided { path, body } = serde_json::from_str(value.get()).ok()?;
    let path = path?;
    let address: String = serde_json::from_str(path.get()).ok()?;
    let null = match body {
        None => None,
        Some(body) if body.get() == "null" => {
            let member = member(line, side.body(), span(line, body))?;
            Some(with_comma(line, member)?)
        }
        Some(_) => return None,
    };
    Some(Reference {
        side,
        address,
        member: member(line, side.path(), span(line, path))?,
        null,
    })
}

/// The line with bodies, which are JSON, in the places of their addresses.
pub(crate) fn inlined(line: &str, bodies: &[(Reference, String)]) -> String {
    let mut edits = Vec::new();
    for (reference, body) in bodies {
        edits.push((reference.member.clone(), Some((reference.side, body))));
        edits.extend(reference.null.clone().map(|range| (range, None)));
    }
    edits.sort_by_key(|(range, _)| range.start);
    let added: usize = bodies.iter().map(|(_, body)| body.len() + 32).sum();
    let mut text = String::with_capacity(line.len() + added);
    let mut done = 0;
    for (range, replacement) in edits {
        text.push_str(&line[done..range.start]);
        if let Some((side, body)) = replacement {
            text.push_str(side.body());
            text.push(':');
            text.push_str(body);
        }
        done = range.end;
    }
    text.push_str(&line[done..]);
    text
}

/// A body that is in its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Inside<'a> {
    pub(crate) side: Side,
    pub(crate) body: &'a str,
    member: Range<usize>,
}

/// The bodies in a line that are larger than that. One that would not come back as it is, is not among them.
pub(crate) fn bodies_over(line: &str, bytes: usize) -> Vec<Inside<'_>> {
    let Ok(record) = serde_json::from_str::<Record<'_>>(line) else {
        return Vec::new();
    };
    let sides = [(Side::Input, record.input), (Side::Output, record.output)];
    let large = sides.into_iter().filter_map(|(side, value)| {
        let Sided { path, body } = serde_json::from_str(value?.get()).ok()?;
        let body = span(line, body.filter(|body| body.get().len() > bytes)?);
        let member = member(line, side.body(), body.clone())?;
        let is_tight = member.start + side.body().len() + 1 == body.start;
        let body = &line[body];
        (is_tight && path.is_none()).then_some(Inside { side, body, member })
    });
    large.collect()
}

/// The line with addresses in the places of bodies.
pub(crate) fn outlined(line: &str, addresses: &[(Inside<'_>, String)]) -> String {
    let mut order: Vec<_> = addresses.iter().collect();
    order.sort_by_key(|(inside, _)| inside.member.start);
    let mut text = Vec::with_capacity(16 << 10);
    let mut done = 0;
    for (inside, address) in order {
        text.extend_from_slice(&line.as_bytes()[done..inside.member.start]);
        text.extend_from_slice(inside.side.path().as_bytes());
        text.push(b':');
        json::write_string(address, &mut text);
        done = inside.member.end;
    }
    text.extend_from_slice(&line.as_bytes()[done..]);
    String::from_utf8_lossy(&text).into_owned()
}

/// Where in the line a value is that was borrowed from it.
fn span(line: &str, value: &RawValue) -> Range<usize> {
    let start = value.get().as_ptr().addr() - line.as_ptr().addr();
    start..start + value.get().len()
}

/// The member of that value, if its name is written as expected: without escapes.
fn member(line: &str, name: &str, value: Range<usize>) -> Option<Range<usize>> {
    let before = line[..value.start].trim_end().strip_suffix(':')?;
    let before = before.trim_end().strip_suffix(name)?;
    Some(before.len()..value.end)
}

/// A member and the comma that goes with it. It is not the only one of its object.
fn with_comma(line: &str, member: Range<usize>) -> Option<Range<usize>> {
    let after = &line[member.end..];
    if let Some(rest) = after.trim_start().strip_prefix(',') {
        return Some(member.start..line.len() - rest.len());
    }
    let before = line[..member.start].trim_end().strip_suffix(',')?;
    Some(before.len()..member.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &str) {
        let found = references(line);
        let bodies: Vec<_> = found
            .into_iter()
            .map(|reference| {
                let body = format!(r#"{{"from":"{}"}}"#, reference.address);
                (reference, body)
            })
            .collect();
        assert_eq!(inlined(line, &bodies), expected);
    }

    #[test]
    fn a_body_takes_the_place_of_its_address() {
        check(
            r#"{"a":1.50,"input":{"x":1,"inputBodyS3Path":"s3://b/k","inputTokenCount":6},"output":{"outputBodyJson":[1]}}"#,
            r#"{"a":1.50,"input":{"x":1,"inputBodyJson":{"from":"s3://b/k"},"inputTokenCount":6},"output":{"outputBodyJson":[1]}}"#,
        );
        check(
            r#"{"output" : { "outputBodyS3Path" : "o" } , "input":{"inputBodyS3Path":"i"}}"#,
            r#"{"output" : { "outputBodyJson":{"from":"o"} } , "input":{"inputBodyJson":{"from":"i"}}}"#,
        );
    }

    #[test]
    fn a_null_beside_the_address_goes() {
        check(
            r#"{"input":{"inputBodyJson":null,"inputBodyS3Path":"p"}}"#,
            r#"{"input":{"inputBodyJson":{"from":"p"}}}"#,
        );
        check(
            r#"{"input":{"inputBodyS3Path":"p", "inputBodyJson": null }}"#,
            r#"{"input":{"inputBodyJson":{"from":"p"} }}"#,
        );
    }

    #[test]
    fn a_large_body_leaves_its_line_and_comes_back() {
        let line =
            r#"{"input":{"inputBodyJson":{"a": "large"},"n":1},"output":{"outputBodyJson":[1]}}"#;
        let large = bodies_over(line, 5);
        assert_eq!(large.len(), 1);
        assert_eq!(large[0].body, r#"{"a": "large"}"#);
        let body = large[0].body.to_owned();
        let without = outlined(line, &[(large[0].clone(), "s3://b/k".to_owned())]);
        let expected =
            r#"{"input":{"inputBodyS3Path":"s3://b/k","n":1},"output":{"outputBodyJson":[1]}}"#;
        assert_eq!(without, expected);
        let reference = references(&without).remove(0);
        assert_eq!(inlined(&without, &[(reference, body)]), line);
        // What would come back with other whitespace stays.
        assert_eq!(
            bodies_over(r#"{"input":{"inputBodyJson": "large"}}"#, 5),
            []
        );
    }

    #[test]
    fn a_line_without_an_address_stays() {
        for line in [
            r#"{"input":{"inputBodyS3Path":"p","inputBodyJson":{}}}"#,
            r#"{"input":{"inputBodyS3Path":5}}"#,
            r#"{"input":{"inputBodyS3Path":null}}"#,
            r#"{"input":"inputBodyS3Path"}"#,
            r#"{"inputBodyS3Path":"p"}"#,
            "inputBodyS3Path",
            "",
        ] {
            check(line, line);
        }
    }
}
