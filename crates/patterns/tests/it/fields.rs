//! Space-delimited events.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html>, and
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TestMetricFilter.html>

use corelog_patterns::{Event, Pattern, Reference};

use crate::{extracted, is_match, matching};

const APACHE: [&str; 3] = [
    r#"127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /apache_pb.gif HTTP/1.0" 200 1534"#,
    r#"127.0.0.1 - frank [10/Oct/2000:13:35:22 -0700] "GET /apache_pb.gif HTTP/1.0" 500 5324"#,
    r#"127.0.0.1 - frank [10/Oct/2000:13:50:35 -0700] "GET /apache_pb.gif HTTP/1.0" 200 4355"#,
];

const PAGES: [&str; 4] = [
    r#"127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534"#,
    r#"127.0.0.1 - frank [10/Oct/2000:13:35:22 -0700] "GET /about-us/index.html HTTP/1.0" 200 5324"#,
    r#"127.0.0.1 - frank [10/Oct/2000:13:50:35 -0700] "GET /apache_pb.gif HTTP/1.0" 404 4355"#,
    r#"127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /products/index.html HTTP/1.0" 400 1534"#,
];

const SERVICE: [&str; 4] = [
    "INFO 09/25/2014 12:00:00 GET /service/resource/67 1200",
    "INFO 09/25/2014 12:00:01 POST /service/resource/67/part/111 1310",
    "WARNING 09/25/2014 12:00:02 Invalid user request",
    "ERROR 09/25/2014 12:00:02 Failed to process request",
];

#[test]
fn the_reference_of_the_api_with_names() {
    let pattern = "[ip, identity, user_id, timestamp, request, status_code, size]";
    assert_eq!(matching(pattern, &APACHE), [0, 1, 2]);
    assert_eq!(
        extracted(pattern, APACHE[1]),
        [
            "$identity=-",
            "$ip=127.0.0.1",
            "$request=GET /apache_pb.gif HTTP/1.0",
            "$size=5324",
            "$status_code=500",
            "$timestamp=10/Oct/2000:13:35:22 -0700",
            "$user_id=frank",
        ]
    );
}

#[test]
fn the_reference_of_the_api_with_an_ellipsis() {
    assert_eq!(
        extracted("[..., size]", APACHE[0]),
        [
            "$1=127.0.0.1",
            "$2=-",
            "$3=frank",
            "$4=10/Oct/2000:13:25:15 -0700",
            "$5=GET /apache_pb.gif HTTP/1.0",
            "$6=200",
            "$size=1534",
        ]
    );
    assert_eq!(extracted("[]", APACHE[2])[6], "$7=4355");
    assert_eq!(extracted("[...]", APACHE[2]).len(), 7);
    assert_eq!(matching("[]", &["", "a", APACHE[0]]), [0, 1, 2]);
    let pattern = "[..., status_code=200, size]";
    assert_eq!(matching(pattern, &APACHE), [0, 2]);
    assert_eq!(extracted(pattern, APACHE[2])[6], "$status_code=200");
}

#[test]
fn a_comma_at_the_end_is_a_field_without_a_name() {
    let pattern = "[..., request=*.html*, status_code=4*,]";
    assert_eq!(matching(pattern, &PAGES), [0, 3]);
    assert_eq!(
        extracted(pattern, PAGES[3]),
        [
            "$1=127.0.0.1",
            "$2=-",
            "$3=frank",
            "$4=10/Oct/2000:13:25:15 -0700",
            "$7=1534",
            "$request=GET /products/index.html HTTP/1.0",
            "$status_code=400",
        ]
    );
}

