//! Resource, account and index policies.

use super::*;

const ARN: &str = "arn:aws:logs:us-east-1:111122223333:log-group:/a";

#[tokio::test]
async fn policies_of_the_account_are_ten_and_have_no_revision() {
    let house = house().await;
    let put =
        |name: &str| json!({"policyName": name, "policyDocument": "{\"Version\":\"2012-10-17\"}"});
    let expected = json!({
        "policyName": "p0", "policyDocument": "{\"Version\":\"2012-10-17\"}",
        "lastUpdatedTime": 1_795_166_142_123_u64, "policyScope": "ACCOUNT",
    });
    assert_eq!(
        house.ok("PutResourcePolicy", put("p0")).await,
        json!({"resourcePolicy": expected})
    );
    for number in 1..10 {
        house
            .ok("PutResourcePolicy", put(&format!("p{number}")))
            .await;
    }
    house
        .check(
            "PutResourcePolicy",
            put("p10"),
            "LimitExceededException",
            "Resource limit exceeded.",
        )
        .await;
    house.ok("PutResourcePolicy", put("p9")).await;
    let all = house
        .ok("DescribeResourcePolicies", json!({"limit": 4}))
        .await;
    assert_eq!(all["resourcePolicies"].as_array().unwrap().len(), 4);
    let rest = house
        .ok(
            "DescribeResourcePolicies",
            json!({"nextToken": all["nextToken"]}),
        )
        .await;
    assert_eq!(rest["resourcePolicies"].as_array().unwrap().len(), 6);
    house
        .ok("DeleteResourcePolicy", json!({"policyName": "p0"}))
        .await;
    let said = "Policy with name [p0] does not exist.";
    house
        .check(
            "DeleteResourcePolicy",
            json!({"policyName": "p0"}),
            "ResourceNotFoundException",
            said,
        )
        .await;
    for bad in [
        json!({"policyDocument": "{}"}),
        json!({"policyName": "p", "policyDocument": "no"}),
    ] {
        let (code, _) = house.refused("PutResourcePolicy", bad).await;
        assert_eq!(code, "InvalidParameterException");
    }
}

#[tokio::test]
async fn the_policy_of_a_resource_has_a_revision() {
    let house = house().await;
    let put = json!({"resourceArn": ARN, "policyDocument": "{}"});
    let (code, _) = house.refused("PutResourcePolicy", put.clone()).await;
    assert_eq!(
        code, "ResourceNotFoundException",
        "the resource has to be there"
    );
    house
        .ok("CreateLogGroup", json!({"logGroupName": "/a"}))
        .await;
    let first = house.ok("PutResourcePolicy", put).await;
    let revision = first["revisionId"].clone();
    assert_eq!(first["resourcePolicy"]["policyScope"], "RESOURCE");
    let again = json!({"resourceArn": ARN, "policyDocument": "{}", "expectedRevisionId": revision});
    house.ok("PutResourcePolicy", again.clone()).await;
    let (code, _) = house.refused("PutResourcePolicy", again).await;
    assert_eq!(code, "OperationAbortedException");
    let of_account = house.ok("DescribeResourcePolicies", json!({})).await;
    assert_eq!(of_account, json!({"resourcePolicies": []}));
    for input in [
        json!({"policyScope": "RESOURCE"}),
        json!({"resourceArn": ARN}),
    ] {
        let found = house.ok("DescribeResourcePolicies", input).await;
        assert_eq!(found["resourcePolicies"][0]["resourceArn"], ARN);
    }
    house
        .ok("DeleteResourcePolicy", json!({"resourceArn": ARN}))
        .await;
}

