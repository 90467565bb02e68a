//! Bodies that are taken, and what is said of others.

use serde_json::json;

use super::*;

fn said(messages: &[Message]) -> Vec<(&str, &str)> {
    let pairs = messages.iter();
    pairs
        .map(|one| (one.path.as_str(), one.text.as_str()))
        .collect()
}

fn check_errors(body: &Value, expected: &[(&str, &str)]) {
    assert_eq!(said(&check(body).errors), expected, "{body}");
}

/// A body with one widget of that type and these properties.
fn widget(kind: &str, properties: &Value) -> Value {
    json!({"widgets": [{"type": kind, "properties": properties}]})
}

fn check_metric(metric: &Value, expected: &[(&str, &str)]) {
    let properties = json!({"region": "us-east-1", "metrics": [metric]});
    let expected: Vec<(String, &str)> = expected
        .iter()
        .map(|(path, text)| (format!("/widgets/0/properties/metrics/0{path}"), *text))
        .collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(path, text)| (path.as_str(), *text))
        .collect();
    check_errors(&widget("metric", &properties), &expected);
}

#[test]
fn bodies_of_the_documentation_are_taken_without_a_word() {
    for body in [
        json!({"widgets": []}),
        json!({
            "start": "-PT9H", "end": "2026-11-22T15:00:00.000Z", "periodOverride": "inherit",
            "variables": [{"type": "property", "property": "region", "inputType": "radio", "id": "r"}],
            "widgets": [
                {
                    "type": "metric", "x": 0, "y": 0, "width": 12, "height": 6,
                    "properties": {
                        "metrics": [
                            ["AWS/EC2", "CPUUtilization", "InstanceId", "i-012345"],
                            [".", "DiskReadBytes", ".", ".", {"stat": "p99", "yAxis": "right", "color": "#1f77b4"}],
                            ["...", "i-6789", {"visible": false, "id": "m1", "label": "other", "period": 60}],
                            [{"expression": "SUM(METRICS())", "label": "all", "id": "e3"}],
                        ],
                        "period": 300, "stat": "Average", "region": "us-east-1", "title": "EC2 Instance CPU",
                        "view": "timeSeries", "stacked": false, "liveData": true,
                        "annotations": {"horizontal": [{"label": "high", "value": 80}]},
                    },
                },
                {"type": "text", "x": 0, "y": 7, "width": 3, "height": 3, "properties": {"markdown": "Hello"}},
                {"type": "log", "properties": {"region": "us-east-1", "query": "SOURCE 'g' | fields @message"}},
                {"type": "alarm", "properties": {"alarms": ["arn:aws:cloudwatch:us-east-1:1:alarm:a"]}},
                {"type": "metric", "properties": {"annotations": {"alarms": ["arn"]}}},
                {"type": "custom", "properties": {"endpoint": "arn:aws:lambda:us-east-1:1:function:f"}},
                {"type": "chart", "properties": {"data": {"queries": []}}},
            ],
        }),
    ] {
        assert_eq!(check(&body), Found::default(), "{body}");
    }
}

/// Each is an answer of the service that somebody wrote down.
#[test]
fn recorded_errors_are_told_in_the_same_words() {
    let place = "/widgets/0/properties";
    check_errors(
        &widget("metric", &json!({"title": "nothing"})),
        &[
            (place, "Should have required property 'metrics'"),
            (
                place,
                "The metric widget should have specified a region and a data source or an alarm annotation",
            ),
            (place, "Should have required property 'annotations'"),
        ],
    );
    check_errors(
        &widget("alarm", &json!({"alarms": []})),
        &[(
            "/widgets/0/properties/alarms",
            "Should NOT have less than 1 items",
        )],
    );
    check_metric(
        &json!("AWS/EC2"),
        &[
            ("", "Should be array"),
            (
                "",
                "Field \"metrics\" has to be an array of array of strings, with an optional metricRenderer object as last element",
            ),
        ],
    );
    check_metric(
        &json!(["AWS/Lambda", "Duration", {"dimension": {"FunctionName": "f"}}]),
        &[("", "Should NOT have more than 2 items")],
    );
    check_metric(
        &json!(["ECSLogs", "Errors", {"stat": "Sum", "color": "red"}]),
        &[("", "Should NOT have more than 2 items")],
    );
    check_metric(
        &json!(["AWS/Lambda", "Errors", {"stat": "Sum"}, {"FunctionName": "f"}]),
        &[
            (
                "/2",
                "Invalid metric field type, only \"String\" type is allowed",
            ),
            ("", "Should NOT have more than 3 items"),
        ],
    );
}

#[test]
fn what_is_required_and_what_is_bounded_is_asked_for() {
    check_errors(&json!([]), &[("", "Should be object")]);
    check_errors(
        &json!({}),
        &[("", "Should have required property 'widgets'")],
    );
    check_errors(&json!({"widgets": {}}), &[("/widgets", "Should be array")]);
    let many = vec![json!({"type": "text", "properties": {"markdown": ""}}); 501];
    check_errors(
        &json!({"widgets": many}),
        &[("/widgets", "Should NOT have more than 500 items")],
    );
    check_errors(
        &json!({"widgets": [1, {"type": "graph", "x": 24, "width": 0, "height": "6"}]}),
        &[
            ("/widgets/0", "Should be object"),
            ("/widgets/1/x", "Should be <= 23"),
            ("/widgets/1/width", "Should be >= 1"),
            ("/widgets/1/height", "Should be integer"),
            (
                "/widgets/1",
                "Should have property y when property x is present",
            ),
            (
                "/widgets/1/type",
                "Should be equal to one of the allowed values",
            ),
            ("/widgets/1", "Should have required property 'properties'"),
        ],
    );
    check_errors(
        &widget("text", &json!({"markdown": 5})),
        &[("/widgets/0/properties/markdown", "Should be string")],
    );
    check_errors(
        &widget("log", &json!({"query": "fields @message"})),
        &[(
            "/widgets/0/properties",
            "Should have required property 'region'",
        )],
    );
}

#[test]
fn metrics_are_counted_over_all_widgets() {
    let metrics = vec![json!(["ns", "name"]); 500];
    let one = json!({"type": "metric", "properties": {"region": "r", "metrics": metrics}});
    check_errors(&json!({"widgets": vec![one.clone(); 5]}), &[]);
    check_errors(
        &json!({"widgets": vec![one; 6]}),
        &[("/widgets", "Should NOT have more than 2500 metrics")],
    );
}

#[test]
fn what_is_not_known_is_a_warning() {
    let mut body = widget("text", &json!({"markdown": "", "new": true}));
    body["theme"] = json!("dark");
    body["end"] = json!("-PT1H");
    body["widgets"][0]["z"] = json!(1);
    let found = check(&body);
    assert_eq!(found.errors, []);
    assert_eq!(
        said(&found.warnings),
        [
            ("", "Should NOT have additional properties"),
            (
                "",
                "Should have property start when property end is present"
            ),
            ("/widgets/0", "Should NOT have additional properties"),
        ]
    );
}

#[test]
fn a_body_of_mistakes_is_told_of_some_of_them() {
    let body = json!({"widgets": vec![json!({}); 500]});
    assert_eq!(check(&body).errors.len(), ERRORS_MAX);
}
