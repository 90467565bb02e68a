//! Anomaly detectors: put in each of three ways, shown, told apart, refused, deleted.

use super::*;

/// A request that each operation on detectors takes.
pub(super) fn sample(operation: &str) -> Value {
    match operation {
        "DeleteAnomalyDetector" => single("Calls"),
        "DescribeAnomalyDetectors" => json!({}),
        "PutAnomalyDetector" => single("Tokens"),
        other => panic!("`{other}` has no sample: give it one"),
    }
}

fn single(name: &str) -> Value {
    json!({"SingleMetricAnomalyDetector": {
        "Namespace": "Sample", "MetricName": name, "Stat": "Sum",
        "Dimensions": [{"Name": "b", "Value": "2"}, {"Name": "a", "Value": "1"}],
    }})
}

fn math(expression: &str) -> Value {
    json!({"MetricMathAnomalyDetector": {"MetricDataQueries": [
        {"Id": "m", "ReturnData": false, "MetricStat": {
            "Metric": {"Namespace": "Sample", "MetricName": "Calls"}, "Period": 300, "Stat": "Sum",
        }},
        {"Id": "e", "Expression": expression, "ReturnData": true},
    ]}})
}

pub(super) async fn furnish(house: &House) {
    house.given("PutAnomalyDetector", single("Calls")).await;
}

impl House {
    /// All that operations on detectors can change.
    pub(super) async fn detectors(&self) -> Value {
        let types = json!({"AnomalyDetectorTypes": ["SINGLE_METRIC", "METRIC_MATH"]});
        let mut found = self.given("DescribeAnomalyDetectors", types).await;
        found["AnomalyDetectors"].take()
    }
}

#[tokio::test]
async fn a_detector_of_a_metric_is_shown_in_both_ways_and_put_in_either() {
    let house = house().await;
    let configured = json!({
        "ExcludedTimeRanges": [{"StartTime": 1_795_000_000, "EndTime": 1_795_003_600}],
        "MetricTimezone": "Europe/Berlin", "AdaptationSpeed": "SLOW",
        "OutlierFilteringStrength": "STRICT",
    });
    let flat = json!({
        "Namespace": "Sample", "MetricName": "Calls", "Stat": "p90",
        "Dimensions": [{"Name": "a", "Value": "1"}], "Configuration": configured,
        "MetricCharacteristics": {"PeriodicSpikes": true},
    });
    let put = house.given("PutAnomalyDetector", flat).await;
    let id = put["AnomalyDetectorId"].as_str().unwrap();
    let dimensions = json!([{"Name": "a", "Value": "1"}]);
    let expected = json!([{
        "AnomalyDetectorId": id, "Namespace": "Sample", "MetricName": "Calls",
        "Dimensions": dimensions, "Stat": "p90", "StateValue": "PENDING_TRAINING",
        "Configuration": {
            "ExcludedTimeRanges": [{"StartTime": 1_795_000_000.0, "EndTime": 1_795_003_600.0}],
            "MetricTimezone": "Europe/Berlin", "AdaptationSpeed": "SLOW",
            "OutlierFilteringStrength": "STRICT",
        },
        "MetricCharacteristics": {"PeriodicSpikes": true},
        "SingleMetricAnomalyDetector": {
            "AccountId": "111122223333", "Namespace": "Sample", "MetricName": "Calls",
            "Dimensions": dimensions, "Stat": "p90",
        },
    }]);
    assert_eq!(house.detectors().await, expected);

    // The same metric, in the other way: the same detector, without its configuration.
    let again = json!({"SingleMetricAnomalyDetector": {
        "AccountId": "111122223333", "Namespace": "Sample", "MetricName": "Calls", "Stat": "p90",
        "Dimensions": dimensions,
    }});
    let put = house.given("PutAnomalyDetector", again.clone()).await;
    assert_eq!(put["AnomalyDetectorId"], id);
    let found = house.detectors().await;
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(found[0]["Configuration"], json!({"ExcludedTimeRanges": []}));
    assert_eq!(
        house.given("DeleteAnomalyDetector", again.clone()).await,
        json!({})
    );
    let expected = (
        404,
        "ResourceNotFoundException",
        "The anomaly detector does not exist.",
    );
    house
        .check_refused("DeleteAnomalyDetector", again, expected)
        .await;
}

