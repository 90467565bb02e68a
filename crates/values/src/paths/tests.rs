//! One pass over a text finds what its tree has.

use proptest::prelude::*;

use super::Paths;
use crate::discover;
use crate::value::Value;

fn check(message: &str, names: &[&str], expected: &[Option<&str>]) {
    let values = Paths::new(names.iter().copied()).extract(message);
    let shown: Vec<_> = values.iter().map(Value::shown).collect();
    let shown: Vec<_> = shown.iter().map(Option::as_deref).collect();
    assert_eq!(shown, expected, "{message}");
}

#[test]
fn fields_are_found_wherever_they_are() {
    let message =
        r#" {"a":{"b":[{"c":"x\"y"},7,null]},"t":true,"@x":1.50,"@@y":{"@z":2},"e":{},"a.d":3} "#;
    check(
        message,
        &["a.b.0.c", "a.b.1", "a.b.2", "a.b.01", "t", "@@x", "@x"],
        &[
            Some("x\"y"),
            Some("7"),
            None,
            None,
            Some("1"),
            Some("1.50"),
            None,
        ],
    );
    check(
        message,
        &["@@@y.@z", "e", "a.b", "a.d", "a", ""],
        &[Some("2"), None, None, Some("3"), None, None],
    );
    check(
        r#"{"":{"":{"x":1},"y":2}}"#,
        &["x", "y", ".x"],
        &[Some("1"), Some("2"), None],
    );
    check(
        r#"{"a":{"":{"x":1}}}"#,
        &["a..x", "a.x"],
        &[Some("1"), None],
    );
}

#[test]
fn of_two_fields_with_one_name_the_one_at_the_top_counts() {
    check(r#"{"a":{"b":2},"a.b":1}"#, &["a.b"], &[Some("1")]);
    check(r#"{"a":{"b.c":1},"a.b":{"c":2}}"#, &["a.b.c"], &[Some("1")]);
    check(
        r#"{"a":{"b":2},"c":3,"a":{"d":1}}"#,
        &["a.b", "a.d"],
        &[None, Some("1")],
    );
}

#[test]
fn what_is_no_object_has_no_fields() {
    for message in [
        "",
        "[1]",
        "1",
        r#"{"a":1"#,
        r#"{"a":1} x"#,
        r#"{"a":1,"b":"\x"}"#,
        r#"{"a":1,}"#,
    ] {
        check(message, &["a"], &[None]);
    }
    let deep = |depth: usize| {
        format!(
            "{{\"a\":1,\"b\":{}{}}}",
            "[".repeat(depth),
            "]".repeat(depth)
        )
    };
    check(&deep(127), &["a"], &[Some("1")]);
    check(&deep(128), &["a"], &[None]);
    check(&deep(100_000), &["a"], &[None]);
}

#[test]
fn only_the_first_fields_are_found() {
    let list: Vec<String> = (0..300).map(|at| at.to_string()).collect();
    let message = format!("{{\"l\":[{}],\"t\":1,\"z\":{{\"y\":2}}}}", list.join(","));
    check(
        &message,
        &["l.0", "l.198", "l.199", "t", "z.y"],
        &[Some("0"), Some("198"), None, Some("1"), None],
    );
    // The second `l` takes the place of the first, which leaves room for `z.y`.
    let message = message.replace("\"z\"", "\"l\":5,\"z\"");
    check(
        &message,
        &["l.0", "l", "z.y"],
        &[None, Some("5"), Some("2")],
    );
}

/// JSON with few different keys, so that they repeat, and often wide, so that not all fields are discovered.
fn json() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec!["a", "b", "", "a.b", "0", "@a", "\\u0061", "é"]);
    let leaf = prop::sample::select(vec![
        "1",
        "-2.50",
        "null",
        "true",
        "false",
        "\"x\"",
        "\"q\\\"\\u00e9\"",
        "{}",
        "[]",
        "1e5",
        "01",
        "\"\\x\"",
    ]);
    let wide = (150_usize..260).prop_map(|count| format!("[{}]", vec!["0"; count].join(", ")));
    let wide_map = (150_usize..260).prop_map(|count| {
        let members: Vec<String> = (0..count).map(|at| format!("\"k{at}\":{at}")).collect();
        format!("{{{}}}", members.join(","))
    });
    let scalar = prop_oneof![
        30 => prop::sample::select(vec!["1", "null", "true", "\"x\"", "[]", "2.0"]).prop_map(str::to_owned),
        1 => leaf.prop_map(str::to_owned),
        1 => wide,
        1 => wide_map,
    ];
    let value = scalar.prop_recursive(4, 30, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|all| format!("[{}]", all.join(","))),
            members(key.clone(), inner),
        ]
    });
    members(
        prop::sample::select(vec!["a", "b", "", "c", "a.b", "@a"]),
        value,
    )
}

fn members(
    key: impl Strategy<Value = &'static str>,
    value: impl Strategy<Value = String>,
) -> impl Strategy<Value = String> {
    prop::collection::vec((key, value), 0..5).prop_map(|members| {
        let members = members
            .iter()
            .map(|(key, value)| format!("\"{key}\": {value}"));
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    })
}

/// Every field of the tree and some that are not there are what the pass finds.
fn agrees(message: &str) {
    let tree = discover::object(message);
    let fields = tree.as_ref().map(discover::fields).unwrap_or_default();
    let mut names: Vec<String> = fields.iter().map(|(name, _)| name.clone()).collect();
    let others = [
        "a", "b", "a.b", "a.0", "c.a.b", "a.k199", "b.199", "@a", "", ".a", "a.",
    ];
    names.extend(others.map(str::to_owned));
    let found = Paths::new(names.clone()).extract(message);
    for (name, found) in names.iter().zip(found) {
        let wanted = fields.iter().find(|(known, _)| known == name);
        let wanted = wanted.map_or(Value::Null, |(_, value)| value.clone());
        assert_eq!(found, wanted, "{name} of {message}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn one_pass_finds_what_the_tree_has(message in json()) {
        agrees(&message);
    }

    #[test]
    fn broken_texts_are_as_broken_as_the_tree_says(message in json(), at in any::<prop::sample::Index>(), c in any::<char>()) {
        let mut chars: Vec<char> = message.chars().collect();
        let at = at.index(chars.len());
        chars[at] = c;
        agrees(&chars.iter().collect::<String>());
        agrees(&chars[..at].iter().collect::<String>());
    }
}
