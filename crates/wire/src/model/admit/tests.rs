//! What is let in, what is not, and in which words.

use serde_json::json;

use super::*;
use crate::model::{Pattern, member, required, sentence, shape};

static WORD: Pattern = Pattern::new(r"\w+", "[0-9A-Za-z_]+");
static NAME: Shape = shape(Kind::String).at_least(1).at_most(5).like(&WORD);
static CLASS: Shape = shape(Kind::String).one_of(&["A", "B"]);
static LIMIT: Shape = shape(Kind::Integer).at_least(1).at_most(50);
static NAMES: Shape = shape(Kind::List(&NAME)).at_most(2);
static TAGS: Shape = shape(Kind::Map(&NAME, &CLASS)).at_least(1);
static ITEM: Shape = shape(Kind::Structure(&[required("name", &NAME)]));
static ITEMS: Shape = shape(Kind::List(&ITEM));
static TIME: Shape = shape(Kind::Long).at_least(0);
static REQUEST: Shape = shape(Kind::Structure(&[
    required("name", &NAME),
    member("class", &CLASS),
    member("limit", &LIMIT),
    member("names", &NAMES),
    member("tags", &TAGS),
    member("items", &ITEMS),
    member("time", &TIME),
]));

fn check(mut document: Value, expected: &str) {
    let shown = document.to_string();
    let said = match REQUEST.admit(&mut document) {
        Ok(violations) if violations.is_empty() => String::new(),
        Ok(violations) => sentence(&violations),
        Err(mistyped) => mistyped.to_string(),
    };
    assert_eq!(said, expected, "{shown}");
}

#[test]
fn what_fits_is_let_in() {
    check(json!({"name": "ab"}), "");
    check(
        json!({"name": "ab", "limit": 50, "class": "B", "tags": {"k": "A"}}),
        "",
    );
    check(json!({"name": "ab", "class": null, "unknown": [1, {}]}), "");
    check(
        json!({"name": "ab", "items": [{"name": "x"}], "names": []}),
        "",
    );
}

#[test]
fn nulls_go_and_whole_numbers_become_whole() {
    let mut document =
        json!({"name": "ab", "class": null, "limit": 5.0, "time": 1_795_166_142_123_i64});
    assert_eq!(REQUEST.admit(&mut document), Ok(Vec::new()));
    assert_eq!(
        document,
        json!({"name": "ab", "limit": 5, "time": 1_795_166_142_123_i64})
    );
}

#[test]
fn constraints_are_told_in_the_service_s_words() {
    let one = |rest: &str| format!("1 validation error detected: {rest}");
    check(
        json!({}),
        &one("Value null at 'name' failed to satisfy constraint: Member must not be null"),
    );
    check(
        json!({"name": null, "limit": 51}),
        "2 validation errors detected: Value null at 'name' failed to satisfy constraint: Member must not be null; \
         Value '51' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 50",
    );
    check(
        json!({"name": "ab", "limit": 0}),
        &one(
            "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
        ),
    );
    check(
        json!({"name": "abcdef"}),
        &one(
            "Value 'abcdef' at 'name' failed to satisfy constraint: Member must have length less than or equal to 5",
        ),
    );
    check(
        json!({"name": "a b"}),
        &one(
            r"Value 'a b' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: \w+",
        ),
    );
    check(
        json!({"name": "ab", "class": "C"}),
        &one(
            "Value 'C' at 'class' failed to satisfy constraint: Member must satisfy enum value set: [A, B]",
        ),
    );
    check(
        json!({"name": "ab", "names": ["a", "b", "c"]}),
        &one(
            "Value '[a, b, c]' at 'names' failed to satisfy constraint: Member must have length less than or equal to 2",
        ),
    );
    check(
        json!({"name": "ab", "names": ["a", ""]}),
        &one(
            "Value '[a, ]' at 'names' failed to satisfy constraint: Member must satisfy constraint: \
             [Member must have length less than or equal to 5, Member must have length greater than or equal to 1, \
             Member must satisfy regular expression pattern: \\w+]",
        ),
    );
    check(
        json!({"name": "ab", "tags": {"k": "C"}}),
        &one(
            "Value '{k=C}' at 'tags' failed to satisfy constraint: Map value must satisfy constraint: \
             [Member must satisfy enum value set: [A, B]]",
        ),
    );
    check(
        json!({"name": "ab", "items": [{"name": "x"}, {}]}),
        &one(
            "Value null at 'items.2.member.name' failed to satisfy constraint: Member must not be null",
        ),
    );
}

