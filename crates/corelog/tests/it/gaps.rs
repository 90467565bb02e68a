//! Calls that went on without a record stay counted after the process.

use crate::process::{Process, provider};

const CALL: &str = "POST /openai/v1/chat/completions HTTP/1.1";

#[test]
fn a_gap_is_still_counted_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let base = provider();
    let file = dir.path().join("corelog.toml");
    let providers =
        format!("[[provider]]\nname = \"openai\"\ndialect = \"openai\"\nbase_url = \"{base}\"\n");
    // No disk has so much room, so no call can be recorded.
    let full = "[spool]\non_full = \"relay\"\nfree_bytes_min = \"1000000TB\"\n";
    std::fs::write(&file, format!("{providers}{full}")).unwrap();
    let first = Process::up(dir.path());
    for _ in 0..2 {
        let answer = first.ask(CALL, "{}");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    first.stop();

    std::fs::write(&file, providers).unwrap();
    let second = Process::up(dir.path());
    let metrics = second.ask("GET /metrics HTTP/1.1", "");
    assert!(metrics.contains("\ncorelog_spool_gaps 2\n"), "{metrics}");
    assert!(
        metrics.contains("\ncorelog_capture_lost_total 0\n"),
        "{metrics}"
    );
    let status = second.ask("GET /corelog/v1/status HTTP/1.1", "");
    assert!(status.contains("\"gaps\":2"), "{status}");
    let said = "2 calls went on without a record, 0 of them since the start";
    assert!(status.contains(said), "{status}");
    second.stop();
}
