//! Answers: pages of rows, what runs, and what is said of queries, fields and records.

use corelog_types::EventPointer;

use super::*;
use crate::tests::engine::pointer;

#[tokio::test]
async fn results_are_rows_of_names_and_values_with_the_pointer_last() {
    let house = furnished().await;
    let id = house.start(question("fields @message, n")).await;
    let found = house.results(&id).await;
    let row = |number: u32| {
        let mut row = vec![json!({"field": "@message", "value": format!("row {number}")})];
        if number.is_multiple_of(2) {
            row.push(json!({"field": "n", "value": number.to_string()}));
        }
        row.push(json!({"field": "@ptr", "value": pointer(number).to_string()}));
        row
    };
    let expected = json!({
        "queryLanguage": "CWLI", "status": "Complete",
        "results": [row(0), row(1), row(2)],
        "statistics": {
            "recordsMatched": 3.0, "recordsScanned": 1_000.0, "estimatedRecordsSkipped": 5.0,
            "bytesScanned": 4_096.0, "estimatedBytesSkipped": 64.0, "logGroupsScanned": 1.0,
            "resultCount": 3.0,
        },
    });
    assert_eq!(found, expected);
}

#[tokio::test]
async fn pages_follow_each_other_for_an_hour() {
    let house = furnished().await;
    let id = house
        .start(with(question("fields n"), json!({"limit": 5})))
        .await;
    let whole = house.results(&id).await["results"].clone();
    let mut rows = Vec::new();
    let mut token = Value::Null;
    let mut pages = 0;
    loop {
        let input = with(
            json!({"queryId": id, "maxItems": 2}),
            json!({"nextToken": token}),
        );
        let page = house.ok("GetQueryResults", input).await;
        assert_eq!(page["statistics"]["resultCount"], 5.0);
        rows.extend(page["results"].as_array().unwrap().clone());
        pages += 1;
        match page.get("nextToken") {
            Some(next) => token = next.clone(),
            None => break,
        }
    }
    assert_eq!((pages, Value::from(rows)), (3, whole));
    let none = house
        .ok("GetQueryResults", json!({"queryId": id, "maxItems": 0}))
        .await;
    assert_eq!(
        (&none["results"], none.get("nextToken")),
        (&json!([]), None)
    );
    let other = house.start(question("fields n")).await;
    house.results(&other).await;
    let said = "The specified nextToken is invalid.";
    for (id, token) in [(&other, &token), (&id, &json!("x"))] {
        let input = json!({"queryId": id, "nextToken": token});
        house
            .check("GetQueryResults", input, "InvalidParameterException", said)
            .await;
    }
    house
        .api
        .clock()
        .set(Timestamp::from_unix_ms(NOW.unix_ms() + 3_600_001));
    let input = json!({"queryId": id, "nextToken": token});
    house
        .check("GetQueryResults", input, "InvalidParameterException", said)
        .await;
}

