//! JSON events.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html>; the tables on
//! single values repeat what was recorded from `TestMetricFilter`.

use corelog_patterns::{Event, Pattern, Reference, WarningKind};

use crate::{extracted, is_match};

const TRAIL: &str = r#"{"eventType":"UpdateTrail","sourceIPAddress":"111.111.111.111","arrayKey":["value","another value"],
  "objectList":[{"name":"a","id":1},{"name":"b","id":2}],"SomeObject":null,"cluster.name":"c","ThisFlag":true}"#;

const USERS: &str = r#"{"user":{"id":1,"email":"John.Stiles@example.com"},
  "users":[{"id":2,"email":"John.Doe@example.com"},{"id":3,"email":"Jane.Doe@example.com"}],
  "actions":["GET","PUT","DELETE"],"coordinates":[[0,1,2],[4,5,6],[7,8,9]]}"#;

const VALUES: &str = r#"{"someString":"111.111.111.111","emptyString":"","someInt":123,"someFloat":12.34,
  "someFloat2":12.0,"someEscaped":"error \"message\"","someObject":{},"someArray":[],"someNull":null,
  "eventType":"UpdateTrail","numberText":"404","flag":false,"exact":"Ev*ent"}"#;

fn all(patterns: &[&str], message: &str, expected: bool) {
    for pattern in patterns {
        assert_eq!(is_match(pattern, message), expected, "{pattern}");
    }
}

#[test]
fn the_documented_examples() {
    let patterns = [
        "{ $.eventType = \"UpdateTrail\" }",
        "{ $.sourceIPAddress != 123.123.* }",
        "{ $.arrayKey[0] = \"value\" }",
        "{ $.objectList[1].id = 2 }",
        "{ $.eventType = %Trail% }",
        "{ $.arrayKey[*] = %val.{2}% }",
        r"{ $.* = %111\.111\.111\.1[0-9]{1,2}% }",
        "{ $.['cluster.name'] = \"c\" }",
        "{ $.SomeObject IS NULL }",
        "{ $.SomeOtherObject NOT EXISTS }",
        "{ $.ThisFlag IS TRUE }",
        " {$.ThisFlag is true} ",
        "{ $.objectList[*].name = b }",
    ];
    all(&patterns, TRAIL, true);
    let patterns = [
        "{ $.ThisFlag[0] = \"value\" }",
        "{ $.objectList[1].number = 2 }",
        "{ $.objectList[2].id = 2 }",
        "{ $.ThisFlag IS FALSE }",
        "{ $.eventType IS NULL }",
        "{ $.missing IS NULL }",
        "{ $.SomeObject NOT EXISTS }",
        "{ $.arrayKey NOT EXISTS }",
        "{ $.arrayKey[*] NOT EXISTS }",
        "{ $.* IS FALSE }",
        "{ $.cluster.name = c }",
    ];
    all(&patterns, TRAIL, false);
}

#[test]
fn compound_conditions() {
    let patterns = [
        "{ ($.user.id = 1) && ($.users[0].email = \"John.Doe@example.com\") }",
        "{ $.user.email = \"John.Stiles@example.com\" || $.coordinates[0][1] = nonmatch && $.actions[2] = nomatch }",
        "{($.coordinates[2][0]=7)&&(($.actions[*]=PUT)||($.actions[*]=POST))}",
    ];
    all(&patterns, USERS, true);
    let patterns = [
        "{ ($.user.id = 2 && $.users[0].email = \"nonmatch\") || $.actions[2] = \"GET\" }",
        "{ ($.user.email = \"John.Stiles@example.com\" || $.coordinates[0][1] = nonmatch) && $.actions[2] = nomatch }",
    ];
    all(&patterns, USERS, false);
}

/// What the security benchmarks put on a trail reads.
#[test]
fn patterns_people_run() {
    for pattern in [
        r#"{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }"#,
        r#"{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }"#,
        "{($.eventSource = kms.amazonaws.com) &&  (($.eventName=DisableKey)||($.eventName=ScheduleKeyDeletion)) }",
        "{ $.detail-type = \"x\" }",
        "{ $.pdfSize = * }",
    ] {
        assert!(Pattern::parse(pattern).is_ok(), "{pattern}");
    }
}

#[test]
fn strings() {
    let patterns = [
        "{ $.someString = \"111.111.111.111\" }",
        "{ $.someString = 111.111.111.111 }",
        "{ $.someString != 111*111 }",
        "{ $.someString = \"*\" }",
        "{ $.emptyString = * }",
        "{ $.someString = *.111.111.111 }",
        "{ $.someString = 111* }",
        "{ $.someString != *222 }",
        "{ $.someString != 111 }",
        r#"{ $.someEscaped = "error \"message\"" }"#,
        "{ $.numberText = 404 }",
        "{ $.numberText = \"404\" }",
        "{ $.exact = Ev*ent }",
        "{ $.eventType = *date* }",
    ];
    all(&patterns, VALUES, true);
    let patterns = [
        "{ $.someString = 123 }",
        "{ $.someString = \"123\" }",
        "{ $.someString > 1 }",
        "{ $.numberText > 1 }",
        "{ $.someString <= 123 }",
        "{ $.eventType = Update*rail }",
        "{ $.eventType = updatetrail }",
        "{ $.emptyString = \"?\" }",
    ];
    all(&patterns, VALUES, false);
}

