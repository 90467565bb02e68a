//! Lookup tables: what they are made of, what is shown of them, and every refusal.

use super::insights::{furnished, question};
use super::*;

const INVALID: &str = "InvalidParameterException";
const NOT_FOUND: &str = "ResourceNotFoundException";
const CSV: &str = "model,usd\nclaude,3\n\"nova, small\",0.1\n";

fn arn(name: &str) -> String {
    format!("arn:aws:logs:us-east-1:111122223333:lookup-table:{name}")
}

#[tokio::test]
async fn a_table_is_made_shown_replaced_and_removed() {
    let house = house().await;
    let created = house
        .ok(
            "CreateLookupTable",
            json!({
                "lookupTableName": "prices", "description": "for people", "tableBody": CSV,
                "kmsKeyId": "arn:aws:kms:us-east-1:111122223333:key/k", "tags": {"team": "harbour"},
            }),
        )
        .await;
    let now = NOW.unix_ms();
    let arn = arn("prices");
    assert_eq!(created, json!({"lookupTableArn": arn, "createdAt": now}));
    let named = json!({"lookupTableArn": arn});
    let whole = json!({
        "lookupTableArn": arn, "lookupTableName": "prices", "description": "for people",
        "tableBody": CSV, "sizeBytes": CSV.len(), "lastUpdatedTime": now,
        "kmsKeyId": "arn:aws:kms:us-east-1:111122223333:key/k",
    });
    assert_eq!(house.ok("GetLookupTable", named.clone()).await, whole);
    let shown = json!({
        "lookupTableArn": arn, "lookupTableName": "prices", "description": "for people",
        "tableFields": ["model", "usd"], "recordsCount": 2, "sizeBytes": CSV.len(),
        "lastUpdatedTime": now, "kmsKeyId": "arn:aws:kms:us-east-1:111122223333:key/k",
    });
    let all = house.ok("DescribeLookupTables", json!({})).await;
    assert_eq!(all, json!({"lookupTables": [shown]}));

    let later = Timestamp::from_unix_ms(now + 5);
    house.api.clock().set(later);
    let update = json!({"lookupTableArn": arn, "tableBody": "m\n", "kmsKeyId": ""});
    let updated = house.ok("UpdateLookupTable", update).await;
    assert_eq!(
        updated,
        json!({"lookupTableArn": arn, "lastUpdatedTime": now + 5})
    );
    let whole = json!({
        "lookupTableArn": arn, "lookupTableName": "prices", "description": "for people",
        "tableBody": "m\n", "sizeBytes": 2, "lastUpdatedTime": now + 5,
    });
    assert_eq!(house.ok("GetLookupTable", named.clone()).await, whole);

    house.ok("DeleteLookupTable", named.clone()).await;
    let gone = "The specified lookup table does not exist.";
    for operation in ["GetLookupTable", "DeleteLookupTable"] {
        house.check(operation, named.clone(), NOT_FOUND, gone).await;
    }
    let update = json!({"lookupTableArn": arn, "tableBody": CSV});
    house
        .check("UpdateLookupTable", update, NOT_FOUND, gone)
        .await;
}

#[tokio::test]
async fn tables_are_listed_by_name_and_page() {
    let house = house().await;
    for name in ["b", "a_2", "a_1", "B"] {
        let table = json!({"lookupTableName": name, "tableBody": "a\n"});
        house.ok("CreateLookupTable", table).await;
    }
    let names = |found: &Value| -> Vec<String> {
        let tables = found["lookupTables"].as_array().unwrap().iter();
        tables
            .map(|table| table["lookupTableName"].as_str().unwrap().to_owned())
            .collect()
    };
    let all = house.ok("DescribeLookupTables", json!({})).await;
    assert_eq!(names(&all), ["B", "a_1", "a_2", "b"]);
    let prefixed = json!({"lookupTableNamePrefix": "a_"});
    let found = house.ok("DescribeLookupTables", prefixed).await;
    assert_eq!(names(&found), ["a_1", "a_2"]);
    let page = house
        .ok("DescribeLookupTables", json!({"maxResults": 3}))
        .await;
    assert_eq!(names(&page), ["B", "a_1", "a_2"]);
    let next = json!({"maxResults": 3, "nextToken": page["nextToken"]});
    let rest = house.ok("DescribeLookupTables", next).await;
    assert_eq!(
        (names(&rest), rest.get("nextToken")),
        (vec!["b".to_owned()], None)
    );
}

