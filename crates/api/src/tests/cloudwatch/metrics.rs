//! Metrics: what is put, listed and asked about, and what is refused, word by word.

use super::*;

/// 2026-11-20T08:35:00Z, some 40 minutes before `NOW`.
const MINUTE: u64 = 1_795_163_700;

fn datum(name: &str, value: f64, second: u64) -> Value {
    json!({"MetricName": name, "Value": value, "Timestamp": second, "Unit": "Count"})
}

impl House {
    async fn put(&self, data: Value) {
        let input = json!({"Namespace": "Test", "MetricData": data});
        let answer = self.asked("PutMetricData", &input).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    async fn data(&self, queries: Value) -> Value {
        let input = json!({
            "MetricDataQueries": queries, "StartTime": MINUTE, "EndTime": MINUTE + 600,
        });
        self.given("GetMetricData", input).await
    }
}

fn stat(id: &str, name: &str, stat: &str, period: u64) -> Value {
    json!({"Id": id, "MetricStat": {
        "Metric": {"Namespace": "Test", "MetricName": name}, "Period": period, "Stat": stat,
    }})
}

#[tokio::test]
async fn what_is_put_is_listed_and_answered() {
    let house = house().await;
    house
        .put(json!([
            datum("Calls", 1.0, MINUTE),
            datum("Calls", 3.0, MINUTE + 59),
            datum("Calls", 8.0, MINUTE + 60),
        ]))
        .await;
    let listed = house.given("ListMetrics", json!({})).await;
    let metric = json!({"Namespace": "Test", "MetricName": "Calls", "Dimensions": []});
    assert_eq!(listed, json!({"Metrics": [metric]}));

    let found = house.data(json!([stat("m", "Calls", "Sum", 60)])).await;
    let result = json!({
        "Id": "m", "Label": "Calls", "StatusCode": "Complete",
        "Timestamps": [MINUTE + 60, MINUTE], "Values": [8.0, 4.0],
    });
    assert_eq!(
        floats(&found),
        floats(&json!({"MetricDataResults": [result], "Messages": []}))
    );

    let input = json!({
        "Namespace": "Test", "MetricName": "Calls", "Period": 120,
        "Statistics": ["Sum", "SampleCount"], "StartTime": MINUTE, "EndTime": MINUTE + 600,
    });
    let found = house.given("GetMetricStatistics", input).await;
    let point = json!({"Timestamp": MINUTE, "SampleCount": 3.0, "Sum": 12.0, "Unit": "Count"});
    let expected = json!({"Label": "Calls", "Datapoints": [point]});
    assert_eq!(floats(&found), floats(&expected));
    let input = json!({
        "Namespace": "Test", "MetricName": "Calls", "Period": 120,
        "ExtendedStatistics": ["p50", "PR(:3)"], "StartTime": MINUTE, "EndTime": MINUTE + 600,
    });
    let found = house.given("GetMetricStatistics", input).await;
    let said = &found["Datapoints"][0]["ExtendedStatistics"];
    assert_eq!(said["p50"].as_f64(), Some(3.0));
    assert!((said["PR(:3)"].as_f64().unwrap() - 200.0 / 3.0).abs() < 1e-9);
}

/// Numbers as numbers, whole or not.
fn floats(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.iter().map(floats).collect(),
        Value::Object(members) => {
            let members = members.iter();
            Value::Object(
                members
                    .map(|(name, one)| (name.clone(), floats(one)))
                    .collect(),
            )
        }
        other => other.clone(),
    }
}