#[test]
fn numbers() {
    let patterns = [
        "{ $.someInt = \"123\" }",
        "{ $.someInt != \"123.0\" }",
        "{ $.someInt = 123.0 }",
        "{ $.someInt = 1.23e2 }",
        "{ $.someInt = * }",
        "{ $.someInt = \"*\" }",
        "{ $.someInt = 12* }",
        "{ $.someInt = *3 }",
        "{ $.someInt != 3* }",
        "{ $.someInt > +122 }",
        "{ $.someInt >= 123 }",
        "{ $.someInt < 10e3 }",
        "{ $.someInt <= 123 }",
        "{ $.someFloat = 12.34 }",
        "{ $.someFloat = \"12.3*\" }",
        "{ $.someFloat = %^12\\.% }",
        "{ $.someFloat > -1 }",
        "{ $.someFloat2 = 12 }",
        "{ $.someFloat2 != \"12\" }",
    ];
    all(&patterns, VALUES, true);
    let patterns = [
        "{ $.someInt != 123 }",
        "{ $.someInt != \"123\" }",
        "{ $.someInt = \"123.00\" }",
        "{ $.someInt < 10e-3 }",
        "{ $.someInt > 123 }",
        "{ $.someFloat >= 12.35 }",
        "{ $.someInt = UpdateTrail }",
    ];
    all(&patterns, VALUES, false);
    let account = r#"{"account":9007199254740993}"#;
    assert!(is_match("{ $.account = 9007199254740993 }", account));
    assert!(!is_match("{ $.account = 9007199254740992 }", account));
}

#[test]
fn what_has_no_value_compares_with_nothing() {
    for name in [
        "someObject",
        "someArray",
        "someNull",
        "missing",
        "someInt.deeper",
    ] {
        for test in [
            "= 123", "!= 123", "> 123", "<= 123", "= \"x\"", "!= \"x\"", "= *", "!= %x%",
        ] {
            let pattern = format!("{{ $.{name} {test} }}");
            assert!(!is_match(&pattern, VALUES), "{pattern}");
        }
    }
    all(&["{ $.flag = false }", "{ $.flag != true }"], VALUES, false);
    all(&["{ $.flag = * }", "{ $.flag IS FALSE }"], VALUES, true);
}

#[test]
fn what_is_not_json_never_matches() {
    for message in [
        "",
        "plain",
        "12",
        "\"text\"",
        "{\"a\":1",
        "2026-11-22 {\"a\":1}",
        "{\"a\":1} {}",
    ] {
        assert!(!is_match("{ $.b NOT EXISTS }", message), "{message}");
    }
    assert!(is_match("{ $.b NOT EXISTS }", "{}\n"));
    assert!(is_match("{ $[1].a = 2 }", r#"[{"a":1},{"a":2}]"#));
}

#[test]
fn names_in_brackets() {
    let event = r#"{"a.b":{"c d":[{"it's":"x"}]},"@timestamp":"t"}"#;
    let patterns = [
        r"{ $.['a.b'].['c d'][0].['it\'s'] = x }",
        r#"{ $['a.b']["c d"][*]["it's"] = x }"#,
        "{ $.['@timestamp'] = t }",
    ];
    all(&patterns, event, true);
    let pattern = Pattern::parse(patterns[1]).unwrap();
    assert_eq!(
        pattern.to_string(),
        r#"{ $.['a.b'].['c d'][*].['it\'s'] = "x" }"#
    );
}

#[test]
fn values_for_metric_filters() {
    let event = r#"{"latency":731,"model":"opus","deep":{"n":[1.5,"x"]},"gone":null,"ok":true}"#;
    assert_eq!(
        extracted(
            "{ $.latency = * && ($.model != sonnet || $.x = 1) && $.ok IS TRUE && $.q NOT EXISTS }",
            event
        ),
        ["$.latency=731", "$.model=opus", "$.ok=true"]
    );
    assert_eq!(extracted("{ $.deep.n[*] = x }", event), ["$.deep.n[*]=1.5"]);
    let pattern = Pattern::parse("{ $.latency = * }").unwrap();
    let event = Event::new(event);
    let found = pattern.find(&event).unwrap();
    for (reference, value, number) in [
        ("$.latency", Some("731"), Some(731.0)),
        ("$.deep.n[0]", Some("1.5"), Some(1.5)),
        ("$.model", Some("opus"), None),
        ("$.gone", None, None),
        ("$.deep", None, None),
        ("$latency", None, None),
    ] {
        let reference = Reference::parse(reference).unwrap();
        assert_eq!(found.value(&reference).as_deref(), value, "{reference}");
        assert_eq!(found.number(&reference), number, "{reference}");
    }
    assert!(found.spans().is_empty());
}

#[test]
fn warnings_about_values() {
    for (text, expected) in [
        ("{ $.a = a*b }", vec![(WarningKind::InnerAsterisk, "a*b")]),
        (
            "{ $.a = \"*a*b\" }",
            vec![(WarningKind::InnerAsterisk, "\"*a*b\"")],
        ),
        (
            "{ $.a = True || $.a = \"true\" }",
            vec![(WarningKind::KeywordAsText, "True")],
        ),
        ("{ $.a = *b* && $.c = 1 }", vec![]),
    ] {
        let pattern = Pattern::parse(text).unwrap();
        let warned: Vec<_> = pattern
            .warnings()
            .iter()
            .map(|it| (it.kind(), &text[it.at()]))
            .collect();
        assert_eq!(warned, expected, "{text}");
    }
}
