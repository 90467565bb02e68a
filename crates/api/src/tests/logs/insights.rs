//! Questions: which are taken and what they become, and how the others are refused.

mod answers;

use super::*;

const SECOND: i64 = 1_795_166_142;

/// A request with the text, about `/sample`.
pub(super) fn question(text: &str) -> Value {
    json!({"logGroupName": "/sample", "startTime": SECOND - 60, "endTime": SECOND, "queryString": text})
}

/// The same with members more or other; null removes one.
fn with(mut base: Value, more: Value) -> Value {
    let object = base.as_object_mut().unwrap();
    if let Value::Object(more) = more {
        object.extend(more);
    }
    object.retain(|_, value| !value.is_null());
    base
}

pub(super) async fn furnished() -> House {
    let house = house().await;
    for name in ["/sample", "/other", "/prod/a", "/prod/b"] {
        let tags = json!({"stage": if name.starts_with("/prod") { "prod" } else { "dev" }});
        house
            .ok(
                "CreateLogGroup",
                json!({"logGroupName": name, "tags": tags}),
            )
            .await;
    }
    let rare = json!({"logGroupName": "/prod/rare", "logGroupClass": "INFREQUENT_ACCESS"});
    house.ok("CreateLogGroup", rare).await;
    house
}

impl House {
    /// Starts a query; its id.
    pub(super) async fn start(&self, input: Value) -> String {
        let started = self.ok("StartQuery", input).await;
        started["queryId"].as_str().unwrap().to_owned()
    }

    /// The results of a query that has ended.
    pub(super) async fn results(&self, id: &str) -> Value {
        for _ in 0..1_000 {
            let found = self.ok("GetQueryResults", json!({"queryId": id})).await;
            if !["Scheduled", "Running"].contains(&found["status"].as_str().unwrap()) {
                return found;
            }
            tokio::task::yield_now().await;
        }
        panic!("{id} does not end");
    }

    /// What the engine was asked last.
    fn spec(&self) -> crate::logs::QuerySpec {
        self.engine.asked.lock().last().cloned().unwrap()
    }

    async fn post(&self, uri: &str, input: &Value) -> (u16, Value) {
        let answer = self.call(Method::POST, uri, &input.to_string()).await;
        let (status, body) = read(answer).await;
        (status, json(&body))
    }
}

#[tokio::test]
async fn both_ends_of_the_time_are_whole_seconds() {
    let house = furnished().await;
    let id = house
        .start(with(question("fields n"), json!({"limit": 7})))
        .await;
    house.results(&id).await;
    let spec = house.spec();
    assert_eq!(spec.start_ms, (SECOND - 60) * 1_000);
    assert_eq!(spec.end_ms, SECOND * 1_000 + 999);
    assert_eq!((spec.limit, spec.asked_at), (Some(7), NOW));
    let same = with(
        question("fields n"),
        json!({"startTime": SECOND, "endTime": SECOND}),
    );
    house.results(&house.start(same).await).await;
    assert_eq!(house.spec().end_ms - house.spec().start_ms, 999);
    let long = with(question("fields n"), json!({"endTime": i64::MAX}));
    house.results(&house.start(long).await).await;
    assert_eq!(house.spec().end_ms, i64::MAX);
    let backwards = with(question("fields n"), json!({"endTime": SECOND - 61}));
    let said = "The end of a query's time range cannot be before its start.";
    house
        .check("StartQuery", backwards, "InvalidParameterException", said)
        .await;
}