#[tokio::test]
async fn what_cannot_be_a_table_is_refused() {
    let house = house().await;
    let table = |name: &str, body: &str| json!({"lookupTableName": name, "tableBody": body});
    house.ok("CreateLookupTable", table("taken", CSV)).await;
    let exists = "The specified lookup table already exists";
    house
        .check(
            "CreateLookupTable",
            table("taken", CSV),
            "ResourceAlreadyExistsException",
            exists,
        )
        .await;
    let one_of = "Exactly one of tableBody and queryId must be specified.";
    let both = json!({"lookupTableName": "t", "tableBody": CSV, "queryId": "q"});
    for input in [json!({"lookupTableName": "t"}), both] {
        house
            .check("CreateLookupTable", input, INVALID, one_of)
            .await;
    }
    let update = json!({"lookupTableArn": arn("taken")});
    house
        .check("UpdateLookupTable", update, INVALID, one_of)
        .await;
    let unnamed = "The first row of a lookup table must name its columns, each differently.";
    house
        .check("CreateLookupTable", table("t", "a,a\n"), INVALID, unnamed)
        .await;
    let reserved = json!({"lookupTableName": "t", "tableBody": CSV, "tags": {"aws:x": "1"}});
    let (code, _) = house.refused("CreateLookupTable", reserved).await;
    assert_eq!(code, INVALID);
    for name in ["", "a-b", "é"] {
        let (code, _) = house.refused("CreateLookupTable", table(name, CSV)).await;
        assert_eq!(code, INVALID, "{name}");
    }
    for bad in [
        "taken",
        "arn:aws:logs:us-east-1:111122223333:log-group:taken",
    ] {
        let said = format!("Invalid ARN: {bad} is not the ARN of a lookup table.");
        let input = json!({"lookupTableArn": bad});
        house.check("GetLookupTable", input, INVALID, &said).await;
    }
    for number in 1..100 {
        let name = format!("t{number}");
        house.ok("CreateLookupTable", table(&name, "a\n")).await;
    }
    house
        .check(
            "CreateLookupTable",
            table("t100", "a\n"),
            "LimitExceededException",
            "Resource limit exceeded.",
        )
        .await;
}

#[tokio::test]
async fn the_results_of_a_query_make_a_table() {
    let house = furnished().await;
    let id = house.start(question("fields @message, n")).await;
    house.results(&id).await;
    let table = json!({"lookupTableName": "found", "queryId": id});
    house.ok("CreateLookupTable", table).await;
    let named = json!({"lookupTableArn": arn("found")});
    let whole = house.ok("GetLookupTable", named.clone()).await;
    assert_eq!(whole["tableBody"], "@message,n\nrow 0,0\nrow 1,\nrow 2,2\n");

    // What a query had when it was stopped will do; what one has that goes on will not.
    let held = house.start(question("filter hold = 1")).await;
    while house.ok("GetQueryResults", json!({"queryId": held})).await["status"] != "Running" {
        tokio::task::yield_now().await;
    }
    let update = json!({"lookupTableArn": arn("found"), "queryId": held});
    let running = format!(
        "The query {held} is Running: the results of a completed or cancelled one can be used."
    );
    house
        .check("UpdateLookupTable", update.clone(), INVALID, &running)
        .await;
    house.ok("StopQuery", json!({"queryId": held})).await;
    house.ok("UpdateLookupTable", update).await;
    let whole = house.ok("GetLookupTable", named).await;
    assert_eq!(whole["tableBody"], "@message,n\nrow 0,0\nrow 1,\n");

    let failed = house.start(question("filter fail = 1")).await;
    house.results(&failed).await;
    for (id, said) in [
        (
            failed.as_str(),
            format!(
                "The query {failed} is Failed: the results of a completed or cancelled one can be used."
            ),
        ),
        ("gone", "The query gone does not exist.".to_owned()),
    ] {
        let table = json!({"lookupTableName": "t", "queryId": id});
        house
            .check("CreateLookupTable", table, INVALID, &said)
            .await;
    }
}

#[tokio::test]
async fn tables_have_tags_as_groups_do() {
    let house = house().await;
    let table = json!({"lookupTableName": "t", "tableBody": CSV, "tags": {"a": "1"}});
    house.ok("CreateLookupTable", table).await;
    let on = |more: Value| {
        let mut input = json!({"resourceArn": arn("t")});
        input
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().cloned().unwrap());
        input
    };
    house
        .ok("TagResource", on(json!({"tags": {"b": "2"}})))
        .await;
    house
        .ok("UntagResource", on(json!({"tagKeys": ["a"]})))
        .await;
    let tags = house.ok("ListTagsForResource", on(json!({}))).await;
    assert_eq!(tags, json!({"tags": {"b": "2"}}));
    let many: serde_json::Map<String, Value> = (0..50)
        .map(|number| (format!("k{number}"), json!("v")))
        .collect();
    let said = "A lookup table can have no more than 50 tags.";
    house
        .check(
            "TagResource",
            on(json!({"tags": many})),
            "TooManyTagsException",
            said,
        )
        .await;
    let gone = json!({"resourceArn": arn("gone")});
    let missing = "The specified lookup table does not exist.";
    house
        .check("ListTagsForResource", gone, NOT_FOUND, missing)
        .await;
}
