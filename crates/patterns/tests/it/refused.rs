//! What is refused: the service's message, the place, and that there is a hint.
//!
//! Source: messages recorded from `PutMetricFilter`, `PutSubscriptionFilter`, `TestMetricFilter` and
//! `FilterLogEvents`; those that say more than "Invalid filter pattern" behind a colon are Corelog's.

use corelog_patterns::{ErrorKind, Pattern, Reference, Selector};

fn check(pattern: &str, message: &str, at: &str) {
    let error = Pattern::parse(pattern).expect_err(pattern);
    assert_eq!(error.to_string(), message, "{pattern}");
    assert_eq!(&pattern[error.at()], at, "{pattern}");
    assert!(error.hint().is_some(), "{pattern}");
}

#[test]
fn brackets_and_braces_have_to_close() {
    let brace = "If a filter pattern starts with '{' it must end with '}'";
    let bracket = "If a filter pattern starts with '[' it must end with ']'";
    check("{$.kubernetes.namespace_name=\"abc\"", brace, "{");
    check("{", brace, "{");
    check("[time, level=ERROR, msg", bracket, "[");
    check("  [ip, status  ", bracket, "[");
    check("[ERROR] failed", bracket, "[");
}

#[test]
fn characters_that_need_quotes() {
    for (pattern, term) in [
        ("rejected (again)", "("),
        ("a[0]", "["),
        ("?Status: timeout", ":"),
        ("a `b", "`"),
        ("level\\\":1", "\\"),
        ("\"retrievedReferences\":[]", ":[]"),
        ("email@someemail.com", "@"),
        ("caf\u{e9}", "\u{e9}"),
        ("ERROR*", "*"),
    ] {
        check(
            pattern,
            &format!("Invalid character(s) in term '{term}'"),
            term,
        );
    }
    check(
        "{ $.\"sc-status\" = 5* }",
        "Invalid character(s) in term '$.\"'",
        "$.\"",
    );
    check("{ $.a = x@y }", "Invalid character(s) in term '@'", "@");
    check(
        "{ $.a = \u{201c}b\u{201d} }",
        "Invalid character(s) in term '\u{201c}'",
        "\u{201c}",
    );
    check("[a = /x]", "Invalid character(s) in term '/'", "/");
    check("[a b, c]", "Invalid filter pattern", "b");
    check("[a:b, c]", "Invalid character(s) in term ':'", ":");
}

#[test]
fn order_is_for_numbers() {
    for operator in ["<", "<=", ">", ">="] {
        for value in ["\"someString\"", "someString", "\"123\"", "1*", "%1%"] {
            let pattern = format!("{{ $.someInt {operator} {value} }}");
            let message = format!("Invalid character(s) in term '{value}'");
            check(&pattern, &message, value);
        }
    }
}

#[test]
fn what_the_grammar_does_not_have() {
    for (pattern, at) in [
        ("{ }", "}"),
        ("{ $.a }", "}"),
        ("{ $.a == 1 }", "="),
        ("{ $.a = }", "}"),
        ("{ $.a = 1 && }", "}"),
        ("{ $.a = 1 & $.b = 2 }", "&"),
        ("{ $.a = 1 $.b = 2 }", "$"),
        ("{ ($.a = 1 }", "("),
        ("{ $.a = 1) }", ")"),
        ("{ status = 401 }", "s"),
        ("{ $.a IS NOT NULL }", "IS NOT"),
        ("{ $.a EXISTS }", "EXISTS"),
        ("{ $.a = 1 } }", "}"),
        ("[a = 1] ]", "]"),
        ("[a = 4* && b > 1]", "b"),
        ("[a && b]", "&"),
        ("[a =! b]", "!"),
        ("[= 1]", "="),
        ("[a, (b = 1]", "("),
    ] {
        let error = Pattern::parse(pattern).expect_err(pattern);
        let expected = match at {
            "!" => ErrorKind::InvalidTerm("!".to_owned()),
            _ => ErrorKind::Invalid,
        };
        assert_eq!(error.kind(), &expected, "{pattern}");
        assert_eq!(&pattern[error.at()], at, "{pattern}");
        assert!(error.hint().is_some(), "{pattern}");
    }
}

