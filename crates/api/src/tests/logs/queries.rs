//! Saved queries, and patterns that are tried out.

use super::*;

#[tokio::test]
async fn a_query_is_saved_shown_replaced_and_removed() {
    let house = house().await;
    let first = json!({
        "name": "folder/slow", "queryString": "filter ms > {{n}}", "logGroupNames": ["/a"],
        "parameters": [{"name": "n", "defaultValue": "5"}],
    });
    let id = house.ok("PutQueryDefinition", first).await["queryDefinitionId"].clone();
    let described = house
        .ok(
            "DescribeQueryDefinitions",
            json!({"queryDefinitionNamePrefix": "folder/"}),
        )
        .await;
    let expected = json!({
        "queryLanguage": "CWLI", "queryDefinitionId": id, "name": "folder/slow",
        "queryString": "filter ms > {{n}}", "lastModified": 1_795_166_142_123_u64,
        "logGroupNames": ["/a"], "parameters": [{"name": "n", "defaultValue": "5"}],
    });
    assert_eq!(described, json!({"queryDefinitions": [expected]}));
    let second = json!({"queryDefinitionId": id, "name": "b", "queryString": "SELECT 1", "queryLanguage": "SQL"});
    assert_eq!(
        house.ok("PutQueryDefinition", second).await["queryDefinitionId"],
        id
    );
    let described = house.ok("DescribeQueryDefinitions", json!({})).await;
    let one = &described["queryDefinitions"][0];
    assert_eq!(
        (&one["name"], &one["queryLanguage"]),
        (&json!("b"), &json!("SQL"))
    );
    assert_eq!(
        (&one["logGroupNames"], one.get("parameters")),
        (&json!([]), None)
    );
    let cwli = house
        .ok("DescribeQueryDefinitions", json!({"queryLanguage": "CWLI"}))
        .await;
    assert_eq!(cwli, json!({"queryDefinitions": []}));
    let deleted = house
        .ok("DeleteQueryDefinition", json!({"queryDefinitionId": id}))
        .await;
    assert_eq!(deleted, json!({"success": true}));
    for (operation, input) in [
        ("DeleteQueryDefinition", json!({"queryDefinitionId": id})),
        (
            "PutQueryDefinition",
            json!({"queryDefinitionId": id, "name": "b", "queryString": "x"}),
        ),
    ] {
        let (code, _) = house.refused(operation, input).await;
        assert_eq!(code, "ResourceNotFoundException");
    }
}

#[tokio::test]
async fn a_client_that_asks_again_gets_one_query() {
    let house = house().await;
    let token = "1b1a6f9e-9a3f-4f0c-8a52-0d2b8d4f5e6a";
    let input = json!({"name": "n", "queryString": "q", "clientToken": token});
    let first = house.ok("PutQueryDefinition", input.clone()).await;
    assert_eq!(house.ok("PutQueryDefinition", input).await, first);
    let other = json!({"name": "n", "queryString": "q", "clientToken": token.replace('1', "2")});
    assert_ne!(house.ok("PutQueryDefinition", other).await, first);
    let page = house
        .ok("DescribeQueryDefinitions", json!({"maxResults": 1}))
        .await;
    let token = page["nextToken"].clone();
    let rest = house
        .ok(
            "DescribeQueryDefinitions",
            json!({"maxResults": 1, "nextToken": token}),
        )
        .await;
    assert_eq!(rest.get("nextToken"), None);
    assert_ne!(
        rest["queryDefinitions"], page["queryDefinitions"],
        "equal names do not hide each other"
    );
}

#[tokio::test]
async fn parameters_are_checked_in_the_service_s_words() {
    let house = house().await;
    let parameter = |name: &str| json!({"name": name});
    for (text, language, parameters, said) in [
        (
            "{{a}}",
            "SQL",
            vec!["a"],
            "Parameters are only supported for CWLI query language",
        ),
        ("{{a}}", "CWLI", vec!["a", "a"], "Duplicate parameter name"),
        (
            "{{a}}",
            "CWLI",
            vec!["a", "b"],
            "Required parameters not found in queryString",
        ),
    ] {
        let parameters: Vec<Value> = parameters.into_iter().map(parameter).collect();
        let input = json!({"name": "n", "queryString": text, "queryLanguage": language, "parameters": parameters});
        house
            .check(
                "PutQueryDefinition",
                input,
                "InvalidParameterException",
                said,
            )
            .await;
    }
}

#[tokio::test]
async fn a_pattern_is_tried_on_messages() {
    let house = house().await;
    let input = json!({
        "filterPattern": "[ip, user, status > 399]",
        "logEventMessages": ["10.0.0.1 ann 200", "10.0.0.2 bob 404"],
    });
    let expected = json!({"matches": [{
        "eventNumber": 2, "eventMessage": "10.0.0.2 bob 404",
        "extractedValues": {"$ip": "10.0.0.2", "$user": "bob", "$status": "404"},
    }]});
    assert_eq!(house.ok("TestMetricFilter", input).await, expected);
    let bad = json!({"filterPattern": "{ $.a = }", "logEventMessages": ["x"]});
    let (code, said) = house.refused("TestMetricFilter", bad).await;
    assert_eq!(code, "InvalidParameterException");
    assert!(said.starts_with("Invalid metric filter pattern"), "{said}");
    let none = json!({"filterPattern": "a", "logEventMessages": []});
    let said = "1 validation error detected: Value '[]' at 'logEventMessages' failed to satisfy constraint: Member must have length greater than or equal to 1";
    house
        .check("TestMetricFilter", none, "InvalidParameterException", said)
        .await;
}