#[tokio::test]
async fn groups_come_from_exactly_one_place() {
    let house = furnished().await;
    let arn = "arn:aws:logs:us-east-1:111122223333:log-group:/other";
    let none = json!({"logGroupName": null});
    for (more, expected) in [
        (json!({}), vec!["/sample"]),
        (
            json!({"logGroupName": null, "logGroupNames": ["/sample", "/other", "/sample"]}),
            vec!["/sample", "/other"],
        ),
        (
            json!({"logGroupName": null, "logGroupIdentifiers": [arn, "/sample"]}),
            vec!["/other", "/sample"],
        ),
        (
            json!({"logGroupName": null, "logGroupNames": [], "queryString": "SOURCE \"/other\" | fields n"}),
            vec!["/other"],
        ),
        (
            json!({"logGroupName": null, "queryString": "SOURCE logGroups() | fields n"}),
            vec!["/other", "/prod/a", "/prod/b", "/sample"],
        ),
        (
            json!({"logGroupName": null, "queryString": "SOURCE logGroups(namePrefix: ['/prod', '/oth'], class: ['STANDARD', 'INFREQUENT_ACCESS']) | fields n"}),
            vec!["/other", "/prod/a", "/prod/b", "/prod/rare"],
        ),
        (
            json!({"logGroupName": null, "queryString": "SOURCE logGroups(namePrefix: ['/prod'], accountIdentifier: ['999988887777']) | fields n"}),
            vec![],
        ),
        (
            json!({"logGroupName": null, "queryString": "SOURCE logGroupTags([{\"key\": \"stage\", \"values\": [\"p*\"]}]) | fields n"}),
            vec!["/prod/a", "/prod/b"],
        ),
    ] {
        let input = with(question("fields n"), more);
        house.results(&house.start(input.clone()).await).await;
        let groups: Vec<String> = house
            .spec()
            .groups
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(groups, expected, "{input}");
    }
    let said = "A query must have exactly one of logGroupName, logGroupNames and logGroupIdentifiers, or a SOURCE command.";
    for more in [
        none,
        json!({"logGroupNames": ["/other"]}),
        json!({"queryString": "SOURCE \"/other\" | fields n"}),
    ] {
        let input = with(question("fields n"), more);
        house
            .check("StartQuery", input, "InvalidParameterException", said)
            .await;
    }
    let many: Vec<String> = (0..51).map(|n| format!("/g{n}")).collect();
    let input = with(
        question("fields n"),
        json!({"logGroupName": null, "logGroupNames": many}),
    );
    let said = "A query can read up to 50 log groups.";
    house
        .check("StartQuery", input, "InvalidParameterException", said)
        .await;
}

#[tokio::test]
async fn a_group_that_is_not_there_is_named() {
    let house = furnished().await;
    let elsewhere = "arn:aws:logs:eu-west-1:111122223333:log-group:/sample";
    for (more, name) in [
        (json!({"logGroupName": "/gone"}), "/gone"),
        (
            json!({"logGroupName": null, "logGroupIdentifiers": ["/sample", elsewhere]}),
            elsewhere,
        ),
        (
            json!({"logGroupName": null, "queryString": "SOURCE '/gone' | fields n"}),
            "/gone",
        ),
        (
            json!({"queryString": "filter a in (SOURCE '/gone' | fields a)"}),
            "/gone",
        ),
    ] {
        let input = with(question("fields n"), more);
        let (code, said) = house.refused("StartQuery", input).await;
        assert_eq!(code, "ResourceNotFoundException");
        let expected = format!(
            "Log group '{name}' does not exist for account ID '111122223333' (Service: AWSLogs; Status Code: 400; \
             Error Code: ResourceNotFoundException; Request ID: "
        );
        assert!(said.starts_with(&expected), "{said}");
        assert!(said.ends_with("; Proxy: null)"), "{said}");
    }
}

#[tokio::test]
async fn subqueries_have_groups_and_a_source_has_times() {
    let house = furnished().await;
    let text = "SOURCE '/sample' START=-1h END=now | filter a in (SOURCE logGroups(namePrefix: ['/prod/']) | fields a)";
    let input = with(question(text), json!({"logGroupName": null}));
    house.results(&house.start(input).await).await;
    let spec = house.spec();
    let now = i64::try_from(NOW.unix_ms()).unwrap();
    assert_eq!((spec.start_ms, spec.end_ms), (now - 3_600_000, now));
    let at = text.rfind("SOURCE").unwrap();
    let groups: Vec<String> = spec.sources[&at].iter().map(ToString::to_string).collect();
    assert_eq!(groups, ["/prod/a", "/prod/b"]);
    assert_eq!(spec.sources.len(), 1);
    let bad = with(
        question("SOURCE dataSource(['x']) | fields n"),
        json!({"logGroupName": null}),
    );
    let (code, said) = house.refused("StartQuery", bad).await;
    assert_eq!(
        (code.as_str(), said.as_str()),
        ("MalformedQueryException", "there are no data sources")
    );
}

#[tokio::test]
async fn a_malformed_query_is_refused_with_its_place() {
    let house = furnished().await;
    for (text, said, start, end) in [
        (
            "filter modelId = | limit 5",
            "unexpected symbol found | at line 1 and position 17",
            17,
            18,
        ),
        (
            "# é\nfields a | frobnicate",
            "unexpected symbol found frobnicate at line 2 and position 11",
            15,
            25,
        ),
        ("filter refuse = 1", "not this one", 7, 13),
    ] {
        let target = "Logs_20140328.StartQuery";
        let (status, _, body) = house.aws(target, &question(text).to_string()).await;
        let expected = json!({
            "__type": "MalformedQueryException", "message": said,
            "queryCompileError": {
                "location": {"startCharOffset": start, "endCharOffset": end}, "message": said,
            },
        });
        assert_eq!((status, json(&body)), (400, expected), "{text}");
    }
    for text in [
        "fields @timestamp | fields count()",
        "stats count(*) by modelId | filter @message like 'x'",
        "dedup modelId | sort @timestamp asc",
        "filter modelId = 'it''s' | limit 1",
        "",
    ] {
        let (code, _) = house.refused("StartQuery", question(text)).await;
        assert_eq!(code, "MalformedQueryException", "{text}");
    }
    assert!(house.engine.asked.lock().is_empty());
}

