//! Whole commands against a small server that answers from a table.

use std::io::{BufRead as _, BufReader, Read as _, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use super::*;

const ID: &str = "01939b5e-7c1a-7000-8000-000000000001";

/// One record as the server gives it, with a number that parsing would change.
const RECORD: &str = r#"{"timestamp":"2026-11-20T09:15:42Z","accountId":"000000000000","region":"us-east-1","requestId":"01939b5e-7c1a-7000-8000-000000000001","operation":"ChatCompletions","modelId":"gpt-5","input":{"inputContentType":"application/json","inputBodyJson":{"temperature":0.10,"messages":[{"role":"user","content":"Say hi"}]},"inputTokenCount":9},"output":{"outputContentType":"application/json","outputTokenCount":1234},"identity":{"arn":"arn:aws:iam::000000000000:user/app"},"schemaType":"ModelInvocationLog","schemaVersion":"1.0","corelog":{"recordId":"01939b5e-7c1a-7000-8000-000000000001","provider":"openai","dialect":"openai","upstream":"http://127.0.0.1:9100/v1/chat/completions","method":"POST","path":"/openai/v1/chat/completions","httpStatus":200,"latencyMs":1204.4,"timeToFirstByteMs":312.0,"stopReason":"stop","usage":{"input":{"value":9,"provenance":"reported"},"output":{"value":1234,"provenance":"derived"}},"caller":{"name":"app","keyFingerprint":"00112233aabbccdd"},"delivery":{"outcome":"hung_up","bytes":2048,"chunks":3,"closedAfterMs":700.0},"cut":[{"part":"output","reason":"over_limit","bytes":120000000}]}}"#;

/// Serves `(method path, status, body)`, those of one name in turn, the last for good, until the process ends; returns its URL and what it was asked.
pub(super) fn server(
    answers: Vec<(&'static str, u16, String)>,
) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    std::thread::spawn(move || {
        let mut turns = std::collections::BTreeMap::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap() > 0 {}
            let line = head.lines().next().unwrap_or_default();
            let target = line.rsplit_once(' ').map_or(line, |(target, _)| target);
            let field = |name: &str| {
                let mut fields = head.lines().filter_map(|line| line.split_once(": "));
                let found = fields.find(|(field, _)| field.eq_ignore_ascii_case(name));
                found.map(|(_, value)| value.to_owned())
            };
            let length = field("content-length").map_or(0, |length| length.parse().unwrap());
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            // Operations of AWS services are told apart by a header.
            let target = match field("x-amz-target") {
                Some(operation) => format!("{target} {operation}"),
                None => target.to_owned(),
            };
            head.push_str(&String::from_utf8(body).unwrap());
            let mut named = answers.iter().filter(|(name, ..)| *name == target);
            let turn = turns.entry(target.clone()).or_insert(0_usize);
            let last = named.clone().next_back();
            let found = named.nth(*turn).or(last);
            *turn += 1;
            let (status, body) = found.map_or((404, String::new()), |(_, status, body)| {
                (*status, body.clone())
            });
            seen.lock().unwrap().push(head);
            let head = format!(
                "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(body.as_bytes()).unwrap();
        }
    });
    (url, asked)
}

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Runs a command line; returns standard output, or the error's text.
pub(super) fn run(url: &str, line: &str) -> Result<String, String> {
    run_in(&Environment::default(), url, line)
}

fn run_in(env: &Environment, url: &str, line: &str) -> Result<String, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    run_words_in(env, url, &words)
}

/// The same for words that hold spaces.
pub(super) fn run_words(url: &str, words: &[&str]) -> Result<String, String> {
    run_words_in(&Environment::default(), url, words)
}

