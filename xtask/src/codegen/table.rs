//! The table of a model: operations, shapes, and what each shape asks of a value.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::{Context as _, bail};

use super::model::{Model, Named, Shape, snake, target};

pub(super) fn write(model: &Model, type_namespace: &str) -> anyhow::Result<String> {
    let metadata = &model.metadata;
    let used = served(model)?;
    let patterns = patterns(model, &used)?;
    let mut imports = vec![
        "Kind",
        "Operation",
        "Service",
        "Shape",
        "member",
        "required",
        "shape",
    ];
    if !patterns.is_empty() {
        imports.push("Pattern");
    }
    if model.has_query() {
        imports.extend(["Query", "QueryException"]);
    }
    imports.sort_unstable();
    let mut text = format!(
        "//! Operations of `{}` and what their shapes ask of values. Generated: `cargo xtask codegen`, from {}.\n\n\
         use crate::model::{{{}}};\n\n\
         /// The service, with the operations that are served.\n\
         pub static SERVICE: Service = Service {{\nid: {:?},\nversion: {:?},\nsigning_name: {:?},\n\
         target_prefix: {:?},\njson_version: {:?},\nprotocols: &{:?},\nquery: {},\noperations: &[\n",
        metadata.service_id,
        model.source,
        imports.join(", "),
        metadata.service_id,
        metadata.api_version,
        metadata
            .signing_name
            .as_ref()
            .unwrap_or(&metadata.endpoint_prefix),
        metadata.target_prefix.as_deref().unwrap_or_default(),
        metadata.json_version.as_deref().unwrap_or_default(),
        metadata.protocols,
        query(model, type_namespace)?,
    );
    for (name, operation) in &model.operations {
        let named = |of: &Option<Named>| match of {
            Some(named) => format!("Some(&{})", constant(&named.shape)),
            None => "None".to_owned(),
        };
        let errors: Vec<&str> = operation.errors.iter().map(|e| e.shape.as_str()).collect();
        writeln!(
            text,
            "Operation {{ name: {name:?}, input: {}, output: {}, errors: &{errors:?} }},",
            named(&operation.input),
            named(&operation.output),
        )?;
    }
    text.push_str("],\n};\n");
    text.push_str(&patterns);
    for name in &used {
        let shape = model.shape(name)?;
        writeln!(
            text,
            "\nstatic {}: Shape = {};",
            constant(name),
            entry(shape)?
        )?;
    }
    Ok(text)
}

/// The shapes of requests and answers. Exceptions are written by hand where they are raised; of those that are told in
/// XML, too, the members' shapes are needed.
fn served(model: &Model) -> anyhow::Result<BTreeSet<String>> {
    let operations = model.operations.values();
    let ends = operations.flat_map(|operation| [&operation.input, &operation.output]);
    let mut from: Vec<String> = ends.flatten().map(|named| named.shape.clone()).collect();
    if model.has_query() {
        for name in model.exceptions() {
            from.extend(
                details(model.shape(name)?)
                    .into_iter()
                    .map(|(_, shape)| shape),
            );
        }
    }
    model.reach(from)
}

/// The members of an exception beside its text, each with its shape.
fn details(exception: &Shape) -> Vec<(&str, String)> {
    let members = exception.members.iter();
    let others = members.filter(|(name, _)| !name.eq_ignore_ascii_case("message"));
    others
        .filter_map(|(name, member)| Some((name.as_str(), target(member)?)))
        .collect()
}

/// What a service keeps of the query protocol.
fn query(model: &Model, type_namespace: &str) -> anyhow::Result<String> {
    if !model.has_query() {
        return Ok("None".to_owned());
    }
    for (name, shape) in &model.shapes {
        let of = serde_json::to_string(&shape.members)?;
        if of.contains("\"locationName\"") || of.contains("\"flattened\"") {
            bail!("`{name}` has names of its own in forms and in XML, which the table cannot say");
        }
    }
    let namespace = model.metadata.xml_namespace.as_deref();
    let namespace = namespace.context("a query protocol without a namespace")?;
    let mut text = format!(
        "Some(Query {{ xml_namespace: {namespace:?}, type_namespace: {type_namespace:?}, exceptions: &["
    );
    for name in model.exceptions() {
        let shape = model.shape(name)?;
        let error = shape.error.as_ref();
        let error = error.with_context(|| format!("`{name}` has no code"))?;
        let has_capital = shape.members.contains_key("Message");
        let message = if has_capital { "Message" } else { "message" };
        let mut members = String::new();
        for (member, target) in details(shape) {
            write!(members, "member({member:?}, &{}),", constant(&target))?;
        }
        write!(
            text,
            "QueryException {{ name: {name:?}, code: {:?}, status: {}, is_sender: {}, message: {message:?}, \
             members: &[{members}] }},",
            error.code.as_deref().unwrap_or(name),
            error.http_status_code,
            !shape.fault,
        )?;
    }
    text.push_str("] })");
    Ok(text)
}