#[tokio::test]
async fn what_runs_shows_what_it_has_and_can_be_stopped() {
    let house = furnished().await;
    let id = house.start(question("filter hold = 1")).await;
    let mut found = Value::Null;
    for _ in 0..100 {
        found = house
            .ok("GetQueryResults", json!({"queryId": id, "maxItems": 1}))
            .await;
        if found["status"] == "Running" {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(found["status"], "Running");
    assert_eq!(found["results"].as_array().unwrap().len(), 1);
    assert_eq!(found["statistics"]["recordsScanned"], 500.0);
    assert_eq!(found.get("nextToken"), None, "rows may still move");
    assert_eq!(
        house.ok("StopQuery", json!({"queryId": id})).await,
        json!({"success": true})
    );
    assert_eq!(house.results(&id).await["status"], "Cancelled");
    let (code, _) = house.refused("StopQuery", json!({"queryId": id})).await;
    assert_eq!(code, "InvalidParameterException");
    for operation in ["StopQuery", "GetQueryResults"] {
        let said = "The query gone does not exist.";
        house
            .check(
                operation,
                json!({"queryId": "gone"}),
                "ResourceNotFoundException",
                said,
            )
            .await;
    }
}

#[tokio::test]
async fn one_more_than_a_hundred_is_refused() {
    let house = furnished().await;
    for _ in 0..100 {
        house.start(question("filter hold = 1")).await;
    }
    let said = "Account maximum query concurrency limit of [100] reached.";
    house
        .check(
            "StartQuery",
            question("limit 1"),
            "LimitExceededException",
            said,
        )
        .await;
}

#[tokio::test]
async fn ten_may_be_started_a_second_malformed_ones_among_them() {
    let house = furnished().await;
    let api = Api::new(Ports {
        queries: house
            .engine
            .queries(crate::logs::QueryLimits::default(), house.api.clock()),
        ..house.api.ports().clone()
    });
    let house = House { api, ..house };
    house.refused("StartQuery", question("fields |")).await;
    for _ in 0..9 {
        house.start(question("fields n")).await;
    }
    for text in ["fields n", "fields |"] {
        let (code, said) = house.refused("StartQuery", question(text)).await;
        assert_eq!(
            (code.as_str(), said.as_str()),
            ("ThrottlingException", "Rate exceeded")
        );
    }
    let later = Timestamp::from_unix_ms(NOW.unix_ms() + 100);
    house.api.clock().set(later);
    house.start(question("fields n")).await;
    let (code, _) = house.refused("StartQuery", question("fields n")).await;
    assert_eq!(code, "ThrottlingException");
}

#[tokio::test]
async fn queries_are_described_the_newest_first() {
    let house = furnished().await;
    let start = |second: i64| {
        let at = u64::try_from(second).unwrap() * 1_000;
        house.api.clock().set(Timestamp::from_unix_ms(at));
    };
    let first = house.start(question("fields n")).await;
    house.results(&first).await;
    start(SECOND + 1);
    let both = json!({"logGroupName": null, "logGroupNames": ["/other", "/sample"]});
    let second = house.start(with(question("filter hold = 1"), both)).await;
    start(SECOND + 2);
    let own = json!({"logGroupName": null, "queryString": "SOURCE \"/other\" | limit 1"});
    let third = house.start(with(question(""), own)).await;
    house.results(&third).await;
    let all = house.ok("DescribeQueries", json!({})).await;
    let ids = |found: &Value| -> Vec<String> {
        let queries = found["queries"].as_array().unwrap();
        let ids = queries
            .iter()
            .map(|one| one["queryId"].as_str().unwrap().to_owned());
        ids.collect()
    };
    assert_eq!(ids(&all), [third.clone(), second.clone(), first.clone()]);
    let times = format!(
        "START={} END={}",
        (SECOND - 60) * 1_000,
        SECOND * 1_000 + 999
    );
    let expected = json!({
        "queryLanguage": "CWLI", "queryId": first, "status": "Complete",
        "queryString": format!("SOURCE \"/sample\" {times} | fields n"),
        "createTime": NOW.unix_ms(), "logGroupName": "/sample", "queryDuration": 0,
        "bytesScanned": 4_096.0, "userIdentity": "arn:aws:iam::111122223333:user/anonymous",
    });
    assert_eq!(all["queries"][2], expected);
    assert_eq!(
        all["queries"][1]["queryString"],
        format!("SOURCE \"/other\", \"/sample\" {times} | filter hold = 1")
    );
    assert_eq!(
        all["queries"][0]["queryString"],
        format!("SOURCE \"/other\" {times} | limit 1")
    );
    for (input, expected) in [
        (json!({"logGroupName": "/other"}), vec![&third, &second]),
        (json!({"status": "Complete"}), vec![&third, &first]),
        (json!({"queryLanguage": "SQL"}), vec![]),
        (json!({"maxResults": 2}), vec![&third, &second]),
    ] {
        let found = house.ok("DescribeQueries", input.clone()).await;
        assert_eq!(ids(&found).iter().collect::<Vec<_>>(), expected, "{input}");
        if let Some(token) = found.get("nextToken") {
            let rest = house
                .ok(
                    "DescribeQueries",
                    json!({"maxResults": 2, "nextToken": token}),
                )
                .await;
            assert_eq!(
                (ids(&rest), rest.get("nextToken")),
                (vec![first.clone()], None)
            );
        }
    }
}

#[tokio::test]
async fn fields_are_those_of_a_quarter_of_an_hour() {
    let house = furnished().await;
    let found = house
        .ok("GetLogGroupFields", json!({"logGroupName": "/sample"}))
        .await;
    let field = |name: &str, percent: u8| json!({"name": name, "percent": percent});
    let expected = [
        field("@message", 100),
        field("modelId", 98),
        field("errorCode", 1),
        field("rare", 1),
    ];
    assert_eq!(found, json!({"logGroupFields": expected}));
    let arn = "arn:aws:logs:us-east-1:111122223333:log-group:/sample";
    let at = json!({"logGroupIdentifier": arn, "time": SECOND});
    house.ok("GetLogGroupFields", at).await;
    let now = i64::try_from(NOW.unix_ms()).unwrap();
    let eight = 8 * 60_000;
    let asked = [
        ("/sample".to_owned(), now - 15 * 60_000, now),
        (
            "/sample".to_owned(),
            SECOND * 1_000 - eight,
            SECOND * 1_000 + eight,
        ),
    ];
    assert_eq!(*house.engine.fields_of.lock(), asked);
    let (code, _) = house
        .refused("GetLogGroupFields", json!({"logGroupName": "/gone"}))
        .await;
    assert_eq!(code, "ResourceNotFoundException");
    for input in [
        json!({}),
        json!({"logGroupName": "/sample", "logGroupIdentifier": "/sample"}),
    ] {
        let (code, _) = house.refused("GetLogGroupFields", input).await;
        assert_eq!(code, "InvalidParameterException");
    }
}

#[tokio::test]
async fn a_record_is_found_by_its_pointer() {
    let house = furnished().await;
    let ask = |at: &EventPointer| json!({"logRecordPointer": at.to_string()});
    let found = house.ok("GetLogRecord", ask(&pointer(1))).await;
    assert_eq!(
        found,
        json!({"logRecord": {"@message": "{\"b\":2}", "b": "2"}})
    );
    let (code, _) = house.refused("GetLogRecord", ask(&pointer(2))).await;
    assert_eq!(code, "ResourceNotFoundException");
    let bad = json!({"logRecordPointer": "x"});
    let said = "The specified logRecordPointer is invalid.";
    house
        .check("GetLogRecord", bad, "InvalidParameterException", said)
        .await;
}

#[tokio::test]
async fn without_an_engine_it_is_said_so() {
    let house = furnished().await;
    let queries = crate::logs::Queries::new(
        Arc::new(crate::logs::NoEngine),
        crate::logs::QueryLimits::default(),
        Clock::manual(NOW),
        tokio::runtime::Handle::current(),
    );
    let api = Api::new(Ports {
        queries,
        ..house.api.ports().clone()
    });
    let house = House { api, ..house };
    let said = "This Corelog was built without its query engine: use a build with the cargo feature `query`.";
    let record = json!({"logRecordPointer": pointer(1).to_string()});
    for (operation, input) in [
        ("StartQuery", question("fields n")),
        ("GetLogGroupFields", json!({"logGroupName": "/sample"})),
        ("GetLogRecord", record),
    ] {
        house
            .check(operation, input, "InvalidOperationException", said)
            .await;
    }
    assert_eq!(
        house.ok("DescribeQueries", json!({})).await,
        json!({"queries": []})
    );
}

#[tokio::test]
async fn our_own_operations_say_what_the_service_has_no_words_for() {
    let house = furnished().await;
    let put = json!({"name": "all", "queryString": "filter a like '%x%'"});
    house.ok("PutQueryDefinition", put).await;
    let (status, checked) = house
        .post("/corelog/v1/queries/check", &question("$all() | limit 5"))
        .await;
    assert_eq!(status, 200, "{checked}");
    assert_eq!(checked["text"], "filter a like '%x%'\n | limit 5");
    assert_eq!(checked["logGroups"], json!(["/sample"]));
    assert_eq!(checked["language"], "CWLI");
    assert_eq!(checked["startMs"], (SECOND - 60) * 1_000);
    let warning = &checked["warnings"][0];
    assert_eq!(
        warning["message"],
        "`like` has no wildcards: % stands for itself"
    );
    assert_eq!(
        (&warning["start"], &warning["end"]),
        (&json!(14), &json!(19))
    );
    assert!(house.engine.asked.lock().is_empty(), "nothing is run");

    for (text, groups) in [
        ("limit 5", ["/sample"]),
        ("SOURCE '/other' | limit 5", ["/other"]),
    ] {
        let input = with(question(text), json!({"logGroupName": null}));
        let (_, checked) = house.post("/corelog/v1/queries/check", &input).await;
        assert_eq!(checked["logGroups"], json!(groups), "{text}");
    }

    let (status, refused) = house
        .post("/corelog/v1/queries/check", &question("filter refuse = 1"))
        .await;
    let place = json!({"text": "filter refuse = 1", "start": 7, "end": 13});
    let expected = json!({"error": {
        "code": "MalformedQueryException", "message": "not this one", "hint": "another", "place": place,
    }});
    assert_eq!((status, refused), (400, expected));

    let (_, plan) = house
        .post("/corelog/v1/queries/explain", &question("limit 1"))
        .await;
    assert_eq!(plan["parts"][0]["title"], "plan");
    let (_, estimate) = house
        .post("/corelog/v1/queries/estimate", &question("limit 1"))
        .await;
    let expected = json!({
        "read": {"files": 2, "rows": 30, "bytes": 400}, "of": {"files": 5, "rows": 60, "bytes": 700},
    });
    assert_eq!(estimate, expected);
    for (input, said) in [
        (json!({"queryString": "x"}), "startTime"),
        (json!([]), "expected"),
    ] {
        let (status, body) = house.post("/corelog/v1/queries/check", &input).await;
        assert_eq!(status, 400, "{input} {said}: {body}");
    }

    let id = house.start(question("filter fail = 1")).await;
    assert_eq!(house.results(&id).await["status"], "Failed");
    let (status, body) = house.get(&format!("/corelog/v1/queries/{id}")).await;
    let body = json(&body);
    assert_eq!((status, &body["status"]), (200, &json!("Failed")));
    assert_eq!(
        body["error"],
        json!({"message": "the query failed", "hint": "corelog's own log says more"})
    );
    let id = house.start(question("fields n")).await;
    house.results(&id).await;
    let (_, body) = house.get(&format!("/corelog/v1/queries/{id}")).await;
    let body = json(&body);
    assert_eq!(
        (&body["columns"], &body["rows"]),
        (&json!(["@message", "n"]), &json!(3))
    );
    assert_eq!(house.get("/corelog/v1/queries/none").await.0, 404);
}