#[tokio::test]
async fn policies_of_an_account_are_by_type() {
    let house = house().await;
    let put = |kind: &str, name: &str| json!({"policyName": name, "policyType": kind, "policyDocument": "{}", "selectionCriteria": "x"});
    let expected = json!({
        "policyName": "a", "policyDocument": "{}", "lastUpdatedTime": 1_795_166_142_123_u64,
        "policyType": "TRANSFORMER_POLICY", "scope": "ALL", "selectionCriteria": "x", "accountId": "111122223333",
    });
    let answer = house
        .ok("PutAccountPolicy", put("TRANSFORMER_POLICY", "a"))
        .await;
    assert_eq!(answer, json!({"accountPolicy": expected}));
    house
        .ok("PutAccountPolicy", put("DATA_PROTECTION_POLICY", "a"))
        .await;
    let (code, _) = house
        .refused("PutAccountPolicy", put("DATA_PROTECTION_POLICY", "b"))
        .await;
    assert_eq!(code, "LimitExceededException");
    let found = house
        .ok(
            "DescribeAccountPolicies",
            json!({"policyType": "TRANSFORMER_POLICY"}),
        )
        .await;
    assert_eq!(found, json!({"accountPolicies": [expected]}));
    let other = json!({"policyType": "TRANSFORMER_POLICY", "policyName": "z"});
    assert_eq!(
        house.ok("DescribeAccountPolicies", other).await,
        json!({"accountPolicies": []})
    );
    let mut dry = put("TRANSFORMER_POLICY", "c");
    dry["dryRun"] = json!(true);
    let (code, _) = house.refused("PutAccountPolicy", dry).await;
    assert_eq!(code, "InvalidOperationException");
    let delete = json!({"policyType": "TRANSFORMER_POLICY", "policyName": "a"});
    assert_eq!(
        house.ok("DeleteAccountPolicy", delete.clone()).await,
        json!({})
    );
    let said = "Policy with name [a] does not exist.";
    house
        .check(
            "DeleteAccountPolicy",
            delete,
            "ResourceNotFoundException",
            said,
        )
        .await;
}

#[tokio::test]
async fn a_group_s_index_policy_takes_the_place_of_the_account_s() {
    let house = house().await;
    house
        .ok("CreateLogGroup", json!({"logGroupName": "/a"}))
        .await;
    let describe = json!({"logGroupIdentifiers": [ARN]});
    assert_eq!(
        house.ok("DescribeIndexPolicies", describe.clone()).await,
        json!({"indexPolicies": []})
    );
    let account = json!({"policyName": "acc", "policyType": "FIELD_INDEX_POLICY", "policyDocument": "{\"Fields\":[\"a\"]}"});
    house.ok("PutAccountPolicy", account).await;
    let found = house.ok("DescribeIndexPolicies", describe.clone()).await;
    let policy = &found["indexPolicies"][0];
    assert_eq!(
        (&policy["source"], &policy["policyName"]),
        (&json!("ACCOUNT"), &json!("acc"))
    );
    let document = "{\"Fields\":[\"modelId\",\"identity.arn\"]}";
    let expected = json!({
        "logGroupIdentifier": ARN, "lastUpdateTime": 1_795_166_142_123_u64, "policyDocument": document, "source": "LOG_GROUP",
    });
    let put = |document: &str| json!({"logGroupIdentifier": "/a", "policyDocument": document});
    assert_eq!(
        house.ok("PutIndexPolicy", put(document)).await,
        json!({"indexPolicy": expected})
    );
    assert_eq!(
        house.ok("DescribeIndexPolicies", describe).await,
        json!({"indexPolicies": [expected]})
    );
    let many = json!({"Fields": (0..21).map(|n| format!("f{n}")).collect::<Vec<_>>()}).to_string();
    for bad in ["{}", "no", "{\"Fields\":[1]}", "{\"Fields\":[\"\"]}", &many] {
        let (code, _) = house.refused("PutIndexPolicy", put(bad)).await;
        assert_eq!(code, "InvalidParameterException", "{bad}");
    }
    assert_eq!(
        house
            .ok("DeleteIndexPolicy", json!({"logGroupIdentifier": "/a"}))
            .await,
        json!({})
    );
    let (code, _) = house
        .refused("DeleteIndexPolicy", json!({"logGroupIdentifier": "/a"}))
        .await;
    assert_eq!(code, "ResourceNotFoundException");
}