#[tokio::test]
async fn a_detector_of_an_expression_is_listed_where_it_is_asked_for() {
    let house = house().await;
    furnish(&house).await;
    let put = house.given("PutAnomalyDetector", math("m * 2")).await;
    let id = put["AnomalyDetectorId"].clone();
    let listed = async |input: Value| {
        let found = house.given("DescribeAnomalyDetectors", input).await;
        found["AnomalyDetectors"].as_array().unwrap().len()
    };
    assert_eq!(listed(json!({})).await, 1, "single metrics are the default");
    assert_eq!(
        listed(json!({"AnomalyDetectorTypes": ["METRIC_MATH"]})).await,
        1
    );
    assert_eq!(
        listed(json!({"Namespace": "Sample", "MetricName": "Calls"})).await,
        1
    );
    assert_eq!(listed(json!({"Namespace": "Other"})).await, 0);
    let reversed = json!([{"Name": "a", "Value": "1"}, {"Name": "b", "Value": "2"}]);
    assert_eq!(listed(json!({"Dimensions": reversed})).await, 1);
    assert_eq!(
        listed(json!({"Dimensions": [{"Name": "a", "Value": "1"}]})).await,
        0
    );
    assert_eq!(listed(json!({"AnomalyDetectorIds": [id]})).await, 1);

    let all = json!({"AnomalyDetectorTypes": ["SINGLE_METRIC", "METRIC_MATH"], "MaxResults": 1});
    let first = house.given("DescribeAnomalyDetectors", all.clone()).await;
    let mut next = all;
    next["NextToken"] = first["NextToken"].clone();
    let second = house.given("DescribeAnomalyDetectors", next).await;
    assert_eq!(second.get("NextToken"), None);
    let (first, second) = (&first["AnomalyDetectors"], &second["AnomalyDetectors"]);
    assert_eq!(json!([first[0], second[0]]), house.detectors().await);

    house
        .given("DeleteAnomalyDetector", json!({"AnomalyDetectorId": id}))
        .await;
    assert_eq!(house.detectors().await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let house = house().await;
    let check = async |operation: &str, input: Value, code: &str| {
        let shown = input.to_string();
        let refused = house.not_given(operation, input).await;
        assert_eq!((refused.0, refused.1.as_str()), (400, code), "{shown}");
    };
    let put = "PutAnomalyDetector";
    let with = |mut input: Value, name: &str, value: Value| {
        input[name] = value;
        input
    };
    let both = with(single("Calls"), "Stat", json!("Sum"));
    check(put, both, "InvalidParameterCombination").await;
    let both = with(
        single("Calls"),
        "MetricMathAnomalyDetector",
        math("m")["MetricMathAnomalyDetector"].clone(),
    );
    check(put, both, "InvalidParameterCombination").await;
    check(put, json!({}), "MissingParameter").await;
    let no_stat = json!({"Namespace": "Sample", "MetricName": "Calls"});
    check(put, no_stat, "MissingParameter").await;
    let odd = json!({"Namespace": "Sample", "MetricName": "Calls", "Stat": "o5"});
    check(put, odd, "InvalidParameterValue").await;
    for configuration in [
        json!({"MetricTimezone": "Berlin"}),
        json!({"ExcludedTimeRanges": [{"StartTime": 9, "EndTime": 9}]}),
        json!({"ExcludedTimeRanges": vec![json!({"StartTime": 1, "EndTime": 9}); 11]}),
    ] {
        let input = with(single("Calls"), "Configuration", configuration);
        check(put, input, "InvalidParameterValue").await;
    }
    for expression in [
        "m +",
        "n * 2",
        "SEARCH('{Sample} Calls', 'Sum', 300)",
        "ANOMALY_DETECTION_BAND(m)",
    ] {
        check(put, math(expression), "InvalidParameterValue").await;
    }
    let describe = "DescribeAnomalyDetectors";
    check(
        describe,
        json!({"MaxResults": 101}),
        "InvalidParameterValue",
    )
    .await;
    let filtered = json!({"AnomalyDetectorIds": ["a"], "Namespace": "Sample"});
    check(describe, filtered, "InvalidParameterCombination").await;
    check(describe, json!({"NextToken": "odd"}), "InvalidNextToken").await;
    let named = with(single("Calls"), "AnomalyDetectorId", json!("a"));
    check(
        "DeleteAnomalyDetector",
        named,
        "InvalidParameterCombination",
    )
    .await;
    assert_eq!(house.detectors().await, json!([]));
}