#[tokio::test]
async fn labels_tell_series_apart() {
    let house = house().await;
    let check = async |queries: Value, expected: &[&str]| {
        let found = house.data(queries.clone()).await;
        let results = found["MetricDataResults"].as_array().unwrap();
        let labels: Vec<_> = results
            .iter()
            .map(|it| it["Label"].as_str().unwrap())
            .collect();
        assert_eq!(labels, expected, "{queries}");
    };
    check(json!([stat("a", "X", "Sum", 60)]), &["X"]).await;
    let names = json!([stat("a", "X", "Sum", 60), stat("b", "Y", "Average", 300)]);
    check(names, &["X", "Y"]).await;
    let stats = json!([stat("a", "X", "Sum", 60), stat("b", "X", "p99", 60)]);
    check(stats, &["X Sum", "X p99"]).await;
    let periods = json!([stat("a", "X", "Sum", 60), stat("b", "X", "Sum", 300)]);
    check(periods, &["X 60", "X 300"]).await;
    let both = json!([stat("a", "X", "Sum", 60), stat("b", "X", "p99", 300)]);
    check(both, &["X Sum 60", "X p99 300"]).await;
    let mut given = stat("a", "X", "Sum", 60);
    given["Label"] = json!("ours");
    check(
        json!([given, stat("b", "X", "p99", 60)]),
        &["ours", "X p99"],
    )
    .await;
}

#[tokio::test]
async fn a_unit_is_taken_if_several_come() {
    let house = house().await;
    let mut seconds = datum("Calls", 5.0, MINUTE);
    seconds["Unit"] = json!("Seconds");
    house
        .put(json!([seconds, datum("Calls", 2.0, MINUTE)]))
        .await;
    let found = house.data(json!([stat("m", "Calls", "Sum", 60)])).await;
    let result = &found["MetricDataResults"][0];
    assert_eq!(floats(&result["Values"]), json!([2.0]));
    let message = json!({
        "Code": "MultipleUnits", "Value": "Multiple units returned: '[Count, Seconds]'",
    });
    assert_eq!(result["Messages"], json!([message]));
    let mut of_seconds = stat("m", "Calls", "Sum", 60);
    of_seconds["MetricStat"]["Unit"] = json!("Seconds");
    let found = house.data(json!([of_seconds])).await;
    let result = &found["MetricDataResults"][0];
    assert_eq!(floats(&result["Values"]), json!([5.0]));
    assert_eq!(result["Messages"], Value::Null);
}

#[tokio::test]
async fn pages_go_on_where_the_last_one_ended() {
    let house = house().await;
    let points = |name: &str, count: u64| -> Vec<Value> {
        let one = |n: u64| datum(name, f64::from(u32::try_from(n).unwrap()), MINUTE + 60 * n);
        (0..count).map(one).collect()
    };
    house
        .put(json!([points("A", 5), points("B", 2)].concat()))
        .await;
    for (order, a, b) in [
        ("TimestampAscending", [0.0, 1.0, 2.0, 3.0, 4.0], [0.0, 1.0]),
        ("TimestampDescending", [4.0, 3.0, 2.0, 1.0, 0.0], [1.0, 0.0]),
    ] {
        let mut input = json!({
            "MetricDataQueries": [stat("a", "A", "Sum", 60), stat("b", "B", "Sum", 60)],
            "StartTime": MINUTE, "EndTime": MINUTE + 600, "ScanBy": order, "MaxDatapoints": 3,
        });
        let mut pages = Vec::new();
        loop {
            let found = house.given("GetMetricData", input.clone()).await;
            let shown = |one: &Value| {
                (
                    one["Id"].clone(),
                    floats(&one["Values"]),
                    one["StatusCode"].clone(),
                )
            };
            let results = found["MetricDataResults"].as_array().unwrap();
            pages.push(results.iter().map(shown).collect::<Vec<_>>());
            if found["NextToken"].is_null() {
                break;
            }
            input["NextToken"] = found["NextToken"].clone();
        }
        let one =
            |id: &str, values: &[f64], status: &str| (json!(id), json!(values), json!(status));
        let expected = [
            vec![one("a", &a[..3], "PartialData")],
            vec![
                one("a", &a[3..], "Complete"),
                one("b", &b[..1], "PartialData"),
            ],
            vec![one("b", &b[1..], "Complete")],
        ];
        assert_eq!(pages, expected);
    }
}

