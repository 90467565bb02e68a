//! The structs of a model, with what serde needs to read requests and to write answers.

use std::fmt::Write as _;

use anyhow::{Context as _, bail};

use super::model::{Model, Shape, snake, target};

/// Words that cannot be names of fields as they are.
const KEYWORDS: [&str; 4] = ["type", "match", "ref", "in"];

pub(super) fn write(model: &Model) -> anyhow::Result<String> {
    let operations = model.operations.values();
    let inputs = operations
        .clone()
        .filter_map(|o| Some(o.input.as_ref()?.shape.clone()));
    let outputs = operations.filter_map(|o| Some(o.output.as_ref()?.shape.clone()));
    let read = model.reach(inputs.collect())?;
    let written = model.reach(outputs.collect())?;
    let mut structs = String::new();
    for (name, shape) in &model.shapes {
        let derives = match (read.contains(name), written.contains(name)) {
            (true, true) => "Serialize, Deserialize",
            (true, false) => "Deserialize",
            (false, true) => "Serialize",
            (false, false) => continue,
        };
        // An event stream is not one value: its events are written one by one.
        if shape.kind == "structure" && !shape.exception && !shape.eventstream {
            structure(&mut structs, model, name, shape, derives)?;
        }
    }
    let maps = if structs.contains("BTreeMap<") {
        "use std::collections::BTreeMap;\n\n"
    } else {
        ""
    };
    Ok(format!(
        "//! Requests and answers of `{}`, as structs. Generated: `cargo xtask codegen`, from {}.\n\n\
         {maps}use serde::{{Deserialize, Serialize}};\n{structs}",
        model.metadata.service_id, model.source
    ))
}

fn structure(
    text: &mut String,
    model: &Model,
    name: &str,
    shape: &Shape,
    derives: &str,
) -> anyhow::Result<()> {
    let is_capital = |name: &String| name.starts_with(char::is_uppercase);
    let case = if shape.members.keys().any(is_capital) {
        "PascalCase"
    } else {
        "camelCase"
    };
    write!(
        text,
        "\n#[derive(Debug, Clone, Default, PartialEq, {derives})]\n\
         #[serde(rename_all = \"{case}\")]\npub struct {name} {{\n"
    )?;
    for (member, reference) in &shape.members {
        let target = target(reference).context("a member without a shape")?;
        if model.shape(&target)?.eventstream {
            continue;
        }
        let mut kind = rust_type(model, &target)?;
        if !shape.required.contains(member) {
            kind = format!("Option<{kind}>");
        }
        let field = snake(member);
        if cased(&field, case == "PascalCase") != *member {
            writeln!(text, "#[serde(rename = \"{member}\")]")?;
        }
        let raw = if KEYWORDS.contains(&field.as_str()) {
            "r#"
        } else {
            ""
        };
        writeln!(text, "pub {raw}{field}: {kind},")?;
    }
    text.push_str("}\n");
    Ok(())
}

/// The Rust type of a shape. Enumerations are strings: the table knows what they may hold. Blobs are base64, as
/// in every document.
fn rust_type(model: &Model, name: &str) -> anyhow::Result<String> {
    let shape = model.shape(name)?;
    let of = |named: &Option<super::model::Named>| {
        let named = named.as_ref().context("a list or a map of nothing")?;
        rust_type(model, &named.shape)
    };
    Ok(match shape.kind.as_str() {
        "string" | "blob" => "String".to_owned(),
        "integer" | "long" => "i64".to_owned(),
        "float" | "double" | "timestamp" => "f64".to_owned(),
        "boolean" => "bool".to_owned(),
        "list" => format!("Vec<{}>", of(&shape.member)?),
        "map" => format!("BTreeMap<{}, {}>", of(&shape.key)?, of(&shape.value)?),
        "structure" => name.to_owned(),
        other => bail!("no Rust type for a `{other}`"),
    })
}

/// What serde's `camelCase` or `PascalCase` makes of a field's name.
fn cased(field: &str, is_pascal: bool) -> String {
    let mut text = String::new();
    let mut upper = is_pascal;
    for c in field.chars() {
        match c {
            '_' => upper = true,
            c if upper => {
                text.extend(c.to_uppercase());
                upper = false;
            }
            c => text.push(c),
        }
    }
    text
}
