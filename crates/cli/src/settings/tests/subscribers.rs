//! Subscribers: what each kind needs, takes and shows.

use std::time::Duration;

use super::*;

#[test]
fn every_kind_is_read() {
    let text = r#"
[[subscriber]]
name = "hook"
url = "https://example.org/logs?tenant=7"
headers = "env:HOOK_HEADERS"
payload = "json"
arns = ["LogProcessor"]

[[subscriber]]
name = "archive"
kind = "file"
path = "/var/log/corelog/calls.jsonl"
rotate_bytes = "1GiB"

[[subscriber]]
name = "search"
kind = "opensearch"
url = "https://search.example.org:9200"
index = "calls-%Y.%m"

[[subscriber]]
name = "bus"
kind = "nats"
server = "tls://nats.example.org"
subject = "calls.errors"
token = "env:NATS_TOKEN"
retry_for = "1h"
"#;
    let env = [("HOOK_HEADERS", "x-key=1"), ("NATS_TOKEN", "t")];
    let loaded = load_with(text, &env, &[]).unwrap();
    assert_eq!(loaded.warnings, []);
    let [hook, archive, search, bus] = loaded.settings.subscribers.as_slice() else {
        panic!("four")
    };
    assert_eq!(hook.kind, SubscriberKind::Http);
    assert_eq!(hook.retry_for, Duration::from_hours(24));
    assert_eq!(
        (archive.files_max, archive.rotate_bytes.bytes()),
        (10, 1 << 30)
    );
    assert_eq!(search.index, "calls-%Y.%m");
    let server = ("nats.example.org:4222".to_owned(), true);
    assert_eq!(bus.nats_server(), Some(server));
    let shown: Vec<_> = loaded
        .effective
        .iter()
        .filter(|e| e.section == "subscriber" && e.key == "url")
        .filter_map(|e| e.shown.as_deref())
        .collect();
    assert_eq!(
        shown,
        [
            r#""https://example.org/***""#,
            r#""https://search.example.org:9200/***""#
        ]
    );
}

#[test]
fn what_does_not_go_together_is_refused() {
    let nats = "kind = \"nats\"\nserver = \"nats://h\"\nsubject = \"s\"\n";
    let http = "url = \"https://h/\"\n";
    for (block, key, reason) in [
        ("", "url", "a subscriber of kind `http` needs it"),
        (
            "kind = \"file\"\n",
            "path",
            "a subscriber of kind `file` needs it",
        ),
        (
            "url = \"https://h/\"\npath = \"/f\"\n",
            "path",
            "is for kind `file`, this subscriber is `http`",
        ),
        (
            "url = \"http://example.org/\"\nheaders = \"a=b\"\n",
            "url",
            "could read the headers",
        ),
        (
            "kind = \"file\"\npath = \"/f\"\npayload = \"gzip\"\n",
            "payload",
            "compressed bytes are no lines",
        ),
        (
            &format!("{http}index = \"Calls\"\n"),
            "index",
            "is no name of an index",
        ),
        (
            &format!("{http}message_bytes = 0\n"),
            "message_bytes",
            "more than nothing",
        ),
        (
            &nats.replace("nats://h", "http://h"),
            "server",
            "is no NATS server",
        ),
        (
            &format!("{nats}token = \"t\"\n"),
            "server",
            "could read who we are",
        ),
        (
            &nats.replace("nats://h", "nats://me@h"),
            "server",
            "is no NATS server",
        ),
        (
            &nats.replace("\"s\"", "\"a.*\""),
            "subject",
            "is no subject to publish to",
        ),
        (
            &nats.replace("\"s\"", "\"a..b\""),
            "subject",
            "is no subject to publish to",
        ),
        (&format!("{nats}user = \"u\"\n"), "user", "go together"),
        (
            &format!("{nats}user = \"u\"\npassword = \"p\"\ntoken = \"t\"\n"),
            "token",
            "use one of",
        ),
    ] {
        let text = format!("[[subscriber]]\nname = \"x\"\n{block}");
        let problems = load_with(&text, &[], &[]).unwrap_err().0;
        let expected = format!("subscriber[0].{key}");
        let found = problems.iter().find(|problem| problem.key == expected);
        let found = found.unwrap_or_else(|| panic!("{text}: {problems:?}"));
        assert!(found.reason.contains(reason), "{}", found.reason);
    }
}

#[test]
fn two_do_not_write_one_file() {
    let block =
        |name: &str| format!("[[subscriber]]\nname = \"{name}\"\nkind = \"file\"\npath = \"/f\"\n");
    let problems = load(&(block("a") + &block("b"))).unwrap_err().0;
    assert_eq!(problems[0].key, "subscriber[1].path");
    assert!(
        problems[0]
            .reason
            .contains("`subscriber[0]` writes that file")
    );
}
