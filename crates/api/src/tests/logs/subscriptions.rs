//! Subscription filters: what can be put, how it is shown, and when it goes.

use super::*;

const HOOK: &str = "arn:aws:lambda:us-east-1:111122223333:function:hook";
const STREAM: &str = "arn:aws:kinesis:us-east-1:111122223333:stream/hook";
const ROLE: &str = "arn:aws:iam::111122223333:role/r";

fn put(name: &str, more: Value) -> Value {
    with(
        json!({"logGroupName": "/a", "filterName": name, "filterPattern": "", "destinationArn": HOOK}),
        more,
    )
}

fn asked() -> Value {
    json!({"logGroupName": "/a"})
}

async fn house_with_group() -> House {
    let house = house().await;
    house.ok("CreateLogGroup", asked()).await;
    house
}

#[tokio::test]
async fn a_filter_is_shown_as_it_was_put_and_changed_by_its_name() {
    let house = house_with_group().await;
    let none = house.ok("DescribeSubscriptionFilters", asked()).await;
    assert_eq!(none, json!({"subscriptionFilters": []}));
    let first = put("errors", json!({"filterPattern": "[]"}));
    house.ok("PutSubscriptionFilter", first).await;
    let shown = |more| {
        with(
            json!({
                "filterName": "errors", "logGroupName": "/a", "filterPattern": "[]", "destinationArn": HOOK,
                "distribution": "ByLogStream", "applyOnTransformedLogs": false,
                "creationTime": 1_795_166_142_123_u64,
            }),
            more,
        )
    };
    let found = house.ok("DescribeSubscriptionFilters", asked()).await;
    assert_eq!(found, json!({"subscriptionFilters": [shown(json!({}))]}));

    let changes = json!({
        "filterPattern": " ERROR", "destinationArn": STREAM, "roleArn": ROLE, "distribution": "Random",
    });
    // What is left empty asks for nothing.
    let asked_for_nothing = json!({
        "applyOnTransformedLogs": false, "emitSystemFields": [], "fieldSelectionCriteria": "",
    });
    let again = put("errors", with(changes.clone(), asked_for_nothing));
    house.ok("PutSubscriptionFilter", again).await;
    let found = house.ok("DescribeSubscriptionFilters", asked()).await;
    assert_eq!(found, json!({"subscriptionFilters": [shown(changes)]}));
}

#[tokio::test]
async fn a_group_has_two_and_they_come_in_pages_and_go_with_it() {
    let house = house_with_group().await;
    for name in ["b", "a"] {
        house
            .ok("PutSubscriptionFilter", put(name, json!({})))
            .await;
    }
    house
        .check(
            "PutSubscriptionFilter",
            put("c", json!({})),
            "LimitExceededException",
            "Resource limit exceeded.",
        )
        .await;
    house.ok("PutSubscriptionFilter", put("b", json!({}))).await;
    let page = with(asked(), json!({"limit": 1}));
    let first = house.ok("DescribeSubscriptionFilters", page.clone()).await;
    assert_eq!(first["subscriptionFilters"][0]["filterName"], "a");
    let next = with(page, json!({"nextToken": first["nextToken"]}));
    let second = house.ok("DescribeSubscriptionFilters", next).await;
    assert_eq!(second["subscriptionFilters"][0]["filterName"], "b");
    assert_eq!(second["nextToken"], Value::Null);
    let prefixed = with(asked(), json!({"filterNamePrefix": "b"}));
    let found = house.ok("DescribeSubscriptionFilters", prefixed).await;
    assert_eq!(found["subscriptionFilters"].as_array().unwrap().len(), 1);

    let one = json!({"logGroupName": "/a", "filterName": "b"});
    house.ok("DeleteSubscriptionFilter", one.clone()).await;
    let gone = "The specified subscription filter does not exist.";
    let not_found = "ResourceNotFoundException";
    house
        .check("DeleteSubscriptionFilter", one, not_found, gone)
        .await;
    house.ok("DeleteLogGroup", asked()).await;
    let no_group = "The specified log group does not exist.";
    let operations = [
        ("DescribeSubscriptionFilters", asked()),
        ("DeleteSubscriptionFilter", put("a", json!({}))),
        ("PutSubscriptionFilter", put("a", json!({}))),
    ];
    for (operation, input) in operations {
        house.check(operation, input, not_found, no_group).await;
    }
    house.ok("CreateLogGroup", asked()).await;
    let none = house.ok("DescribeSubscriptionFilters", asked()).await;
    assert_eq!(none, json!({"subscriptionFilters": []}));
}

#[tokio::test]
async fn what_cannot_be_sent_to_is_refused_in_the_services_words() {
    let house = house_with_group().await;
    let invalid = "InvalidParameterException";
    let arn = |arn: &str| json!({"destinationArn": arn});
    for (more, code, message) in [
        (
            arn(STREAM),
            invalid,
            "destinationArn for vendor kinesis cannot be used without roleArn",
        ),
        (
            arn("arn:aws:firehose:us-east-1:111122223333:deliverystream/hook"),
            invalid,
            "destinationArn for vendor firehose cannot be used without roleArn",
        ),
        (
            json!({"roleArn": ROLE}),
            invalid,
            "destinationArn for vendor lambda cannot be used with roleArn",
        ),
        (
            arn("arn:aws:lambda:us-east-1:444455556666:function:hook"),
            "AccessDeniedException",
            "Cross-account lambda invocation passing is not allowed. You must use DestinationPolicies to create cross \
             account lambda triggers.",
        ),
        (
            arn("arn:aws:s3:::bucket"),
            invalid,
            "destinationArn is not the ARN of a Lambda function, a Kinesis stream, a Firehose stream or a destination \
             of CloudWatch Logs.",
        ),
        (
            arn("arn:aws:lambda:us-east-1:111122223333:function:nobody"),
            invalid,
            "destinationArn stands for nobody: add a [[subscriber]] with the name `nobody` to Corelog's \
             configuration, or `nobody` to the `arns` of one.",
        ),
        (
            arn("arn:aws:lambda:us-east-1:111122223333:function:away"),
            invalid,
            "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute \
             your function. (it is away)",
        ),
        (
            json!({"destinationArn": "arn:aws:kinesis:us-east-1:111122223333:stream/away", "roleArn": ROLE}),
            invalid,
            "Could not deliver test message to specified Kinesis stream. Check if the given kinesis stream is in \
             ACTIVE state. (it is away)",
        ),
        (
            json!({"applyOnTransformedLogs": true}),
            invalid,
            "Corelog does not serve `applyOnTransformedLogs` of subscription filters.",
        ),
        (
            json!({"emitSystemFields": ["@aws.account"]}),
            invalid,
            "Corelog does not serve `emitSystemFields` of subscription filters.",
        ),
    ] {
        let input = put("x", more);
        house
            .check("PutSubscriptionFilter", input, code, message)
            .await;
    }
    let broken = put("x", json!({"filterPattern": "{ $.a = "}));
    let (code, _) = house.refused("PutSubscriptionFilter", broken).await;
    assert_eq!(code, invalid);
    let none = house.ok("DescribeSubscriptionFilters", asked()).await;
    assert_eq!(none, json!({"subscriptionFilters": []}));
}
