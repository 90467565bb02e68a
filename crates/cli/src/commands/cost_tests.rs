//! `corelog cost` against a small server that answers from a table.

use serde_json::{Value, json};

use super::session_tests::{run_words, server};

type Answers = Vec<(&'static str, u16, String)>;

/// What a server says to a statement with these rows.
fn answers(rows: &[&[(&str, &str)]]) -> Answers {
    let field = |(name, value): &(&str, &str)| json!({"field": name, "value": value});
    let rows: Vec<Vec<Value>> = rows
        .iter()
        .map(|row| row.iter().map(field).collect())
        .collect();
    let checked = json!({"text": "limit 1", "logGroups": ["/corelog/invocations"], "warnings": []});
    let state = json!({"queryId": "q-1", "status": "Complete", "columns": ["k"], "ranMs": 1, "statistics": {}});
    vec![
        ("POST /corelog/v1/queries/check", 200, checked.to_string()),
        (
            "POST / Logs_20140328.StartQuery",
            200,
            json!({"queryId": "q-1"}).to_string(),
        ),
        ("GET /corelog/v1/queries/q-1", 200, state.to_string()),
        (
            "POST / Logs_20140328.GetQueryResults",
            200,
            json!({"results": rows}).to_string(),
        ),
    ]
}

fn costs() -> Answers {
    answers(&[
        &[
            ("k", "gpt-4o"),
            ("model", "gpt-4o"),
            ("currency", "USD"),
            ("calls", "2"),
            ("priced", "2"),
            ("amount", "0.005657500000"),
            ("input", "95"),
            ("cache_read", "1920"),
            ("output", "302"),
        ],
        &[
            ("k", "claude-opus-4-5"),
            ("model", "claude-opus-4-5"),
            ("currency", "USD"),
            ("calls", "1200"),
            ("priced", "1200"),
            ("amount", "12.500000000000"),
            ("input", "1000000"),
            ("output", "300000"),
        ],
        &[
            ("k", "gpt-4o"),
            ("model", "gpt-4o"),
            ("absent", "failed"),
            ("calls", "4"),
            ("priced", "0"),
        ],
        &[
            ("k", "llama"),
            ("model", "llama"),
            ("absent", "no_price"),
            ("calls", "3"),
            ("priced", "0"),
            ("input", "9"),
            ("output", "9"),
        ],
    ])
}

#[test]
fn costs_are_added_up_and_what_has_none_is_counted() {
    let (url, asked) = server(costs());
    let ask = |format: &str| run_words(&url, &["cost", "--since", "7d", "-o", format]).unwrap();
    let table = "\
MODEL            CALLS      INPUT  CACHED  WRITTEN   OUTPUT         COST  FAILED  NO COST
claude-opus-4-5  1,200  1,000,000                   300,000  12.5000 USD
gpt-4o               6         95   1,920               302   0.0057 USD       4
llama                3          9                         9            –                3
total            1,209  1,000,104   1,920           300,311  12.5057 USD       4        3
";
    let trimmed = |text: &str| {
        text.lines()
            .map(str::trim_end)
            .collect::<Vec<_>>()
            .join("\n")
            + "\n"
    };
    assert_eq!(trimmed(&ask("table")), table);
    let csv = "\
model,calls,priced,input_tokens,cache_read_tokens,cache_write_tokens,output_tokens,cost,currency
claude-opus-4-5,1200,1200,1000000,0,0,300000,12.5,USD
gpt-4o,6,2,95,1920,0,302,0.0056575,USD
llama,3,0,9,0,0,9,,USD
";
    assert_eq!(ask("csv"), csv);
    let lines: Vec<Value> = ask("json")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[1]["cost"], "0.0056575");
    assert_eq!(lines[2]["cost"], Value::Null);
    assert_eq!(lines[2]["unpriced"], json!({"no_price": 3}));
    let asked = asked.lock().unwrap();
    let statement = asked
        .iter()
        .find(|head| head.contains("StartQuery"))
        .unwrap();
    assert!(statement.contains("FROM `logGroups(logGroupIdentifier:['/corelog/invocations'])`"));
}

#[test]
fn a_bill_is_set_against_the_records_of_its_days() {
    let (url, asked) = server(answers(&[&[
        ("k", "2026-11-20"),
        ("model", "gpt-4o"),
        ("currency", "USD"),
        ("calls", "5"),
        ("priced", "5"),
        ("amount", "0.750000000000"),
    ]]));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bill.csv");
    let bill = "start_time_iso,amount_value,amount_currency,line_item\n\
        2026-11-20T00:00:00+00:00,0.25,usd,\"gpt-4o-2024-08-06, input\"\n\
        2026-11-20T00:00:00+00:00,0.6,usd,\"gpt-4o-2024-08-06, output\"\n";
    std::fs::write(&path, bill).unwrap();
    let path = path.to_str().unwrap();
    let shown = run_words(&url, &["cost", "compare", "--bill", path, "-o", "csv"]).unwrap();
    let expected = "\
day,billed_as,recorded_as,bill,recorded,difference,calls,unpriced_calls,why
2026-11-20,gpt-4o-2024-08-06,gpt-4o,0.85,0.75,0.1,5,0,the bill has more
";
    assert_eq!(shown, expected);
    let asked = asked.lock().unwrap();
    let started = asked
        .iter()
        .find(|head| head.contains("StartQuery"))
        .unwrap();
    let started: Value = serde_json::from_str(started.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    // From `date -u -d 2026-11-20 +%s`, to the last second of the day.
    assert_eq!(started["startTime"], 1_795_132_800);
    assert_eq!(started["endTime"], 1_795_219_199);
    let refused = run_words(&url, &["cost", "compare", "--bill", "/nowhere.csv"]);
    assert!(refused.unwrap_err().contains("/nowhere.csv"));
}

#[test]
fn budgets_say_what_is_spent() {
    let rows: &[&[(&str, &str)]] = &[&[
        ("k", "2026-11-20"),
        ("currency", "USD"),
        ("calls", "5"),
        ("priced", "4"),
        ("amount", "120.000000000000"),
    ]];
    let (url, _) = server(answers(rows));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("c.toml");
    let text = "[[budget]]\nname = \"all\"\namount = \"100\"\n[[budget]]\nname = \"much\"\namount = \"1000000\"\n";
    std::fs::write(&path, text).unwrap();
    let config = path.to_str().unwrap();
    let shown = run_words(&url, &["cost", "budgets", "--config", config, "-o", "json"]).unwrap();
    let lines: Vec<Value> = shown
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        (
            &lines[0]["spent"],
            &lines[0]["state"],
            &lines[0]["unpricedCalls"]
        ),
        (&json!("120"), &json!("over"), &json!(1))
    );
    assert_eq!(lines[1]["state"], "within");
    std::fs::write(&path, "[[budget]]\nname = \"all\"\namount = \"lots\"\n").unwrap();
    let refused = run_words(&url, &["cost", "budgets", "--config", config]);
    assert!(refused.unwrap_err().contains("`lots` is no amount"));
}

#[test]
fn prices_are_listed_with_their_sources() {
    let shown = run_words("http://127.0.0.1:1", &["cost", "prices", "-o", "csv"]).unwrap();
    assert!(shown.starts_with("list,model,evidence,read,source\n"));
    let of_claude = "anthropic,claude-opus-4-5,confirmed,2026-11-22,https://platform.claude.com/";
    assert!(shown.contains(of_claude));
    assert!(shown.contains("openai,gpt-4o,unconfirmed,"));
}