#[test]
fn the_examples_of_the_guide() {
    for (pattern, expected) in [
        (
            r"[ip=%127\.0\.0\.[1-9]%, user, username, timestamp, request =*.html*, status_code = 4*, bytes]",
            vec![0, 3],
        ),
        (
            "[ip, user, username, timestamp, request =*.html*, status_code = 404 || status_code = 410, bytes]",
            vec![0],
        ),
        (
            "[ip, user, username, timestamp, request, status_code = 4* && status_code != 404, bytes]",
            vec![3],
        ),
        (
            "[ip, user, username, timestamp, request, status_code, bytes > 1600]",
            vec![1, 2],
        ),
        ("[ip, user, ..., status_code, bytes >= 4.355e3]", vec![1, 2]),
        ("[ip, user, ...]", vec![0, 1, 2, 3]),
        (
            "[ip, user, ..., (status = 404 || status = 400) && status != 404, bytes]",
            vec![3],
        ),
    ] {
        assert_eq!(matching(pattern, &PAGES), expected, "{pattern}");
    }
    for (pattern, expected) in [
        ("[w1=ERROR, w2]", vec![3]),
        ("[w1=ERROR || w1=WARNING, w2]", vec![2, 3]),
        ("[w1!=ERROR && w1!=WARNING, w2]", vec![0, 1]),
        (
            "[logLevel, date, time, method, url=%/service/resource/[0-9]+$%, response_time]",
            vec![0],
        ),
        (
            "[logLevel, date, time, method, url=%/service/resource/[0-9]+/part/[0-9]+$%, response_time]",
            vec![1],
        ),
    ] {
        assert_eq!(matching(pattern, &SERVICE), expected, "{pattern}");
    }
}

#[test]
fn how_many_fields_there_may_be() {
    let events = ["a", "a b", "a b c", "a b c d"];
    for (pattern, expected) in [
        ("[x]", vec![0, 1, 2, 3]),
        ("[x, y]", vec![1, 2, 3]),
        ("[x, y = b]", vec![1]),
        ("[x, y = b,]", vec![2, 3]),
        ("[..., y = b]", vec![1]),
        ("[..., x, y, z]", vec![2, 3]),
        ("[x, ..., y = c, ...]", vec![2, 3]),
        ("[..., p = b, q = c, ..., r]", vec![3]),
        ("[...,,,,...]", vec![2, 3]),
    ] {
        assert_eq!(matching(pattern, &events), expected, "{pattern}");
    }
}

/// The pattern that the console offers for a function's log: the last field takes the rest, blanks, tabs and all.
#[test]
fn the_last_field_takes_the_rest() {
    let line = "2014-09-02T19:45:06.118Z\t57319383-bf8c-4f2e\t{\"a\": [1, 2]}\n";
    assert_eq!(
        extracted("[timestamp=*Z, request_id=\"*-*\", event]", line),
        [
            "$event={\"a\": [1, 2]}",
            "$request_id=57319383-bf8c-4f2e",
            "$timestamp=2014-09-02T19:45:06.118Z",
        ]
    );
    assert_eq!(extracted("[a, b]", "x [y z]"), ["$a=x", "$b=y z"]);
    assert_eq!(extracted("[a, b]", "x [y z] w"), ["$a=x", "$b=[y z] w"]);
}

#[test]
fn numbers_and_texts() {
    for (pattern, message, expected) in [
        ("[a = 404]", "404", true),
        ("[a = 404]", "404.0", true),
        ("[a = \"404\"]", "404.0", false),
        ("[a != 404]", "-", true),
        ("[a < 404]", "-", false),
        ("[a < 404]", "+4e1", true),
        ("[a < 404]", "inf", false),
        ("[a = *]", "-", true),
        ("[a = -]", "-", true),
        ("[a = \"x y\"]", "\"x y\"", true),
        ("[a != %^x%]", "xy", false),
    ] {
        assert_eq!(is_match(pattern, message), expected, "{pattern} {message}");
    }
}

#[test]
fn references_and_spans() {
    let pattern =
        Pattern::parse("[ip, id, user, timestamp, request = *gif*, status = 200, size]").unwrap();
    let event = Event::new(APACHE[0]);
    let found = pattern.find(&event).unwrap();
    for (reference, value) in [
        ("$size", Some("1534")),
        ("$7", Some("1534")),
        ("$1", Some("127.0.0.1")),
        ("$0", None),
        ("$8", None),
        ("$other", None),
        ("$.size", None),
    ] {
        let reference = Reference::parse(reference).unwrap();
        assert_eq!(found.value(&reference).as_deref(), value, "{reference}");
    }
    assert_eq!(
        found.number(&Reference::parse("$size").unwrap()),
        Some(1534.0)
    );
    let spans: Vec<_> = found
        .spans()
        .into_iter()
        .map(|span| &APACHE[0][span])
        .collect();
    assert_eq!(spans, ["GET /apache_pb.gif HTTP/1.0", "200"]);
}