fn run_words_in(env: &Environment, url: &str, words: &[&str]) -> Result<String, String> {
    let line = std::iter::once("corelog").chain(words.iter().copied());
    let cli = Cli::try_parse_from(line).unwrap();
    let Command::Client(command) = cli.command else {
        panic!("no client command: {words:?}")
    };
    let buffer = Buffer::default();
    let session = Session {
        client: Client::new(url, cli.global.key.as_deref(), None).unwrap(),
        printer: Printer::of_buffer(
            cli.global.output.unwrap_or(Format::Json),
            Box::new(buffer.clone()),
        ),
        env: env.clone(),
    };
    dispatch(command, session).map_err(|error| format!("{error:#}"))?;
    let bytes = buffer.0.lock().unwrap().clone();
    Ok(String::from_utf8(bytes).unwrap())
}

fn record_server() -> String {
    let record = "GET /corelog/v1/records/01939b5e-7c1a-7000-8000-000000000001";
    let input = "GET /corelog/v1/records/01939b5e-7c1a-7000-8000-000000000001/input";
    let output = "GET /corelog/v1/records/01939b5e-7c1a-7000-8000-000000000001/output";
    let missing = r#"{"error":{"code":"not_found","message":"no events were kept","hint":"set `capture.events`"}}"#;
    server(vec![
        (record, 200, RECORD.to_owned()),
        (input, 200, r#"{"temperature":0.10}"#.to_owned()),
        (
            output,
            200,
            r#"{"choices":[{"message":{"role":"assistant","content":"Hi\u001b[2J!"}}]}"#.to_owned(),
        ),
        (
            "GET /corelog/v1/records/01939b5e-7c1a-7000-8000-000000000001/events",
            404,
            missing.to_owned(),
        ),
    ])
    .0
}

#[test]
fn get_shows_a_card_to_people() {
    let shown = run(&record_server(), &format!("get {ID} -o table")).unwrap();
    let expected = "\
record     01939b5e-7c1a-7000-8000-000000000001
time       2026-11-20T09:15:42Z
caller     app, key 00112233aabbccdd
provider   openai → http://127.0.0.1:9100/v1/chat/completions
operation  ChatCompletions
model      gpt-5
status     200
stop       stop
latency    1204 ms, first byte 312 ms
tokens     input 9 (reported) · cache read – · output 1,234 (derived)
delivery   hung_up, 2.0 kB, closed after 700 ms
left out   output over_limit (120.0 MB)

prompt
  user: Say hi

answer
  Hi\u{fffd}[2J!
";
    assert_eq!(shown, expected);
}

#[test]
fn get_gives_programs_the_bytes_as_they_are() {
    let url = record_server();
    assert_eq!(
        run(&url, &format!("get {ID}")).unwrap(),
        format!("{RECORD}\n")
    );
    assert_eq!(
        run(&url, &format!("get {ID} -o table --raw")).unwrap(),
        format!("{RECORD}\n")
    );
    assert_eq!(
        run(&url, &format!("get {ID} --request")).unwrap(),
        r#"{"temperature":0.10}"#
    );
    let curl = run(&url, &format!("get {ID} --curl")).unwrap();
    assert!(
        curl.starts_with(&format!(
            "curl -g -sS -N -X POST {url}/openai/v1/chat/completions \\\n"
        )),
        "{curl}"
    );
    assert!(
        curl.ends_with("--data-raw '{\"temperature\":0.10}'\n"),
        "{curl}"
    );
    assert_eq!(
        run(&url, &format!("get {ID} --events")).unwrap_err(),
        "no events were kept"
    );
    assert!(
        run(&url, "get ../status")
            .unwrap_err()
            .contains("no record id")
    );
}

#[test]
fn tail_passes_lines_on_and_makes_rows_of_them() {
    let (url, _) = server(vec![(
        "GET /corelog/v1/records?last=2&follow=true",
        200,
        format!("{RECORD}\n\n{RECORD}\n"),
    )]);
    assert_eq!(
        run(&url, "tail -n 2 --follow").unwrap(),
        format!("{RECORD}\n{RECORD}\n")
    );
    let rows = run(&url, "tail -n 2 --follow -o table").unwrap();
    let rows: Vec<Vec<&str>> = rows
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(rows.len(), 3);
    // A line has 120 characters here, and all columns would need 126.
    assert_eq!(rows[0][..3], ["TIME", "ID", "OPERATION"]);
    assert_eq!(rows[1][..2], ["2026-11-20T09:15:42Z", ID]);
    assert_eq!(
        rows[1][rows[1].len() - 5..],
        ["200", "9", "1,234", "1204", "ms"]
    );
}

#[test]
fn tail_asks_for_what_matches_and_shows_where() {
    let (url, asked) = server(vec![(
        "GET /corelog/v1/records?last=10&follow=false&pattern=%2234%2Cinput%22",
        404,
        String::new(),
    )]);
    assert!(run(&url, r#"tail "34,input""#).is_err());
    assert!(asked.lock().unwrap()[0].contains("pattern=%2234%2Cinput%22 "));
    let (url, _) = server(vec![(
        "GET /corelog/v1/records?last=10&follow=false&pattern=Say",
        200,
        format!("{RECORD}\n"),
    )]);
    assert_eq!(run(&url, "tail Say").unwrap(), format!("{RECORD}\n"));
    let table = run(&url, "tail Say -o table --highlight USER").unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(
        lines[2].starts_with("  …") && lines[2].contains(r#""role":"user","content":"Say hi""#)
    );
}

#[test]
fn tail_of_log_groups_prints_events_as_they_come() {
    let event = r#"{"logGroup":"/a","logStream":"s","timestamp":1795338942123,"ingestionTime":1795338942200,"message":"a\u001b[2J boat"}"#;
    let (url, _) = server(vec![(
        "GET /corelog/v1/events?group=%2Fa&group=b&pattern=boat",
        200,
        format!("{event}\n{{\"missed\":12}}\n"),
    )]);
    let line = "tail boat --log-group /a --log-group b";
    assert_eq!(
        run(&url, line).unwrap(),
        format!("{event}\n{{\"missed\":12}}\n")
    );
    assert_eq!(
        run(&url, &format!("{line} -o table")).unwrap(),
        "2026-11-22T09:15:42.123Z  a\u{fffd}[2J boat\n"
    );
}

#[test]
fn a_pattern_that_is_none_is_refused_before_anybody_is_asked() {
    let error = run("http://127.0.0.1:9", "tail {").unwrap_err();
    assert!(error.starts_with("the pattern cannot be used: "), "{error}");
}

#[test]
fn ps_and_kill_speak_of_calls_in_flight() {
    let exchanges = format!(
        r#"{{"exchanges":[{{"id":"{ID}","ageMs":61000,"state":"streaming","provider":"openai","dialect":"openai","operation":"ChatCompletions","requestBytes":2100,"responseBytes":0,"chunks":0,"events":0,"outputTokensEstimate":12}}]}}"#
    );
    let (url, asked) = server(vec![
        ("GET /corelog/v1/exchanges", 200, exchanges),
        (
            "DELETE /corelog/v1/exchanges/01939b5e-7c1a-7000-8000-000000000001",
            200,
            "{}".to_owned(),
        ),
    ]);
    let table = run(&url, "ps -o table").unwrap();
    let row: Vec<&str> = table.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(row[..5], [ID, "61.0", "s", "streaming", "openai"]);
    assert_eq!(
        row[row.len() - 8..],
        ["–", "2.1", "kB", "0", "B", "–", "~12", "–"]
    );
    assert_eq!(run(&url, "ps").unwrap().lines().count(), 1);
    assert_eq!(run(&url, &format!("kill {ID} --key s3cret")).unwrap(), "");
    let last = asked.lock().unwrap().last().cloned().unwrap();
    assert!(
        last.to_ascii_lowercase().contains("x-corelog-key: s3cret"),
        "{last}"
    );
}

#[test]
fn what_goes_wrong_is_said_in_the_servers_words_or_ours() {
    let denied = r#"{"error":{"code":"denied","message":"this key may not do that","hint":"use another key"}}"#;
    let (url, _) = server(vec![
        ("GET /corelog/v1/exchanges", 403, denied.to_owned()),
        (
            "GET /corelog/v1/records?last=10&follow=false",
            401,
            String::new(),
        ),
    ]);
    assert_eq!(run(&url, "ps").unwrap_err(), "this key may not do that");
    assert!(run(&url, "tail").unwrap_err().contains("asks for a key"));
    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let error = run(&format!("http://{nobody}"), "ps").unwrap_err();
    assert!(
        error.starts_with(&format!("no Corelog answers at http://{nobody}")),
        "{error}"
    );
    assert!(
        run(&url, "run -- true")
            .unwrap_err()
            .contains("is no Corelog")
    );
}

#[test]
fn doctor_reports_a_line_for_each_thing_it_looked_at() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("c.toml");
    let mut text = format!(
        "[[destination]]\nname=\"here\"\nurl=\"file://{}\"\n",
        dir.path().display()
    );
    // Every dialect has a provider on this machine, so that nothing is asked of the network.
    for dialect in ["openai", "anthropic", "bedrock"] {
        text = format!(
            "{text}[[provider]]\nname=\"{dialect}\"\ndialect=\"{dialect}\"\nbase_url=\"http://127.0.0.1:1\"\n"
        );
    }
    std::fs::write(&config, text).unwrap();
    let line = format!(
        "doctor --offline --config {} --data {}",
        config.display(),
        dir.path().display()
    );
    let shown = run("http://127.0.0.1:1", &line).unwrap();
    for check in ["configuration", "data directory", "destination here"] {
        assert!(
            shown
                .lines()
                .any(|l| l.starts_with(&format!(r#"{{"check":"{check}","state":"ok""#))),
            "{check}: {shown}"
        );
    }
    std::fs::write(&config, "[spol]\n").unwrap();
    let shown = run("http://127.0.0.1:1", &line).unwrap();
    assert!(
        shown.contains(r#""state":"fail","message":"unknown key `spol`"#),
        "{shown}"
    );
    assert!(shown.contains("did you mean `spool`?"), "{shown}");
}

#[test]
fn doctor_looks_where_up_would_work() {
    let (file, variable, flag) = ("of-the-file", "of-the-variable", "of-the-flag");
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("c.toml");
    let path = |name: &str| dir.path().join(name).display().to_string();
    // Nothing of the network is asked.
    let mut text = format!("data = \"{}\"\n", path(file));
    for dialect in ["openai", "anthropic", "bedrock"] {
        text = format!(
            "{text}[[provider]]\nname=\"{dialect}\"\ndialect=\"{dialect}\"\nbase_url=\"http://127.0.0.1:1\"\n"
        );
    }
    std::fs::write(&config, text).unwrap();
    let config = config.display().to_string();
    let looked_in = |env: &[(&str, &str)], line: &str| {
        let env = Environment::from_pairs(env.iter().copied());
        let shown = run_in(&env, "http://127.0.0.1:1", line).unwrap();
        let mut lines = shown.lines();
        let found = lines.find(|line| line.contains(r#""check":"data directory""#));
        found.unwrap().to_owned()
    };
    let named = ("CORELOG_CONFIG", config.as_str());
    let data = path(variable);
    let line = format!("doctor --offline --config {config}");
    assert!(looked_in(&[], &line).contains(file));
    assert!(looked_in(&[named], "doctor --offline").contains(file));
    let both = [named, ("CORELOG_DATA", data.as_str())];
    assert!(looked_in(&both, "doctor --offline").contains(variable));
    let line = format!("doctor --offline --data {}", path(flag));
    assert!(looked_in(&both, &line).contains(flag));
}

#[test]
fn a_long_answer_is_copied_rather_than_held() {
    let body = "x".repeat(1 << 20);
    let path = "GET /corelog/v1/records/01939b5e-7c1a-7000-8000-000000000001/output";
    let (url, _) = server(vec![(path, 200, body.clone())]);
    let mut copied = String::new();
    run(&url, &format!("get {ID} --response"))
        .unwrap()
        .as_bytes()
        .read_to_string(&mut copied)
        .unwrap();
    assert_eq!(copied, body);
}

#[test]
fn notifiers_are_shown_with_how_they_do() {
    let list = r#"{"notifiers":[
        {"name":"ops","kind":"slack","place":"https://hooks.slack.com","delivered":1203,"givenUp":0,"failures":0,"lastDelivery":"2026-11-22T18:00:00Z"},
        {"name":"pager","kind":"pagerduty","place":"https://events.pagerduty.com","delivered":0,"givenUp":2,"failures":3,"lastError":"the receiver answered 503","waitsUntil":"2026-11-22T18:05:00Z"}]}"#;
    let (url, _) = server(vec![("GET /corelog/v1/notifiers", 200, list.to_owned())]);
    let shown = run(&url, "notifier list -o table").unwrap();
    let lines: Vec<&str> = shown.lines().collect();
    assert!(lines[0].starts_with("NAME   KIND "), "{shown}");
    assert!(
        lines[1].contains("1,203") && lines[1].ends_with("ok"),
        "{shown}"
    );
    assert!(lines[2].contains("pager"), "{shown}");
    let lines = run(&url, "notifier list").unwrap();
    assert_eq!(lines.lines().count(), 2);
    assert!(
        lines.starts_with(r#"{"name":"ops","kind":"slack""#),
        "{lines}"
    );
}

#[test]
fn a_test_of_a_notifier_arrives_or_says_why_not() {
    let refused = r#"{"error":{"code":"bad_gateway","message":"the test did not reach `pager`: the receiver answered 400","hint":"look"}}"#;
    let (url, asked) = server(vec![
        (
            "POST /corelog/v1/notifiers/ops/test",
            200,
            r#"{"tested":"ops"}"#.to_owned(),
        ),
        (
            "POST /corelog/v1/notifiers/pager/test",
            502,
            refused.to_owned(),
        ),
    ]);
    assert_eq!(run(&url, "notifier test ops").unwrap(), "");
    assert_eq!(
        run(&url, "notifier test pager").unwrap_err(),
        "the test did not reach `pager`: the receiver answered 400"
    );
    let error = run(&url, "notifier test ../status").unwrap_err();
    assert_eq!(error, "`../status` is no name of a notifier");
    assert_eq!(asked.lock().unwrap().len(), 2);
}

const DESCRIBED: &str = r#"{"CompositeAlarms":[{"AlarmName":"all","StateValue":"OK","AlarmRule":"ALARM(slow)","StateTransitionedTimestamp":1795166142.123,"ActionsEnabled":true,"AlarmActions":[]}],
    "MetricAlarms":[{"AlarmName":"slow","AlarmArn":"arn:aws:cloudwatch:us-east-1:0:alarm:slow","StateValue":"ALARM","StateReason":"Threshold Crossed","StateTransitionedTimestamp":1795166142.123,"ActionsEnabled":false,"AlarmActions":["arn:aws:sns:us-east-1:0:ops"],"OKActions":[],"InsufficientDataActions":[],"Namespace":"AWS/Bedrock","MetricName":"InvocationLatency","ExtendedStatistic":"p99","Dimensions":[],"Period":300,"EvaluationPeriods":1,"Threshold":2500.0,"ComparisonOperator":"GreaterThanThreshold"}]}"#;
const DESCRIBE: &str = "POST / GraniteServiceVersion20100801.DescribeAlarms";

#[test]
fn alarms_are_shown_with_what_needs_a_look_first() {
    let none = r#"{"CompositeAlarms":[],"MetricAlarms":[]}"#.to_owned();
    let (url, asked) = server(vec![
        (
            DESCRIBE,
            200,
            DESCRIBED.replace("{\"Comp", "{\"NextToken\":\"t\",\"Comp"),
        ),
        (DESCRIBE, 200, none),
    ]);
    let shown = run(&url, "alarm list -o table").unwrap();
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), 3, "{shown}");
    assert!(
        lines[1].starts_with("ALARM  slow  2026-11-20T09:15:42Z  off "),
        "{shown}"
    );
    assert!(
        lines[1].ends_with("p99 of AWS/Bedrock InvocationLatency > 2500, 1 of 1 × 5 min"),
        "{shown}"
    );
    assert!(lines[2].starts_with("OK     all "), "{shown}");
    assert!(asked.lock().unwrap()[1].contains(r#""NextToken":"t""#));
    assert_eq!(
        run(&url, "alarm list -o table").unwrap(),
        "",
        "there are none now"
    );
}

#[test]
fn an_alarm_is_shown_whole() {
    let one = DESCRIBED.replace(r#"{"AlarmName":"all","#, r#"{"AlarmName":"zz","#);
    let (url, _) = server(vec![(DESCRIBE, 200, one)]);
    let shown = run(&url, "alarm show slow -o table").unwrap();
    let expected = "\
state         ALARM since 2026-11-20T09:15:42Z
reason        Threshold Crossed
name          slow
watches       p99 of AWS/Bedrock InvocationLatency > 2500, 1 of 1 × 5 min
on ALARM      arn:aws:sns:us-east-1:0:ops
actions       disabled
arn           arn:aws:cloudwatch:us-east-1:0:alarm:slow
";
    assert_eq!(shown, expected);
}

const ANOMALIES: &str = r#"{"anomalies":[
{"id":"2f1c9a0b7d3e4455","kind":"runaway","signal":"repeats","state":"grown","caller":"agent","model":"gpt-4o","session":"s-1","since":"2026-11-22T09:10:00.123Z","at":"2026-11-22T09:12:00.000Z","value":16.0,"calls":1600,"tokens":12000,"says":"agent in session s-1 runs away"},
{"id":"00ff00ff00ff00ff","kind":"drift","signal":"length","state":"found","model":"gpt-4o","since":"2026-11-21T00:00:00.000Z","at":"2026-11-21T00:00:00.000Z","value":20.0,"usual":200.5,"says":"gpt-4o on 2026-11-21: shorter\u001b[2J"}]}"#;

#[test]
fn anomalies_are_listed_with_the_newest_last() {
    let (url, asked) = server(vec![(
        "GET /corelog/v1/anomalies?since=1795305600000&limit=7&kind=runaway",
        200,
        ANOMALIES.to_owned(),
    )]);
    let line = "anomaly list --since 2026-11-22 -n 7 --kind runaway";
    let shown = run(&url, &format!("{line} -o table")).unwrap();
    let expected = "\
SINCE                 KIND     STATE    WHAT                               ID
2026-11-21T00:00:00Z  drift    –        gpt-4o on 2026-11-21: shorter\u{fffd}[2J  00ff00ff00ff00ff
2026-11-22T09:10:00Z  runaway  goes on  agent in session s-1 runs away     2f1c9a0b7d3e4455
";
    assert_eq!(shown, expected);
    let lines = run(&url, line).unwrap();
    assert!(lines.starts_with(r#"{"id":"00ff00ff00ff00ff""#), "{lines}");
    assert_eq!(lines.lines().count(), 2);
    assert_eq!(asked.lock().unwrap().len(), 2);
}

#[test]
fn an_anomaly_is_shown_whole() {
    let anomalies: serde_json::Value = serde_json::from_str(ANOMALIES).unwrap();
    let (url, _) = server(vec![(
        "GET /corelog/v1/anomalies/2f1c9a0b7d3e4455",
        200,
        anomalies["anomalies"][0].to_string(),
    )]);
    let shown = run(&url, "anomaly show 2f1c9a0b7d3e4455 -o table").unwrap();
    let expected = "\
says      agent in session s-1 runs away
kind      runaway
signal    repeats
state     goes on
since     2026-11-22T09:10:00Z
last      2026-11-22T09:12:00Z
caller    agent
model     gpt-4o
session   s-1
value     16
calls     1,600
tokens    12,000
id        2f1c9a0b7d3e4455
";
    assert_eq!(shown, expected);
    let error = run(&url, "anomaly show ../records").unwrap_err();
    assert!(error.contains("is no id of a finding"), "{error}");
}