#[tokio::test]
async fn data_are_refused_in_the_words_of_the_service() {
    let house = house().await;
    let check = async |datum: Value, code: &str, message: &str| {
        let input = json!({"Namespace": "Test", "MetricData": [datum]});
        house
            .check_refused("PutMetricData", input, (400, code, message))
            .await;
    };
    let both = json!({"MetricName": "m", "Value": 1, "Values": [1]});
    let said = "The parameters MetricData.member.1.Value and MetricData.member.1.Values are mutually exclusive and \
                you have specified both.";
    check(both, "InvalidParameterCombination", said).await;
    let uneven = json!({"MetricName": "m", "Values": [1, 2], "Counts": [1]});
    let said = "The parameters MetricData.member.1.Values and MetricData.member.1.Counts must be of the same size.";
    check(uneven, "InvalidParameterValue", said).await;
    let early = json!({"MetricName": "m", "Value": 1, "Timestamp": MINUTE - 15 * 86_400});
    let said = "The parameter MetricData.member.1.Timestamp must specify a time within the past two weeks.";
    check(early, "InvalidParameterValue", said).await;
    let none = json!({"Namespace": "Test", "MetricData": []});
    let said = (
        400,
        "MissingParameter",
        "The parameter MetricData is required.",
    );
    house.check_refused("PutMetricData", none, said).await;

    let entity = json!({
        "Namespace": "Test",
        "EntityMetricData": [{"MetricData": [{"MetricName": "m", "Value": 1, "Values": [1]}]}],
    });
    let (_, _, message) = house.not_given("PutMetricData", entity).await;
    assert!(
        message
            .starts_with("The parameters EntityMetricData.member.1.MetricData.member.1.Value and ")
    );
    let entity = json!({
        "Namespace": "Test",
        "EntityMetricData": [{
            "Entity": {"KeyAttributes": {"Type": "Service", "Name": "gate"}},
            "MetricData": [{"MetricName": "OfAnEntity", "Value": 1}],
        }],
    });
    house.given_nothing("PutMetricData", entity.clone()).await;
    let mut odd = entity;
    odd["EntityMetricData"][0]["Entity"]["KeyAttributes"] = json!({"Name": "gate"});
    let got = house.asked("PutMetricData", &odd).await;
    assert_eq!(
        (got.status, got.header("x-amzn-failure-message")),
        (200, "InvalidKeyAttributes")
    );
    odd["StrictEntityValidation"] = json!(true);
    let (status, code, _) = house.not_given("PutMetricData", odd.clone()).await;
    assert_eq!((status, code.as_str()), (400, "ValidationError"));
    // What the model has no rule for.
    odd["EntityMetricData"][0]["Entity"]["KeyAttributes"] = json!({"Name": "gate", "Type": "x"});
    let (_, code, message) = house.not_given("PutMetricData", odd).await;
    assert_eq!(code, "ValidationError");
    assert!(message.ends_with("InvalidTypeValue."), "{message}");
    let listed = house.given("ListMetrics", json!({})).await;
    assert_eq!(listed["Metrics"][0]["MetricName"], json!("OfAnEntity"));
    assert_eq!(listed["Metrics"].as_array().map(Vec::len), Some(1));

    let many = vec![json!({"MetricName": "m", "Value": 1}); 1_001];
    let said = "The collection MetricData must not have a size greater than 1000.";
    let input = json!({"Namespace": "Test", "MetricData": many});
    house
        .check_refused("PutMetricData", input, (400, "InvalidParameterValue", said))
        .await;
    let filler = "x".repeat(1 << 20);
    let input = json!({"Namespace": filler, "MetricData": [{"MetricName": "m", "Value": 1}]});
    let said = (400, "MalformedInput", "The request is too large.");
    house.check_refused("PutMetricData", input, said).await;
}

impl House {
    async fn given_nothing(&self, operation: &str, input: Value) {
        let got = self.asked(operation, &input).await;
        assert_eq!((got.status, got.text()), (200, ""), "{operation} {input}");
    }
}