fn patterns(model: &Model, used: &BTreeSet<String>) -> anyhow::Result<String> {
    let mut text = String::new();
    let mut patterns = BTreeMap::new();
    for name in used {
        if let Some(pattern) = &model.shape(name)?.pattern {
            patterns.insert(pattern_constant(pattern), pattern);
        }
    }
    for (name, pattern) in patterns {
        let ours = translated(pattern)?;
        writeln!(
            text,
            "\nstatic {name}: Pattern = Pattern::new({pattern:?}, {ours:?});"
        )?;
    }
    Ok(text)
}

fn entry(shape: &Shape) -> anyhow::Result<String> {
    let of = |named: &Option<Named>| {
        let named = named.as_ref().context("a list or a map of nothing")?;
        anyhow::Ok(constant(&named.shape))
    };
    let kind = match shape.kind.as_str() {
        "structure" => {
            let mut members = String::new();
            for (name, reference) in &shape.members {
                let target = target(reference).context("a member without a shape")?;
                let make = if shape.required.contains(name) {
                    "required"
                } else {
                    "member"
                };
                write!(members, "{make}({name:?}, &{}),", constant(&target))?;
            }
            format!("Structure(&[{members}])")
        }
        "list" => format!("List(&{})", of(&shape.member)?),
        "map" => format!("Map(&{}, &{})", of(&shape.key)?, of(&shape.value)?),
        "string" => "String".to_owned(),
        "integer" => "Integer".to_owned(),
        "long" => "Long".to_owned(),
        "float" | "double" => "Double".to_owned(),
        "boolean" => "Boolean".to_owned(),
        "blob" => "Blob".to_owned(),
        "timestamp" => "Timestamp".to_owned(),
        other => bail!("no kind for a `{other}`"),
    };
    let mut text = format!("shape(Kind::{kind})");
    if let Some(min) = shape.min {
        write!(text, ".at_least({})", readable(min))?;
    }
    if let Some(max) = shape.max {
        write!(text, ".at_most({})", readable(max))?;
    }
    if let Some(pattern) = &shape.pattern {
        write!(text, ".like(&{})", pattern_constant(pattern))?;
    }
    if !shape.one_of.is_empty() {
        write!(text, ".one_of(&{:?})", shape.one_of)?;
    }
    Ok(text)
}

fn constant(name: &str) -> String {
    snake(name).to_uppercase()
}

/// Patterns are few and shared by many shapes: each is named by a short digest of its text.
fn pattern_constant(pattern: &str) -> String {
    let digest = pattern.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    format!("PATTERN_{digest:08X}")
}

/// The service's pattern in the words of our engine: in Java, `\w`, `\d` and `\s` are ASCII's.
fn translated(pattern: &str) -> anyhow::Result<String> {
    let (mut text, mut in_class) = (String::new(), false);
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        let escaped = if c == '\\' { chars.next() } else { None };
        match (c, escaped, in_class) {
            ('\\', Some('w'), true) => text.push_str("0-9A-Za-z_"),
            ('\\', Some('d'), true) => text.push_str("0-9"),
            ('\\', Some('w'), false) => text.push_str("[0-9A-Za-z_]"),
            ('\\', Some('d'), false) => text.push_str("[0-9]"),
            ('\\', Some('s'), false) => text.push_str(r"[ \t\n\x0B\f\r]"),
            ('\\', Some('S'), false) => text.push_str(r"[^ \t\n\x0B\f\r]"),
            ('\\', Some(other @ ('s' | 'S' | 'D' | 'W' | 'b')), _) => {
                bail!(r"`\{other}` in `{pattern}` is not translated")
            }
            ('\\', Some(other), _) => text.extend(['\\', other]),
            (other, _, _) => {
                in_class = other == '[' || (in_class && other != ']');
                text.push(other);
            }
        }
    }
    Ok(text)
}

/// A number as it is written in code, its thousands apart.
fn readable(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}
