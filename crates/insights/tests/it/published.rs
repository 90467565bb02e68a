//! Queries that others published for their own logs, where the file is at hand.

use std::path::PathBuf;

fn data() -> Option<String> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let folder = std::env::var_os("CORELOG_TEST_DATA").unwrap_or(default.into());
    let file = PathBuf::from(folder).join("insights-queries.txt");
    if file.exists() {
        return Some(std::fs::read_to_string(file).unwrap());
    }
    println!("skipped: {} is not there", file.display());
    None
}

/// A block of the file: lines `# repo`, `# path` and `# class`, then the query.
fn block(text: &str) -> (&str, &str) {
    let start = text.find("# class: ").expect("a class") + "# class: ".len();
    let (class, query) = text[start..].split_once('\n').expect("a query");
    (class, query)
}

#[test]
fn published_queries_are_read_and_come_back() {
    let Some(file) = data() else {
        return;
    };
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (class, query) in file.split("\n---\n").map(block) {
        seen += 1;
        let expected = class.starts_with("ok");
        assert!(expected || class.starts_with("invalid"), "{class}");
        match corelog_insights::parse(query) {
            Ok(_) if expected => crate::round_trip(query),
            Err(error) if expected => wrong.push(format!("{error} ({:?}): {query}", error.hint)),
            Ok(_) => wrong.push(format!("read: {query}")),
            Err(_) => {}
        }
    }
    println!("{seen} queries");
    assert!(seen > 0);
    assert!(wrong.is_empty(), "{}", wrong.join("\n---\n"));
}
