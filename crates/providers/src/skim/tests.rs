//! Values at paths, in any chunking.

use std::sync::LazyLock;

use super::*;

static PATHS: LazyLock<Paths<&'static str>> = LazyLock::new(|| {
    Paths::new(&[
        &[
            ("", &[("id", "id"), ("usage.in", "in"), ("tags.*", "tag")]),
            ("choices[]", &[("stop", "stop"), ("", "choice")]),
        ],
        &[("grid", &[("[][]", "cell")])],
    ])
});

#[derive(Default)]
struct Found(Vec<String>);

impl Sink<&'static str> for Found {
    fn take(&mut self, slot: &'static str, key: &[u8], value: Value<'_>) {
        let key = String::from_utf8_lossy(key);
        let value = value.printed().unwrap_or("opened".into());
        self.0
            .push(format!("{slot} {key} {value}").replace("  ", " "));
    }
}

fn skim(text: &[u8], size: usize) -> (Vec<String>, bool) {
    let mut found = Found::default();
    let mut skimmer = Skimmer::new(&PATHS);
    for chunk in text.chunks(size) {
        skimmer.push(chunk, &mut found);
    }
    let valid = skimmer.finish(&mut found);
    (found.0, valid)
}

#[test]
fn values_at_the_paths_are_found_in_any_chunking() {
    let text = br#"{"x":{"id":"no","usage":{"in":1}},"i\u0064":"a\nb","usage":{"in":12,"out":3},
        "choices":[{"stop":null},{"stop":"end","deep":[{"stop":"no"}]}, 7],
        "grid":[[1,true],[]],"usage2":{"in":9},"tags":{"k":"v","n":{"k":"no"}}}"#;
    let expected = [
        "id a\nb",
        "in 12",
        "choice opened",
        "choice opened",
        "stop end",
        "choice 7",
        "cell 1",
        "cell true",
        "tag k v",
        "tag n opened",
    ];
    for size in 1..text.len() {
        assert_eq!(
            skim(text, size),
            (expected.map(str::to_owned).to_vec(), true)
        );
    }
}

#[test]
fn a_broken_text_keeps_what_came_before() {
    assert_eq!(
        skim(br#"{"id":"a","usage":{"in":1,]"#, 100),
        (vec!["id a".to_owned(), "in 1".to_owned()], false)
    );
}

#[test]
fn long_values_are_cut() {
    let text = format!("{{\"id\":\"{}\"}}", "x".repeat(100_000));
    for size in [100, 1_000_000] {
        let (found, valid) = skim(text.as_bytes(), size);
        assert!(valid);
        assert_eq!(found[0].len(), "id ".len() + VALUE_BYTES_MAX);
    }
}
