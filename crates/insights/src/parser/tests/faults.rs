//! Texts that fail, where, and what may have been meant.

use crate::{Problem, parse};

/// What is wrong with a query, the characters meant, and the hint.
fn check_error(text: &str, message: &str, meant: &str, hint: &str) {
    let error = parse(text).expect_err(text);
    assert_eq!(error.to_string(), message, "{text}");
    let (start, end) = (
        error.location.start_char_offset,
        error.location.end_char_offset,
    );
    let found: String = text.chars().skip(start).take(end - start).collect();
    assert_eq!(found, meant, "{text}");
    assert_eq!(error.hint.as_deref().unwrap_or_default(), hint, "{text}");
}

#[test]
fn what_does_not_fit_is_named_with_its_place() {
    let missing = "something is missing before this";
    check_error(
        "",
        "unexpected symbol found <EOF> at line 1 and position 0",
        "",
        "",
    );
    check_error(
        "# only a comment",
        "unexpected symbol found <EOF> at line 1 and position 16",
        "",
        "",
    );
    check_error(
        "filter modelId = | limit 5",
        "unexpected symbol found | at line 1 and position 17",
        "|",
        missing,
    );
    check_error(
        "fields a\n| filter",
        "unexpected symbol found <EOF> at line 2 and position 8",
        "",
        missing,
    );
    check_error(
        "fields a |",
        "unexpected symbol found <EOF> at line 1 and position 10",
        "",
        "a command is missing",
    );
    check_error(
        "fields a b",
        "unexpected symbol found b at line 1 and position 9",
        "b",
        "",
    );
    check_error(
        "fields a,, b",
        "unexpected symbol found , at line 1 and position 9",
        ",",
        "",
    );
    check_error(
        "filter (a = 1",
        "unexpected symbol found <EOF> at line 1 and position 13",
        "",
        missing,
    );
    check_error(
        "filter a = b = c",
        "unexpected symbol found = at line 1 and position 13",
        "=",
        "",
    );
    check_error(
        "filter not a = b = c",
        "unexpected symbol found = at line 1 and position 17",
        "=",
        "",
    );
    check_error(
        "filter a = 'x",
        "string without an end at line 1 and position 11",
        "'x",
        "",
    );
    check_error(
        "limit a",
        "unexpected symbol found a at line 1 and position 6",
        "a",
        "",
    );
    check_error(
        "fields a as",
        "unexpected symbol found <EOF> at line 1 and position 11",
        "",
        missing,
    );
}

#[test]
fn likely_mistakes_get_a_hint() {
    check_error(
        "fitler a = 1",
        "unexpected symbol found fitler at line 1 and position 0",
        "fitler",
        "did you mean `filter`?",
    );
    check_error(
        "fields a | tail 5",
        "unexpected symbol found tail at line 1 and position 11",
        "tail",
        "",
    );
    check_error(
        "filter a = 'it''s'",
        "unexpected symbol found 's' at line 1 and position 15",
        "'s'",
        "a quote within a string stands behind a backslash",
    );
    check_error(
        "filter a like /x/i",
        "unexpected symbol found i at line 1 and position 17",
        "i",
        "flags stand within the expression: /(?i)…/",
    );
    check_error(
        "filter a in ('x', 'y')",
        "unexpected symbol found ( at line 1 and position 12",
        "(",
        "a list stands in brackets: in [1, 2]",
    );
    check_error(
        "fields by",
        "unexpected symbol found by at line 1 and position 7",
        "by",
        "a name that is also an operator stands in backticks",
    );
    check_error(
        "fields lower(a)",
        "unknown function `lower`",
        "lower",
        "did you mean `tolower`?",
    );
    check_error(
        "filter a > 5parsecs",
        "unknown unit of time `parsecs`",
        "5parsecs",
        "a name that begins with a digit stands in backticks",
    );
    check_error(
        "fields h.\"user-agent\"",
        "unexpected symbol found \" at line 1 and position 9",
        "\"",
        "a part of a name with other characters stands in backticks",
    );
    check_error(
        "filter a like /(?=x)/",
        "invalid regular expression: look-around, including look-ahead and look-behind, is not supported",
        "/(?=x)/",
        "look-around and back references are not supported",
    );
}

#[test]
fn arguments_are_counted_and_checked() {
    let check = |text: &str, message: &str| {
        assert_eq!(parse(text).expect_err(text).to_string(), message, "{text}");
    };
    check("fields abs()", "`abs` takes 1 argument, not 0");
    check("fields now(1)", "`now` takes no arguments, not 1");
    check("fields substr(a)", "`substr` takes 2 or 3 arguments, not 1");
    check(
        "fields concat()",
        "`concat` takes 1 or more arguments, not 0",
    );
    check(
        "fields haversine(1, 2, 3)",
        "`haversine` takes 4 arguments, not 3",
    );
    check("stats count(a, b)", "`count` takes 0 or 1 arguments, not 2");
    check(
        "stats sum(*)",
        "unexpected symbol found * at line 1 and position 10",
    );
    check(
        "stats count(*) by bin(5)",
        "`bin` takes a period such as 5m",
    );
    check(
        "stats pct(a, 101)",
        "`pct` takes a number from 0 to 100 as its second argument",
    );
    check(
        "stats topk(0, a)",
        "`topk` takes a number from 1 to 10000 as its first argument",
    );
    check(
        "fields datefloor(a, 1)",
        "`datefloor` takes a period such as 5m as its second argument",
    );
    check("limit 0", "the limit must be from 1 to 100000");
    check("limit 100001", "the limit must be from 1 to 100000");
    check("parse 'a * *' as b", "wildcards: 2, names: 1");
    check("parse /(a)(b)/ as c", "groups: 2, names: 1");
    check("parse /abc/", "groups: 0, names: 0");
    check("appendcols max=0 (limit 1)", "max must be from 1 to 100000");
    check(
        "SOURCE logGroups(namePrefix: ['1','2','3','4','5','6'])",
        "a query has at most 5 name prefixes",
    );
    check(
        "filter a in (fields b | filter c in (fields d))",
        "a subquery cannot hold another",
    );
    check(
        "filter a = {{p}}",
        "the placeholder `{{p}}` belongs in a saved query",
    );
    let case = format!("fields case({})", vec!["a"; 22].join(","));
    check(&case, "`case` takes 2 to 21 arguments, not 22");
}

#[test]
fn limits_hold() {
    let problem = |text: String| parse(&text).expect_err("a limit").problem;
    assert!(matches!(
        problem("x".repeat(10_001)),
        Problem::TooLong { chars: 10_001, .. }
    ));
    assert_eq!(
        problem(format!("filter {}", "(".repeat(9_000))),
        Problem::TooDeep
    );
    assert_eq!(
        problem(format!("filter {}a", "not ".repeat(2_000))),
        Problem::TooDeep
    );
    assert_eq!(
        problem(format!("filter {}a", "-".repeat(9_000))),
        Problem::TooDeep
    );
    assert_eq!(
        problem(format!("filter a{}", "+a".repeat(4_000))),
        Problem::TooDeep
    );
    assert_eq!(
        problem(format!("filter a{}", "^a".repeat(4_000))),
        Problem::TooDeep
    );
    assert_eq!(
        problem(format!("filter {}", "abs(".repeat(2_000))),
        Problem::TooDeep
    );
    assert!(matches!(
        problem("limit 1|".repeat(201)),
        Problem::TooMany {
            what: "commands",
            ..
        }
    ));
    let wide = format!("filter {}", vec!["a=1"; 1_400].join(" or "));
    assert!(parse(&wide).is_ok(), "a long chain is not deep");
}
