//! `corelog query` and `corelog sql` against a small server that answers from a table.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::session_tests::{run, run_words, server};

const CHECK: &str = "POST /corelog/v1/queries/check";
const START: &str = "POST / Logs_20140328.StartQuery";
const STATE: &str = "GET /corelog/v1/queries/q-1";
const RESULTS: &str = "POST / Logs_20140328.GetQueryResults";
const GROUPS: &str = "POST / Logs_20140328.DescribeLogGroups";
const DEFINITIONS: &str = "POST / Logs_20140328.DescribeQueryDefinitions";
const PUT: &str = "POST / Logs_20140328.PutQueryDefinition";
const DELETE: &str = "POST / Logs_20140328.DeleteQueryDefinition";

type Answers = Vec<(&'static str, u16, String)>;

/// What a server says to a query of that text with these columns and rows.
fn answers(text: &str, columns: &[&str], rows: &[&[(&str, &str)]]) -> Answers {
    let field = |(name, value): &(&str, &str)| json!({"field": name, "value": value});
    let rows: Vec<Vec<Value>> = rows
        .iter()
        .map(|row| row.iter().map(field).collect())
        .collect();
    let checked = json!({
        "text": text, "language": "CWLI", "logGroups": ["/corelog/invocations"],
        "startMs": 1_795_162_542_000_u64, "endMs": 1_795_166_142_999_u64, "warnings": [],
    });
    let statistics =
        json!({"recordsMatched": 3.0, "recordsScanned": 1_500.0, "bytesScanned": 2_100.0});
    let state = json!({
        "queryId": "q-1", "status": "Complete", "columns": columns, "rows": rows.len(), "ranMs": 12,
        "statistics": statistics,
    });
    vec![
        (CHECK, 200, checked.to_string()),
        (START, 200, json!({"queryId": "q-1"}).to_string()),
        (STATE, 200, state.to_string()),
        (RESULTS, 200, json!({"results": rows}).to_string()),
    ]
}

fn two_rows() -> Answers {
    answers(
        "stats count(*) as n by modelId",
        &["modelId", "n"],
        &[
            &[("modelId", "gpt,5"), ("n", "12"), ("@ptr", "p1")],
            &[("n", "3")],
        ],
    )
}

/// The documents that were sent to that operation.
fn sent(asked: &Arc<Mutex<Vec<String>>>, operation: &str) -> Vec<Value> {
    let asked = asked.lock().unwrap();
    let heads = asked.iter().filter(|head| head.contains(operation));
    let body = |head: &String| serde_json::from_str(head.split("\r\n\r\n").nth(1).unwrap());
    heads.map(|head| body(head).unwrap()).collect()
}

#[test]
fn rows_come_in_the_form_that_is_wanted() {
    let (url, asked) = server(two_rows());
    let ask = |format: &str| {
        let words = ["query", "stats count(*) as n by modelId", "-o", format];
        run_words(&url, &words).unwrap()
    };
    let table = "\
modelId   n
gpt,5    12
–         3
";
    assert_eq!(ask("table"), table);
    assert_eq!(ask("csv"), "modelId,n\n\"gpt,5\",12\n,3\n");
    let lines = "{\"modelId\":\"gpt,5\",\"n\":\"12\",\"@ptr\":\"p1\"}\n{\"n\":\"3\"}\n";
    assert_eq!(ask("json"), lines);
    let started = &sent(&asked, "StartQuery")[0];
    assert_eq!(started["queryString"], "stats count(*) as n by modelId");
    assert_eq!(started["queryLanguage"], "CWLI");
    assert_eq!(
        started["logGroupIdentifiers"],
        json!(["/corelog/invocations"])
    );
    let seconds = |name: &str| started[name].as_u64().unwrap();
    assert_eq!(seconds("endTime") - seconds("startTime"), 3_600);
    let mut checked = sent(&asked, "queries/check")[0].clone();
    assert_eq!(checked.get("logGroupIdentifiers"), None);
    checked["logGroupIdentifiers"] = json!(["/corelog/invocations"]);
    assert_eq!(checked, *started, "what is checked is what is run");
}

#[test]
fn sql_names_its_tables_itself() {
    let (url, asked) = server(two_rows());
    run_words(&url, &["sql", "SELECT 1", "--since", "1d", "--limit", "7"]).unwrap();
    let started = &sent(&asked, "StartQuery")[0];
    assert_eq!(
        (&started["queryLanguage"], &started["limit"]),
        (&json!("SQL"), &json!(7))
    );
    assert_eq!(started.get("logGroupIdentifiers"), None);
}

#[test]
fn every_page_is_printed() {
    let mut table = two_rows();
    table.pop();
    let row = json!([{"field": "n", "value": "1"}]);
    let first = json!({"results": [row, row], "nextToken": "more"});
    table.push((RESULTS, 200, first.to_string()));
    table.push((RESULTS, 200, json!({"results": [row]}).to_string()));
    let (url, asked) = server(table);
    let shown = run_words(&url, &["query", "fields n", "-o", "json"]).unwrap();
    assert_eq!(shown, "{\"n\":\"1\"}\n".repeat(3));
    let pages = sent(&asked, "GetQueryResults");
    assert_eq!(pages.len(), 2);
    assert_eq!(pages[1]["nextToken"], "more");
}

#[test]
fn a_wrong_text_is_shown_with_its_place() {
    let place = json!({"text": "filter a = | limit 5", "start": 11, "end": 12});
    let refused = json!({"error": {
        "code": "MalformedQueryException", "message": "unexpected symbol found | at line 1 and position 11",
        "hint": "a value belongs there", "place": place,
    }});
    let (url, _) = server(vec![(CHECK, 400, refused.to_string())]);
    let error = run_words(&url, &["query", "filter a = | limit 5"]).unwrap_err();
    let expected = "\
unexpected symbol found | at line 1 and position 11
  filter a = | limit 5
             ^";
    assert_eq!(error, expected);
}

#[test]
fn a_server_with_keys_asks_for_one() {
    let refused = json!({"__type": "MissingAuthenticationTokenException", "message": "Missing Authentication Token"});
    let (url, _) = server(vec![
        (DEFINITIONS, 400, refused.to_string()),
        (CHECK, 401, String::new()),
    ]);
    for line in ["query list", "query limit"] {
        let error = run(&url, line).unwrap_err();
        assert!(error.contains("asks for a key"), "{line}: {error}");
    }
}

#[test]
fn a_group_that_is_missing_is_said_in_few_words() {
    let said =
        "Log group '/gone' does not exist for account ID '1' (Service: AWSLogs; Status Code: 400)";
    let refused =
        json!({"error": {"code": "ResourceNotFoundException", "message": said, "hint": ""}});
    let groups = json!({"logGroups": [{"logGroupName": "/a"}, {"logGroupName": "/b"}]});
    let (url, _) = server(vec![
        (CHECK, 400, refused.to_string()),
        (GROUPS, 200, groups.to_string()),
    ]);
    let error = run_words(&url, &["query", "limit 1", "-g", "/gone"]).unwrap_err();
    assert_eq!(error, "Log group '/gone' does not exist for account ID '1'");
}

#[test]
fn a_query_that_fails_says_why() {
    for (state, said) in [
        (
            json!({"status": "Failed", "error": {"message": "the disk is gone", "hint": ""}}),
            "the disk is gone",
        ),
        (
            json!({"status": "Timeout"}),
            "the query ran for an hour and was ended",
        ),
        (
            json!({"status": "Cancelled"}),
            "the query was stopped by somebody else",
        ),
    ] {
        let mut table = two_rows();
        table.retain(|(name, ..)| *name != STATE);
        table.push((STATE, 200, state.to_string()));
        let (url, _) = server(table);
        assert_eq!(run(&url, "query fields").unwrap_err(), said);
    }
}

#[test]
fn nothing_found_is_no_failure_and_prints_nothing() {
    let (url, _) = server(answers("fields a", &["a"], &[]));
    for format in ["table", "json"] {
        let found = run_words(&url, &["query", "fields a", "-o", format]).unwrap();
        assert_eq!(found, "", "{format}");
    }
    let found = run_words(&url, &["query", "fields a", "-o", "csv"]).unwrap();
    assert_eq!(found, "a\n");
}

#[test]
fn explain_and_estimate_start_nothing() {
    let plan = json!({"parts": [{"title": "plan", "text": "scan\n  filter"}]});
    let amount =
        |files: u64, rows: u64, bytes: u64| json!({"files": files, "rows": rows, "bytes": bytes});
    let estimate = json!({"read": amount(2, 3_000, 1_200_000), "of": amount(5, 60_000, 7_000_000)});
    let mut table = two_rows();
    table.push(("POST /corelog/v1/queries/explain", 200, plan.to_string()));
    table.push((
        "POST /corelog/v1/queries/estimate",
        200,
        estimate.to_string(),
    ));
    let (url, asked) = server(table);
    let shown = run(&url, "query limit --explain -o table").unwrap();
    assert_eq!(shown, "plan\nscan\n  filter\n");
    let shown = run(&url, "query limit --estimate -o table").unwrap();
    assert_eq!(
        shown,
        "files 2 of 5\nrows  3,000 of 60,000\nbytes 1.2 MB of 7.0 MB\n"
    );
    let shown = run(&url, "query limit --estimate -o json").unwrap();
    assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), estimate);
    assert!(sent(&asked, "StartQuery").is_empty());
}