#[test]
fn metric_filters_word_it_differently() {
    let error = Pattern::parse("{ }").unwrap_err();
    assert_eq!(error.to_string(), "Invalid filter pattern");
    assert_eq!(
        error.metric_filter_message(),
        "Invalid metric filter pattern"
    );
    let error = Pattern::parse("(").unwrap_err();
    assert_eq!(
        error.metric_filter_message(),
        "Invalid character(s) in term '('"
    );
}

#[test]
fn at_most_1024_characters() {
    let longest = "\u{e9}".repeat(1022);
    assert!(Pattern::parse(&format!("\"{longest}\"")).is_ok());
    let pattern = format!("\"{longest}x\"");
    let message = format!(
        "1 validation error detected: Value '{pattern}' at 'filterPattern' failed to satisfy constraint: \
         Member must have length less than or equal to 1024"
    );
    check(&pattern, &message, "\"");
}

#[test]
fn at_most_two_regular_expressions() {
    assert!(Pattern::parse("{ $.a = %x% || $.b = %y% }").is_ok());
    for (pattern, at) in [
        ("{ $.a = %x% || $.b = %y% || $.c = %z% }", "%z%"),
        ("[a = %x%, b = %y%, c = %z%]", "%z%"),
        ("%x% %y% -%z%", "%z%"),
    ] {
        check(
            pattern,
            "Invalid filter pattern: more than 2 regular expressions",
            at,
        );
    }
    check(
        "%something!%",
        "Invalid character(s) in term '%something!%'",
        "!",
    );
    check(
        "{ $.a = %(b)% }",
        "Invalid character(s) in term '%(b)%'",
        "(",
    );
    check("100%", "Invalid character(s) in term '%'", "%");
    check("%a", "Invalid character(s) in term '%a'", "%a");
    check("%*%", "Invalid filter pattern", "*");
    check("%%", "Invalid filter pattern", "%");
    check(
        "%[a-z]{9999}%",
        "Invalid filter pattern: a regular expression is too large",
        "[",
    );
}

#[test]
fn at_most_one_wildcard_in_a_selector_and_three_in_a_pattern() {
    let message = "Invalid filter pattern: more than 1 wildcard in a selector or 3 in a pattern";
    check("{ $.a[*].b[*] = 1 }", message, "$.a[*].b[*]");
    check("{ $.*.* = 1 }", message, "$.*.*");
    assert!(Pattern::parse("{ $.a[*] = 1 || $.* = 2 || $.b.* = 3 }").is_ok());
    check(
        "{ $.a[*] = 1 || $.* = 2 || $.b.* = 3 || $.c[*] = 4 }",
        message,
        "$.c[*]",
    );
}

#[test]
fn parentheses_are_nested_64_deep_at_most() {
    let nested = |depth: usize| format!("{{ {}$.a = 1{} }}", "(".repeat(depth), ")".repeat(depth));
    assert!(Pattern::parse(&nested(64)).is_ok());
    check(
        &nested(65),
        "Invalid filter pattern: parentheses nested deeper than 64",
        "(",
    );
    check(
        &format!("{{{}}}", "(".repeat(1000)),
        "Invalid filter pattern: parentheses nested deeper than 64",
        "(",
    );
}

#[test]
fn selectors_and_references_alone() {
    for text in ["$.a", "$.a[0].b-c", "$.['x y']", "$.*"] {
        assert_eq!(Selector::parse(text).unwrap().to_string(), text);
    }
    for text in [
        "",
        "a",
        "$",
        "$.",
        "$.a b",
        "$.a[",
        "$.a[x]",
        "$.a['x]",
        "$.a[1234567890]",
        "$..a",
        "$.a ",
    ] {
        assert!(Selector::parse(text).is_err(), "{text}");
        assert!(Reference::parse(text).is_err(), "{text}");
    }
    assert_eq!(
        Reference::parse("$status_code").unwrap(),
        Reference::Field("status_code".to_owned())
    );
    assert!(Reference::parse("latency").is_err());
    assert!(Reference::parse("1").is_err());
}
