//! Log groups, retention, keys, protection, tags.

use super::*;

const ARN: &str = "arn:aws:logs:us-east-1:111122223333:log-group:/a";
const MISSING: (&str, &str) = (
    "ResourceNotFoundException",
    "The specified log group does not exist.",
);

async fn shown(house: &House, name: &str) -> Value {
    let found = house
        .ok("DescribeLogGroups", json!({"logGroupNamePrefix": name}))
        .await;
    found["logGroups"][0].clone()
}

fn names(found: &Value) -> Vec<&str> {
    let groups = found["logGroups"].as_array().unwrap().iter();
    groups
        .map(|group| group["logGroupName"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_group_is_described_member_by_member() {
    let house = house().await;
    house
        .ok("CreateLogGroup", json!({"logGroupName": "/a"}))
        .await;
    let bare = json!({
        "arn": format!("{ARN}:*"),
        "creationTime": 1_795_166_142_123_u64,
        "deletionProtectionEnabled": false,
        "logGroupArn": ARN,
        "logGroupClass": "STANDARD",
        "logGroupName": "/a",
        "metricFilterCount": 0,
        "storedBytes": 7,
    });
    assert_eq!(shown(&house, "/a").await, bare);
    let full = json!({
        "logGroupName": "/b", "kmsKeyId": "arn:aws:kms:::key/k", "tags": {"k": "v"},
        "logGroupClass": "INFREQUENT_ACCESS", "deletionProtectionEnabled": true,
    });
    house.ok("CreateLogGroup", full).await;
    house
        .ok(
            "PutRetentionPolicy",
            json!({"logGroupName": "/b", "retentionInDays": 3653}),
        )
        .await;
    let b = shown(&house, "/b").await;
    assert_eq!(b["logGroupClass"], "INFREQUENT_ACCESS");
    assert_eq!(b["kmsKeyId"], "arn:aws:kms:::key/k");
    assert_eq!(b["deletionProtectionEnabled"], true);
    assert_eq!(b["retentionInDays"], 3653);
    house
        .ok("DeleteRetentionPolicy", json!({"logGroupName": "/b"}))
        .await;
    assert_eq!(shown(&house, "/b").await.get("retentionInDays"), None);
}

#[tokio::test]
async fn names_are_refused_in_the_service_s_words() {
    let house = house().await;
    let create = "CreateLogGroup";
    house.ok(create, json!({"logGroupName": "/a"})).await;
    let exists = "The specified log group already exists";
    house
        .check(
            create,
            json!({"logGroupName": "/a"}),
            "ResourceAlreadyExistsException",
            exists,
        )
        .await;
    let invalid = "InvalidParameterException";
    let long = "x".repeat(513);
    let said = "Invalid LogGroup or LogStream, both must have length less than or equal to 512.";
    house
        .check(create, json!({"logGroupName": long}), invalid, said)
        .await;
    let said = r"1 validation error detected: Value 'a b' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+";
    house
        .check(create, json!({"logGroupName": "a b"}), invalid, said)
        .await;
    let said = "1 validation error detected: Value null at 'logGroupName' failed to satisfy constraint: Member must not be null";
    house.check(create, json!({}), invalid, said).await;
    let said = "Log groups starting with AWS/ are reserved for AWS.";
    house
        .check(create, json!({"logGroupName": "aws/x"}), invalid, said)
        .await;
    let said = "1 validation error detected: Value 'X' at 'logGroupClass' failed to satisfy constraint: Member must satisfy enum value set: [STANDARD, INFREQUENT_ACCESS, DELIVERY, ESSENTIALS]";
    house
        .check(
            create,
            json!({"logGroupName": "b", "logGroupClass": "X"}),
            invalid,
            said,
        )
        .await;
}

#[tokio::test]
async fn what_is_not_there_cannot_be_changed() {
    let house = house().await;
    for operation in [
        "AssociateKmsKey",
        "CreateLogStream",
        "DeleteIndexPolicy",
        "DeleteLogGroup",
        "DeleteLogStream",
        "DeleteRetentionPolicy",
        "DescribeIndexPolicies",
        "DescribeLogStreams",
        "DisassociateKmsKey",
        "ListTagsForResource",
        "ListTagsLogGroup",
        "PutIndexPolicy",
        "PutLogGroupDeletionProtection",
        "PutRetentionPolicy",
        "TagLogGroup",
        "TagResource",
        "UntagLogGroup",
        "UntagResource",
    ] {
        house
            .check(operation, sample(operation), MISSING.0, MISSING.1)
            .await;
    }
}

#[tokio::test]
async fn lists_are_cut_into_pages_by_name() {
    let house = house().await;
    for name in ["b", "/z", "B", "a/2", "a/10", "_"] {
        house
            .ok("CreateLogGroup", json!({"logGroupName": name}))
            .await;
    }
    let expected = ["/z", "B", "_", "a/10", "a/2", "b"];
    for operation in ["DescribeLogGroups", "ListLogGroups"] {
        let mut found: Vec<String> = Vec::new();
        let mut input = json!({"limit": 2});
        loop {
            let page = house.ok(operation, input.clone()).await;
            found.extend(names(&page).into_iter().map(str::to_owned));
            match page.get("nextToken") {
                Some(token) => input["nextToken"] = token.clone(),
                None => break,
            }
        }
        assert_eq!(found, expected, "{operation}");
        let invalid = "The specified nextToken is invalid.";
        let bad = json!({"nextToken": "bogus"});
        house
            .check(operation, bad, "InvalidParameterException", invalid)
            .await;
    }
    let token = house.ok("ListLogGroups", json!({"limit": 2})).await["nextToken"].clone();
    let (code, _) = house
        .refused("DescribeLogGroups", json!({"nextToken": token}))
        .await;
    assert_eq!(
        code, "InvalidParameterException",
        "a token is of one operation"
    );
}

#[tokio::test]
async fn groups_are_found_by_prefix_pattern_class_and_identifier() {
    let house = house().await;
    for (name, class) in [
        ("/a/one", "STANDARD"),
        ("/a/two", "DELIVERY"),
        ("/b/one", "STANDARD"),
    ] {
        house
            .ok(
                "CreateLogGroup",
                json!({"logGroupName": name, "logGroupClass": class}),
            )
            .await;
    }
    for (input, expected) in [
        (
            json!({"logGroupNamePrefix": "/a"}),
            vec!["/a/one", "/a/two"],
        ),
        (
            json!({"logGroupNamePattern": "one"}),
            vec!["/a/one", "/b/one"],
        ),
        (json!({"logGroupNamePattern": "ONE"}), vec![]),
        (json!({"logGroupClass": "DELIVERY"}), vec!["/a/two"]),
        (
            json!({"logGroupIdentifiers": ["/b/one", "/nothing", format!("{ARN}/two")]}),
            vec!["/a/two", "/b/one"],
        ),
        (json!({"accountIdentifiers": ["444455556666"]}), vec![]),
    ] {
        let found = house.ok("DescribeLogGroups", input.clone()).await;
        assert_eq!(names(&found), expected, "{input}");
    }
    let found = house
        .ok("DescribeLogGroups", json!({"logGroupNamePattern": "two"}))
        .await;
    let group = found["logGroups"][0].as_object().unwrap();
    assert!(!group.contains_key("storedBytes") && !group.contains_key("deletionProtectionEnabled"));
    let both = json!({"logGroupNamePrefix": "a", "logGroupNamePattern": "b"});
    let said = "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.";
    house
        .check("DescribeLogGroups", both, "InvalidParameterException", said)
        .await;
    let said = "1 validation error detected: Value '51' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 50";
    house
        .check(
            "DescribeLogGroups",
            json!({"limit": 51}),
            "InvalidParameterException",
            said,
        )
        .await;
}

#[tokio::test]
async fn the_short_list_filters_by_pattern_tags_and_indexes() {
    let house = house().await;
    for (name, stage) in [
        ("/app/one", "prod-eu"),
        ("/app/two", "prod-us"),
        ("/other", "test"),
    ] {
        house
            .ok(
                "CreateLogGroup",
                json!({"logGroupName": name, "tags": {"stage": stage}}),
            )
            .await;
    }
    house
        .ok("CreateLogGroup", json!({"logGroupName": "/untagged"}))
        .await;
    let index =
        json!({"logGroupIdentifier": "/other", "policyDocument": "{\"Fields\":[\"modelId\"]}"});
    house.ok("PutIndexPolicy", index).await;
    let tagged = |values: Value| json!({"logGroupTags": [{"key": "stage", "values": values}]});
    for (input, expected) in [
        (
            json!({"logGroupNamePattern": "^/app|untag"}),
            vec!["/app/one", "/app/two", "/untagged"],
        ),
        (tagged(json!(["prod*"])), vec!["/app/one", "/app/two"]),
        (tagged(json!(["!prod*"])), vec!["/other"]),
        (tagged(json!([])), vec!["/app/one", "/app/two", "/other"]),
        (json!({"fieldIndexNames": ["modelId"]}), vec!["/other"]),
        (json!({"dataSources": [{"name": "amazon_vpc"}]}), vec![]),
    ] {
        let found = house.ok("ListLogGroups", input.clone()).await;
        assert_eq!(names(&found), expected, "{input}");
    }
    let found = house
        .ok("ListLogGroups", json!({"logGroupNamePattern": "other"}))
        .await;
    let expected = json!({
        "logGroupName": "/other", "logGroupClass": "STANDARD",
        "logGroupArn": "arn:aws:logs:us-east-1:111122223333:log-group:/other",
    });
    assert_eq!(found["logGroups"], json!([expected]));
}

#[tokio::test]
async fn retention_has_the_days_of_the_service() {
    let house = house().await;
    house
        .ok("CreateLogGroup", json!({"logGroupName": "/a"}))
        .await;
    let days = [
        1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557,
        2922, 3288, 3653,
    ];
    for day in 0..=4000 {
        let input = json!({"logGroupName": "/a", "retentionInDays": day});
        if days.contains(&day) {
            house.ok("PutRetentionPolicy", input).await;
        } else if day % 50 == 0 || day < 40 {
            let (code, _) = house.refused("PutRetentionPolicy", input).await;
            assert_eq!(code, "InvalidParameterException", "{day}");
        }
    }
}

#[tokio::test]
async fn a_protected_group_is_not_deleted() {
    let house = house().await;
    house
        .ok("CreateLogGroup", json!({"logGroupName": "/a"}))
        .await;
    let protect = |on: bool| json!({"logGroupIdentifier": ARN, "deletionProtectionEnabled": on});
    house
        .ok("PutLogGroupDeletionProtection", protect(true))
        .await;
    assert_eq!(shown(&house, "/a").await["deletionProtectionEnabled"], true);
    let (code, _) = house
        .refused("DeleteLogGroup", json!({"logGroupName": "/a"}))
        .await;
    assert_eq!(code, "ValidationException");
    assert!(house.events.told.lock().is_empty());
    house
        .ok("PutLogGroupDeletionProtection", protect(false))
        .await;
    house
        .ok("DeleteLogGroup", json!({"logGroupName": "/a"}))
        .await;
    assert_eq!(
        *house.events.told.lock(),
        ["/a"],
        "whoever keeps its events is told"
    );
}

#[tokio::test]
async fn both_families_of_tag_operations_share_the_tags() {
    let house = house().await;
    house
        .ok(
            "CreateLogGroup",
            json!({"logGroupName": "/a", "tags": {"one": "1"}}),
        )
        .await;
    house
        .ok(
            "TagResource",
            json!({"resourceArn": ARN, "tags": {"two": "2", "one": "uno"}}),
        )
        .await;
    house
        .ok(
            "TagLogGroup",
            json!({"logGroupName": "/a", "tags": {"three": ""}}),
        )
        .await;
    let expected = json!({"tags": {"one": "uno", "three": "", "two": "2"}});
    assert_eq!(
        house
            .ok("ListTagsForResource", json!({"resourceArn": ARN}))
            .await,
        expected
    );
    assert_eq!(
        house
            .ok("ListTagsLogGroup", json!({"logGroupName": "/a"}))
            .await,
        expected
    );
    house
        .ok(
            "UntagResource",
            json!({"resourceArn": ARN, "tagKeys": ["one", "none"]}),
        )
        .await;
    house
        .ok(
            "UntagLogGroup",
            json!({"logGroupName": "/a", "tags": ["two"]}),
        )
        .await;
    let left = house
        .ok("ListTagsForResource", json!({"resourceArn": ARN}))
        .await;
    assert_eq!(left, json!({"tags": {"three": ""}}));

    let many: serde_json::Map<String, Value> =
        (0..50).map(|n| (format!("k{n}"), json!("v"))).collect();
    let (status, _, body) = house
        .aws(
            "Logs_20140328.TagResource",
            &json!({"resourceArn": ARN, "tags": many}).to_string(),
        )
        .await;
    let body = json(&body);
    assert_eq!(
        (status, &body["__type"]),
        (400, &json!("TooManyTagsException"))
    );
    assert_eq!(body["resourceName"], ARN);
    let reserved = json!({"resourceArn": ARN, "tags": {"aws:x": "1"}});
    let (code, _) = house.refused("TagResource", reserved).await;
    assert_eq!(code, "InvalidParameterException");
    for arn in ["/a", "arn:aws:logs:us-east-1:111122223333:destination:d"] {
        let (code, _) = house
            .refused("ListTagsForResource", json!({"resourceArn": arn}))
            .await;
        assert_eq!(code, "InvalidParameterException", "{arn}");
    }
}

#[tokio::test]
async fn a_key_is_kept_and_shown() {
    let house = house().await;
    house
        .ok("CreateLogGroup", json!({"logGroupName": "/a"}))
        .await;
    house
        .ok(
            "AssociateKmsKey",
            json!({"resourceIdentifier": ARN, "kmsKeyId": "k"}),
        )
        .await;
    assert_eq!(shown(&house, "/a").await["kmsKeyId"], "k");
    house
        .ok("DisassociateKmsKey", json!({"logGroupName": "/a"}))
        .await;
    assert_eq!(shown(&house, "/a").await.get("kmsKeyId"), None);
    for input in [
        json!({"kmsKeyId": "k"}),
        json!({"kmsKeyId": "k", "logGroupName": "/a", "resourceIdentifier": ARN}),
    ] {
        let (code, _) = house.refused("AssociateKmsKey", input).await;
        assert_eq!(code, "InvalidParameterException");
    }
}
