//! Metric filters: what is shown of them, from when on they count, and every refusal.

use corelog_catalog::MetricFilters as _;

use super::*;

const INVALID: &str = "InvalidParameterException";
const NOT_FOUND: &str = "ResourceNotFoundException";
const NO_GROUP: &str = "The specified log group does not exist.";

/// A filter of the group `/g`, with this pattern and transformation.
fn filter(name: &str, pattern: &str, transformation: impl Into<Value>) -> Value {
    let transformations = vec![transformation.into()];
    json!({
        "logGroupName": "/g", "filterName": name, "filterPattern": pattern,
        "metricTransformations": transformations,
    })
}

fn matches(value: &str) -> Value {
    json!({"metricNamespace": "App", "metricName": "Matches", "metricValue": value})
}

async fn with_group() -> House {
    let house = house().await;
    house
        .ok("CreateLogGroup", json!({"logGroupName": "/g"}))
        .await;
    house
}

fn names(found: &Value) -> Vec<&str> {
    let filters = found["metricFilters"].as_array().unwrap().iter();
    filters
        .map(|it| it["filterName"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_filter_is_put_shown_changed_and_removed() {
    let house = with_group().await;
    let plain = filter("plain", "ERROR", matches("1"));
    house.ok("PutMetricFilter", plain).await;
    let default = json!({
        "metricNamespace": "App", "metricName": "Ms", "metricValue": "$.ms", "defaultValue": 0,
        "unit": "Milliseconds",
    });
    house
        .ok(
            "PutMetricFilter",
            filter("default", "{ $.ms > 1 }", default),
        )
        .await;
    let mut dimensions = json!({
        "metricNamespace": "App", "metricName": "Calls", "metricValue": "1",
        "dimensions": {"Ip": "$ip", "Third": "$3"},
    });
    house
        .ok(
            "PutMetricFilter",
            filter("dims", "[ip, ...]", dimensions.clone()),
        )
        .await;
    let now = NOW.unix_ms();
    let shown = |name: &str, pattern: &str, transformation: &Value| {
        json!({
            "applyOnTransformedLogs": false, "creationTime": now, "filterName": name,
            "filterPattern": pattern, "logGroupName": "/g", "metricTransformations": [transformation],
        })
    };
    let default = json!({
        "metricNamespace": "App", "metricName": "Ms", "metricValue": "$.ms", "defaultValue": 0.0,
        "unit": "Milliseconds",
    });
    let all = json!({"metricFilters": [
        shown("default", "{ $.ms > 1 }", &default),
        shown("dims", "[ip, ...]", &dimensions),
        shown("plain", "ERROR", &matches("1")),
    ]});
    let of_group = json!({"logGroupName": "/g"});
    assert_eq!(
        house.ok("DescribeMetricFilters", of_group.clone()).await,
        all
    );
    let groups = house.ok("DescribeLogGroups", json!({})).await;
    assert_eq!(groups["logGroups"][0]["metricFilterCount"], 3);

    house.api.clock().set(Timestamp::from_unix_ms(now + 5));
    dimensions["metricValue"] = json!("2");
    house
        .ok(
            "PutMetricFilter",
            filter("dims", "[ip, ...]", dimensions.clone()),
        )
        .await;
    let found = house.ok("DescribeMetricFilters", of_group.clone()).await;
    assert_eq!(
        found["metricFilters"][1],
        shown("dims", "[ip, ...]", &dimensions)
    );

    let plain = json!({"logGroupName": "/g", "filterName": "plain"});
    house.ok("DeleteMetricFilter", plain.clone()).await;
    let gone = "The specified metric filter does not exist.";
    house
        .check("DeleteMetricFilter", plain, NOT_FOUND, gone)
        .await;
    let found = house.ok("DescribeMetricFilters", of_group.clone()).await;
    assert_eq!(names(&found), ["default", "dims"]);

    house.ok("DeleteLogGroup", of_group.clone()).await;
    house.ok("CreateLogGroup", of_group.clone()).await;
    let found = house.ok("DescribeMetricFilters", of_group).await;
    assert_eq!(found, json!({"metricFilters": []}));
}

#[tokio::test]
async fn a_filter_counts_what_comes_in_its_time() {
    let house = with_group().await;
    let stream = json!({"logGroupName": "/g", "logStreamName": "s"});
    house.ok("CreateLogStream", stream).await;
    let put_event = async || {
        let event = json!({"timestamp": NOW.unix_ms(), "message": "m"});
        let put = json!({"logGroupName": "/g", "logStreamName": "s", "logEvents": [event]});
        house.ok("PutLogEvents", put).await;
    };
    put_event().await;
    house
        .ok("PutMetricFilter", filter("f", "a", matches("1")))
        .await;
    put_event().await;
    house
        .ok("PutMetricFilter", filter("f", "b", matches("1")))
        .await;
    put_event().await;
    let named = json!({"logGroupName": "/g", "filterName": "f"});
    house.ok("DeleteMetricFilter", named).await;
    let times = house.catalog.counting_filters(house.spool.node()).await;
    let times: Vec<_> = times
        .unwrap()
        .into_iter()
        .map(|it| {
            let through = it.through.map(Sequence::to_u64);
            (it.filter.pattern, it.after.to_u64(), through)
        })
        .collect();
    let time = |pattern: &str, after, through| (pattern.to_owned(), after, Some(through));
    assert_eq!(times, [time("a", 1, 2), time("b", 2, 3)]);
}

#[tokio::test]
async fn filters_are_listed_by_page_prefix_and_metric() {
    let house = with_group().await;
    house
        .ok("CreateLogGroup", json!({"logGroupName": "/a"}))
        .await;
    for name in ["b1", "a", "b2"] {
        house
            .ok("PutMetricFilter", filter(name, "", matches("1")))
            .await;
    }
    let mut other = filter("z", "", matches("1"));
    other["logGroupName"] = json!("/a");
    other["metricTransformations"][0]["metricName"] = json!("Other");
    house.ok("PutMetricFilter", other).await;

    let mut pages = Vec::new();
    let mut asked = json!({"limit": 2});
    loop {
        let found = house.ok("DescribeMetricFilters", asked.clone()).await;
        pages.push(names(&found).join(" "));
        let Some(token) = found["nextToken"].as_str() else {
            break;
        };
        asked["nextToken"] = json!(token);
    }
    assert_eq!(pages, ["z a", "b1 b2"]);
    let list = async |asked: Value| {
        let found = house.ok("DescribeMetricFilters", asked).await;
        names(&found).join(" ")
    };
    let prefixed = json!({"logGroupName": "/g", "filterNamePrefix": "b"});
    assert_eq!(list(prefixed).await, "b1 b2");
    assert_eq!(list(json!({"filterNamePrefix": "b"})).await, "z a b1 b2");
    let metric = json!({"metricName": "Other", "metricNamespace": "App"});
    assert_eq!(list(metric).await, "z");
    let none = json!({"metricName": "Other", "metricNamespace": "app"});
    assert_eq!(list(none).await, "");
    for half in [json!({"metricName": "m"}), json!({"metricNamespace": "n"})] {
        let text = "metricName and metricNamespace must be specified together.";
        house
            .check("DescribeMetricFilters", half, INVALID, text)
            .await;
    }
    let nowhere = json!({"logGroupName": "/none"});
    house
        .check("DescribeMetricFilters", nowhere, NOT_FOUND, NO_GROUP)
        .await;
}

#[tokio::test]
async fn what_is_no_filter_is_refused() {
    let house = with_group().await;
    let check = async |filter: Value, message: &str| {
        house
            .check("PutMetricFilter", filter, INVALID, message)
            .await;
    };
    let two = json!({
        "logGroupName": "/g", "filterName": "f", "filterPattern": "",
        "metricTransformations": [matches("1"), matches("2")],
    });
    let (_, message) = house.refused("PutMetricFilter", two).await;
    assert!(
        message.ends_with("Member must have length less than or equal to 1"),
        "{message}"
    );
    check(
        filter("f", "{ $.a", matches("1")),
        "If a filter pattern starts with '{' it must end with '}'",
    )
    .await;
    check(
        filter("f", "", matches("x")),
        "Invalid metric transformation: metric value x must be a valid number",
    )
    .await;
    let mut both = matches("1");
    both["defaultValue"] = json!(0);
    both["dimensions"] = json!({"A": "$.a"});
    check(
        filter("f", "{ $.a = 1 }", both.clone()),
        "Invalid metric transformation: dimensions and default value are mutually exclusive properties",
    )
    .await;
    both["defaultValue"] = Value::Null;
    both.as_object_mut().unwrap().remove("defaultValue");
    check(
        filter("f", "ERROR", both),
        "The specified filter pattern does not support dimensions",
    )
    .await;
    for (member, value) in [
        (
            "fieldSelectionCriteria",
            json!("@aws.region = \"us-east-1\""),
        ),
        ("emitSystemFieldDimensions", json!(["@aws.region"])),
    ] {
        let mut asked = filter("f", "", matches("1"));
        asked[member] = value;
        let message =
            format!("Corelog does not support {member}: log events have no system fields.");
        check(asked, &message).await;
    }
    let mut nowhere = filter("f", "", matches("1"));
    nowhere["logGroupName"] = json!("/none");
    house
        .check("PutMetricFilter", nowhere.clone(), NOT_FOUND, NO_GROUP)
        .await;
    let named = json!({"logGroupName": "/none", "filterName": "f"});
    house
        .check("DeleteMetricFilter", named, NOT_FOUND, NO_GROUP)
        .await;
}

#[tokio::test]
async fn a_group_has_a_hundred_filters_and_five_with_expressions() {
    let house = with_group().await;
    let full = "LimitExceededException";
    for number in 0..5 {
        let one = filter(&format!("regex{number}"), "%a+%", matches("1"));
        house.ok("PutMetricFilter", one).await;
    }
    let sixth = filter("regex5", "%a+%", matches("1"));
    let refused = house.refused("PutMetricFilter", sixth).await;
    assert_eq!(
        refused,
        (full.to_owned(), "Resource limit exceeded.".to_owned())
    );
    for number in 5..100 {
        let one = filter(&format!("plain{number}"), "a", matches("1"));
        house.ok("PutMetricFilter", one).await;
    }
    let more = filter("more", "a", matches("1"));
    assert_eq!(house.refused("PutMetricFilter", more).await.0, full);
    let again = filter("plain5", "b", matches("1"));
    house.ok("PutMetricFilter", again).await;
}

#[tokio::test]
async fn without_metrics_there_is_nothing_to_count_into() {
    let house = with_group().await;
    let api = Api::new(Ports {
        metrics: None,
        ..house.api.ports().clone()
    });
    let without = House {
        api,
        ..house_like(&house)
    };
    let text = "Corelog is configured to keep no metrics: `metrics.enabled` is false.";
    let put = filter("f", "a", matches("1"));
    without
        .check("PutMetricFilter", put, "InvalidOperationException", text)
        .await;
}
