//! Every document of this crate, run against the interpreter.

use corelog_reference::{Engine, Reference, Stepped, check};

/// The documents' names and texts, in order.
pub(crate) fn texts() -> Vec<(String, String)> {
    let entries = std::fs::read_dir(corelog_reference::document::FOLDER).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let is_document = |path: &std::path::PathBuf| path.extension().is_some_and(|end| end == "md");
    let mut all: Vec<(String, String)> = paths
        .filter(is_document)
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).unwrap())
        })
        .collect();
    all.sort();
    all
}

#[test]
fn documents_hold() {
    hold(&Reference);
}

/// The same with the commands of rows run by steps.
#[test]
fn documents_hold_in_steps() {
    hold(&Stepped);
}

fn hold(engine: &dyn Engine) {
    let mut passed = 0;
    let mut failed = Vec::new();
    for (name, text) in texts() {
        let checked = check(&name, &text, engine);
        let count = checked.passed + checked.failed.len();
        assert!(count > 0, "{name} expects nothing");
        passed += checked.passed;
        failed.extend(checked.failed);
    }
    println!("{passed} expectations hold");
    assert!(
        failed.is_empty(),
        "{} of {} expectations failed\n\n{}",
        failed.len(),
        passed + failed.len(),
        failed.join("\n")
    );
}

/// Every function and every command of the language has a place in a document.
#[test]
fn documents_cover_the_language() {
    let queries: String = texts()
        .iter()
        .flat_map(|(_, text)| corelog_reference::document::queries(text))
        .collect::<Vec<_>>()
        .join("\n")
        .to_lowercase()
        .replace('_', "");
    let functions = corelog_insights::FUNCTIONS.iter();
    let calls = functions.map(|function| format!("{}(", function.name()));
    let commands = corelog_insights::COMMANDS.iter();
    let words = commands.map(|word| word.as_str().to_owned());
    let missing: Vec<String> = calls
        .chain(words)
        .filter(|name| !queries.contains(&name.to_lowercase().replace('_', "")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_document_that_is_wrong_fails() {
    let text =
        "# h\n```events\n{\"a\":1}\n```\n```query\nfields a\n```\n```table\n| a |\n| 2 |\n```\n";
    let checked = check("inline", text, &Reference);
    assert_eq!(checked.passed, 0);
    let without = "```query\nfields a\n```\n```tabel\n| a |\n```\n";
    assert_eq!(check("inline", without, &Reference).failed.len(), 2);
    assert_eq!(
        checked.failed,
        ["inline:8: h\nfields a\n  | a |\n- | 2 |\n+ | 1 |\n"]
    );
}