#[test]
fn the_chart_alone_is_drawn_where_there_is_one() {
    let time = |minute: u32| format!("2026-11-20 09:0{minute}:00.000");
    let (first, second) = (time(0), time(1));
    let text = "stats count(*) as n by bin(1m)";
    let (url, _) = server(answers(
        text,
        &["bin(1m)", "n"],
        &[
            &[("bin(1m)", &first), ("n", "6")],
            &[("bin(1m)", &second), ("n", "3")],
        ],
    ));
    let shown = run_words(&url, &["query", text, "--chart"]).unwrap();
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!((lines[0], lines[1]), ("n", "6 ████"));
    assert_eq!(lines[6], "0 ████████");
    let (url, _) = server(two_rows());
    let error = run_words(
        &url,
        &["query", "stats count(*) as n by modelId", "--chart"],
    );
    assert_eq!(error.unwrap_err(), "these rows make no chart");
}

#[test]
fn csv_is_for_rows() {
    let error = run("http://127.0.0.1:1", "ps -o csv").unwrap_err();
    assert_eq!(
        error,
        "only `query`, `sql` and `cost` have rows for `-o csv`"
    );
}

fn saved(definitions: &Value) -> (String, Arc<Mutex<Vec<String>>>) {
    let mut table = two_rows();
    let all = json!({"queryDefinitions": definitions});
    table.push((DEFINITIONS, 200, all.to_string()));
    table.push((PUT, 200, json!({"queryDefinitionId": "d-1"}).to_string()));
    table.push((DELETE, 200, json!({"success": true}).to_string()));
    server(table)
}

