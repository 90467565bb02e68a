//! Who imports whom: `layers.toml` against what cargo says.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::shell::{command, root};

#[derive(Deserialize)]
struct Plan {
    layers: toml::Table,
    same_layer: Vec<Edge>,
    absent: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Edge {
    from: String,
    to: String,
    #[serde(rename = "why")]
    _why: String,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

/// Fails on an edge that `layers.toml` does not allow.
pub(crate) fn layers() -> anyhow::Result<()> {
    let text = std::fs::read_to_string(root().join("layers.toml")).context("no layers.toml")?;
    let plan: Plan = toml::from_str(&text).context("layers.toml")?;
    let output = command("cargo", &["metadata", "--format-version=1", "--no-deps"]).output()?;
    let metadata: Metadata = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
    let rank = ranks(&text, &plan)?;

    let mut wrong = Vec::new();
    for package in &metadata.packages {
        let name = short(&package.name);
        if name == "xtask" {
            continue;
        }
        let Some((own_rank, layer)) = rank.get(name) else {
            wrong.push(format!("`{name}` is in no layer"));
            continue;
        };
        let banned = plan
            .absent
            .get(layer.as_str())
            .map(Vec::as_slice)
            .unwrap_or_default();
        for dependency in package.dependencies.iter().filter(|d| d.kind.is_none()) {
            if banned.contains(&dependency.name) && name != "runtime" {
                wrong.push(format!("`{name}` must not know `{}`", dependency.name));
            }
            let other = short(&dependency.name);
            let Some((their_rank, _)) = rank.get(other) else {
                continue;
            };
            let declared = plan
                .same_layer
                .iter()
                .any(|e| e.from == name && e.to == other);
            if their_rank > own_rank || (their_rank == own_rank && !declared) {
                wrong.push(format!("`{name}` must not import `{other}`"));
            }
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    bail!("layers: {}", wrong.join("; "))
}

/// Each crate's layer and its number, lowest first: the order of the lines in the file.
fn ranks(text: &str, plan: &Plan) -> anyhow::Result<BTreeMap<String, (usize, String)>> {
    let mut ranks = BTreeMap::new();
    for (layer, crates) in &plan.layers {
        let rank = text
            .find(&format!("\n{layer} = "))
            .context("a layer without a line")?;
        for name in crates
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(toml::Value::as_str)
        {
            ranks.insert(name.to_owned(), (rank, layer.clone()));
        }
    }
    Ok(ranks)
}

fn short(name: &str) -> &str {
    name.strip_prefix("corelog-").unwrap_or(name)
}