#[tokio::test]
async fn what_the_model_and_we_do_not_take_is_an_invalid_parameter() {
    let house = furnished().await;
    for (more, said) in [
        (
            json!({"limit": 0}),
            "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
        ),
        (
            json!({"limit": 100_001}),
            "1 validation error detected: Value '100001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 100000",
        ),
        (
            json!({"queryLanguage": "PPL"}),
            "Corelog does not run queries in PPL: use CWLI or SQL.",
        ),
    ] {
        let input = with(question("fields n"), more);
        house
            .check("StartQuery", input, "InvalidParameterException", said)
            .await;
    }
}

#[tokio::test]
async fn saved_queries_stand_in_for_their_calls() {
    let house = furnished().await;
    for (name, text) in [("errors", "filter x = {{n}}"), ("errors and", "limit 9")] {
        let input = json!({
            "name": name, "queryString": text,
            "parameters": if name == "errors" { json!([{"name": "n", "defaultValue": "5"}]) } else { json!([]) },
        });
        house.ok("PutQueryDefinition", input).await;
    }
    let id = house.start(question("$errors(n = 7) | limit 2")).await;
    house.results(&id).await;
    assert_eq!(house.spec().text, "filter x = 7\n | limit 2");
    let described = house.ok("DescribeQueries", json!({})).await;
    let shown = described["queries"][0]["queryString"].as_str().unwrap();
    assert!(shown.ends_with("| $errors(n = 7) | limit 2"), "{shown}");
    let (code, said) = house.refused("StartQuery", question("$nothing()")).await;
    assert_eq!(
        (code.as_str(), said.as_str()),
        ("MalformedQueryException", "unknown saved query `nothing`")
    );
}

#[tokio::test]
async fn sql_names_its_groups_itself() {
    let house = furnished().await;
    let input = with(
        question("SELECT 1"),
        json!({"logGroupName": null, "queryLanguage": "SQL"}),
    );
    let found = house.results(&house.start(input).await).await;
    assert_eq!(found["queryLanguage"], "SQL");
    let described = house
        .ok("DescribeQueries", json!({"queryLanguage": "SQL"}))
        .await;
    assert_eq!(described["queries"][0]["queryString"], "SELECT 1");
    assert_eq!(described["queries"][0].get("logGroupName"), None);
}

#[tokio::test]
async fn who_may_not_start_queries_may_not_try_them_either() {
    let house = house_denying(Some(Action::Logs("StartQuery"))).await;
    house
        .ok("CreateLogGroup", json!({"logGroupName": "/sample"}))
        .await;
    for which in ["check", "explain", "estimate"] {
        let uri = format!("/corelog/v1/queries/{which}");
        let (status, body) = house.post(&uri, &question("limit 1")).await;
        assert_eq!(
            (status, &body["error"]["code"]),
            (400, &json!("AccessDeniedException"))
        );
    }
    let house = house_denying(Some(Action::Logs("GetQueryResults"))).await;
    assert_eq!(house.get("/corelog/v1/queries/x").await.0, 403);
}

#[tokio::test]
async fn a_text_that_may_read_other_groups_is_about_all_of_them() {
    let house = house_denying(Some(Action::Logs("StartQuery"))).await;
    let all = "arn:aws:logs:us-east-1:111122223333:log-group:*";
    let one = "arn:aws:logs:us-east-1:111122223333:log-group:/sample";
    let two = json!({"logGroupName": null, "logGroupNames": ["/sample", "/other"]});
    for (input, on) in [
        (question("fields n"), one),
        (with(question("fields n"), two), all),
        (question("filter a in (SOURCE '/other' | fields a)"), all),
        (question("$saved()"), all),
        (
            with(question("SELECT 1"), json!({"queryLanguage": "SQL"})),
            all,
        ),
    ] {
        let (code, said) = house.refused("StartQuery", input).await;
        assert_eq!(code, "AccessDeniedException");
        assert!(said.ends_with(&format!("on resource: {on}")), "{said}");
    }
}
