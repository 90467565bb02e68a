//! Every document of this crate, run against the interpreter.

use corelog_reference::{Reference, check};

#[test]
fn documents_hold() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/documents");
    let mut passed = 0;
    let mut failed = Vec::new();
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let checked = check(&name, &text, &Reference);
        assert!(
            checked.passed + checked.failed.len() > 0,
            "{name} expects nothing"
        );
        passed += checked.passed;
        failed.extend(checked.failed);
    }
    assert!(
        failed.is_empty(),
        "{} of {} expectations failed\n\n{}",
        failed.len(),
        passed + failed.len(),
        failed.join("\n")
    );
}

#[test]
fn a_document_that_is_wrong_fails() {
    let text =
        "# h\n```events\n{\"a\":1}\n```\n```query\nfields a\n```\n```table\n| a |\n| 2 |\n```\n";
    let checked = check("inline", text, &Reference);
    assert_eq!(checked.passed, 0);
    assert_eq!(
        checked.failed,
        ["inline:8: h\nfields a\n  | a |\n- | 2 |\n+ | 1 |\n"]
    );
}