#[tokio::test]
async fn questions_are_refused_in_the_words_of_the_service() {
    let house = house().await;
    let check = async |queries: Value, message: &str| {
        let input = json!({
            "MetricDataQueries": queries, "StartTime": MINUTE, "EndTime": MINUTE + 60,
        });
        let expected = (400, "ValidationError", message);
        house.check_refused("GetMetricData", input, expected).await;
    };
    let pair = json!([stat("1a", "X", "Sum", 60), stat("b", "X", "Sun", 60)]);
    check(
        pair,
        "The value 1a for parameter MetricDataQueries.member.1.Id is not matching the expected pattern \
         ^[a-z][a-zA-Z0-9_]*$.\n\
         The value Sun for parameter MetricDataQueries.member.2.MetricStat.Stat is not a valid statistic.",
    )
    .await;
    let same = json!([stat("a", "X", "Sum", 60), stat("a", "Y", "Sum", 60)]);
    let said = "The values for parameter id in MetricDataQueries are not unique.";
    check(same, said).await;
    let mut both = stat("a", "X", "Sum", 60);
    both["Expression"] = json!("a");
    check(
        json!([both]),
        "The parameters MetricDataQueries.member.1.Expression and MetricDataQueries.member.1.MetricStat are \
         mutually exclusive and you have specified both.",
    )
    .await;
    check(json!([]), "The parameter MetricDataQueries is required.").await;
    let odd = json!([stat("a", "X", "Sum", 61)]);
    let said = "The value 61 for parameter MetricDataQueries.member.1.MetricStat.Period must be 1, 5, 10, 20, 30 \
                or a multiple of 60.";
    check(odd, said).await;

    let check = async |start: u64, end: u64, message: &str| {
        let queries = json!([stat("a", "X", "Sum", 60)]);
        let input = json!({"MetricDataQueries": queries, "StartTime": start, "EndTime": end});
        let expected = (400, "ValidationError", message);
        house.check_refused("GetMetricData", input, expected).await;
    };
    check(
        5,
        5,
        "The parameter StartTime must not equal parameter EndTime.",
    )
    .await;
    check(
        6,
        5,
        "The parameter EndTime must be greater than StartTime.",
    )
    .await;
    let mut other = sample("GetMetricData");
    other["NextToken"] = json!("bm9uZQ");
    let said = (
        400,
        "InvalidNextToken",
        "The specified NextToken is invalid.",
    );
    house.check_refused("GetMetricData", other, said).await;
    let points = json!([
        {"MetricName": "X", "Timestamp": MINUTE, "Value": 1},
        {"MetricName": "X", "Timestamp": MINUTE + 60, "Value": 1},
    ]);
    house.put(points).await;
    let mut first = json!({
        "MetricDataQueries": [stat("a", "X", "Sum", 60)], "StartTime": MINUTE, "EndTime": MINUTE + 120,
        "MaxDatapoints": 1,
    });
    let found = house.given("GetMetricData", first.clone()).await;
    first["NextToken"] = found["NextToken"].clone();
    first["EndTime"] = json!(MINUTE + 180);
    house.check_refused("GetMetricData", first, said).await;

    let bands = |count: usize| {
        let band = |number: usize| json!({"Id": format!("b{number}"), "Expression": "ANOMALY_DETECTION_BAND(m)"});
        let mut queries = vec![stat("m", "X", "Sum", 60)];
        queries.extend((0..count).map(band));
        json!({"MetricDataQueries": queries, "StartTime": MINUTE, "EndTime": MINUTE + 60})
    };
    house.given("GetMetricData", bands(20)).await;
    let said = (
        400,
        "ValidationError",
        "You have requested 21 anomaly detection bands, which exceeds the limit of 20.",
    );
    house.check_refused("GetMetricData", bands(21), said).await;
}

