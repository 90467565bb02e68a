//! SIGTERM: what is open is closed, and its record kept.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use crate::process::Process;

const ASKING: &str = "GET /openai/v1/realtime HTTP/1.1\r\nhost: g\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n";
const AGREED: &str =
    "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n";

/// Reads a head to its end.
fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

#[test]
fn a_web_socket_does_not_hold_up_the_end_and_is_recorded() {
    let dir = tempfile::tempdir().unwrap();
    let provider = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = provider.local_addr().unwrap();
    let text = format!(
        "[[provider]]\nname = \"openai\"\ndialect = \"openai\"\nbase_url = \"http://{base}\"\n"
    );
    std::fs::write(dir.path().join("corelog.toml"), text).unwrap();
    let first = Process::up(dir.path());
    let mut caller = TcpStream::connect(first.address).unwrap();
    caller.write_all(ASKING.as_bytes()).unwrap();
    let (mut upstream, _) = provider.accept().unwrap();
    head(&mut upstream);
    upstream.write_all(AGREED.as_bytes()).unwrap();
    assert!(head(&mut caller).starts_with("HTTP/1.1 101 "));

    let said = first.stop().concat();
    assert!(said.contains("closing upgraded connections"), "{said}");
    assert!(!said.contains("not finished in time"), "{said}");
    for end in [&mut caller, &mut upstream] {
        assert_eq!(end.read(&mut [0]).unwrap(), 0);
    }
    let second = Process::up(dir.path());
    let records = second.ask("GET /corelog/v1/records HTTP/1.1", "");
    assert!(records.contains("GatewayStopped"), "{records}");
    assert!(!records.contains("Interrupted"), "{records}");
    second.stop();
}