#[test]
fn queries_are_saved_with_the_parameters_in_their_text() {
    let (url, asked) = saved(&json!([]));
    let text = "filter ms > {{n}} and x = '{{x}}'";
    let words = ["query", "save", "slow", text, "-g", "/a", "--param", "n=5"];
    assert_eq!(run_words(&url, &words).unwrap(), "");
    let expected = json!({
        "name": "slow", "queryString": text, "queryLanguage": "CWLI", "logGroupNames": ["/a"],
        "parameters": [{"name": "n", "defaultValue": "5"}, {"name": "x"}],
    });
    assert_eq!(sent(&asked, "PutQueryDefinition"), [expected]);
    let unknown = ["query", "save", "slow", text, "--param", "m=5"];
    let error = run_words(&url, &unknown).unwrap_err();
    assert_eq!(error, "the query has no parameter `m`");
    let sql = ["query", "save", "slow", "SELECT 1", "--language", "sql"];
    let error = run_words(&url, &[&sql[..], &["--param", "n=5"]].concat()).unwrap_err();
    assert_eq!(error, "the query has no parameter `n`");
    assert_eq!(sent(&asked, "PutQueryDefinition").len(), 1);
}

#[test]
fn a_saved_query_is_replaced_run_listed_and_deleted_by_its_name() {
    let one = |name: &str, id: &str, modified: u64| {
        json!({
            "name": name, "queryDefinitionId": id, "queryLanguage": "CWLI", "lastModified": modified,
            "queryString": "filter\n  ms > {{n}}", "logGroupNames": ["/a"],
        })
    };
    let at = 1_795_166_142_000;
    let all = json!([
        one("slow", "old", at - 1),
        one("slow", "new", at),
        one("slower", "other", at + 1)
    ]);
    let (url, asked) = saved(&all);
    run(&url, "query save slow limit").unwrap();
    let put = &sent(&asked, "PutQueryDefinition")[0];
    assert_eq!(put["queryDefinitionId"], "new");
    run_words(&url, &["query", "--saved", "slow", "--param", "n=a\"b"]).unwrap();
    let started = &sent(&asked, "StartQuery")[0];
    assert_eq!(started["queryString"], "$`slow`(n = \"a\\\"b\")");
    assert_eq!(started["logGroupIdentifiers"], json!(["/a"]));
    run(&url, "query delete slow").unwrap();
    let deleted = sent(&asked, "DeleteQueryDefinition");
    assert_eq!(deleted, [json!({"queryDefinitionId": "new"})]);
    let error = run(&url, "query delete gone").unwrap_err();
    assert_eq!(error, "there is no saved query `gone`");
    let listed = run(&url, "query list -o table").unwrap();
    let row: Vec<&str> = listed.lines().nth(2).unwrap().split_whitespace().collect();
    assert_eq!(
        row,
        [
            "slow",
            "CWLI",
            "2026-11-20T09:15:42Z",
            "/a",
            "filter",
            "ms",
            ">",
            "{{n}}"
        ]
    );
}
