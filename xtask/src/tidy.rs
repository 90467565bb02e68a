//! What no compiler checks: a line of docs at the top of each module, names that say something, crates that
//! the architecture mentions.

use std::path::{Path, PathBuf};

use anyhow::bail;

use crate::shell::root;

const NAMELESS: [&str; 7] = [
    "util", "utils", "common", "helper", "helpers", "misc", "shared",
];
/// Written in two halves, so that this file does not accuse itself.
const BANNED: [&str; 3] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("todo", "!("),
];

/// Fails with everything that is untidy.
pub(crate) fn tidy() -> anyhow::Result<()> {
    let mut sources = Vec::new();
    for dir in ["crates", "xtask"] {
        collect(&root().join(dir), &mut sources)?;
    }
    let mut wrong = Vec::new();
    for path in &sources {
        let text = std::fs::read_to_string(path)?;
        let shown = path
            .strip_prefix(root())
            .unwrap_or(path)
            .display()
            .to_string();
        if !text.starts_with("//!") {
            wrong.push(format!("{shown} does not begin with a `//!` line"));
        }
        let stem = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if NAMELESS.contains(&stem.as_str()) {
            wrong.push(format!("{shown} needs a name of its own"));
        }
        for word in BANNED {
            if text.contains(word) {
                wrong.push(format!("{shown} holds a `{word}`"));
            }
        }
    }
    let architecture = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap_or_default();
    for entry in std::fs::read_dir(root().join("crates"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !architecture.contains(&format!("`{name}`")) {
            wrong.push(format!("ARCHITECTURE.md does not mention `{name}`"));
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    bail!("untidy:\n  {}", wrong.join("\n  "))
}

fn collect(dir: &Path, sources: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, sources)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push(path);
        }
    }
    Ok(())
}
