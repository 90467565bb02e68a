//! Unstructured events.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html>, and
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TestMetricFilter.html>

use corelog_patterns::{Event, Kind, Pattern, WarningKind};

use crate::{extracted, matching};

const RESPONSES: [&str; 6] = [
    "[ERROR 400] BAD REQUEST",
    "[ERROR 401] UNAUTHORIZED REQUEST",
    "[ERROR 419] MISSING ARGUMENTS",
    "[ERROR 420] INVALID ARGUMENTS",
    "[ERROR 500] INTERNAL SERVER ERROR",
    "[SUCCESS 200] AUTHORIZED REQUEST",
];

#[test]
fn the_documented_examples() {
    for (pattern, expected) in [
        ("ERROR", vec![0, 1, 2, 3, 4]),
        ("ERROR ARGUMENTS", vec![2, 3]),
        ("?ERROR ?ARGUMENTS", vec![0, 1, 2, 3, 4]),
        ("\"INTERNAL SERVER ERROR\"", vec![4]),
        ("ERROR -ARGUMENTS", vec![0, 1, 4]),
        ("\" \"", vec![0, 1, 2, 3, 4, 5]),
        ("", vec![0, 1, 2, 3, 4, 5]),
        ("   ", vec![0, 1, 2, 3, 4, 5]),
        ("%AUTHORIZED%", vec![1, 5]),
        ("error", vec![]),
    ] {
        assert_eq!(matching(pattern, &RESPONSES), expected, "{pattern}");
    }
}

#[test]
fn optional_terms() {
    let lines = ["ERROR WARN message", "ERROR message", "WARN message"];
    for (pattern, expected) in [
        ("?ERROR ?WARN", vec![0, 1, 2]),
        ("ERROR", vec![0, 1]),
        ("ERROR WARN", vec![0]),
        ("ERROR -WARN", vec![1]),
        ("?\"R W\" ?%^WARN%", vec![0, 2]),
        ("?WARN", vec![0, 2]),
    ] {
        assert_eq!(matching(pattern, &lines), expected, "{pattern}");
    }
}

#[test]
fn optional_terms_beside_others_are_ignored_with_a_warning() {
    let lines = [
        "[INFO] REQUEST FAILED",
        "[WARN] UNAUTHORIZED REQUEST",
        "[ERROR] 400 BAD REQUEST",
        "[ERROR] ARGUMENTS",
    ];
    let text = "?ERROR ?ARGUMENTS REQUEST";
    assert_eq!(matching(text, &lines), [0, 1, 2]);
    assert_eq!(
        matching("?REQUEST -ERROR", &["REQUEST", "other", "ERROR"]),
        [0, 1]
    );
    let pattern = Pattern::parse(text).unwrap();
    let warned: Vec<_> = pattern
        .warnings()
        .iter()
        .map(|it| (it.kind(), &text[it.at()]))
        .collect();
    let ignored = WarningKind::OptionalIgnored;
    assert_eq!(warned, [(ignored, "?ERROR"), (ignored, "?ARGUMENTS")]);
    assert_eq!(pattern.to_string(), "REQUEST");
}

#[test]
fn a_term_is_found_inside_words() {
    let lines = [
        "[ERROR] A fatal exception has occurred",
        "Exiting with ERRORCODE: -1",
    ];
    assert_eq!(matching("ERROR", &lines), [0, 1]);
    assert_eq!(matching("ERROR - \"Exiting\"", &lines), [0]);
    assert_eq!(matching("\"ERRORCODE: -1\"", &lines), [1]);
}

#[test]
fn phrases_in_the_reference_of_the_api() {
    let lines = [
        "02 May 2014 00:34:12,525 [INFO] Starting the application",
        "02 May 2014 00:35:14,245 [DEBUG] Database connection established",
        "02 May 2014 00:34:14,663 [INFO] Executing SQL Query",
        "02 May 2014 00:34:16,142 [ERROR] Unhanded exception: InvalidQueryException",
        "02 May 2014 00:34:16,224 [ERROR] Terminating the application",
    ];
    assert_eq!(matching("\"[ERROR]\"", &lines), [3, 4]);
    assert_eq!(matching("\"[ERROR]\" Exception", &lines), [3]);
    assert!(extracted("\"[ERROR]\"", lines[3]).is_empty());
}

#[test]
fn quotes_escape_quotes_and_backslashes() {
    for (pattern, message) in [
        (r#""\"level\":\"error\"""#, r#"{"level":"error"}"#),
        (r#""level\\\":\\\"error""#, r#"{"log":"level\":\"error"}"#),
        (r#""C:\temp""#, r"in C:\temp"),
    ] {
        assert_eq!(matching(pattern, &[message, "other"]), [0], "{pattern}");
    }
}

#[test]
fn spans_are_where_the_terms_are() {
    let spans = |pattern: &str, message: &'static str| {
        let pattern = Pattern::parse(pattern).unwrap();
        let event = Event::new(message);
        let found = pattern.find(&event).unwrap();
        let spans = found.spans();
        spans
            .into_iter()
            .map(|span| &message[span])
            .collect::<Vec<_>>()
    };
    assert_eq!(
        spans("is -not \"a \"", "this is a test"),
        ["is", "is", "a "]
    );
    assert_eq!(spans("?test ?nothing", "a test, a test"), ["test", "test"]);
    assert_eq!(spans("%t[a-z]%", "test"), ["te"]);
    assert_eq!(spans("abab ba", "ababa"), ["ababa"]);
    assert!(spans("\" \"", "a b").is_empty());
    assert!(spans("", "a b").is_empty());
    let many = "a ".repeat(5_000);
    let pattern = Pattern::parse("a").unwrap();
    let event = Event::new(&many);
    assert_eq!(pattern.find(&event).unwrap().spans().len(), 1_000);
}

#[test]
fn the_kind_says_whether_there_are_values() {
    for (text, kind, values) in [
        ("", Kind::Everything, false),
        ("a -b", Kind::Terms, false),
        ("{ $.a = 1 }", Kind::Json, true),
        ("[a]", Kind::Fields, true),
    ] {
        let pattern = Pattern::parse(text).unwrap();
        assert_eq!(
            (pattern.kind(), pattern.kind().has_values()),
            (kind, values)
        );
    }
    assert!(Pattern::parse("a %b%").unwrap().has_regex());
    assert!(!Pattern::parse("a \"%b%\"").unwrap().has_regex());
}

#[test]
fn phrases_are_what_every_match_has() {
    let check = |pattern: &str, expected: &[&[&str]]| {
        let pattern = Pattern::parse(pattern).unwrap();
        assert_eq!(pattern.phrases(), expected, "{pattern}");
    };
    check(
        r#"ERROR -debug "rate limit""#,
        &[&["ERROR"], &["rate limit"]],
    );
    check("?one ?two", &[&["one", "two"]]);
    check("?one ?%two%", &[]);
    check("%one% two", &[&["two"]]);
    check("-one", &[]);
    check("{ $.a = \"one\" }", &[]);
    check("[one, two]", &[]);
    check("", &[]);
}