#[test]
fn other_kinds_are_not_converted() {
    check(json!([]), "Start of list found where not expected");
    check(
        json!({"name": 5}),
        "NUMBER_VALUE can not be converted to a String",
    );
    check(
        json!({"name": "a", "limit": "5"}),
        "STRING_VALUE can not be converted to an Integer",
    );
    check(
        json!({"name": "a", "limit": 1.5}),
        "NUMBER_VALUE can not be converted to an Integer",
    );
    check(
        json!({"name": "a", "limit": 3_000_000_000_i64}),
        "NUMBER_VALUE can not be converted to an Integer",
    );
    check(
        json!({"name": "a", "time": 1e300}),
        "NUMBER_VALUE can not be converted to a Long",
    );
    check(
        json!({"name": "a", "tags": "x"}),
        "STRING_VALUE can not be converted to a Structure or Map",
    );
    check(
        json!({"name": {}}),
        "Start of structure or map found where not expected.",
    );
}

#[test]
fn lengths_are_of_characters() {
    // Five characters of ten bytes: too many bytes for nobody, though no words.
    let mut document = json!({"name": "ééééé"});
    let violations = REQUEST.admit(&mut document).unwrap();
    assert_eq!(violations.len(), 1);
    assert_eq!(violations[0].constraint, Constraint::Pattern(r"\w+"));
}

#[test]
fn every_pattern_of_every_service_compiles() {
    fn look(shape: &'static Shape, depth: usize) {
        assert!(shape.pattern.is_none_or(Pattern::compiles), "{shape:?}");
        if depth == 0 {
            return;
        }
        match shape.kind {
            Kind::Structure(members) => members.iter().for_each(|m| look(m.shape, depth - 1)),
            Kind::List(of) => look(of, depth - 1),
            Kind::Map(keys, values) => [keys, values].into_iter().for_each(|s| look(s, depth - 1)),
            _ => {}
        }
    }
    for service in [&crate::logs::SERVICE, &crate::cloudwatch::SERVICE] {
        let operations = service.operations;
        assert!(operations.is_sorted_by_key(|operation| operation.name));
        let exceptions = service
            .query
            .as_ref()
            .map_or(&[][..], |query| query.exceptions);
        assert!(exceptions.is_sorted_by_key(|exception| exception.name));
        let ends = operations.iter().flat_map(|o| [o.input, o.output]);
        ends.flatten().for_each(|shape| look(shape, 8));
    }
}

#[test]
fn places_begin_small_and_numbers_are_numbers() {
    static VALUE: Shape = shape(Kind::Double);
    static VALUES: Shape = shape(Kind::List(&VALUE));
    static DATUM: Shape = shape(Kind::Structure(&[
        required("MetricName", &NAME),
        member("Value", &VALUE),
        member("Values", &VALUES),
    ]));
    static DATA: Shape = shape(Kind::List(&DATUM));
    static PUT: Shape = shape(Kind::Structure(&[member("MetricData", &DATA)]));
    let mut document = json!({"MetricData": [
        {"MetricName": "a", "Value": 1},
        {"Value": "NaN"},
        {"MetricName": "a", "Values": [1.5, "-Infinity"]},
    ]});
    let found = PUT.admit(&mut document).unwrap();
    let found: Vec<_> = found
        .iter()
        .map(|one| (one.at.as_str(), one.value.as_deref(), &one.constraint))
        .collect();
    assert_eq!(
        found,
        [
            ("metricData.2.member.metricName", None, &Constraint::NotNull),
            (
                "metricData.2.member.value",
                Some("NaN"),
                &Constraint::Finite
            ),
            (
                "metricData.3.member.values.2.member",
                Some("-Infinity"),
                &Constraint::Finite
            ),
        ]
    );
    let mut text = json!({"MetricData": [{"MetricName": "a", "Value": "nan"}]});
    let mistyped = PUT.admit(&mut text).unwrap_err();
    assert_eq!(
        mistyped.to_string(),
        "STRING_VALUE can not be converted to a Double"
    );
}