#[tokio::test]
async fn statistics_are_refused_in_the_words_of_the_service() {
    let house = house().await;
    let check = async |change: Value, code: &str, message: &str| {
        let mut input = sample("GetMetricStatistics");
        for (name, value) in change.as_object().unwrap() {
            input[name] = value.clone();
        }
        house
            .check_refused("GetMetricStatistics", input, (400, code, message))
            .await;
    };
    let day = json!({"Period": 1, "StartTime": MINUTE, "EndTime": MINUTE + 86_400});
    let said = "You have requested up to 86400 datapoints, which exceeds the limit of 1440. You may reduce the \
                datapoints requested by increasing Period, or decreasing the time range.";
    check(day, "InvalidParameterCombination", said).await;
    let range = json!({"StartTime": MINUTE, "EndTime": MINUTE});
    let said = "The parameter StartTime must be less than the parameter EndTime.";
    check(range, "InvalidParameterValue", said).await;
    let none = json!({"Statistics": null});
    let said = "Must specify either Statistics or ExtendedStatistics";
    check(none, "InvalidParameterCombination", said).await;
    let unknown = json!({"Statistics": null, "ExtendedStatistics": ["p101"]});
    let said = "The value p101 for parameter ExtendedStatistics is not supported.";
    check(unknown, "InvalidParameterValue", said).await;
}

#[tokio::test]
async fn lists_are_filtered_and_have_pages() {
    let house = house().await;
    let of = |model: &str| json!({"Name": "ModelId", "Value": model});
    let one = |number: usize| {
        json!({
            "MetricName": "Calls", "Value": 1,
            "Dimensions": [of(&format!("m{number:04}")), {"Name": "Kind", "Value": "chat"}],
        })
    };
    let many: Vec<Value> = (0..501).map(one).collect();
    house.put(json!(many)).await;
    house
        .put(json!([datum("Old", 1.0, MINUTE - 4 * 3_600)]))
        .await;
    let first = house
        .given("ListMetrics", json!({"MetricName": "Calls"}))
        .await;
    assert_eq!(first["Metrics"].as_array().map(Vec::len), Some(500));
    // Sorted by name, whatever order they were put in.
    let shown = json!([{"Name": "Kind", "Value": "chat"}, of("m0000")]);
    assert_eq!(first["Metrics"][0]["Dimensions"], shown);
    let token = &first["NextToken"];
    let rest = house
        .given(
            "ListMetrics",
            json!({"MetricName": "Calls", "NextToken": token}),
        )
        .await;
    assert_eq!(rest["Metrics"][0]["Dimensions"][1], of("m0500"));
    assert_eq!(rest["NextToken"], Value::Null);

    let count = async |input: Value| {
        let found = house.given("ListMetrics", input).await;
        found["Metrics"].as_array().unwrap().len()
    };
    assert_eq!(
        count(json!({"Dimensions": [{"Name": "ModelId"}], "Namespace": "Test"})).await,
        500
    );
    assert_eq!(count(json!({"Dimensions": [of("m0007")]})).await, 1);
    assert_eq!(count(json!({"Dimensions": [{"Name": "Other"}]})).await, 0);
    assert_eq!(count(json!({"Namespace": "Tes"})).await, 0);
    assert_eq!(count(json!({"MetricName": "Old"})).await, 1);
    let recent = json!({"MetricName": "Old", "RecentlyActive": "PT3H"});
    assert_eq!(count(recent).await, 0);
    let said = (
        400,
        "InvalidParameterValue",
        "The specified NextToken is invalid.",
    );
    house
        .check_refused("ListMetrics", json!({"NextToken": "none"}), said)
        .await;
}

#[tokio::test]
async fn without_metrics_operations_on_them_say_why() {
    let house = house().await;
    let nobody = House {
        api: Api::new(Ports {
            metrics: None,
            ..house.api.ports().clone()
        }),
        ..super::super::logs::house_like(&house)
    };
    let said = "Corelog is configured to keep no metrics: `metrics.enabled` is false.";
    for operation in [
        "GetMetricData",
        "GetMetricStatistics",
        "ListMetrics",
        "PutMetricData",
    ] {
        let expected = (400, "ValidationError", said);
        nobody
            .check_refused(operation, sample(operation), expected)
            .await;
    }
}
