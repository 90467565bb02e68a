//! SIGHUP: what it puts in force, and what it says about the rest.

use rustix::process::Signal;

use crate::process::Process;

#[test]
fn what_waits_for_a_restart_is_named_and_the_rest_is_put_in_force() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("corelog.toml");
    std::fs::write(&file, "").unwrap();
    let process = Process::up(dir.path());
    let answer = process.ask("GET /azure/v1/models HTTP/1.1", "");
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");

    let changed = "[[provider]]\nname = \"azure\"\ndialect = \"openai\"\nbase_url = \"http://127.0.0.1:1\"\n\
                   [[provider]]\nname = \"bedrock\"\ndialect = \"bedrock\"\n\
                   [spool]\nbytes_max = \"9GiB\"\non_full = \"relay\"\n[log]\nfilter = \"debug\"\n";
    std::fs::write(&file, changed).unwrap();
    process.signal(Signal::HUP);
    process.says("AWS refuses");
    let line = process.says("need a restart");
    assert!(line.contains("spool.bytes_max, log.filter"), "{line}");
    assert!(!line.contains("on_full"), "{line}");
    process.says("configuration reloaded");
    let answer = process.ask("GET /azure/v1/models HTTP/1.1", "");
    assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
    let status = process.ask("GET /corelog/v1/status HTTP/1.1", "");
    assert!(status.contains("\"onFull\":\"relay\""), "{status}");
    let waiting = "wait for a restart: spool.bytes_max, log.filter";
    assert!(status.contains(waiting), "{status}");
    process.stop();
}
