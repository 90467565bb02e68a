//! `corelog query`: Ctrl-C stops the query at the server.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

const PATIENCE: Duration = Duration::from_mins(1);
/// More requests than are made until the end.
const ASKED_MAX: usize = 100_000;

/// Reads one request, tells its first line, target and body, and answers as a server with a query that never ends.
fn serve(mut stream: TcpStream, asked: &SyncSender<String>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap() > 0 {}
    let field = |name: &str| {
        let mut fields = head.lines().filter_map(|line| line.split_once(": "));
        let found = fields.find(|(field, _)| field.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_owned())
    };
    let length = field("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let line = head.lines().next().unwrap_or_default();
    let target = field("x-amz-target").unwrap_or_default();
    let request = format!("{line} {target} {}", String::from_utf8_lossy(&body));
    let answer = if line.starts_with("GET") {
        r#"{"status":"Running"}"#
    } else {
        r#"{"queryId":"q-1"}"#
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        answer.len()
    );
    stream
        .write_all(format!("{head}{answer}").as_bytes())
        .unwrap();
    // Nobody listens any more once the test is over.
    let _ = asked.send(request);
}

#[test]
fn an_interrupted_query_is_stopped() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, asked) = sync_channel(ASKED_MAX);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            serve(stream.unwrap(), &sender);
        }
    });
    let child = Command::new(env!("CARGO_BIN_EXE_corelog"))
        .args(["query", "limit 1", "--url", &url])
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let next = |what: &str| {
        loop {
            let request = asked.recv_timeout(PATIENCE).unwrap();
            if request.contains(what) {
                return request;
            }
        }
    };
    next("GET /corelog/v1/queries/q-1 ");
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    let stop = next("Logs_20140328.StopQuery");
    assert!(stop.ends_with(r#"{"queryId":"q-1"}"#), "{stop}");
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130));
    assert_eq!(ended.stdout, b"");
    assert_eq!(ended.stderr, b"stopped the query\n");
}
